"""The cases that the compiled engine is compared with the reference on, and how far float32 may be off.

`float32_bounds` follows the equations and carries, beside every number, how far a float32 run of
them may be from it: a running error analysis, first order in ε = 2⁻²³, twice the unit roundoff. A
sum of n products of rounded numbers is off by at most n ε times the sum of its terms' sizes; an
error of the argument of φ or φ′ is carried as the largest change of the function within it.
"""

from __future__ import annotations

import functools
import itertools
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from allpairspy import AllPairs

from chainrule import ACTIVATIONS, Network, Parameters, backward, forward
from chainrule.engines import ENGINES, native
from chainrule.engines.rows import Data
from chainrule.optimizers import SGD
from chainrule.optimizers.rules import Rules

from .cases import OTHER_ARGUMENTS, fits, targets_for

needs_native = pytest.mark.skipif(
    native.MISSING is not None, reason=f"the engine native: {native.MISSING}"
)
NATIVE, REFERENCE = ENGINES["native"], ENGINES["reference"]
HIDDEN = list(native.PHI)
OUTPUTS = [
    (phi, ell)
    for phi, ell in itertools.product(native.PHI, native.ELL)
    if fits(phi, ell, 2) and (phi, ell) != ("softmax", "binary_cross_entropy")
]
WIDTHS = (1, 2, 7, 15, 16, 17, 31, 33, 127)
ROWS = (1, 2, 15, 16, 17, 100, 129, 300, 1024, 2500)
#: Beyond what the pairs cover: blocks along a reduction, three panels at a time, four layers; a
#: narrow first layer on many rows, which may be read where they lie.
LARGE = [
    ("tanh", ("softmax", "cross_entropy"), (191, 193, 300, 50), 130, "random", "both"),
    ("relu", ("identity", "squared_error"), (400, 48, 400, 33), 17, "none", "l2"),
    (
        "silu",
        ("sigmoid", "binary_cross_entropy"),
        (784, 130, 10),
        1100,
        "zeros",
        "none",
    ),
    ("elu", ("softmax", "squared_error"), (20, 30, 40, 50, 60), 2000, "random", "l1"),
    ("relu", ("softmax", "cross_entropy"), (784, 10, 10), 1500, "none", "none"),
    ("tanh", ("identity", "squared_error"), (7, 10, 3), 2500, "random", "l2"),
    ("tanh", ("identity", "squared_error"), (1, 12, 1), 1100, "none", "none"),
    ("silu", ("identity", "squared_error"), (47, 5, 40), 2500, "zeros", "both"),
    ("silu", ("softmax", "cross_entropy"), (8, 9), 2500, "zeros", "both"),
    ("relu", ("softmax", "cross_entropy"), (600, 600, 5), 1024, "random", "l2"),
]


@dataclass(frozen=True)
class Job:
    """One comparison."""

    hidden: str
    output: tuple[str, str]
    sizes: tuple[int, ...]
    rows: int
    weights: str
    penalty: str

    def __str__(self) -> str:
        phi, ell = self.output
        sizes = "x".join(map(str, self.sizes))
        return f"{self.hidden}-{phi}-{ell}-{sizes}-{self.rows}-{self.weights}-{self.penalty}"

    @property
    def l1(self) -> float:
        return 0.003 * (self.penalty in ("l1", "both"))

    @property
    def l2(self) -> float:
        return 0.05 * (self.penalty in ("l2", "both"))

    def build(self, dtype: Any) -> tuple[Network, np.ndarray, Data]:
        """The network, θ and rows; the numbers are those of float32 in either precision."""
        rng = np.random.default_rng(zlib.crc32(str(self).encode()))
        names = [self.hidden] * (len(self.sizes) - 2) + [self.output[0]]
        phis = [ACTIVATIONS[name](**OTHER_ARGUMENTS.get(name, {})) for name in names]
        network = Network(self.sizes, phis, self.output[1])
        pairs = list(itertools.pairwise(self.sizes))
        W = [rng.uniform(-2, 2, (m, n)) / np.sqrt(n) for n, m in pairs]
        theta = Parameters.from_arrays(
            W, [rng.uniform(-1, 1, m) for _, m in pairs]
        ).theta
        y = targets_for(self.output[1], rng, self.rows, self.sizes[-1])
        weights = {
            "none": None,
            "random": rng.uniform(0.1, 3, self.rows),
            "zeros": rng.uniform(0.1, 3, self.rows) * (np.arange(self.rows) % 3 != 1),
        }[self.weights]
        x = rng.uniform(-1, 1, (self.rows, self.sizes[0]))
        rounded = [
            None if a is None else a.astype(np.float32).astype(dtype)
            for a in (theta, x, y, weights)
        ]
        return network, rounded[0], Data(*rounded[1:])

    def rules(self, **more: Any) -> Rules:
        return Rules(SGD(), batch_rows=self.rows, l1=self.l1, l2=self.l2, **more)


