"""S2, `constant-neuron`: neuron 0 of every layer is the constant 1, all indices count from 0, vectors are rows.

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
