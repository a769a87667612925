"""What each row alone contributes: its loss, the norm of its gradient, and the gradient of outputs by its inputs.

The gradient of row i's loss with respect to W[l] is δ aᵀ, with δ = Δ[l]_i and a = A[l-1]_i, and δ with respect to
b[l]. So its squared norm is Σ_l ‖δ‖² (‖a‖² + 1), and no gradient needs to be formed (Goodfellow 2015).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engines.rows import rows_at_once
from ..equations.backward_pass import pull_back
from ..equations.forward_pass import propagate
from ..equations.network import Network, Parameters

__all__ = ["losses_and_gradient_norms", "output_gradients"]

Matrix = np.ndarray[Any, Any]


def losses_and_gradient_norms(
    network: Network, parameters: Parameters, x: Matrix, y: Matrix
) -> tuple[Matrix, Matrix]:
    """ℓ and ‖∇ℓ‖ of each row, both of shape (N,), without penalty and row weights.

    Parameters
    ----------
    network, parameters
    x : ndarray, shape (N, n_0)
    y : ndarray, shape (N, n_L)
        Targets as the loss encodes them.
    """
    ells, squares = [], []
    for part in _parts(network, len(x)):
        trace = propagate(network, parameters, x[part], (None,) * network.n_layers)
        gradient = pull_back(
            network, parameters, trace, y[part], 1.0, 0.0, 0.0, input_gradient=False
        )
        ells.append(gradient.row_loss)
        squares.append(
            sum(
                np.sum(delta**2, axis=1) * (np.sum(a**2, axis=1) + 1)
                for delta, a in zip(gradient.delta, trace.A[:-1], strict=True)
            )
        )
    return np.concatenate(ells), np.sqrt(np.concatenate(squares))


def output_gradients(network: Network, parameters: Parameters, x: Matrix) -> Matrix:
    """∂A[L]/∂X of each row, shape (N, n_L, n_0): B1 with a unit vector for ∂ℓ/∂a, then B2 and B4."""
    found = np.empty(
        (len(x), network.sizes[-1], network.sizes[0]), parameters.theta.dtype
    )
    W = parameters.weights
    for part in _parts(network, len(x)):
        trace = propagate(network, parameters, x[part], (None,) * network.n_layers)
        for k in range(network.sizes[-1]):
            g = np.zeros_like(trace.A[-1])
            g[:, k] = 1.0
            for l in range(network.n_layers, 0, -1):
                delta = network.activations[l - 1].pull_back(
                    trace.Z[l - 1], trace.A[l], g
                )
                g = delta @ W[l - 1]
            found[part, k] = g
    return found


def _parts(network: Network, rows: int) -> Iterator[slice]:
    """The rows in parts of a bounded size."""
    step = rows_at_once(network.sizes)
    return (slice(start, start + step) for start in range(0, rows, step))
