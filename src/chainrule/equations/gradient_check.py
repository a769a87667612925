"""The gradient, checked against numerical differentiation of the loss, entry by entry (`entry_checks`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from .activation import Elementwise
from .arrays import Array, array_namespace, as_numpy, device, is_numpy_array
from .backward_pass import pull_back
from .check_result import ArrayCheck, GradientCheck
from .differentiation import STEP
from .draws import Purpose, generator
from .entry_checks import PointOfCheck, checked_max_entries, require_method
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
from .rounding import rounding_noise

__all__ = ["check_gradient", "method_for"]

#: Of one-sided differences of φ at a kink: their step, and the largest error accepted.
SIDE_STEP, SIDE_TOLERANCE = 1e-4, 1e-6


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
