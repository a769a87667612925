"""The unit beside the numbers of a column: one for all of them, or none."""

from __future__ import annotations

from ..arguments import argument, as_kind
from ..errors import InputError, counted
from .column_drafts import ColumnDraft
from .file_problems import FEW_WORDS, FileProblemError, mean_missing
from .number_text import UNITS
from .text_kinds import Decision

__all__ = ["unit_of"]

#: Without a unit that is known, so many distinct numbers beside one word are no categories.
MANY = 20
#: Up to this share of the rows may be missing in place of their number in another unit.
FEW = 0.1


def unit_of(draft: ColumnDraft, on: Decision) -> str | None:
    """The unit beside all numbers of a column, "" for none; None where the column is text.

    Raises
    ------
    InputError
        Numbers with a unit beside others; many with a word that is no known unit.
    """
    name, units = draft.name, draft.marks.units or {"": 1}
    if set(units) == {""}:
        return ""
    count = sum(units.values())
    known = [unit for unit in units if unit in UNITS]
    if len(units) == 1:
        unit = next(iter(units))
        if known:
            return unit
        if count <= MANY:
            return None
        raise InputError(
            f"column {name!r} of {on.source} with {count} distinct numbers beside the word {unit!r}",
            "numbers alone, or with a usual unit",
            f"Take the word out; or read it as text ({as_kind(name, 'category')}), or leave it out "
            f"({argument('ignore')}).",
        )
    if set(units) - {""} == set(known):
        raise _several_units(draft, on)
    return None


def _several_units(draft: ColumnDraft, on: Decision) -> FileProblemError:
    """The problem of numbers with other units than most of their column."""
    units, name = draft.marks.units, draft.name
    rows = {
        unit: draft.rows_of([i for i, n in draft.numbers.items() if n.unit == unit])
        for unit in units
    }
    usual = max(rows, key=lambda unit: rows[unit])
    others = [
        i
        for i, number in draft.numbers.items()
        if number.unit != usual and (number.unit or not number.is_zero)
    ]
    words = [draft.distinct[i] for i in others]
    first = draft.first_of(others)
    few = len(words) <= FEW_WORDS and draft.rows_of(others) <= FEW * sum(rows.values())
    return FileProblemError(
        f"column {name!r} with {counted(rows[usual], 'number')} "
        f"{f'in {usual!r}' if usual else 'without a unit'} and {draft.distinct[first]!r} in "
        f"{on.place(draft.row_of(first))}",
        "one unit in a column",
        "Write its numbers in one unit; or, "
        + (f"{mean_missing(words)}; or " if few else "")
        + f"read it as text ({as_kind(name, 'category')}), or leave it out ({argument('ignore')}).",
        missing=words if few else (),
    )
