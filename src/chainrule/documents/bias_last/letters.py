"""The letters, layouts and equations of S4, as a table.

Numbers of equations are the document's own, or those of docs/notations.md where it has none.
"""

from __future__ import annotations

from ..spelling import Spelling, Style, bias_of, by, common, lettered, weights

__all__ = ["LETTERS"]

W = weights("W", "#l")
LETTERS = Spelling(
    name="bias-last",
    document="S4, Gregor Hartl Watters, Backpropagation",
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
        "W": W,
        "b": bias_of(W, r"\word{last}"),
        "Y": ("y", "y_{#1}"),
        "P": (r"\sigma^{#l \prime}(g^{#l})", r"\sigma^{#l \prime}(g^{#l}_{#1})"),
        "P:out": (r"\sigma^{F \prime}(f)", r"\sigma^{F \prime}(f_{#1})"),
        "D": by("L", lettered("g", "#l")),
        "D:out": by("L", ("f", "f_{#1}")),
        "G": by("L", lettered("h", "#l")),
        "G:out": by("L", (r"\sigma_{F}(f)", r"\sigma_{F}(f)_{#1}")),
        "Gx": by("L", lettered("h", "#l")),
        "Gone": ("", r"\frac{\partial L}{\partial h^{#l}_{\word{last}}}"),
        "dW": by("L", W),
        "db": by("L", bias_of(W, r"\word{last}")),
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
