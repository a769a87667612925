"""Activations: elementwise, or softmax over a row.

An activation maps Z[l] to A[l] (equation F2) and pulls a gradient back from A[l] to Z[l]
(equation B2). The table of the elementwise ones is in `activations`.

Losses that contain log a or log(1 - a) ask the activation for these as functions of z, so
that no logarithm of a rounded number is ever taken.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, final

from .arrays import Array, array_namespace, real_part
from .intervals import UNIT, Interval
from .table import Row

__all__ = ["Activation", "Elementwise", "Function", "Softmax", "row_of"]


class Activation(ABC):
    """A function that a layer applies to Z[l]: `Elementwise` or `Softmax`."""

    name: str
    formula: str
    formula_prime: str
    kinks: tuple[float, ...]
    analytic: bool
    source: str
    custom: bool = False

    @abstractmethod
    def range(self, width: int) -> Interval:
        """The values that one output of a layer of `width` units can take."""

    @abstractmethod
    def value(self, z: Array) -> Array:
        """φ(z), shape (N, n) as z."""

    @abstractmethod
    def pull_back(self, z: Array, a: Array, g: Array) -> Array:
        """∂ℓ/∂z from g = ∂ℓ/∂a, shape (N, n): the transposed Jacobian of φ times g, row by row."""

    @abstractmethod
    def log_value(self, z: Array, a: Array) -> Array:
        """Log φ(z)."""

    @abstractmethod
    def log_pull_back(self, z: Array, a: Array, g: Array) -> Array:
        """∂ℓ/∂z from g = ∂ℓ/∂log a."""

    @abstractmethod
    def log1m_value(self, z: Array, a: Array) -> Array:
        """log(1 - φ(z))."""

    @abstractmethod
    def log1m_pull_back(self, z: Array, a: Array, g: Array) -> Array:
        """∂ℓ/∂z from g = ∂ℓ/∂log(1 - a)."""

    @abstractmethod
    def specification(self) -> dict[str, Any]:
        """The name and parameters, from which `ACTIVATIONS` makes it again."""

    def __str__(self) -> str:
        arguments = ", ".join(
            f"{k}={v:g}" for k, v in self.specification().items() if k != "name"
        )
        return f"{self.name}({arguments})" if arguments else self.name

    def __repr__(self) -> str:
        if self.custom:
            return f"custom_activation(…, name={self.name!r})"
        return str(self) if str(self).endswith(")") else f"{self}()"


Function = Callable[..., Array]


@final
@dataclass(frozen=True, repr=False)
class Elementwise(Activation):
    """One row of the table: φ acts on each number by itself.

    Parameters
    ----------
    name, formula, formula_prime : str
        What φ is called; φ and φ′ as expressions of Python, see `activations`; "" where there is none.
    phi, phi_prime : callable
        φ(z, *parameters) and φ′(z, *parameters), arrays of any shape in and out.
    bounds : Interval
        The range of φ.
    kinks : tuple of float
        The points between which φ is smooth: where φ′ or a higher derivative jumps.
    source : str
        Where the formula comes from.
    parameters : tuple of (str, float)
        Names and values of what φ takes beside z.
    log_phi, log_phi_prime, log1m_phi, log1m_phi_prime : callable, optional
        log φ, log(1 - φ) and their derivatives, where they can be had without cancellation.
    analytic : bool
        Whether φ accepts complex numbers, so that the complex step applies.
    """

    name: str
    formula: str
    formula_prime: str
    phi: Function
    phi_prime: Function
    bounds: Interval
    kinks: tuple[float, ...]
    source: str
    parameters: tuple[tuple[str, float], ...] = ()
    log_phi: Function | None = None
    log_phi_prime: Function | None = None
    log1m_phi: Function | None = None
    log1m_phi_prime: Function | None = None
    analytic: bool = True
    custom: bool = False

    def range(self, width: int) -> Interval:
        return self.bounds

    def value(self, z: Array) -> Array:
        return self.phi(z, *(v for _, v in self.parameters))

    def derivative(self, z: Array) -> Array:
        """φ′(z), elementwise."""
        return self.phi_prime(z, *(v for _, v in self.parameters))

    def pull_back(self, z: Array, a: Array, g: Array) -> Array:
        return g * self.derivative(z)

    def log_value(self, z: Array, a: Array) -> Array:
        return array_namespace(a).log(a) if self.log_phi is None else self.log_phi(z)

    def log_pull_back(self, z: Array, a: Array, g: Array) -> Array:
        return (
            self.pull_back(z, a, g / a)
            if self.log_phi_prime is None
            else g * self.log_phi_prime(z)
        )

    def log1m_value(self, z: Array, a: Array) -> Array:
        return (
            array_namespace(a).log1p(-a)
            if self.log1m_phi is None
            else self.log1m_phi(z)
        )

    def log1m_pull_back(self, z: Array, a: Array, g: Array) -> Array:
        if self.log1m_phi_prime is None:
            return self.pull_back(z, a, -g / (1 - a))
        return g * self.log1m_phi_prime(z)

    def specification(self) -> dict[str, Any]:
        return {"name": self.name, **dict(self.parameters)}


def row_of(
    name: str,
    phi: tuple[Function, str],
    phi_prime: tuple[Function, str],
    bounds: Interval | Callable[..., Interval],
    source: str,
    *kinks: float,
    logarithms: Mapping[str, Any] = MappingProxyType({}),
    **parameters: tuple[float, Interval],
) -> Row[Activation]:
    """A row: φ and φ′, each as function and formula; parameters with their default and range."""

    def make(**values: float) -> Activation:
        return Elementwise(
            name,
            phi[1],
            phi_prime[1],
            phi[0],
            phi_prime[0],
            bounds if isinstance(bounds, Interval) else bounds(**values),
            kinks,
            source,
            parameters=tuple(values.items()),
            **logarithms,
        )

    return Row(name, make, parameters)


@final
@dataclass(frozen=True, repr=False)
class Softmax(Activation):
    """φ(z)_k = e^{z_k} / Σ_j e^{z_j} over each row.

    Its Jacobian is diag(a) - a aᵀ, so ∂ℓ/∂z = a ⊙ (g - Σ a g). A layer of one unit is the
    constant 1.

    References
    ----------
    Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990.
    """

    name: str = "softmax"
    #: Of one unit; the Jacobian, transposed, times g = ∂ℓ/∂a takes the place of φ′.
    formula: str = "exp(z) / sum(exp(z))"
    formula_prime: str = "a * (g - sum(a * g))"
    kinks: tuple[float, ...] = ()
    source: str = "Bridle 1990"
    analytic: bool = True

    def range(self, width: int) -> Interval:
        return UNIT if width > 1 else Interval(1.0, 1.0, True, True)

    def value(self, z: Array) -> Array:
        xp = array_namespace(z)
        e = xp.exp(z - _row_maximum(z))
        return e / xp.sum(e, axis=1, keepdims=True)

    def pull_back(self, z: Array, a: Array, g: Array) -> Array:
        return a * (g - _row_sum(a * g))

    def log_value(self, z: Array, a: Array) -> Array:
        shifted = z - _row_maximum(z)
        xp = array_namespace(z)
        return shifted - xp.log(_row_sum(xp.exp(shifted)))

    def log_pull_back(self, z: Array, a: Array, g: Array) -> Array:
        return g - a * _row_sum(g)

    def log1m_value(self, z: Array, a: Array) -> Array:
        # The largest entry: log of the others' share. All else: a ≤ 1/2, nothing cancels.
        xp = array_namespace(z)
        largest, others = self._split(z)
        shift = self._shift_of_others(z, largest) - _row_maximum(z)
        share = (
            shift
            + xp.log(_row_sum(others))
            - xp.log(_row_sum(xp.exp(z - _row_maximum(z))))
        )
        return xp.where(
            largest, share, xp.log1p(-xp.where(largest, xp.zeros_like(a), a))
        )

    def log1m_pull_back(self, z: Array, a: Array, g: Array) -> Array:
        # ∂log(1-a_k)/∂z_j = -a_k (1_{jk} - a_j) / (1-a_k). With d the largest entry, a_j/(1-a_d)
        # is the softmax over the others, finite where 1 - a_d has underflown.
        xp = array_namespace(z)
        largest, others = self._split(z)
        zero = xp.zeros_like(a)
        ga = g * a
        u = xp.where(largest, zero, ga / xp.where(largest, xp.ones_like(a), 1 - a))
        share = others / _row_sum(others)
        from_largest = share * _row_sum(xp.where(largest, ga, zero))
        return a * (_row_sum(u) - u) + from_largest - ga

    def _split(self, z: Array) -> tuple[Array, Array]:
        """A mask of the row's largest entry, and e^z of all others against their own maximum."""
        xp = array_namespace(z)
        position = xp.argmax(real_part(z), axis=1, keepdims=True)
        largest = xp.arange(z.shape[1], device=position.device)[None, :] == position
        shifted = xp.where(
            largest, xp.zeros_like(z), z - self._shift_of_others(z, largest)
        )
        return largest, xp.where(largest, xp.zeros_like(z), xp.exp(shifted))

    @staticmethod
    def _shift_of_others(z: Array, largest: Array) -> Array:
        xp = array_namespace(z)
        real = real_part(z)
        return xp.max(
            xp.where(largest, xp.full_like(real, -math.inf), real),
            axis=1,
            keepdims=True,
        )

    def specification(self) -> dict[str, Any]:
        return {"name": self.name}


def _row_sum(z: Array) -> Array:
    return array_namespace(z).sum(z, axis=1, keepdims=True)


def _row_maximum(z: Array) -> Array:
    return array_namespace(z).max(real_part(z), axis=1, keepdims=True)
