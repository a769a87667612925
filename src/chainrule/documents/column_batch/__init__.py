"""S1, `column-batch`: weights and biases apart, a batch is a matrix whose columns are samples.

`notation` is the two-way view, `letters` how it is written, `lines_…` the document checked line by line.
"""

from __future__ import annotations

import sys

from ..interface import Notation
from . import letters
from .notation import (
    Pass,
    arrays_of,
    copies,
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
    "copies",
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
    samples=None,
    form="({1: W^(1), …}, {1: b^(1), …})",
    example="W^(1) = [1 -2] b^(1) = [0.5]",
    layered="Wb",
    spelled=letters.spelled,
)
