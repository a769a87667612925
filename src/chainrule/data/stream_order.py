"""The order of a stream's rows in an epoch: blocks shuffled, then the rows within each window of some blocks.

Both are drawn from (seed, epoch), so that any epoch can be begun anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations.draws import Purpose, generator

__all__ = ["EpochOrder", "order_of"]

Rows = np.ndarray[Any, Any]
#: The first window holds this part of the rows of the others.
FIRST = 4


@dataclass(frozen=True)
class EpochOrder:
    """The order of the rows in one epoch.

    Parameters
    ----------
    windows : tuple of tuple of int
        The numbers of the blocks that are in memory together, window by window, in the order in which they are read.
    rows : tuple of int
        Of each block of the stream.
    seed, epoch : int
    shuffle : bool
        Whether rows are shuffled at all.
    """

    windows: tuple[tuple[int, ...], ...]
    rows: tuple[int, ...]
    seed: int
    epoch: int
    shuffle: bool = True

    @property
    def blocks(self) -> tuple[int, ...]:
        """The blocks in the order in which they are read."""
        return tuple(block for window in self.windows for block in window)

    def window_rows(self, window: int) -> int:
        """The number of rows in a window."""
        return sum(self.rows[block] for block in self.windows[window])

    def within(self, window: int) -> Rows:
        """The order of a window's rows, counted within it, as its blocks lie in the order of `windows`."""
        rows = self.window_rows(window)
        if not self.shuffle:
            return np.arange(rows)
        # step 0 of the epoch is the order of the blocks
        rng = generator(self.seed, Purpose.ORDER, self.epoch, window + 1)
        return rng.permutation(rows)

    def positions(self) -> Rows:
        """Of each place in the epoch the row, counted over all rows of the stream as they lie, shape (N,)."""
        starts = np.concatenate([[0], np.cumsum(self.rows)])
        parts = []
        for number, window in enumerate(self.windows):
            there = [np.arange(starts[b], starts[b + 1]) for b in window]
            parts.append(np.concatenate(there)[self.within(number)])
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def order_of(
    rows: Sequence[int], window_rows: int, seed: int, epoch: int, *, shuffle: bool
) -> EpochOrder:
    """The order of an epoch of blocks of so many rows each.

    A window holds `window_rows` rows, or one block; the first a part of that, so that the steps begin soon.
    """
    there = np.flatnonzero(np.asarray(rows, np.int64) > 0)
    if shuffle:
        there = there[generator(seed, Purpose.ORDER, epoch).permutation(there.size)]
    windows = tuple(_windows(there.tolist(), rows, window_rows))
    return EpochOrder(windows, tuple(rows), seed, epoch, shuffle)


def _windows(
    blocks: Sequence[int], rows: Sequence[int], window_rows: int
) -> Iterator[tuple[int, ...]]:
    window: list[int] = []
    held, room = 0, window_rows // FIRST
    for block in blocks:
        if window and held + rows[block] > room:
            yield tuple(window)
            window, held, room = [], 0, window_rows
        window.append(block)
        held += rows[block]
    if window:
        yield tuple(window)
