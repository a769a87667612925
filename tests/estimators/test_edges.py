"""The estimators at the edges: unusual layouts, weights set by hand, fits that fail, classes that are not there."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.neural_network
from scipy import sparse
from scipy.optimize import minimize
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils import compute_sample_weight

import chainrule
from chainrule import (
    LOSSES,
    SCHEDULES,
    Callback,
    InputError,
    MLPClassifier,
    MLPRegressor,
    Moment,
    Network,
    Parameters,
    backward,
    custom_activation,
    forward,
    objective,
)
from chainrule.estimators.epochs import DividedRate, EpochRule, Standing
from chainrule.estimators.network import as_parameters, first_weights
from chainrule.training.report import Epoch

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
NUMBERS = np.stack([X[:, 0] - X[:, 1], X[:, 2] * X[:, 3]], axis=1)
LABELS = make_multilabel_classification(
    n_samples=60, n_features=5, n_classes=3, random_state=0
)


@pytest.fixture(autouse=True)
def _not_converged_is_not_what_is_tested() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


# ---- layouts


@pytest.mark.parametrize(
    "layout",
    [np.asfortranarray, pd.DataFrame, lambda y: np.asfortranarray(y, np.float32)],
)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_targets_that_lie_column_by_column(layout: Any, solver: str) -> None:
    model = MLPRegressor(
        hidden_layer_sizes=(4,), solver=solver, max_iter=3, random_state=0
    )
    expected = model.fit(X, NUMBERS).loss_curve_
    assert model.fit(X, layout(NUMBERS)).loss_curve_ == pytest.approx(
        expected, rel=1e-4
    )  # float32 in one of them
    if solver == "adam":
        model.partial_fit(X, layout(NUMBERS))


def test_labels_that_lie_column_by_column() -> None:
    model = MLPClassifier((4,), max_iter=3, random_state=0)
    expected = model.fit(*LABELS).loss_curve_
    assert model.fit(LABELS[0], pd.DataFrame(LABELS[1])).loss_curve_ == expected


# ---- weights that were set by hand


def set_by_hand(model: Any, outputs: int) -> Any:
    rng = np.random.default_rng(0)
    model.coefs_, model.intercepts_ = (
        [rng.normal(size=(4, 3)), rng.normal(size=(3, outputs))],
        [np.zeros(3)],
    )
    model.intercepts_.append(np.zeros(outputs))
    if isinstance(model, MLPClassifier):
        model.classes_ = np.array([0, 1, 2])
    return model


OPTIONS: list[dict[str, Any]] = [
    {},
    {"early_stopping": True},
    {"solver": "sgd", "learning_rate": "invscaling"},
    {"solver": "lbfgs"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("way", ["fit", "partial_fit"])
def test_going_on_from_weights_that_were_set_by_hand(
    options: dict[str, Any], way: str
) -> None:
    if way == "partial_fit" and (
        options.get("early_stopping") or options.get("solver") == "lbfgs"
    ):
        options = {"solver": "adam"}
    for kind, outputs, y in ((MLPClassifier, 3, Y), (MLPRegressor, 2, NUMBERS)):
        shared = {
            "hidden_layer_sizes": (3,),
            "max_iter": 2,
            "random_state": 0,
            **options,
        }
        model = set_by_hand(kind(warm_start=True, **shared), outputs)
        before = model.predict(X)
        getattr(model, way)(X, y)
        assert not np.array_equal(
            model.coefs_[0], set_by_hand(kind(), outputs).coefs_[0]
        )
        assert before.shape == model.predict(X).shape
        fitted = {
            name for name in vars(kind(**shared).fit(X, y)) if not name.startswith("__")
        }
        assert fitted <= set(vars(model))
        assert (model.n_layers_, model.n_outputs_, model.n_features_in_) == (
            3,
            outputs,
            4,
        )


# ---- fits that do not begin


SQUARE = custom_activation(lambda z: z * z, lambda z: 2 * z)  # native has it not
BAD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"X_val": X[:, :2], "y_val": Y}),
    ({"dropout": [0.1, 0.1]}, {}),
    ({}, {"sample_weight": -np.ones(150)}),
    ({"callbacks": [print]}, {}),
    ({"engine": "native", "activation": SQUARE}, {}),
    ({"loss": "cross_entropy", "activation": ["relu", "relu"]}, {}),
]


@pytest.mark.parametrize(("parameters", "given"), BAD, ids=range(len(BAD)))
def test_a_fit_that_cannot_begin_changes_nothing(
    parameters: dict[str, Any], given: dict[str, Any]
) -> None:
    model = MLPClassifier((3,), max_iter=2, random_state=0).fit(X, Y)
    before, expected = dict(vars(model)), model.predict(X)
    model.set_params(**parameters)
    with pytest.raises(ValueError, match=r"."):
        model.fit(X[:, ::-1], Y, **given)
    model.set_params(**{name: before[name] for name in parameters})
    assert set(vars(model)) == set(before)
    assert model.predict(X).tolist() == expected.tolist()
    assert model.loss_curve_ == before["loss_curve_"]
    unfitted = MLPClassifier((3,), **parameters)
    with pytest.raises(ValueError, match=r"."):
        unfitted.fit(X, Y, **given)
    assert not [name for name in vars(unfitted) if name.endswith("_")]


def test_a_first_partial_fit_that_cannot_begin_changes_nothing() -> None:
    model = MLPClassifier((3,), dropout=[0.1, 0.1])
    with pytest.raises(ValueError, match="dropout"):
        model.partial_fit(X, Y, classes=[0, 1, 2])
    assert not [name for name in vars(model) if name.endswith("_")]


def test_a_warm_start_that_cannot_begin_leaves_the_patience() -> None:
    model = MLPClassifier(
        (3,), max_iter=20, solver="sgd", tol=1.0, n_iter_no_change=30, random_state=0
    ).fit(X, Y)
    stalled = model._continuation.standing.stalled
    assert stalled > 0
    with pytest.raises(ValueError, match="dropout"):
        model.set_params(dropout=[0.1, 0.1], warm_start=True).fit(X, Y)
    assert model._continuation.standing.stalled == stalled


def test_a_run_that_is_stopped_in_its_first_epoch() -> None:
    class Now(Callback):
        def on_step(self, moment: Moment) -> bool:
            return True

    model = MLPClassifier((3,), batch_size=50, callbacks=[Now()], random_state=0).fit(
        X, Y
    )
    assert (model.n_iter_, model.loss_curve_) == (0, [])
    assert np.isnan(model.loss_)


# ---- under the hood


@pytest.mark.parametrize(
    "method", ["row_losses", "gradient_norms", "gradients", "check_gradient"]
)
@pytest.mark.parametrize("rows", [1, 149])
def test_targets_that_are_too_few(method: str, rows: int) -> None:
    for model, y in (
        (MLPClassifier((3,), max_iter=1), Y),
        (MLPRegressor(hidden_layer_sizes=3, max_iter=1), X[:, 0]),
    ):
        model.fit(X, y)
        with pytest.raises(InputError, match=rf"{rows} targets for 150 rows"):
            getattr(model, method)(X, y[:rows])


def test_gradients_of_rows_of_no_weight() -> None:
    model = MLPClassifier((3,), max_iter=1).fit(X, Y)
    with pytest.raises(InputError, match="sample_weight 0 for every row"):
        model.gradients(X, Y, np.zeros(150))
    with pytest.raises(
        InputError, match=r"sample_weight with shape \(3,\) for 150 rows"
    ):
        model.gradients(X, Y, np.ones(3))


def test_gradients_take_no_class_weight() -> None:
    model = MLPClassifier(
        (3,), class_weight={0: 5.0, 1: 1.0, 2: 1.0}, max_iter=1, random_state=0
    ).fit(X, Y)
    plain = model.gradients(X, Y).flat
    weighted = model.gradients(X, Y, compute_sample_weight(model.class_weight, Y)).flat
    np.testing.assert_array_equal(
        plain, model.set_params(class_weight=None).gradients(X, Y).flat
    )
    assert not np.allclose(plain, weighted)


# ---- class weights


@pytest.mark.parametrize(
    "names", [np.array([0, 1, 2]), np.array(["c", "a", "b"])], ids=["numbers", "text"]
)
def test_class_weights_where_a_batch_lacks_classes(names: Any) -> None:
    y = names[Y]
    partial = {names[0]: 5.0, names[1]: 2.0, names[2]: 1.0}
    if names.dtype.kind == "i":
        del partial[
            2
        ]  # scikit-learn's rule: 1 for those that are not named, as long as all names are classes
    model = MLPClassifier((3,), class_weight=partial, random_state=0)
    model.partial_fit(X, y, classes=names).partial_fit(X[50:], y[50:]).partial_fit(
        X[100:], y[100:]
    )
    by_row = MLPClassifier((3,), random_state=0)
    for start in (0, 50, 100):
        weights = np.array([5.0, 2.0, 1.0])[Y[start:]]
        by_row.partial_fit(X[start:], y[start:], sample_weight=weights, classes=names)
    assert model.loss_curve_ == by_row.loss_curve_
    with pytest.raises(ValueError, match="are not in class_weight"):
        MLPClassifier((3,), class_weight={"no class": 2.0}).fit(X, y)


def test_class_weights_of_validation_rows_are_those_of_the_fit() -> None:
    model = MLPClassifier(
        (3,), class_weight={0: 5.0, 1: 2.0}, max_iter=3, random_state=0
    )
    model.fit(X, Y, X_val=X[50:], y_val=Y[50:])
    weights = np.array([2.0, 1.0])[Y[50:] - 1]
    expected = np.average(model.row_losses(X[50:], Y[50:]), weights=weights)
    assert model.validation_loss_curve_[-1] == pytest.approx(expected)
    kept = np.r_[0:50, 50:75, 100:110]
    model.set_params(class_weight="balanced").fit(
        X[kept], Y[kept], X_val=X[50:], y_val=Y[50:]
    )
    weights = (85 / 3 / np.array([50, 25, 10]))[Y[50:]]
    expected = np.average(model.row_losses(X[50:], Y[50:]), weights=weights)
    assert model.validation_loss_curve_[-1] == pytest.approx(expected)


def test_class_weights_of_labels_that_a_batch_lacks() -> None:
    x, y = LABELS
    rare = y * (np.arange(60) < 30)[:, None]  # the second half has no label at all
    each = [{0: 1.0, 1: 4.0}, {1: 3.0}, {0: 2.0}]
    model = MLPClassifier((3,), class_weight=each, random_state=0).partial_fit(
        x, rare, classes=[0, 1, 2]
    )
    model.partial_fit(x[30:], rare[30:])
    by_row = MLPClassifier((3,), random_state=0)
    weights = (
        np.array([1.0, 4.0])[rare[:, 0]]
        * np.array([1.0, 3.0])[rare[:, 1]]
        * np.array([2.0, 1.0])[rare[:, 2]]
    )
    by_row.partial_fit(x, rare, sample_weight=weights, classes=[0, 1, 2])
    by_row.partial_fit(x[30:], rare[30:], sample_weight=weights[30:])
    assert model.loss_curve_ == by_row.loss_curve_
    balanced = MLPClassifier((3,), class_weight="balanced", max_iter=2, random_state=0)
    balanced.fit(x, sparse.csr_array(rare), X_val=x[30:], y_val=y[30:])
    with pytest.raises(ValueError, match="list of dicts"):
        MLPClassifier((3,), class_weight={0: 1.0, 1: 2.0}).fit(x, y)
    with pytest.raises(ValueError, match="number of outputs"):
        MLPClassifier((3,), class_weight=[{0: 1.0}]).fit(x, y)


def test_weights_of_validation_rows_that_are_not_there() -> None:
    with pytest.raises(InputError, match="sample_weight_val without X_val"):
        MLPClassifier().fit(X, Y, sample_weight_val=np.ones(3))


# ---- large sparse rows


@pytest.mark.parametrize(
    "options", [{}, {"early_stopping": True}, {"shuffle": False}], ids=str
)
def test_a_sparse_batch_is_made_dense_however_large(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = MLPClassifier((3,), batch_size=100, max_iter=3, random_state=0, **options)
    expected = model.fit(X, Y).loss_curve_
    monkeypatch.setattr("chainrule.estimators.rows.AT_ONCE", 30 * 4 * 8)  # 30 rows
    assert model.fit(sparse.csr_array(X), Y).loss_curve_ == pytest.approx(
        expected, rel=1e-12
    )
    whole = model.set_params(
        batch_size=135 if options.get("early_stopping") else 150
    ).fit(sparse.csr_array(X), Y)
    assert whole.loss_curve_ == pytest.approx(model.fit(X, Y).loss_curve_, rel=1e-12)


# ---- quantiles


@pytest.mark.parametrize(
    "y", [NUMBERS[:, 0], NUMBERS], ids=["one target", "two targets"]
)
@pytest.mark.parametrize("levels", [(0.3,), (0.1, 0.9)])
def test_the_score_of_quantiles(y: Any, levels: tuple[float, ...]) -> None:
    model = MLPRegressor(
        loss=LOSSES["pinball"](quantiles=levels),
        hidden_layer_sizes=(3,),
        max_iter=3,
        random_state=0,
    )
    model.fit(X, y, X_val=X[:50], y_val=y[:50])
    weights = np.linspace(0, 1, 150)
    assert model.score(X, y) == pytest.approx(-np.mean(model.row_losses(X, y)))
    assert model.score(X, y, weights) == pytest.approx(
        -np.average(model.row_losses(X, y), weights=weights)
    )
    model.set_params(early_stopping=True).fit(X, y, X_val=X[:50], y_val=y[:50])
    assert model.best_validation_score_ == pytest.approx(model.score(X[:50], y[:50]))


def test_quantiles_of_classes() -> None:
    with pytest.raises(InputError, match="for classes"):
        MLPClassifier((3,), loss=LOSSES["pinball"](quantiles=(0.5,))).fit(X, Y)


# ---- files


def test_a_loaded_estimator_can_be_fitted(tmp_path: Path) -> None:
    x, y = LABELS
    each = [{0: 1.0, 1: 4.0}, {1: 3.0}, {0: 2.0}]
    model = MLPClassifier(
        (3,), ["tanh"], class_weight=each, max_iter=2, random_state=0
    ).fit(x, sparse.csr_matrix(y))
    model.save(tmp_path / "model")
    loaded = MLPClassifier.load(tmp_path / "model")
    assert loaded.get_params() == model.get_params()
    assert sparse.issparse(model.predict(x))
    assert sparse.issparse(loaded.predict(x))
    np.testing.assert_array_equal(
        loaded.predict(x).toarray(), model.predict(x).toarray()
    )
    assert loaded.fit(x, y).loss_curve_ == model.loss_curve_


def test_classes_that_were_set_as_a_list_are_saved(tmp_path: Path) -> None:
    model = set_by_hand(MLPClassifier((3,)), 3)
    model.classes_ = ["a", "b", "c"]
    model.save(tmp_path / "model")
    assert (
        MLPClassifier.load(tmp_path / "model").predict(X).tolist()
        == model.predict(X).tolist()
    )


# ---- warm starts


def test_a_warm_start_keeps_the_best_score_and_its_weights() -> None:
    """Deviation: scikit-learn keeps the score alone; the weights it calls the best go on being changed."""
    options = {
        "early_stopping": True,
        "max_iter": 30,
        "warm_start": True,
        "random_state": 0,
    }
    options |= {"hidden_layer_sizes": (10,), "learning_rate_init": 0.02}
    found = []
    for library in (sklearn.neural_network, chainrule):
        model = library.MLPClassifier(**options).fit(X, Y)
        best, weights = model.best_validation_score_, model.coefs_[0].copy()
        worse = np.roll(Y, 50)  # what it has learned is all wrong
        model.set_params(max_iter=1).fit(X, worse)
        assert model.validation_scores_[-1] < best
        assert model.best_validation_score_ == best == max(model.validation_scores_)
        found.append((best, np.array_equal(model.coefs_[0], weights)))
    assert found[0][0] == found[1][0]
    assert [same for _, same in found] == [False, True]


def test_a_warm_start_from_changed_weights_forgets_the_best_score() -> None:
    """Live weights: what was set by hand is gone on from, also where it is worse than what was found."""
    model = MLPClassifier((10,), early_stopping=True, warm_start=True, random_state=0)
    model.set_params(max_iter=30, learning_rate_init=0.02).fit(X, Y)
    best = model.best_validation_score_
    model.coefs_[0][:] = 0.0
    model.coefs_[1][:] = 0.0
    model.set_params(max_iter=1).fit(X, Y)
    assert model.best_validation_score_ == model.validation_scores_[-1] < best
    assert np.abs(model.coefs_[1]).max() < 0.1  # one epoch from 0


def test_another_solver_keeps_the_best_score() -> None:
    model = MLPClassifier(
        (10,), early_stopping=True, max_iter=30, warm_start=True, random_state=0
    ).fit(X, Y)
    best, weights = model.best_validation_score_, model.coefs_[0].copy()
    model.set_params(solver="sgd", max_iter=1).fit(X, np.roll(Y, 50))
    assert model.best_validation_score_ == best
    np.testing.assert_array_equal(model.coefs_[0], weights)


def test_a_divided_rate_is_whole_again_in_a_warm_start() -> None:
    options = {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "learning_rate_init": 0.1,
        "random_state": 0,
    }
    model = MLPClassifier(
        (5,), **options, tol=0.5, n_iter_no_change=2, max_iter=500, warm_start=True
    ).fit(X, Y)
    assert model.n_iter_ < 500  # divided until it is too small
    before = model.loss_
    model.set_params(tol=1e-4, n_iter_no_change=10).fit(X, Y)
    assert model.loss_ < before / 3


def test_a_divided_rate_by_hand() -> None:
    """Divided by 5 after more than `patience` epochs; the schedule remembers nothing between two runs."""
    rule = EpochRule(
        tol=0.5,
        patience=1,
        outputs=2,
        scored=False,
        adaptive_rate=1e-5,
        endless=False,
    )
    schedule = DividedRate(rule=rule, before=Standing())
    #    per output: 2  1.8 1.7  1   0.9  0.8  0.7 0.65
    losses = [4.0, 3.6, 3.4, 2.0, 1.8, 1.6, 1.4, 1.3]
    for _ in range(2):
        memory, factors = schedule.start(), []
        for loss_ in losses:
            value = schedule.compared(Epoch(loss_, 0.1, validation_loss=99.0))
            memory = schedule.after_epoch(memory, value)
            factors.append(schedule.at(1.0, 0.1, memory))
        # not below 1e-6: 1e-5, 2e-6, 4e-7
        assert factors == pytest.approx([1, 1, 0.2, 0.2, 0.2, 0.04, 0.04, 0.04])
    standing, stops = Standing(), []
    for loss_ in losses:
        standing = rule.after(standing, loss_ / 2, counts=True)
        stops.append(rule.ends(standing))
    assert stops == [False] * 7 + [True]
    assert standing.factor == pytest.approx(0.04)
    # by their words, for NaN is not itself
    assert repr(schedule) == repr(DividedRate(rule=rule, before=Standing()))


def test_a_schedule_begins_anew_with_each_call() -> None:
    """Deviation, in the table: only the optimizer's state goes on."""

    class Rates(Callback):
        def on_epoch(self, moment: Moment) -> None:
            seen.append(moment.history[-1].learning_rate)

    seen: list[float] = []
    step = SCHEDULES["step"](every_epochs=1, multiplier=0.5)
    options = {
        "solver": "sgd",
        "learning_rate": step,
        "learning_rate_init": 0.1,
        "callbacks": [Rates()],
    }
    model = MLPClassifier((3,), max_iter=2, warm_start=True, **options)
    model.fit(X, Y).fit(X, Y).partial_fit(X, Y).partial_fit(X, Y)
    assert seen == pytest.approx([0.1, 0.05, 0.1, 0.05, 0.1, 0.1])


