"""φ, φ′, ℓ and ∂ℓ/∂a of the tables as formulas over numbers (F2, B2, J1, B1).

Each is written here a second time, for one number, and evaluated by Python's own `math`: it shows what the tables
compute, and checks them. A function of the user's own has no formula; it is named, and evaluated again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..equations.activation import Activation
from ..equations.activations import GELU_CUBIC, SELU_ALPHA, SELU_SCALE
from ..equations.losses import Loss
from .expressions import (
    Branch,
    Call,
    Constant,
    Expression,
    Fraction,
    Power,
    Product,
    Read,
    Sized,
    Sum,
)

__all__ = ["activation_of", "loss_of", "loss_slope_of", "slope_of"]

Parameters = dict[str, Any]
Builder = Callable[[Expression, float, Parameters], Expression]

ONE, TWO, HALF = Constant(1), Constant(2), Constant(0.5, r"\frac{1}{2}")


def minus(a: Expression, b: Expression) -> Expression:
    return Sum([a, b], (1, -1))


def plus(a: Expression, b: Expression) -> Expression:
    return Sum([a, b])


def named(number: float) -> Constant:
    """A number of the formula itself, written with six digits."""
    mantissa, _, exponent = f"{number:.6g}".partition("e")
    mantissa = mantissa.replace("-", r"\minus ")
    if not exponent:
        return Constant(number, mantissa)
    power = rf"10^{{{int(exponent)}}}".replace("-", r"\minus ")
    return Constant(number, power if mantissa == "1" else rf"{mantissa} \cdot {power}")


def scaled(number: float, expression: Expression) -> Expression:
    return Product(named(number), expression)


def sigma(z: Expression) -> Expression:
    return Call("sigma", z)


def logistic(z: Expression, at: float, p: Parameters) -> Expression:
    if at < -30:  # e^-z would swamp the 1
        return Fraction(Call("exp", z), plus(ONE, Call("exp", z)))
    return Fraction(ONE, plus(ONE, Call("exp", Sum([z], (-1,)))))


def logistic_slope(z: Expression, at: float, p: Parameters) -> Expression:
    return Product(sigma(z), sigma(Sum([z], (-1,))))


def tanh_slope(z: Expression, at: float, p: Parameters) -> Expression:
    if abs(at) > 5:  # 1 - tanh² would cancel
        return Fraction(ONE, Power(Call("cosh", z), 2))
    return minus(ONE, Power(Call("tanh", z), 2))


def either(
    condition: bool, when: Expression, otherwise: Expression, at: str = "0"
) -> Expression:
    return Branch(when, f"z > {at}") if condition else Branch(otherwise, f"z ≤ {at}")


def elu(z: Expression, at: float, p: Parameters) -> Expression:
    return either(at > 0, z, Product(named(p["alpha"]), minus(Call("exp", z), ONE)))


def elu_slope(z: Expression, at: float, p: Parameters) -> Expression:
    return either(at > 0, ONE, Product(named(p["alpha"]), Call("exp", z)))


def clipped(
    z: Expression,
    at: float,
    low: float,
    high: float,
    inside: Expression,
    outside: Sequence[float],
) -> Expression:
    if at <= low:
        return Branch(Constant(outside[0]), f"z ≤ {low:g}")
    return (
        Branch(Constant(outside[1]), f"z ≥ {high:g}")
        if at >= high
        else Branch(inside, f"{low:g} < z < {high:g}")
    )


def cubic(z: Expression) -> Expression:
    inner = plus(z, scaled(GELU_CUBIC, Power(z, 3)))
    return Product(Constant(math.sqrt(2 / math.pi), r"\sqrt{\frac{2}{\pi}}"), inner)


def cubic_slope(z: Expression) -> Expression:
    inner = plus(ONE, Product(Constant(3), named(GELU_CUBIC), Power(z, 2)))
    return Product(Constant(math.sqrt(2 / math.pi), r"\sqrt{\frac{2}{\pi}}"), inner)


def softsign_bottom(z: Expression) -> Expression:
    return plus(ONE, Call("abs", z))


#: name → φ and φ′ over z, of which `at` is the value.
ELEMENTWISE: dict[str, tuple[Builder, Builder]] = {
    "identity": (lambda z, at, p: z, lambda z, at, p: ONE),
    "sigmoid": (logistic, logistic_slope),
    "tanh": (lambda z, at, p: Call("tanh", z), tanh_slope),
    "relu": (
        lambda z, at, p: either(at > 0, z, Constant(0)),
        lambda z, at, p: either(at > 0, ONE, Constant(0)),
    ),
    "leaky_relu": (
        lambda z, at, p: either(at > 0, z, scaled(p["slope"], z)),
        lambda z, at, p: either(at > 0, ONE, named(p["slope"])),
    ),
    "elu": (elu, elu_slope),
    "selu": (
        lambda z, at, p: scaled(SELU_SCALE, elu(z, at, {"alpha": SELU_ALPHA})),
        lambda z, at, p: scaled(SELU_SCALE, elu_slope(z, at, {"alpha": SELU_ALPHA})),
    ),
    "gelu": (
        lambda z, at, p: Product(z, Call("Phi", z)),
        lambda z, at, p: plus(Call("Phi", z), Product(z, Call("density", z))),
    ),
    "gelu_tanh": (
        lambda z, at, p: Product(z, sigma(Product(TWO, cubic(z)))),
        lambda z, at, p: plus(
            sigma(Product(TWO, cubic(z))),
            Product(
                TWO,
                z,
                cubic_slope(z),
                sigma(Product(TWO, cubic(z))),
                sigma(Sum([Product(TWO, cubic(z))], (-1,))),
            ),
        ),
    ),
    "silu": (
        lambda z, at, p: Product(z, sigma(z)),
        lambda z, at, p: plus(sigma(z), Product(z, sigma(z), sigma(Sum([z], (-1,))))),
    ),
    "mish": (
        lambda z, at, p: Product(z, Call("tanh", Call("softplus", z))),
        lambda z, at, p: plus(
            Call("tanh", Call("softplus", z)),
            Product(
                z, Fraction(ONE, Power(Call("cosh", Call("softplus", z)), 2)), sigma(z)
            ),
        ),
    ),
    "softplus": (
        lambda z, at, p: (
            Call("softplus", z)
            if abs(at) > 20
            else Call("log", plus(ONE, Call("exp", z)))
        ),
        lambda z, at, p: sigma(z),
    ),
    "softsign": (
        lambda z, at, p: Fraction(z, softsign_bottom(z)),
        lambda z, at, p: Fraction(ONE, Power(softsign_bottom(z), 2)),
    ),
    "hard_sigmoid": (
        lambda z, at, p: clipped(
            z, at, -3, 3, plus(Fraction(z, Constant(6)), HALF), (0, 1)
        ),
        lambda z, at, p: clipped(z, at, -3, 3, Fraction(ONE, Constant(6)), (0, 0)),
    ),
    "hard_tanh": (
        lambda z, at, p: clipped(z, at, -1, 1, z, (-1, 1)),
        lambda z, at, p: clipped(z, at, -1, 1, ONE, (0, 0)),
    ),
    "exp": (lambda z, at, p: Call("exp", z), lambda z, at, p: Call("exp", z)),
}


class Own(Expression):
    """A function of the user's own at a number, evaluated as the user wrote it."""

    def __init__(
        self,
        written: str,
        arguments: Sequence[Expression],
        function: Callable[..., Any],
    ) -> None:
        self.written, self.arguments, self.function = (
            written,
            tuple(arguments),
            function,
        )

    def markup(self, terms: int) -> str:
        return f"{self.written}({', '.join(argument.enclosed(terms) for argument in self.arguments)})"

    def value(self, read: Read) -> Sized:
        found = float(
            self.function(
                *(np.array([argument.value(read)[0]]) for argument in self.arguments)
            )[0]
        )
        return found, abs(found)

    @property
    def leaves(self) -> int:
        return len(self.arguments)


