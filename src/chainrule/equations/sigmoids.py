"""σ, tanh, Φ and softplus on arrays, the functions that several activations are made of.

Nothing overflows, as e^{-|z|} is at most 1, and no logarithm of a rounded number is taken.
"""

from __future__ import annotations

import math

from .arrays import Array, array_namespace, erf, log1p, magnitude, positive, real_part

__all__ = [
    "SIGMOID_LOGARITHMS",
    "SOFTPLUS_LOGARITHMS",
    "normal_cdf",
    "sigmoid",
    "sigmoid_prime",
    "softplus",
    "tanh",
    "tanh_prime",
]


def sigmoid(z: Array) -> Array:
    """σ(z) = 1 / (1 + e^{-z})."""
    xp = array_namespace(z)
    e = xp.exp(-magnitude(z))
    return xp.where(positive(z), xp.ones_like(e), e) / (1 + e)


def sigmoid_prime(z: Array) -> Array:
    """σ(z) σ(-z)."""
    e = array_namespace(z).exp(-magnitude(z))
    return e / (1 + e) ** 2


def tanh(z: Array) -> Array:
    """Tanh z = 2 σ(2z) - 1."""
    return array_namespace(z).tanh(z)


def tanh_prime(z: Array) -> Array:
    """sech² z = 4 σ′(2z); 1 - tanh² z would cancel."""
    return 4 * sigmoid_prime(2 * z)


def normal_cdf(z: Array) -> Array:
    """Φ(z), the distribution function of the normal distribution."""
    return 0.5 * (1 + erf(z / math.sqrt(2)))


def softplus(z: Array) -> Array:
    """log(1 + e^z)."""
    xp = array_namespace(z)
    return xp.where(positive(z), z, xp.zeros_like(z)) + log1p(xp.exp(-magnitude(z)))


def _log_sigmoid(z: Array) -> Array:
    return -softplus(-z)


def _log_sigmoid_prime(z: Array) -> Array:
    return sigmoid(-z)


def _log1m_sigmoid(z: Array) -> Array:
    return -softplus(z)


def _log1m_sigmoid_prime(z: Array) -> Array:
    return -sigmoid(z)


# Below -30, log softplus(z) = z - e^z/2 and its derivative = 1 - e^z/2 to 1e-26.


def _log_softplus(z: Array) -> Array:
    xp = array_namespace(z)
    low = real_part(z) < -30
    return xp.where(low, z, xp.log(softplus(xp.where(low, xp.zeros_like(z), z))))


def _log_softplus_prime(z: Array) -> Array:
    xp = array_namespace(z)
    low = real_part(z) < -30
    safe = xp.where(low, xp.zeros_like(z), z)
    return xp.where(low, xp.ones_like(z), sigmoid(safe) / softplus(safe))


#: log φ and log(1 - φ) with their derivatives, by the names that `Elementwise` has for them.
SIGMOID_LOGARITHMS = {
    "log_phi": _log_sigmoid,
    "log_phi_prime": _log_sigmoid_prime,
    "log1m_phi": _log1m_sigmoid,
    "log1m_phi_prime": _log1m_sigmoid_prime,
}
SOFTPLUS_LOGARITHMS = {"log_phi": _log_softplus, "log_phi_prime": _log_softplus_prime}
