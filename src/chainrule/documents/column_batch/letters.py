"""The letters, layouts and equations of S1, as a table.

Numbers of equations are the document's own, or those of docs/notations.md where it has none.
"""

from __future__ import annotations

from ..spelling import NEW, Spelling, Style, by, common, lettered, weights

__all__ = ["LETTERS"]

LETTERS = Spelling(
    name="column-batch",
    document="S1, Nick Rui, Backpropagation Calculus",
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
