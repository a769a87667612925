"""S1, line by line, second part: the matrix form, one trial and N, squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..lines import Lines, Pairs
from ..shapes import at, hadamard, over, product
from .lines_neurons import column, mu_prime

__all__ = ["S1_MATRICES", "trial"]

S1_MATRICES = Lines("S1")


def trial(array: Any, i: Any) -> Any:
    """Column i of a batch, i = 1 … N."""
    return array[:, [i - 1]]


@S1_MATRICES.holds(
    "E33",
    "z^(l) = W^(l) a^(l-1) + b^(l) with W of n_l × n_{l-1}, a^(l) = μ(z^(l))",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.Z[l], product(q.W[l], q.A[l - 1]) + q.b[l]
        yield t.A[l], q.mu[l - 1].value(q.Z[l])


@S1_MATRICES.holds("E34", "∂C/∂W^(l) is laid out as W^(l), ∂C/∂b^(l) as b^(l)", "one")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.W[l].shape, q.dC_dW[l].shape
        yield t.b[l].shape, q.dC_db[l].shape


@S1_MATRICES.holds(
    "E35", "∂C/∂w_ij = δ_i a_j^(l-1), ∂C/∂b_i = δ_i, δ_i = ∂C/∂z_i", "one"
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        rows, cols = over(1, q.n[l]), over(1, q.n[l - 1])
        yield (
            t.dC_dW[l],
            np.array(
                [[at(q.Delta[l], i) * at(q.A[l - 1], j) for j in cols] for i in rows]
            ),
        )
        yield t.dC_db[l], column(at(q.Delta[l], i) for i in rows)
        yield t.Delta[l], q.Delta[l]


@S1_MATRICES.holds(
    "E36", "∂C/∂W^(l) = δ^(l) (a^(l-1))ᵀ, ∂C/∂b^(l) = δ^(l), for all l", "one"
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dC_dW[l], product(q.Delta[l], q.A[l - 1].T)
        yield t.dC_db[l], q.Delta[l]


@S1_MATRICES.holds("E37", "δ_i = ∂C/∂a_i ∂a_i/∂z_i, for an elementwise μ", "one")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.Delta[l],
            column(at(q.dC_dA[l], i) * at(mu_prime(q, l), i) for i in over(1, q.n[l])),
        )


@S1_MATRICES.trap(
    "E37b",
    "δ_i = ∂C/∂a_i ∂a_i/∂z_i for a softmax layer",
    "a vector activation needs Jᵀ ∂C/∂a",
    "softmax",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    J = t.jacobian(("A", q.L), ("Z", q.L))
    yield (
        t.Delta[q.L],
        hadamard(q.dC_dA[q.L], np.diag(J)[:, None])
        if printed
        else product(J.T, q.dC_dA[q.L]),
    )


@S1_MATRICES.holds("E38", "δ_i^(L) = 2(a_i^(L) - y_i) μ'(z_i^(L))", "one")
def _(t: Any, q: Any) -> Pairs:
    L = q.L
    outputs = over(1, q.n[L])
    yield (
        t.Delta[L],
        column(
            2 * (at(q.A[L], i) - at(q.Y, i)) * at(mu_prime(q, L), i) for i in outputs
        ),
    )


@S1_MATRICES.holds("E39", "δ^(L) = 2(a^(L) - y) ⊙ μ'(z^(L))", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.Delta[q.L], hadamard(2 * (q.A[q.L] - q.Y), mu_prime(q, q.L))


def between(q: Any, l: Any, k: Any, i: Any) -> Any:
    """∂z_k^(l)/∂z_i^(l-1) = w_ki^(l) μ'(z_i^(l-1))."""
    return at(q.W[l], k, i) * at(mu_prime(q, l - 1), i)


