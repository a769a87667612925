"""The columns of a frame or an array: numbers, booleans, dates, categories, and what is missing, by their dtypes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import InputError, counted
from .dtypes import texts_of, typed_values

__all__ = [
    "KINDS",
    "Column",
    "Matrix",
    "Rows",
    "columns_of",
    "is_frame",
    "named_columns",
    "require_names_apart",
]

Matrix = np.ndarray[Any, Any]
#: Kinds of columns.
KINDS = ("number", "boolean", "date", "category")


@dataclass(frozen=True)
class Column:
    """A column in memory.

    Parameters
    ----------
    name : str
    kind : str
        Of `KINDS`.
    values : ndarray, shape (N,)
        float64 with NaN for missing, of a date days since 1970; of categories their text, None for missing.
    """

    name: str
    kind: str
    values: Matrix


class Rows:
    """Columns by name, for those who have arrays and no frame.

    Parameters
    ----------
    arrays : mapping of str to ndarray, shape (N,)
    """

    def __init__(self, arrays: Mapping[str, Matrix]) -> None:
        self.arrays = dict(arrays)
        self.columns = list(self.arrays)
        self.shape = len(next(iter(self.arrays.values()))), len(self.arrays)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> Rows:
        return Rows({name: values[rows] for name, values in self.arrays.items()})

    def get_column(self, name: str) -> Matrix:
        """One of them."""
        return self.arrays[name]


def is_frame(X: Any) -> bool:
    """Return whether X has columns with dtypes of their own: of pandas, polars, Arrow, or `Rows`."""
    return any(hasattr(X, name) for name in ("iloc", "get_column", "column_names"))


def named_columns(X: Any) -> list[tuple[str, Any]]:
    """The columns of a frame, or of a 2-D array, each with its name: of an array x0, x1, …."""
    if hasattr(X, "iloc"):
        return [(str(name), X.iloc[:, i]) for i, name in enumerate(X.columns)]
    if hasattr(X, "get_column"):
        return [(str(name), X.get_column(name)) for name in X.columns]
    if hasattr(X, "column_names"):
        return [(str(name), X.column(i)) for i, name in enumerate(X.column_names)]
    return [(f"x{i}", X[:, i]) for i in range(X.shape[1])]


def require_names_apart(X: Any) -> None:
    """Raise where two columns of a frame have one name."""
    names = getattr(X, "column_names", getattr(X, "columns", ()))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            f"X with {counted(len(twice), 'column name')} that stand there twice: {', '.join(map(str, twice[:5]))}",
            "a name of its own for each column",
            "Rename them.",
        )


def columns_of(
    X: Any, categorical: Sequence[int] = (), kinds: Sequence[str] | None = None
) -> list[Column]:
    """The columns, by their dtypes or as they were before.

    Parameters
    ----------
    X : DataFrame of pandas or polars, Table of Arrow, or ndarray, shape (N, columns)
    categorical : sequence of int
        Columns that are categories whatever their dtype is.
    kinds : sequence of str, optional
        The kind of each column, where it was fitted before; else it is found.

    Raises
    ------
    InputError
        Text where there were numbers, complex numbers.
    TypeError
        Values that are neither text, numbers, booleans nor dates, in scikit-learn's words.

    Examples
    --------
    >>> import numpy as np
    >>> for column in columns_of(np.array([[1.5, "a"], [None, "b"]], object)):
    ...     print(column.kind, column.values.tolist())
    number [1.5, nan]
    category ['a', 'b']
    """
    found = []
    for i, (name, raw) in enumerate(named_columns(X)):
        kind, values = typed_values(name, raw)
        wanted = (
            kinds[i] if kinds is not None else "category" if i in categorical else kind
        )
        found.append(Column(name, wanted, _as_kind(name, kind, values, wanted)))
    return found


def _as_kind(name: str, kind: str, values: Matrix, wanted: str) -> Matrix:
    """The values of a column of one kind, as another that it should be."""
    if wanted == "category":
        return values if kind == "category" else _as_categories(values, kind)
    if kind != "category" and not (wanted == "date") ^ (kind == "date"):
        return values
    if np.all(np.isnan(values) if kind != "category" else values == None):  # noqa: E711
        return np.full(len(values), np.nan)
    if kind == "category":
        try:
            return np.array(
                [np.nan if v is None else float(v) for v in values.tolist()]
            )
        except ValueError:
            strange = next(v for v in values.tolist() if not _is_number(v))
            given = f"{strange!r:.60} in column {name!r}"
    else:
        given = f"{kind}s in column {name!r}"
    raise InputError(
        given,
        f"a column of {wanted}s, as in training",
        f"Convert the column; {counted(len(values), 'row')} were passed.",
    )


def _is_number(value: Any) -> bool:
    try:
        return value is None or float(value) is not None
    except ValueError:
        return False


def _as_categories(values: Matrix, kind: str) -> Matrix:
    """Numbers, booleans or dates as the text of categories."""
    if kind == "boolean":
        words = values.astype(object)
        for number, word in ((0.0, "False"), (1.0, "True")):
            words[values == number] = word
        words[np.isnan(values)] = None
        return words
    return texts_of(values.astype(object))
