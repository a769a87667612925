"""The estimators at the edges: unusual layouts, weights set by hand, fits that fail, classes that are not there."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from chainrule import MLPClassifier, MLPRegressor

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
NUMBERS = np.stack([X[:, 0] - X[:, 1], X[:, 2] * X[:, 3]], axis=1)
LABELS = make_multilabel_classification(n_samples=60, n_features=5, n_classes=3, random_state=0)


@pytest.fixture(autouse=True)
def _not_converged_is_not_what_is_tested() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


# ---- layouts


@pytest.mark.parametrize("layout", [np.asfortranarray, pd.DataFrame, lambda y: np.asfortranarray(y, np.float32)])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_targets_that_lie_column_by_column(layout: Any, solver: str) -> None:
    model = MLPRegressor(hidden_layer_sizes=(4,), solver=solver, max_iter=3, random_state=0)
    expected = model.fit(X, NUMBERS).loss_curve_
    assert model.fit(X, layout(NUMBERS)).loss_curve_ == pytest.approx(expected, rel=1e-4)  # float32 in one of them
    if solver == "adam":
        model.partial_fit(X, layout(NUMBERS))


def test_labels_that_lie_column_by_column() -> None:
    model = MLPClassifier((4,), max_iter=3, random_state=0)
    expected = model.fit(*LABELS).loss_curve_
    assert model.fit(LABELS[0], pd.DataFrame(LABELS[1])).loss_curve_ == expected
