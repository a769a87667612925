"""S1, line by line, second part: the matrix form, one trial and N, squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..lines import Pairs
from ..shapes import at, column, hadamard, over, product
from .lines_neurons import mu_prime

__all__ = ["trial"]


def trial(array: Any, i: Any) -> Any:
    """Column i of a batch, i = 1 … N."""
    return array[:, [i - 1]]


def E33(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.Z[l], product(q.W[l], q.A[l - 1]) + q.b[l]
        yield t.A[l], q.mu[l - 1].value(q.Z[l])


def E34(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.W[l].shape, q.dC_dW[l].shape
        yield t.b[l].shape, q.dC_db[l].shape


def E35(t: Any, q: Any) -> Pairs:
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


def E36(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dC_dW[l], product(q.Delta[l], q.A[l - 1].T)
        yield t.dC_db[l], q.Delta[l]


def E37(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.Delta[l],
            column(at(q.dC_dA[l], i) * at(mu_prime(q, l), i) for i in over(1, q.n[l])),
        )


def E37b(t: Any, q: Any, *, printed: bool) -> Pairs:
    J = t.jacobian(("A", q.L), ("Z", q.L))
    yield (
        t.Delta[q.L],
        hadamard(q.dC_dA[q.L], np.diag(J)[:, None])
        if printed
        else product(J.T, q.dC_dA[q.L]),
    )


def E38(t: Any, q: Any) -> Pairs:
    L = q.L
    outputs = over(1, q.n[L])
    yield (
        t.Delta[L],
        column(
            2 * (at(q.A[L], i) - at(q.Y, i)) * at(mu_prime(q, L), i) for i in outputs
        ),
    )


def E39(t: Any, q: Any) -> Pairs:
    yield t.Delta[q.L], hadamard(2 * (q.A[q.L] - q.Y), mu_prime(q, q.L))


def between(q: Any, l: Any, k: Any, i: Any) -> Any:
    """∂z_k^(l)/∂z_i^(l-1) = w_ki^(l) μ'(z_i^(l-1))."""
    return at(q.W[l], k, i) * at(mu_prime(q, l - 1), i)


def E40(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1 if printed else 2, q.L):
        sums = (
            sum(at(q.Delta[l], k) * between(q, l, k, i) for k in over(1, q.n[l]))
            for i in over(1, q.n[l - 1])
        )
        yield t.Delta[l - 1], column(sums)


def E41(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        last = q.n[l if printed else l - 1]
        a = q.A[l - 1] if l == 1 else q.mu[l - 2].value(q.Z[l - 1])
        rows = over(1, q.n[l])
        z = (
            sum(at(q.W[l], k, j) * at(a, j) for j in over(1, last)) + at(q.b[l], k)
            for k in rows
        )
        yield t.Z[l], column(z)


def E42(t: Any, q: Any) -> Pairs:
    for l in over(2, q.L):
        rows, cols = over(1, q.n[l]), over(1, q.n[l - 1])
        yield (
            t.jacobian(("Z", l), ("Z", l - 1)),
            np.array([[between(q, l, k, i) for i in cols] for k in rows]),
        )


def E43(t: Any, q: Any) -> Pairs:
    for l in over(2, q.L):
        sums = [
            sum(at(q.Delta[l], k) * at(q.W[l], k, i) for k in over(1, q.n[l]))
            for i in over(1, q.n[l - 1])
        ]
        yield t.Delta[l - 1], hadamard(mu_prime(q, l - 1), column(sums))


def E44(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.dC_dA[l - 1],
            column(q.W[l][:, i - 1] @ q.Delta[l][:, 0] for i in over(1, q.n[l - 1])),
        )
        yield t.dC_dA[l - 1], product(q.W[l].T, q.Delta[l])


def E45(t: Any, q: Any) -> Pairs:
    for l in over(2, q.L):
        yield (
            t.Delta[l - 1],
            hadamard(mu_prime(q, l - 1), product(q.W[l].T, q.Delta[l])),
        )


def E46(t: Any, q: Any, *, printed: bool) -> Pairs:
    L = q.L
    yield (
        t.Delta[L - 1],
        hadamard(mu_prime(q, L if printed else L - 1), product(q.W[L].T, q.Delta[L])),
    )


def E46b(t: Any, q: Any, *, printed: bool) -> Pairs:
    L = q.L
    inner = hadamard(q.A[L] - q.Y, mu_prime(q, L))
    yield (
        t.Delta[L - 1],
        hadamard(mu_prime(q, L if printed else L - 1), 2 * product(q.W[L].T, inner)),
    )


def E47(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        for i in over(1, q.N):
            yield trial(t.Z[l], i), product(q.W[l], trial(q.A[l - 1], i)) + q.b[l]
            yield trial(t.A[l], i), q.mu[l - 1].value(trial(q.Z[l], i))


def outer_sum(q: Any, l: Any) -> Any:
    """Σ_l δ_l^(l) (a_l^(l-1))ᵀ over the trials."""
    return sum(
        product(trial(q.Delta[l], i), trial(q.A[l - 1], i).T) for i in over(1, q.N)
    )


def E48(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        yield t.dC_dW[l], outer_sum(q, l) / (1 if printed else q.N)


def E49(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.dC_db[l],
            sum(trial(q.Delta[l], i) for i in over(1, q.N)) / (1 if printed else q.N),
        )


def E49b(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dC_dW[l], outer_sum(q, l)
        yield t.dC_db[l], sum(trial(q.Delta[l], i) for i in over(1, q.N))


def E50(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        J = t.jacobian(("A", l), ("Z", l))
        yield (
            t.Delta[l],
            product(q.dC_dA[l], J) if printed else product(J.T, q.dC_dA[l]),
        )
        yield t.Delta[l], hadamard(q.dC_dA[l], mu_prime(q, l))


def E51(t: Any, q: Any, *, printed: bool) -> Pairs:
    of_mean = t.objective_gradient(("Z", q.L)).T
    right = hadamard(2 * (q.A[q.L] - q.Y), mu_prime(q, q.L))
    yield of_mean if printed else q.N * of_mean, right


def E52(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1 + 1, q.L)[::-1]:
        yield (
            t.Delta[l - 1],
            hadamard(
                mu_prime(q, l if printed else l - 1), product(q.W[l].T, q.Delta[l])
            ),
        )
