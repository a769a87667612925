"""
A loss of your own
==================

Too little bread costs more than too much. `chainrule.custom_loss` takes such a loss ℓ(y, a) and
its derivative by the output a, verifies the derivative, and trains with it.
"""

import matplotlib.pyplot as plt
import numpy as np

from chainrule import MLPRegressor, custom_loss

# %%
# The linex loss with r = y − a: nearly linear where too much is predicted (r < 0), exponential
# where too little is.

STEEPNESS = 2.0


def linex(y, a):
    """ℓ = exp(c r) − c r − 1 with r = y − a."""
    r = STEEPNESS * (y - a)
    return np.exp(r) - r - 1


def linex_prime(y, a):
    """∂ℓ/∂a = −c (exp(c r) − 1)."""
    return -STEEPNESS * (np.exp(STEEPNESS * (y - a)) - 1)


loss = custom_loss(linex, linex_prime, name="linex", analytic=True)

r = np.linspace(-2, 1.5, 200)
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.plot(r, linex(r, 0.0), label="linex")
ax.plot(r, r**2 / 2, "--", label="squared error")
ax.set(xlabel="y − a", ylabel="ℓ(y, a)", title="Two losses")
ax.legend()

# %%
# Loaves sold on 400 days, by temperature. The same network with both losses.

rng = np.random.default_rng(0)
temperature = np.sort(rng.uniform(-5, 30, 400))
sold = 3 - 1.2 * np.tanh((temperature - 18) / 6) + 0.5 * rng.normal(size=400)
X = (temperature[:, None] - 12) / 10

models = {
    name: MLPRegressor(
        one, (12,), "tanh", solver="lbfgs", alpha=0.3, max_iter=2000, random_state=0
    ).fit(X, sold)
    for name, one in (("squared error", "squared_error"), ("linex", loss))
}

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.plot(temperature, 100 * sold, ".", color="0.6", label="days")
for name, model in models.items():
    baked = model.predict(X)
    short = np.mean(sold > baked)
    ax.plot(
        temperature, 100 * baked, label=f"{name}: too little on {short:.0%} of the days"
    )
ax.set(xlabel="temperature (°C)", ylabel="loaves", title="Baked, by the loss")
ax.legend()

# sphinx_gallery_thumbnail_number = 2
