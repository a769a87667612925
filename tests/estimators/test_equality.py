"""The estimators against scikit-learn's: its checks, its own test file, and the same numbers from the same state."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.neural_network
from scipy import sparse
from sklearn.datasets import load_diabetes, load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_limits

import chainrule
from chainrule import OPTIMIZERS

NAMES = ("MLPClassifier", "MLPRegressor")
#: They read private names; each has a test of ours for the same behavior, named beside it.
PRIVATE = {
    "test_gradient": "test_inspection.py: test_gradients_are_those_of_the_objective",
    "test_learning_rate_warmstart": "test_behavior.py: test_an_inverse_scaling_rate_goes_on",
    "test_adaptive_learning_rate": "test_behavior.py: test_an_adaptive_rate_falls_until_it_is_too_small",
    "test_n_iter_no_change": "test_behavior.py: test_patience_is_kept",
    "test_n_iter_no_change_inf": "test_behavior.py: test_endless_patience",
}
#: issue 7: the loss curves agree to 1e-8 over the first epochs, in float64.
AS_SCIKIT_LEARN = 1e-8


def test_scikit_learn_s_own_tests(tmp_path: Path) -> None:
    """Its test file, from the installed package, with the import alone changed."""
    theirs = Path(sklearn.neural_network.__file__).parent / "tests" / "test_mlp.py"
    text, changed = re.subn(
        r"^from sklearn\.neural_network import MLPClassifier, MLPRegressor$",
        "from chainrule import MLPClassifier, MLPRegressor",
        theirs.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    assert changed == 1
    file = tmp_path / "test_mlp.py"
    file.write_text(text, encoding="utf-8")
    # scikit-learn's fixture of a seed for tests that want one
    (tmp_path / "conftest.py").write_text(
        "import pytest\n@pytest.fixture(params=[42])\ndef global_random_seed(request): return request.param\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(file),
    ]
    # options of the run that this test is part of are none of theirs
    own = {
        name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"
    }
    alone = {**own, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=tmp_path, env=alone
    )
    outcomes = re.findall(
        r"^(PASSED|FAILED|ERROR) \S*?::(\w+)", done.stdout, flags=re.MULTILINE
    )
    assert {name for outcome, name in outcomes if outcome != "PASSED"} == set(
        PRIVATE
    ), done.stdout
    assert {name for _, name in outcomes} == set(
        re.findall(r"^def (test_\w+)", text, flags=re.MULTILINE)
    )
    assert "SKIPPED" not in done.stdout, done.stdout


@pytest.mark.parametrize("place", PRIVATE.values(), ids=PRIVATE)
def test_what_reads_private_names_is_tested_here(place: str) -> None:
    file, name = place.split(": ")
    assert f"def {name}(" in (Path(__file__).parent / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_check_estimator(name: str) -> None:
    found = {}
    for library in (sklearn.neural_network, chainrule):
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")
            checks = check_estimator(
                getattr(library, name)(max_iter=20), on_fail=None, on_skip=None
            )
        found[library] = {(check["check_name"], check["status"]) for check in checks}
    not_passed = {
        library: {check for check in of if check[1] != "passed"}
        for library, of in found.items()
    }
    assert not_passed[chainrule] <= not_passed[sklearn.neural_network]
    assert {check for check, _ in found[sklearn.neural_network]} <= {
        check for check, _ in found[chainrule]
    }


DIGITS = tuple(array[:900] for array in load_digits(return_X_y=True))
DIABETES = load_diabetes(return_X_y=True)
LABELS = make_multilabel_classification(n_samples=230, n_features=10, random_state=0)
DATA = {
    "many classes": ("MLPClassifier", DIGITS[0] / 16, DIGITS[1]),
    "two classes": (
        "MLPClassifier",
        DIGITS[0] / 16,
        np.where(DIGITS[1] > 4, "high", "low"),
    ),
    "many labels": ("MLPClassifier", LABELS[0] / 10, LABELS[1]),
    "one number": ("MLPRegressor", 10 * DIABETES[0], DIABETES[1] / 100),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "two hidden layers": {"hidden_layer_sizes": (20, 10), "activation": "tanh"},
    "logistic": {"hidden_layer_sizes": 15, "activation": "logistic"},
    "no hidden layer": {"hidden_layer_sizes": (), "activation": "identity"},
    "strong penalty": {"alpha": 1.0},
    "rows as they lie": {"shuffle": False, "batch_size": 64},
    "all rows": {"batch_size": 10_000},
    "one row": {"batch_size": 1, "max_iter": 2, "hidden_layer_sizes": (5,)},
    "inverse scaling": {
        "learning_rate": "invscaling",
        "power_t": 0.3,
        "learning_rate_init": 0.1,
    },
    "adaptive": {
        "learning_rate": "adaptive",
        "tol": 0.5,
        "n_iter_no_change": 2,
        "learning_rate_init": 0.01,
    },
    "plain momentum": {"nesterovs_momentum": False, "momentum": 0.7},
    "full momentum": {"momentum": 1.0, "learning_rate_init": 1e-4},
    "no momentum": {"momentum": 0.0},
    "large epsilon": {"epsilon": 0.01, "beta_1": 0.5, "beta_2": 0.9},
    "early stopping": {"early_stopping": True},
    "early stopping, soon": {"early_stopping": True, "tol": 0.2, "n_iter_no_change": 3},
}


def fitted(library: Any, name: str, x: Any, y: Any, **options: Any) -> Any:
    of_text = np.asarray(y).dtype.kind in "OU" and options.get("early_stopping")
    if library is sklearn.neural_network and of_text and sklearn.__version__ < "1.9":
        pytest.skip("before 1.9 scikit-learn fails to stop early on labels of text")
    # where tests run in parallel, the threads of a BLAS wait for each other
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="Got `batch_size`")
        return getattr(library, name)(
            **{"max_iter": 8, "random_state": 3, **options}
        ).fit(x, y)


def distance(a: Any, b: Any) -> float:
    assert len(a.loss_curve_) == len(b.loss_curve_) == a.n_iter_ == b.n_iter_
    return float(
        np.max(
            np.abs(np.subtract(a.loss_curve_, b.loss_curve_))
            / np.maximum(1, np.abs(a.loss_curve_))
        )
    )


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("data", DATA)
def test_the_same_numbers(data: str, solver: str, settings: str) -> None:
    name, x, y = DATA[data]
    theirs, ours = (
        fitted(library, name, x, y, solver=solver, **SETTINGS[settings])
        for library in (sklearn.neural_network, chainrule)
    )
    assert distance(theirs, ours) <= AS_SCIKIT_LEARN
    for a, b in zip(
        (*theirs.coefs_, *theirs.intercepts_),
        (*ours.coefs_, *ours.intercepts_),
        strict=True,
    ):
        np.testing.assert_allclose(
            b, a, rtol=0, atol=AS_SCIKIT_LEARN * max(1, np.abs(a).max())
        )
    assert ours.t_ == theirs.t_
    assert ours.n_layers_ == theirs.n_layers_
    assert ours.n_outputs_ == theirs.n_outputs_
    assert ours.out_activation_ == theirs.out_activation_
    for attribute in (
        "loss_",
        "best_loss_",
        "best_validation_score_",
        "validation_scores_",
    ):
        expected = getattr(theirs, attribute)
        assert getattr(ours, attribute) == (
            expected if expected is None else pytest.approx(expected, abs=1e-8)
        )
    assert (
        np.mean(np.asarray(ours.predict(x) == theirs.predict(x))) > 0.999
        or name == "MLPRegressor"
    )
    if name == "MLPRegressor":
        np.testing.assert_allclose(
            ours.predict(x), theirs.predict(x), rtol=1e-6, atol=1e-8
        )
    else:
        np.testing.assert_allclose(
            ours.predict_proba(x), theirs.predict_proba(x), rtol=1e-6, atol=1e-8
        )


@pytest.mark.parametrize(
    "fault",
    [
        {
            "solver": OPTIMIZERS["adam"](learning_rate=0.001)
        },  # ε where Adam has it, not scikit-learn
        {"alpha": 0.0001001},
        {"random_state": np.random.RandomState(4)},
        {"beta_2": 0.999001},
        {"shuffle": False},
    ],
    ids=["epsilon", "alpha", "state", "beta_2", "order"],
)
def test_another_number_is_noticed(fault: dict[str, Any]) -> None:
    name, x, y = DATA["many classes"]
    theirs = fitted(sklearn.neural_network, name, x, y)
    assert distance(theirs, fitted(chainrule, name, x, y)) <= AS_SCIKIT_LEARN
    assert distance(theirs, fitted(chainrule, name, x, y, **fault)) > AS_SCIKIT_LEARN


def test_poisson() -> None:
    name, x, y = DATA["one number"]
    theirs, ours = (
        fitted(library, name, x, np.round(4 * y), loss="poisson")
        for library in (sklearn.neural_network, chainrule)
    )
    assert distance(theirs, ours) <= AS_SCIKIT_LEARN


@pytest.mark.parametrize("name", DATA)
def test_lbfgs(name: str) -> None:
    estimator, x, y = DATA[name]
    theirs, ours = (
        fitted(
            library,
            estimator,
            x,
            y,
            solver="lbfgs",
            hidden_layer_sizes=(8,),
            activation="tanh",
        )
        for library in (sklearn.neural_network, chainrule)
    )
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-8)


def test_weights_of_rows() -> None:
    """In one batch; in several the curve is weighted otherwise, docs/estimators.md says why."""
    name, x, y = DATA["many classes"]
    weights = np.random.default_rng(0).uniform(0.1, 3, len(y))
    curves = []
    for library in (sklearn.neural_network, chainrule):
        model = getattr(library, name)(
            max_iter=8, random_state=3, batch_size=len(y), alpha=0.5
        )
        with pytest.warns(ConvergenceWarning):
            curves.append(model.fit(x, y, sample_weight=weights).loss_curve_)
    np.testing.assert_allclose(curves[1], curves[0], rtol=AS_SCIKIT_LEARN)
    coefs = []
    for library in (
        sklearn.neural_network,
        chainrule,
    ):  # the steps are the same in several batches, too
        model = getattr(library, name)(max_iter=3, random_state=3, alpha=0.5)
        with pytest.warns(ConvergenceWarning):
            coefs.append(model.fit(x, y, sample_weight=weights).coefs_[0])
    np.testing.assert_allclose(coefs[1], coefs[0], rtol=0, atol=AS_SCIKIT_LEARN)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_shared_random_state_goes_on_alike(early_stopping: bool) -> None:
    name, x, y = DATA["two classes"]
    after = []
    for library in (sklearn.neural_network, chainrule):
        random = np.random.RandomState(5)
        fitted(
            library,
            name,
            x,
            y,
            random_state=random,
            early_stopping=early_stopping,
            max_iter=3,
        )
        after.append(random.randint(2**31))
    assert after[0] == after[1]


@pytest.mark.parametrize(
    "make", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.csc_array]
)
def test_sparse_rows(make: Any) -> None:
    name, x, y = DATA["many classes"]
    dense, of_sparse = (
        fitted(chainrule, name, x, y),
        fitted(chainrule, name, make(x), y),
    )
    assert dense.loss_curve_ == of_sparse.loss_curve_
    np.testing.assert_array_equal(of_sparse.predict(make(x)), dense.predict(x))


def test_sparse_rows_that_are_too_many_to_be_made_dense_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, x, y = DATA["many classes"]
    dense = fitted(chainrule, name, x, y, early_stopping=True)
    monkeypatch.setattr(
        "chainrule.estimators.rows.AT_ONCE", 200 * 64 * 8
    )  # a batch, not more
    by_batch = fitted(chainrule, name, sparse.csr_array(x), y, early_stopping=True)
    assert distance(dense, by_batch) <= AS_SCIKIT_LEARN
    assert by_batch.validation_scores_ == dense.validation_scores_
    np.testing.assert_array_equal(
        by_batch.predict(sparse.csr_array(x)), dense.predict(x)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"alpha": -1},
        {"hidden_layer_sizes": 0},
        {"hidden_layer_sizes": (3, -1)},
        {"max_iter": 0},
        {"tol": -0.1},
        {"beta_1": 1.0},
        {"momentum": 1.5},
        {"learning_rate_init": 0},
        {"n_iter_no_change": 0.5},
        {"epsilon": 0.0},
        {"validation_fraction": 1.0},
        {"batch_size": "all"},
        {"shuffle": "yes"},
        {"random_state": "seed"},
    ],
    ids=str,
)
def test_errors_of_scikit_learn_s_validation_are_the_same(
    wrong: dict[str, Any],
) -> None:
    said = []
    for library in (sklearn.neural_network, chainrule):
        with pytest.raises(ValueError) as raised:
            library.MLPClassifier(**wrong).fit([[0.0], [1.0]], [0, 1])
        said.append((type(raised.value), str(raised.value)))
    assert said[0] == said[1]


BAD_DATA = {
    "too few columns": ([[0.0], [1.0]], [0, 1], [[0.0, 1.0]]),
    "nan": ([[0.0], [1.0]], [0, 1], [[float("nan")]]),
    "one axis": ([[0.0], [1.0]], [0, 1], [0.0]),
    "text": ([[0.0], [1.0]], [0, 1], [["a"]]),
    "an array with too few columns": ([[0.0], [1.0]], [0, 1], np.zeros((1, 2))),
    "an array with nan": ([[0.0], [1.0]], [0, 1], np.array([[1.0], [np.nan]])),
    "an array with an infinity": (
        [[0.0], [1.0]],
        [0, 1],
        np.array([[np.inf], [0.0]], "f"),
    ),
    "an array without rows": ([[0.0], [1.0]], [0, 1], np.zeros((0, 1))),
    "an array of one axis": ([[0.0], [1.0]], [0, 1], np.zeros(2)),
    "an array of complex numbers": ([[0.0], [1.0]], [0, 1], np.zeros((1, 1), complex)),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_errors_of_scikit_learn_s_data_validation_are_the_same(case: str) -> None:
    x, y, rows = BAD_DATA[case]
    said = []
    for library in (sklearn.neural_network, chainrule):
        model = fitted(library, "MLPClassifier", x, y)
        with pytest.raises(ValueError) as raised:
            model.predict(rows)
        said.append((type(raised.value), str(raised.value)))
    assert said[0] == said[1]


def test_finite_rows_are_predicted_though_their_sum_is_not() -> None:
    model = fitted(chainrule, "MLPClassifier", [[0.0], [1.0]], [0, 1])
    rows = np.array([[1.7e308], [1.7e308], [0.5]])
    expected = np.concatenate([model.predict_proba(row[None]) for row in rows])
    np.testing.assert_array_equal(model.predict_proba(rows), expected)
