"""N data points (S1.E31, S1.E32, S3.E23): a cost that is a sum or a mean has a gradient that is one.

The parameters are shared by all data, so their contributions add up; the mean divides once, at the end. Where a
document writes a mean cost and a summed gradient (S1.E48, S1.E49), the step is N times too long.
"""

from __future__ import annotations

import numpy as np

from ...equations.arrays import Array
from ...equations.backward_pass import backward
from ...equations.forward_pass import forward
from ...equations.network import Network, Parameters

__all__ = ["each", "mean_gradient", "sum_gradient"]


def each(network: Network, parameters: Parameters, x: Array, y: Array) -> list[Array]:
    """The gradient of each datum's own loss, shape (D,), one pass each."""
    rows = range(len(x))
    traces = [forward(network, parameters, x[i : i + 1]) for i in rows]
    return [
        backward(network, parameters, trace, y[i : i + 1]).flat
        for i, trace in zip(rows, traces, strict=True)
    ]


def sum_gradient(network: Network, parameters: Parameters, x: Array, y: Array) -> Array:
    """Σ_i ∇ℓ_i, the gradient of the sum.

    Examples
    --------
    >>> net = Network((1, 1), ("identity",), "squared_error")
    >>> p = Parameters.from_arrays([[[2.0]]], [[0.0]])
    >>> x, y = np.array([[1.0], [3.0]]), np.array([[1.0], [4.0]])
    >>> each(net, p, x, y)
    [array([1., 1.]), array([6., 2.])]
    >>> sum_gradient(net, p, x, y), mean_gradient(net, p, x, y)
    (array([7., 3.]), array([3.5, 1.5]))
    """
    return np.sum(each(network, parameters, x, y), axis=0)


def mean_gradient(
    network: Network, parameters: Parameters, x: Array, y: Array
) -> Array:
    """(1/N) Σ_i ∇ℓ_i, the gradient of the mean."""
    return sum_gradient(network, parameters, x, y) / len(x)
