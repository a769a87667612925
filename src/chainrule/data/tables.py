"""Tables: text and Parquet files read into columns of numbers or of text, by a dialect that is found or known.

Nothing is prepared for a network here: that is `preparation`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError
from .column_drafts import Column
from .column_kinds import Decided, decide
from .dialect import Dialect
from .file_kinds import announce_size, kind_of, refuse_other_kinds, require_file
from .file_problems import FileProblemError
from .hidden_characters import refuse_control_in_column, spoiled
from .names import named_columns
from .parquet_columns import parquet_names, read_parquet
from .strange_rows import look_for_strange_rows
from .sum_rows import sums_by_numbers
from .text_layout import Layout, layout_of
from .text_lines import TextLines
from .text_rows import ShortLines, arrow, careful_batches, fast_batches

__all__ = [
    "Column",
    "Table",
    "column_names",
    "found_dialect",
    "is_text",
    "read_table",
    "read_text",
]


@dataclass(frozen=True)
class Table:
    """Columns of equal length, by name.

    Parameters
    ----------
    source : str
        Where they come from.
    columns : mapping of str to Column
        float64 with NaN where a value is missing; or text, of dtype object, with None.
    remarks : tuple of str
        What was noticed while reading, in sentences.
    dialect : Dialect
        How it was read.
    exact : mapping of str to Column
        The digits of whole numbers that float64 cannot hold, as text with None.
    others : tuple of str
        Columns of the file that were not read.
    numbers : ndarray of int or None
        Which rows of the file these are, from 0; None for all.
    lines : TextLines or None
        The lines in which they stand, of a file of text.
    """

    source: str
    columns: Mapping[str, Column]
    remarks: tuple[str, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)
    exact: Mapping[str, Column] = field(default_factory=lambda: MappingProxyType({}))
    others: tuple[str, ...] = ()
    numbers: np.ndarray[Any, Any] | None = None
    lines: TextLines | None = None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def take(self, rows: np.ndarray[Any, Any]) -> Table:
        """The rows of the given numbers, in that order."""
        return replace(
            self,
            columns={name: column[rows] for name, column in self.columns.items()},
            exact={name: column[rows] for name, column in self.exact.items()},
            numbers=rows if self.numbers is None else self.numbers[rows],
        )

    def place(self, row: int) -> str:
        """The place of a row, counted from 0 here, as the user finds it."""
        number = row if self.numbers is None else int(self.numbers[row])
        words = f"row {number + 1}" if self.lines is None else self.lines.words(number)
        return f"{words} of {self.source}"

    def places(self, rows: Sequence[int]) -> tuple[str, list[int]]:
        """The lines of some rows, or their numbers in the file, from 1; and which of both, as a word."""
        numbers = [
            int(i) for i in (rows if self.numbers is None else self.numbers[rows])
        ]
        lines = None if self.lines is None else self.lines.of(numbers)
        return ("row", [i + 1 for i in numbers]) if lines is None else ("line", lines)

    def require(self, name: str, what: str = "column") -> Column:
        """A column, or `InputError` with the nearest name."""
        named_columns((name,), self.columns, self.source, what)
        return self.columns[name]


def is_text(column: Column) -> bool:
    """Return whether it holds text."""
    return bool(column.dtype == object)


def column_names(
    path: Path, asked: Dialect, names: Collection[str] = ()
) -> tuple[str, ...]:
    """The names of all columns of a table file, without reading its rows; the parameters are those of `read_table`."""
    refuse_other_kinds(path)
    if kind_of(path) == "parquet":
        return parquet_names(path)
    return tuple(name for name in layout_of(path, asked, names).names if name)


def read_table(
    path: str | os.PathLike[str],
    dialect: Dialect | None = None,
    *,
    only: Collection[str] | None = None,
    lenient: Collection[str] = (),
    names: Collection[str] = (),
    sure: Collection[str] | None = None,
) -> Table:
    r"""Read a table from a file.

    Parameters
    ----------
    path : path
        CSV, TSV or other text, also packed by gzip, bzip2 or xz; or Parquet; "-" for standard input. What it is is
        found out from the content.
    dialect : Dialect, optional
        What is known of it; the rest is found out.
    only : collection of str, optional
        Columns to read, where they are there; the others are not looked at.
    lenient : collection of str
        Columns that become text where they do not fit their kind.
    names : collection of str
        Names that columns may have: a first line that has one of them is names.
    sure : collection of str, optional
        Columns whose kind the user named, so that all of their rows are meant; by default those of the dialect.

    Raises
    ------
    InputError
        No such file; not a table, cut off, without rows; what is not sure, with the option that decides it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "pets.csv"
    >>> _ = file.write_text("kind;age\ncat;3,5\ndog;?\n")
    >>> table = read_table(file)
    >>> {name: column.tolist() for name, column in table.columns.items()}
    {'kind': ['cat', 'dog'], 'age': [3.5, nan]}
    >>> table.dialect.words()
    'fields separated by ; (semicolon), names in the first line, decimal mark , (comma)'
    """
    path = require_file(path)
    refuse_other_kinds(path)
    announce_size(path)
    asked = dialect or Dialect()
    ignored = {name for name, kind in asked.columns.items() if kind.kind == "ignore"}

    def wanted(name: str) -> bool:
        return name not in ignored and (only is None or name in only)

    lines = None
    if kind_of(path) == "parquet":
        if asked.skip_last:
            raise InputError(
                f"{argument('skip_last', asked.skip_last)} of the Parquet file {path}",
                "files of text, below which notes and totals may stand",
                "Leave it out.",
            )
        decided, remarks = read_parquet(path, asked, wanted, lenient)
        there = parquet_names(path)
        found = replace(asked, columns=_kinds(asked, decided))
    else:
        layout = layout_of(path, asked, {*names, *(only or ()), *asked.columns})
        asked = replace(asked, separator=layout.separator)
        certain = asked.columns if sure is None else sure
        words = frozenset(asked.missing)
        lines, problems = TextLines(path, layout), list[InputError]()
        texts, remarks = read_text(
            path,
            layout,
            wanted,
            certain,
            words,
            skip_last=asked.skip_last,
            problems=problems,
        )
        decided = decide(
            texts,
            asked,
            source=path.name,
            place=Table(path.name, {}, lines=lines).place,
            lenient=lenient,
            problems=problems,
        )
        found = found_dialect(asked, layout, decided)
        remarks = (*layout.remarks, *remarks)
        there = tuple(filter(None, layout.names))
    sums = sums_by_numbers(
        decided.columns, None if lines is None else lines.words, asked.skip_last
    )
    table = Table(
        path.name,
        decided.columns,
        (*remarks, *decided.remarks, *sums),
        found,
        decided.exact,
        tuple(name for name in there if name not in decided.columns),
        lines=lines,
    )
    if table.columns and not table.rows:
        raise InputError(
            f"{path}, which holds no rows",
            "a table of rows and columns",
            "Check how it was written.",
        )
    return table


def found_dialect(asked: Dialect, layout: Layout, decided: Decided) -> Dialect:
    """The complete dialect of a text file: what was asked for, its layout, and what its columns showed."""
    return replace(
        asked,
        skip_last=0,  # of that file alone
        quote=layout.quote,
        header=layout.header,
        encoding=layout.encoding,
        decimal=asked.decimal or decided.marks.decimal,
        thousands=asked.thousands
        if asked.thousands is not None
        else decided.marks.thousands,
        columns=_kinds(asked, decided),
    )


def _kinds(asked: Dialect, decided: Decided) -> Mapping[str, Any]:
    return MappingProxyType({**asked.columns, **decided.kinds})


def read_text(
    path: Path,
    layout: Layout,
    wanted: Any,
    sure: Collection[str],
    words: Collection[str],
    content: bytes | None = None,
    *,
    skip_last: int = 0,
    problems: list[InputError] | None = None,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The columns as text, and remarks on lines that are too short or may be no rows; of `content`, if given.

    `skip_last` rows are left out at the end, and those that may be sums or notes where `problems` takes that in.
    """
    pa = arrow()
    place = TextLines(path, layout, content).words
    short, left = ShortLines(), skip_last
    batches = None
    if layout.separator != " " and not layout.padded:
        try:
            batches = list(fast_batches(path, layout, content))
            if any(_needs_care(batch) for batch in batches):
                batches = None
        except (pa.ArrowInvalid, UnicodeError):
            batches = None
    if batches is None:
        batches, left = _careful(path, layout, short, content, skip_last), 0
    if skip_last and sum(batch.num_rows for batch in batches) <= left:
        raise InputError(
            f"{argument('skip_last', skip_last)} of {path}, which leaves no rows",
            "fewer than there are",
            "Check how many lines of totals or notes stand at its end.",
        )
    if not batches:
        raise InputError(
            f"{path}, which holds no rows",
            "a table of rows and columns",
            "Check how it was written.",
        )
    for batch in batches:
        for name, column in zip(layout.names, batch.columns, strict=True):
            where = f"{path}, column {name!r},"
            refuse_control_in_column(pa, where, column, layout.separator)
    table = pa.Table.from_batches(batches)
    table = table.slice(0, table.num_rows - left)
    _require_empty(path, layout, table, place)
    strange, behind = None, skip_last
    while strange is None:
        try:
            strange = look_for_strange_rows(
                pa, path, layout.names, table, short.alone, sure, words, place, behind
            )
        except FileProblemError as problem:
            if problems is None or not problem.skip_last:
                raise
            problems.append(problem)
            table = table.slice(0, table.num_rows - (problem.skip_last - behind))
            behind = problem.skip_last
    columns = {
        name: table.column(i)
        for i, name in enumerate(layout.names)
        if name and wanted(name)
    }
    strange += spoiled("the names", layout.names)
    return columns, (*short.remarks(len(layout.names)), *strange)


