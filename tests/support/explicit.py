"""An explicit Jacobian of the outputs by complex step, and what second order is by its definition.

The forward pass is written out here; the Hessian of a loss is the complex step of its slope. Nothing of
`equations.second_order` is called.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ACTIVATIONS, Network
from chainrule.equations.network import read_biases, read_weights

H = 1e-30
#: Loss → the activation with which its whole ∂²ℓ/∂z² counts.
NATURAL = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}
NATURAL |= {"poisson": "exp", "squared_error": "identity"}


def outputs(network: Network, theta: Any, x: Any) -> Any:
    """Z[L] of a pass that is written here."""
    a = x
    layers = zip(
        read_weights(network.sizes, theta),
        read_biases(network.sizes, theta),
        network.activations,
        strict=True,
    )
    for W, b, phi in layers:
        z = a @ W.T + b
        a = phi.value(z)
    return z


def jacobian_of_outputs(network: Network, theta: Any, x: Any) -> Any:
    """∂Z[L]/∂θ, shape (N, n_L, D), a column for each complex step."""
    columns = []
    for j in range(len(theta)):
        stepped = theta.astype(complex)
        stepped[j] += 1j * H
        columns.append(outputs(network, stepped, x).imag / H)
    return np.stack(columns, axis=2)


def hessians(network: Network, z: Any, y: Any) -> Any:
    """Of each row, shape (N, n_L, n_L): ∂²ℓ/∂z², or of an unnatural pair its part without φ″."""
    loss, phi = network.loss, network.activations[-1]
    n, natural = z.shape[1], NATURAL.get(network.loss.name) == phi.name

    def stepped(function: Any, at: Any) -> Any:
        found = []
        for j in range(n):
            bumped = at.astype(complex)
            bumped[:, j] += 1j * H
            found.append(function(bumped).imag / H)
        return np.stack(found, axis=2)  # [row, output, by]

    if natural:
        return stepped(lambda z: loss.value_and_delta(y, z, phi.value(z), phi)[1], z)
    identity = ACTIVATIONS["identity"]()
    of_a = stepped(lambda a: loss.value_and_delta(y, a, a, identity)[1], phi.value(z))
    slope = stepped(phi.value, z)
    return np.einsum("iab,iac,icd->ibd", slope, of_a, slope)


def gauss_newton_matrix(network: Network, theta: Any, x: Any, y: Any, s: Any) -> Any:
    """Σ_i s_i J_iᵀ H_i J_i."""
    J = jacobian_of_outputs(network, theta, x)
    second = hessians(network, outputs(network, theta, x), y)
    return np.einsum("i,iaj,iab,ibk->jk", s, J, second, J)
