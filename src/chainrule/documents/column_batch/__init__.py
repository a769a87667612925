"""S1, `column-batch`: weights and biases apart, a batch is a matrix whose columns are samples.

`notation` is the two-way view, `letters` how it is written, `lines_…` the document checked line by line.
"""

from __future__ import annotations

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
