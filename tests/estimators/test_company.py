"""The estimators among the things that scikit-learn's users use them with."""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
import sklearn.neural_network
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import permutation_importance
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chainrule
from chainrule import InputError, MLPClassifier, MLPRegressor
from chainrule.engines import native
from chainrule.estimators.rules import LITTLE_WORK, threads_for

X, Y = load_iris(return_X_y=True)
FAST = {"max_iter": 15, "random_state": 0}


@pytest.fixture(autouse=True)
def _not_converged_is_not_what_is_tested() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


# ---- pipelines, searches, copies


def test_a_clone_is_unfitted_and_alike() -> None:
    model = MLPClassifier(
        (3,), alpha=0.5, dropout=[0.1], class_weight={0: 2.0}, **FAST
    ).fit(X, Y)
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    assert not hasattr(copied, "coefs_")


def test_a_pipeline_in_a_grid_search() -> None:
    found = []
    for library in (sklearn.neural_network, chainrule):
        search = GridSearchCV(
            make_pipeline(StandardScaler(), library.MLPClassifier((5,), **FAST)),
            {
                "mlpclassifier__alpha": [0.0, 0.1],
                "mlpclassifier__activation": ["tanh", "relu"],
            },
            cv=3,
        ).fit(X, Y)
        found.append(
            (search.best_params_, search.cv_results_["mean_test_score"].tolist())
        )
    assert found[0][0] == found[1][0]
    assert found[0][1] == pytest.approx(found[1][1])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_cross_validation_in_parallel(backend: str) -> None:
    alone = cross_val_score(MLPClassifier((5,), **FAST), X, Y, cv=3)
    with joblib.parallel_config(backend=backend), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert (
            cross_val_score(MLPClassifier((5,), **FAST), X, Y, cv=3, n_jobs=2).tolist()
            == alone.tolist()
        )


SHARED = """
import os
from joblib import Parallel, delayed
from chainrule import Network
from chainrule.engines import native
from chainrule.estimators.rules import threads_for

def limit():
    return native.thread_limit(threads_for(None, Network((1000, 1000, 1), ("relu", "identity"), "squared_error"), 1000))

cores = len(os.sched_getaffinity(0))
print(limit() == cores)
for backend in ("loky", "threading"):
    print(set(Parallel(n_jobs=max(2, cores), backend=backend)(delayed(limit)() for _ in range(2 * cores))))
"""


def test_tasks_of_joblib_share_the_machine() -> None:
    unset = {
        name: value for name, value in os.environ.items() if "NUM_THREADS" not in name
    }
    done = subprocess.run(
        [sys.executable, "-c", SHARED],
        capture_output=True,
        text=True,
        check=True,
        env=unset,
    )
    assert done.stdout.splitlines() == ["True", "{1}", "{1}"]


def test_little_work_takes_one_thread_unless_more_are_asked_for() -> None:
    network = chainrule.Network((4, 100, 3), ("relu", "softmax"), "cross_entropy")
    assert native.flops(network, 150) < LITTLE_WORK
    assert threads_for(None, network, 150) == 1
    assert threads_for(2, network, 150) == 2


def test_pickle_and_joblib(tmp_path: Path) -> None:
    model = MLPRegressor(hidden_layer_sizes=(4,), **FAST).fit(X, Y)
    joblib.dump(model, tmp_path / "model.joblib")
    for other in (
        pickle.loads(pickle.dumps(model)),
        joblib.load(tmp_path / "model.joblib"),
        joblib.load(tmp_path / "model.joblib", mmap_mode="r"),
    ):
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
        other.partial_fit(X, Y)  # also where the arrays are read-only


