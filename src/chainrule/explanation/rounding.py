"""A bound on how far the rounding of an engine takes its derivatives from those of exact arithmetic.

A running error analysis, row by row: forward, what Z and A may be off by (F1, F2); at the output, what that and the
rounding of A make of Δ[L], which is large beside Δ[L] itself where a - y cancels (B1); backward, that carried through
W and φ′, with the rounding of each product (B2 to B4). It bounds nothing rigorously: sums are given as many roundings
as in `equations.rounding`, which asks of a whole gradient, in float64, what is asked here of each number of any engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..equations.activation import Softmax
from ..equations.backward_pass import output_gradient
from ..equations.rounding import FUNCTION_ROUNDINGS, known, roundings
from .numbers import Numbers

__all__ = ["Rounding", "slope_rounding"]

Array = np.ndarray[Any, Any]
#: Roundings of the native engine's φ′ beside 1 + |z|, as docs/native_engine.md promises.
SLOPE_ROUNDINGS = 2


def slope_rounding(numbers: Numbers, l: int) -> Array:
    """Of φ′(Z[l]) of all rows, beside what the table's function has, where it is the engine's own."""
    size = 1 + np.abs(np.asarray(numbers.arrays[f"Z{l}"], np.float64))
    return (l in numbers.own_slopes) * SLOPE_ROUNDINGS * numbers.epsilon * size


class Rounding:
    """The effect of rounding on each number of one pass, by its kind and layer.

    Parameters
    ----------
    numbers : Numbers
    """

    def __init__(self, numbers: Numbers) -> None:
        self.numbers, self.epsilon = numbers, numbers.epsilon
        self.arrays: dict[str, Array] = {}
        with np.errstate(all="ignore"):
            self._forward()
            self._output()
            for l in range(numbers.layers, 0, -1):
                self._backward(l)

    def of(self, kind: str, layer: int, index: tuple[int, ...]) -> float:
        """Of one number, of the row that is explained where it has rows; indices from 1."""
        values = self.arrays["J" if kind == "J" else f"{kind}{layer}"]
        if kind in "ZADGP":
            values = values[self.numbers.row]
        return float(values[tuple(i - 1 for i in index)])

    def _of(self, name: str) -> Array:
        """An array of all rows in float64."""
        return np.asarray(self.numbers.arrays[name], np.float64)

    def _mask(self, l: int) -> Array | float:
        return np.abs(self._of(f"M{l}")) if self.numbers.has(f"M{l}") else 1.0

    def _forward(self) -> None:
        """F1, F2."""
        n, e = self.numbers, self.arrays
        e["A0"] = np.zeros(n.arrays["A0"].shape)  # what is given is exact
        for l in range(1, n.layers + 1):
            A, W, Z = (
                np.abs(self._of(f"A{l - 1}")),
                np.abs(self._of(f"W{l}")),
                self._of(f"Z{l}"),
            )
            size = A @ W.T + np.abs(self._of(f"b{l}"))
            e[f"Z{l}"] = (
                roundings(W.shape[1] + 1) * self.epsilon * size + e[f"A{l - 1}"] @ W.T
            )
            phi: Any = n.moment.network.activations[l - 1]
            a, off, near = (
                self._of(f"A{l}"),
                e[f"Z{l}"],
                FUNCTION_ROUNDINGS * self.epsilon,
            )
            canceled = float(phi.name == "gelu")  # Φ adds 1 and erf
            if isinstance(phi, Softmax):
                spread = _shares_off(phi.value(Z), off)
            else:
                spread = _change(phi.value, Z, off)
                e[f"P{l}"] = _change(phi.derivative, Z, off) + near * (
                    np.abs(self._of(f"P{l}")) + canceled
                )
                e[f"P{l}"] += slope_rounding(n, l)
            e[f"A{l}"] = spread * self._mask(l) + near * (
                np.abs(a) + canceled * np.abs(Z)
            )

    def _output(self) -> None:
        """B1, J1."""
        n, e, L = self.numbers, self.arrays, self.numbers.layers
        network, y = n.moment.network, np.asarray(n.targets, np.float64)
        phi, loss, z, a = (
            network.activations[-1],
            network.loss,
            self._of(f"Z{L}"),
            self._of(f"A{L}"),
        )
        off_z, off_a = e[f"Z{L}"], e[f"A{L}"]

        def delta(sign: float) -> Array:
            return np.asarray(
                loss.value_and_delta(y, z + sign * off_z, a + sign * off_a, phi)[1],
                np.float64,
            )

        here = self._of(f"D{L}")
        between = np.fmax(np.abs(delta(1) - delta(0)), np.abs(delta(-1) - delta(0)))
        e[f"D{L}"] = known(between) + FUNCTION_ROUNDINGS * self.epsilon * np.abs(here)
        if L in n.own_slopes:
            e[f"D{L}"] += np.abs(self._of(f"G{L}")) * slope_rounding(n, L)
        near = (
            FUNCTION_ROUNDINGS * self.epsilon
        )  # ∂ℓ/∂A[L] is taken by A[L] itself, so that its error is no part of it
        e[f"G{L}"] = _change(
            lambda v: output_gradient(loss, y, v), a, near * np.abs(a)
        ) + near * np.abs(self._of(f"G{L}"))
        size = np.abs(self._of("ell")) + np.max(np.abs(z), axis=1)
        off = np.sum(np.abs(here) * off_z, axis=1) + near * size
        e["J"] = np.sum(np.abs(self._of("s")) * off) + roundings(
            n.rows
        ) * self.epsilon * abs(self._of("J"))

    def _backward(self, l: int) -> None:
        """B3; B2 of the layer before, or B4."""
        n, e, rules = self.numbers, self.arrays, self.numbers.moment.rules
        delta, off, W = np.abs(self._of(f"D{l}")), e[f"D{l}"], np.abs(self._of(f"W{l}"))
        share, A = np.abs(self._of("s"))[:, None], np.abs(self._of(f"A{l - 1}"))
        moved = share * (off + roundings(n.rows) * self.epsilon * delta)
        penalty = 4 * self.epsilon * (rules.l1 + rules.l2 * W)
        e[f"dW{l}"] = moved.T @ A + (share * delta).T @ e[f"A{l - 1}"] + penalty
        e[f"db{l}"] = np.sum(moved, axis=0)
        e[f"G{l - 1}"] = (off + roundings(W.shape[0]) * self.epsilon * delta) @ W
        if l == 1:
            e["G0"] = e["G0"] * self._mask(0)
            return
        phi, g = (
            n.moment.network.activations[l - 2],
            np.abs(self._of(f"G{l - 1}")) * self._mask(l - 1),
        )
        off_g = e[f"G{l - 1}"] * self._mask(l - 1)
        here = 4 * self.epsilon * np.abs(self._of(f"D{l - 1}"))
        if isinstance(phi, Softmax):  # a (g - Σ a g)
            a = phi.value(self._of(f"Z{l - 1}"))
            off_a = (
                _shares_off(a, e[f"Z{l - 1}"]) + FUNCTION_ROUNDINGS * self.epsilon * a
            )
            off_g = off_g + roundings(a.shape[1]) * self.epsilon * g
            inner = off_g + np.sum(a * off_g + off_a * g, axis=1, keepdims=True)
            e[f"D{l - 1}"] = (
                a * inner + off_a * (g + np.sum(a * g, axis=1, keepdims=True)) + here
            )
        else:
            e[f"D{l - 1}"] = (
                off_g * np.abs(self._of(f"P{l - 1}")) + g * e[f"P{l - 1}"] + here
            )


def _shares_off(share: Array, off: Array) -> Array:
    """Of e^{z_k} / Σ_j e^{z_j}, where each z is off by so much."""
    return share * (off + np.sum(share * off, axis=1, keepdims=True))  # type: ignore[no-any-return]


def _change(function: Callable[[Array], Array], at: Array, off: Array) -> Array:
    """By how much a function of numbers that are off by so much is off itself."""
    here = function(at)
    up, down = np.abs(function(at + off) - here), np.abs(function(at - off) - here)
    found: Array = known(np.fmax(up, down))  # where it has no value, it is said there
    return found
