"""The arithmetic of the C that is written, in NumPy: the same operations in the same order on float32, row by row.

So an export needs no compiler to know what its C computes. Nothing here fuses or reorders: NumPy rounds each product
and each sum of float32 by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..equations.activation import Activation
from ..equations.network import Network, Parameters
from .parts import CategoryPart, NumberPart, Part, SumPart

__all__ = [
    "apply_activation",
    "exponential",
    "lanes_of",
    "network_outputs",
    "prepared",
    "two_floats",
]

Matrix = np.ndarray[Any, Any]
F = np.float32
#: Outputs of the last layer whose softmax adds up in one chain, as the engine does.
WIDEST_TURNED = 32


def _chain(x: Matrix, coefficients: Sequence[float]) -> Matrix:
    """A polynomial, highest coefficient first."""
    p = np.full_like(x, F(coefficients[0]))
    for c in coefficients[1:]:
        p = p * x + F(c)
    return p


def _power(k: Matrix) -> Matrix:
    return ((k + np.int32(127)) << np.int32(23)).astype(np.int32).view(F)


def _exp(x: Matrix) -> Matrix:
    x = np.where(x < F(-104), F(-104), x)
    x = np.where(x > F(89), F(89), x)
    n = x * F(1.44269504088896341) + F(12582912.0)
    k = n.view(np.int32) - np.int32(0x4B400000)
    n = n - F(12582912.0)
    r = n * F(-0.693359375) + x
    r = n * F(2.12194440e-4) + r
    p = _chain(r, EXP)
    p = p * (r * r) + r + F(1)
    k = np.where(np.isnan(x), np.int32(0), k)
    half = k >> np.int32(1)
    return np.asarray(p * _power(half) * _power(k - half))


def exponential(x: Matrix) -> Matrix:
    """e^x of float32, infinity where it overflows."""
    with np.errstate(all="ignore"):
        return _exp(x)


EXP = (
    *(1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3),
    *(4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1),
)
TANH_TOP = (
    *(-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11),
    *(5.12229709037114e-08, 1.48572235717979e-05, 6.37261928875436e-04),
    4.89352455891786e-03,
)
TANH_BOTTOM = (
    *(1.19825839466702e-06, 1.18534705686654e-04),
    *(2.26843463243900e-03, 4.89352518554385e-03),
)
LOG = (
    *(7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1),
    *(1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1),
    3.3333331174e-1,
)
ERF_NEAR = (
    *(7.88876223e-05, -8.02073300e-04, 5.18952301e-03, -2.68544381e-02),
    *(1.12836000e-01, -3.76126271e-01, 1.12837917e00),
)
ERF_FAR = (
    *(-7.38595994e00, 1.01873334e01, -5.15951944e-01),
    *(1.58728666e00, 5.19389766e-01, 1.82314950e-03),
)


def _tanh(z: Matrix) -> Matrix:
    limit = F(7.90531110763549805)
    x = np.where(z > limit, limit, z)
    x = np.where(x < -limit, -limit, x)
    s = x * x
    return np.where(s < F(1e-7), z, x * _chain(s, TANH_TOP) / _chain(s, TANH_BOTTOM))


def _sigmoid(z: Matrix) -> Matrix:
    e = _exp(np.where(z < 0, z, -z))
    large = F(1) / (F(1) + e)
    return np.where(z < 0, e * large, large)


def _log(x: Matrix) -> Matrix:
    usual = x <= np.finfo(F).max
    safe = np.where(usual, x, F(1))
    bits = safe.view(np.int32)
    k = (bits - np.int32(0x3F3504F3)) >> np.int32(23)
    f = (bits - (k << np.int32(23))).view(F) - F(1)
    n = k.astype(F)
    s = f * f
    y = _chain(f, LOG) * f * s + n * F(-2.12194440e-4)
    return np.where(usual, n * F(0.693359375) + (s * F(-0.5) + y + f), x)


def _erf(x: Matrix) -> Matrix:
    size = np.where(x < 0, -x, x)
    s, t = x * x, F(1) / (size + F(2))
    far = -_chain(t, ERF_FAR) * _exp(-s) + F(1)
    return np.where(size < 1, x * _chain(s, ERF_NEAR), np.where(x < 0, -far, far))


def _elu(z: Matrix, alpha: float) -> Matrix:
    below = np.where(z < 0, z, F(0))
    a = F(alpha) * ((F(1) + _exp(below)) * _tanh(below * F(0.5)))
    return np.where((z > 0) | np.isnan(z), z, a)


def _gelu_tanh(z: Matrix) -> Matrix:
    return z * _sigmoid(F(1.59576917) * z * (z * z * F(0.0447149985) + F(1)))


def _mish(z: Matrix) -> Matrix:
    e = _exp(np.where(z < 0, z, -z))
    e2 = e * e
    top = np.where(z < 0, e * F(2) + e2, e * F(2) + F(1))
    rest = np.where(z < 0, F(2), F(2) * e2)
    return np.asarray(z * (top / (top + rest)))


def _softplus(z: Matrix) -> Matrix:
    e = _exp(np.where(z < 0, z, -z))
    u = F(1) + e
    a = np.where(z > 0, z, F(0)) + (_log(u) + (e - (u - F(1))) / u)
    return np.where(np.isnan(z), z, a)


def _squareplus(z: Matrix, b: float) -> Matrix:
    far = F(0.5) * (np.sqrt(z * z + F(b)) + np.where(z > 0, z, -z))
    return np.where(z > 0, far, F(0.25) * F(b) / far)


def _hard_sigmoid(z: Matrix) -> Matrix:
    line = z * F(0.166666672) + F(0.5)
    return np.where(z <= -3, F(0), np.where(z >= 3, F(1), line))


#: activation → φ, of z and the parameter.
PHI: dict[str, Callable[..., Matrix]] = {
    "identity": lambda z: z,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": lambda z: np.where(z <= 0, F(0), z),
    "leaky_relu": lambda z, slope: np.where(z > 0, z, F(slope) * z),
    "elu": _elu,
    "selu": lambda z: _elu(z, 1.67326319) * F(1.05070102),
    "gelu": lambda z: z * (_erf(z * F(0.707106769)) * F(0.5) + F(0.5)),
    "gelu_tanh": _gelu_tanh,
    "silu": lambda z: z * _sigmoid(z),
    "mish": _mish,
    "softplus": _softplus,
    "squareplus": _squareplus,
    "softsign": lambda z: z * (F(1) / (F(1) + np.where(z < 0, -z, z))),
    "hard_sigmoid": _hard_sigmoid,
    "hard_tanh": lambda z: np.where(z < -1, F(-1), np.where(z > 1, F(1), z)),
    "exp": _exp,
}


def lanes_of(width: int, *, last: bool) -> int:
    """The sums that a softmax of so many outputs is added up in."""
    return 1 if last and width <= WIDEST_TURNED else 4


def _softmax(z: Matrix, lanes: int) -> Matrix:
    e = _exp(z - np.max(z, axis=1, keepdims=True))
    sums = np.zeros((4, len(z)), F)
    for i in range(z.shape[1]):
        sums[i % lanes] += e[:, i]
    inverse = F(1) / (sums[0] + sums[2] + (sums[1] + sums[3]))
    return np.asarray(e * inverse[:, None])


def apply_activation(phi: Activation, z: Matrix, *, last: bool) -> Matrix:
    """A[l] of Z[l], float32, shape (N, n_l); `last` of the output layer."""
    with np.errstate(all="ignore"):
        if phi.name == "softmax":
            return _softmax(z, lanes_of(z.shape[1], last=last))
        values = {k: v for k, v in phi.specification().items() if k != "name"}
        return PHI[phi.name](z, *values.values())


def network_outputs(network: Network, parameters: Parameters, x: Matrix) -> Matrix:
    """A[L] of inputs, float32, shape (N, n_L)."""
    a = x.astype(F)
    weights = [np.asarray(W, F) for W in parameters.weights]
    biases = [np.asarray(b, F) for b in parameters.biases]
    with np.errstate(all="ignore"):
        for l, (W, b) in enumerate(zip(weights, biases, strict=True)):
            columns = np.ascontiguousarray(W.T)
            z = np.repeat(b[None, :], len(a), axis=0)
            for i in range(len(columns)):
                z += columns[i] * a[:, i : i + 1]
            last = l + 1 == len(weights)
            a = apply_activation(network.activations[l], z, last=last)
    return a


# ---- the preparation


def two_floats(value: float) -> tuple[np.float32, np.float32]:
    """A number as the sum of two of float32, so that it can be subtracted without its rounding.

    Examples
    --------
    >>> [float(part) for part in two_floats(16777217.0)]
    [16777216.0, 1.0]
    """
    high = F(value)
    return high, F(value - float(high)) if np.isfinite(high) else F(0)


def _minus(x: Matrix, value: float) -> Matrix:
    high, low = two_floats(value)
    return x - high - low


def _smooth(z: Matrix) -> Matrix:
    z = np.where(z > F(1e18), F(1e18), np.where(z < F(-1e18), F(-1e18), z))
    return F(3) * z / np.sqrt(F(9) + z * z)


def _log_of_any(x: Matrix) -> Matrix:
    tiny = F(1.17549435e-38)
    small = np.where(
        x > 0,
        _log(np.where(x > 0, x, F(1)) * F(16777216.0)) - F(16.6355324),
        F(-708.396423),
    )
    return np.where(x < tiny, small, _log(np.where(x < tiny, F(1), x)))


def _bins(v: Matrix, edges: tuple[float, ...]) -> list[Matrix]:
    found = []
    for low, high in itertools.pairwise(edges):
        p = _minus(v, low) / F(high - low)
        found.append(np.where(p < 0, F(0), np.where(p > 1, F(1), p)))
    return found


def _number(part: NumberPart, v: Matrix) -> tuple[list[Matrix], Matrix]:
    """The inputs of a number, and its scaled value for sums."""
    gone = np.isnan(v)
    v = np.where(gone, F(part.center), v)
    z = _minus(v, part.center) / F(part.width)
    z = np.where(gone, F(0), _smooth(z) if part.clip else z)
    out, unit = [z], z
    if part.log:
        unit = _smooth((_log_of_any(v) - F(part.log_center)) / F(part.log_width))
        out.append(unit)
    out += _bins(v, part.edges)
    if part.missing:
        out.append(gone.astype(F))
    return out, np.where(gone, F(0), unit)


def _category(part: CategoryPart, v: Matrix) -> list[Matrix]:
    gone = np.isnan(v)
    each = [(v == F(i)).astype(F) for i in range(len(part.categories))]
    known = np.isin(v, np.arange(len(part.categories)))
    others = [(~known & ~gone).astype(F)] * part.others
    return [*each, *others, *[gone.astype(F)] * part.missing]


def prepared(parts: Sequence[Part], raw: Matrix) -> Matrix:
    """A[0] of raw rows, float32; categories are numbered, NaN is missing; shapes (N, columns) and (N, n_0)."""
    out: list[Matrix] = []
    units: list[Matrix] = []
    with np.errstate(all="ignore"):
        for part in parts:
            if isinstance(part, NumberPart):
                made, unit = _number(part, raw[:, part.column])
                units.append(unit)
                out += made
            elif isinstance(part, CategoryPart):
                out += _category(part, raw[:, part.column])
            else:
                out += _sum(part, units)
    return np.stack(out, axis=1).astype(F)


def _sum(part: SumPart, units: Sequence[Matrix]) -> list[Matrix]:
    a, b = part.weights
    s = F(a) * units[part.first] + F(b) * units[part.second]
    return [s, *_bins(s, part.edges)]
