"""What scikit-learn does at the end of an epoch: compare with `tol`, divide an adaptive rate, stop, say so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..equations.arrays import Array
from ..optimizers.schedules import Schedule
from ..training.callbacks import Callback, Moment

__all__ = ["EpochRule", "InverseSamples", "RateOf", "Standing"]

#: The name of the validation score among the metrics of an epoch.
SCORE = "validation score"
#: An adaptive rate is not divided below this.
LEAST_RATE = 1e-6


@dataclass
class Standing:
    """What the rule remembers from one call of `partial_fit` to the next.

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

    def starts_anew(self, theta: Array) -> None:
        """Count from here; θ that was kept at the best score stays the best, unless it was changed since."""
        self.best, self.stalled, self.factor = math.nan, 0, 1.0
        if self.kept is None or not np.array_equal(self.kept, theta):
            self.score, self.kept = -math.inf, None


class EpochRule(Callback):
    """Ends a run as scikit-learn does.

    Parameters
    ----------
    standing : Standing
        Changed as epochs end.
    tol, patience : float
        Stop when more than `patience` epochs in a row were not better than the best by `tol`; of a schedule that is
        not scikit-learn's those that count (`Schedule.settled`).
    outputs : int
        The loss is compared per output: divided by this.
    scored : bool
        Whether the validation score decides, not the loss.
    adaptive_rate : float or None
        The learning rate to begin with, where it is divided by 5 in place of stopping.
    verbose : bool
        Whether to print.
    endless : bool
        Whether the optimiser decides by itself when to stop.
    """

    def __init__(
        self,
        standing: Standing,
        *,
        tol: float,
        patience: float,
        outputs: int,
        scored: bool,
        adaptive_rate: float | None,
        verbose: bool,
        endless: bool,
    ) -> None:
        self.standing, self._tol, self._patience, self._outputs = (
            standing,
            tol,
            patience,
            outputs,
        )
        self._scored, self._adaptive_rate, self._verbose, self._endless = (
            scored,
            adaptive_rate,
            verbose,
            endless,
        )

    def on_epoch(self, moment: Moment) -> bool:
        """Whether to stop."""
        epoch, standing = moment.history[-1], self.standing
        self._say(f"Iteration {len(moment.history)}, loss = {epoch.loss:.8f}")
        score = epoch.metrics.get(SCORE)
        if self._scored and score is not None:
            self._say(f"Validation score: {score:f}")
            self._compare(-score, counts=moment.settled)
            if score > standing.score:
                standing.score, standing.kept = (
                    score,
                    np.array(moment.parameters.theta),
                )
        else:
            self._compare(epoch.loss / self._outputs, counts=moment.settled)
        if self._endless or standing.stalled <= self._patience:
            return False
        return self._gives_up()

    @property
    def best_theta(self) -> Array | None:
        """θ of the best validation score, where scores decide."""
        return self.standing.kept if self._scored else None

    def _compare(self, value: float, *, counts: bool) -> None:
        """Count an epoch whose loss per output, or negative score, is this, where its learning rate had settled."""
        standing, best = self.standing, self.standing.best
        standing.stalled = standing.stalled + counts if value > best - self._tol else 0
        if value < best or math.isnan(best):
            standing.best = value

    def _gives_up(self) -> bool:
        what = "Validation score" if self._scored else "Training loss"
        message = f"{what} did not improve more than tol={self._tol:f} for {self._patience:.0f} consecutive epochs."
        if self._adaptive_rate is None:
            self._say(f"{message} Stopping.")
            return True
        if self._adaptive_rate * self.standing.factor <= LEAST_RATE:
            self._say(f"{message} Learning rate too small. Stopping.")
            return True
        self.standing.factor /= 5.0
        self.standing.stalled = 0
        self._say(
            f"{message} Setting learning rate to {self._adaptive_rate * self.standing.factor:f}"
        )
        return False

    def _say(self, text: str) -> None:
        if self._verbose:
            print(text)  # noqa: T201  what verbose=True asks for


@dataclass(frozen=True, kw_only=True)
class RateOf(Schedule):
    """The factor that a rule has come to."""

    name: ClassVar[str] = "adaptive"
    steady: ClassVar[bool] = True
    standing: Standing

    def __post_init__(self) -> None:
        """There is nothing to check: estimators make it."""

    def factor(self, epochs: float, memory: tuple[float, ...]) -> float:
        return self.standing.factor


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
