"""Chunks of an epoch: windows of a stream's rows, cut so that each holds whole batches.

The rows that a window leaves, fewer than a batch, come first in the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .stream_order import EpochOrder

__all__ = ["Chunk", "RowsRead", "chunks_of"]

Matrix = np.ndarray[Any, Any]
#: Rows of inputs, of targets, row weights or None, and row numbers.
RowsRead = tuple[Matrix, Matrix, Matrix | None, Matrix]


@dataclass(frozen=True)
class Chunk:
    """Rows of an epoch that are in memory together: whole batches, the last chunk's last one excepted.

    The arrays are written over once the chunk behind the next one is asked for.

    Parameters
    ----------
    x : ndarray, shape (n, n_0)
    y : ndarray
        Targets, encoded.
    sample_weight : ndarray, shape (n,), or None
    numbers : ndarray of int, shape (n,)
        Row numbers.
    order : ndarray of int
        The rows of the chunk in the order of the epoch; the others belong to the next chunk.
    first : int
        The place of the first of them in the epoch.
    """

    x: Matrix
    y: Matrix
    sample_weight: Matrix | None
    numbers: Matrix
    order: Matrix
    first: int


@dataclass
class Room:
    """Memory for the arrays of a chunk, taken once.

    Parameters
    ----------
    rows : int
        At most.
    """

    rows: int
    held: dict[int, Matrix] = field(default_factory=dict)

    def array(
        self, which: int, rows: int, shape: tuple[int, ...], dtype: Any
    ) -> Matrix:
        """The memory of one of the arrays, for so many rows."""
        if which not in self.held:
            self.held[which] = np.empty((self.rows, *shape), dtype)
        return self.held[which][:rows]


def chunks_of(
    read: Callable[[int], Iterable[RowsRead]],
    order: EpochOrder,
    batch_size: int,
    start: int,
    dtype: Any,
    encode: Callable[[Matrix], Matrix] | None,
) -> Iterator[Chunk]:
    """The rows of an epoch from batch `start` on, window by window.

    Parameters
    ----------
    read : callable
        Of the number of a block, its rows, some at a time.
    order : EpochOrder
    batch_size, start : int
    dtype : dtype
        Of x.
    encode : callable, optional
        From T, as it is read, to the targets that are kept.
    """
    begin = start * batch_size
    place = made = 0
    carried: RowsRead | None = None
    largest = max(map(order.window_rows, range(len(order.windows))), default=0)
    # two sets of arrays in turn: the chunk before the last is done with, and new pages cost as much as filling them
    rooms = [Room(largest + batch_size), Room(largest + batch_size)]
    for number, window in enumerate(order.windows):
        rows = order.window_rows(number)
        place += rows
        if place <= begin:
            continue  # done before
        # the place in the epoch of the first row that is not in a chunk yet
        first = (
            max(begin, place - rows)
            if carried is None
            else place - rows - len(carried[0])
        )
        before = 0 if carried is None else len(carried[0])
        filled = _filled(read, window, rows, carried, dtype, encode, rooms[made % 2])
        local = order.within(number)[max(0, begin - (place - rows)) :] + before
        local = np.concatenate([np.arange(before), local])
        whole = number + 1 == len(order.windows)
        end = len(local) if whole else len(local) // batch_size * batch_size
        rest = local[end:]
        carried = None
        if rest.size:
            carried = tuple(None if a is None else a[rest] for a in filled)  # type: ignore[assignment]
        if end:
            yield Chunk(*filled, local[:end], first)
            made += 1
        del filled


def _filled(
    read: Callable[[int], Iterable[RowsRead]],
    window: Sequence[int],
    rows: int,
    carried: RowsRead | None,
    dtype: Any,
    encode: Callable[[Matrix], Matrix] | None,
    room: Room,
) -> RowsRead:
    """The rows that the last chunk left, and behind them those of the window's blocks."""
    arrays: list[Matrix | None] = []
    done = 0
    for x, t, w, numbers in (some for block in window for some in read(block)):
        y = t if encode is None else encode(t)
        if not arrays:
            before = 0 if carried is None else len(carried[0])
            kinds = (dtype, y.dtype, np.float64, np.int64)
            arrays = [
                None if a is None else room.array(i, before + rows, a.shape[1:], kind)
                for i, (a, kind) in enumerate(
                    zip((x, y, w, numbers), kinds, strict=True)
                )
            ]
            if carried is not None:
                for array, old in zip(arrays, carried, strict=True):
                    if array is not None and old is not None:
                        array[:before] = old
            done = before
        for array, new in zip(arrays, (x, y, w, numbers), strict=True):
            if array is not None and new is not None:
                array[done : done + len(new)] = new
        done += len(x)
    return tuple(arrays)  # type: ignore[return-value]
