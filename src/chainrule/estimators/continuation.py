"""What an estimator goes on with in the next `partial_fit` or warm start, beside its weights."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..optimizers import Optimizer
from .epoch_rule import Standing

__all__ = ["Continuation", "continued"]


@dataclass(frozen=True)
class Continuation:
    """The state of an optimiser and of the end-of-epoch rule.

    Parameters
    ----------
    optimizer : str
        The name of the optimiser.
    slots : tuple of ndarray, shapes (D,)
        Its state.
    steps : int
        How many it has taken.
    standing : Standing
    """

    optimizer: str
    slots: tuple[np.ndarray[Any, Any], ...]
    steps: int = 0
    standing: Standing = field(default_factory=Standing)

    def fits(self, theta: np.ndarray[Any, Any]) -> bool:
        """Whether it is of as many numbers, of the same kind."""
        return all(
            slot.shape == theta.shape and slot.dtype == theta.dtype
            for slot in self.slots
        )


def continued(
    before: Continuation | None, optimizer: Optimizer, theta: np.ndarray[Any, Any]
) -> Continuation:
    """The same where it is of this optimiser and of as many numbers of the same kind, else a beginning."""
    if before is not None and before.optimizer == optimizer.name and before.fits(theta):
        return replace(
            before, standing=replace(before.standing)
        )  # a copy: only a run that begins may change it
    standing = (
        Standing() if before is None else replace(before.standing, factor=1.0)
    )  # the rate was the other's
    return Continuation(optimizer.name, optimizer.init(theta), standing=standing)
