"""S3, line by line: logistic layers 1 … M, two numberings, one vector θ, sum and mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import flat_theta
from ..lines import Pairs
from ..settings import TAPERED, Cases, cases
from ..shapes import at, column, columnwise, hadamard, over, product

#: Networks → case → the setting.
KINDS: dict[str, Cases] = {
    "one": cases(TAPERED, flat_theta.network, 41),
    "sum": cases(TAPERED, flat_theta.network, 42, rows=5),
    "mean": cases(TAPERED, flat_theta.network, 43, rows=5, reduction="mean"),
    "count": cases({**TAPERED, "784-10-10": (784, 10, 10)}, flat_theta.network, 44),
}


def numbering_a(q: Any) -> Any:
    """W^[k] and b^[k], k = 1 … M-1, as in (1) and θ."""
    return flat_theta.layers_of(q.theta, tuple(q.n.values()), numbering="A")


def sigma_prime(q: Any, k: Any) -> Any:
    """σ'(z^[k]), a column."""
    return q.sigma[k].derivative(q.z[k])


def E1(t: Any, q: Any, *, printed: bool) -> Pairs:
    W, b = (q.W, q.b) if printed else numbering_a(q)
    v = q.a[1]
    for k in over(2, q.M):
        v = columnwise(q.sigma[k].value, product(W[k - 1], v) + b[k - 1])
        yield t.a[k], v


def E2(t: Any, q: Any) -> Pairs:
    for k in over(2, q.M):
        yield t.a[k], 1 / (1 + np.exp(-q.z[k]))


def E3(t: Any, q: Any) -> Pairs:
    W, b = numbering_a(q)
    for i in range(q.N):
        v = q.a[1][:, [i]]
        for k in over(2, q.M):
            v = columnwise(q.sigma[k].value, product(W[k - 1], v) + b[k - 1])
            yield t.a[k][:, [i]], v


def E4(t: Any, q: Any) -> Pairs:
    yield t.loss, 0.5 * np.linalg.norm(q.a[q.M] - q.y) ** 2
    yield t.loss, q.loss


def E5(t: Any, q: Any) -> Pairs:
    yield (
        t.loss,
        sum(0.5 * np.sum((q.a[q.M][:, i] - q.y[:, i]) ** 2) for i in range(q.N)),
    )
    yield t.loss, q.loss
    yield t.losses, q.losses


def E6(t: Any, q: Any, *, printed: bool) -> Pairs:
    # a function of what is listed has one value for these W, b and y, whatever the x
    x = q.a[1] + 1.0 if printed else q.a[1]
    yield t.loss, flat_theta.run(t.sweep.network, q.theta, x, q.y).loss
    if not printed:
        yield t.dL_da[1], q.dL_da[1]


def E7(t: Any, q: Any) -> Pairs:
    weights = sum(W.size for W in t.sweep.parameters.weights)
    yield weights, sum(q.n[k] * q.n[k + 1] for k in over(1, q.M - 1))


def E8(t: Any, q: Any, *, printed: bool) -> Pairs:
    weights = sum(q.n[k] * q.n[k + 1] for k in over(1, q.M - 1))
    biases = sum(q.n[k] for k in (over(1, q.M - 1) if printed else over(2, q.M)))
    yield t.sweep.parameters.theta.size, weights + biases


def E9(t: Any, q: Any) -> Pairs:
    W, b = numbering_a(q)
    yield t.theta, flat_theta.flatten((W, b))
    yield t.dL_dtheta, flat_theta.flatten((q.dL_dW, q.dL_db), numbering="B")
    yield (
        t.dL_dtheta,
        np.concatenate([v.reshape(-1) for v in (*q.dL_dW.values(), *q.dL_db.values())]),
    )


def E9b(t: Any, q: Any) -> Pairs:
    s = t.sweep
    summed = flat_theta.run(s.network, q.theta, q.a[1], q.y, reduction="sum")
    yield q.N * t.dL_dtheta, summed.dL_dtheta


def E10(t: Any, q: Any) -> Pairs:
    for k in over(2, q.M):
        yield t.z[k], product(q.W[k], q.a[k - 1]) + q.b[k]
        yield t.a[k], columnwise(q.sigma[k].value, q.z[k])


