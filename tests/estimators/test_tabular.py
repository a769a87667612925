"""`TabularClassifier` and `TabularRegressor`: every kind of frame, files, members, and what they refuse."""

from __future__ import annotations

import itertools
import pickle
import re
import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

import chainrule
from chainrule import InputError, TabularClassifier, TabularRegressor, load_model
from chainrule.data.preparation import date_of
from chainrule.engines import native
from chainrule.estimators.tabular.columns import columns_of
from chainrule.estimators.tabular.encoding import encode
from chainrule.estimators.tabular.encoding_fit import fit_encoding
from chainrule.estimators.tabular.members import Task, train_member
from chainrule.estimators.tabular.projections import with_projections
from chainrule.estimators.tabular.recipe import recipe_for

from ..support.native_cases import needs_native

QUICK: dict[str, Any] = {"preset": "fast", "members": 1, "epochs": 5}
#: As in scikit-learn's own perceptrons: a batch of rows with weights is not a batch of repeated rows.
NOT_OF_BATCHES = {
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
}


def frame(rows: int = 240, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """A frame with a column of each kind, some values missing, and a number that all of them make."""
    rng = np.random.default_rng(seed)
    number = rng.normal(size=rows)
    color = rng.choice(["red", "green", "blue"], rows)
    flag = rng.random(rows) < 0.5
    days = rng.integers(0, 700, rows)
    y = number**2 + (color == "red") + 2 * flag + days / 350
    X = pd.DataFrame(
        {
            "number": np.where(rng.random(rows) < 0.1, np.nan, number),
            "count": pd.array(rng.integers(0, 9, rows), dtype="Int64"),
            "color": pd.Series(color, dtype=object).where(rng.random(rows) > 0.1, None),
            "kind": pd.Categorical(color),
            "flag": flag,
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit="D"),
            "constant": 1.0,
        }
    )
    X.loc[3, "count"] = pd.NA
    return X, y


X, Y = frame()
LABELS = np.where(np.median(Y) < Y, "high", "low")


# ---- scikit-learn's conventions


@pytest.mark.parametrize("name", ["TabularClassifier", "TabularRegressor"])
def test_check_estimator(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checks = check_estimator(
            getattr(chainrule, name)(preset="fast", members=1, epochs=20),
            on_fail=None,
            on_skip=None,
        )
    failed = {
        c["check_name"]: c["exception"] for c in checks if c["status"] == "failed"
    }
    assert len(checks) > 50
    assert set(failed) <= NOT_OF_BATCHES, failed


@pytest.mark.filterwarnings("ignore:count. 1 value missing")  # where row 3 is held out
def test_clone_pickle_pipeline_and_cross_validation() -> None:
    model = TabularRegressor(**QUICK, random_state=3).fit(X, Y)
    assert clone(model).get_params() == model.get_params()
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    pipeline = make_pipeline(FunctionTransformer(), TabularClassifier(**QUICK))
    assert len(cross_val_score(pipeline, X, LABELS, cv=3)) == 3


@pytest.mark.filterwarnings("ignore:count. 1 value missing")
def test_weights_are_routed() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        model = TabularClassifier(**QUICK).set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        weights = {"sample_weight": np.ones(len(X))}
        assert len(cross_val_score(model, X, LABELS, cv=3, params=weights)) == 3


def test_rows_of_weight_zero_are_as_if_not_there() -> None:
    weights = (np.arange(len(X)) % 3 > 0).astype(float)
    kept = weights > 0
    one = TabularRegressor(**QUICK).fit(X, Y, sample_weight=weights)
    other = TabularRegressor(**QUICK).fit(
        X[kept], Y[kept], sample_weight=np.ones(kept.sum())
    )
    np.testing.assert_array_equal(one.predict(X[kept]), other.predict(X[kept]))


def test_class_weights_move_the_prediction() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 1))
    y = np.where(rng.random(400) < 0.1, "rare", "common")
    plain = TabularClassifier(**QUICK).fit(x, y)
    balanced = TabularClassifier(**QUICK, class_weight="balanced").fit(x, y)
    place = list(plain.classes_).index("rare")
    mean = [m.predict_proba(x)[:, place].mean() for m in (plain, balanced)]
    assert mean[0] < 0.3 < mean[1]


# ---- frames


