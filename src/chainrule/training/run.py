"""A run under way: the loop behind `train`.

All that a step changes is in one immutable `State`, replaced in one assignment, so that an
interrupt at any moment finds the last complete step.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..engines.interface import Engine, Pause, Workspace
from ..engines.rows import Data, batches_per_epoch
from ..engines.sharded import ShardedSteps
from ..equations.arrays import Array, as_numpy
from ..equations.forward_pass import objective_and_delta, propagate
from ..equations.losses import reduction_weights
from ..equations.network import Network, Parameters
from ..errors import InputError, NonFiniteError
from ..optimizers.interface import Ending
from ..optimizers.rules import Rules
from ..optimizers.state import State
from ..progress import ProgressLine
from .callbacks import Callback, Moment
from .checkpoints import Checkpoint, Progress, save_checkpoint
from .diagnostics import Diagnosis, diagnose, is_due, sample_rows
from .metrics import Metric
from .report import Epoch
from .stopping import EarlyStopping, StopReason, Watch
from .streamed import StreamedData

__all__ = ["Limits", "Run"]

#: The end that an optimizer found → the reason.
ENDINGS = {
    Ending.CONVERGED: StopReason.CONVERGED,
    Ending.LIMIT: StopReason.EPOCHS,
    Ending.LINE_SEARCH: StopReason.LINE_SEARCH,
    Ending.GOAL: StopReason.GOAL,
    Ending.DAMPING: StopReason.DAMPING,
    Ending.EVIDENCE: StopReason.EVIDENCE,
}


class _StopRunError(Exception):
    """Raised after a step or an epoch to end the run."""

    def __init__(self, reason: StopReason) -> None:
        self.reason = reason


@dataclass(frozen=True)
class Limits:
    """The limits of a run; None for without limit."""

    epochs: int
    steps: int | None
    seconds: float | None


@dataclass
class Run:
    """Everything that `train` or an estimator set up, and how far it has come.

    `metrics` are recorded after each epoch, that of early stopping among them; `diagnosing` says whether layers are
    looked at as it continues. `sharded` takes the steps, if there is one, else the engine.
    """

    network: Network
    data: Data
    validation: Data | None
    rules: Rules
    limits: Limits
    early_stopping: EarlyStopping | None
    callbacks: Sequence[Callback]
    checkpoint: Checkpoint | None
    settings: dict[str, Any]
    engine: Engine
    workspace: Workspace
    state: State
    history: list[Epoch] = field(default_factory=list)
    diagnoses: list[Diagnosis] = field(default_factory=list)
    watch: Watch = Watch()
    best: Array | None = None
    seconds_before: float = 0.0
    failure: NonFiniteError | None = None
    diagnosing: bool = True
    metrics: Sequence[Metric] = ()
    sharded: ShardedSteps | None = None

    def restore(self, progress: Progress) -> None:
        """Continue from a checkpoint."""
        self.state, self.watch = progress.state, progress.watch
        self.best = progress.best
        self.history, self.diagnoses = list(progress.history), list(progress.diagnoses)
        self.seconds_before = progress.seconds

    def go(self, line: ProgressLine, *, raise_nonfinite: bool) -> StopReason:
        """Train until a limit is reached; the reason."""
        self._began = self._saved = time.perf_counter()
        self._line = line
        self._shown = 0.0  # of the epoch that is under way
        self._watching_steps = [
            c for c in self.callbacks if type(c).on_step is not Callback.on_step
        ]
        self._take_turns("on_start")
        try:
            # overflow is found and named below; NumPy's warning would come first and say less
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                reason = self._step_through()
        except _StopRunError as stop:
            reason = stop.reason
        except KeyboardInterrupt:
            self._forget_half_an_epoch()
            reason = StopReason.INTERRUPTED
        except NonFiniteError as error:
            self.failure, reason = error, StopReason.NON_FINITE
            if raise_nonfinite:
                self._save()
                self._take_turns("on_end")
                raise
        except InputError:  # files or workers that are gone: the run can be resumed
            if self.state.steps:
                self._save()
            self._take_turns("on_end")
            raise
        try:
            self._save()
        except KeyboardInterrupt:  # once more: the file is written whole or not at all
            self._save()
            reason = StopReason.INTERRUPTED
        self._take_turns("on_end")
        return reason

    @property
    def seconds(self) -> float:
        """Wall-clock time so far, that before a resume included."""
        return self.seconds_before + time.perf_counter() - self._began

    def _step_through(self) -> StopReason:
        while self.state.epoch < self.limits.epochs:
            self._stop_if_over()
            state = self._run_epoch()
            if state.step_in_epoch:
                self._after_epoch(state)
            else:  # the optimizer had ended before its first step
                self.state = state
        return StopReason.EPOCHS

    def _run_epoch(self) -> State:
        """The steps that are left of the epoch, by shards, of rows in memory or of a stream."""
        data, state = self.data, self.state
        if self.sharded is not None:
            return self.sharded.run_epoch(state, self._after_step)
        steps = self._after_step, self._pause
        if isinstance(data, StreamedData):
            return data.run_epoch(
                self.engine, self.workspace, self.rules, state, *steps
            )
        return self.engine.run_epoch(self.workspace, self.rules, data, state, *steps)

    def _pause(self) -> Pause:
        """The moment at which the engine must come back at the latest."""
        times = []
        if self.limits.seconds is not None:
            times.append(self._began + self.limits.seconds - self.seconds_before)
        if self.checkpoint is not None and self.checkpoint.every_seconds is not None:
            times.append(self._saved + self.checkpoint.every_seconds)
        return Pause(
            every_step=bool(self._watching_steps),
            steps=self.limits.steps,
            at=min(times, default=None),
        )

    def _after_step(self, state: State) -> None:
        self.state = state
        if isinstance(self.data, StreamedData):  # whose epochs may take hours
            self._advance(state.step_in_epoch / self._batches())
        asked = [callback.on_step(self._moment()) for callback in self._watching_steps]
        reason = StopReason.CALLBACK if any(asked) else self._spent()
        if reason is not None:
            if state.step_in_epoch == self._batches():
                self._after_epoch(state)  # the epoch is whole
            raise _StopRunError(reason)
        every = self.checkpoint.every_seconds if self.checkpoint else None
        if every is not None and time.perf_counter() - self._saved >= every:
            self._save()

    def _batches(self) -> int:
        """The batches of an epoch."""
        return batches_per_epoch(self.data.rows, self.rules.batch_rows)

    def _advance(self, share: float) -> None:
        """Show the share of the epoch that is done."""
        note = self._note() if self.history else ""
        self._line.advance(note, share - self._shown)
        self._shown = share

    def _spent(self) -> StopReason | None:
        if self.limits.steps is not None and self.state.steps >= self.limits.steps:
            return StopReason.STEPS
        if self.limits.seconds is not None and self.seconds >= self.limits.seconds:
            return StopReason.TIME
        return None

    def _stop_if_over(self) -> None:
        """Before an epoch: whether a run that is resumed had come to its end."""
        reason = self._spent()
        if (
            self.early_stopping is not None
            and self.watch.stalled >= self.early_stopping.patience
        ):
            reason = StopReason.STALLED
        done = self.rules.optimizer.done(self.state)
        if done is not None:
            reason = ENDINGS[done.ending]
        if reason is not None:
            raise _StopRunError(reason)

    def _after_epoch(self, state: State) -> None:
        """Record the epoch that `state` ends, and decide whether to continue."""
        loss = state.loss_sum / state.weight_sum
        validation_loss, metrics = self._evaluate(state.theta)
        rate = self._last_learning_rate(state)
        record = Epoch(loss, rate, validation_loss, metrics, state.details)
        watched = loss if validation_loss is None else validation_loss
        rule, watch, best = self.early_stopping, self.watch, self.best
        settled = self.rules.schedule.settled(state.epoch, state.schedule)
        number = state.epoch + 1
        if rule is not None:
            watch = watch.after_epoch(
                rule,
                watched if rule.metric is None else metrics[rule.metric.name],
                number,
                counts=settled,
            )
            best = state.theta if watch.best_epoch == number else best
        schedule = self.rules.schedule
        memory = schedule.after_epoch(state.schedule, schedule.compared(record))
        last = self.diagnoses[-1].epoch if self.diagnoses else 0
        if self.diagnosing and is_due(number, last):
            with self.engine.aside():
                workspace = self._workspace_for(sample_rows(self.data.rows))
                self.diagnoses.append(
                    diagnose(self.engine, workspace, state.theta, self.data, number)
                )
        self.history.append(record)
        # one assignment: before it the epoch is not over, after it all of it is
        self.state, self.watch, self.best = state.next_epoch(memory), watch, best
        self._line.advance(self._note(), 1 - self._shown, value=watched)
        self._shown = 0.0
        moment = replace(self._moment(), settled=settled)
        asked = [callback.on_epoch(moment) for callback in self.callbacks]
        every = self.checkpoint.every_epochs if self.checkpoint else None
        if every is not None and number % every == 0:
            self._save()
        if any(asked):
            raise _StopRunError(StopReason.CALLBACK)
        if rule is not None and watch.stalled >= rule.patience:
            raise _StopRunError(StopReason.STALLED)

    def _workspace_for(self, rows: int) -> Workspace:
        """One with room for so many rows at once: that of the steps where it has, else one on one thread."""
        if rows <= self.rules.batch_rows:
            return self.workspace
        rules, dtype = replace(self.rules, batch_rows=rows), self.state.theta.dtype
        return self.engine.prepare(self.network, rules, dtype, 1, self.data.scale)

    def _last_learning_rate(self, state: State) -> float:
        last = max(state.step_in_epoch - 1, 0)
        return self.rules.learning_rate_at(state, last, self._batches())

    def _forget_half_an_epoch(self) -> None:
        """Drop what an interrupted `_after_epoch` had recorded of an epoch that is not over."""
        del self.history[self.state.epoch :]
        self.diagnoses = [d for d in self.diagnoses if d.epoch <= self.state.epoch]

    def _evaluate(self, theta: Array) -> tuple[float | None, dict[str, float]]:
        """Validation loss, where there are rows for it, and the metrics."""
        if self.validation is None and not self.metrics:
            return None, {}
        data = self.validation or self.data
        with self.engine.aside():
            network = self.network
            parameters, none = (
                Parameters(network.sizes, theta),
                (None,) * network.n_layers,
            )
            trace = propagate(network, parameters, data.inputs(), none)
            w = reduction_weights(data.sample_weight, data.rows, "mean", data.x)
            J, _, _ = objective_and_delta(
                network, parameters, trace, data.y, w, 0.0, 0.0
            )
        y, a = as_numpy(data.y), as_numpy(trace.output)
        values = {metric.name: float(metric.value(y, a)) for metric in self.metrics}
        return (float(J) if self.validation is not None else None), values

    def _moment(self) -> Moment:
        state = self.state
        return Moment(
            self.network,
            Parameters(self.network.sizes, state.theta),
            state.epoch,
            state.steps,
            self.history,
        )

    def _take_turns(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self._moment())

    def _note(self) -> str:
        epoch = self.history[-1]
        note = f"loss {epoch.loss:.4g}"
        if epoch.validation_loss is not None:
            note += f"  validation {epoch.validation_loss:.4g}"
        for name, value in epoch.metrics.items():
            note += f"  {name} {value:.4g}"
        words = self.sharded.note() if self.sharded is not None else ""
        return f"{note}  {words}" if words else note

    def _save(self) -> None:
        if self.checkpoint is None:
            return
        progress = Progress(
            self.state,
            tuple(self.history),
            tuple(self.diagnoses),
            self.watch,
            self.best,
            self.seconds,
        )
        save_checkpoint(
            self.checkpoint.path, self.settings, progress, self.checkpoint.notes
        )
        self._saved = time.perf_counter()
