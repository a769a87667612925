"""S1, line by line, third part: the digit classifier, its general form, the appendix."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...equations.activations import ACTIVATIONS
from ...equations.losses import LOSSES
from .. import column_batch, flat_theta
from ..derivations import softmax_jacobian
from ..lines import Lines, Pairs, Verdict
from ..shapes import at, columnwise, hadamard, over, product
from .lines_matrices import trial
from .lines_neurons import column, mu_prime

__all__ = ["S1_DIGITS"]

S1_DIGITS = Lines("S1")


def relu_prime(z: Any) -> Any:
    """ReLU'(z), 0 at 0."""
    return ACTIVATIONS["relu"]().pull_back(z, z, np.ones_like(z))


def columns_summed(q: Any, l: Any) -> Any:
    """Σ (columns of Δ^(l)), a column."""
    return np.sum(q.Delta[l], axis=1, keepdims=True)


@S1_DIGITS.holds(
    "E53",
    "28 × 28 = 784 inputs; a_4 stands for the digit 3: one-hot e_4, counted from 1",
)
def _(t: Any, q: Any) -> Pairs:
    e4 = LOSSES["cross_entropy"]().targets(np.array([3]), 10, np.zeros((1, 10)))
    yield np.array([[0.0, 0, 0, 1, 0, 0, 0, 0, 0, 0]]), e4
    yield 3, np.argmax(e4)
    yield 1.0, at(e4, 4)
    yield 28 * 28, column_batch.network((784, 10, 10), softmax=True).sizes[0]


@S1_DIGITS.holds(
    "E54", "Softmax(v)_i = e^{v_i} / Σ_j e^{v_j}, which add to 1", "digits"
)
def _(t: Any, q: Any) -> Pairs:
    e = np.exp(q.Z[q.L])
    yield e / np.sum(e, axis=0), columnwise(ACTIVATIONS["softmax"]().value, q.Z[q.L])
    yield np.ones(q.N), np.sum(q.A[q.L], axis=0)


@S1_DIGITS.holds(
    "E55", "W^(1) 10 × 784, W^(2) 10 × 10, b^(1) 10, b^(2) 10: 7960 parameters"
)
def _(t: Any, q: Any) -> Pairs:
    network = column_batch.network((784, 10, 10), softmax=True)
    W, b = column_batch.arrays_of(network.init())
    yield np.array([[10, 784], [10, 10]]), np.array([W[1].shape, W[2].shape])
    yield np.array([[10, 1], [10, 1]]), np.array([b[1].shape, b[2].shape])
    yield 7960, network.n_parameters
    yield 7960, flat_theta.count((784, 10, 10))


@S1_DIGITS.slip(
    "E56",
    'Worked Example, "Forward Propagation"',
    "z_l^(1) = W^(1) a_l^(0) + b_l^(1) and so on, b with the index of a trial",
    "b^(1) and b^(2) are shared by all trials",
    "digits",
)
def _(t: Any, q: Any) -> Pairs:
    for i in over(1, q.N):
        for l in over(1, 2):
            z = product(q.W[l], trial(q.A[l - 1], i)) + q.b[l]
            yield trial(t.Z[l], i), z
            yield trial(t.A[l], i), columnwise(q.mu[l - 1].value, z)