def activation_of(phi: Activation, z: Expression, read: Read) -> Expression:
    """φ(z) of an elementwise activation (F2)."""
    if phi.name not in ELEMENTWISE or getattr(phi, "own", False):
        return Own(r"\phi", [z], phi.value)
    return ELEMENTWISE[phi.name][0](z, z.value(read)[0], phi.specification())


def slope_of(phi: Any, z: Expression, a: Expression | None, read: Read) -> Expression:
    """φ′(z) of an elementwise activation (B2); from a = φ(z) where that is shorter and does not cancel."""
    if phi.name not in ELEMENTWISE or phi.own:
        return Own(r"\phi^{\prime}", [z], phi.derivative)
    if a is not None and abs(z.value(read)[0]) < 5 and phi.name == "sigmoid":
        return Product(a, minus(ONE, a))
    if a is not None and abs(z.value(read)[0]) < 5 and phi.name == "tanh":
        return minus(ONE, Power(a, 2))
    return ELEMENTWISE[phi.name][1](z, z.value(read)[0], phi.specification())


# Losses: of each output k, its term of ℓ and ∂ℓ/∂a_k.

Term = Callable[[Expression, Expression, Read, Parameters], Expression]


def size_of(
    a: Expression, y: Expression, read: Read
) -> tuple[float, Expression, Expression]:
    """The residual a - y, as a number, as a formula, and |r| as a formula."""
    r = a.value(read)[0] - y.value(read)[0]
    return r, minus(a, y), minus(a, y) if r > 0 else minus(y, a)


