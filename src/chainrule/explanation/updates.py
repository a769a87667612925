"""The step (U1) as formulas: what the optimizer remembers, and each weight and bias after it.

Within the limits that training has: clipping, decay, frozen layers, the largest norm of a unit's weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ..optimizers import Optimizer
from .expressions import Constant, Expression, Letter, Place, Product
from .formulas import letters_of, named, number, read_formula
from .numbers import Numbers

__all__ = ["general_update", "update"]


def update(n: Numbers, kind: str, l: int, index: tuple[int, ...]) -> Expression | None:
    """The formula of a number after the step: "W+", "b+", "mW+", "vb+", or "uW+" before the limit on norms."""
    letter = "W" if "W" in kind else "b"
    place = f"{letter}{l}" + "".join(f".{i}" for i in index)
    if kind[0] in "mv":
        return lines_at(n, place, l)[kind[0]]
    if l in n.moment.rules.frozen_layers:
        return Place(place)
    if kind == "W+" and n.has(f"uW+{l}"):
        return limited(n, l, index)
    return lines_at(n, place, l)["theta"]  # U1


def gradient_used(n: Numbers, place: str, l: int) -> Expression:
    """The gradient as the optimizer gets it: clipped, and 0 for frozen layers, where that was asked for."""
    rules, found = n.moment.rules, f"d{place}"
    if l in rules.frozen_layers:
        return Constant(0)
    gradient: Expression = Place(found)
    if rules.clip_value is not None and abs(n.read(found)) > rules.clip_value:
        limit = Constant(math.copysign(rules.clip_value, n.read(found)))
        gradient = Product(limit)  # which is no number of the formula
    return gradient if n.clip_factor == 1 else Product(named(n.clip_factor), gradient)


def lines_of(
    rule: Optimizer, names: Mapping[str, Expression], after: Mapping[str, Expression]
) -> dict[str, Expression]:
    """The lines of a rule's update, by what they give: "m", "v", "theta" (U1).

    Parameters
    ----------
    rule : Optimizer
    names : mapping of str to Expression
        What the names in the update stand for.
    after : mapping of str to Expression
        What "m" and "v" stand for once they are made.
    """
    known, lines = dict(names), {}
    for given, formula in rule.update.items():
        lines[given] = read_formula(formula, known)
        known |= {given: after[given]} if given in after else {}
    return lines


#: Names in a rule's update → kinds of numbers, before and after the step.
KINDS = {"theta": "{W}", "g": "{dW}", "alpha": "{alpha}", "m": "{mW}", "v": "{vW}"}
KINDS_AFTER = {"m": "{mW+}", "v": "{vW+}", "theta": "{W+}"}


def general_update(
    rule: Optimizer,
    before: Mapping[str, str] = KINDS,
    after: Mapping[str, str] = KINDS_AFTER,
) -> list[tuple[str, str]]:
    """The rule's result for W and for what it remembers: each and its formula as markup; biases go the same way."""
    names: dict[str, Expression] = {
        name: Letter(shown) for name, shown in before.items()
    }
    made = {name: Letter(shown) for name, shown in after.items()}
    names |= {"t": Letter("t"), **letters_of(rule.parameters())}
    lines = lines_of(rule, names, made)
    return [(after[name], line.markup(0)) for name, line in lines.items()]


def lines_at(n: Numbers, place: str, l: int) -> dict[str, Expression]:
    """The update of one number of θ over its places."""
    rule = n.moment.rules.optimizer
    names: dict[str, Expression] = {
        name: number(value) for name, value in rule.parameters().items()
    }
    names |= {"g": gradient_used(n, place, l), "alpha": Place("alpha")}
    names |= {"t": Constant(n.moment.state.steps + 1), "theta": Place(place)}
    names |= {letter: Place(letter + place) for letter in "mv"}
    if place[0] == "b":
        names["weight_decay"] = Constant(0)
    after = {letter: Place(f"{letter}{place[0]}+{place[1:]}") for letter in "mv"}
    return lines_of(rule, names, after)


def limited(n: Numbers, l: int, index: tuple[int, ...]) -> Expression:
    """The weight after the step, scaled down with all that lead to its unit where their norm is too large."""
    limit = n.moment.rules.max_norm
    assert limit is not None
    norm = float(np.linalg.norm(n.array(f"uW+{l}")[index[0] - 1].astype(np.float64)))
    place = Place(f"uW+{l}.{index[0]}.{index[1]}")
    return Product(named(limit / norm), place) if norm > limit else place
