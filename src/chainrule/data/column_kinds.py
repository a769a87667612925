"""The kinds of the columns of a text table: numbers and how they are written, categories, dates, missing values.

The one place where this is decided: over the distinct values of a column, then over all columns of the file. A guess
that is not sure is refused, or is a remark.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arguments import argument, as_kind
from ..errors import InputError, counted
from .column_drafts import Column, ColumnDraft, MissingValues, draft_of, look_closely
from .column_units import unit_of
from .dialect import ColumnKind, Dialect, NumberFormat
from .far_values import far_off
from .file_problems import FEW_WORDS, FileProblemError, mean_missing, raise_together
from .hidden_characters import changed, spoiled
from .number_doubts import grouped, lettered, refuse_doubts, spelled
from .number_format import FileMarks, file_marks, number_format
from .number_text import UNITS, marks_of, to_float
from .text_kinds import Decision, as_categories, as_dates, as_text

__all__ = ["Decided", "decide", "without_marks"]

#: A column of this share of numbers or more, with some text between them, is taken for a mistake.
SOME_NUMBERS = 0.1
#: A column of this share of numbers or more, with letters behind the others, is of numbers.
MOST_NUMBERS = 0.75


@dataclass(frozen=True)
class Decided:
    """The columns, and what was found of them.

    Parameters
    ----------
    columns : mapping of str to ndarray
        float64 with NaN where a value is missing; or text, of dtype object, with None.
    kinds : mapping of str to ColumnKind
    exact : mapping of str to ndarray
        The digits of whole numbers that float64 cannot hold, as text with None.
    marks : FileMarks
    remarks : tuple of str
    texts : frozenset of str
        Those that were text where the others have a type, as in Parquet.
    """

    columns: Mapping[str, Column]
    kinds: Mapping[str, ColumnKind]
    exact: Mapping[str, Column]
    marks: FileMarks
    remarks: tuple[str, ...]
    texts: frozenset[str] = frozenset()


def decide(
    texts: Mapping[str, Any],
    dialect: Dialect,
    *,
    source: str,
    place: Callable[[int], str],
    lenient: Collection[str] = (),
    problems: Sequence[InputError] = (),
) -> Decided:
    """Decide on the kinds of a file's columns.

    Parameters
    ----------
    texts : mapping of str to pyarrow.ChunkedArray
        Columns of text.
    dialect : Dialect
        What is asked for or known. A kind of column with its format is kept to: what does not fit is an error.
    source : str
        The file's name, for messages.
    place : callable
        The words for a row, by its number from 0.
    lenient : collection of str
        Columns that become text where they do not fit their kind.
    problems : sequence of InputError
        What was found before, raised with what is found here.

    Raises
    ------
    InputError
        Numbers with texts between them, of several units, or whose marks may mean either; dates whose month may be
        either number; a value that does not fit the kind that is known.
    """
    missing = MissingValues.of(dialect)
    drafts = [draft_of(name, text, dialect, missing) for name, text in texts.items()]
    proving = [draft.marks for draft in drafts if draft.proves_marks]
    file = file_marks(proving, dialect, dialect.separator)
    on = Decision(dialect, missing, file, source, place)
    columns, kinds, exact, remarks = {}, {}, {}, []
    problems = [*problems]
    for draft in drafts:
        try:
            column, kind, said = _decided(draft, on)
        except InputError as error:
            if draft.name not in lenient:
                problems.append(error)
                continue
            look_closely(draft, missing)
            column, kind, said = as_categories(draft, on)
        columns[draft.name], kinds[draft.name] = column, kind
        remarks += said
        if kind.kind == "category":
            remarks += changed(draft.name, draft.cleaned)
            remarks += spoiled(draft.name, draft.distinct)
        if draft.exact is not None and kind.kind == "number":
            exact[draft.name] = draft.exact
    raise_together(source, problems)
    remarks += _words_remark(drafts, kinds)
    return Decided(columns, kinds, exact, file, tuple(remarks))


def _decided(draft: ColumnDraft, on: Decision) -> tuple[Column, ColumnKind, list[str]]:
    """A column, its kind, and remarks."""
    if draft.kind == "category":
        return as_categories(draft, on)
    if draft.kind == "date":
        assert draft.asked is not None
        return as_dates(draft, draft.asked.date, on)
    known = None if draft.asked is None else draft.asked.number
    if known is not None:
        return _known_numbers(draft, known, on)
    if draft.plain is None and draft.kind is None:
        refuse_doubts(draft, on)
        _set_aside(draft)
    if draft.plain is None and not draft.numbers and draft.kind != "number":
        return as_text(draft, on)
    if draft.plain is None and draft.others:
        _require_alike(draft, on)
        if draft.kind != "number":
            return as_text(draft, on)
    unit = "" if draft.plain is not None else unit_of(draft, on)
    if unit is None:
        if draft.kind == "number":
            unit = next(iter(draft.marks.units))
        else:
            texts, kind, said = as_text(draft, on)
            return texts, kind, said or _mixed_remark(draft)
    form, remark = number_format(draft.name, draft.marks, on.file, on.dialect)
    form = replace(form, unit=unit)
    column = draft.plain
    if column is None or (form.decimal != "." and "." in draft.marks.unsure):
        column = _numbers(draft, form, on)
    column = without_marks(column, on.missing.numbers)
    remarks = [remark] if remark else grouped(draft, form, on)
    remarks += lettered(draft, unit) + spelled(draft, column)
    remarks += far_off(draft.name, column)
    return column, ColumnKind("number", form), remarks


def _known_numbers(
    draft: ColumnDraft, form: NumberFormat, on: Decision
) -> tuple[Column, ColumnKind, list[str]]:
    assert draft.asked is not None
    column = draft.plain
    if column is None:
        _require_alike(draft, on)
        column = _numbers(draft, form, on)
    return without_marks(column, on.missing.numbers), draft.asked, []


def _numbers(draft: ColumnDraft, form: NumberFormat, on: Decision) -> Column:
    """The numbers of a column in one format."""
    if draft.plain is not None:
        look_closely(draft, on.missing)
    values = np.full(len(draft.distinct), np.nan)
    for i, number in draft.numbers.items():
        value = to_float(number, form)
        if value is None:
            row = draft.row_of(i)
            raise InputError(
                f"column {draft.name!r} with {draft.distinct[i]!r} in {on.place(row)}",
                f"numbers written as {_example(form)}",
                f"Write it so; or change how numbers are read: {argument('decimal')}, {argument('thousands')}, or "
                + (
                    f"{as_kind(draft.name, 'number')}, which finds it out anew."
                    if draft.asked is not None and draft.asked.number is not None
                    else f"{as_kind(draft.name, 'category')}."
                ),
            )
        values[i] = value
    return draft.of_distinct(values, np.nan)


def _example(form: NumberFormat) -> str:
    before = f"1{form.thousands}234" if form.thousands else "1234"
    unit = f" {form.unit}" if form.unit else ""
    return f"{before}{form.decimal}5{unit}, as the others of the column"


def without_marks(column: Column, marks: Collection[float]) -> Column:
    """The column with NaN in the place of numbers that mean a missing value."""
    if not marks:
        return column
    return np.where(np.isin(column, list(marks)), np.nan, column)


def _require_alike(draft: ColumnDraft, on: Decision) -> None:
    """Raise where a column of numbers has texts between them."""
    if not draft.others:
        return
    numbers, texts = draft.rows_of(draft.numbers), draft.rows_of(draft.others)
    codes = any(draft.distinct[i].isdigit() for i in draft.others)  # 01234
    few = numbers < SOME_NUMBERS * (numbers + texts)
    if draft.kind != "number" and (codes or few or _are_codes(draft)):
        return
    first = draft.first_of(draft.others)
    word, where = draft.distinct[first], on.place(draft.row_of(first))
    above = texts == 1 and draft.row_of(first) == 0
    above = above and not any(map(str.isdigit, word[:1]))
    units = (
        "If the line below the names holds units, take it away. Else: " if above else ""
    )
    words = [draft.distinct[i] for i in draft.others]
    words = sorted(words, key=lambda text: text != word)  # the first one first
    few = len(words) <= FEW_WORDS
    words = words if few else [word]
    if draft.asked is not None and draft.asked.number is not None:
        raise FileProblemError(
            f"column {draft.name!r} with text, {word!r} in {where}",
            "numbers",
            f"{units}The column held numbers in training: correct the value; or, {mean_missing(words)}.",
            missing=words if few and not units else (),
        )
    raise FileProblemError(
        f"column {draft.name!r} with {counted(numbers, 'number')} and {word!r} in {where}",
        "numbers only, or text",
        f"{units}Correct it; or, {mean_missing(words)}; or read the column as text: "
        f"{as_kind(draft.name, 'category')}.",
        missing=words if few and not units else (),
    )


def _set_aside(draft: ColumnDraft) -> None:
    """Take 1O for text where most rows are numbers alone, or with a unit that is known."""
    strange = [
        i
        for i, n in draft.numbers.items()
        if n.unit and n.unit not in UNITS and " " not in n.unit
    ]
    if not strange:
        return
    rows, all_rows = draft.rows_of(strange), draft.rows_of(draft.numbers)
    if all_rows - rows < MOST_NUMBERS * all_rows:
        return
    draft.others = sorted((*draft.others, *strange))
    draft.numbers = {i: n for i, n in draft.numbers.items() if i not in set(strange)}
    draft.marks = marks_of((draft.distinct[i], n) for i, n in draft.numbers.items())


def _mixed_remark(draft: ColumnDraft) -> list[str]:
    """A remark on numbers alone and numbers with something behind them, in a column that is read as text."""
    strange = [i for i, number in draft.numbers.items() if number.unit]
    if len(strange) == len(draft.numbers):
        return []
    row = draft.first_of(strange)
    return [
        f"{draft.name} holds numbers and {draft.distinct[row]!r}, and is read as text; write it as a number, or say "
        f"{argument('missing', [draft.distinct[row]])}, if it is one."
    ]


def _are_codes(draft: ColumnDraft) -> bool:
    """Return whether its numbers are digits with one letter or unlike words behind them, as 12A and 7B are."""
    units = set(draft.marks.units) - {""}
    return len(units) > 1 and "" not in draft.marks.units


def _words_remark(
    drafts: Sequence[ColumnDraft], kinds: Mapping[str, ColumnKind]
) -> list[str]:
    """A remark on the words that were taken for missing values, but for those that are always."""
    found: dict[str, str] = {}
    for draft in drafts:
        if kinds[draft.name].kind == "number" and not (
            draft.asked and draft.asked.number
        ):
            for word in draft.words - {"", "?"}:
                found.setdefault(word, draft.name)
    if not found:
        return []
    shown = ", ".join(f"{word} in {name}" for word, name in sorted(found.items())[:6])
    return [
        f"Taken for missing between numbers: {shown}{', …' if len(found) > 6 else ''}."
    ]
