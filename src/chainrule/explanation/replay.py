"""A training step taken again out of a checkpoint: the moment before it, and what the run's engine made of it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from ..engines import ENGINES, choose_engine
from ..engines.rows import Data, batches, batches_per_epoch
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..files.container import read_file, unreadable
from ..files.schema import UnknownNameError, fitted, made_of
from ..files.storage import build_network
from ..optimizers.rules import Rules
from ..optimizers.schedules import SCHEDULES
from ..optimizers.state import State
from ..optimizers.table import OPTIMIZERS
from ..progress import ProgressLine
from ..training.checkpoint_text import SettingsText
from ..training.checkpoints import FORMAT, load_checkpoint
from ..training.given_rows import checked_data, split_off
from ..training.options import checked_count
from ..training.run import Limits, Run
from ..training.stopping import StopReason
from .moment import Moment
from .traits import step_is_a_formula

__all__ = ["FORMAT", "moment_of_step", "settings_of"]

#: More epochs than a run has.
ENDLESS = 2**31


def moment_of_step(
    path: str | os.PathLike[str],
    x: Any,
    y: Any,
    step: int | None,
    *,
    sample_weight: Any = None,
    validation: float | tuple[Any, Any] | None = None,
) -> tuple[Moment, str]:
    """The begin and the outcome of step k of a run, and the name of the engine that made it.

    Parameters
    ----------
    path : path
        A checkpoint from before the step.
    x, y, sample_weight, validation
        What `chainrule.train` was given.
    step : int, optional
        From 1; by default the first after the checkpoint.

    Raises
    ------
    InputError
        Not a checkpoint, other rows than the run's, a step before the checkpoint or after the end, L-BFGS, shards, an
        order of the user's own, a stream.
    """
    if step is not None:
        step = checked_count("step", step, low=1)
    content, tensors = read_file(path, FORMAT)
    settings: Any = content.get("settings")
    network, rules = settings_of(path, settings)
    if "theta" not in tensors:
        raise unreadable(path, f"other numbers than theta: {', '.join(tensors)}")
    start = Parameters(network.sizes, tensors["theta"])
    network.require(start)
    everything = checked_data(
        network, start, x, y, sample_weight, settings["input_scale"]
    )
    data, held_out = split_off(network, start, everything, y, validation, rules.seed)
    if data.fingerprint() != settings["data"]:
        raise InputError(
            f"rows that are not those of the run in {os.fspath(path)}",
            "x, y, sample_weight and validation as train was given them",
            "Pass all the rows of training, not those of one step.",
        )
    progress = load_checkpoint(path, settings, rules.start(start.theta))
    wanted = progress.state.steps + 1 if step is None else step
    if wanted <= progress.state.steps:
        raise InputError(
            f"step {wanted} of a checkpoint after step {progress.state.steps}",
            f"steps from {progress.state.steps + 1} on",
            "Take an earlier checkpoint, or train anew up to that step.",
        )
    engine, _ = choose_engine(
        settings["engine"] if settings["engine"] in ENGINES else "auto",
        network,
        rules,
        start.theta,
    )
    workspace = engine.prepare(
        network, rules, start.theta.dtype, None, settings["input_scale"]
    )

    def run(state: State, limits: Limits) -> State:
        going = Run(
            network,
            data,
            held_out,
            rules,
            limits,
            None,
            (),
            None,
            settings,
            engine,
            workspace,
            state,
        )
        with ProgressLine("replaying", total=wanted, unit="steps", show=False) as line:
            if going.go(line, raise_nonfinite=True) is StopReason.INTERRUPTED:
                raise KeyboardInterrupt
        return going.state

    count = batches_per_epoch(data.rows, rules.batch_rows)
    state = progress.state
    if wanted - 1 > state.steps:
        state = run(state, Limits(ENDLESS, wanted - 1, None))
    while (
        found := next_batch(data, rules, state)
    ) is None:  # the epoch has no step left, but is not recorded
        state = run(state, Limits(state.epoch + 1, None, None))
    state, batch = found
    after = run(state, Limits(ENDLESS, wanted, None))
    if after.steps != wanted:  # the optimizer had ended
        raise InputError(
            f"step {wanted} of a run that ends after step {after.steps}",
            f"steps up to {after.steps}",
            "Choose one of these.",
        )
    masks = rules.masks(
        network.sizes, batch.rows, state.epoch, state.step_in_epoch, state.theta
    )
    rate = rules.learning_rate(state, count)
    return Moment(network, batch, state, rules, rate, masks, after=after), engine.name


def settings_of(path: str | os.PathLike[str], settings: Any) -> tuple[Network, Rules]:
    """The network of a run, and what it does in each step."""
    try:
        text = fitted(SettingsText, settings, "settings")
        network = build_network(settings["network"])
        made_of(text.optimizer, OPTIMIZERS, "optimizer")
        made_of(text.schedule, SCHEDULES, "schedule")
    except UnknownNameError as error:
        raise InputError(
            f"{os.fspath(path)}, of a network with {error}: a function of your own, say",
            "functions from the tables",
            "Explain a network of yours with its parameters: explain(network, x, y, parameters=…).",
        ) from error
    except ValueError as error:
        raise unreadable(
            path, f"contents that do not fit together ({error})"
        ) from error
    _require_usual_order(path, settings)
    rules = Rules.from_specification(settings)
    if not step_is_a_formula(rules.optimizer):
        raise InputError(
            f"a checkpoint of a run by {rules.optimizer.name}",
            "one of a first-order optimizer or levenberg_marquardt, whose step is a formula",
            "Explain its network at the last parameters: explain(network, x, y, parameters=…).",
        )
    return network, rules


def _require_usual_order(path: str | os.PathLike[str], settings: Any) -> None:
    """Raise where the batches of a run are not those that its seed alone draws."""
    others = {
        "shards": "in shards",
        "order": "in an order that was given",
        "window_rows": "on a stream",
    }
    found = [words for name, words in others.items() if settings.get(name) is not None]
    if found:
        raise InputError(
            f"{os.fspath(path)}, a checkpoint of a run {found[0]}",
            "a run on rows in memory, whose batches are drawn from its seed alone",
            "Explain its network at the last parameters: explain(network, x, y, parameters=…).",
        )


def next_batch(data: Data, rules: Rules, state: State) -> tuple[State, Data] | None:
    """The state at the next step of the epoch, and its rows: batches of weight 0 make none; None if none is left."""
    for number, rows in enumerate(
        batches(data.rows, rules.batch_rows, rules.seed, state.epoch)
    ):
        batch = data if rows is None else data.take(rows)
        if number >= state.step_in_epoch and batch.weight > 0:
            return replace(state, step_in_epoch=number), batch
    return None
