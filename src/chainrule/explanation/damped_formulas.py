"""The numbers of a step of Levenberg–Marquardt as formulas over the numbers before them: G1 to G8, one number each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import final

import numpy as np

from ..documents.spelling import Style
from ..equations.activation import Elementwise, Softmax
from ..equations.arrays import Array
from ..equations.losses import Pointwise
from .calls import Call
from .choices import Choice
from .expressions import (
    Constant,
    Expression,
    Fraction,
    Place,
    Power,
    Product,
    Read,
    Root,
    Sized,
    Sum,
    largest_terms,
)
from .formulas import named
from .numbers import Numbers
from .traits import Traits

__all__ = ["BUILDERS", "gram_entry", "moved", "step_of"]

Index = tuple[int, ...]


def root_or_delta(t: Traits, l: int, index: Index, style: Style) -> Expression | None:
    """Δ⁽ᵏ⁾[L], a root of the loss's Hessian (G1), and Δ⁽ᵏ⁾[l] by B2 from it (G2)."""
    k, j = index
    return root(t, k, j) if l == t.layers else carried(t, l, k, j)


def root(t: Traits, k: int, j: int) -> Expression | None:
    """√s times a root of ∂²ℓ/∂z²; None for a pair of loss and activation whose roots have no short form."""
    L, (loss, phi) = t.layers, (t.network.loss, t.network.activations[-1])
    natural = phi.name == loss.natural and not phi.custom
    s, a, y = Place("s"), Place(f"A{L}.{j}"), Place(f"Y{L}.{j}")
    if isinstance(phi, Softmax):
        if not natural:
            return None
        total = Sum([Place(f"Y{L}.{i}") for i in range(1, t.sizes[L] + 1)], long=True)
        inside = Product(s, total, Place(f"A{L}.{k}"))
        apart = Sum([Constant(1), a], (1, -1)) if k == j else Sum([a], (-1,))
        return Product(Root(inside), apart)
    assert isinstance(phi, Elementwise)
    if k != j:
        return Constant(0)
    prime: list[Expression] = [] if phi.name == "identity" else [Place(f"P{L}.{j}")]
    if natural and not isinstance(loss, Pointwise):
        return Root(Product(s, *prime))
    if isinstance(loss, Pointwise):
        second = second_of(loss, j, L)
        if second is None:
            return None
        return Product(Root(Product(s, second)), *prime)
    if "log1m_pull_back" in loss.curvature_roots(np.ones((1, 1)), np.ones((1, 1)) / 2):
        slope: Expression = prime[0] if prime else Constant(1)
        rest = Sum([Constant(1), a], (1, -1))
        parts = (
            Product(y, Power(Fraction(slope, a), 2)),
            Product(Sum([Constant(1), y], (1, -1)), Power(Fraction(slope, rest), 2)),
        )
        return Root(Product(s, Sum(parts)))
    return Fraction(Product(Root(Product(s, y)), *(prime or [Constant(1)])), a)


def second_of(loss: Pointwise, j: int, L: int) -> Expression | None:
    """∂²ℓ/∂a² of a pointwise loss."""
    a, y = Place(f"A{L}.{j}"), Place(f"Y{L}.{j}")
    apart = Sum([a, y], (1, -1))
    numbers = dict(loss.parameters)
    if loss.name == "squared_error":
        return named(2 * numbers["factor"])
    if loss.name == "huber":
        limit = numbers["threshold"]

        def beyond(n: Numbers) -> int:
            return int(not abs(n.read(a.name) - n.read(y.name)) < limit)

        return Choice((Constant(1), Constant(0)), beyond)
    if loss.name == "log_cosh":
        return Fraction(Constant(1), Power(Call("cosh", apart), 2))
    return None


