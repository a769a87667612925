"""Rows of a text file as batches of text columns: split by pyarrow, or by Python's csv where a file needs care.

Batches come one after the other, so that a file need not fit into memory. Nothing is decided about their content.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from ..arguments import argument
from ..errors import InputError, counted
from .file_kinds import kind_of
from .separators import split_lines
from .text_layout import Layout
from .text_source import open_bytes, open_text

__all__ = ["ShortLines", "arrow", "careful_batches", "fast_batches"]

Item = TypeVar("Item")
#: Bytes and rows of a batch.
BLOCK_BYTES, BATCH_ROWS = 1 << 24, 50_000


@dataclass
class ShortLines:
    """Lines that end before the last column, counted while they are read.

    Parameters
    ----------
    count, first : int
        How many, and the number of the first line, from 1.
    alone : list of (int, int, str)
        Those of one field: the row, from 0; the line; the field.
    """

    count: int = 0
    first: int = 0
    alone: list[tuple[int, int, str]] = field(default_factory=list)

    def remarks(self, width: int) -> tuple[str, ...]:
        """A sentence on them; none where there are none."""
        if not self.count:
            return ()
        who = f"Line {self.first} ends"
        if self.count > 1:
            who = f"{self.count} lines, the first of them line {self.first}, end"
        return (
            f"{who} before the last of {width} columns: what is not there is taken for missing.",
        )


def arrow() -> Any:
    """The library that splits text and reads Parquet, or `InputError` that names how to install it."""
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.csv
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(
            "a table file without pyarrow, which reads it",
            "an installation with the extra `tables`",
            'Install it: pip install pyarrow, or pip install "chainrule[tables]", which does the same.',
        ) from error
    return pyarrow


def fast_batches(
    path: Path, layout: Layout, content: bytes | None = None
) -> Iterator[Any]:
    """Batches by pyarrow; `pyarrow.ArrowInvalid` where lines are of unequal length or of another encoding.

    `content` are some whole lines of the file, all of them rows; by default all of the file.
    """
    pa = arrow()
    names = [f"{i}" for i in range(len(layout.names))]
    reading = pa.csv.ReadOptions(
        column_names=names,
        skip_rows=layout.skipped_lines if content is None else 0,
        block_size=BLOCK_BYTES,
        encoding=layout.encoding,
    )
    parsing = pa.csv.ParseOptions(
        delimiter=layout.separator,
        quote_char=layout.quote,
        newlines_in_values=True,
        ignore_empty_lines=len(names) > 1,
    )
    texts = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
    )
    if content is not None:
        with pa.csv.open_csv(
            pa.BufferReader(content), reading, parsing, texts
        ) as reader:
            yield from reader
        return
    with open_bytes(path) as file:
        source = (
            pa.PythonFile(file, mode="r")
            if kind_of(path) != "text"
            else pa.OSFile(str(path))
        )
        with pa.csv.open_csv(source, reading, parsing, texts) as reader:
            yield from reader


def careful_batches(
    path: Path,
    layout: Layout,
    short: ShortLines,
    escape: str | None = None,
    content: bytes | None = None,
    skip_last: int = 0,
) -> Iterator[Any]:
    """Batches by Python's csv: blanks as separators, lines of unequal length; what does not fit is named by its line.

    Parameters
    ----------
    path : Path
    layout : Layout
    short : ShortLines
        Takes in the lines that are too short; they are filled up.
    escape : str, optional
        What stands before a quote within a field, where quotes are not doubled.
    content : bytes, optional
        Some whole lines of the file, all of them rows, behind the lines that the layout skips; by default all of it.
    skip_last : int
        Rows to leave out at the end, whatever they look like.
    """
    pa = arrow()
    width = len(layout.names)
    with open_text(path, layout.encoding, content) as text:
        lines = islice(text, 0 if content is not None else layout.skipped_lines, None)
        reader = split_lines(
            lines,
            layout.separator,
            layout.quote,
            padded=layout.padded,
            strict=True,
            escape=escape,
        )
        rows: list[list[str]] = []
        done = 0
        try:
            found = _filled(reader, width)
            for line, row in _but_last(skip_last, found) if skip_last else found:
                number = layout.skipped_lines + line
                if len(row) == 1 < width and row[0].strip():
                    short.alone.append((done + len(rows), number, row[0].strip()))
                if len(row) != width:
                    row = _fitted(path, layout, row, number, short)
                rows.append(row)
                if len(rows) == BATCH_ROWS:
                    yield _batch(pa, rows, width)
                    done, rows = done + len(rows), []
        except csv.Error as error:
            number = layout.skipped_lines + reader.line_num  # type: ignore[attr-defined]
            raise InputError(
                f"{path}, which cannot be read as a table (line {number}: {_in_words(error)})",
                f"{layout.quote} at both ends of a field, and twice within it",
                f"Repair that line or one above it; or name the quote of the file: {argument('quote')}.",
            ) from error
        if rows:
            yield _batch(pa, rows, width)


def _in_words(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end" in text:
        return "a quote that is not closed"
    return f"text behind a quote ({text})" if "expected after" in text else text


def _filled(reader: Any, width: int) -> Iterator[tuple[int, list[str]]]:
    """The rows that are no empty lines, each with the number of the line that it ends in."""
    for row in reader:
        if len(row) > 1 or (row and row[0].strip()):
            yield reader.line_num, row
        elif row and width == 1:
            yield reader.line_num, [""]


def _but_last(count: int, items: Iterator[Item]) -> Iterator[Item]:
    """All items but the last ones."""
    held: deque[Item] = deque()
    for item in items:
        held.append(item)
        if len(held) > count:
            yield held.popleft()


def _fitted(
    path: Path, layout: Layout, row: list[str], number: int, short: ShortLines
) -> list[str]:
    """A row as wide as the others."""
    width = len(layout.names)
    if len(row) > width and not any(row[width:]):
        return row[:width]
    if len(row) > width:
        raise InputError(
            f"{path}, which cannot be read as a table (line {number} has {len(row)} fields)",
            f"lines of {counted(width, 'field')}",
            "Repair that line (a separator within a field needs quotes around the field); or name the separator: "
            f"{argument('separator')}.",
        )
    if len(row) < width and layout.separator == " ":
        raise InputError(
            f"{path}, whose line {number} has {counted(len(row), 'field')} where the others have {width}",
            "a value in each field where blanks separate them",
            "Write NA for missing values; or separate fields by a character.",
        )
    if len(row) < width:
        short.count += 1
        short.first = short.first or number
        row = row + [""] * (width - len(row))
    return row


def _batch(pa: Any, rows: list[list[str]], width: int) -> Any:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(columns, [f"{i}" for i in range(width)])
