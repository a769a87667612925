"""The moment that is explained: rows at given parameters, and the step that follows."""

from __future__ import annotations

from dataclasses import dataclass

from ..engines.rows import Data
from ..equations.arrays import Array
from ..equations.network import Network, Parameters
from ..optimizers.rules import Rules
from ..optimizers.state import State

__all__ = ["Moment"]


@dataclass(frozen=True)
class Moment:
    """The moment that is explained: rows at given parameters, and the step that follows.

    Parameters
    ----------
    network : Network
    data : Data
        Rows, encoded targets, weights.
    state : State
        θ, what the optimizer remembers, and the number of steps before this one.
    rules : Rules
        Optimizer, penalties, limits.
    learning_rate : float
        α of the step.
    masks : tuple of (Array or None), optional
    reduction : {"mean", "sum"}
    after : State, optional
        What the run's own engine made of the step; by default it is taken here.
    """

    network: Network
    data: Data
    state: State
    rules: Rules
    learning_rate: float
    masks: tuple[Array | None, ...] | None = None
    reduction: str = "mean"
    after: State | None = None

    @property
    def parameters(self) -> Parameters:
        """Those of the state."""
        return Parameters(self.network.sizes, self.state.theta)
