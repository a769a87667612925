"""The state of a run: everything that a step changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..equations.arrays import Array

__all__ = ["State"]


@dataclass(frozen=True)
class State:
    """The state that a step changes; with the seed it determines all that follows.

    Parameters
    ----------
    theta : Array, shape (D,)
    slots : tuple of Array, shapes (D,)
        The optimizer's.
    schedule : tuple of float
        What the schedule remembers.
    epoch, step_in_epoch : int
        Whole epochs done, and batches done of the one that is under way.
    steps : int
        Steps taken altogether.
    loss_sum, weight_sum : float
        Σ Σw J and Σ Σw over the batches of this epoch, each J taken before its step.
    memory : object
        Whatever an optimizer remembers beside the slots, which no checkpoint holds.
    scalars : tuple of float
        Numbers that an optimizer remembers.
    details : dict of str to float
        Numbers of the last step, which are recorded with its epoch.
    """

    theta: Array
    slots: tuple[Array, ...] = ()
    schedule: tuple[float, ...] = ()
    epoch: int = 0
    step_in_epoch: int = 0
    steps: int = 0
    loss_sum: float = 0.0
    weight_sum: float = 0.0
    memory: Any = field(default=None, compare=False, repr=False)
    scalars: tuple[float, ...] = ()
    details: Mapping[str, float] = field(default_factory=dict, compare=False)

    def next_epoch(self, schedule: tuple[float, ...] | None = None) -> State:
        """The same, at the start of the next epoch, with what the schedule then remembers."""
        memory = self.schedule if schedule is None else schedule
        return State(
            self.theta,
            self.slots,
            memory,
            self.epoch + 1,
            steps=self.steps,
            memory=self.memory,
            scalars=self.scalars,
        )
