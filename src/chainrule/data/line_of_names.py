"""The line of names: what is wrong around it is refused; columns without a name, marks before one."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from ..arguments import argument
from ..errors import InputError, counted
from .header import is_value, names_columns, second_line_of_names

__all__ = [
    "numbers_rows",
    "refuse_names_again",
    "refuse_names_of_other_width",
    "refuse_two_comments",
    "refuse_two_lines_of_names",
    "unnamed",
    "without_comment_mark",
]

#: The name that pandas makes up for a column without one.
UNNAMED = re.compile(r"Unnamed: 0(\.\d+)*")


def refuse_names_of_other_width(
    above: list[tuple[int, list[str]]], width: int, path: Path
) -> None:
    """Raise where a line above rows without names looks like names of fewer or more columns."""
    for number, row in above:
        if len(row) > 1 and not any(not field or is_value(field) for field in row):
            raise InputError(
                f"{path} with {counted(len(row), 'name')} in line {number} over rows of {width} fields",
                "a name for each field",
                f"Quote fields with a separator in them; or name the separator: {argument('separator')}; or take the "
                f"line away.",
            )


def refuse_names_again(first: list[str], rest: list[list[str]], path: Path) -> None:
    """Raise where the first line comes again, and would be names if it did not: files put together, or data."""
    others = [row for row in rest if row != first]
    if len(others) in (0, len(rest)) or any(map(is_value, first)):
        return
    if names_columns(first, others):
        raise InputError(
            f"{path}, whose first line comes again: {', '.join(first[:6])}",
            "one line of names, or data",
            f"If several files were put together, take their other lines of names away ({argument('header', True)} "
            f"tells "
            f"where they are); if the first line is data, pass {argument('header', False)}.",
        )


def refuse_two_lines_of_names(
    first: list[str], rest: list[list[str]], number: int, path: Path
) -> None:
    """Raise where the next line names the columns too: a title or groups above it, or units, or what they mean."""
    rest = [row for row in rest if any(row)]
    if len(rest) < 2:
        return
    if second_line_of_names(rest[0], rest[1:]):
        raise InputError(
            f"{path} with names in line {number} ({', '.join(first[:4])}) and a line below it that is unlike all "
            f"others ({', '.join(rest[0][:4])}): a title, groups of columns, or units",
            "one line of names",
            f"Take one of the two lines away; or, if the second is a row as the others, pass "
            f"{argument('header', True)}.",
        )
    gaps = not all(first) and all(rest[0])
    if gaps and names_columns(rest[0], rest[1:]):
        raise InputError(
            f"{path} with {counted(sum(map(bool, first)), 'name')} in line {number} over {len(first)} in the next",
            "one line of names",
            f"Take the lines above the names away; or, if it names the columns, pass {argument('header', True)}.",
        )


def refuse_two_comments(
    rows: list[tuple[int, list[str]]], start: int, path: Path
) -> None:
    """Raise where the line above that of the names is a comment as wide."""
    shown = " and ".join(" ".join(row[:6]) for _, row in rows[start - 2 : start])
    raise InputError(
        f"{path} with two lines of comments as wide as the rows: {shown}",
        "one line of names",
        "Take away the one that does not name the columns.",
    )


def without_comment_mark(
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


def unnamed(names: list[str], first: list[str], rest: list[list[str]]) -> list[str]:
    """A remark on columns that hold values and have no name: they are read, a shuffled index too."""
    unnamed = [
        made
        for i, (name, made) in enumerate(zip(first, names, strict=True))
        if made and not name and any(row[i] for row in rest)
    ]
    if not unnamed:
        return []
    return [
        f"The file has no name for {', '.join(unnamed[:5])}{', …' if len(unnamed) > 5 else ''}; if that is an index or "
        f"row names, leave it out: {argument('ignore')}."
    ]


def numbers_rows(first: list[str], rest: list[list[str]]) -> bool:
    """Return whether the first column is without a name and counts the rows, as pandas and R write it."""
    unnamed = not first[0] or UNNAMED.fullmatch(first[0])
    if not unnamed or len(first) < 2 or len(rest) < 2:
        return False
    column = [row[0] for row in rest]
    return any(
        column == [str(i) for i in range(begin, begin + len(rest))] for begin in (0, 1)
    )
