"""Activations and their logarithms at the extremes: ±1e4, float32, 60 digits to compare with."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import ACTIVATIONS
from chainrule.equations.activation import Elementwise

from ..support import exact
from .test_activations import ELEMENTWISE, ROUNDING, along, by_name, prime

#: float32: the error of an operation is 2^29 times that of float64.
ROUNDING32 = 30 * float(np.finfo(np.float32).eps)


@pytest.mark.parametrize(
    "z", [-1e4, -800.0, -100.0, -40.0, -1e-3, 0.0, 1e-3, 20.0, 40.0, 100.0, 800.0, 1e4]
)
@pytest.mark.parametrize("name", exact.PHI)
def test_phi_and_phi_prime_to_60_digits(name: str, z: float) -> None:
    phi = ACTIVATIONS[name]()
    array = np.array([z])
    assert along(phi, array)[0] == pytest.approx(
        exact.phi(name, z), rel=ROUNDING, abs=1e-300
    )
    if z not in phi.kinks:
        assert prime(phi, array)[0] == pytest.approx(
            exact.phi_prime(name, z), rel=ROUNDING, abs=1e-18
        )


@pytest.mark.parametrize("phi", ELEMENTWISE, ids=by_name)
def test_the_complex_step_far_out(phi: Elementwise) -> None:
    """Its 16 digits are what the gradient check compares with: no formula may cancel in the imaginary part."""
    z = np.array([s * size for s in (-1, 1) for size in (1e-9, 0.3, 1.5, 20, 600, 2e5)])
    if phi.name == "exp":
        z = z[abs(z) < 700]
    step = phi.value(z + 1e-30j).imag / 1e-30
    np.testing.assert_allclose(step, prime(phi, z), rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("name", list(exact.PHI))
def test_float32_at_the_extremes(name: str) -> None:
    phi = ACTIVATIONS[name]()
    z = np.array([-1e4, -100, -10, -1, 0.25, 1.5, 10, 100, 1e4], np.float32)
    for values, expected in (
        (along(phi, z), exact.phi),
        (prime(phi, z), exact.phi_prime),
    ):
        assert values.dtype == np.float32
        of_z = [0.0 if float(v) in phi.kinks else expected(name, float(v)) for v in z]
        values = np.where(np.isin(z, phi.kinks), 0, values)
        np.testing.assert_allclose(values, of_z, rtol=ROUNDING32, atol=ROUNDING32)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_gelu_and_exp_at_the_extremes(dtype: str) -> None:
    z = np.array([-1e4, -100, 100, 1e4], dtype)
    gelu, exp = ACTIVATIONS["gelu"](), ACTIVATIONS["exp"]()
    np.testing.assert_array_equal(along(gelu, z), [0, 0, 100, 1e4])
    np.testing.assert_array_equal(prime(gelu, z), [0, 0, 1, 1])
    with np.errstate(over="ignore"):  # e^10000 cannot be represented: infinity is right
        np.testing.assert_array_equal(along(exp, z)[[0, 3]], [0, np.inf])
        assert along(exp, z).dtype == dtype


def test_every_row_is_compared_with_60_digits_or_said_why_not() -> None:
    assert set(ACTIVATIONS) - set(exact.PHI) == {"gelu", "exp", "softmax"}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("phi", ELEMENTWISE, ids=by_name)
def test_shape_and_dtype_are_kept(phi: Elementwise, dtype: str) -> None:
    z = np.zeros((4, 3), dtype)
    for result in (
        phi.value(z),
        phi.derivative(z),
        phi.pull_back(z, phi.value(z), z + 1),
    ):
        assert (result.shape, result.dtype) == ((4, 3), dtype)


LOGITS = [-1e4, -745.0, -100.0, -37.0, -30.0, -1.0, 0.0, 1e-3, 5.0, 37.0, 745.0, 1e4]


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "exp"])
def test_log_phi_from_z(name: str) -> None:
    phi = ACTIVATIONS[name]()
    z = np.array(LOGITS)[:, None]
    with np.errstate(over="ignore"):
        a = phi.value(z)
    expected = [[exact.log_phi(name, v)] for v in LOGITS]
    np.testing.assert_allclose(phi.log_value(z, a), expected, rtol=ROUNDING)
    numerical = phi.log_value(z + 1e-30j, a).imag / 1e-30
    np.testing.assert_allclose(
        phi.log_pull_back(z, a, np.ones_like(z)), numerical, rtol=ROUNDING, atol=1e-300
    )


def test_log1m_of_sigmoid_from_z() -> None:
    phi = ACTIVATIONS["sigmoid"]()
    z = np.array(LOGITS)[:, None]
    a = phi.value(z)
    np.testing.assert_allclose(
        phi.log1m_value(z, a), [[exact.log1m_sigmoid(v)] for v in LOGITS], rtol=ROUNDING
    )
    numerical = phi.log1m_value(z + 1e-30j, a).imag / 1e-30
    np.testing.assert_allclose(
        phi.log1m_pull_back(z, a, np.ones_like(z)),
        numerical,
        rtol=ROUNDING,
        atol=1e-300,
    )


SOFTMAX_ROWS = np.array(
    [
        [0.0, 0.0, 0.0],
        [1.0, 2.0, 3.0],
        [1e4, -1e4, 0.0],
        [1e4, 1e4, -1e4],
        [-1e4, -1e4, -1e4],
        [1e4, 1e4 - 1, 1e4 - 50],
        [40.0, 0.0, 1.0],
        [-800.0, 0.0, 5.0],
    ]
)


def test_logarithms_of_softmax_from_z() -> None:
    phi = ACTIVATIONS["softmax"]()
    a = phi.value(SOFTMAX_ROWS)
    rows = SOFTMAX_ROWS.tolist()
    for given, formula in (
        (phi.log_value, exact.log_softmax),
        (phi.log1m_value, exact.log1m_softmax),
    ):
        values, expected = (
            given(SOFTMAX_ROWS, a),
            np.array([formula(row) for row in rows]),
        )
        np.testing.assert_allclose(values, expected, rtol=ROUNDING, atol=ROUNDING)


def test_gradients_through_softmax_are_finite_at_the_extremes() -> None:
    phi = ACTIVATIONS["softmax"]()
    a = phi.value(SOFTMAX_ROWS)
    for k in range(3):
        g = np.zeros_like(a)
        g[:, k] = 1.0
        # ∂log a_k/∂z = e_k - a
        np.testing.assert_allclose(
            phi.log_pull_back(SOFTMAX_ROWS, a, g), g - a, rtol=ROUNDING, atol=ROUNDING
        )
        back = phi.log1m_pull_back(SOFTMAX_ROWS, a, g)
        assert np.isfinite(back).all()
        # ∂log(1-a_k)/∂z_k = -a_k; the row sums to 0, as a shift of all logits changes nothing
        np.testing.assert_allclose(back[:, k], -a[:, k], rtol=ROUNDING, atol=ROUNDING)
        np.testing.assert_allclose(back.sum(axis=1), 0, atol=ROUNDING)
