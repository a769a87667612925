"""The layout of a text table: what separates its fields, where its rows begin, how its columns are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from ..arguments import argument
from ..errors import InputError, counted
from .date_text import looks_like_date
from .dialect import Dialect
from .header import names_columns
from .hidden_characters import refuse_control
from .line_of_names import (
    numbers_rows,
    refuse_names_again,
    refuse_names_of_other_width,
    refuse_two_comments,
    refuse_two_lines_of_names,
    unnamed,
    without_comment_mark,
)
from .number_text import parse
from .separators import is_rule, numbered_rows, quote_of, separator_of
from .text_source import first_lines

__all__ = ["Layout", "layout_of"]

#: How many lines are looked at.
LINES = 200


@dataclass(frozen=True)
class Layout:
    """The way to split a text file.

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
    empty : tuple of int
        Fields without a name and without a value in the first lines.
    """

    names: tuple[str, ...] = ()
    separator: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    skipped_lines: int = 0
    header: bool = True
    padded: bool = False
    remarks: tuple[str, ...] = ()
    empty: tuple[int, ...] = ()


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
    whole = [len(row) == width for _, row in rows]
    start = next(
        (i for i, (_, row) in enumerate(rows) if whole[i] and any(row)),
        whole.index(True),
    )
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
    if any(any(row) for _, row in rows[:start]):
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
            refuse_names_again(first, rest, path)
    if header is None and width == 1:
        raise InputError(
            f"{path}, whose lines hold one field: {first[0][:60]}",
            "fields separated by a comma, semicolon, tab, bar or blanks",
            f"Name the separator: {argument('separator')}; or, if it is one column, pass {argument('header', True)} "
            f"or {argument('header', False)}.",
        )
    if header is None:
        raise InputError(
            f"{path}, whose first line may be names or data: {', '.join(first[:6])}",
            "names, or data",
            f"Say which: {argument('header', True)} or {argument('header', False)}.",
        )
    if header and asked.header is None and len(rest) > 1:
        refuse_two_lines_of_names(first, rest, rows[start][0], path)
    if header:
        first = without_comment_mark(first, known, remarks)
        names = [name or f"column{i}" for i, name in enumerate(first, 1)]
        edge = int(not first[0] and not any(row[0] for row in rest))  # | a | b |
        if numbers_rows(first[edge:], [row[edge:] for row in rest]):
            names[edge] = ""
            remarks.append(
                "The first column has no name and numbers the rows: it is left out."
            )
        remarks += unnamed(names, first, rest)
    else:
        refuse_names_of_other_width(rows[:start], width, path)
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
            f"Rename them; if two lines name the columns, write one; if the first line is data, pass "
            f"{argument('header', False)}.",
        )
    start += bool(header)
    if len(rows) > start and header and is_rule(rows[start][1]):
        remarks.append("A line of dashes below the names is left out.")
        start += 1
    made = replace(found, names=tuple(names), header=header, remarks=tuple(remarks))
    return made, start


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
        if start > 1 and len(rows[start - 2][1]) == len(first):
            refuse_two_comments(rows, start, path)
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
            else f"Add the name that is missing; or quote fields with a comma in them; or name the separator: "
            f"{argument('separator')}.",
        )
    remark = "The first column has no name: row names, as R writes them; left out."
    return ("", *first), start, [remark]


def _without_empty_edges(found: Layout, rest: list[list[str]]) -> Layout:
    """Without columns at the edges that have neither a name nor a value: lines that begin or end in a separator."""
    names = list(found.names)
    for places in (range(len(names) - 1, 0, -1), range(len(names) - 1)):
        for i in places:
            if names[i] != f"column{i + 1}" or not rest or any(row[i] for row in rest):
                break
            names[i] = ""
    ends = not names[-1] and bool(rest) and not any(row[-1] for row in rest)
    empty = [
        i
        for i, n in enumerate(names)
        if not n and (n != found.names[i] or (ends and i == len(names) - 1))
    ]
    return replace(found, names=tuple(names), empty=tuple(empty))
