"""The rows that an engine is handed, and how they are cut into batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..equations.arrays import Array, array_namespace, as_numpy, device, row_major
from ..equations.draws import epoch_order

__all__ = ["Data", "EpochPart", "batches", "batches_per_epoch", "cut", "rows_at_once"]


@dataclass(frozen=True)
class Data:
    """Checked rows; NumPy arrays of any layout become `row_major`, as compiled code reads them.

    Parameters
    ----------
    x : Array, shape (N, n_0)
        Inputs, in the dtype of θ; or uint8, of which the network sees x · scale.
    y : Array, shape (N, n_L)
        Targets as the loss encodes them.
    sample_weight : Array, shape (N,), or None
    scale : float or None
        Of uint8 inputs.
    """

    x: Array
    y: Array
    sample_weight: Array | None
    scale: float | None = None

    def __post_init__(self) -> None:
        for name in ("x", "y", "sample_weight"):
            object.__setattr__(self, name, row_major(getattr(self, name)))

    def inputs(self) -> Array:
        """The rows as the network sees them: x, or x · scale in the dtype of y."""
        if self.scale is None:
            return self.x
        return array_namespace(self.y).astype(self.x, self.y.dtype) * self.scale

    @property
    def rows(self) -> int:
        """N."""
        return int(self.x.shape[0])

    @property
    def weight(self) -> float:
        """Σw."""
        if self.sample_weight is None:
            return float(self.rows)
        return float(array_namespace(self.x).sum(self.sample_weight))

    def fingerprint(self) -> str:
        """A digest of rows, targets and weights: all of them when few, else a sample."""
        digest = hashlib.sha256()
        every = max(1, self.rows // 1000)
        for array in (self.x, self.y, self.sample_weight):
            if array is not None:
                digest.update(np.ascontiguousarray(as_numpy(array)[::every]).tobytes())
        return digest.hexdigest()[:16]

    def take(self, rows: Array) -> Data:
        """The rows of the given numbers, in that order."""
        xp = array_namespace(self.x)
        index = xp.asarray(rows, device=device(self.x))
        weight = (
            None
            if self.sample_weight is None
            else xp.take(self.sample_weight, index, axis=0)
        )
        return Data(
            xp.take(self.x, index, axis=0),
            xp.take(self.y, index, axis=0),
            weight,
            self.scale,
        )


@dataclass(frozen=True)
class EpochPart:
    """Some batches of an epoch, whose rows alone are in memory.

    Parameters
    ----------
    order : Array
        The numbers of the rows, among those in memory, in the order of the epoch: whole batches, but for the last of
        the epoch.
    first : int
        The number of the first batch in the epoch.
    count : int
        The batches of the whole epoch.
    """

    order: Array
    first: int
    count: int

    def last(self, batch_rows: int) -> int:
        """The number of the batch behind the last one."""
        return self.first + batches_per_epoch(int(self.order.shape[0]), batch_rows)


def batches(
    rows: int, batch_rows: int, seed: int, epoch: int
) -> Iterator[Array | None]:
    """The row numbers of each batch of an epoch; None for all rows in their own order."""
    return cut(epoch_order(rows, batch_rows, seed, epoch), rows, batch_rows)


def cut(order: Array | None, rows: int, batch_rows: int) -> Iterator[Array | None]:
    """The row numbers of each batch, of rows in this order; None for all rows in one."""
    if order is None:
        yield None
        return
    for start in range(0, rows, batch_rows):
        yield order[start : start + batch_rows]


def batches_per_epoch(rows: int, batch_rows: int) -> int:
    """The number of batches that `batches` makes."""
    return -(-rows // batch_rows)


def rows_at_once(widths: tuple[int, ...]) -> int:
    """The number of rows to predict at once so that no layer needs more than about 64 MB."""
    return max(1, 2**23 // max(widths))
