"""The reasons why a run stops, and early stopping: when the monitored number no longer improves."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from ..equations.intervals import NONNEGATIVE, SHARE
from ..errors import InputError, named_among
from .metrics import METRICS, Metric

__all__ = ["EarlyStopping", "StopReason", "Watch"]


class StopReason(enum.Enum):
    """The reason why a run stopped; the values are the sentences that a user reads."""

    EPOCHS = "All epochs that were asked for are done."
    STEPS = "All steps that were asked for are done."
    TIME = "The time budget is spent; resume from a checkpoint to continue."
    STALLED = "The watched value has stopped improving; raise patience to wait longer."
    CALLBACK = "A callback asked to stop."
    INTERRUPTED = "Interrupted after the last complete step; the parameters of that step are kept."
    NON_FINITE = "A number became NaN or infinite; the parameters from before that step are kept."
    CONVERGED = (
        "Converged: the gradient or the fall of the loss is within the tolerance."
    )
    LINE_SEARCH = (
        "The line search found no lower loss; rounding limits further progress."
    )
    GOAL = "The loss has reached the goal."
    EVIDENCE = "The evidence grows no more; the prior is that of the largest."
    DAMPING = "No step lowers the loss, however strongly damped; rounding limits further progress."


@dataclass(frozen=True, kw_only=True)
class EarlyStopping:
    """Stop when what is watched has not improved for a while.

    Parameters
    ----------
    monitor : str or Metric
        "loss", or a metric: a name from `METRICS`. Of the validation data where there is some, else
        of the training data.
    patience : int
        Stop after so many epochs without improvement. Only epochs count that began when the schedule of the learning
        rate had settled (`Schedule.settled`): at a high rate nothing may improve that will at a low one.
    min_delta : float
        What counts as improvement.
    smoothing : float
        0 <= smoothing < 1: the value watched is smoothing x (its last) + (1 - smoothing) x (the new
        one), so that one lucky epoch decides nothing.
    keep_best : bool
        Whether the parameters of the best (smoothed) epoch are the result.
    """

    monitor: str | Metric = "loss"
    patience: int = 10
    min_delta: float = 0.0
    smoothing: float = 0.0
    keep_best: bool = True

    def __post_init__(self) -> None:
        if not (
            isinstance(self.monitor, Metric)
            or self.monitor == "loss"
            or self.monitor in METRICS
        ):
            remedy = named_among(self.monitor, ["loss", *METRICS], "Choose one.")
            raise InputError(
                f"monitor = {self.monitor!r}",
                f'"loss", {", ".join(METRICS)}, or a Metric',
                remedy,
            )
        if not isinstance(self.patience, Integral) or self.patience < 1:
            raise InputError(
                f"patience = {self.patience!r}",
                "a whole number >= 1",
                "Pass patience=10, say.",
            )
        NONNEGATIVE.checked("min_delta", self.min_delta, "Pass min_delta=0.")
        SHARE.checked("smoothing", self.smoothing, "Pass smoothing=0.5, say.")

    @property
    def metric(self) -> Metric | None:
        """The metric; None for the loss."""
        if isinstance(self.monitor, Metric):
            return self.monitor
        return METRICS.get(self.monitor)

    @property
    def sign(self) -> float:
        """1 where smaller is better, else -1."""
        return (
            -1.0 if self.metric is not None and self.metric.greater_is_better else 1.0
        )

    def specification(self) -> dict[str, Any]:
        """The settings that decide which epoch is best, ready for JSON."""
        name = self.monitor.name if isinstance(self.monitor, Metric) else self.monitor
        return {
            "monitor": name,
            "min_delta": self.min_delta,
            "smoothing": self.smoothing,
        }


@dataclass(frozen=True)
class Watch:
    """The memory of early stopping.

    Parameters
    ----------
    smoothed : float or None
        The smoothed value; None before the first epoch.
    best : float or None
        The best of them.
    best_epoch : int
        Its epoch, from 1; 0 before the first.
    stalled : int
        Epochs since that counted.
    """

    smoothed: float | None = None
    best: float | None = None
    best_epoch: int = 0
    stalled: int = 0

    def after_epoch(
        self, rule: EarlyStopping, value: float, epoch: int, *, counts: bool = True
    ) -> Watch:
        """The memory after one more epoch, which patience counts where its learning rate had settled."""
        smoothed = value
        if self.smoothed is not None and math.isfinite(
            self.smoothed
        ):  # else an overflow would stay for good
            smoothed = rule.smoothing * self.smoothed + (1 - rule.smoothing) * value
        if (
            self.best is None
            or math.isnan(self.best)
            or rule.sign * smoothed < rule.sign * self.best - rule.min_delta
        ):
            return Watch(smoothed, smoothed, epoch, 0)
        return Watch(smoothed, self.best, self.best_epoch, self.stalled + counts)
