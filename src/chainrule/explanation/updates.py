"""The step (U1) as formulas: what the optimizer remembers, and each weight and bias after it.

Within the limits that training has: clipping, decay, frozen layers, the largest norm of a unit's weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..optimizers import Optimizer
from .choices import Choice
from .damped_formulas import moved
from .expressions import Constant, Expression, Letter, Place, Product
from .formulas import Formula, Given, letters_of, number
from .numbers import Numbers
from .traits import Traits

__all__ = ["general_update", "update"]


def update(t: Traits, kind: str, l: int, index: tuple[int, ...]) -> Expression | None:
    """The formula of a number after the step: "W+", "b+", "mW+", "vb+", or "uW+" before the limit on norms."""
    letter = "W" if "W" in kind else "b"
    place = f"{letter}{l}" + "".join(f".{i}" for i in index)
    if t.form:
        return moved(letter, l, index)
    if kind[0] in "mv":
        return lines_at(t, place, l)[kind[0]]
    if l in t.rules.frozen_layers:
        return Place(place)
    if kind == "W+" and t.rules.max_norm is not None:
        return limited(t.rules.max_norm, l, index)
    return lines_at(t, place, l)["theta"]  # U1


def gradient_used(t: Traits, place: str, l: int) -> Expression:
    """The gradient as the optimizer gets it: clipped, and 0 for frozen layers, where that was asked for."""
    limit, found = t.rules.clip_value, f"d{place}"
    if l in t.rules.frozen_layers:
        return Constant(0)
    gradient: Expression = Place(found)
    if limit is not None:

        def beyond(n: Numbers) -> int:
            return int(n.read(found) > limit) - int(n.read(found) < -limit)

        ends = (Product(Constant(end)) for end in (limit, -limit))
        gradient = Choice((gradient, *ends), beyond)  # no number of the formula
    if t.rules.clip_norm is None:
        return gradient
    scaled = Product(Given(lambda n: n.clip_factor), gradient)
    return Choice((gradient, scaled), lambda n: n.clip_factor != 1)


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
    known, lines = dict(names), dict[str, Expression]()
    for given, formula in rule.update.items():
        lines[given] = Formula(formula, known)
        known = {**known, **({given: after[given]} if given in after else {})}
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


def lines_at(t: Traits, place: str, l: int) -> dict[str, Expression]:
    """The update of one number of θ over its places."""
    rule = t.rules.optimizer
    names: dict[str, Expression] = {
        name: number(value) for name, value in rule.parameters().items()
    }
    names |= {"g": gradient_used(t, place, l), "alpha": Place("alpha")}
    names |= {"t": Given(lambda n: n.moment.state.steps + 1, "step")}
    names |= {"theta": Place(place)}
    names |= {letter: Place(letter + place) for letter in "mv"}
    if place[0] == "b":
        names["weight_decay"] = Constant(0)
    after = {letter: Place(f"{letter}{place[0]}+{place[1:]}") for letter in "mv"}
    return lines_of(rule, names, after)


def limited(limit: float, l: int, index: tuple[int, ...]) -> Expression:
    """The weight after the step, scaled down with all that lead to its unit where their norm is too large."""

    def norm(n: Numbers) -> float:
        row = n.array(f"uW+{l}")[index[0] - 1]
        return float(np.linalg.norm(row.astype(np.float64)))

    place = Place(f"uW+{l}.{index[0]}.{index[1]}")
    scaled = Product(Given(lambda n: limit / norm(n)), place)
    return Choice((place, scaled), lambda n: norm(n) > limit)