@functools.cache
def jobs() -> list[Job]:
    """Any two values of any two factors together, and the large ones; none without the engine, whose they are."""
    if native.MISSING is not None:
        return []

    def allowed(row: list[Any]) -> bool:
        return (len(row) < 3 or tuple(row[1:3]) in OUTPUTS) and (
            len(row) < 6 or fits(*row[1:3], row[5])
        )

    factors = [
        HIDDEN,
        list(native.PHI),
        list(native.ELL),
        WIDTHS,
        WIDTHS,
        WIDTHS,
        ROWS,
        ("none", "random", "zeros"),
        ("none", "l1", "l2", "both"),
    ]
    pairs = [
        Job(r[0], (r[1], r[2]), (r[3], r[4], r[5]), *r[6:])
        for r in AllPairs(factors, filter_func=allowed)
    ]
    missed = set(OUTPUTS) - {job.output for job in pairs}  # for want of a fitting width
    pairs += [Job("tanh", o, (7, 15, 2), 17, "random", "both") for o in sorted(missed)]
    return pairs + [Job(*row) for row in LARGE]


def parts(network: Network, theta: np.ndarray) -> list[np.ndarray]:
    """W[1] … W[L], b[1] … b[L] of a flat vector."""
    p = Parameters(network.sizes, theta)
    return [*p.weights, *p.biases]


EPS = 2.0**-23
#: Roundings in φ, φ′ or a loss of one number, in ε: what tests/engines/test_native_functions.py measures is less.
C = 8


@dataclass(frozen=True)
class Bounds:
    """How far the numbers of float32 may be from those of float64; layer 1 first, of slopes None for softmax."""

    J: float
    gradient: np.ndarray
    Z: tuple[np.ndarray, ...]
    A: tuple[np.ndarray, ...]
    slopes: tuple[np.ndarray | None, ...]
    delta: tuple[np.ndarray, ...]
    dA: tuple[np.ndarray, ...]  # of hidden layers
    row_loss: np.ndarray

    @property
    def output(self) -> np.ndarray:
        return self.A[-1]


def float32_bounds(
    network: Network, theta: np.ndarray, data: Data, l1: float, l2: float
) -> Bounds:
    """By the equations in float64; see the top of this file."""
    p = Parameters(network.sizes, theta)
    trace = forward(network, p, data.x)
    gradient = backward(
        network, p, trace, data.y, sample_weight=data.sample_weight, l1=l1, l2=l2
    )
    share = np.ones(data.rows) if data.sample_weight is None else data.sample_weight
    share = share / share.sum()
    E_A, E_D, D, E_Zs = [np.zeros_like(data.x)], [], [], []
    for layer, (W, b, Z) in enumerate(zip(p.weights, p.biases, trace.Z, strict=True)):
        size = np.abs(trace.A[layer]) @ abs(W).T + abs(b)
        E_Z = E_A[layer] @ abs(W).T + EPS * (W.shape[1] + 1) * size  # F1
        E_Zs.append(E_Z)
        value, derivative = _carried(
            network.activations[layer], Z, trace.A[layer + 1], E_Z
        )  # F2
        E_A.append(value)
        E_D.append(derivative)
        phi = network.activations[layer]
        D.append(None if phi.name == "softmax" else np.abs(phi.derivative(Z)))
    E_row, E_delta = _carried_by_loss(
        network, trace, data.y, E_A[-1], E_Z, D[-1], E_D[-1], gradient.delta[-1]
    )
    E_W, E_b, E_deltas, E_dA = [], [], [], []
    for layer in range(network.n_layers - 1, -1, -1):
        delta, A, W = (
            abs(gradient.delta[layer]),
            abs(trace.A[layer]),
            abs(p.weights[layer]),
        )
        roundings = EPS * (data.rows + 4)
        weighted = (share[:, None] * delta, share[:, None] * E_delta)
        E_W.append(
            weighted[1].T @ (A + E_A[layer])
            + weighted[0].T @ E_A[layer]
            + roundings * weighted[0].T @ A
        )  # B3
        E_W[-1] += 4 * EPS * (l1 + l2 * W)
        E_b.append((weighted[1] + roundings * weighted[0]).sum(0))
        E_deltas.append(E_delta)
        if layer:  # B2
            back = delta @ W
            E_back = E_delta @ W + EPS * (W.shape[0] + 2) * back
            E_dA.append(E_back)
            if D[layer - 1] is None:
                E_delta = _carried_by_softmax(A, E_A[layer], back, E_back)
            else:
                E_delta = E_back * (D[layer - 1] + E_D[layer - 1])
                E_delta += back * E_D[layer - 1]
    flat = np.concatenate([e.ravel() for e in (*E_W[::-1], *E_b[::-1])])
    J = float(share @ E_row + 8 * EPS * float(gradient.J))
    values = (E_Zs, E_A[1:], E_D, E_deltas[::-1], E_dA[::-1])
    return Bounds(J, flat, *map(tuple, values), row_loss=E_row)


