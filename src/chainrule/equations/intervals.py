"""Intervals of real numbers: the range of an activation, what a loss accepts, the range of a parameter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..errors import InputError, is_number

__all__ = ["NONNEGATIVE", "POSITIVE", "REALS", "SHARE", "UNIT", "Interval"]


@dataclass(frozen=True)
class Interval:
    """A range of real numbers, each end open or closed.

    Examples
    --------
    >>> str(Interval(0.0, 1.0)), Interval(0.0, math.inf).contains(Interval(0.0, 1.0))
    ('(0, 1)', True)
    """

    low: float
    high: float
    low_closed: bool = False
    high_closed: bool = False

    def contains(self, other: Interval) -> bool:
        """Return whether every number of `other` is in this interval."""
        above = self.low < other.low or (
            self.low == other.low and (self.low_closed or not other.low_closed)
        )
        below = self.high > other.high or (
            self.high == other.high and (self.high_closed or not other.high_closed)
        )
        return above and below

    def checked(
        self, what: str, value: Any, remedy: str = "Choose a value in that range."
    ) -> float:
        """`value` as a float of this interval; raises for another one, and for what is no finite number."""
        number = float(value) if is_number(value) else math.nan
        if math.isfinite(number) and self.contains(
            Interval(number, number, True, True)
        ):
            return number  # a Python float: NumPy's scalars have no JSON
        low = f"{'>=' if self.low_closed else '>'} {self.low:g}"
        high = f" and {'<=' if self.high_closed else '<'} {self.high:g}"
        raise InputError(
            f"{what} = {value!r}",
            f"a finite number {low}{'' if math.isinf(self.high) else high}",
            remedy,
        )

    def __str__(self) -> str:
        left, right = "[" if self.low_closed else "(", "]" if self.high_closed else ")"
        return f"{left}{self.low:.4g}, {self.high:.4g}{right}".replace("inf", "∞")


REALS = Interval(-math.inf, math.inf)
POSITIVE = Interval(0.0, math.inf)
NONNEGATIVE = Interval(0.0, math.inf, low_closed=True)
UNIT = Interval(0.0, 1.0)
SHARE = Interval(0.0, 1.0, low_closed=True)
