"""
Explain a row
=============

Every number of a pass forward and back, beside its formula: the equation, the same with its indices,
the same with the numbers put in, and a check of each. For a network and a row of your own.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_iris

from chainrule import MLPClassifier

iris = load_iris()
model = MLPClassifier(
    (4,), "tanh", solver="lbfgs", alpha=0.01, max_iter=500, random_state=0
).fit(iris.data, iris.target)

# %%
# Row 77 lies between two species.

row, label = iris.data[77:78], iris.target[77:78]
for name, share in zip(iris.target_names, model.predict_proba(row)[0], strict=True):
    print(f"{name:10} {share:.3f}")

# %%
# As text: of the last layer, how the pre-activation of unit 3 comes about, and its delta.

explanation = model.explain(row, label, layer=2, unit=3, equation=["F1", "B1"])
print(explanation)

# %%
# The terms of that sum, drawn for all three species: weight times activation of each hidden unit, and
# the bias.

trace = model.trace(row)
terms = np.hstack(
    [model.parameters_.weights[1] * trace.A[1], model.parameters_.biases[1][:, None]]
)
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
places = np.arange(3)
for j, column in enumerate(terms.T):
    name = f"hidden unit {j + 1}" if j < 4 else "bias"
    ax.bar(places + 0.15 * (j - 2), column, width=0.15, label=name)
ax.plot(places, trace.Z[1][0], "kD", label="sum: z")
ax.axhline(0, color="black", linewidth=0.8)
ax.set_xticks(places, iris.target_names)
ax.set(
    xlabel="species",
    ylabel="part of the pre-activation z",
    title="Why the species is in doubt",
)
ax.legend(ncols=2, fontsize=8)

# %%
# As a page: choose a step, then a number in the drawing. ``explanation.save("row.html")`` writes it,
# a notebook shows it, and the notation can be that of your document.

model.explain(row, label)