@pytest.mark.parametrize(
    "options", [{}, {"solver": "sgd", "learning_rate": "adaptive"}]
)
def test_pickles_of_before(options: dict[str, Any]) -> None:
    """The optimizer's state and the standing of the end-of-epoch rule had other modules."""
    model = MLPClassifier((4,), tol=1.0, n_iter_no_change=1, **FAST, **options).fit(
        X, Y
    )
    text = pickle.dumps(model, protocol=0)
    for now, before, name in (
        ("fitting", "continuation", "Continuation"),
        ("epochs", "epoch_rule", "Standing"),
    ):
        there = f"chainrule.estimators.{now}\n{name}\n".encode()
        assert text.count(there) == 1
        text = text.replace(there, f"chainrule.estimators.{before}\n{name}\n".encode())
    old = pickle.loads(text)
    assert old._continuation.standing.best == model._continuation.standing.best
    old.partial_fit(X, Y)
    model.partial_fit(X, Y)
    assert old.loss_curve_ == model.loss_curve_
    for a, b in zip(old.coefs_, model.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


def test_scorers_inspection_and_other_estimators() -> None:
    model = MLPClassifier((5,), **FAST).fit(X, Y)
    assert get_scorer("neg_log_loss")(model, X, Y) == pytest.approx(
        -np.mean(model.row_losses(X, Y))
    )
    assert permutation_importance(
        model, X, Y, n_repeats=2, random_state=0
    ).importances_mean.shape == (4,)
    several = MultiOutputClassifier(MLPClassifier((3,), **FAST)).fit(
        X, np.column_stack([Y, Y > 0])
    )
    assert several.predict(X).shape == (150, 2)


def test_metadata_routing() -> None:
    weights = np.where(Y == 0, 5.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = (
            MLPClassifier((3,), **FAST)
            .set_fit_request(sample_weight=True)
            .set_score_request(sample_weight=True)
        )
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, model)
        routed = cross_validate(pipeline, X, Y, params={"sample_weight": weights}, cv=3)
        with pytest.raises(Exception, match="sample_weight"):
            cross_validate(
                MLPClassifier((3,), **FAST),
                X,
                Y,
                params={"sample_weight": weights},
                cv=3,
            )
        request = (
            MLPClassifier()
            .set_fit_request(X_val=True, y_val=True)
            .get_metadata_routing()
        )
        assert request.fit.requests["X_val"] is True
        assert "classes" in request.partial_fit.requests
    plain = cross_validate(
        make_pipeline(StandardScaler(), MLPClassifier((3,), **FAST)), X, Y, cv=3
    )
    assert routed["test_score"].tolist() != plain["test_score"].tolist()


# ---- frames and arrays

NAMES = ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "frame",
    [lambda: pd.DataFrame(X, columns=NAMES), lambda: pl.DataFrame(X, schema=NAMES)],
    ids=["pandas", "polars"],
)
def test_frames(frame: Any) -> None:
    rows = frame()
    target = pd.Series(Y) if isinstance(rows, pd.DataFrame) else pl.Series(Y)
    model = MLPClassifier((4,), **FAST).fit(rows, target)
    expected = MLPClassifier((4,), **FAST).fit(X, Y)
    assert model.feature_names_in_.tolist() == NAMES
    np.testing.assert_array_equal(model.predict_proba(rows), expected.predict_proba(X))
    np.testing.assert_array_equal(
        model.input_gradient(rows), expected.input_gradient(X)
    )
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(
            rows.rename({"a": "e"})
            if isinstance(rows, pl.DataFrame)
            else rows.rename(columns={"a": "e"})
        )


def test_sparse_labels() -> None:
    labels = np.eye(3, dtype=int)[Y]
    model = MLPClassifier((4,), **FAST).fit(X, sparse.csr_matrix(labels))
    expected = MLPClassifier((4,), **FAST).fit(X, labels)
    np.testing.assert_array_equal(model.predict(X).toarray(), expected.predict(X))
    np.testing.assert_array_equal(
        model.row_losses(X, sparse.csr_matrix(labels)), expected.row_losses(X, labels)
    )