@pytest.mark.parametrize("early", [False, True])
def test_a_fit_does_not_end_before_its_schedule_has_come_down(early: bool) -> None:
    """A tolerance that no epoch meets: 3 epochs more than `n_iter_no_change`, of those that count."""
    options = {
        "tol": 1e9,
        "n_iter_no_change": 4,
        "max_iter": 100,
        "random_state": 0,
        "early_stopping": early,
    }
    at_once = MLPClassifier((3,), **options).fit(X, Y)
    assert at_once.n_iter_ == 6
    cycle = SCHEDULES["one_cycle"](length_epochs=40.0, rise=0.5)  # 20 up, 10 of 20 down
    model = MLPClassifier((3,), learning_rate=cycle, **options).fit(X, Y)
    assert model.n_iter_ == 30 + 5


# ---- what is refused


WIDTHS: list[Any] = [
    (8.9,),
    (8.0,),
    ("8",),
    ("8", "4"),
    (True,),
    True,
    (None,),
    (np.nan,),
    [[8, 2]],
    (8, (2,)),
    np.array([8.0]),
    pd.Series([8.0]),
]


@pytest.mark.parametrize("widths", WIDTHS, ids=repr)
@pytest.mark.parametrize("make", [MLPClassifier, MLPRegressor])
def test_widths_that_are_no_whole_numbers(make: Any, widths: Any) -> None:
    """scikit-learn refuses them all, with other words; int(…) of them would be another network."""
    theirs = getattr(sklearn.neural_network, make.__name__)
    with pytest.raises((TypeError, ValueError, OverflowError)):
        theirs(hidden_layer_sizes=widths, max_iter=2).fit(X, Y)
    with pytest.raises(InputError) as caught:
        make(hidden_layer_sizes=widths, max_iter=2).fit(X, Y)
    assert caught.value.given == f"hidden_layer_sizes = {widths!r}"
    assert caught.value.allowed.startswith("a whole number, or a list of them")


