"""The step (U1) as formulas: what the optimiser remembers, and each weight and bias after it.

Within the limits that training has: clipping, decay, frozen layers, the largest norm of a unit's weights.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .expressions import (
    Constant,
    Expression,
    Fraction,
    Place,
    Power,
    Product,
    Root,
    Sum,
)
from .functions import minus, named
from .numbers import Numbers

__all__ = ["update"]


def update(n: Numbers, kind: str, l: int, index: tuple[int, ...]) -> Expression | None:
    """The formula of a number after the step: "W+", "b+", "mW+", "vb+", or "uW+" before the limit on norms."""
    letter = "W" if "W" in kind else "b"
    place = f"{letter}{l}" + "".join(f".{i}" for i in index)
    if kind[0] in "mv":
        return memory(n, kind[0], l, place)
    if l in n.moment.rules.frozen_layers:
        return Place(place)
    if kind == "W+" and n.has(f"uW+{l}"):
        return limited(n, l, index)
    return stepped(n, place, l)


def gradient_used(n: Numbers, place: str, l: int) -> Expression:
    """The gradient as the optimiser gets it: clipped, and 0 for frozen layers, where that was asked for."""
    rules, found = n.moment.rules, f"d{place}"
    if l in rules.frozen_layers:
        return Constant(0)
    gradient: Expression = Place(found)
    if rules.clip_value is not None and abs(n.read(found)) > rules.clip_value:
        gradient = Constant(math.copysign(rules.clip_value, n.read(found)))
    return gradient if n.clip_factor == 1 else Product(named(n.clip_factor), gradient)


def after(place: str, letter: str) -> Place:
    """What the optimiser remembers after the step."""
    return Place(f"{letter}{place[0]}+{place[1:]}")


def memory(n: Numbers, letter: str, l: int, place: str) -> Expression:
    """How what the optimiser remembers follows the gradient."""
    rule: Any = n.moment.rules.optimizer
    g, before = gradient_used(n, place, l), Place(letter + place)
    if rule.name == "sgd":
        return Sum(
            [Product(named(rule.momentum), before), Product(Place("alpha"), g)], (1, -1)
        )
    if rule.name == "adagrad":
        return Sum([before, Power(g, 2)])
    if letter == "m":
        return Sum(
            [Product(named(rule.beta1), before), Product(named(1 - rule.beta1), g)]
        )
    kept = rule.rho if rule.name == "rmsprop" else rule.beta2
    return Sum([Product(named(kept), before), Product(named(1 - kept), Power(g, 2))])


def stepped(n: Numbers, place: str, l: int) -> Expression:
    """θ after the optimiser's step, from its gradient and what it remembers."""
    rule: Any = n.moment.rules.optimizer
    t = n.moment.state.steps + 1
    g, alpha, start = gradient_used(n, place, l), Place("alpha"), decayed(n, place)
    m, v = after(place, "m"), after(place, "v")
    if rule.name == "sgd" and rule.momentum:
        if not rule.nesterov:
            return Sum([start, m])
        return Sum(
            [start, Product(named(rule.momentum), m), Product(alpha, g)], (1, 1, -1)
        )
    if rule.name in ("gradient_descent", "sgd"):
        return minus(start, Product(alpha, g))  # U1
    epsilon = named(rule.epsilon)
    if rule.name in ("rmsprop", "adagrad"):
        return minus(start, Fraction(Product(alpha, g), Sum([Root(v), epsilon])))
    corrections = [bias_correction(beta, t) for beta in (rule.beta1, rule.beta2)]
    if rule.name == "folded_adam":  # ε beside the uncorrected root
        correction = Fraction(Root(corrections[1]), corrections[0])
        return minus(
            start, Fraction(Product(alpha, correction, m), Sum([Root(v), epsilon]))
        )
    root = Sum([Root(Fraction(v, corrections[1])), epsilon])
    return minus(start, Fraction(Product(alpha, Fraction(m, corrections[0])), root))


def decayed(n: Numbers, place: str) -> Expression:
    """θ before the step; of AdamW the weights, not the biases, are made smaller first."""
    decay = getattr(n.moment.rules.optimizer, "weight_decay", 0.0)
    if place[0] == "b" or not decay:
        return Place(place)
    return Product(
        minus(Constant(1), Product(Place("alpha"), named(decay))), Place(place)
    )


def bias_correction(beta: float, t: int) -> Expression:
    return minus(Constant(1), Power(named(beta), t))


def limited(n: Numbers, l: int, index: tuple[int, ...]) -> Expression:
    """The weight after the step, scaled down with all that lead to its unit where their norm is too large."""
    limit = n.moment.rules.max_norm
    assert limit is not None
    norm = float(np.linalg.norm(n.array(f"uW+{l}")[index[0] - 1].astype(np.float64)))
    place = Place(f"uW+{l}.{index[0]}.{index[1]}")
    return Product(named(limit / norm), place) if norm > limit else place
