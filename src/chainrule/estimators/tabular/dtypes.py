"""The values of a column of NumPy, pandas, polars or Arrow: what kind its dtype says, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from ...errors import InputError

__all__ = ["text_of", "texts_of", "typed_values"]

Matrix = np.ndarray[Any, Any]
DAY = np.timedelta64(1, "D")


def typed_values(name: str, raw: Any) -> tuple[str, Matrix]:
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
        return "category", texts_of(series.astype(object).to_numpy(dtype=object))
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
        import polars

        values = series.cast(polars.Float64).to_numpy()
        return "number", values.astype(np.float64)
    if word == "Boolean":
        return "boolean", np.array(
            [np.nan if v is None else float(v) for v in series.to_list()]
        )
    if word == "Date" or word.startswith("Datetime"):
        if getattr(dtype, "time_zone", None):
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return "date", _days(series.to_numpy().astype("datetime64[us]"))
    if word.startswith(("Categorical", "Enum")):
        return "category", texts_of(np.array(series.to_list(), dtype=object))
    return _of_objects(name, np.array(series.to_list(), dtype=object))


def _of_arrow(name: str, column: Any) -> tuple[str, Matrix]:
    word = str(column.type)
    values = np.empty(len(column), dtype=object)
    values[:] = column.to_pylist()
    if word.startswith("dictionary"):
        return "category", texts_of(values)
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
    strange = next((v for v in present.tolist() if _kind_of(v) == "other"), None)
    if "other" in kinds:
        raise TypeError(
            f"column {name!r}: argument must be a string or a real number, not {type(strange).__name__!r}"
        )
    return "category", texts_of(values)


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


def texts_of(values: Matrix) -> Matrix:
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
