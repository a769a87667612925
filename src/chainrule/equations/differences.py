"""Derivatives of functions of one number, by differences with an error estimate, and the jumps of a function.

They verify φ′ and ∂ℓ/∂a of a user's own functions, which may have poles, steep places and any scale: no one step fits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["derivative_by_differences", "largest_jump"]

Numbers = np.ndarray[Any, Any]
#: The largest step, how often it is halved, and how often a row of differences is extrapolated.
STEP, HALVINGS, EXTRAPOLATIONS = 0.125, 20, 4
#: What rounding of a value and of its argument is taken for, in units of the last place.
ROUNDINGS = 8 * np.finfo(np.float64).eps


def derivative_by_differences(
    function: Callable[[Numbers], Numbers], points: Numbers, reach: Numbers
) -> tuple[Numbers, Numbers]:
    """The derivative at each point, and how far it may be off.

    Central differences with steps halved twenty times, extrapolated to step 0; of each point the entry with the
    smallest error estimate: its distance from its two predecessors, and rounding. An entry of large steps can agree
    with its neighbors by chance, as for a wave shorter than the step: so the distance from the best entry of the
    three smallest steps counts as well.

    Parameters
    ----------
    function : callable
        Elementwise.
    points : ndarray, shape (n,)
    reach : ndarray, shape (n,)
        How far on both sides the function is smooth.

    Returns
    -------
    derivative, error : ndarray, shape (n,)
        NaN and infinity where the function is not finite around the point.

    References
    ----------
    Ridders, "Accurate computation of F′(x) and F′(x) F″(x)", Advances in Engineering Software 4 (1982).
    """
    best = (np.full(points.shape, np.nan), np.full(points.shape, np.inf))
    last = best
    previous: list[Numbers] = []
    h = np.minimum(STEP, reach)
    for halving in range(HALVINGS):
        above, below = points + h, points - h
        f, g = function(above), function(below)
        row = [(f - g) / (above - below)]
        size = np.maximum(np.abs(f), np.abs(g)) + np.abs(points * row[0])
        rounding = ROUNDINGS * size / np.minimum(h, 1)
        for j, before in enumerate(previous[:EXTRAPOLATIONS], 1):
            row.append(row[-1] + (row[-1] - before) / (4**j - 1))
            apart = np.maximum(np.abs(row[j] - row[j - 1]), np.abs(row[j] - before))
            entry = row[j], apart + rounding
            best = _better(best, entry)
            if halving >= HALVINGS - 3:
                last = _better(last, entry)
        previous = row
        h = h / 2
    unexplained = np.abs(best[0] - last[0]) - last[1]
    return best[0], np.fmax(best[1], unexplained)


def _better(
    one: tuple[Numbers, Numbers], other: tuple[Numbers, Numbers]
) -> tuple[Numbers, Numbers]:
    """Of each point the value with the smaller error."""
    smaller = other[1] < one[1]  # false of NaN
    return np.where(smaller, other[0], one[0]), np.where(smaller, other[1], one[1])


def largest_jump(
    function: Callable[[Numbers], Numbers],
    low: Numbers,
    high: Numbers,
    allowed: Numbers,
) -> tuple[int, float, float, float] | None:
    """The jump of a function in one of the intervals, or None.

    Each interval is halved fifty times, and the half kept over which the function changes more: what is left of a
    continuous function is rounding.

    Parameters
    ----------
    function : callable
        Of one number for each interval.
    low, high : ndarray, shape (n,)
        The intervals.
    allowed : ndarray, shape (n,)
        What is no jump.

    Returns
    -------
    (interval, place, before, after)
        The number of the interval, where it jumps, and the values on both sides.
    """
    f, g = function(low), function(high)
    for _ in range(50):
        middle = low + (high - low) / 2
        m = function(middle)
        left = np.abs(m - f) >= np.abs(g - m)
        low, f = np.where(left, low, middle), np.where(left, f, m)
        high, g = np.where(left, middle, high), np.where(left, m, g)
    found = np.isfinite(f) & np.isfinite(g) & (np.abs(g - f) > allowed)
    if not found.any():
        return None
    at = int(np.argmax(np.where(found, np.abs(g - f), 0)))
    return at, float(high[at]), float(f[at]), float(g[at])