def E10b(t: Any, q: Any, *, printed: bool) -> Pairs:
    W, b = numbering_a(q)
    shift = 0 if printed else 1
    a = q.a[1]
    for k in over(2, q.M):
        z = product(W[k - shift], a) + b[k - shift]
        a = columnwise(q.sigma[k].value, z)
        yield t.z[k], z


def E11(t: Any, q: Any) -> Pairs:
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


def E12(t: Any, q: Any) -> Pairs:
    M, a = q.M, q.a[q.M]
    yield t.dL_dz[M], hadamard(q.dL_da[M], sigma_prime(q, M))
    yield t.dL_dz[M], hadamard(a - q.y, sigma_prime(q, M))
    yield t.dL_dz[M], (a - q.y) * a * (1 - a)


def E12b(t: Any, q: Any) -> Pairs:
    for k in over(2, q.M):
        yield (
            np.diag(t.jacobian(("A", k - 1), ("Z", k - 1)))[:, None],
            q.a[k] * (1 - q.a[k]),
        )
        yield sigma_prime(q, k), q.a[k] * (1 - q.a[k])


def E13(t: Any, q: Any) -> Pairs:
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


def E14(t: Any, q: Any) -> Pairs:
    jacobian = last_jacobian(t, q)
    yield (
        t.dL_dz[q.M - 1],
        column(q.dL_dz[q.M][:, 0] @ jacobian[:, j] for j in range(q.n[q.M - 1])),
    )


def E15(t: Any, q: Any, *, printed: bool) -> Pairs:
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


def E16(t: Any, q: Any, *, printed: bool) -> Pairs:
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


def E17(t: Any, q: Any) -> Pairs:
    M, slope = q.M, sigma_prime(q, q.M - 1)
    outputs, inputs = over(1, q.n[M]), over(1, q.n[M - 1])
    sums = (
        sum(at(q.dL_dz[M], m) * at(q.W[M], m, j) * at(slope, j) for m in outputs)
        for j in inputs
    )
    yield t.dL_dz[M - 1], column(sums)


def E18(t: Any, q: Any) -> Pairs:
    yield (
        t.dL_dz[q.M - 1],
        hadamard(sigma_prime(q, q.M - 1), product(q.W[q.M].T, q.dL_dz[q.M])),
    )


def recursion(q: Any, k: Any) -> Any:
    """((W^[k+1])ᵀ ∂L/∂z^[k+1]) a^[k] (1 - a^[k])."""
    return product(q.W[k + 1].T, q.dL_dz[k + 1]) * q.a[k] * (1 - q.a[k])


def E19(t: Any, q: Any) -> Pairs:
    yield t.dL_dz[q.M - 1], recursion(q, q.M - 1)


def E19b(t: Any, q: Any) -> Pairs:
    for k in over(2, q.M - 1)[::-1]:
        yield t.dL_dz[k], recursion(q, k)


def E20(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield t.dL_da[1], recursion(q, 1) if printed else product(q.W[2].T, q.dL_dz[2])


def E20b(t: Any, q: Any) -> Pairs:
    # numbered as S0 and S1 do, the document's k + 1 is k: the line is the recursion at its layer 2
    a, z_above = q.a[2], q.dL_dz[3]
    yield t.dL_dz[2], product(q.W[3].T, z_above) * a * (1 - a)


def E21(t: Any, q: Any) -> Pairs:
    for k in over(2, q.M):
        yield t.dL_db[k], q.dL_dz[k]


def E22(t: Any, q: Any, *, printed: bool) -> Pairs:
    for k in over(2, q.M):
        yield t.dL_dW[k], product(q.dL_dz[k], q.a[k if printed else k - 1].T)


def E23(t: Any, q: Any) -> Pairs:
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


def E24(t: Any, q: Any, *, printed: bool) -> Pairs:
    mean = flat_theta.run(t.sweep.network, q.theta, q.a[1], q.y, reduction="mean")
    factor = 1 if printed else q.N
    yield t.loss, factor * mean.loss
    yield t.dL_dtheta, factor * mean.dL_dtheta
