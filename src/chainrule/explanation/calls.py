"""Functions in a formula: those of one number, and a share of exponentials."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

from .expressions import Expression, Letter, Read, Sized, Sum
from .markup import FUNCTIONS
from .numbers import Numbers

__all__ = ["Call", "Share"]


def _logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def _logistic_slope(z: float) -> float:
    return _logistic(z) * _logistic(-z)


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


#: name → how it is written, # its argument, the function and its derivative.
CALLS: dict[str, tuple[str, Callable[[float], float], Callable[[float], float]]] = {
    "exp": ("e^{#}", math.exp, math.exp),
    "log": (r"\log(#)", math.log, lambda z: 1 / z),
    "tanh": (r"\tanh(#)", math.tanh, lambda z: 4 * _logistic_slope(2 * z)),
    "cosh": (r"\cosh(#)", math.cosh, math.sinh),
    "sigma": (r"\sigma(#)", _logistic, _logistic_slope),
    "log1p": (r"\log(1 + #)", math.log1p, lambda z: 1 / (1 + z)),
    "Phi": (r"\Phi(#)", lambda z: math.erfc(-z / math.sqrt(2)) / 2, _density),
    "density": (r"\Phi^{\prime}(#)", _density, lambda z: -z * _density(z)),
    "abs": (r"{\mid # \mid}", abs, lambda z: 1.0),
}


@final
@dataclass(frozen=True)
class Call(Expression):
    """A function of one number, from `CALLS`."""

    function: str
    argument: Expression

    def markup(self, terms: int) -> str:
        inside = self.argument.enclosed(terms)
        shown = CALLS[self.function][0]
        if isinstance(self.argument, Letter) and self.function in FUNCTIONS:
            shown = shown.replace("(#)", " #")
        return shown.replace("#", inside)

    def value(self, read: Read) -> Sized:
        _, function, slope = CALLS[self.function]
        v, s, count = self.argument.value(read)
        found = function(v)
        own = (
            1.0 if self.function == "Phi" else abs(found)
        )  # an engine adds 1 and erf, which cancel where z < 0
        return found, own + abs(slope(v)) * s, count + 1


@final
class Share(Expression):
    """e^{z_k} / Σ_j e^{z_j}, evaluated so that nothing overflows.

    Parameters
    ----------
    k : int
        Which of them, from 0.
    arguments : sequence of Expression
        z_1 … z_n.
    read : callable, optional
        Of one that is filled: the numbers by which terms are large or small.
    """

    def __init__(
        self, k: int, arguments: Sequence[Expression], *, read: Read | None = None
    ) -> None:
        self.k, self.arguments = k, tuple(arguments)
        fits = read and max(of.value(read)[0] for of in self.arguments) < 700
        powers = [Call("exp", argument) for argument in arguments]
        self.total = Sum(powers, read=read if fits else None)

    def filled(self, n: Numbers) -> Expression:
        return Share(self.k, self.arguments, read=n.by_size)

    def markup(self, terms: int) -> str:
        return rf"\frac{{{Call('exp', self.arguments[self.k]).markup(terms)}}}{{{self.total.markup(terms)}}}"

    def value(self, read: Read) -> Sized:
        found = [argument.value(read) for argument in self.arguments]
        largest = max(v for v, _, _ in found)
        powers = [math.exp(v - largest) for v, _, _ in found]
        total = math.fsum(powers)
        value = powers[self.k] / total
        moved = (
            math.fsum(
                p * (1 + s + abs(largest))
                for p, (_, s, _) in zip(powers, found, strict=True)
            )
            / total
        )
        size = value * (1 + found[self.k][1] + abs(largest) + moved)
        return value, size, 2 * len(found)
