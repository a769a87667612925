"""Columns of a Parquet file: numbers and dates as they are, text as the text of any file."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError
from .column_drafts import INEXACT, Column, MissingValues
from .column_kinds import Decided, decide, without_marks
from .dialect import ColumnKind, Dialect, NumberFormat
from .far_values import far_off
from .text_rows import arrow

__all__ = [
    "columns_of",
    "damaged",
    "index_columns",
    "names_once",
    "open_parquet",
    "parquet_names",
    "read_parquet",
]

#: Seconds in a unit of time, and in a day.
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
DAY_SECONDS = 86400.0
#: Bytes of a column that are read at once where a file is read in batches.
BUFFER_BYTES = 1 << 20


def read_parquet(
    path: Path,
    asked: Dialect,
    wanted: Callable[[str], bool],
    lenient: Collection[str] = (),
) -> tuple[Decided, tuple[str, ...]]:
    """Read the columns that are wanted; the index that pandas wrote is none.

    Raises
    ------
    InputError
        No whole Parquet file; a column of lists or bytes.
    """
    pa = arrow()
    try:
        file = open_parquet(path)
        index = index_columns(file.schema_arrow) - set(asked.columns)
        names = [
            name
            for name in file.schema_arrow.names
            if wanted(name) and name not in index
        ]
        groups = [
            file.read_row_group(i, columns=names)
            for i in range(file.metadata.num_row_groups)
        ]
        table = pa.concat_tables(groups) if groups else file.read(columns=names)
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise damaged(path, error) from error

    def place(row: int) -> str:
        return f"row {row + 1} of {path.name}"

    decided = columns_of(path, table, asked, place, lenient)
    remarks = tuple(
        f"{name}: the index that pandas wrote, no column; left out."
        for name in sorted(index)
        if wanted(name)
    )
    typed = [name for name in names if name not in decided.texts]
    remarks += tuple(
        remark
        for name in typed
        if decided.kinds[name].kind == "number"
        and decided.columns[name].dtype.kind == "f"
        for remark in far_off(name, decided.columns[name])
    )
    return decided, remarks


def columns_of(
    path: Path,
    table: Any,
    asked: Dialect,
    place: Callable[[int], str],
    lenient: Collection[str] = (),
) -> Decided:
    """The columns of an arrow table: numbers and dates by their type, text as `decide` has it.

    Parameters
    ----------
    path : Path
        The file, for messages.
    table : pyarrow.Table
    asked : Dialect
    place : callable
        The words for a row, by its number from 0.
    lenient : collection of str
        Columns that become text where they do not fit their kind.
    """
    pa, names = arrow(), table.column_names
    missing = MissingValues.of(asked)
    texts, columns, kinds, exact = {}, {}, {}, {}
    for name in names:
        values = _flat(path, name, table.column(name))
        kind = asked.columns.get(name)
        if _is_text(values) or (kind is not None and kind.kind == "category"):
            texts[name] = pa.compute.cast(_whole(values), pa.string())
            continue
        columns[name], digits = _numbers(values, missing)
        kinds[name] = kind or _kind(values)
        if digits is not None:
            exact[name] = digits
    decided = decide(texts, asked, source=path.name, place=place, lenient=lenient)
    return replace(
        decided,
        columns={n: {**columns, **decided.columns}[n] for n in names},
        kinds={n: {**kinds, **decided.kinds}[n] for n in names},
        exact={**exact, **decided.exact},
        texts=frozenset(texts),
    )


def parquet_names(path: Path) -> tuple[str, ...]:
    """The names of all columns; the index that pandas wrote is none."""
    pa = arrow()
    try:
        schema = open_parquet(path).schema_arrow
        index = index_columns(schema)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise damaged(path, error) from error
    return names_once(path, (name for name in schema.names if name not in index))


def open_parquet(path: Path, footer: Any = None) -> Any:
    """The file, opened; by its `footer` where that was read before."""
    return arrow().parquet.ParquetFile(
        path,
        metadata=footer,
        buffer_size=0 if footer is None else BUFFER_BYTES,
        pre_buffer=False,
        page_checksum_verification=True,
    )


def damaged(where: Path | str, error: Exception) -> InputError:
    """The error for a file, or a part of one, that cannot be read."""
    why = str(error).split("\n", 1)[0].rstrip(".")
    return InputError(
        f"{where}, which is no whole Parquet file ({why})",
        "a Parquet file as it was written",
        "Get it again.",
    )


def names_once(path: Path, names: Iterable[str]) -> tuple[str, ...]:
    """The names of the columns; `InputError` where two have the same."""
    found = tuple(names)
    if len(set(found)) < len(found):
        twice = next(name for name in found if found.count(name) > 1)
        raise InputError(
            f"{path} with two columns {twice!r}",
            "a name of its own for each column",
            "Rename one, and write the file again.",
        )
    return found


def index_columns(schema: Any) -> set[str]:
    """The columns that pandas reads back as the index."""
    noted = (schema.metadata or {}).get(b"pandas")
    try:
        index = json.loads(noted)["index_columns"] if noted else []
    except (ValueError, KeyError, TypeError):
        index = []
    named = {name for name in index if isinstance(name, str)}
    return {
        name
        for name in schema.names
        if name in named or name.startswith("__index_level_")
    }


def _flat(path: Path, name: str, column: Any) -> Any:
    """The column without packing: categories of pandas as their values."""
    types = arrow().types
    dtype = column.type
    if types.is_dictionary(dtype):
        column = column.cast(dtype.value_type)
        dtype = column.type
    plain = (
        types.is_primitive(dtype)
        or types.is_boolean(dtype)
        or types.is_null(dtype)
        or types.is_decimal(dtype)
        or _is_text(column)
    )
    if not plain:
        raise InputError(
            f"column {name!r} of {path}, of type {dtype}",
            "columns of numbers, text, dates or true and false",
            f"Take it apart into such columns, or leave it out: {argument('ignore', [name])}.",
        )
    return column


def _whole(column: Any) -> Any:
    """Floating-point numbers that are whole as integers: the category 1, not 1.0."""
    pa = arrow()
    if not pa.types.is_floating(column.type):
        return column
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column


def _is_text(column: Any) -> bool:
    types = arrow().types
    dtype = column.type
    return bool(
        types.is_string(dtype)
        or types.is_large_string(dtype)
        or types.is_string_view(dtype)
        or types.is_boolean(dtype)
    )


def _kind(column: Any) -> ColumnKind:
    temporal = arrow().types.is_temporal(column.type)
    return ColumnKind(
        "date" if temporal else "number", None if temporal else NumberFormat()
    )


def _numbers(column: Any, missing: MissingValues) -> tuple[Column, Column | None]:
    """Numbers as float64, dates as days since 1970-01-01; and all digits where float64 cannot hold them."""
    pa = arrow()
    types, dtype = pa.types, column.type
    if types.is_temporal(dtype):
        return _days(column), None
    if types.is_null(dtype):
        return np.full(len(column), np.nan), None
    plain = types.is_floating(dtype) or types.is_integer(dtype)
    if not plain:
        column = column.cast(pa.float64(), safe=False)
    values = without_marks(column.to_numpy().astype(np.float64), missing.numbers)
    digits = None
    whole = types.is_integer(dtype) or (types.is_decimal(dtype) and dtype.scale == 0)
    finite = values[np.isfinite(values)] if whole else values[:0]
    if finite.size and np.abs(finite).max() >= INEXACT:
        given = column.to_pylist()
        digits = np.array([None if v is None else str(int(v)) for v in given], object)
    return values, digits


def _days(column: Any) -> Column:
    """Days since 1970-01-01 of dates and times; of times of day and durations, days."""
    pa = arrow()
    dtype = column.type
    if pa.types.is_date32(dtype):
        factor, column = 1.0, column.cast(pa.int32())
    elif pa.types.is_date64(dtype):
        factor, column = UNITS["ms"] / DAY_SECONDS, column.cast(pa.int64())
    else:
        factor = UNITS[dtype.unit] / DAY_SECONDS
        narrow = pa.types.is_time32(dtype)
        column = column.cast(pa.int32() if narrow else pa.int64())
    values = np.array(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)
    return values * factor if factor != 1.0 else values
