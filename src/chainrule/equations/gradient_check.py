"""The gradient, checked against numerical differentiation of the loss.

Three methods: the complex step, exact to rounding, where every function of the network accepts
complex numbers (NumPy only); five-point central differences elsewhere; and one random direction,
which costs two passes at any size. The differences recognize kinks (a unit of a ReLU layer, or a
residual of an absolute loss, that changes sides between the points) and step around them with a
smaller step; an entry that sits on a kink is counted, not compared.

References
----------
Squire & Trapp, "Using complex variables to estimate derivatives of real functions", 1998.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from .arrays import Array, array_namespace, as_numpy, device, is_numpy_array, real_part
from .backward_pass import pull_back
from .draws import Purpose, generator
from .forward_pass import (
    checked_masks,
    checked_penalty,
    checked_rows,
    checked_targets,
    objective_and_delta,
    propagate,
)
from .network import Network, Parameters, checked_network, flat_layout

__all__ = [
    "SMALLEST",
    "TOLERANCES",
    "ArrayCheck",
    "GradientCheck",
    "check_gradient",
    "derivative_along",
    "method_for",
    "resolution_of",
]

COMPLEX_STEP = 1e-30
#: Largest error accepted, relative to the largest entry of the array.
TOLERANCES = {"complex": 1e-11, "central": 1e-6}
#: Step of the five-point difference. Truncation h⁴/30 and rounding ε/h are both below 1e-12.
STEP = 1e-3
#: Step of the difference along a random direction: truncation h²/6 and rounding ε/h are alike.
TWO_POINT_STEP = float(np.finfo(float).eps) ** (1 / 3)
SHRINK, SMALLEST = 0.1, 1e-6


@dataclass(frozen=True)
class ArrayCheck:
    """The result for one array.

    Parameters
    ----------
    name : str
        "W[1]", "b[1]", "X", or "direction".
    entries, compared, at_kink : int
        Numbers in the array, numbers compared, and numbers left out because the function has
        no derivative there.
    worst : tuple of int
        Index of the entry with the largest error.
    derived, numerical : float
        Its two values.
    error : float
        |derived - numerical| / scale, scale = the largest entry of the array, but no less than
        1e-4 of the largest of all arrays and than what rounding can resolve.
    tolerance : float
        The largest error that passes.
    """

    name: str
    entries: int
    compared: int
    at_kink: int
    worst: tuple[int, ...]
    derived: float
    numerical: float
    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Return whether the worst error is within the tolerance (NaN is not)."""
        return self.error <= self.tolerance


