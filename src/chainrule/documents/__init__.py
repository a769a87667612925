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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any

from ..equations.network import Network, Parameters
from ..errors import InputError, named_among, type_of
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

    def parameters(self, arrays: Any, sizes: Sequence[int] | None = None) -> Parameters:
        """The canonical parameters of the document's arrays.

        Parameters
        ----------
        arrays : mapping, pair of mappings, or array_like
            As the document has them: by layer W; in S1 (W, b); in S3 θ, or (W, b) in one of its numberings.
        sizes : sequence of int, optional
            n_0 … n_L of the one notation, by which θ is read.

        Raises
        ------
        InputError
            Arrays of another form, or of shapes that do not follow each other, in the document's indices.

        Examples
        --------
        >>> NOTATIONS["bias-last"].parameters({"F": [[1.0, 2.0, 0.5]]}).theta
        array([1. , 2. , 0.5])
        >>> NOTATIONS["flat-theta"].parameters([1.0, 2.0, 0.5], (2, 1)).weights
        (array([[1., 2.]]),)
        """
        pair = isinstance(arrays, tuple | list) and [
            isinstance(one, Mapping) for one in arrays
        ] == [True, True]
        if self.module is flat_theta:
            if pair:
                return flat_theta.parameters_of_layers(arrays)
            if not isinstance(arrays, Mapping) and sizes is not None:
                return flat_theta.parameters_of(arrays, sizes)
        elif pair if self.module is column_batch else isinstance(arrays, Mapping):
            found: Parameters = self.module.parameters_of(arrays)
            return found
        raise InputError(
            f"arrays that are {type_of(arrays)}, in the notation {self.name}",
            FORMS[self.name],
            "Type them as the document has them, or pass Parameters.",
        )

    def network(self, sizes: Sequence[int]) -> Network:
        """The document's own network of these widths, n_0 … n_L of the one notation."""
        more = 1 if self.module is constant_neuron else 0
        found: Network = self.module.network([width + more for width in sizes])
        return found


#: The form in which each document's arrays are given.
FORMS: Mapping[str, str] = MappingProxyType(
    {
        "bias-first": "{1: W^[1], …, L: W^[L]}",
        "column-batch": "({1: W^(1), …}, {1: b^(1), …})",
        "constant-neuron": "{0: w^0, …, L-2: w^(L-2)}",
        "flat-theta": "θ, with the network or its widths, or ({1: W^[1], …}, {1: b^[1], …})",
        "bias-last": '{1: W^1, …, N: W^N, "F": W^F}, or {"V": V, "W": W}',
    }
)


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
