"""The seam between training and what computes: the interface of an engine.

An engine turns (network, θ, rows) into (J, ∇J), runs an epoch, and predicts. The default
`run_epoch` is a loop over `loss_and_gradient`; an engine that can do a whole epoch in one call
overrides it, and the tests compare the two.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..arrays import Array, array_namespace, device
from ..constraints import clip_by_norm, clip_by_value, free_entries, limit_rows
from ..draws import Purpose, generator
from ..dropout import dropout_masks
from ..errors import NonFiniteError
from ..network import Network, Parameters, flat_layout, read_biases, read_weights
from ..optimizers import FirstOrder, Optimizer
from ..schedules import Constant, Schedule

__all__ = ["Data", "Engine", "Rules", "State", "Workspace", "batches"]


Masks = tuple[Array | None, ...] | None


@dataclass(frozen=True)
class Data:
    """Checked rows.

    Parameters
    ----------
    x : Array, shape (N, n_0)
        Inputs, in the dtype of θ; or uint8, of which the network sees x · scale.
    y : Array, shape (N, n_L)
        Targets as the loss encodes them.
    sample_weight : Array, shape (N,), or None
    scale : float or None
        Of uint8 inputs.
    """

    x: Array
    y: Array
    sample_weight: Array | None
    scale: float | None = None

    def inputs(self) -> Array:
        """What the network sees: x, or x · scale in the dtype of y."""
        if self.scale is None:
            return self.x
        return array_namespace(self.y).astype(self.x, self.y.dtype) * self.scale

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
        weight = (
            None
            if self.sample_weight is None
            else xp.take(self.sample_weight, index, axis=0)
        )
        return Data(
            xp.take(self.x, index, axis=0),
            xp.take(self.y, index, axis=0),
            weight,
            self.scale,
        )


@dataclass(frozen=True)
class Rules:
    """What a step does beyond the network: constant over a run.

    Parameters
    ----------
    optimizer : Optimizer
    schedule : Schedule
    batch_rows : int
        Rows per step.
    l1, l2 : float
        Penalty factors (J2).
    dropout : tuple of float
        p of the input and of each hidden layer, L numbers.
    clip_value, clip_norm, max_norm : float or None
        Limits on entries of ∇J, on its norm, and on each unit's incoming weights.
    frozen_layers : tuple of int
        Layers, from 1, that do not move.
    seed : int
        Of every draw.
    order : callable, optional
        Of the number of an epoch: the row numbers in its order, or None for the rows as they lie. Without it the
        order is drawn from (seed, epoch), where a batch is less than all rows.
    alpha : float
        Added to l2, divided by the weight Σw of each batch: scikit-learn's penalty.
    """

    optimizer: Optimizer
    schedule: Schedule = Constant()
    batch_rows: int = 1
    l1: float = 0.0
    l2: float = 0.0
    dropout: tuple[float, ...] = ()
    clip_value: float | None = None
    clip_norm: float | None = None
    max_norm: float | None = None
    frozen_layers: tuple[int, ...] = ()
    seed: int = 0
    order: Callable[[int], Array | None] | None = None
    alpha: float = 0.0

    def rows_in_order(self, rows: int, epoch: int) -> Array | None:
        """The row numbers of an epoch in its order; None for all rows as they lie, in one batch."""
        if self.order is None:
            return epoch_order(rows, self.batch_rows, self.seed, epoch)
        order = self.order(epoch)
        return np.arange(rows) if order is None and self.batch_rows < rows else order

    def l2_of(self, weight: float) -> float:
        """The factor of ½ Σ W² in the J of a batch of this weight."""
        return self.l2 + self.alpha / weight if self.alpha else self.l2

    def is_steady(self, state: State) -> bool:
        """Whether the learning rate stays the same for the rest of the epoch."""
        return self.schedule.steady and state.epoch >= self.schedule.warmup_epochs

    def learning_rate(self, state: State, batches_per_epoch: int) -> float:
        """α of the step that `state` is before."""
        return self.learning_rate_at(state, state.step_in_epoch, batches_per_epoch)

    def learning_rate_at(
        self, state: State, step: int, batches_per_epoch: int
    ) -> float:
        """α of step `step`, from 0, of the epoch that `state` is in."""
        if not isinstance(self.optimizer, FirstOrder):
            return 1.0
        epochs = state.epoch + step / batches_per_epoch
        return self.optimizer.learning_rate * self.schedule.at(
            epochs, 1 / batches_per_epoch, state.schedule
        )


@dataclass(frozen=True)
class State:
    """What a step changes; with the seed it determines all that follows.

    Parameters
    ----------
    theta : Array, shape (D,)
    slots : tuple of Array, shapes (D,)
        The optimiser's.
    schedule : tuple of float
        What the schedule remembers.
    epoch, step_in_epoch : int
        Whole epochs done, and batches done of the one that is under way.
    steps : int
        Steps taken altogether.
    loss_sum, weight_sum : float
        Σ Σw J and Σ Σw over the batches of this epoch, each J taken before its step.
    """

    theta: Array
    slots: tuple[Array, ...] = ()
    schedule: tuple[float, ...] = ()
    epoch: int = 0
    step_in_epoch: int = 0
    steps: int = 0
    loss_sum: float = 0.0
    weight_sum: float = 0.0

    def next_epoch(self, schedule: tuple[float, ...] | None = None) -> State:
        """The same, at the start of the next epoch, with what the schedule then remembers."""
        memory = self.schedule if schedule is None else schedule
        return State(self.theta, self.slots, memory, self.epoch + 1, steps=self.steps)


@dataclass(frozen=True)
class Workspace:
    """What an engine prepared once for a network: everything that a step would else allocate."""

    network: Network
    dtype: Any


@dataclass(frozen=True)
class Pause:
    """When an engine that does many steps in one call must come back.

    Parameters
    ----------
    every_step : bool
        After each step.
    steps : int or None
        When so many have been taken altogether.
    at : float or None
        After the step in which `time.perf_counter()` passes this.
    """

    every_step: bool = False
    steps: int | None = None
    at: float | None = None

    def steps_left(self, taken: int) -> int:
        """How many steps to take at most; 0 for any number."""
        if self.every_step:
            return 1
        return 0 if self.steps is None else max(1, self.steps - taken)

    def seconds_left(self) -> float:
        """For how long to go on; negative for as long as it takes."""
        return -1.0 if self.at is None else max(0.0, self.at - time.perf_counter())


def epoch_order(rows: int, batch_rows: int, seed: int, epoch: int) -> Array | None:
    """The order of an epoch's rows; None for their own, where a batch is all of them."""
    return (
        None
        if batch_rows >= rows
        else generator(seed, Purpose.ORDER, epoch).permutation(rows)
    )


