"""Every row of the table of activations: φ, φ′, range, kinks, extremes, and functions of one's own."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from chainrule import ACTIVATIONS, InputError, Network
from chainrule.equations.activation import UNIT, Activation, Elementwise

from ..support import oracle, peers
from ..support.cases import OTHER_ARGUMENTS

pytestmark = pytest.mark.quick

EPS = float(np.finfo(float).eps)
#: About ten operations, each right to an ulp or two; where a formula cancels (gelu, mish near 0-) the
#: error is so many ulp of the terms, which are of order 1, hence the same number absolutely.
ROUNDING = 30 * EPS
#: Five-point difference of step 1e-3: truncation h⁴/30 · φ⁗′ (the fifth derivatives here are below 100)
#: is 3e-12, rounding ε/h · |φ| is 2e-12.
DIFFERENCE, STEP = 1e-10, 1e-3

ROWS = [make() for make in ACTIVATIONS.values()]
ROWS += [
    ACTIVATIONS[name](**arguments)
    for name, arguments in OTHER_ARGUMENTS.items()
    if name in ACTIVATIONS
]
ELEMENTWISE = [phi for phi in ROWS if isinstance(phi, Elementwise)]
#: Between the multiples of 1/7 no kink of the table lies on a point.
POINTS = np.linspace(-8, 8, 225) + 1 / 97


def by_name(phi: Activation) -> str:
    return str(phi)


def along(phi: Elementwise, z: np.ndarray) -> np.ndarray:
    return phi.value(z[:, None])[:, 0]


def prime(phi: Elementwise, z: np.ndarray) -> np.ndarray:
    return phi.derivative(z[:, None])[:, 0]


@peers.needs_torch
@pytest.mark.parametrize(
    "phi", [phi for phi in ROWS if phi.name in peers.TORCH_ACTIVATIONS], ids=by_name
)
def test_phi_equals_pytorchs(phi: Activation) -> None:
    z = POINTS.reshape(-1, 3)
    np.testing.assert_allclose(
        phi.value(z),
        peers.torch_activation(phi.specification(), z),
        rtol=ROUNDING,
        atol=ROUNDING,
    )


@pytest.mark.parametrize("name", peers.SCIPY_ACTIVATIONS)
def test_phi_equals_scipys(name: str) -> None:
    z = POINTS.reshape(-1, 3)
    np.testing.assert_allclose(
        ACTIVATIONS[name]().value(z),
        peers.SCIPY_ACTIVATIONS[name](z),
        rtol=ROUNDING,
        atol=ROUNDING,
    )


@pytest.mark.parametrize("phi", ROWS, ids=by_name)
def test_phi_equals_the_oracles_formula(phi: Activation) -> None:
    z = POINTS.reshape(-1, 3)
    expected = [
        [v.real for v in oracle.activate(phi.specification(), row)]
        for row in z.tolist()
    ]
    np.testing.assert_allclose(phi.value(z), expected, rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("phi", ELEMENTWISE, ids=by_name)
def test_phi_prime_equals_the_complex_step_of_phi(phi: Elementwise) -> None:
    numerical = along(phi, POINTS + 1e-30j).imag / 1e-30
    np.testing.assert_allclose(
        prime(phi, POINTS), numerical, rtol=ROUNDING, atol=ROUNDING
    )


@pytest.mark.parametrize("phi", ELEMENTWISE, ids=by_name)
def test_phi_prime_equals_differences_of_phi(phi: Elementwise) -> None:
    apart = np.array(
        [all(abs(z - kink) > 2.5 * STEP for kink in phi.kinks) for z in POINTS]
    )
    z = POINTS[apart]
    assert len(z) > 200
    f = [along(phi, z + k * STEP) for k in (-2, -1, 1, 2)]
    numerical = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * STEP)
    scale = np.maximum(1.0, np.abs(f).max(axis=0))  # e^8 is large
    np.testing.assert_array_less(np.abs(prime(phi, z) - numerical), DIFFERENCE * scale)


@pytest.mark.parametrize("phi", ROWS, ids=by_name)
def test_the_jacobian_by_complex_step_row_by_row(phi: Activation) -> None:
    rng = np.random.default_rng(0)
    z, g = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    a = phi.value(z)
    functions = [(phi.value, phi.pull_back)]
    if UNIT.contains(phi.range(3)):  # else the logarithms have no meaning
        functions.append((lambda v: phi.log_value(v, phi.value(v)), phi.log_pull_back))
        functions.append(
            (lambda v: phi.log1m_value(v, phi.value(v)), phi.log1m_pull_back)
        )
    for forward, back in functions:
        expected = np.empty_like(z)
        for k in range(3):
            moved = z.astype(complex)
            moved[:, k] += 1e-30j
            expected[:, k] = np.sum(g * forward(moved).imag / 1e-30, axis=1)
        np.testing.assert_allclose(
            back(z, a, g), expected, rtol=ROUNDING, atol=ROUNDING
        )


# Range and kinks


@pytest.mark.parametrize("phi", ELEMENTWISE, ids=by_name)
def test_values_lie_in_the_range_and_reach_its_finite_ends(phi: Elementwise) -> None:
    z = np.concatenate([np.linspace(-30, 30, 60001), [-1e3, 1e3, -500.0, 500.0]])
    with np.errstate(over="ignore"):
        a = along(phi, z)
    bounds = phi.range(1)
    assert bounds.low <= a.min()
    assert a.max() <= bounds.high
    for end, extreme in ((bounds.low, a.min()), (bounds.high, a.max())):
        # softsign comes within 1/1001 of its ends; the minima of gelu, silu, mish are stated to 5 digits
        assert not math.isfinite(end) or abs(extreme - end) < 2e-3
        assert math.isfinite(end) or abs(extreme) >= 9.9  # leaky_relu(0.01)(-1e3) = -10


@pytest.mark.parametrize("phi", ELEMENTWISE, ids=by_name)
def test_an_open_end_is_not_attained_by_the_function(phi: Elementwise) -> None:
    # within [-10, 10] no rounding reaches an end that the real function does not
    a = along(phi, np.linspace(-10, 10, 2001))
    bounds = phi.range(1)
    assert bounds.low_closed or a.min() > bounds.low
    assert bounds.high_closed or a.max() < bounds.high


@pytest.mark.parametrize("width", [1, 2, 3])
def test_softmax_lies_in_the_unit_interval_and_one_unit_is_the_constant_1(
    width: int,
) -> None:
    softmax = ACTIVATIONS["softmax"]()
    a = softmax.value(np.random.default_rng(0).normal(size=(100, width)))
    np.testing.assert_allclose(a.sum(axis=1), 1, rtol=4 * EPS)
    if width == 1:
        assert (a == 1).all()
        assert str(softmax.range(1)) == "[1, 1]"
    else:
        assert a.min() > 0
        assert a.max() < 1
        assert str(softmax.range(width)) == "(0, 1)"


AT_KINKS = {
    "relu": {0.0: 0.0},
    "leaky_relu": {0.0: 0.01},
    "elu": {0.0: 1.0},
    "selu": {0.0: 1.7580993408473766},
    "softsign": {0.0: 1.0},
    "hard_sigmoid": {-3.0: 0.0, 3.0: 0.0},
    "hard_tanh": {-1.0: 0.0, 1.0: 0.0},
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_kinks_and_the_derivative_there(name: str) -> None:
    phi = ACTIVATIONS[name]()
    assert set(phi.kinks) == set(AT_KINKS.get(name, {}))
    for kink, value in AT_KINKS.get(name, {}).items():
        assert prime(phi, np.array([kink]))[0] == pytest.approx(
            float(value), rel=2 * EPS
        )


@pytest.mark.parametrize("phi", ELEMENTWISE, ids=by_name)
def test_between_its_kinks_phi_is_smooth_and_at_them_it_is_not(
    phi: Elementwise,
) -> None:
    # a jump in φ, φ′ or φ″ shows as a second difference of φ′ over h that does not go to 0 with h
    h = 1e-4
    grid = np.linspace(-6, 6, 4801)
    second = (
        np.abs(prime(phi, grid + h) - 2 * prime(phi, grid) + prime(phi, grid - h)) / h
    )
    rough = grid[second > 0.05 * max(1.0, np.abs(prime(phi, grid)).max() / 10)]
    assert all(
        min(abs(z - kink) for kink in phi.kinks) < 2 * h for z in rough if phi.kinks
    )
    assert (
        len(rough) == 0
        if not phi.kinks
        else all(np.min(np.abs(rough - kink)) < 2 * h for kink in phi.kinks)
    )


# The table


@pytest.mark.parametrize("phi", ROWS, ids=by_name)
def test_a_specification_makes_the_same_activation_again(phi: Activation) -> None:
    specification = phi.specification()
    again = ACTIVATIONS[specification.pop("name")](**specification)
    assert again == phi
    assert pickle.loads(pickle.dumps(phi)) == phi
    assert hash(again) == hash(phi)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_row_says_all_that_a_reader_needs(name: str) -> None:
    phi = ACTIVATIONS[name]()
    assert phi.name == name
    assert all((phi.formula, phi.formula_prime, phi.source, ACTIVATIONS[name].__doc__))
    assert str(phi).startswith(name)


def test_rows_with_other_parameters_differ() -> None:
    assert ACTIVATIONS["elu"](alpha=0.7) != ACTIVATIONS["elu"]()
    assert str(ACTIVATIONS["leaky_relu"](slope=0.2)) == "leaky_relu(slope=0.2)"
    assert str(ACTIVATIONS["leaky_relu"](slope=0.0).range(1)) == "[0, ∞)"
    assert Network((1, 1), ("tanh",), "squared_error") == Network(
        [1, 1], ["tanh"], "squared_error"
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("leaky_relu", {"slope": -0.1}),
        ("leaky_relu", {"slope": math.nan}),
        ("elu", {"alpha": 0.0}),
        ("elu", {"alpha": math.inf}),
    ],
)
def test_parameters_without_a_meaning_are_refused(name: str, arguments: dict) -> None:
    with pytest.raises(InputError, match=rf"{name}.* a finite number >"):
        ACTIVATIONS[name](**arguments)
