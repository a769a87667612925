"""The layout of a text table: what separates its fields, where its rows begin, how its columns are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import InputError, counted
from .date_text import looks_like_date
from .dialect import Dialect
from .header import is_value, names_columns, second_line_of_names
from .hidden_characters import refuse_control
from .number_text import parse
from .separators import is_rule, numbered_rows, quote_of, separator_of
from .text_source import first_lines

__all__ = ["Layout", "layout_of"]

#: How many lines are looked at.
LINES = 200


@dataclass(frozen=True)
class Layout:
    """How to split a text file.

    Parameters
    ----------
    names : tuple of str
        Of the fields; "" for those that are no columns: row names, what stands behind a last separator.
    separator, quote : str
    encoding : str
    skipped_lines : int
        Lines before the first row.
    header : bool
        Whether the last of these names the columns.
    padded : bool
        Whether blanks stand before quoted fields.
    remarks : tuple of str
        What the user should know.
    """

    names: tuple[str, ...] = ()
    separator: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    skipped_lines: int = 0
    header: bool = True
    padded: bool = False
    remarks: tuple[str, ...] = ()


def layout_of(path: Path, asked: Dialect, known: Collection[str] = ()) -> Layout:
    """Look at the first lines of a file.

    Parameters
    ----------
    path : Path
    asked : Dialect
    known : collection of str
        Names that some columns may have: a first line that has one is names.
    """
    lines, encoding = first_lines(path, LINES, asked.encoding)
    skipped = 0
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) <= 5:
        asked = replace(asked, separator=asked.separator or lines[0][4:5])
        lines, skipped = lines[1:], 1
    if not any(line.strip() for line in lines):
        raise InputError(
            f"{path}, which is empty",
            "a table of rows and columns",
            "Check how it was written.",
        )
    refuse_control(path, "".join(lines), skipped + 1, asked.separator or "")
    quote = asked.quote or quote_of(lines)
    separator = asked.separator or separator_of(lines, quote, path)
    padded = separator != " " and any(f"{separator} {quote}" in line for line in lines)
    rows = list(numbered_rows(lines, separator, quote, padded=padded))
    if not rows:
        raise InputError(
            f"{path}, whose lines hold no fields with the separator {separator!r} and the quote {quote!r}",
            "a table of rows and columns",
            "Name the separator and the quote it is written with.",
        )
    width = Counter(len(row) for _, row in rows).most_common(1)[0][0]
    start = next(i for i, (_, row) in enumerate(rows) if len(row) == width)
    begins = [line.lstrip().startswith(quote) for line in lines[1:] if line.strip()]
    names, start, remarks = _short_header(
        rows, start, width, path, all(begins), separator
    )
    found = Layout(
        names, separator, quote, encoding, skipped, True, padded, tuple(remarks)
    )
    rest = [row for _, row in rows[start:] if len(row) == width]
    if not names:
        found, start = _named(found, rows, start, width, asked, known, path)
        rest = [row for _, row in rows[start:] if len(row) == width]
    before = rows[start - 1][0] if start else 0
    found = replace(found, skipped_lines=skipped + before)
    return _without_empty_edges(found, rest)


def _named(
    found: Layout,
    rows: list[tuple[int, list[str]]],
    start: int,
    width: int,
    asked: Dialect,
    known: Collection[str],
    path: Path,
) -> tuple[Layout, int]:
    """Names from the first whole line, or column1, column2, …; and where the rows begin."""
    remarks = list(found.remarks)
    if start:
        have = f"{counted(len(rows[0][1]), 'field')} where the others have {width}"
        said = "Line 1 is" if start == 1 else f"Lines 1 to {rows[start - 1][0]} are"
        remarks.append(f"{said} left out: {have}.")
    first = rows[start][1]
    rest = [
        row for _, row in rows[start + 1 :] if len(row) == width and not is_rule(row)
    ]
    header = asked.header
    if header is None and set(first) & set(known):
        header = True
    if header is None:
        header = names_columns(first, rest)
        if not header:
            _refuse_names_again(first, rest, path)
    if header is None and width == 1:
        raise InputError(
            f"{path}, whose lines hold one field: {first[0][:60]}",
            "fields separated by a comma, semicolon, tab, bar or blanks",
            "Name the separator: --separator; or, if it is one column, say --header or --no-header.",
        )
    if header is None:
        raise InputError(
            f"{path}, whose first line may be names or data: {', '.join(first[:6])}",
            "names, or data",
            "Say which: --header or --no-header.",
        )
    if header and asked.header is None and len(rest) > 1:
        _refuse_two_lines_of_names(first, rest, rows[start][0], path)
    if header:
        first = _without_comment_mark(first, known, remarks)
        names = [name or f"column{i}" for i, name in enumerate(first, 1)]
        if _numbers_rows(first, rest):
            names[0] = ""
            remarks.append(
                "The first column has no name and numbers the rows: it is left out."
            )
    else:
        _refuse_names_of_other_width(rows[:start], width, path)
        names = [f"column{i}" for i in range(1, width + 1)]
        if asked.header is None:
            remarks.append(
                f"The first line is data, not names: the columns are called column1 … column{width}."
            )
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        raise InputError(
            f"{path} with {counted(len(twice), 'column name')} that stand there twice: {', '.join(twice[:5])}",
            "a name of its own for each column",
            "Rename them; if the first line is data, say --no-header.",
        )
    start += bool(header)
    if len(rows) > start and header and is_rule(rows[start][1]):
        remarks.append("A line of dashes below the names is left out.")
        start += 1
    made = replace(found, names=tuple(names), header=header, remarks=tuple(remarks))
    return made, start


def _refuse_names_of_other_width(
    above: list[tuple[int, list[str]]], width: int, path: Path
) -> None:
    """Raise where a line above rows without names looks like names of fewer or more columns."""
    for number, row in above:
        if len(row) > 1 and not any(not field or is_value(field) for field in row):
            raise InputError(
                f"{path} with {counted(len(row), 'name')} in line {number} over rows of {width} fields",
                "a name for each field",
                "Quote fields with a separator in them; or name the separator: --separator; or take the line away.",
            )


def _refuse_names_again(first: list[str], rest: list[list[str]], path: Path) -> None:
    """Raise where the first line comes again, and would be names if it did not: files put together, or data."""
    others = [row for row in rest if row != first]
    if len(others) in (0, len(rest)) or any(map(is_value, first)):
        return
    if names_columns(first, others):
        raise InputError(
            f"{path}, whose first line comes again: {', '.join(first[:6])}",
            "one line of names, or data",
            "If several files were put together, take their other lines of names away (--header tells "
            "where they are); if the first line is data, say --no-header.",
        )


def _refuse_two_lines_of_names(
    first: list[str], rest: list[list[str]], number: int, path: Path
) -> None:
    """Raise where the next line names the columns too: a title or groups above it, or units, or what they mean."""
    if second_line_of_names(rest[0], rest[1:]):
        raise InputError(
            f"{path} with names in line {number} ({', '.join(first[:4])}) and a line below it that is unlike all "
            f"others ({', '.join(rest[0][:4])}): a title, groups of columns, or units",
            "one line of names",
            "Take one of the two lines away; or, if the second is a row as the others, say --header.",
        )
    gaps = not all(first) and all(rest[0])
    if gaps and names_columns(rest[0], rest[1:]):
        raise InputError(
            f"{path} with {counted(sum(map(bool, first)), 'name')} in line {number} over {len(first)} in the next",
            "one line of names",
            "Take the lines above the names away; or, if it names the columns, say --header.",
        )


def _without_comment_mark(
    first: list[str], known: Collection[str], remarks: list[str]
) -> list[str]:
    """The names without the # that stands before the first of them, unless it is meant as a name or as "number of"."""
    name = first[0].lstrip("#").strip()
    marked = [field for field in first if field.startswith("#")]
    if len(marked) != 1 or marked[0] != first[0] or not name or first[0] in known:
        return first
    if name.split()[0] in ("of", "de", "der", "d'"):
        return first
    remarks.append(f"The # before the first name, {name}, is taken for a comment mark.")
    return [name, *first[1:]]


