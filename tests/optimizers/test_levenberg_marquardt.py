"""Levenberg–Marquardt against an explicit Jacobian by complex step, an eigen-oracle and scikit-learn's priors."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from chainrule import (
    LOSSES,
    Checkpoint,
    InputError,
    Network,
    NonFiniteError,
    Parameters,
    StopReason,
    backward,
    forward,
    objective,
    train,
)
from chainrule.equations.evidence import (
    Likelihood,
    effective_parameters,
    likelihood_of,
    reestimated,
)
from chainrule.equations.second_order import gauss_newton, linearize
from chainrule.optimizers import LevenbergMarquardt, damped_step
from chainrule.optimizers.damped_step import (
    Cholesky,
    Dual,
    Primal,
    Prior,
    Pull,
    chosen_form,
)

from ..support.cases import fits, targets_for
from ..support.explicit import gauss_newton_matrix, jacobian_of_outputs

#: Relative to the largest entry; the damping keeps the condition of the matrices below 1e4.
TOLERANCE = 1e-9
CURVED = [name for name in LOSSES if name not in ("absolute_error", "pinball")]
ENDS = ("identity", "sigmoid", "softmax", "exp", "softplus")
PAIRS = [(end, loss) for end in ENDS for loss in CURVED if fits(end, loss, 2)]


def problem(end="identity", loss="squared_error", sizes=(3, 5, 2), rows=9, seed=0):
    rng = np.random.default_rng(seed)
    network = Network(sizes, [*["tanh"] * (len(sizes) - 2), end], loss)
    theta = 0.7 * rng.uniform(-1, 1, network.n_parameters)
    x = rng.uniform(-1, 1, (rows, sizes[0]))
    y = LOSSES[loss]().targets(targets_for(loss, rng, rows, sizes[-1]), sizes[-1], x)
    return network, theta, x, y, rng.uniform(0.1, 2, rows)


def relative(found: Any, expected: Any) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def gradient_of(network, theta, x, y, w, **penalty):
    p = Parameters(network.sizes, theta)
    return backward(
        network, p, forward(network, p, x), y, sample_weight=w, **penalty
    ).flat


def steps_by(network, theta, x, y, w, prior, l1, damping, frozen=()):
    """The step by each form: primal; dual, or Cholesky where the prior is not uniform."""
    p = Parameters(network.sizes, theta)
    trace = forward(network, p, x)
    linear = linearize(network, p, trace, y, sample_weight=w)
    whole = gradient_of(network, theta, x, y, w, l1=l1)
    whole = np.where(prior.free, whole + prior.diagonal(network.sizes) * theta, 0.0)
    data = gradient_of(network, theta, x, y, w)
    data = np.where(prior.free, data, 0.0)
    found = {}
    C = gauss_newton(network, p, trace, linear.factor)
    residual = linear.factor.residual.ravel()
    found["primal"] = (
        Primal(C.copy(), prior, network.sizes),
        Pull(whole, whole, residual),
    )
    rest = whole - data
    if linear.factor.rest is not None:  # the loss has a slope without a curvature
        explained = np.where(prior.free, _transposed(linear), 0.0)
        rest = whole - explained
    kind = Dual if prior.uniform else Cholesky
    found["dual"] = kind(linear, prior, frozen), Pull(whole, rest, residual)
    return {
        name: curvature.step(pull, prior, damping)
        for name, (curvature, pull) in found.items()
    }


def _transposed(linear):
    from chainrule.equations.second_order import transposed_product

    return transposed_product(linear, linear.factor.residual)


def expected_step(network, theta, x, y, w, prior, l1, damping):
    """By its definition, with the complex-step Jacobian."""
    P = prior.diagonal(network.sizes)
    C = gauss_newton_matrix(network, theta, x, y, w / w.sum())
    g = gradient_of(network, theta, x, y, w, l1=l1) + P * theta
    free = prior.free
    delta = np.zeros_like(theta)
    H = C[np.ix_(free, free)] + np.diag(P[free] + damping)
    delta[free] = -np.linalg.solve(H, g[free])
    return delta


PRIORS = {
    "none": (0.0, 0.0, 0.0, ()),
    "l2": (0.03, 0.0, 0.0, ()),
    "both": (0.03, 0.0, 0.02, ()),
    "one for all": (0.04, 0.04, 0.0, ()),
    "frozen": (0.03, 0.0, 0.0, (1,)),
    "frozen, one for all": (0.04, 0.04, 0.0, (2,)),
}


def prior_of(network, name):
    weights, biases, l1, frozen = PRIORS[name]
    from chainrule.optimizers.constraints import free_entries

    free = free_entries(network.sizes, frozen, np.zeros(1))
    return Prior(weights, biases, free), l1, frozen


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize(("end", "loss"), PAIRS)
def test_the_step_of_both_forms_is_that_of_an_explicit_jacobian(
    end, loss, prior
) -> None:
    case = problem(end, loss)
    P, l1, frozen = prior_of(case[0], prior)
    expected = expected_step(*case, P, l1, 0.01)
    for name, found in steps_by(*case, P, l1, 0.01, frozen).items():
        assert relative(found, expected) < TOLERANCE, name


@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 7, 1), (1, 6, 7), (7, 4, 3, 2)])
def test_the_step_of_other_widths(sizes) -> None:
    case = problem(sizes=sizes, rows=4)
    for prior in ("none", "both", "one for all"):
        P, l1, frozen = prior_of(case[0], prior)
        expected = expected_step(*case, P, l1, 0.01)
        for name, found in steps_by(*case, P, l1, 0.01, frozen).items():
            assert relative(found, expected) < TOLERANCE, name


def test_the_dual_is_right_where_the_damping_is_small() -> None:
    network, theta, x, y, w = problem(rows=3, sizes=(3, 5, 1))
    P, l1, frozen = prior_of(network, "none")
    found = steps_by(network, theta, x, y, w, P, l1, 1e-12, frozen)["dual"]
    C = gauss_newton_matrix(network, theta, x, y, w / w.sum())
    g = gradient_of(network, theta, x, y, w)
    shortest = -np.linalg.pinv(C, rcond=1e-10) @ g  # the limit, by Moore and Penrose
    assert relative(found, shortest) < 1e-7


@pytest.mark.parametrize("prior", ["none", "l2", "one for all", "frozen"])
def test_gamma_is_that_of_the_eigenvalues_without_the_prior(prior) -> None:
    case = problem(sizes=(3, 3, 1), rows=30)
    network, theta, x, y, w = case
    P, _, frozen = prior_of(network, prior)
    p = Parameters(network.sizes, theta)
    trace = forward(network, p, x)
    linear = linearize(network, p, trace, y, sample_weight=w)
    C = gauss_newton_matrix(network, theta, x, y, w / w.sum())
    free = P.free
    inner = C[np.ix_(free, free)]
    D = np.diag(P.diagonal(network.sizes)[free])
    expected = np.trace(np.linalg.solve(inner + D, inner)) if P.weights else free.sum()
    found = Primal(gauss_newton(network, p, trace, linear.factor), P, network.sizes)
    assert found.effective(P) == pytest.approx(expected, rel=1e-9)
    dual = Dual if P.uniform else Cholesky
    assert dual(linear, P, frozen).effective(P) == pytest.approx(expected, rel=1e-9)
    if P.uniform:
        with_prior = np.linalg.eigvalsh(inner + D)  # a planted fault
        if P.weights:
            wrong = effective_parameters(with_prior, P.weights)
            assert abs(wrong - expected) > 0.01


@pytest.mark.parametrize(("weights", "biases"), [(0.03, 0.0), (1e-4, 0.0), (0.2, 0.05)])
@pytest.mark.parametrize("frozen", [(), (1,), (3,)])
@pytest.mark.parametrize("sizes", [(3, 6, 4, 1), (2, 7, 3, 2), (5, 1, 2, 3)])
@pytest.mark.parametrize("rows", [1, 3, 9])
def test_gamma_by_a_factorization(sizes, rows, frozen, weights, biases) -> None:
    """Against the eigenvalues of the whitened Hessian, few rows and many parameters; a bias without prior counts."""
    from chainrule.optimizers.constraints import free_entries

    network, theta, x, y, w = problem(sizes=sizes, rows=rows)
    p, free = Parameters(sizes, theta), free_entries(sizes, frozen, np.zeros(1))
    P = Prior(weights, biases, free)
    linear = linearize(network, p, forward(network, p, x), y, sample_weight=w)
    roots = np.sqrt(w / w.sum())[:, None, None]  # H is 1
    J = (roots * jacobian_of_outputs(network, theta, x)).reshape(-1, len(theta))[
        :, free
    ]
    precision = P.diagonal(sizes)[free]
    without = J[:, precision == 0]
    J = J[:, precision > 0] / np.sqrt(precision[precision > 0])
    known, left, _ = np.linalg.svd(without)
    counted = int(np.sum(left > 1e-12 * left.max(initial=0.0)))
    J = J - known[:, :counted] @ (known[:, :counted].T @ J)
    e = np.linalg.svd(J, compute_uv=False) ** 2
    expected = counted + np.sum(e / (1 + e))
    found = Cholesky(linear, P, frozen).effective(P)
    assert found == pytest.approx(expected, rel=1e-9)
    if not biases and rows * sizes[-1] > 2:  # a planted fault: biases held like weights
        other = Prior(weights, weights, free)
        wrong = Dual(linear, other, frozen).effective(other)
        assert abs(wrong - expected) > 1e-6


def test_alpha_beta_and_the_evidence_are_those_of_a_gaussian() -> None:
    """Of a linear model everything is known: the evidence is the density of y under N(0, I/β + X Xᵀ/α)."""
    rng = np.random.default_rng(4)
    X, alpha, beta, rows = rng.normal(size=(12, 3)), 0.7, 3.0, 12
    y = rng.normal(size=rows)
    H = beta * X.T @ X + alpha * np.eye(3)
    theta = beta * np.linalg.solve(H, X.T @ y)
    J = np.mean((y - X @ theta) ** 2) / 2  # factor ½, mean over rows
    kappa = beta * rows
    values = np.linalg.eigvalsh(X.T @ X / rows)
    found = reestimated(
        Likelihood(rows, rows, 0.5), J, theta @ theta, values, alpha / kappa
    )
    gamma = np.trace(beta * X.T @ X @ np.linalg.inv(H))
    assert found.gamma == pytest.approx(gamma, rel=1e-12)
    assert found.alpha == pytest.approx(gamma / (theta @ theta), rel=1e-12)
    assert found.beta == pytest.approx((rows - gamma) / (2 * rows * J), rel=1e-12)
    # the evidence with these two, of the Gaussian around θ
    a, b = found.alpha, found.beta
    A = b * X.T @ X + a * np.eye(3)
    expected = (
        3 / 2 * math.log(a)
        + rows / 2 * math.log(b / (2 * math.pi))
        - b / 2 * np.sum((y - X @ theta) ** 2)
        - a / 2 * theta @ theta
        - np.linalg.slogdet(A)[1] / 2
    )
    assert found.log_evidence == pytest.approx(expected, rel=1e-12)


def test_bayes_finds_what_bayesian_ridge_finds() -> None:
    """A network without hidden layers is linear regression with MacKay's two precisions, its bias a column of ones."""
    from sklearn.linear_model import BayesianRidge

    rng = np.random.default_rng(5)
    x = rng.normal(size=(40, 6))
    y = x @ [1.0, -2.0, 0.0, 0.5, 0.0, 0.0] + 0.3 * rng.normal(size=40) + 0.4
    flat = dict.fromkeys(("alpha_1", "alpha_2", "lambda_1", "lambda_2"), 0.0)
    ridge = BayesianRidge(max_iter=2000, tol=1e-14, fit_intercept=False, **flat)
    ridge.fit(np.hstack([x, np.ones((40, 1))]), y)
    network = Network((6, 1), ("identity",), "squared_error")
    optimizer = LevenbergMarquardt(
        regularization="bayes", loss_tolerance=0.0, gradient_tolerance=0.0
    )
    for form in ("primal", "dual"):
        report = train(
            network, x, y, optimizer=replace(optimizer, form=form), max_epochs=100
        )
        np.testing.assert_allclose(report.parameters.theta, ridge.coef_, rtol=1e-6)
        last = report.history[-1].details
        assert last["beta"] == pytest.approx(ridge.alpha_, rel=1e-6)
        assert last["alpha"] == pytest.approx(ridge.lambda_, rel=1e-6)


