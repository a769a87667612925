"""The columns of a frame or an array: numbers, booleans, dates, categories, and what is missing, by their dtypes."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from ...errors import InputError, counted

__all__ = [
    "KINDS",
    "Column",
    "Matrix",
    "Rows",
    "columns_of",
    "is_frame",
    "named_columns",
    "require_names_apart",
    "text_of",
    "texts_like_numbers",
]

Matrix = np.ndarray[Any, Any]
#: Kinds of columns.
KINDS = ("number", "boolean", "date", "category")
DAY = np.timedelta64(1, "D")
#: Text that a reader of files would have taken for a number with a decimal mark, or for a date.
LOOKS = {
    "dates": re.compile(
        r"\s*(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\b.*"
    ),
    "numbers": re.compile(r"\s*[-+−]?\d[\d.,' ]*[.,]\d+\s*"),
}
#: Different texts of a column, and the share of them that look so, from which on it is said; how many are looked at.
MANY_TEXTS, MOST_OF_THEM, SOME_TEXTS = 20, 0.9, 1000
#: How the libraries call the dtypes of those who want categories.
CATEGORICAL = ("category", "categorical", "enum", "dictionary")


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
        kind, values = _native(name, raw)
        wanted = (
            kinds[i] if kinds is not None else "category" if i in categorical else kind
        )
        found.append(Column(name, wanted, _as_kind(name, kind, values, wanted)))
    return found


def texts_like_numbers(
    X: Any, columns: Sequence[Column], categorical: Sequence[int] = ()
) -> list[str]:
    """A remark on each column of text that became categories though nearly all of it looks like numbers or dates.

    Categories that are meant, by their dtype, and the columns of a file, which has been read, are left alone.
    """
    if isinstance(X, Rows):
        return []
    remarks = []
    for i, (name, raw) in enumerate(named_columns(X)):
        column = columns[i]
        word = str(getattr(raw, "type", getattr(raw, "dtype", ""))).lower()
        if (
            i in categorical
            or column.kind != "category"
            or word.startswith(CATEGORICAL)
        ):
            continue
        present = (value for value in column.values.tolist() if value is not None)
        texts = list(dict.fromkeys(present))[:SOME_TEXTS]
        for what, pattern in LOOKS.items():
            like = [text for text in texts if pattern.fullmatch(text)]
            if len(texts) >= MANY_TEXTS and len(like) >= MOST_OF_THEM * len(texts):
                how = (
                    "pandas.to_datetime"
                    if what == "dates"
                    else "pandas.read_csv(..., decimal=',', na_values=[...])"
                )
                remarks.append(
                    f"column {name!r} has text that looks like {what} ({min(like)!r}), and is read as categories: "
                    f"convert it, by {how} say, or make it categorical if that is meant"
                )
                break
    return remarks


# ---- from the libraries' columns


def _native(name: str, raw: Any) -> tuple[str, Matrix]:
    """The kind that a column's dtype says, and its values."""
    if isinstance(raw, np.ndarray):
        return _of_array(name, raw)
    if hasattr(raw, "chunks"):  # Arrow's
        return _of_arrow(name, raw)
    if hasattr(raw, "is_null"):  # polars'
        return _of_polars(name, raw)
    return _of_pandas(name, raw)


def _of_array(name: str, values: Matrix) -> tuple[str, Matrix]:
    kind = values.dtype.kind
    if kind in "fiu":
        return "number", values.astype(np.float64)
    if kind == "b":
        return "boolean", values.astype(np.float64)
    if kind == "M":
        return "date", _days(values)
    if kind == "m":
        return "number", np.where(np.isnat(values), np.nan, values / DAY)
    if kind == "c":
        raise InputError(
            f"column {name!r} of complex numbers",
            "numbers, text, booleans, dates",
            "Pass real and imaginary part as two columns. Complex data not supported.",
        )
    return _of_objects(name, values.astype(object))


def _of_pandas(name: str, series: Any) -> tuple[str, Matrix]:
    dtype = series.dtype
    if hasattr(dtype, "categories"):
        return "category", _texts(series.astype(object).to_numpy(dtype=object))
    if isinstance(dtype, np.dtype):
        return _of_array(name, series.to_numpy())
    if getattr(dtype, "tz", None) is not None:
        return "date", _days(
            series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        )
    kind = getattr(dtype, "kind", "O")
    if kind in "fiub":
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return ("boolean" if kind == "b" else "number"), values
    if hasattr(series, "dt") and hasattr(series.dt, "to_timestamp"):  # periods
        series, kind = series.dt.to_timestamp(), "M"
    if kind == "M":
        return "date", _days(series.to_numpy(dtype="datetime64[ns]"))
    return _of_objects(name, series.to_numpy(dtype=object))


