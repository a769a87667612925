"""The interface of an engine.

An engine turns (network, θ, rows) into (J, ∇J), hands out everything that it computed for them, runs an epoch,
and predicts. The default `loss_and_gradient` is of `passes`, and the default `run_epoch` is a loop over it; an engine
that can do less in one, or a whole epoch in one call, overrides them, and the tests compare the two.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..equations.arrays import Array, array_namespace, as_numpy, require_finite
from ..equations.backward_pass import Gradient
from ..equations.forward_pass import Trace
from ..equations.losses import reduction_weights
from ..equations.network import Network, Parameters
from ..errors import NonFiniteError
from ..optimizers.interface import Optimizer, Problem, Rows, Slots
from ..optimizers.rules import Rules
from ..optimizers.state import State
from ..optimizers.step import apply_step
from .rows import Data, EpochPart, batches_per_epoch, cut

__all__ = [
    "AfterStep",
    "Engine",
    "Masks",
    "Pause",
    "Workspace",
    "require_finite_gradient",
    "require_finite_trace",
    "step_along",
]

Masks = tuple[Array | None, ...] | None
#: Called after every step with the new state; what it raises ends the epoch.
AfterStep = Callable[[State], None]


@dataclass(frozen=True)
class Workspace:
    """All that an engine prepares once for a network, so that a step allocates nothing."""

    network: Network
    dtype: Any


@dataclass(frozen=True)
class Pause:
    """The moment at which an engine that does many steps in one call must come back.

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
        """The number of steps to take at most; 0 for any number."""
        if self.every_step:
            return 1
        return 0 if self.steps is None else max(1, self.steps - taken)

    def seconds_left(self) -> float:
        """The seconds to continue for; negative for as long as it takes."""
        return -1.0 if self.at is None else max(0.0, self.at - time.perf_counter())


class Engine(ABC):
    """The interface of what computes. Engines hold no state: it is all in the workspace and in `State`."""

    name: ClassVar[str]

    @abstractmethod
    def refusal(self, network: Network, rules: Rules, theta: Array) -> str | None:
        """The reason why this engine cannot do the job; None where it can."""

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

    def loss_and_gradient(
        self,
        workspace: Workspace,
        theta: Array,
        data: Data,
        *,
        l1: float = 0.0,
        l2: float = 0.0,
        masks: Masks = None,
        reduction: str = "mean",
    ) -> tuple[Array, Array]:
        """J, shape (), and ∇J, shape (D,), of all the rows given: divided by Σw, or with "sum" not.

        Raises
        ------
        NonFiniteError
            Names the first quantity, in the order of the equations, that is NaN or infinite.
        """
        trace, gradient = self.passes(
            workspace, theta, data, l1=l1, l2=l2, masks=masks, reduction=reduction
        )
        require_finite_trace(trace)
        require_finite_gradient(gradient)
        return gradient.J, gradient.flat

    @abstractmethod
    def passes(
        self,
        workspace: Workspace,
        theta: Array,
        data: Data,
        *,
        l1: float = 0.0,
        l2: float = 0.0,
        masks: Masks = None,
        reduction: str = "mean",
        input_gradient: bool = False,
    ) -> tuple[Trace, Gradient]:
        """Everything that the engine computes forward and back, of all the rows given.

        Z, A, Δ and ℓ are this engine's own, those of its steps; J and ∇J are those of `loss_and_gradient`. What is
        NaN or infinite is handed out as it is.

        Parameters
        ----------
        workspace : Workspace
            From `prepare`, for at least so many rows in a batch.
        theta, data, l1, l2, masks
            As in `loss_and_gradient`.
        reduction : {"mean", "sum"}
            Whether Σ w ℓ is divided by Σ w.
        input_gradient : bool
            Whether to compute dX (B4), and to keep every ∂ℓ/∂A.
        """

    @abstractmethod
    def predictor(
        self, network: Network, parameters: Parameters, threads: int | None = None
    ) -> Callable[[Array], Array]:
        """A function from checked rows to A[L], shape (N, n_L)."""

    def aside(self) -> AbstractContextManager[Any]:
        """A context for what is computed with NumPy between epochs."""
        return nullcontext()

    def run_epoch(
        self,
        workspace: Workspace,
        rules: Rules,
        data: Data,
        state: State,
        after_step: AfterStep,
        pause: Callable[[], Pause] = Pause,
        part: EpochPart | None = None,
    ) -> State:
        """The steps that are left of the epoch that `state` is in.

        Parameters
        ----------
        workspace : Workspace
            From `prepare`.
        rules : Rules
            Optimizer, schedule, penalties, constraints.
        data : Data
            All rows; batches are drawn from (seed, epoch).
        state : State
        after_step : callable
            See `AfterStep`; after each step, or after each call that did several.
        pause : callable
            When to come back at the latest; asked before each call.
        part : EpochPart, optional
            The batches whose rows `data` holds; by default it holds all rows.

        Returns
        -------
        State
            After the last batch of the epoch, or of the part.

        Raises
        ------
        NonFiniteError
            With the number of the step.
        """
        if part is None:
            count, first = batches_per_epoch(data.rows, rules.batch_rows), 0
            order, rows_given = rules.rows_in_order(data.rows, state.epoch), data.rows
        else:
            count, first, order = part.count, part.first, part.order
            rows_given = int(order.shape[0])
        free = rules.free_entries(workspace.network.sizes, state.theta)
        for number, rows in enumerate(cut(order, rows_given, rules.batch_rows), first):
            if number < state.step_in_epoch:
                continue
            batch = data if rows is None else data.take(rows)
            weight = batch.weight
            if weight > 0:
                before = state.steps
                state = self._step(workspace, rules, batch, weight, state, count, free)
                if state.steps == before:  # the optimizer has ended
                    break
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
        sizes, theta = workspace.network.sizes, state.theta
        step = state.step_in_epoch
        masks = rules.masks(sizes, batch.rows, state.epoch, step, theta)
        l1, l2, rate = rules.l1, rules.l2_of(weight), rules.learning_rate(state, count)

        def evaluate(theta: Array) -> tuple[Array, Array]:
            return self.loss_and_gradient(
                workspace, theta, batch, l1=l1, l2=l2, masks=masks
            )

        def move(state: State, gradient: Array) -> tuple[Array, Slots]:
            return apply_step(sizes, rules, state, gradient, rate, free)

        def passes(theta: Array) -> tuple[Trace, Gradient]:
            return self.passes(workspace, theta, batch, l1=l1, l2=l2)

        def rows() -> Rows:
            given = batch.sample_weight
            weights = None if given is None else as_numpy(given)
            y, frozen = as_numpy(batch.y), rules.frozen_layers
            s = reduction_weights(weights, batch.rows, "mean", y)
            return Rows(workspace.network, y, s, weight, l1, l2, frozen)

        try:
            problem = Problem(evaluate, move, passes, rows)
            return step_along(rules.optimizer, problem, state, weight)
        except NonFiniteError as error:
            raise NonFiniteError(error.quantity, state.steps + 1) from error


