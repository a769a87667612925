"""The table of initializers: where weights start. Biases start at 0.

Each draws W[l], shape (n_l, n_{l-1}), from its fan-in n_{l-1} and fan-out n_l.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

__all__ = [
    "INITIALIZERS",
    "Initializer",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
    "zeros",
]

#: draw(rng, fan_out, fan_in): W[l], shape (fan_out, fan_in), drawn from rng.
Initializer = Callable[[np.random.Generator, int, int], "np.ndarray[Any, Any]"]


def glorot_uniform(
    rng: np.random.Generator, fan_out: int, fan_in: int
) -> np.ndarray[Any, Any]:
    """U(-r, r), r = √(6 / (fan_in + fan_out)). Glorot & Bengio 2010, equation 16."""
    r = math.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-r, r, (fan_out, fan_in))


def glorot_normal(
    rng: np.random.Generator, fan_out: int, fan_in: int
) -> np.ndarray[Any, Any]:
    """N(0, 2 / (fan_in + fan_out)). Glorot & Bengio 2010, equation 12."""
    return rng.normal(0, math.sqrt(2 / (fan_in + fan_out)), (fan_out, fan_in))


def he_uniform(
    rng: np.random.Generator, fan_out: int, fan_in: int
) -> np.ndarray[Any, Any]:
    """U(-r, r), r = √(6 / fan_in). He et al. 2015, equation 10, as a uniform distribution."""
    r = math.sqrt(6 / fan_in)
    return rng.uniform(-r, r, (fan_out, fan_in))


def he_normal(
    rng: np.random.Generator, fan_out: int, fan_in: int
) -> np.ndarray[Any, Any]:
    """N(0, 2 / fan_in). He et al. 2015, equation 10."""
    return rng.normal(0, math.sqrt(2 / fan_in), (fan_out, fan_in))


def lecun_normal(
    rng: np.random.Generator, fan_out: int, fan_in: int
) -> np.ndarray[Any, Any]:
    """N(0, 1 / fan_in). LeCun et al. 1998, equation 16; the start of selu networks."""
    return rng.normal(0, math.sqrt(1 / fan_in), (fan_out, fan_in))


def lecun_uniform(
    rng: np.random.Generator, fan_out: int, fan_in: int
) -> np.ndarray[Any, Any]:
    """U(-r, r), r = √(3 / fan_in). LeCun et al. 1998, equation 16."""
    r = math.sqrt(3 / fan_in)
    return rng.uniform(-r, r, (fan_out, fan_in))


def orthogonal(
    rng: np.random.Generator, fan_out: int, fan_in: int
) -> np.ndarray[Any, Any]:
    """Orthonormal rows or columns, whichever are fewer. Saxe, McClelland & Ganguli 2014."""
    q, r = np.linalg.qr(rng.normal(size=(max(fan_out, fan_in), min(fan_out, fan_in))))
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)  # uniform over all such matrices
    return q if fan_out >= fan_in else q.T


def zeros(rng: np.random.Generator, fan_out: int, fan_in: int) -> np.ndarray[Any, Any]:
    """0 everywhere: for one layer, or to show why hidden layers need a random start."""
    return np.zeros((fan_out, fan_in))


#: name → draw(rng, fan_out, fan_in).
INITIALIZERS: Mapping[str, Initializer] = MappingProxyType(
    {
        draw.__name__: draw
        for draw in (
            glorot_uniform,
            glorot_normal,
            he_uniform,
            he_normal,
            lecun_uniform,
            lecun_normal,
            orthogonal,
            zeros,
        )
    }
)
