"""Bayesian regularization: how many parameters the data determine, and the two precisions that follow (G9-G11).

The posterior of the parameters around a minimum is a Gaussian with the precision κ C + α I: C is the Gauss–Newton
matrix of the data's part of J (G6), without any prior, κ the factor that makes J a negative log likelihood, α the
precision of the prior. All that is needed of C are its eigenvalues.

References
----------
MacKay, "Bayesian interpolation", 1992; Foresee & Hagan, "Gauss-Newton approximation to Bayesian learning", 1997.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InputError
from .arrays import Array, array_namespace
from .losses import Loss

__all__ = [
    "Evidence",
    "Likelihood",
    "effective_parameters",
    "is_likelihood",
    "likelihood_of",
    "noise_precision",
    "reestimated",
]

#: Losses that are negative log likelihoods as they are, but for terms of y.
LIKELIHOODS = ("cross_entropy", "binary_cross_entropy", "poisson")
TINY = 1e-300


@dataclass(frozen=True)
class Likelihood:
    """The likelihood that J of some rows stands for.

    Parameters
    ----------
    numbers : float
        Σw n_L: the targets, a row of weight 2 twice.
    weight : float
        Σw, which J has divided by.
    factor : float or None
        c of a squared error c (a - y)², whose noise has a precision β to be found; None where ℓ is -log p itself.
    """

    numbers: float
    weight: float
    factor: float | None


@dataclass(frozen=True)
class Evidence:
    """The precisions at some parameters, and how well they explain the data.

    Parameters
    ----------
    gamma : float
        γ, the effective number of parameters.
    alpha : float
        The prior's precision.
    beta : float or None
        The noise's precision, 1/σ²; None where the loss has none.
    kappa : float
        κ: κ J is the negative log likelihood, but for its constants.
    log_evidence : float
        log p(y | α, β), of the Gaussian around these parameters.
    """

    gamma: float
    alpha: float
    beta: float | None
    kappa: float
    log_evidence: float

    @property
    def prior(self) -> float:
        """α/κ, the factor of ½‖θ‖² beside J."""
        return self.alpha / self.kappa


def is_likelihood(loss: Loss) -> bool:
    """Return whether a loss stands for a likelihood."""
    return loss.name == "squared_error" or loss.name in LIKELIHOODS


def likelihood_of(loss: Loss, outputs: int, weight: float) -> Likelihood:
    """The likelihood that a loss stands for, of rows with the weight Σw.

    Raises
    ------
    InputError
        A loss that is none.
    """
    if loss.name == "squared_error":
        factor = float(loss.specification()["factor"])
        return Likelihood(weight * outputs, weight, factor)
    if loss.name in LIKELIHOODS:
        return Likelihood(weight * outputs, weight, None)
    raise InputError(
        f'regularization = "bayes" with the loss {loss.name}',
        f"squared_error, {', '.join(LIKELIHOODS)}, which are log likelihoods",
        'Choose one of these, or regularization="none" with l2.',
    )


def effective_parameters(eigenvalues: Array, prior: float) -> float:
    """γ = Σ_j e_j / (e_j + α/κ) (G9).

    Parameters
    ----------
    eigenvalues : Array, shape (n,)
        Of C, the data's part alone; those that are 0 may be left out.
    prior : float
        α/κ; with 0 the eigenvalues that are not 0 are counted.

    Examples
    --------
    >>> import numpy as np
    >>> effective_parameters(np.array([1.0, 3.0, 0.0]), 1.0)
    1.25
    """
    xp = array_namespace(eigenvalues)
    if prior == 0:
        return float(xp.sum(xp.astype(eigenvalues > 0, xp.float64)))
    return float(xp.sum(eigenvalues / (eigenvalues + prior)))  # G9


def noise_precision(
    likelihood: Likelihood, J: float, gamma: float
) -> tuple[float | None, float]:
    """β, None where ℓ is -log p itself, and κ (G10).

    Examples
    --------
    >>> noise_precision(Likelihood(11.0, 11.0, 0.5), 0.5, 2.0)  # 9 degrees of freedom, squares that add up to 11
    (0.8181818181818182, 9.0)
    """
    if likelihood.factor is None:
        return None, likelihood.weight
    squares = max(J * likelihood.weight / likelihood.factor, TINY)  # Σ w (a - y)²
    free = max(likelihood.numbers - gamma, 1e-3 * likelihood.numbers)
    beta = free / squares  # G10
    return beta, beta * likelihood.weight / (2 * likelihood.factor)


def reestimated(
    likelihood: Likelihood,
    J: float,
    square: float,
    eigenvalues: Array,
    prior: float,
    *,
    keep_prior: bool = False,
) -> Evidence:
    """α and β at these parameters, from γ with the prior so far (G10), and the evidence (G11).

    Parameters
    ----------
    likelihood : Likelihood
    J : float
        Of the data, without penalty.
    square : float
        ‖θ‖², biases included.
    eigenvalues : Array, shape (n,)
        Of C.
    prior : float
        α/κ so far.
    keep_prior : bool
        Whether α/κ stays what it is, and β alone is found.

    Examples
    --------
    >>> import numpy as np
    >>> found = reestimated(Likelihood(11.0, 11.0, 0.5), 0.5, 2.0, np.array([1.0]), 1.0)
    >>> round(found.gamma, 12), round(found.alpha, 12), round(found.beta, 12)
    (0.5, 0.25, 0.954545454545)
    """
    gamma = effective_parameters(eigenvalues, prior)
    alpha = max(gamma, TINY) / max(square, TINY)  # G10
    beta, kappa = noise_precision(likelihood, J, gamma)
    constant = 0.0
    if beta is not None:
        constant = likelihood.numbers / 2 * math.log(beta / (2 * math.pi))
    if keep_prior:
        alpha = prior * kappa
    xp = array_namespace(eigenvalues)
    occam = float(xp.sum(xp.log(1 + kappa / alpha * eigenvalues))) / 2
    evidence = constant - kappa * J - alpha / 2 * square - occam  # G11
    return Evidence(gamma, alpha, beta, kappa, evidence)
