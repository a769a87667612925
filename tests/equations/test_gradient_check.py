"""`check_gradient` on every activation × fitting loss × depth 0-3, at kinks, and its result."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    InputError,
    Network,
    Parameters,
    check_gradient,
)
from chainrule.equations import gradient_check
from chainrule.equations.custom import custom_activation

from ..support import peers
from ..support.cases import (
    DEPTHS,
    FACTORS,
    Case,
    Setup,
    build,
    fits,
    fitting_pairs,
    full_product,
    pairwise_cases,
)

#: What the equations must agree to with each method, relative to the largest entry of an array.
LARGEST_ERROR = {"central": 1e-6, "complex": 1e-11}


def check(setup: Setup, **options) -> gradient_check.GradientCheck:
    return check_gradient(
        setup.network,
        setup.parameters,
        setup.x,
        setup.y,
        masks=setup.masks,
        **setup.options,
        **options,
    )


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("case", pairwise_cases(), ids=str)
def test_the_gradient_equals_numerical_differentiation(case: Case, method: str) -> None:
    setup = build(case)
    result = check(setup, method=method)
    L = setup.network.n_layers
    assert result.passed, str(result)
    assert [a.name for a in result.arrays] == [
        *(f"W[{l}]" for l in range(1, L + 1)),
        *(f"b[{l}]" for l in range(1, L + 1)),
        "X",
        "direction",
    ]
    assert (
        sum(a.entries for a in result.arrays)
        == setup.network.n_parameters + setup.x.size + 1
    )
    for array in result.arrays:
        assert array.error <= LARGEST_ERROR[method], str(result)
        assert (array.compared, array.at_kink) == (array.entries, 0)


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("shift", [-40.0, -20.0, -8.0, 8.0, 20.0, 40.0])
@pytest.mark.parametrize(("activation", "loss"), fitting_pairs())
def test_saturated_units_pass_too(
    activation: str, loss: str, shift: float, method: str
) -> None:
    """Logits far from 0, on either side: no false alarm where φ′ or 1 - a is tiny."""
    if activation == "exp" and shift > 8:
        return  # e^20 amplifies the rounding of z beyond what differences resolve
    setup = build(Case(activation, loss, 0, 2, weights="random"))
    theta = setup.parameters.theta.copy()
    theta[-2:] += (shift, -shift) if activation == "softmax" else shift
    result = check(
        dataclasses.replace(
            setup, parameters=Parameters(setup.parameters.sizes, theta)
        ),
        method=method,
    )
    assert result.passed, str(result)


def test_a_direction_in_a_network_with_large_weights() -> None:
    # |θ| is near 60; a step that grew with it would leave the reach of a Taylor expansion
    setup = build(Case("softplus", "log_cosh", 1, 2))
    theta = setup.parameters.theta + 15.0 * (
        np.arange(setup.network.n_parameters) >= 30
    )
    result = check(
        dataclasses.replace(
            setup, parameters=Parameters(setup.parameters.sizes, theta)
        ),
        method="central",
    )
    assert result.passed, str(result)


@pytest.mark.full
@pytest.mark.parametrize("outputs", FACTORS["outputs"])
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(
    ("activation", "loss"), list(itertools.product(ACTIVATIONS, LOSSES))
)
def test_the_full_product(activation: str, loss: str, depth: int, outputs: int) -> None:
    """Every weights × penalty × masks as well; 3 entries of each array and a direction are compared."""
    if not fits(activation, loss, outputs):
        with pytest.raises(InputError):
            Network((1, outputs), (activation,), loss)
        return
    for case, method in itertools.product(
        full_product(activation, loss, depth, outputs), LARGEST_ERROR
    ):
        result = check(build(case), method=method, max_entries=3)
        assert result.passed, f"{case}\n{result}"
        assert result.worst.error <= LARGEST_ERROR[method], f"{case}\n{result}"


def test_a_unit_that_sits_on_a_kink_is_counted_and_not_compared() -> None:
    # Z = (0, 2): the first unit sits on the kink of relu, the second does not
    network = Network((1, 2, 1), ("relu", "identity"), "squared_error")
    p = Parameters.from_arrays([[[1.0], [3.0]], [[1.0, 2.0]]], [[-1.0, -1.0], [0.0]])
    result = check_gradient(network, p, [[1.0]], [[0.5]], method="central")
    found = {a.name: (a.compared, a.at_kink) for a in result.arrays}
    # what moves the first unit has no derivative: its weight, its bias, the input, a random direction
    assert found == {
        "W[1]": (1, 1),
        "W[2]": (2, 0),
        "b[1]": (1, 1),
        "b[2]": (1, 0),
        "X": (0, 1),
        "direction": (0, 1),
    }
    assert result.passed, str(result)


def test_a_check_that_compared_nothing_does_not_pass() -> None:
    network = Network((1, 1), ("relu",), "squared_error")
    p = Parameters.from_arrays([[[1.0]]], [[-1.0]])
    result = check_gradient(network, p, [[1.0]], [[0.5]], method="central")
    assert all(a.compared == 0 for a in result.arrays)
    assert not result.passed


@pytest.mark.parametrize("distance", [1e-5, -1e-5, 5e-4, -5e-4])
@pytest.mark.parametrize(
    ("activation", "kink"),
    [(name, kink) for name, make in ACTIVATIONS.items() for kink in make().kinks],
)
def test_a_kink_nearby_is_stepped_around(
    activation: str, kink: float, distance: float
) -> None:
    network = Network((1, 1, 1), (activation, "identity"), "squared_error")
    p = Parameters.from_arrays([[[1.0]], [[1.5]]], [[kink + distance - 1.0], [0.3]])
    result = check_gradient(network, p, [[1.0]], [[2.0]], method="central")
    assert result.passed, str(result)
    assert [a.at_kink for a in result.arrays[:-1]] == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("distance", [0.0, 1e-5, -5e-4])
@pytest.mark.parametrize(
    ("loss", "residual"),
    [("absolute_error", 0.0), ("huber", 1.0), ("huber", -1.0), ("pinball", 0.0)],
)
def test_a_kink_of_the_loss_is_recognized(
    loss: str, residual: float, distance: float
) -> None:
    network = Network((1, 1), ("identity",), loss)
    p = Parameters.from_arrays([[[0.5]]], [[0.25]])  # a = 0.75
    result = check_gradient(
        network, p, [[1.0]], [[0.75 + residual + distance]], method="central"
    )
    on_kink = 0 if distance else 1
    assert [a.at_kink for a in result.arrays] == [on_kink] * 4
    assert result.passed == bool(distance), str(result)


def test_a_weight_of_zero_under_l1_is_at_a_kink() -> None:
    network = Network((2, 1), ("identity",), "squared_error")
    p = Parameters.from_arrays([[[0.0, 0.5]]], [[0.1]])
    result = check_gradient(network, p, [[1.0, 2.0]], [[1.0]], l1=0.1, method="central")
    W, b, X, _ = result.arrays
    assert [(a.compared, a.at_kink) for a in (W, b, X)] == [(1, 1), (1, 0), (2, 0)]
    assert result.passed, str(result)
    without = check_gradient(
        network, p, [[1.0, 2.0]], [[1.0]], l2=0.1, method="central"
    )
    assert without.arrays[0].at_kink == 0


def test_the_result_prints_as_a_table() -> None:
    lines = str(
        check(build(Case("tanh", "squared_error", 1)), method="central")
    ).splitlines()
    assert (
        lines[0] == "Gradient check by five-point differences: passes (tolerance 1e-06)"
    )
    assert lines[1].split()[:2] == ["array", "compared"]
    assert all(
        word in lines[1] for word in ("kink", "worst", "derived", "numerical", "error")
    )
    assert [line.split()[0] for line in lines[2:]] == [
        "W[1]",
        "W[2]",
        "b[1]",
        "b[2]",
        "X",
        "direction",
    ]
    assert all(line.endswith("ok") for line in lines[2:])


def test_a_wrong_array_is_marked_with_its_entry_and_both_values(monkeypatch) -> None:
    pull_back = gradient_check.pull_back

    def one_entry_wrong(*arguments, **options):
        gradient = pull_back(*arguments, **options)
        flat = gradient.flat.copy()
        flat[3] += 1.0  # W[1], shape (5, 4): entry (0, 3)
        return dataclasses.replace(gradient, flat=flat)

    monkeypatch.setattr(gradient_check, "pull_back", one_entry_wrong)
    result = check(build(Case("tanh", "squared_error", 1)))
    assert not result.passed
    wrong = result.worst
    assert (wrong.name, wrong.worst) == ("W[1]", (0, 3))
    assert wrong.derived - wrong.numerical == pytest.approx(1.0)
    assert "FAILS" in str(result).splitlines()[0]
    assert str(result).splitlines()[2].endswith("WRONG")
    assert [a.passed for a in result.arrays] == [False, True, True, True, True, False]


@pytest.mark.parametrize("method", ["central", "complex"])
def test_nan_does_not_pass(monkeypatch, method: str) -> None:
    pull_back = gradient_check.pull_back

    def one_entry_nan(*arguments, **options):
        gradient = pull_back(*arguments, **options)
        flat = gradient.flat.copy()
        flat[-1] = np.nan
        return dataclasses.replace(gradient, flat=flat)

    monkeypatch.setattr(gradient_check, "pull_back", one_entry_nan)
    result = check(build(Case("tanh", "squared_error", 1)), method=method)
    assert not result.passed
    assert [a.name for a in result.arrays if not a.passed] == ["b[2]", "direction"]
    assert np.isnan(result.worst.error)


def test_max_entries_draws_some_entries_of_each_array() -> None:
    setup = build(Case("tanh", "squared_error", 1))
    result = check(setup, max_entries=3, seed=5)
    assert [(a.compared, a.entries) for a in result.arrays] == [
        (3, 20),
        (3, 10),
        (3, 5),
        (2, 2),
        (3, 20),
        (1, 1),
    ]
    assert str(result) == str(check(setup, max_entries=3, seed=5))
    assert str(result) != str(check(setup, max_entries=3, seed=6))


@pytest.mark.parametrize(("method", "passes"), [("central", 2), ("complex", 1)])
@pytest.mark.parametrize("depth", [0, 3])
def test_the_direction_alone_costs_two_passes(
    monkeypatch, method: str, passes: int, depth: int
) -> None:
    calls = []
    propagate = gradient_check.propagate

    def counted(*arguments):
        calls.append(1)
        return propagate(*arguments)

    monkeypatch.setattr(gradient_check, "propagate", counted)
    result = check(
        build(Case("tanh", "squared_error", depth)), method=method, max_entries=0
    )
    assert [a.name for a in result.arrays] == ["direction"]
    assert result.passed
    assert len(calls) == passes + 1  # and the one whose gradient is checked


def test_auto_takes_the_complex_step_where_it_applies() -> None:
    smooth = build(Case("gelu", "squared_error", 1))
    assert check(smooth).method == "complex"
    real_only = custom_activation(
        lambda z: np.logaddexp(0, z),
        lambda z: np.exp(-np.logaddexp(0, -z)),
        name="real",
    )
    network = Network((4, 5, 2), (real_only, "identity"), "squared_error")
    assert check(dataclasses.replace(smooth, network=network)).method == "central"
    with pytest.raises(InputError, match="not marked analytic"):
        check(dataclasses.replace(smooth, network=network), method="complex")


def _in_library(setup: Setup, xp) -> Setup:
    theta = xp.asarray(setup.parameters.theta)
    return dataclasses.replace(
        setup, parameters=Parameters(setup.parameters.sizes, theta)
    )


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "softmax"])
@pytest.mark.parametrize(
    "library", ["array_api_strict", pytest.param("torch", marks=peers.needs_torch)]
)
def test_other_array_libraries_go_through_central_differences(
    library: str, activation: str
) -> None:
    xp = pytest.importorskip(library)
    case = Case(
        activation, "squared_error", 1, penalty="both", masks="all", weights="random"
    )
    setup = _in_library(build(case), xp)
    result = check(setup)
    assert result.method == "central"
    assert result.passed, str(result)
    assert result.worst.error <= LARGEST_ERROR["central"]
    with pytest.raises(InputError, match="not of NumPy"):
        check(setup, method="complex")


def test_float32_and_unknown_methods_are_refused() -> None:
    setup = build(Case("tanh", "squared_error", 1))
    rounded = Parameters(
        setup.parameters.sizes, setup.parameters.theta.astype("float32")
    )
    with pytest.raises(InputError, match=r"float32.*float64"):
        check(dataclasses.replace(setup, parameters=rounded))
    with pytest.raises(InputError, match="forward"):
        check(setup, method="forward")


@pytest.mark.parametrize("scale", [1.0, 100.0, 10_000.0])
def test_differences_follow_the_scale_of_the_inputs(scale: float) -> None:
    # a fixed step of 1e-3 in W[1] would move Z[1] by 1e-3 times the input
    net = Network((3, 4, 2), ("tanh", "identity"), "squared_error")
    rng = np.random.default_rng(4)
    start = net.init(4)
    W = [start.weights[0] / scale, start.weights[1]]
    x, y = scale * rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    result = check_gradient(
        net, Parameters.from_arrays(W, start.biases), x, y, method="central"
    )
    assert result.passed, result
