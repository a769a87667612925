"""Rows that sum the others up: by their words in five languages, or by their numbers; refused or told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import argument, as_kind
from ..errors import capitalized, counted
from .file_problems import FileProblemError

__all__ = ["ENOUGH", "LAST", "named_sums", "sums_by_numbers"]

Column = np.ndarray[Any, Any]
#: Words of a row that sums up others.
SUMS = (
    r"(?i)^\W*(?:grand ?|sub-?|zwischen|gesamt|sous-)?(?:total(?:e|es|en)?|sum(?:me|ma|a)?|insgesamt|ensemble|somme"
    r"|ergebnis|average|mean|mittelwert|durchschnitt|moyenne|promedio|[\x{2211}\x{3a3}])(?: g[e\x{e9}]n[e\x{e9}]rale?)?"
    r"(?:\W*|\s*\(.*\))$"
)
#: Rows at the end that are looked at; rows of which one may be unlike the others.
LAST, ENOUGH = 3, 8


def named_sums(
    pa: Any,
    path: Path,
    names: Sequence[str],
    table: Any,
    known: Collection[str],
    place: Callable[[int], str],
    behind: int = 0,
) -> list[str]:
    """A remark on rows that sum others up by their words; an error where it is one of the last.

    `behind` rows at the end are left out already.
    """
    last = table.slice(max(0, table.num_rows - LAST))
    for i, name in enumerate(names):
        found = pa.compute.match_substring_regex(last.column(i), SUMS)
        if not name or name in known or not pa.compute.any(found).as_py():
            continue
        found = pa.compute.match_substring_regex(table.column(i), SUMS)
        rows = np.flatnonzero(found.to_numpy())
        text = table.column(i)[int(rows[-1])].as_py()
        if rows.size == 1 and table.num_rows >= ENOUGH:
            last = table.num_rows - int(rows[0]) + behind
            raise FileProblemError(
                f"{path} with {text!r} in {place(int(rows[0]))}, which may sum up the others",
                "rows that are not sums of others",
                f"Leave it out: {argument('skip_last', last)}; or, if it is a row as the others, pass "
                f"{as_kind(name, 'category')}.",
                skip_last=last,
            )
        return [
            f"{text!r} and the like in {counted(int(rows.size), 'row')} of column {name!r} may sum up the others: read "
            "as data; take them away if they are sums."
        ]
    return []


def sums_by_numbers(
    columns: Mapping[str, Column],
    place: Callable[[int], str] | None = None,
    behind: int = 0,
) -> list[str]:
    """A remark where the last row holds the sums, or the means, of all above in each of its numbers.

    `place` has the words for a row of a file of text, of which `behind` rows at the end are left out already.

    Examples
    --------
    >>> sums_by_numbers({"a": np.array([1.0, 2.0, 3.0, 1.0, 5.0, 4.0, 2.0, 18.0])})[0][:36]
    'Row 8 holds the sums of those above '
    """
    numbers = {
        name: column[:-1]
        for name, column in columns.items()
        if column.dtype != object and len(column) >= ENOUGH and np.isfinite(column[-1])
    }
    numbers = {n: above for n, above in numbers.items() if np.isfinite(above).any()}
    telling = [name for name, above in numbers.items() if _varies(above)]
    for what, of in (("sums", np.nansum), ("means", np.nanmean)):
        if telling and all(
            np.isclose(columns[name][-1], of(above), rtol=1e-9)
            for name, above in numbers.items()
        ):
            last = len(columns[telling[0]])
            where, remedy = f"Row {last}", "take it away"
            if place is not None:
                where = capitalized(place(last - 1))
                remedy = f"leave it out: {argument('skip_last', 1 + behind)}"
            return [
                f"{where} holds the {what} of those above in {', '.join(telling[:5])}: read as data; if it sums them "
                f"up, {remedy}."
            ]
    return []


def _varies(column: Column) -> bool:
    """Return whether enough numbers are there, such that their sum is none of them by chance."""
    there = column[np.isfinite(column) & (column != 0)]
    return len(there) >= LAST and bool(np.ptp(there) > 0)
