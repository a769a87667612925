"""Lines across the documents (X.E1 to X.E7), and the effect of float64 on formulas that are right on paper (X.H)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..equations.activations import ACTIVATIONS
from ..equations.losses import LOSSES
from ..equations.network import Network
from . import bias_first, bias_last, column_batch, constant_neuron, flat_theta
from .bias_last.lines_one_layer import varied
from .lines import Pairs
from .settings import ONE_HIDDEN, TAPERED, Cases, cases, plain
from .shapes import product
from .sweep import sweep

#: Networks → case → the setting.
KINDS: dict[str, Cases] = {
    "one": cases(TAPERED, plain("tanh", 0.5), 61),
    "batch": cases(TAPERED, plain("tanh", 0.5), 62, rows=4),
    "one hidden": cases(ONE_HIDDEN, varied, 63),
}


def outputs_of_five(network: Any, parameters: Any, x: Any) -> Any:
    """The output for one row x, shape (n_0,), from each document's own arrays."""
    zero = np.zeros(network.sizes[-1])
    L = network.n_layers
    f = bias_last.run(network, bias_last.arrays_of(parameters), x, zero).f
    return {
        "S0": bias_first.run(network, bias_first.arrays_of(parameters), x, zero).a[L].T,
        "S1": column_batch.run(network, column_batch.arrays_of(parameters), x, zero)
        .A[L]
        .T,
        "S2": constant_neuron.run(
            network, constant_neuron.arrays_of(parameters), x, zero
        ).o[L][:, 1:],
        "S3": flat_theta.run(network, flat_theta.arrays_of(parameters), x, zero)
        .a[L + 1]
        .T,
        "S4": network.activations[-1].value(f.T),
    }


def E1(t: Any, q: Any) -> Pairs:
    """The five outputs of one row, each from its document's arrays (X.E1)."""
    for output in outputs_of_five(q.network, q.parameters, q.x[0]).values():
        yield t.A[-1], output


def E2(t: Any, q: Any) -> Pairs:
    """Twice the gradient of ½ Σ (a - y)², that of Σ (a - y)² (X.E2)."""
    doubled = Network(
        q.network.sizes, q.network.activations, LOSSES["squared_error"](1.0)
    )
    p = column_batch.run(doubled, column_batch.arrays_of(q.parameters), q.x.T, q.y.T)
    for l, dW in enumerate(t.dW, 1):
        yield 2 * dW, p.dC_dW[l]
    half = bias_first.run(q.network, bias_first.arrays_of(q.parameters), q.x.T, q.y.T)
    yield (
        2 * bias_first.parameters_of(half.dL_dw).theta,
        column_batch.parameters_of((p.dC_dW, p.dC_db)).theta,
    )


def E3(t: Any, q: Any) -> Pairs:
    """The counts of layers of a 4-3-5-2 network (X.E3)."""
    network = Network((4, 3, 5, 2), ["tanh", "tanh", "identity"], "squared_error")
    s = sweep(network, network.init(), np.ones((1, 4)), np.ones((1, 2)))
    counts = [
        bias_first.view(s).L,
        column_batch.view(s).L,
        constant_neuron.view(s).L,
        flat_theta.view(s).M,
    ]
    yield np.array([3, 3, 4, 4, 2]), np.array([*counts, bias_last.view(s).N])


def E4(t: Any, q: Any) -> Pairs:
    """The counts of numbers in S2's arrays, with and without the constant's column (X.E4)."""
    n = q.network.sizes
    for l, w in constant_neuron.arrays_of(q.parameters).items():
        yield (n[l] + 1) * (n[l + 1] + 1), w.size
        yield n[l + 1] * (n[l] + 1), w.size - w[:, 0].size


def E6(t: Any, q: Any) -> Pairs:
    """S4's columns, each the transpose of a canonical row (X.E6)."""
    p = bias_last.run(q.network, bias_last.arrays_of(q.parameters), q.x.T, q.y.T)
    c = p.columns
    yield t.dA[1].T, c["dL_dh"][:-1]
    yield t.dZ[0].T, c["dL_dg"]
    yield np.hstack([t.dW[0], t.db[0][:, None]]), c["dL_dV"]
    for name, row in (("dL_dh", p.dL_dh[1]), ("dL_dg", p.dL_dg[1]), ("dL_df", p.dL_df)):
        yield row.T, c[name]


