"""`train`: from rows and targets to a trained network and the report of how it got there.

This module checks and sets up; the loop itself is in `training_run`.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj

from .arrays import array_namespace, as_numpy
from .callbacks import Callback
from .checkpoints import Checkpoint, load_checkpoint
from .draws import Purpose, generator
from .engines import Data, Rules, State, choose_engine
from .errors import InputError
from .forward_pass import checked_penalty, checked_rows, checked_weights
from .network import Network, Parameters
from .optimizers import LBFGS, OPTIMIZERS, FirstOrder, Optimizer
from .progress import ProgressLine
from .report import Report
from .schedules import SCHEDULES, Schedule
from .stopping import EarlyStopping
from .training_run import Limits, Run

__all__ = ["train"]


def train(
    network: Network,
    x: Any,
    y: Any,
    *,
    parameters: Parameters | None = None,
    initializer: str = "glorot_uniform",
    dtype: Any = "float64",
    sample_weight: Any = None,
    optimizer: str | Optimizer = "adam",
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
    early_stopping: EarlyStopping | None = None,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
    resume: str | os.PathLike[str] | None = None,
    on_nonfinite: str = "raise",
    seed: int = 0,
    engine: str = "auto",
    threads: int | None = None,
    progress: bool | None = None,
) -> Report:
    """Train a network by backpropagation.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, n_0)
    y : array_like
        Targets, as the network's loss takes them.
    parameters : Parameters, optional
        Where to start; else drawn by `initializer` and `seed` in `dtype`.
    initializer : str
        A name from `INITIALIZERS`.
    dtype : str or dtype
        Of the parameters that are drawn: "float64" or "float32".
    sample_weight : array_like, shape (N,), optional
        Row weights.
    optimizer : str or Optimizer
        A name from `OPTIMIZERS`, with its defaults, or one of its optimisers.
    schedule : str or Schedule
        A name from `SCHEDULES`, with its defaults, or one of its schedules.
    batch_rows : int, optional
        Rows per step, at most N; by default all for "gradient_descent" and "lbfgs", else 128. The
        order is drawn anew for each epoch.
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
        class by class).
    early_stopping : EarlyStopping, optional
        When to stop because nothing improves, and whether to keep the best parameters.
    callbacks : sequence of Callback
    checkpoint : Checkpoint, optional
        Where and how often to save the run.
    resume : path, optional
        A checkpoint of a run with the same settings (limits may differ): go on from it.
    on_nonfinite : {"raise", "stop"}
        What to do when a number becomes NaN or infinite: raise `NonFiniteError`, or stop and say
        so in the report.
    seed : int
        Of every draw.
    engine : str
        "auto" or a name from `ENGINES`.
    threads : int, optional
        At most so many.
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
        raise InputError(f"on_nonfinite = {on_nonfinite!r}", '"raise" or "stop"', 'Pass on_nonfinite="raise".')
    checked_penalty(l1, l2)
    limits = Limits(
        _whole("max_epochs", max_epochs, low=0),
        None if max_steps is None else _whole("max_steps", max_steps, low=0),
        _limit("max_seconds", max_seconds),
    )
    start = network.init(seed, dtype, initializer, xp=_library(x)) if parameters is None else parameters
    network.require(start)
    everything, labels = (
        checked_data(network, start, x, y, sample_weight),
        np.asarray(as_numpy(y) if hasattr(y, "shape") else y),
    )
    data, held_out = _split(network, start, everything, labels, validation, seed)
    rule = _named(optimizer, Optimizer, OPTIMIZERS, "optimizer")
    rules = Rules(
        rule,
        _named(schedule, Schedule, SCHEDULES, "schedule"),
        _batch_rows(rule, batch_rows, data.rows),
        l1,
        l2,
        _dropout(network, dropout, input_dropout),
        _limit("clip_value", clip_value),
        _limit("clip_norm", clip_norm),
        _limit("max_norm", max_norm),
        _layers(network, frozen_layers),
        seed,
    )
    _require_possible(rules)
    chosen, reason = choose_engine(engine, network, rules, start.theta)
    workspace = chosen.prepare(network, start.theta.dtype, rules.batch_rows, threads)
    slots = rule.start(start.theta) if isinstance(rule, FirstOrder) else ()
    state = State(start.theta, slots, rules.schedule.start())
    fixed = _settings(network, rules, early_stopping, data, chosen.name)
    run = Run(
        network, data, held_out, rules, limits, early_stopping, callbacks, checkpoint, fixed, chosen, workspace, state
    )  # fmt: skip
    if resume is not None:
        run.restore(load_checkpoint(resume, fixed, state))
    with ProgressLine("training", total=limits.epochs, unit="epochs", show=progress, done=run.state.epoch) as line:
        stopped = run.go(line, raise_nonfinite=on_nonfinite == "raise")
    last = Parameters(network.sizes, run.state.theta)
    keep_best = early_stopping is not None and early_stopping.keep_best and run.best is not None
    began = {"initializer": initializer if parameters is None else "given", "max_epochs": limits.epochs}
    return Report(
        network,
        Parameters(network.sizes, run.best) if keep_best else last,
        last,
        tuple(run.history),
        tuple(run.diagnoses),
        run.state.steps,
        run.watch.best_epoch if keep_best else None,
        run.seconds,
        stopped,
        run.failure,
        {**fixed, **began, "max_steps": max_steps, "max_seconds": max_seconds},
        chosen.name,
        reason,
    )


