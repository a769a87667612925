"""What the estimators can do beyond scikit-learn's: layers, losses, optimizers, weights, and everything inside."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import (
    load_breast_cancer,
    load_iris,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    Callback,
    InputError,
    MLPClassifier,
    MLPRegressor,
    Moment,
    custom_activation,
    load_model,
    objective,
)
from chainrule.engines import native
from chainrule.estimators.inspection import (
    losses_and_gradient_norms,
    output_gradients,
)

from ..support.runs import BUILT

IRIS = load_iris(return_X_y=True)
IRIS = StandardScaler().fit_transform(IRIS[0]), IRIS[1]
CANCER = load_breast_cancer(return_X_y=True)
CANCER = StandardScaler().fit_transform(CANCER[0]), CANCER[1]
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(90, 3)), RNG.normal(size=(90, 2))
LABELS = make_multilabel_classification(
    n_samples=60, n_features=5, n_classes=3, random_state=0
)
#: A difference quotient over 2e-6 of numbers near 1: rounding 1e-10, and curvature 1e-12.
DIFFERENCE = 1e-7


@pytest.fixture(autouse=True)
def _not_converged_is_not_what_is_tested() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def models() -> dict[str, tuple[Any, Any, Any]]:
    options: dict[str, Any] = {
        "max_iter": 5,
        "random_state": 0,
        "alpha": 0.3,
        "l1": 0.001,
        "l2": 0.02,
    }
    return {
        "many classes": (MLPClassifier((5, 4), ["tanh", "silu"], **options), *IRIS),
        "two classes": (
            MLPClassifier((5,), "tanh", **options),
            CANCER[0][:80],
            CANCER[1][:80],
        ),
        "many labels": (MLPClassifier((4,), "tanh", **options), *LABELS),
        "numbers": (
            MLPRegressor(hidden_layer_sizes=(4,), activation="softplus", **options),
            *NUMBERS,
        ),
        "counts": (
            MLPRegressor("poisson", (4,), "tanh", **options),
            NUMBERS[0],
            np.arange(90) % 5,
        ),
    }


@pytest.fixture(
    params=["many classes", "two classes", "many labels", "numbers", "counts"]
)
def fitted(request: pytest.FixtureRequest) -> tuple[Any, Any, Any]:
    model, x, y = models()[request.param]
    return model.fit(x, y), x, y


# ---- inside


def objective_by_hand(model: Any, x: Any, y: Any, weights: Any = None) -> float:
    """J of the estimator's own outputs, worked out without the package: the loss by its formula, the penalties."""
    a = model._outputs(x)
    w = np.ones(len(x)) if weights is None else weights
    Y = np.asarray(y, dtype=float)
    Y = Y[:, None] if Y.ndim == 1 else Y
    if isinstance(model, MLPRegressor):
        ell = 0.5 * (a - Y) ** 2
        if model.loss == "poisson":
            ell = (
                a
                - Y * np.log(a)
                + np.where(Y > 0, Y * np.log(np.where(Y > 0, Y, 1)), 0)
                - Y
            )
    elif model.out_activation_ == "softmax":
        ell = -np.log(a[np.arange(len(x)), y])[:, None]
    else:
        ell = -(Y * np.log(a) + (1 - Y) * np.log(1 - a))
    size = sum(float(np.sum(W**2)) for W in model.coefs_)
    return float(
        np.sum(w * ell.sum(axis=1)) / np.sum(w)
        + model.alpha / (2 * np.sum(w)) * size
        + model.l2 / 2 * size
        + model.l1 * sum(float(np.sum(np.abs(W))) for W in model.coefs_)
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_are_those_of_the_objective(
    fitted: tuple[Any, Any, Any], weighted: bool
) -> None:
    model, x, y = fitted
    weights = np.random.default_rng(1).uniform(0.5, 2, len(x)) if weighted else None
    gradient = model.gradients(x, y, weights)
    assert float(gradient.J) == pytest.approx(
        objective_by_hand(model, x, y, weights), rel=1e-12
    )
    for layer, W in enumerate(
        model.coefs_
    ):  # live: the derivative is taken by moving them
        for at in [(0, 0), (W.shape[0] - 1, W.shape[1] - 1)]:
            W[at] += 1e-6
            above = objective_by_hand(model, x, y, weights)
            W[at] -= 2e-6
            below = objective_by_hand(model, x, y, weights)
            W[at] += 1e-6
            assert gradient.dW[layer].T[at] == pytest.approx(
                (above - below) / 2e-6, abs=DIFFERENCE
            )
    model.intercepts_[0][1] += 1e-6
    above = objective_by_hand(model, x, y, weights)
    model.intercepts_[0][1] -= 2e-6
    assert gradient.db[0][1] == pytest.approx(
        (above - objective_by_hand(model, x, y, weights)) / 2e-6, abs=DIFFERENCE
    )


def test_an_explanation_shows_these_gradients(fitted: tuple[Any, Any, Any]) -> None:
    model, x, y = fitted
    weights = np.random.default_rng(1).uniform(0.5, 2, 4)
    shown = model.explain(x[:4], y[:4], weights, row=2, digits=17)
    assert shown.passed
    gradient = model.gradients(x[:4], y[:4], weights)
    text = str(shown)
    for value in (float(gradient.J), *gradient.dW[-1].ravel()[:2]):
        assert f"{value:.17g}" in text


def test_a_step_of_a_fit_goes_along_these_gradients() -> None:
    options: dict[str, Any] = {
        "solver": "sgd",
        "momentum": 0.0,
        "learning_rate_init": 0.01,
        "alpha": 0.4,
    }
    model = MLPClassifier(
        (5,), **options, batch_size=150, l1=0.01, l2=0.1, random_state=0
    )
    model.partial_fit(*IRIS, classes=[0, 1, 2])
    gradient, before = model.gradients(*IRIS), [W.copy() for W in model.coefs_]
    model.partial_fit(*IRIS)
    for W, was, g in zip(model.coefs_, before, gradient.dW, strict=True):
        np.testing.assert_allclose(W, was - 0.01 * g.T, rtol=0, atol=1e-14)


def test_the_gradient_check_passes_and_catches_a_wrong_slope(
    fitted: tuple[Any, Any, Any],
) -> None:
    model, x, y = fitted
    assert model.check_gradient(x[:6], y[:6]).passed
    wrong = custom_activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2, name="nearly")
    object.__setattr__(wrong, "phi_prime", lambda z: 1.001 * (1 - np.tanh(z) ** 2))
    model.activation = wrong
    assert not model.check_gradient(x[:6], y[:6]).passed


