"""S0, `bias-first`: the bias is column 0 of the weights, all vectors are columns, one sample.

`notation` is the two-way view, `letters` how it is written, `lines` the document checked line by line.
"""

from __future__ import annotations

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
