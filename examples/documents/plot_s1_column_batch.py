"""
S1: a batch as columns
======================

Nick Rui's derivation writes N trials as the columns of one matrix, and 1/N enters once, at the
derivatives by W and b. One of its printed equations is a slip that no accuracy shows; a gradient
check does.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from chainrule.documents import column_batch
from chainrule.documents.table import evaluate_case, line_of, prepare

images, digit = load_digits(return_X_y=True)
X, Y = images[:600].T / 16, np.eye(10)[digit[:600]].T
network = column_batch.network((64, 10, 10), softmax=True)
start = column_batch.arrays_of(network.init(0, initializer="he_normal"))
p = column_batch.run(network, start, X, Y)
for name, array in (
    ("A^(0)", X),
    ("W^(1)", p.W[1]),
    ("Z^(1)", p.Z[1]),
    ("Δ^(2)", p.Delta[2]),
):
    print(f"{name}: {array.shape[0]} × {array.shape[1]}")

# %%
# The first trials: Δ^(2) = A^(2) − Y, a column for each, before the first step.

fig, axes = plt.subplots(1, 3, figsize=(9, 3), sharey=True, layout="constrained")
for ax, (name, array) in zip(
    axes, (("A^(2)", p.A[2]), ("Y", Y), ("Δ^(2) = A^(2) − Y", p.Delta[2])), strict=True
):
    drawn = ax.imshow(array[:, :20], cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    ax.set(xlabel="trial", title=name)
axes[0].set_ylabel("digit")
fig.colorbar(drawn, ax=axes)

# %%
# Line S1.E73 of the inventory: for ∂C/∂b^(2) the document's example prints the columns of Δ^(1). Here both
# layers have ten units, so the shapes agree and nothing fails.

line = line_of("S1.E73")
for printed in (True, False):
    outcome = evaluate_case(line, prepare(line, "SQ"), printed=printed)
    verdict = "holds" if outcome.kind == "holds" else f"wrong {outcome.kind}"
    print(f"{'as printed' if printed else 'corrected'}: {verdict}")


def trained(*, as_printed):
    """The share of right digits before each step of gradient descent."""
    arrays, shares = start, []
    for _ in range(300):
        p = column_batch.run(network, arrays, X, Y)
        shares.append(np.mean(p.A[2].argmax(axis=0) == digit[:600]))
        W, b = column_batch.step(p, alpha=0.1)
        if as_printed:
            b[2] = p.b[2] - 0.1 * p.Delta[1].mean(axis=1, keepdims=True)
        arrays = W, b
    return shares


fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.plot(trained(as_printed=False), label="corrected")
ax.plot(trained(as_printed=True), "--", label="as printed")
ax.set(
    xlabel="step", ylabel="share of right digits", title="A wrong gradient trains, too"
)
ax.legend()

# %%
# Beside the numerical derivative of the cost by each b_i^(2), the slip is plain.

numerical = []
for i in range(10):
    moved = []
    for h in (1e-5, -1e-5):
        b = {**start[1], 2: start[1][2] + h * np.eye(10)[:, [i]]}
        moved.append(column_batch.run(network, (start[0], b), X, Y).C)
    numerical.append((moved[0] - moved[1]) / 2e-5)

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.plot(numerical, "o", color="0.6", markersize=11, label="numerical")
ax.plot(p.dC_db[2][:, 0], ".", label="columns of Δ^(2), corrected")
ax.plot(p.Delta[1].mean(axis=1), "x", label="columns of Δ^(1), as printed")
ax.set(xlabel="i", ylabel="∂C/∂b_i^(2)", title="Derivative by the biases of layer 2")
ax.legend()

# sphinx_gallery_thumbnail_number = 3