@pytest.mark.parametrize("library", ["polars", "arrow", "objects", "lists"])
def test_frames_of_other_libraries_are_the_same(library: str) -> None:
    used = X.drop(columns=["kind", "day"])
    if library == "polars":
        other: Any = pl.from_pandas(used)
    elif library == "arrow":
        other = pa.Table.from_pandas(used)
    else:
        other = used.astype(object).to_numpy()
        other = other.tolist() if library == "lists" else other
    model = TabularRegressor(**QUICK).fit(used, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lists have no names
        now = TabularRegressor(**QUICK).fit(other, Y)
        found = now.predict(other)
    np.testing.assert_array_equal(found, model.predict(used))


def test_dates_of_all_libraries_are_days() -> None:
    moments = [datetime(2020, 1, 1, 12), None, datetime(1969, 12, 31)]
    expected = [18262.5, np.nan, -1.0]
    aware = [m and m.replace(tzinfo=UTC) for m in moments]
    for data in (
        pd.DataFrame({"t": pd.Series(moments)}),
        pd.DataFrame({"t": pd.Series(aware)}),
        pl.DataFrame({"t": moments}),
        pa.table({"t": pa.array(moments, pa.timestamp("us"))}),
        np.array(moments, object)[:, None],
    ):
        (column,) = columns_of(data)
        assert column.kind == "date"
        np.testing.assert_array_equal(column.values, expected)


def test_durations_are_numbers() -> None:
    data = pd.DataFrame({"t": pd.to_timedelta([36, 48], unit="h")})
    (column,) = columns_of(data)
    assert (column.kind, column.values.tolist()) == ("number", [1.5, 2.0])


def test_every_kind_has_inputs_and_words() -> None:
    model = TabularRegressor(**QUICK).fit(X, Y)
    words = model.encoding_.words()
    assert list(words) == list(X.columns)
    assert model.encoding_.kinds == (
        *("number", "number", "category", "category", "boolean", "date", "number"),
    )
    assert words["constant"].startswith("left out")
    assert "missing" in words["number"]
    assert "missing" not in words["flag"]
    assert words["day"].startswith("date, median 20")
    assert model.network_.sizes[0] == len(model.encoding_.inputs)
    assert model.encoding_.shares().sum(axis=1) == pytest.approx(1.0)


def test_missing_new_and_infinite_values_are_predicted() -> None:
    model = TabularRegressor(**QUICK).fit(X, Y)
    odd = X[:6].copy()
    odd["color"] = ["violet", None, "red", "red", "red", "red"]
    odd["kind"] = pd.Categorical([None, "new", "red", "red", "red", "red"])
    odd["number"] = [np.inf, -np.inf, np.nan, 1e300, -1e300, 0.0]
    odd["flag"] = pd.array([None, True, False, True, True, True], dtype="boolean")
    odd["day"] = pd.NaT
    with pytest.warns(UserWarning, match="missing|category") as warned:
        found = model.predict(odd)
    day = date_of(float(np.median(columns_of(X)[5].values)))
    assert [str(one.message) for one in warned] == [
        f"flag: 1 value missing, for which there is no input; taken as {float(X['flag'].median()):g}.",
        f"day: 6 values missing, for which there is no input; taken as {day}.",
        "color: 1 row with a category that the training rows do not have (violet).",
        "kind: 1 row with a category that the training rows do not have (new).",
        "kind: 1 value missing, for which there is no input; taken as no category.",
    ]
    assert np.isfinite(found).all()
    with pytest.warns(UserWarning, match="missing|category"):
        far = model.predict(odd.assign(number=1e9))
    assert found[0] == pytest.approx(far[0], abs=1e-3)


def test_a_category_of_numbers_by_name_place_and_mask() -> None:
    data = pd.DataFrame({"a": [1, 2, 3, 4] * 30, "b": np.arange(120.0)})
    y = np.where(data["a"] % 2 == 0, 5.0, -5.0)
    probabilities = []
    for named in (["a"], [0], [True, False]):
        model = TabularRegressor(**QUICK, categorical_features=named).fit(data, y)
        assert model.encoding_.kinds == ("category", "number")
        probabilities.append(model.predict(data))
    np.testing.assert_array_equal(probabilities[0], probabilities[1])
    np.testing.assert_array_equal(probabilities[0], probabilities[2])
    with pytest.raises(InputError, match="categorical_features"):
        TabularRegressor(**QUICK, categorical_features=["c"]).fit(data, y)


def test_text_where_there_were_numbers_is_named() -> None:
    model = TabularRegressor(**QUICK).fit(X, Y)
    with pytest.raises(InputError, match=r"'high' in column 'number'"):
        model.predict(X.assign(number="high"))
    same = X.assign(number=[None if v != v else str(v) for v in X["number"]])  # noqa: PLR0124
    np.testing.assert_array_equal(model.predict(same), model.predict(X))


def test_other_columns_are_refused() -> None:
    model = TabularRegressor(**QUICK).fit(X, Y)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X.rename(columns={"color": "colour"}))
    with pytest.raises(InputError, match="several labels"):
        TabularClassifier(**QUICK).fit(X, np.zeros((len(X), 3), int))
    with pytest.raises(InputError, match="say nothing"):
        TabularRegressor(**QUICK).fit(np.ones((20, 2)), np.arange(20.0))