@S1_DIGITS.wrong(
    "E57",
    'Worked Example, "Backpropagation"',
    "δ_l^(2) = ∂C/∂a_l^(2) ⊙ Softmax'(z_l^(2)), Softmax' the Jacobian",
    "Softmax'(z)ᵀ ∂C/∂a, a matrix product (⊙ broadcasts to n × n)",
    "softmax",
    "NS: shape; SQ: shape; ML: shape",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    J = softmax_jacobian.jacobian(q.A[2][:, 0])
    yield t.Delta[2], q.dC_dA[2] * J if printed else product(J.T, q.dC_dA[2])


@S1_DIGITS.slip(
    "E58",
    'Worked Example, "Backpropagation"',
    "Softmax'_ij = s_i(1 - s_i) if i = j, else -s_i s_j, with s_i = Softmax(z_i)",
    "s_i = Softmax(z)_i",
    "softmax",
)
def _(t: Any, q: Any) -> Pairs:
    s, n = q.A[2][:, 0], q.n[2]
    entries = [
        [s[i] * (1 - s[i]) if i == j else -s[i] * s[j] for j in range(n)]
        for i in range(n)
    ]
    yield t.jacobian(("A", 2), ("Z", 2)), np.array(entries)
    yield t.jacobian(("A", 2), ("Z", 2)), softmax_jacobian.jacobian(s)


@S1_DIGITS.holds(
    "E59",
    "one trial: C = -Σ y_i log a_i; one-hot: only the true class counts, 0 at a = 1",
    "digits",
)
def _(t: Any, q: Any) -> Pairs:
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


@S1_DIGITS.holds("E60", "C = (1/N) Σ_l (-Σ_i (y_l)_i log (a_l)_i)", "digits")
def _(t: Any, q: Any) -> Pairs:
    yield t.C, -np.sum(q.Y * np.log(q.A[2])) / q.N
    yield t.C, q.C


@S1_DIGITS.holds("E61", "δ_l^(2) = a_l^(2) - y_l", "digits")
def _(t: Any, q: Any) -> Pairs:
    for i in over(1, q.N):
        yield trial(t.Delta[2], i), trial(q.A[2], i) - trial(q.Y, i)


@S1_DIGITS.wrong(
    "E62",
    'Worked Example, "Backpropagation"',
    "δ_l^(1) = ReLU'(z_l^(1)) ⊙ (W^(1))ᵀ δ_l^(2)",
    "(W^(2))ᵀ",
    "digits",
    "NS: product; SQ: value; ML: product",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for i in over(1, q.N):
        above = product(q.W[1 if printed else 2].T, trial(q.Delta[2], i))
        yield trial(t.Delta[1], i), hadamard(relu_prime(trial(q.Z[1], i)), above)


@S1_DIGITS.wrong(
    "E63",
    'Worked Example, "Backpropagation"',
    "ReLU'(x) = 1 if x > 0, 0 if x < 0",
    '0 for x ≤ 0, as in section "One Layer of One Neuron"',
    "ReLU neuron",
    "at 0: not finite",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    z = q.Z[1]
    slope = np.select([z > 0, z < 0], [1.0, 0.0], np.nan) if printed else relu_prime(z)
    yield t.Delta[1], hadamard(2 * (q.A[1] - q.Y), slope)


@S1_DIGITS.holds(
    "E64",
    "∂C/∂W^(1), ∂C/∂W^(2), ∂C/∂b^(1), ∂C/∂b^(2) = (1/N) Σ_l …, with δ^(1) corrected",
    "digits",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, 2):
        trials = over(1, q.N)
        yield (
            t.dC_dW[l],
            sum(product(trial(q.Delta[l], i), trial(q.A[l - 1], i).T) for i in trials)
            / q.N,
        )
        yield t.dC_db[l], sum(trial(q.Delta[l], i) for i in trials) / q.N


@S1_DIGITS.slip(
    "E65",
    'Worked Example, "Backpropagation"',
    "Y^(l) for the matrix of the y_l, beside Z^(l), A^(l), Δ^(l), B^(l)",
    "Y has no layer",
    "digits",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, 2):
        for matrix in (q.Z[l], q.A[l], q.Delta[l], q.B[l]):
            yield (q.n[l], q.N), matrix.shape
        yield np.hstack([q.b[l]] * q.N), q.B[l]
    yield t.Y, q.Y


@S1_DIGITS.holds("E66", "Z^(1) = W^(1) A^(0) + B^(1), A^(1) = ReLU(Z^(1))", "digits")
def _(t: Any, q: Any) -> Pairs:
    yield t.Z[1], product(q.W[1], q.A[0]) + q.B[1]
    yield t.A[1], np.where(q.Z[1] > 0, q.Z[1], 0.0)


@S1_DIGITS.wrong(
    "E67",
    'Worked Example, "Backpropagation"',
    "Z^(2) = W^(1) A^(1) + B^(2)",
    "W^(2) A^(1) + B^(2)",
    "digits",
    "NS: product; SQ: value; ML: product",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield t.Z[2], product(q.W[1 if printed else 2], q.A[1]) + q.B[2]


@S1_DIGITS.holds("E68", "A^(2) = Softmax(Z^(2)), column by column", "digits")
def _(t: Any, q: Any) -> Pairs:
    yield (
        t.A[2],
        np.hstack([columnwise(q.mu[1].value, trial(q.Z[2], i)) for i in over(1, q.N)]),
    )


@S1_DIGITS.holds("E69", "Δ^(2) = A^(2) - Y", "digits")
def _(t: Any, q: Any) -> Pairs:
    yield t.Delta[2], q.A[2] - q.Y


@S1_DIGITS.wrong(
    "E70",
    'Worked Example, "Backpropagation"',
    "Δ^(1) = ReLU'(Z^(1)) ⊙ (W^(1))ᵀ Δ^(2)",
    "(W^(2))ᵀ Δ^(2)",
    "digits",
    "NS: product; SQ: value; ML: product",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield (
        t.Delta[1],
        hadamard(relu_prime(q.Z[1]), product(q.W[1 if printed else 2].T, q.Delta[2])),
    )


@S1_DIGITS.holds(
    "E71",
    "∂C/∂W^(1) = (1/N) Δ^(1) (A^(0))ᵀ, ∂C/∂W^(2) = (1/N) Δ^(2) (A^(1))ᵀ",
    "digits",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, 2):
        yield t.dC_dW[l], product(q.Delta[l], q.A[l - 1].T) / q.N


@S1_DIGITS.holds("E72", "∂C/∂b^(1) = (1/N) Σ (columns of Δ^(1))", "digits")
def _(t: Any, q: Any) -> Pairs:
    yield t.dC_db[1], columns_summed(q, 1) / q.N


@S1_DIGITS.wrong(
    "E73",
    'Worked Example, "Backpropagation"',
    "∂C/∂b^(2) = (1/N) Σ (columns of Δ^(1))",
    "columns of Δ^(2)",
    "digits",
    "NS: shape; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield t.dC_db[2], columns_summed(q, 1 if printed else 2) / q.N


@S1_DIGITS.holds(
    "E74",
    "W_new = W - α ∂C/∂W, b_new = b - α ∂C/∂b, all four at once: slope -|gradient|² at α = 0",
    "digits",
)
def _(t: Any, q: Any) -> Pairs:
    g = column_batch.parameters_of((q.dC_dW, q.dC_db)).theta
    yield t.slope(-g), -np.sum(g * g)
    W, b = column_batch.step(q, 0.1)
    for l in over(1, 2):
        yield t.W[l] - 0.1 * t.dC_dW[l], W[l]
        yield t.b[l] - 0.1 * t.dC_db[l], b[l]


S1_DIGITS.note(
    "E75",
    Verdict.EMPIRICAL,
    'Worked Example, "Backpropagation"',
    "around 90 % after around 1000 full-batch steps, α = 0.1, on MNIST",
    "it is about data, not a formula; the command under S1.10 of docs/document_s1.md measures it",
)


@S1_DIGITS.holds("E76", "μ^(l) is ReLU for l < L and softmax for l = L", "deep")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L - 1):
        yield t.A[l], np.where(q.Z[l] > 0, q.Z[l], 0.0)
    yield t.A[q.L], np.exp(q.Z[q.L]) / np.sum(np.exp(q.Z[q.L]), axis=0)


@S1_DIGITS.holds("E77", "Z^(l) = W^(l) A^(l-1) + B^(l), l = 1 … L", "deep")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.Z[l], product(q.W[l], q.A[l - 1]) + q.B[l]


@S1_DIGITS.holds("E78", "Δ^(L) = A^(L) - Y", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.Delta[q.L], q.A[q.L] - q.Y


@S1_DIGITS.wrong(
    "E79",
    'Summary, "Backpropagation"',
    "Δ^(l-1) = ReLU'(Z^(1)) ⊙ (W^(1))ᵀ Δ^(l)",
    "ReLU'(Z^(l-1)) ⊙ (W^(l))ᵀ Δ^(l), l = 2 … L",
    "deep",
    "NS: product; SQ: value; ML: product",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(2, q.L)[::-1]:
        at_z, at_w = (1, 1) if printed else (l - 1, l)
        yield (
            t.Delta[l - 1],
            hadamard(relu_prime(q.Z[at_z]), product(q.W[at_w].T, q.Delta[l])),
        )


@S1_DIGITS.holds(
    "E80",
    "∂C/∂W^(l) = (1/N) Δ^(l) (A^(l-1))ᵀ, ∂C/∂b^(l) = (1/N) Σ (columns of Δ^(l))",
    "deep",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dC_dW[l], product(q.Delta[l], q.A[l - 1].T) / q.N
        yield t.dC_db[l], columns_summed(q, l) / q.N


@S1_DIGITS.wrong(
    "E81",
    'Summary, "Notation"',
    "Δ^(l) = ∂C/∂Z^(l), with C the mean",
    "Δ = N ∂C/∂Z; 1/N enters at ∂C/∂W and ∂C/∂b",
    "deep",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        of_mean = t.objective_gradient(("Z", l)).T
        yield of_mean if printed else q.N * of_mean, q.Delta[l]


@S1_DIGITS.slip(
    "E82",
    "Appendix",
    "a^(2) = Softmax(z^(2)) = e^{z_i} / Σ_j e^{z_j}, a vector set equal to an entry",
    "a_i = e^{z_i} / Σ_j e^{z_j}",
    "softmax",
)
def _(t: Any, q: Any) -> Pairs:
    e = np.exp(q.Z[q.L])
    yield t.A[q.L], column(at(e, i) / np.sum(e) for i in over(1, q.n[q.L]))


@S1_DIGITS.holds(
    "E83", "C = -Σ y log(e^z / S) = -Σ y (z - log S) = -Σ y z + Σ y log S", "softmax"
)
def _(t: Any, q: Any) -> Pairs:
    z, y, S = q.Z[q.L], q.Y, np.sum(np.exp(q.Z[q.L]))
    yield t.C, -np.sum(y * np.log(np.exp(z) / S))
    yield t.C, -np.sum(y * (z - np.log(S)))
    yield q.C, -np.sum(y * z) + np.sum(y) * np.log(S)


@S1_DIGITS.holds("E84", "Σ y = 1: C = -Σ y z + log S", "sum 1")
def _(t: Any, q: Any) -> Pairs:
    yield t.C, -np.sum(q.Y * q.Z[q.L]) + np.log(np.sum(np.exp(q.Z[q.L])))


def step_of(function: Any, z: Any) -> Any:
    """The derivatives of a function of a column, by complex step."""
    bumps = 1e-30j * np.eye(len(z))
    return column(function(z + bump[:, None]).imag / 1e-30 for bump in bumps)


@S1_DIGITS.holds("E85", "∂/∂z_k (-Σ y z) = -y_k", "softmax")
def _(t: Any, q: Any) -> Pairs:
    yield step_of(lambda z: -np.sum(t.Y * z), t.Z[t.L]), -q.Y


@S1_DIGITS.holds(
    "E86", "∂/∂z_k log S = (1/S) ∂S/∂z_k, ∂S/∂z_k = e^{z_k}, together a_k", "softmax"
)
def _(t: Any, q: Any) -> Pairs:
    z = q.Z[q.L]
    yield step_of(lambda v: np.log(np.sum(np.exp(v))), z), np.exp(z) / np.sum(np.exp(z))
    yield step_of(lambda v: np.sum(np.exp(v)), z), np.exp(z)
    yield step_of(lambda v: np.log(np.sum(np.exp(v))), z), q.A[q.L]


@S1_DIGITS.holds("E87", "∂C/∂z = a - y, for Σ y = 1", "sum 1")
def _(t: Any, q: Any) -> Pairs:
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
