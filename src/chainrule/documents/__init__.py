"""The notations of the five documents, each as an exact two-way view of the one notation.

Each is a folder: `notation`, its view, `letters`, how it is written, `lines…`, the document checked line by line, and
`NOTATION`, what others need to know of it. Nothing outside names one. Every folder has the same functions, in its
document's letters, indices, shapes, signs and constant factors::

    network(…)              the document's own network: its activations and its loss, with its factor
    arrays_of(parameters)   the document's arrays of given parameters, bit for bit
    parameters_of(arrays)   and back; wrong shapes raise with the document's indices
    run(network, arrays, …) forward and backward pass by the document's (corrected) equations
    view(sweep)             the same quantities as the canonical engine computed them, moved only
    step(pass, rate)        one step of gradient descent, of all layers or of some
    quantities(pass)        a uniform table of all this: symbol, meaning, layer, indices, numbers
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from ..errors import InputError, named_among
from .interface import Notation
from .quantities import Axis, Quantity, in_text
from .shapes import IndexRangeError, ShapeError, hadamard, product
from .sweep import Sweep, sweep

__all__ = [
    "NOTATIONS",
    "Axis",
    "IndexRangeError",
    "Notation",
    "Quantity",
    "ShapeError",
    "Sweep",
    "hadamard",
    "in_text",
    "notation",
    "product",
    "sweep",
]


def _found() -> list[Notation]:
    """The notations: of every folder here that has letters."""
    folders = [path.parent.name for path in Path(__file__).parent.glob("*/letters.py")]
    every = (import_module(f"{__name__}.{name}").NOTATION for name in folders)
    return sorted(every, key=lambda one: str(one.alias))


#: name → the notation.
NOTATIONS: Mapping[str, Notation] = MappingProxyType(
    {one.name: one for one in _found()}
)


def notation(name: str, *, beside: Sequence[str] = ()) -> Notation:
    """A notation by its name or by its document.

    Parameters
    ----------
    name : str
    beside : sequence of str
        Names of no document that the caller takes too, for the error.

    Raises
    ------
    InputError
        Another name.

    Examples
    --------
    >>> notation("bias-last").alias, notation("S4").name
    ('S4', 'bias-last')
    """
    for one in NOTATIONS.values():
        if name in (one.name, one.alias):
            return one
    raise InputError(
        f"notation {name!r}",
        ", ".join((*beside, *(one.described for one in NOTATIONS.values()))),
        named_among(name, (*beside, *NOTATIONS), "Choose one of these."),
    )
