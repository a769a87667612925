"""Everything that the canonical passes compute, with what the documents name besides: ∂ℓ/∂A of every layer.

This is what a notation shows in its own letters. It computes nothing that `forward` and `backward` do not
have, but ∂ℓ/∂A[l] = Δ[l+1] W[l+1], the first factor of B2, and ∂ℓ/∂A[L].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations.activations import ACTIVATIONS
from ..equations.arrays import Array
from ..equations.backward_pass import backward
from ..equations.forward_pass import forward
from ..equations.losses import Loss
from ..equations.network import Network, Parameters

__all__ = ["Sweep", "output_gradient", "sweep"]


@dataclass(frozen=True)
class Sweep:
    """Forward and backward pass of some rows, in canonical notation (rows are samples).

    Parameters
    ----------
    network : Network
    parameters : Parameters
    x, y : Array, shapes (N, n_0) and (N, n_L)
        Inputs, and targets as the loss takes them.
    reduction : {"mean", "sum"}
        How J and the gradients run over the rows (J1).
    Z : tuple of Array, shapes (N, n_l), l = 1 … L
    A : tuple of Array, shapes (N, n_l), l = 0 … L
    ell : Array, shape (N,)
        Each row's own loss.
    J : float
    dZ : tuple of Array, shapes (N, n_l), l = 1 … L
        Δ[l] = ∂ℓ/∂Z[l], row by row (B1, B2).
    dA : tuple of Array, shapes (N, n_l), l = 0 … L
        ∂ℓ/∂A[l], row by row; dA[0] is dX (B4).
    dW, db : tuple of Array, shapes (n_l, n_{l-1}) and (n_l,), l = 1 … L
        ∂J/∂W[l] and ∂J/∂b[l] (B3).
    """

    network: Network
    parameters: Parameters
    x: Array
    y: Array
    reduction: str
    Z: tuple[Array, ...]
    A: tuple[Array, ...]
    ell: Array
    J: Any
    dZ: tuple[Array, ...]
    dA: tuple[Array, ...]
    dW: tuple[Array, ...]
    db: tuple[Array, ...]

    @property
    def flat(self) -> Array:
        """∇J, laid out as θ."""
        return np.concatenate([g.reshape(-1) for g in (*self.dW, *self.db)])


def sweep(
    network: Network, parameters: Parameters, x: Any, y: Any, *, reduction: str = "mean"
) -> Sweep:
    """Both passes over rows x with targets y.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    x : array_like, shape (N, n_0)
    y : array_like
        Targets, as the network's loss takes them.
    reduction : {"mean", "sum"}

    Raises
    ------
    InputError
        As `chainrule.forward` and `chainrule.backward`.

    Examples
    --------
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> s = sweep(net, Parameters.from_arrays([[[1.0, -2.0]]], [[0.5]]), [[3.0, 1.0]], [[1.0]])
    >>> s.dA[1], s.dZ[0], s.dA[0]
    (array([[0.5]]), array([[0.5]]), array([[ 0.5, -1. ]]))
    """
    trace = forward(network, parameters, x)
    gradient = backward(network, parameters, trace, y, reduction=reduction)
    targets = network.loss.targets(y, network.sizes[-1], trace.output)
    ell, _ = network.loss.value_and_delta(
        targets, trace.Z[-1], trace.A[-1], network.activations[-1]
    )
    hidden = (
        d @ W for d, W in zip(gradient.delta[1:], parameters.weights[1:], strict=True)
    )
    dA = (gradient.dX, *hidden, output_gradient(network.loss, targets, trace.output))
    return Sweep(
        network,
        parameters,
        trace.A[0],
        targets,
        reduction,
        trace.Z,
        trace.A,
        ell,
        gradient.J,
        gradient.delta,
        dA,
        gradient.dW,
        gradient.db,
    )


def output_gradient(loss: Loss, y: Array, a: Array) -> Array:
    """∂ℓ/∂A[L], shape (N, n_L): Δ of the same loss on an output that is its own pre-activation (B1)."""
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # an output that has underflown to 0
        return loss.value_and_delta(y, a, a, ACTIVATIONS["identity"]())[1]
