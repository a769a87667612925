"""Losses: the value ℓ of each row and its output delta Δ[L], from one function (B1).

ℓ is a sum over outputs, for every loss. Δ[L] = ∂ℓ/∂Z[L] is neither weighted nor divided by the
number of rows; that happens once, in `reduction_weights`. The table is in `losses`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

from ..errors import InputError
from .activation import Activation
from .arrays import Array, array_namespace
from .intervals import REALS, Interval
from .table import Row
from .targets import rows_of_targets

__all__ = ["Loss", "Pointwise", "reduction_weights", "row_of"]


class Loss(ABC):
    """ℓ(y, a) of each row and Δ[L]."""

    name: str
    #: ℓ and ∂ℓ/∂a of one output as expressions of Python over a and y, see `losses`.
    formula: str
    formula_prime: str
    accepts: Interval
    source: str
    analytic: bool = True
    custom: bool = False
    #: Those of "log_phi" and "log1m_phi", log a and log(1 - a), that ℓ takes from Z through the activation.
    logarithms: ClassVar[tuple[str, ...]] = ()
    #: The activation with which Δ[L] = (Σ_k y_k) A - Y or A - Y, so that ∂²ℓ/∂z² is a multiple of ∂a/∂z; "" for none.
    natural: ClassVar[str] = ""

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

    def curvature_roots(self, y: Array, a: Array) -> Mapping[str, Array]:
        """Roots of ∂²ℓ/∂a², shapes (N, n_L), by the method of `Activation` that takes each back to Z[L] (G1).

        The root of "pull_back" is √(∂²ℓ/∂a²); those of "log_pull_back" and "log1m_pull_back" are √y and √(1 - y),
        since ∂²ℓ/∂a² = y/a² + (1 - y)/(1 - a)² = (√y ∂log a/∂a)² + (√(1 - y) ∂log(1 - a)/∂a)². Empty where ℓ has no
        curvature, or none is known.
        """
        return {}

    def targets(self, y: Any, width: int, like: Array) -> Array:
        """`y` as an array of shape (N, n_L), checked.

        Raises
        ------
        InputError
            Wrong shape, values that this loss has no meaning for, NaN or infinity.
        """
        return rows_of_targets(y, width, like, self.name)

    def residual_kinks(self, y: Array, a: Array) -> tuple[Array, ...]:
        """Arrays whose change of sign means that ℓ crosses a kink; empty for a smooth loss."""
        return ()

    def specification(self) -> dict[str, Any]:
        """The name and parameters, from which `LOSSES` makes it again."""
        return {"name": self.name}

    def __str__(self) -> str:
        shown = {k: v for k, v in self.specification().items() if k != "name"}
        arguments = ", ".join(f"{k}={v}" for k, v in shown.items())
        return f"{self.name}({arguments})" if arguments else self.name

    def __repr__(self) -> str:
        if self.custom:
            return f"custom_loss(…, name={self.name!r})"
        return str(self) if str(self).endswith(")") else f"{self}()"


def reduction_weights(
    sample_weight: Array | None, rows: int, reduction: str, like: Array
) -> Array | float:
    """The factor of each row's ℓ and Δ before they are summed (J1, B3).

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
    name, formula, formula_prime : str
        What it is called; ℓ and ∂ℓ/∂a of one output as expressions of Python; "" where there is none.
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
    ell_second : callable or None
        ∂²ℓ/∂a², >= 0, as `ell_prime`; None where it is 0 or not known.
    """

    name: str
    formula: str
    formula_prime: str
    ell: Callable[..., Array]
    ell_prime: Callable[..., Array]
    accepts: Interval
    source: str
    parameters: tuple[tuple[str, float], ...] = ()
    residuals: tuple[float, ...] = ()
    analytic: bool = True
    custom: bool = False
    ell_second: Callable[..., Array] | None = None

    def value_and_delta(
        self, y: Array, z: Array, a: Array, phi: Activation
    ) -> tuple[Array, Array]:
        arguments = [v for _, v in self.parameters]
        value = self.ell(y, a, *arguments)
        delta = phi.pull_back(z, a, self.ell_prime(y, a, *arguments))  # B1
        return array_namespace(z).sum(value, axis=1), delta

    def curvature_roots(self, y: Array, a: Array) -> Mapping[str, Array]:
        if self.ell_second is None:
            return {}
        second = self.ell_second(y, a, *(v for _, v in self.parameters))
        return {"pull_back": array_namespace(a).sqrt(second)}

    def residual_kinks(self, y: Array, a: Array) -> tuple[Array, ...]:
        return tuple(y - a - at for at in self.residuals)

    def specification(self) -> dict[str, Any]:
        return {"name": self.name, **dict(self.parameters)}


def row_of(
    name: str,
    ell: tuple[Callable[..., Array], str],
    ell_prime: tuple[Callable[..., Array], str],
    source: str,
    residuals: Callable[..., tuple[float, ...]],
    ell_second: Callable[..., Array] | None = None,
    **parameters: tuple[float, Interval],
) -> Row[Loss]:
    """A row of the table: ℓ and ∂ℓ/∂a, each as function and formula; ∂²ℓ/∂a²; parameters with default and range."""

    def make(**values: float) -> Loss:
        return Pointwise(
            name,
            ell[1],
            ell_prime[1],
            ell[0],
            ell_prime[0],
            REALS,
            source,
            parameters=tuple(values.items()),
            residuals=residuals(**values),
            ell_second=ell_second,
        )

    return Row(name, make, parameters)