def carried(t: Traits, l: int, k: int, j: int) -> Expression:
    """The roots of the layer after it, through its weights and this layer's activation (G2)."""
    phi = t.network.activations[l - 1]

    def g(i: int) -> Expression:
        units = range(1, t.sizes[l + 1] + 1)
        terms = [
            Product(Place(f"E{l + 1}.{k}.{u}"), Place(f"W{l + 1}.{u}.{i}"))
            for u in units
        ]
        total: Expression = Sum(terms, long=True)
        return Product(total, Place(f"M{l}.{i}")) if l in t.masks else total

    if isinstance(phi, Softmax):
        units = range(1, t.sizes[l] + 1)
        mean = Sum([Product(Place(f"A{l}.{i}"), g(i)) for i in units], long=True)
        return Product(Place(f"A{l}.{j}"), Sum([g(j), mean], (1, -1)))
    return g(j) if phi.name == "identity" else Product(g(j), Place(f"P{l}.{j}"))


def residual(t: Traits, l: int, index: Index, style: Style) -> Expression | None:
    """r⁽ᵏ⁾ with Σ_k r⁽ᵏ⁾ Δ⁽ᵏ⁾[L] = s Δ[L], where the loss has a curvature (G1)."""
    (k,), phi = index, t.network.activations[-1]
    s, delta = Place("s"), Place(f"D{l}.{k}")
    if isinstance(phi, Elementwise):
        name = f"E{l}.{k}.{k}"
        quotient = Fraction(Product(s, delta), Place(name))
        return Choice((quotient, Constant(0)), lambda n: int(n.read(name) == 0))
    if phi.name != t.network.loss.natural:
        return Constant(0)
    total = Sum([Place(f"Y{l}.{i}") for i in range(1, t.sizes[l] + 1)], long=True)
    below = Root(Product(total, Place(f"A{l}.{k}")))
    return Product(Root(s), Fraction(delta, below))


def explained(t: Traits, l: int, index: Index, style: Style) -> Expression:
    """J̃ᵀ r in the place of W[l]_kj or b[l]_k (G4)."""
    return carried_back(t, "r", l, index)


def carried_change(t: Traits, l: int, index: Index, style: Style) -> Expression:
    """C δ in the place of W[l]_kj or b[l]_k, as J̃ᵀ (J̃ δ) (G4)."""
    return carried_back(t, "j", l, index)


def carried_back(t: Traits, of: str, l: int, index: Index) -> RowProducts:
    """J̃ᵀ u of numbers u of the rows, in the place of a weight (two indices) or bias (G4)."""
    weighs = tuple(f"A{l - 1}.{j}" for j in index[1:])
    return RowProducts(
        [(f"{of}{t.layers}.{m}", f"E{l}.{m}.{index[0]}", *weighs) for m in roots(t)]
    )


def weight_curvature(t: Traits, l: int, index: Index, style: Style) -> Expression:
    """The diagonal entry of C in the place of W[l]_kj (G6)."""
    k, j = index
    return RowProducts([(f"E{l}.{m}.{k}", f"A{l - 1}.{j}") for m in roots(t)], 2)


def bias_curvature(t: Traits, l: int, index: Index, style: Style) -> Expression:
    """The diagonal entry of C in the place of b[l]_k (G6)."""
    return RowProducts([(f"E{l}.{m}.{index[0]}",) for m in roots(t)], 2)


def gram_entry(t: Traits, index: Index, row: str) -> Expression:
    """J̃ J̃ᵀ of root k of the explained row and root k′ of another, layer by layer (G5)."""
    (k, other), at = index, f"~{row}" if row else ""
    terms = []
    for l in range(1, t.layers + 1):
        if l in t.rules.frozen_layers:
            continue
        deltas = [
            Product(Place(f"E{l}.{k}.{j}"), Place(f"E{l}.{other}.{j}{at}"))
            for j in range(1, t.sizes[l] + 1)
        ]
        inputs: list[Expression] = [
            Product(Place(f"A{l - 1}.{j}"), Place(f"A{l - 1}.{j}{at}"))
            for j in range(1, t.sizes[l - 1] + 1)
        ]
        ones = Sum([*inputs, Constant(1)], long=True, kept=len(inputs))
        terms.append(Product(Sum(deltas, long=True), ones))  # G5
    return Sum(terms)


