"""The letters, layouts and equations of S2, as a table.

Numbers of equations are the document's own, or those of docs/notations.md where it has none.
"""

from __future__ import annotations

from ..spelling import Spelling, Style
from ..symbols import NEW, bias_of, by, common, lettered, weights

__all__ = ["LETTERS"]

W = weights("w", "#p", swapped=True)
LETTERS = Spelling(
    name="constant-neuron",
    document="S2, notes with indices from 0",
    style=Style(constant="first"),
    function=r"\sigma",
    letter=r"\ell ",
    last=("L-1", "L-2"),
    loss="L",
    objective="L",
    symbols={
        **common("L", "#l"),
        "A": lettered("o", "#l"),
        "x": lettered("o", "#l"),
        "one": ("1", "o^{#l}_{0}"),
        "Z": lettered("a", "#l"),
        "Zx": lettered("a", "#l"),
        "W": W,
        "b": bias_of(W, "0", swapped=True),
        "Y": ("D", "D_{#1}"),
        "P": (r"\sigma^{\prime}(a^{#l})", r"\sigma^{\prime}(a^{#l}_{#1})"),
        "D": lettered(r"\delta", "#l"),
        "Dx": lettered(r"\delta", "#l"),
        "G": by("L", lettered("o", "#l")),
        "Gx": by("L", lettered("o", "#l")),
        "Gone": ("", r"\frac{\partial L}{\partial o^{#l}_{0}}"),
        "dW": by("L", W),
        "db": by("L", bias_of(W, "0", swapped=True)),
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
        "D:whole": (
            r"\delta^{#l}_{i} = \sigma^{\prime}(a^{#l}_{i}) \cdot \sum_{k} w^{#l}_{i,k} \delta^{#l+1}_{k}",
        ),
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
    answers={
        "Z": "15",
        "dW": "14 17",
        "D": "18b 22 23 27",
        "D:squares": "26",
        "W+": "29",
    },
    corrected={
        "Z": ("S2.E4",),
        "A": ("S2.E3", "S2.E11", "S2.E12"),
        "A:out": ("S2.E3", "S2.E11", "S2.E12"),
        "D": ("S2.E18", "S2.E10"),
        "D:out": ("S2.E10",),
        "W+": ("S2.E29b",),
    },
    remark="Vectors are rows. Neuron 0 of each layer is the constant 1 and its δ is 0; a is the pre-activation and o "
    "the output; row i of w leads from neuron i, column j to neuron j.",
)
