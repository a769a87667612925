"""The letters, layouts and equations of S1, as a table.

Numbers of equations are the document's own, or those of docs/notations.md where it has none.
"""

from __future__ import annotations

from dataclasses import replace

from ..spelling import Shape, Spelling, Style
from ..symbols import NEW, by, common, lettered, weights

__all__ = ["LETTERS", "MEAN_OF_TRIALS", "SUM_OF_TRIALS", "spelled"]

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
        "D:whole": (r"{D} = {P} \odot ({({W>})}^{\top} {D>})",),
        "dW": (r"{dW} = {D} {({A-})}^{\top}", r"{db} = {D}"),
        "G": (r"{G-} = {({W})}^{\top} {D}{*X}",),
    },
    factor=1.0,
    sources={
        "Z": "S1.E77",
        "A": "S1.E33",
        "A:softmax": "S1.E68",
        "ell:squares": "S1.E8",
        "ell:softmax": "S1.E59",
        "GL:squares": "S1.E26",
        "P": "S1.E45",
        "D": "S1.E45",
        "D:squares": "S1.E39",
        "D:softmax": "S1.E78",
        "dW": "S1.E80",
        "G": "S1.E44",
        "W+": "S1.E74",
    },
    answers={
        "Z": "5 33 47 77",
        "A": "7 33 47",
        "A:softmax": "54 68",
        "ell:squares": "8",
        "ell:softmax": "59 83 84",
        "J:squares": "9 31",
        "J:softmax": "60",
        "GL:squares": "26",
        "P": "15",
        "D": "43 45",
        "D:squares": "37 38 39",
        "D:softmax": "61 69 78 87",
        "dW": "35 36 80",
        "dW:squares": "27",
        "dW:softmax/2": "64 71 72",
        "G": "44",
        "W+": "74",
    },
    corrected={
        "Z:softmax/2": ("S1.E67",),
        "P:relu": ("S1.E63",),
        "D/softmax": ("S1.E79",),
        "D/softmax/2": ("S1.E62", "S1.E70"),
        "D:softmax": ("S1.E57", "S1.E81"),
        "D/squares": ("S1.E46", "S1.E52"),
        "dW:softmax/2": ("S1.E73",),
    },
    remark="Columns are trials: here one. w_ij is the weight of neuron j on neuron i.",
)


def trial(letter: str, layer: str = "(#l)") -> str:
    """A number of one trial, as the document writes it: (a_l)_i^{(ℓ)}."""
    return f"{{({letter}_{{#r}})}}^{{{layer}}}_{{#1}}"


#: The same for N trials, C their mean: Z, A, Y, Δ and B are matrices with a column for each.
MEAN_OF_TRIALS = replace(
    LETTERS,
    style=Style(weight_first=True, share="1/N"),
    letter=r"\ell ",
    loss="C_{l}",
    columns=True,
    symbols={
        **LETTERS.symbols,
        "ell": ("C_{l}", "C_{#r}"),
        "A": ("A^{(#l)}", trial("a")),
        "Z": ("Z^{(#l)}", trial("z")),
        "B": ("B^{(#l)}", ""),
        "M": ("M^{(#l)}", trial("m")),
        "X": ("X^{(#l)}", trial("x")),
        "Y": ("Y", r"{(y_{#r})}_{#1}"),
        "P": (r"\mu^{\prime}(Z^{(#l)})", rf"\mu^{{\prime}}({trial('z')})"),
        "D": (r"\Delta^{(#l)}", trial(r"\delta ")),
        "G": (
            r"\frac{\partial C_{l}}{\partial A^{(#l)}}",
            rf"\frac{{\partial C_{{#r}}}}{{\partial {trial('a')}}}",
        ),
    },
    equations={
        **LETTERS.equations,
        "Z": (r"{Z} = {W} {A-} + {B}",),
        "J": (r"C = \frac{1}{{N}} \sum_{l=1}^{{N}} C_{l}",),
        "dW": (
            r"{dW} = \frac{1}{{N}} {D} {({A-})}^{\top}",
            r"{db} = \frac{1}{{N}} \cdot \sum \text{columns of} {D}",
        ),
    },
    sources={**LETTERS.sources, "J:softmax": "S1.E60"},
    corrected={
        **LETTERS.corrected,
        "dW/squares": ("S1.E48", "S1.E49"),
        "dW:squares": ("S1.E48", "S1.E49"),
        "D:squares": ("S1.E51",),
    },
    remark="Columns are trials, counted from 1: (a_l)_i is neuron i in trial l, C_l the trial's own cost and C their "
    "mean. B^(l) has b^(l) in every column. Δ and ∂C_l/∂A are derivatives of each trial's own cost: 1/N enters once, "
    "at ∂C/∂W and ∂C/∂b. w_ij is the weight of neuron j on neuron i.",
)
#: And where C is their sum.
SUM_OF_TRIALS = replace(
    MEAN_OF_TRIALS,
    style=Style(weight_first=True, share="1"),
    equations={
        **MEAN_OF_TRIALS.equations,
        "J": (r"C = \sum_{l=1}^{{N}} C_{l}",),
        "dW": (
            LETTERS.equations["dW"][0],
            r"{db} = \sum \text{columns of} {D}",
        ),
    },
    sources={**LETTERS.sources, "J:squares": "S1.E9", "dW": "S1.E49b"},
    corrected=LETTERS.corrected,
    remark=MEAN_OF_TRIALS.remark.replace("C their mean", "C their sum").replace(
        ": 1/N enters once, at ∂C/∂W and ∂C/∂b", ""
    ),
)


def spelled(shape: Shape) -> Spelling:
    """A batch as matrices of columns."""
    found = {"mean": MEAN_OF_TRIALS, "sum": SUM_OF_TRIALS}
    return found.get(shape.trials, LETTERS)
