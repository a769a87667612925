"""What rows are weighted by: `sample_weight`, and `class_weight` as a weight for each class.

That of a class is found once, from the rows that are learned from; a batch or the validation rows may lack classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj
from sklearn.utils import compute_class_weight, compute_sample_weight
from sklearn.utils.validation import _check_sample_weight

from ..equations.arrays import as_numpy
from ..errors import InputError

__all__ = ["numbers", "plain", "row_weights", "weight_of_each_class"]


def plain(values: Any) -> Any:
    """What another array library holds, as NumPy's; all else as it is."""
    if isinstance(values, np.ndarray) or not is_array_api_obj(values):
        return values
    return as_numpy(values)


def numbers(values: Any, name: str) -> Any:
    """What `plain` gives, of X, of targets that are numbers, of weights: raises where they are dates or durations.

    NumPy would take a date for the days or nanoseconds since 1970, whichever the column happens to be kept in.
    """
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
    """Whether a dtype of NumPy, pandas or polars is of dates, times or durations."""
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
    """What `compute_sample_weight` takes for any rows of these classes.

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
