"""S3, `flat-theta`: layers 1 … M with the input as layer 1, parameters as one vector θ of all W, then all b.

`notation` is the two-way view, `letters` how it is written, `lines` the document checked line by line.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ...equations.network import Parameters
from ..interface import Notation, is_pair
from . import letters, notation
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
    "NOTATION",
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


class FlatTheta(Notation):
    """Its arrays are one vector with the widths, or two by layer in either numbering."""

    def read(self, arrays: Any, sizes: Sequence[int] | None) -> Parameters | None:
        """The parameters of arrays in one of these forms; None for those of another."""
        if is_pair(arrays):
            return notation.parameters_of_layers(arrays)
        if isinstance(arrays, Mapping) or sizes is None:
            return None
        return notation.parameters_of(arrays, sizes)


NOTATION = FlatTheta(
    letters.LETTERS,
    sys.modules[__name__],
    samples=None,
    form="θ, with the network or its widths, or ({1: W^[1], …}, {1: b^[1], …})",
    example="W^[2] = [1 -2] b^[2] = [0.5]",
    another="n = [2 1] θ = [1 -2 0.5]",
    layered="Wb",
    alone="θn",
)