@dataclass(frozen=True)
class GradientCheck:
    """The result of `check_gradient`; prints as a table.

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
        """Return whether every array passes and something was compared."""
        return all(a.passed for a in self.arrays) and any(
            a.compared for a in self.arrays
        )

    @property
    def worst(self) -> ArrayCheck:
        """The array with the largest error."""
        return max(
            self.arrays, key=lambda a: (not a.passed, bool(np.isnan(a.error)), a.error)
        )

    def as_dict(self) -> dict[str, Any]:
        """The result, ready for JSON."""
        arrays = [
            {**asdict(a), "worst": list(a.worst), "passed": a.passed}
            for a in self.arrays
        ]
        return {"method": self.method, "passed": self.passed, "arrays": arrays}

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
                f"{a.numerical:+.6e}",
                f"{a.error:.1e}",
                "WRONG" if not a.passed else "ok" if a.compared else "at kink",
            )
            for a in self.arrays
        ]
        widths = [max(len(r[i]) for r in (head, *rows)) for i in range(len(head))]
        gap = "  " if sum(widths) + 2 * (len(widths) - 1) < 80 else " "
        lines = [
            gap.join(cell.rjust(w) for cell, w in zip(r, widths, strict=True)).rstrip()
            for r in (head, *rows)
        ]
        verdict = "passes" if self.passed else "FAILS"
        tolerance = self.arrays[0].tolerance
        title = f"Gradient check by {words[self.method]}: {verdict} (tolerance {tolerance:g})"
        return "\n".join((title, *lines))


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
    if max_entries is not None and not (
        isinstance(max_entries, int | np.integer) and max_entries >= 0
    ):
        raise InputError(
            f"max_entries = {max_entries!r}",
            "a whole number >= 0, or None for all",
            "Pass 100, say.",
        )
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
    trace = propagate(network, parameters, x, checked)
    y, weights = checked_targets(network, trace, y, sample_weight, reduction)
    derived = pull_back(
        network, parameters, trace, y, weights, l1, l2, input_gradient=True
    )

    weight_spans, bias_spans = flat_layout(network.sizes)

    def signs(v: Array) -> list[Array]:  # of the weights: biases are not penalized, J2
        return [xp.sign(real_part(v[: weight_spans[-1][1]]))] if l1 else []

    def of_theta(v: Array) -> tuple[Array, list[Array]]:
        at = Parameters(network.sizes, v)
        t = propagate(network, at, x, checked)
        return objective_and_delta(network, at, t, y, weights, l1, l2)[0], _sides(
            network, t, y
        ) + signs(v)

    def of_x(v: Array) -> tuple[Array, list[Array]]:
        # dX is the gradient of each row's own loss: neither weighted, averaged nor penalized (B4)
        t = propagate(network, parameters, xp.reshape(v, x.shape), checked)
        return objective_and_delta(network, parameters, t, y, 1.0, 0.0, 0.0)[0], _sides(
            network, t, y
        )

    rng = generator(seed, Purpose.GRADIENT_CHECK)
    flat_x, flat_dx = xp.reshape(x, (-1,)), xp.reshape(derived.dX, (-1,))
    at_x = _sides(network, trace, y)
    at_theta = at_x + signs(theta)
    # a step h in W[l] moves Z[l] by h A[l-1]: inputs of 1000 need steps a thousand times smaller
    reach = [max(1.0, float(xp.max(xp.abs(a)))) for a in trace.A[:-1]]
    pieces = [
        *(
            (f"W[{l}]", of_theta, theta, at_theta, derived.flat, s, reach[l - 1])
            for l, s in enumerate(weight_spans, 1)
        ),
        *(
            (f"b[{l}]", of_theta, theta, at_theta, derived.flat, s, 1.0)
            for l, s in enumerate(bias_spans, 1)
        ),
        ("X", of_x, flat_x, at_x, flat_dx, (0, flat_x.shape[0]), 1.0),
    ]
    shapes = [
        *(w.shape for w in parameters.weights),
        *(b.shape for b in parameters.biases),
        x.shape,
    ]
    # a NaN makes its own entry fail, not the scale of every array
    finite = np.nan_to_num(as_numpy(derived.flat), nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(np.max(np.abs(finite)))
    J = abs(float(derived.J))
    resolution = resolution_of(method, J)
    checks = []
    for (name, function, point, sides, gradient, (start, end), r), shape in zip(
        pieces, shapes, strict=True
    ):
        entries = np.arange(start, end)
        if max_entries is not None and entries.size > max_entries:
            entries = np.sort(rng.choice(entries, max_entries, replace=False))
        if entries.size:
            found = [
                derivative_along(
                    function, point, sides, _unit(point, i), method, reach=r
                )
                for i in entries
            ]
            of_array, floor = (
                as_numpy(gradient)[entries],
                max(1e-4 * largest, r * resolution),
            )
            checks.append(
                _compare(
                    name,
                    shape,
                    entries - start,
                    of_array,
                    found,
                    end - start,
                    floor,
                    method,
                )
            )
    direction = rng.normal(size=theta.shape[0])
    direction /= np.linalg.norm(direction)
    along = float(direction @ as_numpy(derived.flat))
    on_direction = derivative_along(
        of_theta,
        theta,
        at_theta,
        xp.asarray(direction, device=device(theta)),
        method,
        points=2,
        reach=max(reach),
    )
    norm = float(np.linalg.norm(finite)) / np.sqrt(theta.shape[0])
    two_point = max(reach) * resolution * STEP / TWO_POINT_STEP
    checks.append(
        _compare(
            "direction",
            (1,),
            np.array([0]),
            np.array([along]),
            [on_direction],
            1,
            max(norm, two_point),
            method,
        )
    )
    return GradientCheck(method, tuple(checks))


def method_for(network: Network, theta: Array, method: str) -> str:
    """The method: as asked for, or as the functions of the network allow."""
    if method not in ("auto", "complex", "central"):
        raise InputError(
            f"method = {method!r}",
            '"auto", "complex" or "central"',
            'Pass method="auto".',
        )
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


def resolution_of(method: str, J: float) -> float:
    """The smallest derivative of J that the method resolves to its tolerance."""
    step = STEP if method == "central" else 1.0
    return max(
        10 * float(np.finfo(float).eps) * J / step / TOLERANCES[method],
        float(np.finfo(float).tiny),
    )


def _unit(point: Array, i: int) -> Array:
    direction = np.zeros(point.shape[0])
    direction[i] = 1.0
    return array_namespace(point).asarray(direction, device=device(point))


def derivative_along(
    function: Callable[[Array], tuple[Array, list[Array]]],
    point: Array,
    sides: list[Array],
    direction: Array,
    method: str,
    points: int = 4,
    reach: float = 1.0,
) -> float | None:
    """The derivative of a function along a direction; None on a kink.

    `sides` says on which side of every kink the point itself is; steps are divided by `reach`.
    """
    if method == "complex":
        value = function(point + (1j * COMPLEX_STEP) * direction)[0]
        return float(value.imag) / COMPLEX_STEP
    h = (STEP if points == 4 else TWO_POINT_STEP) / reach
    smallest = SMALLEST / reach if points == 4 else h * SHRINK**3
    while h >= 0.99 * smallest:
        offsets = (1.0, -1.0, 2.0, -2.0)[:points]
        found = [function(point + (k * h) * direction) for k in offsets]
        if all(_same(sides, there) for _, there in found):
            J = [float(value) for value, _ in found]
            near = (J[0] - J[1]) / (2 * h)
            return near if points == 2 else (4 * near - (J[2] - J[3]) / (4 * h)) / 3
        h *= SHRINK
    return None


def _sides(network: Network, trace: Any, y: Array) -> list[Array]:
    """On which side of every kink each unit and each residual is."""
    xp = array_namespace(trace.output)
    sides = [
        xp.sign(real_part(z) - kink)
        for phi, z in zip(network.activations, trace.Z, strict=True)
        for kink in phi.kinks
    ]
    return sides + [
        xp.sign(real_part(r)) for r in network.loss.residual_kinks(y, trace.A[-1])
    ]


def _same(sides: list[Array], others: list[Array]) -> bool:
    return all(
        bool(array_namespace(a).all(a == b)) for a, b in zip(sides, others, strict=True)
    )


def _compare(
    name: str,
    shape: tuple[int, ...],
    index: np.ndarray[Any, Any],
    derived: np.ndarray[Any, Any],
    found: list[float | None],
    entries: int,
    floor: float,
    method: str,
) -> ArrayCheck:
    kept = np.array([value is not None for value in found])
    numerical = np.array([float("nan") if value is None else value for value in found])
    scale = max(floor, float(np.max(np.abs(numerical[kept]), initial=0.0)))
    error = np.where(kept, np.abs(derived - numerical) / scale, -1.0)
    worst = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
    return ArrayCheck(
        name,
        entries,
        int(kept.sum()),
        int((~kept).sum()),
        tuple(int(i) for i in np.unravel_index(int(index[worst]), shape)),
        float(derived[worst]),
        float(numerical[worst]),
        max(float(error[worst]), 0.0) if not np.isnan(error[worst]) else float("nan"),
        TOLERANCES[method],
    )
