"""
Check a gradient
================

A gradient that is wrong by little still trains, only worse, and no curve shows it. The check
compares each derivative with numerical differentiation of the loss alone, and finds every fault that
is planted here.
"""

import matplotlib.pyplot as plt
import numpy as np

from chainrule import Network, Parameters, backward, check_gradient, forward, objective

network = Network((3, 5, 4, 2), ("tanh", "sigmoid", "identity"), "squared_error")
parameters = network.init(seed=0)
rng = np.random.default_rng(0)
x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))

print(check_gradient(network, parameters, x, y, l2=0.1))

# %%
# What it does can be written in a few lines. The complex step takes no difference, so nothing
# cancels, and the derivative is right to rounding:
#
# .. math:: \frac{\partial J}{\partial θ_k} = \frac{1}{h} \operatorname{Im} J(θ + i h e_k), \quad h = 10^{-30}


def numerical(l2=0.1):
    """∂J/∂θ from the forward pass and the objective alone."""
    found = []
    for k in range(network.n_parameters):
        theta = parameters.theta.astype(complex)
        theta[k] += 1e-30j
        J = objective(network, Parameters(network.sizes, theta), x, y, l2=l2)
        found.append(J.imag / 1e-30)
    return np.array(found)


# %%
# The derived gradient, and four that are wrong as gradients written by hand go wrong: a derivative
# off by a thousandth, the mean over the rows forgotten in a layer, a penalty that is in the loss only,
# biases that are left out.

trace = forward(network, parameters, x)
right = backward(network, parameters, trace, y, l2=0.1)


def flat(dW, db):
    """The arrays of a gradient, laid out as θ is."""
    return Parameters.from_arrays(dW, db).theta


weights, biases = list(right.dW), list(right.db)
zero = [np.zeros_like(b) for b in biases]
gradients = {
    "as derived": right.flat,
    "φ′ of layer 1 too large by 0.1 %": flat(
        [1.001 * weights[0], *weights[1:]], [1.001 * biases[0], *biases[1:]]
    ),
    "1/N forgotten in db[3]": flat(weights, [*biases[:2], 20 * biases[2]]),
    "penalty in the loss only": backward(network, parameters, trace, y).flat,
    "db left out": flat(weights, zero),
}

# %%
# The error of each entry beside the largest numerical derivative, and the tolerance, 10⁻¹¹.

true = numerical()
fig, axes = plt.subplots(
    len(gradients), 1, figsize=(7, 8), sharex=True, layout="constrained"
)
for ax, (name, gradient) in zip(axes, gradients.items(), strict=True):
    error = np.maximum(np.abs(gradient - true) / np.abs(true).max(), 1e-18)
    wrong = error > 1e-11
    place = np.arange(len(error))
    ax.semilogy(place[~wrong], error[~wrong], "o", markersize=3, color="tab:green")
    ax.semilogy(place[wrong], error[wrong], "x", markersize=5, color="tab:red")
    ax.axhline(1e-11, color="black", linewidth=0.8, linestyle=":")
    verdict = f"fails in {wrong.sum()} entries" if wrong.any() else "passes"
    ax.set(ylim=(1e-20, 1e4), ylabel="error", title=f"{name}: {verdict}")
axes[-1].set_xlabel("entry of θ: W[1], W[2], W[3], b[1], b[2], b[3]")
