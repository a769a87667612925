"""The training loop: epochs of steps through an engine, and what is recorded of them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from .arrays import array_namespace
from .engines import Data, Rules, State, choose_engine
from .errors import InputError, NonFiniteError
from .forward_pass import checked_penalty, checked_rows, checked_weights
from .network import Network, Parameters
from .optimizers import OPTIMIZERS, Optimizer
from .progress import ProgressLine
from .report import Report, StopReason

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
    optimizer: str | Optimizer = "gradient_descent",
    batch_rows: int | None = None,
    max_epochs: int = 100,
    l1: float = 0.0,
    l2: float = 0.0,
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
        A name from `OPTIMIZERS` or one of its optimisers.
    batch_rows : int, optional
        Rows per step, at most N; by default all for "gradient_descent", else 128. The order is
        drawn anew for each epoch.
    max_epochs : int
        How often to go through the rows.
    l1, l2 : float
        Penalty factors of every step (J2); never divided.
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
        The trained parameters, the loss of each epoch, why it stopped. Ctrl-C ends the run after
        the last complete step, and the report says so.

    Raises
    ------
    InputError
        What does not fit.
    NonFiniteError
        The loss or a parameter became NaN or infinite.

    Examples
    --------
    >>> net = Network((2, 4, 1), ("tanh", "sigmoid"), "binary_cross_entropy")
    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> from chainrule.optimizers import GradientDescent
    >>> report = train(net, x, y, optimizer=GradientDescent(learning_rate=1.0), max_epochs=2000)
    >>> report.loss[-1] < 0.01
    True
    """
    rules = Rules(
        _optimizer(optimizer), _whole("batch_rows", batch_rows, low=1) if batch_rows is not None else 0, l1, l2, seed
    )
    checked_penalty(l1, l2)
    _whole("max_epochs", max_epochs, low=0)
    start = network.init(seed, dtype, initializer, xp=_library(x)) if parameters is None else parameters
    network.require(start)
    data = checked_data(network, start, x, y, sample_weight)
    rules = replace(rules, batch_rows=_batch_rows(rules, data.rows))
    chosen, reason = choose_engine(engine, network, rules, start.theta)
    workspace = chosen.prepare(network, start.theta.dtype, rules.batch_rows, threads)

    state = State(start.theta, rules.optimizer.start(start.theta))
    history: list[float] = []
    total = weight = 0.0

    def after_step(new: State, J: float, w: float) -> None:
        nonlocal state, total, weight
        state, total, weight = new, total + w * J, weight + w

    stopped = StopReason.EPOCHS
    began = time.perf_counter()
    with ProgressLine("training", total=max_epochs, unit="epochs", show=progress) as line:
        try:
            while state.epoch < max_epochs:
                total = weight = 0.0
                state = chosen.run_epoch(workspace, rules, data, state, after_step)
                history.append(total / weight)
                _require_finite(history[-1], state)
                line.advance(f"loss {history[-1]:.4g}")
        except KeyboardInterrupt:
            stopped = StopReason.INTERRUPTED
    settings = {
        "optimizer": rules.optimizer.specification(),
        "batch_rows": rules.batch_rows,
        "max_epochs": max_epochs,
        "l1": l1,
        "l2": l2,
        "seed": seed,
        "initializer": initializer if parameters is None else "given",
        "dtype": str(start.theta.dtype).removeprefix("torch."),
        "rows": data.rows,
    }
    return Report(
        network,
        Parameters(network.sizes, state.theta),
        tuple(history),
        state.epoch,
        state.steps,
        time.perf_counter() - began,
        stopped,
        settings,
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


def _library(x: Any) -> Any:
    from array_api_compat import is_array_api_obj

    if is_array_api_obj(x):
        return array_namespace(x)
    import numpy as np

    return np


def _optimizer(optimizer: str | Optimizer) -> Optimizer:
    if isinstance(optimizer, Optimizer):
        return optimizer
    if optimizer in OPTIMIZERS:
        return OPTIMIZERS[optimizer]()
    raise InputError(f"optimizer {optimizer!r}", ", ".join(OPTIMIZERS), "Choose one of these.")


def _batch_rows(rules: Rules, rows: int) -> int:
    if rules.optimizer.full_batch:
        if rules.batch_rows not in (0, rows):
            raise InputError(
                f"batch_rows = {rules.batch_rows} for {rules.optimizer.name}",
                "all rows in every step",
                'Leave batch_rows out, or use optimizer="sgd".',
            )
        return rows
    return min(rules.batch_rows or 128, rows)


def _whole(name: str, value: Any, *, low: int) -> int:
    import numpy as np

    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise InputError(f"{name} = {value!r}", f"a whole number >= {low}", f"Pass {name}={max(low, 10)}, say.")
    return int(value)


def _require_finite(J: float, state: State) -> None:
    import math

    if not math.isfinite(J):
        raise NonFiniteError(
            f"a loss of {J} in epoch {state.epoch}, by step {state.steps}",
            "a finite loss",
            "Lower the learning rate, or scale the inputs to about 1.",
        )
