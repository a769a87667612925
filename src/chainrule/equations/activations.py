"""The table of activations: φ and φ′ side by side, their ranges and kinks.

Every function branches on Re z, so that the complex step differentiates it exactly on each
side of a kink. At a kink φ′ is the value of the branch taken there, 0 for ReLU. Nothing
overflows for |z| up to 1e4 but what is too large to be represented, as e^z.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..errors import InputError, is_number
from .activation import REALS, UNIT, Activation, Elementwise, Interval, Softmax
from .arrays import Array, array_namespace, erf, log1p, positive, real_part

__all__ = ["ACTIVATIONS"]


# φ and φ′, row by row. e^{-|z|} never overflows; |z| is written by its branch.


def _identity(z: Array) -> Array:
    return z


def _identity_prime(z: Array) -> Array:
    return array_namespace(z).ones_like(z)


def _magnitude(z: Array) -> Array:
    return array_namespace(z).where(positive(z), z, -z)


def _sigmoid(z: Array) -> Array:
    xp = array_namespace(z)
    e = xp.exp(-_magnitude(z))
    return xp.where(positive(z), xp.ones_like(e), e) / (1 + e)


def _sigmoid_prime(z: Array) -> Array:
    e = array_namespace(z).exp(-_magnitude(z))
    return e / (1 + e) ** 2


def _log_sigmoid(z: Array) -> Array:
    return -_softplus(-z)


def _log_sigmoid_prime(z: Array) -> Array:
    return _sigmoid(-z)


def _log1m_sigmoid(z: Array) -> Array:
    return -_softplus(z)


def _log1m_sigmoid_prime(z: Array) -> Array:
    return -_sigmoid(z)


def _tanh(z: Array) -> Array:
    return array_namespace(z).tanh(z)


def _tanh_prime(z: Array) -> Array:
    return 4 * _sigmoid_prime(2 * z)  # sech²; 1 - tanh² would cancel


def _relu(z: Array) -> Array:
    xp = array_namespace(z)
    return xp.where(real_part(z) <= 0, xp.zeros_like(z), z)  # NaN stays NaN


def _relu_prime(z: Array) -> Array:
    return array_namespace(z).astype(positive(z), z.dtype)


def _leaky_relu(z: Array, slope: float) -> Array:
    return array_namespace(z).where(positive(z), z, slope * z)


def _leaky_relu_prime(z: Array, slope: float) -> Array:
    return slope + (1 - slope) * _relu_prime(z)


def _elu(z: Array, alpha: float) -> Array:
    xp = array_namespace(z)
    below = xp.where(positive(z), xp.zeros_like(z), z)
    return xp.where(positive(z), z, alpha * xp.expm1(below))


def _elu_prime(z: Array, alpha: float) -> Array:
    xp = array_namespace(z)
    below = xp.where(positive(z), xp.zeros_like(z), z)
    return xp.where(positive(z), xp.ones_like(z), alpha * xp.exp(below))


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def _selu(z: Array) -> Array:
    return SELU_SCALE * _elu(z, SELU_ALPHA)


def _selu_prime(z: Array) -> Array:
    return SELU_SCALE * _elu_prime(z, SELU_ALPHA)


def _normal_cdf(z: Array) -> Array:
    return 0.5 * (1 + erf(z / math.sqrt(2)))


def _gelu(z: Array) -> Array:
    return z * _normal_cdf(z)


def _gelu_prime(z: Array) -> Array:
    density = array_namespace(z).exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return _normal_cdf(z) + z * density


GELU_CUBIC = 0.044715


def _gelu_tanh(z: Array) -> Array:
    u = math.sqrt(2 / math.pi) * (z + GELU_CUBIC * z * z * z)
    return z * _sigmoid(2 * u)  # ½ (1 + tanh u) = σ(2u)


def _gelu_tanh_prime(z: Array) -> Array:
    u = math.sqrt(2 / math.pi) * (z + GELU_CUBIC * z * z * z)
    u_prime = math.sqrt(2 / math.pi) * (1 + 3 * GELU_CUBIC * z * z)
    return _sigmoid(2 * u) + 2 * z * u_prime * _sigmoid_prime(2 * u)


def _silu(z: Array) -> Array:
    return z * _sigmoid(z)


def _silu_prime(z: Array) -> Array:
    return _sigmoid(z) + z * _sigmoid_prime(z)


def _softplus(z: Array) -> Array:
    return _relu(z) + log1p(array_namespace(z).exp(-_magnitude(z)))


# Below -30, log softplus(z) = z - e^z/2 and its derivative = 1 - e^z/2 to 1e-26.
def _log_softplus(z: Array) -> Array:
    xp = array_namespace(z)
    low = real_part(z) < -30
    return xp.where(low, z, xp.log(_softplus(xp.where(low, xp.zeros_like(z), z))))


def _log_softplus_prime(z: Array) -> Array:
    xp = array_namespace(z)
    low = real_part(z) < -30
    safe = xp.where(low, xp.zeros_like(z), z)
    return xp.where(low, xp.ones_like(z), _sigmoid(safe) / _softplus(safe))


def _mish(z: Array) -> Array:
    return z * _tanh(_softplus(z))


def _mish_prime(z: Array) -> Array:
    s = _softplus(z)
    return _tanh(s) + z * _tanh_prime(s) * _sigmoid(z)


def _softsign(z: Array) -> Array:
    return z / (1 + _magnitude(z))


def _softsign_prime(z: Array) -> Array:
    return (1 + _magnitude(z)) ** -2


def _clip(z: Array, low: float, high: float) -> Array:
    xp = array_namespace(z)
    z = xp.where(real_part(z) <= low, xp.full_like(z, low), z)  # NaN stays NaN
    return xp.where(real_part(z) >= high, xp.full_like(z, high), z)


def _inside(z: Array, low: float, high: float) -> Array:
    xp = array_namespace(z)
    return xp.astype(positive(z - low) & positive(high - z), z.dtype)


def _hard_sigmoid(z: Array) -> Array:
    return _clip(z / 6 + 0.5, 0.0, 1.0)


def _hard_sigmoid_prime(z: Array) -> Array:
    return _inside(z, -3.0, 3.0) / 6


def _hard_tanh(z: Array) -> Array:
    return _clip(z, -1.0, 1.0)


def _hard_tanh_prime(z: Array) -> Array:
    return _inside(z, -1.0, 1.0)


def _exp(z: Array) -> Array:
    return array_namespace(z).exp(z)


# The table. Each entry makes the activation, from its parameters where it has some.


def identity() -> Activation:
    """φ(z) = z."""
    return Elementwise(
        "identity", "z", "1", _identity, _identity_prime, REALS, (), "S4 (1)"
    )


def sigmoid() -> Activation:
    """φ(z) = 1 / (1 + e^{-z}), the logistic function."""
    return Elementwise(
        "sigmoid",
        "1 / (1 + e^{−z})",
        "φ(z) (1 − φ(z))",
        _sigmoid,
        _sigmoid_prime,
        UNIT,
        (),
        "S3.E2",
        log_phi=_log_sigmoid,
        log_phi_prime=_log_sigmoid_prime,
        log1m_phi=_log1m_sigmoid,
        log1m_phi_prime=_log1m_sigmoid_prime,
    )


def tanh() -> Activation:
    """φ(z) = tanh z."""
    return Elementwise(
        "tanh",
        "tanh z",
        "1 − tanh² z",
        _tanh,
        _tanh_prime,
        Interval(-1.0, 1.0),
        (),
        "LeCun 1989",
    )


def relu() -> Activation:
    """φ(z) = max(z, 0), with φ′(0) = 0."""
    return Elementwise(
        "relu",
        "max(z, 0)",
        "1 if z > 0 else 0",
        _relu,
        _relu_prime,
        Interval(0.0, math.inf, low_closed=True),
        (0.0,),
        "Nair & Hinton 2010; S1.E15",
    )


def leaky_relu(slope: float = 0.01) -> Activation:
    """φ(z) = z for z > 0, else slope · z (slope ≥ 0)."""
    slope = _number("leaky_relu's slope", slope, low=0.0)
    bounds = REALS if slope > 0 else Interval(0.0, math.inf, low_closed=True)
    return Elementwise(
        "leaky_relu",
        "z if z > 0 else s z",
        "1 if z > 0 else s",
        _leaky_relu,
        _leaky_relu_prime,
        bounds,
        (0.0,),
        "Maas, Hannun & Ng 2013",
        parameters=(("slope", slope),),
    )


def elu(alpha: float = 1.0) -> Activation:
    """φ(z) = z for z > 0, else α (e^z - 1) (α > 0)."""
    alpha = _number("elu's alpha", alpha, low=0.0, low_open=True)
    return Elementwise(
        "elu",
        "z if z > 0 else α (e^z − 1)",
        "1 if z > 0 else α e^z",
        _elu,
        _elu_prime,
        Interval(-alpha, math.inf),
        (0.0,),
        "Clevert, Unterthiner & Hochreiter 2016",
        parameters=(("alpha", alpha),),
    )


def selu() -> Activation:
    """φ(z) = λ elu(z, α) with the constants that keep mean 0 and variance 1."""
    return Elementwise(
        "selu",
        "λ (z if z > 0 else α (e^z − 1))",
        "λ (1 if z > 0 else α e^z)",
        _selu,
        _selu_prime,
        Interval(-SELU_SCALE * SELU_ALPHA, math.inf),
        (0.0,),
        "Klambauer et al. 2017",
    )


def gelu() -> Activation:
    """φ(z) = z Φ(z), Φ the standard normal distribution function."""
    return Elementwise(
        "gelu",
        "z Φ(z)",
        "Φ(z) + z Φ′(z)",
        _gelu,
        _gelu_prime,
        Interval(-0.16998, math.inf, low_closed=True),
        (),
        "Hendrycks & Gimpel 2016",
    )


def gelu_tanh() -> Activation:
    """φ(z) = ½ z (1 + tanh u), u = √(2/π) (z + 0.044715 z³)."""
    return Elementwise(
        "gelu_tanh",
        "½ z (1 + tanh u), u = √(2/π) (z + 0.044715 z³)",
        "½ (1 + tanh u) + ½ z (1 − tanh² u) u′",
        _gelu_tanh,
        _gelu_tanh_prime,
        Interval(-0.17005, math.inf, low_closed=True),
        (),
        "Hendrycks & Gimpel 2016",
    )


def silu() -> Activation:
    """φ(z) = z σ(z), also called swish."""
    return Elementwise(
        "silu",
        "z σ(z)",
        "σ(z) + z σ′(z)",
        _silu,
        _silu_prime,
        Interval(-0.27847, math.inf, low_closed=True),
        (),
        "Elfwing, Uchibe & Doya 2018",
    )


def mish() -> Activation:
    """φ(z) = z tanh(softplus(z))."""
    return Elementwise(
        "mish",
        "z tanh s, s = log(1 + e^z)",
        "tanh s + z (1 − tanh² s) σ(z)",
        _mish,
        _mish_prime,
        Interval(-0.30885, math.inf, low_closed=True),
        (),
        "Misra 2020",
    )


def softplus() -> Activation:
    """φ(z) = log(1 + e^z)."""
    return Elementwise(
        "softplus",
        "log(1 + e^z)",
        "σ(z)",
        _softplus,
        _sigmoid,
        Interval(0.0, math.inf),
        (),
        "Dugas et al. 2001",
        log_phi=_log_softplus,
        log_phi_prime=_log_softplus_prime,
    )


def softsign() -> Activation:
    """φ(z) = z / (1 + |z|)."""
    return Elementwise(
        "softsign",
        "z / (1 + |z|)",
        "1 / (1 + |z|)²",
        _softsign,
        _softsign_prime,
        Interval(-1.0, 1.0),
        (0.0,),
        "Glorot & Bengio 2010",
    )


def hard_sigmoid() -> Activation:
    """φ(z) = z/6 + ½, clipped to [0, 1]."""
    return Elementwise(
        "hard_sigmoid",
        "min(max(z/6 + ½, 0), 1)",
        "1/6 if −3 < z < 3 else 0",
        _hard_sigmoid,
        _hard_sigmoid_prime,
        Interval(0.0, 1.0, True, True),
        (-3.0, 3.0),
        "Howard et al. 2019",
    )


def hard_tanh() -> Activation:
    """φ(z) = z, clipped to [-1, 1]."""
    return Elementwise(
        "hard_tanh",
        "min(max(z, −1), 1)",
        "1 if −1 < z < 1 else 0",
        _hard_tanh,
        _hard_tanh_prime,
        Interval(-1.0, 1.0, True, True),
        (-1.0, 1.0),
        "Collobert 2004",
    )


def exp() -> Activation:
    """φ(z) = e^z, the output of a Poisson regression."""
    return Elementwise(
        "exp",
        "e^z",
        "e^z",
        _exp,
        _exp,
        Interval(0.0, math.inf),
        (),
        "McCullagh & Nelder 1989",
        log_phi=_identity,
        log_phi_prime=_identity_prime,
    )


def softmax() -> Activation:
    """φ(z)_k = e^{z_k} / Σ_j e^{z_j}, over each row; as output or hidden."""
    return Softmax()


#: name → the function that makes the activation, from its parameters where it has some.
ACTIVATIONS: Mapping[str, Callable[..., Activation]] = MappingProxyType(
    {
        make.__name__: make
        for make in (
            identity,
            sigmoid,
            tanh,
            relu,
            leaky_relu,
            elu,
            selu,
            gelu,
            gelu_tanh,
            silu,
            mish,
            softplus,
            softsign,
            hard_sigmoid,
            hard_tanh,
            exp,
            softmax,
        )
    }
)


def _number(what: str, value: float, *, low: float, low_open: bool = False) -> float:
    if not (
        is_number(value)
        and math.isfinite(value)
        and (value > low or (value == low and not low_open))
    ):
        raise InputError(
            f"{what} = {value!r}",
            f"a finite number {'>' if low_open else '>='} {low:g}",
            "Choose a value in that range.",
        )
    return float(value)
