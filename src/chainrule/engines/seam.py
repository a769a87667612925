"""The seam between training and what computes: the interface of an engine.

An engine turns (network, θ, rows) into (J, ∇J), runs an epoch, and predicts. The default
`run_epoch` is a loop over `loss_and_gradient`; an engine that can do a whole epoch in one call
overrides it, and the tests compare the two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..arrays import Array, array_namespace, device
from ..draws import Purpose, generator
from ..network import Network, Parameters
from ..optimizers import Optimizer

__all__ = ["Data", "Engine", "Rules", "State", "Workspace", "batches"]


@dataclass(frozen=True)
class Data:
    """Checked rows: x (N, n_0), y (N, n_L) as the loss encodes it, sample_weight (N,) or None."""

    x: Array
    y: Array
    sample_weight: Array | None

    @property
    def rows(self) -> int:
        """N."""
        return int(self.x.shape[0])

    @property
    def weight(self) -> float:
        """Σw."""
        if self.sample_weight is None:
            return float(self.rows)
        return float(array_namespace(self.x).sum(self.sample_weight))

    def take(self, rows: Array) -> Data:
        """The rows of the given numbers, in that order."""
        xp = array_namespace(self.x)
        index = xp.asarray(rows, device=device(self.x))
        weight = None if self.sample_weight is None else xp.take(self.sample_weight, index, axis=0)
        return Data(xp.take(self.x, index, axis=0), xp.take(self.y, index, axis=0), weight)


@dataclass(frozen=True)
class Rules:
    """What a step does beyond the network: constant over a run."""

    optimizer: Optimizer
    batch_rows: int
    l1: float
    l2: float
    seed: int


@dataclass(frozen=True)
class State:
    """What a step changes.

    Parameters
    ----------
    theta : Array, shape (D,)
    slots : tuple of Array, shapes (D,)
        The optimiser's.
    epoch, step_in_epoch : int
        Whole epochs done, and batches done of the one that is under way.
    steps : int
        Steps taken altogether.
    """

    theta: Array
    slots: tuple[Array, ...]
    epoch: int = 0
    step_in_epoch: int = 0
    steps: int = 0


@dataclass(frozen=True)
class Workspace:
    """What an engine prepared once for a network: everything that a step would else allocate."""

    network: Network
    dtype: Any
    batch_rows: int
    threads: int | None


def batches(rows: int, batch_rows: int, seed: int, epoch: int) -> Iterator[Array | None]:
    """The row numbers of each batch of an epoch; None for all rows in their own order."""
    if batch_rows >= rows:
        yield None
        return
    order = generator(seed, Purpose.ORDER, epoch).permutation(rows)
    for start in range(0, rows, batch_rows):
        yield order[start : start + batch_rows]


#: Called after every step with the new state, the batch's J and its Σw.
AfterStep = Callable[[State, float, float], None]


class Engine(ABC):
    """What computes. Engines hold no state: it is all in the workspace and in `State`."""

    name: ClassVar[str]

    @abstractmethod
    def refusal(self, network: Network, rules: Rules, theta: Array) -> str | None:
        """Why this engine cannot do the job; None where it can."""

    def prepare(self, network: Network, dtype: Any, batch_rows: int, threads: int | None) -> Workspace:
        """Allocate for steps of up to `batch_rows` rows."""
        return Workspace(network, dtype, batch_rows, threads)

    @abstractmethod
    def loss_and_gradient(
        self, workspace: Workspace, theta: Array, data: Data, l1: float, l2: float
    ) -> tuple[Any, Any]:
        """J, shape (), and ∇J, shape (D,), of all the rows given (mean over Σw)."""

    @abstractmethod
    def predict(self, workspace: Workspace, parameters: Parameters, x: Array) -> Array:
        """A[L], shape (N, n_L)."""

    def run_epoch(self, workspace: Workspace, rules: Rules, data: Data, state: State, after_step: AfterStep) -> State:
        """The steps that are left of the epoch that `state` is in.

        Parameters
        ----------
        workspace : Workspace
            From `prepare`.
        rules : Rules
        data : Data
            All rows; batches are drawn from (seed, epoch).
        state : State
        after_step : callable
            See `AfterStep`; what it raises ends the epoch.

        Returns
        -------
        State
            At the start of the next epoch.
        """
        for number, rows in enumerate(batches(data.rows, rules.batch_rows, rules.seed, state.epoch)):
            if number < state.step_in_epoch:
                continue
            batch = data if rows is None else data.take(rows)
            weight = batch.weight
            if weight > 0:
                J, gradient = self.loss_and_gradient(workspace, state.theta, batch, rules.l1, rules.l2)
                t = state.steps + 1
                rate = rules.optimizer.learning_rate
                theta, slots = rules.optimizer.step(state.theta, gradient, state.slots, rate, t)
                state = replace(state, theta=theta, slots=slots, step_in_epoch=number + 1, steps=t)
                after_step(state, float(J), weight)
            else:  # a batch of weight 0 makes no step
                state = replace(state, step_in_epoch=number + 1)
                after_step(state, 0.0, 0.0)
        return replace(state, epoch=state.epoch + 1, step_in_epoch=0)


def rows_at_once(widths: tuple[int, ...]) -> int:
    """How many rows to predict at once so that no layer needs more than about 64 MB."""
    return max(1, int(np.floor(2**23 / max(widths))))
