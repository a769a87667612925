"""A step for each pattern, or one for all (S2.4 against S1.10), on one code path.

After each pattern the parameters have moved, so the next gradient is taken elsewhere: an epoch of N small steps
is not one step along the summed gradient. They agree to first order in the rate, and differ in second.
"""

from __future__ import annotations

from ...equations.arrays import Array
from ...equations.backward_pass import backward
from ...equations.forward_pass import forward
from ...equations.network import Network, Parameters
from ..checked_values import checked_rate

__all__ = ["full_batch_epoch", "pattern_epoch", "step"]


def step(
    network: Network, parameters: Parameters, x: Array, y: Array, rate: float
) -> Parameters:
    """One step along the summed gradient of these rows, one or many."""
    rate = checked_rate("rate", rate)
    gradient = backward(
        network, parameters, forward(network, parameters, x), y, reduction="sum"
    )
    return Parameters(parameters.sizes, parameters.theta - rate * gradient.flat)


def pattern_epoch(
    network: Network, parameters: Parameters, x: Array, y: Array, rate: float
) -> Parameters:
    """One step for each row, in order.

    Examples
    --------
    >>> import numpy as np
    >>> net = Network((1, 1), ("identity",), "squared_error")
    >>> p, x, y = Parameters.from_arrays([[[0.0]]], [[0.0]]), np.array([[1.0], [1.0]]), np.array([[1.0], [1.0]])
    >>> pattern_epoch(net, p, x, y, 0.25).theta, full_batch_epoch(net, p, x, y, 0.25).theta
    (array([0.375, 0.375]), array([0.5, 0.5]))
    """
    for i in range(len(x)):
        parameters = step(network, parameters, x[i : i + 1], y[i : i + 1], rate)
    return parameters


def full_batch_epoch(
    network: Network, parameters: Parameters, x: Array, y: Array, rate: float
) -> Parameters:
    """One step for all rows."""
    return step(network, parameters, x, y, rate)
