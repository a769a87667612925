"""Columns that are not numbers: dates, categories; and texts that are numbers with something around them, refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from ..arguments import argument, as_kind
from ..errors import InputError
from .column_drafts import Column, ColumnDraft, MissingValues, look_closely
from .date_text import EPOCH, DateOrderError, date_format_of, date_orders, days_of
from .dialect import ColumnKind, Dialect
from .far_values import far_off
from .file_problems import FEW_WORDS, FileProblemError, mean_missing
from .number_format import FileMarks

__all__ = ["Decision", "as_categories", "as_dates", "as_text"]

#: Two capital letters, as in codes of countries and continents, among which NA is one.
#: A number with a decimal mark that has something around it; so many distinct ones are no categories.
DECORATED = re.compile(
    r"\W{0,3}[A-Za-z]{0,3}\W{0,2}[0-9][0-9,' ]*[.,][0-9]+(?:[eEdD][-+]?[0-9]+)?[^\w.,]{0,2}[^\W\d]{0,3}[^\w.,]{0,3}"
)
MANY_DECORATED = 10
#: Formats of dates and times that are told, not taken: most are rare, or of one language.
OTHER_DATES = (
    *(
        "%d-%b-%Y",
        "%d-%b-%y",
        "%d %b %Y",
        "%d %B %Y",
        "%d%b%Y",
        "%d%b%y",
        "%d/%b/%Y",
        "%d.%b.%Y",
    ),
    *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%b-%y", "%b-%Y", "%b %Y", "%B %Y"),
    *("%d%b%Y:%H:%M:%S", "%d-%b-%Y %H:%M", "%d-%b-%Y %H:%M:%S", "%d/%b/%Y:%H:%M:%S %z"),
    *(
        "%H:%M",
        "%H:%M:%S",
        "%H:%M:%S.%f",
        "%I:%M %p",
        "%I:%M:%S %p",
        "%Y-%d-%m",
        "%Y/%d/%m",
    ),
    *("%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y"),
)
DATE_IN_WORDS = re.compile(
    r"\d{1,2}\.? ?(?:de )?[^\W\d]{3,}\.? (?:de )?\d{4}|\d{4}-?[WwMmQq]\d{1,2}"
)
#: 1.5k, 5 Stk., 1000+, ~12, Rs. 950.00
SURROUNDED = re.compile(
    r"(?=.*[^\d.,'])(?:[^\W\d]{1,3}\.?\s|[^\w\s]\s?)?\d+(?:[.,']\d+)*(?:[kKMB]|\s?[^\W\d]{2,5}\.?|\s[^\W\d]|\+)?"
    r"|[-+]?\d*\.\d*[dD][-+]?\d+|=\"[-+\d.,]+\"|'[-+]?\d[\d.,]*|[0-9]+(?:_[0-9]+)+"
)
#: Digits that are not 0 to 9.
OTHER_DIGITS = re.compile(r"(?=.*[^\x00-\x7f])[-+]?\d[\d.,\u066b\u066c\uff0c\uff0e]*")
#: Distinct texts that are looked at for them.
LOOKED_AT = 200
#: With fewer rows nothing is said of merged cells.
FEW_ROWS = 8
#: A column of this share of dates or more, with other texts between them, is taken for a mistake.
MOST_DATES = 0.75
TWO_LETTERS = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class Decision:
    """The facts that the decision on a column rests on."""

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
        date, *forms = order.args
        year = ", or its year," if forms[-1].startswith("%y") else ""
        raise InputError(
            f"column {draft.name!r} with the date {date!r}, whose day and month{year} may be either number",
            "dates that tell",
            f"Say which: {' or '.join(as_kind(draft.name, f'date:{form}') for form in forms)}; or leave it out: "
            f"{argument('ignore')}.",
        ) from order
    if form is not None:
        return as_dates(draft, form, on)
    _refuse_other_dates(draft, texts, on)
    _refuse_decorated(draft, texts, on)
    column, kind, remarks = as_categories(draft, on)
    return column, kind, [*remarks, *_looks_like(draft, texts), *_merged(draft, texts)]


def _merged(draft: ColumnDraft, texts: Sequence[str]) -> list[str]:
    """A remark on a column in which each text stands once, above missing ones: cells that a spreadsheet had merged."""
    there = np.isin(
        draft.codes, [i for i, t in enumerate(draft.distinct) if t in set(texts)]
    )
    once = 1 < len(texts) == there.sum() <= len(there) / 2
    if len(there) < FEW_ROWS or not once or not there[0]:
        return []
    return [
        f"{draft.name}: each text stands once, with missing values below it; if it holds for these too, as in merged "
        "cells, write it in each row."
    ]


def _looks_like(draft: ColumnDraft, texts: Sequence[str]) -> list[str]:
    """A remark on categories that look like dates or numbers which are not read as such."""
    looked_at = texts[:LOOKED_AT]
    enough = MOST_DATES * len(looked_at)
    if draft.kind is not None or len(looked_at) < 2:
        return []
    for form in OTHER_DATES:
        if sum(days_of(text, form) is not None for text in looked_at) >= enough:
            name = draft.name
            return [
                f"{name} looks like dates or times written as {form}, and is read as text: "
                f"{as_kind(name, f'date:{form}')} reads them."
            ]
    for shape, called in (
        (DATE_IN_WORDS, "dates with the month in words, or weeks or quarters"),
        (SURROUNDED, "numbers with something around"),
        (OTHER_DIGITS, "numbers in other digits than 0 to 9"),
    ):
        like = [text for text in looked_at if shape.fullmatch(text)]
        plain = sum(text.isdigit() for text in looked_at) if shape is SURROUNDED else 0
        if len(like) > plain and len(like) + plain >= enough:
            return [
                f"{draft.name} looks like {called} ({like[0]}), and is read as text; write them as "
                f"{'2024-01-31' if shape is DATE_IN_WORDS else '1234.5'} if they are."
            ]
    return []


def _refuse_other_dates(draft: ColumnDraft, texts: Sequence[str], on: Decision) -> None:
    """Raise where most rows are dates, and some are none or are written in another order."""
    if draft.kind is not None:
        return
    place = {text: i for i, text in enumerate(draft.distinct)}
    orders = {text: forms for text in texts if (forms := date_orders(text))}
    dates = draft.rows_of([place[text] for text in orders])
    if not dates or dates < MOST_DATES * draft.rows_of([place[t] for t in texts]):
        return
    counts = Counter(form for forms in orders.values() for form in forms)
    form = counts.most_common(1)[0][0]
    others = [t for t in texts if form not in orders.get(t, ())]
    first = draft.first_of([place[t] for t in others])
    word = draft.distinct[first]
    words = sorted(others, key=lambda text: text != word)
    few = len(words) <= FEW_WORDS
    words = words if few else [word]
    raise FileProblemError(
        f"column {draft.name!r} with dates written as {form} and {word!r} in {on.place(draft.row_of(first))}",
        "dates written alike, or text",
        f"Correct it; or, {mean_missing(words)}; or read the column as text: {as_kind(draft.name, 'category')}.",
        missing=words if few else (),
    )


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
        f"Take it away; or read the column as text ({as_kind(draft.name, 'category')}), or leave it out "
        f"({argument('ignore')}).",
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
            wrong = [t for t in texts if days_of(t, form) is None]
            few = len(wrong) <= FEW_WORDS
            raise FileProblemError(
                f"column {draft.name!r} with {text!r} in {on.place(draft.row_of(i))}",
                f"dates written as {form}",
                _other_format(draft.name, wrong if few else [text], form),
                missing=wrong if few else (),
            )
        values[i] = days
    remarks = far_off(
        draft.name,
        draft.of_distinct(values, np.nan),
        lambda days: texts[[days_of(t, form) for t in texts].index(days)],
    )
    if "%y" in form:
        there = values[np.isfinite(values)].tolist()
        years = sorted({(EPOCH + timedelta(days=days)).year for days in there})
        if years and years[0] < 2000 <= years[-1] and years[-1] - years[0] >= 60:
            remarks.append(
                f"{draft.name}: years of two digits are read as {years[0]} to {years[-1]}; where they are of one "
                "century, write all four digits."
            )
    return draft.of_distinct(values, np.nan), ColumnKind("date", None, form), remarks


def _other_format(name: str, texts: Sequence[str], form: str) -> str:
    """The remedy for texts that are no dates as the others are: the formats that they may have, in their own marks."""
    orders = [other for other in date_orders(texts[0]) if other != form]
    named = (
        f"where all are written so, {' or '.join(as_kind(name, f'date:{form}') for form in orders)}; or "
        if orders
        else ""
    )
    return f"Correct it; or {named}{mean_missing(texts)}; or read the column as text: {as_kind(name, 'category')}."


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
                f"{draft.name}: NA is a value, as the others are two capital letters; else "
                f"{argument('missing', ['NA'])}."
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
