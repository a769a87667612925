"""ONNX in onnxruntime: within the stamp, labels as `predict`, columns of text and numbers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import (
    InputError,
    MLPClassifier,
    MLPRegressor,
    Model,
    Network,
    Predictor,
    TabularClassifier,
    TabularRegressor,
    check_export,
    train,
)
from chainrule.interchange.bounds import allowed

from ..support.native_cases import needs_native
from .networks import random_model

pytest.importorskip(
    "onnx", reason="onnx is not installed: pip install chainrule[export]"
)
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

pytestmark = pytest.mark.filterwarnings(  # of fits cut short
    "ignore::sklearn.exceptions.ConvergenceWarning"
)


def ran(file: Path, feeds: dict[str, Any]) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(
        str(file), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds), strict=True))


def require_within(folder: Path, seed: int, rows: int) -> bool:
    """Whether the network could be exported; its outputs on other rows are within the bound."""
    dtype = ("float32", "float64")[seed % 2]
    model, rng = random_model(seed, dtype), np.random.default_rng(seed)
    x = rng.normal(size=(rows, model.network.sizes[0])).astype(dtype)
    x[: rows // 10] *= 10  # beyond the reach of what is measured
    gelu = any(phi.name == "gelu" for phi in model.network.activations)
    if gelu and dtype == "float64":
        with pytest.raises(InputError, match="gelu in float64 for ONNX"):
            model.export(folder / "m.onnx")
        return False
    stamp = model.export(folder / "m.onnx")
    found = ran(folder / "m.onnx", {"rows": x})["output"]
    expected = Predictor(model.network, model.parameters)(x)
    assert found.dtype == expected.dtype
    off = np.where(found == expected, 0, np.abs(found - expected))
    most = allowed(stamp.bound, stamp.largest, np.array(stamp.reach), x, expected)
    assert (off <= most).all(), f"seed {seed}: {model.network}"
    if found.shape[1] > 1:
        ordered = np.sort(expected, axis=1)
        sure = ordered[:, -1] - ordered[:, -2] > 2 * most.max(axis=1)
        assert (found.argmax(1) == expected.argmax(1))[sure].all()
    return True


def test_random_networks_are_within_the_stamp(tmp_path):
    done = [require_within(tmp_path, seed, 500) for seed in range(24)]
    assert sum(done) >= 18


@pytest.mark.full
def test_200_random_networks_are_within_the_stamp_on_10_000_rows(tmp_path):
    seeds, done = iter(range(1000)), 0
    while done < 200:
        done += require_within(tmp_path, next(seeds), 10_000)


def test_labels_beyond_int64_stay_whole(tmp_path):
    X = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    y = np.array([0, 2**64 - 1], np.uint64)[(X[:, 0] > 0).astype(int)]
    model = MLPClassifier((3,), max_iter=20, random_state=0).fit(X, y)
    model.export(tmp_path / "m.onnx")
    found = ran(tmp_path / "m.onnx", {"rows": X})["label"]
    assert found.tolist() == model.predict(X).tolist()


def table(count: int = 300) -> Any:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "size": rng.lognormal(3, 2, count),
            "color": rng.choice(["red", "blue", "green"], count),
            "flag": rng.random(count) < 0.5,
            "date": pandas.Timestamp("2020-01-01")
            + pandas.to_timedelta(rng.integers(0, 1000, count), unit="D"),
            "label": rng.normal(1e4, 1, count),  # as an output of the graph is called
        }
    )
    frame.loc[::7, "size"] = np.nan
    frame.loc[::5, "color"] = None
    return frame


def feeds(X: Any) -> dict[str, Any]:
    days = (X["date"].to_numpy() - np.datetime64(0, "s")) / np.timedelta64(1, "D")
    color = X["color"].fillna("").to_numpy(dtype=object)
    found = {name: X[name].to_numpy(np.float64) for name in ("size", "flag", "label")}
    found |= {"date": days, "color": color}
    return {name: column[:, None] for name, column in found.items()}


def test_a_tabular_classifier_takes_columns_of_numbers_and_text(tmp_path):
    X = table()
    y = np.where(X["size"].fillna(20) > 20, "big", "small")
    model = TabularClassifier(preset="fast", epochs=3, members=2).fit(X, y)
    stamp = model.export(tmp_path / "t.onnx", rows=X)
    found = ran(tmp_path / "t.onnx", feeds(X))
    assert stamp.preparation == "in the file"
    assert np.abs(found["probabilities"] - model.predict_proba(X)).max() <= stamp.bound
    assert stamp.difference < 1e-6
    assert found["label_"].tolist() == model.predict(X).tolist()
    assert check_export(tmp_path / "t.onnx").passed


def test_a_tabular_regressor_predicts_in_units(tmp_path):
    X = table()
    model = TabularRegressor(preset="fast", epochs=3, members=2).fit(X, X["label"] * 2)
    stamp = model.export(tmp_path / "t.onnx", rows=X)
    found = ran(tmp_path / "t.onnx", feeds(X))["prediction"]
    assert np.abs(found[:, 0] - model.predict(X)).max() <= stamp.bound


@needs_native  # without it so few rows are not tried in both ways
@pytest.mark.parametrize("ending", ["onnx", "py", "c"])
def test_logarithms_of_targets_go_along(ending, tmp_path):
    X = np.random.default_rng(0).normal(size=(300, 3))
    model = TabularRegressor(preset="fast", members=2, epochs=5)
    model.fit(X, np.exp(2 * X[:, 0] + X[:, 1]))
    assert model.target_log_
    stamp = model.export(tmp_path / f"m.{ending}", rows=X)
    assert stamp.difference <= 1e-4 * stamp.largest
    if ending == "onnx":
        feeds = {f"x{k}": X[:, k : k + 1] for k in range(3)}
        found = ran(tmp_path / "m.onnx", feeds)["prediction"][:, 0]
        assert np.abs(found - model.predict(X)).max() <= stamp.bound
    if ending != "c" or shutil.which("cc"):
        assert check_export(tmp_path / f"m.{ending}", model).passed


@pytest.mark.parametrize("classes", [2, 3])
def test_labels_and_probabilities_are_those_of_predict(classes, tmp_path):
    rng = np.random.default_rng(1)
    X, y = (
        rng.normal(size=(80, 4)),
        np.array(["a", "b", "c"])[rng.integers(0, classes, 80)],
    )
    model = MLPClassifier((6,), max_iter=30, random_state=0).fit(X, y)
    stamp = model.export(tmp_path / "m.onnx", rows=X)
    found = ran(tmp_path / "m.onnx", {"rows": X})
    assert np.abs(found["probabilities"] - model.predict_proba(X)).max() <= stamp.bound
    assert found["label"].tolist() == model.predict(X).tolist()


def test_many_labels_and_numbers_and_reports(tmp_path):
    rng = np.random.default_rng(2)
    X, Y = rng.normal(size=(60, 3)), rng.integers(0, 2, (60, 3))
    many = MLPClassifier((5,), max_iter=20, random_state=0).fit(X, Y)
    many.export(tmp_path / "y.onnx")
    assert np.array_equal(
        ran(tmp_path / "y.onnx", {"rows": X})["label"], many.predict(X)
    )
    bayes = MLPRegressor(
        solver="lm", regularization="bayes", restarts=2, random_state=0
    )
    bayes.fit(X, X[:, 0] ** 2)
    stamp = bayes.export(tmp_path / "b.onnx", rows=X)
    found = ran(tmp_path / "b.onnx", {"rows": X})["prediction"][:, 0]
    assert np.abs(found - bayes.predict(X)).max() <= stamp.bound
    net = Network((3, 4, 1), ("tanh", "identity"), "squared_error")
    report = train(net, X, X[:, :1], max_epochs=3)
    assert report.export(tmp_path / "r.onnx").rows == 1000


def test_an_altered_weight_does_not_pass_the_check(tmp_path):
    net = Network((3, 4, 2), ("tanh", "softmax"), "cross_entropy")
    model = Model(net, net.init(seed=0, dtype="float32"))
    file = tmp_path / "m.onnx"
    model.export(file)
    blob = bytearray(file.read_bytes())
    at = blob.find(model.parameters.weights[0].tobytes())
    assert at > 0
    blob[at + 2] ^= 1
    file.write_bytes(blob)
    with pytest.raises(InputError, match="a checksum that does not match"):
        check_export(file)
