"""S3, line by line: logistic layers 1 … M, two numberings, one vector θ, sum and mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import flat_theta
from ..lines import Lines, Pairs, Verdict
from ..shapes import at, columnwise, hadamard, over, product

__all__ = ["S3"]

S3 = Lines("S3")


def numbering_a(q: Any) -> Any:
    """W^[k] and b^[k], k = 1 … M-1, as in (1) and θ."""
    return flat_theta.layers_of(q.theta, tuple(q.n.values()), numbering="A")


def column(values: Any) -> Any:
    """A column of these numbers."""
    return np.array(list(values))[:, None]


def sigma_prime(q: Any, k: Any) -> Any:
    """σ'(z^[k]), a column."""
    return q.sigma[k].derivative(q.z[k])


@S3.wrong(
    "E1",
    "section 1.1, (1)",
    "W^[k] of n_k × n_{k-1} and b^[k] in R^{n_k}, used as v^[k] = σ(W^[k-1] v^[k-1] + b^[k-1])",
    "for (1): W^[k] of n_{k+1} × n_k, b^[k] in R^{n_{k+1}}, k = 1 … M-1",
    "one",
    "NS: index; SQ: index; ML: index",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    W, b = (q.W, q.b) if printed else numbering_a(q)
    v = q.a[1]
    for k in over(2, q.M):
        v = columnwise(q.sigma[k].value, product(W[k - 1], v) + b[k - 1])
        yield t.a[k], v


@S3.holds("E2", "σ(x) = 1 / (1 + e^{-x}), for each component", "one")
def _(t: Any, q: Any) -> Pairs:
    for k in over(2, q.M):
        yield t.a[k], 1 / (1 + np.exp(-q.z[k]))


@S3.holds(
    "E3",
    "(1) v^[1] = x, v^[k] = σ(W^[k-1] v^[k-1] + b^[k-1]), k = 2 … M (numbering A)",
    "sum",
)
def _(t: Any, q: Any) -> Pairs:
    W, b = numbering_a(q)
    for i in range(q.N):
        v = q.a[1][:, [i]]
        for k in over(2, q.M):
            v = columnwise(q.sigma[k].value, product(W[k - 1], v) + b[k - 1])
            yield t.a[k][:, [i]], v


@S3.holds("E4", "(2) L = ½ ‖ŷ - y‖², ŷ = v^[M]", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.loss, 0.5 * np.linalg.norm(q.a[q.M] - q.y) ** 2
    yield t.loss, q.loss


@S3.holds("E5", "total loss Σ_i ½ ‖ŷ_i - y_i‖²", "sum")
def _(t: Any, q: Any) -> Pairs:
    yield (
        t.loss,
        sum(0.5 * np.sum((q.a[q.M][:, i] - q.y[:, i]) ** 2) for i in range(q.N)),
    )
    yield t.loss, q.loss
    yield t.losses, q.losses


@S3.wrong(
    "E6",
    "section 1.2",
    "L(W^[1], …, W^[M-1], b^[1], …, b^[M-1], y_1, …, y_n), without the x_i",
    "and on the x_i",
    "one",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    # a function of what is listed has one value for these W, b and y, whatever the x
    x = q.a[1] + 1.0 if printed else q.a[1]
    yield t.loss, flat_theta.run(t.sweep.network, q.theta, x, q.y).loss
    if not printed:
        yield t.dL_da[1], q.dL_da[1]


@S3.holds("E7", "weights in θ: Σ_{k=1}^{M-1} n_k n_{k+1}", "one")
def _(t: Any, q: Any) -> Pairs:
    weights = sum(W.size for W in t.sweep.parameters.weights)
    yield weights, sum(q.n[k] * q.n[k + 1] for k in over(1, q.M - 1))


@S3.wrong(
    "E8",
    "section 1.2",
    "D = Σ_{k=1}^{M-1} n_k n_{k+1} + Σ_{k=1}^{M-1} n_k",
    "biases: Σ_{k=2}^{M} n_k",
    "count",
    "NS: value; ML: value; 784-10-10: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    weights = sum(q.n[k] * q.n[k + 1] for k in over(1, q.M - 1))
    biases = sum(q.n[k] for k in (over(1, q.M - 1) if printed else over(2, q.M)))
    yield t.sweep.parameters.theta.size, weights + biases


@S3.holds(
    "E9",
    "θ = (W^[1] … W^[M-1], b^[1] … b^[M-1]) in R^D: the flat gradient is the stacked gradients",
    "sum",
)
def _(t: Any, q: Any) -> Pairs:
    W, b = numbering_a(q)
    yield t.theta, flat_theta.flatten((W, b))
    yield t.dL_dtheta, flat_theta.flatten((q.dL_dW, q.dL_db), numbering="B")
    yield (
        t.dL_dtheta,
        np.concatenate([v.reshape(-1) for v in (*q.dL_dW.values(), *q.dL_db.values())]),
    )


@S3.holds(
    "E9b", "argmin of the sum = argmin of the mean: gradients parallel, n apart", "mean"
)
def _(t: Any, q: Any) -> Pairs:
    s = t.sweep
    summed = flat_theta.run(s.network, q.theta, q.a[1], q.y, reduction="sum")
    yield q.N * t.dL_dtheta, summed.dL_dtheta


@S3.holds(
    "E10",
    "z^[k] = W^[k] a^[k-1] + b^[k], a^[k] = σ(z^[k]), k = 2 … M, a^[1] = x (numbering B)",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    for k in over(2, q.M):
        yield t.z[k], product(q.W[k], q.a[k - 1]) + q.b[k]
        yield t.a[k], columnwise(q.sigma[k].value, q.z[k])


@S3.trap(
    "E10b",
    "numbering B on numbering A's θ: z^[k] = W^[k] a^[k-1] + b^[k] with the W^[k] of (1)",
    "W^[k] of B is W^[k-1] of A",
    "one",
    "NS: product; SQ: index; ML: product",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    W, b = numbering_a(q)
    shift = 0 if printed else 1
    a = q.a[1]
    for k in over(2, q.M):
        z = product(W[k - shift], a) + b[k - shift]
        a = columnwise(q.sigma[k].value, z)
        yield t.z[k], z


@S3.holds(
    "E11",
    "z_j^[k] = (W^[k] a^[k-1])_j + b_j^[k], a_j^[k] = σ(z^[k])_j, j = 1 … n_k",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    for k in over(2, q.M):
        yield (
            t.z[k],
            column(
                at(product(q.W[k], q.a[k - 1]), j) + at(q.b[k], j)
                for j in over(1, q.n[k])
            ),
        )
        yield (
            t.a[k],
            column(
                at(columnwise(q.sigma[k].value, q.z[k]), j) for j in over(1, q.n[k])
            ),
        )


@S3.holds(
    "E12",
    "∂L/∂z_j^[M] = ∂L/∂a_j σ'(z_j) = (a_j - y_j) σ'(z_j) = (a_j - y_j) a_j (1 - a_j)",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    M, a = q.M, q.a[q.M]
    yield t.dL_dz[M], hadamard(q.dL_da[M], sigma_prime(q, M))
    yield t.dL_dz[M], hadamard(a - q.y, sigma_prime(q, M))
    yield t.dL_dz[M], (a - q.y) * a * (1 - a)


@S3.holds("E12b", "σ'(x) = σ(x)(1 - σ(x))", "one")
def _(t: Any, q: Any) -> Pairs:
    for k in over(2, q.M):
        yield (
            np.diag(t.jacobian(("A", k - 1), ("Z", k - 1)))[:, None],
            q.a[k] * (1 - q.a[k]),
        )
        yield sigma_prime(q, k), q.a[k] * (1 - q.a[k])


@S3.holds(
    "E13",
    "∂L/∂z_j^[M-1], first line: ∂/∂z_j of ½ Σ_k (y_k - σ(W^[M] σ(z^[M-1]) + b^[M])_k)²",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    M = q.M
    lower, sigma = q.sigma.get(M - 1), q.sigma[M]

    def loss(z: Any) -> Any:
        return 0.5 * np.sum(
            (q.y - sigma.value(product(q.W[M], lower.value(z)) + q.b[M])) ** 2
        )

    bumps = 1e-30j * np.eye(q.n[M - 1])
    yield (
        t.dL_dz[M - 1],
        column(loss(q.z[M - 1] + bump[:, None]).imag / 1e-30 for bump in bumps),
    )


def last_jacobian(t: Any, q: Any) -> Any:
    """∂z_m^[M]/∂z_j^[M-1], measured."""
    return t.jacobian(("Z", q.M - 1), ("Z", q.M - 2))


@S3.holds("E14", "second line: ∇_{z^[M]} L · ∂z^[M]/∂z_j^[M-1]", "one")
def _(t: Any, q: Any) -> Pairs:
    jacobian = last_jacobian(t, q)
    yield (
        t.dL_dz[q.M - 1],
        column(q.dL_dz[q.M][:, 0] @ jacobian[:, j] for j in range(q.n[q.M - 1])),
    )


@S3.wrong(
    "E15",
    "section 1.3, third line of ∂L/∂z_j^[M-1]",
    "∂L/∂z_j^[M-1] = Σ_m ∂L/∂z_m^[M] ∂z^[M]/∂z_j^[M-1]",
    "∂z_m^[M]",
    "one",
    "NS: shape; SQ: shape; ML: shape",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    jacobian, M = last_jacobian(t, q), q.M
    outputs, inputs = over(1, q.n[M]), over(1, q.n[M - 1])
    if printed:
        right = np.array(
            [
                sum(at(q.dL_dz[M], m) * jacobian[:, j - 1] for m in outputs)
                for j in inputs
            ]
        )
    else:
        right = np.array(
            [
                sum(at(q.dL_dz[M], m) * jacobian[m - 1, j - 1] for m in outputs)
                for j in inputs
            ]
        )
    yield t.dL_dz[M - 1][:, 0], right


@S3.reading(
    "E16",
    "section 1.3, fourth line of ∂L/∂z_j^[M-1]",
    "∂L/∂z_j^[M-1] = Σ_m ∂L/∂z_m (∂/∂z_j Σ_s w_ms σ(z_s) + b_m)",
    "the derivative is of the whole bracket: b_m adds nothing",
    "one",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    M = q.M
    slope = sigma_prime(q, M - 1)
    rest = {m: at(q.b[M], m) if printed else 0.0 for m in over(1, q.n[M])}
    right = (
        sum(
            at(q.dL_dz[M], m) * (at(q.W[M], m, j) * at(slope, j) + rest[m])
            for m in rest
        )
        for j in over(1, q.n[M - 1])
    )
    yield t.dL_dz[M - 1], column(right)


@S3.holds("E17", "fifth line: Σ_m ∂L/∂z_m w_mj^[M] σ'(z_j^[M-1])", "one")
def _(t: Any, q: Any) -> Pairs:
    M, slope = q.M, sigma_prime(q, q.M - 1)
    outputs, inputs = over(1, q.n[M]), over(1, q.n[M - 1])
    sums = (
        sum(at(q.dL_dz[M], m) * at(q.W[M], m, j) * at(slope, j) for m in outputs)
        for j in inputs
    )
    yield t.dL_dz[M - 1], column(sums)


@S3.holds("E18", "sixth line: σ'(z_j) ((W^[M])ᵀ ∂L/∂z^[M])_j", "one")
def _(t: Any, q: Any) -> Pairs:
    yield (
        t.dL_dz[q.M - 1],
        hadamard(sigma_prime(q, q.M - 1), product(q.W[q.M].T, q.dL_dz[q.M])),
    )


def recursion(q: Any, k: Any) -> Any:
    """((W^[k+1])ᵀ ∂L/∂z^[k+1]) a^[k] (1 - a^[k])."""
    return product(q.W[k + 1].T, q.dL_dz[k + 1]) * q.a[k] * (1 - q.a[k])


@S3.holds(
    "E19", "seventh line: ((W^[M])ᵀ ∂L/∂z^[M])_j a_j^[M-1] (1 - a_j^[M-1])", "one"
)
def _(t: Any, q: Any) -> Pairs:
    yield t.dL_dz[q.M - 1], recursion(q, q.M - 1)


@S3.holds(
    "E19b", "the dotted lines: ∂L/∂z^[k] by the same recursion, k = M-1 … 2", "one"
)
def _(t: Any, q: Any) -> Pairs:
    for k in over(2, q.M - 1)[::-1]:
        yield t.dL_dz[k], recursion(q, k)


@S3.wrong(
    "E20",
    "section 1.3",
    "∂L/∂z_j^[1] = ((W^[2])ᵀ ∂L/∂z^[2])_j a_j^[1] (1 - a_j^[1]), layer 1 the input",
    "the recursion ends at k = 2; ∂L/∂a^[1] = (W^[2])ᵀ ∂L/∂z^[2]",
    "one",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield t.dL_da[1], recursion(q, 1) if printed else product(q.W[2].T, q.dL_dz[2])


@S3.holds(
    "E20b", "the same line if the input were layer 0 (k = 1 … M, a^[0] = x)", "one"
)
def _(t: Any, q: Any) -> Pairs:
    # numbered as S0 and S1 do, the document's k + 1 is k: the line is the recursion at its layer 2
    a, z_above = q.a[2], q.dL_dz[3]
    yield t.dL_dz[2], product(q.W[3].T, z_above) * a * (1 - a)


@S3.holds("E21", "∂L/∂b_j^[k] = ∂L/∂z_j^[k], k = 2 … M", "one")
def _(t: Any, q: Any) -> Pairs:
    for k in over(2, q.M):
        yield t.dL_db[k], q.dL_dz[k]


@S3.wrong(
    "E22",
    "section 1.3",
    "∂L/∂w_js^[k] = ∂L/∂z_j^[k] a_s^[k]",
    "a_s^[k-1]",
    "one",
    "NS: shape; SQ: value; ML: shape",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for k in over(2, q.M):
        yield t.dL_dW[k], product(q.dL_dz[k], q.a[k if printed else k - 1].T)


@S3.holds(
    "E23",
    "L = (1/N) Σ_i ½ ‖y_i - a_i^[M]‖²: the gradient is the mean of the data's gradients",
    "mean",
)
def _(t: Any, q: Any) -> Pairs:
    yield (
        t.loss,
        sum(0.5 * np.sum((q.y[:, i] - q.a[q.M][:, i]) ** 2) for i in range(q.N)) / q.N,
    )
    network = t.sweep.network
    each = [
        flat_theta.run(network, q.theta, q.a[1][:, [i]], q.y[:, [i]]).dL_dtheta
        for i in range(q.N)
    ]
    yield t.dL_dtheta, sum(each) / q.N


@S3.wrong(
    "E24",
    "sections 1.2 and 1.3",
    "L = Σ_i ½ ‖ŷ_i - y_i‖², and L = (1/N) Σ_i ½ ‖y_i - a_i^[M]‖²",
    "two losses, a factor N apart: one minimum, two gradients",
    "sum",
    "NS: value; SQ: value; ML: value",
    Verdict.CONFLICT,
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    mean = flat_theta.run(t.sweep.network, q.theta, q.a[1], q.y, reduction="mean")
    factor = 1 if printed else q.N
    yield t.loss, factor * mean.loss
    yield t.dL_dtheta, factor * mean.dL_dtheta
