"""The options that say how a table is read, the same for every command that reads one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import typer

from ..data.names import split_names
from ..errors import InputError

__all__ = ["reading_options", "reads_a_table"]

Command = TypeVar("Command", bound=Callable[..., None])

PANEL = "How a table is read"
FOUND = "found out"

#: The options, of which a command takes all or some.
OPTIONS: dict[str, Any] = {
    "ignore": Annotated[
        str | None,
        typer.Option(
            help="Columns to leave out, separated by commas.", rich_help_panel=PANEL
        ),
    ],
    "categories": Annotated[
        str | None,
        typer.Option(
            help="Columns of numbers that are categories, separated by commas.",
            rich_help_panel=PANEL,
        ),
    ],
    "kind": Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            help="COLUMN=number, category, date, date:%d/%m/%Y or ignore; can be repeated.",
            rich_help_panel=PANEL,
        ),
    ],
    "missing": Annotated[
        str | None,
        typer.Option(
            help="More words or numbers that mean a missing value, separated by commas.",
            rich_help_panel=PANEL,
        ),
    ],
    "not_missing": Annotated[
        str | None,
        typer.Option(
            "--not-missing",
            help="Words that are values, though they would mean a missing one: NA.",
            rich_help_panel=PANEL,
        ),
    ],
    "header": Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Whether the first line names the columns.",
            show_default=FOUND,
            rich_help_panel=PANEL,
        ),
    ],
    "separator": Annotated[
        str | None,
        typer.Option(
            help="The character between fields; tab, or blank for any number of blanks.",
            show_default=FOUND,
            rich_help_panel=PANEL,
        ),
    ],
    "quote": Annotated[
        str | None,
        typer.Option(
            help="The character around fields.",
            show_default=FOUND,
            rich_help_panel=PANEL,
        ),
    ],
    "decimal": Annotated[
        str | None,
        typer.Option(
            help="The decimal mark: . or , (point or comma).",
            show_default=FOUND,
            rich_help_panel=PANEL,
        ),
    ],
    "thousands": Annotated[
        str | None,
        typer.Option(
            help="The mark between thousands: . , ' blank, or none.",
            show_default=FOUND,
            rich_help_panel=PANEL,
        ),
    ],
    "encoding": Annotated[
        str | None,
        typer.Option(
            help="The encoding of the text: utf-8, utf-16, cp1252, …",
            show_default=FOUND,
            rich_help_panel=PANEL,
        ),
    ],
}


def reads_a_table(*, without: Sequence[str] = ()) -> Callable[[Command], Command]:
    """Give a command these options, in the place of its parameter `table`, which takes their values."""

    def with_options(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True)
        options = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option
            )
            for name, option in OPTIONS.items()
            if name not in without
        ]

        @functools.wraps(command)
        def gathered(**given: Any) -> None:
            table = {option.name: given.pop(option.name) for option in options}
            command(**given, table=table)

        parameters: list[inspect.Parameter] = []
        for one in own.parameters.values():
            keyword = one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            parameters += options if one.name == "table" else [keyword]
        gathered.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        gathered.__annotations__ = {one.name: one.annotation for one in parameters}
        return gathered  # type: ignore[return-value]

    return with_options


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