@pytest.mark.parametrize(
    ("widths", "sizes"),
    [
        (5, (5,)),
        (np.int8(5), (5,)),
        (np.array(5), (5,)),
        ([5, 3], (5, 3)),
        (np.array([5, 3], "u1"), (5, 3)),
        (pd.Series([5, 3]), (5, 3)),
        (range(2, 4), (2, 3)),
        ((), ()),
    ],
)
def test_widths_that_are_whole_numbers(widths: Any, sizes: tuple[int, ...]) -> None:
    model = MLPClassifier(widths, max_iter=2, random_state=0).fit(X, Y)
    assert model.network_.sizes == (4, *sizes, 3)


DAYS = pd.date_range("2020-01-01", periods=len(X))
DATES: dict[str, Any] = {
    "dates": pd.DataFrame({"a": DAYS, "b": DAYS}),
    "dates with a zone": pd.DataFrame({"a": DAYS.tz_localize("UTC")}),
    "durations": pd.DataFrame({"a": DAYS - DAYS[0]}),
    "periods": pd.DataFrame({"a": DAYS.to_period("D")}),
    "dates beside numbers": pd.DataFrame({"a": DAYS, "b": X[:, 0]}),
    "an array of dates": DAYS.to_numpy()[:, None],
    "an array of durations": (DAYS - DAYS[0]).to_numpy()[:, None],
    "a list of dates": [[day] for day in DAYS.to_numpy()],
}


