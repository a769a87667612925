"""Columns that are not numbers: dates, categories; and texts that are numbers with something around them, refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .column_drafts import Column, ColumnDraft, MissingValues, look_closely
from .date_text import DateOrderError, date_format_of, days_of
from .dialect import ColumnKind, Dialect
from .number_format import FileMarks

__all__ = ["Decision", "as_categories", "as_dates", "as_text"]

#: Two capital letters, as in codes of countries and continents, among which NA is one.
#: A number with a decimal mark that has something around it; so many distinct ones are no categories.
DECORATED = re.compile(
    r"\W{0,3}[A-Za-z]{0,3}\W{0,2}[0-9][0-9,' ]*[.,][0-9]+(?:[eEdD][-+]?[0-9]+)?[^\w.,]{0,2}[^\W\d]{0,3}[^\w.,]{0,3}"
)
MANY_DECORATED = 10
TWO_LETTERS = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class Decision:
    """What the decision on a column rests on."""

    dialect: Dialect
    missing: MissingValues
    file: FileMarks
    source: str
    place: Callable[[int], str]


def as_text(draft: ColumnDraft, on: Decision) -> tuple[Column, ColumnKind, list[str]]:
    """A column without numbers: dates where all are, else categories."""
    words = on.missing.in_text
    texts = [
        t
        for t in draft.distinct
        if t not in words and t.lower() not in on.missing.in_numbers
    ]
    try:
        form = date_format_of(texts)
    except DateOrderError as order:
        raise InputError(
            f"column {draft.name!r} with the date {order.args[0]!r}, whose day and month may be either number",
            "dates that tell",
            f"Say which: --kind {draft.name!r}=date:%d/%m/%Y or date:%m/%d/%Y; or leave it out: --ignore.",
        ) from order
    if form is not None:
        return as_dates(draft, form, on)
    _refuse_decorated(draft, texts, on)
    return as_categories(draft, on)


def _refuse_decorated(draft: ColumnDraft, texts: Sequence[str], on: Decision) -> None:
    """Raise for texts that are numbers with something around them: no categories, and not to be left out as names."""
    if len(texts) <= MANY_DECORATED or draft.kind is not None:
        return
    like = [text for text in texts if DECORATED.fullmatch(text)]
    if 2 * len(like) < len(texts):
        return
    row = draft.row_of(draft.distinct.index(like[0]))
    raise InputError(
        f"column {draft.name!r} with {like[0]!r} in {on.place(row)}: a number with something around it, or written in "
        "two ways",
        "plain numbers, or numbers with one usual unit",
        f"Take it away; or read the column as text (--kind {draft.name!r}=category), or leave it out (--ignore).",
    )


def as_dates(
    draft: ColumnDraft, form: str, on: Decision
) -> tuple[Column, ColumnKind, list[str]]:
    """Dates as days since 1970-01-01."""
    if not draft.distinct:
        look_closely(draft, on.missing)
    gone = [
        t in on.missing.in_text or t.lower() in on.missing.in_numbers
        for t in draft.distinct
    ]
    texts = [t for t, missing in zip(draft.distinct, gone, strict=True) if not missing]
    if not form:
        try:
            form = date_format_of(texts) or "%Y-%m-%d"
        except DateOrderError:
            return as_text(draft, on)  # refuses
    values = np.full(len(draft.distinct), np.nan)
    for i, text in enumerate(draft.distinct):
        if gone[i]:
            continue
        days = days_of(text, form)
        if days is None:
            raise InputError(
                f"column {draft.name!r} with {text!r} in {on.place(draft.row_of(i))}",
                f"dates written as {form}",
                f"Correct it; or name another format (--kind {draft.name!r}=date:%d.%m.%Y, say), or category.",
            )
        values[i] = days
    return draft.of_distinct(values, np.nan), ColumnKind("date", None, form), []


def as_categories(
    draft: ColumnDraft, on: Decision
) -> tuple[Column, ColumnKind, list[str]]:
    """A column as text."""
    if not draft.distinct:
        look_closely(draft, on.missing)
    known = () if draft.asked is None else draft.asked.values
    values, remarks = tuple(known), []
    if not values and draft.asked is None and "NA" not in on.missing.asked:
        others = [t for t in draft.distinct if t not in on.missing.in_text]
        if (
            "NA" in draft.distinct
            and len(others) > 1
            and all(map(TWO_LETTERS.fullmatch, others))
        ):
            values = ("NA",)
            remarks.append(
                f"{draft.name}: NA is a value, as the others are two capital letters; else --missing NA."
            )
    words = on.missing.in_text - set(values)
    texts = np.array(
        [None if t in words else t for t in draft.distinct] or [None], object
    )
    draft.words = {t for t in draft.distinct if t in words}
    return (
        draft.of_distinct(texts, None),
        ColumnKind("category", values=values),
        remarks,
    )
