"""S1, line by line, first part: layers, regression, one neuron, chains, any widths, N data."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import column_batch
from ..derivations import affine_collapse, chain, neuron, paths, polynomial
from ..lines import Lines, Pairs
from ..shapes import at, columnwise, over, product

__all__ = ["S1_NEURONS", "column", "mu_prime"]

S1_NEURONS = Lines("S1")


def mu_prime(q: Any, l: Any) -> Any:
    """μ'(z^(l)), one column per trial."""
    return q.mu[l - 1].derivative(q.Z[l])


def weighted(q: Any, l: int, i: int, w: Any, *, swapped: bool = False) -> Any:
    """Σ_{j=1}^{n_{l-1}} w_ij a_j^(l-1), first trial; swapped: w_ji."""
    entry = ((at(w, j, i) if swapped else at(w, i, j)) for j in over(1, q.n[l - 1]))
    return sum(v * a for v, a in zip(entry, q.A[l - 1][:, 0], strict=True))


def column(values: Any) -> Any:
    """A column of these numbers."""
    return np.array(list(values))[:, None]


def points() -> Any:
    """Data for a polynomial, with an x of 0."""
    x = np.array([-1.0, -0.6, 0.0, 0.4, 0.7, 1.0])
    return x, np.array([0.3, -0.2, 0.5, 1.1, 0.9, -0.4]), np.array([0.4, -1.2, 0.8])


@S1_NEURONS.wrong(
    "E1",
    'section "Introducing Neural Networks"',
    "a_i^(L) = Σ_{j=1}^{n_{L-1}} w_ji^(L) a_j^(L-1), W^(L) of n_L × n_{L-1}",
    "w_ij",
    "linear",
    "NS: index; SQ: value; ML: index",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.A[l] - t.b[l],
            column(weighted(q, l, i, q.W[l], swapped=printed) for i in over(1, q.n[l])),
        )


