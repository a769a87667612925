"""S4, line by line, section 2: N hidden layers and a linear output, derivatives as rows; S4.En is equation (n)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...equations.draws import Purpose, generator
from .. import bias_last
from ..lines import Pairs
from ..shapes import at, column, hadamard, over, product
from .lines_one_layer import kron, sigma_prime


def row(values: Any) -> Any:
    """A row of these numbers."""
    return np.array([list(values)])


def last(q: Any) -> Any:
    """The canonical number of the output layer, N + 1."""
    return q.N + 1


def hidden(q: Any) -> Any:
    """The numbers of the entries of h^N."""
    return over(1, len(q.h[q.N]))


def outputs(q: Any) -> Any:
    """The numbers of the entries of f."""
    return over(1, len(q.f))


def E41(t: Any, q: Any) -> Pairs:
    for n in over(1, q.N):
        yield t.g[n], product(q.W[n], q.h[n - 1])
        yield t.h[n], q.sigma[n].value(q.g[n])
        yield (q.D[n], q.D[n - 1]), q.W[n].shape
    yield t.f, product(q.W["F"], q.h[q.N])
    yield (q.D[-1], q.D[-2]), q.W["F"].shape


def E41b(t: Any, q: Any, *, printed: bool) -> Pairs:
    h = q.h[0]
    for n in over(1, q.N):
        h = q.sigma[n].value(product(q.W[n], h))
        h = h if printed else np.vstack([h, [[1.0]]])
    yield t.f, product(q.W["F"], h)


def E42(t: Any, q: Any) -> Pairs:
    yield t.loss, np.linalg.norm(q.y - q.f) ** 2
    yield t.loss, sum((at(q.y, i) - at(q.f, i)) ** 2 for i in outputs(q))


def E43(t: Any, q: Any) -> Pairs:
    for i in outputs(q):
        yield at(t.dL_df, i), 2 * (at(q.f, i) - at(q.y, i))


def E44(t: Any, q: Any) -> Pairs:
    yield t.dL_df, 2 * (q.f - q.y).T


def E45(t: Any, q: Any) -> Pairs:
    yield (
        t.dL_dW["F"],
        np.tensordot(q.dL_df[0], t.jacobian(("Z", last(q)), ("W", last(q))), axes=1),
    )


def E46(t: Any, q: Any) -> Pairs:
    yield (
        t.f,
        column(
            sum(at(q.W["F"], i, l) * q.h[q.N][l - 1, 0] for l in hidden(q))
            for i in outputs(q)
        ),
    )


def E47(t: Any, q: Any) -> Pairs:
    left, h = t.jacobian(("Z", last(q)), ("W", last(q))), q.h[q.N][:, 0]
    yield left, np.einsum("ik,lj,j->ikl", np.eye(len(q.f)), np.eye(len(h)), h)
    yield left, np.einsum("ik,l->ikl", np.eye(len(q.f)), h)


def E48(t: Any, q: Any) -> Pairs:
    h = q.h[q.N][:, 0]
    sums = [
        [sum(at(q.dL_df, i) * kron(i, k) * v for i in outputs(q)) for v in h]
        for k in outputs(q)
    ]
    yield t.dL_dW["F"], np.array(sums)
    yield t.dL_dW["F"], np.array([[at(q.dL_df, k) * v for v in h] for k in outputs(q)])


def E49(t: Any, q: Any) -> Pairs:
    yield t.dL_dW["F"], product(q.dL_df.T, q.h[q.N].T)


def E50(t: Any, q: Any, *, printed: bool) -> Pairs:
    r = 2 * (q.f - q.y)
    yield t.dL_dW["F"], product(r.T if printed else r, q.h[q.N].T)


def E51(t: Any, q: Any) -> Pairs:
    yield t.dL_dh[q.N], product(q.dL_df, t.jacobian(("Z", last(q)), ("A", q.N)))


def E52(t: Any, q: Any) -> Pairs:
    J, W = t.jacobian(("Z", last(q)), ("A", q.N)), q.W["F"]
    yield J, np.einsum("jl,il->ij", np.eye(len(q.h[q.N])), W)
    for i in outputs(q):
        for j in hidden(q):
            yield J[i - 1, j - 1], W[i - 1, j - 1]


def E53(t: Any, q: Any) -> Pairs:
    yield t.jacobian(("Z", last(q)), ("A", q.N)), q.W["F"]


def E54(t: Any, q: Any) -> Pairs:
    W = q.W["F"]
    yield (
        t.dL_dh[q.N],
        row(
            sum(at(q.dL_df, i) * W[i - 1, j - 1] for i in outputs(q)) for j in hidden(q)
        ),
    )


def E55(t: Any, q: Any) -> Pairs:
    yield t.dL_dh[q.N], product(q.dL_df, q.W["F"])
    yield t.dL_dh[q.N], product(q.dL_df, t.jacobian(("Z", last(q)), ("A", q.N)))


def E56(t: Any, q: Any) -> Pairs:
    yield t.dL_dh[q.N], product(2 * (q.f - q.y).T, q.W["F"])


def E57(t: Any, q: Any) -> Pairs:
    yield t.dL_dg[q.N], product(q.dL_dh[q.N], t.jacobian(("A", q.N), ("Z", q.N)))


def E58(t: Any, q: Any) -> Pairs:
    yield t.jacobian(("A", q.N), ("Z", q.N)), np.diag(sigma_prime(q, q.N)[:, 0])


def E59(t: Any, q: Any) -> Pairs:
    above, slope = q.dL_dh[q.N], sigma_prime(q, q.N)
    sums = (
        sum(at(above, i) * kron(i, j) * at(slope, i) for i in hidden(q))
        for j in hidden(q)
    )
    yield t.dL_dg[q.N], row(sums)
    for j in hidden(q):
        yield at(t.dL_dg[q.N], j), at(above, j) * at(slope, j)


def E60(t: Any, q: Any) -> Pairs:
    slope = sigma_prime(q, q.N)
    yield t.dL_dg[q.N], row(at(q.dL_dh[q.N], j) * at(slope, j) for j in hidden(q))


def E61(t: Any, q: Any) -> Pairs:
    yield t.dL_dg[q.N], hadamard(q.dL_dh[q.N], sigma_prime(q, q.N).T)


def E61b(t: Any, q: Any, *, printed: bool) -> Pairs:
    slope = sigma_prime(q, q.N)
    yield (
        t.dL_dg[q.N],
        q.dL_dh[q.N] * (slope if printed else slope.T),
    )  # broadcasts where printed


def g_by_w(t: Any, q: Any) -> Any:
    """∂g^N_i/∂W^N_kl, measured: axes i, k, l."""
    return t.jacobian(("Z", q.N), ("W", q.N))


def T4(t: Any, q: Any) -> Pairs:
    parts = np.tensordot(q.dL_dg[q.N][0], g_by_w(t, q), axes=1)
    yield t.dL_dW[q.N].shape, parts.shape
    yield t.dL_dW[q.N], parts


def E62(t: Any, q: Any) -> Pairs:
    yield t.dL_dW[q.N], np.tensordot(q.dL_dg[q.N][0], g_by_w(t, q), axes=1)


def E63(t: Any, q: Any) -> Pairs:
    W, h = q.W[q.N], q.h[q.N - 1]
    yield (
        t.g[q.N],
        column(
            sum(at(W, i, j) * at(h, j) for j in over(1, len(h)))
            for i in over(1, len(W))
        ),
    )


def E64(t: Any, q: Any) -> Pairs:
    h, units = q.h[q.N - 1][:, 0], np.eye(len(q.g[q.N]))
    yield g_by_w(t, q), np.einsum("ik,lj,j->ikl", units, np.eye(len(h)), h)
    yield g_by_w(t, q), np.einsum("ik,l->ikl", units, h)


def E65(t: Any, q: Any) -> Pairs:
    d, h = q.dL_dg[q.N], q.h[q.N - 1]
    for k in hidden(q):
        for l in over(1, len(h)):
            yield (
                at(t.dL_dW[q.N], k, l),
                sum(at(d, i) * kron(i, k) * at(h, l) for i in hidden(q)),
            )
            yield at(t.dL_dW[q.N], k, l), at(d, k) * at(h, l)


def E66(t: Any, q: Any) -> Pairs:
    yield t.dL_dW[q.N], product(q.dL_dg[q.N].T, q.h[q.N - 1].T)


def between(t: Any, q: Any) -> Any:
    """∂g^N/∂h^(N-1), measured."""
    return t.jacobian(("Z", q.N), ("A", q.N - 1))


def E67(t: Any, q: Any) -> Pairs:
    yield t.dL_dh[q.N - 1], product(q.dL_dg[q.N], between(t, q))


def E68_69(t: Any, q: Any) -> Pairs:
    W, h = q.W[q.N], q.h[q.N - 1]
    yield t.g[q.N], product(W, h)
    yield (
        t.g[q.N],
        column(
            sum(at(W, i, l) * at(h, l) for l in over(1, len(h)))
            for i in over(1, len(W))
        ),
    )


def E70_71(t: Any, q: Any) -> Pairs:
    W = q.W[q.N]
    yield between(t, q), np.einsum("jl,il->ij", np.eye(W.shape[1]), W)
    yield between(t, q), W


def E72(t: Any, q: Any) -> Pairs:
    d, W = q.dL_dg[q.N], q.W[q.N]
    yield (
        t.dL_dh[q.N - 1],
        row(
            sum(at(d, i) * at(W, i, j) for i in hidden(q)) for j in over(1, W.shape[1])
        ),
    )


def E73(t: Any, q: Any) -> Pairs:
    yield t.dL_dh[q.N - 1], product(q.dL_dg[q.N], q.W[q.N])


def E74_75(t: Any, q: Any) -> Pairs:
    for n in over(1, q.N):
        yield t.dL_dW[n], product(q.dL_dg[n].T, q.h[n - 1].T)


def E76(t: Any, q: Any, *, printed: bool) -> Pairs:
    for n in over(1, q.N):
        slope = sigma_prime(q, n)
        yield (
            t.dL_dg[n],
            q.dL_dh[n] * (slope if printed else slope.T),
        )  # broadcasts where printed


def E77(t: Any, q: Any) -> Pairs:
    for n in over(1, q.N):
        yield t.dL_dh[n - 1], product(q.dL_dg[n], q.W[n])


def E77b(t: Any, q: Any) -> Pairs:
    yield from swept(t, q, 2 * (q.f - q.y).T)


def swept(t: Any, q: Any, dL_df: Any) -> Pairs:
    """All weight derivatives from ∂L/∂f by (49), (55), (75), (76), (77)."""
    yield t.dL_dW["F"], product(dL_df.T, q.h[q.N].T)
    dL_dh = product(dL_df, q.W["F"])
    for n in over(1, q.N)[::-1]:
        dL_dg = hadamard(dL_dh, sigma_prime(q, n).T)
        yield t.dL_dW[n], product(dL_dg.T, q.h[n - 1].T)
        dL_dh = product(dL_dg, q.W[n])


def flat(dL_dW: Any) -> Any:
    """A gradient without biases, laid out as θ."""
    weights = np.concatenate([g.reshape(-1) for g in dL_dW.values()])
    return np.concatenate([weights, np.zeros(sum(len(g) for g in dL_dW.values()))])


def E78(t: Any, q: Any) -> Pairs:
    g = flat(q.dL_dW)
    yield t.slope(-g), -np.sum(g * g)
    for n, W in bias_last.step(q, 0.1).items():
        yield t.W[n] - 0.1 * t.dL_dW[n], W


def T5(t: Any, q: Any) -> Pairs:
    g = flat(q.dL_dW)
    steepest = t.slope(g / np.linalg.norm(g))
    yield np.linalg.norm(g), steepest
    rng = generator(0, Purpose.INITIALIZATION)
    free = g.size - sum(len(b) for b in t.sweep.parameters.biases)
    for _i in range(200):
        d = np.concatenate([rng.normal(size=free), np.zeros(g.size - free)])
        yield True, t.slope(d / np.linalg.norm(d)) < steepest


def T6(t: Any, q: Any) -> Pairs:
    if t.sweep.network.loss.name == "quartic":
        yield from swept(t, q, 4 * ((q.f - q.y) ** 3).T)
    else:
        softmax = np.exp(q.f) / np.sum(np.exp(q.f))
        yield from swept(t, q, (np.sum(q.y) * softmax - q.y).T)


def T7(t: Any, q: Any, *, printed: bool) -> Pairs:
    given: dict[Any, Any] = {  # (75)
        n: product(q.dL_dg[n].T, q.h[n - 1].T) for n in over(1, q.N)
    }
    if not printed:
        given["F"] = product(q.dL_df.T, q.h[q.N].T)  # (49)
    yield sum(W.size for W in t.W.values()), sum(g.size for g in given.values())
    for n, g in given.items():
        yield t.dL_dW[n], g
