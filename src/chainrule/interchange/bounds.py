"""A bound of how far two right computations of one network may be apart: in another order, by other functions.

Rounding errors are taken as independent, of mean 0 (Higham & Mary 2019, "A new approach to probabilistic rounding
error analysis"): of z = W a + b any order of summation, with or without fused multiply-adds, is off by about
√(n + 2) u (|W| |a| + |b|), and what each a is off by goes through W in squares. φ is taken as right to 16 ulp,
relative or of 1, and stretches what z is off by at most by its largest slope. The bound is four times what is found
so. Sure bounds, which let all errors add up in one direction, are hundreds of times as large of networks of usual
widths, and say nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..equations.activation import Activation, Elementwise
from ..equations.network import Network, Parameters
from .deployment import Deployment, Finish

__all__ = ["bound_of"]

Matrix = np.ndarray[Any, Any]
#: Of a runtime's functions, in units of the last place.
ULPS = 16
#: Times what independent errors make.
SPREAD = 4.0


def _largest_slope(phi: Elementwise) -> float:
    grid = np.concatenate([np.linspace(-40, 40, 80_001), [-1e4, 1e4]])
    with np.errstate(all="ignore"):
        return 1.001 * float(np.nanmax(np.abs(phi.derivative(grid))))


def _through(phi: Activation, a: Matrix, off: Matrix, unit: float) -> Matrix:
    """The distance that φ(z) may be off, of z that is off by so much."""
    if phi.name in ("identity", "relu", "hard_tanh"):
        return off
    if phi.name in ("softmax", "exp"):
        widest = off if phi.name == "exp" else 2 * off.max(axis=1, keepdims=True)
        with np.errstate(over="ignore"):
            moved = np.abs(a) * np.expm1(np.minimum(widest, 700.0))
        moved = np.minimum(moved, 1.0) if phi.name == "softmax" else moved
        return np.asarray(moved + ULPS * unit * (1 + a.shape[1]) * (np.abs(a) + unit))
    assert isinstance(phi, Elementwise)
    rounding = ULPS * unit * (1.0 + np.abs(a))
    return np.hypot(_largest_slope(phi) * off, rounding)


def _of_network(
    network: Network, parameters: Parameters, x: Matrix, unit: float
) -> tuple[Matrix, Matrix]:
    """A[L] in float64, and how far it may be off."""
    a = x.astype(np.float64)
    off = 4 * unit * np.abs(a)  # of the preparation, rounded to the network's dtype
    for l, (W, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        W, b = W.astype(np.float64), b.astype(np.float64)
        own = np.sqrt(W.shape[1] + 2) * unit * (np.abs(a) @ np.abs(W).T + np.abs(b))
        off = np.sqrt((off**2) @ (W**2).T + own**2)
        z = a @ W.T + b
        phi = network.activations[l]
        a = phi.value(z)
        off = _through(phi, a, off, unit)
    return a, off


def bound_of(deployment: Deployment, x: Matrix) -> float:
    """The largest distance of two right computations of the outputs, over rows x of inputs."""
    unit = float(np.finfo(deployment.dtype).eps) / 2
    count = len(deployment.members)
    with np.errstate(over="ignore", invalid="ignore"):
        pairs = [
            _of_network(deployment.network, p, x, unit) for p in deployment.members
        ]
        a = sum(pair[0] for pair in pairs) / count
        off = sum(pair[1] for pair in pairs) / count
        found = SPREAD * _finished(
            deployment.finish, np.asarray(a), np.asarray(off), unit
        )
    # what overflows is the same infinity in both
    return float(np.max(found, initial=0.0, where=np.isfinite(found)))


def _finished(finish: Finish, a: Matrix, off: Matrix, unit: float) -> Matrix:
    outputs = finish.applied(a)
    if finish.kind == "classes" and a.shape[1] == 1:
        off = np.hstack([off, off])
    if finish.normalized:
        off = off + np.abs(outputs) * off.sum(axis=1, keepdims=True)
    if finish.width is not None:
        off = off * finish.width
    if finish.log:
        off = np.abs(outputs) * np.expm1(np.minimum(off, 700.0))
    own = np.finfo(np.float64).eps if finish.wide else unit
    return off + 8 * own * np.abs(outputs)
