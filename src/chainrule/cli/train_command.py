"""`chainrule train`: from data to a trained, tested, checked and saved model with its report."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.evaluation import evaluate
from ..data.named_sets import DATA_SETS
from ..engines.predictor import Predictor
from ..equations.check_result import GradientCheck
from ..equations.gradient_check import check_gradient
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..optimizers.one_thread import one_thread
from ..training.checkpoints import Checkpoint
from ..training.cluster_client import cluster_client
from ..training.entry import SHARDS, train
from ..training.report import Report, StopReason
from .options.train import Train
from .output import Output
from .plain_progress import PlainProgress
from .recipe_parts import (
    build_network,
    build_optimizer,
    build_schedule,
    build_stopping,
    require_metrics,
    require_name,
)
from .recipes import Recipe, recipe_for, sharded, streamed
from .run_folder import CHECKPOINT, MODEL, prepare_folder
from .run_results import Results, save
from .stream_set import StreamSet
from .train_data import ONE_NETWORK, data_of, require_cluster_options
from .train_output import say_data, say_json, say_next, say_recipe, say_results

__all__ = ["run"]

#: The trained gradient is checked on this many rows, at most so many entries of each array; of large networks, where
#: an entry takes longer, so many that entries times parameters are `CHECK_WORK`.
CHECK_ROWS, CHECK_ENTRIES, FEWEST_ENTRIES, CHECK_WORK = 20, 200, 20, 2_000_000
#: Seconds between checkpoints.
CHECKPOINT_SECONDS = 5


def default_preset(request: Train, data: Dataset) -> str:
    """The preset where none is asked for: of a table in a file whose network nobody describes, else one network."""
    described = request.resume or request.engine != "auto"
    described |= isinstance(data, StreamSet) or request.shards is not None
    described |= any(value is not None for value in request.asked.values())
    of_file = data.train_rows is not None and request.data not in DATA_SETS
    return "strong" if of_file and not described else ONE_NETWORK


def run(request: Train) -> int:
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
        recipe = streamed(recipe, data.rows, data.stream.window_rows, request.asked)
    if request.shards is not None or request.by_cluster:
        recipe = sharded(recipe, request.shards or SHARDS, request.asked)
    network = build_network(data, recipe)
    # what cannot be is said before a folder is made
    build_optimizer(recipe)
    build_schedule(recipe)
    require_metrics(data, recipe)
    existed = request.output is not None and request.output.exists()
    folder = prepare_folder(request.output, data.name, resume=request.resume)
    again = f"{request.command(output=folder)} --resume"
    try:
        return train_and_save(request, data, recipe, network, folder, again)
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


def run_preset(request: Train, preset: str, data: Dataset) -> int:
    """Train the averaged networks of a preset in place of one network; the exit status."""
    from ..estimators.tabular.recipe import PRESETS
    from .average_command import run_average

    require_name("--preset", preset, {**PRESETS, ONE_NETWORK: None})
    if request.resume:
        raise InputError(
            f"--resume with --preset {preset}",
            "--resume of a run of one network",
            "Train again: the same seed gives the same model.",
        )
    return run_average(request, preset, data)


def train_and_save(
    request: Train,
    data: Dataset,
    recipe: Recipe,
    network: Network,
    folder: Path,
    again: str,
) -> int:
    """The job itself: `again` is the command that resumes it; the exit status."""
    console, saved = Output(quiet=request.as_json), folder / CHECKPOINT
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
    request: Train,
    data: Dataset,
    recipe: Recipe,
    network: Network,
    saved: Path,
) -> Report:
    """The training, with what it says while it runs."""
    streams = isinstance(data, StreamSet)
    plain = not (console.is_terminal or console.quiet)
    connected: Any = contextlib.nullcontext()
    if request.by_cluster:
        connected = cluster_client(request.scheduler, request.workers)
    with connected as client:
        return train(
            network,
            data.stream if isinstance(data, StreamSet) else data.x_train,
            None if streams else data.standardized_targets()[0],
            shards=request.shards,
            client=client,
            input_scale=None if streams else data.scale,
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
            callbacks=[PlainProgress(console.print, recipe.epochs)] if plain else [],
            checkpoint=Checkpoint(
                saved, every_seconds=CHECKPOINT_SECONDS, notes=notes_of(request, recipe)
            ),
            resume=saved if request.resume and saved.exists() else None,
            engine=request.engine,
            threads=request.threads,
        )


def notes_of(request: Train, recipe: Recipe) -> dict[str, Any]:
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
