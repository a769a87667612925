"""The command `chainrule`: the list of its commands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..arguments import spelled_by
from ..printable import printable
from .command import command_of
from .option_spelling import as_option
from .options.check import Check
from .options.data import Data
from .options.errata import Errata
from .options.explain import Explain
from .options.explore import Explore
from .options.export import CheckExport, Export
from .options.info import Info
from .options.predict import Predict
from .options.train import Train

__all__ = ["app"]

#: Name → its options, and the function that does it, imported when it is called for.
COMMANDS: dict[str, tuple[type[Any], str]] = {
    "train": (Train, "train_command:run"),
    "predict": (Predict, "predict_command:run"),
    "check": (Check, "check_command:run"),
    "export": (Export, "export_command:run"),
    "check-export": (CheckExport, "export_command:check"),
    "data": (Data, "data_command:run"),
    "info": (Info, "info_command:run"),
    "errata": (Errata, "errata_command:run"),
    "explore": (Explore, "explore_command:run"),
    "explain": (Explain, "explain_command:run"),
}


class Commands(TyperGroup):
    """The commands; what a usage error quotes of the command line is escaped, as all names are."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Parse the options before the command."""
        with escaped_errors():
            return super().make_context(*arguments, **options)

    def invoke(self, *arguments: Any, **options: Any) -> Any:
        """Parse the command's options and run it."""
        with escaped_errors(), spelled_by(as_option):
            return super().invoke(*arguments, **options)


@contextlib.contextmanager
def escaped_errors() -> Iterator[None]:
    """Escape the message of a usage error that passes."""
    try:
        yield
    except Exception as error:
        if isinstance(message := getattr(error, "message", None), str):
            error.message = printable(message)  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    name="chainrule",
    cls=Commands,
    help="Dense networks trained by backpropagation that is derived by hand.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 done, 1 a check or the machine failed, 2 unusable input, 130 interrupted, 143 terminated, "
    "129 hung up.",
)


@app.callback(invoke_without_command=True)
def chainrule(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    """Dense networks trained by backpropagation that is derived by hand."""
    if version:
        from .. import __version__

        typer.echo(f"chainrule {__version__}")
        raise typer.Exit


for name, (options, work) in COMMANDS.items():
    app.command(name)(command_of(options, work))
