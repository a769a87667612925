"""Every number checked: its formula evaluated again, and every derivative against numerical differentiation.

The formula is evaluated in float64 from the engine's own numbers in it, by Python's arithmetic. A derivative is
also found by moving the number that it is taken by and computing the loss anew: forward, layer by layer, written here
once more. By complex step where the functions allow it, else by five-point differences (`gradient_check`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..documents.spelling import parts_of
from ..equations.activations import ACTIVATIONS
from ..equations.differentiation import SMALLEST, STEP, TOLERANCES, derivative_along
from ..equations.gradient_check import method_for
from ..equations.rounding import EPSILON
from .entries import formula
from .numbers import Numbers
from .rounding import FUNCTION_ROUNDINGS, Rounding, slope_rounding

__all__ = ["Check", "Checker"]

Array = np.ndarray[Any, Any]
#: Sums over rows, which a compiled engine takes of s Δ, back from s Δ[L]: rounded otherwise than s times Δ.
SHARES_FOLDED = ("J", "dW", "db")
#: The words for a number at a kink; {} is a place for it.
AT_KINK = "at a kink, {}: there is no derivative to compare with"
#: A derivative to take: the function with its kinks, the point, which entry of it, and how far a step of 1 in that
#: entry moves Z.
Job = tuple[Callable[..., Any], Array, int, float]
IDENTITY = ACTIVATIONS["identity"]()


@dataclass(frozen=True)
class Check:
    """A number found in another way.

    Parameters
    ----------
    how : str
        In words; "@Z1.2@" stands for a number, as the notation writes it.
    value : float or None
        What was found; None where it cannot be, which `how` explains.
    difference, tolerance : float
        Between it and the engine's number, and how much of that is rounding.
    """

    how: str
    value: float | None = None
    difference: float = 0.0
    tolerance: float = 0.0

    @property
    def passed(self) -> bool:
        """Return whether they agree; True where nothing could be compared."""
        return self.value is None or self.difference <= self.tolerance


class Checker:
    """Checks the numbers of one pass.

    Parameters
    ----------
    numbers : Numbers
    """

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        network = numbers.moment.network
        self.method = method_for(network, np.zeros(1), "auto")
        self.words = {"complex": "complex step", "central": "five-point differences"}[
            self.method
        ]

    def of(self, name: str) -> tuple[Check, ...]:
        """The checks of a number."""
        again = self.again(name)
        found = [] if again is None else [again]
        kind, layer, index = parts_of(name)
        undefined = (
            again is not None
            and again.value is None
            and not np.isfinite(self.numbers.read(name))
        )
        if kind in self.derivatives and not undefined:
            found.append(self.numerically(name, self.derivatives[kind](layer, index)))
        return tuple(found)

    def again(self, name: str) -> Check | None:
        """The formula, evaluated from the numbers that are in it."""
        template = formula(self.numbers.traits, name)
        if template is None:
            return None
        expression = template.filled(self.numbers)
        largest = 1.0

        def read(name: str) -> float:
            nonlocal largest
            number = self.numbers.read(name)
            largest = max(largest, abs(number))
            return number

        try:
            value, size, count = expression.value(read)
            if not np.isfinite(value):
                raise OverflowError
        except (OverflowError, ValueError, ZeroDivisionError):
            return Check("too large or too small to be evaluated as it is written")
        underflow = self.numbers.tiny * largest
        tolerance = (count + FUNCTION_ROUNDINGS) * (
            self.numbers.epsilon * size + underflow
        )
        kind, layer, index = parts_of(name)
        if kind == "P":
            tolerance += float(
                slope_rounding(self.numbers, layer)[self.numbers.row, index[0] - 1]
            )
        if kind in ("sW", "sb"):
            tolerance += self.damped_rounding
        if kind in SHARES_FOLDED and self.numbers.engine != "reference":
            tolerance += 2 * self.rounding.of(kind, layer, index)
        difference = abs(value - self.numbers.read(name))
        return Check(
            "called again" if self.is_own(kind, layer) else "evaluated again",
            value,
            _finite(difference),
            tolerance,
        )

    @cached_property
    def damped_rounding(self) -> float:
        """The rounding of each number of δ by the decomposition: its backward error, carried back and divided by λ.

        In the dual it is that of (I + K) u = r - J̃ S p, where u is r + J̃ δ.
        """
        read, L = self.numbers.read, self.numbers.layers
        layers = range(1, L + 1)

        def entries(kind: str) -> Array:
            found = [self.numbers.arrays[f"{kind}{a}{l}"] for a in "Wb" for l in layers]
            return np.concatenate([one.ravel() for one in found])

        delta, gradient = (float(np.linalg.norm(entries(kind))) for kind in "sd")
        trace, lam = float(np.sum(entries("c"))), read("lam")
        size = trace * delta + gradient
        if self.numbers.traits.form == "dual":
            arrays = self.numbers.arrays
            u = float(np.linalg.norm(arrays[f"r{L}"] + arrays[f"j{L}"]))
            size += np.sqrt(trace) * (1 + trace / lam) * u
        count = len(entries("s")) + self.numbers.rows
        return float(count * self.numbers.epsilon * size / lam)

    def is_own(self, kind: str, layer: int) -> bool:
        """Return whether a number is what a function of the user's own gives, which has no second form."""
        network = self.numbers.moment.network
        if kind == "ell" or (kind == "G" and layer == network.n_layers):
            return network.loss.custom
        return (
            kind in ("A", "P") and layer > 0 and network.activations[layer - 1].custom
        )

    def numerically(self, name: str, job: Job) -> Check:
        """The derivative along one number."""
        function, point, i, reach = job
        direction = np.zeros(len(point))
        direction[i] = 1.0
        with np.errstate(all="ignore"):
            sides = function(point)[1]
            nearby = function(point + SMALLEST / reach * direction)[1]
            if any(
                np.any((here == 0) & (there != 0))
                for here, there in zip(sides, nearby, strict=True)
            ):
                return Check(AT_KINK.format(self.at_kink(name, sides, nearby)))
            found = derivative_along(
                function, point, sides, direction, self.method, step=STEP / reach
            )
        if found is None:
            return Check(AT_KINK.format("or beside one"))
        if not np.isfinite(found.value):
            return Check(
                f"{self.words} give no finite number, so that nothing could be compared"
            )
        difference = _finite(abs(found.value - self.numbers.read(name)))
        tolerance = self.tolerance(name, found.value) + found.noise
        return Check(self.words, found.value, difference, tolerance)

    def at_kink(self, name: str, sides: list[Array], nearby: list[Array]) -> str:
        """The number at a kink that a step of the derivative moves it from, with its value."""
        kind, layer, _ = parts_of(name)
        network, row = self.numbers.moment.network, self.numbers.row
        batch = kind in ("dW", "db")
        first = layer + 1 if kind == "G" else layer
        last = layer if kind == "P" else network.n_layers
        at = 0
        for l in range(first, last + 1):
            for kink in network.activations[l - 1].kinks:
                moved = (sides[at] == 0) & (nearby[at] != 0)
                if np.any(moved):
                    if kind == "P":
                        return f"@Z{l}.{name.split('.')[1]}@ = {kink:g}"
                    i, k = np.argwhere(moved)[0]
                    other = f"~{i}" if batch and i != row else ""
                    return f"@Z{l}.{k + 1}{other}@ = {kink:g}"
                at += 1
        weight_is_0 = kind == "dW" and bool(self.numbers.moment.rules.l1)
        if weight_is_0 and self.numbers.read(name[1:]) == 0:
            return f"@{name[1:]}@ = 0"
        return "that of the loss"

    def tolerance(self, name: str, found: float) -> float:
        """The error of the method, relative to the largest of the array, with that of rounding this number.

        Twice the latter: once for the engine, once for the numbers that the loss is computed from.
        """
        kind, layer, index = parts_of(name)
        values = self.numbers.array(f"{kind}{layer}")
        z = self.numbers.arrays[f"Z{self.numbers.layers}"]
        size = (
            abs(self.numbers.read("J"))
            + abs(self.numbers.read("ell"))
            + float(np.max(np.abs(z)))
        )
        scale = max(float(np.max(np.abs(np.nan_to_num(values)))), abs(found))
        rounded = 10 * EPSILON * size + 2 * self.rounding.of(kind, layer, index)
        return TOLERANCES[self.method] * scale + rounded

    @property
    def derivatives(
        self,
    ) -> dict[
        str,
        Callable[[int, tuple[int, ...]], Job],
    ]:
        """Kinds of numbers that are derivatives."""
        return {
            "P": self.slope,
            "D": self.by_z,
            "G": self.by_a,
            "dW": self.by_weight,
            "db": self.by_bias,
        }

    def slope(self, l: int, index: tuple[int, ...]) -> Job:
        """Of φ by z."""
        phi = self.numbers.moment.network.activations[l - 1]

        def function(z: Array) -> tuple[Any, list[Array]]:
            return np.sum(phi.value(z)), [np.sign(z.real - kink) for kink in phi.kinks]

        return function, self.z[l][self.numbers.row][[index[0] - 1]], 0, 1.0

    def by_z(self, l: int, index: tuple[int, ...]) -> Job:
        """Of ℓ by Z[l]_k."""
        row = self.numbers.row

        def function(z: Array) -> tuple[Any, list[Array]]:
            ell, sides = self.from_z(l, z[None, :], slice(row, row + 1))
            return ell[0], sides

        return function, self.z[l][row], index[0] - 1, 1.0

    def by_a(self, l: int, index: tuple[int, ...]) -> Job:
        """Of ℓ by A[l]_k; of the input before its mask."""
        row, mask = self.numbers.row, self.mask[0] if l == 0 else None
        a = self.x[row] if l == 0 else self.a[l][row]

        def function(v: Array) -> tuple[Any, list[Array]]:
            v = v if mask is None else v * mask[row]
            ell, sides = self.from_a(l, v[None, :], slice(row, row + 1))
            return ell[0], sides

        return function, a, index[0] - 1, 1.0

    def by_weight(self, l: int, index: tuple[int, ...]) -> Job:
        """Of J by W[l]_kj."""
        k, j = index[0] - 1, index[1] - 1
        a, rules = self.a[l - 1], self.numbers.moment.rules

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
        network = self.numbers.moment.network
        phi, L = network.activations[l - 1], network.n_layers
        sides = [np.sign(z.real - kink) for kink in phi.kinks]
        a = phi.value(z)
        if l < L:
            mask = self.mask[l]
            ell, more = self.from_a(l, a if mask is None else a * mask[rows], rows)
            return ell, sides + more
        y = self.y[rows]
        ell, _ = network.loss.value_and_delta(y, z, a, phi)
        return ell, sides + [
            np.sign(np.real(r)) for r in network.loss.residual_kinks(y, a)
        ]

    def from_a(self, l: int, a: Array, rows: slice) -> tuple[Array, list[Array]]:
        """The same with given A[l]; of the output, ℓ by a alone."""
        network = self.numbers.moment.network
        if l < network.n_layers:
            return self.from_z(l + 1, a @ self.W[l + 1].T + self.b[l + 1], rows)
        y = self.y[rows]
        ell, _ = network.loss.value_and_delta(y, a, a, IDENTITY)
        return ell, [np.sign(np.real(r)) for r in network.loss.residual_kinks(y, a)]

    @cached_property
    def rounding(self) -> Rounding:
        """The effect of rounding on the numbers."""
        return Rounding(self.numbers)

    # The engine's numbers in float64, exactly.

    def _exactly(self, kind: str, first: int) -> dict[int, Array]:
        arrays = self.numbers.arrays
        return {
            l: arrays[f"{kind}{l}"].astype(np.float64)
            for l in range(first, self.numbers.layers + 1)
        }

    @cached_property
    def z(self) -> dict[int, Array]:
        """Z[1] … Z[L]."""
        return self._exactly("Z", 1)

    @cached_property
    def a(self) -> dict[int, Array]:
        """A[0] … A[L]."""
        return self._exactly("A", 0)

    @cached_property
    def W(self) -> dict[int, Array]:
        """W[1] … W[L]."""
        return self._exactly("W", 1)

    @cached_property
    def b(self) -> dict[int, Array]:
        """b[1] … b[L]."""
        return self._exactly("b", 1)

    @cached_property
    def mask(self) -> list[Array | None]:
        """M[0] … M[L-1]."""
        return [self.numbers.arrays.get(f"M{l}") for l in range(self.numbers.layers)]

    @cached_property
    def x(self) -> Array:
        """The input before its mask."""
        return np.asarray(
            self.numbers.arrays.get("X0", self.numbers.arrays["A0"]), np.float64
        )

    @cached_property
    def y(self) -> Array:
        """The targets as the loss encodes them."""
        return self.numbers.targets.astype(np.float64)

    @cached_property
    def share(self) -> Array:
        """The factor of each row's ℓ."""
        return np.asarray(self.numbers.arrays["s"], np.float64)


def _finite(difference: float) -> float:
    """NaN is as far away as can be."""
    return float("inf") if np.isnan(difference) else difference