@pytest.mark.parametrize("kind", DATES)
def test_dates_are_no_numbers(kind: str) -> None:
    """NumPy makes days, microseconds or nanoseconds since 1970 of them, by how they are kept."""
    rows = DATES[kind]
    for make, y in ((MLPClassifier, Y), (MLPRegressor, NUMBERS)):
        with pytest.raises(InputError, match="X with dates or durations"):
            make(hidden_layer_sizes=(3,), max_iter=2).fit(rows, y)
        fitted = make(hidden_layer_sizes=(3,), max_iter=2).fit(X, y)
        for use in (fitted.predict, fitted.trace):
            with pytest.raises(InputError, match="X with dates or durations"):
                use(rows)
        with pytest.raises(InputError, match="X with dates or durations"):
            fitted.partial_fit(rows, y)
    if isinstance(rows, np.ndarray):
        with pytest.raises(InputError, match="y with dates or durations"):
            MLPRegressor(hidden_layer_sizes=(3,), max_iter=2).fit(X, rows[:, 0])
        with pytest.raises(InputError, match="sample_weight with dates or durations"):
            MLPRegressor(hidden_layer_sizes=(3,), max_iter=2).fit(X, Y, rows[:, 0])


def test_dates_of_polars() -> None:
    polars = pytest.importorskip("polars", reason="the extra tables is not installed")
    for column in (DAYS.to_pydatetime().tolist(), [day.date() for day in DAYS]):
        with pytest.raises(InputError, match="X with dates or durations"):
            MLPClassifier((3,), max_iter=2).fit(polars.DataFrame({"a": column}), Y)


