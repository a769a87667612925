"""
An activation of your own
=========================

An activation is two functions, φ and its derivative φ′. `chainrule.custom_activation` verifies
φ′ numerically and refuses one that is wrong. Here: a sine, for a signal that repeats.
"""

import matplotlib.pyplot as plt
import numpy as np

from chainrule import (
    InputError,
    Network,
    check_gradient,
    custom_activation,
    forward,
    train,
)

FREQUENCY = 10.0


def phi(z):
    """φ(z) = sin(ωz)."""
    return np.sin(FREQUENCY * z)


def phi_prime(z):
    """φ′(z) = ω cos(ωz)."""
    return FREQUENCY * np.cos(FREQUENCY * z)


sine = custom_activation(phi, phi_prime, name="sine", bounds=(-1.1, 1.1), analytic=True)

# %%
# A derivative that is a thousandth too large is found, with the place and the two values.

try:
    custom_activation(phi, lambda z: 1.001 * phi_prime(z), name="sine")
except InputError as error:
    print(str(error).replace(". ", ".\n"))

# %%
# The check of the whole gradient uses the complex step, as φ takes complex numbers.

network = Network((1, 16, 1), (sine, "identity"), "squared_error")
x = np.linspace(-1, 1, 120)[:, None]
y = np.sin(12 * x) * np.exp(-(x**2))
print(check_gradient(network, network.init(seed=0), x[:5], y[:5]))

# %%
# Trained beside tanh, the best of three starts each.

fig, axes = plt.subplots(2, 1, figsize=(6, 5), sharex=True, layout="constrained")
for ax, activation in zip(axes, (sine, "tanh"), strict=True):
    network = Network((1, 16, 1), (activation, "identity"), "squared_error")
    reports = [
        train(network, x, y, optimizer="lbfgs", max_epochs=300, seed=seed)
        for seed in range(3)
    ]
    best = min(reports, key=lambda report: report.loss[-1])
    ax.plot(x, y, color="0.7", linewidth=5, label="target")
    ax.plot(x, forward(network, best.parameters, x).output, label="network")
    losses = ", ".join(f"{report.loss[-1]:.1e}" for report in reports)
    ax.set(ylabel="y", title=f"{network.activations[0].name}: J = {losses}")
axes[1].set_xlabel("x")
axes[0].legend()

# %%
# A network of sines has many poor minima, and a start may end in one: here the second of three.
