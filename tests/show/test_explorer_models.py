"""What `explore` takes of a model: estimators and their files, imports, runs, row weights; and what it refuses."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier as Theirs

from chainrule import (
    InputError,
    MLPClassifier,
    MLPRegressor,
    Network,
    explore,
    from_sklearn,
    load_model,
    train,
)

FLOWERS = load_iris()
X, LABELS = FLOWERS.data, FLOWERS.target_names[FLOWERS.target]
LINE = Network((4, 3, 1), ("tanh", "identity"), "squared_error")


def own(made: Any) -> dict[str, Any]:
    found: dict[str, Any] = made.payload["sets"][0]
    return found


def theta(made: Any) -> np.ndarray[Any, Any]:
    return np.frombuffer(base64.b64decode(own(made)["start"]["theta"]["bytes"]), "f4")


def targets(made: Any) -> np.ndarray[Any, Any]:
    found = own(made)
    raw = np.frombuffer(base64.b64decode(found["y"]["bytes"]), np.float32)
    return raw.reshape(found["rows"], found["outputs"])


@pytest.fixture(scope="module")
def classifier() -> MLPClassifier:
    return MLPClassifier((3,), max_iter=2, random_state=0, tol=0).fit(X, LABELS)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_an_estimator_brings_its_network_classes_and_rules(
    classifier: MLPClassifier,
) -> None:
    made = explore(classifier, X, LABELS)
    start = own(made)["start"]
    W = np.concatenate([np.ravel(one.T) for one in classifier.coefs_])
    assert np.array_equal(theta(made)[: len(W)], W.astype(np.float32))
    assert own(made)["classes"] == list(FLOWERS.target_names)
    assert np.array_equal(targets(made), np.eye(3)[FLOWERS.target])
    # min(200, 150) rows, by which scikit-learn divides alpha
    assert (start["optimizer"], start["batch"]) == ("folded_adam", 150)
    assert start["l2"] == pytest.approx(classifier.alpha / 150)


def test_a_file_of_an_estimator_brings_its_labels(
    classifier: MLPClassifier, tmp_path: Path
) -> None:
    classifier.save(tmp_path / "flowers.safetensors")
    for model in (
        tmp_path / "flowers.safetensors",
        load_model(tmp_path / "flowers.safetensors"),
    ):
        made = explore(model, X, LABELS)
        assert np.array_equal(targets(made), np.eye(3)[FLOWERS.target])
        assert own(made)["classes"] == list(FLOWERS.target_names)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_an_import_takes_its_own_labels_and_class_numbers() -> None:
    model = from_sklearn(Theirs((3,), max_iter=2, random_state=0).fit(X, LABELS))
    for y in (LABELS, FLOWERS.target):
        assert np.array_equal(targets(explore(model, X, y)), np.eye(3)[FLOWERS.target])
    with pytest.raises(InputError, match="class labels"):
        explore(model, X, np.where(LABELS == "setosa", "rose", LABELS))
    binary = from_sklearn(
        Theirs((3,), max_iter=2, random_state=0).fit(X, LABELS == "setosa")
    )
    made = explore(binary, X, LABELS == "setosa")
    assert "classes" not in own(made)  # of one output
    assert np.array_equal(targets(made)[:, 0], LABELS == "setosa")


def test_a_run_brings_its_rules_and_what_is_left_out_is_said() -> None:
    y = X[:, 0]
    options = {"clip_norm": 1.0, "frozen_layers": [1], "dropout": 0.25, "l1": 0.125}
    report = train(
        LINE, X, y, max_epochs=1, batch_rows=5, optimizer="rmsprop", **options
    )
    made = explore(report, X, y)
    start = own(made)["start"]
    assert (start["optimizer"], start["batch"]) == ("rmsprop", 5)
    assert (start["dropout"], start["l1"]) == (0.25, 0.125)
    assert start["held"] == ["1.1", "1.2", "1.3"]
    assert "clip_norm = 1," in own(made)["remark"]
    asked = own(explore(report, X, y, optimizer="adam", batch_rows=7, l1=0.0))
    assert (asked["start"]["optimizer"], asked["start"]["batch"]) == ("adam", 7)
    assert asked["start"]["l1"] == 0


def test_a_model_of_another_optimizer_starts_with_adam_and_says_so() -> None:
    model = MLPRegressor(
        hidden_layer_sizes=(2,), solver="lbfgs", random_state=0, tol=1e-2
    )
    made = explore(model.fit(X, X[:, 0]), X, X[:, 0])
    assert own(made)["start"]["optimizer"] == "adam"
    assert "optimizer lbfgs" in own(made)["remark"]


def test_row_weights_are_in_the_page() -> None:
    weights = np.arange(1.0, 151.0)
    made = explore(LINE, X, X[:, 0], parameters=LINE.init(0), sample_weight=weights)
    raw = base64.b64decode(own(made)["w"]["bytes"])
    assert np.array_equal(np.frombuffer(raw, np.float32), weights)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"x": None}, "Network without rows"),
        ({"sample_weight": np.arange(150.0)}, "sample_weight with zeros"),
        ({"x": X * 1e60}, "beyond float32"),
        ({"batch_rows": 0}, "batch_rows"),
        ({"l2": -1.0}, "l2"),
    ],
)
def test_what_a_page_cannot_hold_is_refused(given: dict[str, Any], named: str) -> None:
    usual = {"x": X, "y": X[:, 0], "parameters": LINE.init(0)}
    with pytest.raises(InputError, match=named):
        explore(LINE, **{**usual, **given})
