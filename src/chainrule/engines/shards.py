"""Logical shards: who has which rows, in what order, and the one tree over which their sums are added.

All of it is fixed by the number of rows, the rows of a batch, the number of shards and the seed: neither by who
computes a shard, nor by how many do, nor by where the rows lie.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations.arrays import Array
from ..equations.draws import Purpose, generator
from .rows import batches_per_epoch

__all__ = ["PIECE_ROWS", "SLICE_ROWS", "Node", "Shards", "Sums", "Tree"]

#: Rows that a shard gives to a batch at least: below it, adding sums costs more than it brings.
SLICE_ROWS = 256
#: Consecutive rows whose order is drawn together, so that a batch is read in few places.
WINDOW_ROWS = 4096
#: Rows of which one sum is computed at once; a longer slice is a chain of them.
PIECE_ROWS = 16_384
#: A place in the tree: its height above the shards, and its number there.
Node = tuple[int, int]
Numbers = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Sums:
    """Sums over some rows.

    Parameters
    ----------
    loss : float
        Σ w ℓ.
    weight : float
        Σ w.
    rows : int
    gradient : Array, shape (D,)
        Σ w ∂ℓ/∂θ.
    curvature : Array, shape (D, D), optional
        J̃ᵀ J̃ with w (G6), where it was asked for.
    """

    loss: float
    weight: float
    rows: int
    gradient: Array
    curvature: Array | None = None

    def __iadd__(self, other: Sums) -> Sums:
        """Return the sums over both, these rows first, in the memory of these."""
        curvature = self.curvature
        if curvature is not None:
            curvature = _added(curvature, other.curvature)
        return Sums(
            self.loss + other.loss,
            self.weight + other.weight,
            self.rows + other.rows,
            _added(self.gradient, other.gradient),
            curvature,
        )


def _added(left: Array, right: Array) -> Array:
    """The sum of two arrays, in the memory of the first where it may be written."""
    if isinstance(left, np.ndarray) and left.flags.writeable:
        left += right
        return left
    return left + right


@dataclass(frozen=True)
class Shards:
    """The rows of a run cut into shards.

    Shard s has the rows from ⌊s N / S⌋ to before ⌊(s + 1) N / S⌋. In a step that takes all rows they lie in their own
    order. Else an epoch has ⌈N / batch rows⌉ steps, each takes the next of as many nearly equal slices of every
    shard, and a shard's order is drawn from (seed, epoch, s): that of its windows of 4096 consecutive rows, and that of
    the rows in each.

    Parameters
    ----------
    rows : int
        N.
    count : int
        S.
    batch_rows : int
        Rows of a step at most, over all shards.
    seed : int
        That of the run.

    Examples
    --------
    >>> shards = Shards(rows=10, count=4, batch_rows=10, seed=0)
    >>> [shards.bounds(shard) for shard in range(4)]
    [(0, 2), (2, 5), (5, 7), (7, 10)]
    """

    rows: int
    count: int
    batch_rows: int
    seed: int

    @property
    def steps(self) -> int:
        """The steps of an epoch."""
        return batches_per_epoch(self.rows, self.batch_rows)

    @property
    def most_rows(self) -> int:
        """The rows of the largest piece."""
        largest = -(-self.rows // self.count)
        return min(PIECE_ROWS, -(-largest // self.steps))

    def bounds(self, shard: int) -> tuple[int, int]:
        """The first row of a shard, and that after its last."""
        return (shard * self.rows // self.count, (shard + 1) * self.rows // self.count)

    def pieces(self, shard: int, epoch: int, step: int) -> Iterator[slice | Numbers]:
        """The rows of a shard in one step, piece by piece, counted from its first row."""
        first, last = self.bounds(shard)
        start, stop = ((last - first) * part // self.steps for part in (step, step + 1))
        taken = None if self.steps == 1 else self._drawn(shard, epoch, start, stop)
        for begin in range(start, stop, PIECE_ROWS):
            end = min(begin + PIECE_ROWS, stop)
            if taken is None:
                yield slice(begin, end)
            else:
                yield taken[begin - start : end - start]

    def _drawn(self, shard: int, epoch: int, start: int, stop: int) -> Numbers:
        """The rows at places `start` to before `stop` of a shard's order."""
        first, last = self.bounds(shard)
        windows, ends = _windows(self.seed, epoch, shard, last - first)
        found = []
        for place in range(
            int(np.searchsorted(ends, start, side="right")),
            int(np.searchsorted(ends, stop)) + 1,
        ):
            window = int(windows[place])
            length = min(WINDOW_ROWS, last - first - window * WINDOW_ROWS)
            begins = int(ends[place]) - length
            order = _order(self.seed, epoch, shard, window, length)
            found.append(
                window * WINDOW_ROWS
                + order[max(0, start - begins) : max(0, stop - begins)]
            )
        return np.concatenate(found)


@functools.lru_cache(maxsize=512)
def _windows(seed: int, epoch: int, shard: int, rows: int) -> tuple[Numbers, Numbers]:
    """The windows of a shard in the order of an epoch, and the place after the last row of each."""
    count = -(-rows // WINDOW_ROWS)
    order = generator(seed, Purpose.SHARD_WINDOWS, epoch, shard).permutation(count)
    lengths = np.minimum(WINDOW_ROWS, rows - order * WINDOW_ROWS)
    return order, np.cumsum(lengths)


@functools.lru_cache(maxsize=512)
def _order(seed: int, epoch: int, shard: int, window: int, rows: int) -> Numbers:
    """The rows of a window in the order of an epoch."""
    draw = generator(seed, Purpose.SHARD_ROWS, epoch, (shard << 32) + window)
    return draw.permutation(rows)


class Tree:
    """The sums of the shards, added two by two: neighbors first, then neighbors among their sums, up to one.

    Whoever adds a part of it, and whatever comes first: each sum has one left and one right part.

    Parameters
    ----------
    count : int
        S; a shard without a neighbor goes up as it is.

    Attributes
    ----------
    parts : dict of Node to Sums
        What is there so far, added as far as it goes; at the end the root alone.

    Examples
    --------
    >>> tree = Tree(3)
    >>> for shard, word in ((2, "c"), (1, "b")):
    ...     tree.add((0, shard), word)
    >>> tree.parts
    {(1, 1): 'c', (0, 1): 'b'}
    >>> tree.add((0, 0), "a")
    >>> tree.root
    'abc'
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self.parts: dict[Node, Any] = {}

    def add(self, node: Node, sums: Any) -> None:
        """Put in the sums of a node."""
        height, number = node
        while (width := -(-self._count >> height)) > 1:
            sibling = number ^ 1
            if sibling < width:
                other = self.parts.pop((height, sibling), None)
                if other is None:
                    break
                left, right = (other, sums) if sibling < number else (sums, other)
                left += right
                sums = left
            height, number = height + 1, number >> 1
        self.parts[height, number] = sums

    @property
    def root(self) -> Any:
        """The sum over all shards."""
        ((_, sums),) = self.parts.items()
        return sums
