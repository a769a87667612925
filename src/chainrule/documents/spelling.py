"""The spelling of a notation: of the numbers of a pass, by their names, and of its equations.

A template has #l for the layer's label, #p for that of the layer before, #1 and #2 for indices from 1. An equation
has {kind} for an array of the step's layer, {kind-} for one of the layer before and {kind>} for one of the layer
after; {*M} and {*X} stand for the mask of the layer and of the input, where there is one. Arrays are laid out as the
document lays them out: rows or columns, with the constant where it has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .symbols import Symbol

__all__ = ["Shape", "Spelling", "Style", "parts_of"]

#: Kinds of vectors that each layer has.
OF_LAYERS = ("A", "x", "Z", "M", "X", "Y", "P", "D", "G", "Gx", "Gone", "one")
#: Kinds of numbers of a damped step that stand in the place of a weight or bias: their letters.
DAMPED = {
    **dict.fromkeys(("tW", "tb"), r"{(\jacobian^{\top} r)}"),
    **dict.fromkeys(("qW", "qb"), r"{(C \delta)}"),
    **dict.fromkeys(("cW", "cb"), "C"),
    **dict.fromkeys(("sW", "sb"), r"\delta"),
}
#: Kinds that are another one with the notation's constant.
AUGMENTED = {"x": "A", "Zx": "Z", "Dx": "D", "Gx": "G"}


@dataclass(frozen=True)
class Style:
    """The order of terms in a notation's formulas.

    Parameters
    ----------
    constant : {"", "first", "last"}
        Where the constant 1 stands that a bias is multiplied by; "" where the bias stands by itself.
    weight_first : bool
        w · a, or a · w.
    share : {"", "1/N", "1"}
        The factor of a sum over samples; "" where each term has its own factor s_i.
    """

    constant: str = ""
    weight_first: bool = False
    share: str = ""


def parts_of(name: str) -> tuple[str, int, tuple[int, ...]]:
    """Kind, layer and indices, from 1; without the row.

    Examples
    --------
    >>> parts_of("mW+2.3.1"), parts_of("ell")
    (('mW+', 2, (3, 1)), ('ell', 0, ()))
    """
    head, *index = name.partition("~")[0].split(".")
    kind = head.rstrip("0123456789")
    return kind, int(head[len(kind) :] or 0), tuple(int(i) for i in index)


@dataclass(frozen=True)
class Shape:
    """The traits of a network and its rows that decide a document's way of writing it.

    Parameters
    ----------
    layers : int
        L.
    linear : bool
        True for a linear output.
    squares : bool
        True for the loss Σ (a - y)².
    trials : {"", "mean", "sum"}
        The reduction of J over several rows of one weight; empty for one row, or rows of several weights.
    equations : frozenset of str
        The numbers of the equations that are asked for.
    """

    layers: int
    linear: bool
    squares: bool
    trials: str
    equations: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """A notation.

    Parameters
    ----------
    name, document : str
        What a user types, and whose it is.
    style : Style
    function : str
        What an activation function is called.
    letter : str
        The index of a layer in a general equation.
    last : (str, str)
        What the output layer and the one before it are called in a general equation.
    shift : int
        What is added to a layer's number: 1 where the input is layer 1.
    output : str
        What the output layer is called where it has no number.
    loss, objective : str
    symbols : mapping of str to (str, str)
        Kind, or kind and ":out" for the output layer → how it is written.
    rows : frozenset of str
        Kinds of vectors that are rows; the others are columns.
    transposed : bool
        Whether W is stored with a row per source.
    equations : mapping of str to tuple of str
        Step → its equations, in general; of some steps with ":out" for the output layer.
    factor : float
        The document's own squared error.
    output_phi : str
        The activation of its output layer with squares; any where it is empty.
    sources : mapping of str to str
        Step → where the document has it; with ":out" for the output layer, ":in" for the first, ":squares" and
        ":softmax" for the output with the document's own loss.
    hidden : frozenset of str
        Steps that it does not have where the output is linear.
    answers : mapping of str to str
        Under the keys of `sources`, the checked lines that a step has the numbers of: "13 14" for E13 and E14.
    corrected : mapping of str to tuple of str
        Step, as in `sources`, or with ":relu" for a layer of such an activation, or "/squares" or "/softmax" for the
        hidden layers of such a network, each also with "/2" for two layers → the IDs of checked lines whose printed
        form is another one than is shown.
    columns : bool
        True where the samples of a batch are the columns of a matrix.
    names : tuple of str
        Names of layers 1 … L that have no numbers.
    remark : str
        What a reader should know of it.
    """

    name: str
    document: str
    style: Style
    function: str
    letter: str
    last: tuple[str, str]
    shift: int = 0
    output: str = ""
    loss: str = r"\ell"
    objective: str = "J"
    symbols: Mapping[str, Symbol] = field(default_factory=dict)
    rows: frozenset[str] = frozenset()
    transposed: bool = False
    equations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    factor: float = 0.5
    output_phi: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    answers: Mapping[str, str] = field(default_factory=dict)
    corrected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: bool = False
    names: tuple[str, ...] = ()
    remark: str = ""

    @property
    def alias(self) -> str:
        """Its document, "S4" say; of the one notation its name."""
        first = self.document.partition(",")[0]
        return first if "," in self.document else self.name

    @property
    def title(self) -> str:
        """The document's author and title."""
        return self.document.partition(", ")[2]

    def label(self, layer: int, layers: int) -> str:
        """The name of a layer, in a network of that many."""
        if self.names and layer:
            return self.names[layer - 1]
        return (
            self.output if self.output and layer == layers else str(layer + self.shift)
        )

    def layer_of(self, label: str, layers: int) -> int | None:
        """The layer of that label, 1 … L, or of that letter in a general equation; None where there is none."""
        if label in self.last:
            return layers - self.last.index(label) or None
        return next(
            (l for l in range(1, layers + 1) if self.label(l, layers) == label), None
        )

    def template(self, kind: str, *, output: bool, first: bool = False) -> Symbol:
        """The symbol of a kind, with its places for labels and indices; of the output layer, or of the input."""
        if kind[0] in "mvu" and kind[1:2] in ("W", "b"):
            array, entry = self.template(kind[1], output=output)
            new = r"^{\word{new}}" if kind.endswith("+") else ""
            return f"{kind[0]}{new}_{{{array}}}", f"{kind[0]}{new}_{{{entry}}}"
        if kind in DAMPED:
            front = DAMPED[kind]
            array, entry = self.template(kind[1], output=output)
            return f"{front}_{{{array}}}", f"{front}_{{{entry}}}"
        where = ":out" if output else ":in" if first else ""
        return self.symbols.get(f"{kind}{where}", self.symbols.get(kind, (kind, kind)))

    def symbol(
        self, name: str, layers: int, *, linear: bool = False, row: int = 0
    ) -> str:
        """The symbol of a number, as markup.

        Parameters
        ----------
        name : str
            See `explanation.numbers`.
        layers : int
        linear : bool
            True for a linear output, which may be its own activation, and is written once.
        row : int
            The sample of a number without a row, where the notation writes the sample.
        """
        name, _, named_row = name.partition("~")
        kind, layer, index = parts_of(name)
        if linear and self.hidden and layer == layers:
            kind = {"A": "Z", "G": "D"}.get(kind, kind)
        first = layer == 0 and kind in OF_LAYERS
        _, entry = self.template(kind, output=layer == layers, first=first)
        entry = self._labeled(entry, layer, layers)
        for number, i in enumerate(index, 1):
            entry = entry.replace(f"#{number}", str(i))
        if "#r" in entry:  # samples count from 1
            return entry.replace("#r", str(int(named_row or row) + 1))
        return rf"{entry} \langle {named_row} \rangle" if named_row else entry

    def _labeled(self, template: str, layer: int, layers: int) -> str:
        before = str(layer - 1 + self.shift)
        return template.replace("#l", self.label(layer, layers)).replace("#p", before)

    def array(self, kind: str, layer: int, layers: int) -> str:
        """The spelling of an array of a layer."""
        first = layer == 0 and kind in OF_LAYERS
        template = self.template(kind, output=layer == layers, first=first)
        return self._labeled(template[0], layer, layers)

    def general(self, kind: str, *, output: bool, before: bool) -> str:
        """The spelling of an array in a general equation: of layer l, or of the one before."""
        first = bool(self.names) and before and not output
        symbol = self.template(kind, output=output and not before, first=first)[0]
        label = self.last[0] if output else self.letter
        previous = self.last[1] if output else f"{self.letter}-1"
        if before:
            # an array of layer l-1 says itself what it is of by #l
            return symbol.replace("#l", previous).replace("#p", f"{previous}-1")
        return symbol.replace("#l", label).replace("#p", previous)

    def after(self, kind: str) -> str:
        """The spelling of an array of the layer after a hidden one in a general equation."""
        symbol = self.template(kind, output=False)[0]
        return symbol.replace("#l", f"{self.letter}+1").replace("#p", self.letter)

    def grid(
        self,
        kind: str,
        layer: int,
        sizes: tuple[int, ...],
        rows: int = 1,
        row: int = 0,
    ) -> list[list[str]]:
        """The places of an array as the document lays it out, row by row.

        Parameters
        ----------
        kind : str
        layer : int
        sizes : tuple of int
            n_0 … n_L.
        rows, row : int
            The count of samples, and the one whose numbers are named without it.
        """
        if self.columns and kind in (*OF_LAYERS, "B"):
            return [
                [_of_sample(kind, layer, k, i, row) for i in range(rows)]
                for k in range(1, sizes[layer] + 1)
            ]
        plain = AUGMENTED.get(kind, kind)
        if plain in ("W", "dW", "W+"):
            return self._matrix(plain, layer, sizes)
        cells = [f"@{plain}{layer}.{k}@" for k in range(1, sizes[layer] + 1)]
        if kind != plain:
            constant = {
                "A": f"@one{layer}@",
                "Z": "1",
                "D": "0",
                "G": f"@Gone{layer}@",
            }[plain]
            cells = (
                [constant, *cells]
                if self.style.constant == "first"
                else [*cells, constant]
            )
        return [cells] if kind in self.rows else [[cell] for cell in cells]

    def _matrix(self, kind: str, layer: int, sizes: tuple[int, ...]) -> list[list[str]]:
        rows = []
        for k in range(1, sizes[layer] + 1):
            row = [f"@{kind}{layer}.{k}.{j}@" for j in range(1, sizes[layer - 1] + 1)]
            bias = (
                [f"@{kind.replace('W', 'b')}{layer}.{k}@"]
                if self.style.constant
                else []
            )
            rows.append(
                [*bias, *row] if self.style.constant == "first" else [*row, *bias]
            )
        if not self.transposed:
            return rows
        columns = [list(column) for column in zip(*rows, strict=True)]
        fixed = ["0" if kind == "dW" else "1", *("0" for _ in columns[1:])]
        return [[cell, *column] for cell, column in zip(fixed, columns, strict=True)]


def _of_sample(kind: str, layer: int, k: int, i: int, row: int) -> str:
    """The place of number k of sample i; a bias is every sample's."""
    if kind == "B":
        return f"@b{layer}.{k}@"
    return f"@{kind}{layer}.{k}" + ("@" if i == row else f"~{i}@")