def test_likelihoods() -> None:
    assert likelihood_of(LOSSES["squared_error"](1.0), 2, 5.0) == Likelihood(10, 5, 1.0)
    assert likelihood_of(LOSSES["poisson"](), 1, 5.0).factor is None
    with pytest.raises(InputError, match=r"bayes.*huber"):
        likelihood_of(LOSSES["huber"](), 1, 5.0)


# Runs


def sine(rows=40):
    x = np.linspace(-1, 1, rows)[:, None]
    return x, np.sin(3 * x[:, 0])


NET = Network((1, 5, 1), ("tanh", "identity"), "squared_error")


@pytest.mark.parametrize("form", ["primal", "dual"])
def test_it_reaches_the_minimum_of_least_squares_in_a_few_steps(form) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 5))
    y = x @ rng.normal(size=(5, 2)) + rng.normal(size=(60, 2))
    net = Network((5, 2), ("identity",), "squared_error")
    report = train(net, x, y, optimizer=LevenbergMarquardt(form=form), max_epochs=50)
    ones = np.hstack([x, np.ones((60, 1))])
    best, *_ = np.linalg.lstsq(ones, y, rcond=None)
    np.testing.assert_allclose(report.parameters.weights[0], best[:-1].T, atol=1e-8)
    np.testing.assert_allclose(report.parameters.biases[0], best[-1], atol=1e-8)
    assert report.stopped is StopReason.CONVERGED
    assert report.epochs < 10


