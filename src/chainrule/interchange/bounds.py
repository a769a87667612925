"""A bound of how far two right computations of one network may be apart: in another order, by other functions.

It is of a network and of how large its inputs and units become, not of single rows, so that it is a statement on rows
that nobody measured. How large, is measured on rows: an input as its `reach`, a unit as twice its largest value.

Rounding errors are taken as independent, of mean 0 (Higham & Mary 2019, "A new approach to probabilistic rounding
error analysis"): of z = W a + b any order of summation, with or without fused multiply-adds, is off by about
√(n + 2) u (|W| |a| + |b|), and what each a is off by goes through W in squares. φ is taken as right to 8 ulp,
relative or of 1, and stretches what z is off by at most by its largest slope. Of what is found so the bound is eight
times; by their theorem one sum exceeds that with a chance below 2 exp(-8²/2) = 3e-14. Sure bounds, which let all errors
add up in one direction, are hundreds of times as large of networks of usual widths, and say nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.preparation import Preparation
from ..equations.activation import Activation, Elementwise
from ..equations.network import Network, Parameters
from .deployment import Deployment, Finish
from .parts import CategoryPart, NumberPart

__all__ = ["allowed", "bound_of", "reach_of"]

Matrix = np.ndarray[Any, Any]
#: Of a runtime's functions, in units of the last place.
ULPS = 8
#: Times what independent errors make.
SPREAD = 8.0
#: Times the largest value of a unit on the rows; of exp, times its z.
ROOM, ROOM_OF_EXP = 2.0, 1.5
#: Two computations are apart by √2 of what one is off by; where one rounds weights and inputs to float, by 2.
TWO, TWO_AND_NARROW = 2**0.5, 2.0


def reach_of(deployment: Deployment, x: Matrix) -> Matrix:
    """The size of each input up to which a bound is meant, shape (n_0,), of inputs x: the largest there.

    Of an input that is 0 in all rows it is the largest of all; of those that the preparation keeps within a range, the
    end of that range.
    """
    with np.errstate(invalid="ignore"):
        sizes = np.where(np.isfinite(x), np.abs(x), 0.0).astype(np.float64)
    found = sizes.max(axis=0, initial=0.0)
    found = np.where(found > 0, found, found.max(initial=0.0) or 1.0)
    at = 0
    for part in deployment.parts:
        free = isinstance(part, NumberPart) and not part.clip
        end = at + part.inputs
        least = 1.0 if isinstance(part, CategoryPart) else 3.0
        found[at + free : end] = np.maximum(found[at + free : end], least)
        at = end
    return np.asarray(found)


def allowed(
    bound: float, largest: float, reach: Matrix, x: Matrix, outputs: Matrix
) -> Matrix:
    """The bound for each output of other rows: as many times larger as an input is beyond its reach, or the output.

    Shapes: `reach` (n_0,), `x` (N, n_0), `outputs` and the result (N, columns).
    """
    with np.errstate(invalid="ignore", over="ignore"):
        beyond = np.nanmax(np.abs(x) / reach, axis=1, initial=1.0)
        larger = np.maximum(np.abs(outputs) / (largest or 1.0), 1.0)
        found = bound * beyond[:, None] * np.where(np.isnan(larger), np.inf, larger)
    return np.asarray(found)


def bound_of(
    deployment: Deployment,
    x: Matrix,
    *,
    narrow: bool = False,
    apart: Matrix | None = None,
) -> float:
    """The largest distance of two right computations of the outputs, for rows like those of inputs x.

    Parameters
    ----------
    deployment : Deployment
    x : ndarray, shape (N, n_0)
    narrow : bool, default False
        Whether one of them rounds weights and inputs to float, as C does.
    apart : ndarray, shape (n_0,), optional
        How far each input may differ, by another arithmetic of the preparation.
    """
    finest = np.float32 if narrow else deployment.dtype
    unit = float(np.finfo(finest).eps) / 2
    count = len(deployment.members)
    off = 4 * unit * reach_of(deployment, x)
    if deployment.columns or isinstance(deployment.source, Preparation):
        off = np.maximum(off, 2.0**-24 * reach_of(deployment, x))  # rounded to float
    off = off if apart is None else off + apart
    factor = TWO_AND_NARROW if narrow else TWO
    with np.errstate(over="ignore", invalid="ignore"):
        each = [
            _of_network(deployment.network, p, x, off, unit, factor)
            for p in deployment.members
        ]
        a = sum(one[0] for one in each) / count
        off = np.asarray(sum(one[1] for one in each) / count)
        wide = deployment.finish.wide and not narrow
        own = np.finfo(np.float64).eps if wide else 2 * unit
        found = _finished(deployment.finish, np.asarray(a), off, own)
    # what overflows is the same infinity in both
    return float(np.max(found, initial=0.0, where=np.isfinite(found)))


def _of_network(
    network: Network,
    parameters: Parameters,
    x: Matrix,
    off: Matrix,
    unit: float,
    factor: float,
) -> tuple[Matrix, Matrix]:
    """A[L] of the rows, shape (N, n_L), and the bound for each output, shape (n_L,)."""
    a = np.where(np.isfinite(x), x, 0.0).astype(np.float64)
    largest = np.abs(a).max(axis=0, initial=0.0)
    rounding = np.zeros(network.sizes[-1])
    for l, (W, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        W, b = W.astype(np.float64), b.astype(np.float64)
        own = np.sqrt(W.shape[1] + 2) * unit * (np.abs(W) @ largest + np.abs(b))
        off = np.sqrt(W**2 @ off**2 + (factor * own) ** 2)
        z = a @ W.T + b
        phi = network.activations[l]
        a = phi.value(z)
        last = l + 1 == network.n_layers
        largest = _largest(phi, z, a, room=not last)
        off = _stretched(phi, largest, off)
        rounding = _rounding(phi, z, largest, unit)
        if not last:
            off = np.hypot(off, rounding)
    return a, SPREAD * off + rounding


def _largest(phi: Activation, z: Matrix, a: Matrix, *, room: bool) -> Matrix:
    """The size that each unit may have."""
    found = np.nanmax(np.where(np.isfinite(a), np.abs(a), 0.0), axis=0, initial=0.0)
    if not room:
        return np.asarray(found)
    if phi.name == "exp":
        return np.asarray(np.exp(np.minimum(ROOM_OF_EXP * np.nanmax(z, axis=0), 700.0)))
    return np.asarray(ROOM * found)


def _largest_slope(phi: Elementwise) -> float:
    grid = np.concatenate([np.linspace(-40, 40, 80_001), [-1e4, 1e4]])
    with np.errstate(all="ignore"):
        return 1.001 * float(np.nanmax(np.abs(phi.derivative(grid))))


def _stretched(phi: Activation, largest: Matrix, off: Matrix) -> Matrix:
    """The distance of φ(z), of z that is off by so much."""
    if phi.name == "softmax":  # |∂a_k| ≤ 2 a_k (1 - a_k) max |∂z|
        return np.full_like(off, 0.5 * off.max())
    if phi.name == "exp":
        return np.asarray(largest * np.expm1(np.minimum(off, 700.0)))
    assert isinstance(phi, Elementwise)
    return _largest_slope(phi) * off


def _rounding(phi: Activation, z: Matrix, largest: Matrix, unit: float) -> Matrix:
    """The distance of two functions φ of one z."""
    if phi.name in ("identity", "relu", "hard_tanh"):
        return np.zeros(len(largest))
    if phi.name == "softmax":
        return np.full(len(largest), ULPS * unit * (1 + len(largest) ** 0.5))
    size = largest if phi.name == "exp" else 1.0 + largest
    return np.asarray(ULPS * unit * size)


def _finished(finish: Finish, a: Matrix, off: Matrix, own: float) -> Matrix:
    outputs = np.abs(finish.applied(a)).max(axis=0, initial=0.0)
    if finish.kind == "classes" and a.shape[1] == 1:
        off = np.concatenate([off, off])
    if finish.normalized:
        off = off + outputs * off.sum()
    if finish.width is not None:
        off = off * finish.width
    if finish.log:
        off = outputs * np.expm1(np.minimum(off, 700.0))
    off = off + 8 * own * outputs
    bounded = finish.kind in ("classes", "labels")
    return np.minimum(off, 1.0) if bounded else off