def test_the_trace_ends_in_the_predictions(fitted: tuple[Any, Any, Any]) -> None:
    model, x, _ = fitted
    trace = model.trace(x[:7])
    np.testing.assert_allclose(trace.output, model._outputs(x[:7]), rtol=1e-12)
    np.testing.assert_allclose(
        trace.Z[0], x[:7] @ model.coefs_[0] + model.intercepts_[0], rtol=1e-12
    )


def test_input_gradients_are_difference_quotients(fitted: tuple[Any, Any, Any]) -> None:
    model, x, _ = fitted
    found = output_gradients(model.network_, model.parameters_, x[:4])
    for column in range(x.shape[1]):
        step = np.zeros(x.shape[1])
        step[column] = 1e-6
        quotient = (model._outputs(x[:4] + step) - model._outputs(x[:4] - step)) / 2e-6
        np.testing.assert_allclose(
            found[:, :, column], quotient, rtol=0, atol=DIFFERENCE
        )
    shown = model.input_gradient(x[:4])
    assert shown.shape == ((4, x.shape[1]) if found.shape[1] == 1 else found.shape)


def test_each_row_s_loss_and_gradient_norm_are_its_own(
    fitted: tuple[Any, Any, Any],
) -> None:
    model, x, y = fitted
    losses, norms = model.row_losses(x[:9], y[:9]), model.gradient_norms(x[:9], y[:9])
    network, parameters = model.network_, model.parameters_
    targets = model._known_targets(y[:9]).astype(float)
    for i in range(9):  # one row at a time, its gradient formed
        assert losses[i] == pytest.approx(
            float(objective(network, parameters, x[i : i + 1], targets[i : i + 1])),
            rel=1e-12,
        )
        model.set_params(alpha=0.0, l1=0.0, l2=0.0)
        alone = model.gradients(x[i : i + 1], y[i : i + 1]).flat
        assert norms[i] == pytest.approx(float(np.linalg.norm(alone)), rel=1e-12)
    assert np.mean(losses) == pytest.approx(
        objective_by_hand(model, x[:9], y[:9]), rel=1e-12
    )


