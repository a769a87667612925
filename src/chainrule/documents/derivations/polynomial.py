"""Polynomial regression by gradient descent (S1.E10 to S1.E12): C(k) = Σ_i (p(x_i) - y_i)², p(x) = Σ_m k_m x^m.

The smallest case of all that follows: a model, a cost that is a sum over data, its gradient, and steps against
it. The minimum is known otherwise, by least squares.
"""

from __future__ import annotations

import numpy as np

from ...equations.arrays import Array
from ...equations.draws import Purpose, generator
from ..checked_values import checked_count

__all__ = ["cost", "descend", "gradient", "least_squares", "predict"]


def powers(x: Array, degree: int) -> Array:
    """x^0 … x^d as columns, shape (N, d+1); 0^0 = 1."""
    x = np.asarray(x)
    x = x if x.dtype.kind in "fc" else x.astype(float)  # whole numbers would wrap
    return x[:, None] ** np.arange(checked_count("degree", degree) + 1)


def predict(k: Array, x: Array) -> Array:
    """p(x), shape (N,).

    Examples
    --------
    >>> predict(np.array([1.0, 0.0, 2.0]), np.array([0.0, 3.0]))
    array([ 1., 19.])
    """
    return powers(x, len(k) - 1) @ k


def cost(k: Array, x: Array, y: Array) -> Array:
    """C(k) = Σ_i (p(x_i) - y_i)² (S1.E10)."""
    return np.sum((predict(k, x) - y) ** 2)


def gradient(k: Array, x: Array, y: Array) -> Array:
    """∂C/∂k_j = Σ_i 2 (p(x_i) - y_i) x_i^j, j = 0 … d (S1.E11).

    Examples
    --------
    >>> gradient(np.array([0.0, 1.0]), np.array([0.0, 2.0]), np.array([1.0, 1.0]))
    array([0., 4.])
    """
    return 2 * (predict(k, x) - y) @ powers(x, len(k) - 1)


def descend(
    x: Array, y: Array, degree: int, *, steps: int = 2000, seed: int = 0
) -> Array:
    """The coefficients after so many steps from a random start (S1.E12).

    Parameters
    ----------
    x, y : Array, shape (N,)
    degree : int
    steps : int
    seed : int
        Of the start, which is standard normal.

    Returns
    -------
    Array, shape (degree + 1,)

    Notes
    -----
    C is a parabola with the second derivative H = 2 VᵀV, V the powers of x. The rate 2 / (λ_min + λ_max) of its
    eigenvalues shrinks the distance to the minimum by (λ_max - λ_min) / (λ_max + λ_min) a step, the best that one
    rate can do.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 9)
    >>> descend(x, 1 - 2 * x + 3 * x**2, 2).round(9) + 0.0
    array([ 1., -2.,  3.])
    """
    V = powers(x, degree)
    curvatures = np.linalg.eigvalsh(2 * V.T @ V)
    rate = 2 / (curvatures[0] + curvatures[-1])
    k = generator(seed, Purpose.INITIALIZATION).normal(size=degree + 1)
    for _ in range(checked_count("steps", steps)):
        k = k - rate * gradient(k, x, y)
    return k


def least_squares(x: Array, y: Array, degree: int) -> Array:
    """The minimum of C without a descent, from a QR decomposition."""
    q, r = np.linalg.qr(powers(x, degree))
    return np.linalg.solve(r, q.T @ y)
