"""S4, line by line, section 1: one hidden layer, V and W, derivatives as columns; S4.En is equation (n)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...equations.network import Network
from .. import bias_last
from ..lines import Pairs
from ..settings import NARROWING, ONE_HIDDEN, Cases, cases, quartic, softmax_after
from ..shapes import at, column, hadamard, over, product

__all__ = ["kron", "sigma_prime", "varied"]

HIDDEN = {**NARROWING, "D_F=1": (4, 3, 2, 1)}


def varied(n: Sequence[int]) -> Network:
    """The document's network with an activation of its own for each hidden layer."""
    return bias_last.network(
        n, [("tanh", "sigmoid", "softplus")[i % 3] for i in range(len(n) - 2)]
    )


def with_quartic(n: Sequence[int]) -> Network:
    """The same with another loss."""
    return Network(n, varied(n).activations, quartic())


def two(kind: str) -> dict[str, tuple[int, ...]]:
    """Widths that differ, and that agree."""
    return {f"{case} {kind}": NARROWING[case] for case in ("NS", "SQ")}


#: Networks → case → the setting.
KINDS: dict[str, Cases] = {
    "one": cases(ONE_HIDDEN, varied, 51, biased=False),
    "deep": cases(HIDDEN, varied, 52, biased=False),
    "biased one": cases(ONE_HIDDEN, varied, 53),
    "biased": cases(HIDDEN, varied, 54),
    "other losses": {
        **cases(two("quartic"), with_quartic, 55, biased=False),
        **cases(
            two("softmax"), softmax_after("tanh"), 56, targets="positive", biased=False
        ),
    },
}


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


def E1(t: Any, q: Any) -> Pairs:
    c = q.columns
    yield t.g[1], product(c["V"], c["x"])
    yield t.h[1], q.sigma[1].value(c["g"])
    yield t.f, product(c["W"], c["h"])


def E2_6(t: Any, q: Any) -> Pairs:
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


def E7(t: Any, q: Any) -> Pairs:
    yield t.loss, np.linalg.norm(q.y - q.f) ** 2
    yield t.loss, q.loss


def E8(t: Any, q: Any) -> Pairs:
    yield t.loss, sum((at(q.y, i) - at(q.f, i)) ** 2 for i in over(1, len(q.f)))


def E9(t: Any, q: Any) -> Pairs:
    for i in over(1, len(q.f)):
        yield at(t.columns["dL_df"], i), 2 * (at(q.f, i) - at(q.y, i))


def E10(t: Any, q: Any) -> Pairs:
    yield t.columns["dL_df"], 2 * (q.f - q.y)
    yield t.columns["dL_df"], q.columns["dL_df"]


def E11(t: Any, q: Any) -> Pairs:
    yield (
        t.columns["dL_dh"],
        product(q.columns["dL_df"].T, t.jacobian(("Z", 2), ("A", 1))).T,
    )


def E12(t: Any, q: Any) -> Pairs:
    c, J = q.columns, t.jacobian(("Z", 2), ("A", 1))
    _D, H, F = widths(c)
    yield t.columns["dL_dh"], column(c["dL_df"][:, 0] @ J[:, j] for j in range(H))
    sums = (
        sum(at(c["dL_df"], i) * J[i - 1, j - 1] for i in over(1, F)) for j in over(1, H)
    )
    yield t.columns["dL_dh"], column(sums)


def E13(t: Any, q: Any) -> Pairs:
    c = q.columns
    _D, H, F = widths(c)
    yield (
        t.f,
        column(
            sum(at(c["W"], i, j) * at(c["h"], j) for j in over(1, H))
            for i in over(1, F)
        ),
    )


def E14(t: Any, q: Any) -> Pairs:
    c, J = q.columns, t.jacobian(("Z", 2), ("A", 1))
    _D, H, F = widths(c)
    for i in over(1, F):
        for j in over(1, H):
            yield at(J, i, j), at(c["W"], i, j)


def E15(t: Any, q: Any) -> Pairs:
    yield t.jacobian(("Z", 2), ("A", 1)), q.columns["W"]