def row_batch_gradients(network: Any, parameters: Any, x: Any, y: Any) -> Any:
    """Σ over the patterns of ∂L/∂w^l, in S2's form with a batch as rows, at w that stand still."""
    w = constant_neuron.arrays_of(parameters)
    passes = [
        constant_neuron.run(network, w, x[i : i + 1], y[i : i + 1])
        for i in range(len(x))
    ]
    o = {l: np.vstack([p.o[l] for p in passes]) for l in w}
    delta = {l: np.vstack([p.delta[l + 1] for p in passes]) for l in w}
    return {l: product(o[l].T, delta[l]) for l in w}


def E7(t: Any, q: Any) -> Pairs:
    """S1's gradient of a sum of costs, and S2's with a batch as rows (X.E7)."""
    p = column_batch.run(
        q.network, column_batch.arrays_of(q.parameters), q.x.T, q.y.T, reduction="sum"
    )
    for l, g in row_batch_gradients(q.network, q.parameters, q.x, q.y).items():
        yield np.hstack([p.dC_db[l + 1], p.dC_dW[l + 1]]), g[:, 1:].T
        yield np.zeros(len(g)), g[:, 0]
        yield np.hstack([t.db[l][:, None], t.dW[l]]), g[:, 1:].T


def E5(t: Any, q: Any, *, printed: bool) -> Pairs:
    """A step of every layer; as printed, the layer above has moved before Δ passes through it (X.E5)."""
    alpha, s = 0.5, t.sweep
    W = list(s.parameters.weights)
    delta, moved = s.dZ[-1], {}
    for l in range(len(W) - 1, -1, -1):
        moved[l] = W[l] - alpha * delta.T @ s.A[l]
        if l:
            above = delta @ (moved[l] if printed else W[l])
            delta = s.network.activations[l - 1].pull_back(s.Z[l - 1], s.A[l], above)
    for l, stepped in moved.items():
        yield W[l] - alpha * t.dW[l], stepped


def H1(t: Any, q: Any, *, printed: bool) -> Pairs:
    """Softmax at 1000, as printed with an exp that overflows (X.H1)."""
    net = np.array([[1000.0, 0.0]])
    e = np.exp(net)
    yield (
        np.array([[1.0, 0.0]]),
        e / np.sum(e) if printed else ACTIVATIONS["softmax"]().value(net),
    )


def cross_entropy(y: Any, net: Any) -> Any:
    """-Σ y log a as the program computes it, from net."""
    softmax = ACTIVATIONS["softmax"]()
    return LOSSES["cross_entropy"]().value_and_delta(
        y, net, softmax.value(net), softmax
    )[0][0]


def as_written(y: Any, net: Any) -> Any:
    """-Σ y log a from a = softmax(net), as the formula stands."""
    return -np.sum(y * np.log(ACTIVATIONS["softmax"]().value(net)))


def H2(t: Any, q: Any, *, printed: bool) -> Pairs:
    """Cross-entropy where the other class has underflowed to 0: 0 log 0 as printed (X.H2)."""
    y, net = np.array([[1.0, 0.0]]), np.array([[1000.0, 0.0]])
    yield 0.0, as_written(y, net) if printed else cross_entropy(y, net)


def H3(t: Any, q: Any, *, printed: bool) -> Pairs:
    """Cross-entropy of the class that has underflowed to 0 (X.H3)."""
    y, net = np.array([[0.0, 1.0]]), np.array([[1000.0, 0.0]])
    yield 1000.0, as_written(y, net) if printed else cross_entropy(y, net)


def H4(t: Any, q: Any, *, printed: bool) -> Pairs:
    """The sigmoid at -1000, and the overflows on the way (X.H4)."""
    x = np.array([-1000.0])
    flagged = []
    with np.errstate(over="call", call=lambda kind, flag: flagged.append(kind)):
        value = 1 / (1 + np.exp(-x)) if printed else ACTIVATIONS["sigmoid"]().value(x)
    yield np.zeros(1), value
    yield 0, len(flagged)
