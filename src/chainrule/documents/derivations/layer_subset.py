"""Training some of the layers, the others fixed (S4.2: W alone with (23), V as it is).

Every derivative is taken whether its layer moves or not; only the step leaves layers out. For a linear output
layer with squared error the problem that remains is least squares, so its end is known.
"""

from __future__ import annotations

from collections.abc import Collection

from ...equations.arrays import Array
from ...equations.backward_pass import backward
from ...equations.forward_pass import forward
from ...equations.network import Network, Parameters
from ..checked_values import checked_count, checked_rate, moving

__all__ = ["descend"]


def descend(
    network: Network,
    parameters: Parameters,
    x: Array,
    y: Array,
    *,
    layers: Collection[int],
    rate: float,
    steps: int,
) -> Parameters:
    """Parameters after so many full-batch steps of the given layers (1 … L).

    Examples
    --------
    >>> import numpy as np
    >>> net = Network((1, 1, 1), ("tanh", "identity"), "squared_error")
    >>> start = Parameters.from_arrays([[[1.0]], [[0.0]]], [[0.5], [0.0]])
    >>> x = np.array([[-1.0], [0.0], [1.0]])
    >>> y = 3 * np.tanh(x + 0.5) - 1
    >>> end = descend(net, start, x, y, layers=[2], rate=0.5, steps=500)
    >>> end.theta.round(6)  # W[1], W[2], b[1], b[2]
    array([ 1. ,  3. ,  0.5, -1. ])
    """
    rate, steps = checked_rate("rate", rate), checked_count("steps", steps)
    moving_layers = moving("W[l]", layers, range(1, network.n_layers + 1))
    for _ in range(steps):
        gradient = backward(network, parameters, forward(network, parameters, x), y)
        moved = [l in moving_layers for l in range(1, network.n_layers + 1)]
        pairs = zip(moved, parameters.weights, gradient.dW, strict=True)
        W = [w - rate * g if moves else w for moves, w, g in pairs]
        pairs = zip(moved, parameters.biases, gradient.db, strict=True)
        b = [v - rate * g if moves else v for moves, v, g in pairs]
        parameters = Parameters.from_arrays(W, b)
    return parameters
