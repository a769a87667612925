"""Schedules: the factor of the learning rate over time.

Time is counted in epochs, fractions included. The length of a schedule is a parameter of its own,
never the number of epochs asked for, so that a run continued is the run that was longer. Any
schedule can begin with a linear warm-up, after which its own time starts.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, final

from ..equations.intervals import Interval

__all__ = [
    "SCHEDULES",
    "Adaptive",
    "Constant",
    "Cosine",
    "Exponential",
    "InverseScaling",
    "OneCycle",
    "Recorded",
    "Schedule",
    "Step",
]


class Recorded(Protocol):
    """As much of the record of an epoch as a schedule may compare."""

    @property
    def loss(self) -> float:
        """The training loss."""

    @property
    def validation_loss(self) -> float | None:
        """The validation loss, where there are validation rows."""

    @property
    def metrics(self) -> Mapping[str, float]:
        """The metrics that are recorded, by name."""


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """The factor of the learning rate.

    Parameters
    ----------
    warmup_epochs : float
        For so long the factor first rises linearly to 1.
    """

    name: ClassVar[str]
    #: Whether the factor is the same throughout an epoch.
    steady: ClassVar[bool] = False
    warmup_epochs: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            closed = field.name in ("warmup_epochs", "final", "tolerance")
            rise = field.name == "rise"
            allowed = Interval(0.0, 1.0 if rise else math.inf, closed, rise)
            what, value = f"{self.name}'s {field.name}", getattr(self, field.name)
            object.__setattr__(self, field.name, allowed.checked(what, value))

    def start(self) -> tuple[float, ...]:
        """The schedule's memory before the first epoch."""
        return ()

    def compared(self, epoch: Recorded) -> float:
        """The loss of an epoch that `after_epoch` gets: of the validation rows where there are some."""
        return epoch.loss if epoch.validation_loss is None else epoch.validation_loss

    def after_epoch(self, memory: tuple[float, ...], loss: float) -> tuple[float, ...]:
        """The memory after an epoch with this loss."""
        return memory

    @abstractmethod
    def factor(self, epochs: float, memory: tuple[float, ...]) -> float:
        """The factor, `epochs` after the warm-up."""

    def settled(self, epochs: float, memory: tuple[float, ...]) -> bool:
        """Return whether the rate has come down so far, `epochs` into the run, that patience counts.

        An epoch at a high rate may bring no improvement where one at a low rate would: early stopping counts only the
        epochs that begin after this point. It is never within the warm-up. Of a schedule that does not fall, or falls
        a little in every step and has no end (`inverse_scaling`, `exponential`), it is the end of the warm-up.

        Parameters
        ----------
        epochs : float
            Since the start of the run.
        memory : tuple of float
            What the schedule remembers.
        """
        return epochs >= self.warmup_epochs and self._has_settled(
            epochs - self.warmup_epochs, memory
        )

    def _has_settled(self, epochs: float, memory: tuple[float, ...]) -> bool:
        """From the start."""  # of its time, which begins after the warm-up
        return True

    def at(self, epochs: float, step_epochs: float, memory: tuple[float, ...]) -> float:
        """The factor of the step that begins `epochs` into the run and takes `step_epochs`."""
        if epochs < self.warmup_epochs:
            return min(1.0, (epochs + step_epochs) / self.warmup_epochs)
        return self.factor(epochs - self.warmup_epochs, memory)

    def specification(self) -> dict[str, Any]:
        """The name and parameters, from which `SCHEDULES` makes it again."""
        return {"name": self.name, **asdict(self)}


@final
@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """1."""

    name: ClassVar[str] = "constant"
    steady: ClassVar[bool] = True

    def factor(self, epochs: float, memory: tuple[float, ...]) -> float:
        return 1.0


@final
@dataclass(frozen=True, kw_only=True)
class Step(Schedule):
    """Multiplied by `multiplier` every `every_epochs`."""

    name: ClassVar[str] = "step"
    every_epochs: float = 10.0
    multiplier: float = 0.5

    def factor(self, epochs: float, memory: tuple[float, ...]) -> float:
        return float(self.multiplier ** math.floor(epochs / self.every_epochs))

    def _has_settled(self, epochs: float, memory: tuple[float, ...]) -> bool:
        """After the first fall, if it falls."""
        return epochs >= self.every_epochs or self.multiplier >= 1


