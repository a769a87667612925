"""The constraints on a step: frozen layers, a gradient too large, weights grown too far."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..equations.arrays import Array, array_namespace, device
from ..equations.network import flat_layout

__all__ = ["clip_by_norm", "clip_by_value", "free_entries", "limit_rows"]


def free_entries(
    sizes: Sequence[int], frozen_layers: Sequence[int], like: Array
) -> Array:
    """A mask of the entries of θ that may move, shape (D,): all but those of the frozen layers (from 1)."""
    weights, biases = flat_layout(sizes)
    free = np.ones(biases[-1][1], dtype=bool)
    for layer in frozen_layers:
        for start, end in (weights[layer - 1], biases[layer - 1]):
            free[start:end] = False
    return array_namespace(like).asarray(free, device=device(like))


def clip_by_value(gradient: Array, limit: float) -> Array:
    """Every entry of ∇J moved into [-limit, limit]."""
    return array_namespace(gradient).clip(gradient, -limit, limit)


def clip_by_norm(gradient: Array, limit: float) -> Array:
    """∇J scaled down so that its Euclidean norm is at most `limit`. Pascanu et al. 2013."""
    xp = array_namespace(gradient)
    norm = float(xp.sqrt(xp.sum(gradient * gradient)))
    if norm == math.inf:  # the squares overflowed; the gradient itself is finite
        largest = float(xp.max(xp.where(gradient > 0, gradient, -gradient)))
        norm = largest * float(xp.sqrt(xp.sum((gradient / largest) ** 2)))
    return gradient * (limit / norm) if norm > limit else gradient


def limit_rows(
    sizes: Sequence[int], theta: Array, limit: float, free: Array | None
) -> Array:
    """θ with each unit's incoming weights scaled down to a norm of at most `limit`.

    Srivastava et al. 2014, section 5.1. Biases and frozen layers stay.
    """
    xp = array_namespace(theta)
    parts = []
    spans, biases = flat_layout(sizes)
    for (start, end), width in zip(spans, sizes[1:], strict=True):
        rows = xp.reshape(theta[start:end], (width, -1))
        norm = xp.sqrt(xp.sum(rows * rows, axis=1, keepdims=True))
        too_long = norm > limit
        factor = xp.where(
            too_long,
            limit / xp.where(too_long, norm, xp.ones_like(norm)),
            xp.ones_like(norm),
        )
        parts.append(xp.reshape(rows * factor, (-1,)))
    limited = xp.concat([*parts, theta[biases[0][0] :]])
    return limited if free is None else xp.where(free, limited, theta)