@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_rows_go_by_parts(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = MLPRegressor(hidden_layer_sizes=(4,), random_state=0, max_iter=2).fit(
        *NUMBERS
    )
    network, parameters = model.network_, model.parameters_
    who: dict[str, Any] = {"engine": engine, "threads": None}
    whole = (
        losses_and_gradient_norms(network, parameters, *NUMBERS, **who),
        output_gradients(network, parameters, NUMBERS[0]),
    )
    monkeypatch.setattr("chainrule.estimators.inspection.rows_at_once", lambda sizes: 7)
    parts = (
        losses_and_gradient_norms(network, parameters, *NUMBERS, **who),
        output_gradients(network, parameters, NUMBERS[0]),
    )
    np.testing.assert_allclose(parts[0], whole[0], rtol=1e-12)
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("engine", BUILT)
def test_an_explanation_shows_the_engine_that_is_asked_for(engine: str) -> None:
    x, y = NUMBERS
    model = MLPRegressor(hidden_layer_sizes=(4,), random_state=0, max_iter=2).fit(x, y)
    made = model.explain(x[:3], y[:3], engine=engine)
    assert made.passed
    assert made.numbers.engine == engine
    assert model.explain(x[:3], y[:3]).numbers.engine == "reference"


# ---- layers, losses, optimizers


def test_the_learning_rate_of_an_explained_step() -> None:
    model = MLPRegressor(
        hidden_layer_sizes=(2,), solver="sgd", learning_rate_init=0.25, max_iter=2
    )
    rows, y = [[0.0], [1.0]], [0.0, 1.0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows, y)

    def rate(**options: Any) -> float:
        rules = model.explain(rows, y, **options).numbers.moment.rules
        return float(rules.optimizer.learning_rate)

    assert rate() == 0.25
    assert rate(learning_rate=0.5) == 0.5
    assert rate(optimizer="adam", learning_rate=0.125) == 0.125
    model.set_params(solver="lbfgs")
    assert rate(learning_rate=0.5) == 0.5
    with pytest.raises(InputError, match="learning_rate"):
        rate(learning_rate=-1.0)


@pytest.mark.parametrize("name", [*ACTIVATIONS, "logistic"])
def test_every_activation(name: str) -> None:
    x, y = CANCER
    model = MLPClassifier(
        (6, 4), ["relu", name], max_iter=30, learning_rate_init=0.01, random_state=0
    ).fit(x, y)
    assert model.score(x, y) > 0.9
    assert model.network_.activations[1].name == {"logistic": "sigmoid"}.get(name, name)


@pytest.mark.parametrize(
    "name", [name for name in LOSSES if "cross_entropy" not in name]
)
def test_every_loss_of_numbers(name: str) -> None:
    x = np.linspace(-1, 1, 60)[:, None]
    y = np.exp(x[:, 0])
    model = MLPRegressor(
        name,
        (8,),
        "tanh",
        learning_rate_init=0.02,
        max_iter=300,
        n_iter_no_change=300,
        random_state=0,
    )
    assert (
        r2_score(y, model.fit(x, y).predict(x)) > 0.95
    )  # of one quantile, score is another measure
    assert model.network_.loss.name == name


@pytest.mark.parametrize(
    "name", ["squared_error", "binary_cross_entropy", "huber", "log_loss"]
)
def test_losses_of_classes(name: str) -> None:
    assert (
        MLPClassifier(
            (6,), loss=name, max_iter=50, learning_rate_init=0.01, random_state=0
        )
        .fit(*IRIS)
        .score(*IRIS)
        > 0.8
    )


def test_a_loss_with_its_parameters() -> None:
    smooth = LOSSES["cross_entropy"](label_smoothing=0.2)
    model = MLPClassifier(
        (8,), loss=smooth, learning_rate_init=0.02, max_iter=500, random_state=0
    ).fit(*IRIS)
    sure = MLPClassifier(
        (8,), learning_rate_init=0.02, max_iter=500, random_state=0
    ).fit(*IRIS)
    assert (
        np.median(model.predict_proba(IRIS[0]).max(axis=1))
        < 0.9
        < np.median(sure.predict_proba(IRIS[0]).max(axis=1))
    )


def test_quantiles_have_a_column_each() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2000, 1))
    y = x[:, 0] + rng.normal(size=2000)
    bands = LOSSES["pinball"](quantiles=(0.1, 0.5, 0.9))
    model = MLPRegressor(
        bands,
        (8,),
        "tanh",
        learning_rate_init=0.01,
        early_stopping=True,
        random_state=0,
    ).fit(x, y)
    said = model.predict(x)
    assert said.shape == (2000, 3)
    assert model.n_outputs_ == 3
    # 2000 rows: the share below a quantile is within 0.03 of it, four standard deviations
    np.testing.assert_allclose(
        np.mean(y[:, None] < said, axis=0), [0.1, 0.5, 0.9], atol=0.04
    )
    assert model.best_validation_score_ < 0  # the loss with its sign changed


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name: str) -> None:
    model = MLPClassifier(
        (6,), "tanh", solver=name, learning_rate_init=0.05, max_iter=150, random_state=0
    )
    assert model.fit(*CANCER).score(*CANCER) > 0.95