def batches(
    rows: int, batch_rows: int, seed: int, epoch: int
) -> Iterator[Array | None]:
    """The row numbers of each batch of an epoch; None for all rows in their own order."""
    return cut(epoch_order(rows, batch_rows, seed, epoch), rows, batch_rows)


def cut(order: Array | None, rows: int, batch_rows: int) -> Iterator[Array | None]:
    """The row numbers of each batch, of rows in this order; None for all rows in one."""
    if order is None:
        yield None
        return
    for start in range(0, rows, batch_rows):
        yield order[start : start + batch_rows]


def batches_per_epoch(rows: int, batch_rows: int) -> int:
    """How many batches `batches` makes."""
    return -(-rows // batch_rows)


#: Called after every step with the new state; what it raises ends the epoch.
AfterStep = Callable[[State], None]


class Engine(ABC):
    """What computes. Engines hold no state: it is all in the workspace and in `State`."""

    name: ClassVar[str]

    @abstractmethod
    def refusal(self, network: Network, rules: Rules, theta: Array) -> str | None:
        """Why this engine cannot do the job; None where it can."""

    def prepare(
        self,
        network: Network,
        rules: Rules,
        dtype: Any,
        threads: int | None = None,
        scale: float | None = None,
    ) -> Workspace:
        """Allocate for steps by these rules, on inputs scaled by `scale` if they are uint8."""
        return Workspace(network, dtype)

    @abstractmethod
    def loss_and_gradient(
        self,
        workspace: Workspace,
        theta: Array,
        data: Data,
        *,
        l1: float = 0.0,
        l2: float = 0.0,
        masks: Masks = None,
    ) -> tuple[Array, Array]:
        """J, shape (), and ∇J, shape (D,), of all the rows given (mean over Σw).

        Raises
        ------
        NonFiniteError
            Names the first quantity, in the order of the equations, that is NaN or infinite.
        """

    @abstractmethod
    def predictor(
        self, network: Network, parameters: Parameters, threads: int | None = None
    ) -> Callable[[Array], Array]:
        """A function from checked rows to A[L], shape (N, n_L)."""

    def aside(self) -> AbstractContextManager[Any]:
        """What is computed with NumPy between epochs runs within this."""
        return nullcontext()

    def run_epoch(
        self,
        workspace: Workspace,
        rules: Rules,
        data: Data,
        state: State,
        after_step: AfterStep,
        pause: Callable[[], Pause] = Pause,
    ) -> State:
        """The steps that are left of the epoch that `state` is in.

        Parameters
        ----------
        workspace : Workspace
            From `prepare`.
        rules : Rules
            With a first-order optimiser.
        data : Data
            All rows; batches are drawn from (seed, epoch).
        state : State
        after_step : callable
            See `AfterStep`; after each step, or after each call that did several.
        pause : callable
            When to come back at the latest; asked before each call.

        Returns
        -------
        State
            After the last batch of the epoch.

        Raises
        ------
        NonFiniteError
            With the number of the step.
        """
        count = batches_per_epoch(data.rows, rules.batch_rows)
        free = (
            free_entries(workspace.network.sizes, rules.frozen_layers, state.theta)
            if rules.frozen_layers
            else None
        )
        order = rules.rows_in_order(data.rows, state.epoch)
        for number, rows in enumerate(cut(order, data.rows, rules.batch_rows)):
            if number < state.step_in_epoch:
                continue
            batch = data if rows is None else data.take(rows)
            weight = batch.weight
            if weight > 0:
                state = self._step(workspace, rules, batch, weight, state, count, free)
            else:  # a batch of weight 0 makes no step
                state = replace(state, step_in_epoch=number + 1)
            after_step(state)
        return state

    def _step(
        self,
        workspace: Workspace,
        rules: Rules,
        batch: Data,
        weight: float,
        state: State,
        count: int,
        free: Array | None,
    ) -> State:
        sizes, theta, t = workspace.network.sizes, state.theta, state.steps + 1
        masks = None
        if any(rules.dropout):
            masks = dropout_masks(
                sizes,
                rules.dropout,
                batch.rows,
                rules.seed,
                state.epoch,
                state.step_in_epoch,
                theta,
            )
        try:
            l2 = rules.l2_of(weight)
            J, gradient = self.loss_and_gradient(
                workspace, theta, batch, l1=rules.l1, l2=l2, masks=masks
            )
            moved, slots = apply_step(
                sizes, rules, state, gradient, rules.learning_rate(state, count), free
            )
        except NonFiniteError as error:
            raise NonFiniteError(error.quantity, t) from error
        return replace(
            state,
            theta=moved,
            slots=slots,
            step_in_epoch=state.step_in_epoch + 1,
            steps=t,
            loss_sum=state.loss_sum + weight * float(J),
            weight_sum=state.weight_sum + weight,
        )


def apply_step(
    sizes: tuple[int, ...],
    rules: Rules,
    state: State,
    gradient: Array,
    learning_rate: float,
    free: Array | None,
) -> tuple[Array, tuple[Array, ...]]:
    """θ and the optimiser's state after one step along a gradient, within the constraints."""
    xp = array_namespace(gradient)
    optimizer = rules.optimizer
    assert isinstance(optimizer, FirstOrder)
    if free is not None:
        gradient = xp.where(free, gradient, xp.zeros_like(gradient))
    if rules.clip_value is not None:
        gradient = clip_by_value(gradient, rules.clip_value)
    if rules.clip_norm is not None:
        gradient = clip_by_norm(gradient, rules.clip_norm)
    start, decay = state.theta, optimizer.decay(learning_rate)
    if decay != 1.0:
        weights = flat_layout(sizes)[0][-1][1]
        start = xp.concat([decay * start[:weights], start[weights:]])
    theta, slots = optimizer.step(
        start, gradient, state.slots, learning_rate, state.steps + 1
    )
    if free is not None:
        theta = xp.where(free, theta, state.theta)
    if rules.max_norm is not None:
        theta = limit_rows(sizes, theta, rules.max_norm, free)
    if not math.isfinite(float(xp.sum(theta))):
        require_finite("θ", read_weights(sizes, theta), "W")
        require_finite("θ", read_biases(sizes, theta), "b")
    return theta, slots


def require_finite(
    kind: str, arrays: Sequence[Array], letter: str, first: int = 1
) -> None:
    """Raise `NonFiniteError` for the first array, by layer, with a number that is not finite."""
    for layer, array in enumerate(arrays, first):
        xp = array_namespace(array)
        if not bool(xp.all(xp.isfinite(array))):
            raise NonFiniteError(
                f"{letter}[{layer}]" + (" after the step" if kind == "θ" else "")
            )


def rows_at_once(widths: tuple[int, ...]) -> int:
    """How many rows to predict at once so that no layer needs more than about 64 MB."""
    return max(1, 2**23 // max(widths))
