"""The regressor: one number or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_y, check_consistent_length

from ...equations.network import Network
from ...errors import InputError, counted
from ..rows import numbers
from .columns import Column, Matrix
from .files import TabularFile
from .looking import Looking
from .members import Task
from .parameters import CONSTRAINTS, with_tabular_parameters
from .recipe import NUMBER_METRICS, Recipe
from .trials import score_of

__all__ = ["TabularRegressor"]

#: Targets further from the median than so many times the distance of the quartiles, where they are at most this
#: share of the rows, are cut to it while the networks learn; of those that are all ten times as far, apart from the
#: rest, this share may be cut to the range of the rest.
FAR, FEW, FEW_APART = 30.0, 0.01, 0.05
#: Positive targets whose standard deviation is at least so many means are tried as logarithms too.
SKEWED = 1.0
#: The largest target, or the largest of each output, has a size between these.
LEAST_SIZE, MOST_SIZE = 1e-100, 1e100
#: Beyond it an exponential overflows.
LARGEST = 700.0


@with_tabular_parameters(
    'What the model is chosen for: "rmse", with the squared error as loss, or "mae", with the absolute error.'
)
class TabularRegressor(RegressorMixin, Looking, TabularFile):
    """Numbers of rows of a table: networks averaged, columns prepared by themselves, nothing to tune.

    Numbers, booleans, dates and categories are told apart by their dtypes, whatever is missing or new is taken.
    Predictions stay in the range of the targets. A few targets that are very far from all others are learned as if
    they were nearer; `notes_` has how many.

    Parameters
    ----------
    {PARAMETERS}

    Attributes
    ----------
    target_center_, target_width_ : ndarray, shape (outputs,)
        Mean and standard deviation of the targets, as they are learned.
    target_log_ : bool
        Whether logarithms of the targets are learned: of positive and skewed ones, where that was better on rows not
        seen; `notes_` has it.
    target_low_, target_high_ : ndarray, shape (outputs,)
        Their range.
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
    >>> import numpy as np
    >>> from chainrule import TabularRegressor
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> y = np.abs(X[:, 0])
    >>> model = TabularRegressor(preset="fast").fit(X, y)
    >>> bool(np.abs(model.predict(X) - y).max() < 0.1)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "metric": [StrOptions(set(NUMBER_METRICS))],
    }

    def __init__(
        self,
        preset: str = "strong",
        *,
        metric: str = "rmse",
        members: int | None = None,
        epochs: int | None = None,
        max_seconds: float | None = None,
        max_bytes: int | None = None,
        validation_fraction: float = 0.0,
        categorical_features: Any = "from_dtype",
        random_state: Any = 0,
        n_threads: int | None = None,
        progress: bool | None = None,
    ) -> None:
        self._take(locals())

    def _for_fit(self, X: Any, y: Any) -> tuple[Matrix, Matrix, Any]:
        targets = self._checked_numbers(y)
        check_consistent_length(X, targets)
        self._one_output = targets.ndim == 1
        self.target_log_ = False
        return targets, targets.reshape(len(targets), -1), None

    def _checked_numbers(self, y: Any) -> Matrix:
        y = numbers(y, "y")
        if hasattr(y, "to_numpy"):
            y = y.to_numpy()
        _require_present(y)
        found = np.asarray(_check_y(y, multi_output=True, y_numeric=True))
        if found.ndim == 2 and found.shape[1] == 1:
            found = column_or_1d(found, warn=True)
        found = found.astype(np.float64)
        largest = np.abs(found).max(axis=0)
        strange = (largest > 0) & ((largest < LEAST_SIZE) | (largest > MOST_SIZE))
        if strange.any():
            raise InputError(
                f"y whose largest number is {np.atleast_1d(largest)[np.argmax(strange)]:g} in size",
                f"one from {LEAST_SIZE:g} to {MOST_SIZE:g}, so that float64 holds squares",
                "Divide y by a power of ten; multiply predictions by it.",
            )
        return found

    def predict(self, X: Any) -> Matrix:
        """The number or the numbers of each row.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        ndarray, shape (n_samples,) or (n_samples, n_outputs)
        """
        found = self._in_units(self._outputs(X))
        found = np.clip(found, self.target_low_, self.target_high_)
        return np.asarray(found[:, 0] if self._one_output else found)

    def _decide_targets(
        self,
        columns: Sequence[Column],
        y: Matrix,
        weights: Matrix | None,
        recipe: Recipe,
    ) -> None:
        self._know_targets(y)
        kept = np.clip(y, self.target_low_, self.target_high_)
        self.notes_.clear()
        if (y <= 0).any() or (kept.std(axis=0) < SKEWED * kept.mean(axis=0)).any():
            return
        scores = []
        for log in (False, True):
            self.target_log_ = log
            trials = self._trials(columns, y, weights, recipe)
            score = _score(self.metric, y, weights, self._in_units)
            trials = replace(trials, task=replace(trials.task, score=score))
            scores.append(score_of(recipe, trials, threads=self.n_threads))
        self.notes_.clear()
        self._learn_logarithms(better=bool(scores[1] < scores[0]))

    def _take_targets(self, like: Self, y: Matrix) -> None:
        if like.target_log_ and (y <= 0).any():
            row = int(np.argmax((y <= 0).any(axis=1)))
            raise InputError(
                f"a target of {y[row].min():g} in row {row}, with like = a model of the logarithms of its targets",
                "targets > 0",
                "Fit without like, or leave such rows out.",
            )
        self._learn_logarithms(better=like.target_log_)

    def _learn_logarithms(self, *, better: bool) -> None:
        """Learn logarithms of the targets where that is better, and note it."""
        self.target_log_ = better
        if better:
            self.notes_.append(
                "Logarithms of the target are learned: on rows not seen that was better."
            )

    def _in_units(self, outputs: Matrix) -> Matrix:
        found = super()._in_units(outputs)
        return np.exp(np.minimum(found, LARGEST)) if self.target_log_ else found

    def _guide(self, y: Matrix) -> Matrix:
        self._know_targets(y)
        return self._standardized(y)

    def _know_targets(self, y: Matrix) -> None:
        """Learn where the targets are, and how far any may be."""
        y = np.log(y) if self.target_log_ else y
        first, middle, third = np.quantile(y, (0.25, 0.5, 0.75), axis=0)
        reach = FAR * (third - first)
        low, high = middle - reach, middle + reach
        outside = (y < low) | (y > high)
        share = outside.mean(axis=0)
        apart = share == (np.abs(y - middle) > 10 * reach).mean(axis=0)
        cut = (share <= np.where(apart, FEW_APART, FEW)) & (reach > 0)
        rest = np.where(outside, middle, y)
        low = np.where(apart, rest.min(axis=0), np.maximum(low, y.min(axis=0)))
        high = np.where(apart, rest.max(axis=0), np.minimum(high, y.max(axis=0)))
        low = np.where(cut, low, y.min(axis=0))
        high = np.where(cut, high, y.max(axis=0))
        kept = np.clip(y, low, high)
        self.target_low_ = np.exp(low) if self.target_log_ else low
        self.target_high_ = np.exp(high) if self.target_log_ else high
        count = int((outside & cut).sum())
        note = (
            f"{counted(count, 'target')} further than {FAR:g} times the distance of the quartiles from the median: cut "
            "to that, or where they are apart to the range of the others."
        )
        if count and note not in self.notes_:
            self.notes_.append(note)
        width = kept.std(axis=0)
        self.target_center_ = kept.mean(axis=0)
        self.target_width_ = np.where(width > 0, width, 1.0)

    def _standardized(self, y: Matrix) -> Matrix:
        y = np.clip(y, self.target_low_, self.target_high_)
        y = np.log(y) if self.target_log_ else y
        return np.asarray((y - self.target_center_) / self.target_width_)

    def _task(
        self, x: Matrix, y: Matrix, weights: Matrix | None, recipe: Recipe
    ) -> Task:
        self._know_targets(y)
        targets = self._standardized(y).astype(np.float32)
        loss = "squared_error" if self.metric == "rmse" else "absolute_error"
        network = Network(
            (x.shape[1], *recipe.hidden, y.shape[1]),
            (*[recipe.activation] * len(recipe.hidden), "identity"),
            loss,
        )
        score = _score(self.metric, targets, weights)
        return Task(network, x, targets, weights, None, score)

    def _known_targets(self, y: Any) -> Matrix:
        y = np.asarray(numbers(y, "y"), dtype=np.float64)
        return self._standardized(y.reshape(len(y), -1)).astype(np.float32)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _require_present(y: Any) -> None:
    """Raise where targets are missing."""
    try:
        gone = np.isnan(np.asarray(y, dtype=np.float64))
    except (TypeError, ValueError):
        return  # reported by scikit-learn's check
    rows = np.flatnonzero(gone.reshape(len(gone), -1).any(axis=1))
    if rows.size:
        raise InputError(
            f"y with {counted(rows.size, 'missing value')} in {len(gone)} rows, the first in row {rows[0]}",
            "a number for each row",
            "Leave these rows out, of X too: kept = ~numpy.isnan(y); fit(X[kept], y[kept]).",
        )


def _score(
    metric: str,
    targets: Matrix,
    weights: Matrix | None,
    in_units: Callable[[Matrix], Matrix] = np.asarray,
) -> Callable[[Matrix, Matrix], float]:
    """The score of outputs, brought to the units of the targets, for rows; less is better."""

    def score(outputs: Matrix, rows: Matrix) -> float:
        w = None if weights is None else weights[rows]
        off = in_units(outputs.astype(np.float64)) - targets[rows]
        each = off**2 if metric == "rmse" else np.abs(off)
        return float(np.average(each.mean(axis=1), weights=w))

    return score