def checked_data(network: Network, parameters: Parameters, x: Any, y: Any, sample_weight: Any) -> Data:
    """Rows, targets and weights as the engines take them."""
    rows = checked_rows(network, parameters, x)
    targets = network.loss.targets(y, network.sizes[-1], parameters.theta)
    if targets.shape[0] != rows.shape[0]:
        raise InputError(
            f"{targets.shape[0]} targets for {rows.shape[0]} rows", "one target per row", "Check how y was cut."
        )
    weights = None if sample_weight is None else checked_weights(sample_weight, rows.shape[0], rows)
    return Data(rows, targets, weights)


def _split(
    network: Network,
    parameters: Parameters,
    data: Data,
    labels: np.ndarray[Any, Any],
    validation: float | tuple[Any, Any] | None,
    seed: int,
) -> tuple[Data, Data | None]:
    """Rows to train on and rows to validate on."""
    if validation is None:
        return data, None
    if isinstance(validation, tuple):
        if len(validation) not in (2, 3):
            raise InputError(f"{len(validation)} validation arrays", "(x, y) or (x, y, weights)", "Pass a tuple.")
        weights = validation[2] if len(validation) == 3 else None
        return data, checked_data(network, parameters, validation[0], validation[1], weights)
    if not 0 < validation < 1:
        raise InputError(f"validation = {validation!r}", "(x, y), or a share between 0 and 1", "Pass 0.1, say.")
    rng = generator(seed, Purpose.SPLIT)
    classes = labels if labels.ndim == 1 and labels.dtype.kind in "iub" else np.zeros(data.rows, dtype=int)
    held = np.zeros(data.rows, dtype=bool)
    for label in np.unique(classes):
        members = rng.permutation(np.flatnonzero(classes == label))
        held[members[: round(validation * members.size)]] = True
    if not held.any() or held.all():
        raise InputError(
            f"validation = {validation} of {data.rows} rows", "a share that leaves rows on both sides", "Change it."
        )
    return data.take(np.flatnonzero(~held)), data.take(np.flatnonzero(held))


def _settings(
    network: Network, rules: Rules, early_stopping: EarlyStopping | None, data: Data, engine: str
) -> dict[str, Any]:
    """What fixes the bits of a run: a checkpoint is resumed only with the same."""
    return {
        "network": {
            "sizes": list(network.sizes),
            "activations": [phi.specification() for phi in network.activations],
            "loss": network.loss.specification(),
        },
        "dtype": str(data.x.dtype).removeprefix("torch."),
        "optimizer": rules.optimizer.specification(),
        "schedule": rules.schedule.specification(),
        "batch_rows": rules.batch_rows,
        "l1": rules.l1,
        "l2": rules.l2,
        "dropout": list(rules.dropout),
        "clip_value": rules.clip_value,
        "clip_norm": rules.clip_norm,
        "max_norm": rules.max_norm,
        "frozen_layers": list(rules.frozen_layers),
        "early_stopping": None if early_stopping is None else early_stopping.specification(),
        "seed": int(rules.seed),
        "rows": data.rows,
        "data": _fingerprint(data),
        "engine": engine,
    }


