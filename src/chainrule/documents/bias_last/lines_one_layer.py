"""S4, line by line, section 1: one hidden layer, V and W, derivatives as columns; S4.En is equation (n)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..lines import Lines, Pairs
from ..shapes import at, hadamard, over, product

__all__ = ["S4_ONE_LAYER", "column", "kron", "sigma_prime"]

S4_ONE_LAYER = Lines("S4")


def column(values: Any) -> Any:
    """A column of these numbers."""
    return np.array(list(values))[:, None]


def sigma_prime(q: Any, n: Any = 1) -> Any:
    """σ_n'(g^n), a column."""
    return q.sigma[n].derivative(q.g[n])


def kron(i: Any, j: Any) -> Any:
    """Kronecker's delta."""
    return float(i == j)


def widths(c: Any) -> Any:
    """D, H and F of section 1."""
    return len(c["x"]), len(c["h"]), len(c["f"])


def f_by_w(t: Any) -> Any:
    """∂f_i/∂W_kl, measured: axes i, k, l."""
    return t.jacobian(("Z", 2), ("W", 2))


@S4_ONE_LAYER.holds("E1", "(1) x → g = V x → h = σ(g) → f = W h", "one")
def _(t: Any, q: Any) -> Pairs:
    c = q.columns
    yield t.g[1], product(c["V"], c["x"])
    yield t.h[1], q.sigma[1].value(c["g"])
    yield t.f, product(c["W"], c["h"])


