"""Numbers that may be something else: months, addresses, identifiers, codes, a missing value; refused, or told."""

from __future__ import annotations

import re

import numpy as np

from ..arguments import as_kind
from ..errors import InputError
from .column_drafts import Column, ColumnDraft
from .dialect import NumberFormat
from .number_text import MINUS, to_float
from .text_kinds import Decision

__all__ = ["grouped", "lettered", "refuse_doubts", "spelled"]

#: Distinct texts that are looked at for their spelling.
LOOKED_AT = 2000
#: 3e2, and an identifier of which a spreadsheet kept six digits.
POWER = re.compile(r"[0-9]+[eE][0-9]+")
CUT = re.compile(r"[0-9][.,][0-9]{1,5}E\+(?:1[1-9]|2[0-9])")
#: An hour and a minute; of so many distinct numbers few have all of their decimals below 60 by chance.
TIME = re.compile(r"(?:1?[0-9]|2[0-3])\.[0-5][0-9]")
MANY_TIMES = 12
#: Marks between groups of digits in identifiers.
IDENTIFIER_MARKS = (".", " ")


def refuse_doubts(draft: ColumnDraft, on: Decision) -> None:
    """Raise for numbers that are as likely something else, with the two kinds that decide it."""
    for of_column in (_padded, _address, _identifier):
        if found := of_column(draft, on):
            distinct, reason = found
            word, name = draft.distinct[distinct], draft.name
            raise InputError(
                f"column {name!r} with {word!r} in {on.place(draft.row_of(distinct))}, {reason}",
                "numbers, or text",
                f"Say which: {as_kind(name, 'number')} or {as_kind(name, 'category')}.",
            )


def _padded(draft: ColumnDraft, on: Decision) -> tuple[int, str] | None:
    """01.2024 and 09.30: a month and its year, or numbers with zeros before them."""
    i = next((i for i, number in draft.numbers.items() if number.is_padded), None)
    return None if i is None else (i, "a zero before its digits as in dates and times")


def _address(draft: ColumnDraft, on: Decision) -> tuple[int, str] | None:
    """192.168.100.101 in each row: no number with points between its thousands."""
    numbers = draft.numbers
    if numbers and all(
        number.marks == (".",) * 3 and all(int(group) < 256 for group in number.groups)
        for number in numbers.values()
    ):
        return draft.first_of(numbers), "an address or a number"
    return None


def _identifier(draft: ColumnDraft, on: Decision) -> tuple[int, str] | None:
    """44 123 456 and 123.456.789: three groups or more, of the same lengths in each row, as few amounts are."""
    numbers = draft.numbers.values()
    shapes = {tuple(map(len, number.groups)) for number in numbers}
    if len(shapes) != 1 or len(numbers) < 2 or len(shapes.pop()) < 3:
        return None
    if not _groups_alone(draft, on):
        return None
    reason = "groups of as many digits in each row, as telephone numbers and identifiers have"
    return draft.first_of(draft.numbers), reason


def _groups_alone(draft: ColumnDraft, on: Decision) -> bool:
    """Return whether all numbers are groups of digits and nothing that only amounts have: a sign, unit, or decimals."""
    numbers = list(draft.numbers.values())
    marks = {mark for number in numbers for mark in number.marks}
    if (
        len(marks) != 1
        or not marks < set(IDENTIFIER_MARKS)
        or marks == {on.dialect.thousands}
    ):
        return False
    return all(n.marks and not (n.negative or n.unit or n.exponent) for n in numbers)


def grouped(draft: ColumnDraft, form: NumberFormat, on: Decision) -> list[str]:
    """A remark on a column in which each number has a mark between groups of digits: amounts, or identifiers."""
    if draft.plain is not None or not draft.numbers or not _groups_alone(draft, on):
        return []
    first = draft.first_of(draft.numbers)
    if form.thousands not in draft.numbers[first].marks:
        return []
    value, name = to_float(draft.numbers[first], form), draft.name
    return [
        f"{name}: {draft.distinct[first]} is read as {value:.0f}, and all are written so; if they are identifiers: "
        f"{as_kind(name, 'category')}."
    ]


def lettered(draft: ColumnDraft, unit: str) -> list[str]:
    """A remark on whole numbers with one capital letter behind each: a unit, or codes as 1B."""
    if (
        len(unit) != 1
        or not unit.isupper()
        or (unit not in "KB" and any(n.marks for n in draft.numbers.values()))
    ):
        return []
    first, name = draft.distinct[draft.first_of(draft.numbers)], draft.name
    return [
        f"{name}: {unit} is taken for the unit of all its numbers ({first}); if they are codes: "
        f"{as_kind(name, 'category')}."
    ]


def spelled(draft: ColumnDraft, column: Column) -> list[str]:
    """Remarks on numbers whose spelling is also that of something else: codes, versions, grades, dates."""
    name, texts = draft.name, [t for t in _some_texts(draft) if t]
    as_text = as_kind(name, "category")
    remarks = []
    powers = [t for t in texts if POWER.fullmatch(t)]
    if powers:
        value = float(powers[0])
        remarks.append(
            f"{name}: {powers[0]} is read as {value:.15g}; codes: {as_text}."
        )
    if texts and all(map(CUT.fullmatch, texts)):
        remarks.append(
            f"{name}: {texts[0]} and the like may be identifiers that a spreadsheet has cut: get them again as text."
        )
    minus = [t for t in texts if t[-1] in MINUS and t[:-1].isdigit()]
    if minus:
        remarks.append(
            f"{name}: {minus[0]} is read as -{minus[0][:-1]}; grades: {as_text}."
        )
    short = {t for t in texts if t[-2:-1] == "."}  # a point and one digit
    twice = next((t for t in texts if t[-1] == "0" and t[:-1] in short), None)
    if twice:
        remarks.append(
            f"{name}: {twice} and {twice[:-1]} are read as the same number; versions: {as_text}."
        )
    times = [t for t in texts if TIME.fullmatch(t)]
    if len(texts) == len(times) >= MANY_TIMES:
        remarks.append(
            f"{name} looks like times written as %H.%M, and is read as numbers: {as_kind(name, 'date:%H.%M')} reads "
            "them as times."
        )
    if _are_days(column):
        remarks.append(
            f"{name} looks like dates written as %Y%m%d, and is read as numbers: {as_kind(name, 'date:%Y%m%d')} reads "
            "them as dates."
        )
    return remarks


def _some_texts(draft: ColumnDraft) -> list[str]:
    if draft.plain is None:
        return [draft.distinct[i] for i in list(draft.numbers)[:LOOKED_AT]]
    return list(draft.text.slice(0, LOOKED_AT).unique().to_pylist())


def _are_days(column: Column) -> bool:
    """Return whether all are 20240131 and the like."""
    there = column[np.isfinite(column)]
    if len(there) < 2 or there.min() < 19000101 or there.max() > 21001231:
        return False
    months, days = there // 100 % 100, there % 100
    whole = (there == np.floor(there)).all()
    return bool(
        whole and ((months >= 1) & (months <= 12) & (days >= 1) & (days <= 31)).all()
    )
