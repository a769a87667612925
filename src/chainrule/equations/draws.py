"""Random draws keyed by (seed, purpose, epoch, step).

Any draw of a run can be made again from four integers, so a checkpoint needs counters and
no generator state, and adding a draw for one purpose changes no other.

References
----------
Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox4x64-10).
"""

from __future__ import annotations

import enum

import numpy as np

from ..errors import InputError
from .arrays import Array

__all__ = ["Purpose", "epoch_order", "generator"]


class Purpose(enum.IntEnum):
    """The use that random numbers are drawn for. The numbers are part of what fixes trained bits: never reuse one."""

    INITIALIZATION = 0
    ORDER = 1
    DROPOUT = 2
    SPLIT = 3
    GRADIENT_CHECK = 4
    SHARD_WINDOWS = 8
    SHARD_ROWS = 9


def generator(
    seed: int, purpose: Purpose, epoch: int = 0, step: int = 0
) -> np.random.Generator:
    """The generator of one draw.

    Parameters
    ----------
    seed : int
        The run's seed, 0 <= seed < 2**64.
    purpose : Purpose
        What is drawn.
    epoch, step : int
        Counters within the run, 0 <= epoch, step < 2**64.

    Returns
    -------
    numpy.random.Generator
        Philox4x64-10 with key (seed, purpose) and counter (0, 0, step, epoch): each draw has
        2**128 blocks of its own.

    Examples
    --------
    >>> a = generator(7, Purpose.ORDER, epoch=3).permutation(5)
    >>> bool((a == generator(7, Purpose.ORDER, epoch=3).permutation(5)).all())
    True
    """
    if (
        isinstance(seed, bool)
        or not isinstance(seed, int | np.integer)
        or not 0 <= seed < 2**64
    ):
        raise InputError(
            f"seed = {seed!r}",
            "a whole number from 0 to 2**64 - 1",
            "Pass seed=0, say.",
        )
    key = np.array([seed, purpose], dtype=np.uint64)
    counter = np.array([0, 0, step, epoch], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def epoch_order(rows: int, batch_rows: int, seed: int, epoch: int) -> Array | None:
    """The order of an epoch's rows; None for their own, where a batch is all of them."""
    return (
        None
        if batch_rows >= rows
        else generator(seed, Purpose.ORDER, epoch).permutation(rows)
    )
