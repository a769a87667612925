"""The classifier: two classes or many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import roc_auc_score
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_y, check_consistent_length

from ...equations.losses import CrossEntropy
from ...equations.network import Network
from ...errors import InputError
from ..rows import plain, weight_of_each_class
from .columns import Matrix
from .files import TabularFile
from .looking import Looking
from .members import Task
from .parameters import CONSTRAINTS, with_tabular_parameters
from .recipe import CLASS_METRICS, Recipe

__all__ = ["TabularClassifier"]

#: How much of the log loss counts beside the errors: it decides between epochs with as many.
TIE = 1e-2
LEAST = 1e-12


@with_tabular_parameters(
    'What the model is chosen for: "accuracy", "log_loss" or "auc". Only for accuracy are labels smoothed, so only '
    "with the others are probabilities calibrated."
)
class TabularClassifier(ClassifierMixin, Looking, TabularFile):
    """Classes of rows of a table: networks averaged, columns prepared by themselves, nothing to tune.

    Numbers, booleans, dates and categories are told apart by their dtypes, whatever is missing or new is taken.

    Parameters
    ----------
    {PARAMETERS}
    class_weight : dict, "balanced" or None
        What the rows of each class are weighted by, beside `sample_weight`.

    Attributes
    ----------
    classes_ : ndarray
        The classes, in the order of the probabilities.
    {ATTRIBUTES}

    Raises
    ------
    ValueError
        What does not fit, in scikit-learn's words, or as `InputError`.

    References
    ----------
    docs/tabular.md has the recipe, its sources, and what it reaches.

    Examples
    --------
    >>> import pandas as pd
    >>> from chainrule import TabularClassifier
    >>> X = pd.DataFrame({"size": [1.0, 2.0, None, 8.0] * 10, "color": ["red", "blue", "blue", None] * 10})
    >>> y = ["small", "small", "large", "large"] * 10
    >>> model = TabularClassifier(preset="fast").fit(X, y)
    >>> model.predict(X[:4]).tolist()
    ['small', 'small', 'large', 'large']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "metric": [StrOptions(set(CLASS_METRICS))],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def __init__(
        self,
        preset: str = "strong",
        *,
        metric: str = "accuracy",
        members: int | None = None,
        epochs: int | None = None,
        max_seconds: float | None = None,
        max_bytes: int | None = None,
        validation_fraction: float = 0.0,
        categorical_features: Any = "from_dtype",
        class_weight: Any = None,
        random_state: Any = 0,
        n_threads: int | None = None,
        progress: bool | None = None,
    ) -> None:
        self._take(locals())

    def _for_fit(self, X: Any, y: Any) -> tuple[Matrix, Matrix, Any]:
        y = self._checked_classes(y)
        check_consistent_length(X, y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"This solver needs samples of at least 2 classes in the data, but the data contains only one class: "
                f"{self.classes_[0]!r}"
            )
        balance = None
        if self.class_weight is not None:
            balance = weight_of_each_class(self.class_weight, y, self.classes_)
        return y, numbers, balance

    def _checked_classes(self, y: Any) -> Matrix:
        y = plain(y)
        if hasattr(y, "to_numpy"):
            y = y.to_numpy()
        kind = type_of_target(y, input_name="y")
        if kind.startswith("multi") and np.ndim(y) > 1 and np.shape(y)[1] > 1:
            raise InputError(
                f"y of shape {np.shape(y)}, several labels for each row",
                "one class for each row",
                "Fit one for each label: sklearn.multioutput.MultiOutputClassifier.",
            )
        found = column_or_1d(y, warn=True)
        if found.dtype.kind == "O" and all(isinstance(v, str) for v in found):
            found = found.astype(str)
        _check_y(found, multi_output=False)
        check_classification_targets(found)
        return np.asarray(found)

    def predict(self, X: Any) -> Matrix:
        """The class of each row.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        ndarray, shape (n_samples,)
        """
        outputs = self._outputs(X)
        return np.asarray(self.classes_[outputs.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Matrix:
        """The probability of each class: the mean of the members'.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        outputs = self._outputs(X)
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True))

    def predict_log_proba(self, X: Any) -> Matrix:
        """The logarithm of `predict_proba(X)`.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
        """
        return np.asarray(np.log(self.predict_proba(X)))

    def _guide(self, y: Matrix) -> Matrix:
        return np.eye(len(self.classes_))[y]

    def _task(
        self, x: Matrix, y: Matrix, weights: Matrix | None, recipe: Recipe
    ) -> Task:
        count = len(self.classes_)
        network = Network(
            (x.shape[1], *recipe.hidden, count),
            (*[recipe.activation] * len(recipe.hidden), "softmax"),
            CrossEntropy(label_smoothing=recipe.label_smoothing),
        )
        targets = np.eye(count, dtype=np.float32)[y]
        score = _score(self.metric, y, weights)
        return Task(network, x, targets, weights, y, score)

    def _by_loss(self, task: Task, y: Matrix) -> Task:
        return replace(task, score=_score("log_loss", y, task.weights))

    def _known_targets(self, y: Any) -> Matrix:
        labels, classes = np.asarray(plain(y)).ravel().tolist(), self.classes_.tolist()
        place = {label: i for i, label in enumerate(classes)}
        unknown = [label for label in labels if label not in place]
        if unknown:
            raise InputError(
                f"y with the class {unknown[0]!r}",
                f"classes of training: {', '.join(map(str, classes[:10]))}",
                "Leave such rows out.",
            )
        numbers = [place[label] for label in labels]
        return np.eye(len(classes), dtype=np.float32)[numbers]


def _score(
    metric: str, y: Matrix, weights: Matrix | None
) -> Callable[[Matrix, Matrix], float]:
    """The score of outputs for rows, less is better."""

    def score(outputs: Matrix, rows: Matrix) -> float:
        w = None if weights is None else weights[rows]
        of_class = outputs[np.arange(len(rows)), y[rows]].astype(np.float64)
        log_loss = float(np.average(-np.log(np.maximum(of_class, LEAST)), weights=w))
        if metric == "log_loss":
            return log_loss
        if metric == "accuracy":
            wrong = outputs.argmax(axis=1) != y[rows]
            return float(np.average(wrong, weights=w)) + TIE * log_loss
        return _auc_loss(outputs, y[rows], w) + TIE * log_loss

    return score


def _auc_loss(outputs: Matrix, y: Matrix, w: Matrix | None) -> float:
    """1 minus the area under the curve, the mean over the classes that are there."""
    count = outputs.shape[1]
    found = [
        1.0 - roc_auc_score(y == k, outputs[:, k], sample_weight=w)
        for k in range(1 if count == 2 else 0, count)
        if 0 < int(np.sum(y == k)) < len(y)
    ]
    return float(np.mean(found)) if found else 0.0