@S4_ONE_LAYER.holds(
    "E2-6",
    "(2) to (6): x of D, g and h of H, y and f of F entries, V of H × D, W of F × H",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    c = q.columns
    D, H, F = t.sweep.network.sizes
    shapes = {
        "x": (D, 1),
        "g": (H, 1),
        "h": (H, 1),
        "y": (F, 1),
        "f": (F, 1),
        "V": (H, D),
        "W": (F, H),
    }
    for name, shape in shapes.items():
        yield shape, c[name].shape


@S4_ONE_LAYER.holds("E7", "(7) L = |y - f|²", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.loss, np.linalg.norm(q.y - q.f) ** 2
    yield t.loss, q.loss


@S4_ONE_LAYER.holds("E8", "(8) L = Σ_i (y_i - f_i)²", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.loss, sum((at(q.y, i) - at(q.f, i)) ** 2 for i in over(1, len(q.f)))


@S4_ONE_LAYER.holds("E9", "(9) ∂L/∂f_i = 2(f_i - y_i)", "one")
def _(t: Any, q: Any) -> Pairs:
    for i in over(1, len(q.f)):
        yield at(t.columns["dL_df"], i), 2 * (at(q.f, i) - at(q.y, i))


@S4_ONE_LAYER.holds("E10", "(10) ∂L/∂f = 2(f - y), a column", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.columns["dL_df"], 2 * (q.f - q.y)
    yield t.columns["dL_df"], q.columns["dL_df"]


@S4_ONE_LAYER.holds("E11", "(11) ∂L/∂h = ((∂L/∂f)ᵀ ∂f/∂h)ᵀ, a column", "one")
def _(t: Any, q: Any) -> Pairs:
    yield (
        t.columns["dL_dh"],
        product(q.columns["dL_df"].T, t.jacobian(("Z", 2), ("A", 1))).T,
    )


@S4_ONE_LAYER.holds(
    "E12", "(12) ∂L/∂h_j = ∂L/∂f · ∂f/∂h_j = Σ_i ∂L/∂f_i ∂f_i/∂h_j", "one"
)
def _(t: Any, q: Any) -> Pairs:
    c, J = q.columns, t.jacobian(("Z", 2), ("A", 1))
    _D, H, F = widths(c)
    yield t.columns["dL_dh"], column(c["dL_df"][:, 0] @ J[:, j] for j in range(H))
    sums = (
        sum(at(c["dL_df"], i) * J[i - 1, j - 1] for i in over(1, F)) for j in over(1, H)
    )
    yield t.columns["dL_dh"], column(sums)


@S4_ONE_LAYER.holds("E13", "(13) f_i = Σ_j W_ij h_j", "one")
def _(t: Any, q: Any) -> Pairs:
    c = q.columns
    _D, H, F = widths(c)
    yield (
        t.f,
        column(
            sum(at(c["W"], i, j) * at(c["h"], j) for j in over(1, H))
            for i in over(1, F)
        ),
    )


@S4_ONE_LAYER.holds("E14", "(14) ∂f_i/∂h_j = W_ij", "one")
def _(t: Any, q: Any) -> Pairs:
    c, J = q.columns, t.jacobian(("Z", 2), ("A", 1))
    _D, H, F = widths(c)
    for i in over(1, F):
        for j in over(1, H):
            yield at(J, i, j), at(c["W"], i, j)


@S4_ONE_LAYER.holds("E15", "(15) ∂f/∂h = W", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.jacobian(("Z", 2), ("A", 1)), q.columns["W"]


@S4_ONE_LAYER.holds("E16", "(16) ∂L/∂h_j = Σ_i 2(f_i - y_i) W_ij", "one")
def _(t: Any, q: Any) -> Pairs:
    c = q.columns
    _D, H, F = widths(c)
    sums = (
        sum(2 * (at(c["f"], i) - at(c["y"], i)) * at(c["W"], i, j) for i in over(1, F))
        for j in over(1, H)
    )
    yield t.columns["dL_dh"], column(sums)


@S4_ONE_LAYER.holds("E17", "(17) ∂L/∂h = ((∂L/∂f)ᵀ W)ᵀ = 2 Wᵀ (f - y)", "one")
def _(t: Any, q: Any) -> Pairs:
    c = q.columns
    yield t.columns["dL_dh"], product(c["dL_df"].T, c["W"]).T
    yield t.columns["dL_dh"], 2 * product(c["W"].T, c["f"] - c["y"])


@S4_ONE_LAYER.holds("E18", "(18) ∂L/∂W_kl = Σ_i ∂L/∂f_i ∂f_i/∂W_kl", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.columns["dL_dW"], np.tensordot(q.columns["dL_df"][:, 0], f_by_w(t), axes=1)


@S4_ONE_LAYER.holds("E19", "(19) L = L(f_1(W), …, f_F(W))", "one")
def _(t: Any, q: Any) -> Pairs:
    c, network = q.columns, t.sweep.network
    f = np.array([[row @ c["h"][:, 0] for row in c["W"]]])
    yield (
        t.loss,
        network.loss.value_and_delta(c["y"].T, f, f, network.activations[-1])[0][0],
    )


@S4_ONE_LAYER.holds("E20", "(20) f_i = Σ_j W_ij h_j depends on row i of W only", "one")
def _(t: Any, q: Any) -> Pairs:
    J = f_by_w(t)
    for i in range(len(J)):
        others = [k for k in range(len(J)) if k != i]
        yield np.zeros_like(J[i, others]), J[i, others]
        yield q.columns["h"][:, 0], J[i, i]


@S4_ONE_LAYER.holds("E21", "(21) ∂f_i/∂W_kl = δ_ik Σ_j δ_lj h_j = δ_ik h_l", "one")
def _(t: Any, q: Any) -> Pairs:
    h, F = q.columns["h"][:, 0], len(q.f)
    yield f_by_w(t), np.einsum("ik,lj,j->ikl", np.eye(F), np.eye(len(h)), h)
    yield f_by_w(t), np.einsum("ik,l->ikl", np.eye(F), h)


@S4_ONE_LAYER.holds(
    "E22",
    "(22) ∂L/∂W_kl = Σ_i 2(f_i - y_i) δ_ik h_l = 2 h_l Σ_i δ_ik (f_i - y_i) = 2(f_k - y_k) h_l",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    c = q.columns
    r, h, F = c["f"] - c["y"], c["h"], over(1, len(c["f"]))
    for k in F:
        for l in over(1, len(h)):
            left = at(t.columns["dL_dW"], k, l)
            yield left, sum(2 * at(r, i) * kron(i, k) * at(h, l) for i in F)
            yield left, 2 * at(h, l) * sum(kron(i, k) * at(r, i) for i in F)
            yield left, 2 * at(r, k) * at(h, l)


@S4_ONE_LAYER.holds("E23", "(23) ∂L/∂W = 2(f - y) hᵀ", "one")
def _(t: Any, q: Any) -> Pairs:
    c = q.columns
    yield t.columns["dL_dW"], product(2 * (c["f"] - c["y"]), c["h"].T)


@S4_ONE_LAYER.holds("E24", "(24) ∂L/∂g_k = Σ_j ∂L/∂h_j ∂h_j/∂g_k", "one")
def _(t: Any, q: Any) -> Pairs:
    J = t.jacobian(("A", 1), ("Z", 1))
    yield t.columns["dL_dg"][:, 0], q.columns["dL_dh"][:, 0] @ J


@S4_ONE_LAYER.wrong(
    "E25",
    "section 1.2, (25)",
    "h_j(g_k) = δ_jk σ(g_k), which is 0 for j ≠ k",
    "h_j = σ(g_j) for all j",
    "one",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    H = len(q.h[1])
    value = q.sigma[1].value(q.g[1])[:, 0]
    for k in range(H):  # the column h as a function of g_k
        yield t.h[1][:, 0], np.eye(H)[k] * value[k] if printed else value


@S4_ONE_LAYER.holds("E26", "(26) ∂h_j/∂g_k = δ_jk σ'(g_k)", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.jacobian(("A", 1), ("Z", 1)), np.diag(sigma_prime(q)[:, 0])


@S4_ONE_LAYER.holds(
    "E27", "(27) ∂L/∂g_k = Σ_j ∂L/∂h_j δ_jk σ'(g_k) = ∂L/∂h_k σ'(g_k)", "one"
)
def _(t: Any, q: Any) -> Pairs:
    above, slope, H = q.columns["dL_dh"], sigma_prime(q), over(1, len(q.h[1]))
    sums = (sum(at(above, j) * kron(j, k) * at(slope, k) for j in H) for k in H)
    yield t.columns["dL_dg"], column(sums)
    yield t.columns["dL_dg"], column(at(above, k) * at(slope, k) for k in H)


@S4_ONE_LAYER.holds("E28", "(28) = (Σ_i 2(f_i - y_i) W_ik) σ'(g_k)", "one")
def _(t: Any, q: Any) -> Pairs:
    c, slope = q.columns, sigma_prime(q)
    _D, H, F = widths(c)
    above = {
        k: sum(
            2 * (at(c["f"], i) - at(c["y"], i)) * at(c["W"], i, k) for i in over(1, F)
        )
        for k in over(1, H)
    }
    yield t.columns["dL_dg"], column(above[k] * at(slope, k) for k in above)


@S4_ONE_LAYER.holds("E29", "(29) ∂L/∂g = ((∂L/∂h)ᵀ ∂h/∂g)ᵀ, ∂h/∂g diagonal", "one")
def _(t: Any, q: Any) -> Pairs:
    J = t.jacobian(("A", 1), ("Z", 1))
    yield t.columns["dL_dg"], product(q.columns["dL_dh"].T, J).T
    yield np.diag(np.diag(J)), J


@S4_ONE_LAYER.holds("E30", "(30) ∂L/∂g = ∂L/∂h ⊙ σ'(g)", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.columns["dL_dg"], hadamard(q.columns["dL_dh"], sigma_prime(q))


@S4_ONE_LAYER.slip(
    "T1",
    "section 1.2, before (30)",
    "σ'(g_i) is called the derivative of g_i by h_i",
    "it is that of h_i by g_i",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    yield np.diag(t.jacobian(("A", 1), ("Z", 1)))[:, None], sigma_prime(q)
    yield True, np.all(np.abs(1 / sigma_prime(q) - sigma_prime(q)) > 1e-3)


def g_by_v(t: Any) -> Any:
    """∂g_i/∂V_kl, measured: axes i, k, l."""
    return t.jacobian(("Z", 1), ("W", 1))


@S4_ONE_LAYER.holds("E31", "(31) ∂L/∂V_kl = Σ_i ∂L/∂g_i ∂g_i/∂V_kl", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.columns["dL_dV"], np.tensordot(q.columns["dL_dg"][:, 0], g_by_v(t), axes=1)


@S4_ONE_LAYER.holds("E32", "(32) g_i = Σ_j V_ij x_j", "one")
def _(t: Any, q: Any) -> Pairs:
    c = q.columns
    D, H, _F = widths(c)
    yield (
        t.g[1],
        column(
            sum(at(c["V"], i, j) * at(c["x"], j) for j in over(1, D))
            for i in over(1, H)
        ),
    )


@S4_ONE_LAYER.holds(
    "E33-34", "(33), (34) ∂g_i/∂V_kl = δ_ik Σ_j δ_lj x_j = δ_ik x_l", "one"
)
def _(t: Any, q: Any) -> Pairs:
    x, H = q.columns["x"][:, 0], len(q.g[1])
    yield g_by_v(t), np.einsum("ik,lj,j->ikl", np.eye(H), np.eye(len(x)), x)
    yield g_by_v(t), np.einsum("ik,l->ikl", np.eye(H), x)


@S4_ONE_LAYER.holds(
    "E35-36", "(35), (36) ∂L/∂V_kl = Σ_i ∂L/∂g_i δ_ik x_l = ∂L/∂g_k x_l", "one"
)
def _(t: Any, q: Any) -> Pairs:
    c = q.columns
    D, H, _F = widths(c)
    for k in over(1, H):
        for l in over(1, D):
            left, x_l = at(t.columns["dL_dV"], k, l), at(c["x"], l)
            yield left, sum(at(c["dL_dg"], i) * kron(i, k) * x_l for i in over(1, H))
            yield left, at(c["dL_dg"], k) * x_l


@S4_ONE_LAYER.holds("E37", "(37) the H × D matrix [∂L/∂g_k x_l]", "one")
def _(t: Any, q: Any) -> Pairs:
    c = q.columns
    D, H, _F = widths(c)
    right = [
        [at(c["dL_dg"], k) * at(c["x"], l) for l in over(1, D)] for k in over(1, H)
    ]
    yield t.columns["dL_dV"], np.array(right)


@S4_ONE_LAYER.holds("E38", "(38) ∂L/∂V = ∂L/∂g xᵀ", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.columns["dL_dV"], product(q.columns["dL_dg"], q.columns["x"].T)


@S4_ONE_LAYER.holds("E39", "(39) ∂L/∂V = (∂L/∂h ⊙ σ'(g)) xᵀ", "one")
def _(t: Any, q: Any) -> Pairs:
    yield (
        t.columns["dL_dV"],
        product(hadamard(q.columns["dL_dh"], sigma_prime(q)), q.columns["x"].T),
    )


@S4_ONE_LAYER.holds("E40", "(40) ∂L/∂V = 2 (Wᵀ (f - y) ⊙ σ'(g)) xᵀ", "one")
def _(t: Any, q: Any) -> Pairs:
    c = q.columns
    yield (
        t.columns["dL_dV"],
        product(
            2 * hadamard(product(c["W"].T, c["f"] - c["y"]), sigma_prime(q)), c["x"].T
        ),
    )


@S4_ONE_LAYER.wrong(
    "T2",
    "section 1",
    "f = W h with bias columns in V and W, but a 1 appended to x only",
    "append 1 to h too, after σ",
    "biased one",
    "NS: product; SQ: product; ML: product",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    h = q.sigma[1].value(product(q.W[1], q.h[0]))
    yield t.f, product(q.W["F"], h if printed else np.vstack([h, [[1.0]]]))


@S4_ONE_LAYER.wrong(
    "T3",
    "sections 1 and 1.2, (30)",
    "∂L/∂g = ∂L/∂h ⊙ σ'(g) with the bias column in W: ∂L/∂h of (17) has one entry more than σ'(g)",
    "drop the last entry of ∂L/∂h; then (23) and (38) give [dW | db]",
    "biased one",
    "NS: product; SQ: product; ML: product",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    r = 2 * (q.f - q.y)
    dL_dh = product(q.W["F"].T, r)
    dL_dg = hadamard(dL_dh if printed else dL_dh[:-1], sigma_prime(q))
    yield t.columns["dL_dg"], dL_dg
    yield t.columns["dL_dW"], product(r, q.h[1].T)
    yield t.columns["dL_dV"], product(dL_dg, q.h[0].T)


@S4_ONE_LAYER.trap(
    "T2b",
    "V given one row more so that W h conforms: the bias of W is scaled by σ(g_H)",
    "h_H is the constant 1",
    "biased one",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    if printed:
        V = np.vstack([q.W[1], q.W[1][-1:]])  # any row that a start may give it
        h = q.sigma[1].value(product(V, q.h[0]))
    else:
        h = np.vstack([q.sigma[1].value(product(q.W[1], q.h[0])), [[1.0]]])
    yield t.f, product(q.W["F"], h)