def test_an_optimizer_and_a_schedule_with_their_parameters() -> None:
    class Rates(Callback):
        def __init__(self) -> None:
            self.seen: list[float] = []

        def on_epoch(self, moment: Moment) -> None:
            self.seen.append(moment.history[-1].learning_rate)

    rates = Rates()
    model = MLPClassifier(
        (6,),
        solver=OPTIMIZERS["rmsprop"](learning_rate=0.04),
        callbacks=[rates],
        max_iter=4,
        batch_size=150,
        learning_rate=SCHEDULES["step"](every_epochs=2, multiplier=0.5),
        random_state=0,
    ).fit(*IRIS)
    assert rates.seen == pytest.approx([0.04, 0.04, 0.02, 0.02])
    assert model.n_iter_ == 4


@pytest.mark.parametrize("engine", ["auto", "native", "reference"])
def test_engines_agree(engine: str) -> None:
    if engine == "native" and native.MISSING is not None:
        pytest.skip(f"native: {native.MISSING}")
    expected = MLPClassifier((6,), engine="reference", max_iter=10, random_state=0).fit(
        *IRIS
    )
    model = MLPClassifier((6,), engine=engine, max_iter=10, random_state=0).fit(*IRIS)
    assert model.loss_curve_ == pytest.approx(expected.loss_curve_, rel=1e-10)


def test_an_engine_that_cannot_do_it() -> None:
    square = custom_activation(lambda z: z * z, lambda z: 2 * z, name="square")
    with pytest.raises(InputError, match=r"square|not built"):
        MLPClassifier((6,), activation=square, engine="native").fit(*IRIS)


# ---- weights, dropout, validation


def test_class_weights_are_row_weights() -> None:
    x, y = IRIS
    by_class = MLPClassifier(
        (5,), class_weight={0: 1.0, 1: 2.0, 2: 0.5}, max_iter=5, random_state=0
    ).fit(x, y)
    by_row = MLPClassifier((5,), max_iter=5, random_state=0).fit(
        x, y, sample_weight=np.array([1.0, 2.0, 0.5])[y]
    )
    assert by_class.loss_curve_ == by_row.loss_curve_
    both = MLPClassifier(
        (5,), class_weight={0: 1.0, 1: 2.0, 2: 0.5}, max_iter=5, random_state=0
    )
    both.fit(x, y, sample_weight=np.array([2.0, 1.0, 4.0])[y])
    even = MLPClassifier((5,), max_iter=5, random_state=0).fit(
        x, y, sample_weight=np.full(150, 2.0)
    )
    assert both.loss_curve_ == pytest.approx(even.loss_curve_)
    with pytest.raises(ValueError, match="'balanced' is not supported for partial_fit"):
        MLPClassifier(class_weight="balanced").partial_fit(x, y, classes=[0, 1, 2])


