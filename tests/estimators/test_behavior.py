"""How the estimators learn, go on, stop, are interrupted and say so; and where they deviate from scikit-learn."""

from __future__ import annotations

import copy
import pickle
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.neural_network
from sklearn.datasets import load_digits, load_iris, make_regression
from sklearn.exceptions import ConvergenceWarning

import chainrule
from chainrule import Callback, InputError, MLPClassifier, MLPRegressor, Moment

IRIS = load_iris(return_X_y=True)
DIGITS = load_digits(return_X_y=True)
DIGITS = DIGITS[0] / 16, DIGITS[1]
TWO_OUTPUTS = make_regression(
    n_samples=120, n_features=6, n_targets=2, noise=3.0, random_state=0
)
TWO_OUTPUTS = TWO_OUTPUTS[0], TWO_OUTPUTS[1] / 100
#: Sums over 100 rows of numbers near 1, a few hundred steps apart.
ROUNDING = 1e-9


@pytest.fixture(autouse=True)
def _not_converged_is_not_what_is_tested() -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore",
            message="Stochastic Optimizer: Maximum",
            category=ConvergenceWarning,
        )
        yield


class Rates(Callback):
    """The learning rate of each epoch."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_epoch(self, moment: Moment) -> None:
        self.seen.append(moment.history[-1].learning_rate)


# ---- learning rates and patience: what scikit-learn tests by private names


def test_an_inverse_scaling_rate_goes_on() -> None:
    """α / (t + 1)^p, t the rows gone through before: also over a warm start and over calls of partial_fit."""
    rates = Rates()
    options = {
        "solver": "sgd",
        "learning_rate": "invscaling",
        "power_t": 0.25,
        "learning_rate_init": 0.01,
    }
    model = MLPClassifier(4, **options, max_iter=2, warm_start=True, callbacks=[rates])
    model.fit(*IRIS).fit(*IRIS)
    expected = [0.01 / (1 + 150 * epoch) ** 0.25 for epoch in range(4)]
    assert rates.seen == pytest.approx(expected, rel=1e-12)
    again = Rates()
    model = MLPClassifier(4, **options, callbacks=[again])
    for _ in range(4):
        model.partial_fit(*IRIS, classes=[0, 1, 2])
    assert again.seen == pytest.approx(expected, rel=1e-12)


def test_an_adaptive_rate_falls_until_it_is_too_small(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rates = Rates()
    model = MLPClassifier(
        solver="sgd",
        learning_rate="adaptive",
        tol=0.5,
        max_iter=3000,
        verbose=True,
        callbacks=[rates],
    ).fit([[3, 2], [1, 6]], [1, 0])
    assert model.n_iter_ < 3000
    # 0.001, divided by 5 each time, and no more once it is at most 1e-6: 0.001 / 5^5 = 3.2e-7
    assert sorted(set(rates.seen), reverse=True) == pytest.approx(
        [0.001 / 5**k for k in range(6)]
    )
    said = capsys.readouterr().out
    assert said.count("Setting learning rate to 0.000200") == 1
    assert said.rstrip().endswith("Learning rate too small. Stopping.")


@pytest.mark.parametrize("patience", [2, 5, 10])
def test_patience_is_kept(patience: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The run ends with the first row of more than `patience` epochs that were not better by tol."""
    tol = 0.01
    model = MLPClassifier(
        tol=tol,
        max_iter=3000,
        solver="sgd",
        n_iter_no_change=patience,
        verbose=True,
        random_state=0,
    )
    curve = model.fit(DIGITS[0][:100], DIGITS[1][:100] % 2).loss_curve_
    stalled, best = 0, np.inf
    for epoch, loss in enumerate(curve, 1):
        stalled = stalled + 1 if loss > best - tol else 0
        best = min(best, loss)
        assert (stalled > patience) == (epoch == len(curve))
    said = capsys.readouterr().out
    assert (
        f"Training loss did not improve more than tol=0.010000 for {patience} consecutive epochs. Stopping."
        in said
    )


def test_endless_patience() -> None:
    model = MLPClassifier(
        4, tol=1e9, max_iter=300, solver="sgd", n_iter_no_change=np.inf
    )
    assert model.fit(*IRIS).n_iter_ == 300


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_early_stopping_keeps_the_best_weights(solver: str) -> None:
    model = MLPClassifier(
        (20,),
        solver=solver,
        learning_rate_init=0.05,
        early_stopping=True,
        max_iter=100,
        random_state=0,
    ).fit(*DIGITS)
    scores = model.validation_scores_
    best = int(np.argmax(scores))
    assert model.best_validation_score_ == scores[best] == max(scores)
    assert (
        len(scores)
        == model.n_iter_
        == len(model.loss_curve_)
        == len(model.validation_loss_curve_)
    )
    until = MLPClassifier(
        (20,),
        solver=solver,
        learning_rate_init=0.05,
        early_stopping=True,
        max_iter=best + 1,
        random_state=0,
    ).fit(*DIGITS)
    np.testing.assert_array_equal(until.coefs_[0], model.coefs_[0])


