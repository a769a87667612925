"""`chainrule train`: its options."""

import shlex
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...data.names import joined_names
from ...errors import InputError
from ..command import argument, option
from ..option_spelling import as_option
from .shared import DATA, TRAINING, learning_rate_option
from .table import TableOptions

__all__ = ["Train"]

NETWORK, RUN, BY_DATA = "Network", "The run", "by the data"


def widths_of(given: str) -> tuple[int, ...]:
    """Widths of hidden layers, out of one text.

    Examples
    --------
    >>> widths_of("128,64"), widths_of("none")
    ((128, 64), ())
    """
    if given.strip() in ("none", ""):
        return ()
    try:
        widths = tuple(int(part) for part in given.split(","))
    except ValueError:
        widths = (0,)
    if min(widths) < 1:
        raise InputError(
            f"--hidden {given}",
            "whole numbers >= 1 with commas, or none",
            "Say --hidden 128,64.",
        )
    return widths


def metrics_of(given: str) -> tuple[str, ...]:
    """Names of metrics, out of one text."""
    return tuple(name.strip() for name in given.split(","))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RecipeOptions:
    """The options that are fields of `Recipe`."""

    hidden: tuple[int, ...] | None = option(
        "Widths of the hidden layers: 128,64; or none.",
        NETWORK,
        BY_DATA,
        parse=widths_of,
    )
    activation: str | None = option("Activation of the hidden layers.", NETWORK, "relu")
    loss: str | None = option(
        "Loss: squared_error and the like for numbers, cross_entropy for classes.",
        NETWORK,
        BY_DATA,
    )
    optimizer: str | None = option(
        "Optimizer: adamw, adam, sgd, lbfgs, levenberg_marquardt, …", TRAINING, BY_DATA
    )
    regularization: str | None = option(
        "Penalty of levenberg_marquardt: none, or bayes, which finds it from the data.",
        TRAINING,
        "none",
    )
    learning_rate: float | None = learning_rate_option()
    schedule: str | None = option("Schedule of the learning rate.", TRAINING, BY_DATA)
    batch_rows: int | None = option("Rows per step.", TRAINING, BY_DATA, min=1)
    epochs: int | None = option("Epochs at most.", TRAINING, BY_DATA, min=1)
    steps: int | None = option("Steps at most.", TRAINING, "no limit", min=1)
    dropout: float | None = option(
        "Share of the hidden units that a step drops.",
        TRAINING,
        BY_DATA,
        min=0,
        max=0.99,
    )
    l2: float | None = option(
        "Factor of the penalty on squared weights.", TRAINING, "0", min=0
    )
    validation: float | None = option(
        "Share of the training rows to validate on.", TRAINING, BY_DATA, min=0, max=0.9
    )
    early_stopping: int | None = option(
        "Stop after so many epochs without improvement; 0: run all epochs.",
        TRAINING,
        BY_DATA,
        min=0,
    )
    metrics: tuple[str, ...] | None = option(
        "Metrics to record after each epoch, separated by commas: accuracy, r2, …",
        TRAINING,
        "what early stopping watches",
        parse=metrics_of,
    )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Train:
    """Train a network on a data set or a file, test it, check its gradient, save it with a report.

    Without arguments: digits, 10 hidden ReLU units, 1000 steps of gradient descent from a He start.
    """

    data: str = argument(
        "A name that `chainrule data` lists, or a file: CSV, TSV, Parquet, npz; - for standard input.",
        default="digits",
    )
    target: str | None = option(
        "Column to predict; several of numbers separated by commas.", DATA, "the last"
    )
    test: Path | None = option("File of rows to test on.", DATA, "a fifth is held out")
    table: TableOptions
    stream: bool | None = option(
        "Read rows from the file, or the files of a quoted pattern, in each epoch: for more rows than memory. "
        "Trains one network.",
        DATA,
        "for a pattern",
        flag="--stream/--no-stream",
    )
    memory_bytes: int | None = option(
        "Bytes of memory that --stream may take.", DATA, "1500000000", min=1_000_000
    )
    shards: int | None = option(
        "Sum each gradient over so many shards of the rows, in an order of their own (--batch-rows at least "
        "256 for each).",
        DATA,
        "64 with --scheduler or --workers",
        min=1,
    )
    scheduler: str | None = option(
        "Address of a Dask scheduler, tcp://HOST:8786: its workers read the files and compute. Streams.",
        DATA,
    )
    workers: int | None = option(
        "Worker processes on this machine, in place of --scheduler. Streams.",
        DATA,
        min=1,
    )
    preset: str | None = option(
        "Averaged networks by a recipe for tables: fast, strong or best; none: one network.",
        NETWORK,
        "strong for files, unless other options describe a network",
    )
    recipe: RecipeOptions
    seed: int = option("Seed of every draw.", RUN, default=0, min=0, max=2**64 - 1)
    threads: int | None = option("Threads at most.", RUN, "all cores", min=1)
    engine: str = option(
        "Engine that computes: auto, native or reference.", RUN, default="auto"
    )
    output: Path | None = option(
        "Folder for the results.", RUN, "chainrule-DATA, numbered where it exists"
    )
    resume: bool = option(
        "Resume the interrupted run in --output.", RUN, flag="--resume", default=False
    )
    as_json: bool = option(
        "Print the results as JSON only.", RUN, flag="--json", default=False
    )

    @cached_property
    def reading(self) -> dict[str, Any]:
        """The arguments of `load_data` that say how the data are read."""
        return {"target": self.target, "test": self.test, **self.table.given()}

    @cached_property
    def asked(self) -> dict[str, Any]:
        """The fields of `Recipe`; None for those that were not given."""
        return asdict(self.recipe)

    @property
    def by_cluster(self) -> bool:
        """Return whether workers compute the gradients."""
        return self.scheduler is not None or self.workers is not None

    def command(self, *, output: Path | None = None) -> str:
        """The command line that asks for this.

        Examples
        --------
        >>> recipe = RecipeOptions(hidden=(), metrics=("r2", "loss"))
        >>> Train(data="my rows.csv", table=TableOptions(header=False), recipe=recipe, seed=2).command()
        "chainrule train 'my rows.csv' --no-header --hidden none --metrics r2,loss --seed 2"
        """
        words = ["chainrule", "train", self.data]
        given = {**self.reading, **self.asked, "seed": self.seed or None}
        given |= {"preset": self.preset, "stream": self.stream or None}
        for name in ("memory_bytes", "shards", "scheduler", "workers"):
            given[name] = getattr(self, name)
        given["engine"] = None if self.engine == "auto" else self.engine
        given |= {"threads": self.threads, "output": output}
        for name, value in given.items():
            words += [] if value is None else _words(name, value)
        return shlex.join(words)


def _words(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [as_option(name, value)]
    if name == "kinds":
        return [
            w for column, kind in value.items() for w in ("--kind", f"{column}={kind}")
        ]
    if isinstance(value, tuple):
        value = joined_names(map(str, value)) or "none"
    return [as_option(name), str(value)]