def test_sparse_rows_are_as_dense_ones() -> None:
    dense = np.random.default_rng(0).random((100, 3)).round()
    y = dense.sum(axis=1)
    model = TabularRegressor(**QUICK).fit(dense, y)
    other = TabularRegressor(**QUICK).fit(sparse.csr_array(dense), y)
    np.testing.assert_array_equal(
        other.predict(sparse.csr_array(dense)), model.predict(dense)
    )


# ---- classes and targets


@pytest.mark.parametrize(
    "classes", [["no", "yes"], [3, 1], [False, True], ["a", "b", "c"]]
)
def test_classes_come_back_as_they_were_given(classes: list[Any]) -> None:
    y = np.array(classes)[np.arange(len(X)) % len(classes)]
    found = TabularClassifier(**QUICK).fit(X, y)
    assert found.classes_.tolist() == sorted(classes)
    assert found.predict(X).dtype == y.dtype
    assert found.predict_proba(X).sum(axis=1) == pytest.approx(1.0)


def test_several_outputs() -> None:
    targets = np.stack([Y, -3 * Y], axis=1)
    model = TabularRegressor(preset="fast", epochs=40).fit(X, targets)
    assert model.predict(X).shape == targets.shape
    assert model.score(X, targets) > 0.8


@pytest.mark.parametrize("metric", ["log_loss", "auc", "accuracy"])
def test_metrics_of_classes(metric: str) -> None:
    model = TabularClassifier("fast", metric=metric, epochs=30).fit(X, LABELS)
    assert model.score(X, LABELS) > 0.9
    smoothing = model.network_.loss.specification()["label_smoothing"]
    assert (smoothing > 0) == (metric == "accuracy")


def test_the_absolute_error_finds_the_median() -> None:
    rng = np.random.default_rng(0)
    x = rng.choice([0.0, 1.0], (600, 1))
    y = rng.exponential(size=600)
    by_mean = TabularRegressor("fast").fit(x, y).predict(x).mean()
    by_median = TabularRegressor("fast", metric="mae").fit(x, y).predict(x).mean()
    assert by_mean == pytest.approx(1.0, abs=0.15)
    assert by_median == pytest.approx(np.log(2), abs=0.15)


@needs_native  # a note of its own says that it is missing
@pytest.mark.parametrize("every", [120, 30])
def test_far_targets_do_not_drown_the_others(every) -> None:
    y = Y.copy()
    y[::every] = 1e6
    model = TabularRegressor("fast", epochs=60).fit(X, y)
    (note,) = model.notes_
    assert "cut" in note
    usual = y < 1e5
    assert np.sqrt(np.mean((model.predict(X) - y)[usual] ** 2)) < 1.5
    assert TabularRegressor(**QUICK).fit(X, Y).notes_ == []


def test_a_name_twice_and_weights_below_zero_are_refused() -> None:
    frame = pd.DataFrame(np.ones((len(Y), 2)), columns=["a", "a"])
    with pytest.raises(InputError, match="stand there twice: a"):
        TabularRegressor(**QUICK).fit(frame, Y)
    with pytest.raises(InputError, match="sample_weight of -2 in row 3"):
        TabularRegressor(**QUICK).fit(X, Y, np.where(np.arange(len(Y)) == 3, -2, 1))


def test_periods_are_dates() -> None:
    days = pd.DataFrame({"day": pd.period_range("2020-01-30", periods=3, freq="D")})
    (column,) = columns_of(days)
    assert column.kind == "date"
    assert np.diff(column.values).tolist() == [1.0, 1.0]


# ---- members


def test_members_are_equal_to_separate_fits_for_any_threads() -> None:
    together = TabularRegressor("fast", members=3, epochs=4, n_threads=2).fit(X, Y)
    alone = [
        TabularRegressor("fast", members=1, epochs=4, random_state=k, n_threads=1).fit(
            X, Y
        )
        for k in range(3)
    ]
    for k, model in enumerate(alone):
        np.testing.assert_array_equal(
            together.members_[k].parameters.theta, model.members_[0].parameters.theta
        )
    thetas = {m.parameters.theta.tobytes() for m in together.members_}
    assert len(thetas) == 3
    outputs = [model._outputs(X) for model in alone]
    np.testing.assert_allclose(
        together._outputs(X), np.mean(outputs, axis=0), rtol=1e-12
    )


