"""The general equation of each step in each notation, and the same with the arrays that are in it.

What depends on the network stands here: φ and φ′, the loss, the short forms of B1, the optimizer's rule.
"""

from __future__ import annotations

import re
from typing import Any

from ..documents.lines import Line
from ..documents.spelling import Spelling
from ..documents.table import LINES
from ..equations.activation import Softmax
from .entries import short_delta
from .functions import (
    general_activation,
    general_loss,
    general_loss_slope,
    general_slope,
)
from .steps import Step
from .traits import Traits
from .updates import general_update

__all__ = [
    "answered_lines",
    "array_equations",
    "corrected_lines",
    "general_equations",
    "one_letter",
    "remark_of",
    "source_of",
]

#: A place for an array in an equation: of the step's layer, of the one before (-) or after it (>).
ARRAY = re.compile(
    r"\{((?:[AZWBbMNXYPDGx]|Zx|Dx|Gx|[dmv][Wb]|[Wb]\+|[mvu][Wb]\+|alpha)[->]?)\}"
)


#: Kinds of a step of Levenberg–Marquardt → their equations: of the output layer, of a hidden one.
DAMPED: dict[str, tuple[tuple[str, ...], ...]] = {
    "E": (
        (
            r"\sum_{k} {\Delta^{(k)[L]}}^{\top} \Delta^{(k)[L]} = s \cdot \frac{\partial^{2} \ell}{\partial z^{2}}",
            r"\sum_{k} r^{(k)} \Delta^{(k)[L]} = s \cdot {D}",
        ),
        (
            r"\Delta^{(k)[l]} = (\Delta^{(k)[l+1]} W^{[l+1]}) \odot \phi^{\prime}_{l}(Z^{[l]})",
        ),
    ),
    "t": (
        (
            r"{(\jacobian^{\top} r)}_W = \sum_{i} \sum_{k} r^{(k)}_{i} {\Delta^{(k)}_{i}}^{\top} A_{i}",
            r"{(\jacobian^{\top} r)}_b = \sum_{i} \sum_{k} r^{(k)}_{i} \Delta^{(k)}_{i}",
        ),
    ),
    "c": (
        (
            r"C = \jacobian^{\top} \jacobian",
            r"C_{WW} = \sum_{i} \sum_{k} {(\Delta^{(k)}_{i} A_{i})}^{2}",
        ),
    ),
    "K": (
        (
            r"{(\jacobian \jacobian^{\top})}^{(k,m)}_{ij} = \sum_{l} (\Delta^{(k)[l]}_{i} {\Delta^{(m)[l]}_{j}}^{\top})"
            r" \cdot (A^{[l-1]}_{i} {A^{[l-1]}_{j}}^{\top} + 1)",
        ),
    ),
    "s": ((r"(C + P + \lambda I) \thin \delta = \minus \nabla J",),),
    "q": ((r"C \delta = \jacobian^{\top} (\jacobian \delta)",),),
    "j": (
        (
            r"{(\jacobian \delta)}^{(k)} = \sum_{l} \Delta^{(k)[l]} {(A^{[l-1]} {\delta_{W^{[l]}}}^{\top}"
            r" + \delta_{b^{[l]}})}^{\top}",
        ),
    ),
}


def source_of(spelled: Spelling, step: Step, t: Traits) -> str:
    """The place of the equation of a step in a notation's document; nothing where it has another one."""
    keys = _source_keys(spelled, step, t)
    return next((spelled.sources[key] for key in keys if key in spelled.sources), "")


def _source_keys(spelled: Spelling, step: Step, t: Traits) -> list[str]:
    """The keys of a step in a notation's tables of lines, the narrowest first."""
    output = step.layer == t.layers
    if step.kind == "W+" and not t.plain_step:
        return []
    keys = (
        [f"{step.kind}:{_own_output(spelled, t)}", f"{step.kind}:out"] if output else []
    )
    keys += [f"{step.kind}:in"] if step.layer == 1 else []
    keys += (
        [step.kind] if not (output and step.kind == "D") else []
    )  # an output's Δ is no hidden one's
    return keys


