"""Tables: CSV, TSV and Parquet files, read by polars into columns of numbers or of text.

What a column holds is decided by looking at all of it. Nothing is prepared for a network here:
that is `preparation`.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, counted, named_among
from .file_kinds import announce_size, kind_of, require_file
from .text_layout import Layout, layout_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MISSING_MARKS", "Column", "Table", "is_text", "read_table"]

#: float64 with NaN where a value is missing; or text, of dtype object, with None.
Column = np.ndarray[Any, Any]
#: What stands for a missing value, beside an empty field.
MISSING_MARKS = ("", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "#N/A")
#: A column of this share of numbers or more, with some text between them, is taken for a mistake.
NEARLY_NUMBERS = 0.9


@dataclass(frozen=True)
class Table:
    """Columns of equal length, by name.

    Parameters
    ----------
    source : str
        Where they come from.
    columns : mapping of str to Column
    remarks : tuple of str
        What was noticed while reading, in sentences.
    """

    source: str
    columns: Mapping[str, Column]
    remarks: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def take(self, rows: np.ndarray[Any, Any]) -> Table:
        """The rows of the given numbers, in that order."""
        return Table(
            self.source,
            {name: column[rows] for name, column in self.columns.items()},
            self.remarks,
        )

    def place(self, row: int) -> str:
        """How the user finds a row, counted from 0 here."""
        return f"row {row + 1} of {self.source}"

    def require(self, name: str, what: str = "column") -> Column:
        """A column, or `InputError` with the nearest name."""
        if name not in self.columns:
            known = list(self.columns)
            listed = ", ".join(known[:20]) + (
                f", … ({len(known)} in all)" if len(known) > 20 else ""
            )
            remedy = named_among(name, known, "Name one of these.")
            raise InputError(
                f"{what} {name!r}, which {self.source} does not have",
                f"one of {listed}",
                remedy,
            )
        return self.columns[name]


def is_text(column: Column) -> bool:
    """Whether it holds text."""
    return bool(column.dtype == object)


def read_table(
    path: str | os.PathLike[str],
    *,
    header: bool | None = None,
    missing: Sequence[str] = (),
    text_columns: Sequence[str] = (),
) -> Table:
    r"""Read a table from a file.

    Parameters
    ----------
    path : path
        CSV, TSV or the like, in UTF-8, also packed by gzip; or Parquet. What it is is found out from the content.
    header : bool, optional
        Whether the first line names the columns; None to find out. Columns without names are called
        column1, column2, …
    missing : sequence of str
        What stands for a missing value beside `MISSING_MARKS`.
    text_columns : sequence of str
        Columns to read as text though they hold numbers: codes. Those that the file lacks are passed over.

    Raises
    ------
    InputError
        No such file; not a table, cut off, without rows; a column of numbers with some text in it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "pets.csv"
    >>> _ = file.write_text("kind,age\ncat,3\ndog,?\n")
    >>> {name: column.tolist() for name, column in read_table(file).columns.items()}
    {'kind': ['cat', 'dog'], 'age': [3.0, nan]}
    """
    path = require_file(path)
    announce_size(path)
    marks = frozenset((*MISSING_MARKS, *missing))
    layout = Layout() if kind_of(path) == "parquet" else layout_of(path, header)
    frame = _read_text(path, layout) if layout.names else _read_parquet(path)
    remarks = (*layout.remarks, *_short_lines(path, layout, frame))
    table = Table(path.name, MappingProxyType({}), remarks)
    columns = {
        name: _column(
            frame[name],
            table,
            marks,
            as_text=name in text_columns,
            comma=layout.decimal_comma,
        )
        for name in frame.columns
    }
    if not columns or frame.height == 0:
        raise InputError(
            f"{path}, which holds no rows",
            "a table of rows and columns",
            "Check how it was written.",
        )
    return Table(path.name, columns, remarks)


def polars_library() -> Any:
    """The library that reads and writes tables, or `InputError` that says how to install it."""
    try:
        import polars
    except ImportError as error:
        raise InputError(
            "a table file without polars, which reads it",
            "an installation with the extra `tables`",
            'Install it: pip install "chainrule[tables]".',
        ) from error
    return polars


def _read_text(path: Path, layout: Layout) -> pl.DataFrame:
    """All columns as text; lines that are empty left out."""
    polars = polars_library()
    try:
        frame: pl.DataFrame = polars.read_csv(
            path,
            has_header=False,
            skip_rows=layout.skipped_lines,
            separator=layout.separator,
            schema=dict.fromkeys(layout.names, polars.String),
            infer_schema=False,
        )
    except polars.exceptions.PolarsError as error:
        why = str(error).split("\n", 1)[0].rstrip(".")
        raise InputError(
            f"{path}, which cannot be read as a table ({why})",
            f"lines of {len(layout.names)} fields, in UTF-8",
            "Mend the file, or write it again as UTF-8.",
        ) from error
    return frame.filter(~polars.all_horizontal(polars.all().is_null()))


def _short_lines(path: Path, layout: Layout, frame: pl.DataFrame) -> list[str]:
    """A remark on lines that end before the last column; they are looked for only where that lacks values."""
    if not layout.names or frame[layout.names[-1]].null_count() == 0:
        return []
    opened = gzip.open if kind_of(path) == "gzip" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(
            itertools.islice(file, layout.skipped_lines, None),
            delimiter=layout.separator,
        )
        ends = [lines.line_num for row in lines if 0 < len(row) < len(layout.names)]
    if not ends:
        return []
    who = f"Line {ends[0] + layout.skipped_lines} ends"
    if len(ends) > 1:
        who = f"{len(ends)} lines, the first of them line {ends[0] + layout.skipped_lines}, end"
    return [
        f"{who} before the last of {len(layout.names)} columns: what is not there is taken for missing."
    ]


def _read_parquet(path: Path) -> pl.DataFrame:
    polars = polars_library()
    try:
        frame: pl.DataFrame = polars.read_parquet(path)
    except (polars.exceptions.PolarsError, OSError) as error:
        why = str(error).split("\n", 1)[0].rstrip(".")
        raise InputError(
            f"{path}, which is no whole Parquet file ({why})",
            "a Parquet file as it was written",
            "Get it again.",
        ) from error
    for name, dtype in frame.schema.items():
        if dtype.is_nested() or dtype in (polars.Object, polars.Binary):
            raise InputError(
                f"column {name!r} of {path}, of type {dtype}",
                "columns of numbers, text, dates or true and false",
                "Take it apart into such columns, or leave it out of the file.",
            )
    return frame


def _column(
    series: pl.Series,
    table: Table,
    marks: frozenset[str],
    *,
    as_text: bool,
    comma: bool,
) -> Column:
    """A column as numbers if all that is there is numbers, else as text."""
    polars = polars_library()
    dtype = series.dtype
    if dtype.is_temporal():
        series = series.to_physical()
    if (dtype.is_numeric() or dtype.is_temporal()) and not as_text:
        return np.array(series.cast(polars.Float64).to_numpy(), np.float64)
    text = series.cast(polars.String).str.strip_chars()
    text = text.set(text.is_in(list(marks)), None)
    if dtype == polars.Boolean or as_text:
        return text.to_numpy().astype(object)
    plain = text.str.replace(",", ".", literal=True) if comma else text
    numbers = plain.cast(polars.Float64, strict=False)
    present, parsed = len(text) - text.null_count(), len(text) - numbers.null_count()
    if parsed == present and not text.str.contains(r"^0\d").any():  # 01234 is a code
        return np.array(numbers.to_numpy(), np.float64)
    if NEARLY_NUMBERS * present < parsed < present:
        row = (numbers.is_null() & text.is_not_null()).arg_true()[0]
        raise InputError(
            f"column {series.name!r} with {counted(parsed, 'number')} and {text[row]!r} in {table.place(row)}",
            "numbers only, or text",
            f"Mend it; or, if {text[row]!r} means that the value is missing, say --missing {text[row]!r}; or read the "
            f"column as text: --categories {series.name!r}.",
        )
    return text.to_numpy().astype(object)


def read_names(names: str) -> tuple[str, ...]:
    """Column names out of one text, separated by commas.

    Examples
    --------
    >>> read_names("age, income")
    ('age', 'income')
    """
    return tuple(name for name in re.split(r"\s*,\s*", names.strip()) if name)
