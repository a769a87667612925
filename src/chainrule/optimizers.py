"""Optimisers: how θ moves along its gradient (U1).

A step is a function from (θ, ∇J, state) to (θ, state); nothing is changed in place, so a run that
is interrupted still holds the last complete step. The gradient is taken at θ before anything
moves.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, ClassVar, final

from .arrays import Array, array_namespace
from .errors import InputError

__all__ = ["OPTIMIZERS", "Optimizer"]

Slots = tuple[Array, ...]


@dataclass(frozen=True, kw_only=True)
class Optimizer(ABC):
    """A rule for one step.

    Parameters
    ----------
    learning_rate : float
        α > 0, before any schedule.
    """

    name: ClassVar[str]
    #: Whether every step takes all rows.
    full_batch: ClassVar[bool] = False
    #: What is remembered between steps: arrays of the shape of θ, 0 at the start.
    slot_names: ClassVar[tuple[str, ...]] = ()

    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise InputError(
                f"learning_rate = {self.learning_rate!r}", "a finite number > 0", "Pass learning_rate=0.1, say."
            )

    def start(self, theta: Array) -> Slots:
        """The state before the first step."""
        return tuple(array_namespace(theta).zeros_like(theta) for _ in self.slot_names)

    @abstractmethod
    def step(self, theta: Array, gradient: Array, slots: Slots, learning_rate: float, t: int) -> tuple[Array, Slots]:
        """θ and the state after step t.

        Parameters
        ----------
        theta, gradient : Array, shape (D,)
            θ and ∇J at θ.
        slots : tuple of Array, shapes (D,)
            The state, in the order of `slot_names`.
        learning_rate : float
            α of this step.
        t : int
            The number of this step, from 1.
        """

    def specification(self) -> dict[str, Any]:
        """The name and parameters, from which `OPTIMIZERS` makes it again."""
        return {"name": self.name, **asdict(self)}


@final
@dataclass(frozen=True, kw_only=True)
class GradientDescent(Optimizer):
    """θ ← θ - α ∇J, J taken over all rows.

    References
    ----------
    Cauchy 1847; S1.E74, S4 (78).
    """

    name: ClassVar[str] = "gradient_descent"
    full_batch: ClassVar[bool] = True

    def step(self, theta: Array, gradient: Array, slots: Slots, learning_rate: float, t: int) -> tuple[Array, Slots]:
        return theta - learning_rate * gradient, slots  # U1


@final
@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """θ ← θ - α ∇J, J taken over a batch.

    References
    ----------
    Robbins & Monro 1951.
    """

    name: ClassVar[str] = "sgd"

    def step(self, theta: Array, gradient: Array, slots: Slots, learning_rate: float, t: int) -> tuple[Array, Slots]:
        return theta - learning_rate * gradient, slots  # U1


#: name → the class that makes the optimiser, from its parameters.
OPTIMIZERS: Mapping[str, Callable[..., Optimizer]] = MappingProxyType({o.name: o for o in (GradientDescent, SGD)})
