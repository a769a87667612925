"""S2, line by line: neuron 0 is the constant, all indices from 0, rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import constant_neuron
from ..lines import Lines, Pairs
from ..shapes import at, hadamard, over, product

__all__ = ["S2"]

S2 = Lines("S2")


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


@S2.wrong(
    "E1",
    "section 1",
    "N - 2 hidden layers and N - 1 weight matrices, L the number of layers",
    "L - 2 and L - 1 (N, which nothing defines, is read as the number of patterns)",
    "any",
    "NS: value; SQ: value; ML: value; NS tanh quartic: value; SQ softplus quartic: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    count = len(t.sweep.x) if printed else q.L
    yield len(q.o) - 2, count - 2  # without input and output
    yield len(q.w), count - 1


@S2.holds(
    "E2",
    "n^l is neurons plus one: 100 inputs give n^0 = 101; w^l is n^l × n^(l+1)",
    "any",
)
def _(t: Any, q: Any) -> Pairs:
    yield tuple(k + 1 for k in t.sweep.network.sizes), q.n
    yield 100, constant_neuron.network((101, 3)).sizes[0]
    for l in over(0, q.L - 2):
        yield (q.n[l], q.n[l + 1]), q.w[l].shape


@S2.wrong(
    "E3",
    "section 1",
    "o_i^l = σ(a_i^l) for every i",
    "for i ≥ 1; o_0 = 1",
    "any",
    "NS: value; SQ: value; ML: value; NS tanh quartic: value; SQ softplus quartic: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L - 1):
        o = q.sigma[l - 1].value(q.a[l])
        if not printed:
            o[0, 0] = 1.0
        yield t.o[l], o


@S2.wrong(
    "E4",
    "section 1",
    "a_i^l = Σ_{j=0}^{n^l - 1} o_j^(l-1) w_ji^(l-1)",
    "upper limit n^(l-1) - 1",
    "any",
    "NS: index; ML: value; NS tanh quartic: index",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L - 1):
        last = q.n[l if printed else l - 1] - 1
        sums = [
            sum(entry(q.o[l - 1], j) * weight(q, l - 1, j, i) for j in over(0, last))
            for i in range(q.n[l])
        ]
        yield t.a[l], np.array([sums])


@S2.slip(
    "E5",
    "section 1",
    "o_i^0 = inputs, o_0^0 = 1",
    "inputs at i = 1 … n^0 - 1, the constant at 0",
    "any",
)
def _(t: Any, q: Any) -> Pairs:
    yield t.sweep.x[0], np.array([entry(q.o[0], i) for i in range(1, q.n[0])])
    yield 1.0, entry(q.o[0], 0)


@S2.slip(
    "E6", "section 1", "o_i^(L-1) = outputs", "outputs at i = 1 … n^(L-1) - 1", "any"
)
def _(t: Any, q: Any) -> Pairs:
    yield (
        t.sweep.A[-1][0],
        np.array([entry(q.o[q.L - 1], i) for i in range(1, q.n[q.L - 1])]),
    )


@S2.holds("E7", "w_0i^l are the biases", "any")
def _(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 2):
        yield t.sweep.parameters.biases[l], q.w[l][0, 1:]


@S2.holds("E8", "w_j0^l = Kronecker(j, 0) keeps a_0^(l+1) = 1", "any")
def _(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 2):
        yield np.eye(q.n[l])[:, 0], q.w[l][:, 0]
        yield 1.0, product(q.o[l], q.w[l])[0, 0]


@S2.wrong(
    "E9",
    "section 1",
    "L(o_1, …, o_{n^(L-1)})",
    "last index n^(L-1) - 1",
    "any",
    "NS: index; SQ: index; ML: index; NS tanh quartic: index; SQ softplus quartic: index",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
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


@S2.wrong(
    "E10",
    "section 1",
    "δ_i^l = -∂L/∂a_i^l, and ∂L/∂w_ij^l = δ_j^(l+1) o_i^l in section 3",
    "+∂L/∂a_i^l, as sections 3 to 5 use it",
    "any",
    "NS: value; SQ: value; ML: value; NS tanh quartic: value; SQ softplus quartic: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(0, q.L - 2):
        yield t.dL_dw[l], product(q.o[l].T, (-1 if printed else 1) * t.delta[l + 1])


def summed(q: Any, l: Any, j: Any, last: Any) -> Any:
    """o_j^(l+1) = σ(Σ_{i=0}^{last} o_i w_ij)."""
    return q.sigma[l].value(
        np.array(sum(entry(q.o[l], i) * weight(q, l, i, j) for i in over(0, last)))
    )


@S2.wrong(
    "E11",
    "section 2",
    "o_j^(l+1) = σ(Σ_{i=0}^{n^l} o_i^l w_ij^l)",
    "upper limit n^l - 1",
    "any",
    "NS: index; SQ: index; ML: index; NS tanh quartic: index; SQ softplus quartic: index",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(0, q.L - 2):
        last = q.n[l] - (0 if printed else 1)
        yield (
            t.o[l + 1][0, 1:],
            np.array([summed(q, l, j, last) for j in range(1, q.n[l + 1])]),
        )


@S2.wrong(
    "E12",
    "section 2",
    "o_j^(l+1) = σ(Σ_i o_i^l w_ij^l) for 1 ≤ i < n^(L-1)",
    "1 ≤ j < n^(l+1)",
    "any",
    "NS: index; NS tanh quartic: index",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(0, q.L - 2):
        end = q.n[q.L - 1 if printed else l + 1]
        yield (
            t.o[l + 1][0, 1:],
            np.array([summed(q, l, j, q.n[l] - 1) for j in range(1, end)]),
        )


@S2.slip(
    "E13",
    "section 2",
    "o_j^0 = I_j^d, o_0 = 1 always",
    "j ≥ 1; d counts the data",
    "any",
)
def _(t: Any, q: Any) -> Pairs:
    yield t.sweep.x[0], q.o[0][0, 1:]
    yield np.ones(q.L), np.array([entry(q.o[l], 0) for l in range(q.L)])


@S2.holds(
    "E14", "Theorem 1: ∂L/∂w_ij^l = δ_j^(l+1) o_i^l, with δ = +∂L/∂a and δ_0 = 0", "any"
)
def _(t: Any, q: Any) -> Pairs:
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


@S2.holds("E15", "a_k^(l+1) = Σ_m o_m^l w_mk^l, m over 0 … n^l - 1", "any")
def _(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 2):
        sums = [
            sum(entry(q.o[l], m) * weight(q, l, m, k) for m in range(q.n[l]))
            for k in range(q.n[l + 1])
        ]
        yield t.a[l + 1], np.array([sums])


@S2.holds("E16", "∂a_k^(l+1)/∂w_ij^l = o_i^l Kronecker(j, k)", "any")
def _(t: Any, q: Any) -> Pairs:
    for l in over(0, q.L - 2):
        yield (
            augmented_jacobian(t, q, l),
            np.einsum("i,jk->kij", q.o[l][0], np.eye(q.n[l + 1] - 1)),
        )


@S2.holds(
    "E17",
    "proof of Theorem 1: Σ_k ∂L/∂a_k ∂a_k/∂w_ij = Σ_k δ_k o_i Kronecker(j, k) = δ_j o_i",
    "any",
)
def _(t: Any, q: Any) -> Pairs:
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


@S2.reading(
    "E18",
    'section 3, Theorem "Backpropagation Formula"',
    "δ_i^l = σ'(a_i^l) Σ_k w_ik^l δ_k^(l+1), for every i",
    "i ≥ 1; δ_0 = 0",
    "any",
    "NS: value; SQ: value; ML: value; NS tanh quartic: value; SQ softplus quartic: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in inner(q):
        first = 0 if printed else 1
        right = np.array(
            [entry(sigma_prime(q, l), i) * upper(q, l, i) for i in range(first, q.n[l])]
        )
        yield t.delta[l][0, first:], right


@S2.holds(
    "E18b",
    "Theorem 2 for i ≥ 1, l = 1 … L-2: for either sign of δ, k from 0 or from 1",
    "any",
)
def _(t: Any, q: Any) -> Pairs:
    for l in inner(q):
        for sign in (1, -1):
            above = sign * q.delta[l + 1]
            both = (product(above, q.w[l].T), product(above[:, 1:], q.w[l][:, 1:].T))
            for sums in both:
                yield sign * t.delta[l][:, 1:], hadamard(sigma_prime(q, l), sums)[:, 1:]


@S2.slip(
    "E19",
    "section 3",
    "∂o_j^l/∂a_i^l = σ'(a_i^l) δ_ij^k",
    "Kronecker(i, j), for i, j ≥ 1",
    "any",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L - 1):
        yield t.jacobian(("A", l), ("Z", l)), np.diag(sigma_prime(q, l)[0, 1:])


@S2.wrong(
    "E20",
    "section 3",
    "∂a_j^(l+1)/∂a_i^l = ∂/∂a_i^l Σ_k o_k^l w_ki^l",
    "w_kj",
    "any",
    "NS: index; SQ: value; ML: value; NS tanh quartic: index; SQ softplus quartic: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in inner(q):
        slope = sigma_prime(q, l)
        rows, cols = range(1, q.n[l + 1]), range(1, q.n[l])
        right = [
            [entry(slope, i) * weight(q, l, i, i if printed else j) for i in cols]
            for j in rows
        ]
        yield t.jacobian(("Z", l + 1), ("Z", l)), np.array(right)


@S2.wrong(
    "E21",
    "section 3",
    "∂a_j^(l+1)/∂a_i^l = σ'(a_i^l) Kronecker(i, j)",
    "σ'(a_i^l) w_ij^l",
    "any",
    "NS: value; SQ: value; ML: value; NS tanh quartic: value; SQ softplus quartic: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
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


@S2.holds("E22", "proof of Theorem 2, first line: δ_i^l = ∂L/∂a_i^l", "any")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L - 1):
        yield t.delta[l], q.delta[l]


@S2.holds(
    "E23",
    "second and third line: Σ_k ∂L/∂a_k^(l+1) ∂a_k^(l+1)/∂a_i^l = Σ_k δ_k^(l+1) ∂a_k^(l+1)/∂a_i^l",
    "any",
)
def _(t: Any, q: Any) -> Pairs:
    for l in inner(q):
        yield (
            t.delta[l][0, 1:],
            q.delta[l + 1][0, 1:] @ t.jacobian(("Z", l + 1), ("Z", l)),
        )


@S2.wrong(
    "E24",
    "section 3, proof of the Backpropagation Formula, fourth line",
    "δ_i^l = Σ_k δ_k^(l+1) o_i^l Kronecker(j, k)",
    "Σ_k δ_k w_ik σ'(a_i) (here j = 1)",
    "any",
    "NS: value; SQ: value; ML: value; NS tanh quartic: value; SQ softplus quartic: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in inner(q):
        copied = [entry(q.delta[l + 1], 1) * entry(q.o[l], i) for i in range(1, q.n[l])]
        meant = [entry(sigma_prime(q, l), i) * upper(q, l, i) for i in range(1, q.n[l])]
        yield t.delta[l][0, 1:], np.array(copied if printed else meant)


@S2.wrong(
    "E25",
    "section 3, proof of the Backpropagation Formula, fifth line",
    "δ_i^l = δ_j^(l+1) o_i^l",
    "σ'(a_i) Σ_k w_ik δ_k (here j the last)",
    "any",
    "NS: value; SQ: value; ML: value; NS tanh quartic: value; SQ softplus quartic: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
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


@S2.holds(
    "E26",
    "base case δ_j^(L-1) = o_j (1 - o_j)(o_j - D_j), j ≥ 0: for logistic σ and ½ Σ (o - D)²",
    "logistic",
)
def _(t: Any, q: Any) -> Pairs:
    yield t.delta[q.L - 1], base_case(q)


@S2.trap(
    "E26b",
    "the base case with the loss Σ (o - D)²",
    "twice that",
    "squares",
    "NS: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    yield t.delta[q.L - 1], (1 if printed else 2) * base_case(q)


@S2.trap(
    "E26c",
    "the base case with another σ and another loss",
    "σ'(a_j) ∂L/∂o_j, j ≥ 1",
    "quartic",
    "NS: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    last = q.L - 1
    general = sigma_prime(q, last) * 4 * (q.o[last] - q.D) ** 3
    yield t.delta[last][:, 1:], (base_case(q) if printed else general)[:, 1:]


@S2.holds(
    "E27",
    "δ_j^l = o_j (1 - o_j) Σ_k w_jk δ_k^(l+1), 0 ≤ j < n^l, l = 1 … L-2, for logistic σ",
    "logistic",
)
def _(t: Any, q: Any) -> Pairs:
    for l in inner(q):
        right = [
            entry(q.o[l], j) * (1 - entry(q.o[l], j)) * upper(q, l, j)
            for j in range(q.n[l])
        ]
        yield t.delta[l], np.array([right])


@S2.holds("E28", "δ_0^l = 0 always, because o_0^l = 1", "logistic")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L - 1):
        yield 0.0, entry(q.delta[l], 0)
        yield 0.0, entry(q.o[l] * (1 - q.o[l]), 0)


@S2.holds("E29", "Δw_ij^l = -α δ_j^(l+1) o_i^l is -α ∂L/∂w_ij^l", "logistic")
def _(t: Any, q: Any) -> Pairs:
    stepped = constant_neuron.step(q, 0.25)
    for l in over(0, q.L - 2):
        yield t.w[l] - 0.25 * t.dL_dw[l], stepped[l]
    yield t.slope(-gradient_flat(q.dL_dw)), -np.sum(gradient_flat(q.dL_dw) ** 2)


@S2.wrong(
    "E29b",
    "sections 1 and 5",
    "Δw_ij^l = -α δ_j^(l+1) o_i^l with δ = -∂L/∂a",
    "δ = +∂L/∂a: with the printed sign the step ascends",
    "any",
    "NS: value; SQ: value; ML: value; NS tanh quartic: value; SQ softplus quartic: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    delta = {l: (-1 if printed else 1) * t.delta[l] for l in over(1, q.L - 1)}
    step = gradient_flat(
        {l: -product(q.o[l].T, delta[l + 1]) for l in over(0, q.L - 2)}
    )
    yield -np.sum(gradient_flat(t.dL_dw) ** 2), t.slope(step)


@S2.holds("E30", "Δw_i0^l = 0: column 0 never changes", "any")
def _(t: Any, q: Any) -> Pairs:
    stepped = constant_neuron.step(q, 0.5)
    for l in over(0, q.L - 2):
        yield np.eye(q.n[l])[:, 0], stepped[l][:, 0]


@S2.slip("E31", "section 5", "Δ_0j can be nonzero: biases move", "Δw_0j", "any")
def _(t: Any, q: Any) -> Pairs:
    stepped = constant_neuron.step(q, 0.5)
    for l in over(0, q.L - 2):
        yield -0.5 * t.dL_dw[l][0, 1:], stepped[l][0, 1:] - q.w[l][0, 1:]
        yield True, np.all(stepped[l][0, 1:] != q.w[l][0, 1:])


@S2.trap(
    "E32",
    "Theorem 2 used at i = 0: column 0 would move",
    "δ_0 = 0",
    "any",
    "NS: value; SQ: value; ML: value; NS tanh quartic: value; SQ softplus quartic: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in inner(q):
        delta_0 = (
            entry(sigma_prime(q, l), 0) * upper(q, l, 0)
            if printed
            else entry(q.delta[l], 0)
        )
        yield np.zeros(q.n[l - 1]), q.o[l - 1][0] * delta_0
