"""Activations and logarithms in 60 decimal digits, for arguments where the naive formula overflows.

Only `exp` and `ln` of the decimal module are used, whose exponents reach 10^18.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from decimal import Decimal

CONTEXT = decimal.Context(prec=60, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


def _sigmoid(z: Decimal) -> Decimal:
    return 1 / (1 + (-z).exp())


def _softplus(z: Decimal) -> Decimal:
    # beyond e^200 the 1 is lost even in 60 digits, and log(1+e^z) = z + e^-z
    return (1 + z.exp()).ln() if abs(z) < 100 else max(z, Decimal(0)) + (-abs(z)).exp()


def _tanh(z: Decimal) -> Decimal:
    return 1 - 2 / (1 + (2 * z).exp())


def _elu(z: Decimal, alpha: Decimal) -> Decimal:
    return z if z > 0 else alpha * (z.exp() - 1)


def _gelu_tanh(z: Decimal) -> Decimal:
    pi = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
    return z * _sigmoid(2 * (2 / pi).sqrt() * (z + Decimal("0.044715") * z**3))


SCALE, ALPHA = (
    Decimal("1.0507009873554804934193349852946"),
    Decimal("1.6732632423543772848170429916717"),
)

#: name → φ with default parameters. gelu needs Φ, which decimal does not have.
PHI: dict[str, Callable[[Decimal], Decimal]] = {
    "identity": lambda z: z,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": lambda z: max(z, Decimal(0)),
    "leaky_relu": lambda z: z if z > 0 else Decimal("0.01") * z,
    "elu": lambda z: _elu(z, Decimal(1)),
    "selu": lambda z: SCALE * _elu(z, ALPHA),
    "gelu_tanh": _gelu_tanh,
    "silu": lambda z: z * _sigmoid(z),
    "mish": lambda z: z * _tanh(_softplus(z)),
    "softplus": _softplus,
    "softsign": lambda z: z / (1 + abs(z)),
    "hard_sigmoid": lambda z: min(max(z / 6 + Decimal("0.5"), Decimal(0)), Decimal(1)),
    "hard_tanh": lambda z: min(max(z, Decimal(-1)), Decimal(1)),
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


def _log1p(v: Decimal) -> Decimal:
    return (1 + v).ln() if v > Decimal("1e-30") else v
