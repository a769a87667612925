"""Every number of a pass as a formula over the numbers before it: F0 to F2, J1, J2, B1 to B4. `updates` has U1.

A formula is a template: it has names of numbers, and no numbers. The equations are written here once more, for one
number each, over the names of `numbers`; φ, ℓ and the rules of optimizers are read from their tables (`functions`,
`updates`). How a sum is ordered and where its bias stands is the notation's, and changes no value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import final

import numpy as np

from ..documents.spelling import Style, parts_of
from ..equations.activation import Elementwise, Softmax
from ..equations.arrays import Array
from ..equations.losses import CrossEntropy
from . import damped_formulas
from .calls import Share
from .choices import Choice, Decision
from .expressions import (
    Constant,
    Expression,
    Fraction,
    Place,
    Power,
    Product,
    Read,
    Sized,
    Sum,
    largest_terms,
)
from .formulas import named, number
from .functions import activation_of, loss_of, loss_slope_of, slope_of
from .numbers import Numbers
from .traits import Traits
from .updates import update

__all__ = ["FEW_ROWS", "RowSum", "formula", "short_delta"]

#: A sum over so many rows is taken of the numbers in its places, one over more of whole arrays.
FEW_ROWS = 8
#: A penalty of more weights than this is not written out.
MOST_PENALIZED = 2000


#: Terms as the one notation orders them.
PLAIN = Style()


def formula(t: Traits, name: str, style: Style = PLAIN) -> Expression | None:
    """The formula of a number; None for what is given: inputs, targets, parameters, the learning rate."""
    kind, layer, index = parts_of(name)
    if kind.endswith("+"):
        return update(t, kind, layer, index)
    if kind == "K":
        return damped_formulas.gram_entry(t, index, name.partition("~")[2])
    if kind in ("sW", "sb"):
        return damped_formulas.step_of(t, kind, layer, index)
    build = BUILDERS.get(kind)
    if build is None or (kind == "A" and layer == 0 and 0 not in t.masks):
        return None
    return build(t, layer, index, style)


def minus(a: Expression, b: Expression) -> Sum:
    """The difference a - b."""
    return Sum([a, b], (1, -1))


def pre_activation(
    t: Traits, l: int, index: tuple[int, ...], style: Style
) -> Expression:
    """Z[l]_k = Σ_j A[l-1]_j W[l]_kj + b[l]_k (F1)."""
    k = index[0]
    terms = [
        weighted(f"W{l}.{k}.{j}", f"A{l - 1}.{j}", style)
        for j in range(1, t.sizes[l - 1] + 1)
    ]
    bias: Expression = Place(f"b{l}.{k}")
    if style.constant:
        bias = weighted(f"b{l}.{k}", f"one{l - 1}", style)
    if style.constant == "first":
        return Sum([bias, *terms], long=True, kept=0)
    return Sum([*terms, bias], long=True, kept=len(terms))


def weighted(w: str, a: str, style: Style) -> Product:
    """The product of a weight and what it weighs, in the order of a notation."""
    return (
        Product(Place(w), Place(a))
        if style.weight_first
        else Product(Place(a), Place(w))
    )


def activation(t: Traits, l: int, index: tuple[int, ...], style: Style) -> Expression:
    """A[l]_k = φ_l(Z[l])_k M[l]_k (F2), and A[0] = X M[0] (F0)."""
    k = index[0]
    if l == 0:
        return Product(Place(f"X0.{k}"), Place(f"M0.{k}"))
    phi = t.network.activations[l - 1]
    if isinstance(phi, Softmax):
        z: list[Expression] = [Place(f"Z{l}.{i}") for i in range(1, t.sizes[l] + 1)]
        value: Expression = Share(k - 1, z)
    else:
        value = activation_of(phi, Place(f"Z{l}.{k}"))
    return Product(value, Place(f"M{l}.{k}")) if l in t.masks else value


def slope(t: Traits, l: int, index: tuple[int, ...], style: Style) -> Expression:
    """φ′_l(Z[l]_k)."""
    a = None if l in t.masks else Place(f"A{l}.{index[0]}")
    phi = t.network.activations[l - 1]
    assert isinstance(phi, Elementwise)
    return slope_of(phi, Place(f"Z{l}.{index[0]}"), a)


def outputs(t: Traits) -> tuple[list[Expression], list[Expression]]:
    """The places of a and y."""
    width = range(1, t.sizes[-1] + 1)
    return [Place(f"A{t.layers}.{k}") for k in width], [
        Place(f"Y{t.layers}.{k}") for k in width
    ]


def row_loss(t: Traits, l: int, index: tuple[int, ...], style: Style) -> Expression:
    """ℓ(y, a)."""
    return loss_of(t.network.loss, *outputs(t))


def objective(t: Traits, l: int, index: tuple[int, ...], style: Style) -> Expression:
    """J = Σ_i s_i ℓ_i + R (J1)."""
    if style.share and t.rows > 1:
        total: Expression = Sum([Place(f"ell~{i}") for i in range(t.rows)], long=True)
        shared = Product(one_nth(t), total) if style.share == "1/N" else total
        penalized = t.penalized
        return Sum([shared, Place("R")]) if penalized else shared
    rows: list[Expression] = [
        Product(Place(f"s~{i}"), Place(f"ell~{i}")) for i in range(t.rows)
    ]
    if not (t.penalized):
        return Sum(rows, long=True)
    return Sum([*rows, Place("R")], long=True, kept=len(rows))


def size(name: str) -> Choice:
    """|w|."""
    options = Sum([Place(name)], (-1,)), Sum([Place(name)])
    return Choice(options, Decision("positive", (name,)))


def penalty(
    t: Traits, l: int, index: tuple[int, ...], style: Style
) -> Expression | None:
    """R = l1 Σ |W| + ½ l2 Σ W² (J2)."""
    shapes = [(l, t.sizes[l], t.sizes[l - 1]) for l in range(1, t.layers + 1)]
    if sum(rows * columns for _, rows, columns in shapes) > MOST_PENALIZED:
        return None
    names = [
        f"W{l}.{k}.{j}"
        for l, rows, columns in shapes
        for k in range(1, rows + 1)
        for j in range(1, columns + 1)
    ]
    l1, l2 = t.rules.l1, t.rules.l2
    parts: list[Expression] = []
    if l1:
        sizes = [size(name) for name in names]
        parts.append(Product(named(l1), Sum(sizes, long=True)))
    if l2:
        parts.append(
            Product(
                named(l2 / 2),
                Sum([Power(Place(name), 2) for name in names], long=True),
            )
        )
    return Sum(parts)


def delta(t: Traits, l: int, index: tuple[int, ...], style: Style) -> Expression:
    """Δ[L] = ∂ℓ/∂Z[L] (B1); Δ[l] = ∂ℓ/∂A[l] ⊙ M[l] ⊙ φ′_l(Z[l]) (B2)."""
    k = index[0]
    phi = t.network.activations[l - 1]
    if l == t.layers:
        short = short_delta(t, k)
        if short is not None:
            return short
    g: Expression = Place(f"G{l}.{k}")
    if isinstance(phi, Softmax):
        return softmax_delta(t, l, k)
    mask = [Place(f"M{l}.{k}")] if l in t.masks else []
    prime = [] if phi.name == "identity" else [Place(f"P{l}.{k}")]  # which is 1
    return Product(g, *mask, *prime)


def short_delta(t: Traits, k: int) -> Expression | None:
    """The short forms of B1: softmax with cross-entropy, and the pairs whose Δ[L] is a - y, or a multiple of it."""
    loss, phi = t.network.loss, t.network.activations[-1]
    a, y = outputs(t)
    if isinstance(loss, CrossEntropy) and isinstance(phi, Softmax):
        weighed = minus(Product(Sum(y, long=True), a[k - 1]), y[k - 1])
        return Choice(
            (weighed, minus(a[k - 1], y[k - 1])),
            Decision("add to 1", tuple(f"Y{t.layers}.{i + 1}" for i in range(len(y)))),
        )
    if loss.custom or phi.custom:
        return None
    if (loss.name, phi.name) in (
        ("poisson", "exp"),
        ("binary_cross_entropy", "sigmoid"),
    ):
        return minus(a[k - 1], y[k - 1])
    if (loss.name, phi.name) == ("squared_error", "identity"):
        factor = loss.specification()["factor"]
        difference = minus(a[k - 1], y[k - 1])
        return difference if factor == 0.5 else Product(number(2 * factor), difference)
    return None


def softmax_delta(t: Traits, l: int, k: int) -> Expression:
    """a_k (g_k - Σ_i a_i g_i), with g = ∂ℓ/∂A[l] ⊙ M[l] and a without the mask (B2 for a vector activation)."""
    masked = l in t.masks

    def g(i: int) -> Expression:
        place = Place(f"G{l}.{i}")
        return Product(place, Place(f"M{l}.{i}")) if masked else place

    def a(i: int) -> Expression:
        if not masked:
            return Place(f"A{l}.{i}")
        return Share(i - 1, [Place(f"Z{l}.{m}") for m in range(1, t.sizes[l] + 1)])

    units = range(1, t.sizes[l] + 1)
    return Product(
        a(k), minus(g(k), Sum([Product(a(i), g(i)) for i in units], long=True))
    )


def activation_gradient(
    t: Traits, l: int, index: tuple[int, ...], style: Style
) -> Expression:
    """∂ℓ/∂A[L] of the loss; ∂ℓ/∂A[l]_j = Σ_k Δ[l+1]_k W[l+1]_kj (B2, B4), times the mask of the input for dX."""
    j = index[0]
    if l == t.layers:
        return loss_slope_of(t.network.loss, *outputs(t), j - 1)
    above = range(1, t.sizes[l + 1] + 1)
    total = Sum(
        [weighted(f"W{l + 1}.{k}.{j}", f"D{l + 1}.{k}", style) for k in above],
        long=True,
    )
    return Product(total, Place(f"M0.{j}")) if l == 0 and 0 in t.masks else total


def weight_gradient(
    t: Traits, l: int, index: tuple[int, ...], style: Style
) -> Expression:
    """∂J/∂W[l]_kj = Σ_i s_i Δ[l]_ik A[l-1]_ij + ∂R/∂W[l]_kj (B3)."""
    k, j = index
    parts = over_rows(t, f"D{l}.{k}", f"A{l - 1}.{j}", style.share)
    l1, l2 = t.rules.l1, t.rules.l2
    w = Place(f"W{l}.{k}.{j}")
    more: list[Expression] = []
    if l1:
        ends = (Constant(l1 * sign) for sign in (0, 1, -1))
        more.append(Choice((*ends,), Decision("sign", (w.name,))))
    if l2:
        more.append(Product(named(l2), w))
    return Sum([parts, *more]) if more else parts


def bias_gradient(
    t: Traits, l: int, index: tuple[int, ...], style: Style
) -> Expression:
    """∂J/∂b[l]_k = Σ_i s_i Δ[l]_ik (B3)."""
    one = f"one{l - 1}" if style.constant else ""
    return over_rows(t, f"D{l}.{index[0]}", one, style.share)


def one_nth(t: Traits) -> Fraction:
    """1/N, before a sum over samples."""
    return Fraction(Constant(1), Place("N"))


def over_rows(t: Traits, delta: str, a: str, share: str) -> Expression:
    """Σ_i s_i Δ_i A_i, or 1/N Σ_i Δ_i A_i; the product itself where there is one row of share 1."""
    if t.rows == 1:
        factors = [Place(delta), *([Place(a)] if a else [])]
        options = Product(Place("s"), *factors), Product(*factors)
        return Choice(options, Decision("is 1", ("s",)))

    if share == "1/N":
        return Product(one_nth(t), RowSum(delta, a, shares=False))
    return RowSum(delta, a, shares=not share)


@final
class RowSum(Expression):
    """Σ_i s_i Δ_i A_i over the rows of a batch, which may be many; without s_i where there are no `shares`."""

    def __init__(
        self, delta: str, a: str, *, shares: bool, values: Array | None = None
    ) -> None:
        self.delta, self.a, self.shares = delta, a, shares
        self.values = np.zeros(0) if values is None else values

    def filled(self, n: Numbers) -> RowSum:
        values = n.over_rows(self.delta)
        if self.shares:
            values = n.arrays["s"].astype(np.float64) * values
        if self.a and not self.a.startswith("one"):
            values = values * n.over_rows(self.a)
        return RowSum(self.delta, self.a, shares=self.shares, values=values)

    def markup(self, terms: int) -> str:
        shown, rest = largest_terms(self.values.tolist(), terms)
        return " + ".join(self.term(i).markup(terms) for i in shown) + rest

    def term(self, row: int) -> Product:
        """The term of one row."""
        factors: list[Expression] = [Place(f"s~{row}")] if self.shares else []
        factors.append(Place(f"{self.delta}~{row}"))
        if self.a:
            factors.append(
                Place(self.a if self.a.startswith("one") else f"{self.a}~{row}")
            )
        return Product(*factors)

    def value(self, read: Read) -> Sized:
        if len(self.values) <= FEW_ROWS:
            terms = [self.term(row) for row in range(len(self.values))]
            return Sum(terms).value(read)
        size = math.fsum(np.abs(self.values))
        return math.fsum(self.values), size, 4 * len(self.values)

    def bracketed(self, terms: int) -> str:
        return f"({self.markup(terms)})"


Build = Callable[[Traits, int, tuple[int, ...], Style], Expression | None]

BUILDERS: dict[str, Build] = {
    "A": activation,  # F0, F2
    "Z": pre_activation,  # F1
    "P": slope,
    "ell": row_loss,
    "J": objective,  # J1
    "R": penalty,  # J2
    "D": delta,  # B1, B2
    "G": activation_gradient,  # B2, B4
    "dW": weight_gradient,  # B3
    "db": bias_gradient,  # B3
    **damped_formulas.BUILDERS,  # G1-G6
}
