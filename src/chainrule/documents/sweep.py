"""The quantities of the canonical passes in one place, as a notation shows them in its own letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations.arrays import Array
from ..equations.backward_pass import backward
from ..equations.forward_pass import forward
from ..equations.network import Network, Parameters
from ..errors import InputError

__all__ = ["Sweep", "require_one", "sweep"]


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


def require_one(sweep: Sweep, allowed: str) -> None:
    """Raise for several rows, where a document has one."""
    if len(sweep.x) != 1:
        raise InputError(f"{len(sweep.x)} rows", allowed, "Sweep over one row.")


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
    assert gradient.dA is not None
    return Sweep(
        network,
        parameters,
        trace.A[0],
        targets,
        reduction,
        trace.Z,
        trace.A,
        gradient.row_loss,
        gradient.J,
        gradient.delta,
        gradient.dA,
        gradient.dW,
        gradient.db,
    )