def _require_empty(
    path: Path, layout: Layout, table: Any, place: Callable[[int], str]
) -> None:
    """Raise where a column without a name and without values in the first lines has one later."""
    compute = arrow().compute
    for i in layout.empty:
        there = compute.greater(
            compute.binary_length(compute.utf8_trim_whitespace(table.column(i))), 0
        ).to_numpy()
        if there.any():
            row = int(there.argmax())
            raise InputError(
                f"{path} with {table.column(i)[row].as_py()!r} in {place(row)}, in a column without a name",
                "a name for each column that holds values",
                "Name that column, or take the value away.",
            )


def _needs_care(batch: Any) -> bool:
    """Return whether a field holds a line end or a backslash: quotes that do not fit swallow lines, or are escaped."""
    for column in batch.columns:
        text = column.buffers()[2]
        content = b"" if text is None else text.to_pybytes()
        if b"\n" in content or b"\r" in content or b"\\" in content:
            return True
    return False


def _careful(
    path: Path,
    layout: Layout,
    short: ShortLines,
    content: bytes | None,
    skip_last: int,
) -> list[Any]:
    """Batches where quotes are doubled within fields; or, where that does not fit, have a backslash before them."""
    try:
        return list(careful_batches(path, layout, short, None, content, skip_last))
    except InputError:
        again = ShortLines()
        try:
            batches = list(
                careful_batches(path, layout, again, "\\", content, skip_last)
            )
        except InputError:
            batches = []
        if not any(layout.quote in _all_text(batch) for batch in batches):
            raise
        short.count, short.first = again.count, again.first
        return batches


def _all_text(batch: Any) -> str:
    return "".join(text for column in batch.columns for text in column.to_pylist())