def test_balanced_classes_find_the_rare_one() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (950, 2)), rng.normal(1.5, 1, (50, 2))])
    y = np.repeat([0, 1], [950, 50])
    found = {}
    for weight in (None, "balanced"):
        model = MLPClassifier(
            (8,), class_weight=weight, learning_rate_init=0.01, random_state=0
        ).fit(x, y)
        found[weight] = model.predict(x)[950:].mean()
    assert found[None] < 0.5
    assert found["balanced"] > 0.7


def test_dropout_drops_in_training_only() -> None:
    model = MLPClassifier(
        (20,), dropout=0.5, input_dropout=0.1, max_iter=5, random_state=0
    ).fit(*IRIS)
    again = MLPClassifier(
        (20,), dropout=0.5, input_dropout=0.1, max_iter=5, random_state=0
    ).fit(*IRIS)
    without = MLPClassifier((20,), max_iter=5, random_state=0).fit(*IRIS)
    assert model.loss_curve_ == again.loss_curve_ != without.loss_curve_
    np.testing.assert_array_equal(
        model.predict_proba(IRIS[0]), model.predict_proba(IRIS[0])
    )
    with pytest.raises(InputError, match="dropout"):
        MLPClassifier((20,), dropout=[0.5, 0.5]).fit(*IRIS)


def test_calls_of_partial_fit_drop_other_units() -> None:
    model = MLPClassifier(
        (40,), dropout=0.5, solver="sgd", learning_rate_init=1e-9, random_state=0
    )
    for _ in range(3):
        model.partial_fit(*IRIS, classes=[0, 1, 2])
    assert len(set(model.loss_curve_)) == 3


def test_own_validation_rows() -> None:
    (x, y), (x_val, y_val) = ((a[::2] for a in IRIS), (a[1::2] for a in IRIS))
    model = MLPClassifier((8,), max_iter=12, random_state=0).fit(
        x, y, X_val=x_val, y_val=y_val
    )
    assert len(model.validation_loss_curve_) == 12
    assert model.validation_loss_curve_[-1] == pytest.approx(
        np.mean(model.row_losses(x_val, y_val))
    )
    assert model.validation_scores_ is None
    assert (
        model.loss_curve_
        == MLPClassifier((8,), max_iter=12, random_state=0).fit(x, y).loss_curve_
    )
    stopping = MLPClassifier(
        (8,), max_iter=12, early_stopping=True, random_state=0
    ).fit(x, y, X_val=x_val, y_val=y_val)
    assert stopping.loss_curve_ == model.loss_curve_  # no row was split off
    assert stopping.best_validation_score_ == pytest.approx(
        stopping.score(x_val, y_val)
    )
    with pytest.raises(InputError, match="no y_val"):
        MLPClassifier().fit(x, y, X_val=x_val)
    with pytest.raises(ValueError, match="classes not in"):
        MLPClassifier().fit(x, y, X_val=x_val, y_val=y_val + 1)


