"""Sparse inputs: made dense all at once where they are small, else a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engines.rows import Data
from ..equations.arrays import Array

__all__ = ["SparseData", "dense", "fits_in_memory"]

#: Bytes up to which a sparse matrix is made dense at once.
AT_ONCE = 2**29


def fits_in_memory(x: Any, dtype: Any) -> bool:
    """Whether a matrix is dense, or so small that it can be."""
    return (
        not hasattr(x, "toarray")
        or x.shape[0] * x.shape[1] * np.dtype(dtype).itemsize <= AT_ONCE
    )


def dense(x: Any, dtype: Any) -> np.ndarray[Any, Any]:
    """The same numbers, contiguous, row by row."""
    return np.ascontiguousarray(
        x.toarray() if hasattr(x, "toarray") else x, dtype=dtype
    )


@dataclass(frozen=True)
class SparseData(Data):
    """Rows in a sparse matrix, of which each batch is made dense when it is taken."""

    @property
    def weight(self) -> float:
        return float(
            self.rows if self.sample_weight is None else np.sum(self.sample_weight)
        )

    def take(self, rows: Array) -> Data:
        part = self.part(rows)
        return Data(dense(part.x, part.y.dtype), part.y, part.sample_weight)

    def part(self, rows: Array) -> SparseData:
        """The rows of the given numbers, as they are: to train on, not a batch."""
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return SparseData(self.x[rows], self.y[rows], weight)
