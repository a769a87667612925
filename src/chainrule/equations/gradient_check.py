"""The gradient, checked against numerical differentiation of the loss, entry by entry.

An entry is right if the derived and the numerical number differ by no more than a tolerance, relative to the number
itself, and what rounding does (`rounding`). It is compared if an error of a thousandth of it would show; it is not
where rounding could hide that, and where it sits on a kink. An array of which nothing was compared never passes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import InputError
from .activation import Elementwise
from .arrays import Array, array_namespace, as_numpy, device, is_numpy_array
from .backward_pass import pull_back
from .differentiation import (
    COMPLEX_STEP,
    STEP,
    TOLERANCES,
    Function,
    Slope,
    derivative_along,
)
from .draws import Purpose, generator
from .forward_pass import (
    Trace,
    checked_masks,
    checked_penalty,
    checked_rows,
    checked_targets,
    objective_and_delta,
    propagate,
)
from .network import Network, Parameters, checked_network, flat_layout
from .rounding import EPSILON, rounding_noise

__all__ = [
    "ArrayCheck",
    "GradientCheck",
    "PointOfCheck",
    "check_gradient",
    "checked_max_entries",
    "method_for",
    "require_method",
]

#: The share of a number that rounding may be for the number to be compared: an error of a thousandth shows.
RESOLVED = 4e-4
#: Numbers below are subnormal times the complex step.
UNDERFLOW = float(np.finfo(float).tiny) / COMPLEX_STEP
#: Of one-sided differences of φ at a kink: their step, and the largest error accepted.
SIDE_STEP, SIDE_TOLERANCE = 1e-4, 1e-6
#: The reason why nothing was compared, as a row and below the table.
REASONS = {
    "at kink": "on a kink, where the loss has no derivative: pass other rows or parameters",
    "not resolved": "hidden by rounding, as at an exact fit: pass other rows or parameters",
    "overflow": "not finite, since a number overflows: scale rows or parameters down",
}


@dataclass(frozen=True)
class ArrayCheck:
    """The result for one array.

    Parameters
    ----------
    name : str
        "W[1]", "b[1]", "X", "direction"; "φ′[1]" where units of layer 1 sit on a kink.
    entries, compared, at_kink, not_resolved : int
        Numbers in the array; numbers compared; numbers left out because the function has no derivative there; and
        because rounding could hide an error of a thousandth.
    worst : tuple of int
        Index of the entry with the largest error.
    derived, numerical : float
        Its two values.
    error : float
        Their difference over scale = the numerical one's magnitude + noise / tolerance, noise = what rounding does;
        NaN where nothing was compared.
    tolerance : float
        The largest error that passes.
    """

    name: str
    entries: int
    compared: int
    at_kink: int
    not_resolved: int
    worst: tuple[int, ...]
    derived: float
    numerical: float
    error: float
    tolerance: float

    @property
    def verdict(self) -> str:
        """The word in the table: "ok", "WRONG", or why nothing was compared: "at kink", "not resolved", "overflow"."""
        if self.compared:
            return "ok" if self.error <= self.tolerance else "WRONG"  # NaN is wrong
        if not self.not_resolved:
            return "at kink"
        return "not resolved" if math.isfinite(self.numerical) else "overflow"

    @property
    def passed(self) -> bool:
        """Return whether something was compared and all of it is right."""
        return self.verdict == "ok"

    @property
    def failed(self) -> bool:
        """Return whether an entry is wrong."""
        return self.verdict == "WRONG"


@dataclass(frozen=True)
class GradientCheck:
    """The result of `check_gradient` and `check_function_gradient`; prints as a table.

    Parameters
    ----------
    method : str
        "complex" or "central".
    arrays : tuple of ArrayCheck
        One per weight matrix, bias vector, the inputs, and the random direction.
    """

    method: str
    arrays: tuple[ArrayCheck, ...]

    @property
    def passed(self) -> bool:
        """Return whether every array was compared and is right."""
        return all(a.passed for a in self.arrays)

    @property
    def failed(self) -> bool:
        """Return whether an array is wrong; one that neither passes nor fails was not compared."""
        return any(a.failed for a in self.arrays)

    @property
    def verdict(self) -> str:
        """The word above the table: "passes", "FAILS", or, where an array was not, "not compared"."""
        return "FAILS" if self.failed else "passes" if self.passed else "not compared"

    @property
    def worst(self) -> ArrayCheck:
        """The array with the largest error."""
        return max(
            self.arrays,
            key=lambda a: (a.failed, a.failed and math.isnan(a.error), _or(a.error)),
        )

    def as_dict(self) -> dict[str, Any]:
        """The result, ready for JSON."""
        arrays = [
            {
                **asdict(a),
                "worst": list(a.worst),
                "passed": a.passed,
                "verdict": a.verdict,
            }
            for a in self.arrays
        ]
        verdicts = {"passed": self.passed, "verdict": self.verdict}
        return {"method": self.method, **verdicts, "arrays": arrays}

    def __str__(self) -> str:
        words = {"complex": "complex step", "central": "five-point differences"}
        head = (
            "array",
            "compared",
            "kinks",
            "worst",
            "derived",
            "numerical",
            "error",
            "",
        )
        rows = [
            (
                a.name,
                f"{a.compared}/{a.entries}",
                str(a.at_kink),
                str(list(a.worst)),
                f"{a.derived:+.6e}",
                f"{a.numerical:+.6e}" if a.at_kink < a.entries else "-",
                f"{a.error:.1e}" if a.compared else "-",
                a.verdict,
            )
            for a in self.arrays
        ]
        widths = [max(len(r[i]) for r in (head, *rows)) for i in range(len(head))]
        gap = "  " if sum(widths) + 2 * (len(widths) - 1) < 80 else " "
        lines = [
            gap.join(cell.rjust(w) for cell, w in zip(r, widths, strict=True)).rstrip()
            for r in (head, *rows)
        ]
        tolerance = self.arrays[0].tolerance
        title = f"Gradient check by {words[self.method]}: {self.verdict} (tolerance {tolerance:g})"
        for verdict, reason in REASONS.items():
            names = [a.name for a in self.arrays if a.verdict == verdict]
            if names:
                lines += [f"Not compared: {', '.join(names)}", f"  {reason}"]
        return "\n".join((title, *lines))


def _or(error: float) -> float:
    return -1.0 if math.isnan(error) else error


def check_gradient(
    network: Network,
    parameters: Parameters,
    x: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    l1: float = 0.0,
    l2: float = 0.0,
    masks: Sequence[Any] | None = None,
    reduction: str = "mean",
    method: str = "auto",
    max_entries: int | None = None,
    seed: int = 0,
) -> GradientCheck:
    """Compare the derived gradient with numerical differentiation of the loss.

    Parameters
    ----------
    network, parameters, x, y, sample_weight, l1, l2, masks, reduction
        As in `chainrule.objective`. The parameters' dtype must be float64.
    method : {"auto", "complex", "central"}
        "auto" takes the complex step where every function of the network accepts complex numbers
        and the arrays are NumPy's, else central differences.
    max_entries : int, optional
        Compare at most this many entries of each array, drawn by `seed`; all by default. With 0
        only the random direction is compared, which costs two passes at any size.
    seed : int
        For the random direction and the draw of entries.

    Returns
    -------
    GradientCheck
        Per array the worst entry, its two values and whether it passes.

    Raises
    ------
    InputError
        As `objective`; parameters that are not float64; "complex" where it does not apply.

    Examples
    --------
    >>> net = Network((2, 3, 1), ("tanh", "identity"), "squared_error")
    >>> check_gradient(net, net.init(seed=0), [[0.5, -1.0]], [[2.0]]).passed
    True
    """
    checked_network(network).require(parameters)
    checked_max_entries(max_entries)
    theta = parameters.theta
    xp = array_namespace(theta)
    if theta.dtype != xp.float64:
        raise InputError(
            f"parameters of dtype {theta.dtype}",
            "float64, so that rounding does not hide an error",
            "Pass Parameters(p.sizes, p.theta.astype('float64')).",
        )
    method = method_for(network, theta, method)
    x = checked_rows(network, parameters, x)
    checked = checked_masks(network, parameters, masks, x.shape[0])
    checked_penalty(l1, l2)
    with np.errstate(all="ignore"):  # what overflows is reported
        trace = propagate(network, parameters, x, checked)
        y, weights = checked_targets(network, trace, y, sample_weight, reduction)
        derived = pull_back(
            network, parameters, trace, y, weights, l1, l2, input_gradient=True
        )
        noise = rounding_noise(network, parameters, trace, y, weights, l1, l2, derived)

        def of_theta(v: Array) -> tuple[Array, list[Array]]:
            at = Parameters(network.sizes, v)
            t = propagate(network, at, x, checked)
            J = objective_and_delta(network, at, t, y, weights, l1, l2)[0]
            penalized = [at.theta[: weight_spans[-1][1]]] if l1 else []  # J2
            return J, _distances(network, t, y) + penalized

        def of_x(v: Array) -> tuple[Array, list[Array]]:
            # dX is the gradient of each row's own loss: neither weighted, averaged nor penalized (B4)
            t = propagate(network, parameters, xp.reshape(v, x.shape), checked)
            J = objective_and_delta(network, parameters, t, y, 1.0, 0.0, 0.0)[0]
            return J, _distances(network, t, y)

        weight_spans, bias_spans = flat_layout(network.sizes)
        steps = _steps(parameters, trace)
        at = PointOfCheck(of_theta, theta, derived.flat, noise.flat, noise.J, method)
        flat_x, flat_dX, of_dX = (
            xp.reshape(v, (-1,)) for v in (x, derived.dX, noise.dX)
        )
        at_x = PointOfCheck(of_x, flat_x, flat_dX, of_dX, noise.ell, method)
        L = range(1, network.n_layers + 1)
        pieces = [
            *((f"W[{l}]", at, weight_spans[l - 1], steps[l - 1]) for l in L),
            *((f"b[{l}]", at, bias_spans[l - 1], steps[-1]) for l in L),
            ("X", at_x, (0, flat_x.shape[0]), steps[-2]),
        ]
        shapes = [
            *(w.shape for w in parameters.weights),
            *(b.shape for b in parameters.biases),
            x.shape,
        ]
        rng = generator(seed, Purpose.GRADIENT_CHECK)
        checks = [
            *(
                point.compare_entries(name, span, shape, step, max_entries, rng)
                for (name, point, span, step), shape in zip(pieces, shapes, strict=True)
                if max_entries != 0
            ),
            at.compare_direction(min(steps), rng),
            *_compare_kinks(network, trace),
        ]
    return GradientCheck(method, tuple(checks))


def method_for(network: Network, theta: Array, method: str) -> str:
    """The method: as asked for, or as the functions of the network allow."""
    require_method(method)
    analytic = (
        all(phi.analytic for phi in network.activations) and network.loss.analytic
    )
    possible = analytic and is_numpy_array(theta)
    if method == "complex" and not possible:
        raise InputError(
            'method = "complex" for '
            + (
                "functions not marked analytic"
                if not analytic
                else "arrays not of NumPy"
            ),
            '"central"',
            'Pass method="central", or analytic=True to custom_activation and custom_loss.',
        )
    return method if method != "auto" else ("complex" if possible else "central")


def require_method(method: str) -> None:
    """Raise for a method that there is not."""
    if method not in ("auto", "complex", "central"):
        raise InputError(
            f"method = {method!r}",
            '"auto", "complex" or "central"',
            'Pass method="auto".',
        )


def checked_max_entries(max_entries: int | None) -> int | None:
    """A number of entries, or None for all."""
    if max_entries is not None and not (
        isinstance(max_entries, int | np.integer)
        and not isinstance(max_entries, bool)
        and max_entries >= 0
    ):
        raise InputError(
            f"max_entries = {max_entries!r}",
            "a whole number >= 0, or None for all",
            "Pass 100, say.",
        )
    return max_entries


@dataclass(frozen=True)
class PointOfCheck:
    """A function at a point with its derived gradient, and what rounding does to both."""

    function: Function
    point: Array
    gradient: Array
    noise: Array
    noise_of_value: float
    method: str
    on_kink: list[int] = field(default_factory=list)

    def compare_entries(
        self,
        name: str,
        span: tuple[int, int],
        shape: tuple[int, ...],
        step: float,
        max_entries: int | None,
        rng: np.random.Generator,
    ) -> ArrayCheck:
        """Compare the entries of an array, or as many as are asked for."""
        start, end = span
        entries = np.arange(start, end)
        if max_entries is not None and entries.size > max_entries:
            entries = np.sort(rng.choice(entries, max_entries, replace=False))
        slopes = []
        for i in entries:
            direction = np.zeros(self.point.shape[0])
            direction[i] = 1.0
            slopes.append(self.along(direction, step))
            if slopes[-1] is None:
                self.on_kink.append(int(i))
        derived, noise = (as_numpy(v)[entries] for v in (self.gradient, self.noise))
        index = [np.unravel_index(i - start, shape) for i in entries]
        return _compare(name, index, end - start, derived, slopes, noise, self.method)

    def compare_direction(self, step: float, rng: np.random.Generator) -> ArrayCheck:
        """Compare the derivative along one random direction."""
        direction = rng.normal(size=self.point.shape[0])
        direction[self.on_kink] = 0.0
        if not direction.any():
            direction[:] = 1.0
        direction /= np.linalg.norm(direction)
        gradient, size = as_numpy(self.gradient), np.abs(direction)
        of_sum = 16 * EPSILON * np.nan_to_num(np.abs(gradient))
        noise = size @ (as_numpy(self.noise) + of_sum)
        along = np.array([direction @ gradient])
        slopes = [self.along(direction, step)]
        return _compare(
            "direction", [(0,)], 1, along, slopes, np.array([noise]), self.method
        )

    def along(self, direction: Any, step: float) -> Slope | None:
        """The numerical derivative."""
        xp = array_namespace(self.point)
        return derivative_along(
            self.function,
            self.point,
            self.distances,
            xp.asarray(direction, device=device(self.point)),
            self.method,
            step=step,
            noise=self.noise_of_value,
        )

    @cached_property
    def distances(self) -> list[Array]:
        """Those of the point from every kink."""
        return [] if self.method == "complex" else self.function(self.point)[1]


def _steps(parameters: Parameters, trace: Trace) -> list[float]:
    """First steps of differences in W[1] … W[L], X and biases: each moves Z by at most STEP, or that share of it."""
    xp = array_namespace(trace.output)

    def largest(v: Array) -> float:
        return float(xp.max(xp.abs(v)))

    moved = [STEP * max(1.0, largest(z)) for z in trace.Z]
    factors = [*map(largest, trace.A[:-1]), largest(parameters.weights[0])]
    return [
        *(m / (f or 1.0) for m, f in zip([*moved, moved[0]], factors, strict=True)),
        min(moved),
    ]


def _distances(network: Network, trace: Trace, y: Array) -> list[Array]:
    """The distance of each unit and each residual from every kink of its function."""
    return [
        *(
            z - kink
            for phi, z in zip(network.activations, trace.Z, strict=True)
            for kink in phi.kinks
        ),
        *network.loss.residual_kinks(y, trace.A[-1]),
    ]


def _compare(
    name: str,
    index: Sequence[Any],
    entries: int,
    derived: Any,
    slopes: Sequence[Slope | None],
    noise: Any,
    method: str,
) -> ArrayCheck:
    tolerance = TOLERANCES[method]
    on_kink = np.array([slope is None for slope in slopes])
    numerical = np.array([math.nan if s is None else s.value for s in slopes])
    # where no path leads to the loss both numbers are 0, and differences are not off either
    off = np.array([0.0 if s is None else s.noise for s in slopes])
    noise = np.where(noise == 0, 0.0, noise + off)
    size, difference = np.abs(numerical), np.abs(derived - numerical)
    with np.errstate(all="ignore"):
        scale = size + (noise + UNDERFLOW) / tolerance
        error = np.where(difference == 0, 0.0, difference / scale)
    finite = np.isfinite(numerical) & ~on_kink
    wrong = finite & ~(error <= tolerance) & np.isfinite(noise)
    compared = wrong | (finite & (noise <= RESOLVED * size))
    # the worst of those compared; else one that is not finite; else one that is not resolved; else one on a kink
    rank = np.where(compared, np.where(np.isnan(error), np.inf, error), -1.0)
    rank = np.where(
        compared, rank, np.where(on_kink, -4.0, np.where(finite, -3.0, -2.0))
    )
    worst = int(np.argmax(rank))
    return ArrayCheck(
        name,
        entries,
        int(compared.sum()),
        int(on_kink.sum()),
        int((~compared & ~on_kink).sum()),
        tuple(int(i) for i in index[worst]),
        float(derived[worst]),
        float(numerical[worst]),
        float(error[worst]) if compared[worst] else math.nan,
        tolerance,
    )


def _compare_kinks(network: Network, trace: Trace) -> list[ArrayCheck]:
    """φ′ at the kinks that units sit on, which must lie between the derivatives on the left and on the right."""
    found = []
    for l, (phi, z) in enumerate(
        zip(network.activations, trace.Z, strict=True), start=1
    ):
        xp = array_namespace(z)
        on = [(kink, xp.astype(z == kink, xp.int64)) for kink in phi.kinks]
        on = [(kink, where) for kink, where in on if bool(xp.any(where != 0))]
        if not on or not isinstance(phi, Elementwise):
            continue
        error, sides, index = [], [], []
        for kink, where in on:
            h = SIDE_STEP * max(1.0, abs(kink))
            points = kink + h * xp.arange(-2, 3, dtype=z.dtype, device=device(z))
            a, slope = as_numpy(phi.value(points)), float(phi.derivative(points)[2])
            left = (3 * a[2] - 4 * a[1] + a[0]) / (2 * h)
            right = (4 * a[3] - 3 * a[2] - a[4]) / (2 * h)
            nearest = float(np.clip(slope, *sorted((left, right))))
            error.append(abs(slope - nearest) / max(1.0, abs(nearest)))
            sides.append((slope, nearest))
            index.append(np.argwhere(as_numpy(where))[0])
        n, worst = len(on), int(np.argmax(error))
        found.append(
            ArrayCheck(
                f"φ′[{l}]",
                n,
                n,
                0,
                0,
                tuple(int(i) for i in index[worst]),
                *sides[worst],
                float(error[worst]),
                SIDE_TOLERANCE,
            )
        )
    return found
