"""What an explanation shows is what the engine computed, and its checks find what is wrong."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    OPTIMIZERS,
    InputError,
    Network,
    NonFiniteError,
    Parameters,
    backward,
    custom_activation,
    custom_loss,
    explain,
    explanation,
    forward,
)
from chainrule.explanation.steps import PHASES
from chainrule.optimizers import SGD
from chainrule.optimizers.first_order import FirstOrder

from ..support.cases import Case, build, pairwise_cases
from ..support.faulty_equations import propagate_with, pull_back_with, replacer
from ..support.worked_example import WORKED

#: Deep enough for every step, one case for each pair of activation and loss.
CASES = [case for case in pairwise_cases() if case.depth == 2]
RULES = [make() for make in OPTIMIZERS.values() if issubclass(make, FirstOrder)] + [
    SGD(momentum=0.9),
    SGD(momentum=0.9, nesterov=True),
]


def of_case(case: Case, **options):
    setup = build(case)
    return setup, explain(
        setup.network,
        setup.x,
        setup.y,
        parameters=setup.parameters,
        masks=setup.masks,
        row=1,
        **setup.options,
        **options,
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_number_is_the_engines_and_every_check_passes(case: Case) -> None:
    setup, made = of_case(case)
    network, parameters = setup.network, setup.parameters
    trace = forward(network, parameters, setup.x, masks=setup.masks)
    gradient = backward(network, parameters, trace, setup.y, **setup.options)
    expected = {"J": gradient.J}
    for l in range(1, network.n_layers + 1):
        expected |= {
            f"Z{l}": trace.Z[l - 1][1],
            f"A{l}": trace.A[l][1],
            f"D{l}": gradient.delta[l - 1][1],
        }
        expected |= {f"dW{l}": gradient.dW[l - 1], f"db{l}": gradient.db[l - 1]}
    expected["G0"] = gradient.dX[1]
    for name, values in expected.items():
        np.testing.assert_array_equal(made.numbers.array(name), values)
    assert made.failed == ()
    compared = [
        c
        for name, checks in made.checks.items()
        if name[0] in "DG"
        for c in checks
        if c.value is not None
    ]
    assert len(compared) > 10  # of derivatives, also numerically


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_step_is_the_optimizers_and_its_formula_gives_it(rule, dtype) -> None:
    network = Network((4, 3, 2), ("tanh", "softmax"), "cross_entropy")
    parameters = network.init(0, dtype)
    x, y = np.random.default_rng(0).normal(size=(3, 4)), [0, 1, 1]
    made = explain(network, x, y, parameters=parameters, optimizer=rule)
    gradient = backward(network, parameters, forward(network, parameters, x), y)
    decay = rule.decay(rule.learning_rate)
    weights = sum(w.size for w in parameters.weights)
    start = np.concatenate(
        [
            np.float64(decay).astype(dtype) * parameters.theta[:weights],
            parameters.theta[weights:],
        ]
    )
    stepped, _ = rule.move(
        start, gradient.flat, rule.init(start), rule.learning_rate, 1
    )
    np.testing.assert_array_equal(made.numbers.stepped, stepped)
    updates = [
        name for step in made.steps if step.phase == "update" for name in step.entries
    ]
    assert made.failed == ()
    assert all(made.checks[name] for name in updates)
    remembered = 0 if rule.name == "sgd" and not rule.momentum else len(rule.slot_names)
    assert len(updates) == len(stepped) * (1 + remembered)


def test_the_example_worked_by_hand() -> None:
    network = Network((2, 2, 1), ("relu", "identity"), "squared_error")
    parameters = Parameters.from_arrays(WORKED.weights, WORKED.biases)
    for row in (0, 1):
        made = explain(
            network,
            WORKED.x,
            WORKED.y,
            parameters=parameters,
            sample_weight=WORKED.sample_weight,
            row=row,
            learning_rate=0.5,
        )
        assert made.passed
        assert made.value("ell") == WORKED.ell[row]
        assert [made.value(f"D1.{k}") for k in (1, 2)] == WORKED.delta[0][row]
        assert [made.value(f"G0.{j}") for j in (1, 2)] == WORKED.dX[row]
    assert made.value("J") == WORKED.J
    assert [made.value(f"dW1.2.{j}") for j in (1, 2)] == WORKED.dW[0][1]
    assert made.value("W+2.1.2") == WORKED.theta_after_half_a_step[5]
    # how the rows add up: s Δ A of each
    text = made.text()
    assert (
        "= 0.25 · 11 · 1 + 0.75 · 3 · 2\n" in text
    )  # ∂J/∂W[1]_2,1 = 29/4 of rows of weights 1 and 3
    assert "= 7.25 " in text


def test_the_sum_over_rows_is_shown_where_it_is_asked_for() -> None:
    network = Network((3, 4, 2), ("tanh", "identity"), "squared_error")
    parameters, x, y = (
        network.init(0),
        np.random.default_rng(0).normal(size=(5, 3)),
        np.zeros((5, 2)),
    )
    mean, total = (
        explain(network, x, y, parameters=parameters, reduction=how)
        for how in ("mean", "sum")
    )
    assert total.passed
    assert total.value("J") == pytest.approx(5 * mean.value("J"), rel=1e-14)
    np.testing.assert_allclose(
        total.numbers.array("dW1"), 5 * mean.numbers.array("dW1"), rtol=1e-12
    )


FAULTS = {
    # B2's missing mask, transposed, another layer's φ′ …: which numbers must turn red
    "transposed back": (
        pull_back_with(W_back=lambda W: W.T if W.shape[0] == W.shape[1] else W),
        "D",
    ),
    "slope of another layer": (
        pull_back_with(z_of_layer=lambda l: 3 - l if l < 3 else l),
        "D",
    ),
    "gradient 0.1 % too large": (
        pull_back_with(weight_of=lambda delta, A: 1.001 * (delta.T @ A)),
        "dW",
    ),
    "bias gradient of another layer": (
        pull_back_with(delta_of_bias=lambda l: 2 if l == 1 else l),
        "db",
    ),
    "no division by the rows": (pull_back_with(scale=lambda s: 1.0), "dW"),
    "input gradient divided by the rows": (pull_back_with(dX_weighted=True), "G0"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_planted_in_the_backward_pass_turns_its_numbers_red(
    monkeypatch, fault
) -> None:
    network = Network((3, 3, 3, 2), ("tanh", "sigmoid", "softmax"), "cross_entropy")
    parameters = network.init(1)
    x, y = np.random.default_rng(0).normal(size=(2, 3)), [0, 1]
    assert explain(network, x, y, parameters=parameters).passed
    variant, kind = FAULTS[fault]
    replacer(monkeypatch)("pull_back", variant)
    made = explain(network, x, y, parameters=parameters)
    assert any(name.startswith(kind) for name in made.failed)
    assert "DISAGREE" in made.text()
    assert "✗ WRONG" in made.text()


@pytest.mark.parametrize("fault", [{"transposed": True}, {"bias": False}], ids=str)
def test_a_fault_planted_in_the_forward_pass_turns_its_numbers_red(
    monkeypatch, fault
) -> None:
    network = Network((3, 3, 3), ("tanh", "identity"), "squared_error")
    parameters = Parameters(
        network.sizes, np.random.default_rng(0).normal(size=network.n_parameters)
    )
    replacer(monkeypatch)("propagate", propagate_with(**fault))
    made = explain(
        network, [[1.0, 2.0, -1.0]], [[0.0, 1.0, 2.0]], parameters=parameters
    )
    assert {"Z1.1", "Z2.3"} <= set(made.failed)


def test_a_fault_planted_in_a_row_turns_its_numbers_red() -> None:
    tanh = ACTIVATIONS["tanh"]()
    faulty = replace(tanh, phi=lambda z: 1.0001 * tanh.phi(z))
    network = Network((3, 2, 1), (faulty, "identity"), "squared_error")
    made = explain(network, [[1.0, 2.0, -1.0]], [[0.5]], parameters=network.init(0))
    assert "A1.1" in made.failed  # φ itself
    assert "P1.1" in made.failed  # and φ′ is not its derivative


def test_a_step_that_is_not_finite_is_refused() -> None:
    network = Network((1, 1), ("exp",), "poisson")
    with pytest.raises(NonFiniteError, match=r"first in A\[1\]"):
        explain(
            network,
            [[1e3]],
            [[1.0]],
            parameters=Parameters.from_arrays([[[1.0]]], [[0.0]]),
        )


def test_functions_of_ones_own_are_evaluated_again() -> None:
    sine = custom_activation(np.sin, np.cos, name="sine", bounds=(-1.1, 1.1))
    quartic = custom_loss(
        lambda y, a: (a - y) ** 4, lambda y, a: 4 * (a - y) ** 3, name="quartic"
    )
    network = Network((3, 4, 2), (sine, "identity"), quartic)
    made = explain(
        network, [[0.5, 1.0, -1.0]], [[0.2, 0.1]], parameters=network.init(0)
    )
    assert made.passed
    checks = [check for check in made.checks["D1.1"] if "differences" in check.how]
    assert len(checks) == 1
    assert "φ(Z^[1]_1)" in made.text()
    for name in ("A1.1", "P1.1", "ell", "G2.1"):
        assert made.checks[name][0].how == "called again"
    assert made.checks["A2.1"][0].how == made.checks["D1.1"][0].how == "evaluated again"


def test_at_a_kink_nothing_is_compared() -> None:
    leaky = custom_activation(
        lambda z: np.where(z > 0, z, 0.1 * z),
        lambda z: np.where(z > 0, 1.0, 0.1),
        kinks=(0.0,),
    )
    network = Network((1, 1, 1), (leaky, "identity"), "squared_error")
    parameters = Parameters.from_arrays([[[1.0]], [[1.0]]], [[0.0], [0.0]])
    made = explain(network, [[0.0]], [[1.0]], parameters=parameters)
    assert made.passed
    assert any("kink" in check.how for check in made.checks["P1.1"])


def test_a_large_network_shows_the_largest_and_adds_the_rest() -> None:
    network = Network((784, 128, 10), ("relu", "softmax"), "cross_entropy")
    parameters = network.init(0, "float32")
    x = np.random.default_rng(0).uniform(size=(1, 784))
    made = explain(network, x, [3], parameters=parameters, layer=1, unit=57, terms=3)
    assert made.passed
    z = made.formula(made.templates["canonical"], "Z1.57")
    W, a = (
        parameters.weights[0][56].astype(float),
        x[0].astype(np.float32).astype(float),
    )
    largest = sorted(np.argsort(-np.abs(W * a))[:3] + 1)
    assert [f"@W1.57.{j}@" in z for j in largest] == [True] * 3
    count, rest = z.split("@rest:")[1].split("@")[0].split(":")
    assert int(count) == 781
    left = np.delete(W * a, np.array(largest) - 1)
    assert float(rest) == pytest.approx(np.sum(left), abs=1e-12)
    names = [name for step in made.steps for name in step.entries]
    assert all(
        name.split(".")[1] == "57"
        for name in names
        if name.startswith(("Z", "A", "D1", "dW", "W+"))
    )
    assert "[781 more]" in made.text()


def test_layers_are_called_as_the_notation_calls_them() -> None:
    def layers(notation, layer):
        made = explain(notation=notation, layer=layer)
        return {step.layer for step in made.steps if step.phase == "forward"}

    assert (
        layers("canonical", 3)
        == layers("bias-last", "F")
        == layers("S3", 4)
        == layers("S3", "M")
        == layers("S2", "3")
        == {3}
    )
    assert layers("flat-theta", [2, 4]) == {1, 3}
    for notation, layer in (("bias-last", 3), ("flat-theta", 1), ("canonical", 0)):
        with pytest.raises(InputError, match=r"as .* calls them"):
            explain(notation=notation, layer=layer)


def test_steps_come_in_the_order_of_the_computation() -> None:
    def phases(one):
        return [key for key, _ in itertools.groupby(step.phase for step in one.steps)]

    made = explain()
    assert phases(made) == [phase for phase in PHASES if phase != "curvature"]
    assert phases(explain(optimizer="levenberg_marquardt")) == list(PHASES)
    seen = {
        name
        for name in made.numbers.arrays
        if name.startswith(("W", "b", "Y", "one", "alpha", "s", "m", "v"))
    }
    for step in made.steps:
        for name in step.entries:
            markup = made.formula(made.templates["canonical"], name)
            for used in (part.removeprefix("!") for part in markup.split("@")[1::2]):
                assert (
                    used in seen or used.split(".")[0] in seen or used.startswith("A0")
                ), (name, used)
            seen.add(name)


@pytest.mark.parametrize(
    "number",
    ["F0", "F1", "F2", "J1", "J2", "B1", "B2", "B3", "B4", "U1"]
    + [f"G{number}" for number in range(1, 9)],
)
def test_every_equation_stands_beside_its_line_here_too(number) -> None:
    beside = re.compile(rf"\S  # (.*\W)?{number}\b")
    sources = Path(explanation.__file__).parent.rglob("*.py")
    assert any(
        beside.search(line)
        for path in sources
        for line in path.read_text(encoding="utf-8").splitlines()
    )


def test_the_native_engines_numbers() -> None:
    from chainrule.engines import native

    if native.MISSING is not None:
        pytest.skip("the engine is not built here")
    network = Network((4, 5, 3), ("relu", "softmax"), "cross_entropy")
    parameters = network.init(0, "float32")
    x, y = np.random.default_rng(0).normal(size=(7, 4)), np.arange(7) % 3
    made = explain(network, x, y, parameters=parameters, engine="native")
    assert made.numbers.engine == "native"
    assert made.passed
    assert made.numbers.arrays["dW1"].dtype == np.float32
    assert "numbers of the native engine in float32" in made.text()
    assert "Numbers of the native engine in float32" in made.html()
    for change in ({"reduction": "sum"}, {"l1": 0.1, "l2": 0.2}, {"row": 3}):
        assert explain(
            network, x, y, parameters=parameters, engine="native", **change
        ).passed
    by_reference = explain(network, x, y, parameters=parameters)
    assert by_reference.value("Z1.1") == pytest.approx(made.value("Z1.1"), rel=1e-5)
    assert np.any(by_reference.numbers.arrays["A2"] != made.numbers.arrays["A2"])
    assert "numbers of the reference engine in float32" in by_reference.text()
    assert "Numbers of the reference engine in float32" in by_reference.html()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"row": 5}, "row = 5"),
        ({"row": True}, "row = True"),
        ({"notation": "bias-lost"}, "Did you mean 'bias-last'"),
        ({"unit": 9}, "unit 9"),
        ({"unit": 0}, "pass unit=1 for the first"),
        ({"unit": 1.5}, "unit = 1.5"),
        ({"layer": 1.5}, "layer 1.5"),
        ({"layer": []}, "chooses nothing"),
        ({"unit": ()}, "chooses nothing"),
        ({"equation": []}, "chooses nothing"),
        ({"equation": "75"}, "add notation='S4'"),
        ({"equation": "S4.E75"}, "add notation='S4'"),
        ({"equation": "S1.E80", "notation": "S4"}, "add notation='S1'"),
        ({"equation": "99", "notation": "S4"}, "Choose from these"),
        ({"digits": 18}, "digits = 18"),
        ({"terms": 0}, "terms = 0"),
        ({"optimizer": "lbfgs"}, "first-order"),
        ({"learning_rate": "much"}, "learning_rate"),
        ({"reduction": "avg"}, "reduction = 'avg'"),
        ({"x": [[1.0, 2.0]]}, "rows without a model"),
        ({"model": 3}, "model that is an int"),
        (
            {
                "model": Network((2, 1), ("identity",), "squared_error"),
                "x": [[1, 2]],
                "y": [[1]],
            },
            "without parameters",
        ),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_cannot_be_is_said_in_three_parts(options, said) -> None:
    with pytest.raises(InputError) as caught:
        explain(**options)
    assert said in str(caught.value)
    assert caught.value.remedy[-1] in ".?"