def _carried(phi: Any, Z: Any, A: Any, E: Any) -> tuple[np.ndarray, Any]:
    """How far φ and φ′ may be off where z is off by E."""
    if phi.name == "softmax":
        return A * (
            2 * (E + (A * E).sum(1, keepdims=True)) + EPS * (Z.shape[1] + C)
        ), None
    own = C * EPS * (1 + abs(Z))
    if phi.name == "exp":  # grows beyond any multiple of z
        own = own * (1 + A)
    return tuple(largest_change(f, Z, E) + own for f in (phi.value, phi.derivative))


def _carried_by_softmax(A: Any, E: Any, g: Any, E_g: Any) -> np.ndarray:
    """How far A ⊙ (g - Σ A g) may be off where A is off by E and g by E_g."""
    inner = (A * g).sum(1, keepdims=True)
    roundings = EPS * (A.shape[1] + C)
    E_inner = (E * g + (A + E) * E_g + roundings * A * g).sum(1, keepdims=True)
    off = E * (g + inner) + (A + E) * (E_g + E_inner)
    return np.asarray(off + C * EPS * A * (g + inner))


def largest_change(f: Callable[[Any], Any], at: Any, within: Any) -> Any:
    """Of f where its argument is off by so much."""
    return np.maximum(abs(f(at + within) - f(at)), abs(f(at - within) - f(at)))


def _carried_by_loss(
    network: Network, trace: Any, y: Any, E: Any, E_Z: Any, D: Any, E_D: Any, delta: Any
) -> tuple[np.ndarray, np.ndarray]:
    """How far ℓ and Δ[L] of each row may be off: J1 and B1."""
    A, Z, loss, softmax = (
        trace.A[-1],
        trace.Z[-1],
        network.loss,
        network.activations[-1].name == "softmax",
    )
    n = A.shape[1]
    if not loss.logarithms:

        def slope(a: Any) -> Any:
            return loss.value_and_delta(y, a, a, ACTIVATIONS["identity"]())[1]

        g, shift = abs(slope(A)), E + EPS * (abs(A) + abs(y))  # that of a - y, too
        E_g = largest_change(slope, A, shift) + C * EPS * g
        value = loss.value_and_delta(y, A, A, ACTIVATIONS["identity"]())[0]
        E_row = ((g + E_g) * shift).sum(1) + EPS * (n + C) * (value + n * EPS)
        if loss.name == "log_cosh":  # |r| + log(1 + e^{-2|r|}) - log 2 cancels
            E_row = E_row + C * EPS * n
        if not softmax:
            return E_row, E_g * (D + E_D) + g * E_D + C * EPS * g * D
        return E_row, _carried_by_softmax(A, E, g, E_g)
    poisson = loss.name == "poisson"
    of_counts = (
        A + y + abs(y * np.log(np.where(y > 0, y, 1))) if poisson else np.zeros_like(A)
    ).sum(1)
    if poisson and not softmax:
        phi = network.activations[-1]

        def of_z(z: Any) -> Any:
            return loss.value_and_delta(y, z, phi.value(z), phi)[1]

        log = abs(y * phi.log_value(Z, A))
        ratio = abs(phi.log_pull_back(Z, A, y))
        E_delta = largest_change(of_z, Z, E_Z) + C * EPS * ((D + ratio) * (1 + abs(Z)))
        E_row = ((abs(delta) + E_delta) * E_Z).sum(1)
        return E_row + EPS * (n + C) * (of_counts + (log + y).sum(1)), E_delta
    total = y.sum(1, keepdims=True) if softmax else np.ones_like(y)
    E_delta = total * E + EPS * (n + C) * (total * A + y + 1 - softmax)
    if poisson:  # of 1 - Σ a
        E_delta = E_delta + EPS * (n + C) * A
    terms = (
        (y * abs(Z)).sum(1) + total[:, 0] * (abs(Z).max(1) + np.log(n))
        if softmax
        else (2 + 2 * abs(Z)).sum(1)
    )
    terms = terms + of_counts
    return ((abs(delta) + E_delta) * E_Z).sum(1) + EPS * (n + C) * terms, E_delta


def combinations() -> list[Any]:
    """(instruction set, job), for parametrize."""
    pairs = itertools.product(native.instruction_sets(), jobs())
    return [pytest.param(isa, job, id=f"{isa}-{job}") for isa, job in pairs]
