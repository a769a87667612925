"""
An average of networks
======================

`chainrule.TabularClassifier` trains a few networks that differ by their seed alone, and averages
their probabilities. The average is better than most of its members, and nobody knows
beforehand which of them is the best.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from chainrule import TabularClassifier, forward

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=600, random_state=0
)

# %%
# Six members, each of three layers of 128 units.

model = TabularClassifier("fast", members=6, epochs=10).fit(X_train, y_train)
print(f"{model.score(X_test, y_test):.3f} of the test rows are right")
model.network_

# %%
# ``members_`` holds the networks' parameters, ``prepared`` the rows as the networks see them. So
# each member can be asked alone, and any number of them together.

rows, _ = model.prepared(X_test, y_test)
each = np.array(
    [forward(model.network_, m.parameters, rows).output for m in model.members_]
)


def share_wrong(probabilities):
    """The share of the test rows that are read wrongly."""
    return np.mean(probabilities.argmax(axis=-1) != y_test)


alone = [share_wrong(one) for one in each]

rng = np.random.default_rng(0)
draws = np.array([rng.permutation(6) for _ in range(40)])
together = [
    [share_wrong(each[order[:k]].mean(axis=0)) for order in draws] for k in range(1, 7)
]

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.plot(np.arange(1, 7), np.mean(together, axis=1), "o-", label="average of that many")
ax.fill_between(
    np.arange(1, 7),
    np.min(together, axis=1),
    np.max(together, axis=1),
    alpha=0.2,
    label="from the best to the worst choice of them",
)
ax.plot(np.ones(6), alone, "x", color="tab:red", label="each member alone")
ax.set(
    xlabel="number of members",
    ylabel="share of the test rows that are wrong",
    title="Networks that err differently",
)
ax.legend()
