"""MLPRegressor with Levenberg–Marquardt and Bayesian regularization: restarts, intervals, what is refused."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import chainrule
from chainrule import InputError, MLPClassifier, MLPRegressor
from chainrule.optimizers import LevenbergMarquardt

RNG = np.random.default_rng(0)
X = 50 + 20 * RNG.normal(size=(120, 3))
NOISE = 4.0
Y = 30 + 10 * np.sin((X[:, 0] - 50) / 20) + 0.5 * X[:, 1] + NOISE * RNG.normal(size=120)


def bayes(**options: Any) -> MLPRegressor:
    given = {"hidden_layer_sizes": (4,), "activation": "tanh", "random_state": 0}
    return MLPRegressor(solver="lm", regularization="bayes", **(given | options))


def test_lm_is_levenberg_marquardt() -> None:
    x = (X - 50) / 20
    model = MLPRegressor(
        hidden_layer_sizes=(4,), activation="tanh", solver="lm", random_state=0
    )
    long = clone(model).set_params(solver="levenberg_marquardt")
    made = clone(model).set_params(solver=LevenbergMarquardt(loss_tolerance=1e-6))
    curve = model.fit(x, Y).loss_curve_
    assert curve == long.fit(x, Y).loss_curve_ == made.fit(x, Y).loss_curve_
    assert all(b < a for a, b in itertools.pairwise(curve))
    assert model.score(x, Y) > 0.8


def test_a_classifier_takes_it_too() -> None:
    model = MLPClassifier((4,), solver="lm", alpha=1.0, random_state=0, max_iter=50)
    labels = np.where(X[:, 0] + X[:, 1] > 100, "yes", "no")
    assert model.fit((X - 50) / 20, labels).score((X - 50) / 20, labels) > 0.95
    assert not hasattr(model, "partial_fit")


def test_float32_in_float32_out() -> None:
    x = ((X - 50) / 20).astype(np.float32)
    model = MLPRegressor(
        hidden_layer_sizes=(3,),
        activation="tanh",
        solver="lm",
        tol=0.1,
        random_state=0,
    )
    assert model.fit(x, Y.astype(np.float32)).coefs_[0].dtype == np.float32
    assert bayes().fit(x, Y.astype(np.float32)).coefs_[0].dtype == np.float32


def test_bayes_finds_the_noise_without_scaling_and_without_validation() -> None:
    model = bayes().fit(X, Y)
    assert model.score(X, Y) > 0.75
    assert model.noise_std_ == pytest.approx(NOISE, rel=0.2)
    assert 3 < model.gamma_[0] < model.network_.n_parameters
    mean, std = model.predict(X, return_std=True)
    assert mean.shape == std.shape == (120,)
    assert np.all(std > model.noise_std_)
    np.testing.assert_array_equal(mean, model.predict(X))


def test_units_do_not_matter() -> None:
    one = bayes().fit(X, Y)
    other = bayes().fit(X / 1000 - 3, 1e4 * Y + 7)
    np.testing.assert_allclose(
        other.predict(X / 1000 - 3), 1e4 * one.predict(X) + 7, rtol=1e-5
    )
    _, std = one.predict(X, return_std=True)
    np.testing.assert_allclose(
        other.predict(X / 1000 - 3, return_std=True)[1], 1e4 * std, rtol=1e-3
    )


def test_the_default_network_is_one_that_suits_the_prior() -> None:
    model = MLPRegressor(solver="lm", regularization="bayes", random_state=0).fit(X, Y)
    assert model.network_.sizes == (3, 12, 12, 1)
    assert [phi.name for phi in model.network_.activations[:2]] == ["tanh", "tanh"]
    assert model.get_params()["hidden_layer_sizes"] == (100,)
    tanh = bayes(hidden_layer_sizes=(100,), max_iter=2).fit(X, Y)
    assert tanh.network_.sizes == (3, 100, 1)


def test_restarts_are_averaged_or_the_best_is_taken() -> None:
    model = bayes(restarts=3).fit(X, Y)
    assert model.network_.sizes == (3, 12, 1)
    assert model.log_evidence_.shape == model.gamma_.shape == (3,)
    best = bayes(restarts=3, combine="best").fit(X, Y)
    assert best.network_.sizes == (3, 4, 1)
    assert best.log_evidence_ == model.log_evidence_.max()
    members = model._ensemble.members
    alone = [fit.log_evidence for fit in members]
    np.testing.assert_array_equal(model.log_evidence_, alone)
    again = bayes(restarts=3).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), again.predict(X))


def test_threads_change_no_bit() -> None:
    found = [bayes(restarts=4, n_threads=n, max_iter=15).fit(X, Y) for n in (1, 2)]
    np.testing.assert_array_equal(found[0].coefs_[0], found[1].coefs_[0])
    np.testing.assert_array_equal(found[0].log_evidence_, found[1].log_evidence_)


def test_intervals_have_their_shapes_and_hold_their_share() -> None:
    model = bayes(restarts=2).fit(X, Y)
    fresh = np.random.default_rng(1)
    new = 50 + 20 * fresh.normal(size=(400, 3))
    true = 30 + 10 * np.sin((new[:, 0] - 50) / 20) + 0.5 * new[:, 1]
    true += NOISE * fresh.normal(size=400)
    for coverage in (0.5, 0.9):
        ends = model.predict_interval(new, coverage)
        assert ends.shape == (400, 2)
        held = np.mean((ends[:, 0] <= true) & (true <= ends[:, 1]))
        assert held == pytest.approx(coverage, abs=0.08)
    both = bayes().fit(X, np.stack([Y, 2 * Y], axis=1))
    ends = both.predict_interval(new)
    assert ends.shape == (400, 2, 2)
    mean, std = both.predict(new, return_std=True)
    assert mean.shape == std.shape == (400, 2)
    np.testing.assert_allclose(ends.mean(axis=2), mean, rtol=1e-9)
    np.testing.assert_allclose(
        ends[:, :, 1] - ends[:, :, 0], 2 * 1.6448536 * std, rtol=1e-6
    )


def test_an_integer_weight_is_a_repeated_row() -> None:
    w = np.where(np.arange(120) % 3, 1, 2)
    twice = np.repeat(np.arange(120), w)
    weighted = bayes(max_iter=8).fit(X, Y, sample_weight=w)
    repeated = bayes(max_iter=8).fit(X[twice], Y[twice])
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-6)
    np.testing.assert_allclose(weighted.noise_std_, repeated.noise_std_, rtol=1e-6)


def test_a_posterior_survives_pickling() -> None:
    model = bayes(restarts=2).fit(X, Y)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict_interval(X), model.predict_interval(X))


def test_a_band_is_drawn() -> None:
    one = bayes().fit(X[:, :1], Y)
    figure = one.plot_interval(X[:, :1], Y)
    assert figure.axes[0].get_xlabel() == "input"
    both = bayes().fit(X, np.stack([Y, 2 * Y], axis=1))
    assert len(both.plot_interval(X).axes) == 2


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"solver": "adam"}, "with solver 'adam'"),
        ({"early_stopping": True}, "early_stopping"),
        ({"warm_start": True}, "warm_start"),
        ({"l2": 0.1}, "l2"),
        ({"dropout": 0.5}, "dropout"),
        ({"loss": "huber"}, "loss huber"),
        ({"regularization": None, "restarts": 3}, "restarts = 3 without"),
    ],
)
def test_what_does_not_go_with_it(options: Any, named: str) -> None:
    with pytest.raises(InputError, match=named):
        bayes().set_params(**options).fit(X, Y)


def test_validation_rows_are_refused() -> None:
    with pytest.raises(InputError, match="X_val"):
        bayes().fit(X, Y, X_val=X, y_val=Y)


def test_intervals_want_a_posterior_of_these_weights() -> None:
    plain = MLPRegressor(
        hidden_layer_sizes=(3,), solver="lbfgs", max_iter=3000, random_state=0
    )
    plain.fit((X - 50) / 20, Y)
    with pytest.raises(InputError, match="without a posterior"):
        plain.predict_interval(X)
    model = bayes().fit(X, Y)
    for coverage in (0.0, 1.0, 90, "0.9"):
        with pytest.raises(InputError, match="coverage"):
            model.predict_interval(X, coverage)
    model.coefs_[0][0, 0] += 1
    with pytest.raises(InputError, match="changed since the fit"):
        model.predict(X, return_std=True)
    assert np.isfinite(model.predict(X)).all()


def test_a_fit_without_it_forgets_the_posterior() -> None:
    model = bayes(max_iter=3).fit(X, Y)
    model.set_params(regularization=None, solver="lbfgs", max_iter=3000)
    model.fit((X - 50) / 20, Y)
    with pytest.raises(InputError, match="without a posterior"):
        model.predict_interval(X)


def test_a_saved_model_predicts_the_same(tmp_path: Any) -> None:
    model = bayes(restarts=2).fit(X, Y)
    model.save(tmp_path / "model")
    loaded = MLPRegressor.load(tmp_path / "model")
    np.testing.assert_allclose(loaded.predict(X), model.predict(X), rtol=1e-12)
    np.testing.assert_array_equal(loaded.predict_interval(X), model.predict_interval(X))
    assert chainrule.load_model(tmp_path / "model").network == model.network_


def test_an_interrupt_ends_all_restarts_and_leaves_the_estimator_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = bayes(restarts=50, n_threads=1).fit(X[:20], Y[:20])
    before, steps = model.predict(X), []
    right = LevenbergMarquardt.step

    def interrupted(self: Any, *given: Any) -> Any:
        steps.append(None)
        if len(steps) == 3:
            raise KeyboardInterrupt
        return right(self, *given)

    monkeypatch.setattr(LevenbergMarquardt, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert len(steps) == 3
    assert np.array_equal(model.predict(X), before)
