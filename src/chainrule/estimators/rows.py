"""Rows as users give them, and as the engines take them: checked, weighed, split, sparse or dense.

The weight of a class is found once, from the rows that are learned from; a batch or the validation rows may lack
classes. The rows that are split off, and the order of the others, are drawn as scikit-learn does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj
from sklearn.model_selection import train_test_split
from sklearn.utils import compute_class_weight, compute_sample_weight
from sklearn.utils.validation import _check_sample_weight

from ..engines.rows import Data
from ..equations.arrays import Array, as_numpy
from ..equations.forward_pass import checked_weights
from ..equations.network import Network
from ..errors import InputError

__all__ = [
    "Examples",
    "RowOrder",
    "SparseData",
    "Validation",
    "dense",
    "fits_in_memory",
    "numbers",
    "plain",
    "row_weights",
    "split_off",
    "weight_of_each_class",
]

Matrix = np.ndarray[Any, Any]
#: Bytes up to which a sparse matrix is made dense at once.
AT_ONCE = 2**29


@dataclass(frozen=True)
class Validation:
    """Rows to validate on, as a user gave them to `fit`; all None where there are none."""

    X: Any = None
    y: Any = None
    sample_weight: Any = None

    def __post_init__(self) -> None:
        if (self.X is None) != (self.y is None):
            missing = "y_val" if self.y is None else "X_val"
            raise InputError(
                f"no {missing}", "X_val and y_val, or neither", f"Pass {missing} too."
            )
        if self.X is None and self.sample_weight is not None:
            raise InputError(
                "sample_weight_val without X_val",
                "weights of rows X_val",
                "Pass X_val and y_val too.",
            )


@dataclass(frozen=True)
class Examples:
    """Rows, checked by scikit-learn.

    Parameters
    ----------
    X : ndarray or sparse matrix, shape (N, n_0)
    Y : ndarray, shape (N, columns)
        Targets, before the loss encodes them.
    weights : ndarray, shape (N,), or None
    """

    X: Any
    Y: Matrix
    weights: Matrix | None = None

    @property
    def inputs(self) -> int:
        """n_0."""
        return int(self.X.shape[1])

    @property
    def columns(self) -> int:
        """Those of the targets."""
        return int(self.Y.shape[1])

    @property
    def dtype(self) -> Any:
        """The dtype of the rows."""
        return self.X.dtype

    def data(self, network: Network, theta: Matrix, *, at_once: bool = True) -> Data:
        """The rows as the engines take them; unless `at_once`, large sparse ones stay sparse."""
        # row by row, whatever the order of the user's: engines read it so
        y = np.ascontiguousarray(
            network.loss.targets(self.Y.astype(theta.dtype), network.sizes[-1], theta)
        )
        w = self.weights
        w = None if w is None else checked_weights(w, len(y), theta)
        if not at_once and not fits_in_memory(self.X, theta.dtype):
            return SparseData(self.X.tocsr(), y, w)
        return Data(dense(self.X, theta.dtype), y, w)


# ---- weights


def plain(values: Any) -> Any:
    """The data of another array library as NumPy's; all else as it is."""
    if isinstance(values, np.ndarray) or not is_array_api_obj(values):
        return values
    return as_numpy(values)


def numbers(values: Any, name: str) -> Any:
    """The result of `plain`, of X, of targets that are numbers, of weights: raises where they are dates or durations.

    NumPy would take a date for the days or nanoseconds since 1970, whichever the column happens to be kept in.
    """
    if type(values) is np.ndarray and values.dtype.kind == "f":
        return values
    values = plain(values)
    kinds = {str(kind) for kind in _dtypes(values) if _is_time(kind)}
    if kinds:
        raise InputError(
            f"{name} with dates or durations ({', '.join(sorted(kinds))})",
            "numbers",
            "Say what counts of them: days since a date, the month, the weekday.",
        )
    return values


def _dtypes(values: Any) -> list[Any]:
    """The dtypes of an array, or of the columns of a frame; of nested lists, of what NumPy makes of them."""
    if hasattr(values, "dtypes"):  # a frame's columns, or a series
        found = values.dtypes
        return list(found) if isinstance(found, Iterable) else [found]
    if hasattr(values, "dtype"):
        return [values.dtype]
    if isinstance(values, list | tuple):
        first = values
        while isinstance(first, list | tuple) and first:
            first = first[0]
        return [first.dtype] if isinstance(first, np.generic) else []
    return []


def _is_time(kind: Any) -> bool:
    """Return whether a dtype of NumPy, pandas or polars is of dates, times or durations."""
    name = str(kind).lower()
    return getattr(kind, "kind", "") in ("M", "m") or name.startswith(
        ("date", "time", "duration", "period")
    )


def row_weights(X: Any, y: Any, sample_weight: Any, class_weights: Any) -> Any:
    """Row weights of shape (N,), those of classes included; None for 1 each."""
    weights = (
        None
        if sample_weight is None
        else _check_sample_weight(numbers(sample_weight, "sample_weight"), X)
    )
    if class_weights is None:
        return weights
    by_class = compute_sample_weight(class_weights, plain(y))
    return by_class if weights is None else weights * by_class