@pytest.mark.parametrize("end_loss", PAIRS, ids="-".join)
@pytest.mark.parametrize("form", ["primal", "dual"])
def test_every_step_lowers_the_objective(end_loss, form) -> None:
    network, theta, x, y, w = problem(*end_loss, rows=12)
    start = Parameters(network.sizes, theta)
    optimizer = LevenbergMarquardt(form=form)
    report = train(
        network,
        x,
        y,
        parameters=start,
        sample_weight=w,
        l2=0.01,
        optimizer=optimizer,
        max_epochs=60,
    )
    assert all(b < a for a, b in zip(report.loss, report.loss[1:], strict=False))
    J = objective(network, report.parameters, x, y, sample_weight=w, l2=0.01)
    assert report.loss[-1] == pytest.approx(float(J), rel=1e-12)
    assert report.loss[-1] < float(
        objective(network, start, x, y, sample_weight=w, l2=0.01)
    )
    assert report.stopped in (StopReason.CONVERGED, StopReason.EPOCHS)
    gradient = gradient_of(network, report.parameters.theta, x, y, w, l2=0.01)
    if report.stopped is StopReason.CONVERGED:
        assert np.abs(gradient).max() < 1e-3


def test_both_forms_take_the_same_steps() -> None:
    x, y = sine(10)
    found = [
        train(
            NET, x, y, l2=1e-3, optimizer=LevenbergMarquardt(form=form), max_epochs=10
        )
        for form in ("primal", "dual")
    ]
    np.testing.assert_allclose(found[0].loss, found[1].loss, rtol=1e-6)