# ---- live weights


def test_coefs_that_are_changed_are_what_is_used() -> None:
    model = MLPClassifier((5,), max_iter=5, random_state=0).fit(*IRIS)
    before = model.predict_proba(IRIS[0])
    model.coefs_[0][:] = 0.0  # in place
    model.intercepts_[0] = np.zeros(5)  # assigned
    after = model.predict_proba(IRIS[0])
    assert np.allclose(after, after[0])
    assert not np.allclose(after, before)
    # exactly the output of hidden units that are all 0: softmax of the last biases
    z = model.intercepts_[1]
    np.testing.assert_allclose(after[0], np.exp(z) / np.exp(z).sum(), rtol=1e-12)


@pytest.mark.parametrize("way", ["partial_fit", "warm_start"])
def test_coefs_that_are_changed_are_what_is_gone_on_from(way: str) -> None:
    model = MLPRegressor(
        hidden_layer_sizes=(3,),
        solver="sgd",
        momentum=0.0,
        max_iter=1,
        batch_size=150,
        alpha=0.0,
        warm_start=way == "warm_start",
        random_state=0,
    ).fit(*IRIS)
    model.coefs_ = [np.zeros((4, 3)), np.zeros((3, 1))]
    model.intercepts_ = [np.zeros(3), np.array([2.0])]
    (model.partial_fit if way == "partial_fit" else model.fit)(*IRIS)
    # the output is 2 for every row, so only the last bias has a gradient: the mean of 2 - y, which is 1
    assert model.loss_ == pytest.approx(0.5 * np.mean((2 - IRIS[1]) ** 2))
    assert model.intercepts_[1][0] == pytest.approx(2 - 0.001 * 1)
    assert not model.coefs_[0].any()


def test_coefs_of_an_estimator_that_was_not_fitted() -> None:
    model = MLPRegressor(hidden_layer_sizes=(2,), activation="identity")
    model.coefs_, model.intercepts_ = [[[1, 2], [3, 4]], [[1], [1]]], [[0, 0], [0.5]]
    assert model.predict([[1.0, 1.0]]).tolist() == [10.5]
    classifier = MLPClassifier((2,), "identity")
    classifier.coefs_, classifier.intercepts_ = (
        [np.eye(2), np.array([[5.0, -5.0], [-5.0, 5.0]])],
        [np.zeros(2)] * 2,
    )
    with pytest.raises(InputError, match=r"Set classes_\."):
        classifier.predict([[1.0, 0.0]])
    classifier.classes_ = np.array(["a", "b"])
    assert classifier.predict([[1.0, 0.0], [0.0, 1.0]]).tolist() == ["a", "b"]
    classifier.coefs_ = [np.eye(2), np.eye(3)]
    with pytest.raises(InputError, match=r"coefs_ of shapes \[\(2, 2\), \(3, 3\)\]"):
        classifier.predict([[1.0, 0.0]])


def test_other_widths_than_those_that_are_gone_on_with() -> None:
    model = MLPClassifier((5,), warm_start=True, max_iter=2).fit(*IRIS)
    model.set_params(hidden_layer_sizes=(6,))
    with pytest.raises(
        InputError,
        match=r"hidden_layer_sizes = \(6,\).*widths \(4, 5, 3\).*warm_start=False",
    ):
        model.fit(*IRIS)


# ---- going on