@pytest.mark.parametrize("library", ["torch", "jax.numpy", "array_api_strict"])
def test_arrays_of_other_libraries(library: str) -> None:
    xp = pytest.importorskip(library, reason=f"{library} is not installed")
    x, y = X.astype(np.float32), Y
    expected = MLPClassifier((4,), **FAST).fit(x, y)
    model = MLPClassifier((4,), **FAST).fit(
        xp.asarray(x), xp.asarray(y), xp.asarray(np.ones(150, np.float32))
    )
    rows = xp.asarray(x)
    for name in ("predict", "predict_proba", "input_gradient"):
        found = getattr(model, name)(rows)
        assert type(found) is np.ndarray
    assert model.loss_curve_ == pytest.approx(
        expected.loss_curve_, rel=1e-4
    )  # float32, weights in another order
    assert type(model.gradient_norms(rows, xp.asarray(y))) is np.ndarray
    model.partial_fit(rows, xp.asarray(y))
    weighted = MLPClassifier((4,), class_weight="balanced", **FAST)
    assert (
        len(
            weighted.fit(
                rows, xp.asarray(y), X_val=rows, y_val=xp.asarray(y)
            ).validation_loss_curve_
        )
        == 15
    )
    assert (
        MLPRegressor(hidden_layer_sizes=(4,), **FAST)
        .fit(rows, xp.asarray(x[:, 0]))
        .score(x, x[:, 0])
        < 1
    )


def test_a_tensor_with_its_gradient_is_taken_as_numbers() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    model = MLPClassifier((4,), **FAST).fit(
        torch.tensor(X, requires_grad=True), torch.tensor(Y)
    )
    np.testing.assert_array_equal(model.predict(torch.tensor(X)), model.predict(X))


# ---- scikit-learn's callbacks

HAS_CALLBACKS = importlib.util.find_spec("sklearn.callback") is not None
needs_callbacks = pytest.mark.skipif(
    not HAS_CALLBACKS, reason="scikit-learn before 1.9 has no callbacks"
)


@needs_callbacks
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_scikit_learn_s_callbacks_see_each_epoch(solver: str) -> None:
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    model = (
        MLPClassifier((4,), solver=solver, max_iter=6, random_state=0)
        .set_callbacks(monitor)
        .fit(X, Y)
    )
    rows = [
        row
        for row in monitor.get_logs().data
        if row["task_name"] == "epoch" and "accuracy" in row
    ]
    assert len(rows) == model.n_iter_ == 6
    assert rows[-1]["accuracy"] == model.score(X, Y)


@needs_callbacks
def test_scikit_learn_s_callbacks_can_stop() -> None:
    class Stop:
        def __init__(self) -> None:
            self.called: list[str] = []

        def setup(self, estimator: Any, context: Any) -> None:
            self.called.append("setup")

        def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
            self.called.append(f"begin {context.task_name}")

        def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
            self.called.append(f"end {context.task_name}")
            return context.task_id == 1

        def teardown(self, estimator: Any, context: Any) -> None:
            self.called.append("teardown")

    stop = Stop()
    model = MLPClassifier((4,), random_state=0).set_callbacks(stop).fit(X, Y)
    assert model.n_iter_ == 2
    epochs = ["begin epoch", "end epoch"] * 2
    assert stop.called == ["setup", "begin fit", *epochs, "end fit", "teardown"]
    with pytest.raises(ValueError, match="non-finite"):
        MLPClassifier(
            (4,), solver="sgd", learning_rate_init=1e200, random_state=0
        ).set_callbacks(stop).fit(X, Y)
    assert stop.called[-2:] == ["end fit", "teardown"]


@needs_callbacks
def test_callbacks_of_a_search_reach_the_estimators() -> None:
    from sklearn.callback import ProgressBar

    search = GridSearchCV(
        MLPClassifier((3,), max_iter=3, random_state=0), {"alpha": [0.0, 1.0]}, cv=2
    )
    search.set_callbacks(ProgressBar(max_propagation_depth=1)).fit(X, Y)
    assert search.best_estimator_.n_iter_ == 3


# ---- what is imported


def test_the_package_is_imported_without_scikit_learn() -> None:
    code = "import sys, chainrule; chainrule.train; print('sklearn' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "False\n"
    )


def test_an_unknown_engine() -> None:
    with pytest.raises((InputError, ValueError), match="engine"):
        MLPClassifier(engine="gpu").fit(X, Y)
