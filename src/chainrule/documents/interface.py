"""The notation of a document: its letters and its two-way view, as the command and `explain` use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ..equations.network import Network, Parameters
from ..errors import InputError, type_of
from .quantities import Quantity
from .spelling import Shape, Spelling
from .sweep import Sweep

__all__ = ["Notation", "is_pair"]


def is_pair(arrays: Any) -> bool:
    """Return whether arrays are two mappings: by layer all W, and by layer all b."""
    return isinstance(arrays, tuple | list) and [
        isinstance(one, Mapping) for one in arrays
    ] == [True, True]


@dataclass(frozen=True)
class Notation:
    """One document's notation.

    Parameters
    ----------
    letters : Spelling
        How it writes what; also its name, and the document's author and title.
    module : module
        Its functions; see `chainrule.documents`.
    samples : int or None
        How many samples a pass has: 1, or any number.
    form : str
        The form in which its arrays are given, in words.
    example : str
        Arrays as they are typed on the command line.
    another : str
        The same in the document's other form, where it has one.
    layered, alone : str
        The letters of its arrays that have a layer, and of those that have none.
    rows : bool
        Whether samples are rows; else they are columns.
    constants : int
        How many neurons of a layer's width are constants.
    spelled : callable, optional
        Its letters for a network of some shape, where the document writes some networks otherwise.
    """

    letters: Spelling
    module: ModuleType
    samples: int | None
    form: str
    example: str
    layered: str = "W"
    alone: str = ""
    another: str = ""
    rows: bool = False
    constants: int = 0
    spelled: Callable[[Shape], Spelling] | None = None

    @property
    def name(self) -> str:
        """The name that a user types."""
        return self.letters.name

    @property
    def alias(self) -> str:
        """The document: S0 …."""
        return self.letters.alias

    @property
    def document(self) -> str:
        """Its author and title."""
        return self.letters.title

    @property
    def described(self) -> str:
        """Its name, with the document that it is of.

        Examples
        --------
        >>> from chainrule.documents import NOTATIONS
        >>> NOTATIONS["column-batch"].described
        'column-batch (S1: Nick Rui, Backpropagation Calculus)'
        """
        return f"{self.name} ({self.alias}: {self.document})"

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
        >>> from chainrule.documents import NOTATIONS
        >>> NOTATIONS["bias-last"].parameters({"F": [[1.0, 2.0, 0.5]]}).theta
        array([1. , 2. , 0.5])
        >>> NOTATIONS["flat-theta"].parameters([1.0, 2.0, 0.5], (2, 1)).weights
        (array([[1., 2.]]),)
        """
        found = self.read(arrays, sizes)
        if found is None:
            raise InputError(
                f"arrays that are {type_of(arrays)}, in the notation {self.name}",
                self.form,
                "Type them as the document has them, or pass Parameters.",
            )
        return found

    def read(self, arrays: Any, sizes: Sequence[int] | None) -> Parameters | None:
        """The parameters of arrays in the document's form; None for those of another."""
        if not (
            isinstance(arrays, Mapping) if len(self.layered) == 1 else is_pair(arrays)
        ):
            return None
        found: Parameters = self.module.parameters_of(arrays)
        return found

    def network(self, sizes: Sequence[int]) -> Network:
        """The document's own network of these widths, n_0 … n_L of the one notation."""
        found: Network = self.module.network([n + self.constants for n in sizes])
        return found

    def run(
        self,
        network: Network,
        parameters: Parameters,
        x: Any,
        y: Any,
        reduction: str,
        options: Mapping[str, Any],
    ) -> Any:
        """The document's pass of rows x with targets y, shapes (N, n_0) and (N, n_L)."""
        arrays = self.module.arrays_of(parameters, **options)
        more = {"reduction": reduction} if self.samples is None else {}
        rows = (x, y) if self.rows else (x.T, y.T)
        return self.module.run(network, arrays, *rows, **options, **more)

    def spelled_for(self, shape: Shape) -> Spelling:
        """Its spelling of a network of this shape."""
        return self.letters if self.spelled is None else self.spelled(shape)