def answered_lines(spelled: Spelling, step: Step, t: Traits) -> list[Line]:
    """The checked lines of a notation's document that a step has the numbers of, misprinted ones among them."""
    keys = _source_keys(spelled, step, t)
    keys += [f"{step.kind}/{_own_output(spelled, t)}"]
    numbers = " ".join(spelled.answers.get(key, "") for key in keys).split()
    found = [LINES[f"{spelled.alias}.E{number}"] for number in numbers]
    return [*found, *corrected_lines(spelled, step, t)]


def corrected_lines(spelled: Spelling, step: Step, t: Traits) -> list[Line]:
    """The checked lines of a notation's document that have another form of a step's equation in print."""
    network, kind, output = t.network, step.kind, step.layer == t.layers
    if kind == "W+" and not t.plain_step:
        return []
    own = _own_output(spelled, t)
    keys = [kind] if not (output and kind == "D") else []
    keys += [f"{kind}:{own}", f"{kind}:out"] if output else [f"{kind}/{own}"]
    keys += [f"{kind}:in"] if step.layer == 1 else []
    keys.append(f"{kind}:{network.activations[step.layer - 1].name}")
    found = {
        identity: None
        for key in keys
        for identity in (
            *spelled.corrected.get(key, ()),
            *spelled.corrected.get(f"{key}/{t.layers}", ()),
        )
    }
    return [LINES[identity] for identity in found]


def _own_output(spelled: Spelling, t: Traits) -> str:
    """Return whether output and loss are those of a document: "softmax" with cross-entropy, or its "squares"."""
    network = t.network
    loss, phi = network.loss, network.activations[-1]
    if loss.name == "cross_entropy" and isinstance(phi, Softmax):
        return "softmax"
    squares = (
        loss.name == "squared_error"
        and loss.specification()["factor"] == spelled.factor
    )
    return "squares" if squares and spelled.output_phi in ("", phi.name) else "other"


def one_letter(spelled: Spelling, t: Traits) -> bool:
    """Return whether a notation has one letter for a row's loss and for an objective that is something else here."""
    another = t.rows > 1 or not t.row_counts_once or t.penalized
    return spelled.loss == spelled.objective and another


def remark_of(spelled: Spelling, t: Traits) -> str:
    """A remark on a notation and its letters, for a reader."""
    if not one_letter(spelled, t):
        return spelled.remark
    letter = spelled.loss
    penalty = ", with the penalty" if t.penalized else ""
    return (
        f"{spelled.remark} Here {letter}⟨i⟩ is the loss of row i, and {letter} the objective, that of all "
        f"rows{penalty}. Derivatives by weights and biases are of the objective, all others of the row's loss."
    )


def general_equations(spelled: Spelling, step: Step, t: Traits) -> list[str]:
    """The equations of a step in general letters, as markup."""
    output = step.layer == t.layers

    def general(kind: str) -> str:
        if kind.endswith(">"):
            return spelled.after(kind.removesuffix(">"))
        return spelled.general(
            kind.removesuffix("-"), output=output, before=kind.endswith("-")
        )

    label = spelled.last[0] if output else spelled.letter
    return [
        ARRAY.sub(lambda m: general(m[1]), line)
        .replace("#l", label)
        .replace("#r", "l")  # any trial
        for line in _lines(spelled, step, t)
    ]


def array_equations(spelled: Spelling, step: Step, t: Traits) -> list[str]:
    """Those of them that are of arrays, with a place for each array of this layer: "@[W2]@"."""
    if step.kind == "W+" and not t.plain_step:
        return []

    def place(kind: str) -> str:
        plain = kind.rstrip("->")
        layer = step.layer - kind.endswith("-") + kind.endswith(">")
        return (
            {"alpha": "@alpha@", "N": "@N@"}[plain]
            if plain in ("alpha", "N")
            else f"@[{plain}{layer}]@"
        )

    label = spelled.label(step.layer, t.layers)
    lines = [
        line
        for line in _lines(spelled, step, t)
        if ARRAY.search(line) and r"\sum" not in line
    ]
    return [
        ARRAY.sub(lambda m: place(m[1]), line).replace("#l", label) for line in lines
    ]


