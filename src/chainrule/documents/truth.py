"""The measure of an equation: a document's quantities, their derivatives taken numerically.

The derivatives that the passes compute by formula are the very thing that the equations claim, so the truth of
a derivative is the complex step of the forward pass: f(x + ih) = f(x) + ih f'(x), right to rounding for
h = 1e-30.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..equations.activations import ACTIVATIONS
from ..equations.arrays import Array
from ..equations.forward_pass import propagate
from ..equations.network import Parameters
from .sweep import Sweep

__all__ = ["ComplexStep", "Place", "Truth"]

#: A quantity of the one notation: its letter (Z, A, W or b) and its layer; A[0] is the input.
Place = tuple[str, int]
H = 1e-30


@dataclass(frozen=True)
class ComplexStep:
    """Derivatives of a network's forward pass by complex step."""

    sweep: Sweep

    def ell(self, row: int, bump: tuple[Place, Array] | None = None) -> Array:
        """A row's own loss, with something added to a quantity on the way."""
        s = self.sweep
        Z, A = self.propagate(row, bump)
        z, phi = Z[-1], s.network.activations[-1]
        if bump is not None and bump[0] == (
            "A",
            s.network.n_layers,
        ):  # past z: the loss as a function of the output
            z, phi = A[-1], ACTIVATIONS["identity"]()
        return s.network.loss.value_and_delta(s.y[row : row + 1], z, A[-1], phi)[0][0]

    def propagate(
        self, row: int, bump: tuple[Place, Array] | None = None
    ) -> tuple[list[Array], list[Array]]:
        """Z[1] … Z[L] and A[0] … A[L] of one row (F1, F2), with something added to one of them, or to W or b."""
        place, change = bump if bump is not None else (("", 0), np.zeros(()))

        def bumped(letter: str, l: int, value: Array) -> Array:
            return value + change if place == (letter, l) else value

        s = self.sweep
        A, Z = [bumped("A", 0, s.x[row : row + 1])], []
        layers = zip(
            s.parameters.weights,
            s.parameters.biases,
            s.network.activations,
            strict=True,
        )
        for l, (W, b, phi) in enumerate(layers, 1):
            Z.append(bumped("Z", l, A[-1] @ bumped("W", l, W).T + bumped("b", l, b)))
            A.append(bumped("A", l, phi.value(Z[-1])))
        return Z, A

    def jacobian(self, of: Place, wrt: Place, row: int = 0) -> Array:
        """∂(of)/∂(wrt) for one row, of Z or A by Z, A, W or b.

        Returns
        -------
        Array, shape (n, …)
            The axis of `of` first, then those of `wrt`.
        """

        def quantity(change: Array) -> Array:
            Z, A = self.propagate(row, (wrt, change))
            return (Z[of[1] - 1] if of[0] == "Z" else A[of[1]])[0]

        return complex_steps(quantity, self._bump_shape(wrt), self._shape(wrt))

    def gradient(self, wrt: Place, row: int) -> Array:
        """∂ℓ/∂(wrt) of a row's own loss, in the shape of `wrt`."""
        return complex_steps(
            lambda change: self.ell(row, (wrt, change)),
            self._bump_shape(wrt),
            self._shape(wrt),
        )

    def objective_gradient(self, wrt: Place, row: int) -> Array:
        """∂J/∂(wrt) of the objective of all rows, by Z or A of one of them."""
        s = self.sweep
        share = 1 / len(s.x) if s.reduction == "mean" else 1.0

        def objective(change: Array) -> Array:
            bumped = (
                self.ell(i, (wrt, change) if i == row else None)
                for i in range(len(s.x))
            )
            return share * np.sum(np.stack(list(bumped)))

        return complex_steps(objective, self._bump_shape(wrt), self._shape(wrt))

    def slope(self, direction: Array) -> float:
        """The derivative of J along a direction in θ, at θ."""
        s = self.sweep
        moved = Parameters(s.parameters.sizes, s.parameters.theta + 1j * H * direction)
        trace = propagate(s.network, moved, s.x, (None,) * s.network.n_layers)
        ell = s.network.loss.value_and_delta(
            s.y, trace.Z[-1], trace.A[-1], s.network.activations[-1]
        )[0]
        return float(np.sum(ell).imag / H) / (len(s.x) if s.reduction == "mean" else 1)

    def measured(self) -> Sweep:
        """The sweep with every derivative replaced by its complex step."""
        s, rows, L = self.sweep, range(len(self.sweep.x)), self.sweep.network.n_layers
        share = 1 / len(s.x) if s.reduction == "mean" else 1.0

        def per_row(letter: str, l: int) -> Array:
            return np.stack([self.gradient((letter, l), i).reshape(-1) for i in rows])

        def over_rows(letter: str, l: int) -> Array:
            return share * sum(self.gradient((letter, l), i) for i in rows)

        return replace(
            s,
            dZ=tuple(per_row("Z", l) for l in range(1, L + 1)),
            dA=tuple(per_row("A", l) for l in range(L + 1)),
            dW=tuple(over_rows("W", l) for l in range(1, L + 1)),
            db=tuple(over_rows("b", l) for l in range(1, L + 1)),
        )

    def _shape(self, place: Place) -> tuple[int, ...]:
        letter, l = place
        n = self.sweep.network.sizes
        return (n[l], n[l - 1]) if letter == "W" else (n[l],)

    def _bump_shape(self, place: Place) -> tuple[int, ...]:
        return (
            (1, *self._shape(place)) if place[0] in "ZA" else self._shape(place)
        )  # one row


def complex_steps(
    function: Callable[[Array], Array], bump: tuple[int, ...], shape: tuple[int, ...]
) -> Array:
    """∂function/∂(each entry of a change of shape `bump`); the change's axes come last, as `shape`."""
    parts = []
    for k in range(math.prod(bump)):
        change = np.zeros(math.prod(bump), complex)
        change[k] = 1j * H
        parts.append(np.asarray(function(change.reshape(bump))).imag / H)
    stacked = np.stack(parts, axis=-1)
    return stacked.reshape(*stacked.shape[:-1], *shape)


class Truth:
    """A document's quantities with measured derivatives, made when first asked for.

    Parameters
    ----------
    numeric : ComplexStep
        What measures.
    view : callable
        From a sweep to the document's pass.
    """

    def __init__(self, numeric: ComplexStep, view: Callable[[Sweep], Any]) -> None:
        self.numeric = numeric
        self.sweep = numeric.sweep
        self._view = view
        self._pass: Any = None

    def jacobian(self, of: Place, wrt: Place, row: int = 0) -> Array:
        """∂(of)/∂(wrt) for one row, in the one notation."""
        return self.numeric.jacobian(of, wrt, row)

    def objective_gradient(self, wrt: Place) -> Array:
        """∂J/∂(wrt), Z or A of every row, measured on the objective of all rows: a row for each."""
        rows = range(len(self.sweep.x))
        return np.stack([self.numeric.objective_gradient(wrt, i) for i in rows])

    def slope(self, direction: Array) -> float:
        """The derivative of J along a direction in θ."""
        return self.numeric.slope(direction)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._pass is None:
            self._pass = self._view(self.numeric.measured())
        return getattr(self._pass, name)