def test_the_time_is_kept_and_the_same_model_can_be_made_again() -> None:
    model = TabularRegressor("best", max_seconds=1.0).fit(X, Y)
    recipe = model.recipe_
    assert recipe.epochs < recipe_for("best", len(X), 7, metric="rmse").epochs
    assert set(model.epochs_) == {recipe.epochs}
    again = TabularRegressor("best", members=recipe.members, epochs=recipe.epochs)
    np.testing.assert_array_equal(again.fit(X, Y).predict(X), model.predict(X))
    alike = TabularRegressor("best", n_threads=1).fit(X, Y, like=model)
    np.testing.assert_array_equal(alike.predict(X), model.predict(X))
    with pytest.raises(InputError, match="like"):
        TabularClassifier().fit(X, LABELS, like=model)


@pytest.mark.parametrize("held", [0.0, 0.25])
def test_a_member_that_was_cut_off_is_made_again(held: float) -> None:
    columns = columns_of(X)
    x = encode(fit_encoding(columns, bins=8, most_inputs=200), columns)
    targets = Y[:, None].astype(np.float32)
    network = chainrule.Network(
        (x.shape[1], 8, 1), ("silu", "identity"), "squared_error"
    )

    def score(outputs: np.ndarray, rows: np.ndarray) -> float:
        return float(np.mean((outputs - targets[rows]) ** 2))

    task = Task(network, x, targets, None, None, score)
    recipe = replace(recipe_for("fast", len(X), 7, metric="rmse"), epochs=9, held=held)
    epoch = itertools.count(1)
    cut = train_member(task, recipe, 3, 1, lambda: next(epoch) >= 4, lambda text: None)
    again = train_member(
        task, recipe, 3, 1, lambda: False, lambda text: None, cut.epochs
    )
    assert cut.epochs == again.epochs == 4
    np.testing.assert_array_equal(again.parameters.theta, cut.parameters.theta)


@needs_native  # few rows are learned by one recipe without it
def test_noise_is_learned_carefully_and_what_is_clear_is_not() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    usual = recipe_for("strong", 200, 2, metric="rmse")
    clear = TabularRegressor("strong", members=1).fit(x, np.sin(3 * x[:, 0])).recipe_
    assert (clear.epochs, clear.dropout) == (usual.epochs, usual.dropout)
    noise = x[:, 0] + 3 * rng.normal(size=200)
    careful = TabularRegressor("strong", members=1).fit(x, noise).recipe_
    assert careful.epochs < usual.epochs
    assert careful.dropout > usual.dropout


def test_the_memory_is_kept() -> None:
    x = np.random.default_rng(0).normal(size=(2000, 30))
    usual = TabularRegressor(**QUICK).fit(x, x[:, 0])
    limited = TabularRegressor(**QUICK, max_bytes=1_000_000).fit(x, x[:, 0])
    assert len(limited.encoding_.inputs) * 2000 * 4 <= 1_000_000
    assert len(usual.encoding_.inputs) > len(limited.encoding_.inputs)


def test_each_class_keeps_rows_to_train_on() -> None:
    classes = np.array([0] * 50 + [1] * 2 + [2])
    task = Task(
        None,  # type: ignore[arg-type]
        np.zeros((53, 1), np.float32),
        np.zeros((53, 1), np.float32),
        None,
        classes,
        lambda a, b: 0.0,
    )
    for seed in range(20):
        held = task.held(0.3, seed)
        assert set(np.delete(classes, held)) == {0, 1, 2}
        assert 14 <= len(held) <= 16


def test_nothing_is_printed_off_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    TabularRegressor(**QUICK).fit(X, Y)
    assert capfd.readouterr() == ("", "")


# ---- encoding


def test_positions_by_hand() -> None:
    (column,) = columns_of(np.array([[0.0], [1.0], [3.0], [3.0], [0.0]]))
    encoding = fit_encoding([column], bins=8, most_inputs=100)
    # median 1, quartiles 0 and 3: z = (x - 1) / 3; edges at the values 0, 1, 3
    z = np.array([-1 / 3, 0.0, 2 / 3])
    expected = np.array([[0, 0], [1, 0], [1, 1]])
    found = encode(encoding, [column])[:3]
    np.testing.assert_allclose(found[:, 0], z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-6)
    np.testing.assert_array_equal(found[:, 1:], expected)


