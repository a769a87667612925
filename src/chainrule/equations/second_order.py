"""Second order without second derivatives of φ: the Gauss–Newton matrix and its products (G2-G6).

The Jacobian of the outputs, times a root of the loss's own Hessian, is J̃ = H^½ J: a row for each output of each
sample, a column for each parameter. By B2 and B3 each of its rows is an outer product in every layer, of a Δ and an
A, so J̃ v, J̃ᵀ u and J̃ S J̃ᵀ are products of these, and J̃ itself is never stored; J̃ᵀ J̃ is summed up by blocks of
rows. `linearize` checks what it is given and then calls `output_factor` (`output_curvature`, G1) and `linearized`, the
equations alone.

References
----------
Schraudolph, "Fast curvature matrix-vector products for second-order gradient descent", 2002.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .activation import Activation
from .arrays import Array, array_namespace
from .forward_pass import Trace, checked_targets, require_made_with, slopes_of
from .network import Network, Parameters, checked_network, read_biases, read_weights
from .output_curvature import OutputFactor, output_factor, require_curvature

__all__ = [
    "Linearization",
    "gauss_newton",
    "gram",
    "jacobian_product",
    "linearize",
    "linearized",
    "pulled_through",
    "rows_of",
    "transposed_product",
]

#: Numbers of J̃ that are made at once where J̃ᵀ J̃ is summed up, which a core's cache holds; but so many rows at least,
#: so that adding up the blocks is little beside making them.
AT_ONCE, ROWS_AT_ONCE = 2**17, 512


@dataclass(frozen=True)
class Linearization:
    """J̃ = H^½ J of some rows at θ, by its factors in each layer.

    Row (k, i) of J̃ is Δ⁽ᵏ⁾[l]_i A[l-1]_iᵀ in the place of W[l], and Δ⁽ᵏ⁾[l]_i in that of b[l].

    Parameters
    ----------
    sizes : tuple of int
        Widths n_0 … n_L.
    A : tuple of Array, shapes (N, n_l), l = 0 … L-1
        The inputs of each layer.
    delta : tuple of Array, shapes (m, N, n_l), l = 1 … L
        Δ⁽ᵏ⁾[l] by B2 from root[k] in the place of Δ[L], layer 1 first (G2).
    factor : OutputFactor
    """

    sizes: tuple[int, ...]
    A: tuple[Array, ...]
    delta: tuple[Array, ...]
    factor: OutputFactor

    @property
    def shape(self) -> tuple[int, int, int]:
        """(m, N, D): J̃ would have m N rows and D columns."""
        m, rows, _ = self.delta[0].shape
        weights = sum(
            n * k for n, k in zip(self.sizes[1:], self.sizes[:-1], strict=True)
        )
        return m, rows, weights + sum(self.sizes[1:])


def linearized(
    network: Network,
    parameters: Parameters,
    trace: Trace,
    factor: OutputFactor,
    rows: slice = slice(None),
) -> Linearization:
    """G2 on checked arrays: B2 from each root, of all the rows or of some."""
    delta = factor.root[:, rows, :]
    part = OutputFactor(
        delta,
        factor.residual[:, rows],
        None if factor.rest is None else factor.rest[rows],
    )
    trace = _of_rows(trace, rows)
    return Linearization(
        network.sizes,
        trace.A[:-1],
        tuple(pulled_through(network, parameters, trace, delta)),
        part,
    )


def pulled_through(
    network: Network,
    parameters: Parameters,
    trace: Trace,
    delta: Array,
) -> Iterator[Array]:
    """Δ of each layer, layer 1 first, from several Δ[L] at once, shape (m, N, n_L) (B2)."""
    slopes, W = slopes_of(network, trace), parameters.weights
    found = [delta]
    for l in range(network.n_layers - 1, 0, -1):
        g = found[-1] @ W[l]
        mask, slope = trace.M[l], slopes[l - 1]
        g = g if mask is None else g * mask[None]
        found.append(
            _through(network.activations[l - 1], trace.Z[l - 1], g)
            if slope is None
            else g * slope[None]
        )  # G2, B2
    return reversed(found)


def jacobian_product(linear: Linearization, v: Array) -> Array:
    """J̃ v (G3).

    Parameters
    ----------
    linear : Linearization
    v : Array, shape (D,)

    Returns
    -------
    Array, shape (m, N)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Network, Parameters, forward
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> p = Parameters.from_arrays([[[1.0, -2.0]]], [[0.5]])
    >>> linear = linearize(net, p, forward(net, p, [[3.0, 1.0]]), [[1.0]])
    >>> jacobian_product(linear, np.array([1.0, 10.0, 100.0]))  # a row (3, 1, 1)
    array([[113.]])
    """
    xp, found = array_namespace(v), None
    layers = zip(
        linear.A,
        linear.delta,
        read_weights(linear.sizes, v),
        read_biases(linear.sizes, v),
        strict=True,
    )
    for A, delta, W, b in layers:
        part = xp.sum(delta * (A @ W.T + b)[None], axis=2)  # G3
        found = part if found is None else found + part
    return found


def transposed_product(linear: Linearization, u: Array) -> Array:
    """J̃ᵀ u (G4): B3 with Σ_k u⁽ᵏ⁾ Δ⁽ᵏ⁾ in the place of Δ.

    Parameters
    ----------
    linear : Linearization
    u : Array, shape (m, N)

    Returns
    -------
    Array, shape (D,)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Network, Parameters, forward
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> p = Parameters.from_arrays([[[1.0, -2.0]]], [[0.5]])
    >>> linear = linearize(net, p, forward(net, p, [[3.0, 1.0]]), [[1.0]])
    >>> transposed_product(linear, np.array([[2.0]]))
    array([6., 2., 2.])
    """
    xp = array_namespace(u)
    summed = [xp.sum(u[:, :, None] * delta, axis=0) for delta in linear.delta]
    dW = [d.T @ A for d, A in zip(summed, linear.A, strict=True)]  # G4, B3
    db = [xp.sum(d, axis=0) for d in summed]  # G4, B3
    return xp.concat([xp.reshape(g, (-1,)) for g in (*dW, *db)])


def gram(
    linear: Linearization,
    s_weights: Sequence[float],
    s_biases: Sequence[float],
    other: Linearization | None = None,
) -> Array:
    """J̃ S J̃ᵀ, layer by layer, S a number for the weights and one for the biases of each layer (G5).

    Parameters
    ----------
    linear : Linearization
    s_weights, s_biases : sequence of float
        L numbers each, layer 1 first; 0 leaves a layer out.
    other : Linearization, optional
        Of other rows: then J̃ S J̃₂ᵀ.

    Returns
    -------
    Array, shape (m N, m₂ N₂)

    Examples
    --------
    >>> from chainrule import Network, Parameters, forward
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> p = Parameters.from_arrays([[[1.0, -2.0]]], [[0.5]])
    >>> linear = linearize(net, p, forward(net, p, [[3.0, 1.0]]), [[1.0]])
    >>> gram(linear, (1.0,), (1.0,))  # 3² + 1² + 1²
    array([[11.]])
    """
    second = linear if other is None else other
    (m, rows, _), (m2, rows2, _) = linear.shape, second.shape
    xp = array_namespace(linear.delta[0])
    total = None
    layers = zip(
        linear.A, second.A, linear.delta, second.delta, s_weights, s_biases, strict=True
    )
    for A, A2, delta, delta2, s_W, s_b in layers:
        if s_W == 0 and s_b == 0:
            continue
        flat = xp.reshape(delta, (m * rows, -1))
        product = flat @ xp.reshape(delta2, (m2 * rows2, -1)).T
        product = xp.reshape(product, (m, rows, m2, rows2))
        product *= (s_W * (A @ A2.T) + s_b)[None, :, None, :]  # G5
        if total is None:
            total = product
        else:
            total += product
    if total is None:
        total = xp.zeros((m, rows, m2, rows2), dtype=linear.delta[0].dtype)
    return xp.reshape(total, (m * rows, m2 * rows2))


def rows_of(linear: Linearization) -> Array:
    """J̃ itself, shape (m N, D): of a block of rows."""
    m, rows, _ = linear.shape
    xp = array_namespace(linear.delta[0])
    dW = [
        xp.reshape(delta[:, :, :, None] * A[None, :, None, :], (m * rows, -1))
        for delta, A in zip(linear.delta, linear.A, strict=True)
    ]
    db = [xp.reshape(delta, (m * rows, -1)) for delta in linear.delta]
    return xp.concat([*dW, *db], axis=1)


def gauss_newton(
    network: Network, parameters: Parameters, trace: Trace, factor: OutputFactor
) -> Array:
    """J̃ᵀ J̃, the Gauss–Newton matrix, summed over blocks of rows in their order (G6).

    Parameters
    ----------
    network : Network
    parameters : Parameters
    trace : Trace
        Of `forward` or of an engine's `passes`.
    factor : OutputFactor

    Returns
    -------
    Array, shape (D, D)

    Examples
    --------
    >>> from chainrule import Network, Parameters, forward
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> p = Parameters.from_arrays([[[1.0, -2.0]]], [[0.5]])
    >>> trace = forward(net, p, [[3.0, 1.0], [0.0, 1.0]])
    >>> gauss_newton(net, p, trace, linearize(net, p, trace, [1.0, 2.0], reduction="sum").factor)
    array([[9., 3., 3.],
           [3., 2., 2.],
           [3., 2., 2.]])
    """
    m, rows, _ = factor.root.shape
    step = max(1, max(ROWS_AT_ONCE, AT_ONCE // network.n_parameters) // m)
    total = None
    for start in range(0, rows, step):
        block = rows_of(
            linearized(network, parameters, trace, factor, slice(start, start + step))
        )
        part = block.T @ block  # G6
        total = part if total is None else total + part
    return total


def linearize(
    network: Network,
    parameters: Parameters,
    trace: Trace,
    y: Any,
    *,
    sample_weight: Any = None,
    reduction: str = "mean",
) -> Linearization:
    """J̃ at the parameters and rows of a trace: the first-order change of every output, weighed by its loss (G1, G2).

    Parameters
    ----------
    network, parameters
        Those that `forward` made the trace with.
    trace : Trace
        From `forward`.
    y, sample_weight, reduction
        As in `objective`.

    Returns
    -------
    Linearization
        For `jacobian_product`, `transposed_product`, `gram`.

    Raises
    ------
    InputError
        As `objective`; a loss without curvature: absolute error, pinball, one of your own.

    Examples
    --------
    >>> from chainrule import Network, forward
    >>> net = Network((2, 3, 1), ("tanh", "identity"), "squared_error")
    >>> p = net.init(seed=0)
    >>> linearize(net, p, forward(net, p, [[0.0, 1.0], [1.0, 1.0]]), [0.0, 1.0]).shape
    (1, 2, 13)
    """
    checked_network(network).require(parameters)
    require_made_with(parameters, trace)
    require_curvature(network.loss)
    targets, weights = checked_targets(network, trace, y, sample_weight, reduction)
    factor = output_factor(network, trace, targets, weights)
    return linearized(network, parameters, trace, factor)


def _of_rows(trace: Trace, rows: slice) -> Trace:
    """The trace of some of its rows."""

    def some(arrays: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(None if a is None else a[rows] for a in arrays)

    slopes = None if trace.slopes is None else some(trace.slopes)
    return Trace(some(trace.A), some(trace.Z), some(trace.M), slopes)


def _through(phi: Activation, z: Array, g: Array) -> Array:
    """The pull-back of several gradients at once, shape (m, N, n), through a vector activation."""
    xp, a = array_namespace(z), phi.value(z)
    return xp.stack([phi.pull_back(z, a, one) for one in g])
