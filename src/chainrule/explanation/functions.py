"""φ, φ′, ℓ and ∂ℓ/∂a of the tables: over places with numbers, and in general (F2, B2, J1, B1).

A function of the user's own has no formula; it is named, and evaluated again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations.activation import Activation, Elementwise
from ..equations.losses import Loss, Pinball, Pointwise
from .expressions import Constant, Expression, Letter, Product, Read, Sized, Sum
from .formulas import Formula, letters_of, number, read_formula

__all__ = [
    "activation_of",
    "general_activation",
    "general_loss",
    "general_loss_slope",
    "general_slope",
    "loss_of",
    "loss_slope_of",
    "slope_of",
]


@dataclass(frozen=True)
class Own(Expression):
    """A function of the user's own at a number, evaluated as the user wrote it."""

    written: str
    arguments: Sequence[Expression]
    function: Callable[..., Any]

    def markup(self, terms: int) -> str:
        return f"{self.written}({', '.join(argument.enclosed(terms) for argument in self.arguments)})"

    def value(self, read: Read) -> Sized:
        numbers = [np.array([of.value(read)[0]]) for of in self.arguments]
        found = float(self.function(*numbers)[0])
        return found, abs(found), len(numbers)


def parameters_of(function: Activation | Loss) -> dict[str, Any]:
    """Parameters by name, those that are numbers."""
    specification = function.specification()
    return {k: v for k, v in specification.items() if isinstance(v, int | float)}


def numbers_of(function: Activation | Loss, k: int = 0) -> dict[str, Expression]:
    """Parameters as numbers of the formula; of output k, from 0, where the outputs have one each."""
    if isinstance(function, Pinball):
        return {"q": number(function.quantiles[k % len(function.quantiles)])}
    return {name: number(value) for name, value in parameters_of(function).items()}


def activation_of(phi: Activation, z: Expression) -> Expression:
    """φ(z) of an elementwise activation (F2)."""
    if not phi.formula:
        return Own(r"\phi", [z], phi.value)
    return Formula(phi.formula, {"z": z, **numbers_of(phi)})


def slope_of(phi: Elementwise, z: Expression, a: Expression | None) -> Expression:
    """φ′(z) of an elementwise activation (B2), from a = φ(z) where the formula has it; from z where a is masked."""
    if not phi.formula:
        return Own(r"\phi^{\prime}", [z], phi.derivative)
    names = {"z": z, "a": a or activation_of(phi, z), **numbers_of(phi)}
    return Formula(phi.formula_prime, names)


def loss_of(loss: Loss, a: Sequence[Expression], y: Sequence[Expression]) -> Sum:
    """ℓ(y, a), a sum over outputs (J1); an output that adds 0 · log a is left out."""
    if isinstance(loss, Pointwise) and loss.custom:
        pairs = zip(y, a, strict=True)
        terms: list[Expression] = [Own(r"\ell", pair, loss.ell) for pair in pairs]
    else:
        names = ({"a": a[k], "y": y[k], **numbers_of(loss, k)} for k in range(len(a)))
        terms = [Formula(loss.formula, of) for of in names]
    return Sum(terms, long=True, sparse=True)


def loss_slope_of(
    loss: Loss, a: Sequence[Expression], y: Sequence[Expression], k: int
) -> Expression:
    """∂ℓ/∂a_k (B1)."""
    if isinstance(loss, Pointwise) and loss.custom:
        return Own(r"\ell^{\prime}", [y[k], a[k]], loss.ell_prime)
    names = {"a": a[k], "y": y[k], **numbers_of(loss, k)}
    return Formula(loss.formula_prime, names)


# In general: over letters.


def general_activation(phi: Activation) -> str:
    """φ(z) as markup."""
    z = Letter("z" if isinstance(phi, Elementwise) else "z_{k}")
    names = {"z": z, **letters_of(parameters_of(phi))}
    return read_formula(phi.formula, names).markup(0)


def general_slope(phi: Activation, a: str = r"\phi(z)") -> str:
    """φ′(z) as markup, `a` is how φ(z) is written; of softmax the transposed Jacobian times g."""
    a = a if isinstance(phi, Elementwise) else "a_{k}"
    names = {"z": Letter("z"), "a": Letter(a), "g": Letter("g_{k}")}
    parameters = letters_of(parameters_of(phi))
    return read_formula(phi.formula_prime, {**names, **parameters}).markup(0)


def general_loss(loss: Loss, a: str = "a_{k}", y: str = "y_{k}") -> str:
    """ℓ(y, a) as markup, a sum over outputs k."""
    term = read_formula(loss.formula, letters(loss, a, y))
    front = ""
    if isinstance(term, Sum) and term.signs == (-1,):
        front, term = r"\minus ", term.terms[0]
    if isinstance(term, Product) and isinstance(term.factors[0], Constant):
        front += term.factors[0].markup(0) + " "
        term = Product(*term.factors[1:])
    return rf"{front}\sum_{{k}} {term.bracketed(0)}"


def general_loss_slope(loss: Loss, a: str = "a_{k}", y: str = "y_{k}") -> str:
    """∂ℓ/∂a_k as markup."""
    return read_formula(loss.formula_prime, letters(loss, a, y)).markup(0)


def letters(loss: Loss, a: str, y: str) -> Mapping[str, Expression]:
    """The names in a loss's formula as letters."""
    names = {"a": Letter(a), "y": Letter(y), "q": Letter("q")}
    return {**names, **letters_of(parameters_of(loss))}
