"""A derived gradient at a point, compared with numerical differentiation, entry by entry and along a direction.

An entry is right if the derived and the numerical number differ by no more than a tolerance, relative to the number
itself, and what rounding does (`rounding`). It is compared if an error of a thousandth of it would show; it is not
where rounding could hide that, and where it sits on a kink. An array of which nothing was compared never passes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import InputError
from .arrays import Array, array_namespace, as_numpy, device
from .check_result import ArrayCheck
from .differentiation import (
    COMPLEX_STEP,
    TOLERANCES,
    Function,
    Slope,
    derivative_along,
)
from .rounding import EPSILON

__all__ = ["PointOfCheck", "checked_max_entries", "require_method"]

#: The share of a number that rounding may be for the number to be compared: an error of a thousandth shows.
RESOLVED = 4e-4
#: Numbers below are subnormal times the complex step.
UNDERFLOW = float(np.finfo(float).tiny) / COMPLEX_STEP


@dataclass(frozen=True)
class PointOfCheck:
    """A function at a point with its derived gradient, and what rounding does to both."""

    function: Function
    point: Array
    gradient: Array
    noise: Array
    noise_of_value: float
    method: str
    on_kink: list[int] = field(default_factory=list)

    def compare_entries(
        self,
        name: str,
        span: tuple[int, int],
        shape: tuple[int, ...],
        step: float,
        max_entries: int | None,
        rng: np.random.Generator,
    ) -> ArrayCheck:
        """Compare the entries of an array, or as many as are asked for."""
        start, end = span
        entries = np.arange(start, end)
        if max_entries is not None and entries.size > max_entries:
            entries = np.sort(rng.choice(entries, max_entries, replace=False))
        slopes = []
        for i in entries:
            direction = np.zeros(self.point.shape[0])
            direction[i] = 1.0
            slopes.append(self.along(direction, step))
            if slopes[-1] is None:
                self.on_kink.append(int(i))
        derived, noise = (as_numpy(v)[entries] for v in (self.gradient, self.noise))
        index = [np.unravel_index(i - start, shape) for i in entries]
        return _compare(name, index, end - start, derived, slopes, noise, self.method)

    def compare_direction(self, step: float, rng: np.random.Generator) -> ArrayCheck:
        """Compare the derivative along one random direction."""
        direction = rng.normal(size=self.point.shape[0])
        direction[self.on_kink] = 0.0
        if not direction.any():
            direction[:] = 1.0
        direction /= np.linalg.norm(direction)
        gradient, size = as_numpy(self.gradient), np.abs(direction)
        of_sum = 16 * EPSILON * np.nan_to_num(np.abs(gradient))
        noise = size @ (as_numpy(self.noise) + of_sum)
        along = np.array([direction @ gradient])
        slopes = [self.along(direction, step)]
        return _compare(
            "direction", [(0,)], 1, along, slopes, np.array([noise]), self.method
        )

    def along(self, direction: Any, step: float) -> Slope | None:
        """The numerical derivative."""
        xp = array_namespace(self.point)
        return derivative_along(
            self.function,
            self.point,
            self.distances,
            xp.asarray(direction, device=device(self.point)),
            self.method,
            step=step,
            noise=self.noise_of_value,
        )

    @cached_property
    def distances(self) -> list[Array]:
        """Those of the point from every kink."""
        return [] if self.method == "complex" else self.function(self.point)[1]


def _compare(
    name: str,
    index: Sequence[Any],
    entries: int,
    derived: Any,
    slopes: Sequence[Slope | None],
    noise: Any,
    method: str,
) -> ArrayCheck:
    tolerance = TOLERANCES[method]
    on_kink = np.array([slope is None for slope in slopes])
    numerical = np.array([math.nan if s is None else s.value for s in slopes])
    # where no path leads to the loss both numbers are 0, and differences are not off either
    off = np.array([0.0 if s is None else s.noise for s in slopes])
    noise = np.where((noise == 0) & (numerical == 0), 0.0, noise + off)
    size, difference = np.abs(numerical), np.abs(derived - numerical)
    with np.errstate(all="ignore"):
        scale = size + (noise + UNDERFLOW) / tolerance
        error = np.where(difference == 0, 0.0, difference / scale)
    finite = np.isfinite(numerical) & ~on_kink
    wrong = finite & ~(error <= tolerance) & np.isfinite(noise)
    compared = wrong | (finite & (noise <= RESOLVED * size))
    # the worst of those compared; else one that is not finite; else one that is not resolved; else one on a kink
    rank = np.where(compared, np.where(np.isnan(error), np.inf, error), -1.0)
    rank = np.where(
        compared, rank, np.where(on_kink, -4.0, np.where(finite, -3.0, -2.0))
    )
    worst = int(np.argmax(rank))
    return ArrayCheck(
        name,
        entries,
        int(compared.sum()),
        int(on_kink.sum()),
        int((~compared & ~on_kink).sum()),
        tuple(int(i) for i in index[worst]),
        float(derived[worst]),
        float(numerical[worst]),
        float(error[worst]) if compared[worst] else math.nan,
        tolerance,
    )


def require_method(method: str) -> None:
    """Raise for a method that there is not."""
    if method not in ("auto", "complex", "central"):
        raise InputError(
            f"method = {method!r}",
            '"auto", "complex" or "central"',
            'Pass method="auto".',
        )


def checked_max_entries(max_entries: int | None) -> int | None:
    """A number of entries, or None for all."""
    if max_entries is not None and not (
        isinstance(max_entries, int | np.integer)
        and not isinstance(max_entries, bool)
        and max_entries >= 0
    ):
        raise InputError(
            f"max_entries = {max_entries!r}",
            "a whole number >= 0, or None for all",
            "Pass 100, say.",
        )
    return max_entries
