r"""The notations of the five documents and the canonical one, as tables: letters, layouts, equations.

`documents` has the five; the canonical one is here. Equation numbers are those of the documents, or of the inventory
(docs/notations.md) where a document has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..documents import NOTATIONS
from ..documents.bias_first.letters import LETTERS as BIAS_FIRST
from ..documents.bias_last import letters as bias_last
from ..documents.column_batch import letters as column_batch
from ..documents.constant_neuron.letters import LETTERS as CONSTANT_NEURON
from ..documents.flat_theta.letters import LETTERS as FLAT_THETA
from ..documents.spelling import Spelling, Style
from ..documents.symbols import NEW, by, common, lettered, weights
from ..errors import InputError, named_among

__all__ = ["SPELLINGS", "Shape", "spelled_for", "spelling"]


#: S4's equations from this number on are those of its section 2.
FIRST_OF_SECTION_2 = 41

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
            column_batch.LETTERS,
            CONSTANT_NEURON,
            FLAT_THETA,
            bias_last.LETTERS,
        )
    }
)


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


def spelled_for(name: str, shape: Shape) -> Spelling:
    """A notation as its document writes a network of this shape.

    S1 has a batch as matrices of columns. S4 has a section of its own for one hidden layer and a linear output, which
    is shown where no equation of its other section is asked for.

    Examples
    --------
    >>> one = Shape(layers=2, linear=True, squares=True, trials="")
    >>> spelled_for("bias-last", one).label(1, 2), SPELLINGS["bias-last"].label(1, 2)
    ('V', '1')
    """
    if name == "column-batch" and shape.trials:
        return (
            column_batch.MEAN_OF_TRIALS
            if shape.trials == "mean"
            else column_batch.SUM_OF_TRIALS
        )
    if name == "bias-last" and shape.layers == 2 and shape.linear:
        found = bias_last.ONE_HIDDEN_SQUARES if shape.squares else bias_last.ONE_HIDDEN
        of_the_other = {
            number
            for number in shape.equations
            if number.removeprefix("S4.E").isdigit()
            and int(number.removeprefix("S4.E")) >= FIRST_OF_SECTION_2
        }
        return SPELLINGS[name] if of_the_other else found
    return SPELLINGS[name]


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
