"""A dialect from what a user names: marks by their names, kinds of columns by a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from ..errors import InputError, named_among
from .dialect import KINDS, ColumnKind, Dialect
from .names import Names, named_columns

__all__ = ["asked_dialect", "kind_of_text", "with_kinds"]

#: How marks that no shell passes easily are named.
NAMED_MARKS = {
    "none": "",
    "tab": "\t",
    "\\t": "\t",
    "blank": " ",
    "space": " ",
    "point": ".",
    "comma": ",",
    "semicolon": ";",
    "bar": "|",
    "pipe": "|",
    "apostrophe": "'",
    "’": "'",
    "\u00a0": " ",
    "\u202f": " ",
}


def kind_of_text(column: str, text: str) -> ColumnKind:
    """A kind of column as options name it: "number", "category", "date", "date:%d/%m/%Y", "ignore".

    Examples
    --------
    >>> kind_of_text("when", "date:%d/%m/%Y").date
    '%d/%m/%Y'
    """
    kind, _, pattern = text.partition(":")
    if kind not in KINDS or (pattern and kind != "date"):
        raise InputError(
            f"kind {text!r} of column {column!r}",
            f"{', '.join(KINDS)}, or date:FORMAT as in date:%d/%m/%Y",
            named_among(kind, KINDS, "Choose one of these."),
        )
    return ColumnKind(kind, date=pattern)


def asked_dialect(
    *,
    separator: str | None = None,
    quote: str | None = None,
    header: bool | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    missing: Sequence[str] = (),
    not_missing: Sequence[str] = (),
    kinds: Mapping[str, str] | None = None,
    skip_last: int = 0,
) -> Dialect:
    r"""A dialect from what a user names; None where it is to be found out.

    Parameters
    ----------
    separator, quote, decimal, thousands : str, optional
        Marks, or their names: tab, blank, point, comma, none, …
    header : bool, optional
    encoding : str, optional
    missing, not_missing : sequence of str
        Words that mean a missing value, and words that do not though they would.
    kinds : mapping of str to str, optional
        What columns hold: "number", "category", "date", "date:%d/%m/%Y", "ignore".
    skip_last : int
        Rows to leave out at the end of the file.

    Examples
    --------
    >>> asked_dialect(separator="tab", kinds={"zip": "category"}).separator
    '\t'
    """

    def mark(given: str | None) -> str | None:
        return None if given is None else NAMED_MARKS.get(given, given)

    if separator is not None and not NAMED_MARKS.get(separator, separator).isascii():
        raise InputError(
            f"separator {separator!r}",
            "a character of ASCII, or tab or blank by name",
            "Replace it in the file, by a semicolon, say.",
        )

    return Dialect(
        mark(separator),
        mark(quote),
        header,
        encoding,
        mark(decimal),
        mark(thousands),
        tuple(missing),
        tuple(not_missing),
        MappingProxyType({n: kind_of_text(n, k) for n, k in (kinds or {}).items()}),
        skip_last,
    )


def with_kinds(
    asked: Dialect, source: str, columns: Sequence[str], category: Names, ignore: Names
) -> Dialect:
    """The dialect with kinds of columns that options name; each must be among the `columns` of the file."""
    categories = named_columns(category, columns, source)
    ignored = named_columns(ignore, columns, source)
    named_columns(tuple(asked.columns), columns, source)
    kinds = {
        **asked.columns,
        **dict.fromkeys(categories, ColumnKind("category")),
        **dict.fromkeys(ignored, ColumnKind("ignore")),
    }
    return replace(asked, columns=MappingProxyType(kinds))
