"""The base of both estimators: how they learn.

`MLPClassifier` and `MLPRegressor` say what targets and predictions are.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import validate_data

from ..data.streams import Stream
from ..equations.losses import Loss, Pinball
from ..errors import InputError
from ..progress import ProgressLine
from ..training.callbacks import Callback, require_callbacks
from .epochs import CallbackSupport, EpochTasks, with_callbacks
from .files import ModelFile
from .fitting import Continuation, Fit, Fitted
from .inspection import Inspection
from .network import first_weights, hidden_sizes
from .parameters import CONSTRAINTS, TakesParameters
from .rows import Examples, Validation, numbers, plain, row_weights
from .rules import optimizer_of, warn
from .streamed_rows import StreamExamples, refuse_beside_stream

__all__ = ["Matrix", "Perceptron"]

Matrix = np.ndarray[Any, Any]


class Perceptron(
    Inspection, ModelFile, CallbackSupport, TakesParameters, BaseEstimator
):
    """A multi-layer perceptron, but for what its targets are."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    # ---- what the estimators say

    @abstractmethod
    def _validate_input(
        self, X: Any, y: Any, *, incremental: bool, reset: bool
    ) -> tuple[Any, Matrix]:
        """X in floating numbers, and targets of shape (N, columns), checked by scikit-learn."""

    @abstractmethod
    def _score_of(
        self, loss: Loss, weights: Matrix | None
    ) -> Callable[[Matrix, Matrix], float]:
        """The validation score of targets and outputs, both of shape (N, n_L)."""

    def _know_classes(self, y: Any, classes: Any) -> None:
        """Take in what the first `partial_fit` was given as all classes."""

    def _class_weights(self, y: Any, *, incremental: bool) -> Any:
        """A weight for each class, as `compute_sample_weight` takes them, or None."""
        return None

    def _classes_of(self, Y: Matrix) -> Matrix | None:
        """The labels by which validation rows are split off, class by class."""
        return None

    def _checked_pair(
        self, X: Any, y: Any, *, reset: bool, y_numeric: bool = False
    ) -> tuple[Any, Matrix]:
        """Rows and targets as scikit-learn checks them; one column of targets of shape (N,)."""
        try:
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse=["csr", "csc"],
                multi_output=True,
                y_numeric=y_numeric,
                dtype=self.dtype or (np.float64, np.float32),
                reset=reset,
            )
        except ValueError as error:
            said = str(error)
            if said.startswith(("Input X contains NaN", "could not convert string")):
                other = type(self).__name__.replace("MLP", "Tabular")
                said += f"\nIn chainrule, {other} takes missing values, text and dates as they are."
                error.args = (said,)
            raise
        one_column = y.ndim == 2 and y.shape[1] == 1
        return X, column_or_1d(y, warn=True) if one_column else y

    # ---- learning

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Learn from rows X and their targets y.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features), or Stream
            Rows in memory; or a `stream` of rows in files, with their targets and weights.
        y : array-like, shape (n_samples,), or (n_samples, n_outputs)
            Of a classifier classes, or 0 and 1 for each of many labels; of a regressor numbers. None beside a stream.
        sample_weight : array-like, shape (n_samples,), optional
        X_val, y_val : array-like, optional
            Rows to validate on, in place of a share that is split off. Their loss is recorded; with
            `early_stopping` their score decides.
        sample_weight_val : array-like, optional
            Their weights.

        Returns
        -------
        self
        """
        validation = Validation(X_val, y_val, sample_weight_val)
        self._learn(X, y, sample_weight, validation, incremental=False)
        return self

    def _learn(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        *,
        incremental: bool,
        classes: Any = None,
    ) -> None:
        """Fit, or continue by one epoch; the attributes change only if a run begins, then however it ends."""
        if incremental and isinstance(X, Stream):
            raise InputError(
                "partial_fit with a stream",
                "fit, which goes through it epoch by epoch",
                "Call fit(stream): max_iter is the number of epochs.",
            )
        with self._unchanged_by_errors():
            if incremental:
                self._know_classes(y, classes)
            fit = self._prepared(
                X, y, sample_weight, validation, incremental=incremental
            )
        reason = None
        epochs, show = fit.run.limits.epochs, bool(self.progress)
        line = ProgressLine("fitting", total=epochs, unit="epochs", show=show)
        try:
            with line:
                reason = fit.run.go(line, raise_nonfinite=False)
        finally:
            outcome = fit.outcome(reason)
            self.__dict__.update(outcome.attributes())
        if outcome.error is not None:
            raise outcome.error
        self._end_of_run(fit)
        if outcome.warning is not None:
            self._tell(*outcome.warning)

    @contextmanager
    def _unchanged_by_errors(self) -> Iterator[None]:
        """The attributes as they were before, where an exception passes."""
        attributes = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(attributes)
            raise

    def _tell(self, message: str, category: type[Warning]) -> None:
        """Warn the user."""
        warn(message, category)

    def _end_of_run(self, fit: Fit) -> None:
        """Take what a run left beside its outcome."""

    def _prepared(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        *,
        incremental: bool,
    ) -> Fit:
        """All that comes before the first step."""
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        hidden = hidden_sizes(self.hidden_layer_sizes)
        given: tuple[Any, Any] = (X, y)
        if not isinstance(X, Stream):
            given = numbers(X, "X"), plain(y)
        reset = first or not hasattr(self, "n_features_in_")
        random = check_random_state(self.random_state)
        examples: Examples | StreamExamples
        classes = class_weights = None
        if isinstance(X, Stream):
            beside = {"sample_weight": sample_weight, "X_val": validation.X, "y": y}
            examples = self._streamed(X, random, beside)
        else:
            X, Y = self._validate_input(*given, incremental=incremental, reset=reset)
            class_weights = self._class_weights(given[1], incremental=incremental)
            weights = row_weights(X, given[1], sample_weight, class_weights)
            examples, classes = Examples(X, Y, weights), self._classes_of(Y)
        columns = examples.columns
        if first:
            loss = self._loss_on(self._output_activation(columns))
            each = len(loss.quantiles) if isinstance(loss, Pinball) else 1
            self.coefs_, self.intercepts_ = first_weights(
                random,
                [examples.inputs, *hidden, columns * each],
                self.activation,
                examples.dtype,
            )
        attributes = {} if first else self.__dict__
        fitted = Fitted.of(attributes, scored=bool(self.early_stopping))
        described = {
            "n_layers_": len(self.coefs_) + 1,
            "n_outputs_": len(self.intercepts_[-1]),
            "out_activation_": self._output_activation(columns),
        }
        self.__dict__.update({**described, **attributes, **fitted.attributes()})
        network, parameters = self._fitted_network()
        if network.sizes[:-1] != (examples.inputs, *hidden):
            raise InputError(
                f"hidden_layer_sizes = {self.hidden_layer_sizes!r} and rows of {examples.inputs} numbers for coefs_ of "
                f"widths {network.sizes}",
                "the widths of coefs_, from which training continues",
                "Set hidden_layer_sizes and the columns of X to them, or fit anew with warm_start=False.",
            )
        theta = parameters.theta
        before = Continuation.of(
            attributes.get("_continuation"), optimizer_of(self), theta
        )
        return Fit.prepared(
            self,
            network,
            theta,
            examples,
            held=self._held(validation, class_weights),
            classes=classes,
            score=self._score_of,
            before=before if incremental else before.anew(theta),
            fitted=fitted,
            callbacks=self._callbacks(*given, sample_weight, incremental=incremental),
            random=random,
            incremental=incremental,
        )

    def _streamed(
        self, stream: Stream, random: np.random.RandomState, beside: dict[str, Any]
    ) -> StreamExamples:
        """The rows of a stream; attributes that scikit-learn's checks would set are set."""
        refuse_beside_stream(beside)
        stream, columns, targets = self._of_stream(stream)
        self.n_features_in_ = stream.n_inputs
        self.__dict__.pop("feature_names_in_", None)
        dtype = np.dtype(self.dtype or np.float32)
        shuffle = bool(self.shuffle)
        return StreamExamples(stream, columns, dtype, targets, random, shuffle)

    @abstractmethod
    def _of_stream(
        self, stream: Stream
    ) -> tuple[Stream, int, Callable[[Matrix], Matrix]]:
        """The stream as it is learned from, the columns of its targets, and what makes them of T."""

    def _held(self, validation: Validation, class_weights: Any) -> Examples | None:
        """Rows of the user's to validate on."""
        if validation.X is None:
            return None
        rows, targets = self._rows(validation.X), self._known_targets(validation.y)
        if len(targets) != len(rows):
            raise InputError(
                f"{len(targets)} targets y_val for {len(rows)} rows X_val",
                "one per row",
                "Check both.",
            )
        given = validation.sample_weight
        weights = row_weights(rows, validation.y, given, class_weights)
        return Examples(rows, targets, weights)

    def _callbacks(
        self, X: Any, y: Any, sample_weight: Any, *, incremental: bool
    ) -> list[Callback]:
        """Those that the user gave, and scikit-learn's."""
        callbacks = list(self.callbacks or ())
        require_callbacks(callbacks)
        if not incremental and hasattr(self, "_skl_callbacks"):
            metadata = (
                None if sample_weight is None else {"sample_weight": sample_weight}
            )
            callbacks.append(EpochTasks(self, X, y, metadata, int(self.max_iter)))
        return callbacks

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
