"""The derivative of a function along a direction, from its values alone, with what it may be off by.

The complex step takes no difference: nothing cancels. Central differences take ever smaller steps until two of their
estimates agree, and tell how well; a step across a kink (a unit of a ReLU layer, or a residual of an absolute loss,
that changes sides) is left out.

References
----------
Squire & Trapp, "Using complex variables to estimate derivatives of real functions", 1998.
Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", 1982.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .arrays import Array, array_namespace, real_part
from .rounding import EPSILON

__all__ = [
    "COMPLEX_STEP",
    "SMALLEST",
    "STEP",
    "TOLERANCES",
    "Function",
    "Slope",
    "derivative_along",
]

COMPLEX_STEP = 1e-30
#: Largest error accepted, relative to the number itself, beside what rounding does.
TOLERANCES = {"complex": 1e-11, "central": 1e-6}
#: The first step of differences, how much smaller each next one is, and how many there are.
STEP, SHRINK, STEPS = 1e-2, 4, 9
SMALLEST = STEP / SHRINK ** (STEPS - 1)
#: Two estimates that agree to this end the search for a better step.
AGREED = 1e-8
#: A step, and the smallest of all, relative to the number that it moves.
FIRST_OF_POINT, LAST_OF_POINT = 1e-5, 1e-10

#: A function with its distances from every kink: 0 on it, another sign on either side.
Function = Callable[[Array], tuple[Array, list[Array]]]


class Slope(NamedTuple):
    """A derivative, and what it may be off by."""

    value: float
    noise: float


def derivative_along(
    function: Function,
    point: Array,
    distances: list[Array],
    direction: Array,
    method: str,
    *,
    step: float = STEP,
    noise: float = 0.0,
) -> Slope | None:
    """The derivative at a point along a direction; None on a kink that the direction leaves.

    Parameters
    ----------
    function : callable
        The value, and how far it is from every kink.
    point, direction : Array, shape (D,)
    distances : list of Array
        Those of the point itself.
    method : {"complex", "central"}
    step : float
        The first step of differences.
    noise : float
        What rounding may take the function's values off by, beside ε of themselves.
    """
    if method == "complex":
        value, there = function(point + (1j * COMPLEX_STEP) * direction)
        if any(_leaves_kink(d) for d in there):
            return None
        return Slope(float(value.imag) / COMPLEX_STEP, 0.0)
    xp = array_namespace(point)
    size = float(xp.max(xp.abs(xp.where(direction == 0, xp.zeros_like(point), point))))
    h, usable = max(step, FIRST_OF_POINT * size), 0
    best = Slope(float("nan"), float("inf"))
    previous = last = 0.0
    for _ in range(STEPS):
        if h < LAST_OF_POINT * size:
            break
        ends = [function(point + k * h * direction) for k in (1.0, -1.0)]
        if all(_same_sides(distances, there) for _, there in ends):
            up, down = (float(value) for value, _ in ends)
            near = (up - down) / (2 * h)
            found = (SHRINK**2 * near - previous) / (SHRINK**2 - 1)
            rounded = 4 * (EPSILON * max(abs(up), abs(down)) + noise)
            rounded = (rounded + EPSILON * size * abs(near)) / h
            usable += 1
            if usable >= 3:
                if (
                    abs(found - best.value) > best.noise + rounded
                ):  # it agreed by chance
                    best = Slope(best.value, 4 * abs(found - best.value))
                off = 4 * abs(found - last) + rounded
                if off < best.noise:
                    best = Slope(found, off)
                if best.noise <= AGREED * abs(found) or rounded > best.noise:
                    break
            previous, last = near, found
        h /= SHRINK
    return best if usable >= 3 else None


def _leaves_kink(distance: Array) -> bool:
    """Return whether the complex step moves a number that is on a kink."""
    return bool(((distance.real == 0) & (distance.imag != 0)).any())


def _same_sides(distances: list[Array], others: list[Array]) -> bool:
    return all(
        bool(xp.all(xp.sign(real_part(a)) == xp.sign(real_part(b))))
        for a, b in zip(distances, others, strict=True)
        for xp in (array_namespace(a),)
    )
