"""The options on how a table is read."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from ...data.names import split_names
from ...errors import InputError
from ..command import option

__all__ = ["FileOptions", "TableOptions"]

TABLE, FOUND = "How a table is read", "found out"


def kinds_of(given: list[str]) -> dict[str, str] | None:
    """The kinds of columns.

    Examples
    --------
    >>> kinds_of(["zip=category"])
    {'zip': 'category'}
    """
    kinds = {}
    for text in given:
        column, equals, what = text.rpartition("=")
        if not equals or not column:
            raise InputError(
                f"--kind {text}",
                "COLUMN=number, category, date or ignore",
                "Write it so: --kind zip=category.",
            )
        kinds[column] = what
    return kinds or None


def words_of(given: str) -> tuple[str, ...] | None:
    """Words separated by commas; None for an empty text."""
    return split_names(given) if given else None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Columns:
    """The options on single columns that only who trains decides about."""

    ignore: str | None = option("Columns to leave out, separated by commas.", TABLE)
    categories: str | None = option(
        "Columns of numbers that are categories, separated by commas.", TABLE
    )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FileOptions:
    """The options on how a file is read, named as the arguments of `load_data`."""

    kinds: dict[str, str] | None = option(
        "COLUMN=number, category, date, date:%d/%m/%Y or ignore; can be repeated.",
        TABLE,
        flag="--kind",
        parse=kinds_of,
    )
    missing: Sequence[str] | None = option(
        "More words or numbers that mean a missing value, separated by commas.",
        TABLE,
        parse=words_of,
    )
    not_missing: Sequence[str] | None = option(
        "Words that are values, though they would mean a missing one: NA.",
        TABLE,
        parse=words_of,
    )
    header: bool | None = option(
        "Whether the first line names the columns.",
        TABLE,
        FOUND,
        flag="--header/--no-header",
    )
    separator: str | None = option(
        "The character between fields; tab, or blank for any number of blanks.",
        TABLE,
        FOUND,
    )
    quote: str | None = option("The character around fields.", TABLE, FOUND)
    decimal: str | None = option(
        "The decimal mark: . or , (point or comma).", TABLE, FOUND
    )
    thousands: str | None = option(
        "The mark between thousands: . , ' blank, or none.", TABLE, FOUND
    )
    encoding: str | None = option(
        "The encoding of the text: utf-8, utf-16, cp1252, …", TABLE, FOUND
    )
    skip_last: int | None = option(
        "Lines to leave out at the end of the file: totals, notes.", TABLE, "0", min=0
    )

    def given(self, **others: Any) -> dict[str, Any]:
        """The arguments of `load_data` that were given, after others; those that are lists of something last."""
        lists = ("kinds", "missing", "not_missing")
        names = sorted((one.name for one in fields(self)), key=lists.__contains__)
        found = others | {name: getattr(self, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TableOptions(FileOptions, _Columns):
    """The options on how a table is read: on the file and on single columns."""
