"""
S3: all parameters in one vector
================================

These notes lay all matrices and then all biases out in one vector θ, row by row, and ask for its
minimum: L is a function from R^D to R. So any minimizer can take over, here one of SciPy, with the
document's ∂L/∂θ.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import check_grad, minimize

from chainrule.documents import flat_theta

n = (1, 6, 1)  # n_1 … n_M: the input is layer 1
network = flat_theta.network(n)
print(f"D = {flat_theta.count(n)}")

# %%
# Targets between 0 and 1, as every layer is logistic. Data are columns.

x = np.linspace(-3, 3, 40)[None, :]
y = 0.5 + 0.4 * np.sin(2 * x)


def loss(theta):
    """L: R^D → R, the mean over the data."""
    return float(flat_theta.run(network, theta, x, y, reduction="mean").loss)


def gradient(theta):
    """∂L/∂θ, laid out as θ is."""
    return flat_theta.run(network, theta, x, y, reduction="mean").dL_dtheta


start = np.random.default_rng(0).normal(0, 2, flat_theta.count(n))
print(
    f"SciPy's own check of the gradient: off by {check_grad(loss, gradient, start):.1e}"
)

# %%
# θ before and after, with its parts.

path = []
found = minimize(
    loss, start, jac=gradient, method="BFGS", callback=lambda t: path.append(loss(t))
)
print(f"{found.nit} iterations, L = {found.fun:.1e}")

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
place = np.arange(len(start))
ax.vlines(place, start, found.x, color="0.8")
ax.plot(place, start, ".", label="start")
ax.plot(place, found.x, "o", markersize=4, label="minimum")
for edge in (5.5, 11.5, 17.5):
    ax.axvline(edge, color="black", linewidth=0.8, linestyle=":")
for center, name in ((2.5, "W^[1]"), (8.5, "W^[2]"), (14.5, "b^[1]"), (18, "b^[2]")):
    ax.text(center, ax.get_ylim()[1], name, ha="center", va="bottom")
ax.set(xlabel="entry of θ", ylabel="value")
ax.legend()

# %%

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
left.semilogy(path)
left.set(xlabel="iteration of BFGS", ylabel="L (mean over the data)", title="Way down")
right.plot(x[0], y[0], "o", color="0.6", label="data")
for theta, name in ((start, "start"), (found.x, "minimum")):
    right.plot(x[0], flat_theta.run(network, theta, x, y).a[3][0], label=name)
right.set(xlabel="x", ylabel="ŷ", ylim=(0, 1.2), title="The network of θ")
right.legend(loc="upper center", ncols=3)

# sphinx_gallery_thumbnail_number = 2
