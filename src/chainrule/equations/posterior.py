"""The Gaussian posterior around a minimum, and the variance of a prediction that follows (G12).

With the precision A = κ C + α I of G9, a prediction a(x) has the variance g A⁻¹ gᵀ from the parameters, g = ∂a/∂θ, and
1/β from the noise. A⁻¹ is kept as a root, of the parameters or, where there are fewer rows, of the rows.

References
----------
MacKay, "A practical Bayesian framework for backpropagation networks", 1992.
"""

from __future__ import annotations

from dataclasses import dataclass

from .arrays import Array, array_namespace
from .evidence import Evidence, likelihood_of, reestimated
from .forward_pass import propagate
from .losses import reduction_weights
from .network import Network, Parameters
from .output_curvature import OutputFactor, output_factor
from .second_order import (
    gauss_newton,
    gram,
    linearized,
    rows_of,
    transposed_product,
)

__all__ = ["Posterior", "posterior_of", "predictive_variance"]

#: Numbers of ∂a/∂θ that are made at once.
AT_ONCE = 2**22


@dataclass(frozen=True)
class Posterior:
    """N(θ, A⁻¹), of parameters and noise.

    Parameters
    ----------
    theta : Array, shape (D,)
    root : Array, shape (D, r)
        Q: A⁻¹ is Q Qᵀ where r = D, else (I - Q Qᵀ)/α.
    alpha : float
    beta : float
    log_evidence : float
    gamma : float
    """

    theta: Array
    root: Array
    alpha: float
    beta: float
    log_evidence: float
    gamma: float


def posterior_of(
    network: Network,
    parameters: Parameters,
    x: Array,
    y: Array,
    sample_weight: Array | None,
    prior: float,
) -> Posterior:
    """The posterior at the parameters, of checked rows in float64.

    Parameters
    ----------
    network : Network
        With a squared error on linear outputs.
    parameters : Parameters
        A minimum of J + ½ `prior` ‖θ‖².
    x, y : Array, shapes (N, n_0) and (N, n_L)
    sample_weight : Array, shape (N,), or None
    prior : float
        α/κ.
    """
    xp = array_namespace(x)
    trace = propagate(network, parameters, x, (None,) * network.n_layers)
    rows = int(x.shape[0])
    s = reduction_weights(sample_weight, rows, "mean", x)
    weight = float(rows) if sample_weight is None else float(xp.sum(sample_weight))
    ell, _ = network.loss.value_and_delta(
        y, trace.Z[-1], trace.A[-1], network.activations[-1]
    )
    J = float(xp.sum(s * ell))
    factor = output_factor(network, trace, y, s)
    m, D = int(factor.root.shape[0]), network.n_parameters
    likelihood = likelihood_of(network.loss, network.sizes[-1], weight)
    square = float(parameters.theta @ parameters.theta)

    def found(values: Array) -> Evidence:
        return reestimated(likelihood, J, square, values, prior, keep_prior=True)

    if m * rows >= D:
        matrix = gauss_newton(network, parameters, trace, factor)
        values, vectors = xp.linalg.eigh(matrix)
        values = xp.where(values > 0, values, xp.zeros_like(values))
        at = found(values)
        root = vectors / xp.sqrt(at.kappa * values + at.alpha)
    else:
        linear = linearized(network, parameters, trace, factor)
        ones = (1.0,) * network.n_layers
        values, vectors = xp.linalg.eigh(gram(linear, ones, ones))
        seen = values > D * 2.3e-16 * values[-1]
        values, vectors = values[seen], vectors[:, seen]
        at = found(values)
        columns = [
            transposed_product(linear, xp.reshape(v, (m, rows))) for v in vectors.T
        ]
        share = at.kappa * values / (at.kappa * values + at.alpha)
        root = xp.stack(columns, axis=1) * xp.sqrt(share / values)
    assert at.beta is not None  # of a squared error
    return Posterior(
        parameters.theta, root, at.alpha, at.beta, at.log_evidence, at.gamma
    )


def predictive_variance(network: Network, posterior: Posterior, x: Array) -> Array:
    """G A⁻¹ gᵀ + 1/β of each output of rows x, shape (N, n_L) (G12)."""
    xp = array_namespace(x)
    parameters = Parameters(network.sizes, posterior.theta)
    n, D = network.sizes[-1], network.n_parameters
    step, parts = max(1, AT_ONCE // (n * D)), []
    for start in range(0, max(1, x.shape[0]), step):
        rows = x[start : start + step]
        trace = propagate(network, parameters, rows, (None,) * network.n_layers)
        phi, count = network.activations[-1], rows.shape[0]
        unit = xp.eye(n, dtype=x.dtype)[:, None, :] + xp.zeros_like(trace.Z[-1])[None]
        pulled = xp.stack([phi.pull_back(trace.Z[-1], trace.A[-1], u) for u in unit])
        factor = OutputFactor(pulled, pulled[:, :, 0], None)
        g = rows_of(linearized(network, parameters, trace, factor))
        along = xp.sum((g @ posterior.root) ** 2, axis=1)
        if posterior.root.shape[1] < D:
            along = (xp.sum(g * g, axis=1) - along) / posterior.alpha
        parts.append(xp.reshape(along, (n, count)).T)  # G12
    return xp.concat(parts) + 1 / posterior.beta
