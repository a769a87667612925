"""S3, `flat-theta`: layers 1 … M with the input as layer 1, parameters as one vector θ of all W, then all b.

`notation` is the two-way view, `letters` how it is written, `lines` the document checked line by line.
"""

from __future__ import annotations

from . import letters
from .notation import (
    Pass,
    arrays_of,
    count,
    flatten,
    layers_of,
    network,
    parameters_of,
    parameters_of_layers,
    quantities,
    run,
    step,
    view,
)

__all__ = [
    "Pass",
    "arrays_of",
    "count",
    "flatten",
    "layers_of",
    "letters",
    "network",
    "parameters_of",
    "parameters_of_layers",
    "quantities",
    "run",
    "step",
    "view",
]
