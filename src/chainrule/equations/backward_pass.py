"""The backward pass (B1-B4): the gradient of J by the chain rule, layer by layer.

`backward` checks what it is given and then calls `pull_back`, which is the equations alone.
Every gradient is taken at θ, before anything moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError, require_kind
from .activations import ACTIVATIONS
from .arrays import Array, array_namespace, positive
from .forward_pass import (
    Trace,
    checked_penalty,
    checked_targets,
    objective_and_delta,
    require_made_with,
)
from .losses import Loss
from .network import Network, Parameters, checked_network, read_biases, read_weights

__all__ = [
    "Gradient",
    "backward",
    "gradient_of_input",
    "output_gradient",
    "penalty_gradient",
    "pull_back",
]


@dataclass(frozen=True)
class Gradient:
    """J and its derivatives.

    Parameters
    ----------
    sizes : tuple of int
        Widths n_0 … n_L.
    J : Array, shape ()
        The objective, penalty included (J1).
    flat : Array, shape (D,)
        ∇J, laid out as θ (U1).
    delta : tuple of Array, shapes (N, n_l), l = 1 … L
        Δ[l] = ∂ℓ/∂Z[l] row by row, neither weighted nor divided by N; layer 1 first (B1, B2).
    row_loss : Array, shape (N,)
        ℓ of each row, neither weighted nor penalized (J1).
    dA : tuple of Array, shapes (N, n_l), l = 0 … L, or None
        ∂ℓ/∂A[l] row by row: Δ[l+1] W[l+1], the first factor of B2; of the input dX (B4). None where only the
        gradient of the parameters was asked for.
    """

    sizes: tuple[int, ...]
    J: Array
    flat: Array
    delta: tuple[Array, ...]
    row_loss: Array
    dA: tuple[Array, ...] | None

    @property
    def dX(self) -> Array | None:
        """The gradient of each row's own loss with respect to its input, shape (N, n_0) (B4)."""
        return None if self.dA is None else self.dA[0]

    @property
    def dW(self) -> tuple[Array, ...]:
        """∂J/∂W[l], shapes (n_l, n_{l-1}), layer 1 first (B3)."""
        return read_weights(self.sizes, self.flat)

    @property
    def db(self) -> tuple[Array, ...]:
        """∂J/∂b[l], shapes (n_l,), layer 1 first (B3)."""
        return read_biases(self.sizes, self.flat)


def pull_back(
    network: Network,
    parameters: Parameters,
    trace: Trace,
    y: Array,
    row_weights: Array | float,
    l1: float,
    l2: float,
    *,
    input_gradient: bool,
) -> Gradient:
    """B1-B4 on checked arrays."""
    xp = array_namespace(trace.output)
    W = parameters.weights
    J, row_loss, delta = objective_and_delta(
        network, parameters, trace, y, row_weights, l1, l2
    )  # J1, B1
    deltas: list[Array] = [delta]
    hidden: list[Array] = []
    for l in range(network.n_layers - 1, 0, -1):
        g = deltas[0] @ W[l]
        hidden.insert(0, g)
        g = g if trace.M[l] is None else g * trace.M[l]
        a = (
            trace.A[l]
            if trace.M[l] is None
            else network.activations[l - 1].value(trace.Z[l - 1])
        )
        deltas.insert(
            0, network.activations[l - 1].pull_back(trace.Z[l - 1], a, g)
        )  # B2
    s = row_weights if isinstance(row_weights, float) else row_weights[:, None]
    scaled = [s * d for d in deltas]
    dW = [d.T @ A for d, A in zip(scaled, trace.A[:-1], strict=True)]  # B3
    if l1 or l2:
        dW = [g + penalty_gradient(w, l1, l2) for g, w in zip(dW, W, strict=True)]
    db = [xp.sum(d, axis=0) for d in scaled]  # B3
    flat = xp.concat([xp.reshape(g, (-1,)) for g in (*dW, *db)])
    dA = None
    if input_gradient:
        dX = gradient_of_input(W[0], trace.M[0], deltas[0])
        dA = (dX, *hidden, output_gradient(network.loss, y, trace.output))
    return Gradient(network.sizes, J, flat, tuple(deltas), row_loss, dA)


def gradient_of_input(W: Array, M: Array | None, delta: Array) -> Array:
    """Return dX = Δ[1] W[1] ⊙ M[0], shape (N, n_0)."""
    dX = delta @ W  # B4
    return dX if M is None else dX * M


def output_gradient(loss: Loss, y: Array, a: Array) -> Array:
    """∂ℓ/∂A[L], shape (N, n_L): Δ of the same loss on an output that is its own pre-activation (B1)."""
    with np.errstate(all="ignore"):  # an output that has underflown to 0
        return loss.value_and_delta(y, a, a, ACTIVATIONS["identity"]())[1]


def penalty_gradient(W: Array, l1: float, l2: float) -> Array:
    """∂R/∂W = l1 sign(W) + l2 W, with sign(0) = 0 (J2)."""
    xp = array_namespace(W)
    sign = xp.astype(positive(W), W.dtype) - xp.astype(positive(-W), W.dtype)
    return l1 * sign + l2 * W


def backward(
    network: Network,
    parameters: Parameters,
    trace: Trace,
    y: Any,
    *,
    sample_weight: Any = None,
    l1: float = 0.0,
    l2: float = 0.0,
    reduction: str = "mean",
    input_gradient: bool = True,
) -> Gradient:
    """The gradient of J at the parameters and rows of a trace.

    Parameters
    ----------
    network, parameters
        Those that `forward` made the trace with. Others are refused; an array that was altered in place is not noticed.
    trace : Trace
        From `forward`.
    y, sample_weight, l1, l2, reduction
        As in `objective`.
    input_gradient : bool
        Whether to compute dX (B4), which costs as much as one more layer, and to keep every ∂ℓ/∂A.

    Returns
    -------
    Gradient
        J, ℓ of each row, every Δ and ∂ℓ/∂A, dW, db, dX (equations B1-B4).

    Raises
    ------
    InputError
        As `objective`; a trace of another network or of other parameters.

    Examples
    --------
    >>> from chainrule import Network, Parameters, forward
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> p = Parameters.from_arrays([[[1.0, -2.0]]], [[0.5]])
    >>> g = backward(net, p, forward(net, p, [[3.0, 1.0]]), [[1.0]])
    >>> g.delta[0], g.dW[0], g.dX
    (array([[0.5]]), array([[1.5, 0.5]]), array([[ 0.5, -1. ]]))
    """
    checked_network(network).require(parameters)
    require_kind("trace", trace, Trace, "Make it with forward(network, parameters, x).")
    widths = tuple(a.shape[1] for a in trace.A)
    if widths != network.sizes:
        raise InputError(
            f"a trace of widths {widths}",
            f"widths {network.sizes}",
            "Make it with forward(network, …).",
        )
    require_made_with(parameters, trace)
    y, row_weights = checked_targets(network, trace, y, sample_weight, reduction)
    checked_penalty(l1, l2)
    return pull_back(
        network,
        parameters,
        trace,
        y,
        row_weights,
        l1,
        l2,
        input_gradient=input_gradient,
    )
