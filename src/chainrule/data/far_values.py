"""Numbers and dates far from all others of their column, which may stand for missing ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arguments import argument
from ..errors import counted
from .column_drafts import Column

__all__ = ["far_off"]

#: Numbers that often stand for a missing value.
SENTINELS = frozenset(
    (
        *(sign * value for value in (99.0, 999.0, 9999.0, 99999.0) for sign in (1, -1)),
        *(sign * value for value in (999.9, 999.99, 9999.9) for sign in (1, -1)),
        *(-9.0, -1e30, 1e30),
    )
)
#: The smallest of them, by size, of which one is enough.
FAR_ALONE = 999.0


#: Beyond what is counted and measured in most tables.
HUGE = 1e6


def far_off(
    name: str, column: Column, written: Callable[[float], str] = "{:g}".format
) -> list[str]:
    """A remark on a number that may stand for a missing value: it lies far from all others.

    So many times as far as these are apart: 3 of a number that is known to stand for missing ones, 10 of another that
    comes again, 100 of a huge one that does not.
    """
    there = column[np.isfinite(column)]
    if there.size < 10:
        return []
    remarks = []
    for value, rest in (
        (float(there.min()), there[there > there.min()]),
        (float(there.max()), there[there < there.max()]),
    ):
        if not rest.size:
            continue
        times = there.size - rest.size
        if (
            np.unique(rest).size < 3 or (times == 1 and abs(value) < HUGE)
        ) and value not in SENTINELS:
            continue
        known = value in SENTINELS and times >= (1 if abs(value) >= FAR_ALONE else 2)
        gap = min(abs(value - float(rest.min())), abs(value - float(rest.max())))
        if gap > 10 and gap > (3 if known else 10 if times > 1 else 100) * float(
            np.ptp(rest)
        ):
            text = written(value)
            remarks.append(
                f"{name}: {text} in {counted(times, 'row')} lies far from all other values; "
                f"if it means that the value is missing: {argument('missing', [text])}."
            )
    return remarks
