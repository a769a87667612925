"""S0, line by line: bias in column 0, columns, one sample; softmax with cross-entropy for any y."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import bias_first
from ..lines import Pairs
from ..settings import DEEP, Cases, cases, softmax_after
from ..shapes import at, column, columnwise, hadamard, over, product
from .notation import with_constant

#: Networks → case → the setting.
KINDS: dict[str, Cases] = {
    "plain": cases(DEEP, lambda n: bias_first.network(n, "tanh"), 1),
    "softmax": cases(DEEP, softmax_after("tanh"), 2, targets="positive"),
    "sum 1": cases(DEEP, softmax_after("tanh"), 3, targets="sum to 1"),
}


def phi_prime(q: Any, l: Any) -> Any:
    """φ'(net^[l]), a column."""
    return q.phi[l - 1].derivative(q.net[l])


def net_of(q: Any, l: Any, k: Any, last: Any = None) -> Any:
    """Σ_{j=0}^{n^[l-1]} w_kj^[l] x_j^[l-1]."""
    last = q.n[l - 1] if last is None else last
    return sum(
        at(q.W[l], k, j, first=(1, 0)) * at(q.x[l - 1], j, first=0)
        for j in over(0, last)
    )


def by_w(t: Any, of: Any, l: Any) -> Any:
    """∂(of)/∂w^[l], measured: axes of `of`, k = 1 … n^[l], j = 0 … n^[l-1]."""
    bias = t.jacobian(of, ("b", l))[..., None]
    return np.concatenate([bias, t.jacobian(of, ("W", l))], axis=-1)


def by_x(t: Any, q: Any, l: Any) -> Any:
    """∂net^[l]/∂x^[l-1], measured, with the constant's column: the biases."""
    return np.hstack([q.W[l][:, :1], t.jacobian(("Z", l), ("A", l - 1))])


