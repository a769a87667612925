"""S0, `bias-first`: the bias is column 0 of the weights, all vectors are columns, one sample.

`notation` is the two-way view, `letters` how it is written, `lines` the document checked line by line.
"""

from __future__ import annotations

import sys

from ..interface import Notation
from . import letters
from .notation import (
    Pass,
    arrays_of,
    network,
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
    form="{1: W^[1], …, L: W^[L]}",
    example="W^[1] = [0.5 1 -2]",
)
