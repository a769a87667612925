"""The letters, layouts and equations of S4, as a table.

Numbers of equations are the document's own, or those of docs/notations.md where it has none.
"""

from __future__ import annotations

from dataclasses import replace

from ..spelling import Shape, Spelling, Style
from ..symbols import Symbol, bias_of, by, common, lettered, weights

__all__ = ["LETTERS", "ONE_HIDDEN", "ONE_HIDDEN_SQUARES", "spelled"]

#: Equations from this number on are those of section 2.
FIRST_OF_SECTION_2 = 41

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
    answers={
        "G:squares": "56",
        "ell:squares": "42",
        "D:squares": "43 44",
        "dW:out": "45 47 48 49",
        "G:out": "51 52 53 54 55",
        "D": "57 58 59 60 61 76",
        "dW": "62 64 65 66 74-75",
        "G": "67 70-71 72 73 77",
        "W+": "78",
        "Z": "41 63 68-69",
        "Z:out": "41 46",
        "A": "41",
    },
    corrected={
        "Z": ("S4.E41b",),
        "D": ("S4.E76", "S4.E61b"),
        "dW:squares": ("S4.E50",),
        "dW": ("S4.T7",),
    },
    remark="Vectors are columns, derivatives by a vector are rows. Hidden layers 1 … N, the output F. Each h has a 1 "
    "appended, for the bias in the last column of W. In (76), σ′ is written as a row.",
)


def alone(letter: str) -> Symbol:
    """A vector without a layer's number, and its entry."""
    return letter, f"{letter}_{{#1}}"


def matrix(letter: str) -> Symbol:
    """V or W, and its entry."""
    return letter, f"{letter}_{{#1,#2}}"


V, W_OUT = matrix("V"), matrix("W")
LAST = r"\word{last}"
#: Section 1: one hidden layer, V and W; x, g, h and f without numbers; derivatives are columns.
ONE_HIDDEN = replace(
    LETTERS,
    names=("V", "W"),
    output="",
    symbols={
        **LETTERS.symbols,
        "A": alone("h"),
        "A:in": alone("x"),
        "x": alone("h"),
        "x:in": alone("x"),
        "X": alone("X"),
        "M": alone("M"),
        "one": ("1", f"h_{{{LAST}}}"),
        "one:in": ("1", f"x_{{{LAST}}}"),
        "Z": alone("g"),
        "Z:out": alone("f"),
        "W": V,
        "W:out": W_OUT,
        "b": bias_of(V, LAST),
        "b:out": bias_of(W_OUT, LAST),
        "P": (r"\sigma^{\prime}(g)", r"\sigma^{\prime}(g_{#1})"),
        "D": by("L", alone("g")),
        "D:out": by("L", alone("f")),
        "G": by("L", alone("h")),
        "G:in": by("L", alone("x")),
        "Gx": by("L", alone("h")),
        "Gx:in": by("L", alone("x")),
        "Gone": ("", rf"\frac{{\partial L}}{{\partial h_{{{LAST}}}}}"),
        "Gone:in": ("", rf"\frac{{\partial L}}{{\partial x_{{{LAST}}}}}"),
        "dW": by("L", V),
        "dW:out": by("L", W_OUT),
        "db": by("L", bias_of(V, LAST)),
        "db:out": by("L", bias_of(W_OUT, LAST)),
        "W+": ("V_{t+1}", "V_{#1,#2,t+1}"),
        "W+:out": ("W_{t+1}", "W_{#1,#2,t+1}"),
        "b+": ("V_{t+1}", f"V_{{#1,{LAST},t+1}}"),
        "b+:out": ("W_{t+1}", f"W_{{#1,{LAST},t+1}}"),
    },
    rows=frozenset(),
    equations={
        **LETTERS.equations,
        "A": (r"{A} = \sigma({Z}){*M}",),
        "dW": (r"{dW} = {D} {x-}^{\top}",),
        "G": (r"{Gx-} = {({({D})}^{\top} {W})}^{\top}{*X}",),
    },
    sources={
        "Z": "(1) to (6), (32)",
        "Z:out": "(1), (13)",
        "A": "(1)",
        "P": "(26)",
        "D": "(24) to (27), (29), (30)",
        "dW": "(31), (33) to (39)",
        "dW:out": "(18), (20), (21)",
        "G:out": "(11), (12), (14), (15), (17)",
    },
    answers={
        "G:squares": "16",
        "dW:squares": "22 23",
        "D/squares": "28",
        "dW/squares": "40",
        "Z": "1 32",
        "Z:out": "1 13",
        "A": "1",
        "ell:squares": "7 8",
        "D:squares": "9 10",
        "G:out": "11 12 14 15 17",
        "dW:out": "18 20 21",
        "D": "24 26 27 29 30",
        "dW": "31 33-34 35-36 37 38 39",
    },
    corrected={
        "Z:out": ("S4.T2",),
        "D": ("S4.E25", "S4.T3"),
    },
    remark="Section 1: one hidden layer, V before it and W after it. Vectors and derivatives by them are columns. x "
    "and h have a 1 appended, for the biases in the last columns of V and W; ∂L/∂h loses its last entry before it is "
    "multiplied by σ′(g).",
)
#: The same with the document's own loss, Σ (y_i - f_i)².
ONE_HIDDEN_SQUARES = replace(
    ONE_HIDDEN,
    sources={
        **ONE_HIDDEN.sources,
        "ell:squares": "(7), (8)",
        "D:squares": "(9), (10)",
        "D": "(24) to (30)",
        "dW": "(31), (33) to (40)",
        "dW:out": "(18) to (23)",
        "G:out": "(11), (12), (14) to (17)",
    },
)


def spelled(shape: Shape) -> Spelling:
    """Section 1 for one hidden layer and a linear output, unless an equation of section 2 is asked for."""
    numbers = (number.removeprefix("S4.E") for number in shape.equations)
    of_section_2 = any(n.isdigit() and int(n) >= FIRST_OF_SECTION_2 for n in numbers)
    if shape.layers != 2 or not shape.linear or of_section_2:
        return LETTERS
    return ONE_HIDDEN_SQUARES if shape.squares else ONE_HIDDEN
