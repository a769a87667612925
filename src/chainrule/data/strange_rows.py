"""Rows that may be none: notes below a table, rules, sums, names that come again; refused or told, never just read.

A row is a line whose fields are like those of the others. Whether a field is like the others of its column is Good and
Turing's estimate again (`header`): where values come again, a text that was not seen is a note.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import argument, as_kind
from ..errors import InputError, capitalized, counted
from .file_problems import FileProblemError
from .header import is_value
from .hidden_characters import clean
from .separators import is_rule
from .sum_rows import ENOUGH, LAST, named_sums

__all__ = ["look_for_strange_rows"]

Column = np.ndarray[Any, Any]
#: Distinct values of a column that are looked at; rows at the end where notes stand.
LOOKED_AT = 2000
#: A text that was not seen is unlike the others where less than this share of them occur once.
UNSEEN = 0.2


def look_for_strange_rows(
    pa: Any,
    path: Path,
    names: Sequence[str],
    table: Any,
    short: Sequence[tuple[int, int, str]],
    known: Collection[str],
    missing: Collection[str],
    place: Callable[[int], str],
    behind: int = 0,
) -> list[str]:
    """Remarks on rows that may be none.

    Parameters
    ----------
    pa : module
        pyarrow.
    path : Path
    names : sequence of str
    table : pyarrow.Table
        All columns, as text.
    short : sequence of (int, int, str)
        Lines of one field: the row, from 0; the line, from 1; the field.
    known : collection of str
        Columns whose kind was asked for: all of their rows are rows.
    missing : collection of str
        What was asked to be taken for missing: a row of it is no rule.
    place : callable
        The words for a row, by its number from 0: "line 3".
    behind : int
        Rows at the end of the file that are left out already.

    Raises
    ------
    InputError
        A row of names, a rule, a note or a sum.
    """
    if table.num_columns < 2 or not table.num_rows:
        return []
    _refuse_names(pa, path, names, table, missing, place)
    filled = np.zeros(table.num_rows, np.int32)
    for column in table.columns:
        filled += _filled(pa, column)
    likeness = _Likeness(table.column(0), filled > 1)
    for row, line, text in short:
        if row >= table.num_rows:
            break  # left out
        if names[0] not in known and not likeness.is_like(text):
            raise _note(
                f"{path} with the field {text!r} alone in line {line}, where the others have {len(names)}",
                "or write its separators, if it is a row.",
                table.num_rows - row,
                behind,
            )
    remarks = _marked(pa, table.column(0), place)
    alone = np.flatnonzero(filled == 1)
    if ENOUGH <= table.num_rows >= 2 * alone.size:
        remarks += _alone(path, names, table, alone, filled > 1, known, place, behind)
    if not remarks:
        remarks += _unlike(pa, names, table, place)
    return remarks + named_sums(pa, path, names, table, known, place, behind)


def _note(given: str, else_: str, from_last: int, behind: int) -> InputError:
    """The problem of a line that may be a note; if it is one of the last, with the argument that leaves it out."""
    if from_last > LAST:
        remedy = f"Take that line away, if it is a note or a comment; {else_}"
        return InputError(given, "lines that are rows", remedy)
    last = from_last + behind
    remedy = f"Leave it out, if it is a note: {argument('skip_last', last)}; {else_}"
    return FileProblemError(given, "lines that are rows", remedy, skip_last=last)


def _row(table: Any, row: int) -> list[str]:
    return [
        clean(table.column(i)[row].as_py() or "").strip()
        for i in range(table.num_columns)
    ]


def _refuse_names(
    pa: Any,
    path: Path,
    names: Sequence[str],
    table: Any,
    missing: Collection[str],
    where: Callable[[int], str],
) -> None:
    """Raise where a row is the names again, or a rule."""
    compute = pa.compute
    place = next((i for i, name in enumerate(names) if name), 0)
    column = table.column(place)
    again = compute.match_substring_regex(
        column, rf"^[\s\x{{feff}}#]*{re.escape(names[place])}\s*$"
    )
    rules = compute.match_substring_regex(column, r"^[-=+:|─┼]+$")
    for row in np.flatnonzero(compute.or_(again, rules).to_numpy()).tolist():
        fields = _row(table, row)
        bare = [fields[place].lstrip("# "), *fields[place + 1 :]]
        if all(f == n for f, n in zip(bare, names[place:], strict=True) if n):
            raise InputError(
                f"{path} with the names of its columns again in {where(row)}",
                "one table with one line of names",
                "Take that line away, if several files were put together; or pass one of them.",
            )
        if is_rule(fields) and not {*fields} <= {*missing, ""}:
            raise InputError(
                f"{path} with a rule in {where(row)}: {' '.join(fields)[:40]}",
                "lines that are rows",
                "Take that line away.",
            )


class _Likeness:
    """The fields of whole rows in a column, to compare a field with."""

    def __init__(self, column: Any, whole: Column) -> None:
        texts = column.slice(0, LOOKED_AT).to_pylist()
        there = [
            t.strip() for t, w in zip(texts, whole, strict=False) if w and t.strip()
        ]
        self.counts = Counter(there)
        values = sum(count for t, count in self.counts.items() if is_value(t))
        self.of_values = values > 0.5 * len(there)
        once = sum(count == 1 for count in self.counts.values())
        self.may_be_new = once >= UNSEEN * len(there)

    def is_like(self, text: str) -> bool:
        """Return whether a field is like the others: a number among numbers, or a text that occurs."""
        return is_value(text) if self.of_values else text in self.counts


def _marked(pa: Any, first: Any, place: Callable[[int], str]) -> list[str]:
    """A remark on rows that begin with # where most do not."""
    marked = pa.compute.starts_with(first, "#").to_numpy()
    rows = np.flatnonzero(marked)
    if not rows.size or 2 * rows.size > len(marked):
        return []
    return [
        f"{counted(int(rows.size), 'row')}, the first of them {place(int(rows[0]))}, "
        f"{'begins' if rows.size == 1 else 'begin'} with #: read as data; take them away if they are comments."
    ]


