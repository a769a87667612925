"""The loss as a function of one number of a pass: what follows is computed anew, forward, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..equations.activation import Activation
from ..equations.activations import ACTIVATIONS
from .numbers import Numbers

__all__ = ["Job", "VariedLoss"]

Array = np.ndarray[Any, Any]
#: A derivative to take: the function with its kinks, the point, which entry of it, and how far a step of 1 in that
#: entry moves Z.
Job = tuple[Callable[..., Any], Array, int, float]
IDENTITY = ACTIVATIONS["identity"]()


class VariedLoss:
    """ℓ, J and φ of one pass, in float64, with a number of it replaced.

    Parameters
    ----------
    numbers : Numbers
    """

    def __init__(self, numbers: Numbers) -> None:
        self.network, self.rules = numbers.moment.network, numbers.moment.rules
        self.row, arrays, L = numbers.row, numbers.arrays, numbers.layers

        def exactly(kind: str, first: int = 1) -> dict[int, Array]:
            layers = range(first, L + 1)
            return {l: arrays[f"{kind}{l}"].astype(np.float64) for l in layers}

        self.z, self.a = exactly("Z"), exactly("A", 0)
        self.W, self.b = exactly("W"), exactly("b")
        self.mask = [arrays.get(f"M{l}") for l in range(L)]
        self.x = np.asarray(arrays.get("X0", arrays["A0"]), np.float64)
        self.y = numbers.targets.astype(np.float64)
        self.share = np.asarray(arrays["s"], np.float64)

    def job(self, kind: str, layer: int, index: tuple[int, ...]) -> Job | None:
        """The derivative that a number is; None for numbers that are none."""
        kinds = {"P": self.slope, "D": self.by_z, "G": self.by_a}
        kinds |= {"dW": self.by_weight, "db": self.by_bias}
        return kinds[kind](layer, index) if kind in kinds else None

    def slope(self, l: int, index: tuple[int, ...]) -> Job:
        """Of φ by z."""
        phi = self.network.activations[l - 1]

        def function(z: Array) -> tuple[Any, list[Array]]:
            return np.sum(phi.value(z)), [np.sign(z.real - kink) for kink in phi.kinks]

        return function, self.z[l][self.row][[index[0] - 1]], 0, 1.0

    def by_z(self, l: int, index: tuple[int, ...]) -> Job:
        """Of ℓ by Z[l]_k."""
        row = self.row

        def function(z: Array) -> tuple[Any, list[Array]]:
            ell, sides = self.from_z(l, z[None, :], slice(row, row + 1))
            return ell[0], sides

        return function, self.z[l][row], index[0] - 1, 1.0

    def by_a(self, l: int, index: tuple[int, ...]) -> Job:
        """Of ℓ by A[l]_k; of the input before its mask."""
        row, mask = self.row, self.mask[0] if l == 0 else None
        a = self.x[row] if l == 0 else self.a[l][row]

        def function(v: Array) -> tuple[Any, list[Array]]:
            v = v if mask is None else v * mask[row]
            ell, sides = self.from_a(l, v[None, :], slice(row, row + 1))
            return ell[0], sides

        return function, a, index[0] - 1, 1.0

    def by_weight(self, l: int, index: tuple[int, ...]) -> Job:
        """Of J by W[l]_kj."""
        k, j = index[0] - 1, index[1] - 1
        a, rules = self.a[l - 1], self.rules

        def function(w: Array) -> tuple[Any, list[Array]]:
            J, sides = self.objective(l, k, a @ w + self.b[l][k])
            size = np.where(w.real > 0, w, -w)
            J = J + rules.l1 * np.sum(size) + rules.l2 / 2 * np.sum(w * w)
            return J, sides + ([np.sign(w.real)] if rules.l1 else [])

        return function, self.W[l][k], j, max(1.0, float(np.max(np.abs(a))))

    def by_bias(self, l: int, index: tuple[int, ...]) -> Job:
        """Of J by b[l]_k."""
        k = index[0] - 1
        product = self.a[l - 1] @ self.W[l][k]
        return lambda b: self.objective(l, k, product + b[0]), self.b[l][[k]], 0, 1.0

    def objective(self, l: int, k: int, column: Array) -> tuple[Any, list[Array]]:
        """Σ s ℓ over the rows, with unit k of Z[l] replaced."""
        z = self.z[l].astype(column.dtype)
        z[:, k] = column
        ell, sides = self.from_z(l, z, slice(None))
        return np.sum(self.share * ell), sides

    def from_z(self, l: int, z: Array, rows: slice) -> tuple[Array, list[Array]]:
        """ℓ of rows with given Z[l], and on which side of every kink they are."""
        phi = self.network.activations[l - 1]
        sides = [np.sign(z.real - kink) for kink in phi.kinks]
        a = phi.value(z)
        if l == self.network.n_layers:
            ell, more = self.at_output(z, a, phi, rows)
        else:
            mask = self.mask[l]
            ell, more = self.from_a(l, a if mask is None else a * mask[rows], rows)
        return ell, sides + more

    def from_a(self, l: int, a: Array, rows: slice) -> tuple[Array, list[Array]]:
        """The same with given A[l]; of the output, ℓ by a alone."""
        if l == self.network.n_layers:
            return self.at_output(a, a, IDENTITY, rows)
        return self.from_z(l + 1, a @ self.W[l + 1].T + self.b[l + 1], rows)

    def at_output(
        self, z: Array, a: Array, phi: Activation, rows: slice
    ) -> tuple[Array, list[Array]]:
        """ℓ of rows with given Z[L] and A[L], and the sides of the kinks of the loss."""
        y, loss = self.y[rows], self.network.loss
        ell, _ = loss.value_and_delta(y, z, a, phi)
        return ell, [np.sign(np.real(r)) for r in loss.residual_kinks(y, a)]
