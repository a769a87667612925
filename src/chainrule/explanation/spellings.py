"""The letters, layouts and equations of the canonical notation, as a table, beside those of the documents."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..documents import NOTATIONS, notation
from ..documents.spelling import Shape, Spelling, Style
from ..documents.symbols import NEW, by, common, lettered, weights

__all__ = ["SPELLINGS", "Shape", "spelled_for", "spelling"]


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
        "D:whole": (r"{D} = ({D>} {W>}) \odot {P}",),
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


#: name → the notation.
SPELLINGS: Mapping[str, Spelling] = MappingProxyType(
    {"canonical": CANONICAL, **{n.name: n.letters for n in NOTATIONS.values()}}
)


def spelled_for(name: str, shape: Shape) -> Spelling:
    """A notation as its document writes a network of this shape.

    Examples
    --------
    >>> one = Shape(layers=2, linear=True, squares=True, trials="")
    >>> spelled_for("bias-last", one).label(1, 2), SPELLINGS["bias-last"].label(1, 2)
    ('V', '1')
    """
    return NOTATIONS[name].spelled_for(shape) if name in NOTATIONS else CANONICAL


def spelling(name: str) -> Spelling:
    """A notation by its name, or by its document: "canonical", "bias-last", "S4".

    Raises
    ------
    InputError
        Another name.

    Examples
    --------
    >>> spelling("S4").name, spelling("canonical").name
    ('bias-last', 'canonical')
    """
    if name == CANONICAL.name:
        return CANONICAL
    return notation(name, beside=(CANONICAL.name,)).letters
