"""S1, line by line, first part: layers, regression, one neuron, chains, any widths, N data."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...equations.network import Parameters
from .. import column_batch
from ..derivations import affine_collapse, chain, neuron, paths, polynomial
from ..lines import Pairs
from ..settings import SHALLOW, TAPERED, Cases, Setting, cases, plain, softmax_after
from ..shapes import at, column, columnwise, over, product

__all__ = ["mu_prime"]

CLASSES: Any = {"rows": 6, "reduction": "mean", "targets": "one-hot"}
#: Networks → case → the setting.
KINDS: dict[str, Cases] = {
    "linear": cases(TAPERED, plain("identity", 1.0), 11),
    "one": cases(TAPERED, plain("tanh", 1.0), 12),
    "sum": cases(TAPERED, plain("tanh", 1.0), 13, rows=5),
    "mean": cases(TAPERED, plain("tanh", 1.0), 14, rows=5, reduction="mean"),
    "chain": cases({"L=1": (1, 1), "L=4": (1,) * 5}, plain("tanh", 1.0), 15),
    "longer chain": cases({"L=4": (1,) * 5}, plain("tanh", 1.0), 15),
    "ReLU neuron": {
        "on": lambda: one_relu(0.7, 0.2, 0.9),
        "off": lambda: one_relu(-0.7, 0.2, 0.9),
        "at 0": lambda: one_relu(0.5, -0.25, 0.5),
    },
    "digits": cases(SHALLOW, softmax_after("relu"), 16, **CLASSES),
    "deep": cases(
        {**TAPERED, "ML": (4, 3, 3, 3)}, softmax_after("relu"), 17, **CLASSES
    ),
    "softmax": cases(SHALLOW, softmax_after("tanh"), 18, targets="positive"),
    "sum 1": cases(SHALLOW, softmax_after("tanh"), 19, targets="sum to 1"),
}


def one_relu(w: float, b: float, a: float) -> Setting:
    """One ReLU neuron at a, with the target 0.3."""
    parameters = Parameters.from_arrays([[[w]]], [[b]])
    network = plain("relu", 1.0)((1, 1))
    return Setting(network, parameters, np.array([[a]]), np.array([[0.3]]))


def mu_prime(q: Any, l: Any) -> Any:
    """μ'(z^(l)), one column per trial."""
    return q.mu[l - 1].derivative(q.Z[l])


def weighted(q: Any, l: int, i: int, w: Any, *, swapped: bool = False) -> Any:
    """Σ_{j=1}^{n_{l-1}} w_ij a_j^(l-1), first trial; swapped: w_ji."""
    entry = ((at(w, j, i) if swapped else at(w, i, j)) for j in over(1, q.n[l - 1]))
    return sum(v * a for v, a in zip(entry, q.A[l - 1][:, 0], strict=True))


def points() -> Any:
    """Data for a polynomial, with an x of 0."""
    x = np.array([-1.0, -0.6, 0.0, 0.4, 0.7, 1.0])
    return x, np.array([0.3, -0.2, 0.5, 1.1, 0.9, -0.4]), np.array([0.4, -1.2, 0.8])


def E1(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.A[l] - t.b[l],
            column(weighted(q, l, i, q.W[l], swapped=printed) for i in over(1, q.n[l])),
        )


def E2(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.A[l],
            column(
                weighted(q, l, i, q.W[l], swapped=printed) + at(q.b[l], i)
                for i in over(1, q.n[l])
            ),
        )