def test_a_column_that_is_nearly_always_zero_still_gets_bins() -> None:
    values = np.r_[np.zeros(5000), np.linspace(1, 2, 300)]
    (column,) = columns_of(values[:, None])
    (number,) = fit_encoding([column], bins=32, most_inputs=1000).numbers
    assert len(number.edges) > 20


def test_rare_and_many_categories_share_an_input() -> None:
    values = [f"c{i % 2000}" for i in range(6000)] + ["often"] * 100
    (column,) = columns_of(np.array(values, object)[:, None])
    encoding = fit_encoding([column], bins=8, most_inputs=100)
    assert encoding.inputs == ("x0=often", "x0=other")
    np.testing.assert_array_equal(encode(encoding, [column]).sum(axis=1), 1.0)


def test_the_ratio_that_decides_is_found() -> None:
    rng = np.random.default_rng(0)
    raw = rng.lognormal(size=(3000, 4))
    target = np.log(raw[:, 1] / raw[:, 3])[:, None] ** 2
    columns = columns_of(raw)
    plain = fit_encoding(columns, bins=8, most_inputs=500)
    found = with_projections(plain, columns, target, count=4, bins=16).projections
    assert (found[0].first, found[0].second) == (1, 3)
    a, b = found[0].weights
    assert a == pytest.approx(-b, rel=0.2)
    noise = rng.normal(size=(3000, 1))
    assert with_projections(plain, columns, noise, count=4, bins=16).projections == ()


# ---- files


@pytest.mark.filterwarnings("ignore:color. 240 rows with a category")
@pytest.mark.parametrize("kind", ["numbers", "two numbers", "classes"])
def test_a_loaded_model_predicts_the_same_bits(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    model: Any
    if kind == "classes":
        model = TabularClassifier("fast", epochs=4, class_weight={"high": 2.0}).fit(
            X, LABELS
        )
    else:
        y = Y if kind == "numbers" else np.stack([Y, Y**2], axis=1)
        model = TabularRegressor("fast", epochs=4).fit(X, y)
    model.save(file)
    again = type(model).load(file)
    assert again.get_params() == model.get_params()
    assert again.encoding_ == model.encoding_
    assert again.recipe_ == model.recipe_
    assert again.feature_names_in_.tolist() == list(X.columns)
    odd = X.assign(number=X["number"] * 1e3, color="new")
    for rows in (X, odd):
        np.testing.assert_array_equal(again._outputs(rows), model._outputs(rows))
        np.testing.assert_array_equal(again.predict(rows), model.predict(rows))


@needs_native  # NumPy's products of fewer rows round in another way
def test_rows_predicted_in_parts_have_the_same_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = TabularRegressor(**QUICK).fit(X, Y)
    whole = model.predict(X)
    monkeypatch.setattr("chainrule.estimators.tabular.base.AT_ONCE", 37)
    np.testing.assert_array_equal(model.predict(X), whole)


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    TabularRegressor(**QUICK).fit(X, Y).save(file)
    with pytest.raises(InputError, match="not TabularClassifier"):
        TabularClassifier.load(file)
    blob = bytearray(file.read_bytes())
    blob[-1] ^= 1
    file.write_bytes(bytes(blob))
    with pytest.raises(InputError, match="checksum"):
        TabularRegressor.load(file)


# ---- looking at it


def test_importance_finds_the_column_that_decides() -> None:
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.normal(size=(500, 3)), columns=["a", "b", "c"])
    model = TabularRegressor("fast").fit(x, np.sin(2 * x["b"]))
    names = [
        n for n, _, _ in model.permutation_importance(x, np.sin(2 * x["b"])).ordered()
    ]
    assert names[0] == "b"
    added = np.abs(model.contributions(x[:50]).values[:, 0]).mean(axis=0)
    assert added.argmax() == 1


def test_contributions_add_up() -> None:
    model = TabularClassifier("fast", epochs=20).fit(X, LABELS)
    found = model.contributions(X[:20], steps=64)
    total = found.base + found.values.sum(axis=2)
    np.testing.assert_allclose(total, model._outputs(X[:20]), atol=1e-3)


def test_partial_dependence_of_categories() -> None:
    model = TabularRegressor("fast").fit(X, Y)
    curve = model.partial_dependence(X, "kind")
    assert sorted(curve.values) == ["blue", "green", "red"]
    assert curve.means.shape == (3, 1)
    with pytest.raises(InputError, match="Did you mean 'color'"):
        model.partial_dependence(X, "colour")


