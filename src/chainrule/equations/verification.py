"""The verification of a user's own function and its derivative: the points, the comparisons and their words.

A finite number of points proves nothing in between; `custom` states what is verified and what is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError, type_of
from .differences import derivative_by_differences, largest_jump

__all__ = ["EVERYDAY", "Verification", "called", "numbers", "pairs"]

Numbers = np.ndarray[Any, Any]
#: Of |derivative|, and of the largest one around: what the given one may be off, beside the error of the differences.
#: The second is for cancellation, as of 1 - tanh² where tanh is nearly 1.
TOLERANCE, CANCELLATION = 1e-6, 1e-9
#: Of the largest value around: what is called a jump. The rounding of an argument moves a steep function by less.
JUMP = 1e-4
#: How near to a kink, beside max(1, |kink|), nothing is compared.
NEAR_KINK = 1e-6
#: The numbers of everyday; beyond them a function may overflow.
EVERYDAY = 12.0
#: Half-widths of the intervals that pseudo-random points are drawn from.
SCALES = (1e-3, 1e-2, 0.1, 1.0, 4.0, EVERYDAY, 100.0, 1000.0)
#: How near to an end of an interval points go, beside its width.
NEAREST = 1e-6


def numbers(kinks: tuple[float, ...]) -> Numbers:
    """Values of z that φ is verified at, ascending: a grid, pseudo-random ones, and both sides of each kink."""
    grid = np.linspace(-EVERYDAY, EVERYDAY, 241)
    return np.unique(np.concatenate((grid, _drawn(64), _beside(np.array(kinks)))))


def _drawn(count: int, *, largest: float = 1000.0) -> Numbers:
    """So many pseudo-random numbers of each scale, the same ones at each call."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.uniform(-s, s, count) for s in SCALES if s <= largest])


def _beside(kinks: Numbers) -> Numbers:
    off = 2 * NEAR_KINK * np.maximum(1, np.abs(kinks))
    return np.concatenate((kinks - off, kinks + off))


def pairs(
    accepts: tuple[float, float],
    targets: tuple[float, float],
    residual_kinks: tuple[float, ...],
) -> tuple[Numbers, Numbers]:
    """Values of y and a that ℓ is verified at, shapes (n,), ascending by y and then by a."""
    low, high = targets
    usual = np.array([-2.3, -0.7, 0.0, 0.4, 1.0, 3.1])
    ends = [end for end in targets if math.isfinite(end)]
    y = np.concatenate((usual, _drawn(2, largest=100.0), ends))
    if math.isfinite(high - low):  # perhaps too narrow for these
        y = np.concatenate((y, low + (high - low) * np.array([0.1, 0.37, 0.62, 0.9])))
    y = np.unique(y[(y >= low) & (y <= high)])
    usual = np.concatenate((np.linspace(-6, 6, 61), _drawn(8)))
    near = np.array([-0.3, -0.01, -1e-4, 0.0, 1e-4, 0.01, 0.3])
    kinks = np.array(residual_kinks, np.float64)
    found = [
        _within(accepts, np.concatenate((usual, t + near, _beside(t - kinks))))
        for t in y
    ]
    return np.repeat(y, [len(a) for a in found]), np.concatenate(found)


def _within(interval: tuple[float, float], points: Numbers) -> Numbers:
    """The points in an open interval, and more where it is narrow and towards its ends, where poles are."""
    low, high = interval
    width = min(1.0, high - low)
    close = width * np.logspace(-0.5, math.log10(NEAREST), 12)
    more = [
        points,
        *(
            end + sign * close
            for end, sign in ((low, 1), (high, -1))
            if math.isfinite(end)
        ),
    ]
    if math.isfinite(high - low):
        more.append(low + (high - low) * np.linspace(0, 1, 42)[1:-1])
    found = np.unique(np.concatenate(more))
    return found[np.minimum(found - low, high - found) > 0.9 * NEAREST * width]


def called(symbol: str, function: Callable[..., Any], *arguments: Numbers) -> Numbers:
    """The result of a user's function of arrays; raises where it is none, and where it writes into one."""
    copies = [argument.copy() for argument in arguments]
    try:
        with np.errstate(all="ignore"):
            found = np.array(function(*copies))
    except (TypeError, ValueError, AttributeError) as error:
        if not callable(function):
            given = repr(function) if isinstance(function, str) else type_of(function)
            remedy = "Write it as one; a name from the tables goes to Network as it is."
        else:
            given = f"a function that fails on arrays ({type(error).__name__}: {error})"
            remedy = "Write it with functions of NumPy, numpy.tanh instead of math.tanh, say."
        raise InputError(
            f"{symbol} that is {given}", "a function of arrays", remedy
        ) from error
    if not all(
        np.array_equal(copy, argument, equal_nan=True)
        for copy, argument in zip(copies, arguments, strict=True)
    ):
        raise InputError(
            f"{symbol} that is a function that writes into its argument",
            "a function that returns a new array",
            "Write numpy.where(z > 0, z, 0) instead of z[z < 0] = 0, say, and no out= or +=.",
        )
    return found