def test_why_it_stops() -> None:
    x, y = sine()
    run = {"optimizer": LevenbergMarquardt(goal=1e-4), "max_epochs": 200}
    report = train(NET, x, y, **run)
    assert report.stopped is StopReason.GOAL
    assert report.loss[-1] <= 1e-4 < report.loss[-2]
    for limit, reason in (
        ({"max_epochs": 3}, StopReason.EPOCHS),
        ({"max_steps": 3}, StopReason.STEPS),
    ):
        report = train(NET, x, y, optimizer="levenberg_marquardt", **limit)
        assert (report.stopped, report.epochs, report.steps) == (reason, 3, 3)
    steep = LevenbergMarquardt(gradient_tolerance=0.0, loss_tolerance=0.0)
    line = Network((1, 1), ("identity",), "squared_error")
    report = train(line, x, y, optimizer=steep, max_epochs=300)
    assert report.stopped is StopReason.DAMPING
    flat = train(NET, x, 0 * y, parameters=Parameters(NET.sizes, np.zeros(16)), **run)
    assert (flat.stopped, flat.epochs) == (StopReason.GOAL, 0)


def test_the_history_is_in_the_report() -> None:
    x, y = sine()
    optimizer = LevenbergMarquardt(regularization="bayes")
    report = train(NET, x, y, optimizer=optimizer, max_epochs=20)
    names = {"damping", "gain_ratio", "gamma", "alpha", "beta", "log_evidence"}
    assert set(report.details) == names
    assert all(len(values) == report.epochs for values in report.details.values())
    assert all(0 <= gamma <= NET.n_parameters for gamma in report.details["gamma"])
    assert report.as_dict()["history"][3]["details"] == report.history[3].details
    assert train(NET, x, y, max_epochs=2).details == {}


