"""What rows are weighted by: `sample_weight`, and `class_weight` as a weight for each class.

That of a class is found once, from the rows that are learned from; a batch or the validation rows may lack classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj
from sklearn.utils import compute_class_weight, compute_sample_weight
from sklearn.utils.validation import _check_sample_weight

from ..equations.arrays import as_numpy

__all__ = ["plain", "row_weights", "weight_of_each_class"]


def plain(values: Any) -> Any:
    """What another array library holds, as NumPy's; all else as it is."""
    if isinstance(values, np.ndarray) or not is_array_api_obj(values):
        return values
    return as_numpy(values)


def row_weights(X: Any, y: Any, sample_weight: Any, class_weights: Any) -> Any:
    """Row weights of shape (N,), those of classes included; None for 1 each."""
    weights = (
        None if sample_weight is None else _check_sample_weight(plain(sample_weight), X)
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