def squared(a: Expression, y: Expression, read: Read, p: Parameters) -> Expression:
    term = Power(minus(a, y), 2)
    return term if p["factor"] == 1 else Product(factor_of(p["factor"]), term)


def squared_slope(
    a: Expression, y: Expression, read: Read, p: Parameters
) -> Expression:
    return (
        minus(a, y)
        if p["factor"] == 0.5
        else Product(factor_of(2 * p["factor"]), minus(a, y))
    )


def factor_of(number: float) -> Constant:
    return HALF if number == 0.5 else named(number)


def absolute(a: Expression, y: Expression, read: Read, p: Parameters) -> Expression:
    return Call("abs", minus(a, y))


def sign_of(r: float, words: str = "a − y") -> Expression:
    return Branch(
        Constant(float(np.sign(r))),
        f"{words} {'>' if r > 0 else '<' if r < 0 else '='} 0",
    )


def huber(a: Expression, y: Expression, read: Read, p: Parameters) -> Expression:
    r, difference, size = size_of(a, y, read)
    if abs(r) > p["threshold"]:
        t = p["threshold"]
        return Branch(Product(named(t), minus(size, named(t / 2))), f"|a − y| > {t:g}")
    return Branch(Product(HALF, Power(difference, 2)), f"|a − y| ≤ {p['threshold']:g}")


def huber_slope(a: Expression, y: Expression, read: Read, p: Parameters) -> Expression:
    r, difference, _ = size_of(a, y, read)
    if abs(r) > p["threshold"]:
        return Branch(
            Constant(float(np.sign(r)) * p["threshold"]),
            f"|a − y| > {p['threshold']:g}",
        )
    return Branch(difference, f"|a − y| ≤ {p['threshold']:g}")


def log_cosh(a: Expression, y: Expression, read: Read, p: Parameters) -> Expression:
    r, difference, size = size_of(a, y, read)
    if abs(r) < 20:
        return Call("log", Call("cosh", difference))
    return minus(size, Constant(math.log(2), r"\log 2"))


def pinball_level(k: int, p: Parameters) -> float:
    levels = p["quantiles"]
    return float(levels[k % len(levels)])


def cross_entropy(
    a: Expression, y: Expression, read: Read, p: Parameters
) -> Expression:
    return Sum([Product(y, Call("log", a))], (-1,))