@dataclass(frozen=True)
class Verification:
    """A function and its derivative at points, and the words for them.

    Parameters
    ----------
    what : str
        What is verified.
    symbols : (str, str)
        Of the function and its derivative.
    functions : (callable, callable)
        Both, of points and their companions.
    points, companions : ndarray, shape (n,)
        Ascending; of a loss a, for each of the y beside it, which counts as 0 of an activation.
    place : callable
        The words for a point and its companion.
    kinks : ndarray, shape (n, k)
        Of each point.
    remedy, somewhere : str
        Beside correcting the derivative; where it has to be finite.
    interval : (float, float)
        The points there are.
    """

    what: str
    symbols: tuple[str, str]
    functions: tuple[Callable[[Numbers, Numbers], Numbers], ...]
    points: Numbers
    companions: Numbers
    place: Callable[[float, float], str]
    kinks: Numbers
    remedy: str
    somewhere: str
    interval: tuple[float, float] = (-math.inf, math.inf)

    def require(self, *, analytic: bool) -> None:
        """Raise unless the derivative is right, and, where analytic, the complex step is."""
        value, given = (f(self.points, self.companions) for f in self.functions)
        with np.errstate(all="ignore"):
            self._require_derivative(value, given, analytic=analytic)
            for symbol, function, found in zip(
                self.symbols, self.functions, (value, given), strict=True
            ):
                self._require_no_jump(symbol, function, found)

    def _require_derivative(
        self, value: Numbers, given: Numbers, *, analytic: bool
    ) -> None:
        off = np.abs(self.points[:, None] - self.kinks).min(axis=1, initial=math.inf)
        numerical, error = derivative_by_differences(
            lambda points: self.functions[0](points, self.companions),
            self.points,
            np.minimum(off, self._room()) / 2,
        )
        compared = np.isfinite(error) & np.isfinite(numerical) & np.isfinite(value)
        compared &= off > NEAR_KINK * np.maximum(1, np.abs(self.points))
        compared &= self._everyday() | np.isfinite(given)
        if not compared.any():
            raise InputError(
                f"{self.what} whose {self.symbols[1]} is wrong: it is finite at none of the points compared",
                self.somewhere,
                "Check it on a few numbers.",
            )
        around = CANCELLATION * self._largest_around(numerical)
        allowed = TOLERANCE * np.abs(numerical) + around + 4 * error
        wrong = compared & ~(np.abs(given - numerical) <= allowed)
        if wrong.any():
            i = self._worst(wrong, given - numerical)
            symbol = self.symbols[1]
            raise InputError(
                f"{self.what} whose {symbol} is wrong {self._at(i)}: {symbol} says {given[i]:.10g}, "
                f"differences of the function say {numerical[i]:.10g}",
                f"{symbol} equal to the derivative to 1e-6",
                f"Correct {symbol}; {self.remedy}",
            )
        if analytic:
            self._require_analytic(given, compared, around)

    def _require_analytic(
        self, given: Numbers, compared: Numbers, around: Numbers
    ) -> None:
        """Raise unless the complex step is the derivative: it has no error but rounding."""
        remedy = "Leave analytic out: the gradient check then takes differences."
        try:
            stepped = self.functions[0](self.points + 1e-30j, self.companions)
        except InputError as error:
            raise InputError(
                f"{self.what} said to be analytic, which fails on complex numbers ({error.__cause__})",
                "analytic=False",
                remedy,
            ) from error
        steps = stepped.imag / 1e-30
        wrong = ~(np.abs(steps - given) <= TOLERANCE * np.abs(steps) + around)
        wrong &= compared & (self._everyday() | np.isfinite(steps))
        if wrong.any():
            i = self._worst(wrong, given - steps)
            raise InputError(
                f"{self.what} said to be analytic, whose complex step {self._at(i)} is {steps[i]:.10g}, "
                f"not the derivative {given[i]:.10g}",
                "analytic=True for functions that are differentiable at complex numbers",
                remedy,
            )

    def _require_no_jump(
        self,
        symbol: str,
        function: Callable[[Numbers, Numbers], Numbers],
        found: Numbers,
    ) -> None:
        """Raise where a function jumps between two points without a kink between them."""
        low, high = self.points[:-1], self.points[1:]
        kinks = self.kinks[1:]
        passed = ((low[:, None] <= kinks) & (kinks <= high[:, None])).any(axis=1)
        inner = (self.companions[1:] == self.companions[:-1]) & ~passed
        fixed = self.companions[1:][inner]
        around = JUMP * self._largest_around(found)
        jump = largest_jump(
            lambda points: function(points, fixed),
            low[inner],
            high[inner],
            np.maximum(around[1:], around[:-1])[inner],
        )
        if jump is not None:
            at, place, before, after = jump
            raise InputError(
                f"{self.what} whose {symbol} jumps {self.place(place, fixed[at])} from {before:.6g} to {after:.6g}",
                "a function and a derivative that jump at kinks alone",
                f"Correct {symbol}; {self.remedy}",
            )

    def _largest_around(self, found: Numbers) -> Numbers:
        """The largest |value| between each point and its companion, and within 1 or half the room around it."""
        size = np.where(np.isfinite(found), np.abs(found), 0)
        room = np.minimum(self._room() / 2, 1)
        low = np.minimum(self.points - room, self.companions)
        high = np.maximum(self.points + room, self.companions)
        largest = np.empty_like(size)
        for companion in np.unique(self.companions):
            of = self.companions == companion
            points = self.points[of]
            inside = (low[of, None] <= points) & (points <= high[of, None])
            largest[of] = np.where(inside, size[of], 0).max(axis=1)
        return largest

    def _room(self) -> Numbers:
        """The distance of each point from the ends of the interval."""
        low, high = self.interval
        return np.minimum(self.points - low, high - self.points)

    def _everyday(self) -> Numbers:
        largest = np.maximum(np.abs(self.points), np.abs(self.companions))
        return largest <= EVERYDAY

    def _at(self, i: int) -> str:
        return self.place(self.points[i], self.companions[i])

    def _worst(self, wrong: Numbers, apart: Numbers) -> int:
        """The number of the point to show: the furthest off, of everyday numbers if there are some."""
        usual = wrong & self._everyday()
        size = np.nan_to_num(np.abs(apart), nan=np.inf)
        return int(np.argmax(np.where(usual if usual.any() else wrong, size, -1)))
