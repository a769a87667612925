"""Shapes and indices as a document writes them: nothing is stretched, cut or wrapped around to fit.

NumPy multiplies a row by a column elementwise into a matrix, and takes index -1 for the last entry; on
paper both are mistakes, and three of the documents' misprints are of these kinds (S4.E61b, S4.E76, S1.E57).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..equations.arrays import Array, without_holes
from ..errors import InputError

__all__ = [
    "IndexRangeError",
    "ShapeError",
    "at",
    "column",
    "columns",
    "columnwise",
    "hadamard",
    "matrix",
    "one_column",
    "over",
    "product",
    "require_layers",
    "require_shape",
]


#: The remedy for several samples where a document has one.
ONE_SAMPLE = (
    "The document has one sample at a time: pass one column, and the next in its turn."
)


class ShapeError(InputError):
    """Shapes that do not go together."""


class IndexRangeError(InputError, IndexError):
    """An index beyond its range."""


def over(first: int, last: int) -> range:
    """Both ends included, as under a Σ.

    Examples
    --------
    >>> list(over(1, 3))
    [1, 2, 3]
    """
    return range(first, last + 1)


def at(array: Array, *index: int, first: int | tuple[int, ...] = 1) -> Array:
    """The entry with a document's indices; a row or a column takes one index.

    Parameters
    ----------
    array : Array
    *index : int
    first : int or tuple of int
        The smallest index of each axis.

    Raises
    ------
    IndexRangeError
        An index beyond its range, where Python would count from the other end.

    Examples
    --------
    >>> at(np.array([[5.0, 6.0], [7.0, 8.0]]), 2, 0, first=(1, 0))
    np.float64(7.0)
    >>> at(np.array([[5.0], [6.0]]), 0)
    Traceback (most recent call last):
    ...
    chainrule.documents.shapes.IndexRangeError: Given: index 0. Allowed: indices 1 … 2. Count as the document does.
    """
    if len(index) == 1 and 1 in array.shape:
        array = array.reshape(-1)
    starts = first if isinstance(first, tuple) else (first,) * len(index)
    for i, start, length in zip(index, starts, array.shape, strict=True):
        if not start <= i < start + length:
            raise IndexRangeError(
                f"index {i}",
                f"indices {start} … {start + length - 1}",
                "Count as the document does.",
            )
    return array[tuple(i - start for i, start in zip(index, starts, strict=True))]


def hadamard(a: Array, b: Array) -> Array:
    """The elementwise product a ⊙ b of two arrays of one shape.

    Raises
    ------
    ShapeError
        Two shapes: a row times a column, say, of which NumPy would make a matrix.

    Examples
    --------
    >>> hadamard(np.ones((1, 3)), np.ones((3, 1)))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    chainrule.documents.shapes.ShapeError: Given: 1 × 3 ⊙ 3 × 1. Allowed: two arrays of one shape. ...
    """
    if a.shape != b.shape:
        raise ShapeError(
            f"{_times(a.shape)} ⊙ {_times(b.shape)}",
            "two arrays of one shape",
            "Transpose one, or use a matrix product: an elementwise product stretches nothing.",
        )
    return a * b


def product(a: Array, b: Array) -> Array:
    """The matrix product a b.

    Raises
    ------
    ShapeError
        Columns of a and rows of b differ in number.

    Examples
    --------
    >>> product(np.ones((1, 3)), np.ones((1, 3)))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    chainrule.documents.shapes.ShapeError: Given: the product of 1 × 3 and 1 × 3. Allowed: as many columns ...
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ShapeError(
            f"the product of {_times(a.shape)} and {_times(b.shape)}",
            "as many columns on the left as rows on the right",
            "Transpose one, or look which layer's matrix is meant.",
        )
    return a @ b


def column(values: Iterable[Any]) -> Array:
    """A column of these numbers."""
    return np.array(list(values))[:, None]


