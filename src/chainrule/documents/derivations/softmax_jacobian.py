"""The Jacobian of softmax, and why it cancels (S1.E57, S1.E58, S1.E83 to S1.E87, S0.E24 to S0.E27).

    ∂a_i/∂z_j = a_i (1 - a_i) if i = j, else -a_i a_j;  J = diag(a) - a aᵀ, symmetric, not diagonal

Every output depends on every z_j, so δ = Jᵀ ∂C/∂a is a matrix product; the elementwise product of other
activations is its special case for a diagonal Jacobian. With C = -Σ y_i log a_i, ∂C/∂a_i = -y_i / a_i, and the
a_i of J cancels: δ_j = -Σ_i y_i (kronecker_ij - a_j) = (Σ y) a_j - y_j.
"""

from __future__ import annotations

import numpy as np

from ...equations.arrays import Array

__all__ = ["canceled", "jacobian", "through_jacobian"]


def jacobian(a: Array) -> Array:
    """∂a/∂z of one softmax output a, shape (n,): an array of shape (n, n) (S1.E58).

    Examples
    --------
    >>> jacobian(np.array([0.25, 0.75]))
    array([[ 0.1875, -0.1875],
           [-0.1875,  0.1875]])
    """
    return np.diag(a) - np.outer(a, a)


def through_jacobian(a: Array, y: Array) -> Array:
    """δ = Jᵀ ∂C/∂a for cross-entropy, the long way (S1.E57 corrected); needs every a_i > 0.

    Examples
    --------
    >>> a, y = np.array([0.25, 0.75]), np.array([1.0, 1.0])
    >>> through_jacobian(a, y), canceled(a, y)
    (array([-0.5,  0.5]), array([-0.5,  0.5]))
    """
    return jacobian(a).T @ (-y / a)


def canceled(a: Array, y: Array) -> Array:
    """δ = (Σ y) a - y for any y; a - y only where Σ y = 1 (S0.E27, S0.E32)."""
    return np.sum(y) * a - y
