"""Formulas over numbers, shown and evaluated; this is arithmetic, `calls` has functions and `choices` branches.

An expression has places for numbers of the engine. As a template it has no numbers, and has every branch. Filled with
the numbers of a pass it has the branches and the terms of long sums that these lead to. Shown with the names of the
places it is the formula with its indices; shown with their numbers it is the formula with numbers; evaluated in float64
it says what the result must be, and how far rounding may have taken an engine from it.
"""

from __future__ import annotations

import heapq
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

from .numbers import Numbers

__all__ = [
    "Constant",
    "Expression",
    "Fraction",
    "Letter",
    "Place",
    "Power",
    "Product",
    "Read",
    "Root",
    "Sized",
    "Sum",
    "largest_terms",
]

#: A value; its size: what the value would be if no term cancelled another; and of how many numbers it is made. A
#: relative rounding u anywhere in the formula moves its value by at most u times its size.
Sized = tuple[float, float, int]
#: The number in a place.
Read = Callable[[str], float]


class Expression(ABC):
    """A formula over places."""

    @abstractmethod
    def markup(self, terms: int) -> str:
        """The formula, see `markup`; of a long sum the `terms` largest terms and what is left of it."""

    @abstractmethod
    def value(self, read: Read) -> Sized:
        """Value, size and count, with the numbers that `read` finds in the places."""

    def filled(self, n: Numbers) -> Expression:
        """The expression for these numbers: of each choice the branch that is taken."""
        return self

    def bracketed(self, terms: int) -> str:
        """The same as a factor of a product."""
        return self.markup(terms)

    def enclosed(self, terms: int) -> str:
        """The same where something encloses it already, so that a negative number needs no brackets."""
        return self.markup(terms)


@final
@dataclass(frozen=True)
class Place(Expression):
    """A number of the engine, by its name."""

    name: str

    def markup(self, terms: int) -> str:
        return f"@{self.name}@"

    def enclosed(self, terms: int) -> str:
        return f"@!{self.name}@"

    def value(self, read: Read) -> Sized:
        found = read(self.name)
        return found, abs(found), 1


@final
@dataclass(frozen=True)
class Letter(Expression):
    """A letter in a formula in general, or one that stands for a number: π."""

    written: str
    number: float = math.nan

    def markup(self, terms: int) -> str:
        return self.written

    def value(self, read: Read) -> Sized:
        return self.number, abs(self.number), 1


@final
@dataclass(frozen=True)
class Constant(Expression):
    """A number of the formula itself, as it is written."""

    number: float
    written: str = ""

    def markup(self, terms: int) -> str:
        return self.written or f"{self.number:g}"

    def value(self, read: Read) -> Sized:
        return self.number, abs(self.number), 1

    def bracketed(self, terms: int) -> str:
        return f"({self.markup(terms)})" if self.number < 0 else self.markup(terms)


def largest_terms(
    values: Sequence[float], terms: int, kept: int | None = None
) -> tuple[list[int], str]:
    """The terms of a sum that are shown, and the rest of it as markup; all where two more than those would be all.

    Parameters
    ----------
    values : sequence of float
    terms : int
        How many of the largest are shown.
    kept : int, optional
        A term that is shown in any case, beside these.
    """
    everything = range(len(values))
    if len(values) <= terms + 2:
        return list(everything), ""
    large = heapq.nlargest(
        terms, (i for i in everything if i != kept), key=lambda i: abs(values[i])
    )
    left = sorted({*everything} - {*large, kept})
    return sorted(
        {*everything} - {*left}
    ), f" + @rest:{len(left)}:{math.fsum(values[i] for i in left)!r}@"


