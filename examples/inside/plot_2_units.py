"""
Weights and input gradients
===========================

The weights that lead to a unit of the first layer are a picture of what it responds to, and the
gradient of an output by its input (equation B4) shows which pixels decide one row.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from chainrule import MLPClassifier

images, digit = load_digits(return_X_y=True)
X = images / 16
model = MLPClassifier(
    (16,),
    "tanh",
    l2=0.0005,
    learning_rate_init=0.01,
    early_stopping=True,
    random_state=0,
)
model.fit(X[:1400], digit[:1400])
print(f"{model.score(X[1400:], digit[1400:]):.3f} of the other rows are right")

# %%
# One picture a unit, 8 × 8 weights: red pixels push it up, blue ones down. Beside it the digit with
# the largest weight from this unit.

W = model.parameters_.weights
limit = np.abs(W[0]).max()
fig, axes = plt.subplots(2, 8, figsize=(9, 3), layout="constrained")
for k, ax in enumerate(axes.flat):
    drawn = ax.imshow(W[0][k].reshape(8, 8), cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_title(f"unit {k + 1}: {W[1][:, k].argmax()}", fontsize=9)
    ax.axis("off")
fig.colorbar(drawn, ax=axes, label="weight")

# %%
# The gradient of each output by the input of one row: where more ink would raise the probability of
# that digit (red) or lower it (blue).

i = 1440
gradient = model.input_gradient(X[i : i + 1])[0]
share = model.predict_proba(X[i : i + 1])[0]
fig, axes = plt.subplots(1, 4, figsize=(9, 2.8), layout="constrained")
axes[0].imshow(X[i].reshape(8, 8), cmap="gray_r")
axes[0].set_title(f"row {i}, a {digit[i]}", fontsize=9)
limit = np.abs(gradient).max()
for ax, k in zip(axes[1:], np.argsort(-share)[:3], strict=True):
    drawn = ax.imshow(gradient[k].reshape(8, 8), cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_title(f"∂ output {k} / ∂ x\nprobability {share[k]:.1%}", fontsize=9)
for ax in axes:
    ax.axis("off")
fig.colorbar(drawn, ax=axes, label="derivative")

# %%
# The mean activation of each hidden unit, by class.

hidden = model.trace(X).A[1]
means = np.array([hidden[digit == d].mean(axis=0) for d in range(10)])
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
drawn = ax.imshow(means, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
ax.set_xticks(np.arange(16), np.arange(1, 17))
ax.set_yticks(np.arange(10))
ax.set(xlabel="hidden unit", ylabel="digit", title="Mean activation")
fig.colorbar(drawn, label="activation")
