"""The five notations: exact two-way views, the documents' own computation, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    InputError,
    Network,
    Parameters,
    custom_loss,
    train,
)
from chainrule.documents import (
    NOTATIONS,
    IndexRangeError,
    ShapeError,
    bias_first,
    bias_last,
    column_batch,
    constant_neuron,
    flat_theta,
    hadamard,
    notation,
    product,
    sweep,
)
from chainrule.documents.across import outputs_of_five, row_batch_gradients
from chainrule.documents.shapes import at
from chainrule.optimizers import GradientDescent

EPS = float(np.finfo(float).eps)
#: Two ways of computing the same sum, products of sums, or function: 4 units in the last place of the largest term.
ULP4 = 4 * EPS
#: φ' and φ'' of the smooth activations below are at most this.
SLOPE = 1.2
SMOOTH = ("tanh", "sigmoid", "softplus", "identity", "silu")
ONE, DEPTHS = st.just(1), st.integers(1, 4)
hundred = settings(max_examples=100)


@st.composite
def problems(draw, *, rows=ONE, depth=DEPTHS, output=None, loss=None):
    """A network with parameters and rows: any widths from 1 to 6, smooth activations, squares or cross-entropy."""
    sizes = [draw(st.integers(1, 6)) for _ in range(draw(depth))]
    last = output or draw(st.sampled_from((*SMOOTH, "softmax")))
    sizes.append(draw(st.integers(2 if last == "softmax" else 1, 6)))
    names = [draw(st.sampled_from(SMOOTH)) for _ in range(len(sizes) - 2)] + [last]
    network = Network(
        sizes,
        names,
        loss or ("cross_entropy" if last == "softmax" else "squared_error"),
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parameters = Parameters(network.sizes, rng.normal(size=network.n_parameters))
    count = draw(rows)
    x = rng.normal(size=(count, network.sizes[0]))
    y = rng.uniform(0.1, 1, (count, network.sizes[-1]))
    return network, parameters, x, y


def close(name: str, ours, theirs, allowed: float) -> None:
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, name
    difference = float(np.max(np.abs(ours - theirs), initial=0.0))
    assert difference <= allowed, (
        f"{name}: off by {difference:.1e}, {allowed:.1e} allowed"
    )


def allowances(s) -> dict[tuple[str, int], float]:
    """(canonical letter, layer) → what a quantity may be off by.

    Each step may be off by 4 ulp of the largest term in its own sums, and hands on what its inputs were off by:
    a running error analysis, step by step along F1, F2, B1, B2 and B3.
    """
    top = lambda v: float(np.max(np.abs(v), initial=0.0))  # noqa: E731
    W = [
        np.hstack([w, b[:, None]])
        for w, b in zip(s.parameters.weights, s.parameters.biases, strict=True)
    ]
    L, rows = len(W), len(s.x)
    e = {("A", 0): 0.0, ("X", 0): 0.0, ("Y", L): 0.0}
    for l in range(1, L + 1):
        terms = max(top(W[l - 1]) * max(top(s.A[l - 1]), 1.0), top(s.Z[l - 1]))
        e["Z", l] = (
            ULP4 * terms + np.max(np.sum(np.abs(W[l - 1]), axis=1)) * e["A", l - 1]
        )
        e["A", l] = SLOPE * e["Z", l] + ULP4 * max(top(s.A[l]), 1.0)
    # -y / a of cross-entropy multiplies what a softmax output is off by, relative to a
    steep = 1 + (
        top(s.dA[L] / s.A[L])
        if s.network.loss.name == "cross_entropy"
        else 4 * top(s.dA[L])
    )
    e["dA", L] = 2 * steep * e["A", L] + ULP4 * top(s.dA[L])
    e["J", L] = rows * (
        top(s.dZ[-1]) * e["Z", L] * s.network.sizes[-1]
        + ULP4 * (1 + top(s.Z[-1]) + top(s.ell))
    )
    e["dZ", L] = 4 * (1 + top(s.dZ[-1])) * max(e["A", L], e["Z", L]) + ULP4 * (
        1 + top(s.dZ[-1])
    )
    for l in range(L, 0, -1):
        d, a = top(s.dZ[l - 1]), max(top(s.A[l - 1]), 1.0)
        e["dW", l] = rows * (ULP4 * d * a + e["dZ", l] * a + d * e["A", l - 1])
        e["db", l] = rows * (ULP4 * d + e["dZ", l])
        e["dA", l - 1] = (
            ULP4 * top(W[l - 1]) * d
            + np.max(np.sum(np.abs(W[l - 1]), axis=0)) * e["dZ", l]
        )
        if l > 1:
            above = top(s.dA[l - 1])
            e["dZ", l - 1] = (
                SLOPE * (e["dA", l - 1] + above * e["Z", l - 1]) + ULP4 * above
            )
    e["dX", 0] = e["dA", 0]
    return e


def allowed_for(e, q) -> float:
    """What a quantity of a table may be off by; parameters by nothing."""
    letters = [letter for letter in q.canonical.split() if letter not in ("W", "b")]
    return max((e[letter, q.layer] for letter in letters), default=0.0)


def passes(network, parameters, x, y):
    """(the view of the canonical pass, the document's own pass), by notation."""
    s = sweep(network, parameters, x, y)
    yield (
        "S0",
        bias_first.view(s),
        bias_first.run(network, bias_first.arrays_of(parameters), x.T, y.T),
    )
    yield (
        "S1",
        column_batch.view(s),
        column_batch.run(network, column_batch.arrays_of(parameters), x.T, y.T),
    )
    yield (
        "S2",
        constant_neuron.view(s),
        constant_neuron.run(network, constant_neuron.arrays_of(parameters), x, y),
    )
    yield (
        "S3",
        flat_theta.view(s),
        flat_theta.run(network, flat_theta.arrays_of(parameters), x.T, y.T),
    )
    yield (
        "S4",
        bias_last.view(s),
        bias_last.run(network, bias_last.arrays_of(parameters), x.T, y.T),
    )


def modules():
    return [one.module for one in NOTATIONS.values()]


def quantities_of(p):
    return {
        q.symbol: q for m in modules() if isinstance(p, m.Pass) for q in m.quantities(p)
    }


@hundred
@given(problems())
def test_a_whole_pass_equals_the_canonical_one(problem) -> None:
    network, parameters, x, y = problem
    e = allowances(sweep(network, parameters, x, y))
    for name, view, own in passes(network, parameters, x, y):
        theirs, ours = quantities_of(view), quantities_of(own)
        assert list(theirs) == list(ours)
        for symbol, q in ours.items():
            close(
                f"{name} {symbol}", q.values, theirs[symbol].values, allowed_for(e, q)
            )


def in_canonical_layout(name: str, p) -> dict[str, list[np.ndarray]]:
    """A document's own numbers of one sample as rows: A from layer 0, dA from layer 0, the others from layer 1."""
    if name == "S0":
        layers = range(1, p.L + 1)
        found = {
            "Z": [p.net[l].T for l in layers],
            "A": [p.a[l].T for l in (0, *layers)],
            "dZ": [p.delta[l].T for l in layers],
            "dA": [p.dL_da[l].T for l in (0, *layers)],
            "dW": [p.dL_dw[l][:, 1:] for l in layers],
            "db": [p.dL_dw[l][:, 0] for l in layers],
        }
    elif name == "S1":
        layers = range(1, p.L + 1)
        found = {
            "Z": [p.Z[l].T for l in layers],
            "A": [p.A[l].T for l in (0, *layers)],
            "dZ": [p.Delta[l].T for l in layers],
            "dA": [p.dC_dA[l].T for l in (0, *layers)],
            "dW": [p.dC_dW[l] for l in layers],
            "db": [p.dC_db[l][:, 0] for l in layers],
        }
    elif name == "S2":
        layers = range(1, p.L)
        found = {
            "Z": [p.a[l][:, 1:] for l in layers],
            "A": [p.o[l][:, 1:] for l in (0, *layers)],
            "dZ": [p.delta[l][:, 1:] for l in layers],
            "dW": [p.dL_dw[l - 1][1:, 1:].T for l in layers],
            "db": [p.dL_dw[l - 1][0, 1:] for l in layers],
        }
    elif name == "S3":
        layers = range(2, p.M + 1)
        found = {
            "Z": [p.z[k].T for k in layers],
            "A": [p.a[k].T for k in (1, *layers)],
            "dZ": [p.dL_dz[k].T for k in layers],
            "dA": [p.dL_da[k].T for k in (1, *layers)],
            "dW": [p.dL_dW[k] for k in layers],
            "db": [p.dL_db[k][:, 0] for k in layers],
        }
    else:
        hidden, keys = range(1, p.N + 1), [*range(1, p.N + 1), "F"]
        found = {
            "Z": [*(p.g[n].T for n in hidden), p.f.T],
            "A": [p.h[n][:-1].T for n in (0, *hidden)],
            "dZ": [*(p.dL_dg[n] for n in hidden), p.dL_df],
            "dA": [p.dL_dh[n][:, :-1] for n in (0, *hidden)],
            "dW": [p.dL_dW[n][:, :-1] for n in keys],
            "db": [p.dL_dW[n][:, -1] for n in keys],
        }
    return found


def check_each_step(
    name: str, network, parameters, y, own: dict[str, list[np.ndarray]]
) -> None:
    """F1, F2, B1, B2 and B3 from the document's own inputs of each step, to 4 ulp of the step's largest term."""

    def top(*arrays: np.ndarray) -> float:
        return float(np.prod([np.max(np.abs(v), initial=0.0) for v in arrays]))

    Z, A, dZ = own["Z"], own["A"], own["dZ"]
    L = network.n_layers
    for l, (W, b, phi) in enumerate(
        zip(parameters.weights, parameters.biases, network.activations, strict=True), 1
    ):
        close(
            f"{name} Z[{l}]",
            Z[l - 1],
            A[l - 1] @ W.T + b,
            ULP4 * max(top(W, A[l - 1]), top(b)),
        )  # F1
        if l < len(A):
            close(f"{name} A[{l}]", A[l], phi.value(Z[l - 1]), ULP4 * top(A[l]))  # F2
        close(
            f"{name} dW[{l}]",
            own["dW"][l - 1],
            dZ[l - 1].T @ A[l - 1],
            ULP4 * top(dZ[l - 1], A[l - 1]),
        )  # B3
        close(
            f"{name} db[{l}]", own["db"][l - 1], dZ[l - 1][0], ULP4 * top(dZ[l - 1])
        )  # B3
        above = dZ[l - 1] @ W
        if "dA" in own:
            close(
                f"{name} dA[{l - 1}]", own["dA"][l - 1], above, ULP4 * top(dZ[l - 1], W)
            )  # B2, B4
        if l > 1:
            before = network.activations[l - 2]
            delta = before.pull_back(Z[l - 2], before.value(Z[l - 2]), above)
            slope = (
                top(before.derivative(Z[l - 2]))
                if hasattr(before, "derivative")
                else 1.0
            )
            close(
                f"{name} dZ[{l - 1}]",
                dZ[l - 2],
                delta,
                ULP4 * top(dZ[l - 1], W) * slope,
            )  # B2
    last = network.activations[-1]
    delta = network.loss.value_and_delta(y, Z[-1], last.value(Z[-1]), last)[1]
    close(f"{name} dZ[{L}]", dZ[-1], delta, ULP4 * top(delta))  # B1
    if len(own.get("dA", ())) > L:  # ∂ℓ/∂a: -y / a, or 2 · ½ (a - y)
        a = A[-1]
        by_a = (
            -y / a
            if network.loss.name == "cross_entropy"
            else 2 * network.loss.parameters[0][1] * (a - y)
        )
        close(f"{name} dA[{L}]", own["dA"][L], by_a, ULP4 * top(by_a))


@hundred
@given(problems())
def test_each_step_of_a_document_equals_the_canonical_one_to_4_ulp_of_its_largest_term(
    problem,
) -> None:
    network, parameters, x, y = problem
    for name, _view, own in passes(network, parameters, x, y):
        check_each_step(name, network, parameters, y, in_canonical_layout(name, own))


@pytest.mark.parametrize("name", ["S0", "S1", "S2", "S3", "S4"])
@pytest.mark.parametrize("letter", ["Z", "A", "dZ", "dA", "dW", "db"])
def test_a_fault_of_1e_13_in_any_step_is_caught(name: str, letter: str) -> None:
    rng = np.random.default_rng(3)
    network = Network((4, 3, 5, 2), ("tanh", "sigmoid", "identity"), "squared_error")
    parameters = Parameters(network.sizes, rng.normal(size=network.n_parameters))
    x, y = rng.normal(size=(1, 4)), rng.normal(size=(1, 2))
    own = {
        n: in_canonical_layout(n, p)
        for n, _view, p in passes(network, parameters, x, y)
    }[name]
    check_each_step(name, network, parameters, y, own)
    for l in range(1, len(own.get(letter, ()))):
        kept = own[letter][l]
        own[letter][l] = kept * (1 + 1e-13)
        with pytest.raises(AssertionError, match="off by"):
            check_each_step(name, network, parameters, y, own)
        own[letter][l] = kept


@hundred
@given(problems())
def test_arrays_go_there_and_back_bit_for_bit(problem) -> None:
    network, parameters, _x, _y = problem
    backs = {
        "S0": bias_first.parameters_of(bias_first.arrays_of(parameters)),
        "S1": column_batch.parameters_of(column_batch.arrays_of(parameters)),
        "S2": constant_neuron.parameters_of(constant_neuron.arrays_of(parameters)),
        "S3": flat_theta.parameters_of(flat_theta.arrays_of(parameters), network.sizes),
        "S4": bias_last.parameters_of(bias_last.arrays_of(parameters)),
    }
    for name, back in backs.items():
        assert back.sizes == parameters.sizes, name
        assert back.theta.tobytes() == parameters.theta.tobytes(), name
    no_biases = Parameters.from_arrays(
        parameters.weights, [0 * b for b in parameters.biases]
    )
    back = bias_last.parameters_of(
        bias_last.arrays_of(no_biases, biased=False), biased=False
    )
    assert back.theta.tobytes() == (no_biases.theta + 0.0).tobytes()


@hundred
@given(problems())
def test_the_view_moves_numbers_and_computes_none(problem) -> None:
    network, parameters, x, y = problem
    s = sweep(network, parameters, x, y)
    letters = {"Z": s.Z, "A": s.A[1:], "dZ": s.dZ, "dA": s.dA[1:]}
    for one in NOTATIONS.values():
        for q in one.quantities(s):
            canonical = letters.get(q.canonical)
            if canonical is None or q.layer == 0:
                continue
            values = set(np.ravel(q.values).tolist())
            # a bias-first or bias-last derivative by x holds the constant's entry too
            missing = set(np.ravel(canonical[q.layer - 1]).tolist()) - values
            if one.alias == "S4" and q.symbol == "∂L/∂f":
                continue
            assert not missing, (one.alias, q.symbol)


@hundred
@given(problems())
def test_x_e1_one_network_in_five_storages_has_one_output(problem) -> None:
    network, parameters, x, y = problem
    s = sweep(network, parameters, x, y)
    for name, output in outputs_of_five(network, parameters, x[0]).items():
        close(name, output, s.A[-1], allowances(s)["A", network.n_layers])


@hundred
@given(problems(output="tanh", loss=LOSSES["squared_error"](0.5)))
def test_x_e2_squares_without_a_half_have_twice_the_gradient(problem) -> None:
    network, parameters, x, y = problem
    doubled = Network(network.sizes, network.activations, LOSSES["squared_error"](1.0))
    half = {name: own for name, _view, own in passes(network, parameters, x, y)}
    whole = {name: own for name, _view, own in passes(doubled, parameters, x, y)}
    for l in range(1, network.n_layers + 1):
        assert np.array_equal(2 * half["S0"].dL_dw[l], whole["S0"].dL_dw[l])
        assert np.array_equal(2 * half["S1"].Delta[l], whole["S1"].Delta[l])
        assert np.array_equal(2 * half["S2"].delta[l], whole["S2"].delta[l])
    assert np.array_equal(2 * half["S3"].dL_dtheta, whole["S3"].dL_dtheta)
    for n, g in half["S4"].dL_dW.items():
        assert np.array_equal(2 * g, whole["S4"].dL_dW[n])


@hundred
@given(problems())
def test_x_e3_each_document_counts_layers_in_its_own_way(problem) -> None:
    network, parameters, x, y = problem
    p = {name: view for name, view, _own in passes(network, parameters, x, y)}
    L = network.n_layers
    assert (p["S0"].L, p["S1"].L, p["S2"].L, p["S3"].M, p["S4"].N) == (
        L,
        L,
        L + 1,
        L + 1,
        L - 1,
    )


@hundred
@given(problems())
def test_x_e4_s2_stores_more_numbers_than_it_trains(problem) -> None:
    network, parameters, _x, _y = problem
    stored = constant_neuron.arrays_of(parameters)
    pairs = list(zip(network.sizes, network.sizes[1:], strict=False))
    assert [w.size for w in stored.values()] == [(n + 1) * (m + 1) for n, m in pairs]
    assert (
        sum(w[:, 1:].size for w in stored.values())
        == sum(m * (n + 1) for n, m in pairs)
        == network.n_parameters
    )
    assert flat_theta.count(network.sizes) == network.n_parameters


@hundred
@given(problems(depth=st.integers(1, 3)), st.floats(0.1, 1.0))
def test_x_e5_all_gradients_are_taken_before_anything_moves(problem, rate) -> None:
    network, parameters, x, y = problem
    s = sweep(network, parameters, x, y)
    e = allowances(s)
    off = max(
        e[letter, l] for letter in ("dW", "db") for l in range(1, network.n_layers + 1)
    )
    for name, view, own in passes(network, parameters, x, y):
        module = notation(name).module
        stepped = module.step(own, rate)
        if name == "S3":
            theta = flat_theta.parameters_of(stepped, network.sizes).theta
            expected = parameters.theta - rate * view.dL_dtheta
        else:
            theta = module.parameters_of(stepped).theta
            expected = parameters.theta - rate * s.flat
        close(
            name,
            theta,
            expected,
            rate * off + ULP4 * np.max(np.abs(np.concatenate([theta, s.flat]))),
        )


def test_x_e5_a_sweep_that_updates_as_it_goes_takes_another_step() -> None:
    rng = np.random.default_rng(0)
    network = Network((3, 4, 2), ("tanh", "tanh"), "squared_error")
    W = bias_first.arrays_of(
        Parameters(network.sizes, rng.normal(size=network.n_parameters))
    )
    x, y = rng.normal(size=3), rng.normal(size=2)
    p = bias_first.run(network, W, x, y)
    right = bias_first.step(p, 0.5)
    moved = {**W, 2: W[2] - 0.5 * p.dL_dw[2]}
    lower = hadamard(product(moved[2].T, p.delta[2])[1:], p.phi[0].derivative(p.net[1]))
    in_place = W[1] - 0.5 * product(lower, p.x[0].T)
    assert np.max(np.abs(in_place - right[1])) > 1e-3


@hundred
@given(problems(depth=st.just(2), output="identity", loss=LOSSES["squared_error"](1.0)))
def test_x_e6_columns_of_section_1_are_rows_of_section_2_transposed(problem) -> None:
    network, parameters, x, y = problem
    p = bias_last.run(network, bias_last.arrays_of(parameters), x.T, y.T)
    c = p.columns
    for name, row in (("dL_df", p.dL_df), ("dL_dh", p.dL_dh[1]), ("dL_dg", p.dL_dg[1])):
        assert c[name].shape == row.shape[::-1]
        assert np.array_equal(c[name].T, row)
    assert np.array_equal(c["dL_dV"], p.dL_dW[1])


@hundred
@given(problems(rows=st.integers(1, 5)))
def test_x_e7_rows_of_s2_and_columns_of_s1_have_one_gradient(problem) -> None:
    network, parameters, x, y = problem
    p = column_batch.run(
        network, column_batch.arrays_of(parameters), x.T, y.T, reduction="sum"
    )
    e = allowances(sweep(network, parameters, x, y))
    for l, g in row_batch_gradients(network, parameters, x, y).items():
        close(
            f"layer {l}",
            g[:, 1:].T,
            np.hstack([p.dC_db[l + 1], p.dC_dW[l + 1]]),
            max(e["dW", l + 1], e["db", l + 1]),
        )
        assert not g[:, 0].any()


# A worked example typed in, trained, and read again


@pytest.mark.parametrize("name", ["S0", "S1", "S2", "S3", "S4"])
def test_weights_typed_in_train_and_come_out(name: str) -> None:
    one = notation(name)
    typed = {
        "S0": {1: [[0.5, 1.0, -1.0], [0.0, 2.0, 1.0]], 2: [[-1.0, 1.0, 2.0]]},
        "S1": ({1: [[1, -1], [2, 1]], 2: [[1, 2]]}, {1: [0.5, 0.0], 2: [-1.0]}),
        "S2": {0: [[1, 0.5, 0], [0, 1, 2], [0, -1, 1]], 1: [[1, -1], [0, 1], [0, 2]]},
        "S3": [1, -1, 2, 1, 1, 2, 0.5, 0, -1],
        "S4": {1: [[1, -1, 0.5], [2, 1, 0]], "F": [[1, 2, -1]]},
    }[name]
    start = (
        one.module.parameters_of(typed, (2, 2, 1))
        if name == "S3"
        else one.module.parameters_of(typed)
    )
    assert start.theta.tolist() == [1, -1, 2, 1, 1, 2, 0.5, 0, -1]
    network = Network((2, 2, 1), ("tanh", "identity"), "squared_error")
    x, y = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0], [0.0]])
    report = train(
        network,
        x,
        y,
        parameters=start,
        optimizer=GradientDescent(learning_rate=0.05),
        max_epochs=200,
    )
    assert report.loss[-1] < 0.1 * report.loss[0]
    out = one.module.arrays_of(report.parameters)
    back = (
        one.module.parameters_of(out, (2, 2, 1))
        if name == "S3"
        else one.module.parameters_of(out)
    )
    assert back.theta.tobytes() == report.parameters.theta.tobytes()
    if name == "S2":
        assert all(np.array_equal(w[:, 0], np.eye(len(w))[:, 0]) for w in out.values())