def test_calibration_by_hand() -> None:
    model = TabularClassifier("fast", metric="log_loss", epochs=20).fit(X, LABELS)
    found = model.calibration(X, LABELS, bins=1)
    proba = model.predict_proba(X)
    assert found.predicted == pytest.approx(proba.max(axis=1).mean())
    assert found.observed == pytest.approx(model.score(X, LABELS))


def test_few_rows_without_the_native_engine_get_small_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(native, "MISSING", "it is not built")
    monkeypatch.setattr(native, "_native", None)
    model = TabularRegressor(epochs=3).fit(X, Y)
    assert (model.recipe_.hidden, model.recipe_.members) == ((64, 64, 64), 2)
    assert any("native engine is missing" in note for note in model.notes_)


def test_the_report_has_units_dates_and_classes(tmp_path: Path) -> None:
    y = pd.Series(Y, name="mass")
    model = TabularRegressor("fast", members=1, epochs=20).fit(X[:200], Y[:200])
    file = tmp_path / "report.html"
    model.report(X[200:], y[200:], file, units={"number": "m", "mass": "kg"})
    page = file.read_text()
    for words in (
        "number (m)",
        "mean mass (kg)",
        "TabularRegressor(epochs=20",
    ):
        assert words in page
    assert re.search(r">20\d\d-\d\d<", page)  # on the axis of the column of dates
    with pytest.raises(InputError, match=r"Did you mean 'number'\?"):
        model.report(X[200:], y[200:], file, units={"numbre": "m"})
    classifier = TabularClassifier(**QUICK).fit(X[:200], LABELS[:200])
    classifier.report(X[200:], LABELS[200:].tolist(), file, title="High or low")
    assert "<h1>High or low</h1>" in file.read_text()
    with pytest.raises(InputError, match="y with the class 'middle'"):
        classifier.report(X[200:], ["middle"] * 40, file)
    for look in (classifier.calibration, classifier.permutation_importance):
        with pytest.raises(InputError, match="y with the class 'middle'"):
            look(X[200:], ["middle"] * 40)


def test_explain_and_check_take_a_member() -> None:
    model = TabularRegressor("fast", epochs=4).fit(X, Y)
    assert model.check_gradient(X[:3], Y[:3], member=1, max_entries=20).passed
    with pytest.raises(InputError, match="member = 9"):
        model.explain(X[:1], Y[:1], member=9)


def test_one_network_of_a_file_is_a_model(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    model = TabularRegressor("fast", members=2, epochs=2).fit(X, Y)
    model.save(file)
    for k in range(2):
        one = load_model(file, member=k)
        assert one.network == model.network_
        expected = model.members_[k].parameters.theta
        np.testing.assert_array_equal(one.parameters.theta, expected)
    with pytest.raises(InputError, match="a member from 0 to 1"):
        load_model(file, member=2)


# ---- robustness: no failure, and no worse than a prediction that knows nothing


def noisy(name: str) -> tuple[np.ndarray | pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 4))
    y = x[:, 0] + x[:, 1] * x[:, 2]
    if name == "5 % missing":
        return np.where(rng.random(x.shape) < 0.05, np.nan, x), y
    if name == "2000 categories":
        x = np.repeat(x, 10, axis=0)
        data = pd.DataFrame(x, columns=list("abcd"))
        return data.assign(e=[f"c{i % 2000}" for i in range(3000)]), np.repeat(y, 10)
    if name == "constant, duplicate and id":
        return np.c_[x, np.ones(300), x[:, 0], rng.permutation(300)], y
    if name == "50 rows":
        return x[:50], y[:50]
    return np.c_[x, rng.normal(size=(300, 996))], y


@pytest.mark.parametrize(
    "name",
    [
        "5 % missing",
        "2000 categories",
        "constant, duplicate and id",
        "50 rows",
        pytest.param("1000 columns", marks=needs_native),  # which tries to keep few
    ],
)
def test_robustness(name: str) -> None:
    x, y = noisy(name)
    half = np.arange(len(y)) % 2 == 0
    rows, others = x[half], x[~half]
    model = TabularRegressor("fast").fit(rows, y[half])
    error = np.mean((model.predict(others) - y[~half]) ** 2)
    assert error < 1.05 * np.mean((y[half].mean() - y[~half]) ** 2)
    if name != "2000 categories":
        boosted = HistGradientBoostingRegressor(random_state=0).fit(rows, y[half])
        assert error < 1.5 * np.mean((boosted.predict(others) - y[~half]) ** 2)


