"""S4, `bias-last`: N hidden layers and a linear output F, the bias as the last column of each matrix.

`notation` is the two-way view, `letters` how it is written, `lines_…` the document checked line by line.
"""

from __future__ import annotations

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
