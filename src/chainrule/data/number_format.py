"""The meaning of the marks in numbers: by the column, then by the whole file; refused where neither proves it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..arguments import argument, as_kind
from ..errors import InputError
from .dialect import Dialect, NumberFormat
from .number_text import Marks, parse, to_float

__all__ = ["FileMarks", "file_marks", "number_format"]


@dataclass(frozen=True)
class FileMarks:
    """The marks that all columns of a file prove together.

    Parameters
    ----------
    decimals, groupings : frozenset of str
    separator : str or None
        Of the fields; None where the file is not text.
    """

    decimals: frozenset[str] = frozenset()
    groupings: frozenset[str] = frozenset()
    separator: str | None = None

    @property
    def decimal(self) -> str | None:
        """The decimal mark, where exactly one is proved."""
        return next(iter(self.decimals)) if len(self.decimals) == 1 else None

    @property
    def thousands(self) -> str:
        """The thousands mark, where exactly one is proved."""
        return next(iter(self.groupings)) if len(self.groupings) == 1 else ""


def file_marks(
    columns: Iterable[Marks], asked: Dialect, separator: str | None
) -> FileMarks:
    """The marks that the columns prove together, and those asked for."""
    decimals = {asked.decimal} if asked.decimal else set()
    groupings = {asked.thousands} if asked.thousands else set()
    for marks in columns:
        decimals |= set() if asked.decimal else set(marks.decimals)
        groupings |= set() if asked.thousands else set(marks.groupings)
    return FileMarks(
        frozenset(decimals - groupings if asked.thousands else decimals),
        frozenset(groupings - decimals),
        separator,
    )


def number_format(
    name: str, marks: Marks, file: FileMarks, asked: Dialect
) -> tuple[NumberFormat, str]:
    """The format of a column, without its unit, and a remark where the user should look at it.

    Raises
    ------
    InputError
        Two decimal marks, or marks that may mean either.

    Examples
    --------
    >>> marks = Marks(unsure={".": ["1.863"]}, small=True)
    >>> number_format("n", marks, FileMarks(frozenset(",")), Dialect())
    (NumberFormat(decimal=',', thousands='.', unit=''), '')
    """
    decimals, groupings = dict(marks.decimals), dict(marks.groupings)
    remark = ""
    if asked.decimal is not None or asked.thousands is not None:
        for mark, examples in marks.unsure.items():
            grouping = mark == asked.thousands or (
                asked.decimal is not None and mark != asked.decimal
            )
            (groupings if grouping else decimals)[mark] = examples[0]
    else:
        for mark, examples in marks.unsure.items():
            grouping, remark = _decide(name, mark, examples, marks, file)
            (groupings if grouping else decimals)[mark] = examples[0]
    both = set(decimals) & set(groupings)
    if len(decimals) > 1 or both:
        shown = [*decimals.values(), *(groupings[mark] for mark in both)]
        raise InputError(
            f"column {name!r} with {shown[0]!r} and {shown[1]!r}",
            "one decimal mark in a column",
            f"Write its numbers alike; or read it as text ({as_kind(name, 'category')}), or leave it out "
            f"({argument('ignore')}).",
        )
    others = [mark for mark in groupings if mark not in decimals]
    if len(others) > 1:
        raise InputError(
            f"column {name!r} with {groupings[others[0]]!r} and {groupings[others[1]]!r}",
            "one thousands mark in a column",
            f"Write its numbers alike; or read it as text ({as_kind(name, 'category')}), or leave it out "
            f"({argument('ignore')}).",
        )
    thousands = others[0] if others else ""
    decimal = next(iter(decimals), None) or asked.decimal or file.decimal
    if decimal is None or decimal == thousands:
        decimal = "," if thousands == "." else "."
    if not thousands:
        thousands = file.thousands if file.thousands != decimal else ""
    return NumberFormat(decimal, thousands), remark


def _decide(
    name: str, mark: str, examples: list[str], marks: Marks, file: FileMarks
) -> tuple[bool, str]:
    """Decide whether a mark before three digits parts thousands, with a remark where that is likely and not proved."""
    if mark in marks.groupings or mark in marks.decimals:
        return mark in marks.groupings, ""
    if len(marks.decimals) == 1:
        return True, ""  # the other mark is the decimal one
    if marks.large and mark == ".":
        return False, ""  # thousands stand there without a mark
    in_file = mark in file.decimals, mark in file.groupings
    if in_file == (True, False):
        return False, ""
    if in_file == (False, True) or (file.decimal is not None and not any(in_file)):
        return True, ""
    example = examples[0]
    whole = _value(example, NumberFormat("," if mark == "." else ".", mark))
    if not any(in_file) and len(marks.unsure) == 1 and not marks.large:
        if mark == "." and file.separator != ";" and not marks.mixed:
            return (
                False,
                "",
            )  # a point is a decimal mark where nothing speaks against it
        if mark == "," and (
            file.separator == "," or (file.separator != ";" and marks.mixed)
        ):
            remark = (
                f"{name}: {example} is read as {whole}; if its comma is a decimal mark: "
                f"{argument('decimal', ',')}."
            )
            return True, remark
    raise InputError(
        f"column {name!r} with {example!r}, which may be {whole} or {_value(example, NumberFormat(mark))}",
        "numbers of one meaning",
        f"Say which: {argument('thousands', mark)} or {argument('decimal', mark)}.",
    )


def _value(text: str, form: NumberFormat) -> str:
    number = parse(text)
    assert number is not None
    value = to_float(number, NumberFormat(form.decimal, form.thousands, number.unit))
    return "no number" if value is None else f"{value:.15g}"
