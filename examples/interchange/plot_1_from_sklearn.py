"""
A network from scikit-learn
===========================

`chainrule.from_sklearn` takes a fitted pipeline of a scaler and a perceptron, weights bit by bit,
and compares the outputs with scikit-learn's own. After that everything here works on it: the gradient
check, the gradients by the input, further training, the export.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule import Predictor, backward, check_gradient, forward, from_sklearn

cells = load_breast_cancer()
X, y = cells.data, cells.target
theirs = make_pipeline(
    StandardScaler(),
    MLPClassifier(
        (12,), "tanh", solver="lbfgs", alpha=1.0, max_iter=2000, random_state=0
    ),
).fit(X, y)

# %%
# The scaler is folded into the first layer, and the notes say how far the outputs are apart.

model = from_sklearn(theirs)
for name, value in model.notes["imported"].items():
    print(f"{name}: {value}")
model.network

# %%

ours = Predictor(model.network, model.parameters)(X)[:, 0]
probability = theirs.predict_proba(X)[:, 1]
fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.semilogy(probability, np.maximum(np.abs(ours - probability), 1e-18), ".")
ax.set(
    xlabel="probability of benign by scikit-learn",
    ylabel="distance of ours",
    title="569 rows, by both",
)

# %%
# scikit-learn has no gradient check. Here is that of its network.

print(check_gradient(model.network, model.parameters, X[:5], y[:5], max_entries=20))

# %%
# And the gradient of each row's loss by its inputs (equation B4), in standard deviations of the
# columns: the ten that matter most on average.

trace = forward(model.network, model.parameters, X)
by_input = backward(model.network, model.parameters, trace, y).dX * X.std(axis=0)
size = np.abs(by_input).mean(axis=0)
order = np.argsort(size)[-10:]
fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
ax.barh(cells.feature_names[order], size[order])
ax.set(
    xlabel="mean |∂ℓ/∂x| · standard deviation of x",
    ylabel="column",
    title="Inputs that move the loss",
)

# sphinx_gallery_thumbnail_number = 2
