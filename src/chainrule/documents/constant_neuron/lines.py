"""S2, line by line: neuron 0 is the constant, all indices from 0, rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import constant_neuron
from ..lines import Pairs
from ..settings import NARROWING, Cases, cases, plain, with_quartic
from ..shapes import at, hadamard, over, product

#: Networks → case → the setting.
NS, SQ = NARROWING["NS"], NARROWING["SQ"]
KINDS: dict[str, Cases] = {
    "any": {
        **cases(NARROWING, plain("sigmoid", 0.5), 31),
        **cases({"NS tanh quartic": NS}, with_quartic("tanh"), 32),
        **cases({"SQ softplus quartic": SQ}, with_quartic("softplus"), 33),
    },
    "logistic": cases(NARROWING, plain("sigmoid", 0.5), 34),
    "squares": cases({"NS": NS}, plain("sigmoid", 1.0), 35),
    "quartic": cases({"NS": NS}, with_quartic("tanh"), 36),
}


def inner(q: Any) -> Any:
    """The layers between input and output, 1 … L-2."""
    return over(1, q.L - 2)


def sigma_prime(q: Any, l: Any) -> Any:
    """σ'(a^l), a row with the entry of neuron 0, where a_0 = 1."""
    return q.sigma[l - 1].derivative(q.a[l])


def entry(row: Any, i: Any) -> Any:
    """The entry of neuron i, from 0."""
    return at(row, i, first=0)


def weight(q: Any, l: Any, i: Any, j: Any) -> Any:
    """w_ij^l."""
    return at(q.w[l], i, j, first=0)


def upper(q: Any, l: Any, i: Any) -> Any:
    """Σ_k w_ik^l δ_k^(l+1), k from 0."""
    return sum(weight(q, l, i, k) * entry(q.delta[l + 1], k) for k in range(q.n[l + 1]))


def augmented_jacobian(t: Any, q: Any, l: Any) -> Any:
    """∂a_k^(l+1)/∂w_ij^l, measured, for k, j ≥ 1 and i ≥ 0: axes k, i, j."""
    by_b = t.jacobian(("Z", l + 1), ("b", l + 1))
    by_w = t.jacobian(("Z", l + 1), ("W", l + 1))
    return np.concatenate([by_b[:, None, :], np.swapaxes(by_w, 1, 2)], axis=1)


def gradient_flat(dL_dw: Any) -> Any:
    """A gradient's free entries, laid out as θ."""
    arrays = [g[:, 1:] for g in dL_dw.values()]
    return np.concatenate(
        [*(g[1:].T.reshape(-1) for g in arrays), *(g[0] for g in arrays)]
    )


def E1(t: Any, q: Any, *, printed: bool) -> Pairs:
    count = len(t.sweep.x) if printed else q.L
    yield len(q.o) - 2, count - 2  # without input and output
    yield len(q.w), count - 1


def E2(t: Any, q: Any) -> Pairs:
    yield tuple(k + 1 for k in t.sweep.network.sizes), q.n
    yield 100, constant_neuron.network((101, 3)).sizes[0]
    for l in over(0, q.L - 2):
        yield (q.n[l], q.n[l + 1]), q.w[l].shape


def E3(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L - 1):
        o = q.sigma[l - 1].value(q.a[l])
        if not printed:
            o[0, 0] = 1.0
        yield t.o[l], o


def E4(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L - 1):
        last = q.n[l if printed else l - 1] - 1
        sums = [
            sum(entry(q.o[l - 1], j) * weight(q, l - 1, j, i) for j in over(0, last))
            for i in range(q.n[l])
        ]
        yield t.a[l], np.array([sums])


def E5(t: Any, q: Any) -> Pairs:
    yield t.sweep.x[0], np.array([entry(q.o[0], i) for i in range(1, q.n[0])])
    yield 1.0, entry(q.o[0], 0)


def E6(t: Any, q: Any) -> Pairs:
    yield (
        t.sweep.A[-1][0],
        np.array([entry(q.o[q.L - 1], i) for i in range(1, q.n[q.L - 1])]),
    )


def E7(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 2):
        yield t.sweep.parameters.biases[l], q.w[l][0, 1:]


