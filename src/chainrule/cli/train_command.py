"""`chainrule train`: from data to a trained, tested, checked and saved model with its report."""

from __future__ import annotations

import contextlib
import os
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.evaluation import evaluate
from ..data.load import DATA_SETS, load_data
from ..data.names import joined_names
from ..engines.predictor import Predictor
from ..engines.shards import SLICE_ROWS
from ..equations.gradient_check import GradientCheck, check_gradient
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..optimizers.one_thread import one_thread
from ..training.checkpoints import Checkpoint
from ..training.cluster_client import cluster_client, require_cluster
from ..training.entry import SHARDS, train
from ..training.report import Report, StopReason
from .options import option_name
from .output import Output
from .plain_progress import PlainProgress
from .recipes import (
    CLASS_LOSSES,
    Recipe,
    build_network,
    build_optimizer,
    build_schedule,
    build_stopping,
    recipe_for,
    require_metrics,
    require_name,
)
from .run_folder import CHECKPOINT, MODEL, prepare_folder
from .run_results import Results, save
from .stream_set import (
    StreamSet,
    is_pattern,
    proposal,
    stream_set,
    streamed_recipe,
)
from .train_output import say_data, say_json, say_next, say_recipe, say_results

__all__ = ["TrainRequest", "run"]

#: The trained gradient is checked on this many rows, at most so many entries of each array; of large networks, where
#: an entry takes longer, so many that entries times parameters are `CHECK_WORK`.
CHECK_ROWS, CHECK_ENTRIES, FEWEST_ENTRIES, CHECK_WORK = 20, 200, 20, 2_000_000
#: The word for a network by the other options, where a preset of averaged ones would be the default.
ONE_NETWORK = "none"
#: Seconds between checkpoints.
CHECKPOINT_SECONDS = 5


@dataclass(frozen=True)
class TrainRequest:
    """The request to `chainrule train`.

    Parameters
    ----------
    data : str
        A name or a file.
    reading : dict
        How `load_data` reads it.
    asked : dict
        Fields of `Recipe` that were given; None for the others.
    seed : int
    output : Path or None
        The folder for the results.
    resume : bool
    engine : str
    threads : int or None
    as_json : bool
        Whether the results are printed as JSON, and nothing else.
    preset : str or None
        Of averaged networks, or `ONE_NETWORK`; None for what fits the data.
    stream : bool or None
        Whether rows are read from the files in each epoch; None where several files alone are.
    memory_bytes : int or None
        The memory that a stream may take.
    shards : int or None
        Over which gradients are summed; of a cluster 64 by default.
    scheduler : str or None
        The address of a cluster's.
    workers : int or None
        Processes here in its place.
    """

    data: str
    reading: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    output: Path | None = None
    resume: bool = False
    engine: str = "auto"
    threads: int | None = None
    as_json: bool = False
    preset: str | None = None
    stream: bool | None = None
    memory_bytes: int | None = None
    shards: int | None = None
    scheduler: str | None = None
    workers: int | None = None

    @property
    def by_cluster(self) -> bool:
        """Return whether workers compute the gradients."""
        return self.scheduler is not None or self.workers is not None

    def command(self, *, output: Path | None = None) -> str:
        """The command line that asks for this."""
        words = ["chainrule", "train", self.data]
        for name, value in {**self.reading, **self.asked}.items():
            words += _option(name, value)
        words += ["--seed", str(self.seed)] if self.seed else []
        words += ["--preset", self.preset] if self.preset is not None else []
        words += ["--stream"] if self.stream else []
        memory = self.memory_bytes
        words += [] if memory is None else ["--memory-bytes", str(memory)]
        for name in ("shards", "scheduler", "workers"):
            words += _option(name, getattr(self, name))
        words += ["--engine", self.engine] if self.engine != "auto" else []
        words += ["--threads", str(self.threads)] if self.threads is not None else []
        words += ["--output", str(output)] if output is not None else []
        return shlex.join(words)


def _option(name: str, value: Any) -> list[str]:
    if (
        value is None or value == () or name in ("numbers", "standardize_target")
    ):  # these two follow from --loss
        return []
    option = option_name(name)
    if name == "header":
        return ["--header" if value else "--no-header"]
    if name == "kinds":
        return [
            w for column, kind in value.items() for w in ("--kind", f"{column}={kind}")
        ]
    if isinstance(value, tuple | list):
        return [option, joined_names(map(str, value)) or "none"]
    return [option, str(value)]


