"""Rows that may be none: notes below a table, rules, sums, names that come again; refused or told, never just read.

A row is a line whose fields are like those of the others. Whether a field is like the others of its column is Good and
Turing's estimate again (`header`): where values come again, a text that was not seen is a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, counted
from .header import is_value
from .separators import is_rule

__all__ = ["look_for_strange_rows"]

Column = np.ndarray[Any, Any]
#: The first word of a row that sums up others.
SUMS = (
    r"(?i)^\W*(?:grand ?|sub-?|zwischen|gesamt|sous-)?(?:total(?:e|es|en)?|sum(?:me|ma|a)?|insgesamt|ensemble|somme"
    r"|gesamt|average|mean|mittelwert|durchschnitt|moyenne|promedio)(?:\W*|\s*\(.*\))$"
)
#: Distinct values of a column that are looked at; rows at the end where notes stand.
LOOKED_AT, LAST = 2000, 3
#: Rows of which a row may be unlike the others.
ENOUGH = 8
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

    Raises
    ------
    InputError
        A row of names, a rule, a note or a sum.
    """
    if table.num_columns < 2 or not table.num_rows:
        return []
    _refuse_names(pa, path, names, table, missing)
    first = table.column(0)
    filled = np.sum([_filled(pa, column) for column in table.columns], axis=0)
    likeness = _Likeness(first, filled > 1)
    sure = names[0] in known
    for _, line, text in short:
        if not sure and not likeness.is_like(text):
            raise InputError(
                f"{path} with the field {text!r} alone in line {line}, where the others have {len(names)}",
                "lines that are rows",
                "Take that line away, if it is a note or a comment; or write its separators, if it is a row.",
            )
    remarks = _marked(pa, first)
    if not sure:
        rows = np.flatnonzero((filled == 1) & (_filled(pa, first) == 1))
        remarks += _alone(path, names, table, rows, likeness)
    return remarks + _sums(pa, path, names, table, known)


def _row(table: Any, row: int) -> list[str]:
    return [
        (table.column(i)[row].as_py() or "").strip() for i in range(table.num_columns)
    ]


def _refuse_names(
    pa: Any, path: Path, names: Sequence[str], table: Any, missing: Collection[str]
) -> None:
    """Raise where a row is the names again, or a rule."""
    compute = pa.compute
    place = next((i for i, name in enumerate(names) if name), 0)
    column = table.column(place)
    again = compute.match_substring(column, names[place])
    rules = compute.match_substring_regex(column, r"^[-=+:|─┼]+$")
    for row in np.flatnonzero(compute.or_(again, rules).to_numpy()).tolist()[
        :LOOKED_AT
    ]:
        fields = _row(table, row)
        if all(f == name for f, name in zip(fields, names, strict=True) if name):
            raise InputError(
                f"{path} with the names of its columns again in row {row + 1}",
                "one table with one line of names",
                "Take that line away, if several files were put together; or pass one of them.",
            )
        if is_rule(fields) and not {*fields} <= {*missing, ""}:
            raise InputError(
                f"{path} with a rule in row {row + 1}: {' '.join(fields)[:40]}",
                "lines that are rows",
                "Take that line away.",
            )


class _Likeness:
    """What whole rows hold in the first column, to compare a field with."""

    def __init__(self, column: Any, whole: Column) -> None:
        texts = column.slice(0, LOOKED_AT).to_pylist()
        there = [
            t.strip() for t, w in zip(texts, whole, strict=False) if w and t.strip()
        ]
        self.counts = Counter(there)
        values = sum(count for t, count in self.counts.items() if is_value(t))
        self.of_values = values > 0.5 * len(there)
        once = sum(count == 1 for count in self.counts.values())
        self.may_be_new = not there or once >= UNSEEN * len(there)

    def is_like(self, text: str) -> bool:
        """Whether a field is like the others: a number among numbers, or a text that occurs."""
        return is_value(text) if self.of_values else text in self.counts


def _marked(pa: Any, first: Any) -> list[str]:
    """A remark on rows that begin with # where most do not."""
    marked = pa.compute.starts_with(first, "#").to_numpy()
    rows = np.flatnonzero(marked)
    if not rows.size or 2 * rows.size > len(marked):
        return []
    return [
        f"{counted(int(rows.size), 'row')}, the first of them row {int(rows[0]) + 1}, "
        f"{'begins' if rows.size == 1 else 'begin'} with #: read as data; take them away if they are comments."
    ]


def _alone(
    path: Path, names: Sequence[str], table: Any, rows: Column, likeness: _Likeness
) -> list[str]:
    """A remark on rows of the first field alone; an error where it is unlike those of whole rows."""
    if table.num_rows < ENOUGH:
        return []
    for row in rows.tolist():
        text = _row(table, row)[0]
        if likeness.is_like(text) or likeness.of_values:
            continue  # a text among numbers is reported with its column
        if not likeness.may_be_new:
            raise InputError(
                f"{path} with {text!r} in row {row + 1}, the only field that is filled, unlike the others of "
                f"column {names[0]!r}",
                "lines that are rows",
                f"Take such lines away, if they are notes; or, if it is a row, say --kind {names[0]!r}=category.",
            )
        if row >= table.num_rows - LAST:
            return [
                f"Row {row + 1} has its first field alone ({text[:40]}): read as data; take it away if it is a note."
            ]
    return []


def _filled(pa: Any, column: Any) -> Column:
    """1 for each field that holds something."""
    there = pa.compute.greater(pa.compute.binary_length(column), 0)
    return np.asarray(there.to_numpy(), np.int32)


def _sums(
    pa: Any, path: Path, names: Sequence[str], table: Any, known: Collection[str]
) -> list[str]:
    """A remark on rows that sum others up; an error where it is one of the last."""
    last = table.slice(max(0, table.num_rows - LAST))
    for i, name in enumerate(names):
        found = pa.compute.match_substring_regex(last.column(i), SUMS)
        if not name or name in known or not pa.compute.any(found).as_py():
            continue
        found = pa.compute.match_substring_regex(table.column(i), SUMS)
        rows = np.flatnonzero(found.to_numpy())
        text = table.column(i)[int(rows[-1])].as_py()
        if rows.size == 1:
            raise InputError(
                f"{path} with {text!r} in row {int(rows[0]) + 1}, which may sum up the others",
                "rows that are not sums of others",
                f"Take that line away; or, if it is a row as the others, say --kind {name!r}=category.",
            )
        return [
            f"{text!r} and the like in {counted(int(rows.size), 'row')} of column {name!r} may sum up the others: read "
            "as data; take them away if they are sums."
        ]
    return []
