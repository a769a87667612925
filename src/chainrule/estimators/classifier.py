"""The classifier: two classes, many classes, many labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    type_of_target,
    unique_labels,
)

from ..data.streams import Stream
from ..equations.losses import CrossEntropy, Loss, Pinball
from ..errors import InputError
from .parameters import CONSTRAINTS, loss_named, losses, with_parameters
from .perceptron import Matrix, Perceptron
from .rows import Validation, plain, weight_of_each_class
from .rules import takes_steps
from .streamed_rows import class_labels, refuse_beside_stream

__all__ = ["MLPClassifier"]


@with_parameters
class MLPClassifier(ClassifierMixin, Perceptron):
    """A multi-layer perceptron that predicts classes: scikit-learn's, by this package's engines.

    Parameters
    ----------
    {PARAMETERS}
    loss : str or Loss, default "log_loss"
        "log_loss": the cross-entropy of the probabilities; or a name from `LOSSES`, or a loss with its parameters.
    class_weight : dict, list of dict, "balanced" or None
        What the rows of each class are weighted by, beside `sample_weight`.
    {BEYOND}

    Attributes
    ----------
    classes_ : ndarray
        The classes, in the order of the outputs.
    {ATTRIBUTES}

    Raises
    ------
    ValueError
        What does not fit, in scikit-learn's words, or as `InputError`; weights that become NaN or infinite: the
        message names step, quantity and layer.

    References
    ----------
    Hinton 1989; Glorot & Bengio 2010; Kingma & Ba 2015.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from chainrule import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((8,), solver="lbfgs", max_iter=500, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": losses("log_loss"),
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        loss: Any = "log_loss",
        class_weight: Any = None,
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: Any = 0.0,
        input_dropout: float = 0.0,
        engine: str = "auto",
        n_threads: int | None = None,
        dtype: str | None = None,
        callbacks: Any = None,
        progress: bool = False,
    ) -> None:
        self._take(locals())

    @available_if(takes_steps)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None
    ) -> Self:
        """Continue by one epoch over these rows.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
        y : array-like
        sample_weight : array-like, shape (n_samples,), optional
        classes : array-like, shape (n_classes,)
            All classes that there will be; required in the first call.

        Returns
        -------
        self
        """
        self._learn(
            X, plain(y), sample_weight, Validation(), incremental=True, classes=classes
        )
        return self

    def predict(self, X: Any) -> Matrix:
        """The class of each row.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        ndarray, shape (n_samples,), or (n_samples, n_labels)
            Labels are sparse where those of the fit were.
        """
        outputs, binarizer = self._outputs(X), self._binarizer()
        classes: Matrix = np.asarray(binarizer.classes_)
        many_labels, _ = self._labels_form()
        found: Matrix
        if len(classes) == outputs.shape[1] and not many_labels:
            found = classes[outputs.argmax(axis=1)]
        elif len(classes) == 2 and not many_labels:
            found = classes[(outputs[:, 0] > 0.5).astype(int)]
        else:
            found = binarizer.inverse_transform(
                outputs.ravel() if outputs.shape[1] == 1 else outputs
            )
        return found

    def predict_proba(self, X: Any) -> Matrix:
        """The probability of each class, or of each label.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        outputs = self._outputs(X)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def predict_log_proba(self, X: Any) -> Matrix:
        """The logarithm of `predict_proba(X)`.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
        """
        probabilities = self.predict_proba(X)
        return np.log(probabilities, out=probabilities)

    def _validate_input(
        self, X: Any, y: Any, *, incremental: bool, reset: bool
    ) -> tuple[Any, Matrix]:
        X, y = self._checked_pair(X, y, reset=reset)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        elif self.warm_start and set(unique_labels(y)) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. Previously "
                f"got {self.classes_}, `y` has {unique_labels(y)}"
            )
        return X, self._encoded(y)

    def _of_stream(
        self, stream: Stream
    ) -> tuple[Stream, int, Callable[[Matrix], Matrix]]:
        """0 or 1 for each output, of class numbers."""
        refuse_beside_stream({"class_weight": self.class_weight})
        labels = class_labels(stream)
        if hasattr(self, "classes_") and self.warm_start:
            if list(labels) != list(self.classes_):
                raise ValueError(
                    f"warm_start can only be used where the stream has the same classes as the previous call to fit "
                    f"had: {self.classes_}, not {labels}"
                )
        else:
            self._label_binarizer = LabelBinarizer().fit(labels)
            self.classes_ = self._label_binarizer.classes_
        count = len(labels)

        def columns(t: Matrix) -> Matrix:
            if count > 2:
                return np.asarray(t[:, None] == np.arange(count))
            return np.asarray(t[:, None] == count - 1)

        return stream, count if count > 2 else 1, columns

    def _know_classes(self, y: Any, classes: Any) -> None:
        if _check_partial_fit_first_call(self, classes):
            self._label_binarizer = LabelBinarizer().fit(
                y if type_of_target(y).startswith("multilabel") else classes
            )

    def _known_targets(self, y: Any) -> Matrix:
        y = plain(y)
        return self._encoded(y if hasattr(y, "toarray") else np.asarray(y))

    def _encoded(self, y: Matrix) -> Matrix:
        """0 or 1 for each output."""
        classes = unique_labels(y)
        if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )
        return np.asarray(self._binarizer().transform(y)).astype(bool)

    def _binarizer(self) -> LabelBinarizer:
        """The binarizer between classes and outputs, also where coefs_ and classes_ were set by hand."""
        if not hasattr(self, "_label_binarizer"):
            if not hasattr(self, "classes_"):
                raise InputError(
                    "coefs_ without classes_",
                    "the classes in the order of the outputs",
                    "Set classes_.",
                )
            self._label_binarizer = LabelBinarizer().fit(self.classes_)
        return self._label_binarizer

    def _labels_form(self) -> tuple[bool, bool]:
        found = getattr(self, "_label_binarizer", None)
        many = getattr(found, "y_type_", "") == "multilabel-indicator"
        return many, bool(getattr(found, "sparse_input_", False))

    def _know_many_labels(self, outputs: int, *, sparse: bool) -> None:
        self._label_binarizer = LabelBinarizer().fit(np.zeros((2, outputs), dtype=int))
        self._label_binarizer.sparse_input_ = sparse

    def _classes_of(self, Y: Matrix) -> Matrix | None:
        return Y if Y.shape[1] == 1 else None  # as scikit-learn has it

    def _class_weights(self, y: Any, *, incremental: bool) -> Any:
        if self.class_weight is None:
            return None
        if incremental and isinstance(self.class_weight, str):
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit: the classes of one call are not those of "
                "all. Pass what compute_class_weight('balanced', classes=classes, y=y) gives, as a dict."
            )
        return weight_of_each_class(self.class_weight, y, np.asarray(self.classes_))

    def _output_activation(self, outputs: int) -> str:
        many_classes = (
            outputs > 1
            and getattr(self._binarizer(), "y_type_", "multiclass") == "multiclass"
        )
        return "softmax" if many_classes else "logistic"

    def _loss_on(self, output: str) -> Loss:
        name = self.loss
        if isinstance(name, str) and name == "log_loss":
            name = "cross_entropy" if output == "softmax" else "binary_cross_entropy"
        loss = name if isinstance(name, Loss) else loss_named(name)
        if isinstance(loss, Pinball):
            raise InputError(
                f"loss = {self.loss!r} for classes",
                "a loss of probabilities",
                'Use loss="log_loss".',
            )
        if isinstance(loss, CrossEntropy) and output == "logistic":
            raise InputError(
                f"loss = {self.loss!r} for two classes or many labels, whose outputs are separate",
                "a loss of both answers, yes and no",
                'Use loss="log_loss" or "binary_cross_entropy".',
            )
        return loss

    def _score_of(
        self, loss: Loss, weights: Matrix | None
    ) -> Callable[[Matrix, Matrix], float]:
        """Accuracy; of many labels, how often all are right."""
        one_of_many = self.out_activation_ == "softmax"

        def score(y: Matrix, a: Matrix) -> float:
            if not np.isfinite(a).all():
                return float("nan")
            right = (
                y.argmax(axis=1) == a.argmax(axis=1)
                if one_of_many
                else ((y > 0.5) == (a > 0.5)).all(axis=1)
            )
            return float(np.average(right, weights=weights))

        return score

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