@pytest.mark.parametrize("form", ["primal", "dual"])
def test_alpha_and_beta_beside_a_penalty_are_those_that_it_stands_for(form) -> None:
    """Of ridge regression: γ by the hat matrix, β = (n - γ)/SS, and α = β N l2, the prior whose mode θ is."""
    rng = np.random.default_rng(6)
    X, w = rng.normal(size=(12, 4)), rng.uniform(0.5, 2, 12)
    y = X @ [1.0, -1.0, 0.5, 0.0] + 0.3 * rng.normal(size=12) + 2
    l2, net = 0.05, Network((4, 1), ("identity",), "squared_error")
    run = {"sample_weight": w, "l2": l2, "max_epochs": 30}
    report = train(net, X, y, optimizer=LevenbergMarquardt(form=form), **run)
    ones = np.hstack([X, np.ones((12, 1))])
    C = (ones * w[:, None] / w.sum()).T @ ones
    hat = np.linalg.solve(C + l2 * np.diag([1.0] * 4 + [0.0]), C)
    theta = report.parameters.theta
    squares = np.sum(w * (ones @ theta - y) ** 2)
    last = report.history[-1].details
    assert last["gamma"] == pytest.approx(np.trace(hat), rel=1e-9)
    beta = (w.sum() - np.trace(hat)) / squares
    assert last["beta"] == pytest.approx(beta, rel=1e-6)  # of the point before it
    assert last["alpha"] == pytest.approx(beta * w.sum() * l2, rel=1e-6)
    assert "log_evidence" not in last  # a prior of some parameters only has none
    for others in (
        {"l1": 0.01},
        {"network": Network(net.sizes, ["identity"], "huber")},
    ):
        run = {"network": net, "x": X, "y": y, "max_epochs": 3} | others
        found = train(optimizer="levenberg_marquardt", **run)
        assert "beta" not in found.details


def test_it_computes_in_float64_and_returns_what_was_asked_for() -> None:
    x, y = sine()
    run = {"optimizer": "levenberg_marquardt", "max_epochs": 15, "engine": "reference"}
    start = NET.init(0, "float32")
    single = train(NET, x.astype("float32"), y, parameters=start, **run)
    as_double = Parameters(NET.sizes, start.theta.astype("float64"))
    double = train(
        NET, x.astype("float32").astype("float64"), y, parameters=as_double, **run
    )
    assert single.parameters.theta.dtype == np.float32
    assert single.loss == double.loss
    assert np.array_equal(single.last.theta, double.last.theta.astype("float32"))


@pytest.mark.parametrize("regularization", ["none", "bayes"])
def test_a_run_that_is_resumed_takes_the_same_steps(tmp_path, regularization) -> None:
    x, y = sine()
    optimizer = LevenbergMarquardt(regularization=regularization)
    file = tmp_path / "run"
    train(NET, x, y, optimizer=optimizer, max_epochs=7, checkpoint=Checkpoint(file))
    then = train(NET, x, y, optimizer=optimizer, max_epochs=15, resume=file)
    whole = train(NET, x, y, optimizer=optimizer, max_epochs=15)
    assert then.loss == whole.loss
    assert then.details == whole.details
    assert np.array_equal(then.parameters.theta, whole.parameters.theta)


def test_the_bits_do_not_depend_on_the_threads_of_the_blas() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 12))
    y = np.sin(x[:, 0]) + x[:, 1] * x[:, 2]
    net = Network((12, 20, 1), ("tanh", "identity"), "squared_error")
    run = {"optimizer": LevenbergMarquardt(regularization="bayes"), "max_epochs": 5}
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(train(net, x, y, **run).parameters.theta)
    assert np.array_equal(*found)


