"""The average of networks as one network, and units of inputs and targets folded into its weights.

Networks with linear outputs, put side by side, are one network: their units stand beside each other in each hidden
layer, nothing leads from one to another, and the last layer adds up their outputs divided by their number. Units are
linear, too, so that a network of standardized numbers becomes one of the numbers as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from .arrays import Array, array_namespace
from .forward_pass import propagate
from .network import Network, Parameters
from .posterior import Posterior, predictive_variance

__all__ = ["Ensemble", "Scaling", "averaged", "half_width", "scaling_of", "unscaled"]


@dataclass(frozen=True)
class Scaling:
    """Means and standard deviations of inputs and targets.

    Parameters
    ----------
    x_mean, x_std : Array, shape (n_0,)
    y_mean, y_std : Array, shape (n_L,)
    """

    x_mean: Array
    x_std: Array
    y_mean: Array
    y_std: Array


@dataclass(frozen=True)
class Ensemble:
    """Networks of standardized numbers with their posteriors, averaged.

    Parameters
    ----------
    network : Network
        Of each.
    members : tuple of Posterior
    scaling : Scaling
    """

    network: Network
    members: tuple[Posterior, ...]
    scaling: Scaling

    def merged(self) -> tuple[Network, Parameters]:
        """One network of the numbers as they are that predicts the mean of all."""
        thetas = [member.theta for member in self.members]
        network, parameters = averaged(self.network, thetas)
        return network, unscaled(parameters, self.scaling)

    def moments(self, x: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of what is predicted for rows x, both of shape (N, n_L).

        The variance is the mean of the members' own (G12). The spread of their means is not added: it is what the
        average errs less than its members do (Krogh & Vedelsby 1995).
        """
        xp, scale = array_namespace(x), self.scaling
        rows = (x - scale.x_mean) / scale.x_std
        masks = (None,) * self.network.n_layers
        means, variances = [], []
        for member in self.members:
            parameters = Parameters(self.network.sizes, member.theta)
            means.append(propagate(self.network, parameters, rows, masks).output)
            variances.append(predictive_variance(self.network, member, rows))
        mean = xp.mean(xp.stack(means), axis=0)
        variance = xp.mean(xp.stack(variances), axis=0)  # G12
        return scale.y_mean + scale.y_std * mean, scale.y_std * xp.sqrt(variance)


def half_width(coverage: float) -> float:
    """The standard deviations on either side of the mean that hold this share of a Gaussian.

    Examples
    --------
    >>> round(half_width(0.9), 4)
    1.6449
    """
    return NormalDist().inv_cdf((1 + coverage) / 2)


def scaling_of(x: Array, y: Array, sample_weight: Array | None) -> Scaling:
    """Weighted means and standard deviations of rows; a column that is constant is divided by 1."""
    x_mean, x_std = _moments(x, sample_weight)
    y_mean, y_std = _moments(y, sample_weight)
    return Scaling(x_mean, x_std, y_mean, y_std)


def averaged(network: Network, thetas: Sequence[Array]) -> tuple[Network, Parameters]:
    """The network whose outputs are the mean of the outputs of these, and its parameters.

    Parameters
    ----------
    network : Network
        Of each; with linear outputs and elementwise activations.
    thetas : sequence of Array, shape (D,)

    Examples
    --------
    >>> net = Network((1, 1, 1), ("tanh", "identity"), "squared_error")
    >>> both, p = averaged(net, [np.array([1.0, 2.0, 0.0, 0.0]), np.array([3.0, 4.0, 0.0, 1.0])])
    >>> both.sizes, p.weights[0].ravel(), p.weights[1].ravel(), p.biases[1]
    ((1, 2, 1), array([1., 3.]), array([1., 2.]), array([0.5]))
    """
    count, L = len(thetas), network.n_layers
    if count == 1:
        return network, Parameters(network.sizes, thetas[0])
    each = [Parameters(network.sizes, theta) for theta in thetas]
    inner = tuple(count * n for n in network.sizes[1:-1])
    sizes = (network.sizes[0], *inner, network.sizes[-1])
    whole = Network(sizes, network.activations, network.loss)
    merged = Parameters(sizes, np.zeros(whole.n_parameters))
    for l in range(L):
        rows, columns = network.sizes[l + 1], network.sizes[l]
        share = 1 / count if l == L - 1 else 1.0
        for k, member in enumerate(each):
            down = slice(None) if l == L - 1 else slice(k * rows, (k + 1) * rows)
            across = slice(None) if l == 0 else slice(k * columns, (k + 1) * columns)
            merged.weights[l][down, across] += share * member.weights[l]
            merged.biases[l][down] += share * member.biases[l]
    return whole, merged


def unscaled(parameters: Parameters, scaling: Scaling) -> Parameters:
    """Parameters for inputs and targets as they are, of those for standardized ones; outputs are linear.

    Examples
    --------
    >>> p = Parameters.from_arrays([[[6.0]]], [[1.0]])
    >>> both = unscaled(p, Scaling(np.array([1.0]), np.array([2.0]), np.array([5.0]), np.array([10.0])))
    >>> both.weights[0], both.biases[0]  # 5 + 10 (6 (x - 1)/2 + 1)
    (array([[30.]]), array([-15.]))
    """
    theta = parameters.theta + 0.0
    made = Parameters(parameters.sizes, theta)
    first, last = made.weights[0], made.weights[-1]
    first /= scaling.x_std
    made.biases[0][...] -= first @ scaling.x_mean
    last *= scaling.y_std[:, None]
    made.biases[-1][...] = scaling.y_std * made.biases[-1] + scaling.y_mean
    return made


def _moments(values: Array, weights: Array | None) -> tuple[Array, Array]:
    w = np.ones(len(values)) if weights is None else weights
    w = w[:, None] / np.sum(w)
    mean = np.sum(w * values, axis=0)
    apart = values - mean
    _, power = np.frexp(np.max(np.abs(apart), axis=0))  # of two: it rounds nothing
    apart = np.ldexp(apart, -power)  # so that no square overflows
    std = np.ldexp(np.sqrt(np.sum(w * apart**2, axis=0)), power)
    constant = std <= 1e-12 * np.maximum(np.abs(mean), 1e-300)
    return mean, np.where(constant, 1.0, std)