@pytest.mark.parametrize("name", ["S0", "S1", "S2", "S3", "S4"])
def test_training_by_the_documents_own_steps_lowers_the_loss(name: str) -> None:
    module = notation(name).module
    network = Network((2, 3, 1), ("tanh", "identity"), "squared_error")
    arrays = module.arrays_of(network.init(1))
    losses = []
    for _ in range(60):
        p = module.run(network, arrays, [0.5, -1.0], [2.0])
        losses.append(float(p.C if name == "S1" else p.loss))
        arrays = module.step(p, 0.1)
    assert losses[-1] < 1e-3 * losses[0]


def test_dtype_is_kept_and_complex_numbers_pass() -> None:
    network = Network((2, 3, 1), ("tanh", "identity"), "squared_error")
    single = network.init(0, dtype="float32")
    x, y = np.array([[0.5, -1.0]], "float32"), np.array([[2.0]], "float32")
    for _name, _view, own in passes(network, single, x, y):
        assert {np.asarray(q.values).dtype for q in quantities_of(own).values()} == {
            np.dtype("float32")
        }
    bumped = Parameters(single.sizes, network.init(0).theta + 1e-30j * np.arange(13))
    s = sweep(network, network.init(0), x, y)
    slope = float(np.sum(s.flat * np.arange(13)))
    p = bias_first.run(network, bias_first.arrays_of(bumped), x.T, y.T)
    assert p.loss.imag / 1e-30 == pytest.approx(slope, rel=1e-12)


