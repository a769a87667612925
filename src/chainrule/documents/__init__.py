"""The notations of the five documents, each as an exact two-way view of the one notation.

Every module has the same functions, in its document's letters, indices, shapes, signs and constant factors::

    network(…)              the document's own network: its activations and its loss, with its factor
    arrays_of(parameters)   the document's arrays of given parameters, bit for bit
    parameters_of(arrays)   and back; wrong shapes raise with the document's indices
    run(network, arrays, …) forward and backward pass by the document's (mended) equations
    view(sweep)             the same quantities as the canonical engine computed them, moved only
    step(pass, rate)        one step of gradient descent, of all layers or of some
    quantities(pass)        a uniform table of all this: symbol, meaning, layer, indices, numbers
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any

from ..errors import InputError, named_among
from . import bias_first, bias_last, column_batch, constant_neuron, flat_theta
from .quantities import Axis, Quantity, in_text
from .shapes import IndexRangeError, ShapeError, hadamard, product
from .spelling import Spelling
from .sweep import Sweep, sweep

__all__ = [
    "NOTATIONS",
    "Axis",
    "IndexRangeError",
    "Notation",
    "Quantity",
    "ShapeError",
    "Sweep",
    "bias_first",
    "bias_last",
    "column_batch",
    "constant_neuron",
    "flat_theta",
    "hadamard",
    "in_text",
    "notation",
    "product",
    "sweep",
]


@dataclass(frozen=True)
class Notation:
    """One document's notation.

    Parameters
    ----------
    name : str
        What a user types.
    alias : str
        The document: S0 … S4.
    document : str
        Its author and title.
    samples : int or None
        How many samples a pass has: 1, or any number.
    module : module
        Its functions; see `chainrule.documents`.
    """

    name: str
    alias: str
    document: str
    samples: int | None
    module: ModuleType

    def quantities(self, sweep: Sweep) -> tuple[Quantity, ...]:
        """Every quantity of canonical passes, in this notation."""
        found: tuple[Quantity, ...] = self.module.quantities(self.module.view(sweep))
        return found


def _notation(letters: Spelling, samples: int | None, module: ModuleType) -> Notation:
    return Notation(letters.name, letters.alias, letters.title, samples, module)


#: name → the notation.
NOTATIONS: Mapping[str, Notation] = MappingProxyType(
    {
        one.name: one
        for one in (
            _notation(bias_first.letters.LETTERS, 1, bias_first),
            _notation(column_batch.letters.LETTERS, None, column_batch),
            _notation(constant_neuron.letters.LETTERS, 1, constant_neuron),
            _notation(flat_theta.letters.LETTERS, None, flat_theta),
            _notation(bias_last.letters.LETTERS, 1, bias_last),
        )
    }
)


def notation(name: str) -> Notation:
    """A notation by its name or by its document.

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
    allowed = ", ".join(f"{one.name} ({one.alias})" for one in NOTATIONS.values())
    raise InputError(
        f"notation {name!r}",
        allowed,
        named_among(name, NOTATIONS, "Choose one of these."),
    )
