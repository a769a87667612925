"""
A first model
=============

Read handwritten digits of 8 × 8 pixels. `chainrule.MLPClassifier` is scikit-learn's estimator of
that name with one import line changed, so everything that works there works here.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from chainrule import MLPClassifier

images, digit = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(images / 16, digit, random_state=0)

# %%
# Fit, and score rows that the model has not seen.

model = MLPClassifier((32,), learning_rate_init=0.01, random_state=0)
model.fit(X_train, y_train)
print(f"{model.score(X_test, y_test):.1%} of {len(y_test)} test rows are right")

# %%
# The value of ``network_`` is the network that was trained. It draws itself.

model.network_

# %%
# The loss by epoch is that of scikit-learn, ``loss_curve_``.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.semilogy(np.arange(1, model.n_iter_ + 1), model.loss_curve_)
ax.set(xlabel="epoch", ylabel="loss (cross-entropy)", title="Training")

# %%
# The rows that are read wrongly, those first of which the model is most sure. A person hesitates
# at some of them, too.

probabilities = model.predict_proba(X_test)
read = probabilities.argmax(axis=1)
wrong = np.flatnonzero(read != y_test)
wrong = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:8]

fig, axes = plt.subplots(2, 4, figsize=(6, 3.8), layout="constrained")
for ax in axes.flat:
    ax.axis("off")
for ax, i in zip(axes.flat, wrong, strict=False):
    ax.imshow(X_test[i].reshape(8, 8), cmap="gray_r")
    share = probabilities[i, read[i]]
    ax.set_title(f"a {y_test[i]}, read as {read[i]}\nwith {share:.0%}", fontsize=9)

# sphinx_gallery_thumbnail_number = 2