def _alone(
    path: Path,
    names: Sequence[str],
    table: Any,
    rows: Column,
    whole: Column,
    known: Collection[str],
    where: Callable[[int], str],
    behind: int,
) -> list[str]:
    """A remark on rows with one field that is filled; an error where it is unlike those of whole rows."""
    remarks: list[str] = []
    columns: dict[int, _Likeness] = {}
    for row in rows[-LOOKED_AT:].tolist():
        fields = _row(table, row)
        place = next((i for i, field in enumerate(fields) if field), 0)
        text, name = fields[place], names[place] or f"column{place + 1}"
        likeness = columns.get(place) or _Likeness(table.column(place), whole)
        columns[place] = likeness
        if name in known or likeness.of_values or likeness.is_like(text):
            continue  # a text among numbers is reported with its column
        if not likeness.may_be_new:
            raise _note(
                f"{path} with {text!r} in {where(row)}, the only field that is filled, unlike the others of "
                f"column {name!r}",
                f"or, if it is a row, pass {as_kind(name, 'category')}.",
                table.num_rows - row,
                behind,
            )
        if row >= table.num_rows - LAST:
            remarks = [
                f"{capitalized(where(row))} has one field that is filled, {text[:40]!r}: read as data; if it is a "
                f"note, leave it out: {argument('skip_last', table.num_rows - row + behind)}."
            ]
    return remarks


def _unlike(
    pa: Any, names: Sequence[str], table: Any, where: Callable[[int], str]
) -> list[str]:
    """A remark on a row of a table of texts of which no field occurs elsewhere, though all others come again."""
    places = [i for i, name in enumerate(names) if name]
    heads = [table.column(i).slice(0, ENOUGH).to_pylist() for i in places]
    if len(places) < 2 or any(is_value(t.strip()) for head in heads for t in head):
        return []
    unlike = np.ones(table.num_rows, bool)
    for i in places:
        codes = _codes(pa, table.column(i))
        once = np.bincount(codes)[codes] == 1
        if once.sum() >= UNSEEN * len(once):
            return []
        unlike &= once
    rows = np.flatnonzero(unlike)
    if not rows.size:
        return []
    row = int(rows[0])
    return [
        f"{capitalized(where(row))} ({', '.join(_row(table, row)[:4])}) is unlike all others in each column: read as "
        "data; take it away if it is a note, or names of another table."
    ]


def _codes(pa: Any, column: Any) -> Column:
    """The number of the text of each row among the distinct ones."""
    coded = column.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0)
    return np.asarray(coded.indices.to_numpy(), np.int64)


def _filled(pa: Any, column: Any) -> Column:
    """1 for each field that holds something."""
    there = pa.compute.greater(pa.compute.binary_length(column), 0)
    return np.asarray(there.to_numpy(), np.int32)
