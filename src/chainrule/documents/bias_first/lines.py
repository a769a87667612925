"""S0, line by line: bias in column 0, columns, one sample; softmax with cross-entropy for any y."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import bias_first
from ..lines import Lines, Pairs
from ..shapes import at, columnwise, hadamard, over, product
from .notation import with_constant

__all__ = ["S0"]

S0 = Lines("S0")


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


def column(values: Any) -> Any:
    """A column of these numbers."""
    return np.array(list(values))[:, None]


@S0.holds(
    "E1",
    "W^[l] has rows k = 1 … n^[l] and columns j = 0 … n^[l-1], column 0 the bias",
    "plain",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield (t.sweep.network.sizes[l], t.sweep.network.sizes[l - 1] + 1), q.W[l].shape
        yield t.sweep.parameters.biases[l - 1], q.W[l][:, 0]


@S0.slip(
    "E2",
    'paragraph "Forward propagation"',
    "last entry of a^[l] and of x^[l]: a_n^[l]",
    "its index is n^[l]",
    "plain",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.a[l][-1, 0], at(q.a[l], q.n[l])
        yield t.a[l][-1, 0], at(q.x[l], q.n[l], first=0)


@S0.wrong(
    "E3",
    'paragraph "Forward propagation"',
    "x_0^[l] = 0",
    "x_0^[l] = 1, as displayed beside it",
    "plain",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    a = q.a[0]
    for l in over(1, q.L):
        x = with_constant(a)
        x[0] = 0 if printed else 1
        a = columnwise(q.phi[l - 1].value, product(q.W[l], x))
    yield t.a[q.L], a


@S0.holds("E4", "net^[l+1] = W^[l+1] x^[l]", "plain")
def _(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 1):
        yield t.net[l + 1], product(q.W[l + 1], q.x[l])


@S0.holds(
    "E5", "a_k^[l+1] = φ(Σ_{j=0}^{n^[l]} w_kj^[l+1] x_j^[l]), k = 1 … n^[l+1]", "plain"
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 1):
        phi = q.phi[l].value
        yield t.a[l + 1], column(phi(net_of(q, l + 1, k)) for k in over(1, q.n[l + 1]))


@S0.holds("E6", "L steps l = 0 … L-1 give the network, R^{n^[0]} → R^{n^[L]}", "plain")
def _(t: Any, q: Any) -> Pairs:
    a = q.a[0]
    for l in over(0, q.L - 1):
        a = columnwise(q.phi[l].value, product(q.W[l + 1], with_constant(a)))
    yield t.a[q.L], a


@S0.holds("E7", "L(y, a) = ½ Σ_k (y_k - a_k)²", "plain")
def _(t: Any, q: Any) -> Pairs:
    yield (
        t.loss,
        sum((at(q.y, k) - at(q.a[q.L], k)) ** 2 for k in over(1, q.n[q.L])) / 2,
    )
    p = bias_first.run(
        bias_first.network((1, 2), "identity"), {1: np.zeros((2, 2))}, [1.0], [1.0, 2.0]
    )
    yield 2.5, p.loss


@S0.holds("E8", "∂L/∂a_k^[L] = a_k^[L] - y_k", "plain")
def _(t: Any, q: Any) -> Pairs:
    for k in over(1, q.n[q.L]):
        yield at(t.dL_da[q.L], k), at(q.a[q.L], k) - at(q.y, k)


@S0.holds("E9", "(0.1) ∂L/∂a^[L] = [a_k^[L] - y_k], a column", "plain")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_da[q.L], q.a[q.L] - q.y


@S0.holds("E10", "a^[l] = φ(Σ_{j=0}^{n^[l-1]} w_kj^[l] x_j^[l-1])", "plain")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.a[l],
            column(q.phi[l - 1].value(net_of(q, l, k)) for k in over(1, q.n[l])),
        )


@S0.holds("E11", "∂L/∂w_{k0 j0}^[l] = Σ_k ∂L/∂a_k^[l] ∂a_k^[l]/∂w_{k0 j0}^[l]", "plain")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dL_dw[l], np.tensordot(q.dL_da[l][:, 0], by_w(t, ("A", l), l), axes=1)


@S0.holds(
    "E12",
    "∂L/∂w_{k0 j0}^[l] = ∂L/∂a_{k0} φ'(net_{k0}) x_{j0}^[l-1], j0 = 0 … n^[l-1]",
    "plain",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        factor = phi_prime(q, l)
        for k in over(1, q.n[l]):
            for j in over(0, q.n[l - 1]):
                right = at(q.dL_da[l], k) * at(factor, k) * at(q.x[l - 1], j, first=0)
                yield at(t.dL_dw[l], k, j, first=(1, 0)), right


@S0.wrong(
    "E13",
    'paragraph "Back propagation, inductive step"',
    "δ^[l] = [∂L/∂a_{k0} φ'(Σ_j w_{k0 j} x_j)], k = 1 … n^[l]",
    "k in place of k0 inside the bracket",
    "plain",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    k0 = 1
    for l in over(1, q.L):
        net = {k: net_of(q, l, k0 if printed else k) for k in over(1, q.n[l])}
        entry = (
            at(q.dL_da[l], k0 if printed else k) * q.phi[l - 1].derivative(net[k])
            for k in over(1, q.n[l])
        )
        yield t.delta[l], column(entry)


@S0.holds("E14", "∂L/∂w^[l] = δ^[l] (x^[l-1])ᵀ, n^[l] × (n^[l-1]+1)", "plain")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dL_dw[l], product(q.delta[l], q.x[l - 1].T)


@S0.holds(
    "E15",
    "∂L/∂x_{j0}^[l-1] = Σ_k ∂L/∂a_k φ'(net_k) w_{k j0} = Σ_k w_{k j0} δ_k, j0 = 0 too",
    "plain",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        weights = phi_prime(q, l)
        for j in over(0, q.n[l - 1]):
            w = {k: at(q.W[l], k, j, first=(1, 0)) for k in over(1, q.n[l])}
            left = at(t.dL_dx[l - 1], j, first=0)
            yield left, sum(at(q.dL_da[l], k) * at(weights, k) * w[k] for k in w)
            yield left, sum(w[k] * at(q.delta[l], k) for k in w)


@S0.holds("E16", "∂L/∂x^[l-1] = (W^[l])ᵀ δ^[l], n^[l-1]+1 entries", "plain")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dL_dx[l - 1], product(q.W[l].T, q.delta[l])


@S0.holds(
    "E17",
    "∂L/∂x^[l-1] without its entry 0 is ∂L/∂a^[l-1]; for l = 1 the input gradient",
    "plain",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.dL_da[l - 1], q.dL_dx[l - 1][1:]


@S0.holds("E18", "steps l = L … 1 from (0.1) give all weight derivatives", "plain")
def _(t: Any, q: Any) -> Pairs:
    dL_da = q.a[q.L] - q.y
    for l in over(1, q.L)[::-1]:
        delta = hadamard(dL_da, phi_prime(q, l))
        yield t.dL_dw[l], product(delta, q.x[l - 1].T)
        dL_da = product(q.W[l].T, delta)[1:]


@S0.holds(
    "E19",
    "gradient descent: along -gradient the loss has the slope -|gradient|²",
    "plain",
)
def _(t: Any, q: Any) -> Pairs:
    g = bias_first.parameters_of(q.dL_dw).theta
    yield t.slope(-g), -np.sum(g * g)


@S0.holds("E20", "softmax: entries > 0 with sum 1", "softmax")
def _(t: Any, q: Any) -> Pairs:
    yield 1.0, np.sum(q.a[q.L])
    yield True, np.all(q.a[q.L] > 0)


@S0.holds("E21", "softmax is a function of the whole vector net^[L]", "softmax")
def _(t: Any, q: Any) -> Pairs:
    a = q.a[q.L][:, 0]
    yield t.jacobian(("A", q.L), ("Z", q.L)), np.diag(a) - np.outer(a, a)


@S0.holds("E22", "L = -Σ y_k log a_k = -Σ y_k (net_k - log Σ_j exp net_j)", "softmax")
def _(t: Any, q: Any) -> Pairs:
    yield t.loss, -np.sum(q.y * np.log(q.a[q.L]))
    yield q.loss, -np.sum(q.y * (q.net[q.L] - np.log(np.sum(np.exp(q.net[q.L])))))


@S0.holds("E23", "net_k^[L] = Σ_{j=0}^{n^[L-1]} w_kj^[L] x_j^[L-1]", "softmax")
def _(t: Any, q: Any) -> Pairs:
    yield t.net[q.L], column(net_of(q, q.L, k) for k in over(1, q.n[q.L]))


@S0.holds("E24", "softmax with cross-entropy: ∂L/∂w_{k0 j0}^[L], first line", "softmax")
def _(t: Any, q: Any) -> Pairs:
    e, L = np.exp(q.net[q.L]), q.L
    by = by_w(t, ("Z", L), L)
    de = (
        e[:, :, None] * np.stack([by[k, k] for k in range(len(e))])[:, None, :]
    )  # ∂exp(net_k0)/∂w_{k0 j0}
    right = -product(q.y, q.x[L - 1].T) + np.sum(q.y) / np.sum(e) * de[:, 0, :]
    yield t.dL_dw[L], right


@S0.holds("E25", "second line: with the derivative of exp(net_{k0}) taken", "softmax")
def _(t: Any, q: Any) -> Pairs:
    e = np.exp(q.net[q.L])
    yield (
        t.dL_dw[q.L],
        -product(q.y, q.x[q.L - 1].T)
        + np.sum(q.y) * product(e / np.sum(e), q.x[q.L - 1].T),
    )


@S0.holds("E26", "third line: ((Σ_k y_k) a_{k0} - y_{k0}) x_{j0}", "softmax")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dw[q.L], product(np.sum(q.y) * q.a[q.L] - q.y, q.x[q.L - 1].T)


@S0.wrong(
    "E27",
    'paragraph "Softmax function and categorical cross entropy", (0.2)',
    "δ^[L] = [(Σ_j y_j) a_k - y_k], k = 1 … n^[l]",
    "k = 1 … n^[L] (here l = 1)",
    "softmax",
    "NS: shape",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    last = q.n[1 if printed else q.L]
    yield (
        t.delta[q.L],
        column(np.sum(q.y) * at(q.a[q.L], k) - at(q.y, k) for k in over(1, last)),
    )


@S0.holds("E28", "∂L/∂w^[L] = δ^[L] (x^[L-1])ᵀ with (0.2)", "softmax")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dw[q.L], product(np.sum(q.y) * q.a[q.L] - q.y, q.x[q.L - 1].T)


@S0.holds("E29a", "softmax with cross-entropy: ∂L/∂x_{j0}^[L-1], first line", "softmax")
def _(t: Any, q: Any) -> Pairs:
    e, L = np.exp(q.net[q.L]), q.L
    d_sum = np.sum(e * by_x(t, q, L), axis=0)[:, None]  # ∂/∂x_j0 Σ_j exp(net_j)
    yield t.dL_dx[L - 1], -product(q.W[L].T, q.y) + np.sum(q.y) / np.sum(e) * d_sum


@S0.holds("E29b", "second line: with the derivatives of exp(net_p) taken", "softmax")
def _(t: Any, q: Any) -> Pairs:
    e, L = np.exp(q.net[q.L]), q.L
    yield (
        t.dL_dx[L - 1],
        -product(q.W[L].T, q.y) + np.sum(q.y) * product(q.W[L].T, e) / np.sum(e),
    )


@S0.holds("E29c", "third line: with a_p for the fraction", "softmax")
def _(t: Any, q: Any) -> Pairs:
    L = q.L
    yield (
        t.dL_dx[L - 1],
        -product(q.W[L].T, q.y) + np.sum(q.y) * product(q.W[L].T, q.a[L]),
    )


@S0.holds("E29d", "fourth line: Σ_p ((Σ_k y_k) a_p - y_p) w_{p j0}", "softmax")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dx[q.L - 1], product(q.W[q.L].T, np.sum(q.y) * q.a[q.L] - q.y)


@S0.holds("E29e", "fifth line: Σ_p δ_p^[L] w_{p j0}^[L]", "softmax")
def _(t: Any, q: Any) -> Pairs:
    for j in over(0, q.n[q.L - 1]):
        right = sum(
            at(q.delta[q.L], p) * at(q.W[q.L], p, j, first=(1, 0))
            for p in over(1, q.n[q.L])
        )
        yield at(t.dL_dx[q.L - 1], j, first=0), right


@S0.holds("E30", "∂L/∂x^[L-1] = (W^[L])ᵀ δ^[L] with (0.2)", "softmax")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dx[q.L - 1], product(q.W[q.L].T, q.delta[q.L])


@S0.holds(
    "E31",
    "all lower layers as before, once δ^[L] is (0.2); also where Σ y ≠ 1",
    "softmax",
)
def _(t: Any, q: Any) -> Pairs:
    delta = np.sum(q.y) * q.a[q.L] - q.y
    for l in over(1, q.L)[::-1]:
        yield t.dL_dw[l], product(delta, q.x[l - 1].T)
        dL_da = product(q.W[l].T, delta)[1:]
        delta = hadamard(dL_da, phi_prime(q, l - 1)) if l > 1 else None


@S0.wrong(
    "E32",
    'paragraph "Softmax function and categorical cross entropy", last formula',
    "δ^[L] = [a_k - y_k], k = 1 … n^[l], where Σ y = 1",
    "k = 1 … n^[L] (here l = 1)",
    "sum 1",
    "NS: shape",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    last = q.n[1 if printed else q.L]
    yield t.delta[q.L], column(at(q.a[q.L], k) - at(q.y, k) for k in over(1, last))


@S0.trap(
    "E33",
    "a - y although Σ y ≠ 1",
    "(0.2): (Σ y) a - y",
    "softmax",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield t.delta[q.L], (1.0 if printed else np.sum(q.y)) * q.a[q.L] - q.y