@pytest.mark.parametrize("solver", ["sgd", "adam", "rmsprop"])
def test_calls_of_partial_fit_are_epochs_of_a_fit(solver: str) -> None:
    options = {
        "hidden_layer_sizes": (6,),
        "solver": solver,
        "shuffle": False,
        "random_state": 0,
    }
    whole = MLPClassifier(**options, max_iter=5).fit(*IRIS)
    parts = MLPClassifier(**options)
    for _ in range(5):
        parts.partial_fit(*IRIS, classes=[0, 1, 2])
    assert parts.loss_curve_ == pytest.approx(whole.loss_curve_, rel=ROUNDING)
    np.testing.assert_allclose(parts.coefs_[0], whole.coefs_[0], rtol=0, atol=ROUNDING)
    assert (parts.n_iter_, parts.t_) == (1, 5 * 150)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_a_warm_start_goes_on_with_the_optimizer_s_state(solver: str) -> None:
    """Deviation: scikit-learn begins the optimizer anew, so that a warm start is not a longer fit."""
    options = {
        "hidden_layer_sizes": (6,),
        "solver": solver,
        "shuffle": False,
        "random_state": 0,
    }
    whole = MLPClassifier(**options, max_iter=10).fit(*IRIS)
    parts = MLPClassifier(**options, max_iter=5, warm_start=True).fit(*IRIS).fit(*IRIS)
    assert parts.loss_curve_ == pytest.approx(whole.loss_curve_, rel=ROUNDING)
    theirs = (
        sklearn.neural_network.MLPClassifier(**options, max_iter=5, warm_start=True)
        .fit(*IRIS)
        .fit(*IRIS)
    )
    assert theirs.loss_curve_[-1] != pytest.approx(whole.loss_curve_[-1], rel=1e-6)


def test_a_warm_start_of_a_converged_fit_runs_again() -> None:
    """Deviation: scikit-learn goes on counting epochs without improvement, and stops at once."""
    model = MLPClassifier(
        (6,), tol=0.1, n_iter_no_change=3, max_iter=500, warm_start=True, random_state=0
    ).fit(*IRIS)
    assert model.n_iter_ < 500
    assert model.fit(*IRIS).n_iter_ > 3


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_another_solver_begins_its_own_state() -> None:
    model = MLPClassifier((6,), max_iter=3, warm_start=True, random_state=0).fit(*IRIS)
    assert model.set_params(solver="sgd").fit(*IRIS).n_iter_ == 3
    assert model.set_params(solver="lbfgs").fit(*IRIS).n_iter_ == 3


def test_parameters_of_the_next_epoch_are_those_of_now() -> None:
    """Deviation: scikit-learn's partial_fit never hears of a new learning rate."""
    rates = Rates()
    model = MLPClassifier((6,), solver="sgd", callbacks=[rates]).partial_fit(
        *IRIS, classes=[0, 1, 2]
    )
    model.set_params(learning_rate_init=0.5).partial_fit(*IRIS)
    assert rates.seen == [0.001, 0.5]


# ---- the loss that is followed


def test_several_outputs() -> None:
    """Deviation: with k outputs scikit-learn reports 1/k of the loss whose gradient it follows."""
    x, y = TWO_OUTPUTS
    theirs, ours = (
        library.MLPRegressor(
            hidden_layer_sizes=(6,), max_iter=20, alpha=0.0, random_state=0
        ).fit(x, y)
        for library in (sklearn.neural_network, chainrule)
    )
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(
        ours.loss_curve_, 2 * np.array(theirs.loss_curve_), rtol=ROUNDING
    )
    assert ours.check_gradient(x, y).passed  # of what it reports


def test_several_outputs_stop_when_scikit_learn_s_do() -> None:
    x, y = TWO_OUTPUTS
    found = [
        library.MLPRegressor(
            hidden_layer_sizes=(6,),
            max_iter=500,
            alpha=0.0,
            tol=0.003,
            n_iter_no_change=4,
            random_state=0,
        )
        .fit(x, y)
        .n_iter_
        for library in (sklearn.neural_network, chainrule)
    ]
    assert found[0] == found[1] < 500


def test_the_loss_of_weighted_batches_is_weighted() -> None:
    """Deviation: scikit-learn counts rows where it means their weights. A row of weight 2 is two rows."""
    x, y = IRIS
    weights = np.where(np.arange(150) < 75, 2.0, 0.0) + (np.arange(150) >= 100)
    options = {
        "hidden_layer_sizes": (5,),
        "shuffle": False,
        "max_iter": 1,
        "random_state": 0,
        "alpha": 0.0,
        "learning_rate_init": 1e-12,
    }
    weighted = MLPClassifier(**options, batch_size=50).fit(x, y, sample_weight=weights)
    repeated = np.repeat(np.arange(150), weights.astype(int))
    once = MLPClassifier(**options, batch_size=len(repeated)).fit(
        x[repeated], y[repeated]
    )
    assert weighted.loss_ == pytest.approx(once.loss_, rel=1e-6)


