"""Numbers on a common scale: median and quartiles, smooth clipping, quantile bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Scaling", "bin_edges", "clipped", "fit_scaling", "positions"]

Matrix = np.ndarray[Any, Any]
#: The size that smoothly clipped numbers stay below.
BOUND = 3.0
#: A positive column whose 99th percentile is so many times its first gets its logarithm as an input more.
WIDE = 5.0


def clipped(z: Matrix) -> Matrix:
    """The numbers z / √(1 + (z/3)²): as they are near 0, within ±3 however large, also for infinity.

    Examples
    --------
    >>> import numpy as np
    >>> clipped(np.array([0.1, -4.0, np.inf])).round(2).tolist()
    [0.1, -2.4, 3.0]
    """
    with np.errstate(invalid="ignore"):
        found = BOUND * z / np.hypot(BOUND, z)
    return np.where(np.isinf(z), np.copysign(BOUND, z), found)


@dataclass(frozen=True)
class Scaling:
    """The middle of a number, and its spread.

    Parameters
    ----------
    center, width : float
        The median, and the distance of the quartiles.
    log_center, log_width : float
        The same of the logarithm, where `log`; the width is 0 where there is none.
    """

    center: float
    width: float
    log_center: float = 0.0
    log_width: float = 0.0

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.log_width >= 0):
            raise ValueError(f"a scale of {self.width} and {self.log_width}")

    @property
    def log(self) -> bool:
        """Return whether the logarithm is an input, too."""
        return self.log_width > 0

    def plain(self, x: Matrix) -> Matrix:
        """The number on its scale."""
        with np.errstate(over="ignore"):
            return clipped((x - self.center) / self.width)

    def unit(self, x: Matrix) -> Matrix:
        """The logarithm on its scale where there is one, else the number."""
        if not self.log:
            return self.plain(x)
        least = np.finfo(np.float64).tiny
        return clipped(
            (np.log(np.maximum(x, least)) - self.log_center) / self.log_width
        )


def fit_scaling(values: Matrix, *, log: bool) -> Scaling | None:
    """The scale of numbers, NaN left out; None where they are all the same.

    Parameters
    ----------
    values : ndarray, shape (N,)
    log : bool
        Whether a wide positive column gets its logarithm.
    """
    present = values[np.isfinite(values)]
    if present.size == 0 or present.min() == present.max():
        finite = values[~np.isnan(values)]
        if finite.size and finite.min() < finite.max():  # infinities beside one number
            return Scaling(float(present[0]) if present.size else 0.0, 1.0)
        return None
    low, first, center, third, high = _quantiles(present, (0.01, 0.25, 0.5, 0.75, 0.99))
    width = _width(first, third, present)
    if width is None:
        return None
    if not (log and present.min() > 0 and high > WIDE * low and _many(present)):
        return Scaling(center, width)
    logs = np.log(present)
    first, log_center, third = _quantiles(logs, (0.25, 0.5, 0.75))
    log_width = _width(first, third, logs)
    return Scaling(center, width, log_center, log_width or 0.0)


def _many(values: Matrix) -> bool:
    return np.unique(values).size > 2


def _quantiles(values: Matrix, shares: tuple[float, ...]) -> list[float]:
    return [float(q) for q in np.quantile(values, shares)]


def _width(first: float, third: float, values: Matrix) -> float | None:
    """The distance of the quartiles; where that is 0, half of the whole range; None where nothing is left."""
    if third > first and np.isfinite(third - first):
        return third - first
    with np.errstate(over="ignore"):
        half = float(values.max() / 2 - values.min() / 2)
    return half if half > 0 else None


def bin_edges(values: Matrix, bins: int, distinct_values: int = 0) -> tuple[float, ...]:
    """The edges of bins, ascending; of at most so many distinct values the values; none for two.

    They are quantiles in which a value that is there n times counts √n times: of a column that is nearly always 0
    the other values still get bins, and where no value repeats they are the usual quantiles.

    Examples
    --------
    >>> import numpy as np
    >>> bin_edges(np.arange(101.0), 4)
    (0.0, 25.0, 50.0, 75.0, 100.0)
    >>> bin_edges(np.array([1.0, 2.0, 4.0, 4.0]), 8), bin_edges(np.array([0.0, 1.0]), 8)
    ((1.0, 2.0, 4.0), ())
    """
    present = values[np.isfinite(values)]
    distinct, counts = np.unique(present, return_counts=True)
    if distinct.size <= 2 or bins < 2:
        return ()
    if distinct.size > max(bins + 1, distinct_values):
        weights = np.sqrt(counts)
        below = (np.cumsum(weights) - 0.5 * weights) / np.sum(weights)
        shares = np.linspace(0, 1, bins + 1)
        places = np.rint(np.interp(shares, below, np.arange(distinct.size)))
        distinct = distinct[np.unique(places.astype(int))]
    with np.errstate(over="ignore"):
        apart = np.isfinite(np.diff(distinct)).all()
    return (
        tuple(float(edge) for edge in distinct) if apart and distinct.size > 2 else ()
    )


def positions(x: Matrix, edges: tuple[float, ...]) -> Matrix:
    """The positions of numbers in each bin: 0 below it, 1 above it, linear in between; shape (N, bins).

    Examples
    --------
    >>> import numpy as np
    >>> positions(np.array([0.5, 3.0]), (0.0, 1.0, 2.0)).tolist()
    [[0.5, 0.0], [1.0, 1.0]]
    """
    if len(edges) < 2:
        return np.zeros((len(x), 0))
    e = np.asarray(edges)
    with np.errstate(over="ignore"):
        found: Matrix = np.clip((x[:, None] - e[:-1]) / (e[1:] - e[:-1]), 0.0, 1.0)
    return found