def test_l1_and_l2_are_never_divided() -> None:
    losses = [
        MLPRegressor(
            hidden_layer_sizes=(4,),
            alpha=0.0,
            l2=0.5,
            l1=0.1,
            max_iter=1,
            random_state=0,
            learning_rate_init=1e-12,
            batch_size=size,
        )
        .fit(*NUMBERS)
        .loss_
        for size in (90, 9)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def test_callbacks_can_stop() -> None:
    class Enough(Callback):
        def on_epoch(self, moment: Moment) -> bool:
            return moment.epoch == 4

    assert (
        MLPClassifier((4,), callbacks=[Enough()], random_state=0).fit(*IRIS).n_iter_
        == 4
    )
    with pytest.raises(InputError, match="Callback"):
        MLPClassifier((4,), callbacks=[print]).fit(*IRIS)


def test_a_progress_bar(capsys: pytest.CaptureFixture[str]) -> None:
    MLPClassifier((4,), max_iter=3, progress=True, random_state=0).fit(*IRIS)
    captured = capsys.readouterr()
    assert "3/3" in captured.err
    assert captured.out == ""


# ---- files


def test_what_is_saved_is_loaded(fitted: tuple[Any, Any, Any], tmp_path: Path) -> None:
    model, x, _ = fitted
    model.save(tmp_path / "model.safetensors")
    loaded = type(model).load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
    assert loaded.get_params() == model.get_params()
    assert loaded.loss_curve_ == model.loss_curve_
    assert load_model(tmp_path / "model.safetensors").network == model.network_


def test_every_kind_of_parameter_is_stored(tmp_path: Path) -> None:
    model = MLPClassifier(
        (4, 3),
        ["tanh", ACTIVATIONS["leaky_relu"](0.2)],
        solver=OPTIMIZERS["adamw"](weight_decay=0.3),
        learning_rate=SCHEDULES["cosine"](length_epochs=9),
        loss=LOSSES["cross_entropy"](0.1),
        max_iter=2,
        class_weight={"a": 2.0, "b": 1.0, "c": np.float64(0.5)},
        n_iter_no_change=np.inf,
        dropout=[0.1, 0.0],
        random_state=np.random.RandomState(0),
        callbacks=[Callback()],
    ).fit(IRIS[0], np.array(["a", "b", "c"])[IRIS[1]])
    model.save(tmp_path / "model")
    loaded = MLPClassifier.load(tmp_path / "model")
    expected = {**model.get_params(), "random_state": None, "callbacks": None}
    assert loaded.get_params() == expected
    assert loaded.predict(IRIS[0]).tolist() == model.predict(IRIS[0]).tolist()


def test_files_of_others_are_refused(tmp_path: Path) -> None:
    MLPRegressor(hidden_layer_sizes=(2,), max_iter=1).fit(*NUMBERS).save(
        tmp_path / "model"
    )
    with pytest.raises(InputError, match="MLPRegressor, not MLPClassifier"):
        MLPClassifier.load(tmp_path / "model")
    mine = custom_activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2, name="mine")
    with pytest.raises(InputError, match="function of your own"):
        MLPClassifier((3,), mine, max_iter=1).fit(*IRIS).save(tmp_path / "mine")


def test_a_notebook_shows_the_network() -> None:
    model = MLPClassifier((4,), max_iter=1)
    assert "<svg" not in model._repr_mimebundle_()["text/html"].split("</style>")[-1]
    shown = model.fit(*IRIS)._repr_mimebundle_()
    assert shown["text/html"].endswith(model.network_._repr_html_())
    assert "4 relu" in shown["text/html"]
    assert shown["text/plain"] == "MLPClassifier(hidden_layer_sizes=(4,), max_iter=1)"


def test_predictions_follow_whatever_changes() -> None:
    """The predictor is packed once and kept; what it was packed of is looked at in each call."""
    x, y = IRIS
    model = MLPClassifier((5,), max_iter=5, random_state=0).fit(x, y)
    before = model.predict_proba(x)
    model.intercepts_[-1][1] += 20.0
    assert (model.predict(x) == 1).all()
    model.intercepts_[-1][1] -= 20.0
    model.coefs_[0] = -model.coefs_[0]
    assert np.abs(model.predict_proba(x) - before).max() > 0.01
    model.coefs_[0] = -model.coefs_[0]
    model.set_params(engine="reference")
    assert np.abs(model.predict_proba(x) - before).max() < 1e-12
    model.set_params(activation="tanh")
    assert np.abs(model.predict_proba(x) - before).max() > 0.01


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_the_precision_asked_for_is_that_of_the_weights(kind: Any) -> None:
    x, y = IRIS
    single = kind(hidden_layer_sizes=(5,), max_iter=3, random_state=0, dtype="float32")
    model = single.fit(x.astype(np.float64), y)
    assert {w.dtype for w in (*model.coefs_, *model.intercepts_)} == {
        np.dtype("float32")
    }
    same = kind(hidden_layer_sizes=(5,), max_iter=3, random_state=0).fit(
        x.astype(np.float32), y
    )
    assert model.loss_curve_ == same.loss_curve_
    assert (model.predict(x) == same.predict(x.astype(np.float32))).all()
    double = kind(hidden_layer_sizes=(5,), max_iter=3, random_state=0, dtype="float64")
    assert double.fit(x.astype(np.float32), y).coefs_[0].dtype == np.float64
    with pytest.raises(ValueError, match="dtype"):
        kind(dtype="float16").fit(x, y)
