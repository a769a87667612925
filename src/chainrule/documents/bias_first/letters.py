"""The letters, layouts and equations of S0, as a table.

Numbers of equations are the document's own, or those of docs/notations.md where it has none.
"""

from __future__ import annotations

from ..spelling import Spelling, Style
from ..symbols import NEW, bias_of, by, common, lettered, weights

__all__ = ["LETTERS"]

W = weights("W", "[#l]", small="w")
LETTERS = Spelling(
    name="bias-first",
    document="S0, Bartek Dyda, notes",
    style=Style(constant="first", weight_first=True),
    function=r"\phi",
    letter="l",
    last=("L", "L-1"),
    loss="L",
    objective="L",
    symbols={
        **common("L", "[#l]"),
        "A": lettered("a", "[#l]"),
        "x": lettered("x", "[#l]"),
        "one": ("1", "x^{[#l]}_{0}"),
        "Z": lettered(r"\word{net}", "[#l]"),
        "W": W,
        "b": bias_of(W, "0"),
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
    answers={
        "Z": "4",
        "Z:out": "23",
        "A": "5 10",
        "A:softmax": "20 21",
        "ell:squares": "7",
        "ell:softmax": "22",
        "GL:squares": "8 9",
        "dW": "11 12 14",
        "dW:softmax": "24 25 26 28",
        "G": "15 16 17",
        "G:softmax": "29a 29b 29c 29d 29e 30",
    },
    corrected={
        "Z": ("S0.E3",),
        "D": ("S0.E13",),
        "D:out": ("S0.E13",),
        "D:softmax": ("S0.E27", "S0.E32"),
    },
    remark="Vectors are columns; column 0 of W is the bias, x is a with a 1 before it. The document shows no step.",
)
