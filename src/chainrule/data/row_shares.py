"""Shares of rows, by a hash of their number: the same rows in whatever order, and whatever files, they are read.

References
----------
Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (the mixing of SplitMix64).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Share", "chosen"]

Rows = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Share:
    """A share of the rows, or the others.

    Parameters
    ----------
    share : float
    seed : int
    held : bool
        Whether the rows are those in it.
    draw : int
        The number of shares that were taken before, so that none depends on another.
    """

    share: float
    seed: int
    held: bool
    draw: int = 0

    def keeps(self, numbers: Rows) -> Rows:
        """A mask of the rows that are among them."""
        found = chosen(numbers, self.share, self.seed, self.draw)
        return found if self.held else ~found


def chosen(rows: Rows, share: float, seed: int, draw: int = 0) -> Rows:
    """A mask of about this share of all rows, each drawn by its number and the seed.

    Parameters
    ----------
    rows : ndarray of int, shape (N,)
        Row numbers, from 0.
    share : float
    seed : int
    draw : int
        One of several draws from the same seed, each independent of the others.

    Returns
    -------
    ndarray of bool, shape (N,)

    Examples
    --------
    >>> held = chosen(np.arange(100_000), 0.1, seed=0)
    >>> int(held.sum()), bool((held[500:900] == chosen(np.arange(500, 900), 0.1, seed=0)).all())
    (9989, True)
    """
    key = _mixed(_mixed(np.array([seed], np.uint64)) ^ np.uint64(draw))
    mixed = _mixed(np.asarray(rows, np.uint64) ^ key)
    return np.asarray(mixed < np.uint64(int(share * 2.0**64)))


def _mixed(values: Rows) -> Rows:
    """SplitMix64 of each number."""
    with np.errstate(over="ignore"):
        z = values + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)))
