"""`from_sklearn`: scikit-learn's MLPClassifier and MLPRegressor, alone or in a pipeline, as a `Model`.

Objects only: a pickle file runs whatever is in it, so load it yourself if you trust it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..data.dialect import ColumnKind, Dialect
from ..data.encoding import inputs
from ..data.preparation import Preparation, Target
from ..data.tables import Table
from ..errors import InputError, type_of
from ..estimators.files import stored_labels
from ..estimators.tabular.dtypes import text_of
from ..files.storage import Model
from .deployment import Matrix
from .imported import ROWS, Layer, folded, imported_model
from .sklearn_columns import (
    SCALERS,
    Columns,
    columns_behind,
    is_missing,
    scaling_of_step,
)

__all__ = ["from_sklearn"]

ACTIVATIONS = {"logistic": "sigmoid"}
#: The remedy where an estimator predicts something else than its network.
UNLIKE = (
    "Pass one whose predictions are scikit-learn's own, no subclass that changes them; if it is one, it is a fault of "
    "the import: report it with the lines that make the estimator."
)
LOSSES = {"log_loss": "cross_entropy", "binary_log_loss": "binary_cross_entropy"}


def from_sklearn(estimator: Any) -> Model:
    """The network of a fitted estimator of scikit-learn.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, or Pipeline
        Fitted; a pipeline has one of them last. Before it StandardScaler, MinMaxScaler, MaxAbsScaler and RobustScaler
        alone are folded into the first layer; with SimpleImputer, OneHotEncoder or ColumnTransformer among them they
        become the model's preparation of raw rows, which `export` and `chainrule predict` apply.

    Returns
    -------
    Model
        Weights are `coefs_` transposed and `intercepts_`, bit by bit (of the first layer behind scalers: folded, in
        float64, and rounded once; behind columns: in the preparation's order); `notes` has the classes, the
        preparation, and under "imported" how far the outputs are from scikit-learn's on 200 rows.

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
    layers = [
        Layer(np.asarray(W).T, np.asarray(b))
        for W, b in zip(last.coefs_, last.intercepts_, strict=True)
    ]
    hidden = ACTIVATIONS.get(last.activation, last.activation)
    for layer in layers[:-1]:
        layer.phi = hidden
    layers[-1].phi = ACTIVATIONS.get(last.out_activation_, last.out_activation_)
    notes: dict[str, Any] = {"estimator": f"scikit-learn {type(last).__name__}"}
    if isinstance(last, MLPClassifier):
        many = last.out_activation_ == "logistic" and last.n_outputs_ > 1
        notes |= {
            "labels": {"classes_": stored_labels("classes_", last.classes_)},
            "many_labels": many,
        }
    else:
        notes["estimator"] = "MLPRegressor"

    def theirs(rows: Any) -> Matrix:
        return _predicted(estimator, rows, len(layers[-1].W))

    loss = LOSSES.get(last.loss, last.loss)
    if last.loss == "log_loss" and last.out_activation_ == "logistic":
        loss = "binary_cross_entropy"
    import sklearn

    source = f"{type(last).__name__} of scikit-learn {sklearn.__version__}"
    if all(type(step).__name__ in SCALERS for step in steps):
        return _behind_scalers(layers, loss, source, steps, theirs, notes)
    columns = columns_behind(steps, _names(estimator))
    return _behind_columns(layers, loss, source, columns, estimator, theirs, notes)


def _predicted(estimator: Any, rows: Any, outputs: int) -> Matrix:
    """The network's outputs, of what the user's own estimator predicts; of two classes the second."""
    probabilities = getattr(estimator, "predict_proba", None)
    with warnings.catch_warnings():
        # rows without names to an estimator that was fitted with them
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        found = np.asarray((probabilities or estimator.predict)(rows))
    return found[:, 1] if probabilities and outputs == 1 else found


def _behind_scalers(
    layers: list[Layer],
    loss: str,
    source: str,
    steps: list[Any],
    theirs: Callable[[Matrix], Matrix],
    notes: dict[str, Any],
) -> Model:
    """The model of a network that scalers alone stand before."""
    changed = []
    for place in range(len(steps) - 1, -1, -1):
        center, width = scaling_of_step(steps[place], str(place), layers[0].W.shape[1])
        folded(layers[0], 1 / width, -center / width)
        changed.append(f"{type(steps[place]).__name__} folded into layer 1")

    return imported_model(
        layers, loss, source, theirs, notes=notes, changed=changed, remedy=UNLIKE
    )


def _behind_columns(
    layers: list[Layer],
    loss: str,
    source: str,
    columns: Columns,
    estimator: Any,
    theirs: Callable[[Any], Matrix],
    notes: dict[str, Any],
) -> Model:
    """The model of a network behind columns, with their preparation."""
    outputs = len(layers[-1].W)
    preparation = Preparation(
        columns.features, _target(notes, outputs), dialect=_dialect(columns)
    )
    before = layers[0].W
    layers[0].W, layers[0].b = columns.before(before, np.asarray(layers[0].b))
    same = np.array_equal(np.sort(before, axis=1), np.sort(layers[0].W, axis=1))
    changed = (
        []
        if same
        else ["what differs from chainrule's preparation, folded into layer 1"]
    )
    raw = columns.raw_rows(np.random.default_rng(0), ROWS)
    x, _ = inputs(preparation, Table("rows", _as_table(columns, raw)), unseen="ignore")
    expected = theirs(_as_theirs(estimator, columns, raw))
    notes = notes | {
        "preparation": preparation.as_dict(),
        "data": "the rows that scikit-learn had",
        "command": "from_sklearn",
    }
    return imported_model(
        layers,
        loss,
        source,
        lambda _: expected,
        rows=x,
        notes=notes,
        changed=changed,
        remedy=UNLIKE,
    )


def _target(notes: dict[str, Any], outputs: int) -> Target:
    """The target, as a preparation has it; scikit-learn keeps no name of it."""
    if notes.get("many_labels"):
        raise InputError(
            "a pipeline of columns that predicts many labels each yes or no",
            "one that predicts a class or numbers",
            "Apply its steps to the rows yourself, and pass the MLPClassifier behind them.",
        )
    if "labels" in notes:
        texts = tuple(text_of(one) for one in notes["labels"]["classes_"]["values"])
        return Target(("target",), texts)
    names = [f"target {k}" for k in range(outputs)] if outputs > 1 else ["target"]
    return Target(tuple(names), (), (0.0,) * outputs, (1.0,) * outputs)


def _dialect(columns: Columns) -> Dialect:
    """The way in which tables of raw rows are read: by the kind of each column, the rest is found out."""
    kinds = {
        feature.name: ColumnKind("number")
        if feature.categories is None
        else ColumnKind("category", values=tuple(filter(None, feature.categories)))
        for feature in columns.features
    }
    return Dialect(columns=kinds)


def _names(estimator: Any) -> list[str]:
    """The names of the columns that a pipeline takes."""
    known = getattr(estimator, "feature_names_in_", None)
    if known is not None:
        return [str(name) for name in known]
    return [f"x{i}" for i in range(estimator.n_features_in_)]


def _as_table(columns: Columns, raw: list[Matrix]) -> dict[str, Matrix]:
    """Raw rows as the preparation takes them."""
    found = {}
    for feature, column in zip(columns.features, raw, strict=True):
        if feature.categories is None:
            found[feature.name] = column.astype(np.float64)
        else:
            texts = [None if is_missing(v) else text_of(v) for v in column.tolist()]
            found[feature.name] = np.array(texts, object)
    return found


def _as_theirs(estimator: Any, columns: Columns, raw: list[Matrix]) -> Any:
    """Raw rows as the pipeline takes them: a frame where it knows names, else a matrix."""
    whole: list[Matrix] = [np.full(len(raw[0]), np.nan)] * estimator.n_features_in_
    for source, column in zip(columns.sources, raw, strict=True):
        text = any(isinstance(value, str | bool) for value in column.tolist())
        whole[source.place] = column if text else column.astype(np.float64)
    if not hasattr(estimator, "feature_names_in_"):
        text = any(column.dtype == object for column in whole)
        return np.stack(
            [column.astype(object) if text else column for column in whole], axis=1
        )
    try:
        import pandas  # type: ignore[import-untyped]
    except ImportError as error:
        raise InputError(
            "a pipeline of named columns where pandas is not installed",
            "pandas, to compare the import with the pipeline",
            "Install it: pip install pandas.",
        ) from error
    return pandas.DataFrame(dict(zip(estimator.feature_names_in_, whole, strict=True)))
