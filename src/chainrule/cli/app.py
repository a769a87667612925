"""The commands and their options."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..arguments import spelled_by
from ..printable import printable
from . import table_options
from .exit_status import exit_with
from .option_spelling import as_option

__all__ = ["app"]

BY_DATA, BY_OPTIMIZER = "by the data", "by the optimizer"


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


#: Panels of the help.
#: Of `explain`: what makes a network that no file holds.
TYPED = "A network that is typed"
DATA, NETWORK, TRAINING, RUN, SHOWN = (
    "Data",
    "Network",
    "Training",
    "The run",
    "What is shown",
)


@app.command()
@table_options.reads_a_table()
def train(
    data: Annotated[
        str,
        typer.Argument(
            help="A name that `chainrule data` lists, or a file: CSV, TSV, Parquet, npz; - for standard input."
        ),
    ] = "digits",
    target: Annotated[
        str | None,
        typer.Option(
            help="Column to predict; several of numbers separated by commas.",
            show_default="the last",
            rich_help_panel=DATA,
        ),
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(
            help="File of rows to test on.",
            show_default="a fifth is held out",
            rich_help_panel=DATA,
        ),
    ] = None,
    *,
    table: dict[str, Any],
    stream: Annotated[
        bool | None,
        typer.Option(
            "--stream/--no-stream",
            help="Read rows from the file, or the files of a quoted pattern, in each epoch: for more rows than memory. "
            "Trains one network.",
            show_default="for a pattern",
            rich_help_panel=DATA,
        ),
    ] = None,
    memory_bytes: Annotated[
        int | None,
        typer.Option(
            help="Bytes of memory that --stream may take.",
            min=1_000_000,
            show_default="1500000000",
            rich_help_panel=DATA,
        ),
    ] = None,
    shards: Annotated[
        int | None,
        typer.Option(
            help="Sum each gradient over so many shards of the rows, in an order of their own (--batch-rows at least "
            "256 for each).",
            min=1,
            show_default="64 with --scheduler or --workers",
            rich_help_panel=DATA,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Address of a Dask scheduler, tcp://HOST:8786: its workers read the files and compute. Streams.",
            rich_help_panel=DATA,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Worker processes on this machine, in place of --scheduler. Streams.",
            min=1,
            rich_help_panel=DATA,
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="Averaged networks by a recipe for tables: fast, strong or best; none: one network.",
            show_default="strong for files, unless other options describe a network",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    hidden: Annotated[
        str | None,
        typer.Option(
            help="Widths of the hidden layers: 128,64; or none.",
            show_default=BY_DATA,
            rich_help_panel=NETWORK,
        ),
    ] = None,
    activation: Annotated[
        str | None,
        typer.Option(
            help="Activation of the hidden layers.",
            show_default="relu",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            help="Loss: squared_error and the like for numbers, cross_entropy for classes.",
            show_default=BY_DATA,
            rich_help_panel=NETWORK,
        ),
    ] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(
            help="Optimizer: adamw, adam, sgd, lbfgs, levenberg_marquardt, …",
            show_default=BY_DATA,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    regularization: Annotated[
        str | None,
        typer.Option(
            help="Penalty of levenberg_marquardt: none, or bayes, which finds it from the data.",
            show_default="none",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(min=1e-12, show_default=BY_OPTIMIZER, rich_help_panel=TRAINING),
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            help="Schedule of the learning rate.",
            show_default=BY_DATA,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    batch_rows: Annotated[
        int | None,
        typer.Option(
            help="Rows per step.", min=1, show_default=BY_DATA, rich_help_panel=TRAINING
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Epochs at most.",
            min=1,
            show_default=BY_DATA,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            help="Steps at most.",
            min=1,
            show_default="no limit",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    dropout: Annotated[
        float | None,
        typer.Option(
            help="Share of the hidden units that a step drops.",
            min=0,
            max=0.99,
            show_default=BY_DATA,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    l2: Annotated[
        float | None,
        typer.Option(
            help="Factor of the penalty on squared weights.",
            min=0,
            show_default="0",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(
            help="Share of the training rows to validate on.",
            min=0,
            max=0.9,
            show_default=BY_DATA,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    early_stopping: Annotated[
        int | None,
        typer.Option(
            help="Stop after so many epochs without improvement; 0: run all epochs.",
            min=0,
            show_default=BY_DATA,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Metrics to record after each epoch, separated by commas: accuracy, r2, …",
            show_default="what early stopping watches",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            help="Seed of every draw.", min=0, max=2**64 - 1, rich_help_panel=RUN
        ),
    ] = 0,
    threads: Annotated[
        int | None,
        typer.Option(
            help="Threads at most.",
            min=1,
            show_default="all cores",
            rich_help_panel=RUN,
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="Engine that computes: auto, native or reference.", rich_help_panel=RUN
        ),
    ] = "auto",
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the results.",
            show_default="chainrule-DATA, numbered where it exists",
            rich_help_panel=RUN,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Resume the interrupted run in --output.",
            rich_help_panel=RUN,
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the results as JSON only.", rich_help_panel=RUN
        ),
    ] = False,
) -> None:
    """Train a network on a data set or a file, test it, check its gradient, save it with a report.

    Without arguments: digits, 10 hidden ReLU units, 1000 steps of gradient descent from a He start.
    """

    def job() -> int:
        from .options import checked_widths
        from .train_command import TrainRequest, run

        reading = {
            "target": target,
            "test": test,
            **table_options.reading_options(**table),
        }
        asked = {
            "hidden": checked_widths(hidden),
            "activation": activation,
            "loss": loss,
            "optimizer": optimizer,
            "regularization": regularization,
            "learning_rate": learning_rate,
            "schedule": schedule,
            "batch_rows": batch_rows,
            "epochs": epochs,
            "steps": steps,
            "dropout": dropout,
            "l2": l2,
            "validation": validation,
            "early_stopping": early_stopping,
            "metrics": None
            if metrics is None
            else tuple(name.strip() for name in metrics.split(",")),
        }
        request = TrainRequest(
            data,
            reading,
            asked,
            seed,
            output,
            resume,
            engine,
            threads,
            as_json,
            preset,
            stream,
            memory_bytes,
            shards,
            scheduler,
            workers,
        )
        return run(request)

    exit_with(job)


@app.command()
@table_options.reads_a_table(without=("ignore", "categories"))
def predict(
    model: Annotated[
        Path, typer.Argument(help="A model file, or the folder of a run.")
    ],
    data: Annotated[
        str,
        typer.Argument(
            help="Raw rows: CSV, TSV, Parquet, npz, idx; - for standard input; or a name that `chainrule data` lists."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            help="File to write: .csv or .parquet.",
            show_default="standard output, as CSV",
        ),
    ] = None,
    probabilities: Annotated[
        bool,
        typer.Option(
            "--probabilities", help="Write the probability of each class as well."
        ),
    ] = False,
    interval: Annotated[
        float | None,
        typer.Option(
            help="Interval to write for each target, by its coverage: 0.9, say; after --regularization bayes.",
            show_default="none",
        ),
    ] = None,
    unseen: Annotated[
        str,
        typer.Option(
            help="Answer of one network to categories that training did not have: refuse, or ignore the column "
            "for that row. Averaged networks take them as rare ones."
        ),
    ] = "refuse",
    escape_formulas: Annotated[
        bool,
        typer.Option(
            "--escape-formulas",
            help="Write ' before labels that a spreadsheet would take for a formula (=, +, -, @).",
        ),
    ] = False,
    *,
    table: dict[str, Any],
) -> None:
    """Predict from raw rows: the model file knows how to read and prepare them.

    One prediction for each row, in their order.
    """

    def job() -> int:
        from .predict_command import run

        reading = table_options.reading_options(**table)
        return run(
            model,
            data,
            output,
            interval=interval,
            probabilities=probabilities,
            unseen=unseen,
            escape_formulas=escape_formulas,
            reading=reading,
        )

    exit_with(job)


@app.command()
def check(
    model: Annotated[
        Path | None,
        typer.Argument(
            help="A model file, or the folder of a run.", show_default="all functions"
        ),
    ] = None,
) -> None:
    """Check the gradient: of a model, or of every activation with every loss that fits.

    Exit status 1 if one fails.
    """

    def job() -> int:
        if model is None:
            from .check_command import run

            return run()
        from .check_model import run as check_model

        return check_model(model)

    exit_with(job)


@app.command()
def export(
    model: Annotated[
        Path, typer.Argument(help="A model file, or the folder of a run.")
    ],
    to: Annotated[
        Path,
        typer.Option(
            help="File to write, by its ending: .onnx, .c (one C99 file), .py (Python with NumPy alone)."
        ),
    ],
    without_preparation: Annotated[
        bool,
        typer.Option(
            "--without-preparation",
            help="Leave out the preparation of raw rows: the file takes prepared ones.",
        ),
    ] = False,
    rows: Annotated[
        Path | None,
        typer.Option(
            help="File of rows that file and model are compared on, best those of your test.",
            show_default="1000 drawn ones",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the rows that are drawn.")] = 0,
) -> None:
    """Write a model to a file that runs without chainrule, and print how far it is from the model."""

    def job() -> int:
        from .export_command import run

        return run(model, to, preparation=not without_preparation, rows=rows, seed=seed)

    exit_with(job)


@app.command()
def check_export(
    file: Annotated[
        Path,
        typer.Argument(
            help="An exported file; C is compiled and run, Python is run: check only files that you would run."
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option(
            help="The model that it was written from, to compare on all rows of the stamp.",
            show_default="the rows in the file",
        ),
    ] = None,
    rows: Annotated[
        Path | None,
        typer.Option(
            help="File of other rows to compare on, with --model.",
            show_default="those of the stamp",
        ),
    ] = None,
) -> None:
    """Run an exported file and compare it with what its stamp states.

    Exit status 1 if the stamp does not hold.
    """

    def job() -> int:
        from .export_command import check

        return check(file, model, rows)

    exit_with(job)


@app.command()
@table_options.reads_a_table()
def data(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A name, or a file; - for standard input.", show_default="list all"
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help="Column to predict: shows how it is learned.", show_default="none"
        ),
    ] = None,
    *,
    table: dict[str, Any],
) -> None:
    """List the data sets; fetch and verify one; or show what a file holds and how it is read."""

    def job() -> int:
        from .data_command import run

        reading = table_options.reading_options(**table)
        return run(name, target, reading)

    exit_with(job)


@app.command()
def info(
    model: Annotated[
        Path | None,
        typer.Argument(
            help="A model file, or the folder of a run.", show_default="this machine"
        ),
    ] = None,
) -> None:
    """Say what is in a model; or what is installed, was built, and is chosen on this machine."""

    def job() -> int:
        if model is None:
            from .info_command import run

            return run()
        from .model_info import run as info_of

        return info_of(model)

    exit_with(job)


@app.command()
def errata(
    what: Annotated[
        str | None,
        typer.Argument(help="A document (S0 … S4, or X) or a line (S1.E73)."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="List the lines that hold, too.")
    ] = False,
) -> None:
    """List what is misprinted in the five documents, what it should be, and how far off it is.

    Both forms of a line are evaluated on networks where they differ.
    """

    def job() -> int:
        from .errata_command import run

        return run(what, every=every)

    exit_with(job)


@app.command()
@table_options.reads_a_table()
def explore(
    model: Annotated[
        Path | None,
        typer.Argument(
            help="A model file, or the folder of a run.",
            show_default="a small example, with ready data sets",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="A name that `chainrule data` lists, or a file.",
            show_default="what the model was trained on",
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            help="Page to write: one .html file that works without a server.",
            show_default="none: it is served to this machine until Ctrl-C",
        ),
    ] = None,
    notation: Annotated[
        str,
        typer.Option(
            help="Notation: canonical, or a document's: bias-first (S0) … bias-last (S4)."
        ),
    ] = "canonical",
    optimizer: Annotated[
        str,
        typer.Option(
            help="Optimizer that the page begins with.", rich_help_panel=TRAINING
        ),
    ] = "adam",
    learning_rate: Annotated[
        float | None,
        typer.Option(min=1e-12, show_default=BY_OPTIMIZER, rich_help_panel=TRAINING),
    ] = None,
    batch: Annotated[
        int,
        typer.Option(help="Rows that a step takes.", min=1, rich_help_panel=TRAINING),
    ] = 32,
    port: Annotated[
        int,
        typer.Option(
            help="Port of the server.", min=0, max=65535, show_default="a free one"
        ),
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser.")
    ] = True,
    target: Annotated[
        str | None,
        typer.Option(
            help="Column to predict, without a model.",
            show_default="the last",
            rich_help_panel=DATA,
        ),
    ] = None,
    *,
    table: dict[str, Any],
) -> None:
    """Look into a network and train it by hand, forward and back, its numbers beside their formulas, in a browser."""

    def job() -> int:
        from .explore_command import ExploreRequest, run

        options = {
            "notation": notation,
            "optimizer": optimizer,
            "learning_rate": learning_rate,
            "batch_rows": batch,
        }
        reading = table_options.reading_options(
            target=target,
            **table,
        )
        return run(ExploreRequest(model, data, to, port, browser, options, reading))

    exit_with(job)


@app.command()
@table_options.reads_a_table()
def explain(
    model: Annotated[
        Path | None,
        typer.Argument(
            help="A model file, a checkpoint, or the folder of a run.",
            show_default="a 4-3-5-2 example",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="A name that `chainrule data` lists, or a file.",
            show_default="what it was trained on",
        ),
    ] = None,
    row: Annotated[
        int | None,
        typer.Option(help="The row to explain, from 0.", min=0, show_default="0"),
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(
            help="Rows that the gradient is of: 0-15.", show_default="that row alone"
        ),
    ] = None,
    notation: Annotated[
        str,
        typer.Option(
            help="Notation: canonical, or a document's: bias-first (S0) … bias-last (S4)."
        ),
    ] = "canonical",
    weights: Annotated[
        str | None,
        typer.Option(
            help="A network in the letters of --notation: 'W^1 = [2 -1 0; 4 -1 -2] W^F = [4 -8 2]' of S4.",
            show_default="none",
            rich_help_panel=TYPED,
        ),
    ] = None,
    x: Annotated[
        str | None,
        typer.Option(
            "--x",
            help="Input of the typed network: '1 2'; several as the document lays them out, '[1 0; 2 1]'.",
            show_default="none",
            rich_help_panel=TYPED,
        ),
    ] = None,
    y: Annotated[
        str | None,
        typer.Option(
            "--y",
            help="Target of the typed network, laid out likewise.",
            show_default="none",
            rich_help_panel=TYPED,
        ),
    ] = None,
    activation: Annotated[
        str | None,
        typer.Option(
            help="Activation of all layers of the typed network, or of each, separated by commas.",
            show_default="the document's own",
            rich_help_panel=TYPED,
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            help="Loss of the typed network: squared_error, with the document's factor, or another one.",
            show_default="the document's own",
            rich_help_panel=TYPED,
        ),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(
            help="Layers to show, separated by commas.",
            show_default="all",
            rich_help_panel=SHOWN,
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            help="Units to show, from 1.",
            show_default="chosen",
            rich_help_panel=SHOWN,
        ),
    ] = None,
    equation: Annotated[
        str | None,
        typer.Option(
            help="Equations to show, separated by commas: 75,76 of S4, B3.",
            show_default="all",
            rich_help_panel=SHOWN,
        ),
    ] = None,
    terms: Annotated[
        int,
        typer.Option(help="Terms to show of a long sum.", min=1, rich_help_panel=SHOWN),
    ] = 6,
    digits: Annotated[
        int,
        typer.Option(help="Significant digits.", min=1, max=17, rich_help_panel=SHOWN),
    ] = 6,
    optimizer: Annotated[
        str | None,
        typer.Option(
            help="Optimizer whose step is shown.",
            show_default="gradient_descent, or the run's",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(min=1e-12, show_default=BY_OPTIMIZER, rich_help_panel=TRAINING),
    ] = None,
    step: Annotated[
        int | None,
        typer.Option(
            help="Step of the run whose checkpoint MODEL is.",
            min=1,
            show_default="the next one",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(
            help="Share of the rows that the run validates on.",
            min=0,
            max=0.9,
            show_default="the run's",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help="Column that the run predicts, as for train.",
            show_default="the run's",
            rich_help_panel=DATA,
        ),
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(
            help="File of rows that the run is tested on.",
            show_default="the run's",
            rich_help_panel=DATA,
        ),
    ] = None,
    *,
    table: dict[str, Any],
    engine: Annotated[
        str | None,
        typer.Option(
            help="Engine that computes: auto, native or reference.",
            show_default="reference, or the run's",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    to: Annotated[
        list[Path] | None,
        typer.Option(
            help="File to write: .html, .txt, .tex, .svg, .json; can be repeated.",
            show_default="the terminal",
        ),
    ] = None,
) -> None:
    """Show every number of a pass and a step beside its formula, in the notation of your document.

    Exit status 1 if a number disagrees with its formula or with numerical differentiation.
    """

    def job() -> int:
        from .explain_command import ExplainRequest, TypedNetwork, run
        from .options import checked_units

        options = {
            "notation": notation,
            "layer": None if layer is None else layer.split(","),
            "unit": checked_units(unit),
            "equation": None if equation is None else equation.split(","),
            "terms": terms,
            "digits": digits,
            "optimizer": optimizer,
            "learning_rate": learning_rate,
            "engine": engine,
        }
        given = (weights, x, y, activation, loss)
        typed = TypedNetwork(*given) if any(one is not None for one in given) else None
        files = tuple(to or ())
        reading = table_options.reading_options(
            target=target,
            test=None if test is None else str(test),
            **table,
        )
        return run(
            ExplainRequest(
                model,
                data,
                row,
                rows,
                step,
                validation,
                typed,
                files,
                options,
                reading,
            )
        )

    exit_with(job)