def columnwise(function: Callable[..., Array], *arrays: Array) -> Array:
    """A function of rows, of columns."""
    return function(*(a.T for a in arrays)).T


def matrix(name: str, values: Any) -> Array:
    """A matrix of floating numbers, of what a person typed; such an array as it is.

    Raises
    ------
    ShapeError
        Not two axes.
    InputError
        No numbers, or NaN or infinity.
    """
    try:
        array = np.asarray(without_holes(values, name))
        array = array.astype(float) if array.dtype.kind in "biuO" else array
    except (TypeError, ValueError):
        array = np.empty(0, str)
    if array.dtype.kind not in "fc":
        raise InputError(
            f"{name} = {values!r:.80}", "a matrix of numbers", "Give one list per row."
        )
    if array.ndim != 2:
        raise ShapeError(
            f"{name} with {array.ndim} axes, shape {array.shape}",
            "rows and columns",
            "Write a column as [[1.0], [2.0]] and a row as [[1.0, 2.0]].",
        )
    if not (np.isfinite(np.sum(array)) or np.isfinite(array).all()):
        raise InputError(
            f"{name} with an entry that is no finite number",
            "finite numbers",
            "Replace that entry.",
        )
    return array


def columns(name: str, values: Any, rows: int, letters: str) -> Array:
    """A matrix of that many rows, one column per sample; a plain list is one column."""
    array = matrix(name, [[v] for v in values] if _is_flat(values) else values)
    remedy = (
        "Transpose it: samples are columns."
        if array.shape[1] == rows
        else f"Count the rows: one for each neuron, {rows} in all."
    )
    require_shape(name, array, (rows, array.shape[1]), letters, remedy)
    return array


def one_column(
    name: str, values: Any, rows: int, letters: str, alone: str = ONE_SAMPLE
) -> Array:
    """One column of that many entries; a plain list is one.

    Parameters
    ----------
    name : str
    values : array_like
    rows : int
    letters : str
        See `require_shape`.
    alone : str
        The remedy for several columns.
    """
    array = matrix(name, [[v] for v in values] if _is_flat(values) else values)
    if array.shape == (1, rows) and rows != 1:
        remedy = "Transpose it: it is a column."
    elif array.shape[0] == rows:
        remedy = alone
    else:
        remedy = f"Count the entries: one for each neuron, {rows} in all."
    require_shape(name, array, (rows, 1), letters, remedy)
    return array


def require_shape(
    name: str,
    array: Array,
    shape: tuple[int, int],
    letters: str,
    remedy: str | None = None,
) -> None:
    """Raise unless a matrix has the shape that the document gives it.

    Parameters
    ----------
    name : str
        The document's, with its layer: "W^[2]".
    array : Array
    shape : (int, int)
        Rows and columns.
    letters : str
        The same in the document's letters, with its indices.
    remedy : str, optional
        By default that of a matrix between two layers.

    Raises
    ------
    ShapeError
        It has another one.
    """
    if tuple(array.shape) != shape:
        remedy = remedy or (
            "Transpose it."
            if tuple(array.shape)[::-1] == shape
            else "Count the neurons of both layers."
        )
        raise ShapeError(
            f"{name} of shape {_times(array.shape)}",
            f"{letters} = {_times(shape)}",
            remedy,
        )


def require_layers(
    name: str,
    given: Iterable[Any],
    wanted: Iterable[Any],
    remedy: str = "Give one array per layer, under the document's number.",
) -> None:
    """Raise unless the layers are numbered as the document numbers them.

    Raises
    ------
    InputError
        A layer is missing, or is none of the document's.
    """
    asked, there = list(wanted), list(given)
    if set(asked) != set(there):
        raise InputError(
            f"{name} for layers {', '.join(map(str, there)) or 'none'}",
            f"layers {', '.join(map(str, asked))}",
            remedy,
        )


def _is_flat(values: Any) -> bool:
    return np.ndim(values) == 1


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a number"