def cross_entropy_slope(
    a: Expression, y: Expression, read: Read, p: Parameters
) -> Expression:
    return Sum([Fraction(y, a)], (-1,))


def binary(a: Expression, y: Expression, read: Read, p: Parameters) -> Expression:
    at = y.value(read)[0]
    one, other = (
        Product(y, Call("log", a)),
        Product(minus(ONE, y), Call("log", minus(ONE, a))),
    )
    kept = [part for part, weight in ((one, at), (other, 1 - at)) if weight]
    return Sum(kept, (-1,) * len(kept))


def binary_slope(a: Expression, y: Expression, read: Read, p: Parameters) -> Expression:
    return Sum([Fraction(y, a), Fraction(minus(ONE, y), minus(ONE, a))], (-1, 1))


def poisson(a: Expression, y: Expression, read: Read, p: Parameters) -> Expression:
    if y.value(read)[0] == 0:
        return Branch(a, "y = 0")
    return Sum(
        [a, Product(y, Call("log", a)), Product(y, Call("log", y)), y], (1, -1, 1, -1)
    )


def poisson_slope(
    a: Expression, y: Expression, read: Read, p: Parameters
) -> Expression:
    return minus(ONE, Fraction(y, a))


LOSS_TERMS: dict[str, tuple[Term, Term]] = {
    "squared_error": (squared, squared_slope),
    "absolute_error": (absolute, lambda a, y, read, p: sign_of(size_of(a, y, read)[0])),
    "huber": (huber, huber_slope),
    "log_cosh": (log_cosh, lambda a, y, read, p: Call("tanh", minus(a, y))),
    "cross_entropy": (cross_entropy, cross_entropy_slope),
    "binary_cross_entropy": (binary, binary_slope),
    "poisson": (poisson, poisson_slope),
}


def term_of(
    loss: Loss, a: Sequence[Expression], y: Sequence[Expression], k: int, read: Read
) -> Expression:
    """What output k adds to ℓ."""
    if loss.name == "pinball":
        q = pinball_level(k, loss.specification())
        r = y[k].value(read)[0] - a[k].value(read)[0]
        level = named(q if r > 0 else 1 - q)
        return Branch(
            Product(level, minus(y[k], a[k]) if r > 0 else minus(a[k], y[k])),
            f"y {'>' if r > 0 else '≤'} a",
        )
    if loss.name not in LOSS_TERMS or loss.own:
        return Own(r"\ell", [y[k], a[k]], getattr(loss, "ell"))  # noqa: B009  # only a Pointwise can be one's own
    return LOSS_TERMS[loss.name][0](a[k], y[k], read, loss.specification())


def loss_of(
    loss: Loss, a: Sequence[Expression], y: Sequence[Expression], read: Read
) -> Expression:
    """ℓ(y, a), a sum over outputs (J1)."""
    outputs = list(range(len(a)))
    if loss.name == "cross_entropy":
        outputs = [
            k for k in outputs if y[k].value(read)[0] != 0
        ]  # 0 · log a says nothing
    terms = [term_of(loss, a, y, k, read) for k in outputs]
    if loss.name in ("cross_entropy", "binary_cross_entropy") and len(terms) == 1:
        return terms[0]
    return Sum(terms, read=read)


def loss_slope_of(
    loss: Loss, a: Sequence[Expression], y: Sequence[Expression], k: int, read: Read
) -> Expression:
    """∂ℓ/∂a_k (B1)."""
    if loss.name == "pinball":
        q = pinball_level(k, loss.specification())
        r = y[k].value(read)[0] - a[k].value(read)[0]
        return Branch(
            Constant(-q if r > 0 else 1 - q if r < 0 else 0.0),
            f"y {'>' if r > 0 else '<' if r else '='} a",
        )
    if loss.name not in LOSS_TERMS or loss.own:
        return Own(r"\ell^{\prime}", [y[k], a[k]], getattr(loss, "ell_prime"))  # noqa: B009
    return LOSS_TERMS[loss.name][1](a[k], y[k], read, loss.specification())