def default_preset(request: TrainRequest, data: Dataset) -> str:
    """The preset where none is asked for: of a table in a file whose network nobody describes, else one network."""
    described = request.resume or request.engine != "auto"
    described |= isinstance(data, StreamSet) or request.shards is not None
    described |= any(value is not None for value in request.asked.values())
    of_file = data.train_rows is not None and request.data not in DATA_SETS
    return "strong" if of_file and not described else ONE_NETWORK


def run(request: TrainRequest) -> int:
    """Train, test, check, save; the exit status."""
    if request.by_cluster:
        require_cluster_options(request)
    data = data_of(request)
    preset = request.preset or default_preset(request, data)
    if preset != ONE_NETWORK and request.shards is not None:
        raise InputError(
            f"--shards {request.shards} with --preset {preset}",
            "shards of the plain network's rows",
            "Leave one of both out.",
        )
    if preset != ONE_NETWORK:
        return run_preset(request, preset, data)
    recipe = recipe_for(data, **request.asked)
    if isinstance(data, StreamSet):
        recipe = streamed_recipe(data, recipe, request.asked)
    if request.shards is not None or request.by_cluster:
        recipe = sharded_recipe(recipe, request)
    network = build_network(data, recipe)
    # what cannot be is said before a folder is made
    build_optimizer(recipe)
    build_schedule(recipe)
    require_metrics(data, recipe)
    existed = request.output is not None and request.output.exists()
    folder = prepare_folder(request.output, data.name, resume=request.resume)
    again = f"{request.command(output=folder)} --resume"
    try:
        return train_and_save(
            Output(quiet=request.as_json), request, data, recipe, network, folder, again
        )
    except KeyboardInterrupt as stop:
        if (folder / CHECKPOINT).exists():
            stop.args = (f"interrupted; resume: {again}",)
        elif (folder / MODEL).exists():  # this run's, or that of one before
            stop.args = ("interrupted.",)
        raise
    except InputError:
        if not existed:
            with contextlib.suppress(OSError):  # it holds something
                folder.rmdir()
        raise


def require_cluster_options(request: TrainRequest) -> None:
    """Raise for a cluster that cannot be had, before all rows are read once."""
    shards, workers = request.shards or SHARDS, request.workers
    if request.scheduler is not None and workers is not None:
        raise InputError(
            f"--workers {workers} beside --scheduler",
            "workers of a scheduler that runs, or workers on this machine",
            "Leave one of both out.",
        )
    if request.stream is False:
        raise InputError(
            "--no-stream beside --workers or --scheduler",
            "streams, whose files each worker reads",
            "Leave one of both out.",
        )
    if workers is not None and workers > shards:
        raise InputError(
            f"--workers {workers} for {shards} shards",
            f"at most {shards} workers, as each has a shard or more",
            "Pass fewer; no more than there are cores is best.",
        )
    require_cluster(request.scheduler)


def sharded_recipe(recipe: Recipe, request: TrainRequest) -> Recipe:
    """The recipe with batches of 256 rows for each shard, unless others are asked for."""
    if recipe.batch_rows is None or request.asked.get("batch_rows") is not None:
        return recipe
    return replace(recipe, batch_rows=(request.shards or SHARDS) * SLICE_ROWS)


def data_of(request: TrainRequest) -> Dataset:
    """The data set of a request, read whole or as a stream."""
    loss = request.asked.get("loss")
    numbers = None if loss is None else loss not in CLASS_LOSSES
    standardize = loss != "poisson"
    streamed = request.stream
    if streamed is None:
        streamed = is_pattern(request.data) or request.by_cluster
    if streamed:
        if request.preset not in (None, ONE_NETWORK):
            raise InputError(
                f"--preset {request.preset} with --stream",
                "the plain network, as averaged networks need all rows in memory",
                "Leave --preset out.",
            )
        said = f"{request.data}: one pass over all rows, to prepare the columns"
        Output(quiet=request.as_json).print(said, soft_wrap=True)
        return stream_set(
            request.data,
            request.reading,
            numbers,
            standardize,
            request.seed,
            request.memory_bytes,
        )
    if proposed := proposal(request.data):
        Output(quiet=request.as_json).print(proposed, soft_wrap=True)
    return load_data(
        request.data,
        **request.reading,
        numbers=numbers,
        standardize_target=standardize,
    )