def _lines(spelled: Spelling, step: Step, t: Traits) -> list[str]:
    """Equations over {kinds}."""
    network, kind, l = t.network, step.kind, step.layer
    phi = network.activations[l - 1]
    if kind in DAMPED:
        return list(DAMPED[kind][0 if l == t.layers else -1])
    if kind == "A":
        return [*_masked(spelled, "A", t, l), *function_line(spelled, phi, 0)]
    if kind == "P":
        return function_line(spelled, phi, 1)
    if kind == "ell":
        row = r" \langle i \rangle" if one_letter(spelled, t) else ""
        return [f"{spelled.loss}{row} = {_loss(spelled, t, 0)}"]
    if kind == "J":
        penalty = " + R" if "R" in step.entries else ""
        if spelled.columns:
            return [f"{line}{penalty}" for line in spelled.equations["J"]]
        share = r"\frac{w_{i}}{\sum_{i} w_{i}}" if t.reduction == "mean" else "w_{i}"
        of = r" \langle i \rangle" if one_letter(spelled, t) else "_{i}"
        lines = [
            rf"{spelled.objective} = \sum_{{i}} s_{{i}} {spelled.loss}{of}{penalty}",
            f"s_{{i}} = {share}",
        ]
        if penalty:
            lines.append(
                r"R = \lambda_{1} \sum \mid W \mid + \frac{1}{2} \lambda_{2} \sum W^{2}"
            )
        return lines
    if kind == "GL":
        symbol = spelled.template("G", output=True)[1].replace("#1", "k")
        return [f"{symbol} = {_loss(spelled, t, 1)}"]
    if kind == "D":
        return _delta_lines(spelled, t, l)
    if kind == "dW":
        return _gradient_lines(spelled, t, l)
    if kind == "W+":
        return _update_lines(spelled, t, l)
    return _masked(spelled, kind, t, l)


def function_line(spelled: Spelling, phi: Any, which: int) -> list[str]:
    """φ(z) = …, or φ′(z) = …."""
    letter = spelled.function
    if not phi.formula or (which and isinstance(phi, Softmax)):
        return []
    name = rf"{letter}^{{\prime}}" if which else letter
    of = f"{{{name}(z)}}_{{k}}" if isinstance(phi, Softmax) else f"{name}(z)"
    shown = general_slope(phi, f"{letter}(z)") if which else general_activation(phi)
    return [f"{of} = {shown}"]


def _masked(spelled: Spelling, kind: str, t: Traits, l: int) -> list[str]:
    """The notation's own equations, with the mask where the layer has one."""
    mask = r" \odot {M}" if l in t.masks else ""
    before = r" \odot {M-}" if kind == "G" and l == 1 and 0 in t.masks else ""
    return [
        line.replace("{*M}", mask).replace("{*X}", before)
        for line in spelled.equations[kind]
    ]


def _loss(spelled: Spelling, t: Traits, which: int) -> str:
    loss = t.network.loss
    a = spelled.template("A", output=True)[1].replace("#1", "k")
    y = spelled.template("Y", output=True)[1].replace("#1", "k")
    if spelled.hidden and t.network.activations[-1].name == "identity":
        a = spelled.template("Z", output=True)[1].replace("#1", "k")
    if not loss.formula:
        return (
            r"\sum_{k} \ell(" + f"{y}, {a})"
            if which == 0
            else rf"\ell^{{\prime}}({y}, {a})"
        )
    return (general_loss_slope if which else general_loss)(loss, a, y)


