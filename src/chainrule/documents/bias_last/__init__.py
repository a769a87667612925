"""S4, `bias-last`: N hidden layers and a linear output F, the bias as the last column of each matrix.

`notation` is the two-way view, `letters` how it is written, `lines_…` the document checked line by line.
"""

from __future__ import annotations

import sys

from ..interface import Notation
from . import letters
from .notation import (
    Pass,
    arrays_of,
    network,
    numbers,
    parameters_of,
    quantities,
    run,
    step,
    view,
)

__all__ = [
    "NOTATION",
    "Pass",
    "arrays_of",
    "letters",
    "network",
    "numbers",
    "parameters_of",
    "quantities",
    "run",
    "step",
    "view",
]

NOTATION = Notation(
    letters.LETTERS,
    sys.modules[__name__],
    samples=1,
    form='{1: W^1, …, N: W^N, "F": W^F}, or {"V": V, "W": W}',
    example="W^F = [1 -2 0.5]",
    alone="VW",
    spelled=letters.spelled,
)