def test_s0_takes_any_target_also_negative_ones() -> None:
    network = bias_first.network((2, 3), softmax=True)
    W = bias_first.arrays_of(network.init(0))
    y = np.array([[0.7], [-0.4], [1.1]])
    p = bias_first.run(network, W, [1.0, -2.0], y)
    np.testing.assert_allclose(p.delta[1], y.sum() * p.a[1] - y, rtol=0, atol=1e-15)
    numeric = []
    for k in range(3):
        at_k = 1e-30j * np.eye(3)[:, [k]]
        net = p.net[1] + at_k
        numeric.append((-np.sum(y * (net - np.log(np.sum(np.exp(net)))))).imag / 1e-30)
    np.testing.assert_allclose(p.delta[1][:, 0], numeric, rtol=0, atol=1e-14)
    with pytest.raises(InputError):  # the canonical loss wants y >= 0, and says so
        sweep(network, network.init(0), [[1.0, -2.0]], y.T)


def test_a_loss_and_an_activation_of_ones_own() -> None:
    quartic = custom_loss(
        lambda y, a: (a - y) ** 4, lambda y, a: 4 * (a - y) ** 3, name="quartic"
    )
    network = Network((2, 3, 2), (ACTIVATIONS["leaky_relu"](0.3), "identity"), quartic)
    parameters = network.init(2)
    x, y = np.array([[0.3, -0.8]]), np.array([[0.1, 0.9]])
    e = allowances(sweep(network, parameters, x, y))
    for name, view, own in passes(network, parameters, x, y):
        theirs = quantities_of(view)
        for symbol, q in quantities_of(own).items():
            close(
                f"{name} {symbol}",
                q.values,
                theirs[symbol].values,
                12 * allowed_for(e, q),
            )  # of (a - y)⁴


