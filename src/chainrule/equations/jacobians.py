"""Jacobians between the layers of a pass: products of weights (F1) and of φ′ (F2), one matrix for each row.

From a quantity to a later one, layer by layer, by the chain rule::

    ∂Z[l]/∂A[l-1] = W[l],   ∂A[l]/∂Z[l] = diag(M[l] ⊙ φ_l′(Z[l])),   for softmax diag(a) - a aᵀ

The backward pass multiplies by the same factors, transposed, from the other end (B2, B4), and needs one vector where a
Jacobian needs a matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import InputError
from .activation import Activation, Elementwise
from .arrays import Array, array_namespace
from .forward_pass import Trace, forward
from .network import Network, Parameters

__all__ = ["jacobian"]

#: A quantity of a pass: its letter, Z or A, and its layer; A[0] is the input.
Place = tuple[str, int]


def jacobian(
    network: Network,
    parameters: Parameters,
    x: Any,
    *,
    of: Place,
    by: Place,
    masks: Sequence[Any] | None = None,
) -> Array:
    """The derivatives of one layer's numbers by those of an earlier one, row by row.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    x : array_like, shape (N, n_0)
        Rows of inputs.
    of, by : (str, int)
        The numerator and the denominator: ("Z", l) with l = 1 … L, or ("A", l) with l = 0 … L. ("A", 0) is the input,
        with its mask. `by` is `of` itself or comes before it.
    masks : sequence of (array_like or None), optional
        As in `forward`.

    Returns
    -------
    Array, shape (N, n_of, n_by)
        The entry [i, k, j] is the derivative of number k of `of` by number j of `by`, in row i.

    Raises
    ------
    InputError
        A quantity that the network does not have, or that does not come before the other; as `forward`.

    Notes
    -----
    At a kink φ′ is that of the activation's table: 0 for ReLU at 0. Each row takes n_of · n_by numbers.

    Examples
    --------
    >>> net = Network((2, 2, 1), ("relu", "identity"), "squared_error")
    >>> p = Parameters.from_arrays([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]], [[0.0, -20.0], [0.0]])
    >>> jacobian(net, p, [[1.0, 1.0]], of=("Z", 2), by=("A", 1))  # W[2]
    array([[[5., 6.]]])
    >>> jacobian(net, p, [[1.0, 1.0]], of=("A", 2), by=("A", 0))  # the second unit is off
    array([[[ 5., 10.]]])
    """
    after, before = place_of("of", of, network), place_of("by", by, network)
    trace = forward(network, parameters, x, masks=masks)
    if position(before) > position(after):
        raise InputError(
            f"∂{written(after)}/∂{written(before)}",
            f"`by` among {written(('A', 0))} … {written(after)}",
            f"{written(after)} does not depend on {written(before)}: exchange them.",
        )
    return chained(network, parameters, trace, after, before)


def chained(
    network: Network, parameters: Parameters, trace: Trace, of: Place, by: Place
) -> Array:
    """∂(of)/∂(by) for each row, from what is before to what comes after."""
    letter, first = by
    start = trace.A[first] if letter == "A" else trace.Z[first - 1]
    J = identities(start)
    for l in range(first if letter == "Z" else first + 1, of[1] + 1):
        if (l, letter) != (first, "Z"):
            J = parameters.weights[l - 1] @ J  # ∂Z[l]/∂A[l-1] = W[l] (F1)
        if (l, of[0]) != (of[1], "Z"):
            J = through(network.activations[l - 1], trace.Z[l - 1], J)  # F2
            mask = trace.M[l] if l < network.n_layers else None
            J = J if mask is None else mask[:, :, None] * J
    return J


def through(phi: Activation, z: Array, J: Array) -> Array:
    """∂φ(z)/∂z J, row by row: φ′ ⊙ J, or the product with a Jacobian for a vector activation."""
    if isinstance(phi, Elementwise):
        return phi.derivative(z)[:, :, None] * J
    xp, a = array_namespace(z), phi.value(z)[:, :, None]
    return a * (J - xp.sum(a * J, axis=1, keepdims=True))  # (diag(a) - a aᵀ) J


def identities(values: Array) -> Array:
    """An identity matrix for each row of an array of shape (N, n)."""
    xp = array_namespace(values)
    n = values.shape[1]
    one = xp.eye(n, dtype=values.dtype, device=values.device)
    return xp.broadcast_to(one[None, :, :], (values.shape[0], n, n)) + 0


def place_of(name: str, place: Any, network: Network) -> Place:
    """A quantity that the network has."""
    L = network.n_layers
    letter, l = (
        place if isinstance(place, tuple | list) and len(place) == 2 else ("", 0)
    )
    low = {"Z": 1, "A": 0}.get(letter) if isinstance(letter, str) else None
    whole = isinstance(l, int) and not isinstance(l, bool)
    if low is None or not whole or not low <= l <= L:
        raise InputError(
            f"{name} = {place!r:.80}",
            f'("Z", 1) … ("Z", {L}) or ("A", 0) … ("A", {L})',
            f'Pass ("A", {L}) for the output, say.',
        )
    return letter, l


def position(place: Place) -> int:
    """The place of a quantity in the order of computation."""
    return 2 * place[1] - (place[0] == "Z")


def written(place: Place) -> str:
    """A quantity as the equations write it."""
    return f"{place[0]}[{place[1]}]"
