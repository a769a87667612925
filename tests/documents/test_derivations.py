"""What the documents build up to the general case, held against the general passes and other libraries."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import ACTIVATIONS, LOSSES, Network, Parameters, backward, forward
from chainrule.documents import constant_neuron, sweep
from chainrule.documents.derivations import (
    affine_collapse,
    chain,
    data_points,
    flat_training,
    layer_subset,
    neuron,
    paths,
    pattern_steps,
    polynomial,
    softmax_jacobian,
)

RNG = np.random.default_rng(11)
#: Numbers of order 1 after some tens of roundings.
ROUNDING = 1e-14


def setup(sizes, activation="tanh", rows=4):
    network = Network(
        sizes, [activation] * (len(sizes) - 1), LOSSES["squared_error"](1.0)
    )
    parameters = Parameters(network.sizes, RNG.uniform(-1, 1, network.n_parameters))
    return (
        network,
        parameters,
        RNG.normal(size=(rows, sizes[0])),
        RNG.normal(size=(rows, sizes[-1])),
    )


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_polynomial_descent_reaches_numpys_least_squares(degree: int) -> None:
    x = np.array([-1.0, -0.5, 0.0, 0.3, 0.8, 1.0])
    y = RNG.normal(size=6)
    expected = np.polynomial.polynomial.polyfit(x, y, degree)
    np.testing.assert_allclose(
        polynomial.least_squares(x, y, degree), expected, rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        polynomial.descend(x, y, degree, steps=5000), expected, rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("mu", ["tanh", "relu", "sigmoid", "softplus"])
def test_a_neuron_is_a_network_of_one(mu: str) -> None:
    network, parameters, x, y = setup((1, 1), mu, rows=1)
    w, b = parameters.theta.tolist()
    one = neuron.differentiate(w, b, float(x[0, 0]), float(y[0, 0]), ACTIVATIONS[mu]())
    gradient = backward(network, parameters, forward(network, parameters, x), y)
    np.testing.assert_allclose(
        [one.dC_dw, one.dC_db], gradient.flat, rtol=0, atol=ROUNDING
    )
    assert float(one.C) == pytest.approx(float(gradient.J), abs=ROUNDING)


@pytest.mark.parametrize("layers", [1, 2, 3, 6])
def test_the_product_formula_equals_the_recursion(layers: int) -> None:
    network, parameters, x, y = setup((1,) * (layers + 1), "softplus", rows=1)
    w, b = (
        [float(v.item()) for v in arrays]
        for arrays in (parameters.weights, parameters.biases)
    )
    dw, db = chain.differentiate(
        w, b, float(x[0, 0]), float(y[0, 0]), ACTIVATIONS["softplus"]()
    )
    flat = backward(network, parameters, forward(network, parameters, x), y).flat
    np.testing.assert_allclose([*dw, *db], flat, rtol=1e-13, atol=ROUNDING)


@pytest.mark.parametrize("sizes", [(4, 3, 5, 2), (2, 2, 2, 2), (3, 1, 2)], ids=str)
def test_sums_over_paths_equal_the_recursion(sizes) -> None:
    network, parameters, x, y = setup(sizes, rows=1)
    s = sweep(network, parameters, x, y)
    W = dict(enumerate(parameters.weights, 1))
    slopes = {
        l: network.activations[l - 1].derivative(Z).T for l, Z in enumerate(s.Z, 1)
    }
    for l in range(len(sizes)):
        found = paths.sum_over_paths(W, slopes, s.dA[-1].T, sizes, l)
        np.testing.assert_allclose(found.T, s.dA[l], rtol=0, atol=ROUNDING)
        assert len(list(paths.paths(sizes, l))) == paths.count(
            sizes, len(sizes) - 1 - l
        )


def test_path_counts_are_exact_integers() -> None:
    deep = (10, *[1000] * 12)
    assert paths.count(deep, 12) == 1000**12 > 2**63


def test_sum_and_mean_over_data() -> None:
    network, parameters, x, y = setup((3, 4, 2), rows=5)
    trace = forward(network, parameters, x)
    for ours, reduction in (
        (data_points.sum_gradient, "sum"),
        (data_points.mean_gradient, "mean"),
    ):
        expected = backward(network, parameters, trace, y, reduction=reduction).flat
        np.testing.assert_allclose(
            ours(network, parameters, x, y), expected, rtol=0, atol=ROUNDING
        )


def test_the_softmax_jacobian_is_the_complex_step_of_softmax() -> None:
    z = RNG.normal(size=(1, 4))
    softmax = ACTIVATIONS["softmax"]()
    steps = [
        softmax.value(z + 1e-30j * np.eye(4)[[j]])[0].imag / 1e-30 for j in range(4)
    ]
    a = softmax.value(z)[0]
    np.testing.assert_allclose(
        softmax_jacobian.jacobian(a), np.stack(steps, axis=1), rtol=0, atol=1e-16
    )
    y = np.array([0.5, 2.0, 0.0, 0.1])
    np.testing.assert_allclose(
        softmax_jacobian.through_jacobian(a, y),
        softmax_jacobian.canceled(a, y),
        rtol=0,
        atol=ROUNDING,
    )


def test_the_loss_as_a_function_of_theta_has_that_gradient_and_scipy_finds_its_minimum() -> (
    None
):
    from scipy.optimize import minimize

    network, parameters, x, y = setup((2, 3, 1), rows=6)
    L = flat_training.loss_of_theta(network, x, y)
    dL = flat_training.gradient_of_theta(network, x, y)
    h, theta = 1e-5, parameters.theta
    central = [
        (L(theta + h * e) - L(theta - h * e)) / (2 * h) for e in np.eye(len(theta))
    ]
    np.testing.assert_allclose(dL(theta), central, rtol=0, atol=1e-8)
    found = minimize(L, theta, jac=dL, method="BFGS")
    descended = flat_training.descend(dL, theta, rate=0.1, steps=400)
    assert found.fun <= L(descended) < L(theta)


def test_the_output_layer_alone_ends_at_least_squares() -> None:
    network = Network((2, 3, 1), ("tanh", "identity"), "squared_error")
    parameters = Parameters(network.sizes, RNG.uniform(-1, 1, network.n_parameters))
    x, y = RNG.normal(size=(30, 2)), RNG.normal(size=(30, 1))
    end = layer_subset.descend(
        network, parameters, x, y, layers=[2], rate=0.9, steps=4000
    )
    hidden = np.hstack([forward(network, parameters, x).A[1], np.ones((30, 1))])
    expected = np.linalg.lstsq(hidden, y, rcond=None)[0][:, 0]
    np.testing.assert_allclose(
        [*end.weights[1][0], *end.biases[1]], expected, rtol=0, atol=1e-6
    )
    assert np.array_equal(end.weights[0], parameters.weights[0])
    assert np.array_equal(end.biases[0], parameters.biases[0])


def test_an_epoch_of_pattern_steps_is_s2s_and_agrees_with_the_full_batch_to_first_order() -> (
    None
):
    network, parameters, x, y = setup((3, 4, 2), "sigmoid")
    w = constant_neuron.arrays_of(parameters)
    for i in range(len(x)):
        w = constant_neuron.step(constant_neuron.run(network, w, x[i], y[i]), 0.1)
    ours = pattern_steps.pattern_epoch(network, parameters, x, y, 0.1)
    np.testing.assert_allclose(
        constant_neuron.parameters_of(w).theta, ours.theta, rtol=0, atol=ROUNDING
    )
    gaps = []
    for rate in (1e-2, 1e-3):
        both = (
            f(network, parameters, x, y, rate)
            for f in (pattern_steps.pattern_epoch, pattern_steps.full_batch_epoch)
        )
        a, b = (p.theta for p in both)
        gaps.append(np.max(np.abs(a - b)))
    assert gaps[0] / gaps[1] == pytest.approx(
        100, rel=0.1
    )  # of second order in the rate


@pytest.mark.parametrize("sizes", [(3, 2), (4, 3, 5, 2), (2, 2, 2, 2, 2)], ids=str)
def test_layers_without_activations_are_one_affine_map(sizes) -> None:
    network, parameters, x, _y = setup(sizes, "identity")
    one = affine_collapse.collapse(parameters)
    np.testing.assert_allclose(
        x @ one.weights[0].T + one.biases[0],
        forward(network, parameters, x).output,
        rtol=0,
        atol=ROUNDING,
    )
