"""The table of losses: ℓ and ∂ℓ/∂a as functions of arrays and as formulas, one row each.

A loss that contains log a or log(1 - a) takes it from Z[L] through the activation, so that
B1's special cases need no code of their own: for (softmax, cross-entropy) the pull-back of
-y through log a is (Σ_k y_k) A - Y. The output activation is named in `Network`; a loss states
the range of a that it accepts, and a pair that does not fit raises.

What a loss is, and how its rows are weighted, stands in `loss`.

The formulas are of one output, over its a and y and the parameters, written as in `activations`;
xlogy(y, a) is y log a, and 0 where y = 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, final

from ..errors import InputError
from .activation import Activation
from .arrays import (
    Array,
    array_namespace,
    between,
    device,
    log1p,
    positive,
    real_part,
    sign,
)
from .intervals import POSITIVE, REALS, SHARE, UNIT, Interval
from .loss import Loss, Pointwise, reduction_weights, row_of
from .sigmoids import tanh_prime
from .table import Row
from .targets import require_in, rows_of_classes, rows_of_targets

__all__ = [
    "LOSSES",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Loss",
    "Pinball",
    "Pointwise",
    "Poisson",
    "reduction_weights",
]


@final
@dataclass(frozen=True, repr=False)
class Pinball(Loss):
    """ℓ = Σ_t Σ_q max(q r, (q - 1) r), r = y_t - a_{t,q}: the quantile loss.

    With T targets and Q quantiles the network has n_L = T·Q outputs, target by target: the Q
    quantiles of target 1 first.
    """

    quantiles: tuple[float, ...]
    name: str = "pinball"
    #: q is the quantile of the output.
    formula: str = "q * (y - a) if y > a else (1 - q) * (a - y)"
    formula_prime: str = "-q if y > a else 1 - q if y < a else 0"
    accepts: Interval = REALS
    source: str = "Koenker & Bassett 1978"

    def targets(self, y: Any, width: int, like: Array) -> Array:
        if width % len(self.quantiles):
            raise InputError(
                f"{width} outputs for {len(self.quantiles)} quantiles",
                "a multiple of the number of quantiles",
                "Give the last layer (number of targets) x (number of quantiles) units.",
            )
        rows = rows_of_targets(y, width // len(self.quantiles), like, self.name)
        return array_namespace(like).repeat(rows, len(self.quantiles), axis=1)

    def _levels(self, a: Array) -> Array:
        xp = array_namespace(a)
        levels = self.quantiles * (a.shape[1] // len(self.quantiles))
        return xp.asarray(levels, dtype=real_part(a).dtype, device=device(a))

    def value_and_delta(
        self, y: Array, z: Array, a: Array, phi: Activation
    ) -> tuple[Array, Array]:
        xp = array_namespace(z)
        q, r = self._levels(a), y - a
        above, below = xp.astype(positive(r), a.dtype), xp.astype(positive(-r), a.dtype)
        slope = q * above - (1 - q) * below
        return xp.sum(slope * r, axis=1), phi.pull_back(z, a, -slope)  # B1

    def residual_kinks(self, y: Array, a: Array) -> tuple[Array, ...]:
        return (y - a,)

    def specification(self) -> dict[str, Any]:
        return {"name": self.name, "quantiles": list(self.quantiles)}


@final
@dataclass(frozen=True, repr=False)
class CrossEntropy(Loss):
    """ℓ = -Σ_k y_k log a_k for any y ≥ 0, also where Σ_k y_k ≠ 1.

    With a softmax output Δ[L] = (Σ_k y_k) A - Y.
    """

    label_smoothing: float = 0.0
    name: str = "cross_entropy"
    logarithms: ClassVar[tuple[str, ...]] = ("log_phi",)
    natural: ClassVar[str] = "softmax"
    formula: str = "-xlogy(y, a)"
    formula_prime: str = "-(y / a)"
    accepts: Interval = Interval(0.0, 1.0, high_closed=True)
    source: str = "S0.E22, S0.E27"

    def targets(self, y: Any, width: int, like: Array) -> Array:
        xp = array_namespace(like)
        rows = rows_of_classes(y, width, like, self.name)
        if self.label_smoothing:
            rows = (1 - self.label_smoothing) * rows + self.label_smoothing * xp.mean(
                rows, axis=1, keepdims=True
            )
        return rows

    def value_and_delta(
        self, y: Array, z: Array, a: Array, phi: Activation
    ) -> tuple[Array, Array]:
        value = -_weighted_log(y, phi.log_value(z, a))
        return array_namespace(z).sum(value, axis=1), phi.log_pull_back(z, a, -y)  # B1

    def curvature_roots(self, y: Array, a: Array) -> Mapping[str, Array]:
        return {"log_pull_back": array_namespace(a).sqrt(y)}  # y/a² = y (∂ log a/∂a)²

    def specification(self) -> dict[str, Any]:
        return {"name": self.name, "label_smoothing": self.label_smoothing}


@final
@dataclass(frozen=True, repr=False)
class BinaryCrossEntropy(Loss):
    """ℓ = -Σ_k (y_k log a_k + (1 - y_k) log(1 - a_k)), 0 ≤ y ≤ 1; one or many labels.

    With a sigmoid output Δ[L] = A - Y.
    """

    label_smoothing: float = 0.0
    name: str = "binary_cross_entropy"
    logarithms: ClassVar[tuple[str, ...]] = ("log_phi", "log1m_phi")
    natural: ClassVar[str] = "sigmoid"
    formula: str = "-(xlogy(y, a) + xlogy(1 - y, 1 - a))"
    formula_prime: str = "-(y / a) + (1 - y) / (1 - a)"
    accepts: Interval = UNIT
    source: str = "Solla, Levin & Fleisher 1988"

    def targets(self, y: Any, width: int, like: Array) -> Array:
        rows = rows_of_targets(y, width, like, self.name)
        require_in(
            rows, 0.0, 1.0, "binary_cross_entropy targets", "numbers from 0 to 1"
        )
        return (
            (1 - self.label_smoothing) * rows + self.label_smoothing / 2
            if self.label_smoothing
            else rows
        )

    def value_and_delta(
        self, y: Array, z: Array, a: Array, phi: Activation
    ) -> tuple[Array, Array]:
        value = -_weighted_log(y, phi.log_value(z, a)) - _weighted_log(
            1 - y, phi.log1m_value(z, a)
        )
        delta = phi.log_pull_back(z, a, -y) + phi.log1m_pull_back(z, a, y - 1)  # B1
        return array_namespace(z).sum(value, axis=1), delta

    def curvature_roots(self, y: Array, a: Array) -> Mapping[str, Array]:
        xp = array_namespace(a)
        return {"log_pull_back": xp.sqrt(y), "log1m_pull_back": xp.sqrt(1 - y)}

    def specification(self) -> dict[str, Any]:
        return {"name": self.name, "label_smoothing": self.label_smoothing}


@final
@dataclass(frozen=True, repr=False)
class Poisson(Loss):
    """ℓ = Σ_k a_k - y_k log a_k + y_k log y_k - y_k, y ≥ 0: half the Poisson deviance.

    With an exp output Δ[L] = A - Y.
    """

    name: str = "poisson"
    logarithms: ClassVar[tuple[str, ...]] = ("log_phi",)
    natural: ClassVar[str] = "exp"
    formula: str = "a - xlogy(y, a) + xlogy(y, y) - y"
    formula_prime: str = "1 - y / a"
    accepts: Interval = Interval(0.0, math.inf)
    source: str = "McCullagh & Nelder 1989"

    def targets(self, y: Any, width: int, like: Array) -> Array:
        rows = rows_of_targets(y, width, like, self.name)
        require_in(rows, 0.0, math.inf, "poisson targets", "numbers >= 0")
        return rows

    def value_and_delta(
        self, y: Array, z: Array, a: Array, phi: Activation
    ) -> tuple[Array, Array]:
        xp = array_namespace(z)
        log_y = xp.log(xp.where(y > 0, y, xp.ones_like(y)))
        value = a - _weighted_log(y, phi.log_value(z, a)) + (y * log_y - y)
        delta = phi.pull_back(z, a, xp.ones_like(a)) + phi.log_pull_back(z, a, -y)  # B1
        return xp.sum(value, axis=1), delta

    def curvature_roots(self, y: Array, a: Array) -> Mapping[str, Array]:
        return {"log_pull_back": array_namespace(a).sqrt(y)}  # the second of y log a


def _weighted_log(weight: Array, log: Array) -> Array:
    """Weight · log, with 0 · log 0 = 0."""
    xp = array_namespace(log)
    return weight * xp.where(weight == 0, xp.zeros_like(log), log)


def _squared(y: Array, a: Array, factor: float) -> Array:
    return factor * (a - y) ** 2


def _squared_prime(y: Array, a: Array, factor: float) -> Array:
    return 2 * factor * (a - y)


def _squared_second(y: Array, a: Array, factor: float) -> Array:
    return array_namespace(a).full_like(a, 2 * factor)


def _absolute(y: Array, a: Array) -> Array:
    return (a - y) * sign(a - y)


def _absolute_prime(y: Array, a: Array) -> Array:
    return sign(a - y)


def _huber(y: Array, a: Array, threshold: float) -> Array:
    r = a - y
    size = r * sign(r)
    far = positive(size - threshold)
    return array_namespace(a).where(far, threshold * (size - threshold / 2), r * r / 2)


def _huber_prime(y: Array, a: Array, threshold: float) -> Array:
    r = a - y
    far = positive(r * sign(r) - threshold)
    return array_namespace(a).where(far, threshold * sign(r), r)


def _huber_second(y: Array, a: Array, threshold: float) -> Array:
    return between(a - y, -threshold, threshold)


def _log_cosh(y: Array, a: Array) -> Array:
    xp = array_namespace(a)
    size = (a - y) * sign(a - y)
    return size + log1p(xp.exp(-2 * size)) - math.log(2)


def _log_cosh_prime(y: Array, a: Array) -> Array:
    return array_namespace(a).tanh(a - y)


def _log_cosh_second(y: Array, a: Array) -> Array:
    return tanh_prime(a - y)


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


SMOOTHING = {"label_smoothing": (0.0, SHARE)}
HUBER = "1 / 2 * (a - y)**2 if abs(a - y) <= threshold else threshold * (abs(a - y) - threshold / 2)"
HUBER_PRIME = (
    "threshold if a - y > threshold else -threshold if a - y < -threshold else a - y"
)
LOG_COSH = "log(cosh(a - y)) or abs(a - y) + log1p(exp(-2 * abs(a - y))) - log(2)"

#: One row each: name, ℓ, ∂ℓ/∂a, source, residuals at which ℓ is not smooth, ∂²ℓ/∂a² > 0; parameters.
ROWS: tuple[Row[Loss], ...] = (
    row_of(
        "squared_error",
        (_squared, "factor * (a - y)**2"),
        (_squared_prime, "2 * factor * (a - y)"),
        "S0.E7, S1.E8",
        lambda factor: (),
        _squared_second,
        factor=(0.5, POSITIVE),  # ½ in S0, S2, S3; 1 in S1, S4
    ),
    Row("cross_entropy", CrossEntropy, SMOOTHING),
    Row("binary_cross_entropy", BinaryCrossEntropy, SMOOTHING),
    row_of(
        "absolute_error",
        (_absolute, "abs(a - y)"),
        (_absolute_prime, "1 if a - y > 0 else -1 if a - y < 0 else 0"),
        "Laplace 1774",
        lambda: (0.0,),
    ),
    row_of(
        "huber",
        (_huber, HUBER),
        (_huber_prime, HUBER_PRIME),
        "Huber 1964",
        lambda threshold: (-threshold, threshold),
        _huber_second,
        threshold=(1.0, POSITIVE),
    ),
    row_of(
        "log_cosh",
        (_log_cosh, LOG_COSH),
        (_log_cosh_prime, "tanh(a - y)"),
        "Green 1990",
        lambda: (),
        _log_cosh_second,
    ),
)
#: name → the row, which called makes the loss, from its parameters where it has some.
LOSSES: Mapping[str, Callable[..., Loss]] = MappingProxyType(
    {row.name: row for row in ROWS}
    | {"pinball": pinball, "poisson": Row("poisson", Poisson)}
)
