"""The damped Gauss–Newton step, by whichever of its two matrices is smaller (G7, G8).

(J̃ᵀ J̃ + P + λI) δ = -g, with the gradient g = J̃ᵀ r + p, is solved in the parameters (primal) or, with the same
result, in the outputs of all rows (dual). P is the prior's precision: a number for weights, one for biases. Where both
are the same, and always in the primal, one decomposition serves every λ.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..equations.evidence import effective_parameters
from ..equations.network import flat_layout
from ..equations.second_order import (
    Linearization,
    gram,
    jacobian_product,
    transposed_product,
)
from ..errors import NonFiniteError

__all__ = ["Cholesky", "Curvature", "Dual", "Primal", "Prior", "Pull", "chosen_form"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Prior:
    """P: the precision of weights, that of biases, and the entries of θ that may move.

    Parameters
    ----------
    weights, biases : float
    free : ndarray, shape (D,)
        False in frozen layers.
    """

    weights: float
    biases: float
    free: Matrix

    @property
    def uniform(self) -> bool:
        """Return whether P is a multiple of the identity."""
        return self.weights == self.biases

    def diagonal(self, sizes: tuple[int, ...]) -> Matrix:
        """The diagonal of P, shape (D,)."""
        end = flat_layout(sizes)[0][-1][1]
        found = np.full(len(self.free), self.biases)
        found[:end] = self.weights
        return found


@dataclass(frozen=True)
class Pull:
    """The gradient at θ, whole and as J̃ᵀ r + p; 0 in frozen layers.

    Parameters
    ----------
    gradient : ndarray, shape (D,)
        g.
    rest : ndarray, shape (D,)
        p: the penalty's gradient, and what of the loss's has no curvature.
    residual : ndarray, shape (m N,)
        r.
    """

    gradient: Matrix
    rest: Matrix
    residual: Matrix


class Curvature(ABC):
    """J̃ᵀ J̃ of some rows, decomposed."""

    #: Eigenvalues of J̃ᵀ J̃ without the prior, those that are 0 left out; None where they are not known.
    eigenvalues: Matrix | None
    #: The mean of the diagonal of J̃ᵀ J̃ over the parameters that may move.
    mean_diagonal: float
    #: J̃ by its factors, where the step goes by the outputs.
    linear: Linearization | None = None

    @abstractmethod
    def step(self, pull: Pull, prior: Prior, damping: float) -> Matrix:
        """δ, shape (D,); 0 in frozen layers."""

    @abstractmethod
    def effective(self, prior: Prior) -> float:
        """γ = tr C (C + P)⁻¹, the effective number of parameters (G9)."""


@final
class Primal(Curvature):
    """In the parameters: the eigenvectors of C, or of C + P where P is no multiple of the identity.

    Parameters
    ----------
    matrix : ndarray, shape (D, D)
        C = J̃ᵀ J̃; may be overwritten.
    prior : Prior
    sizes : tuple of int
        Widths of the network.
    """

    def __init__(self, matrix: Matrix, prior: Prior, sizes: tuple[int, ...]) -> None:
        free = prior.free
        if not free.all():
            matrix = matrix[np.ix_(free, free)]
        self.mean_diagonal = float(np.mean(np.diag(_finite(matrix))))
        self._free, self._uniform = free, prior.uniform
        self._precision = prior.diagonal(sizes)[free]
        if not prior.uniform:
            matrix[np.diag_indices_from(matrix)] += self._precision
        values, self._vectors = np.linalg.eigh(matrix)
        self._values = np.maximum(values, 0.0)
        self.eigenvalues = _nonzero(self._values) if prior.uniform else None

    def step(self, pull: Pull, prior: Prior, damping: float) -> Matrix:
        added = damping + (prior.weights if self._uniform else 0.0)
        turned = self._vectors.T @ pull.gradient[self._free]
        delta = np.zeros(len(self._free))
        delta[self._free] = -self._vectors @ (turned / (self._values + added))  # G7
        return delta

    def effective(self, prior: Prior) -> float:
        if self.eigenvalues is not None:
            return effective_parameters(self.eigenvalues, prior.weights)  # G9
        seen = _nonzero(self._values)
        vectors = self._vectors[:, len(self._values) - len(seen) :]
        shares = self._precision @ (vectors * vectors) / seen
        return float(np.sum(1 - shares))  # G9


@final
class Dual(Curvature):
    """In the outputs: the eigenvectors of J̃ J̃ᵀ, where P is a multiple of the identity.

    Parameters
    ----------
    linear : Linearization
    prior : Prior
    frozen : tuple of int
        Layers, from 1.
    """

    linear: Linearization

    def __init__(
        self, linear: Linearization, prior: Prior, frozen: tuple[int, ...]
    ) -> None:
        moving = _moving(linear, frozen)
        matrix = _finite(gram(linear, moving, moving))
        self.mean_diagonal = float(np.trace(matrix) / prior.free.sum())
        self.linear, self._free = linear, prior.free
        values, self._vectors = np.linalg.eigh(matrix)
        self._values = np.maximum(values, 0.0)
        self.eigenvalues = _nonzero(self._values)

    def step(self, pull: Pull, prior: Prior, damping: float) -> Matrix:
        added = prior.weights + damping
        right = pull.residual - _along(self.linear, pull.rest) / added
        turned = (self._vectors.T @ right) * (added / (self._values + added))
        u = (self._vectors @ turned).reshape(self.linear.shape[:2])
        moved = transposed_product(self.linear, u)
        return np.where(self._free, -(pull.rest + moved) / added, 0.0)  # G8

    def effective(self, prior: Prior) -> float:
        assert self.eigenvalues is not None
        return effective_parameters(self.eigenvalues, prior.weights)  # G9


@final
class Cholesky(Curvature):
    """In the outputs, where weights and biases have different priors: a factorization for each λ.

    Parameters
    ----------
    linear : Linearization
    prior : Prior
    frozen : tuple of int
        Layers, from 1.
    """

    linear: Linearization

    def __init__(
        self, linear: Linearization, prior: Prior, frozen: tuple[int, ...]
    ) -> None:
        moving = _moving(linear, frozen)
        none = (0.0,) * len(moving)
        self._of_weights = _finite(gram(linear, moving, none))
        self._of_biases = _finite(gram(linear, none, moving))
        trace = np.trace(self._of_weights) + np.trace(self._of_biases)
        self.mean_diagonal = float(trace / prior.free.sum())
        self.linear, self._free, self._moving = linear, prior.free, moving
        self.eigenvalues = None

    def step(self, pull: Pull, prior: Prior, damping: float) -> Matrix:
        from scipy.linalg import cho_factor, cho_solve

        linear = self.linear
        s_W, s_b = 1 / (prior.weights + damping), 1 / (prior.biases + damping)
        matrix = s_W * self._of_weights
        matrix += s_b * self._of_biases
        matrix[np.diag_indices_from(matrix)] += 1.0
        S = 1 / (prior.diagonal(linear.sizes) + damping)
        right = pull.residual - _along(linear, S * pull.rest)
        factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
        u = cho_solve(factor, right, check_finite=False).reshape(linear.shape[:2])
        moved = transposed_product(linear, u)
        return np.where(self._free, -S * (pull.rest + moved), 0.0)  # G8

    def effective(self, prior: Prior) -> float:
        from scipy.linalg import lapack

        matrix, known = self._of_weights / prior.weights, 0
        if prior.biases:
            matrix += self._of_biases / prior.biases
        else:  # what biases explain counts whole, and is no more to be explained by weights
            along = _along_biases(self.linear, self._moving)
            known = along.shape[1]
            matrix -= along @ (along.T @ matrix)
            matrix -= (matrix @ along) @ along.T
        matrix[np.diag_indices_from(matrix)] += 1.0
        factor = np.linalg.cholesky(matrix)
        del matrix  # no more than MATRICES at once
        inverse, _ = lapack.dtrtri(factor.T, lower=False, overwrite_c=True)
        return float(known + len(factor) - np.vdot(inverse, inverse))  # G9


def _finite(matrix: Matrix) -> Matrix:
    """Products of derivatives as given; raises where they overflowed."""
    if not np.isfinite(matrix).all():
        raise NonFiniteError("J̃ᵀ J̃")
    return matrix


def chosen_form(parameters: int, numbers: int) -> str:
    """The form whose matrix is smaller: "primal" of D, "dual" of N m."""
    return "primal" if parameters <= numbers else "dual"


def _along(linear: Linearization, v: Matrix) -> Matrix:
    """J̃ v, flat; frozen entries of v are 0."""
    found: Matrix = jacobian_product(linear, v).ravel()
    return found


def _along_biases(linear: Linearization, moving: tuple[float, ...]) -> Matrix:
    """An orthonormal basis of the columns of J̃ that belong to biases, shape (m N, at most so many)."""
    m, rows, _ = linear.shape
    parts = [
        np.reshape(delta, (m * rows, -1))
        for delta, moves in zip(linear.delta, moving, strict=True)
        if moves
    ]
    columns = np.concatenate(parts, axis=1)
    basis, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    least = max(columns.shape) * np.finfo(np.float64).eps * sizes[0]
    found: Matrix = basis[:, sizes > least]
    return found


def _moving(linear: Linearization, frozen: tuple[int, ...]) -> tuple[float, ...]:
    """For each layer 1, or 0 where it is frozen."""
    layers = range(1, len(linear.sizes))
    return tuple(0.0 if layer in frozen else 1.0 for layer in layers)


def _nonzero(values: Matrix) -> Matrix:
    """The eigenvalues that are not 0 but for rounding, ascending."""
    least = len(values) * np.finfo(np.float64).eps * values[-1] if len(values) else 0.0
    return values[values > least]
