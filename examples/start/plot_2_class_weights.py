"""
Class weights
=============

One row in twenty belongs to the rare class. With equal weights it is hardly ever predicted; with
``class_weight="balanced"`` each class counts as much as the other in the objective.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import precision_score, recall_score

from chainrule import MLPClassifier

rng = np.random.default_rng(0)
X = np.concatenate([rng.normal(0, 1, (950, 2)), rng.normal(1.5, 0.8, (50, 2))])
y = np.repeat([0, 1], [950, 50])

# %%
# The same model twice. A weight multiplies the loss of its row (equation J1), and so its part in
# the gradient (B3).

models = {
    name: MLPClassifier(
        (8,),
        "tanh",
        solver="lbfgs",
        alpha=3.0,
        class_weight=weight,
        max_iter=1000,
        random_state=0,
    ).fit(X, y)
    for name, weight in (("equal weights", None), ("balanced", "balanced"))
}

# %%
# More of the rare class is found, and more of the common class is taken for it.

fig, axes = plt.subplots(1, 2, figsize=(8, 4), sharey=True, layout="constrained")
ticks = np.linspace(-3.5, 4.5, 80)
grid = np.stack(np.meshgrid(ticks, ticks), axis=-1)
for ax, (name, model) in zip(axes, models.items(), strict=True):
    share = model.predict_proba(grid.reshape(-1, 2))[:, 1].reshape(80, 80)
    drawn = ax.contourf(
        ticks, ticks, share, np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.7
    )
    ax.contour(ticks, ticks, share, [0.5], colors="black")
    ax.scatter(*X[y == 0].T, s=6, color="tab:blue", label="common")
    ax.scatter(*X[y == 1].T, s=14, color="tab:red", marker="^", label="rare")
    predicted = model.predict(X)
    recall, precision = recall_score(y, predicted), precision_score(y, predicted)
    ax.set(
        xlabel="feature 1",
        xlim=(-3.5, 4.5),
        ylim=(-3.5, 4.5),
        title=f"{name}\nrecall {recall:.2f}, precision {precision:.2f}",
    )
axes[0].set_ylabel("feature 2")
axes[0].legend(loc="upper left")
fig.colorbar(drawn, ax=axes, label="probability of the rare class")

# %%
# Where a threshold is chosen anyway, by the cost of either error, weights are not needed: shift the
# threshold of ``predict_proba`` instead. Weights make probabilities those of balanced classes.
