"""S2, `constant-neuron`: neuron 0 of every layer is the constant 1, all indices count from 0, vectors are rows.

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
    form="{0: w^0, …, L-2: w^(L-2)}",
    example="w^0 = [1 0.5; 0 1; 0 -2]",
    layered="w",
    rows=True,
    constants=1,
)