@S1_NEURONS.wrong(
    "E2",
    'section "Introducing Neural Networks"',
    "a_i^(L) = Σ_j w_ji^(L) a_j^(L-1) + b_i^(L)",
    "w_ij",
    "linear",
    "NS: index; SQ: value; ML: index",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        yield (
            t.A[l],
            column(
                weighted(q, l, i, q.W[l], swapped=printed) + at(q.b[l], i)
                for i in over(1, q.n[l])
            ),
        )


@S1_NEURONS.slip(
    "E3",
    'section "Introducing Neural Networks"',
    "b^(L) = [b_i; …; b_{n_L}]",
    "the first entry is b_1",
    "linear",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.b[l], column(at(q.b[l], i) for i in over(1, q.n[l]))


@S1_NEURONS.wrong(
    "E4",
    'section "Introducing Neural Networks"',
    "W^(L) = [w_11 … w_1{n_L}; …; w_{n_{L-1}},1 … w_{n_{L-1}},{n_L}], n_{L-1} rows, in a = W a' + b",
    "n_L rows (targets), n_{L-1} columns (sources)",
    "linear",
    "NS: product; SQ: value; ML: product",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        W = q.W[l].T if printed else q.W[l]
        yield t.A[l], product(W, q.A[l - 1]) + q.b[l]


@S1_NEURONS.holds("E4b", "with the displayed array V: a = Vᵀ a' + b", "linear")
def _(t: Any, q: Any) -> Pairs:
    displayed = column_batch.arrays_of(t.sweep.parameters, sources_first=True)[0]
    for l, V in displayed.items():
        yield (
            t.A[l],
            column(
                weighted(q, l, i, V, swapped=True) + at(q.b[l], i)
                for i in over(1, q.n[l])
            ),
        )
        yield t.A[l], product(V.T, q.A[l - 1]) + q.b[l]


@S1_NEURONS.holds("E5", "a^(L) = W^(L) a^(L-1) + b^(L), W of n_L × n_{L-1}", "linear")
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.A[l], product(q.W[l], q.A[l - 1]) + q.b[l]


@S1_NEURONS.reading(
    "E6",
    'section "Introducing Neural Networks"',
    "without μ the output is a linear combination of the input",
    "affine: with biases a constant is added",
    "linear",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    one = affine_collapse.collapse(column_batch.parameters_of((q.W, q.b)))
    constant = 0.0 if printed else one.biases[0][:, None]
    yield t.A[q.L], product(one.weights[0], q.A[0]) + constant


@S1_NEURONS.holds("E7", "a^(L) = μ(W^(L) a^(L-1) + b^(L)); f = f_L ∘ … ∘ f_1", "one")
def _(t: Any, q: Any) -> Pairs:
    a = q.A[0]
    for l in over(1, q.L):
        a = columnwise(q.mu[l - 1].value, product(q.W[l], a) + q.b[l])
        yield t.A[l], a


@S1_NEURONS.holds("E8", "C = ‖a^(L) - y‖²", "one")
def _(t: Any, q: Any) -> Pairs:
    yield t.C, np.sum((q.A[q.L] - q.Y) ** 2)
    yield t.C, q.C


@S1_NEURONS.holds("E9", "C = Σ_{j=1}^N ‖a_j^(L) - y_j‖²", "sum")
def _(t: Any, q: Any) -> Pairs:
    yield t.C, sum(np.sum((q.A[q.L][:, j] - q.Y[:, j]) ** 2) for j in range(q.N))
    yield t.C, q.C


@S1_NEURONS.holds("E10", "C(k) = Σ_i (p(x_i) - y_i)², p(x) = Σ_m k_m x^m, 0^0 = 1")
def _(t: Any, q: Any) -> Pairs:
    x, y, k = points()
    yield (
        sum(
            (k[0] + k[1] * v + k[2] * v * v - w) ** 2 for v, w in zip(x, y, strict=True)
        ),
        polynomial.cost(k, x, y),
    )


@S1_NEURONS.holds("E11", "∂C/∂k_j = Σ_i 2 (p(x_i) - y_i) x_i^j, d+1 of them")
def _(t: Any, q: Any) -> Pairs:
    x, y, k = points()
    steps = [
        polynomial.cost(k + 1e-30j * np.eye(3)[j], x, y).imag / 1e-30 for j in range(3)
    ]
    yield np.array(steps), polynomial.gradient(k, x, y)


@S1_NEURONS.holds("E12", "steps against ∇C from random k reach the minimum")
def _(t: Any, q: Any) -> Pairs:
    x, y, _ = points()
    for seed in range(3):
        yield polynomial.least_squares(x, y, 2), polynomial.descend(x, y, 2, seed=seed)


@S1_NEURONS.holds(
    "E13",
    "one neuron: a = μ(w a0 + b), C = (a - y)² = (μ(z) - y)² = (μ(w a0 + b) - y)²",
    "chain",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        one = neuron.differentiate(
            q.W[l][0, 0], q.b[l][0, 0], q.A[l - 1][0, 0], q.Y[0, 0], q.mu[0]
        )
        yield t.Z[l][0, 0], one.z
        yield t.A[l][0, 0], one.a
        yield one.C, (q.mu[0].value(one.z) - q.Y[0, 0]) ** 2
    yield t.C, one.C


@S1_NEURONS.holds(
    "E14", "one neuron: ∂C/∂w = 2(a - y) μ'(z) a0, ∂C/∂b = 2(a - y) μ'(z)", "chain"
)
def _(t: Any, q: Any) -> Pairs:
    L = q.L
    one = neuron.differentiate(
        q.W[L][0, 0], q.b[L][0, 0], q.A[L - 1][0, 0], q.Y[0, 0], q.mu[0]
    )
    yield t.dC_dW[L][0, 0], one.dC_dw
    yield t.dC_db[L][0, 0], one.dC_db


@S1_NEURONS.holds(
    "E15", "ReLU(x) = x if x > 0 else 0, ReLU'(x) = 1 if x > 0 else 0", "ReLU neuron"
)
def _(t: Any, q: Any) -> Pairs:
    x = np.array([-2.0, 0.0, 3.0])
    yield np.array([0.0, 0.0, 3.0]), q.mu[0].value(x)
    yield np.array([0.0, 0.0, 1.0]), q.mu[0].derivative(x)
    z = q.Z[1]
    yield t.A[1], np.where(z > 0, z, 0.0)
    yield t.jacobian(("A", 1), ("Z", 1)), np.where(z > 0, 1.0, 0.0)


@S1_NEURONS.holds(
    "E16",
    "one ReLU neuron: ∂C/∂w = 2(a - y) a0 and ∂C/∂b = 2(a - y) if z > 0, else 0",
    "ReLU neuron",
)
def _(t: Any, q: Any) -> Pairs:
    one = neuron.differentiate(
        q.W[1][0, 0], q.b[1][0, 0], q.A[0][0, 0], q.Y[0, 0], q.mu[0]
    )
    factor = 2 * (one.a - q.Y[0, 0]) if one.z > 0 else 0.0
    for left, right in ((t.dC_dW[1], factor * q.A[0][0, 0]), (t.dC_db[1], factor)):
        yield left[0, 0], right
    yield t.dC_dW[1][0, 0], one.dC_dw
    yield t.dC_db[1][0, 0], one.dC_db


def as_chain(q: Any) -> Any:
    """A width-1 network's arguments for `derivations.chain`."""
    w, b = ([v[l][0, 0] for l in over(1, q.L)] for v in (q.W, q.b))
    return w, b, q.A[0][0, 0], q.Y[0, 0], q.mu[0]


@S1_NEURONS.holds(
    "E17",
    "chain of L neurons: C = (μ(w^(L) μ(w^(L-1) a^(L-2) + b^(L-1)) + b^(L)) - y)²",
    "chain",
)
def _(t: Any, q: Any) -> Pairs:
    yield t.C, chain.run(*as_chain(q)).C


@S1_NEURONS.holds("E18", "chain: ∂a^(L)/∂a^(L-1) = μ'(z^(L)) w^(L)", "chain")
def _(t: Any, q: Any) -> Pairs:
    w, *_rest, mu = as_chain(q)
    yield (
        t.jacobian(("A", q.L), ("A", q.L - 1))[0, 0],
        chain.link(w, chain.run(*as_chain(q)), mu, q.L),
    )


@S1_NEURONS.holds(
    "E19",
    "chain: ∂C/∂w^(L-1), ∂C/∂b^(L-1) = 2(a^(L) - y) μ'(z^(L)) w^(L) μ'(z^(L-1)) {a^(L-2), 1}",
    "longer chain",
)
def _(t: Any, q: Any) -> Pairs:
    L = q.L
    right = 2 * (q.A[L] - q.Y) * mu_prime(q, L) * q.W[L] * mu_prime(q, L - 1)
    yield t.dC_db[L - 1], right
    yield t.dC_dW[L - 1], right * q.A[L - 2]


@S1_NEURONS.holds(
    "E20", "chain: ∂a^(L-j+1)/∂a^(L-j) = μ'(z^(L-j+1)) w^(L-j+1), j = 1 … L", "chain"
)
def _(t: Any, q: Any) -> Pairs:
    w, *_rest, mu = as_chain(q)
    ran = chain.run(*as_chain(q))
    for j in over(1, q.L):
        l = q.L - j + 1
        yield t.jacobian(("A", l), ("A", l - 1))[0, 0], chain.link(w, ran, mu, l)


@S1_NEURONS.holds(
    "E21", "chain: the product formula for ∂C/∂w^(L-j), j = 0 … L-1", "chain"
)
def _(t: Any, q: Any) -> Pairs:
    for l, right in enumerate(chain.differentiate(*as_chain(q))[0], 1):
        yield t.dC_dW[l][0, 0], right


@S1_NEURONS.holds("E22", "chain: the product formula for ∂C/∂b^(L-j)", "chain")
def _(t: Any, q: Any) -> Pairs:
    for l, right in enumerate(chain.differentiate(*as_chain(q))[1], 1):
        yield t.dC_db[l][0, 0], right


@S1_NEURONS.wrong(
    "E23",
    'section "L Layers with Arbitrary Neurons"',
    "a_i^(l) = μ(Σ_j (w_ij a_j + b_i))",
    "close the sum before + b_i",
    "one",
    "NS: value; SQ: value; ML: value",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        times = q.n[l - 1] if printed else 1
        yield t.A[l], q.mu[l - 1].value(product(q.W[l], q.A[l - 1]) + times * q.b[l])


@S1_NEURONS.wrong(
    "E24",
    'section "L Layers with Arbitrary Neurons"',
    "w_ji^(L), the weight of j (layer L-1) on i (layer L), and then uses it as w_ij",
    "w_ij is the weight of j (layer L-1) on i (layer L)",
    "one",
    "NS: index; SQ: value; ML: index",
)
def _(t: Any, q: Any, *, printed: bool) -> Pairs:
    for l in over(1, q.L):
        named = q.W[l].T if printed else q.W[l]
        z = column(weighted(q, l, i, named) + at(q.b[l], i) for i in over(1, q.n[l]))
        yield t.A[l], q.mu[l - 1].value(z)


@S1_NEURONS.slip(
    "E25",
    'section "L Layers with Arbitrary Neurons"',
    "∂a_i^(l)/∂a_j^(l-1) = μ'(z_i^(l)) w_ij",
    "w_ij^(l)",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    for l in over(1, q.L):
        yield t.jacobian(("A", l), ("A", l - 1)), mu_prime(q, l) * q.W[l]


@S1_NEURONS.holds(
    "E26", "C = Σ_j (a_j^(L) - y_j)², ∂C/∂a_i^(L) = 2(a_i^(L) - y_i)", "one"
)
def _(t: Any, q: Any) -> Pairs:
    yield t.C, sum((at(q.A[q.L], j) - at(q.Y, j)) ** 2 for j in over(1, q.n[q.L]))
    yield (
        t.dC_dA[q.L],
        column(2 * (at(q.A[q.L], i) - at(q.Y, i)) for i in over(1, q.n[q.L])),
    )


@S1_NEURONS.holds(
    "E27",
    "∂C/∂w_ij^(L) = 2(a_i - y_i) μ'(z_i) a_j^(L-1), ∂C/∂b_i^(L) = 2(a_i - y_i) μ'(z_i)",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    L = q.L
    factor = {
        i: 2 * (at(q.A[L], i) - at(q.Y, i)) * at(mu_prime(q, L), i)
        for i in over(1, q.n[L])
    }
    yield t.dC_db[L], column(factor.values())
    yield (
        t.dC_dW[L],
        np.array(
            [
                [f * at(q.A[L - 1], j) for j in over(1, q.n[L - 1])]
                for f in factor.values()
            ]
        ),
    )


@S1_NEURONS.holds(
    "E28",
    "∂C/∂w_ij^(L-1), ∂C/∂b_i^(L-1): Σ_{k=1}^{n_L} ∂C/∂a_k^(L) ∂a_k^(L)/∂a_i^(L-1)",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    L = q.L
    by_a = product((mu_prime(q, L) * q.W[L]).T, 2 * (q.A[L] - q.Y))
    yield t.dC_db[L - 1], by_a * mu_prime(q, L - 1)
    yield t.dC_dW[L - 1], by_a * mu_prime(q, L - 1) * q.A[L - 2].T


@S1_NEURONS.holds(
    "E29", "paths from a neuron of layer L-j to the cost: Π_{i=0}^{j-1} n_{L-i}", "one"
)
def _(t: Any, q: Any) -> Pairs:
    for j in over(0, q.L):
        every = paths.paths(t.sweep.network.sizes, t.sweep.network.n_layers - j)
        yield sum(1 for _path in every), paths.count(q.n, j)


@S1_NEURONS.holds(
    "E30",
    "brute force: ∂C/∂a_i^(l) is the sum over all paths of Π μ'(z) w times 2(a - y)",
    "one",
)
def _(t: Any, q: Any) -> Pairs:
    slopes = {l: mu_prime(q, l) for l in over(1, q.L)}
    for l in over(0, q.L):
        yield (
            t.dC_dA[l],
            paths.sum_over_paths(q.W, slopes, 2 * (q.A[q.L] - q.Y), q.n, l),
        )


@S1_NEURONS.holds("E31", "N data: C = Σ_l Σ_j ((a_l)_j - (y_l)_j)²", "sum")
def _(t: Any, q: Any) -> Pairs:
    trials, outputs = over(1, q.N), over(1, q.n[q.L])
    yield (
        t.C,
        sum((at(q.A[q.L], j, l) - at(q.Y, j, l)) ** 2 for l in trials for j in outputs),
    )


@S1_NEURONS.holds(
    "E32", "N data, C the sum: the partials of layers L and L-1 are sums over l", "sum"
)
def _(t: Any, q: Any) -> Pairs:
    L, residual = q.L, 2 * (q.A[q.L] - q.Y)
    last = residual * mu_prime(q, L)
    before = product(q.W[L].T, last) * mu_prime(q, L - 1)
    for l, d in ((L, last), (L - 1, before)):
        yield t.dC_db[l][:, 0], sum(d[:, i] for i in range(q.N))
        yield t.dC_dW[l], sum(np.outer(d[:, i], q.A[l - 1][:, i]) for i in range(q.N))
