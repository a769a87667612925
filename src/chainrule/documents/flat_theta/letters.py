"""The letters, layouts and equations of S3, as a table.

Numbers of equations are the document's own, or those of docs/notations.md where it has none.
"""

from __future__ import annotations

from ..spelling import Spelling, Style
from ..symbols import NEW, by, common, lettered, weights

__all__ = ["LETTERS"]

LETTERS = Spelling(
    name="flat-theta",
    document="S3, notes on the logistic network",
    style=Style(weight_first=True),
    function=r"\sigma",
    letter="k",
    last=("M", "M-1"),
    shift=1,
    loss="L",
    objective="L",
    symbols={
        **common("L", "[#l]"),
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
        "D:whole": (r"{D} = {P} \odot ({({W>})}^{\top} {D>})",),
        "dW": (r"{dW} = {D} {({A-})}^{\top}", r"{db} = {D}"),
        "G": (r"{G-} = {({W})}^{\top} {D}{*X}",),
    },
    output_phi="sigmoid",
    sources={
        "Z": "S3.E10",
        "A": "S3.E10",
        "P": "S3.E12b",
        "D": "S3.E18",
        "D:squares": "S3.E12",
        "dW": "S3.E21, S3.E22",
    },
    answers={
        "D/squares": "13",
        "Z": "3 10 11",
        "A": "2 3 10 11",
        "ell:squares": "4 5",
        "J:squares": "5 23",
        "GL:squares": "12",
        "D": "14 17 18 19 19b",
        "D:squares": "12",
        "dW": "21",
    },
    corrected={
        "Z": ("S3.E1",),
        "D": ("S3.E15", "S3.E16"),
        "dW": ("S3.E22",),
        "G:in": ("S3.E20",),
        "J": ("S3.E24",),
    },
    remark="The input is layer 1, so W^[2] leads from it (numbering B; in θ it is called W^[1]). Vectors are columns.",
)