def test_dates_may_be_classes() -> None:
    """As in scikit-learn: they are names, not numbers."""
    classes = DAYS.to_numpy()[:3]
    model = MLPClassifier((5,), max_iter=300, random_state=0).fit(X, classes[Y])
    numbered = MLPClassifier((5,), max_iter=300, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), classes[numbered.predict(X)])


# ---- deviations


def test_negative_counts() -> None:
    """Deviation: scikit-learn fits them."""
    y = X[:, 0]
    sklearn.neural_network.MLPRegressor(
        loss="poisson", hidden_layer_sizes=(3,), max_iter=1
    ).fit(X, y)
    with pytest.raises(InputError, match="poisson targets"):
        MLPRegressor(loss="poisson", hidden_layer_sizes=(3,), max_iter=1).fit(X, y)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_the_value_that_lbfgs_is_shown_of_several_outputs(
    outputs: int, weighted: bool
) -> None:
    """Deviation: with k outputs scikit-learn shows its line search 1/k of the error whose gradient it shows.

    SciPy given that pair (the penalty whole) ends where scikit-learn does, and given J with ∇J where we do.
    """
    rng = np.random.default_rng(2)
    rows = 5 * rng.normal(size=(150, 4))
    waves = [np.sin((k + 1) * rows[:, k % 4]) + rows[:, 1 - k % 2] for k in range(5)]
    targets = 30 * np.stack(waves[:outputs], axis=1)
    weights = rng.uniform(0.5, 2, 150) if weighted else None
    total = 150.0 if weights is None else float(weights.sum())
    net = Network((4, 10, outputs), ("relu", "identity"), "squared_error")
    sizes, alpha = [4, 10, outputs], 0.7
    random = np.random.RandomState(0)
    begin = as_parameters(*first_weights(random, sizes, "relu", float))

    def shown(theta: Any, share: float) -> Any:
        p = Parameters(net.sizes, theta)
        options = {"sample_weight": weights}
        error = float(objective(net, p, rows, targets, **options))
        trace = forward(net, p, rows)
        gradient = backward(net, p, trace, targets, l2=alpha / total, **options)
        return error * share + float(gradient.J) - error, gradient.flat

    def minimum(share: float) -> Any:
        options = {"maxiter": 3, "maxfun": 15000, "gtol": 1e-4}
        found = minimize(
            shown, begin.theta, (share,), "L-BFGS-B", jac=True, options=options
        )
        return found.x

    ends = []
    for library in (sklearn.neural_network, chainrule):
        model = library.MLPRegressor(
            hidden_layer_sizes=(10,),
            solver="lbfgs",
            alpha=alpha,
            max_iter=3,
            random_state=0,
        )
        model.fit(
            rows,
            targets.ravel() if outputs == 1 else targets,
            sample_weight=weights,
        )
        ends.append(as_parameters(model.coefs_, model.intercepts_).theta)
    theirs, ours = ends
    np.testing.assert_allclose(theirs, minimum(1 / outputs), rtol=0, atol=1e-8)
    np.testing.assert_allclose(ours, minimum(1.0), rtol=0, atol=1e-8)
    same = np.allclose(theirs, ours, rtol=0, atol=1e-8)
    assert same == (outputs == 1)