def test_frozen_layers_keep_their_bits() -> None:
    x, y = sine()
    start = NET.init(3)
    for form in ("primal", "dual"):
        for regularization in ("none", "bayes"):
            optimizer = LevenbergMarquardt(form=form, regularization=regularization)
            report = train(
                NET,
                x,
                y,
                parameters=start,
                optimizer=optimizer,
                frozen_layers=(1,),
                max_epochs=10,
            )
            W, b = report.parameters.weights[0], report.parameters.biases[0]
            assert np.array_equal(W, start.weights[0])
            assert np.array_equal(b, start.biases[0])
            assert report.loss[-1] < 0.9 * report.loss[0]


def test_a_row_of_weight_two_is_two_rows() -> None:
    x, y = sine(12)
    w = np.where(np.arange(12) < 5, 2.0, 1.0)
    twice = np.repeat(np.arange(12), w.astype(int))
    for regularization in ("none", "bayes"):
        optimizer = LevenbergMarquardt(regularization=regularization, form="primal")
        run = {"optimizer": optimizer, "max_epochs": 6}
        weighted = train(NET, x, y, sample_weight=w, **run)
        repeated = train(NET, x[twice], y[twice], **run)
        np.testing.assert_allclose(weighted.loss, repeated.loss, rtol=1e-8)
        for name, values in weighted.details.items():
            np.testing.assert_allclose(values, repeated.details[name], rtol=1e-5)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"dropout": 0.5}, "dropout.*penalties and frozen_layers only"),
        ({"max_norm": 1.0}, "max_norm"),
        ({"schedule": "cosine"}, "schedule"),
        ({"batch_rows": 5}, "all rows in every step"),
        ({"learning_rate": 0.1}, "learning_rate.*damping"),
    ],
)
def test_what_is_refused_beside_it(asked, named) -> None:
    x, y = sine()
    with pytest.raises(InputError, match=named):
        train(NET, x, y, optimizer="levenberg_marquardt", **asked)


@pytest.mark.parametrize("loss", ["absolute_error", "pinball"])
def test_losses_without_curvature_are_refused_by_name(loss) -> None:
    x, y = sine()
    net = Network((1, 5, 1), ("tanh", "identity"), loss)
    with pytest.raises(InputError, match=f"{loss}.*curvature.*Use huber"):
        train(net, x, y, optimizer="levenberg_marquardt")


def test_what_bayes_refuses() -> None:
    x, y = sine()
    bayes = LevenbergMarquardt(regularization="bayes")
    with pytest.raises(InputError, match=r"l2 = 0.1 beside regularization"):
        train(NET, x, y, optimizer=bayes, l2=0.1)
    huber = Network((1, 5, 1), ("tanh", "identity"), "huber")
    with pytest.raises(InputError, match="loss huber"):
        train(huber, x, y, optimizer=bayes)


def test_memory_is_computed_and_refused_before_it_is_taken() -> None:
    net = Network((784, 512, 512, 10), ("tanh", "tanh", "softmax"), "cross_entropy")
    optimizer = LevenbergMarquardt()
    assert optimizer.memory_needed(net, 200)[0] == "dual"
    optimizer.require(net, 200, 0.0, 0.0)
    with pytest.raises(
        InputError, match=r"60000 rows of 10 outputs.*GB.*max_gigabytes"
    ):
        optimizer.require(net, 60000, 0.0, 0.0)
    primal = LevenbergMarquardt(form="primal")
    with pytest.raises(InputError, match=r"669706 parameters"):
        primal.require(net, 200, 0.0, 0.0)


@pytest.mark.parametrize(
    "options",
    [
        {"damping": 0.0},
        {"decrease": 1.0},
        {"goal": -1.0},
        {"loss_tolerance": float("nan")},
        {"form": "both"},
        {"regularization": "l2"},
        {"max_gigabytes": 0},
    ],
)
def test_parameters_out_of_range(options) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        LevenbergMarquardt(**options)


def test_a_start_that_is_not_finite_is_named() -> None:
    net = Network((1, 1), ("exp",), "squared_error")
    start = Parameters.from_arrays([[[800.0]]], [[0.0]])
    with pytest.raises(NonFiniteError) as caught:
        train(net, [[1.0]], [[1.0]], optimizer="levenberg_marquardt", parameters=start)
    assert (caught.value.quantity, caught.value.step) == ("A[1]", 1)


