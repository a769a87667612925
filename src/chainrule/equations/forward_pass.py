"""The forward pass (F0-F2) and the loss (J1, J2).

`forward` and `objective` check what they are given and then call `propagate` and `objective_and_delta`,
which are the equations alone. Dropout masks are made outside and handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from .activation import Elementwise
from .arrays import Array, array_namespace, as_floating, positive
from .intervals import NONNEGATIVE
from .losses import reduction_weights
from .network import Network, Parameters, checked_network

__all__ = [
    "Trace",
    "checked_masks",
    "checked_penalty",
    "checked_rows",
    "checked_targets",
    "checked_weights",
    "forward",
    "objective",
    "objective_and_delta",
    "penalty",
    "propagate",
    "require_made_with",
    "require_one_per_row",
    "slopes_of",
]

Masks = tuple[Array | None, ...]


@dataclass(frozen=True)
class Trace:
    """Everything that the forward pass computed, for the backward pass and for reading.

    Parameters
    ----------
    A : tuple of Array, shapes (N, n_l), l = 0 … L
        Activations; A[0] is the input, with its mask.
    Z : tuple of Array, shapes (N, n_l), l = 1 … L
        Pre-activations, layer 1 first: Z[0] here is Z[1] of the equations.
    M : tuple of (Array or None), shapes (N, n_l), l = 0 … L-1
        Dropout masks divided by 1 - p; None is 1 everywhere.
    slopes : tuple of (Array or None), shapes (N, n_l), l = 1 … L, or None
        φ′_l(Z[l]) where the forward pass computed it: the native engine's does, at hidden layers and most outputs.
    theta : Array, shape (D,), or None
        The parameters that it was made with, the same array and no copy; None where that is not kept.
    """

    A: tuple[Array, ...]
    Z: tuple[Array, ...]
    M: Masks
    slopes: Masks | None = None
    theta: Array | None = None

    @property
    def output(self) -> Array:
        """A[L], shape (N, n_L)."""
        return self.A[-1]


def propagate(
    network: Network, parameters: Parameters, x: Array, masks: Masks
) -> Trace:
    """F0-F2 on checked arrays."""
    A = [x if masks[0] is None else x * masks[0]]  # F0
    Z = []
    layers = zip(
        parameters.weights,
        parameters.biases,
        network.activations,
        (*masks[1:], None),
        strict=True,
    )
    for W, b, phi, M in layers:
        Z.append(A[-1] @ W.T + b)  # F1
        a = phi.value(Z[-1])
        A.append(a if M is None else a * M)  # F2
    return Trace(tuple(A), tuple(Z), masks, theta=parameters.theta)


def require_made_with(parameters: Parameters, trace: Trace) -> None:
    """Raise where a trace was made with other parameters; the same array, altered since, is not noticed."""
    theirs, ours = trace.theta, parameters.theta
    if theirs is None or theirs is ours:
        return
    xp = array_namespace(ours)
    if type(theirs) is not type(ours) or bool(xp.any(theirs != ours)):
        raise InputError(
            "a trace that was made with other parameters",
            "one made with these: Δ needs Z and A where the weights are",
            "Make it anew: forward(network, parameters, x).",
        )


def slopes_of(network: Network, trace: Trace) -> Masks:
    """φ′_l(Z[l]) of each layer: the trace's own, else the table's; None of a vector activation."""
    own = trace.slopes or (None,) * network.n_layers
    return tuple(
        phi.derivative(z) if slope is None and isinstance(phi, Elementwise) else slope
        for phi, z, slope in zip(network.activations, trace.Z, own, strict=True)
    )


def objective_and_delta(
    network: Network,
    parameters: Parameters,
    trace: Trace,
    y: Array,
    row_weights: Array | float,
    l1: float,
    l2: float,
) -> tuple[Array, Array, Array]:
    """J (J1, J2), ℓ of each row, and Δ[L] (B1) on checked arrays."""
    xp = array_namespace(trace.output)
    ell, delta = network.loss.value_and_delta(
        y, trace.Z[-1], trace.A[-1], network.activations[-1]
    )
    J = xp.sum(row_weights * ell) + penalty(parameters, l1, l2)  # J1
    return J, ell, delta


def penalty(parameters: Parameters, l1: float, l2: float) -> Array | float:
    """R(W) = l1 Σ|W| + ½ l2 Σ W²; biases are never penalized."""
    total: Array | float = 0.0
    for W in parameters.weights if l1 or l2 else ():
        xp = array_namespace(W)
        total = (
            total + l1 * xp.sum(xp.where(positive(W), W, -W)) + l2 / 2 * xp.sum(W * W)
        )  # J2
    return total


def forward(
    network: Network,
    parameters: Parameters,
    x: Any,
    *,
    masks: Sequence[Any] | None = None,
) -> Trace:
    """Run the network on rows x.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    x : array_like, shape (N, n_0)
        Rows of inputs, converted to the library and dtype of the parameters.
    masks : sequence of (array_like or None), optional
        M[0] … M[L-1], shapes (N, n_l): dropout masks, already divided by 1 - p.

    Returns
    -------
    Trace
        Every A, Z and M (equations F0-F2).

    Raises
    ------
    InputError
        Wrong shapes, no rows, NaN or infinity, parameters of another network.

    Examples
    --------
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> p = Parameters.from_arrays([[[1.0, -2.0]]], [[0.5]])
    >>> forward(net, p, [[3.0, 1.0]]).output
    array([[1.5]])
    """
    checked_network(network).require(parameters)
    x = checked_rows(network, parameters, x)
    return propagate(
        network, parameters, x, checked_masks(network, parameters, masks, x.shape[0])
    )


def objective(
    network: Network,
    parameters: Parameters,
    x: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    l1: float = 0.0,
    l2: float = 0.0,
    masks: Sequence[Any] | None = None,
    reduction: str = "mean",
) -> Array:
    """J of the rows x, y (equations J1, J2).

    Parameters
    ----------
    network, parameters, x, masks
        As in `forward`.
    y : array_like, shape (N, n_L), or what the network's loss takes
        Targets; class labels 0 … n_L - 1 of shape (N,) for cross-entropy.
    sample_weight : array_like, shape (N,), optional
        Row weights w >= 0, not all 0.
    l1, l2 : float
        Penalty factors, >= 0; never divided by anything.
    reduction : {"mean", "sum"}
        Whether Σ w ℓ is divided by Σ w.

    Returns
    -------
    Array, shape ()
        J, penalty included.

    Raises
    ------
    InputError
        As `forward`; targets or weights that do not fit.

    Examples
    --------
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> p = Parameters.from_arrays([[[1.0, -2.0]]], [[0.5]])
    >>> float(objective(net, p, [[3.0, 1.0]], [[1.0]]))
    0.125
    """
    trace = forward(network, parameters, x, masks=masks)
    y, row_weights = checked_targets(network, trace, y, sample_weight, reduction)
    checked_penalty(l1, l2)
    return objective_and_delta(network, parameters, trace, y, row_weights, l1, l2)[0]


def checked_rows(network: Network, parameters: Parameters, x: Any) -> Array:
    """X as a finite array of shape (N, n_0), N >= 1, like θ."""
    rows = as_floating(x, "x", like=parameters.theta, ndim=2)
    if rows.shape[0] == 0 or rows.shape[1] != network.sizes[0]:
        raise InputError(
            f"x with shape {tuple(rows.shape)}",
            f"shape (N, {network.sizes[0]}) with N >= 1",
            "Rows are samples, columns are inputs; transpose it if it is the other way round."
            if rows.shape[0]
            else "Pass at least one row.",
        )
    return rows


def checked_masks(
    network: Network, parameters: Parameters, masks: Sequence[Any] | None, rows: int
) -> Masks:
    """M[0] … M[L-1] as arrays of shape (N, n_l) or None."""
    if masks is None:
        return (None,) * network.n_layers
    if len(masks) != network.n_layers:
        raise InputError(
            f"{len(masks)} masks",
            f"{network.n_layers}: one for the input and one for each hidden layer",
            "Pass None for a layer without dropout.",
        )
    checked = []
    for number, (mask, width) in enumerate(zip(masks, network.sizes, strict=False)):
        if mask is not None:
            mask = as_floating(mask, f"masks[{number}]", like=parameters.theta, ndim=2)
            if tuple(mask.shape) != (rows, width):
                raise InputError(
                    f"masks[{number}] with shape {tuple(mask.shape)}",
                    f"shape {(rows, width)}",
                    "A mask has the shape of the layer it thins out.",
                )
        checked.append(mask)
    return tuple(checked)


def checked_targets(
    network: Network, trace: Trace, y: Any, sample_weight: Any, reduction: str
) -> tuple[Array, Array | float]:
    """Targets of shape (N, n_L), and what each row is multiplied by."""
    rows = trace.output.shape[0]
    targets = network.loss.targets(y, network.sizes[-1], trace.output)
    require_one_per_row(targets, rows)
    weights = (
        None
        if sample_weight is None
        else checked_weights(sample_weight, rows, trace.output)
    )
    return targets, reduction_weights(weights, rows, reduction, trace.output)


def require_one_per_row(targets: Array, rows: int) -> None:
    """Raise unless there are as many targets as rows."""
    if targets.shape[0] != rows:
        raise InputError(
            f"{targets.shape[0]} targets for {rows} rows",
            "one target per row",
            "Check how y was cut.",
        )


def checked_weights(sample_weight: Any, rows: int, like: Array) -> Array:
    """Row weights of shape (N,): finite, >= 0, not all 0; subnormal ones are made 0, as a batch of them would be."""
    weights = as_floating(sample_weight, "sample_weight", like=like, ndim=1)
    xp = array_namespace(like)
    if weights.shape[0] != rows:
        raise InputError(
            f"sample_weight with shape {tuple(weights.shape)} for {rows} rows",
            f"shape ({rows},)",
            "One per row.",
        )
    if bool(xp.any(weights < 0)):
        raise InputError(
            "sample_weight with a negative number",
            "numbers >= 0",
            "Leave a row out by weight 0.",
        )
    if not bool(xp.any(weights > 0)):
        raise InputError(
            "sample_weight 0 for every row",
            "some weight > 0",
            "Give the rows that count weight 1.",
        )
    tiny = float(xp.finfo(weights.dtype).smallest_normal)
    normal = xp.where(weights < tiny, xp.zeros_like(weights), weights)
    with np.errstate(over="ignore"):
        total, kept = float(xp.sum(weights)), float(xp.sum(normal))
    if (
        not tiny <= kept <= 1 / tiny
    ):  # so that 1 / Σw neither overflows nor is subnormal
        raise InputError(
            f"sample_weight with the sum {total:g}",
            f"a sum from {tiny:.2g} to {1 / tiny:.2g}, which the loss is divided by",
            "Divide them all by the largest: only their ratios count.",
        )
    return normal


def checked_penalty(l1: float, l2: float) -> None:
    """Raise unless both factors are finite and >= 0."""
    for name, value in (("l1", l1), ("l2", l2)):
        NONNEGATIVE.checked(name, value, f"Pass {name}=0 for no penalty.")