@final
@dataclass(frozen=True, kw_only=True)
class InverseScaling(Schedule):
    """(1 + t / length_epochs) to the power -`power`."""

    name: ClassVar[str] = "inverse_scaling"
    length_epochs: float = 1.0
    power: float = 0.5

    def factor(self, epochs: float, memory: tuple[float, ...]) -> float:
        return float((1 + epochs / self.length_epochs) ** -self.power)


@final
@dataclass(frozen=True, kw_only=True)
class Exponential(Schedule):
    """`multiplier` to the power t / `length_epochs`."""

    name: ClassVar[str] = "exponential"
    length_epochs: float = 1.0
    multiplier: float = 0.95

    def factor(self, epochs: float, memory: tuple[float, ...]) -> float:
        return float(self.multiplier ** (epochs / self.length_epochs))


@final
@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Falls from 1 to `final` along half a cosine over `length_epochs`, and stays there.

    References
    ----------
    Loshchilov & Hutter 2017, equation 5, without restarts.
    """

    name: ClassVar[str] = "cosine"
    length_epochs: float = 100.0
    final: float = 0.0

    def factor(self, epochs: float, memory: tuple[float, ...]) -> float:
        return _half_cosine(1.0, self.final, epochs / self.length_epochs)

    def _has_settled(self, epochs: float, memory: tuple[float, ...]) -> bool:
        """In the second half of the fall; from the start, if it does not fall."""
        return self.final >= 1 or epochs >= self.length_epochs / 2


@final
@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """Rises from `start_factor` to 1 over `rise` of `length_epochs`, then falls to `final`, along cosines.

    References
    ----------
    Smith & Topin 2019.
    """

    name: ClassVar[str] = "one_cycle"
    length_epochs: float = 100.0
    rise: float = 0.3
    start_factor: float = 0.04
    final: float = 1e-4

    def factor(self, epochs: float, memory: tuple[float, ...]) -> float:
        t = epochs / self.length_epochs
        if t < self.rise:
            return _half_cosine(self.start_factor, 1.0, t / self.rise)
        return _half_cosine(1.0, self.final, (t - self.rise) / max(1 - self.rise, 1e-9))

    def _has_settled(self, epochs: float, memory: tuple[float, ...]) -> bool:
        """In the second half of the fall."""
        return epochs >= (self.rise + 1) / 2 * self.length_epochs


@final
@dataclass(frozen=True, kw_only=True)
class Adaptive(Schedule):
    """Multiplied by `multiplier` when the loss has not fallen by `tolerance` for `patience` epochs.

    The loss is the validation loss where there is validation data.
    """

    name: ClassVar[str] = "adaptive"
    steady: ClassVar[bool] = True
    patience: float = 5.0
    multiplier: float = 0.2
    tolerance: float = 1e-4

    def start(self) -> tuple[float, ...]:
        return (1.0, math.inf, 0.0)

    def after_epoch(self, memory: tuple[float, ...], loss: float) -> tuple[float, ...]:
        factor, best, stalled = memory
        stalled = 0.0 if loss < best - self.tolerance else stalled + 1
        if stalled >= self.patience:
            factor, stalled = factor * self.multiplier, 0.0
        return factor, min(best, loss), stalled

    def factor(self, epochs: float, memory: tuple[float, ...]) -> float:
        return memory[0]

    def _has_settled(self, epochs: float, memory: tuple[float, ...]) -> bool:
        """After the first fall, if it falls."""
        return memory[0] < 1 or self.multiplier >= 1


def _half_cosine(start: float, end: float, t: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(t, 1.0)))


#: name → the class that makes the schedule, from its parameters.
SCHEDULES: Mapping[str, Callable[..., Schedule]] = MappingProxyType(
    {
        s.name: s
        for s in (
            Constant,
            Step,
            InverseScaling,
            Exponential,
            Cosine,
            OneCycle,
            Adaptive,
        )
    }
)
