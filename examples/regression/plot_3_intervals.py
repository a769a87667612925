"""
Intervals by Bayesian regularization
====================================

``solver="lm", regularization="bayes"`` finds the noise and the penalty from the rows themselves:
no validation rows, no learning rate, no penalty to choose. The curvature that it computes on the way
gives each prediction a standard deviation.
"""

import matplotlib.pyplot as plt
import numpy as np

from chainrule import MLPRegressor

rng = np.random.default_rng(1)
X = np.sort(np.concatenate([rng.uniform(-3, -0.5, 40), rng.uniform(1, 3, 40)]))[:, None]
y = np.sin(1.5 * X[:, 0]) + 0.15 * rng.normal(size=80)

model = MLPRegressor(
    "squared_error",
    (10,),
    "tanh",
    solver="lm",
    regularization="bayes",
    restarts=4,
    random_state=0,
).fit(X, y)
print(f"noise found: {model.noise_std_[0]:.3f}, made with 0.15")

# %%
# The interval is wide where there are no rows: it adds the uncertainty of the weights to the noise.

grid = np.linspace(-4, 4, 400)[:, None]
mean, std = model.predict(grid, return_std=True)
low, high = model.predict_interval(grid, coverage=0.9).T

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.fill_between(grid[:, 0], low, high, alpha=0.25, label="90 % interval")
ax.plot(grid, mean, label="prediction")
ax.plot(grid, np.sin(1.5 * grid), "--", color="black", label="without noise")
ax.plot(X, y, ".", color="0.4", label="rows")
ax.set(xlabel="x", ylabel="y", ylim=(-3, 3), title="Two groups of rows and a gap")
ax.legend(loc="upper center", ncols=2)

# %%
# The standard deviation has two parts.

noise = np.full(400, model.noise_std_[0])
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.semilogy(grid, std, label="of a new row")
ax.semilogy(grid, np.sqrt(np.maximum(std**2 - noise**2, 1e-6)), label="of the weights")
ax.semilogy(grid, noise, ":", color="black", label="of the noise")
ax.plot(X, np.full(80, 0.012), "|", color="0.4")
ax.set(
    xlabel="x",
    ylabel="standard deviation of y",
    ylim=(0.01, 1),
    title="Where it comes from",
)
ax.legend(loc="upper center", ncols=3)

# %%
# On new rows of the same kind, 90 % should lie within.

new = np.concatenate([rng.uniform(-3, -0.5, 2000), rng.uniform(1, 3, 2000)])[:, None]
drawn = np.sin(1.5 * new[:, 0]) + 0.15 * rng.normal(size=4000)
low, high = model.predict_interval(new, coverage=0.9).T
print(f"{np.mean((low < drawn) & (drawn < high)):.3f} of 4000 new rows lie within")
