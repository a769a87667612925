"""Formulas of which the numbers choose one: by a decision that other programs know too, or by a test that is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from .expressions import Expression, Read, Sized
from .numbers import Numbers

__all__ = ["Branch", "Choice", "Decision"]

#: What some numbers decide, by name: the number of an option.
TESTS: dict[str, Callable[[list[float]], int]] = {
    "positive": lambda found: int(found[0] > 0),
    "sign": lambda found: int(found[0] > 0) - int(found[0] < 0),
    "is 1": lambda found: int(found[0] == 1),
    "add to 1": lambda found: int(sum(found) == 1),
}


@final
@dataclass(frozen=True)
class Decision:
    """A test of numbers, by a name that other programs know too.

    Parameters
    ----------
    name : str
        From `TESTS`.
    places : tuple of str
        The names of the numbers.
    """

    name: str
    places: tuple[str, ...]

    def __call__(self, n: Numbers) -> int:
        return TESTS[self.name]([n.read(place) for place in self.places])


@final
@dataclass(frozen=True)
class Choice(Expression):
    """Formulas of which the numbers choose one.

    Parameters
    ----------
    options : tuple of Expression
    which : callable
        From numbers to the one that is taken: a `Decision`, where it is one of the table.
    """

    options: tuple[Expression, ...]
    which: Callable[[Numbers], int]

    def filled(self, n: Numbers) -> Expression:
        return self.options[self.which(n)].filled(n)

    def markup(self, terms: int) -> str:
        return r" \text{or} ".join(option.markup(terms) for option in self.options)

    def value(self, read: Read) -> Sized:
        raise TypeError("a choice is filled before it is evaluated")


@final
@dataclass(frozen=True)
class Branch(Expression):
    """A piecewise formula: both branches and the test; with numbers the one that is taken is shown, and since what."""

    when: Expression
    otherwise: Expression
    test: str
    holds: bool | None = None
    since: str = ""

    @property
    def taken(self) -> Expression:
        """The branch that the numbers lead to."""
        return self.when if self.holds else self.otherwise

    def markup(self, terms: int) -> str:
        if self.holds is None:
            when, otherwise = self.when.markup(terms), self.otherwise.markup(terms)
            return rf"{when} \text{{if}} {self.test} \text{{, else}} {otherwise}"
        since = rf" \text{{, since {self.since}}}" if self.since else ""
        return self.taken.markup(terms) + since

    def bracketed(self, terms: int) -> str:
        if self.holds is None:
            return f"({self.markup(terms)})"
        return self.taken.bracketed(terms)

    def value(self, read: Read) -> Sized:
        return self.taken.value(read)