def test_weighted_batches_may_end_at_another_epoch() -> None:
    """Deviation: the weights agree epoch by epoch, the losses that tol compares do not."""
    weights = np.linspace(0.1, 3, 150)
    found = []
    for library in (sklearn.neural_network, chainrule):
        model = library.MLPClassifier(
            (3,), solver="sgd", batch_size=60, max_iter=3, random_state=0
        )
        found.append(model.fit(X, Y, sample_weight=weights))
    np.testing.assert_allclose(
        found[1].coefs_[0], found[0].coefs_[0], rtol=0, atol=1e-9
    )
    assert found[1].loss_ != pytest.approx(found[0].loss_, rel=1e-6)


# ---- what goes wrong


@pytest.mark.parametrize("stopping", [False, True])
def test_the_advice_after_divergence_names_what_there_is(stopping: bool) -> None:
    rate = 1.0 if stopping else 1e100
    model = MLPRegressor(
        activation="identity",
        solver="sgd",
        learning_rate_init=rate,
        max_iter=20,
        early_stopping=stopping,
        random_state=0,
    )
    if stopping:
        with pytest.warns(ConvergenceWarning, match="diverged") as warned:
            model.fit(*load_iris(return_X_y=True))
        said = str(warned[0].message)
        assert (
            len(model.validation_loss_curve_)
            == len(model.loss_curve_)
            == len(model.validation_scores_)
        )
    else:
        with pytest.raises(ValueError, match="non-finite") as raised:
            model.fit(*load_iris(return_X_y=True))
        said = str(raised.value)
    assert said.endswith("Lower learning_rate_init, or scale the inputs to about 1.")
    assert "clip_norm" not in said


