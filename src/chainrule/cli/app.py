"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import exit_with

__all__ = ["app"]

app = typer.Typer(
    name="chainrule",
    help="Dense networks trained by backpropagation that is derived by hand.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 done, 1 a check or the machine failed, 2 unusable input, 130 interrupted, 143 terminated.",
)


@app.callback(invoke_without_command=True)
def chainrule(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Dense networks trained by backpropagation that is derived by hand."""
    if version:
        from .. import __version__

        typer.echo(f"chainrule {__version__}")
        raise typer.Exit


@app.command()
def train(
    data: Annotated[str, typer.Argument(help="digits (embedded) or mnist (from CHAINRULE_DATA).")] = "digits",
    seed: Annotated[int, typer.Option(help="Seed of every draw.", min=0, max=2**64 - 1)] = 0,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for the results.", show_default="chainrule-DATA, numbered where it exists"),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the interrupted run in --output.")] = False,
) -> None:
    """Train a digit classifier and check its gradient.

    10 hidden ReLU units, softmax, cross-entropy; 1000 steps of gradient descent (all rows, rate 0.1) from a He start.
    """

    def job() -> int:
        from .train_command import run

        return run(data, seed, output, resume=resume)

    exit_with(job)


@app.command()
def check() -> None:
    """Check the gradient of every activation with every loss that fits.

    Exit status 1 if one fails.
    """

    def job() -> int:
        from .check_command import run

        return run()

    exit_with(job)


@app.command()
def info() -> None:
    """Say what is installed, what was built, and what is chosen on this machine."""

    def job() -> int:
        from .info_command import run

        return run()

    exit_with(job)


@app.command()
def errata(
    what: Annotated[str | None, typer.Argument(help="A document (S0 … S4, or X) or a line (S1.E73).")] = None,
    every: Annotated[bool, typer.Option("--all", help="List the lines that hold, too.")] = False,
) -> None:
    """Say what is misprinted in the five documents, what it should be, and how far off it is.

    Both forms of a line are evaluated on networks where they differ.
    """

    def job() -> int:
        from .errata_command import run

        return run(what, every=every)

    exit_with(job)