def test_a_batch_of_weight_0_makes_no_step() -> None:
    """Deviation: scikit-learn divides by its weight, and every weight becomes NaN."""
    x, y = IRIS
    options = {
        "hidden_layer_sizes": (5,),
        "shuffle": False,
        "max_iter": 1,
        "random_state": 0,
        "batch_size": 50,
    }
    weights = np.repeat([1.0, 0.0, 1.0], 50)
    weighted = MLPClassifier(**options, alpha=0.0).fit(x, y, sample_weight=weights)
    without = MLPClassifier(**options, alpha=0.0)
    without.partial_fit(x[weights > 0], y[weights > 0], classes=[0, 1, 2])
    np.testing.assert_allclose(
        weighted.coefs_[0], without.coefs_[0], rtol=0, atol=ROUNDING
    )
    with pytest.raises((ValueError, ZeroDivisionError)), np.errstate(all="ignore"):
        sklearn.neural_network.MLPClassifier(**options).fit(x, y, sample_weight=weights)


def test_a_certain_mistake_costs_what_it_costs() -> None:
    """Deviation: scikit-learn's log loss is cut off at -log of the machine's epsilon, 36.04; its gradient is not."""
    x, y = np.array([[1.0], [-1.0]]), np.array([0, 1])
    found = []
    for library in (sklearn.neural_network, chainrule):
        model = library.MLPClassifier(
            (), solver="sgd", learning_rate_init=1e-12, max_iter=1, alpha=0.0
        )
        model.fit(x, y)
        model.coefs_[0][:] = 100.0
        model.intercepts_[0][:] = 0.0
        found.append(model.set_params(warm_start=True).fit(x, y).loss_)
    assert found == pytest.approx([-np.log(np.finfo(float).eps), 100.0])


# ---- what goes wrong


@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_divergence_without_early_stopping(engine: str) -> None:
    model = MLPRegressor(
        solver="sgd", learning_rate_init=1e100, random_state=0, engine=engine
    )
    beginning = (
        "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
        "preprocessed."
    )
    with pytest.raises(
        ValueError,
        match=rf"^{re.escape(beginning)} Found: NaN or infinity in step \d+, first in \w+",
    ):
        model.fit(*IRIS)
    assert all(
        np.isfinite(w).all() for w in (*model.coefs_, *model.intercepts_)
    )  # those before that step


def test_divergence_with_early_stopping() -> None:
    model = MLPRegressor(
        hidden_layer_sizes=100,
        activation="identity",
        solver="sgd",
        learning_rate_init=1,
        max_iter=20,
        early_stopping=True,
        random_state=0,
    )
    with pytest.warns(
        ConvergenceWarning,
        match=r"^Stochastic Optimizer: .*diverged.* in step \d+, first in .*\d\]",
    ):
        model.fit(*IRIS)
    assert np.isnan(model.validation_scores_[-1])
    assert np.isnan(model.loss_curve_[-1])
    assert np.isfinite(model.best_validation_score_)
    assert model.n_iter_ == len(model.validation_scores_) == len(model.loss_curve_)
    assert np.isfinite(model.predict(IRIS[0])).all()


@pytest.mark.parametrize(
    "weights", [np.zeros(150), -np.ones(150)], ids=["no weight", "negative"]
)
def test_weights_that_are_none(weights: Any) -> None:
    with pytest.raises(ValueError, match=r"sample_weight|Sample weights"):
        MLPClassifier().fit(*IRIS, sample_weight=weights)


