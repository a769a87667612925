"""Every number checked: its formula evaluated again, and every derivative against numerical differentiation.

The formula is evaluated in float64 from the engine's own numbers in it, by Python's arithmetic. A derivative is
also found by moving the number that it is taken by and computing the loss anew (`varied_loss`),
by complex step where the functions allow it, else by five-point differences (`gradient_check`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..documents.spelling import parts_of
from ..equations.differentiation import SMALLEST, STEP, TOLERANCES, derivative_along
from ..equations.gradient_check import method_for
from ..equations.rounding import EPSILON, FUNCTION_ROUNDINGS
from .entries import formula
from .numbers import Numbers
from .rounding import Rounding, slope_rounding
from .varied_loss import Job, VariedLoss

__all__ = ["Check", "Checker"]

Array = np.ndarray[Any, Any]
#: Sums over rows, which a compiled engine takes of s Δ, back from s Δ[L]: rounded otherwise than s times Δ.
SHARES_FOLDED = ("J", "dW", "db")
#: The words for a number at a kink; {} is a place for it.
AT_KINK = "at a kink, {}: there is no derivative to compare with"


@dataclass(frozen=True)
class Check:
    """A number found in another way.

    Parameters
    ----------
    how : str
        In words; "@Z1.2@" stands for a number, as the notation writes it.
    value : float or None
        What was found; None where it cannot be, which `how` explains.
    difference, tolerance : float
        Between it and the engine's number, and how much of that is rounding.
    """

    how: str
    value: float | None = None
    difference: float = 0.0
    tolerance: float = 0.0

    @property
    def passed(self) -> bool:
        """Return whether they agree; True where nothing could be compared."""
        return self.value is None or self.difference <= self.tolerance


class Checker:
    """Checks the numbers of one pass.

    Parameters
    ----------
    numbers : Numbers
    """

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        network = numbers.moment.network
        self.method = method_for(network, np.zeros(1), "auto")
        self.words = {"complex": "complex step", "central": "five-point differences"}[
            self.method
        ]

    def of(self, name: str) -> tuple[Check, ...]:
        """The checks of a number."""
        again = self.again(name)
        found = [] if again is None else [again]
        kind, layer, index = parts_of(name)
        undefined = (
            again is not None
            and again.value is None
            and not np.isfinite(self.numbers.read(name))
        )
        job = None if undefined else self.varied.job(kind, layer, index)
        return (*found, *([] if job is None else [self.numerically(name, job)]))

    def again(self, name: str) -> Check | None:
        """The formula, evaluated from the numbers that are in it."""
        template = formula(self.numbers.traits, name)
        if template is None:
            return None
        expression = template.filled(self.numbers)
        largest = 1.0

        def read(name: str) -> float:
            nonlocal largest
            number = self.numbers.read(name)
            largest = max(largest, abs(number))
            return number

        try:
            value, size, count = expression.value(read)
            if not np.isfinite(value):
                raise OverflowError
        except (OverflowError, ValueError, ZeroDivisionError):
            return Check("too large or too small to be evaluated as it is written")
        underflow = self.numbers.tiny * largest
        tolerance = (count + FUNCTION_ROUNDINGS) * (
            self.numbers.epsilon * size + underflow
        )
        kind, layer, index = parts_of(name)
        if kind == "P":
            tolerance += float(
                slope_rounding(self.numbers, layer)[self.numbers.row, index[0] - 1]
            )
        if kind in ("sW", "sb"):
            tolerance += self.damped_rounding
        if kind in SHARES_FOLDED and self.numbers.engine != "reference":
            tolerance += 2 * self.rounding.of(kind, layer, index)
        difference = abs(value - self.numbers.read(name))
        return Check(
            "called again" if self.is_own(kind, layer) else "evaluated again",
            value,
            _finite(difference),
            tolerance,
        )

    @cached_property
    def damped_rounding(self) -> float:
        """The rounding of each number of δ by the decomposition: its backward error, carried back and divided by λ.

        In the dual it is that of (I + K) u = r - J̃ S p, where u is r + J̃ δ.
        """
        read, L = self.numbers.read, self.numbers.layers
        layers = range(1, L + 1)

        def entries(kind: str) -> Array:
            found = [self.numbers.arrays[f"{kind}{a}{l}"] for a in "Wb" for l in layers]
            return np.concatenate([one.ravel() for one in found])

        delta, gradient = (float(np.linalg.norm(entries(kind))) for kind in "sd")
        trace, lam = float(np.sum(entries("c"))), read("lam")
        size = trace * delta + gradient
        if self.numbers.traits.form == "dual":
            arrays = self.numbers.arrays
            u = float(np.linalg.norm(arrays[f"r{L}"] + arrays[f"j{L}"]))
            size += np.sqrt(trace) * (1 + trace / lam) * u
        count = len(entries("s")) + self.numbers.rows
        return float(count * self.numbers.epsilon * size / lam)

    def is_own(self, kind: str, layer: int) -> bool:
        """Return whether a number is what a function of the user's own gives, which has no second form."""
        network = self.numbers.moment.network
        if kind == "ell" or (kind == "G" and layer == network.n_layers):
            return network.loss.custom
        return (
            kind in ("A", "P") and layer > 0 and network.activations[layer - 1].custom
        )

    def numerically(self, name: str, job: Job) -> Check:
        """The derivative along one number."""
        function, point, i, reach = job
        direction = np.zeros(len(point))
        direction[i] = 1.0
        with np.errstate(all="ignore"):
            sides = function(point)[1]
            nearby = function(point + SMALLEST / reach * direction)[1]
            if any(
                np.any((here == 0) & (there != 0))
                for here, there in zip(sides, nearby, strict=True)
            ):
                return Check(AT_KINK.format(self.at_kink(name, sides, nearby)))
            found = derivative_along(
                function, point, sides, direction, self.method, step=STEP / reach
            )
        if found is None:
            return Check(AT_KINK.format("or beside one"))
        if not np.isfinite(found.value):
            return Check(
                f"{self.words} give no finite number, so that nothing could be compared"
            )
        difference = _finite(abs(found.value - self.numbers.read(name)))
        tolerance = self.tolerance(name, found.value) + found.noise
        return Check(self.words, found.value, difference, tolerance)

    def at_kink(self, name: str, sides: list[Array], nearby: list[Array]) -> str:
        """The number at a kink that a step of the derivative moves it from, with its value."""
        kind, layer, _ = parts_of(name)
        network, row = self.numbers.moment.network, self.numbers.row
        batch = kind in ("dW", "db")
        first = layer + 1 if kind == "G" else layer
        last = layer if kind == "P" else network.n_layers
        at = 0
        for l in range(first, last + 1):
            for kink in network.activations[l - 1].kinks:
                moved = (sides[at] == 0) & (nearby[at] != 0)
                if np.any(moved):
                    if kind == "P":
                        return f"@Z{l}.{name.split('.')[1]}@ = {kink:g}"
                    i, k = np.argwhere(moved)[0]
                    other = f"~{i}" if batch and i != row else ""
                    return f"@Z{l}.{k + 1}{other}@ = {kink:g}"
                at += 1
        weight_is_0 = kind == "dW" and bool(self.numbers.moment.rules.l1)
        if weight_is_0 and self.numbers.read(name[1:]) == 0:
            return f"@{name[1:]}@ = 0"
        return "that of the loss"

    def tolerance(self, name: str, found: float) -> float:
        """The error of the method, relative to the largest of the array, with that of rounding this number.

        Twice the latter: once for the engine, once for the numbers that the loss is computed from.
        """
        kind, layer, index = parts_of(name)
        values = self.numbers.array(f"{kind}{layer}")
        z = self.numbers.arrays[f"Z{self.numbers.layers}"]
        size = (
            abs(self.numbers.read("J"))
            + abs(self.numbers.read("ell"))
            + float(np.max(np.abs(z)))
        )
        scale = max(float(np.max(np.abs(np.nan_to_num(values)))), abs(found))
        rounded = 10 * EPSILON * size + 2 * self.rounding.of(kind, layer, index)
        return TOLERANCES[self.method] * scale + rounded

    @cached_property
    def varied(self) -> VariedLoss:
        """The loss as a function of one of the numbers."""
        return VariedLoss(self.numbers)

    @cached_property
    def rounding(self) -> Rounding:
        """The effect of rounding on the numbers."""
        return Rounding(self.numbers)


def _finite(difference: float) -> float:
    """NaN is as far away as can be."""
    return float("inf") if np.isnan(difference) else difference