def change(t: Traits, l: int, index: Index, style: Style) -> Expression:
    """J̃ δ of root k of the row (G3)."""
    (k,), terms = index, []
    for layer in range(1, t.layers + 1):
        for u in range(1, t.sizes[layer] + 1):
            sources = range(1, t.sizes[layer - 1] + 1)
            moved: list[Expression] = [
                Product(Place(f"A{layer - 1}.{j}"), Place(f"sW{layer}.{u}.{j}"))
                for j in sources
            ]
            whole = Sum([*moved, Place(f"sb{layer}.{u}")], long=True, kept=len(moved))
            terms.append(Product(Place(f"E{layer}.{k}.{u}"), whole))
    return Sum(terms, long=True)


def step_of(t: Traits, kind: str, l: int, index: Index) -> Expression:
    """δ of a weight or bias: (C + P + λ I) δ = -g (G7, G8)."""
    if l in t.rules.frozen_layers:
        return Constant(0)
    letter = kind[1]
    place = f"{letter}{l}" + "".join(f".{i}" for i in index)
    found = getattr(t.rules.optimizer, "bayes", False)
    parts: list[Expression] = [Place(f"d{place}")]
    parts += [Product(Place("prior"), Place(place))] if found else []
    held: list[Expression] = [Place("prior")] if found else []
    held += [named(t.rules.l2)] if t.rules.l2 and letter == "W" else []
    below: Expression = Sum([Place("lam"), *held]) if held else Place("lam")
    pulled = Sum([*parts, Place(f"q{place}")])
    return Sum([Fraction(pulled, below)], (-1,))  # G7, G8


def moved(letter: str, l: int, index: Index) -> Expression:
    """The parameter after the step, θ + δ."""
    place = f"{letter}{l}" + "".join(f".{i}" for i in index)
    return Sum([Place(place), Place(f"s{place}")])


def roots(t: Traits) -> range:
    """The numbers of the roots, from 1."""
    return range(1, t.roots + 1)


@final
class RowProducts(Expression):
    """Σ_i Σ_k of products of numbers of row i, or of their powers.

    Parameters
    ----------
    groups : sequence of tuple of str
        For each k the names of the factors.
    power : int
    values : ndarray, optional
        Of one that is filled: the products, row by row.
    """

    def __init__(
        self,
        groups: Sequence[tuple[str, ...]],
        power: int = 1,
        *,
        values: Array | None = None,
    ) -> None:
        self.groups, self.power = tuple(groups), power
        self.values = np.zeros((0, len(self.groups))) if values is None else values

    def filled(self, n: Numbers) -> RowProducts:
        columns = []
        for names in self.groups:
            column = np.ones(n.rows)
            for name in names:
                column = column * n.over_rows(name)
            columns.append(column**self.power)
        values = np.stack(columns, axis=1)
        return RowProducts(self.groups, self.power, values=values)

    def markup(self, terms: int) -> str:
        if not len(self.values):
            return r"\cdots"  # a template has no rows
        shown, rest = largest_terms(self.values.ravel().tolist(), terms)
        return " + ".join(self.term(i).markup(terms) for i in shown) + rest

    def term(self, at: int) -> Expression:
        """The term of one row and one k."""
        row, group = divmod(at, len(self.groups))
        behind = f"~{row}" if len(self.values) > 1 else ""
        factors = [Place(f"{name}{behind}") for name in self.groups[group]]
        product = factors[0] if len(factors) == 1 else Product(*factors)
        return product if self.power == 1 else Power(product, self.power)

    def value(self, read: Read) -> Sized:
        flat = self.values.ravel()
        size = math.fsum(np.abs(flat))
        return math.fsum(flat), size, 4 * len(flat)

    def bracketed(self, terms: int) -> str:
        return f"({self.markup(terms)})"


BUILDERS = {
    "E": root_or_delta,  # G1, G2
    "r": residual,  # G1
    "tW": explained,  # G4
    "tb": explained,
    "cW": weight_curvature,  # G6
    "cb": bias_curvature,
    "j": change,  # G3
    "qW": carried_change,  # G4
    "qb": carried_change,
}