@pytest.mark.parametrize("part", ["held", "training"])
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_a_split_without_weight(kind: Any, part: str) -> None:
    model = kind(
        hidden_layer_sizes=(3,), early_stopping=True, max_iter=2, random_state=0
    )
    random = np.random.RandomState(0)  # the draws of the fit: weights, then the split
    first_weights(random, [4, 3, 3 if kind is MLPClassifier else 1], "relu", float)
    numbers = np.arange(150)
    training, held = train_test_split(numbers, random_state=random, test_size=0.1)
    rows = held if part == "held" else training
    weights = np.ones(150)
    weights[rows] = 0.0
    with pytest.raises(InputError, match="row weights that are 0 for all rows to"):
        model.fit(X, Y, sample_weight=weights)


def test_an_activation_that_is_none() -> None:
    with pytest.raises(InputError, match="activation that is None"):
        MLPClassifier((3,), [None]).fit(X, Y)


def test_a_notebook_shows_what_it_can() -> None:
    model = MLPClassifier((3,))
    model.coefs_, model.intercepts_ = (
        [np.eye(4)[:, :3], np.eye(3)],
        [np.zeros(3), np.zeros(3)],
    )
    assert "MLPClassifier" in model._repr_mimebundle_()["text/html"]  # no classes_
    assert "network_" not in dir(model)
    fitted = MLPClassifier((3,), max_iter=1).fit(X, Y)
    fitted.set_params(activation=["relu", "tanh"])
    assert "MLPClassifier" in fitted._repr_mimebundle_()["text/html"]
    with pytest.raises(AttributeError, match="for 1 hidden layers"):
        _ = fitted.network_
    fitted.set_params(activation="relu")
    assert fitted._repr_mimebundle_()["text/html"].endswith(
        fitted.network_._repr_html_()
    )


@pytest.mark.parametrize("kind", [np.asarray, np.asfortranarray, sparse.csr_array])
def test_rows_to_predict_that_float32_cannot_hold(kind: Any) -> None:
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=3, dtype="float32")
    model.fit(X, NUMBERS)
    rows = X.copy()
    rows[7, 1] = 1e39
    with pytest.raises(InputError, match=r"X with a number of 1e\+39 in size"):
        model.predict(kind(rows))