@needs_native  # few rows are learned by one recipe without it
def test_of_too_many_columns_those_that_tell_are_kept_if_that_is_better() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 300))
    few = x[:, 0] + np.abs(x[:, 1]) - x[:, 2] + 0.3 * rng.normal(size=600)
    model = TabularRegressor("fast").fit(x[:100], few[:100])
    left = model.encoding_.left_out
    assert model.recipe_.columns > 0
    assert not {"x0", "x2"} & set(left)
    assert len(left) == 300 - model.recipe_.columns
    boosted = HistGradientBoostingRegressor(random_state=0).fit(x[:100], few[:100])
    assert model.score(x[100:], few[100:]) > boosted.score(x[100:], few[100:])
    every = x @ rng.normal(size=300) / 17
    assert TabularRegressor("fast").fit(x[:100], every[:100]).recipe_.columns == 0


def test_classes_of_two_rows() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(30), 2)
    x = np.eye(30)[y] + 0.1 * rng.normal(size=(60, 30))
    assert TabularClassifier("fast").fit(x, y).score(x, y) > 0.9


def test_a_day_of_the_week_is_found() -> None:
    rng = np.random.default_rng(0)
    days = rng.integers(0, 3000, 800)
    moments = np.array([datetime(2020, 1, 6) + timedelta(days=int(d)) for d in days])
    y = (days % 7 >= 5).astype(float)
    data = pd.DataFrame({"day": pd.to_datetime(moments), "noise": rng.normal(size=800)})
    model = TabularRegressor("fast").fit(data[:600], y[:600])
    assert model.score(data[600:], y[600:]) > 0.8


def test_logarithms_of_skewed_targets_are_learned_where_that_is_better(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(900, 4))
    y = np.exp(1.2 * (x[:, 0] + np.sin(2 * x[:, 1]) + 0.2 * rng.normal(size=900)))
    model = TabularRegressor("fast").fit(x[:600], y[:600])
    assert model.target_log_
    assert any("ogarithms" in note for note in model.notes_)
    boosted = HistGradientBoostingRegressor(random_state=0).fit(x[:600], y[:600])
    assert model.score(x[600:], y[600:]) > boosted.score(x[600:], y[600:])
    parts = model.contributions(x[:3])
    log = np.log(model.predict(x[:3]))
    np.testing.assert_allclose(
        parts.base[0] + parts.values[:, 0].sum(axis=1), log, atol=0.05
    )
    model.save(tmp_path / "m.safetensors")
    again = TabularRegressor.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    np.testing.assert_array_equal(
        TabularRegressor("fast").fit(x[:600], y[:600], like=model).predict(x),
        model.predict(x),
    )
    straight = np.exp(rng.normal(size=600)) + 0 * x[:600, 0]
    data = np.c_[straight + 0.01 * rng.normal(size=600), x[:600, :1]]
    assert not TabularRegressor("fast").fit(data, straight).target_log_


def test_columns_that_differ_only_in_rows_held_out_can_be_tried() -> None:
    rng = np.random.default_rng(0)
    one = np.zeros((30, 20))
    one[0] = 1.0
    TabularRegressor(**QUICK).fit(one, rng.normal(size=30))
    TabularRegressor(**QUICK).fit(one[:, :1], np.exp(2 * rng.normal(size=30)))
    TabularClassifier(**QUICK).fit(one, np.arange(30) % 2)
    with pytest.raises(InputError, match="columns that say nothing"):
        TabularRegressor(**QUICK).fit(np.ones((30, 20)), rng.normal(size=30))


def test_a_column_of_infinity_and_nothing() -> None:
    x = np.c_[np.arange(30.0), np.where(np.arange(30) % 3, np.nan, np.inf)]
    model = TabularRegressor(**QUICK).fit(x, x[:, 0])
    assert np.isfinite(encode(model.encoding_, model._columns(x))).all()


@needs_native  # few rows are learned by one recipe without it
def test_a_model_like_one_of_logarithms() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 3))
    y = np.exp(2 * x[:, 0] + 0.1 * rng.normal(size=120))
    model = TabularRegressor(**QUICK, metric="mae").fit(x, y)
    assert model.target_log_
    again = TabularRegressor(**QUICK, metric="mae").fit(x, y, like=model)
    assert again.notes_ == model.notes_
    for low in (0.0, -1.0):
        strange = np.where(np.arange(120) == 7, low, y)
        with pytest.raises(InputError, match="in row 7, with like"):
            TabularRegressor(**QUICK, metric="mae").fit(x, strange, like=model)