def _delta_lines(spelled: Spelling, t: Traits, l: int) -> list[str]:
    network = t.network
    phi, masked = network.activations[l - 1], l in t.masks
    if l == t.layers and short_delta(t, 1) is not None:
        return [_short_line(spelled, t)]
    if isinstance(phi, Softmax):
        D, A, G = (
            spelled.template(kind, output=l == t.layers)[1] for kind in ("D", "A", "G")
        )
        D, A, G, sum_of = (
            D.replace("#1", "k"),
            A.replace("#1", "k"),
            G.replace("#1", "k"),
            (A + r" \cdot " + G),
        )
        return [rf"{D} = {A} \cdot ({G} \minus \sum_{{j}} {sum_of.replace('#1', 'j')})"]
    if phi.name == "identity":
        return [r"{D} = {G}" + (r" \odot {M}" if masked else "")]
    whole = () if l == t.layers or masked else spelled.equations.get("D:whole", ())
    return [*whole, *_masked(spelled, "D", t, l)]


def _short_line(spelled: Spelling, t: Traits) -> str:
    """Δ[L] = A[L] - Y, or a multiple."""
    network = t.network
    a = (
        "{Z}"
        if spelled.hidden and network.activations[-1].name == "identity"
        else "{A}"
    )
    ones = t.all_add_to_1 if spelled.columns else t.adds_to_1
    if network.loss.name == "cross_entropy" and not ones:
        y = spelled.template("Y", output=True)[1].replace("#1", "k")
        a = rf"(\sum_{{k}} {y}) \cdot {a}"
    factor = 2 * network.loss.specification().get("factor", 0.5)
    scale = "" if factor == 1 else rf"{factor:.6g} \cdot "
    if "D" in spelled.rows and "Y" not in spelled.rows:  # S4: a row of columns
        return rf"{{D}} = {scale}{{({a} \minus {{Y}})}}^{{\top}}"
    return (
        rf"{{D}} = {scale}({a} \minus {{Y}})" if scale else rf"{{D}} = {a} \minus {{Y}}"
    )


def _gradient_lines(spelled: Spelling, t: Traits, l: int) -> list[str]:
    lines = list(spelled.equations["dW"])
    if t.rows > 1 and not spelled.columns:
        lines = [_over_rows(line) for line in lines]
    elif t.rows == 1 and not t.row_counts_once:
        lines = [line.replace(" = ", r" = s \cdot ") for line in lines]
    if t.penalized:
        lines[0] += r" + \frac{\partial R}{\partial W}"
    return lines


def _over_rows(line: str) -> str:
    left, right = line.split(" = ")
    right = re.sub(r"\{(D|Dx|A-|x-)\}", r"{{\1} \\langle i \\rangle}", right)
    return rf"{left} = \sum_{{i}} s_{{i}} {right}"


def _update_lines(spelled: Spelling, t: Traits, l: int) -> list[str]:
    rules = t.rules
    if l in rules.frozen_layers:
        return ["{W+} = {W}"]
    if t.form:
        return [r"{W+} = {W} + \delta_W", r"{b+} = {b} + \delta_b"]
    lines = [*_limit_lines(t), *map(" = ".join, general_update(rules.optimizer))]
    if rules.max_norm is not None:
        lines = [line.replace("{W+}", "{uW+}") for line in lines]
        lines.append(
            rf"{{W+}} = {{uW+}} \text{{, its rows scaled to a norm of at most}} {rules.max_norm:.6g}"
        )
    if not spelled.style.constant and t.plain_step:
        lines += [line.replace("W", "b") for line in lines]
    return lines


def _limit_lines(t: Traits) -> list[str]:
    """The lines on what is done to the gradient first."""
    rules, lines = t.rules, []
    if rules.clip_value is not None:
        limit = f"{rules.clip_value:.6g}"
        lines.append(
            rf"{{dW}} \text{{is cut to}} [\minus {limit}, {limit}] \text{{first}}"
        )
    if t.clip_factor != 1:
        lines.append(
            rf"{{dW}} \text{{is scaled, with all of the gradient, by}} {t.clip_factor:.6g} "
            rf"\text{{, to a norm of}} {rules.clip_norm:.6g}"
        )
    return lines