def _fingerprint(data: Data) -> str:
    """A digest of rows, targets and weights: all of them when few, else a sample."""
    digest = hashlib.sha256()
    every = max(1, data.rows // 1000)
    for array in (data.x, data.y, data.sample_weight):
        if array is not None:
            digest.update(np.ascontiguousarray(as_numpy(array)[::every]).tobytes())
    return digest.hexdigest()[:16]


def _library(x: Any) -> Any:
    return array_namespace(x) if is_array_api_obj(x) and not isinstance(x, np.ndarray) else np


def _named(value: Any, kind: type, table: Mapping[str, Any], word: str) -> Any:
    if isinstance(value, kind):
        return value
    if isinstance(value, str) and value in table:
        return table[value]()
    raise InputError(
        f"{word} {value!r}", f"one of {', '.join(table)}", "Choose one of these, or make one with its parameters."
    )


def _batch_rows(optimizer: Optimizer, batch_rows: int | None, rows: int) -> int:
    if batch_rows is not None:
        batch_rows = min(_whole("batch_rows", batch_rows, low=1), rows)
    if not optimizer.full_batch:
        return min(128, rows) if batch_rows is None else batch_rows
    if batch_rows not in (None, rows):
        raise InputError(
            f"batch_rows = {batch_rows} for {optimizer.name}",
            "all rows in every step",
            'Leave batch_rows out, or use optimizer="sgd".',
        )
    return rows


def _dropout(network: Network, hidden: float | Sequence[float], inputs: float) -> tuple[float, ...]:
    count = network.n_layers - 1
    rates = (hidden,) * count if isinstance(hidden, int | float) else tuple(hidden)
    if len(rates) != count or not all(0 <= p < 1 for p in (inputs, *rates)):
        raise InputError(
            f"dropout = {hidden!r}, input_dropout = {inputs!r}",
            f"probabilities 0 <= p < 1, one or {count} for the hidden layers",
            "Pass dropout=0.5, say.",
        )
    return (float(inputs), *(float(p) for p in rates))


def _layers(network: Network, layers: Sequence[int]) -> tuple[int, ...]:
    numbers = tuple(sorted({int(layer) for layer in layers}))
    if not all(1 <= layer <= network.n_layers for layer in numbers):
        raise InputError(
            f"frozen_layers = {tuple(layers)}",
            f"numbers from 1 to {network.n_layers}",
            "Layer 1 is the first with weights.",
        )
    return numbers


def _require_possible(rules: Rules) -> None:
    if not isinstance(rules.optimizer, LBFGS):
        return
    asked = {
        "dropout": any(rules.dropout),
        "clip_value": rules.clip_value is not None,
        "clip_norm": rules.clip_norm is not None,
        "max_norm": rules.max_norm is not None,
        "frozen_layers": bool(rules.frozen_layers),
        "schedule": rules.schedule.name != "constant" or rules.schedule.warmup_epochs > 0,
    }
    wrong = [name for name, given in asked.items() if given]
    if wrong:
        raise InputError(
            f"{', '.join(wrong)} with lbfgs",
            "lbfgs with penalties only: its line search needs one smooth function",
            'Leave it out, or use optimizer="adam".',
        )


def _whole(name: str, value: Any, *, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise InputError(f"{name} = {value!r}", f"a whole number >= {low}", f"Pass {name}={max(low, 10)}, say.")
    return int(value)


def _limit(name: str, value: float | None) -> float | None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise InputError(f"{name} = {value!r}", "a finite number > 0", f"Leave {name} out for no limit.")
    return None if value is None else float(value)
