"""S4, line by line, section 2: N hidden layers and a linear output, derivatives as rows; S4.En is equation (n)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...equations.draws import Purpose, generator
from .. import bias_last
from ..lines import Lines, Pairs
from ..shapes import at, hadamard, over, product
from .lines_one_layer import column, kron, sigma_prime

__all__ = ["S4_MANY_LAYERS"]

S4_MANY_LAYERS = Lines("S4")


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


@S4_MANY_LAYERS.holds(
    "E41",
    "(41) g^n = W^n h^(n-1), h^n = σ_n(g^n), n = 1 … N, f = W^F h^N; shapes",
    "deep",
)
def _(t: Any, q: Any) -> Pairs:
    for n in over(1, q.N):
        yield t.g[n], product(q.W[n], q.h[n - 1])
        yield t.h[n], q.sigma[n].value(q.g[n])
        yield (q.D[n], q.D[n - 1]), q.W[n].shape
    yield t.f, product(q.W["F"], q.h[q.N])
    yield (q.D[-1], q.D[-2]), q.W["F"].shape


@S4_MANY_LAYERS.wrong(
    "E41b",
    "section 2.1, (41)",
    "f = W^F h^N with incorporated biases, and a 1 appended to no h^n, n ≥ 1",
    "append 1 to every h^n; W^n is D_n × (D_{n-1}+1)",
    "biased",
    "NS: product; SQ: product; ML: product; D_F=1: product",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    h = q.h[0]
    for n in over(1, q.N):
        h = q.sigma[n].value(product(q.W[n], h))
        h = h if printed else np.vstack([h, [[1.0]]])
    yield t.f, product(q.W["F"], h)


@S4_MANY_LAYERS.holds("E42", "(42) L = |y - f|² = Σ_i (y_i - f_i)²", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.loss, np.linalg.norm(q.y - q.f) ** 2
    yield t.loss, sum((at(q.y, i) - at(q.f, i)) ** 2 for i in outputs(q))


@S4_MANY_LAYERS.holds("E43", "(43) ∂L/∂f_i = 2(f_i - y_i)", "deep")
def _(t: Any, q: Any) -> Pairs:
    for i in outputs(q):
        yield at(t.dL_df, i), 2 * (at(q.f, i) - at(q.y, i))


@S4_MANY_LAYERS.holds("E44", "(44) ∂L/∂f = 2(f - y)ᵀ, a row", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_df, 2 * (q.f - q.y).T


@S4_MANY_LAYERS.holds("E45", "(45) ∂L/∂W^F_kl = Σ_i ∂L/∂f_i ∂f_i/∂W^F_kl", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield (
        t.dL_dW["F"],
        np.tensordot(q.dL_df[0], t.jacobian(("Z", last(q)), ("W", last(q))), axes=1),
    )


@S4_MANY_LAYERS.holds("E46", "(46) f_i = Σ_l W^F_il h^N_l", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield (
        t.f,
        column(
            sum(at(q.W["F"], i, l) * q.h[q.N][l - 1, 0] for l in hidden(q))
            for i in outputs(q)
        ),
    )


@S4_MANY_LAYERS.holds(
    "E47", "(47) ∂f_i/∂W^F_kl = δ_ik Σ_j δ_lj h^N_j = δ_ik h^N_l", "deep"
)
def _(t: Any, q: Any) -> Pairs:
    left, h = t.jacobian(("Z", last(q)), ("W", last(q))), q.h[q.N][:, 0]
    yield left, np.einsum("ik,lj,j->ikl", np.eye(len(q.f)), np.eye(len(h)), h)
    yield left, np.einsum("ik,l->ikl", np.eye(len(q.f)), h)


@S4_MANY_LAYERS.holds(
    "E48", "(48) ∂L/∂W^F_kl = Σ_i ∂L/∂f_i δ_ik h^N_l = ∂L/∂f_k h^N_l", "deep"
)
def _(t: Any, q: Any) -> Pairs:
    h = q.h[q.N][:, 0]
    sums = [
        [sum(at(q.dL_df, i) * kron(i, k) * v for i in outputs(q)) for v in h]
        for k in outputs(q)
    ]
    yield t.dL_dW["F"], np.array(sums)
    yield t.dL_dW["F"], np.array([[at(q.dL_df, k) * v for v in h] for k in outputs(q)])


@S4_MANY_LAYERS.holds("E49", "(49) ∂L/∂W^F = (∂L/∂f)ᵀ (h^N)ᵀ", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dW["F"], product(q.dL_df.T, q.h[q.N].T)


@S4_MANY_LAYERS.wrong(
    "E50",
    "section 2.3, (50)",
    "∂L/∂W^F = 2(f - y)ᵀ (h^N)ᵀ",
    "2(f - y)(h^N)ᵀ: (44) is the transpose already",
    "deep",
    "NS: product; SQ: product; ML: product",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    r = 2 * (q.f - q.y)
    yield t.dL_dW["F"], product(r.T if printed else r, q.h[q.N].T)


@S4_MANY_LAYERS.holds("E51", "(51) ∂L/∂h^N_j = Σ_i ∂L/∂f_i ∂f_i/∂h^N_j", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dh[q.N], product(q.dL_df, t.jacobian(("Z", last(q)), ("A", q.N)))


@S4_MANY_LAYERS.holds("E52", "(52) ∂f_i/∂h^N_j = Σ_l δ_jl W^F_il = W^F_ij", "deep")
def _(t: Any, q: Any) -> Pairs:
    J, W = t.jacobian(("Z", last(q)), ("A", q.N)), q.W["F"]
    yield J, np.einsum("jl,il->ij", np.eye(len(q.h[q.N])), W)
    for i in outputs(q):
        for j in hidden(q):
            yield J[i - 1, j - 1], W[i - 1, j - 1]


@S4_MANY_LAYERS.holds("E53", "(53) the Jacobian ∂f/∂h^N = W^F", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.jacobian(("Z", last(q)), ("A", q.N)), q.W["F"]


@S4_MANY_LAYERS.holds("E54", "(54) ∂L/∂h^N_j = Σ_i ∂L/∂f_i W^F_ij", "deep")
def _(t: Any, q: Any) -> Pairs:
    W = q.W["F"]
    yield (
        t.dL_dh[q.N],
        row(
            sum(at(q.dL_df, i) * W[i - 1, j - 1] for i in outputs(q)) for j in hidden(q)
        ),
    )


@S4_MANY_LAYERS.holds("E55", "(55) ∂L/∂h^N = ∂L/∂f W^F = ∂L/∂f ∂f/∂h^N, a row", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dh[q.N], product(q.dL_df, q.W["F"])
    yield t.dL_dh[q.N], product(q.dL_df, t.jacobian(("Z", last(q)), ("A", q.N)))


@S4_MANY_LAYERS.holds("E56", "(56) ∂L/∂h^N = 2(f - y)ᵀ W^F", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dh[q.N], product(2 * (q.f - q.y).T, q.W["F"])


@S4_MANY_LAYERS.holds("E57", "(57) ∂L/∂g^N_j = Σ_i ∂L/∂h^N_i ∂h^N_i/∂g^N_j", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dg[q.N], product(q.dL_dh[q.N], t.jacobian(("A", q.N), ("Z", q.N)))


@S4_MANY_LAYERS.holds("E58", "(58) ∂h^N_i/∂g^N_j = δ_ij σ^N'(g^N_i)", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.jacobian(("A", q.N), ("Z", q.N)), np.diag(sigma_prime(q, q.N)[:, 0])


@S4_MANY_LAYERS.holds(
    "E59",
    "(59) ∂L/∂g^N_j = Σ_i ∂L/∂h^N_i δ_ij σ^N'(g^N_i) = ∂L/∂h^N_j σ^N'(g^N_j)",
    "deep",
)
def _(t: Any, q: Any) -> Pairs:
    above, slope = q.dL_dh[q.N], sigma_prime(q, q.N)
    sums = (
        sum(at(above, i) * kron(i, j) * at(slope, i) for i in hidden(q))
        for j in hidden(q)
    )
    yield t.dL_dg[q.N], row(sums)
    for j in hidden(q):
        yield at(t.dL_dg[q.N], j), at(above, j) * at(slope, j)


@S4_MANY_LAYERS.holds("E60", "(60) ∂L/∂g^N is the row [∂L/∂h^N_j σ^N'(g^N_j)]", "deep")
def _(t: Any, q: Any) -> Pairs:
    slope = sigma_prime(q, q.N)
    yield t.dL_dg[q.N], row(at(q.dL_dh[q.N], j) * at(slope, j) for j in hidden(q))


@S4_MANY_LAYERS.holds(
    "E61", "(61), first line: both factors transposed to rows", "deep"
)
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dg[q.N], hadamard(q.dL_dh[q.N], sigma_prime(q, q.N).T)


@S4_MANY_LAYERS.reading(
    "E61b",
    "section 2.5, (61), second line",
    "∂L/∂g^N = ∂L/∂h^N ⊙ σ^N'(g^N), a row times a column",
    "σ^N'(g^N)ᵀ",
    "deep",
    "NS: shape; SQ: shape; ML: shape; D_F=1: shape",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    slope = sigma_prime(q, q.N)
    yield (
        t.dL_dg[q.N],
        q.dL_dh[q.N] * (slope if printed else slope.T),
    )  # broadcasts where printed


def g_by_w(t: Any, q: Any) -> Any:
    """∂g^N_i/∂W^N_kl, measured: axes i, k, l."""
    return t.jacobian(("Z", q.N), ("W", q.N))


@S4_MANY_LAYERS.slip(
    "T4",
    "section 2.6, before (62)",
    "a component of the vector g^N",
    "of the matrix W^N",
    "deep",
)
def _(t: Any, q: Any) -> Pairs:
    parts = np.tensordot(q.dL_dg[q.N][0], g_by_w(t, q), axes=1)
    yield t.dL_dW[q.N].shape, parts.shape
    yield t.dL_dW[q.N], parts


@S4_MANY_LAYERS.holds("E62", "(62) ∂L/∂W^N_kl = Σ_i ∂L/∂g^N_i ∂g^N_i/∂W^N_kl", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dW[q.N], np.tensordot(q.dL_dg[q.N][0], g_by_w(t, q), axes=1)


@S4_MANY_LAYERS.holds("E63", "(63) g^N_i = Σ_j W^N_ij h^(N-1)_j", "deep")
def _(t: Any, q: Any) -> Pairs:
    W, h = q.W[q.N], q.h[q.N - 1]
    yield (
        t.g[q.N],
        column(
            sum(at(W, i, j) * at(h, j) for j in over(1, len(h)))
            for i in over(1, len(W))
        ),
    )


@S4_MANY_LAYERS.holds(
    "E64", "(64) ∂g^N_i/∂W^N_kl = δ_ik Σ_j δ_lj h^(N-1)_j = δ_ik h^(N-1)_l", "deep"
)
def _(t: Any, q: Any) -> Pairs:
    h, units = q.h[q.N - 1][:, 0], np.eye(len(q.g[q.N]))
    yield g_by_w(t, q), np.einsum("ik,lj,j->ikl", units, np.eye(len(h)), h)
    yield g_by_w(t, q), np.einsum("ik,l->ikl", units, h)


@S4_MANY_LAYERS.holds(
    "E65",
    "(65) ∂L/∂W^N_kl = Σ_i ∂L/∂g^N_i δ_ik h^(N-1)_l = ∂L/∂g^N_k h^(N-1)_l",
    "deep",
)
def _(t: Any, q: Any) -> Pairs:
    d, h = q.dL_dg[q.N], q.h[q.N - 1]
    for k in hidden(q):
        for l in over(1, len(h)):
            yield (
                at(t.dL_dW[q.N], k, l),
                sum(at(d, i) * kron(i, k) * at(h, l) for i in hidden(q)),
            )
            yield at(t.dL_dW[q.N], k, l), at(d, k) * at(h, l)


@S4_MANY_LAYERS.holds("E66", "(66) ∂L/∂W^N = (∂L/∂g^N)ᵀ (h^(N-1))ᵀ", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dW[q.N], product(q.dL_dg[q.N].T, q.h[q.N - 1].T)


def between(t: Any, q: Any) -> Any:
    """∂g^N/∂h^(N-1), measured."""
    return t.jacobian(("Z", q.N), ("A", q.N - 1))


@S4_MANY_LAYERS.holds(
    "E67", "(67) ∂L/∂h^(N-1)_j = Σ_i ∂L/∂g^N_i ∂g^N_i/∂h^(N-1)_j", "deep"
)
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dh[q.N - 1], product(q.dL_dg[q.N], between(t, q))


@S4_MANY_LAYERS.holds(
    "E68-69", "(68), (69) g^N = W^N h^(N-1), and by components", "deep"
)
def _(t: Any, q: Any) -> Pairs:
    W, h = q.W[q.N], q.h[q.N - 1]
    yield t.g[q.N], product(W, h)
    yield (
        t.g[q.N],
        column(
            sum(at(W, i, l) * at(h, l) for l in over(1, len(h)))
            for i in over(1, len(W))
        ),
    )


@S4_MANY_LAYERS.holds(
    "E70-71", "(70), (71) ∂g^N_i/∂h^(N-1)_j = W^N_ij, the Jacobian W^N", "deep"
)
def _(t: Any, q: Any) -> Pairs:
    W = q.W[q.N]
    yield between(t, q), np.einsum("jl,il->ij", np.eye(W.shape[1]), W)
    yield between(t, q), W


@S4_MANY_LAYERS.holds("E72", "(72) ∂L/∂h^(N-1)_j = Σ_i ∂L/∂g^N_i W^N_ij", "deep")
def _(t: Any, q: Any) -> Pairs:
    d, W = q.dL_dg[q.N], q.W[q.N]
    yield (
        t.dL_dh[q.N - 1],
        row(
            sum(at(d, i) * at(W, i, j) for i in hidden(q)) for j in over(1, W.shape[1])
        ),
    )


@S4_MANY_LAYERS.holds("E73", "(73) ∂L/∂h^(N-1) = ∂L/∂g^N W^N, a row", "deep")
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dh[q.N - 1], product(q.dL_dg[q.N], q.W[q.N])


@S4_MANY_LAYERS.holds(
    "E74-75", "(74), (75) ∂L/∂W^n = (∂L/∂g^n)ᵀ (h^(n-1))ᵀ, n = 1 … N", "deep"
)
def _(t: Any, q: Any) -> Pairs:
    for n in over(1, q.N):
        yield t.dL_dW[n], product(q.dL_dg[n].T, q.h[n - 1].T)


@S4_MANY_LAYERS.reading(
    "E76",
    "section 2.8, (76)",
    "∂L/∂g^n = ∂L/∂h^n ⊙ σ^n'(g^n), a row times a column",
    "σ^n'(g^n)ᵀ",
    "deep",
    "NS: shape; SQ: shape; ML: shape; D_F=1: shape",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for n in over(1, q.N):
        slope = sigma_prime(q, n)
        yield (
            t.dL_dg[n],
            q.dL_dh[n] * (slope if printed else slope.T),
        )  # broadcasts where printed


@S4_MANY_LAYERS.holds(
    "E77",
    "(77) ∂L/∂h^(n-1) = ∂L/∂g^n W^n, n = 1 … N; n = 1: the input gradient",
    "deep",
)
def _(t: Any, q: Any) -> Pairs:
    for n in over(1, q.N):
        yield t.dL_dh[n - 1], product(q.dL_dg[n], q.W[n])


@S4_MANY_LAYERS.holds(
    "E77b", "the sweep (44), (49), (55), then (75) to (77), gives every ∂L/∂W", "deep"
)
def _(t: Any, q: Any) -> Pairs:
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


@S4_MANY_LAYERS.holds(
    "E78", "(78) W^n_{t+1} = W^n_t - η ∂L/∂W^n_t: slope -|gradient|² at η = 0", "deep"
)
def _(t: Any, q: Any) -> Pairs:
    g = flat(q.dL_dW)
    yield t.slope(-g), -np.sum(g * g)
    for n, W in bias_last.step(q, 0.1).items():
        yield t.W[n] - 0.1 * t.dL_dW[n], W


@S4_MANY_LAYERS.holds(
    "T5",
    "∂L/∂W^n is the direction of steepest ascent: 200 random directions rise less",
    "deep",
)
def _(t: Any, q: Any) -> Pairs:
    g = flat(q.dL_dW)
    steepest = t.slope(g / np.linalg.norm(g))
    yield np.linalg.norm(g), steepest
    rng = generator(0, Purpose.INITIALIZATION)
    free = g.size - sum(len(b) for b in t.sweep.parameters.biases)
    for _i in range(200):
        d = np.concatenate([rng.normal(size=free), np.zeros(g.size - free)])
        yield True, t.slope(d / np.linalg.norm(d)) < steepest


@S4_MANY_LAYERS.holds(
    "T6",
    "another loss, or softmax after the last product: only ∂L/∂f changes",
    "other losses",
)
def _(t: Any, q: Any) -> Pairs:
    if t.sweep.network.loss.name == "quartic":
        yield from swept(t, q, 4 * ((q.f - q.y) ** 3).T)
    else:
        softmax = np.exp(q.f) / np.sum(np.exp(q.f))
        yield from swept(t, q, (np.sum(q.y) * softmax - q.y).T)


@S4_MANY_LAYERS.wrong(
    "T7",
    "section 2.8",
    "(75) to (77) for every parameter's derivative",
    "and (49) for W^F, started by (44), (55)",
    "deep",
    "NS: value; SQ: value; ML: value; D_F=1: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    given: dict[Any, Any] = {  # (75)
        n: product(q.dL_dg[n].T, q.h[n - 1].T) for n in over(1, q.N)
    }
    if not printed:
        given["F"] = product(q.dL_df.T, q.h[q.N].T)  # (49)
    yield sum(W.size for W in t.W.values()), sum(g.size for g in given.values())
    for n, g in given.items():
        yield t.dL_dW[n], g