def E8(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 2):
        yield np.eye(q.n[l])[:, 0], q.w[l][:, 0]
        yield 1.0, product(q.o[l], q.w[l])[0, 0]


def E9(t: Any, q: Any, *, printed: bool) -> Pairs:
    last = q.n[q.L - 1] - (0 if printed else 1)
    outputs = np.array([[entry(q.o[q.L - 1], i) for i in over(1, last)]])
    network = t.sweep.network
    yield (
        t.loss,
        network.loss.value_and_delta(
            q.D[:, 1:], q.a[q.L - 1][:, 1:], outputs, network.activations[-1]
        )[0][0],
    )
    yield t.loss, q.loss


def E10(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(0, q.L - 2):
        yield t.dL_dw[l], product(q.o[l].T, (-1 if printed else 1) * t.delta[l + 1])


def summed(q: Any, l: Any, j: Any, last: Any) -> Any:
    """o_j^(l+1) = σ(Σ_{i=0}^{last} o_i w_ij)."""
    return q.sigma[l].value(
        np.array(sum(entry(q.o[l], i) * weight(q, l, i, j) for i in over(0, last)))
    )


def E11(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(0, q.L - 2):
        last = q.n[l] - (0 if printed else 1)
        yield (
            t.o[l + 1][0, 1:],
            np.array([summed(q, l, j, last) for j in range(1, q.n[l + 1])]),
        )


def E12(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(0, q.L - 2):
        end = q.n[q.L - 1 if printed else l + 1]
        yield (
            t.o[l + 1][0, 1:],
            np.array([summed(q, l, j, q.n[l] - 1) for j in range(1, end)]),
        )


def E13(t: Any, q: Any) -> Pairs:
    yield t.sweep.x[0], q.o[0][0, 1:]
    yield np.ones(q.L), np.array([entry(q.o[l], 0) for l in range(q.L)])


def E14(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 2):
        rows, cols = range(q.n[l]), range(q.n[l + 1])
        yield (
            t.dL_dw[l],
            np.array(
                [
                    [entry(q.delta[l + 1], j) * entry(q.o[l], i) for j in cols]
                    for i in rows
                ]
            ),
        )


def E15(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 2):
        sums = [
            sum(entry(q.o[l], m) * weight(q, l, m, k) for m in range(q.n[l]))
            for k in range(q.n[l + 1])
        ]
        yield t.a[l + 1], np.array([sums])


def E16(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 2):
        yield (
            augmented_jacobian(t, q, l),
            np.einsum("i,jk->kij", q.o[l][0], np.eye(q.n[l + 1] - 1)),
        )


def E17(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 2):
        delta = q.delta[l + 1][0, 1:]
        yield (
            t.dL_dw[l][:, 1:],
            np.einsum("k,kij->ij", delta, augmented_jacobian(t, q, l)),
        )
        yield (
            t.dL_dw[l][:, 1:],
            np.einsum("k,i,jk->ij", delta, q.o[l][0], np.eye(len(delta))),
        )


def E18(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in inner(q):
        first = 0 if printed else 1
        right = np.array(
            [entry(sigma_prime(q, l), i) * upper(q, l, i) for i in range(first, q.n[l])]
        )
        yield t.delta[l][0, first:], right


def E18b(t: Any, q: Any) -> Pairs:
    for l in inner(q):
        for sign in (1, -1):
            above = sign * q.delta[l + 1]
            both = (product(above, q.w[l].T), product(above[:, 1:], q.w[l][:, 1:].T))
            for sums in both:
                yield sign * t.delta[l][:, 1:], hadamard(sigma_prime(q, l), sums)[:, 1:]


def E19(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L - 1):
        yield t.jacobian(("A", l), ("Z", l)), np.diag(sigma_prime(q, l)[0, 1:])


def E20(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in inner(q):
        slope = sigma_prime(q, l)
        rows, cols = range(1, q.n[l + 1]), range(1, q.n[l])
        right = [
            [entry(slope, i) * weight(q, l, i, i if printed else j) for i in cols]
            for j in rows
        ]
        yield t.jacobian(("Z", l + 1), ("Z", l)), np.array(right)


def E21(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in inner(q):
        slope = sigma_prime(q, l)
        rows, cols = range(1, q.n[l + 1]), range(1, q.n[l])
        right = [
            [
                entry(slope, i) * (float(i == j) if printed else weight(q, l, i, j))
                for i in cols
            ]
            for j in rows
        ]
        yield t.jacobian(("Z", l + 1), ("Z", l)), np.array(right)


def E22(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L - 1):
        yield t.delta[l], q.delta[l]


def E23(t: Any, q: Any) -> Pairs:
    for l in inner(q):
        yield (
            t.delta[l][0, 1:],
            q.delta[l + 1][0, 1:] @ t.jacobian(("Z", l + 1), ("Z", l)),
        )


def E24(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in inner(q):
        copied = [entry(q.delta[l + 1], 1) * entry(q.o[l], i) for i in range(1, q.n[l])]
        meant = [entry(sigma_prime(q, l), i) * upper(q, l, i) for i in range(1, q.n[l])]
        yield t.delta[l][0, 1:], np.array(copied if printed else meant)


def E25(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in inner(q):
        copied = [
            entry(q.delta[l + 1], q.n[l + 1] - 1) * entry(q.o[l], i)
            for i in range(1, q.n[l])
        ]
        meant = [entry(sigma_prime(q, l), i) * upper(q, l, i) for i in range(1, q.n[l])]
        yield t.delta[l][0, 1:], np.array(copied if printed else meant)


def base_case(q: Any, unused: Any = 0.37) -> Any:
    """O (1 - o) (o - D) for 0 ≤ j < n^(L-1), with some D_0."""
    o, D = q.o[q.L - 1], q.D.copy()
    D[0, 0] = unused
    return o * (1 - o) * (o - D)


def E26(t: Any, q: Any) -> Pairs:
    yield t.delta[q.L - 1], base_case(q)


def E26b(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield t.delta[q.L - 1], (1 if printed else 2) * base_case(q)


def E26c(t: Any, q: Any, *, printed: bool) -> Pairs:
    last = q.L - 1
    general = sigma_prime(q, last) * 4 * (q.o[last] - q.D) ** 3
    yield t.delta[last][:, 1:], (base_case(q) if printed else general)[:, 1:]


def E27(t: Any, q: Any) -> Pairs:
    for l in inner(q):
        right = [
            entry(q.o[l], j) * (1 - entry(q.o[l], j)) * upper(q, l, j)
            for j in range(q.n[l])
        ]
        yield t.delta[l], np.array([right])


def E28(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L - 1):
        yield 0.0, entry(q.delta[l], 0)
        yield 0.0, entry(q.o[l] * (1 - q.o[l]), 0)


def E29(t: Any, q: Any) -> Pairs:
    stepped = constant_neuron.step(q, 0.25)
    for l in over(0, q.L - 2):
        yield t.w[l] - 0.25 * t.dL_dw[l], stepped[l]
    yield t.slope(-gradient_flat(q.dL_dw)), -np.sum(gradient_flat(q.dL_dw) ** 2)


def E29b(t: Any, q: Any, *, printed: bool) -> Pairs:
    delta = {l: (-1 if printed else 1) * t.delta[l] for l in over(1, q.L - 1)}
    step = gradient_flat(
        {l: -product(q.o[l].T, delta[l + 1]) for l in over(0, q.L - 2)}
    )
    yield -np.sum(gradient_flat(t.dL_dw) ** 2), t.slope(step)


def E30(t: Any, q: Any) -> Pairs:
    stepped = constant_neuron.step(q, 0.5)
    for l in over(0, q.L - 2):
        yield np.eye(q.n[l])[:, 0], stepped[l][:, 0]


def E31(t: Any, q: Any) -> Pairs:
    stepped = constant_neuron.step(q, 0.5)
    for l in over(0, q.L - 2):
        yield -0.5 * t.dL_dw[l][0, 1:], stepped[l][0, 1:] - q.w[l][0, 1:]
        yield True, np.all(stepped[l][0, 1:] != q.w[l][0, 1:])


def E32(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in inner(q):
        delta_0 = (
            entry(sigma_prime(q, l), 0) * upper(q, l, 0)
            if printed
            else entry(q.delta[l], 0)
        )
        yield np.zeros(q.n[l - 1]), q.o[l - 1][0] * delta_0