def weight_of_each_class(
    class_weight: Any, y: Any, classes: np.ndarray[Any, Any]
) -> Any:
    """The class weights that `compute_sample_weight` takes for any rows of these classes.

    Parameters
    ----------
    class_weight : dict, list of dict, or "balanced"
    y : array-like or sparse matrix, shape (N,) or (N, labels)
        The classes of the rows that are learned from; "balanced" is by them.
    classes : ndarray
        All classes, or the numbers of the labels.

    Returns
    -------
    dict, or list of dict, one for each label

    Raises
    ------
    ValueError
        A dict that names none of the classes it should, in scikit-learn's words.
    """
    y = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
    if y.ndim == 1 or y.shape[1] == 1:
        return _of_one(class_weight, y.ravel(), classes)
    each = (
        [class_weight] * y.shape[1] if isinstance(class_weight, str) else class_weight
    )
    if not isinstance(each, list) or len(each) != y.shape[1]:
        return class_weight  # scikit-learn says what is wrong with it
    return [
        _of_one(weights, y[:, k], np.array([0, 1])) for k, weights in enumerate(each)
    ]


def _of_one(
    class_weight: Any, y: np.ndarray[Any, Any], classes: np.ndarray[Any, Any]
) -> dict[Any, float]:
    known = (
        np.unique(y) if isinstance(class_weight, str) else classes
    )  # a class without rows has no balance
    weights = compute_class_weight(class_weight, classes=known, y=y)
    return dict.fromkeys(np.asarray(classes).tolist(), 1.0) | dict(
        zip(known.tolist(), weights.tolist(), strict=True)
    )


# ---- sparse rows


def fits_in_memory(x: Any, dtype: Any) -> bool:
    """Return whether a matrix is dense, or so small that it can be."""
    return (
        not hasattr(x, "toarray")
        or x.shape[0] * x.shape[1] * np.dtype(dtype).itemsize <= AT_ONCE
    )


def dense(x: Any, dtype: Any) -> np.ndarray[Any, Any]:
    """Rows as a contiguous array of a dtype; raises where it cannot hold their numbers."""
    x = x.toarray() if hasattr(x, "toarray") else x
    try:
        with np.errstate(over="raise"):
            return np.ascontiguousarray(x, dtype=dtype)
    except FloatingPointError as error:
        raise InputError(
            f"X with a number of {np.abs(x).max():g} in size",
            f"numbers up to {np.finfo(dtype).max:.2g}, which {np.dtype(dtype)} holds",
            'Scale the columns, or fit with dtype="float64".',
        ) from error


@dataclass(frozen=True)
class SparseData(Data):
    """Rows in a sparse matrix, of which each batch is made dense when it is taken."""

    @property
    def weight(self) -> float:
        return float(
            self.rows if self.sample_weight is None else np.sum(self.sample_weight)
        )

    def take(self, rows: Array) -> Data:
        part = self.part(rows)
        return Data(dense(part.x, part.y.dtype), part.y, part.sample_weight)

    def part(self, rows: Array) -> SparseData:
        """The rows of the given numbers, as they are: to train on, not a batch."""
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return SparseData(self.x[rows], self.y[rows], weight)


# ---- draws


def split_off(
    data: Data, random: np.random.RandomState, share: float, classes: Matrix | None
) -> tuple[Data, Data]:
    """Rows to train on, and to validate on; class by class where `classes` are given."""
    training, held = train_test_split(
        np.arange(data.rows), random_state=random, test_size=share, stratify=classes
    )
    if len(held) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
        )
    part = data.part(training) if isinstance(data, SparseData) else data.take(training)
    return _weighing("train on", part), _weighing("validate on", data.take(held))


def _weighing(purpose: str, data: Data) -> Data:
    """The same; raises where a split left no row that weighs anything."""
    if data.sample_weight is not None and not data.weight:
        raise InputError(
            f"row weights that are 0 for all rows to {purpose}",
            "some weight > 0 among the rows that are learned from, and among those that are split off",
            "Leave rows of weight 0 out, or pass X_val and y_val.",
        )
    return data


class RowOrder:
    """The order of the rows in each epoch: that of the epoch before, shuffled; for `Rules.order`.

    Parameters
    ----------
    random : numpy.random.RandomState or None
        None: the rows stay as they lie.
    rows : int
    one_batch : bool
        Whether a batch is all rows: their order matters to no step, but is drawn all the same.
    """

    def __init__(
        self, random: np.random.RandomState | None, rows: int, *, one_batch: bool
    ) -> None:
        self._random, self._one_batch = random, one_batch
        self._order: Matrix = np.arange(rows)
        self._epoch = -1

    def __call__(self, epoch: int) -> Matrix | None:
        """The numbers of the rows of an epoch; asked for the same epoch again, the same."""
        if self._random is not None and epoch != self._epoch:
            moved = np.arange(self._order.size)
            self._random.shuffle(moved)
            self._order, self._epoch = self._order[moved], epoch
        return None if self._one_batch else self._order
