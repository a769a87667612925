"""Activations and logarithms in 60 decimal digits, for arguments where the naive formula overflows.

Only functions of the decimal module are used, whose exponents reach 10^18. An activation is its formula, read from the
table; that it is the right one is `oracle`'s to say, which has its own.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from decimal import Decimal

from chainrule import ACTIVATIONS
from chainrule.equations.activation import Elementwise

from .written import Arithmetic, evaluated

CONTEXT = decimal.Context(prec=60, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


def _sigmoid(z: Decimal) -> Decimal:
    return 1 / (1 + (-z).exp())


def _softplus(z: Decimal) -> Decimal:
    # beyond e^200 the 1 is lost even in 60 digits, and log(1+e^z) = z + e^-z
    return (1 + z.exp()).ln() if abs(z) < 100 else max(z, Decimal(0)) + (-abs(z)).exp()


def _tanh(z: Decimal) -> Decimal:
    return 1 - 2 / (1 + (2 * z).exp())


def _log1p(v: Decimal) -> Decimal:
    return (1 + v).ln() if v > Decimal("1e-30") else v


DECIMAL = Arithmetic(
    Decimal,
    {
        "exp": Decimal.exp,
        "log": Decimal.ln,
        "sqrt": Decimal.sqrt,
        "abs": abs,
        "sigma": _sigmoid,
        "tanh": _tanh,
        "log1p": _log1p,
    },
)


PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")


def _written(row: Elementwise) -> Callable[[Decimal], Decimal]:
    names = {"pi": PI, **{k: Decimal(str(v)) for k, v in row.parameters}}
    return lambda z: evaluated(row.formula, {"z": z, **names}, DECIMAL)


#: name → φ with default parameters, as its formula is written. gelu needs Φ, which decimal does not have.
PHI: dict[str, Callable[[Decimal], Decimal]] = {
    name: _written(make())
    for name, make in ACTIVATIONS.items()
    if name not in {"gelu", "exp", "softmax"}
}


def phi(name: str, z: float) -> float:
    """φ(z), rounded once."""
    with decimal.localcontext(CONTEXT):
        return float(PHI[name](Decimal(z)))


def phi_prime(name: str, z: float) -> float:
    """φ′(z) by a central difference of step 1e-20 in 60 digits, right to 1e-20."""
    with decimal.localcontext(CONTEXT):
        h = Decimal("1e-20")
        return float((PHI[name](Decimal(z) + h) - PHI[name](Decimal(z) - h)) / (2 * h))


def log_phi(name: str, z: float) -> float:
    """log φ(z)."""
    with decimal.localcontext(CONTEXT):
        return float(
            {
                "sigmoid": lambda v: -_softplus(-v),
                "softplus": _log_softplus,
                "exp": lambda v: v,
            }[name](Decimal(z))
        )


def _log_softplus(z: Decimal) -> Decimal:
    return z - z.exp() / 2 if z < -100 else _softplus(z).ln()


def log1m_sigmoid(z: float) -> float:
    """log(1 - σ(z))."""
    return log_phi("sigmoid", -z)


def log_softmax(z: Sequence[float]) -> list[float]:
    """Log of softmax of a row."""
    with decimal.localcontext(CONTEXT):
        row = [Decimal(v) for v in z]
        whole = sum(v.exp() for v in row).ln()
        return [float(v - whole) for v in row]


def log1m_softmax(z: Sequence[float]) -> list[float]:
    """log(1 - softmax): the sum over the others against the whole."""
    with decimal.localcontext(CONTEXT):
        e = [Decimal(v).exp() for v in z]
        found = []
        for k in range(len(e)):
            others = sum(v for j, v in enumerate(e) if j != k)
            found.append(float(-_log1p(e[k] / others)))
        return found
