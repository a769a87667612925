"""The table of losses: ℓ and ∂ℓ/∂a side by side.

`loss_types` says what a loss is and holds those that contain logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from .activation_types import REALS
from .arrays import Array, array_namespace, log1p, positive
from .errors import InputError, is_number
from .loss_types import (
    BinaryCrossEntropy,
    CrossEntropy,
    Loss,
    Pinball,
    Pointwise,
    Poisson,
)

__all__ = ["LOSSES"]


def _squared(y: Array, a: Array, factor: float) -> Array:
    return factor * (a - y) ** 2


def _squared_prime(y: Array, a: Array, factor: float) -> Array:
    return 2 * factor * (a - y)


def _sign(r: Array) -> Array:
    xp = array_namespace(r)
    return xp.astype(positive(r), r.dtype) - xp.astype(positive(-r), r.dtype)


def _absolute(y: Array, a: Array) -> Array:
    return (a - y) * _sign(a - y)


def _absolute_prime(y: Array, a: Array) -> Array:
    return _sign(a - y)


def _huber(y: Array, a: Array, threshold: float) -> Array:
    r = a - y
    size = r * _sign(r)
    far = positive(size - threshold)
    return array_namespace(a).where(far, threshold * (size - threshold / 2), r * r / 2)


def _huber_prime(y: Array, a: Array, threshold: float) -> Array:
    r = a - y
    far = positive(r * _sign(r) - threshold)
    return array_namespace(a).where(far, threshold * _sign(r), r)


def _log_cosh(y: Array, a: Array) -> Array:
    xp = array_namespace(a)
    size = (a - y) * _sign(a - y)
    return size + log1p(xp.exp(-2 * size)) - math.log(2)


def _log_cosh_prime(y: Array, a: Array) -> Array:
    return array_namespace(a).tanh(a - y)


def squared_error(factor: float = 0.5) -> Loss:
    """ℓ = factor · Σ_k (a_k - y_k)²; factor ½ in S0, S2, S3, factor 1 in S1, S4."""
    factor = _positive("squared_error's factor", factor)
    return Pointwise(
        "squared_error",
        "c Σ_k (a_k − y_k)²",
        _squared,
        _squared_prime,
        REALS,
        "S0.E7, S1.E8",
        parameters=(("factor", factor),),
    )


def absolute_error() -> Loss:
    """ℓ = Σ_k |a_k - y_k|, its derivative 0 where a = y."""
    return Pointwise(
        "absolute_error",
        "Σ_k |a_k − y_k|",
        _absolute,
        _absolute_prime,
        REALS,
        "Laplace 1774",
        residuals=(0.0,),
    )


def huber(threshold: float = 1.0) -> Loss:
    """ℓ = Σ_k ½ r² for |r| ≤ t, else t (|r| - ½ t); r = a_k - y_k."""
    threshold = _positive("huber's threshold", threshold)
    return Pointwise(
        "huber",
        "Σ_k (½ r² if |r| ≤ t else t (|r| − ½ t)), r = a_k − y_k",
        _huber,
        _huber_prime,
        REALS,
        "Huber 1964",
        parameters=(("threshold", threshold),),
        residuals=(-threshold, threshold),
    )


def log_cosh() -> Loss:
    """ℓ = Σ_k log cosh(a_k - y_k)."""
    return Pointwise(
        "log_cosh",
        "Σ_k log cosh(a_k − y_k)",
        _log_cosh,
        _log_cosh_prime,
        REALS,
        "Green 1990",
    )


def pinball(quantiles: float | Sequence[float] = (0.5,)) -> Loss:
    """ℓ = Σ max(q r, (q - 1) r), r = y - a, for one or several quantiles 0 < q < 1."""
    levels = tuple(
        float(q)
        for q in ([quantiles] if isinstance(quantiles, int | float) else quantiles)
    )
    if not levels or not all(0 < q < 1 for q in levels):
        raise InputError(
            f"quantiles = {quantiles!r}",
            "one or more numbers between 0 and 1",
            "Pass 0.5 for the median.",
        )
    return Pinball(levels)


def cross_entropy(label_smoothing: float = 0.0) -> Loss:
    """ℓ = -Σ_k y_k log a_k; targets as integers 0 … n_L - 1, one-hot, or any rows ≥ 0.

    Label smoothing s replaces y_k by (1 - s) y_k + s · mean(y).
    """
    return CrossEntropy(_smoothing(label_smoothing))


def binary_cross_entropy(label_smoothing: float = 0.0) -> Loss:
    """ℓ = -Σ_k (y_k log a_k + (1 - y_k) log(1 - a_k)).

    Label smoothing s replaces y_k by (1 - s) y_k + s/2.
    """
    return BinaryCrossEntropy(_smoothing(label_smoothing))


def poisson() -> Loss:
    """ℓ = Σ_k a_k - y_k log a_k + (y_k log y_k - y_k), for counts; 0 where a = y."""
    return Poisson()


#: name → the function that makes the loss, from its parameters where it has some.
LOSSES: Mapping[str, Callable[..., Loss]] = MappingProxyType(
    {
        make.__name__: make
        for make in (
            squared_error,
            cross_entropy,
            binary_cross_entropy,
            absolute_error,
            huber,
            log_cosh,
            pinball,
            poisson,
        )
    }
)


def _positive(what: str, value: float) -> float:
    if not (is_number(value) and math.isfinite(value) and value > 0):
        raise InputError(
            f"{what} = {value!r}",
            "a finite number > 0",
            "Choose a value in that range.",
        )
    return float(value)


def _smoothing(value: float) -> float:
    if not (is_number(value) and 0 <= value < 1):
        raise InputError(
            f"label_smoothing = {value!r}", "0 <= label_smoothing < 1", "Pass 0.1, say."
        )
    return float(value)
