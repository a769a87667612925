"""
Quantile regression
===================

The pinball loss of the quantile q asks for the number below which a share q of the targets lies. One
network gives several quantiles at once, and so a band that widens where the noise does.
"""

import matplotlib.pyplot as plt
import numpy as np

from chainrule import MLPRegressor, losses

rng = np.random.default_rng(0)
x = np.sort(rng.uniform(-2, 2, 1500))
y = np.sin(2 * x) + (0.1 + 0.3 * (x + 2) ** 2 / 4) * rng.normal(size=1500)

# %%
# The loss: its slope is −q below a target and 1 − q above it. At the kink, y = a, the derivative is
# that of a branch.

quantiles = (0.05, 0.25, 0.5, 0.75, 0.95)
residual = np.linspace(-1, 1, 201)
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
for q in quantiles[::2]:
    ax.plot(residual, np.where(residual > 0, q, q - 1) * residual, label=f"q = {q}")
ax.set(xlabel="y − a", ylabel="ℓ(y, a)", title="Pinball loss")
ax.legend()

# %%
# One output for each quantile.

model = MLPRegressor(
    losses.pinball(quantiles),
    (32, 32),
    "tanh",
    learning_rate_init=0.01,
    early_stopping=True,
    n_iter_no_change=30,
    max_iter=500,
    random_state=0,
).fit(x[:, None], y)
bands = model.predict(x[:, None])

# %%
# The share of the targets that lies below each curve should be q.

for q, band in zip(quantiles, bands.T, strict=True):
    print(f"q = {q:4}: {np.mean(y < band):.3f} of the targets lie below")

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.scatter(x, y, s=4, color="0.5", label="rows")
ax.fill_between(x, bands[:, 0], bands[:, 4], alpha=0.2, label="5 % to 95 %")
ax.fill_between(x, bands[:, 1], bands[:, 3], alpha=0.4, label="25 % to 75 %")
ax.plot(x, bands[:, 2], color="black", label="median")
ax.set(xlabel="x", ylabel="y", title="Five quantiles by one network")
ax.legend(loc="upper left")

# sphinx_gallery_thumbnail_number = 2
