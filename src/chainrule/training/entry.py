"""`train`: from rows and targets to a trained network and the report of how it got there.

This module checks and sets up; the loop itself is in `run`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj

from ..data.streams import Stream
from ..engines import choose_engine
from ..engines.interface import Engine, Workspace
from ..engines.rows import Data
from ..engines.sharded import ShardedSteps, require_shards, sharded
from ..engines.shards import SLICE_ROWS, Shards
from ..engines.threads import checked_threads
from ..equations.arrays import Array, array_namespace, row_major
from ..equations.forward_pass import checked_penalty
from ..equations.initializers import Initializer
from ..equations.network import Network, Parameters
from ..equations.table import chosen
from ..errors import InputError
from ..optimizers import Optimizer
from ..optimizers.rules import Rules
from ..optimizers.schedules import SCHEDULES, Schedule
from ..progress import ProgressLine
from .callbacks import Callback
from .checkpoints import Checkpoint, load_checkpoint
from .cluster import sharded_stream
from .given_rows import checked_data, split_off
from .metrics import Metric
from .options import (
    checked_batch_rows,
    checked_count,
    checked_dropout,
    checked_layers,
    checked_limit,
    checked_metrics,
    checked_optimizer,
    checked_order,
    require_kinds,
    require_learnable,
    require_possible,
)
from .report import Report
from .run import Limits, Run
from .shard_holder import Job
from .stopping import EarlyStopping
from .streamed import StreamedData, require_fitting, streamed_rows, without_arrays

#: The shards of a run by a cluster, unless it is told.
SHARDS = 64

__all__ = ["SHARDS", "in_double", "train"]


def train(
    network: Network,
    x: Any,
    y: Any = None,
    *,
    parameters: Parameters | None = None,
    initializer: str | Initializer = "glorot_uniform",
    dtype: Any = "float64",
    sample_weight: Any = None,
    optimizer: str | Optimizer = "adam",
    learning_rate: float | None = None,
    schedule: str | Schedule = "constant",
    batch_rows: int | None = None,
    max_epochs: int = 100,
    max_steps: int | None = None,
    max_seconds: float | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    dropout: float | Sequence[float] = 0.0,
    input_dropout: float = 0.0,
    clip_value: float | None = None,
    clip_norm: float | None = None,
    max_norm: float | None = None,
    frozen_layers: Sequence[int] = (),
    validation: float | tuple[Any, Any] | None = None,
    metrics: Sequence[str | Metric | Callable[..., float]] = (),
    early_stopping: EarlyStopping | None = None,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
    resume: str | os.PathLike[str] | None = None,
    on_nonfinite: str = "raise",
    seed: int = 0,
    order: Callable[[int], Any] | None = None,
    input_scale: float | None = None,
    engine: str = "auto",
    threads: int | None = None,
    shards: int | None = None,
    client: Any = None,
    progress: bool | None = None,
) -> Report:
    """Train a network by backpropagation.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, n_0), or Stream
        Rows in memory; or a `stream` of rows in files, with their targets and weights.
    y : array_like
        Targets, as the network's loss takes them; none beside a stream.
    parameters : Parameters, optional
        Where to start; else drawn by `initializer` and `seed` in `dtype`.
    initializer : str or callable
        A name from `INITIALIZERS`, or a function draw(rng, fan_out, fan_in) of your own.
    dtype : str or dtype
        Of the parameters that are drawn: "float64" or "float32".
    sample_weight : array_like, shape (N,), optional
        Row weights.
    optimizer : str or Optimizer
        A name from `OPTIMIZERS`, with its defaults, or one of its optimizers.
    learning_rate : float, optional
        That of an optimizer that is named; by default its own. An optimizer that is made has its own already.
    schedule : str or Schedule
        A name from `SCHEDULES`, with its defaults, or one of its schedules.
    batch_rows : int, optional
        Rows per step, of which at most N are taken; by default all for "gradient_descent", "lbfgs" and
        "levenberg_marquardt", else 128, with shards 256 for each. The order is drawn anew for each epoch.
    max_epochs, max_steps : int
        How often to go through the rows, and how many steps to take at most.
    max_seconds : float, optional
        Stop after the step in which so much wall-clock time has passed.
    l1, l2 : float
        Penalty factors of every step (J2); never divided.
    dropout : float or sequence of float
        Probability that a hidden unit is dropped, for all hidden layers or one number each.
    input_dropout : float
        The same for inputs.
    clip_value, clip_norm : float, optional
        Largest size of an entry of the gradient, and of its norm; the value is clipped first.
    max_norm : float, optional
        Largest norm of the weights that lead to one unit.
    frozen_layers : sequence of int
        Layers, from 1, whose weights and biases stay as they are.
    validation : (x, y) or float, optional
        Rows to validate on, or the share of the rows to split off (by `seed`; for class labels,
        class by class; of a stream by a hash of the row number).
    metrics : sequence of str, Metric or callable
        What is recorded after each epoch beside the loss (`Epoch.metrics`), of the validation rows where there are
        some, else of the training rows: names from `METRICS`, metrics of your own, or functions of encoded targets
        and outputs, both (N, n_L) on NumPy. That of `early_stopping` is always among them.
    early_stopping : EarlyStopping, optional
        When to stop because nothing improves, and whether to keep the best parameters.
    callbacks : sequence of Callback
    checkpoint : Checkpoint, optional
        Where and how often to save the run.
    resume : path, optional
        A checkpoint of a run with the same settings (limits may differ): continue from it.
    on_nonfinite : {"raise", "stop"}
        What to do when a number becomes NaN or infinite: raise `NonFiniteError`, or stop and say
        so in the report.
    seed : int
        Of every draw.
    order : callable, optional
        Of the number of an epoch, from 0, the row numbers in its order, or None for the rows as they lie; by default
        drawn from (seed, epoch). `lambda epoch: rows.order(seed, epoch).positions()` is the order of a stream. One
        batch of all rows is of rows as they lie.
    input_scale : float, optional
        For x of dtype uint8, as pixels are: it stays so in memory, and the network sees
        x · input_scale.
    engine : {"auto", "native", "reference"}
        "auto" is the fastest that can do the job.
    threads : int, optional
        At most so many: from 1 to 64, also more than there are cores. By default what CHAINRULE_NUM_THREADS or
        OMP_NUM_THREADS say, cut to the cores that the process may use, or these cores.
    shards : int, optional
        Sum each gradient over so many logical shards (`docs/cluster.md`): of all rows, or of at least 256 rows a shard;
        for "levenberg_marquardt", in its primal form, also JᵀJ. Their order is one of its own; it and the sums depend
        on the rows, `seed` and `shards` alone.
    client : distributed.Client, optional
        Of a Dask cluster (extra `cluster`), whose workers sum over the shards of a stream; 64 of them by default. The
        bits are those of the same shards here.
    progress : bool, optional
        A live line on standard error; by default only on a terminal.

    Returns
    -------
    Report
        The trained parameters, a record of each epoch, why it stopped. Ctrl-C ends the run after
        the last complete step, and the report says so.

    Raises
    ------
    InputError
        What does not fit.
    NonFiniteError
        Names the step, the quantity and its layer.

    Examples
    --------
    >>> net = Network((2, 4, 1), ("tanh", "sigmoid"), "binary_cross_entropy")
    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> report = train(net, x, y, optimizer="lbfgs", max_epochs=200)
    >>> report.loss[-1] < 1e-4
    True
    """
    if on_nonfinite not in ("raise", "stop"):
        raise InputError(
            f"on_nonfinite = {on_nonfinite!r}",
            '"raise" or "stop"',
            'Pass on_nonfinite="raise".',
        )
    checked_penalty(l1, l2)
    require_kinds(network, early_stopping, callbacks, checkpoint, resume)
    recorded = checked_metrics(metrics, early_stopping, network.loss)
    require_learnable(network)
    threads = checked_threads(threads)
    shards = _checked_shards(shards, client, x, order)
    limits = Limits(
        checked_count("max_epochs", max_epochs, low=0),
        None if max_steps is None else checked_count("max_steps", max_steps, low=0),
        checked_limit("max_seconds", max_seconds),
    )
    start = (
        network.init(seed, dtype, initializer, xp=_library(x))
        if parameters is None
        else parameters
    )
    network.require(start)
    rule = checked_optimizer(optimizer, learning_rate)
    asked = start.theta
    start = Parameters(start.sizes, row_major(in_double(rule, asked)))
    data: Data
    if isinstance(x, Stream):
        arrays = {"y": y, "sample_weight": sample_weight, "input_scale": input_scale}
        without_arrays(arrays | {"order": order})
        data, held_out = streamed_rows(network, start, x, validation, seed)
        if recorded and held_out is None:
            raise InputError(
                f"{recorded[0].name} of a stream without rows to validate on",
                "metrics of validation rows, which are in memory",
                "Pass validation=0.05, say, or leave the metrics out.",
            )
    else:
        everything = checked_data(network, start, x, y, sample_weight, input_scale)
        data, held_out = split_off(network, start, everything, y, validation, seed)
    batch = checked_batch_rows(
        rule, batch_rows, data.rows, 128 if shards is None else shards * SLICE_ROWS
    )
    rules = Rules(
        rule,
        chosen(schedule, Schedule, SCHEDULES, "schedule"),
        batch,
        float(l1),
        float(l2),
        checked_dropout(network, dropout, input_dropout),
        checked_limit("clip_value", clip_value),
        checked_limit("clip_norm", clip_norm),
        checked_limit("max_norm", max_norm),
        checked_layers(network, frozen_layers),
        seed,
        checked_order(order, data.rows, batch),
    )
    require_possible(rules)
    _require_steps(network, rules, data, shards)
    able, reason = choose_engine(engine, network, rules, start.theta)
    state = rules.start(start.theta)
    fixed = _settings(network, rules, early_stopping, data, held_out, able.name)
    fixed["shards"] = shards
    if order is not None:
        fixed["order"] = "given"
    if isinstance(data, StreamedData) and shards is None:
        fixed["window_rows"] = data.stream.window_rows
    prepared = _prepared(
        able, network, rules, data, start.theta, threads, shards, client
    )
    with prepared as (by_shards, workspace):
        run = Run(
            network,
            data,
            held_out,
            rules,
            limits,
            early_stopping,
            callbacks,
            checkpoint,
            fixed,
            able,
            workspace,
            state,
            metrics=recorded,
            sharded=by_shards,
        )
        if resume is not None:
            run.restore(load_checkpoint(resume, fixed, state))
        with ProgressLine(
            "training",
            total=limits.epochs,
            unit="epochs",
            show=progress,
            done=run.state.epoch,
        ) as line:
            stopped = run.go(line, raise_nonfinite=on_nonfinite == "raise")
    last = Parameters(network.sizes, as_asked(run.state.theta, asked))
    keep_best = (
        early_stopping is not None and early_stopping.keep_best and run.best is not None
    )
    began = {
        "initializer": (
            getattr(initializer, "__name__", str(initializer))
            if parameters is None
            else "given"
        ),
        "max_epochs": limits.epochs,
        "metrics": [metric.name for metric in recorded],
    }
    return Report(
        network,
        Parameters(network.sizes, as_asked(run.best, asked)) if keep_best else last,
        last,
        tuple(run.history),
        tuple(run.diagnoses),
        run.state.steps,
        run.watch.best_epoch if keep_best else None,
        run.seconds,
        stopped,
        None if run.failure is None else str(run.failure),
        {**fixed, **began, "max_steps": max_steps, "max_seconds": max_seconds},
        able.name,
        reason,
    )


def _checked_shards(shards: Any, client: Any, x: Any, order: Any) -> int | None:
    """The number of shards, 64 by default for a client."""
    if client is not None and not isinstance(x, Stream):
        raise InputError(
            "a client beside rows in memory",
            "a client for a stream, whose files each worker reads; rows are not sent",
            "Write the rows to files that the workers see, and pass stream(…); or leave client out.",
        )
    if shards is None:
        return None if client is None else SHARDS
    if order is not None:
        raise InputError(
            "an order beside shards",
            "shards in an order of their own, drawn from the seed",
            "Leave one of both out.",
        )
    return checked_count("shards", shards, low=1)


def _require_steps(
    network: Network, rules: Rules, data: Data, shards: int | None
) -> None:
    """Refuse steps that these rows, by shards or as a stream, do not allow."""
    at_once = data.rows
    if shards is not None:
        at_once = require_shards(shards, data.rows, rules)
    elif isinstance(data, StreamedData):
        require_fitting(data.stream, rules.optimizer, rules.batch_rows)
    rules.optimizer.require(network, at_once, rules.l1, rules.l2, shards)


@contextmanager
def _prepared(
    engine: Engine,
    network: Network,
    rules: Rules,
    data: Data,
    theta: Array,
    threads: int | None,
    shards: int | None,
    client: Any,
) -> Iterator[tuple[ShardedSteps | None, Workspace]]:
    """Steps by shards, where there are some, and the workspace, until the run has ended."""
    if shards is None:
        yield None, engine.prepare(network, rules, theta.dtype, threads, data.scale)
    elif not isinstance(data, StreamedData):
        yield sharded(engine, network, rules, data, shards, theta.dtype, threads)
    else:
        cut = Shards(data.rows, shards, rules.batch_rows, rules.seed)
        job = Job(network, rules, cut, data.stream, str(theta.dtype), engine.name)
        with sharded_stream(job, client, threads) as prepared:
            yield prepared


def in_double(optimizer: Optimizer, theta: Array) -> Array:
    """θ in float64 where the optimizer computes so, else as it is."""
    xp = array_namespace(theta)
    return xp.astype(theta, xp.float64) if optimizer.double else theta


def as_asked(theta: Array, asked: Array) -> Array:
    """θ in the dtype that was asked for."""
    xp = array_namespace(theta)
    return theta if theta.dtype == asked.dtype else xp.astype(theta, asked.dtype)


def _settings(
    network: Network,
    rules: Rules,
    early_stopping: EarlyStopping | None,
    data: Data,
    validation: Data | None,
    engine: str,
) -> dict[str, Any]:
    """The settings that fix the bits of a run: a checkpoint is resumed only with the same."""
    return {
        "network": {
            "sizes": list(network.sizes),
            "activations": [phi.specification() for phi in network.activations],
            "loss": network.loss.specification(),
        },
        "dtype": str(data.y.dtype).removeprefix("torch."),
        "input_scale": data.scale,
        **rules.specification(),
        "early_stopping": None
        if early_stopping is None
        else early_stopping.specification(),
        "rows": data.rows,
        "data": data.fingerprint(),
        "validation": None if validation is None else validation.fingerprint(),
        "engine": engine,
    }


def _library(x: Any) -> Any:
    return (
        array_namespace(x)
        if is_array_api_obj(x) and not isinstance(x, np.ndarray)
        else np
    )
