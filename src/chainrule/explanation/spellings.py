r"""The notations of the five documents and the canonical one, as tables: letters, layouts, equations.

See `conventions` for what each of them is. Equation numbers are those of the documents, or of the inventory
(docs/notations.md) where a document has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..conventions import NOTATIONS
from ..errors import InputError, named_among
from .entries import Style
from .spelling import Spelling, Symbol

__all__ = ["SPELLINGS", "spelling"]


def lettered(letter: str, layer: str, *, small: str = "") -> Symbol:
    """An array and its number k: a^{[l]}, a^{[l]}_{k}."""
    return f"{letter}^{{{layer}}}", f"{small or letter}^{{{layer}}}_{{#1}}"


def weights(
    letter: str, layer: str, *, small: str = "", swapped: bool = False, new: str = ""
) -> Symbol:
    """A matrix and its number."""
    index = "#2,#1" if swapped else "#1,#2"
    return (
        f"{letter}^{{{layer}}}" + (f"_{{{new}}}" if new else ""),
        f"{small or letter}^{{{layer}}}_{{{index}{f',{new}' if new else ''}}}",
    )


def by(loss: str, symbol: Symbol) -> Symbol:
    """∂L/∂ of an array and of its number."""
    array, entry = (rf"\frac{{\partial {loss}}}{{\partial {part}}}" for part in symbol)
    return array, entry


def bias_of(symbol: Symbol, index: str, *, swapped: bool = False) -> Symbol:
    """The number of a weight matrix that is a bias, and the matrix itself."""
    at = f"{index},#1" if swapped else f"#1,{index}"
    old = "#2,#1" if swapped else "#1,#2"
    return symbol[0], symbol[1].replace(old, at)


NEW = r"\word{new}"


def common(loss: str, layer: str) -> dict[str, Symbol]:
    """What all notations write alike, most documents having no letter for it."""
    return {
        "ell": (loss, loss),
        "s": ("s", "s"),
        "R": ("R", "R"),
        "M": lettered("M", layer),
        "X": lettered("X", layer),
    }


CANONICAL = Spelling(
    name="canonical",
    document="the one notation of chainrule",
    style=Style(),
    function=r"\phi",
    letter="l",
    last=("L", "L-1"),
    symbols={
        **common(r"\ell", "[#l]"),
        "J": ("J", "J"),
        "alpha": (r"\alpha", r"\alpha"),
        "A": lettered("A", "[#l]"),
        "Z": lettered("Z", "[#l]"),
        "W": weights("W", "[#l]"),
        "b": lettered("b", "[#l]"),
        "Y": ("Y", "Y_{#1}"),
        "P": (r"\phi^{\prime}_{#l}(Z^{[#l]})", r"\phi^{\prime}_{#l}(Z^{[#l]}_{#1})"),
        "D": lettered(r"\Delta", "[#l]"),
        "G": by(r"\ell", lettered("A", "[#l]")),
        "dW": by("J", weights("W", "[#l]")),
        "db": by("J", lettered("b", "[#l]")),
        "W+": weights("W", "[#l]", new=NEW),
        "b+": (rf"b^{{[#l]}}_{{{NEW}}}", rf"b^{{[#l]}}_{{#1,{NEW}}}"),
    },
    rows=frozenset({"A", "Z", "P", "Y", "D", "G", "b", "db", "b+", "M", "X"}),
    equations={
        "A0": (r"{A-} = {X-} \odot {M-}",),
        "Z": (r"{Z} = {A-} {W}^{\top} + {b}",),
        "A": (r"{A} = \phi_{#l}({Z}){*M}",),
        "D": (r"{D} = {G}{*M} \odot {P}",),
        "dW": (r"{dW} = {D}^{\top} {A-}", r"{db} = {D}"),
        "G": (r"{G-} = {D} {W}{*X}",),
    },
    sources={
        "A0": "F0",
        "Z": "F1",
        "A": "F2",
        "ell": "J1",
        "GL": "B1",
        "P": "B2",
        "D": "B2",
        "D:out": "B1",
        "dW": "B3",
        "G": "B2",
        "G:in": "B4",
        "W+": "U1",
    },
    remark="Rows are samples: the vectors of one sample are rows. Layers 1 … L; units count from 1.",
)

_S0_W = weights("W", "[#l]", small="w")
BIAS_FIRST = Spelling(
    name="bias-first",
    document=f"S0, {NOTATIONS['bias-first'].document}",
    style=Style(constant="first", weight_first=True),
    function=r"\phi",
    letter="l",
    last=("L", "L-1"),
    loss="L",
    objective="L",
    symbols={
        **common("L", "[#l]"),
        "J": ("L", "L"),
        "alpha": (r"\alpha", r"\alpha"),
        "A": lettered("a", "[#l]"),
        "x": lettered("x", "[#l]"),
        "one": ("1", "x^{[#l]}_{0}"),
        "Z": lettered(r"\word{net}", "[#l]"),
        "W": _S0_W,
        "b": bias_of(_S0_W, "0"),
        "Y": ("y", "y_{#1}"),
        "P": (
            r"\phi^{\prime}(\word{net}^{[#l]})",
            r"\phi^{\prime}(\word{net}^{[#l]}_{#1})",
        ),
        "D": lettered(r"\delta", "[#l]"),
        "G": by("L", lettered("a", "[#l]")),
        "Gx": by("L", lettered("x", "[#l]")),
        "Gone": ("", r"\frac{\partial L}{\partial x^{[#l]}_{0}}"),
        "dW": by("L", weights("w", "[#l]")),
        "db": by("L", bias_of(weights("w", "[#l]"), "0")),
        "W+": weights("W", "[#l]", small="w", new=NEW),
        "b+": bias_of(weights("W", "[#l]", small="w", new=NEW), "0"),
    },
    equations={
        "A0": (r"{A-} = {X-} \odot {M-}",),
        "Z": (r"{Z} = {W} {x-}",),
        "A": (r"{A} = \phi({Z}){*M}",),
        "D": (r"{D} = {G}{*M} \odot {P}",),
        "dW": (r"{dW} = {D} \cdot {({x-})}^{\top}",),
        "G": (r"{Gx-} = {({W})}^{\top} \cdot {D}{*X}",),
    },
    sources={
        "Z": "S0.E4",
        "A": "S0.E5",
        "GL:squares": "(0.1)",
        "P": "S0.E13",
        "D": "S0.E13",
        "D:out": "S0.E13",
        "D:softmax": "(0.2)",
        "dW": "S0.E14",
        "G": "S0.E16, S0.E17",
    },
    remark="Vectors are columns; column 0 of W is the bias, x is a with a 1 before it. The document shows no step.",
)

COLUMN_BATCH = Spelling(
    name="column-batch",
    document=f"S1, {NOTATIONS['column-batch'].document}",
    style=Style(weight_first=True),
    function=r"\mu",
    letter="l",
    last=("L", "L-1"),
    loss="C",
    objective="C",
    symbols={
        **common("C", "(#l)"),
        "J": ("C", "C"),
        "alpha": (r"\alpha", r"\alpha"),
        "A": lettered("A", "(#l)", small="a"),
        "Z": lettered("Z", "(#l)", small="z"),
        "W": weights("W", "(#l)", small="w"),
        "b": lettered("b", "(#l)"),
        "Y": ("Y", "y_{#1}"),
        "P": (r"\mu^{\prime}(Z^{(#l)})", r"\mu^{\prime}(z^{(#l)}_{#1})"),
        "D": lettered(r"\Delta", "(#l)", small=r"\delta"),
        "G": by("C", lettered("A", "(#l)", small="a")),
        "dW": by("C", weights("W", "(#l)", small="w")),
        "db": by("C", lettered("b", "(#l)")),
        "W+": weights("W", "(#l)", small="w", new=NEW),
        "b+": (rf"b^{{(#l)}}_{{{NEW}}}", rf"b^{{(#l)}}_{{#1,{NEW}}}"),
    },
    equations={
        "A0": (r"{A-} = {X-} \odot {M-}",),
        "Z": (r"{Z} = {W} {A-} + {b}",),
        "A": (r"{A} = \mu({Z}){*M}",),
        "D": (r"{D} = {G}{*M} \odot {P}",),
        "dW": (r"{dW} = {D} {({A-})}^{\top}", r"{db} = {D}"),
        "G": (r"{G-} = {({W})}^{\top} {D}{*X}",),
    },
    factor=1.0,
    sources={
        "Z": "S1.E77",
        "A:softmax": "S1.E68",
        "P": "S1.E45",
        "D": "S1.E45",
        "D:squares": "S1.E39",
        "D:softmax": "S1.E78",
        "dW": "S1.E80",
        "W+": "S1.E74",
    },
    remark="Columns are trials: here one. w_ij is the weight of neuron j on neuron i.",
)

_S2_W = weights("w", "#p", swapped=True)
CONSTANT_NEURON = Spelling(
    name="constant-neuron",
    document=f"S2, {NOTATIONS['constant-neuron'].document}",
    style=Style(constant="first"),
    function=r"\sigma",
    letter=r"\ell ",
    last=("L-1", "L-2"),
    loss="L",
    objective="L",
    symbols={
        **common("L", "#l"),
        "J": ("L", "L"),
        "alpha": (r"\alpha", r"\alpha"),
        "A": lettered("o", "#l"),
        "x": lettered("o", "#l"),
        "one": ("1", "o^{#l}_{0}"),
        "Z": lettered("a", "#l"),
        "Zx": lettered("a", "#l"),
        "W": _S2_W,
        "b": bias_of(_S2_W, "0", swapped=True),
        "Y": ("D", "D_{#1}"),
        "P": (r"\sigma^{\prime}(a^{#l})", r"\sigma^{\prime}(a^{#l}_{#1})"),
        "D": lettered(r"\delta", "#l"),
        "Dx": lettered(r"\delta", "#l"),
        "G": by("L", lettered("o", "#l")),
        "Gx": by("L", lettered("o", "#l")),
        "Gone": ("", r"\frac{\partial L}{\partial o^{#l}_{0}}"),
        "dW": by("L", _S2_W),
        "db": by("L", bias_of(_S2_W, "0", swapped=True)),
        "W+": weights("w", "#p", swapped=True, new=NEW),
        "b+": bias_of(weights("w", "#p", swapped=True, new=NEW), "0", swapped=True),
    },
    rows=frozenset({"A", "x", "Z", "Zx", "P", "Y", "D", "Dx", "G", "Gx", "M", "X"}),
    transposed=True,
    equations={
        "A0": (r"{A-} = {X-} \odot {M-}",),
        "Z": (r"{Zx} = {x-} {W}",),
        "A": (r"{A} = \sigma({Z}){*M}",),
        "D": (r"{D} = {P} \odot {G}{*M}",),
        "dW": (r"{dW} = {({x-})}^{\top} {Dx}",),
        "G": (r"{Gx-} = {Dx} {({W})}^{\top}{*X}",),
    },
    output_phi="sigmoid",
    sources={
        "Z": "S2.E4",
        "A": "S2.E3",
        "P": "S2.E18",
        "D": "S2.E18",
        "D:squares": "S2.E26",
        "dW": "S2.E14",
        "W+": "S2.E29",
    },
    remark="Vectors are rows. Neuron 0 of each layer is the constant 1 and its δ is 0; a is the pre-activation and o "
    "the output; row i of w leads from neuron i, column j to neuron j.",
)

FLAT_THETA = Spelling(
    name="flat-theta",
    document=f"S3, {NOTATIONS['flat-theta'].document}",
    style=Style(weight_first=True),
    function=r"\sigma",
    letter="k",
    last=("M", "M-1"),
    shift=1,
    loss="L",
    objective="L",
    symbols={
        **common("L", "[#l]"),
        "J": ("L", "L"),
        "alpha": (r"\alpha", r"\alpha"),
        "A": lettered("a", "[#l]"),
        "Z": lettered("z", "[#l]"),
        "W": weights("W", "[#l]"),
        "b": lettered("b", "[#l]"),
        "Y": ("y", "y_{#1}"),
        "P": (r"\sigma^{\prime}(z^{[#l]})", r"\sigma^{\prime}(z^{[#l]}_{#1})"),
        "D": by("L", lettered("z", "[#l]")),
        "G": by("L", lettered("a", "[#l]")),
        "dW": by("L", weights("W", "[#l]")),
        "db": by("L", lettered("b", "[#l]")),
        "W+": weights("W", "[#l]", new=NEW),
        "b+": (rf"b^{{[#l]}}_{{{NEW}}}", rf"b^{{[#l]}}_{{#1,{NEW}}}"),
    },
    equations={
        "A0": (r"{A-} = {X-} \odot {M-}",),
        "Z": (r"{Z} = {W} {A-} + {b}",),
        "A": (r"{A} = \sigma({Z}){*M}",),
        "D": (r"{D} = {G}{*M} \odot {P}",),
        "dW": (r"{dW} = {D} {({A-})}^{\top}", r"{db} = {D}"),
        "G": (r"{G-} = {({W})}^{\top} {D}{*X}",),
    },
    output_phi="sigmoid",
    sources={
        "Z": "S3.E10",
        "A": "S3.E10",
        "D": "S3.E18",
        "D:squares": "S3.E12",
        "dW": "S3.E21, S3.E22",
    },
    remark="The input is layer 1, so W^[2] leads from it (numbering B; in θ it is called W^[1]). Vectors are columns.",
)

_S4_W = weights("W", "#l")
BIAS_LAST = Spelling(
    name="bias-last",
    document=f"S4, {NOTATIONS['bias-last'].document}",
    style=Style(constant="last", weight_first=True),
    function=r"\sigma",
    letter="n",
    last=("F", "N"),
    output="F",
    loss="L",
    objective="L",
    symbols={
        **common("L", "#l"),
        "J": ("L", "L"),
        "alpha": (r"\eta", r"\eta"),
        "A": lettered("h", "#l"),
        "A:out": (r"\sigma_{F}(f)", r"\sigma_{F}(f)_{#1}"),
        "x": lettered("h", "#l"),
        "one": ("1", r"h^{#l}_{\word{last}}"),
        "Z": lettered("g", "#l"),
        "Z:out": ("f", "f_{#1}"),
        "W": _S4_W,
        "b": bias_of(_S4_W, r"\word{last}"),
        "Y": ("y", "y_{#1}"),
        "P": (r"\sigma^{#l \prime}(g^{#l})", r"\sigma^{#l \prime}(g^{#l}_{#1})"),
        "P:out": (r"\sigma^{F \prime}(f)", r"\sigma^{F \prime}(f_{#1})"),
        "D": by("L", lettered("g", "#l")),
        "D:out": by("L", ("f", "f_{#1}")),
        "G": by("L", lettered("h", "#l")),
        "G:out": by("L", (r"\sigma_{F}(f)", r"\sigma_{F}(f)_{#1}")),
        "Gx": by("L", lettered("h", "#l")),
        "Gone": ("", r"\frac{\partial L}{\partial h^{#l}_{\word{last}}}"),
        "dW": by("L", _S4_W),
        "db": by("L", bias_of(_S4_W, r"\word{last}")),
        "W+": ("W^{#l}_{t+1}", "W^{#l}_{#1,#2,t+1}"),
        "b+": ("W^{#l}_{t+1}", r"W^{#l}_{#1,\word{last},t+1}"),
    },
    rows=frozenset({"P", "D", "G", "Gx"}),
    equations={
        "A0": (r"{A-} = {X-} \odot {M-}",),
        "Z": (r"{Z} = {W} {x-}",),
        "A": (r"{A} = \sigma_{#l}({Z}){*M}",),
        "D": (r"{D} = {G}{*M} \odot {P}",),
        "dW": (r"{dW} = {({D})}^{\top} {({x-})}^{\top}",),
        "G": (r"{Gx-} = {D} {W}{*X}",),
    },
    factor=1.0,
    output_phi="identity",
    sources={
        "Z": "(41), (63)",
        "Z:out": "(41), (46)",
        "A": "(41)",
        "ell:squares": "(42)",
        "D:squares": "(44)",
        "P": "(76)",
        "D": "(76)",
        "dW": "(75)",
        "dW:out": "(49)",
        "G": "(77)",
        "G:out": "(55)",
        "W+": "(78)",
    },
    hidden=frozenset({"A", "GL"}),
    remark="Vectors are columns, derivatives by a vector are rows. Hidden layers 1 … N, the output F. Each h has a 1 "
    "appended, for the bias in the last column of W. In (76), σ′ is written as a row.",
)

#: name → the notation.
SPELLINGS: Mapping[str, Spelling] = MappingProxyType(
    {
        one.name: one
        for one in (
            CANONICAL,
            BIAS_FIRST,
            COLUMN_BATCH,
            CONSTANT_NEURON,
            FLAT_THETA,
            BIAS_LAST,
        )
    }
)


def spelling(name: str) -> Spelling:
    """A notation by its name, or by its document: S0 … S4.

    Raises
    ------
    InputError
        Another name.

    Examples
    --------
    >>> spelling("S4").name, spelling("canonical").name
    ('bias-last', 'canonical')
    """
    names = {one.alias: one.name for one in NOTATIONS.values()}
    found = SPELLINGS.get(names.get(name, name))
    if found is not None:
        return found
    allowed = ", ".join(SPELLINGS)
    raise InputError(
        f"notation {name!r}",
        f"{allowed}, or S0 … S4",
        named_among(name, SPELLINGS, "Choose one of these."),
    )