def E16(t: Any, q: Any) -> Pairs:
    c = q.columns
    _D, H, F = widths(c)
    sums = (
        sum(2 * (at(c["f"], i) - at(c["y"], i)) * at(c["W"], i, j) for i in over(1, F))
        for j in over(1, H)
    )
    yield t.columns["dL_dh"], column(sums)


def E17(t: Any, q: Any) -> Pairs:
    c = q.columns
    yield t.columns["dL_dh"], product(c["dL_df"].T, c["W"]).T
    yield t.columns["dL_dh"], 2 * product(c["W"].T, c["f"] - c["y"])


def E18(t: Any, q: Any) -> Pairs:
    yield t.columns["dL_dW"], np.tensordot(q.columns["dL_df"][:, 0], f_by_w(t), axes=1)


def E19(t: Any, q: Any) -> Pairs:
    c, network = q.columns, t.sweep.network
    f = np.array([[row @ c["h"][:, 0] for row in c["W"]]])
    yield (
        t.loss,
        network.loss.value_and_delta(c["y"].T, f, f, network.activations[-1])[0][0],
    )


def E20(t: Any, q: Any) -> Pairs:
    J = f_by_w(t)
    for i in range(len(J)):
        others = [k for k in range(len(J)) if k != i]
        yield np.zeros_like(J[i, others]), J[i, others]
        yield q.columns["h"][:, 0], J[i, i]


def E21(t: Any, q: Any) -> Pairs:
    h, F = q.columns["h"][:, 0], len(q.f)
    yield f_by_w(t), np.einsum("ik,lj,j->ikl", np.eye(F), np.eye(len(h)), h)
    yield f_by_w(t), np.einsum("ik,l->ikl", np.eye(F), h)


def E22(t: Any, q: Any) -> Pairs:
    c = q.columns
    r, h, F = c["f"] - c["y"], c["h"], over(1, len(c["f"]))
    for k in F:
        for l in over(1, len(h)):
            left = at(t.columns["dL_dW"], k, l)
            yield left, sum(2 * at(r, i) * kron(i, k) * at(h, l) for i in F)
            yield left, 2 * at(h, l) * sum(kron(i, k) * at(r, i) for i in F)
            yield left, 2 * at(r, k) * at(h, l)


def E23(t: Any, q: Any) -> Pairs:
    c = q.columns
    yield t.columns["dL_dW"], product(2 * (c["f"] - c["y"]), c["h"].T)


def E24(t: Any, q: Any) -> Pairs:
    J = t.jacobian(("A", 1), ("Z", 1))
    yield t.columns["dL_dg"][:, 0], q.columns["dL_dh"][:, 0] @ J


def E25(t: Any, q: Any, *, printed: bool) -> Pairs:
    H = len(q.h[1])
    value = q.sigma[1].value(q.g[1])[:, 0]
    for k in range(H):  # the column h as a function of g_k
        yield t.h[1][:, 0], np.eye(H)[k] * value[k] if printed else value


def E26(t: Any, q: Any) -> Pairs:
    yield t.jacobian(("A", 1), ("Z", 1)), np.diag(sigma_prime(q)[:, 0])


def E27(t: Any, q: Any) -> Pairs:
    above, slope, H = q.columns["dL_dh"], sigma_prime(q), over(1, len(q.h[1]))
    sums = (sum(at(above, j) * kron(j, k) * at(slope, k) for j in H) for k in H)
    yield t.columns["dL_dg"], column(sums)
    yield t.columns["dL_dg"], column(at(above, k) * at(slope, k) for k in H)


def E28(t: Any, q: Any) -> Pairs:
    c, slope = q.columns, sigma_prime(q)
    _D, H, F = widths(c)
    above = {
        k: sum(
            2 * (at(c["f"], i) - at(c["y"], i)) * at(c["W"], i, k) for i in over(1, F)
        )
        for k in over(1, H)
    }
    yield t.columns["dL_dg"], column(above[k] * at(slope, k) for k in above)