def run_preset(request: TrainRequest, preset: str, data: Dataset) -> int:
    """Train the averaged networks of a preset in place of one network; the exit status."""
    from ..estimators.tabular.recipe import PRESETS
    from .average_command import Asked, run_average

    require_name("--preset", preset, {**PRESETS, ONE_NETWORK: None})
    if request.resume:
        raise InputError(
            f"--resume with --preset {preset}",
            "--resume of a run of one network",
            "Train again: the same seed gives the same model.",
        )
    asked = Asked(
        request.data,
        request.reading,
        preset,
        request.seed,
        request.threads,
        request.asked.get("epochs"),
        request.output,
        request.as_json,
        request.command(output=request.output),
    )
    others = {n: v for n, v in request.asked.items() if n != "epochs"}
    return run_average(asked, others, data)


def train_and_save(
    console: Output,
    request: TrainRequest,
    data: Dataset,
    recipe: Recipe,
    network: Network,
    folder: Path,
    again: str,
) -> int:
    """The job itself: `again` is the command that resumes it; the exit status."""
    saved = folder / CHECKPOINT
    say_data(console, data)
    say_recipe(console, network, recipe, request.seed)
    report = train_network(console, request, data, recipe, network, saved)
    x_test = data.scaled("float32")[1]
    done = evaluate(
        data.preparation.target,
        np.asarray(Predictor(network, report.parameters)(x_test)),
        data.y_test,
    )
    checked = check_trained(
        network, report.parameters, x_test, data.standardized_targets()[1], request.seed
    )
    results = Results(
        data, recipe, report, done, checked, request.command(), request.seed
    )
    say_results(console, results)
    save(folder, results)
    if request.as_json:
        say_json(results, folder)
    console.print(f"model and report in {folder}/", soft_wrap=True)
    if report.stopped is StopReason.INTERRUPTED:
        console.print(f"{report.stopped.value} Resume: {again}", soft_wrap=True)
        return 130
    saved.unlink(missing_ok=True)
    say_next(console, folder)
    return 1 if checked.failed else 0


def train_network(
    console: Output,
    request: TrainRequest,
    data: Dataset,
    recipe: Recipe,
    network: Network,
    saved: Path,
) -> Report:
    """The training, with what it says while it runs."""
    x: Any = data.x_train
    y: Any = None
    if isinstance(data, StreamSet):
        x = data.stream
    else:
        y = data.standardized_targets()[0]
    lines = (
        []
        if console.is_terminal or console.quiet
        else [PlainProgress(console.print, recipe.epochs)]
    )
    connected: Any = contextlib.nullcontext()
    if request.by_cluster:
        connected = cluster_client(request.scheduler, request.workers)
    with connected as client:
        return train(
            network,
            x,
            y,
            shards=request.shards,
            client=client,
            input_scale=None if y is None else data.scale,
            initializer=recipe.initializer,
            dtype="float32",
            optimizer=build_optimizer(recipe),
            schedule=build_schedule(recipe),
            batch_rows=recipe.batch_rows,
            max_epochs=recipe.epochs,
            max_steps=recipe.steps,
            dropout=recipe.dropout if recipe.hidden else 0.0,
            l2=recipe.l2,
            validation=recipe.validation or None,
            metrics=recipe.metrics,
            early_stopping=build_stopping(data, recipe),
            seed=request.seed,
            callbacks=lines,
            checkpoint=Checkpoint(
                saved, every_seconds=CHECKPOINT_SECONDS, notes=notes_of(request, recipe)
            ),
            resume=saved if request.resume and saved.exists() else None,
            engine=request.engine,
            threads=request.threads,
        )


def notes_of(request: TrainRequest, recipe: Recipe) -> dict[str, Any]:
    """The notes on how the rows of a run were read and divided, for `chainrule explain`."""
    reading = {
        name: os.fspath(value) if isinstance(value, os.PathLike) else value
        for name, value in request.reading.items()
    }
    return {
        "data": request.data,
        "reading": reading,
        "validation": recipe.validation,
    }


def check_trained(
    network: Network,
    parameters: Parameters,
    x: np.ndarray[Any, Any],
    y: np.ndarray[Any, Any],
    seed: int,
) -> GradientCheck:
    """The gradient check at the trained parameters, in float64."""
    exact = Parameters(parameters.sizes, parameters.theta.astype(np.float64))
    entries = max(
        FEWEST_ENTRIES, min(CHECK_ENTRIES, CHECK_WORK // network.n_parameters)
    )
    # small products: on cores that others use, the threads of a BLAS wait for each other twenty times as long
    with one_thread():
        return check_gradient(
            network,
            exact,
            x[:CHECK_ROWS],
            y[:CHECK_ROWS],
            max_entries=entries,
            seed=seed,
        )
