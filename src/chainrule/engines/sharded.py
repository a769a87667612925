"""Sharded steps: a gradient as the sum over logical shards (`shards`), computed by an engine, here or elsewhere.

Σ w ∂ℓ/∂θ of each shard is the engine's, in the dtype of θ; the sums over shards are divided by Σ w once (J1, B3),
and the penalty is added once (J2). The step along it is `apply_step`, as in every engine.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..equations.arrays import Array, array_namespace, as_numpy, require_finite
from ..equations.backward_pass import Gradient, penalty_gradient
from ..equations.forward_pass import Trace, penalty
from ..equations.losses import reduction_weights
from ..equations.network import (
    Network,
    Parameters,
    flat_layout,
    read_biases,
    read_weights,
)
from ..equations.output_curvature import output_factor
from ..equations.second_order import gauss_newton
from ..errors import InputError, NonFiniteError
from ..optimizers.interface import Problem, Rows, Slots
from ..optimizers.local_model import on_numpy
from ..optimizers.one_thread import one_thread
from ..optimizers.rules import Rules
from ..optimizers.state import State
from ..optimizers.step import apply_step
from .interface import AfterStep, Engine, Workspace, step_along
from .rows import Data
from .shards import SLICE_ROWS, Node, Shards, Sums, Tree

__all__ = ["PartialSums", "ShardedSteps", "require_shards", "rows_of", "sharded"]

#: Rows that a workspace has room for at least: those that a run looks at after an epoch.
ASIDE_ROWS = 500


def require_shards(count: int, rows: int, rules: Rules) -> int:
    """The rows that are summed at once.

    Raises
    ------
    InputError
        There are more shards than rows, or a batch that is not all rows has below 256 for each.
    """
    if count > rows:
        raise InputError(
            f"shards = {count} of {rows} rows",
            "at most as many shards as rows",
            "Leave shards out for so few rows.",
        )
    least = min(count * SLICE_ROWS, rows)
    if rules.batch_rows < least:
        raise InputError(
            f"batch_rows = {rules.batch_rows} in {count} shards",
            f"at least {least}, {SLICE_ROWS} for each shard, or all rows",
            f"Pass batch_rows={least}, or leave shards out for small batches.",
        )
    return Shards(rows, count, rules.batch_rows, rules.seed).most_rows


@dataclass(frozen=True)
class PartialSums:
    """All that sums over shards are computed with, here or by a worker of a cluster.

    Parameters
    ----------
    engine : Engine
    workspace : Workspace
        Made by `room`.
    rules : Rules
    shards : Shards
    read : callable
        From the number of a shard to its rows.
    """

    engine: Engine
    workspace: Workspace
    rules: Rules
    shards: Shards
    read: Callable[[int], Data]

    @staticmethod
    def room(rules: Rules, shards: Shards) -> Rules:
        """The rules for whose batches a workspace is prepared: its strategy, and so its bits, follow from the data."""
        rows = max(shards.most_rows, min(ASIDE_ROWS, shards.rows))
        return replace(rules, batch_rows=rows)

    def parts(
        self,
        theta: Array,
        epoch: int,
        step: int,
        wanted: Iterable[int],
        curvature: bool,
    ) -> dict[Node, Sums]:
        """The sums of the wanted shards in one step, added as far as they are neighbors."""
        tree = Tree(self.shards.count)
        for shard in sorted(wanted):
            tree.add((0, shard), self._shard(theta, epoch, step, shard, curvature))
        return tree.parts

    def whole(self, theta: Array, epoch: int, step: int, curvature: bool) -> Sums:
        """The sums over all shards in one step."""
        every = range(self.shards.count)
        (sums,) = self.parts(theta, epoch, step, every, curvature).values()
        return sums

    def _shard(
        self, theta: Array, epoch: int, step: int, shard: int, curvature: bool
    ) -> Sums:
        rows = self.read(shard)
        first_key = (step * self.shards.count + shard) << 20
        pieces = (
            self._piece(theta, epoch, key, rows_of(rows, piece), curvature)
            for key, piece in enumerate(
                self.shards.pieces(shard, epoch, step), first_key
            )
        )
        return functools.reduce(operator.iadd, pieces)  # a slice has a row at least

    def _piece(
        self, theta: Array, epoch: int, key: int, rows: Data, curvature: bool
    ) -> Sums:
        sizes = self.workspace.network.sizes
        masks = self.rules.masks(sizes, rows.rows, epoch, key, theta)
        J, gradient = self.engine.loss_and_gradient(
            self.workspace, theta, rows, masks=masks, reduction="sum"
        )
        curved = self._curvature(theta, rows) if curvature else None
        return Sums(float(J), rows.weight, rows.rows, gradient, curved)

    def _curvature(self, theta: Array, rows: Data) -> Array:
        """J̃ᵀ J̃ of a piece (G6)."""
        network, w = self.workspace.network, rows.sample_weight
        passes = self.engine.passes(self.workspace, theta, rows, reduction="sum")
        trace, _ = on_numpy(*passes)
        y = as_numpy(rows.y)
        s = reduction_weights(None if w is None else as_numpy(w), rows.rows, "sum", y)
        with one_thread():
            factor = output_factor(network, trace, y, s)
            own = Parameters(network.sizes, as_numpy(theta))
            return gauss_newton(network, own, trace, factor)


def sharded(
    engine: Engine,
    network: Network,
    rules: Rules,
    data: Data,
    count: int,
    dtype: Any,
    threads: int | None,
) -> tuple[ShardedSteps, Workspace]:
    """Sharded steps over rows in memory, whose gradients are an engine's, and the workspace for them."""
    shards = Shards(data.rows, count, rules.batch_rows, rules.seed)
    room = PartialSums.room(rules, shards)
    workspace = engine.prepare(network, room, dtype, threads, data.scale)

    def read(shard: int) -> Data:
        return rows_of(data, slice(*shards.bounds(shard)))

    partial = PartialSums(engine, workspace, rules, shards, read)
    return ShardedSteps(network, rules, shards, partial.whole), workspace