@pytest.mark.parametrize("name", ["S0", "S1", "S2", "S3", "S4"])
def test_softmax_inside_goes_through_its_jacobian(name: str) -> None:
    network = Network((2, 3, 2), ("softmax", "identity"), "squared_error")
    parameters = network.init(3)
    x, y = np.array([[0.3, -0.8]]), np.array([[0.1, 0.9]])
    e = allowances(sweep(network, parameters, x, y))
    for other, view, own in passes(network, parameters, x, y):
        if other == name:
            theirs = quantities_of(view)
            for symbol, q in quantities_of(own).items():
                close(symbol, q.values, theirs[symbol].values, allowed_for(e, q))


# The uniform table


def test_the_table_of_quantities_has_the_documents_names_and_indices() -> None:
    network = Network((4, 3, 5, 2), ("tanh", "tanh", "identity"), "squared_error")
    rng = np.random.default_rng(0)
    s = sweep(
        network, network.init(0), rng.normal(size=(1, 4)), rng.normal(size=(1, 2))
    )
    tables = {
        one.alias: {q.symbol: q for q in one.quantities(s)}
        for one in NOTATIONS.values()
    }
    shapes = {
        "S0": {
            "W^[1]": (3, 5),
            "x^[0]": (5, 1),
            "δ^[2]": (5, 1),
            "∂L/∂w^[3]": (2, 6),
            "∂L/∂x^[2]": (6, 1),
        },
        "S1": {
            "W^(1)": (3, 4),
            "b^(1)": (3, 1),
            "Z^(2)": (5, 1),
            "Δ^(3)": (2, 1),
            "∂C/∂W^(2)": (5, 3),
        },
        "S2": {
            "w^0": (5, 4),
            "o^0": (1, 5),
            "a^3": (1, 3),
            "δ^1": (1, 4),
            "∂L/∂w^2": (6, 3),
        },
        "S3": {
            "W^[2]": (3, 4),
            "a^[1]": (4, 1),
            "z^[4]": (2, 1),
            "∂L/∂z^[4]": (2, 1),
            "∂L/∂b^[2]": (3, 1),
        },
        "S4": {
            "W^1": (3, 5),
            "W^F": (2, 6),
            "h^2": (6, 1),
            "∂L/∂g^1": (1, 3),
            "∂L/∂h^2": (1, 6),
        },
    }
    for alias, wanted in shapes.items():
        for symbol, shape in wanted.items():
            q = tables[alias][symbol]
            assert q.values.shape == shape == tuple(axis.length for axis in q.axes)
    for table in tables.values():
        assert {q.layer for q in table.values()} == {0, 1, 2, 3}
        covered = {letter for q in table.values() for letter in q.canonical.split()}
        assert {"X", "Y", "J", "Z", "A", "W", "b", "dZ", "dW", "db"} <= covered
    assert tables["S0"]["W^[1]"].entry(3, 0) == s.parameters.biases[0][2]
    assert tables["S2"]["w^0"].entry(4, 2) == s.parameters.weights[0][1, 3]
    assert tables["S4"]["W^F"].entry(1, 6) == s.parameters.biases[2][0]
    with pytest.raises(IndexRangeError, match="indices 0 … 4"):
        tables["S0"]["W^[1]"].entry(1, 5)


