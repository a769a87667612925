"""How a text file of rows and columns is laid out: what separates fields, where the names are."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, counted
from .file_kinds import beginning

__all__ = ["Layout", "layout_of"]

#: How many lines are looked at.
LINES = 200
SEPARATORS = ",\t;|"


@dataclass(frozen=True)
class Layout:
    """How to read a text file.

    Parameters
    ----------
    names : tuple of str
        Of the columns.
    separator : str
        One character.
    skipped_lines : int
        Lines before the first row.
    decimal_comma : bool
        Whether numbers are written 3,14.
    remarks : tuple of str
        What the user should know.
    """

    names: tuple[str, ...] = ()
    separator: str = ","
    skipped_lines: int = 0
    decimal_comma: bool = False
    remarks: tuple[str, ...] = ()


def layout_of(path: Path, header: bool | None) -> Layout:
    """Look at the first lines of a file.

    Parameters
    ----------
    path : Path
    header : bool or None
        Whether the first line names the columns; None to find out.
    """
    content = beginning(path)
    try:
        text = content[: content.rfind(b"\n") + 1 or None].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}, which is no text in UTF-8 (byte {error.start})",
            "CSV, TSV, Parquet or npz",
            "Write it again as UTF-8; iconv -f latin1 -t utf8 does so.",
        ) from error
    lines = text.splitlines()[:LINES]
    if not any(line.strip() for line in lines):
        raise InputError(
            f"{path}, which is empty",
            "a table of rows and columns",
            "Check how it was written.",
        )
    separator = separator_of(lines)
    rows = [
        [field.strip() for field in row]
        for row in csv.reader(lines, delimiter=separator)
    ]
    width = Counter(len(row) for row in rows if row).most_common(1)[0][0]
    start = next(i for i, row in enumerate(rows) if len(row) == width)
    remarks = []
    if start:
        have = f"{counted(len(rows[0]), 'field')} where the others have {width}"
        remarks.append(
            f"{'Line 1 is' if start == 1 else f'Lines 1 to {start} are'} left out: {have}."
        )
    first, rest = rows[start], [row for row in rows[start + 1 :] if len(row) == width]
    comma = separator == ";" and any(
        _is_number(field.replace(",", ".")) and "," in field
        for row in rest
        for field in row
    )
    named = _names_columns(first, rest, comma=comma) if header is None else header
    if not named:
        names = [f"column{i}" for i in range(1, width + 1)]
        if header is None:
            remarks.append(
                f"The first line is data, not names: the columns are called column1 … column{width}."
            )
    else:
        names = [name or f"column{i}" for i, name in enumerate(first, 1)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            f"{path} with {counted(len(twice), 'column name')} that stand there twice: {', '.join(twice[:5])}",
            "a name of its own for each column",
            "Rename them; if the first line is data, say --no-header.",
        )
    return Layout(tuple(names), separator, start + bool(named), comma, tuple(remarks))


def separator_of(lines: list[str]) -> str:
    """The character that parts most lines into the same number of fields.

    Examples
    --------
    >>> separator_of(["a;b", "1,5;2", "2,5;3"]), separator_of(["a,b", "1,2"]), separator_of(["one"])
    (';', ',', ',')
    """

    def agreement(separator: str) -> tuple[int, int]:
        widths = Counter(
            len(row) for row in csv.reader(lines, delimiter=separator) if row
        )
        width, count = widths.most_common(1)[0]
        return (count if width > 1 else 0, width)

    return max(SEPARATORS, key=agreement)


def _names_columns(first: list[str], rest: list[list[str]], *, comma: bool) -> bool:
    """Whether the first line is names: no number among them, no value that comes again below it, none twice."""
    plain = [field.replace(",", ".") if comma else field for field in first]
    if any(_is_number(field) for field in plain) or len(set(first)) < len(first):
        return False
    return not any(
        field and field in {row[i] for row in rest} for i, field in enumerate(first)
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.lower().lstrip("+-") not in ("nan", "inf", "infinity")
