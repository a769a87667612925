"""What a loss is: the value ℓ of each row and its output delta Δ[L], from one function (B1).

ℓ is a sum over outputs, for every loss. Δ[L] = ∂ℓ/∂Z[L] is neither weighted nor divided by the
number of rows; that happens once, in `reduction_weights`. The output activation is named in
`Network`; a loss states the range of a that it accepts, and a pair that does not fit raises.

A loss that contains log a or log(1 - a) takes it from Z[L] through the activation, so that
B1's special cases need no code of their own: for (softmax, cross-entropy) the pull-back of
-y through log a is (Σ_k y_k) A - Y.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, final

import numpy as np

from ..errors import InputError, is_number
from .activation import REALS, UNIT, Activation, Interval
from .arrays import (
    Array,
    array_namespace,
    as_floating,
    as_numpy,
    device,
    log1p,
    positive,
    real_part,
    without_holes,
)

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


class Loss(ABC):
    """ℓ(y, a) of each row and Δ[L]."""

    name: str
    formula: str
    accepts: Interval
    source: str
    analytic: bool = True
    own: bool = False

    @abstractmethod
    def value_and_delta(
        self, y: Array, z: Array, a: Array, phi: Activation
    ) -> tuple[Array, Array]:
        """ℓ and Δ[L].

        Parameters
        ----------
        y : Array, shape (N, n_L)
            Targets as `targets` returns them.
        z, a : Array, shape (N, n_L)
            Z[L] and A[L].
        phi : Activation
            The output activation.

        Returns
        -------
        value : Array, shape (N,)
        delta : Array, shape (N, n_L)
            ∂ℓ/∂Z[L], one row per sample.
        """

    def targets(self, y: Any, width: int, like: Array) -> Array:
        """`y` as an array of shape (N, n_L), checked.

        Raises
        ------
        InputError
            Wrong shape, values that this loss has no meaning for, NaN or infinity.
        """
        return _rows_of_targets(y, width, like, self.name)

    def residual_kinks(self, y: Array, a: Array) -> tuple[Array, ...]:
        """Arrays whose change of sign means that ℓ crosses a kink; empty for a smooth loss."""
        return ()

    @abstractmethod
    def specification(self) -> dict[str, Any]:
        """The name and parameters, from which `LOSSES` makes it again."""

    def __str__(self) -> str:
        shown = {k: v for k, v in self.specification().items() if k != "name"}
        arguments = ", ".join(f"{k}={v}" for k, v in shown.items())
        return f"{self.name}({arguments})" if arguments else self.name

    def __repr__(self) -> str:
        if self.own:
            return f"own_loss(…, name={self.name!r})"
        return str(self) if str(self).endswith(")") else f"{self}()"


def reduction_weights(
    sample_weight: Array | None, rows: int, reduction: str, like: Array
) -> Array | float:
    """What each row's ℓ and Δ are multiplied by before they are summed (J1, B3).

    Parameters
    ----------
    sample_weight : Array, shape (N,), optional
        Row weights w; 1 where not given.
    rows : int
        N.
    reduction : {"mean", "sum"}
        "mean": w / Σw, the only place that divides by Σw. "sum": w.
    like : Array
        An array of the library to use.

    Returns
    -------
    Array of shape (N,), or one number for all rows.
    """
    if reduction == "mean":
        if sample_weight is None:
            return 1.0 / rows
        return sample_weight / array_namespace(like).sum(sample_weight)
    if reduction == "sum":
        return 1.0 if sample_weight is None else sample_weight
    raise InputError(
        f"reduction = {reduction!r}", '"mean" or "sum"', 'Pass reduction="mean".'
    )


@final
@dataclass(frozen=True, repr=False)
class Pointwise(Loss):
    """A loss that is a function of each output and its target: Σ_k ℓ(y_k, a_k).

    Parameters
    ----------
    name, formula : str
        How it is called and written.
    ell, ell_prime : callable
        ℓ(y, a, *parameters) and ∂ℓ/∂a, elementwise.
    accepts : Interval
        The a for which ℓ has a meaning.
    source : str
        Where it comes from.
    parameters : tuple of (str, float)
        What ℓ takes beside y and a.
    residuals : tuple of float
        The values of y - a at which ℓ is not smooth.
    """

    name: str
    formula: str
    ell: Callable[..., Array]
    ell_prime: Callable[..., Array]
    accepts: Interval
    source: str
    parameters: tuple[tuple[str, float], ...] = ()
    residuals: tuple[float, ...] = ()
    analytic: bool = True
    own: bool = False

    def value_and_delta(
        self, y: Array, z: Array, a: Array, phi: Activation
    ) -> tuple[Array, Array]:
        arguments = [v for _, v in self.parameters]
        value = self.ell(y, a, *arguments)
        delta = phi.pull_back(z, a, self.ell_prime(y, a, *arguments))  # B1
        return array_namespace(z).sum(value, axis=1), delta

    def residual_kinks(self, y: Array, a: Array) -> tuple[Array, ...]:
        return tuple(y - a - at for at in self.residuals)

    def specification(self) -> dict[str, Any]:
        return {"name": self.name, **dict(self.parameters)}


@final
@dataclass(frozen=True, repr=False)
class Pinball(Loss):
    """ℓ = Σ_t Σ_q max(q r, (q - 1) r), r = y_t - a_{t,q}: the quantile loss.

    With T targets and Q quantiles the network has n_L = T·Q outputs, target by target: the Q
    quantiles of target 1 first.
    """

    quantiles: tuple[float, ...]
    name: str = "pinball"
    formula: str = "Σ_t Σ_q max(q r, (q − 1) r), r = y_t − a_{t,q}"
    accepts: Interval = REALS
    source: str = "Koenker & Bassett 1978"
    analytic: bool = True

    def targets(self, y: Any, width: int, like: Array) -> Array:
        if width % len(self.quantiles):
            raise InputError(
                f"{width} outputs for {len(self.quantiles)} quantiles",
                "a multiple of the number of quantiles",
                "Give the last layer (number of targets) x (number of quantiles) units.",
            )
        rows = _rows_of_targets(y, width // len(self.quantiles), like, self.name)
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
    formula: str = "−Σ_k y_k log a_k"
    accepts: Interval = Interval(0.0, 1.0, high_closed=True)
    source: str = "S0.E22, S0.E27"
    analytic: bool = True

    def targets(self, y: Any, width: int, like: Array) -> Array:
        xp = array_namespace(like)
        y = without_holes(y, "y")
        labels = as_numpy(y) if hasattr(y, "shape") else np.asarray(y)
        if labels.ndim == 2 and labels.shape[1] == 1 < width:
            raise InputError(
                f"y with shape {labels.shape} for {self.name} on {width} outputs",
                f"class numbers of shape (N,), or shape (N, {width})",
                "For class numbers in a column pass y.ravel().",
            )
        if labels.ndim == 1:
            rows = xp.asarray(
                _one_hot(labels, width),
                dtype=real_part(like).dtype,
                device=device(like),
            )
        else:
            rows = _rows_of_targets(y, width, like, self.name)
            _require_in(rows, 0.0, math.inf, "cross_entropy targets", "numbers >= 0")
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
    formula: str = "−Σ_k (y_k log a_k + (1 − y_k) log(1 − a_k))"
    accepts: Interval = UNIT
    source: str = "Solla, Levin & Fleisher 1988"
    analytic: bool = True

    def targets(self, y: Any, width: int, like: Array) -> Array:
        rows = _rows_of_targets(y, width, like, self.name)
        _require_in(
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

    def specification(self) -> dict[str, Any]:
        return {"name": self.name, "label_smoothing": self.label_smoothing}


@final
@dataclass(frozen=True, repr=False)
class Poisson(Loss):
    """ℓ = Σ_k a_k - y_k log a_k + y_k log y_k - y_k, y ≥ 0: half the Poisson deviance.

    With an exp output Δ[L] = A - Y.
    """

    name: str = "poisson"
    formula: str = "Σ_k a_k − y_k log a_k + y_k log y_k − y_k"
    accepts: Interval = Interval(0.0, math.inf)
    source: str = "McCullagh & Nelder 1989"
    analytic: bool = True

    def targets(self, y: Any, width: int, like: Array) -> Array:
        rows = _rows_of_targets(y, width, like, self.name)
        _require_in(rows, 0.0, math.inf, "poisson targets", "numbers >= 0")
        return rows

    def value_and_delta(
        self, y: Array, z: Array, a: Array, phi: Activation
    ) -> tuple[Array, Array]:
        xp = array_namespace(z)
        log_y = xp.log(xp.where(y > 0, y, xp.ones_like(y)))
        value = a - _weighted_log(y, phi.log_value(z, a)) + (y * log_y - y)
        delta = phi.pull_back(z, a, xp.ones_like(a)) + phi.log_pull_back(z, a, -y)  # B1
        return xp.sum(value, axis=1), delta

    def specification(self) -> dict[str, Any]:
        return {"name": self.name}


def _weighted_log(weight: Array, log: Array) -> Array:
    """Weight · log, with 0 · log 0 = 0."""
    xp = array_namespace(log)
    return weight * xp.where(weight == 0, xp.zeros_like(log), log)


def _rows_of_targets(y: Any, width: int, like: Array, loss: str) -> Array:
    array = as_floating(y, "y", like=like)
    if array.ndim == 1 and width == 1:
        array = array_namespace(like).reshape(array, (-1, 1))
    if array.ndim != 2 or array.shape[1] != width:
        raise InputError(
            f"y with shape {tuple(array.shape)} for {loss}",
            f"shape (N, {width})" + (" or (N,)" if width == 1 else ""),
            "Give one column per output of the last layer.",
        )
    return array


def _one_hot(labels: np.ndarray[Any, Any], width: int) -> np.ndarray[Any, Any]:
    if labels.dtype.kind not in "iub":
        whole = labels.dtype.kind == "f" and bool(
            np.all(np.isfinite(labels) & (labels == np.round(labels)))
        )
        if not whole:
            example = f", such as {labels.tolist()[0]!r}" if labels.size else ""
            raise InputError(
                f"class labels of dtype {labels.dtype}{example}",
                f"whole numbers 0 … {width - 1}, or {width} columns of numbers >= 0",
                "Encode the labels: classes, y = numpy.unique(labels, return_inverse=True).",
            )
        labels = labels.astype(np.int64)
    outside = (labels < 0) | (labels >= width)
    if outside.any():
        row = int(np.argmax(outside))
        raise InputError(
            f"label {labels[row]} in row {row}",
            f"labels 0 … {width - 1} for {width} outputs",
            "Labels start at 0: classes, y = numpy.unique(y, return_inverse=True) numbers them so."
            if labels.min() == 1 and labels.max() == width
            else "Give the last layer one unit per class, or drop rows of classes not seen in training.",
        )
    rows = np.zeros((labels.shape[0], width), np.float32)  # exact, and small: 0 and 1
    rows[np.arange(labels.shape[0]), labels.astype(np.int64)] = 1.0
    return rows


def _require_in(rows: Array, low: float, high: float, what: str, allowed: str) -> None:
    outside = as_numpy((rows < low) | (rows > high))
    if outside.any():
        first = tuple(int(i) for i in np.argwhere(outside)[0])
        value = float(as_numpy(rows)[first])
        raise InputError(
            f"{what} with {value:g} at index {first}",
            allowed,
            "Mend the targets or choose another loss.",
        )


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