def _of_polars(name: str, series: Any) -> tuple[str, Matrix]:
    dtype = series.dtype
    word = str(dtype)
    if dtype.is_numeric():
        return "number", series.cast(_polars_float(series)).to_numpy().astype(
            np.float64
        )
    if word == "Boolean":
        return "boolean", np.array(
            [np.nan if v is None else float(v) for v in series.to_list()]
        )
    if word == "Date" or word.startswith("Datetime"):
        if getattr(dtype, "time_zone", None):
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return "date", _days(series.to_numpy().astype("datetime64[us]"))
    if word.startswith(("Categorical", "Enum")):
        return "category", _texts(np.array(series.to_list(), dtype=object))
    return _of_objects(name, np.array(series.to_list(), dtype=object))


def _polars_float(series: Any) -> Any:
    import polars

    return polars.Float64


def _of_arrow(name: str, column: Any) -> tuple[str, Matrix]:
    word = str(column.type)
    values = np.empty(len(column), dtype=object)
    values[:] = column.to_pylist()
    if word.startswith("dictionary"):
        return "category", _texts(values)
    if word == "bool" or word.startswith(("int", "uint", "float", "double", "half")):
        kind = "boolean" if word == "bool" else "number"
        return kind, np.array([np.nan if v is None else float(v) for v in values])
    return _of_objects(name, values)


def _of_objects(name: str, values: Matrix) -> tuple[str, Matrix]:
    """The kind and the values of an array of Python's objects."""
    gone = _missing(values)
    present = values[~gone]
    kinds = {_kind_of(value) for value in present.tolist()}
    if kinds <= {"boolean"} and kinds:
        return "boolean", _numbers(values, gone)
    if kinds <= {"number", "boolean"}:
        return "number", _numbers(values, gone)
    if kinds == {"date"}:
        moments = np.full(len(values), np.datetime64("NaT", "us"))
        moments[~gone] = [_moment(value) for value in present]
        return "date", _days(moments)
    strange = next(
        (v for v in present.tolist() if _kind_of(v) == "other"),
        None,
    )
    if "other" in kinds:
        raise TypeError(
            f"column {name!r}: argument must be a string or a real number, not {type(strange).__name__!r}"
        )
    return "category", _texts(values)


def _kind_of(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "boolean"
    if isinstance(value, Real | Decimal | np.number) and not isinstance(
        value, np.complexfloating
    ):
        return "number"
    if isinstance(value, str | bytes):
        return "text"
    if isinstance(value, date | np.datetime64):
        return "date"
    return "other"


def _numbers(values: Matrix, gone: Matrix) -> Matrix:
    found = np.full(len(values), np.nan)
    found[~gone] = [float(value) for value in values[~gone].tolist()]
    return found


def _moment(value: Any) -> np.datetime64:
    if isinstance(value, datetime) and value.tzinfo is not None:
        from datetime import UTC

        value = value.astimezone(UTC).replace(tzinfo=None)
    found: np.datetime64 = np.datetime64(value).astype("datetime64[us]")
    return found


def _days(moments: Matrix) -> Matrix:
    """Days since 1970, with fractions; NaN for no date."""
    fine = moments.astype("datetime64[us]")
    since = fine - np.datetime64(0, "us")
    return np.where(np.isnat(fine), np.nan, since / np.timedelta64(1, "D"))


# ---- missing values and text


def _missing(values: Iterable[Any]) -> Matrix:
    """The places of objects that stand for nothing: None, NaN, NaT, pandas' NA."""
    found = (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, float | np.floating) and math.isnan(value))
        or (isinstance(value, np.datetime64) and bool(np.isnat(value)))
        for value in values
    )
    return np.fromiter(found, bool)


def text_of(value: Any) -> str:
    """The text of a category: whole numbers without a point, so that 1 and 1.0 are one.

    Examples
    --------
    >>> text_of("a"), text_of(1.0), text_of(0.5), text_of(True)
    ('a', '1', '0.5', 'True')
    """
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real | np.number):
        return str(value)
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


def _texts(values: Matrix) -> Matrix:
    """Text for each value, None for a missing one."""
    gone = _missing(values)
    known: dict[Any, str] = {}
    found = np.empty(len(values), dtype=object)
    for i, value in enumerate(values.tolist()):
        if gone[i]:
            continue
        try:
            if (type(value), value) not in known:
                known[type(value), value] = text_of(value)
            found[i] = known[type(value), value]
        except TypeError as error:
            raise TypeError(
                f"argument must be a string or a real number, not {type(value).__name__!r}"
            ) from error
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
    return _texts(values.astype(object))