MESSAGES: dict[str, tuple[Callable[[Any], Any], type[Warning]]] = {
    "epochs": (
        lambda sk: sk.MLPClassifier((3,), max_iter=2, random_state=0).fit(*IRIS),
        ConvergenceWarning,
    ),
    "lbfgs": (
        lambda sk: sk.MLPClassifier((3,), solver="lbfgs", max_iter=2).fit(*IRIS),
        ConvergenceWarning,
    ),
    "evaluations": (
        lambda sk: sk.MLPClassifier(
            (3,), solver="lbfgs", max_fun=4, random_state=0
        ).fit(*IRIS),
        ConvergenceWarning,
    ),
    "batch": (
        lambda sk: sk.MLPClassifier((3,), batch_size=500, max_iter=1).fit(*IRIS),
        UserWarning,
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_warnings_begin_with_scikit_learn_s(case: str) -> None:
    act, category = MESSAGES[case]
    said = []
    for library in (sklearn.neural_network, chainrule):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            act(library)
        said.append([str(w.message) for w in caught if w.category is category])
        if library is chainrule:
            assert all(w.filename == __file__ for w in caught), [
                w.filename for w in caught
            ]
    assert said[1][0].startswith(said[0][0]), said


REFUSED: dict[str, Callable[[Any], Any]] = {
    "partial_fit that stops": lambda sk: sk.MLPClassifier(
        early_stopping=True
    ).partial_fit(*IRIS, classes=[0, 1, 2]),
    "partial_fit without classes": lambda sk: sk.MLPClassifier().partial_fit(*IRIS),
    "an unknown class": lambda sk: sk.MLPClassifier().partial_fit(
        *IRIS, classes=[0, 1]
    ),
    "other classes": lambda sk: (
        sk.MLPClassifier(max_iter=1, warm_start=True)
        .fit(*IRIS)
        .fit(*(a[:99] for a in IRIS))
    ),
    "too small a share": lambda sk: sk.MLPRegressor(early_stopping=True).fit(
        [[0.0], [1.0]], [0.0, 1.0]
    ),
    "one member": lambda sk: sk.MLPClassifier(early_stopping=True).fit(
        [[0.0], [1.0], [2.0]], [0, 0, 1]
    ),
    "no fit": lambda sk: sk.MLPClassifier().predict(IRIS[0]),
    "lbfgs": lambda sk: sk.MLPClassifier(solver="lbfgs").partial_fit(
        *IRIS, classes=[0, 1, 2]
    ),
    "sizes": lambda sk: sk.MLPClassifier((3, 0)).fit(*IRIS),
    "targets": lambda sk: sk.MLPRegressor().fit(IRIS[0], IRIS[1][:-1]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_errors_are_scikit_learn_s(case: str) -> None:
    said = []
    for library in (sklearn.neural_network, chainrule):
        with pytest.raises((ValueError, AttributeError)) as raised:
            REFUSED[case](library)
        said.append((type(raised.value), str(raised.value)))
    assert said[0] == said[1]


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_verbose_prints(solver: str, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = MLPClassifier(
            (3,), solver=solver, max_iter=3, verbose=True, random_state=0
        ).fit(*IRIS)
    lines = [
        f"Iteration {k}, loss = {loss:.8f}"
        for k, loss in enumerate(model.loss_curve_, 1)
    ]
    assert capsys.readouterr().out.splitlines() == lines


INTERRUPTED = """
import sys, warnings
import numpy as np
from chainrule import Callback, MLPClassifier

class Say(Callback):
    def on_epoch(self, moment):
        if moment.epoch == 5:
            print("ready", flush=True)

rng = np.random.default_rng(0)
x, y = rng.normal(size=(2000, 20)), rng.integers(0, 2, 2000)
model = MLPClassifier((50,), solver=sys.argv[1], max_iter=10**6, n_iter_no_change=np.inf, tol=0.0, callbacks=[Say()],
                      early_stopping=sys.argv[1] == "sgd", random_state=0)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    model.fit(x, y)
print([str(w.message) for w in caught], model.n_iter_ >= 5, len(model.loss_curve_) == model.n_iter_,
      model.predict(x).shape, flush=True)
"""


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_ctrl_c_keeps_what_was_learned(solver: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, solver],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, error = process.communicate()
    assert (process.returncode, error) == (0, "")
    assert out == "['Training interrupted by user.'] True True (2000,)\n"


def test_a_callback_that_fails_keeps_what_was_learned() -> None:
    class Fails(Callback):
        def on_epoch(self, moment: Moment) -> None:
            if moment.epoch == 3:
                raise RuntimeError("no more")

    model = MLPClassifier((4,), callbacks=[Fails()], random_state=0)
    with pytest.raises(RuntimeError, match="no more"):
        model.fit(*IRIS)
    assert model.n_iter_ == 3
    assert model.predict(IRIS[0]).shape == (150,)


# ---- copies


@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))],
    ids=["deepcopy", "pickle"],
)
def test_copies_go_on_alike(copied: Callable[[Any], Any]) -> None:
    model = MLPClassifier((6,), random_state=0, max_iter=3).fit(*IRIS)
    other = copied(model)
    np.testing.assert_array_equal(
        other.predict_proba(IRIS[0]), model.predict_proba(IRIS[0])
    )
    for one in (model, other):
        one.partial_fit(*IRIS)
    np.testing.assert_array_equal(other.coefs_[0], model.coefs_[0])
    other.coefs_[0][:] = 0
    assert model.coefs_[0].any()


def test_float32_stays_float32() -> None:
    x = IRIS[0].astype(np.float32)
    for solver in ("adam", "lbfgs"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = MLPRegressor(
                hidden_layer_sizes=(4,), solver=solver, max_iter=5
            ).fit(x, IRIS[1])
        assert {array.dtype for array in (*model.coefs_, *model.intercepts_)} == {
            np.dtype(np.float32)
        }
        assert model.predict(x).dtype == np.float32
        assert model.predict(IRIS[0]).dtype == np.float32
