"""Posterior and predictive variance against linear algebra written out, and networks side by side as one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import Network, Parameters, forward
from chainrule.equations.averaging import (
    Ensemble,
    Scaling,
    averaged,
    half_width,
    scaling_of,
    unscaled,
)
from chainrule.equations.posterior import posterior_of, predictive_variance

from ..support.explicit import gauss_newton_matrix, jacobian_of_outputs

TOLERANCE = 1e-9


def problem(sizes, rows, seed=0):
    rng = np.random.default_rng(seed)
    hidden = ["tanh"] * (len(sizes) - 2)
    network = Network(sizes, (*hidden, "identity"), "squared_error")
    theta = rng.normal(size=network.n_parameters)
    x, y = rng.normal(size=(rows, sizes[0])), rng.normal(size=(rows, sizes[-1]))
    return network, Parameters(network.sizes, theta), x, y, rng.uniform(0.5, 2, rows)


@pytest.mark.parametrize(
    ("sizes", "rows"),
    [((2, 3, 1), 40), ((2, 3, 2), 30), ((3, 7, 1), 9), ((2, 6, 2), 5)],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_variance_is_that_of_the_inverse_of_the_precision(
    sizes: Any, rows: int, weighted: bool
) -> None:
    network, parameters, x, y, w = problem(sizes, rows)
    prior = 0.02
    given = w if weighted else None
    w = w if weighted else np.ones(rows)
    found = posterior_of(network, parameters, x, y, given, prior)
    C = gauss_newton_matrix(network, parameters.theta, x, y, w / w.sum())
    gamma = np.trace(np.linalg.solve(C + prior * np.eye(len(C)), C))
    assert found.gamma == pytest.approx(gamma, rel=TOLERANCE)
    squares = np.sum(w[:, None] * (forward(network, parameters, x).output - y) ** 2)
    beta = (w.sum() * sizes[-1] - gamma) / squares
    assert found.beta == pytest.approx(beta, rel=TOLERANCE)
    kappa = beta * w.sum()
    assert found.alpha == pytest.approx(prior * kappa, rel=TOLERANCE)
    new = np.random.default_rng(1).normal(size=(6, sizes[0]))
    g = jacobian_of_outputs(network, parameters.theta, new)
    inverse = np.linalg.inv(kappa * (C + prior * np.eye(len(C))))
    expected = np.einsum("ikd,de,ike->ik", g, inverse, g) + 1 / beta
    variance = predictive_variance(network, found, new)
    np.testing.assert_allclose(variance, expected, rtol=1e-7)


def test_both_roots_are_tried() -> None:
    shapes = set()
    for sizes, rows in (((2, 3, 1), 40), ((3, 7, 1), 9)):
        network, parameters, x, y, _ = problem(sizes, rows)
        root = posterior_of(network, parameters, x, y, None, 0.02).root
        shapes.add(root.shape[1] == network.n_parameters)
    assert shapes == {True, False}


@pytest.mark.parametrize("sizes", [(2, 1), (2, 3, 1), (3, 4, 2, 2)])
def test_networks_side_by_side_predict_their_mean(sizes: Any) -> None:
    network, parameters, x, _, _ = problem(sizes, 8)
    thetas = [parameters.theta, 2 * parameters.theta, parameters.theta - 1]
    whole, merged = averaged(network, thetas)
    each = [forward(network, Parameters(network.sizes, t), x).output for t in thetas]
    found = forward(whole, merged, x).output
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=0, atol=1e-13)
    assert whole.sizes[1:-1] == tuple(3 * n for n in sizes[1:-1])


@pytest.mark.parametrize("sizes", [(2, 1), (2, 3, 1), (3, 4, 2, 2)])
def test_units_are_folded_into_the_weights(sizes: Any) -> None:
    network, parameters, x, y, w = problem(sizes, 8)
    x = 100 * x + 7
    x[:, 0] = 3.0  # constant
    scaling = scaling_of(x, y, w)
    rows = (x - scaling.x_mean) / scaling.x_std
    expected = (
        scaling.y_mean + scaling.y_std * forward(network, parameters, rows).output
    )
    found = forward(network, unscaled(parameters, scaling), x).output
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    assert scaling.x_std[0] == 1
    np.testing.assert_allclose(
        scaling.x_std[1:],
        np.sqrt(
            np.cov(x[:, 1:].T, aweights=w, ddof=0).reshape(sizes[0] - 1, -1).diagonal()
        ),
    )


def test_the_moments_of_an_ensemble() -> None:
    network, parameters, x, y, _ = problem((2, 3, 1), 40)
    fits = [
        posterior_of(network, Parameters(network.sizes, t), x, y, None, 0.05)
        for t in (parameters.theta, -parameters.theta)
    ]
    scaling = Scaling(np.ones(2), np.full(2, 2.0), np.array([5.0]), np.array([3.0]))
    ensemble = Ensemble(network, tuple(fits), scaling)
    mean, std = ensemble.moments(x)
    whole, merged = ensemble.merged()
    np.testing.assert_allclose(mean, forward(whole, merged, x).output, rtol=1e-12)
    own = [predictive_variance(network, fit, (x - 1) / 2) for fit in fits]
    np.testing.assert_allclose(std, 3 * np.sqrt(np.mean(own, axis=0)), rtol=1e-12)


def test_half_width_is_the_quantile_of_a_gaussian() -> None:
    from scipy.stats import norm

    for coverage in (0.1, 0.5, 0.9, 0.99):
        assert half_width(coverage) == pytest.approx(norm.ppf((1 + coverage) / 2))


# Planted faults


def test_a_noise_or_a_bias_left_out_is_caught(monkeypatch: Any) -> None:
    network, parameters, x, y, _ = problem((3, 7, 1), 9)
    right = predictive_variance(
        network, posterior_of(network, parameters, x, y, None, 0.02), x
    )
    from chainrule.equations import posterior

    gram = posterior.gram
    monkeypatch.setattr(
        posterior, "gram", lambda linear, s_W, s_b: gram(linear, s_W, [0.0] * len(s_b))
    )
    wrong = predictive_variance(
        network, posterior_of(network, parameters, x, y, None, 0.02), x
    )
    assert np.abs(wrong / right - 1).max() > 1e-3


@pytest.mark.parametrize("power", [-1000, -600, 600, 1000])
def test_units_that_float64_has_and_whose_squares_it_has_not(power: int) -> None:
    x = np.random.default_rng(3).normal(size=(9, 2))
    plain, scaled = scaling_of(x, x, None), scaling_of(np.ldexp(x, power), x, None)
    assert np.array_equal(scaled.x_std, np.ldexp(plain.x_std, power))
    assert np.array_equal(scaled.x_mean, np.ldexp(plain.x_mean, power))