def E1(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield (t.sweep.network.sizes[l], t.sweep.network.sizes[l - 1] + 1), q.W[l].shape
        yield t.sweep.parameters.biases[l - 1], q.W[l][:, 0]


def E2(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.a[l][-1, 0], at(q.a[l], q.n[l])
        yield t.a[l][-1, 0], at(q.x[l], q.n[l], first=0)


def E3(t: Any, q: Any, *, printed: bool) -> Pairs:
    a = q.a[0]
    for l in over(1, q.L):
        x = with_constant(a)
        x[0] = 0 if printed else 1
        a = columnwise(q.phi[l - 1].value, product(q.W[l], x))
    yield t.a[q.L], a


def E4(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 1):
        yield t.net[l + 1], product(q.W[l + 1], q.x[l])


def E5(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 1):
        phi = q.phi[l].value
        yield t.a[l + 1], column(phi(net_of(q, l + 1, k)) for k in over(1, q.n[l + 1]))


def E6(t: Any, q: Any) -> Pairs:
    a = q.a[0]
    for l in over(0, q.L - 1):
        a = columnwise(q.phi[l].value, product(q.W[l + 1], with_constant(a)))
    yield t.a[q.L], a


def E7(t: Any, q: Any) -> Pairs:
    yield (
        t.loss,
        sum((at(q.y, k) - at(q.a[q.L], k)) ** 2 for k in over(1, q.n[q.L])) / 2,
    )
    p = bias_first.run(
        bias_first.network((1, 2), "identity"), {1: np.zeros((2, 2))}, [1.0], [1.0, 2.0]
    )
    yield 2.5, p.loss


def E8(t: Any, q: Any) -> Pairs:
    for k in over(1, q.n[q.L]):
        yield at(t.dL_da[q.L], k), at(q.a[q.L], k) - at(q.y, k)


def E9(t: Any, q: Any) -> Pairs:
    yield t.dL_da[q.L], q.a[q.L] - q.y


def E10(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.a[l],
            column(q.phi[l - 1].value(net_of(q, l, k)) for k in over(1, q.n[l])),
        )


def E11(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dL_dw[l], np.tensordot(q.dL_da[l][:, 0], by_w(t, ("A", l), l), axes=1)


def E12(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        factor = phi_prime(q, l)
        for k in over(1, q.n[l]):
            for j in over(0, q.n[l - 1]):
                right = at(q.dL_da[l], k) * at(factor, k) * at(q.x[l - 1], j, first=0)
                yield at(t.dL_dw[l], k, j, first=(1, 0)), right


def E13(t: Any, q: Any, *, printed: bool) -> Pairs:
    k0 = 1
    for l in over(1, q.L):
        net = {k: net_of(q, l, k0 if printed else k) for k in over(1, q.n[l])}
        entry = (
            at(q.dL_da[l], k0 if printed else k) * q.phi[l - 1].derivative(net[k])
            for k in over(1, q.n[l])
        )
        yield t.delta[l], column(entry)


def E14(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dL_dw[l], product(q.delta[l], q.x[l - 1].T)


def E15(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        weights = phi_prime(q, l)
        for j in over(0, q.n[l - 1]):
            w = {k: at(q.W[l], k, j, first=(1, 0)) for k in over(1, q.n[l])}
            left = at(t.dL_dx[l - 1], j, first=0)
            yield left, sum(at(q.dL_da[l], k) * at(weights, k) * w[k] for k in w)
            yield left, sum(w[k] * at(q.delta[l], k) for k in w)


def E16(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dL_dx[l - 1], product(q.W[l].T, q.delta[l])


def E17(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dL_da[l - 1], q.dL_dx[l - 1][1:]


def E18(t: Any, q: Any) -> Pairs:
    dL_da = q.a[q.L] - q.y
    for l in over(1, q.L)[::-1]:
        delta = hadamard(dL_da, phi_prime(q, l))
        yield t.dL_dw[l], product(delta, q.x[l - 1].T)
        dL_da = product(q.W[l].T, delta)[1:]


def E19(t: Any, q: Any) -> Pairs:
    g = bias_first.parameters_of(q.dL_dw).theta
    yield t.slope(-g), -np.sum(g * g)


def E20(t: Any, q: Any) -> Pairs:
    yield 1.0, np.sum(q.a[q.L])
    yield True, np.all(q.a[q.L] > 0)


def E21(t: Any, q: Any) -> Pairs:
    a = q.a[q.L][:, 0]
    yield t.jacobian(("A", q.L), ("Z", q.L)), np.diag(a) - np.outer(a, a)


def E22(t: Any, q: Any) -> Pairs:
    yield t.loss, -np.sum(q.y * np.log(q.a[q.L]))
    yield q.loss, -np.sum(q.y * (q.net[q.L] - np.log(np.sum(np.exp(q.net[q.L])))))


def E23(t: Any, q: Any) -> Pairs:
    yield t.net[q.L], column(net_of(q, q.L, k) for k in over(1, q.n[q.L]))


def E24(t: Any, q: Any) -> Pairs:
    e, L = np.exp(q.net[q.L]), q.L
    by = by_w(t, ("Z", L), L)
    de = (
        e[:, :, None] * np.stack([by[k, k] for k in range(len(e))])[:, None, :]
    )  # ∂exp(net_k0)/∂w_{k0 j0}
    right = -product(q.y, q.x[L - 1].T) + np.sum(q.y) / np.sum(e) * de[:, 0, :]
    yield t.dL_dw[L], right


def E25(t: Any, q: Any) -> Pairs:
    e = np.exp(q.net[q.L])
    yield (
        t.dL_dw[q.L],
        -product(q.y, q.x[q.L - 1].T)
        + np.sum(q.y) * product(e / np.sum(e), q.x[q.L - 1].T),
    )


def E26(t: Any, q: Any) -> Pairs:
    yield t.dL_dw[q.L], product(np.sum(q.y) * q.a[q.L] - q.y, q.x[q.L - 1].T)


def E27(t: Any, q: Any, *, printed: bool) -> Pairs:
    last = q.n[1 if printed else q.L]
    yield (
        t.delta[q.L],
        column(np.sum(q.y) * at(q.a[q.L], k) - at(q.y, k) for k in over(1, last)),
    )


def E28(t: Any, q: Any) -> Pairs:
    yield t.dL_dw[q.L], product(np.sum(q.y) * q.a[q.L] - q.y, q.x[q.L - 1].T)


def E29a(t: Any, q: Any) -> Pairs:
    e, L = np.exp(q.net[q.L]), q.L
    d_sum = np.sum(e * by_x(t, q, L), axis=0)[:, None]  # ∂/∂x_j0 Σ_j exp(net_j)
    yield t.dL_dx[L - 1], -product(q.W[L].T, q.y) + np.sum(q.y) / np.sum(e) * d_sum


def E29b(t: Any, q: Any) -> Pairs:
    e, L = np.exp(q.net[q.L]), q.L
    yield (
        t.dL_dx[L - 1],
        -product(q.W[L].T, q.y) + np.sum(q.y) * product(q.W[L].T, e) / np.sum(e),
    )


def E29c(t: Any, q: Any) -> Pairs:
    L = q.L
    yield (
        t.dL_dx[L - 1],
        -product(q.W[L].T, q.y) + np.sum(q.y) * product(q.W[L].T, q.a[L]),
    )


def E29d(t: Any, q: Any) -> Pairs:
    yield t.dL_dx[q.L - 1], product(q.W[q.L].T, np.sum(q.y) * q.a[q.L] - q.y)


def E29e(t: Any, q: Any) -> Pairs:
    for j in over(0, q.n[q.L - 1]):
        right = sum(
            at(q.delta[q.L], p) * at(q.W[q.L], p, j, first=(1, 0))
            for p in over(1, q.n[q.L])
        )
        yield at(t.dL_dx[q.L - 1], j, first=0), right


def E30(t: Any, q: Any) -> Pairs:
    yield t.dL_dx[q.L - 1], product(q.W[q.L].T, q.delta[q.L])


def E31(t: Any, q: Any) -> Pairs:
    delta = np.sum(q.y) * q.a[q.L] - q.y
    for l in over(1, q.L)[::-1]:
        yield t.dL_dw[l], product(delta, q.x[l - 1].T)
        dL_da = product(q.W[l].T, delta)[1:]
        delta = hadamard(dL_da, phi_prime(q, l - 1)) if l > 1 else None


def E32(t: Any, q: Any, *, printed: bool) -> Pairs:
    last = q.n[1 if printed else q.L]
    yield t.delta[q.L], column(at(q.a[q.L], k) - at(q.y, k) for k in over(1, last))


def E33(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield t.delta[q.L], (1.0 if printed else np.sum(q.y)) * q.a[q.L] - q.y
