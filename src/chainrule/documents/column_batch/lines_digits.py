"""S1, line by line, third part: the digit classifier, its general form, the appendix."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...equations.activations import ACTIVATIONS
from ...equations.losses import LOSSES
from .. import column_batch, flat_theta
from ..derivations import softmax_jacobian
from ..lines import Pairs
from ..shapes import at, column, columnwise, hadamard, over, product
from .lines_matrices import trial
from .lines_neurons import mu_prime


def relu_prime(z: Any) -> Any:
    """ReLU'(z), 0 at 0."""
    return ACTIVATIONS["relu"]().pull_back(z, z, np.ones_like(z))


def columns_summed(q: Any, l: Any) -> Any:
    """Σ (columns of Δ^(l)), a column."""
    return np.sum(q.Delta[l], axis=1, keepdims=True)


def E53(t: Any, q: Any) -> Pairs:
    e4 = LOSSES["cross_entropy"]().targets(np.array([3]), 10, np.zeros((1, 10)))
    yield np.array([[0.0, 0, 0, 1, 0, 0, 0, 0, 0, 0]]), e4
    yield 3, np.argmax(e4)
    yield 1.0, at(e4, 4)
    yield 28 * 28, column_batch.network((784, 10, 10), softmax=True).sizes[0]


def E54(t: Any, q: Any) -> Pairs:
    e = np.exp(q.Z[q.L])
    yield e / np.sum(e, axis=0), columnwise(ACTIVATIONS["softmax"]().value, q.Z[q.L])
    yield np.ones(q.N), np.sum(q.A[q.L], axis=0)


def E55(t: Any, q: Any) -> Pairs:
    network = column_batch.network((784, 10, 10), softmax=True)
    W, b = column_batch.arrays_of(network.init())
    yield np.array([[10, 784], [10, 10]]), np.array([W[1].shape, W[2].shape])
    yield np.array([[10, 1], [10, 1]]), np.array([b[1].shape, b[2].shape])
    yield 7960, network.n_parameters
    yield 7960, flat_theta.count((784, 10, 10))


def E56(t: Any, q: Any) -> Pairs:
    for i in over(1, q.N):
        for l in over(1, 2):
            z = product(q.W[l], trial(q.A[l - 1], i)) + q.b[l]
            yield trial(t.Z[l], i), z
            yield trial(t.A[l], i), columnwise(q.mu[l - 1].value, z)


def E57(t: Any, q: Any, *, printed: bool) -> Pairs:
    J = softmax_jacobian.jacobian(q.A[2][:, 0])
    yield t.Delta[2], q.dC_dA[2] * J if printed else product(J.T, q.dC_dA[2])


def E58(t: Any, q: Any) -> Pairs:
    s, n = q.A[2][:, 0], q.n[2]
    entries = [
        [s[i] * (1 - s[i]) if i == j else -s[i] * s[j] for j in range(n)]
        for i in range(n)
    ]
    yield t.jacobian(("A", 2), ("Z", 2)), np.array(entries)
    yield t.jacobian(("A", 2), ("Z", 2)), softmax_jacobian.jacobian(s)


def E59(t: Any, q: Any) -> Pairs:
    for i in over(1, q.N):
        yield t.costs[i - 1], -np.sum(trial(q.Y, i) * np.log(trial(q.A[2], i)))
        yield t.costs[i - 1], -np.log(q.A[2][int(np.argmax(trial(q.Y, i))), i - 1])
    yield t.costs, q.costs
    sure = np.array([[0.0, 800.0]])
    softmax, ell = ACTIVATIONS["softmax"](), LOSSES["cross_entropy"]()
    yield (
        np.zeros(1),
        ell.value_and_delta(np.array([[0.0, 1.0]]), sure, softmax.value(sure), softmax)[
            0
        ],
    )


def E60(t: Any, q: Any) -> Pairs:
    yield t.C, -np.sum(q.Y * np.log(q.A[2])) / q.N
    yield t.C, q.C


def E61(t: Any, q: Any) -> Pairs:
    for i in over(1, q.N):
        yield trial(t.Delta[2], i), trial(q.A[2], i) - trial(q.Y, i)


def E62(t: Any, q: Any, *, printed: bool) -> Pairs:
    for i in over(1, q.N):
        above = product(q.W[1 if printed else 2].T, trial(q.Delta[2], i))
        yield trial(t.Delta[1], i), hadamard(relu_prime(trial(q.Z[1], i)), above)


def E63(t: Any, q: Any, *, printed: bool) -> Pairs:
    z = q.Z[1]
    slope = np.select([z > 0, z < 0], [1.0, 0.0], np.nan) if printed else relu_prime(z)
    yield t.Delta[1], hadamard(2 * (q.A[1] - q.Y), slope)


def E64(t: Any, q: Any) -> Pairs:
    for l in over(1, 2):
        trials = over(1, q.N)
        yield (
            t.dC_dW[l],
            sum(product(trial(q.Delta[l], i), trial(q.A[l - 1], i).T) for i in trials)
            / q.N,
        )
        yield t.dC_db[l], sum(trial(q.Delta[l], i) for i in trials) / q.N


