"""Training as a minimum over one vector (S3.E9): L: R^D → R, θ = (W^[1] … W^[M-1], b^[1] … b^[M-1]).

Once the loss is a function of θ alone, a step is one line, and any minimizer of functions of a vector will do.
"""

from __future__ import annotations

from collections.abc import Callable

from ...equations.arrays import Array
from ...equations.backward_pass import backward
from ...equations.forward_pass import forward, objective
from ...equations.network import Network, Parameters
from ..checked_values import checked_count, checked_rate

__all__ = ["descend", "gradient_of_theta", "loss_of_theta"]


def loss_of_theta(
    network: Network, x: Array, y: Array, *, reduction: str = "mean"
) -> Callable[[Array], float]:
    """L, a function of θ."""
    return lambda theta: float(
        objective(network, Parameters(network.sizes, theta), x, y, reduction=reduction)
    )


def gradient_of_theta(
    network: Network, x: Array, y: Array, *, reduction: str = "mean"
) -> Callable[[Array], Array]:
    """∇L, a function of θ with values in R^D."""

    def gradient(theta: Array) -> Array:
        parameters = Parameters(network.sizes, theta)
        return backward(
            network, parameters, forward(network, parameters, x), y, reduction=reduction
        ).flat

    return gradient


def descend(
    gradient: Callable[[Array], Array], theta: Array, *, rate: float, steps: int
) -> Array:
    """θ after so many steps θ ← θ - rate · ∇L(θ).

    Examples
    --------
    >>> import numpy as np
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> x, y = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[3.0], [2.0], [4.0]])
    >>> L, dL = loss_of_theta(net, x, y), gradient_of_theta(net, x, y)
    >>> theta = descend(dL, np.zeros(3), rate=0.9, steps=500)
    >>> theta.round(9), L(theta) < 1e-20
    (array([1., 2., 1.]), True)
    """
    rate = checked_rate("rate", rate)
    for _ in range(checked_count("steps", steps)):
        theta = theta - rate * gradient(theta)
    return theta
