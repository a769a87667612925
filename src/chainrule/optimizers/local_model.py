"""The quadratic model of J around θ: its gradient, whole and in parts, and its curvature in either form (G1-G6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..equations.arrays import as_numpy
from ..equations.backward_pass import Gradient, penalty_gradient
from ..equations.forward_pass import Trace
from ..equations.network import Parameters
from ..equations.output_curvature import OutputFactor, output_factor
from ..equations.second_order import (
    Linearization,
    gauss_newton,
    linearized,
    pulled_through,
    transposed_product,
)
from .damped_step import Cholesky, Curvature, Dual, Primal, Prior, Pull, chosen_form
from .interface import Rows

__all__ = ["LocalModel", "Point", "on_numpy"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Point:
    """θ in float64, and the passes there."""

    theta: Matrix
    trace: Trace
    gradient: Gradient

    @property
    def J(self) -> float:
        return float(self.gradient.J)


@dataclass(frozen=True)
class LocalModel:
    """J around a point.

    Parameters
    ----------
    rows : Rows
    point : Point
    prior : Prior
    found : bool
        Whether the prior is found from the data, so that the gradient of the point is without it.
    summed : callable, optional
        → J̃ᵀ J̃, where the rows lie in shards.
    """

    rows: Rows
    point: Point
    prior: Prior
    found: bool
    summed: Callable[[], Matrix] | None = None

    @cached_property
    def slope(self) -> Matrix:
        """The gradient of what is minimized, 0 in frozen layers."""
        whole: Matrix = self.point.gradient.flat
        if self.found:
            whole = whole + self.prior.weights * self.point.theta
        return np.where(self.prior.free, whole, 0.0)

    @cached_property
    def factor(self) -> OutputFactor:
        """A root of the loss's Hessian (G1)."""
        rows = self.rows
        return output_factor(rows.network, self.point.trace, rows.targets, rows.weights)

    @property
    def parameters(self) -> Parameters:
        """Those of the point."""
        return Parameters(self.rows.network.sizes, self.point.theta)

    def curvature(self, form: str) -> Curvature:
        """C decomposed: "primal", "dual", or by "auto" the smaller of both (G5, G6); "primal" of rows in shards."""
        network, point = self.rows.network, self.point
        if self.summed is not None:
            return Primal(self.summed(), self.prior, network.sizes)
        m, rows, _ = self.factor.root.shape
        if form == "auto":
            form = chosen_form(int(self.prior.free.sum()), m * rows)
        if form == "primal":
            matrix = gauss_newton(network, self.parameters, point.trace, self.factor)
            return Primal(matrix, self.prior, network.sizes)
        linear = linearized(network, self.parameters, point.trace, self.factor)
        kind = Dual if self.prior.uniform else Cholesky
        return kind(linear, self.prior, self.rows.frozen_layers)

    def pull(self, linear: Linearization | None) -> Pull:
        """The gradient, and for the dual, which has a linearization, its parts."""
        if linear is None:  # no form in the parameters looks at r
            return Pull(self.slope, self.slope, np.zeros(0))
        residual = self.factor.residual.ravel()
        rest = self._penalty_gradient()
        if self.factor.rest is not None:
            rest = rest + self._pulled_rest(self.factor.rest)
        return Pull(self.slope, np.where(self.prior.free, rest, 0.0), residual)

    def _penalty_gradient(self) -> Matrix:
        room = Parameters(self.rows.network.sizes, np.zeros_like(self.point.theta))
        for place, W in zip(room.weights, self.parameters.weights, strict=True):
            place[...] = penalty_gradient(W, self.rows.l1, self.rows.l2)
        found: Matrix = room.theta
        return found + self.prior.weights * self.point.theta if self.found else found

    def _pulled_rest(self, rest: Matrix) -> Matrix:
        """The gradient of what has a slope and no curvature."""
        network, trace = self.rows.network, self.point.trace
        deltas = pulled_through(network, self.parameters, trace, rest[None])
        alone = Linearization(network.sizes, trace.A[:-1], tuple(deltas), self.factor)
        found: Matrix = transposed_product(alone, np.ones((1, len(rest))))
        return found


def on_numpy(trace: Trace, gradient: Gradient) -> tuple[Trace, Gradient]:
    """A trace and a gradient on NumPy, in float64."""
    if isinstance(trace.output, np.ndarray):
        return trace, gradient

    def plain(arrays: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(None if a is None else as_numpy(a) for a in arrays)

    convert: Callable[[Any], Any] = as_numpy
    slopes = None if trace.slopes is None else plain(trace.slopes)
    return (
        Trace(plain(trace.A), plain(trace.Z), plain(trace.M), slopes),
        replace(
            gradient,
            J=convert(gradient.J),
            flat=convert(gradient.flat),
            delta=plain(gradient.delta),
            row_loss=convert(gradient.row_loss),
        ),
    )
