"""`from_sklearn`: scikit-learn's MLPClassifier and MLPRegressor, alone or behind scalers, as a `Model`.

Objects only: a pickle file runs whatever is in it, so load it yourself if you trust it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InputError, type_of
from ..estimators.files import stored_labels
from ..files.storage import Model
from .deployment import Matrix
from .imported import Layer, folded, imported_model

__all__ = ["from_sklearn"]

ACTIVATIONS = {"logistic": "sigmoid"}
LOSSES = {"log_loss": "cross_entropy", "binary_log_loss": "binary_cross_entropy"}
SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")


def from_sklearn(estimator: Any) -> Model:
    """The network of a fitted estimator of scikit-learn.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, or Pipeline
        Fitted; a pipeline has one of them last and before it only StandardScaler, MinMaxScaler, MaxAbsScaler or
        RobustScaler, which are folded into the first layer.

    Returns
    -------
    Model
        Weights are `coefs_` transposed and `intercepts_`, bit by bit (of the first layer behind scalers: folded, in
        float64, and rounded once); `notes` has the classes, and under "imported" how far the outputs are from
        scikit-learn's on 200 rows.

    Raises
    ------
    InputError
        Another estimator or step, or one that is not fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from chainrule import Predictor, from_sklearn
    >>> X, y = load_iris(return_X_y=True)
    >>> theirs = MLPClassifier((8,), solver="lbfgs", max_iter=500, random_state=0).fit(X, y)
    >>> model = from_sklearn(theirs)
    >>> print(model.network)
    4 → 8 relu → 3 softmax, cross_entropy(label_smoothing=0.0)
    >>> bool(abs(Predictor(model.network, model.parameters)(X) - theirs.predict_proba(X)).max() < 1e-12)
    True
    """
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import Pipeline

    steps: list[Any] = []
    last = estimator
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps[:-1] if step != "passthrough"]
        last = estimator.steps[-1][1]
    if not isinstance(last, MLPClassifier | MLPRegressor):
        raise InputError(
            f"an estimator that is {type_of(last)}",
            "scikit-learn's MLPClassifier or MLPRegressor, or a Pipeline that ends in one",
            "Estimators of chainrule are models already: save, load_model, export.",
        )
    if not hasattr(last, "coefs_"):
        raise InputError(
            f"{type_of(last)} that is not fitted",
            "a fitted one",
            "Call fit first.",
        )
    dtype = last.coefs_[0].dtype
    layers = [
        Layer(np.asarray(W).T, np.asarray(b))
        for W, b in zip(last.coefs_, last.intercepts_, strict=True)
    ]
    hidden = ACTIVATIONS.get(last.activation, last.activation)
    for layer in layers[:-1]:
        layer.phi = hidden
    layers[-1].phi = ACTIVATIONS.get(last.out_activation_, last.out_activation_)
    changed = []
    for place in range(len(steps) - 1, -1, -1):
        scale, shift = _scaling(steps[place], place, layers[0].W.shape[1])
        folded(layers[0], scale, shift)
        changed.append(f"{type(steps[place]).__name__} folded into layer 1")
    notes: dict[str, Any] = {"estimator": f"scikit-learn {type(last).__name__}"}
    if isinstance(last, MLPClassifier):
        many = last.out_activation_ == "logistic" and last.n_outputs_ > 1
        notes |= {
            "labels": {"classes_": stored_labels("classes_", last.classes_)},
            "many_labels": many,
        }
    else:
        notes["estimator"] = "MLPRegressor"

    def outputs(rows: Matrix) -> Matrix:
        for step in steps:
            rows = step.transform(rows)
        found: Matrix = last._forward_pass_fast(rows.astype(dtype), check_input=False)
        return found

    loss = LOSSES.get(last.loss, last.loss)
    if last.loss == "log_loss" and last.out_activation_ == "logistic":
        loss = "binary_cross_entropy"
    import sklearn

    source = f"{type(last).__name__} of scikit-learn {sklearn.__version__}"
    return imported_model(layers, loss, source, outputs, notes=notes, changed=changed)


def _scaling(step: Any, place: int, width: int) -> tuple[Matrix, Matrix]:
    """Scale and shift of a step: x becomes scale · x + shift."""
    name = type(step).__name__
    if name not in SCALERS or getattr(step, "clip", False):
        what = f"{name}(clip=True)" if name in SCALERS else name
        raise InputError(
            f"step {place} of the pipeline, {what}",
            f"{', '.join(SCALERS)} without clipping",
            "Apply that step to the rows yourself, and pass what is behind it.",
        )
    one, none = np.ones(width), np.zeros(width)
    if name == "MinMaxScaler":
        return step.scale_, step.min_
    center = {"StandardScaler": "mean_", "RobustScaler": "center_"}.get(name)
    spread = getattr(step, "scale_", None)
    scale = one if spread is None else 1 / spread
    middle = None if center is None else getattr(step, center)
    # a StandardScaler(with_mean=False) has a mean all the same
    if name == "StandardScaler" and not step.with_mean:
        middle = None
    return scale, none if middle is None else -middle * scale
