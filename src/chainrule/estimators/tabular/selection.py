"""Columns that tell most of the target, where there are too many for the rows.

Of a thousand columns and a hundred rows a network learns by heart; a few columns that tell something alone are often
better, and often all of them. So both are tried, each time with columns chosen on the rows that are learned from.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .columns import Column, Matrix
from .encoding import units
from .encoding_fit import fit_encoding
from .projections import bins_of, few_outputs, gain

__all__ = ["counts_to_try", "without_others"]

#: Number columns are too many for the rows from so many on, and from this share of the rows on.
MANY, MANY_SHARE = 20, 1 / 5
#: How many of them are kept: these shares of the rows, but so many at least.
KEPT_SHARES, FEWEST_KEPT = (1 / 8, 1 / 16), 4
#: Bins along which a single number is looked at, and how many rows more count as 0 in each.
BINS, PRIOR_ROWS = 6, 3.0


def counts_to_try(columns: Sequence[Column]) -> list[int]:
    """Numbers of columns of numbers to keep, to be tried in turn; 0 for all of them.

    Examples
    --------
    >>> counts_to_try([Column(f"x{i}", "number", np.zeros(80)) for i in range(100)])
    [0, 10, 5]
    """
    rows = len(columns[0].values)
    numbers = sum(column.kind != "category" for column in columns)
    if numbers < max(MANY, MANY_SHARE * rows):
        return [0]
    kept = [max(FEWEST_KEPT, round(share * rows)) for share in KEPT_SHARES]
    return [0, *[count for count in dict.fromkeys(kept) if count < numbers]]


def without_others(columns: Sequence[Column], Y: Matrix, count: int) -> set[int]:
    """The places of the number columns that are not among so many that tell most alone.

    What a column tells is the larger of two shares of the target's variance: what the means of its bins, of each half
    of the rows, explain of the other half, and what a straight line explains beyond chance.

    Parameters
    ----------
    columns : sequence of Column
        The training rows.
    Y : ndarray, shape (N, outputs)
    count : int
    """
    plain = fit_encoding(columns, bins=1, most_inputs=len(columns))
    Y = few_outputs(Y)
    total = float((Y**2).sum())
    if not (total > 0 and plain.numbers):
        return set()
    half = np.arange(len(Y)) % 2 == 0
    U = units(plain, columns)
    U = U - U.mean(axis=0)
    lengths = np.maximum((U**2).sum(axis=0), np.finfo(float).tiny)
    line = ((U.T @ Y) ** 2).sum(axis=1) / lengths / total - 1 / len(Y)
    told = [
        max(float(line[i]), gain(bins_of(U[:, i], BINS), Y, half, PRIOR_ROWS) / total)
        for i in range(U.shape[1])
    ]
    kept: set[int] = set()
    for place in np.argsort(-np.array(told), kind="stable"):
        if len(kept) < count:
            kept.add(plain.numbers[place].column)
    places = {i for i, column in enumerate(columns) if column.kind != "category"}
    return places - kept