def _short_header(
    rows: list[tuple[int, list[str]]],
    start: int,
    width: int,
    path: Path,
    quoted: bool,
    separator: str,
) -> tuple[tuple[str, ...], int, list[str]]:
    """The names where the line before the first row has one too few, or a # before them; else none."""
    if not start or len(rows) == start:
        return (), start, []
    first = rows[start - 1][1]
    body = [row for _, row in rows[start:] if len(row) == width]
    if names_columns(body[0], body[1:]):
        return (), start, []  # a title above the names
    if first and first[0] == "#" and len(first) == width + 1:  # numpy.savetxt
        return tuple(first[1:]), start, []
    text = [field for field in first if field and parse(field) is None]
    if len(first) != width - 1 or len(text) < len(first) or len(set(first)) < len(text):
        return (), start, []
    if all(not row[-1] for row in body):
        return (*first, ""), start, ["Each row ends in a separator: it is passed over."]
    names = [row[0] for row in body]
    counts = names == [str(i) for i in range(1, len(names) + 1)]
    if counts and separator == ",":
        counts = not all(row[1].isdigit() for row in body)  # 1,5 may be one number
    if len(set(names)) < len(names) or not (quoted or counts) or width == 2:
        split = looks_like_date(names[0]) and ":" in body[0][1]
        raise InputError(
            f"{path} with {counted(len(first), 'name')} in line {rows[start - 1][0]} over rows of {width} fields",
            "a name for each column; row names are in quotes, or count",
            "Name the date and the time each, as in 'date time …'."
            if split
            else "Add the name that is missing; or quote fields with a comma in them; or say --separator.",
        )
    remark = "The first column has no name: row names, as R writes them; left out."
    return ("", *first), start, [remark]


def _numbers_rows(first: list[str], rest: list[list[str]]) -> bool:
    """Whether the first column is without a name and counts the rows, as pandas and R write it."""
    if first[0] or len(first) < 2 or len(rest) < 2:
        return False
    column = [row[0] for row in rest]
    return any(
        column == [str(i) for i in range(begin, begin + len(rest))] for begin in (0, 1)
    )


def _without_empty_edges(found: Layout, rest: list[list[str]]) -> Layout:
    """Without columns at the edges that have neither a name nor a value: lines that begin or end in a separator."""
    names = list(found.names)
    for i in (-1, 0):
        unnamed = names[i] == f"column{i % len(names) + 1}"
        if unnamed and len(names) > 1 and rest and all(not row[i] for row in rest):
            names[i] = ""
    return replace(found, names=tuple(names))
