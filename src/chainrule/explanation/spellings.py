r"""The notations of the five documents and the canonical one, as tables: letters, layouts, equations.

`documents` has the five; the canonical one is here. Equation numbers are those of the documents, or of the inventory
(docs/notations.md) where a document has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..documents import NOTATIONS
from ..documents.bias_first.letters import LETTERS as BIAS_FIRST
from ..documents.bias_last.letters import LETTERS as BIAS_LAST
from ..documents.column_batch.letters import LETTERS as COLUMN_BATCH
from ..documents.constant_neuron.letters import LETTERS as CONSTANT_NEURON
from ..documents.flat_theta.letters import LETTERS as FLAT_THETA
from ..documents.spelling import NEW, Spelling, Style, by, common, lettered, weights
from ..errors import InputError, named_among

__all__ = ["SPELLINGS", "spelling"]


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
