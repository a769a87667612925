"""One step: clip, freeze, decay, move (U1), limit the norms."""

from __future__ import annotations

import math

from ..equations.arrays import Array, array_namespace, require_finite
from ..equations.network import flat_layout, read_biases, read_weights
from .constraints import clip_by_norm, clip_by_value, limit_rows
from .first_order import FirstOrder
from .rules import Rules
from .state import State

__all__ = ["apply_step"]


def apply_step(
    sizes: tuple[int, ...],
    rules: Rules,
    state: State,
    gradient: Array,
    learning_rate: float,
    free: Array | None,
) -> tuple[Array, tuple[Array, ...]]:
    """θ and the optimizer's state after one step along a gradient, within the constraints."""
    xp = array_namespace(gradient)
    optimizer = rules.optimizer
    assert isinstance(optimizer, FirstOrder)  # no other moves along one gradient
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
    theta, slots = optimizer.move(
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
