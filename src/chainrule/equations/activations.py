"""The table of activations: one row each, with φ and φ′ as functions of arrays and as formulas.

The functions branch on Re z, so that the complex step differentiates each side of a kink exactly. At a kink φ′ is
that of the branch taken there, 0 for ReLU. For |z| up to 1e4 nothing overflows but what is too large, as e^z.

The formulas are expressions of Python over z and the parameters; a is φ(z). Pages and explanations show them and
evaluate them, and the tests compare them with the functions. `p or q` is one number written in two ways: q stands
in where p cancels or overflows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from .activation import Activation, Softmax, row_of
from .arrays import (
    Array,
    array_namespace,
    between,
    clipped,
    magnitude,
    positive,
    real_part,
    sign,
)
from .intervals import NONNEGATIVE, POSITIVE, REALS, UNIT, Interval
from .sigmoids import (
    SIGMOID_LOGARITHMS,
    SOFTPLUS_LOGARITHMS,
    normal_cdf,
    sigmoid,
    sigmoid_prime,
    softplus,
    tanh,
    tanh_prime,
)
from .table import Row

__all__ = ["ACTIVATIONS"]


def _identity(z: Array) -> Array:
    return z


def _identity_prime(z: Array) -> Array:
    return array_namespace(z).ones_like(z)


def _leaky_relu(z: Array, slope: float) -> Array:
    return array_namespace(z).where(positive(z), z, slope * z)


def _leaky_relu_prime(z: Array, slope: float) -> Array:
    return slope + (1 - slope) * _relu_prime(z)


def _relu(z: Array) -> Array:
    xp = array_namespace(z)
    return xp.where(real_part(z) <= 0, xp.zeros_like(z), z)  # NaN stays NaN


def _relu_prime(z: Array) -> Array:
    return array_namespace(z).astype(positive(z), z.dtype)


def _elu(z: Array, alpha: float) -> Array:
    xp = array_namespace(z)
    below = xp.where(positive(z), xp.zeros_like(z), z)
    return xp.where(positive(z), z, alpha * xp.expm1(below))


def _elu_prime(z: Array, alpha: float) -> Array:
    xp = array_namespace(z)
    below = xp.where(positive(z), xp.zeros_like(z), z)
    return xp.where(positive(z), xp.ones_like(z), alpha * xp.exp(below))


SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772


def _selu(z: Array) -> Array:
    return SCALE * _elu(z, ALPHA)


def _selu_prime(z: Array) -> Array:
    return SCALE * _elu_prime(z, ALPHA)


def _gelu(z: Array) -> Array:
    return z * normal_cdf(z)


def _gelu_prime(z: Array) -> Array:
    density = array_namespace(z).exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return normal_cdf(z) + z * density


CUBIC = 0.044715
U = f"sqrt(2 / pi) * (z + {CUBIC} * z**3)"
U_PRIME = f"sqrt(2 / pi) * (1 + 3 * {CUBIC} * z**2)"


def _gelu_tanh(z: Array) -> Array:
    u = math.sqrt(2 / math.pi) * (z + CUBIC * z * z * z)
    return z * sigmoid(2 * u)  # ½ (1 + tanh u) = σ(2u)


def _gelu_tanh_prime(z: Array) -> Array:
    u = math.sqrt(2 / math.pi) * (z + CUBIC * z * z * z)
    u_prime = math.sqrt(2 / math.pi) * (1 + 3 * CUBIC * z * z)
    return sigmoid(2 * u) + 2 * z * u_prime * sigmoid_prime(2 * u)


def _silu(z: Array) -> Array:
    return z * sigmoid(z)


def _silu_prime(z: Array) -> Array:
    return sigmoid(z) + z * sigmoid_prime(z)


SOFTPLUS = "(log1p(exp(z)) or z + log1p(exp(-z)))"
SECH2 = f"4 * sigma(2 * {SOFTPLUS}) * sigma(-(2 * {SOFTPLUS}))"
MISH_PRIME = f"tanh({SOFTPLUS}) + (z * sigma(z) / cosh({SOFTPLUS})**2 or z * sigma(z) * ({SECH2}))"


def _mish(z: Array) -> Array:
    return z * tanh(softplus(z))


def _mish_prime(z: Array) -> Array:
    s = softplus(z)
    return tanh(s) + z * tanh_prime(s) * sigmoid(z)


def _squareplus(z: Array, b: float) -> Array:
    xp = array_namespace(z)
    far = xp.sqrt(z * z + b) + magnitude(z)  # the end that does not cancel
    return xp.where(positive(z), far, b / far) / 2


def _squareplus_prime(z: Array, b: float) -> Array:
    return _squareplus(z, b) / array_namespace(z).sqrt(z * z + b)


def _softsign(z: Array) -> Array:
    xp, size = array_namespace(z), 1 + magnitude(z)
    a = z / size
    if xp.isdtype(z.dtype, "complex floating"):  # far out Im a would cancel
        a = xp.where(real_part(size) > 2, sign(z) * (1 - 1 / size), a)
    return a


def _softsign_prime(z: Array) -> Array:
    return (1 + magnitude(z)) ** -2


def _hard_sigmoid(z: Array) -> Array:
    return clipped(z / 6 + 0.5, 0.0, 1.0)


def _hard_sigmoid_prime(z: Array) -> Array:
    return between(z, -3.0, 3.0) / 6


def _hard_tanh(z: Array) -> Array:
    return clipped(z, -1.0, 1.0)


def _hard_tanh_prime(z: Array) -> Array:
    return between(z, -1.0, 1.0)


def _exp(z: Array) -> Array:
    return array_namespace(z).exp(z)


def _least(low: float) -> Interval:
    """The range of a function whose smallest value is `low`."""
    return Interval(low, math.inf, low_closed=True)


#: One row each: name, φ, φ′, range, source, kinks; parameters.
ROWS: tuple[Row[Activation], ...] = (
    row_of("identity", (_identity, "z"), (_identity_prime, "1"), REALS, "S4 (1)"),
    row_of(
        "sigmoid",
        (sigmoid, "1 / (1 + exp(-z)) or exp(z) / (1 + exp(z))"),
        (sigmoid_prime, "a * (1 - a) or sigma(z) * sigma(-z)"),
        UNIT,
        "S3.E2",
        logarithms=SIGMOID_LOGARITHMS,
    ),
    row_of(
        "tanh",
        (tanh, "tanh(z)"),
        (tanh_prime, "1 - a**2 or 1 / cosh(z)**2"),
        Interval(-1.0, 1.0),
        "LeCun 1989",
    ),
    row_of(
        "relu",
        (_relu, "max(z, 0)"),
        (_relu_prime, "1 if z > 0 else 0"),
        NONNEGATIVE,
        "Nair & Hinton 2010; S1.E15",
        0.0,
    ),
    row_of(
        "leaky_relu",
        (_leaky_relu, "z if z > 0 else slope * z"),
        (_leaky_relu_prime, "1 if z > 0 else slope"),
        lambda slope: REALS if slope > 0 else NONNEGATIVE,
        "Maas, Hannun & Ng 2013",
        0.0,
        slope=(0.01, NONNEGATIVE),
    ),
    row_of(
        "elu",
        (_elu, "z if z > 0 else alpha * (exp(z) - 1)"),
        (_elu_prime, "1 if z > 0 else alpha * exp(z)"),
        lambda alpha: Interval(-alpha, math.inf),
        "Clevert, Unterthiner & Hochreiter 2016",
        0.0,
        alpha=(1.0, POSITIVE),
    ),
    row_of(
        "selu",
        (_selu, f"{SCALE} * z if z > 0 else {SCALE} * ({ALPHA} * (exp(z) - 1))"),
        (_selu_prime, f"{SCALE} if z > 0 else {SCALE} * ({ALPHA} * exp(z))"),
        Interval(-SCALE * ALPHA, math.inf),
        "Klambauer et al. 2017",
        0.0,
    ),
    row_of(
        "gelu",
        (_gelu, "z * Phi(z)"),
        (_gelu_prime, "Phi(z) + z * density(z)"),
        _least(-0.16998),
        "Hendrycks & Gimpel 2016",
    ),
    row_of(
        "gelu_tanh",
        (_gelu_tanh, f"z * sigma(2 * ({U}))"),
        (
            _gelu_tanh_prime,
            f"sigma(2 * ({U})) + 2 * z * ({U_PRIME}) * sigma(2 * ({U})) * sigma(-(2 * ({U})))",
        ),
        _least(-0.17005),
        "Hendrycks & Gimpel 2016",
    ),
    row_of(
        "silu",
        (_silu, "z * sigma(z)"),
        (_silu_prime, "sigma(z) + z * sigma(z) * sigma(-z)"),
        _least(-0.27847),
        "Elfwing, Uchibe & Doya 2018",
    ),
    row_of(
        "mish",
        (_mish, f"z * tanh({SOFTPLUS})"),
        (_mish_prime, MISH_PRIME),
        _least(-0.30885),
        "Misra 2020",
    ),
    row_of(
        "softplus",
        (softplus, SOFTPLUS),
        (sigmoid, "sigma(z)"),
        POSITIVE,
        "Dugas et al. 2001",
        logarithms=SOFTPLUS_LOGARITHMS,
    ),
    row_of(
        "squareplus",
        (_squareplus, "(z + sqrt(z**2 + b)) / 2 or b / (2 * (sqrt(z**2 + b) - z))"),
        (_squareplus_prime, "a / sqrt(z**2 + b)"),
        POSITIVE,
        "Barron 2021",
        b=(4.0, POSITIVE),
    ),
    row_of(
        "softsign",
        (_softsign, "z / (1 + abs(z))"),
        (_softsign_prime, "1 / (1 + abs(z))**2"),
        Interval(-1.0, 1.0),
        "Glorot & Bengio 2010",
        0.0,
    ),
    row_of(
        "hard_sigmoid",
        (_hard_sigmoid, "0 if z <= -3 else 1 if z >= 3 else z / 6 + 1 / 2"),
        (_hard_sigmoid_prime, "1 / 6 if -3 < z < 3 else 0"),
        Interval(0.0, 1.0, True, True),
        "Howard et al. 2019",
        *(-3.0, 3.0),
    ),
    row_of(
        "hard_tanh",
        (_hard_tanh, "-1 if z <= -1 else 1 if z >= 1 else z"),
        (_hard_tanh_prime, "1 if -1 < z < 1 else 0"),
        Interval(-1.0, 1.0, True, True),
        "Collobert 2004",
        *(-1.0, 1.0),
    ),
    row_of(
        "exp",
        (_exp, "exp(z)"),
        (_exp, "exp(z)"),
        POSITIVE,
        "McCullagh & Nelder 1989",
        logarithms={"log_phi": _identity, "log_phi_prime": _identity_prime},
    ),
    Row("softmax", Softmax),
)
#: name → the row, which called makes the activation, from its parameters where it has some.
ACTIVATIONS: Mapping[str, Callable[..., Activation]] = MappingProxyType(
    {row.name: row for row in ROWS}
)