@final
class Sum(Expression):
    """Terms added, each with its sign; of many, the largest are shown, and the rest as one number.

    Parameters
    ----------
    terms : sequence of Expression
    signs : sequence of int, optional
        1 or -1 for each; all 1 by default.
    long : bool
        Whether it may be long.
    kept : int, optional
        The number of a term that is shown in any case: a bias.
    sparse : bool
        Whether terms that come to 0 · log 0 are left out.
    read : callable, optional
        Of a long one that is filled: the numbers by which terms are large or small.
    """

    def __init__(
        self,
        terms: Sequence[Expression],
        signs: Sequence[int] | None = None,
        *,
        long: bool = False,
        kept: int | None = None,
        sparse: bool = False,
        read: Read | None = None,
    ) -> None:
        self.terms = tuple(terms)
        self.signs = tuple(signs) if signs is not None else (1,) * len(self.terms)
        self.long, self.kept, self.sparse, self.read = long, kept, sparse, read

    def filled(self, n: Numbers) -> Expression:
        terms = [term.filled(n) for term in self.terms]
        read = n.by_size if self.long else None
        if self.sparse:
            terms = [one for one in terms if getattr(one, "number", 1) != 0]
            return terms[0] if len(terms) == 1 else Sum(terms, read=read)
        return Sum(terms, self.signs, long=self.long, kept=self.kept, read=read)

    def markup(self, terms: int) -> str:
        if not self.terms:
            return "0"
        shown, rest = list(range(len(self.terms))), ""
        if self.read is not None:
            values = [
                sign * term.value(self.read)[0]
                for sign, term in zip(self.signs, self.terms, strict=True)
            ]
            shown, rest = largest_terms(values, terms, self.kept)
        if self.kept == len(self.terms) - 1 and rest:  # the bias stays the last
            return (
                self._written(shown[:-1], terms)
                + rest
                + " + "
                + self.terms[-1].bracketed(terms)
            )
        return self._written(shown, terms) + rest

    def _written(self, shown: Sequence[int], terms: int) -> str:
        parts: list[str] = []
        for i in shown:
            sign = r" \minus " if self.signs[i] < 0 else " + " if parts else ""
            parts.append(
                sign
                + (
                    self.terms[i].bracketed(terms)
                    if sign
                    else self.terms[i].markup(terms)
                )
            )
        return "".join(parts)

    def value(self, read: Read) -> Sized:
        found = [term.value(read) for term in self.terms]
        total = math.fsum(
            sign * v[0] for sign, v in zip(self.signs, found, strict=True)
        )
        size = math.fsum(size for _, size, _ in found)
        return total, size, sum(count for _, _, count in found) + len(found)

    def bracketed(self, terms: int) -> str:
        return (
            f"({self.markup(terms)})"
            if len(self.terms) > 1 or self.signs[0] < 0
            else self.terms[0].bracketed(terms)
        )


@final
class Product(Expression):
    """Factors."""

    def __init__(self, *factors: Expression) -> None:
        self.factors = factors

    def filled(self, n: Numbers) -> Expression:
        return Product(*(factor.filled(n) for factor in self.factors))

    def markup(self, terms: int) -> str:
        line = ""
        for factor in self.factors:
            shown = factor.bracketed(terms)
            if "@" in line + shown or shown[0].isdigit():
                sign = r" \cdot "
            else:  # letters; those in braces are arrays
                sign = " " if "{" in (line[:1], shown[0]) else r" \thin "
            line += sign + shown if line else shown
        return line

    def value(self, read: Read) -> Sized:
        value, size, count = 1.0, 1.0, 0
        for factor in self.factors:
            v, s, of = factor.value(read)
            value, size, count = value * v, size * s, count + of
        return value, size, count


@final
@dataclass(frozen=True)
class Fraction(Expression):
    """One thing divided by another."""

    top: Expression
    bottom: Expression

    def filled(self, n: Numbers) -> Fraction:
        return Fraction(self.top.filled(n), self.bottom.filled(n))

    def markup(self, terms: int) -> str:
        return rf"\frac{{{self.top.markup(terms)}}}{{{self.bottom.markup(terms)}}}"

    def value(self, read: Read) -> Sized:
        (a, size_a, m), (b, size_b, n) = self.top.value(read), self.bottom.value(read)
        return a / b, size_a / abs(b) * (size_b / abs(b)), m + n


@final
@dataclass(frozen=True)
class Power(Expression):
    """A whole power, the exponent written as a letter in general."""

    base: Expression
    exponent: int
    letter: str = ""

    def filled(self, n: Numbers) -> Power:
        return Power(self.base.filled(n), self.exponent, self.letter)

    def markup(self, terms: int) -> str:
        inside = self.base.enclosed(terms)
        if not isinstance(self.base, Letter) or inside[0] == "{" or " " in inside:
            inside = f"{{({inside})}}"
        return f"{inside}^{{{self.letter or self.exponent}}}"

    def value(self, read: Read) -> Sized:
        v, s, count = self.base.value(read)
        times = abs(self.exponent)
        return v**self.exponent, s**times, count + times


@final
@dataclass(frozen=True)
class Root(Expression):
    """A square root."""

    inside: Expression

    def filled(self, n: Numbers) -> Root:
        return Root(self.inside.filled(n))

    def markup(self, terms: int) -> str:
        return rf"\sqrt{{{self.inside.enclosed(terms)}}}"

    def value(self, read: Read) -> Sized:
        v, s, count = self.inside.value(read)
        return math.sqrt(v), math.sqrt(s), count + 1
