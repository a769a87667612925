"""Columns of text looked at, before their kind is decided: plain numbers at once, others by their distinct texts."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .dialect import ColumnKind, Dialect, NumberFormat
from .hidden_characters import clean_column
from .missing_words import IN_NUMBERS, IN_TEXT
from .number_text import Marks, NumberText, parse, to_float
from .text_rows import arrow

__all__ = [
    "INEXACT",
    "Column",
    "ColumnDraft",
    "MissingValues",
    "draft_of",
    "look_closely",
]

Column = np.ndarray[Any, Any]
#: Whole numbers from here on are not exact as float64.
INEXACT = 2.0**53
#: Distinct values that are looked at first; with this many and no number among the first a column is text.
LOOKED_AT, TEXT_FROM = 2000, 50_000
#: A number whose point may part thousands, and digits that are a code.
UNSURE_POINT = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
CODE = r"^0[0-9]+$"
PADDED = r"^0[0-9]+\.[0-9]*$"


@dataclass(frozen=True)
class MissingValues:
    """The words and numbers that stand for a missing value.

    Parameters
    ----------
    in_text : frozenset of str
        Words in text, as they are written.
    in_numbers : frozenset of str
        Words between numbers, in lower case.
    numbers : frozenset of float
        Numbers, however they are written.
    asked : frozenset of str
        What the user named.
    """

    in_text: frozenset[str]
    in_numbers: frozenset[str]
    numbers: frozenset[float]
    asked: frozenset[str]

    @classmethod
    def of(cls, dialect: Dialect) -> MissingValues:
        """The missing values of a dialect."""
        present = set(dialect.present)
        small = {word.lower() for word in present}
        asked = frozenset(dialect.missing)
        return cls(
            (frozenset(IN_TEXT) - present) | asked,
            (IN_NUMBERS - small) | {word.lower() for word in asked},
            frozenset(v for word in asked if (v := _number(word)) is not None),
            asked,
        )


def _number(word: str) -> float | None:
    if word.lower().lstrip("+-") in ("inf", "infinity"):
        return float(word)
    found = parse(word)
    if found is None or found.unit:
        return None
    forms = (NumberFormat(), NumberFormat(","), NumberFormat(".", ","))
    values = (to_float(found, form) for form in forms)
    return next((value for value in values if value is not None), None)


@dataclass
class ColumnDraft:
    """A column while its kind is decided.

    Parameters
    ----------
    name : str
    text : pyarrow.ChunkedArray
        Without blanks at the ends.
    asked : ColumnKind or None
        What is known of it.
    plain : ndarray or None
        Its numbers, where all are plain ones: 1.5 or -2e3.
    distinct : list of str
    codes : ndarray of int
        Of each row the number of its text in `distinct`; -1 for none.
    numbers : dict of int to NumberText
        The distinct texts that are numbers.
    others : list of int
        Those that are neither numbers nor words for a missing value.
    words : set of str
        Words taken for a missing value.
    marks : Marks
    exact : ndarray or None
        All digits of whole numbers that float64 cannot hold.
    cleaned : str
        A text of it that held characters which are not seen; "" for none.
    """

    name: str
    text: Any
    asked: ColumnKind | None = None
    plain: Column | None = None
    distinct: list[str] = field(default_factory=list)
    codes: Column = field(default_factory=lambda: np.zeros(0, np.int64))
    numbers: dict[int, NumberText] = field(default_factory=dict)
    others: list[int] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    marks: Marks = field(default_factory=Marks)
    exact: Column | None = None
    cleaned: str = ""

    @property
    def kind(self) -> str | None:
        """The kind that is known."""
        return None if self.asked is None else self.asked.kind

    @property
    def proves_marks(self) -> bool:
        """Return whether its numbers say something about those of the file."""
        if self.plain is not None:
            return True
        return self.rows_of(self.numbers) > self.rows_of(self.others)

    def rows_of(self, distinct: Collection[int]) -> int:
        """The number of rows that have one of these texts."""
        if not distinct:
            return 0
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.distinct))
        return int(counts[list(distinct)].sum())

    def row_of(self, distinct: int) -> int:
        """The first row that has it."""
        return int(np.flatnonzero(self.codes == distinct)[0])

    def first_of(self, distinct: Collection[int]) -> int:
        """The one of these texts that comes first."""
        return int(self.codes[np.isin(self.codes, list(distinct))][0])

    def of_distinct(self, values: Column, missing: Any) -> Column:
        """A value per row from one per distinct text."""
        out = np.append(values, np.array([missing], values.dtype))
        return np.asarray(out[self.codes])


def draft_of(
    name: str, text: Any, dialect: Dialect, missing: MissingValues
) -> ColumnDraft:
    """Look at a column."""
    pa = arrow()
    draft = ColumnDraft(
        name, pa.compute.utf8_trim_whitespace(text), dialect.columns.get(name)
    )
    plain = _may_be_plain(draft.asked, dialect)
    if plain and _as_plain(draft, missing):
        return draft
    draft.text, draft.cleaned = clean_column(pa, draft.text)
    if not (draft.cleaned and plain and _as_plain(draft, missing)):
        look_closely(draft, missing)
    return draft


def look_closely(draft: ColumnDraft, missing: MissingValues) -> None:
    """Its distinct texts, and which of them are numbers."""
    pa = arrow()
    coded = pa.compute.dictionary_encode(draft.text)
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.unify_dictionaries().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0)
    draft.plain, draft.words, draft.marks = None, set(), Marks()
    draft.numbers, draft.others = {}, []
    draft.distinct = coded.dictionary.to_pylist()
    draft.codes = np.asarray(coded.indices.fill_null(-1).to_numpy(), np.int64)
    if draft.kind == "category" or _is_surely_text(draft.distinct):
        draft.others = list(range(len(draft.distinct)))
        return
    for i, word in enumerate(draft.distinct):
        if word.lower() in missing.in_numbers:
            draft.words.add(word)
            continue
        number = parse(word)
        if number is None or (number.is_code and draft.kind != "number"):
            draft.others.append(i)
        else:
            draft.numbers[i] = number
            draft.marks.add(word, number)


def _is_surely_text(distinct: list[str]) -> bool:
    if len(distinct) < TEXT_FROM:
        return False
    return not any(parse(text) is not None for text in distinct[:LOOKED_AT])


def _may_be_plain(asked: ColumnKind | None, dialect: Dialect) -> bool:
    if asked is None:
        return dialect.decimal != "," and not dialect.thousands
    if asked.kind == "number" and asked.number is None:
        return dialect.decimal != "," and not dialect.thousands
    return asked.kind == "number" and asked.number == NumberFormat()


def _as_plain(draft: ColumnDraft, missing: MissingValues) -> bool:
    """Take a column of plain numbers in, with words for missing values between them; whether it is one."""
    pa = arrow()
    compute, text = pa.compute, draft.text
    numbers = _cast(text)
    if numbers is None:
        head = [t for t in text.slice(0, LOOKED_AT).to_pylist() if t]
        if head and not any(parse(t) is not None for t in head):
            return False
        low = missing.in_numbers
        spelled = {*low, *map(str.upper, low), *map(str.title, low), *missing.asked}
        spelled |= {word for word in IN_TEXT if word.lower() in low}
        gone = compute.is_in(text, value_set=pa.array(sorted(spelled), pa.string()))
        draft.words = set(compute.unique(text.filter(gone)).to_pylist())
        text = compute.if_else(gone, pa.scalar(None, pa.string()), text)
        numbers = _cast(text)
    if numbers is None or text.null_count == len(text):
        return False
    marks = _marks_of_plain(text)
    if draft.kind != "number":
        zeros = text.filter(compute.starts_with(text, "0"))
        for code in (PADDED,) if marks.decimals else (PADDED, CODE):
            if compute.any(compute.match_substring_regex(zeros, code)).as_py():
                return False
    draft.plain = np.array(numbers.to_numpy(), np.float64)
    if draft.asked is None or draft.asked.number is None:
        draft.marks = marks
    finite = draft.plain[np.isfinite(draft.plain)]
    if finite.size and np.abs(finite).max() >= INEXACT:
        draft.exact = _digits(text)
    return True


def _cast(text: Any) -> Any:
    pa = arrow()
    try:
        return pa.compute.cast(text, pa.float64())
    except pa.ArrowInvalid:
        return None


def _marks_of_plain(text: Any) -> Marks:
    """The proof that the points of plain numbers are."""
    compute = arrow().compute
    marks = Marks()
    for t in compute.unique(text.slice(0, LOOKED_AT)).to_pylist():
        number = parse(t) if t else None
        if number is not None:
            marks.add(t, number)
    if marks.decimals or len(text) <= LOOKED_AT:
        return marks
    pointed = text.filter(compute.match_substring(text, ".")).drop_null()
    if not len(pointed):
        return marks
    sure = compute.invert(compute.match_substring_regex(pointed, UNSURE_POINT))
    if compute.any(sure).as_py():
        marks.decimals["."] = pointed.filter(sure)[0].as_py()
        marks.unsure = {}
        return marks
    marks.unsure["."] = compute.unique(pointed.slice(0, LOOKED_AT)).to_pylist()
    whole = text.filter(compute.invert(compute.match_substring(text, "."))).drop_null()
    if len(whole):
        lengths = compute.min_max(compute.utf8_length(whole)).as_py()
        marks.small, marks.large = lengths["min"] < 4, lengths["max"] > 3
    return marks


def _digits(text: Any) -> Column | None:
    """Whole numbers as text, all digits of them; None where others are among them."""
    whole, texts = re.compile(r"[+-]?[0-9]+"), text.to_pylist()
    if not all(t is None or whole.fullmatch(t) for t in texts):
        return None
    return np.array([None if t is None else str(int(t)) for t in texts], object)
