"""L layers of one neuron each (S1.E17 to S1.E22): the product formula.

    ∂C/∂w^(L-j) = 2 (a^(L) - y) · Π_{i=1…j} μ'(z^(L-i+1)) w^(L-i+1) · μ'(z^(L-j)) a^(L-j-1),  j = 0 … L-1

One path leads from a weight to the cost, and every neuron on it gives one factor. The formula has no recursion,
so it is an oracle for one that has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...equations.activation import Elementwise
from ...errors import InputError
from ..checked_values import checked_number, elementwise

__all__ = ["Chain", "differentiate", "link", "run"]


@dataclass(frozen=True)
class Chain:
    """Values of a chain: a^(0) … a^(L) and z^(1) … z^(L), the latter under z[l-1], and the cost."""

    a: tuple[Any, ...]
    z: tuple[Any, ...]
    C: Any


def run(
    w: Sequence[Any], b: Sequence[Any], a0: Any, y: Any, mu: Elementwise | str
) -> Chain:
    """a^(l) = μ(w^(l) a^(l-1) + b^(l)) and C = (a^(L) - y)² (S1.E17).

    Raises
    ------
    InputError
        As `differentiate`.
    """
    mu = elementwise(mu)
    if len(w) != len(b) or not len(w):
        raise InputError(
            f"{len(w)} weights and {len(b)} biases",
            "L of each, L ≥ 1",
            "Pass w^(1) … w^(L) and b^(1) … b^(L).",
        )
    for letter, values in (("w", w), ("b", b)):
        for l, value in enumerate(values, 1):
            checked_number(f"{letter}^({l})", value)
    checked_number("a^(0)", a0)
    checked_number("y", y)
    a, z = [np.asarray(a0)], []
    for weight, bias in zip(w, b, strict=True):
        z.append(weight * a[-1] + bias)
        a.append(mu.value(z[-1]))
    return Chain(tuple(a), tuple(z), (a[-1] - y) ** 2)


def link(w: Sequence[Any], chain: Chain, mu: Elementwise, l: int) -> Any:
    """∂a^(l)/∂a^(l-1) = μ'(z^(l)) w^(l) (S1.E20)."""
    return mu.derivative(chain.z[l - 1]) * w[l - 1]


def differentiate(
    w: Sequence[Any], b: Sequence[Any], a0: Any, y: Any, mu: Elementwise | str
) -> tuple[list[Any], list[Any]]:
    """∂C/∂w^(1) … ∂C/∂w^(L) and ∂C/∂b^(1) … ∂C/∂b^(L) by the product formula (S1.E21, S1.E22).

    Parameters
    ----------
    w, b : sequence of float
        Layer 1 first.
    a0, y : float
    mu : Elementwise or str

    Raises
    ------
    InputError
        Unlike many weights and biases, or none; what is no finite number; no activation of one number.

    Examples
    --------
    >>> from chainrule import ACTIVATIONS
    >>> dw, db = differentiate([2.0, 3.0], [1.0, -2.0], 1.0, 5.0, ACTIVATIONS["identity"]())
    >>> [float(v) for v in dw], [float(v) for v in db]  # a^(1) = 3, a^(2) = 7, 2(a - y) = 4
    ([12.0, 12.0], [12.0, 4.0])
    """
    chain, L, mu = run(w, b, a0, y, mu), len(w), elementwise(mu)
    dw, db = [], []
    for j in range(L - 1, -1, -1):
        links = math.prod(link(w, chain, mu, L - i + 1) for i in range(1, j + 1))
        db.append(2 * (chain.a[L] - y) * links * mu.derivative(chain.z[L - j - 1]))
        dw.append(db[-1] * chain.a[L - j - 1])
    return dw, db