def E65(t: Any, q: Any) -> Pairs:
    for l in over(1, 2):
        for matrix in (q.Z[l], q.A[l], q.Delta[l], q.B[l]):
            yield (q.n[l], q.N), matrix.shape
        yield np.hstack([q.b[l]] * q.N), q.B[l]
    yield t.Y, q.Y


def E66(t: Any, q: Any) -> Pairs:
    yield t.Z[1], product(q.W[1], q.A[0]) + q.B[1]
    yield t.A[1], np.where(q.Z[1] > 0, q.Z[1], 0.0)


def E67(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield t.Z[2], product(q.W[1 if printed else 2], q.A[1]) + q.B[2]


def E68(t: Any, q: Any) -> Pairs:
    yield (
        t.A[2],
        np.hstack([columnwise(q.mu[1].value, trial(q.Z[2], i)) for i in over(1, q.N)]),
    )


def E69(t: Any, q: Any) -> Pairs:
    yield t.Delta[2], q.A[2] - q.Y


def E70(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield (
        t.Delta[1],
        hadamard(relu_prime(q.Z[1]), product(q.W[1 if printed else 2].T, q.Delta[2])),
    )


def E71(t: Any, q: Any) -> Pairs:
    for l in over(1, 2):
        yield t.dC_dW[l], product(q.Delta[l], q.A[l - 1].T) / q.N


def E72(t: Any, q: Any) -> Pairs:
    yield t.dC_db[1], columns_summed(q, 1) / q.N


def E73(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield t.dC_db[2], columns_summed(q, 1 if printed else 2) / q.N


def E74(t: Any, q: Any) -> Pairs:
    g = column_batch.parameters_of((q.dC_dW, q.dC_db)).theta
    yield t.slope(-g), -np.sum(g * g)
    W, b = column_batch.step(q, 0.1)
    for l in over(1, 2):
        yield t.W[l] - 0.1 * t.dC_dW[l], W[l]
        yield t.b[l] - 0.1 * t.dC_db[l], b[l]


def E76(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L - 1):
        yield t.A[l], np.where(q.Z[l] > 0, q.Z[l], 0.0)
    yield t.A[q.L], np.exp(q.Z[q.L]) / np.sum(np.exp(q.Z[q.L]), axis=0)


def E77(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.Z[l], product(q.W[l], q.A[l - 1]) + q.B[l]


def E78(t: Any, q: Any) -> Pairs:
    yield t.Delta[q.L], q.A[q.L] - q.Y


def E79(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(2, q.L)[::-1]:
        at_z, at_w = (1, 1) if printed else (l - 1, l)
        yield (
            t.Delta[l - 1],
            hadamard(relu_prime(q.Z[at_z]), product(q.W[at_w].T, q.Delta[l])),
        )


def E80(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dC_dW[l], product(q.Delta[l], q.A[l - 1].T) / q.N
        yield t.dC_db[l], columns_summed(q, l) / q.N


def E81(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        of_mean = t.objective_gradient(("Z", l)).T
        yield of_mean if printed else q.N * of_mean, q.Delta[l]


def E82(t: Any, q: Any) -> Pairs:
    e = np.exp(q.Z[q.L])
    yield t.A[q.L], column(at(e, i) / np.sum(e) for i in over(1, q.n[q.L]))


def E83(t: Any, q: Any) -> Pairs:
    z, y, S = q.Z[q.L], q.Y, np.sum(np.exp(q.Z[q.L]))
    yield t.C, -np.sum(y * np.log(np.exp(z) / S))
    yield t.C, -np.sum(y * (z - np.log(S)))
    yield q.C, -np.sum(y * z) + np.sum(y) * np.log(S)


def E84(t: Any, q: Any) -> Pairs:
    yield t.C, -np.sum(q.Y * q.Z[q.L]) + np.log(np.sum(np.exp(q.Z[q.L])))


def step_of(function: Any, z: Any) -> Any:
    """The derivatives of a function of a column, by complex step."""
    bumps = 1e-30j * np.eye(len(z))
    return column(function(z + bump[:, None]).imag / 1e-30 for bump in bumps)


def E85(t: Any, q: Any) -> Pairs:
    yield step_of(lambda z: -np.sum(t.Y * z), t.Z[t.L]), -q.Y


def E86(t: Any, q: Any) -> Pairs:
    z = q.Z[q.L]
    yield step_of(lambda v: np.log(np.sum(np.exp(v))), z), np.exp(z) / np.sum(np.exp(z))
    yield step_of(lambda v: np.sum(np.exp(v)), z), np.exp(z)
    yield step_of(lambda v: np.log(np.sum(np.exp(v))), z), q.A[q.L]


def E87(t: Any, q: Any) -> Pairs:
    yield t.Delta[q.L], q.A[q.L] - q.Y
    yield (
        t.Delta[q.L][:, 0],
        softmax_jacobian.through_jacobian(q.A[q.L][:, 0], q.Y[:, 0]),
    )
    if q.L > 1:
        yield (
            t.Delta[q.L - 1],
            hadamard(mu_prime(q, q.L - 1), product(q.W[q.L].T, q.A[q.L] - q.Y)),
        )
