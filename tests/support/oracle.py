"""The naive oracle: F0-F2, J1 and J2 in scalar Python, one sample at a time.

Written from DESIGN.md and the textbook formulas, and from nothing of chainrule: no function of
the package is called, functions are looked up by name and parameters, and no array library
adds or multiplies. Of a row of the table that is not written here its formula is read. Every
derivative is the complex step of the scalar program: f(x + ih) = f(x) + ih f'(x) + O(h²), so
with h = 1e-30 the imaginary part over h is f'(x) to rounding. All branches are taken on the real
part.

`test_oracle.py` checks it by central differences, by hand and against other libraries.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scipy import special

from chainrule import ACTIVATIONS

from .written import Arithmetic, evaluated

H = 1e-30
SELU_SCALE, SELU_ALPHA = (
    1.0507009873554804934193349852946,
    1.6732632423543772848170429916717,
)


def _sigmoid(z: complex) -> complex:
    return 1 / (1 + cmath.exp(-z))


def _gelu_tanh(z: complex) -> complex:
    return z / 2 * (1 + cmath.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))


def _hard_sigmoid(z: complex) -> complex:
    if z.real <= -3:
        return 0j
    return z / 6 + 0.5 if z.real < 3 else 1 + 0j


def _hard_tanh(z: complex) -> complex:
    if z.real <= -1:
        return -1 + 0j
    return z if z.real < 1 else 1 + 0j


def _elu(z: complex, alpha: float) -> complex:
    return z if z.real > 0 else alpha * (cmath.exp(z) - 1)


#: name → φ of one number.
ELEMENTWISE: dict[str, Callable[..., complex]] = {
    "identity": lambda z: z,
    "sigmoid": _sigmoid,
    "tanh": cmath.tanh,
    "relu": lambda z: z if z.real > 0 else 0j,
    "leaky_relu": lambda z, slope: z if z.real > 0 else slope * z,
    "elu": _elu,
    "selu": lambda z: SELU_SCALE * _elu(z, SELU_ALPHA),
    "gelu": lambda z: z * (1 + complex(special.erf(z / math.sqrt(2)))) / 2,
    "gelu_tanh": _gelu_tanh,
    "silu": lambda z: z * _sigmoid(z),
    "mish": lambda z: z * cmath.tanh(cmath.log(1 + cmath.exp(z))),
    "softplus": lambda z: cmath.log(1 + cmath.exp(z)),
    "softsign": lambda z: z / (1 + _magnitude(z)),
    "hard_sigmoid": _hard_sigmoid,
    "hard_tanh": _hard_tanh,
    "exp": cmath.exp,
}


def _magnitude(v: complex) -> complex:
    """|v|, with derivative 0 at 0."""
    if v.real == 0:
        return 0j
    return v if v.real > 0 else -v


COMPLEX = Arithmetic(
    complex,
    {
        **{
            name: getattr(cmath, name)
            for name in ("exp", "log", "sqrt", "tanh", "cosh")
        },
        "log1p": lambda z: cmath.log(1 + z),
        "sigma": _sigmoid,
        "abs": _magnitude,
    },
    lambda z: z.real,
)


def _written(formula: str) -> Callable[..., complex]:
    return lambda z, **parameters: evaluated(formula, {"z": z, **parameters}, COMPLEX)


for _name, _row in ACTIVATIONS.items():
    if _name not in ("softmax", *ELEMENTWISE):
        ELEMENTWISE[_name] = _written(_row().formula)


def _softmax(z: Sequence[complex]) -> list[complex]:
    e = [cmath.exp(v) for v in z]
    return [v / sum(e) for v in e]


#: name → φ of a row.
VECTOR: dict[str, Callable[..., list[complex]]] = {"softmax": _softmax}


def _squared_error(y: Any, a: Sequence[complex], factor: float) -> complex:
    return factor * sum((q - p) ** 2 for p, q in zip(y, a, strict=True))


def _absolute_error(y: Any, a: Sequence[complex]) -> complex:
    return sum(_magnitude(q - p) for p, q in zip(y, a, strict=True))


def _huber(y: Any, a: Sequence[complex], threshold: float) -> complex:
    sizes = [_magnitude(q - p) for p, q in zip(y, a, strict=True)]
    return sum(
        r**2 / 2 if r.real <= threshold else threshold * (r - threshold / 2)
        for r in sizes
    )


def _log_cosh(y: Any, a: Sequence[complex]) -> complex:
    return sum(cmath.log(cmath.cosh(q - p)) for p, q in zip(y, a, strict=True))


def _pinball(y: Any, a: Sequence[complex], quantiles: Sequence[float]) -> complex:
    total = 0j
    for t, target in enumerate(
        y
    ):  # target by target: the quantiles of the first target come first
        for k, q in enumerate(quantiles):
            r = target - a[t * len(quantiles) + k]
            total += q * r if r.real > 0 else (q - 1) * r if r.real < 0 else 0j
    return total


def _cross_entropy(y: Any, a: Sequence[complex], label_smoothing: float) -> complex:
    row = (
        [1.0 if k == y else 0.0 for k in range(len(a))]
        if isinstance(y, int)
        else list(y)
    )
    mean = sum(row) / len(row)
    row = [(1 - label_smoothing) * v + label_smoothing * mean for v in row]
    return -sum(p * cmath.log(q) for p, q in zip(row, a, strict=True) if p)


def _binary_cross_entropy(
    y: Any, a: Sequence[complex], label_smoothing: float
) -> complex:
    row = [(1 - label_smoothing) * v + label_smoothing / 2 for v in y]
    return -sum(
        p * cmath.log(q) + (1 - p) * cmath.log(1 - q)
        for p, q in zip(row, a, strict=True)
    )


def _poisson(y: Any, a: Sequence[complex]) -> complex:
    constant = sum(p * math.log(p) - p for p in y if p)
    return (
        sum(q - (p * cmath.log(q) if p else 0) for p, q in zip(y, a, strict=True))
        + constant
    )


#: name → ℓ of one row: targets as the user gives them, outputs, parameters.
LOSS: dict[str, Callable[..., complex]] = {
    "squared_error": _squared_error,
    "absolute_error": _absolute_error,
    "huber": _huber,
    "log_cosh": _log_cosh,
    "pinball": _pinball,
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "poisson": _poisson,
}


#: Losses of users' own that tests hand in.
OWN_LOSS: dict[str, Callable[..., complex]] = {
    "quartic": lambda y, a: sum((q - p) ** 4 for p, q in zip(y, a, strict=True))
}


def activate(specification: dict[str, Any], z: Sequence[complex]) -> list[complex]:
    """φ of one row, by name and parameters; KeyError for a name that the oracle does not know."""
    parameters = {k: v for k, v in specification.items() if k != "name"}
    name = specification["name"]
    if name in VECTOR:
        return VECTOR[name](z, **parameters)
    return [ELEMENTWISE[name](complex(v), **parameters) for v in z]


def row_loss(specification: dict[str, Any], y: Any, a: Sequence[complex]) -> complex:
    """ℓ of one row, by name and parameters."""
    parameters = {k: v for k, v in specification.items() if k != "name"}
    return (LOSS | OWN_LOSS)[specification["name"]](y, a, **parameters)


@dataclass
class Problem:
    """A network, its parameters and its data, as plain Python numbers in nested lists."""

    weights: list[list[list[complex]]]
    biases: list[list[complex]]
    activations: list[dict[str, Any]]
    loss: dict[str, Any]
    x: list[list[complex]]
    y: list[Any]
    sample_weight: list[float] | None = None
    l1: float = 0.0
    l2: float = 0.0
    masks: list[list[list[float]] | None] = field(default_factory=list)
    reduction: str = "mean"


@dataclass
class Row:
    """Z[1] … Z[L], A[0] … A[L] and ℓ of one sample."""

    Z: list[list[complex]]
    A: list[list[complex]]
    ell: complex


def run_row(
    problem: Problem, i: int, shift: tuple[int, int] | None = None, letter: str = "Z"
) -> Row:
    """Sample i through the network; with `shift` = (l, k), ih is added to Z[l]_k, or to A[l]_k."""
    z_shift, a_shift = (shift, None) if letter == "Z" else (None, shift)
    masks = problem.masks or [None] * len(problem.weights)
    a = [
        v * (1 if masks[0] is None else masks[0][i][k])
        for k, v in enumerate(problem.x[i])
    ]  # F0
    a = [v + 1j * H if a_shift == (0, k) else v for k, v in enumerate(a)]
    row = Row([], [a], 0j)
    for l, (W, b, phi) in enumerate(
        zip(problem.weights, problem.biases, problem.activations, strict=True), 1
    ):
        z = []
        for k in range(len(b)):
            total = b[k]
            for j in range(len(a)):
                total += W[k][j] * a[j]  # F1
            z.append(total + 1j * H if z_shift == (l, k) else total)
        mask = masks[l] if l < len(masks) else None
        a = [
            v * (1 if mask is None else mask[i][k])
            for k, v in enumerate(activate(phi, z))
        ]  # F2
        a = [v + 1j * H if a_shift == (l, k) else v for k, v in enumerate(a)]
        row.Z.append(z)
        row.A.append(a)
    row.ell = row_loss(problem.loss, problem.y[i], a)
    return row


def objective(problem: Problem) -> complex:
    """J1 and J2."""
    w = problem.sample_weight or [1.0] * len(problem.x)
    total = sum(w[i] * run_row(problem, i).ell for i in range(len(problem.x)))
    if problem.reduction == "mean":
        total /= sum(w)
    for W in problem.weights:
        for line in W:
            for v in line:
                total += problem.l1 * _magnitude(complex(v)) + problem.l2 / 2 * v * v
    return total


def _step(holder: list[complex], k: int, function: Callable[[], complex]) -> float:
    """Complex step of `function` with respect to the number holder[k]."""
    kept = holder[k]
    holder[k] = kept + 1j * H
    derivative = function().imag / H
    holder[k] = kept
    return derivative


def weight_gradient(problem: Problem) -> list[list[list[float]]]:
    """∂J/∂W[l], layer 1 first."""
    J = lambda: objective(problem)  # noqa: E731
    return [
        [[_step(line, j, J) for j in range(len(line))] for line in W]
        for W in problem.weights
    ]


def bias_gradient(problem: Problem) -> list[list[float]]:
    """∂J/∂b[l], layer 1 first."""
    J = lambda: objective(problem)  # noqa: E731
    return [[_step(b, k, J) for k in range(len(b))] for b in problem.biases]


def input_gradient(problem: Problem) -> list[list[float]]:
    """∂ℓ_i/∂x_i for each row's own loss."""
    return [
        [_step(x, j, lambda i=i: run_row(problem, i).ell) for j in range(len(x))]
        for i, x in enumerate(problem.x)
    ]


def deltas(problem: Problem, letter: str = "Z") -> list[list[list[float]]]:
    """∂ℓ_i/∂Z[l]_i, or ∂ℓ_i/∂A[l]_i, one matrix per layer, layer 1 first."""
    return [
        [
            [run_row(problem, i, (l, k), letter).ell.imag / H for k in range(len(b))]
            for i in range(len(problem.x))
        ]
        for l, b in enumerate(problem.biases, 1)
    ]
