"""The options that say how a table is read, the same for every command that reads one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ..data.names import split_names
from ..errors import InputError

__all__ = [
    "Categories",
    "Decimal",
    "Encoding",
    "Header",
    "Ignore",
    "Kind",
    "Missing",
    "NotMissing",
    "Quote",
    "Separator",
    "Thousands",
    "reading_options",
]

PANEL = "How a table is read"
FOUND = "found out"

Ignore = Annotated[
    str | None,
    typer.Option(
        help="Columns to leave out, separated by commas.", rich_help_panel=PANEL
    ),
]
Categories = Annotated[
    str | None,
    typer.Option(
        help="Columns of numbers that are categories, separated by commas.",
        rich_help_panel=PANEL,
    ),
]
Kind = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        help="COLUMN=number, category, date, date:%d/%m/%Y or ignore; can be repeated.",
        rich_help_panel=PANEL,
    ),
]
Missing = Annotated[
    str | None,
    typer.Option(
        help="More words or numbers that mean a missing value, separated by commas.",
        rich_help_panel=PANEL,
    ),
]
NotMissing = Annotated[
    str | None,
    typer.Option(
        "--not-missing",
        help="Words that are values, though they would mean a missing one: NA.",
        rich_help_panel=PANEL,
    ),
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Whether the first line names the columns.",
        show_default=FOUND,
        rich_help_panel=PANEL,
    ),
]
Separator = Annotated[
    str | None,
    typer.Option(
        help="The character between fields; tab, or blank for any number of blanks.",
        show_default=FOUND,
        rich_help_panel=PANEL,
    ),
]
Quote = Annotated[
    str | None,
    typer.Option(
        help="The character around fields.", show_default=FOUND, rich_help_panel=PANEL
    ),
]
Decimal = Annotated[
    str | None,
    typer.Option(
        help="The decimal mark: . or , (point or comma).",
        show_default=FOUND,
        rich_help_panel=PANEL,
    ),
]
Thousands = Annotated[
    str | None,
    typer.Option(
        help="The mark between thousands: . , ' blank, or none.",
        show_default=FOUND,
        rich_help_panel=PANEL,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        help="The encoding of the text: utf-8, utf-16, cp1252, …",
        show_default=FOUND,
        rich_help_panel=PANEL,
    ),
]


def reading_options(
    *,
    kind: Sequence[str] | None = None,
    missing: str | None = None,
    not_missing: str | None = None,
    **given: str | bool | None,
) -> dict[str, Any]:
    """The arguments of `load_data` that options name; those that were not given are left out.

    Examples
    --------
    >>> reading_options(kind=["zip=category"], missing="-999,x", separator=";", header=None)
    {'separator': ';', 'kinds': {'zip': 'category'}, 'missing': ('-999', 'x')}
    """
    found: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
    kinds = {}
    for text in kind or ():
        column, equals, what = text.rpartition("=")
        if not equals or not column:
            raise InputError(
                f"--kind {text}",
                "COLUMN=number, category, date or ignore",
                "Write it so: --kind zip=category.",
            )
        kinds[column] = what
    found |= {"kinds": kinds} if kinds else {}
    found |= {"missing": split_names(missing)} if missing else {}
    found |= {"not_missing": split_names(not_missing)} if not_missing else {}
    return found