def rows_of(data: Data, rows: Any) -> Data:
    """A piece of the rows: those from one to before another without a copy, or those of these numbers."""
    if not isinstance(rows, slice):
        return data.take(rows)
    w = data.sample_weight
    return Data(data.x[rows], data.y[rows], None if w is None else w[rows], data.scale)


@dataclass(frozen=True)
class ShardedSteps:
    """Steps along sums over shards.

    Parameters
    ----------
    network : Network
    rules : Rules
    shards : Shards
    sums : callable
        (θ, epoch, step, whether with J̃ᵀ J̃) → `Sums` over all shards of a step.
    note : callable
        Words on the last steps, for the line of progress.
    """

    network: Network
    rules: Rules
    shards: Shards
    sums: Callable[[Array, int, int, bool], Sums]
    note: Callable[[], str] = str

    def run_epoch(self, state: State, after_step: AfterStep) -> State:
        """The steps that are left of an epoch, as `Engine.run_epoch` makes them of rows."""
        rules = self.rules
        free = rules.free_entries(self.network.sizes, state.theta)
        while state.step_in_epoch < self.shards.steps:
            place, curved = state.step_in_epoch, rules.optimizer.second_order
            try:
                sums = self.sums(state.theta, state.epoch, place, curved)
                if sums.weight > 0:
                    before = state.steps
                    state = self._stepped(state, sums, free)
                    if state.steps == before:  # the optimizer has ended
                        break
                else:  # a batch of weight 0 makes no step
                    state = replace(state, step_in_epoch=place + 1)
            except NonFiniteError as error:
                raise NonFiniteError(error.quantity, state.steps + 1) from error
            after_step(state)
        return state

    def _stepped(self, state: State, sums: Sums, free: Array | None) -> State:
        network, rules, sizes = self.network, self.rules, self.network.sizes
        rate = rules.learning_rate(state, self.shards.steps)
        none = tuple(np.zeros((0, n)) for n in sizes)  # of rows that are elsewhere

        def at(theta: Array, curvature: bool = False) -> Sums:
            if theta is state.theta:
                return sums
            # a search looks elsewhere, too
            return self.sums(theta, state.epoch, state.step_in_epoch, curvature)

        def evaluate(theta: Array) -> tuple[Array, Array]:
            return _mean(sizes, rules, theta, at(theta))

        def move(state: State, gradient: Array) -> tuple[Array, Slots]:
            return apply_step(sizes, rules, state, gradient, rate, free)

        def passes(theta: Array) -> tuple[Trace, Gradient]:
            try:
                J, gradient = evaluate(theta)
            except NonFiniteError:
                J, gradient = np.float64(math.inf), np.zeros(theta.shape)
            trace = Trace(none, none[1:], (None,) * network.n_layers)
            flat, no_rows = as_numpy(gradient), np.zeros(0)
            return trace, Gradient(sizes, J, flat, none[1:], no_rows, None)

        def rows() -> Rows:
            l2, frozen = rules.l2_of(sums.weight), rules.frozen_layers
            return Rows(network, none[-1], 1.0, sums.weight, rules.l1, l2, frozen)

        def curvature(theta: Array) -> Any:
            found = at(theta, True).curvature
            assert found is not None  # asked for
            return found / sums.weight  # J1

        problem = Problem(evaluate, move, passes, rows, curvature)
        return step_along(rules.optimizer, problem, state, sums.weight)


def _mean(
    sizes: tuple[int, ...], rules: Rules, theta: Array, sums: Sums
) -> tuple[Array, Array]:
    """J and ∇J of the rows that were summed, the penalty included."""
    l1, l2 = rules.l1, rules.l2_of(sums.weight)
    J, gradient = sums.loss / sums.weight, sums.gradient / sums.weight  # J1, B3
    if l1 or l2:
        parameters = Parameters(sizes, theta)
        J = J + float(penalty(parameters, l1, l2))  # J2
        xp, weights = array_namespace(theta), flat_layout(sizes)[0][-1][1]
        flat = penalty_gradient(theta[:weights], l1, l2)
        gradient = xp.concat([gradient[:weights] + flat, gradient[weights:]])
    if not math.isfinite(J):
        raise NonFiniteError("J")
    if not math.isfinite(float(array_namespace(theta).sum(gradient))):
        require_finite("dW", read_weights(sizes, gradient), "dW")
        require_finite("db", read_biases(sizes, gradient), "db")
    return J, gradient