# What is refused, in the document's indices


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: bias_first.parameters_of({1: np.ones((2, 3)), 2: np.ones((1, 2))}),
            r"W\^\[2\].*j = 0 … n\^\[1\] = 1 × 3",
        ),
        (
            lambda: bias_first.parameters_of({2: np.ones((2, 3))}),
            r"W\^\[l\] for layers 2.*layers 1",
        ),
        (
            lambda: column_batch.parameters_of(
                ({1: np.ones((2, 3))}, {1: np.ones((3, 1))})
            ),
            r"b\^\(1\).*i = 1 … n_1",
        ),
        (
            lambda: column_batch.parameters_of(
                ({1: np.ones((2, 3))}, {1: np.ones((2, 2))})
            ),
            "one column",
        ),
        (
            lambda: constant_neuron.parameters_of({0: np.ones((3, 2))}),
            r"w_10\^0 = 1.*Kronecker\(j, 0\)",
        ),
        (
            lambda: flat_theta.layers_of(np.ones(49), (4, 3, 5, 2)),
            r"D = .* = 47 numbers for n_1 = 4",
        ),
        (lambda: flat_theta.layers_of(np.ones(3), (2, 1), numbering="C"), '"A" or "B"'),
        (
            lambda: flat_theta.flatten(({1: np.ones((2, 3))}, {2: np.ones((2, 1))})),
            r"b\^\[k\] in numbering A",
        ),
        (
            lambda: flat_theta.flatten(
                ({2: np.ones((2, 3)), 3: np.ones((1, 3))}, {2: [1, 1], 3: [1]}),
                numbering="B",
            ),
            r"W\^\[3\].*j = 1 … n_3, s = 1 … n_2",
        ),
        (
            lambda: bias_last.parameters_of({1: np.ones((3, 5)), "F": np.ones((2, 3))}),
            r"W\^F.*the bias.*2 × 4",
        ),
        (
            lambda: bias_last.parameters_of({1: np.ones((3, 5)), 2: np.ones((2, 4))}),
            r"layers 1, F",
        ),
        (
            lambda: bias_last.arrays_of(Parameters(((1, 1)), np.ones(2)), biased=False),
            "biased=True",
        ),
        (lambda: bias_first.parameters_of({1: [[1.0, "a"]]}), "matrix of numbers"),
        (lambda: bias_first.parameters_of({1: [1.0, 2.0]}), "rows and columns"),
        (lambda: bias_first.parameters_of({1: [[1.0, float("nan")]]}), "finite"),
        (lambda: notation("S5"), "bias-first"),
        (lambda: notation("bias first"), "Did you mean 'bias-first'"),
    ],
)
def test_what_does_not_fit_raises_in_the_documents_indices(call, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()


def run_with(name: str, x, y):
    module = notation(name).module
    network = Network((3, 2), ("identity",), "squared_error")
    return module.run(network, module.arrays_of(network.init(0)), x, y)


@pytest.mark.parametrize("name", ["S0", "S1", "S2", "S3", "S4"])
def test_targets_and_inputs_that_do_not_conform_raise(name: str) -> None:
    run_with(name, [1, 2, 3], [1, 2])
    for x, y in (([1, 2], [1, 2]), ([1, 2, 3], [1, 2, 3]), ([1, 2, 3], [[1, 2, 3, 4]])):
        with pytest.raises(ShapeError):
            run_with(name, x, y)


@pytest.mark.parametrize("name", ["S0", "S2", "S4"])
def test_documents_of_one_sample_take_one(name: str) -> None:
    network = Network((3, 2), ("identity",), "squared_error")
    s = sweep(network, network.init(0), np.ones((2, 3)), np.ones((2, 2)))
    with pytest.raises(InputError, match="2 rows"):
        notation(name).quantities(s)


def test_a_row_times_a_column_raises() -> None:
    row, column = np.ones((1, 3)), np.ones((3, 1))
    with pytest.raises(ShapeError, match="1 × 3 ⊙ 3 × 1"):
        hadamard(row, column)
    with pytest.raises(ShapeError, match="product of 1 × 3 and 1 × 3"):
        product(row, row)
    assert (row * column).shape == (3, 3)  # what NumPy would do


def test_indices_do_not_wrap_around() -> None:
    w = np.arange(6.0).reshape(2, 3)
    assert at(w, 2, 0, first=(1, 0)) == 3
    for index in ((0, 0), (3, 0), (1, -1), (1, 3)):
        with pytest.raises(IndexRangeError):
            at(w, *index, first=(1, 0))
