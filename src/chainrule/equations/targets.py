"""Targets of a loss as rows of numbers, checked (J1)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import InputError
from .arrays import (
    Array,
    array_namespace,
    as_floating,
    as_numpy,
    device,
    real_part,
    without_holes,
)

__all__ = ["require_in", "rows_of_classes", "rows_of_targets"]


def rows_of_classes(y: Any, width: int, like: Array, loss: str) -> Array:
    """Class numbers, or rows of numbers >= 0, as an array of shape (N, n_L)."""
    xp = array_namespace(like)
    y = without_holes(y, "y")
    labels = as_numpy(y) if hasattr(y, "shape") else np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1 < width:
        raise InputError(
            f"y with shape {labels.shape} for {loss} on {width} outputs",
            f"class numbers of shape (N,), or shape (N, {width})",
            "For class numbers in a column pass y.ravel().",
        )
    if labels.ndim == 1:
        return xp.asarray(
            _one_hot(labels, width), dtype=real_part(like).dtype, device=device(like)
        )
    rows = rows_of_targets(y, width, like, loss)
    require_in(rows, 0.0, math.inf, f"{loss} targets", "numbers >= 0")
    return rows


def rows_of_targets(y: Any, width: int, like: Array, loss: str) -> Array:
    """Numbers as an array of shape (N, n_L)."""
    array = as_floating(y, "y", like=like)
    if array.ndim == 1 and width == 1:
        array = array_namespace(like).reshape(array, (-1, 1))
    if array.ndim != 2 or array.shape[1] != width:
        raise InputError(
            f"y with shape {tuple(array.shape)} for {loss}",
            f"shape (N, {width})" + (" or (N,)" if width == 1 else ""),
            "Give one column per output of the last layer.",
        )
    return array


def _one_hot(labels: np.ndarray[Any, Any], width: int) -> np.ndarray[Any, Any]:
    if labels.dtype.kind not in "iub":
        whole = labels.dtype.kind == "f" and bool(
            np.all(np.isfinite(labels) & (labels == np.round(labels)))
        )
        if not whole:
            example = f", such as {labels.tolist()[0]!r}" if labels.size else ""
            raise InputError(
                f"class labels of dtype {labels.dtype}{example}",
                f"whole numbers 0 … {width - 1}, or {width} columns of numbers >= 0",
                "Encode the labels: classes, y = numpy.unique(labels, return_inverse=True).",
            )
        labels = labels.astype(np.int64)
    outside = (labels < 0) | (labels >= width)
    if outside.any():
        row = int(np.argmax(outside))
        raise InputError(
            f"label {labels[row]} in row {row}",
            f"labels 0 … {width - 1} for {width} outputs",
            "Labels start at 0: classes, y = numpy.unique(y, return_inverse=True) numbers them so."
            if labels.min() == 1 and labels.max() == width
            else "Give the last layer one unit per class, or drop rows of classes not seen in training.",
        )
    rows = np.zeros((labels.shape[0], width), np.float32)  # exact, and small: 0 and 1
    rows[np.arange(labels.shape[0]), labels.astype(np.int64)] = 1.0
    return rows


def require_in(rows: Array, low: float, high: float, what: str, allowed: str) -> None:
    """Raise where a target is outside [low, high]."""
    outside = as_numpy((rows < low) | (rows > high))
    if outside.any():
        first = tuple(int(i) for i in np.argwhere(outside)[0])
        value = float(as_numpy(rows)[first])
        raise InputError(
            f"{what} with {value:g} at index {first}",
            allowed,
            "Correct the targets or choose another loss.",
        )