@pytest.mark.parametrize("size", [1e-300, 1e200])
def test_targets_whose_squares_no_float_holds_are_refused(size: float) -> None:
    x = np.arange(30.0)[:, None]
    y = np.c_[x, size * x]
    with pytest.raises(InputError, match="whose largest number"):
        TabularRegressor(**QUICK).fit(x, y)
    assert TabularRegressor(**QUICK).fit(x, np.c_[x, 0 * x]).predict(x)[3, 1] == 0


def test_a_seed_of_numpy_is_kept_in_the_file(tmp_path: Path) -> None:
    model = TabularClassifier(**QUICK, random_state=np.int64(3)).fit(X, LABELS)
    model.save(tmp_path / "m.safetensors")
    assert TabularClassifier.load(tmp_path / "m.safetensors").random_state == 3


def test_text_that_looks_like_numbers_or_dates_is_warned_of():
    """A frame read without its decimal mark: what would be categories without a word is named, and why."""
    rows = 60
    frame = pd.DataFrame(
        {
            "flow": [f"{34 + i},5" for i in range(rows)],
            "day": [f"{1 + i % 28:02}.0{1 + i % 9}.2024" for i in range(rows)],
            "zip": [f"{i % 30:05}" for i in range(rows)],
            "few": [f"{i % 15}" for i in range(rows)],
            "meant": pd.Categorical([f"1.{i}" for i in range(rows)]),
        }
    )
    model = TabularRegressor(**QUICK)
    with pytest.warns(UserWarning, match="read as categories") as warned:
        model.fit(frame, np.arange(rows))
    flow, day = (str(one.message) for one in warned)
    assert "column 'flow' has text that looks like numbers ('34,5')" in flow
    assert "column 'day' has text that looks like dates ('01.01.2024')" in day
    assert model.notes_[:2] == [flow, day]
    read = frame.assign(
        flow=frame["flow"].str.replace(",", ".").astype(float),
        day=pd.to_datetime(frame["day"], format="%d.%m.%Y"),
    )
    again = TabularRegressor(**QUICK).fit(read, np.arange(rows))
    assert again.encoding_.kinds == ("number", "date", *["category"] * 3)


@pytest.mark.parametrize(
    ("texts", "looks", "call"),
    [
        (lambda i: f"{i}", "('10')", "to_numeric(X['n'], errors='coerce')"),
        (
            lambda i: "12 pcs." if i == 30 else "n.a." if i == 31 else f"{i}",
            "('10'; '12 pcs.' does not)",
            "to_numeric(X['n'], errors='coerce')",
        ),
        (
            lambda i: f"{i} €",
            "('10 €')",
            "to_numeric(X['n'].str.replace('€', ''), errors='coerce')",
        ),
    ],
)
def test_text_of_whole_numbers_is_warned_of_with_the_call_that_converts_it(
    texts, looks, call
):
    """Digits as text became one category each, without a word: R² fell from 1 to 0."""
    frame = pd.DataFrame({"n": [texts(i) for i in range(10, 70)] * 3})
    with pytest.warns(UserWarning, match="read as categories") as warned:
        TabularRegressor(**QUICK).fit(frame, np.arange(180))
    (said,) = (str(one.message) for one in warned)
    assert f"column 'n' has text that looks like numbers {looks}" in said
    assert f"by pandas.{call} say" in said
    numbers = eval(f"pd.{call}", {"pd": pd, "X": frame})
    assert numbers.notna().sum() >= 174
    assert numbers.iloc[0] == 10


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_columns_that_training_did_not_have_are_passed_over(kind):
    frame = pd.DataFrame({"a": np.arange(40.0), "b": ["u", "v"] * 20})
    model = TabularRegressor(**QUICK).fit(frame, np.arange(40))
    wide = pl.from_pandas(frame.assign(more=1)[["more", "b", "a"]])
    wide = {"pandas": wide.to_pandas(), "arrow": wide.to_arrow()}.get(kind, wide)
    assert model.predict(wide).tolist() == model.predict(frame).tolist()
    with pytest.raises(ValueError, match="yet now missing:\n- a"):
        model.predict(frame.assign(more=1)[["more", "b"]])


def test_missing_targets_are_counted():
    y = [None, *range(38), np.nan]
    with pytest.raises(
        InputError, match=r"y with 2 missing values in 40 rows.*X\[kept"
    ):
        TabularRegressor(**QUICK).fit(np.arange(40.0)[:, None], y)


@pytest.mark.parametrize("value", [np.nan, "x"])
def test_plain_networks_name_those_that_take_missing_values_and_text(value):
    rows = pd.DataFrame({"a": [value, value, value]})
    with pytest.raises(ValueError, match="In chainrule, TabularClassifier takes"):
        chainrule.MLPClassifier().fit(rows, [0, 1, 0])