@S1_MATRICES.wrong(
    "E40",
    'section "Backpropagation: Utilizing Matrix/Vector Notation", and the Summary',
    "δ_i^(l-1) = Σ_{k=1}^{n_l} δ_k^(l) ∂z_k^(l)/∂z_i^(l-1), any l of 1 … L",
    "l = 2 … L: there is no z^(0)",
    "one",
    "NS: index; SQ: index; ML: index",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1 if printed else 2, q.L):
        sums = (
            sum(at(q.Delta[l], k) * between(q, l, k, i) for k in over(1, q.n[l]))
            for i in over(1, q.n[l - 1])
        )
        yield t.Delta[l - 1], column(sums)


@S1_MATRICES.wrong(
    "E41",
    'section "Backpropagation: Utilizing Matrix/Vector Notation"',
    "z_k^(l) = Σ_{j=1}^{n_l} w_kj a_j^(l-1) + b_k, twice",
    "upper limit n_{l-1}",
    "one",
    "NS: index; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        last = q.n[l if printed else l - 1]
        a = q.A[l - 1] if l == 1 else q.mu[l - 2].value(q.Z[l - 1])
        rows = over(1, q.n[l])
        z = (
            sum(at(q.W[l], k, j) * at(a, j) for j in over(1, last)) + at(q.b[l], k)
            for k in rows
        )
        yield t.Z[l], column(z)


@S1_MATRICES.slip(
    "E42",
    'section "Backpropagation: Utilizing Matrix/Vector Notation"',
    "∂z_k^(l)/∂z_i^(l-1) = w_ki μ'(z_i^(l-1))",
    "w_ki^(l)",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(2, q.L):
        rows, cols = over(1, q.n[l]), over(1, q.n[l - 1])
        yield (
            t.jacobian(("Z", l), ("Z", l - 1)),
            np.array([[between(q, l, k, i) for i in cols] for k in rows]),
        )


@S1_MATRICES.holds("E43", "δ_i^(l-1) = μ'(z_i^(l-1)) Σ_k δ_k w_ki", "one")
def _(t: Any, q: Any) -> Pairs:
    for l in over(2, q.L):
        sums = [
            sum(at(q.Delta[l], k) * at(q.W[l], k, i) for k in over(1, q.n[l]))
            for i in over(1, q.n[l - 1])
        ]
        yield t.Delta[l - 1], hadamard(mu_prime(q, l - 1), column(sums))


@S1_MATRICES.holds(
    "E44", "Σ_k δ_k w_ki = (column i of W) · δ = (Wᵀ δ)_i = ∂C/∂a_i^(l-1)", "one"
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.dC_dA[l - 1],
            column(q.W[l][:, i - 1] @ q.Delta[l][:, 0] for i in over(1, q.n[l - 1])),
        )
        yield t.dC_dA[l - 1], product(q.W[l].T, q.Delta[l])


@S1_MATRICES.holds("E45", "δ^(l-1) = μ'(z^(l-1)) ⊙ ((W^(l))ᵀ δ^(l))", "one")
def _(t: Any, q: Any) -> Pairs:
    for l in over(2, q.L):
        yield (
            t.Delta[l - 1],
            hadamard(mu_prime(q, l - 1), product(q.W[l].T, q.Delta[l])),
        )


@S1_MATRICES.wrong(
    "E46",
    'section "Backpropagation: Utilizing Matrix/Vector Notation"',
    "δ^(L-1) = μ'(z^(L)) ⊙ (W^(L))ᵀ δ^(L)",
    "μ'(z^(L-1))",
    "one",
    "NS: product; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    L = q.L
    yield (
        t.Delta[L - 1],
        hadamard(mu_prime(q, L if printed else L - 1), product(q.W[L].T, q.Delta[L])),
    )


@S1_MATRICES.wrong(
    "E46b",
    'section "Backpropagation: Utilizing Matrix/Vector Notation", second line',
    "δ^(L-1) = μ'(z^(L)) ⊙ (2 (W^(L))ᵀ ((a - y) ⊙ μ'(z^(L))))",
    "outer factor μ'(z^(L-1)); the inner one is right",
    "one",
    "NS: product; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    L = q.L
    inner = hadamard(q.A[L] - q.Y, mu_prime(q, L))
    yield (
        t.Delta[L - 1],
        hadamard(mu_prime(q, L if printed else L - 1), 2 * product(q.W[L].T, inner)),
    )


@S1_MATRICES.holds("E47", "for each trial l: a_l = μ(z_l), z_l = W a_l' + b", "mean")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        for i in over(1, q.N):
            yield trial(t.Z[l], i), product(q.W[l], trial(q.A[l - 1], i)) + q.b[l]
            yield trial(t.A[l], i), q.mu[l - 1].value(trial(q.Z[l], i))


def outer_sum(q: Any, l: Any) -> Any:
    """Σ_l δ_l^(l) (a_l^(l-1))ᵀ over the trials."""
    return sum(
        product(trial(q.Delta[l], i), trial(q.A[l - 1], i).T) for i in over(1, q.N)
    )


@S1_MATRICES.wrong(
    "E48",
    'section "Backpropagation: Utilizing Matrix/Vector Notation"',
    "∂C/∂W = Σ_l δ_l a_lᵀ with C = (1/N) Σ_l ‖a_l - y_l‖²",
    "(1/N) Σ_l δ_l a_lᵀ",
    "mean",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        yield t.dC_dW[l], outer_sum(q, l) / (1 if printed else q.N)


@S1_MATRICES.wrong(
    "E49",
    'section "Backpropagation: Utilizing Matrix/Vector Notation"',
    "∂C/∂b = Σ_l δ_l with C = (1/N) Σ_l ‖a_l - y_l‖²",
    "(1/N) Σ_l δ_l",
    "mean",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.dC_db[l],
            sum(trial(q.Delta[l], i) for i in over(1, q.N)) / (1 if printed else q.N),
        )


@S1_MATRICES.holds("E49b", "E48 and E49 with the sum for C: no 1/N needed", "sum")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dC_dW[l], outer_sum(q, l)
        yield t.dC_db[l], sum(trial(q.Delta[l], i) for i in over(1, q.N))


@S1_MATRICES.reading(
    "E50",
    'section "Backpropagation: Utilizing Matrix/Vector Notation"',
    "δ_l = ∂C/∂a_l ∂a_l/∂z_l, a column times a Jacobian",
    "(∂a/∂z)ᵀ ∂C/∂a; the Hadamard product for an elementwise μ",
    "one",
    "NS: product; SQ: product; ML: product",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        J = t.jacobian(("A", l), ("Z", l))
        yield (
            t.Delta[l],
            product(q.dC_dA[l], J) if printed else product(J.T, q.dC_dA[l]),
        )
        yield t.Delta[l], hadamard(q.dC_dA[l], mu_prime(q, l))


@S1_MATRICES.wrong(
    "E51",
    'section "Backpropagation: Utilizing Matrix/Vector Notation"',
    "δ_l^(L) = ∂C/∂z_l = 2(a_l - y_l) ⊙ μ'(z_l) although C is the mean",
    "N ∂C/∂z_l, the derivative of trial l's own cost",
    "mean",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    of_mean = t.objective_gradient(("Z", q.L)).T
    right = hadamard(2 * (q.A[q.L] - q.Y), mu_prime(q, q.L))
    yield of_mean if printed else q.N * of_mean, right


@S1_MATRICES.wrong(
    "E52",
    'section "Backpropagation: Utilizing Matrix/Vector Notation"',
    "δ_l^(l-1) = μ'(z_l^(l)) ⊙ (W^(l))ᵀ δ_l^(l)",
    "μ'(z_l^(l-1))",
    "mean",
    "NS: product; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1 + 1, q.L)[::-1]:
        yield (
            t.Delta[l - 1],
            hadamard(
                mu_prime(q, l if printed else l - 1), product(q.W[l].T, q.Delta[l])
            ),
        )