def step_along(
    optimizer: Optimizer, problem: Problem, state: State, weight: float
) -> State:
    """The state after a step on rows of this weight; its `steps` are as before where the optimizer has ended."""
    stepped = optimizer.step(problem, state)
    moved = replace(
        state,
        theta=stepped.theta,
        slots=stepped.slots,
        memory=stepped.memory,
        scalars=stepped.scalars,
    )
    if not stepped.taken:
        return moved
    if not optimizer.one_gradient:
        weight = 1.0  # J of all rows is no mean over batches
    loss_sum = state.loss_sum + weight * float(stepped.J)
    if not math.isfinite(loss_sum):  # huge row weights
        raise NonFiniteError("J")
    return replace(
        moved,
        details=stepped.details,
        step_in_epoch=state.step_in_epoch + 1,
        steps=state.steps + 1,
        loss_sum=loss_sum,
        weight_sum=state.weight_sum + weight,
    )


def require_finite_trace(trace: Trace) -> None:
    """Raise `NonFiniteError` for the first Z or A with a number that is not finite."""
    xp = array_namespace(trace.output)
    for layer, (z, a) in enumerate(zip(trace.Z, trace.A[1:], strict=True), 1):
        if not math.isfinite(float(xp.sum(z)) + float(xp.sum(a))):
            require_finite("Z", [z], "Z", layer)
            require_finite("A", [a], "A", layer)


def require_finite_gradient(gradient: Gradient) -> None:
    """Raise `NonFiniteError` for J, or the first Δ, dW or db, with a number that is not finite."""
    xp = array_namespace(gradient.flat)
    if not math.isfinite(float(gradient.J)):
        raise NonFiniteError("J")
    if not math.isfinite(float(xp.sum(gradient.flat))):
        layers = range(len(gradient.dW), 0, -1)  # the order of the backward pass
        for layer in layers:
            require_finite("Δ", [gradient.delta[layer - 1]], "Δ", layer)
        for layer in layers:
            require_finite("dW", [gradient.dW[layer - 1]], "dW", layer)
            require_finite("db", [gradient.db[layer - 1]], "db", layer)