def E29(t: Any, q: Any) -> Pairs:
    J = t.jacobian(("A", 1), ("Z", 1))
    yield t.columns["dL_dg"], product(q.columns["dL_dh"].T, J).T
    yield np.diag(np.diag(J)), J


def E30(t: Any, q: Any) -> Pairs:
    yield t.columns["dL_dg"], hadamard(q.columns["dL_dh"], sigma_prime(q))


def T1(t: Any, q: Any) -> Pairs:
    yield np.diag(t.jacobian(("A", 1), ("Z", 1)))[:, None], sigma_prime(q)
    yield True, np.all(np.abs(1 / sigma_prime(q) - sigma_prime(q)) > 1e-3)


def g_by_v(t: Any) -> Any:
    """∂g_i/∂V_kl, measured: axes i, k, l."""
    return t.jacobian(("Z", 1), ("W", 1))


def E31(t: Any, q: Any) -> Pairs:
    yield t.columns["dL_dV"], np.tensordot(q.columns["dL_dg"][:, 0], g_by_v(t), axes=1)


def E32(t: Any, q: Any) -> Pairs:
    c = q.columns
    D, H, _F = widths(c)
    yield (
        t.g[1],
        column(
            sum(at(c["V"], i, j) * at(c["x"], j) for j in over(1, D))
            for i in over(1, H)
        ),
    )


def E33_34(t: Any, q: Any) -> Pairs:
    x, H = q.columns["x"][:, 0], len(q.g[1])
    yield g_by_v(t), np.einsum("ik,lj,j->ikl", np.eye(H), np.eye(len(x)), x)
    yield g_by_v(t), np.einsum("ik,l->ikl", np.eye(H), x)


def E35_36(t: Any, q: Any) -> Pairs:
    c = q.columns
    D, H, _F = widths(c)
    for k in over(1, H):
        for l in over(1, D):
            left, x_l = at(t.columns["dL_dV"], k, l), at(c["x"], l)
            yield left, sum(at(c["dL_dg"], i) * kron(i, k) * x_l for i in over(1, H))
            yield left, at(c["dL_dg"], k) * x_l


def E37(t: Any, q: Any) -> Pairs:
    c = q.columns
    D, H, _F = widths(c)
    right = [
        [at(c["dL_dg"], k) * at(c["x"], l) for l in over(1, D)] for k in over(1, H)
    ]
    yield t.columns["dL_dV"], np.array(right)


def E38(t: Any, q: Any) -> Pairs:
    yield t.columns["dL_dV"], product(q.columns["dL_dg"], q.columns["x"].T)


def E39(t: Any, q: Any) -> Pairs:
    yield (
        t.columns["dL_dV"],
        product(hadamard(q.columns["dL_dh"], sigma_prime(q)), q.columns["x"].T),
    )


def E40(t: Any, q: Any) -> Pairs:
    c = q.columns
    yield (
        t.columns["dL_dV"],
        product(
            2 * hadamard(product(c["W"].T, c["f"] - c["y"]), sigma_prime(q)), c["x"].T
        ),
    )


def T2(t: Any, q: Any, *, printed: bool) -> Pairs:
    h = q.sigma[1].value(product(q.W[1], q.h[0]))
    yield t.f, product(q.W["F"], h if printed else np.vstack([h, [[1.0]]]))


def T3(t: Any, q: Any, *, printed: bool) -> Pairs:
    r = 2 * (q.f - q.y)
    dL_dh = product(q.W["F"].T, r)
    dL_dg = hadamard(dL_dh if printed else dL_dh[:-1], sigma_prime(q))
    yield t.columns["dL_dg"], dL_dg
    yield t.columns["dL_dW"], product(r, q.h[1].T)
    yield t.columns["dL_dV"], product(dL_dg, q.h[0].T)


def T2b(t: Any, q: Any, *, printed: bool) -> Pairs:
    if printed:
        V = np.vstack([q.W[1], q.W[1][-1:]])  # any row that a start may give it
        h = q.sigma[1].value(product(V, q.h[0]))
    else:
        h = np.vstack([q.sigma[1].value(product(q.W[1], q.h[0])), [[1.0]]])
    yield t.f, product(q.W["F"], h)
