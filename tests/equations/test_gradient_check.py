"""`check_gradient` on every activation × fitting loss × depth 0-3, at kinks, and its result."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    GradientCheck,
    InputError,
    Network,
    Parameters,
    check_gradient,
    forward,
)
from chainrule.equations import gradient_check
from chainrule.equations.custom import custom_activation
from chainrule.equations.differentiation import derivative_along
from chainrule.equations.entry_checks import PointOfCheck

from ..support import faulty_equations as faulty
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

#: What the equations must agree to with each method, relative to each number, beside rounding.
LARGEST_ERROR = {"central": 1e-6, "complex": 1e-11}


def check(setup: Setup, **options) -> GradientCheck:
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
    assert not result.failed, str(result)
    # two softmax units with errors of one size: their biases' gradients are 0 but for rounding
    assert result.passed or case.activation == "softmax", str(result)
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
        assert array.tolerance == LARGEST_ERROR[method]
        assert array.compared + array.not_resolved == array.entries
        assert array.at_kink == 0


def test_differences_know_what_they_are_off_by() -> None:
    """Also where two estimates with steps far too large agree by chance."""
    for a in (3.0, 100.0, 1000.0):

        def steep(v: np.ndarray, a: float = a) -> tuple[float, list]:
            return float(np.arctan(a * v)[0]), []

        for x in np.linspace(-0.3, 0.3, 61):
            for step in np.geomspace(0.001, 60, 24):
                slope = derivative_along(
                    steep, np.array([x]), [], np.ones(1), "central", step=step
                )
                assert abs(slope.value - a / (1 + (a * x) ** 2)) <= slope.noise


def test_a_derivative_of_zero_is_not_held_to_what_differences_round() -> None:
    """As of a unit so far out that φ′ is 0 and a first step still finds a slope."""

    def flat(v: np.ndarray) -> tuple[float, list]:
        return 1 + 1e-14 * float(v[0] * np.exp(-1 / max(v[0] ** 2, 1e-300))), []

    point = PointOfCheck(flat, *(np.zeros(1) for _ in range(3)), 0.0, "central")
    rng = np.random.default_rng(0)
    found = point.compare_entries("X", (0, 1), (1,), 8.0, None, rng)
    assert found.numerical != 0
    assert found.verdict == "not resolved"
    wrong = dataclasses.replace(point, gradient=np.full(1, 1e-12))
    assert wrong.compare_entries("X", (0, 1), (1,), 8.0, None, rng).failed


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
    assert not result.failed, str(result)
    if method == "complex" and activation not in ("softmax", "gelu"):
        assert result.passed, str(result)  # gelu at -40 is subnormal


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
        assert not result.failed, f"{case}\n{result}"
        assert result.passed or activation == "softmax", f"{case}\n{result}"


@pytest.mark.parametrize("method", ["central", "complex"])
def test_a_unit_that_sits_on_a_kink_is_counted_and_not_compared(method: str) -> None:
    # Z = (0, 2): the first unit sits on the kink of relu, the second does not
    network = Network((1, 2, 1), ("relu", "identity"), "squared_error")
    p = Parameters.from_arrays([[[1.0], [3.0]], [[1.0, 2.0]]], [[-1.0, -1.0], [0.0]])
    result = check_gradient(network, p, [[1.0]], [[0.5]], method=method)
    found = {a.name: (a.compared, a.at_kink) for a in result.arrays}
    # what moves the first unit has no derivative: its weight, its bias, the input; the direction leaves them out
    assert found == {
        "W[1]": (1, 1),
        "W[2]": (1, 0),  # A[1] = 0 of the first is 0 but for rounding
        "b[1]": (1, 1),
        "b[2]": (1, 0),
        "X": (0, 1),
        "direction": (1, 0),
        "φ′[1]": (1, 0),
    }
    assert (result.passed, result.failed) == (False, False)
    assert result.verdict == "not compared"
    lines = str(result).splitlines()
    assert "not compared" in lines[0]
    assert [line.split()[0] for line in lines if "at kink" in line] == ["X"]
    assert lines[-2:] == [
        "Not compared: X",
        "  on a kink, where the loss has no derivative: pass other rows or parameters",
    ]


@pytest.mark.parametrize("method", ["central", "complex"])
def test_a_check_that_compared_nothing_neither_passes_nor_fails(method: str) -> None:
    network = Network((1, 1), ("relu",), "squared_error")
    p = Parameters.from_arrays([[[1.0]]], [[-1.0]])
    result = check_gradient(network, p, [[1.0]], [[0.5]], method=method)
    assert all(a.compared == 0 for a in result.arrays[:-1])
    assert not result.passed
    assert not result.failed


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("slope", [1e6, -0.01])
def test_a_derivative_at_a_kink_lies_between_those_beside_it(
    slope: float, method: str
) -> None:
    relu = ACTIVATIONS["relu"]()
    wrong = dataclasses.replace(
        relu, phi_prime=lambda z: np.where(z == 0, slope, relu.derivative(z))
    )
    network = Network((2, 3, 1), (wrong, "identity"), "squared_error")
    x, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0.0, 1.0, 2.0]
    result = check_gradient(network, network.init(0), x, y, method=method)
    assert [a.name for a in result.arrays if a.failed] == ["φ′[1]"]
    right = Network((2, 3, 1), ("relu", "identity"), "squared_error")
    assert not check_gradient(right, right.init(0), x, y, method=method).failed


# At a good fit, and where rounding decides


def _fitted(noise: float) -> tuple[Network, Parameters, np.ndarray, np.ndarray]:
    """A network with targets that it gives itself, but for some noise."""
    network = Network((3, 6, 2), ("tanh", "identity"), "squared_error")
    rng, p = np.random.default_rng(3), network.init(3)
    x = rng.normal(size=(40, 3))
    y = forward(network, p, x).output
    return network, p, x, y + noise * rng.normal(size=y.shape)


@pytest.mark.parametrize("noise", [1e-5, 1e-6, 1e-7])
def test_a_good_fit_passes_and_hides_no_fault(noise: float, monkeypatch) -> None:
    network, p, x, y = _fitted(noise)
    assert check_gradient(network, p, x, y).passed
    tanh = ACTIVATIONS["tanh"]()
    wrong = dataclasses.replace(tanh, phi_prime=lambda z: 1.001 * tanh.derivative(z))
    found = check_gradient(
        Network((3, 6, 2), (wrong, "identity"), network.loss), p, x, y
    )
    assert [a.name for a in found.arrays if a.failed] == [
        "W[1]",
        "b[1]",
        "X",
        "direction",
    ]
    for options, array in (
        ({"bias": 0.0}, "b[1]"),
        ({"scale": lambda s: 1.001 * s}, "W[1]"),
    ):
        wrong_pass = faulty.pull_back_with(**options)
        monkeypatch.setattr(gradient_check, "pull_back", wrong_pass)
        found = check_gradient(network, p, x, y)
        assert array in [a.name for a in found.arrays if a.failed], str(found)


@pytest.mark.parametrize("method", ["central", "complex"])
def test_an_exact_fit_is_not_resolved(method: str) -> None:
    network, p, x, y = _fitted(0.0)
    result = check_gradient(network, p, x, y, method=method)
    assert {a.verdict for a in result.arrays} == {"not resolved"}
    assert result.verdict == "not compared"
    # separated classes: the two rows' shares of db cancel but for 1e-17
    net = Network((2, 2), ("softmax",), "cross_entropy")
    start = Parameters.from_arrays([[[5.0, 0.0], [-5.0, 0.0]]], [[0.0, 0.0]])
    separated = check_gradient(
        net, start, [[1.0, 0.3], [-1.0, 0.2]], [0, 1], method=method
    )
    assert [a.verdict for a in separated.arrays] == ["ok", "not resolved", "ok", "ok"]


def test_an_entry_is_judged_by_itself(monkeypatch) -> None:
    # columns of inputs of 1e6 and 1e-7: the gradient of the second is 1e-13 of the first
    network = Network((2, 4, 1), ("tanh", "identity"), "squared_error")
    p, rng = network.init(0), np.random.default_rng(0)
    theta = p.theta * np.r_[np.tile([1e-6, 1.0], 4), np.ones(9)]
    x, y = rng.normal(size=(20, 2)) * [1e6, 1e-7], rng.normal(size=(20, 1))
    at = Parameters(p.sizes, theta)
    assert check_gradient(network, at, x, y).passed
    pull_back = gradient_check.pull_back

    def a_column_of_the_wrong_sign(*arguments, **options):
        gradient = pull_back(*arguments, **options)
        sign = np.r_[np.tile([1.0, -1.0], 4), np.ones(9)]
        return dataclasses.replace(gradient, flat=sign * gradient.flat)

    monkeypatch.setattr(gradient_check, "pull_back", a_column_of_the_wrong_sign)
    assert check_gradient(network, at, x, y).arrays[0].failed


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize(
    ("hidden", "of_theta", "of_x", "of_y"),
    [
        ("leaky_relu", 1.0, 1e10, 1e10),
        ("tanh", 1.0, 1e150, 1.0),
        ("tanh", 100.0, 1.0, 1.0),
        ("tanh", 1e-10, 1.0, 1e-10),
    ],
)
def test_numbers_of_every_size(hidden, of_theta, of_x, of_y, method) -> None:
    rng = np.random.default_rng(0)
    x, y = of_x * rng.normal(size=(20, 3)), of_y * rng.normal(size=(20, 1))
    phi = ACTIVATIONS[hidden]()

    def checked(factor: float) -> GradientCheck:
        wrong = dataclasses.replace(
            phi, phi_prime=lambda *z: factor * phi.phi_prime(*z)
        )
        network = Network((3, 4, 1), (wrong, "identity"), "squared_error")
        p = network.init(0)
        at = Parameters(p.sizes, of_theta * p.theta)
        return check_gradient(network, at, x, y, method=method)

    assert checked(1.0).passed, str(checked(1.0))
    if of_x < 1e100:  # every unit saturated: φ′ is 0, and so is 1.05 φ′
        assert checked(1.05).failed, str(checked(1.05))


@pytest.mark.parametrize("method", ["central", "complex"])
def test_overflow_is_said_to_be_overflow(method: str) -> None:
    network = Network((2, 1), ("identity",), "squared_error")
    result = check_gradient(
        network, network.init(0), [[1e200, 1.0]], [[1.0]], method=method
    )
    assert {a.verdict for a in result.arrays} == {"overflow"}
    assert (
        str(result)
        .splitlines()[-1]
        .endswith("overflows: scale rows or parameters down")
    )


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


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("distance", [0.0, 1e-5, -5e-4])
@pytest.mark.parametrize(
    ("loss", "residual"),
    [("absolute_error", 0.0), ("huber", 1.0), ("huber", -1.0), ("pinball", 0.0)],
)
def test_a_kink_of_the_loss_is_recognized(
    loss: str, residual: float, distance: float, method: str
) -> None:
    network = Network((1, 1), ("identity",), loss)
    p = Parameters.from_arrays([[[0.5]]], [[0.25]])  # a = 0.75
    result = check_gradient(
        network, p, [[1.0]], [[0.75 + residual + distance]], method=method
    )
    on_kink = 0 if distance else 1
    assert [a.at_kink for a in result.arrays] == [on_kink] * 4
    assert result.passed == bool(distance), str(result)


@pytest.mark.parametrize("method", ["central", "complex"])
def test_a_weight_of_zero_under_l1_is_at_a_kink(method: str) -> None:
    network = Network((2, 1), ("identity",), "squared_error")
    p = Parameters.from_arrays([[[0.0, 0.5]]], [[0.1]])
    result = check_gradient(network, p, [[1.0, 2.0]], [[1.0]], l1=0.1, method=method)
    W, b, X, _ = result.arrays
    assert [(a.compared, a.at_kink) for a in (W, b, X)] == [(1, 1), (1, 0), (2, 0)]
    assert result.passed, str(result)
    without = check_gradient(network, p, [[1.0, 2.0]], [[1.0]], l2=0.1, method=method)
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


@pytest.mark.parametrize(("method", "passes"), [("central", 10), ("complex", 1)])
@pytest.mark.parametrize("depth", [0, 3])
def test_the_direction_alone_costs_few_passes(
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
    assert (
        len(calls) <= passes + 2
    )  # with the one whose gradient is checked, and the sides of kinks


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
