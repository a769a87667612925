"""
Mislabeled rows
===============

A wrong label pulls at the network harder than a right one. So the norm of each row's own gradient,
which costs no more than a backward pass, finds labels to look at again.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from chainrule import MLPClassifier

images, digit = load_digits(return_X_y=True)
X = images / 16
rng = np.random.default_rng(0)
wrong = rng.choice(len(X), 90, replace=False)
labels = digit.copy()
labels[wrong] = (labels[wrong] + rng.integers(1, 10, 90)) % 10

# %%
# Five labels in a hundred are wrong now. Fit them all, but stop early: later the network knows the
# wrong ones by heart.

model = MLPClassifier(
    (64,),
    learning_rate_init=0.005,
    early_stopping=True,
    n_iter_no_change=3,
    random_state=0,
)
norms = model.fit(X, labels).gradient_norms(X, labels)

# %%
# Looking at the rows of the largest gradients first finds most of them.

order = np.argsort(-norms)
found = np.cumsum(np.isin(order, wrong))
print(f"{found[89]} of the 90 are among the first 90")

fig, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
looked = np.arange(1, 301)
ax.plot(looked, found[:300], label="largest gradients first")
ax.plot(looked, np.minimum(looked, 90), ":", color="black", label="perfect")
ax.plot(looked, looked * 90 / len(X), color="0.6", label="by chance")
ax.set(
    xlabel="rows looked at",
    ylabel="wrong labels found",
    title="90 wrong labels in 1797 rows",
)
ax.legend()

# %%

fig, axes = plt.subplots(1, 6, figsize=(8, 2), layout="constrained")
for ax, i in zip(axes, order, strict=False):
    ax.imshow(X[i].reshape(8, 8), cmap="gray_r")
    ax.set_title(f"label {labels[i]}\nwas {digit[i]}", fontsize=9)
    ax.axis("off")
