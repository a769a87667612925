"""R1 to R20 of docs/requirements.md, which all five documents together ask for: one test or more for each."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    InputError,
    Network,
    Parameters,
    backward,
    custom_activation,
    custom_loss,
    forward,
    load_data,
    objective,
    train,
)
from chainrule.documents import (
    NOTATIONS,
    ShapeError,
    bias_first,
    bias_last,
    column_batch,
    constant_neuron,
    flat_theta,
    hadamard,
    notation,
    sweep,
)
from chainrule.documents.across import outputs_of_five
from chainrule.documents.derivations import (
    affine_collapse,
    chain,
    paths,
    softmax_jacobian,
)
from chainrule.documents.table import KINDS, LINES, line_of
from chainrule.documents.truth import ComplexStep
from chainrule.optimizers import SGD, GradientDescent

RNG = np.random.default_rng(7)
#: Of numbers of order 1 after some tens of roundings.
ROUNDING = 1e-14
WIDTHS = [
    (1, 1),
    (3, 2),
    (1, 1, 1, 1),
    (4, 3, 5, 2),
    (3, 3, 3, 3),
    (4, 3, 3),
    (2, 1, 6),
]

#: Name → what the page says of it.
LISTED = dict(
    re.findall(
        r"^\| (R\d+) \| (.*) \|$",
        (Path(__file__).parents[1] / "docs/requirements.md").read_text("utf-8"),
        flags=re.MULTILINE,
    )
)


def test_every_requirement_has_a_test_and_every_test_is_of_one() -> None:
    tested = {
        found[1].upper()
        for name in globals()
        if (found := re.match(r"test_(r\d+)_", name))
    }
    assert {*LISTED} == tested == {f"R{number}" for number in range(1, 21)}


def test_the_lines_that_the_requirements_cite_are_checked_lines() -> None:
    cited = re.findall(r"[SX]\d?\.[A-Z]\d+[\w-]*", " ".join(LISTED.values()))
    assert len(cited) > 60
    assert {*cited} <= {*LINES}


def example(sizes=(4, 3, 5, 2), rows=1, *, activation="tanh", ell="squared_error"):
    network = Network(sizes, [activation] * (len(sizes) - 1), ell)
    parameters = Parameters(network.sizes, RNG.uniform(-1, 1, network.n_parameters))
    return (
        network,
        parameters,
        RNG.uniform(-1, 1, (rows, sizes[0])),
        RNG.uniform(0.1, 1, (rows, sizes[-1])),
    )


@pytest.mark.parametrize("sizes", WIDTHS, ids=str)
def test_r1_any_number_of_layers_in_five_storages_with_one_output(sizes) -> None:
    network, parameters, x, _y = example(sizes)
    W, b = parameters.weights, parameters.biases
    for l in range(network.n_layers):
        n, m = sizes[l], sizes[l + 1]
        assert np.array_equal(
            bias_first.arrays_of(parameters)[l + 1], np.hstack([b[l][:, None], W[l]])
        )
        assert np.array_equal(column_batch.arrays_of(parameters)[0][l + 1], W[l])
        w = constant_neuron.arrays_of(parameters)[l]
        assert w.shape == (n + 1, m + 1)
        assert np.array_equal(
            w, np.block([[np.ones((1, 1)), b[l][None, :]], [np.zeros((n, 1)), W[l].T]])
        )
        last = bias_last.arrays_of(parameters)[bias_last.numbers(network.n_layers)[l]]
        assert np.array_equal(last, np.hstack([W[l], b[l][:, None]]))
        assert np.array_equal(
            column_batch.arrays_of(parameters, sources_first=True)[0][l + 1], W[l].T
        )
    displayed = column_batch.arrays_of(parameters, sources_first=True)
    back = column_batch.parameters_of(displayed, sources_first=True)
    assert back.theta.tobytes() == parameters.theta.tobytes()
    for output in outputs_of_five(network, parameters, x[0]).values():
        np.testing.assert_allclose(
            output, forward(network, parameters, x).output, rtol=0, atol=ROUNDING
        )


def test_r2_layers_are_numbered_as_each_document_does() -> None:
    network, parameters, x, y = example()
    s = sweep(network, parameters, x, y)
    assert list(bias_first.view(s).W) == [1, 2, 3]
    assert list(column_batch.view(s).W) == [1, 2, 3]
    assert list(constant_neuron.view(s).w) == [0, 1, 2]
    assert list(flat_theta.view(s).W) == [2, 3, 4]
    assert list(bias_last.view(s).W) == [1, 2, "F"]
    a, b = (
        flat_theta.layers_of(parameters.theta, network.sizes, numbering=name)[0]
        for name in "AB"
    )
    assert list(a) == [1, 2, 3]
    for k in (2, 3, 4):
        assert np.array_equal(b[k], a[k - 1])


def test_r3_theta_is_all_matrices_row_by_row_then_all_biases() -> None:
    theta = np.arange(9.0)
    W, b = flat_theta.layers_of(theta, (2, 2, 1))
    assert W[1].tolist() == [[0, 1], [2, 3]]
    assert W[2].tolist() == [[4, 5]]
    assert [b[1][:, 0].tolist(), b[2][:, 0].tolist()] == [[6, 7], [8]]
    assert np.array_equal(flat_theta.flatten((W, b)), theta)
    assert flat_theta.count((784, 10, 10)) == 784 * 10 + 10 * 10 + 10 + 10 == 7960
    assert flat_theta.count((4, 3, 5, 2)) == 47
    stored = constant_neuron.arrays_of(
        Network((784, 10, 10), ["relu"] * 2, "squared_error").init()
    )
    assert sum(w.size for w in stored.values()) == 785 * 11 + 11 * 11 != 7960


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softplus", "relu"])
def test_r4_the_constant_neuron_is_1_its_delta_0_and_its_column_fixed(
    activation: str,
) -> None:
    network, parameters, x, y = example(activation=activation)
    p = constant_neuron.run(network, constant_neuron.arrays_of(parameters), x, y)
    for l in range(p.L):
        assert p.o[l][0, 0] == 1.0  # the activation is never applied to it
        if l:
            assert p.delta[l][0, 0] == 0.0
    for l, w in constant_neuron.step(p, 0.7).items():
        assert np.array_equal(w[:, 0], np.eye(p.n[l])[:, 0])
    q = bias_first.run(network, bias_first.arrays_of(parameters), x.T, y.T)
    r = bias_last.run(network, bias_last.arrays_of(parameters), x.T, y.T)
    for l in range(
        network.n_layers
    ):  # the constant's entry exists, and is dropped when passing on
        bias = parameters.biases[l] @ q.delta[l + 1][:, 0]
        np.testing.assert_allclose(
            [q.dL_dx[l][0, 0], r.dL_dh[l][0, -1]], bias, rtol=0, atol=ROUNDING
        )
        assert q.dL_da[l].shape == (network.sizes[l], 1)


def test_r5_activations_by_layer_derivatives_from_outputs_and_the_softmax_jacobian() -> (
    None
):
    assert {"identity", "sigmoid", "relu", "tanh", "softmax"} <= set(ACTIVATIONS)
    assert ACTIVATIONS["relu"]().derivative(np.zeros(1)) == 0
    z = np.linspace(-3, 3, 13)
    o = ACTIVATIONS["sigmoid"]().value(z)
    np.testing.assert_allclose(
        ACTIVATIONS["sigmoid"]().derivative(z),
        o * (1 - o),
        rtol=0,
        atol=np.finfo(float).eps,
    )
    custom_activation(np.sin, np.cos, name="sine")
    softmax, rows, g = (
        ACTIVATIONS["softmax"](),
        RNG.normal(size=(3, 4)),
        RNG.normal(size=(3, 4)),
    )
    a = softmax.value(rows)
    for i in range(3):  # per sample, by the Jacobian and never elementwise
        through = softmax_jacobian.jacobian(a[i]).T @ g[i]
        np.testing.assert_allclose(
            softmax.pull_back(rows, a, g)[i], through, rtol=0, atol=ROUNDING
        )
        assert (
            np.max(np.abs(through - g[i] * np.diag(softmax_jacobian.jacobian(a[i]))))
            > 1e-2
        )


def test_r6_losses_of_all_documents_and_ones_own() -> None:
    y, a = np.array([[1.0, 2.0]]), np.zeros((1, 2))
    identity = ACTIVATIONS["identity"]()
    half, whole = (
        LOSSES["squared_error"](factor).value_and_delta(y, a, a, identity)
        for factor in (0.5, 1.0)
    )
    assert half[0].tolist() == [2.5]
    assert whole[0].tolist() == [5.0]
    assert np.array_equal(
        2 * half[1], whole[1]
    )  # the factor is to be seen in the gradient
    softmax = ACTIVATIONS["softmax"]()
    net = np.array([[1000.0, 0.0]])
    value, delta = LOSSES["cross_entropy"]().value_and_delta(
        y, net, softmax.value(net), softmax
    )
    assert value.tolist() == [2000.0]  # taken on pre-activations
    assert delta.tolist() == [[2.0, -2.0]]  # (Σ y) a - y
    custom_loss(
        lambda y, a: (a - y) ** 4, lambda y, a: 4 * (a - y) ** 3, name="quartic"
    )


def test_r7_sum_and_mean_with_delta_per_sample() -> None:
    network, parameters, x, y = example(rows=5)
    mean, total = (
        sweep(network, parameters, x, y, reduction=r) for r in ("mean", "sum")
    )
    np.testing.assert_allclose(mean.flat, total.flat / 5, rtol=1e-14)
    np.testing.assert_allclose(mean.J, total.J / 5, rtol=1e-14)
    for a, b in zip(mean.dZ, total.dZ, strict=True):
        assert np.array_equal(a, b)
    for i in range(5):
        alone = sweep(network, parameters, x[i : i + 1], y[i : i + 1])
        np.testing.assert_allclose(mean.dZ[0][i], alone.dZ[0][0], rtol=0, atol=ROUNDING)


@pytest.mark.parametrize(
    "y", [[0.2, 0.3, 0.5], [0.7, 0.7, 0.7], [0.0, 2.0, 0.0]], ids=str
)
def test_r8_fused_softmax_and_cross_entropy_equals_the_jacobian_path(y) -> None:
    network = bias_first.network((2, 3), softmax=True)
    p = bias_first.run(network, {1: RNG.normal(size=(3, 3))}, [0.4, -0.2], y)
    a, y = p.a[1][:, 0], np.array(y)
    np.testing.assert_allclose(p.delta[1][:, 0], y.sum() * a - y, rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(
        p.delta[1][:, 0], softmax_jacobian.through_jacobian(a, y), rtol=0, atol=ROUNDING
    )
    assert np.allclose(p.delta[1][:, 0], a - y, rtol=0, atol=ROUNDING) == np.isclose(
        y.sum(), 1
    )


def test_r9_delta_is_plus_and_its_recursion_takes_the_lower_derivative_and_the_upper_weights() -> (
    None
):
    network, parameters, x, y = example()
    s = sweep(network, parameters, x, y)
    measured = ComplexStep(s).measured()
    for l in (1, 2):
        slope = network.activations[l - 1].derivative(s.Z[l - 1])
        expected = hadamard(slope, measured.dZ[l] @ parameters.weights[l])
        np.testing.assert_allclose(s.dZ[l - 1], expected, rtol=0, atol=ROUNDING)
        np.testing.assert_allclose(
            s.dZ[l - 1], measured.dZ[l - 1], rtol=0, atol=ROUNDING
        )
    assert len(s.dZ) == 3  # no δ, and no μ', of the input layer


@pytest.mark.parametrize("name", list(NOTATIONS))
def test_r10_every_intermediate_derivative_can_be_read(name: str) -> None:
    network, parameters, x, y = example()
    found = {
        (q.canonical, q.layer)
        for q in NOTATIONS[name].quantities(sweep(network, parameters, x, y))
    }
    assert {("dZ", l) for l in (1, 2, 3)} <= found
    if name != "constant-neuron":  # S2 derives by components, and has δ only
        assert {("dA", 1), ("dA", 2), ("dX", 0)} <= found
    jacobian = ComplexStep(sweep(network, parameters, x, y)).jacobian(
        ("Z", 2), ("A", 1)
    )
    np.testing.assert_allclose(jacobian, parameters.weights[1], rtol=0, atol=ROUNDING)


def test_r11_gradients_take_the_previous_activation_and_their_own_delta() -> None:
    network, parameters, x, y = example((6, 3, 3))
    s = sweep(network, parameters, x, y)
    measured = ComplexStep(s).measured()
    for l in (0, 1):
        np.testing.assert_allclose(
            s.dW[l], np.outer(measured.dZ[l][0], s.A[l][0]), rtol=0, atol=ROUNDING
        )
        np.testing.assert_allclose(s.db[l], measured.dZ[l][0], rtol=0, atol=ROUNDING)
        assert (s.dW[l].shape, s.db[l].shape) == (
            parameters.weights[l].shape,
            parameters.biases[l].shape,
        )
    assert np.max(np.abs(s.db[1] - measured.dZ[0][0])) > 1e-3  # S1.E73 would be seen


def test_r12_columns_and_rows_and_no_silent_broadcasting() -> None:
    network, parameters, x, y = example(rows=3)
    p = column_batch.run(network, column_batch.arrays_of(parameters), x.T, y.T)
    assert (p.A[1].shape, sweep(network, parameters, x, y).A[1].shape) == (
        (3, 3),
        (3, 3),
    )
    assert p.A[2].shape == (5, 3)
    q = bias_last.run(
        bias_last.network((4, 3, 2)),
        bias_last.arrays_of(example((4, 3, 2))[1]),
        x[0],
        [0.1, 0.2],
    )
    assert (q.dL_dg[1].shape, q.columns["dL_dg"].shape) == ((1, 3), (3, 1))
    with pytest.raises(ShapeError):
        hadamard(q.dL_dg[1], q.columns["dL_dg"])


def test_r13_one_pattern_and_the_full_batch_go_one_way() -> None:
    network, parameters, x, y = example(rows=4)
    full = sweep(network, parameters, x, y, reduction="sum")
    alone = [
        sweep(network, parameters, x[i : i + 1], y[i : i + 1], reduction="sum").flat
        for i in range(4)
    ]
    np.testing.assert_allclose(full.flat, sum(alone), rtol=0, atol=ROUNDING)
    settings = {
        "optimizer": SGD(learning_rate=0.1),
        "parameters": parameters,
        "max_epochs": 1,
    }
    stepped = train(network, x, y, **settings, batch_rows=1)
    assert stepped.steps == 4
    assert train(network, x, y, **settings, batch_rows=4).steps == 1


def test_r14_a_step_descends_and_can_leave_layers_out() -> None:
    network, parameters, x, y = example()
    s = sweep(network, parameters, x, y)
    assert ComplexStep(s).slope(-s.flat) == pytest.approx(-np.sum(s.flat**2), rel=1e-12)
    p = bias_last.run(network, bias_last.arrays_of(parameters), x.T, y.T)
    only = bias_last.step(p, 0.1, layers=["F"])
    assert np.array_equal(only[1], p.W[1])
    assert np.array_equal(only["F"], p.W["F"] - 0.1 * p.dL_dW["F"])
    frozen = train(
        network,
        x,
        y,
        parameters=parameters,
        optimizer=GradientDescent(learning_rate=0.1),
        max_epochs=1,
        frozen_layers=(1, 2),
    )
    assert np.array_equal(frozen.parameters.weights[0], parameters.weights[0])
    np.testing.assert_allclose(
        bias_last.arrays_of(frozen.parameters)["F"], only["F"], rtol=0, atol=ROUNDING
    )
    again = Network(network.sizes, network.activations, network.loss).init(5).theta
    assert np.array_equal(again, network.init(5).theta)


def test_r15_independent_oracles() -> None:
    network = Network((1, 1, 1, 1), ["tanh"] * 3, LOSSES["squared_error"](1.0))
    parameters = network.init(3)
    w, b = (
        [float(v.item()) for v in arrays]
        for arrays in (parameters.weights, parameters.biases)
    )
    dw, db = chain.differentiate(w, b, 0.5, 1.0, ACTIVATIONS["tanh"]())
    flat = backward(
        network, parameters, forward(network, parameters, [[0.5]]), [[1.0]]
    ).flat
    np.testing.assert_allclose([*dw, *db], flat, rtol=0, atol=1e-15)
    assert paths.count((784, 128, 64, 10), 3) == 128 * 64 * 10
    linear = Network((3, 4, 2), ["identity"] * 2, "squared_error")
    theta = linear.init(0)
    one, x = affine_collapse.collapse(theta), RNG.normal(size=(2, 3))
    np.testing.assert_allclose(
        x @ one.weights[0].T + one.biases[0],
        forward(linear, theta, x).output,
        rtol=0,
        atol=ROUNDING,
    )


def test_r16_every_misprint_is_seen_on_widths_that_differ_agree_and_hidden_equal_to_output() -> (
    None
):
    for line in LINES.values():
        # ReLU' at 0 (S1.E63) is of one neuron, whatever the widths
        if line.verdict.name == "MISPRINT" and line.kind != "ReLU neuron":
            assert {"NS", "SQ", "ML"} <= set(KINDS[line.document, line.kind]), line.id
            assert line.fails
    sizes = {case: make().network.sizes for case, make in KINDS["S1", "digits"].items()}
    assert len(set(sizes["NS"])) == 3
    assert len(set(sizes["SQ"])) == 1
    assert sizes["ML"][1] == sizes["ML"][2] != sizes["ML"][0]
    assert line_of("S1.E73").fails == {"NS": "shape", "SQ": "value", "ML": "value"}


def test_r17_classification_one_hot_argmax_and_the_recipe_on_given_arrays() -> None:
    digits = load_data("digits")
    x, labels = digits.x_train[:500] * digits.scale, digits.y_train[:500]
    network = column_batch.network((64, 10, 10), softmax=True)
    rule = GradientDescent(learning_rate=0.1)
    report = train(
        network, x, labels, optimizer=rule, max_epochs=1000, initializer="he_normal"
    )
    output = forward(network, report.parameters, x).output
    assert (
        np.mean(np.argmax(output, axis=1) == labels) > 0.9
    )  # digit d is column d, counted from 0
    one_hot = np.eye(10)[labels]
    assert float(objective(network, report.parameters, x, labels)) == float(
        objective(network, report.parameters, x, one_hot)
    )


def test_r18_float64_by_default_dtype_kept_complex_accepted() -> None:
    network, parameters, x, y = example()
    assert network.init().theta.dtype == np.float64
    for one in NOTATIONS.values():
        single = network.init(0, dtype="float32")
        arrays = one.module.arrays_of(single)
        leaves = (
            arrays
            if one.alias == "S3"
            else next(iter((arrays[0] if one.alias == "S1" else arrays).values()))
        )
        assert leaves.dtype == np.float32
    bumped = Parameters(parameters.sizes, parameters.theta + 1e-30j)
    W = bias_first.arrays_of(bumped)
    p = bias_first.run(network, W, x.T, y.T)
    assert p.loss.imag / 1e-30 == pytest.approx(
        np.sum(sweep(network, parameters, x, y).flat), rel=1e-12
    )
    z = np.array([2 + 1e-30j, -2 + 1e-30j])
    assert ACTIVATIONS["relu"]().value(z).imag.tolist() == [
        1e-30,
        0.0,
    ]  # by the real part


@pytest.mark.parametrize("scale", [1000.0, -1000.0])
def test_r19_float_safety(scale: float) -> None:
    softmax, ell, sigmoid = (
        ACTIVATIONS["softmax"](),
        LOSSES["cross_entropy"](),
        ACTIVATIONS["sigmoid"](),
    )
    net = np.array([[scale, 0.0]])
    with np.errstate(all="raise", under="ignore"):
        a = softmax.value(net)
        assert np.isfinite(a).all()
        large = int(np.argmax(net))
        for k, expected in ((large, 0.0), (1 - large, 1000.0)):
            y = np.eye(2)[[k]]
            assert ell.value_and_delta(y, net, a, softmax)[0].tolist() == [expected]
        assert sigmoid.value(np.array([scale]))[0] == (1.0 if scale > 0 else 0.0)


BAD = {
    "bias-first": lambda m: m.parameters_of({1: np.ones((2, 3)), 3: np.ones((1, 3))}),
    "column-batch": lambda m: m.parameters_of(
        ({1: np.ones((2, 3)), 2: np.ones((1, 3))}, {1: [1, 1], 2: [1]})
    ),
    "constant-neuron": lambda m: m.parameters_of({0: [[1.0, 0.5], [0.2, 2.0]]}),
    "flat-theta": lambda m: m.parameters_of(np.ones(49), (4, 3, 5, 2)),
    "bias-last": lambda m: m.parameters_of({1: np.ones((2, 3)), "F": np.ones((1, 2))}),
}


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("bias-first", r"layers 1, 2"),
        ("column-batch", r"i = 1 … n_2, j = 1 … n_1"),
        ("constant-neuron", "w_10"),
        ("flat-theta", r"n_k n_\(k\+1\)"),
        ("bias-last", r"k = 1 … D_F"),
    ],
)
def test_r20_errors_speak_in_the_documents_indices(name: str, index: str) -> None:
    with pytest.raises(InputError, match=index):
        BAD[name](notation(name).module)


def test_r20_nothing_is_cut_to_fit() -> None:
    network, parameters, x, y = example()
    for one, (extra_x, extra_y) in itertools.product(
        NOTATIONS.values(), [(1, 0), (-1, 0), (0, 1), (0, -1)]
    ):
        arrays = one.module.arrays_of(parameters)
        inputs, targets = np.ones(x.shape[1] + extra_x), np.ones(y.shape[1] + extra_y)
        with pytest.raises(ShapeError):
            one.module.run(network, arrays, inputs, targets)