def test_a_step_into_what_is_not_finite_is_damped() -> None:
    net = Network((1, 1), ("exp",), "squared_error")
    start = Parameters.from_arrays([[[-5.0]]], [[0.0]])
    report = train(
        net,
        [[1.0]],
        [[1.0]],
        parameters=start,
        optimizer=LevenbergMarquardt(damping=1e-9),
        max_epochs=200,
    )
    assert report.loss[-1] < 1e-8


def hard(name):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 3))
    y, w = x[:, 0] ** 2, np.ones(20)
    match name:
        case "one row":
            return x[:1], y[:1], w[:1]
        case "constant targets":
            return x, 0 * y + 3, w
        case "constant inputs":
            return 0 * x, y, w
        case "columns twice":
            return x[:, [0, 0, 1]], y, w
        case "a row 20 times":
            return np.repeat(x[:1], 20, axis=0), y, w
        case "huge inputs":
            return 1e150 * x, y, w
        case "tiny inputs":
            return 1e-150 * x, y, w
        case "huge targets":
            return x, 1e150 * y, w
        case "one weight":
            return x, y, np.where(np.arange(20) == 3, 1.0, 0.0)
    return x, y, 1e100 * w


@pytest.mark.parametrize("regularization", ["none", "bayes"])
@pytest.mark.parametrize("form", ["primal", "dual"])
@pytest.mark.parametrize("sizes", [(3, 4, 1), (3, 20, 20, 1)])
@pytest.mark.parametrize(
    "name",
    [
        *("one row", "constant targets", "constant inputs", "columns twice"),
        *("a row 20 times", "huge inputs", "tiny inputs", "huge targets"),
        *("one weight", "huge weights"),
    ],
)
def test_rows_that_determine_little_or_have_strange_units(
    name, sizes, form, regularization
) -> None:
    """No warning, no number that is not finite, and J falls; with a prior that is found the whole may rise."""
    x, y, w = hard(name)
    network = Network(
        sizes, (*["tanh"] * (len(sizes) - 2), "identity"), "squared_error"
    )
    optimizer = LevenbergMarquardt(form=form, regularization=regularization)
    start = network.init(0)
    run = {"parameters": start, "sample_weight": w, "max_epochs": 30}
    report = train(network, x, y, optimizer=optimizer, **run)
    assert np.isfinite(report.parameters.theta).all()
    assert all(math.isfinite(v) for one in report.details.values() for v in one)
    if regularization == "none":
        J = float(objective(network, start, x, y, sample_weight=w))
        assert report.loss[0] < J
        assert all(b < a for a, b in zip(report.loss, report.loss[1:], strict=False))


def test_chosen_form() -> None:
    assert [chosen_form(10, n) for n in (9, 10, 11)] == ["dual", "primal", "primal"]


def test_other_array_libraries() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x, y = sine()
    run = {"optimizer": "levenberg_marquardt", "max_epochs": 5}
    plain = train(NET, x, y, engine="reference", **run)
    report = train(NET, torch.tensor(x), torch.tensor(y), **run)
    assert report.parameters.theta.dtype == torch.float64
    np.testing.assert_allclose(report.loss, plain.loss, rtol=1e-9)


# Planted faults


def test_a_prior_left_out_of_the_right_side_is_caught(monkeypatch) -> None:
    case = problem()
    for name in ("l2", "one for all"):
        P, l1, frozen = prior_of(case[0], name)
        expected = expected_step(*case, P, l1, 0.01)
        with monkeypatch.context() as patch:
            patch.setattr(
                damped_step,
                "_along",
                lambda linear, v: 0 * linear.factor.residual.ravel(),
            )
            found = steps_by(*case, P, l1, 0.01, frozen)["dual"]
        assert relative(found, expected) > 1e3 * TOLERANCE


def test_biases_left_out_of_the_gram_matrix_are_caught(monkeypatch) -> None:
    case = problem()
    right = damped_step.gram
    monkeypatch.setattr(
        damped_step,
        "gram",
        lambda linear, s_W, s_b: right(linear, s_W, [0.0] * len(s_b)),
    )
    for name in ("none", "l2"):
        P, l1, frozen = prior_of(case[0], name)
        expected = expected_step(*case, P, l1, 0.01)
        found = steps_by(*case, P, l1, 0.01, frozen)["dual"]
        assert relative(found, expected) > 1e3 * TOLERANCE
