"""scikit-learn's end of an epoch: compare with `tol`, divide an adaptive rate, stop, print; and its callbacks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..equations.arrays import Array
from ..optimizers.schedules import Recorded, Schedule
from ..training.callbacks import Callback, Moment
from .network import as_coefs

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupport
    from sklearn.callback import with_callbacks
except ImportError:

    class CallbackSupport:  # type: ignore[no-redef]
        """scikit-learn before 1.9: there is nothing to support."""

    def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
        """The method itself."""
        return method


__all__ = [
    "SCORE",
    "CallbackSupport",
    "DividedRate",
    "EndOfEpoch",
    "EpochRule",
    "EpochTasks",
    "InverseSamples",
    "Standing",
    "with_callbacks",
]

#: The name of the validation score among the metrics of an epoch.
SCORE = "validation score"
#: An adaptive rate is not divided below this.
LEAST_RATE = 1e-6


@dataclass(frozen=True)
class Standing:
    """The state that continues from one call of `partial_fit` to the next.

    Parameters
    ----------
    best : float
        The lowest loss per output so far, or the best score, negative; NaN before the first.
    stalled : int
        Epochs since one was better than it by `tol`.
    factor : float
        Of the learning rate, where that is adaptive.
    score : float
        The best validation score of all fits in a row.
    kept : ndarray, shape (D,), or None
        θ at that score.
    """

    best: float = math.nan
    stalled: int = 0
    factor: float = 1.0
    score: float = -math.inf
    kept: Array | None = None

    def anew(self, theta: Array) -> Standing:
        """Count from here; θ that was kept at the best score stays the best, unless it was changed since."""
        same = self.kept is not None and np.array_equal(self.kept, theta)
        return Standing(score=self.score, kept=self.kept) if same else Standing()


@dataclass(frozen=True, kw_only=True)
class EpochRule:
    """The comparison of an epoch with those before.

    Parameters
    ----------
    tol, patience : float
        Stop when more than `patience` epochs in a row were not better than the best by `tol`; of a schedule that is
        not scikit-learn's those that count (`Schedule.settled`).
    outputs : int
        The loss is compared per output: divided by this.
    scored : bool
        Whether the validation score decides, not the loss.
    adaptive_rate : float or None
        The learning rate to begin with, where it is divided by 5 in place of stopping.
    endless : bool
        Whether the optimizer decides by itself when to stop.
    """

    tol: float
    patience: float
    outputs: int
    scored: bool
    adaptive_rate: float | None
    endless: bool

    def value(self, epoch: Recorded) -> float:
        """The value that is compared: the loss per output, or the negative score."""
        return -epoch.metrics[SCORE] if self.scored else epoch.loss / self.outputs

    def after(self, standing: Standing, value: float, *, counts: bool) -> Standing:
        """The standing after an epoch of this value; `counts` says whether its learning rate had settled."""
        best, factor = standing.best, standing.factor
        stalled = standing.stalled + counts if value > best - self.tol else 0
        if value < best or math.isnan(best):
            best = value
        rate = self.adaptive_rate
        if stalled > self.patience and rate is not None and rate * factor > LEAST_RATE:
            stalled, factor = 0, factor / 5.0
        return replace(standing, best=best, stalled=stalled, factor=factor)

    def ends(self, standing: Standing) -> bool:
        """Return whether to stop."""
        return not self.endless and standing.stalled > self.patience


class EndOfEpoch(Callback):
    """Ends a run as scikit-learn does, keeps θ of the best score, and prints.

    Parameters
    ----------
    rule : EpochRule
    standing : Standing
        To begin with.
    verbose : bool
        Whether to print.
    """

    def __init__(self, rule: EpochRule, standing: Standing, *, verbose: bool) -> None:
        self.rule, self.standing, self._verbose = rule, standing, verbose

    def on_epoch(self, moment: Moment) -> bool:
        """Return whether to stop."""
        rule, epoch, before = self.rule, moment.history[-1], self.standing
        self._print(f"Iteration {len(moment.history)}, loss = {epoch.loss:.8f}")
        now = rule.after(before, rule.value(epoch), counts=moment.settled)
        if rule.scored:
            score = epoch.metrics[SCORE]
            self._print(f"Validation score: {score:f}")
            if score > now.score:
                now = replace(now, score=score, kept=np.array(moment.parameters.theta))
        self.standing = now
        if rule.ends(now) or now.factor != before.factor:
            self._print(self._message(now))
        return rule.ends(now)

    @property
    def best_theta(self) -> Array | None:
        """θ of the best validation score, where scores decide."""
        return self.standing.kept if self.rule.scored else None

    def _message(self, standing: Standing) -> str:
        rule, rate = self.rule, self.rule.adaptive_rate
        what = "Validation score" if rule.scored else "Training loss"
        message = f"{what} did not improve more than tol={rule.tol:f} for {rule.patience:.0f} consecutive epochs."
        if rate is None:
            return f"{message} Stopping."
        if rule.ends(standing):
            return f"{message} Learning rate too small. Stopping."
        return f"{message} Setting learning rate to {rate * standing.factor:f}"

    def _print(self, text: str) -> None:
        if self._verbose:
            print(text)  # noqa: T201  what verbose=True asks for


@dataclass(frozen=True, kw_only=True)
class DividedRate(Schedule):
    """The factor of a rate that is divided in place of stopping, from the standing before the run on."""

    name: ClassVar[str] = "adaptive"
    steady: ClassVar[bool] = True
    rule: EpochRule
    before: Standing

    def __post_init__(self) -> None:
        """There is nothing to check: estimators make it."""

    def start(self) -> tuple[float, ...]:
        return self.before.factor, self.before.best, self.before.stalled

    def compared(self, epoch: Recorded) -> float:
        return self.rule.value(epoch)

    def after_epoch(self, memory: tuple[float, ...], loss: float) -> tuple[float, ...]:
        factor, best, stalled = memory
        now = self.rule.after(Standing(best, int(stalled), factor), loss, counts=True)
        return now.factor, now.best, now.stalled

    def factor(self, epochs: float, memory: tuple[float, ...]) -> float:
        return memory[0]


@dataclass(frozen=True, kw_only=True)
class InverseSamples(Schedule):
    """(1 + t) to the power -`power`, t the number of rows that were gone through before the epoch.

    Parameters
    ----------
    power : float
    seen : int
        Rows before the run.
    rows : int
        Of an epoch.
    """

    name: ClassVar[str] = "invscaling"
    steady: ClassVar[bool] = True
    power: float
    seen: int
    rows: int

    def __post_init__(self) -> None:
        """There is nothing to check: estimators make it."""

    def factor(self, epochs: float, memory: tuple[float, ...]) -> float:
        return float((1 + self.seen + math.floor(epochs) * self.rows) ** -self.power)


class EpochTasks(Callback):
    """Tells the callbacks that `set_callbacks` set of each epoch.

    Parameters
    ----------
    estimator : estimator
        Whose `fit` runs.
    X, y : array
        What it was given.
    metadata : dict or None
        Row weights that it was given.
    epochs : int
        At most.
    """

    def __init__(
        self,
        estimator: CallbackSupport,
        X: Any,
        y: Any,
        metadata: dict[str, Any] | None,
        epochs: int,
    ) -> None:
        self._estimator, self._epochs = estimator, epochs
        self._given = {"X": X, "y": y, "metadata": metadata}
        self._fit: Any = None
        self._epoch: Any = None

    def on_start(self, moment: Moment) -> None:
        self._fit = self._estimator._init_callback_context(max_subtasks=self._epochs)
        self._fit.call_on_fit_task_begin(estimator=self._estimator, **self._given)
        self._begin(moment)

    def on_epoch(self, moment: Moment) -> bool:
        stop = self._epoch.call_on_fit_task_end(
            estimator=self._estimator, **self._given, **self._fitted(moment)
        )
        self._epoch = None
        if not stop and len(moment.history) < self._epochs:
            self._begin(moment)
        return bool(stop)

    def on_end(self, moment: Moment) -> None:
        if self._epoch is not None:  # one that was begun and not made
            self._epoch.call_on_fit_task_end(estimator=self._estimator)
        self._fit.call_on_fit_task_end(
            estimator=self._estimator, **self._given, **self._fitted(moment)
        )

    def _begin(self, moment: Moment) -> None:
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(
            estimator=self._estimator, **self._given, **self._fitted(moment)
        )

    def _fitted(self, moment: Moment) -> dict[str, Any]:
        coefs, intercepts = as_coefs(moment.parameters)
        return {
            "reconstruction_attributes": {"coefs_": coefs, "intercepts_": intercepts}
        }