def E3(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.b[l], column(at(q.b[l], i) for i in over(1, q.n[l]))


def E4(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        W = q.W[l].T if printed else q.W[l]
        yield t.A[l], product(W, q.A[l - 1]) + q.b[l]


def E4b(t: Any, q: Any) -> Pairs:
    displayed = column_batch.arrays_of(t.sweep.parameters, sources_first=True)[0]
    for l, V in displayed.items():
        yield (
            t.A[l],
            column(
                weighted(q, l, i, V, swapped=True) + at(q.b[l], i)
                for i in over(1, q.n[l])
            ),
        )
        yield t.A[l], product(V.T, q.A[l - 1]) + q.b[l]


def E5(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.A[l], product(q.W[l], q.A[l - 1]) + q.b[l]


def E6(t: Any, q: Any, *, printed: bool) -> Pairs:
    one = affine_collapse.collapse(column_batch.parameters_of((q.W, q.b)))
    constant = 0.0 if printed else one.biases[0][:, None]
    yield t.A[q.L], product(one.weights[0], q.A[0]) + constant


def E7(t: Any, q: Any) -> Pairs:
    a = q.A[0]
    for l in over(1, q.L):
        a = columnwise(q.mu[l - 1].value, product(q.W[l], a) + q.b[l])
        yield t.A[l], a


def E8(t: Any, q: Any) -> Pairs:
    yield t.C, np.sum((q.A[q.L] - q.Y) ** 2)
    yield t.C, q.C


def E9(t: Any, q: Any) -> Pairs:
    yield t.C, sum(np.sum((q.A[q.L][:, j] - q.Y[:, j]) ** 2) for j in range(q.N))
    yield t.C, q.C


def E10(t: Any, q: Any) -> Pairs:
    x, y, k = points()
    yield (
        sum(
            (k[0] + k[1] * v + k[2] * v * v - w) ** 2 for v, w in zip(x, y, strict=True)
        ),
        polynomial.cost(k, x, y),
    )


def E11(t: Any, q: Any) -> Pairs:
    x, y, k = points()
    steps = [
        polynomial.cost(k + 1e-30j * np.eye(3)[j], x, y).imag / 1e-30 for j in range(3)
    ]
    yield np.array(steps), polynomial.gradient(k, x, y)


def E12(t: Any, q: Any) -> Pairs:
    x, y, _ = points()
    for seed in range(3):
        yield polynomial.least_squares(x, y, 2), polynomial.descend(x, y, 2, seed=seed)


def E13(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        one = neuron.differentiate(
            q.W[l][0, 0], q.b[l][0, 0], q.A[l - 1][0, 0], q.Y[0, 0], q.mu[0]
        )
        yield t.Z[l][0, 0], one.z
        yield t.A[l][0, 0], one.a
        yield one.C, (q.mu[0].value(one.z) - q.Y[0, 0]) ** 2
    yield t.C, one.C


def E14(t: Any, q: Any) -> Pairs:
    L = q.L
    one = neuron.differentiate(
        q.W[L][0, 0], q.b[L][0, 0], q.A[L - 1][0, 0], q.Y[0, 0], q.mu[0]
    )
    yield t.dC_dW[L][0, 0], one.dC_dw
    yield t.dC_db[L][0, 0], one.dC_db


def E15(t: Any, q: Any) -> Pairs:
    x = np.array([-2.0, 0.0, 3.0])
    yield np.array([0.0, 0.0, 3.0]), q.mu[0].value(x)
    yield np.array([0.0, 0.0, 1.0]), q.mu[0].derivative(x)
    z = q.Z[1]
    yield t.A[1], np.where(z > 0, z, 0.0)
    yield t.jacobian(("A", 1), ("Z", 1)), np.where(z > 0, 1.0, 0.0)


def E16(t: Any, q: Any) -> Pairs:
    one = neuron.differentiate(
        q.W[1][0, 0], q.b[1][0, 0], q.A[0][0, 0], q.Y[0, 0], q.mu[0]
    )
    factor = 2 * (one.a - q.Y[0, 0]) if one.z > 0 else 0.0
    for left, right in ((t.dC_dW[1], factor * q.A[0][0, 0]), (t.dC_db[1], factor)):
        yield left[0, 0], right
    yield t.dC_dW[1][0, 0], one.dC_dw
    yield t.dC_db[1][0, 0], one.dC_db


def as_chain(q: Any) -> Any:
    """A width-1 network's arguments for `derivations.chain`."""
    w, b = ([v[l][0, 0] for l in over(1, q.L)] for v in (q.W, q.b))
    return w, b, q.A[0][0, 0], q.Y[0, 0], q.mu[0]


def E17(t: Any, q: Any) -> Pairs:
    yield t.C, chain.run(*as_chain(q)).C


def E18(t: Any, q: Any) -> Pairs:
    w, *_rest, mu = as_chain(q)
    yield (
        t.jacobian(("A", q.L), ("A", q.L - 1))[0, 0],
        chain.link(w, chain.run(*as_chain(q)), mu, q.L),
    )


def E19(t: Any, q: Any) -> Pairs:
    L = q.L
    right = 2 * (q.A[L] - q.Y) * mu_prime(q, L) * q.W[L] * mu_prime(q, L - 1)
    yield t.dC_db[L - 1], right
    yield t.dC_dW[L - 1], right * q.A[L - 2]


def E20(t: Any, q: Any) -> Pairs:
    w, *_rest, mu = as_chain(q)
    ran = chain.run(*as_chain(q))
    for j in over(1, q.L):
        l = q.L - j + 1
        yield t.jacobian(("A", l), ("A", l - 1))[0, 0], chain.link(w, ran, mu, l)


def E21(t: Any, q: Any) -> Pairs:
    for l, right in enumerate(chain.differentiate(*as_chain(q))[0], 1):
        yield t.dC_dW[l][0, 0], right


def E22(t: Any, q: Any) -> Pairs:
    for l, right in enumerate(chain.differentiate(*as_chain(q))[1], 1):
        yield t.dC_db[l][0, 0], right


def E23(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        times = q.n[l - 1] if printed else 1
        yield t.A[l], q.mu[l - 1].value(product(q.W[l], q.A[l - 1]) + times * q.b[l])


def E24(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        named = q.W[l].T if printed else q.W[l]
        z = column(weighted(q, l, i, named) + at(q.b[l], i) for i in over(1, q.n[l]))
        yield t.A[l], q.mu[l - 1].value(z)


def E25(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.jacobian(("A", l), ("A", l - 1)), mu_prime(q, l) * q.W[l]


def E26(t: Any, q: Any) -> Pairs:
    yield t.C, sum((at(q.A[q.L], j) - at(q.Y, j)) ** 2 for j in over(1, q.n[q.L]))
    yield (
        t.dC_dA[q.L],
        column(2 * (at(q.A[q.L], i) - at(q.Y, i)) for i in over(1, q.n[q.L])),
    )


def E27(t: Any, q: Any) -> Pairs:
    L = q.L
    factor = {
        i: 2 * (at(q.A[L], i) - at(q.Y, i)) * at(mu_prime(q, L), i)
        for i in over(1, q.n[L])
    }
    yield t.dC_db[L], column(factor.values())
    yield (
        t.dC_dW[L],
        np.array(
            [
                [f * at(q.A[L - 1], j) for j in over(1, q.n[L - 1])]
                for f in factor.values()
            ]
        ),
    )


def E28(t: Any, q: Any) -> Pairs:
    L = q.L
    by_a = product((mu_prime(q, L) * q.W[L]).T, 2 * (q.A[L] - q.Y))
    yield t.dC_db[L - 1], by_a * mu_prime(q, L - 1)
    yield t.dC_dW[L - 1], by_a * mu_prime(q, L - 1) * q.A[L - 2].T


def E29(t: Any, q: Any) -> Pairs:
    for j in over(0, q.L):
        every = paths.paths(t.sweep.network.sizes, t.sweep.network.n_layers - j)
        yield sum(1 for _path in every), paths.count(q.n, j)


def E30(t: Any, q: Any) -> Pairs:
    slopes = {l: mu_prime(q, l) for l in over(1, q.L)}
    for l in over(0, q.L):
        yield (
            t.dC_dA[l],
            paths.sum_over_paths(q.W, slopes, 2 * (q.A[q.L] - q.Y), q.n, l),
        )


def E31(t: Any, q: Any) -> Pairs:
    trials, outputs = over(1, q.N), over(1, q.n[q.L])
    yield (
        t.C,
        sum((at(q.A[q.L], j, l) - at(q.Y, j, l)) ** 2 for l in trials for j in outputs),
    )


def E32(t: Any, q: Any) -> Pairs:
    L, residual = q.L, 2 * (q.A[q.L] - q.Y)
    last = residual * mu_prime(q, L)
    before = product(q.W[L].T, last) * mu_prime(q, L - 1)
    for l, d in ((L, last), (L - 1, before)):
        yield t.dC_db[l][:, 0], sum(d[:, i] for i in range(q.N))
        yield t.dC_dW[l], sum(np.outer(d[:, i], q.A[l - 1][:, i]) for i in range(q.N))
