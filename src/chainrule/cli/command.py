"""Commands as frozen dataclasses: a field is an option with its help, the docstring the help of the command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from importlib import import_module
from typing import Annotated, Any

import typer

from .exit_status import exit_with

__all__ = ["argument", "command_of", "option"]


@dataclass(frozen=True)
class _Typed:
    """The form of a field on the command line: for Typer, and how its text becomes the field's value."""

    form: Any
    parse: Callable[[Any], Any] | None = None


def argument(words: str, shown: str | bool = True, *, default: Any = MISSING) -> Any:
    """A field that is given by its place; its help, and the words for its default."""
    form = typer.Argument(help=words, show_default=shown)
    return field(default=default, metadata={"typed": _Typed(form)})


def option(
    words: str | None,
    panel: str | None = None,
    shown: str | bool = True,
    *,
    flag: str | None = None,
    default: Any = None,
    parse: Callable[[Any], Any] | None = None,
    **limits: float,
) -> Any:
    """A field that is given by its name.

    Parameters
    ----------
    words : str or None
        Its help.
    panel : str, optional
        The part of the help that it stands in.
    shown : str or bool
        The words for its default.
    flag : str, optional
        Its name, where that is not the field's.
    default : object
        MISSING where it must be given.
    parse : callable, optional
        From `given`, its text, to the field's value, or `InputError`; of `None` it is None.
    **limits
        min and max.
    """
    form = typer.Option(
        *([flag] if flag else []),
        help=words,
        show_default=shown,
        rich_help_panel=panel,
        **limits,  # type: ignore[arg-type]
    )
    return field(default=default, metadata={"typed": _Typed(form, parse)})


def command_of(kind: type[Any], work: str) -> Callable[..., None]:
    """The function of a command, for Typer: makes the dataclass of the options and exits with the status of its work.

    Parameters
    ----------
    kind : type
        The dataclass; a field that is one itself is a group of options, in the place where it stands.
    work : str
        "module:function" in this folder: from the dataclass to an exit status.
    """

    def job(given: dict[str, Any]) -> int:
        made = _made(kind, given)
        module, _, function = work.partition(":")
        status: int = getattr(import_module(f".{module}", __package__), function)(made)
        return status

    def command(**given: Any) -> None:
        exit_with(lambda: job(given))

    parameters = [*_parameters(kind)]
    command.__doc__ = kind.__doc__
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def _parameters(kind: type[Any]) -> Iterator[inspect.Parameter]:
    for one in fields(kind):
        hint: Any = one.type
        if is_dataclass(hint):
            yield from _parameters(hint)  # type: ignore[arg-type]
            continue
        typed = one.metadata["typed"]
        if typed.parse:
            hint = typed.parse.__annotations__["given"] | None
        yield inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if one.default is MISSING else one.default,
            annotation=Annotated[hint, typed.form],
        )


def _made(kind: type[Any], given: dict[str, Any]) -> Any:
    values = {}
    for one in fields(kind):
        if is_dataclass(group := one.type):
            values[one.name] = _made(group, given)  # type: ignore[arg-type]
            continue
        parse, value = one.metadata["typed"].parse, given[one.name]
        values[one.name] = value if parse is None or value is None else parse(value)
    return kind(**values)
