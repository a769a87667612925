"""Pipelines of scikit-learn with columns: the same outputs on raw rows, missing and new values among them."""

from __future__ import annotations

import runpy
from typing import Any

import numpy as np
import pytest

from chainrule import InputError, from_sklearn, load_model, save_model

from .test_imports import same_bits

pandas = pytest.importorskip("pandas", reason="pandas is not installed")

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # scikit-learn says so of each category that it was told to ignore
    pytest.mark.filterwarnings("ignore:Found unknown categories:UserWarning"),
]
#: What is known to be further off than this is another function.
ROUNDING = 1e-5


def table(seed: int, count: int = 200) -> Any:
    rng = np.random.default_rng(seed)
    frame = pandas.DataFrame(
        {
            "size": rng.lognormal(3, 1, count),
            'co"lor ü': rng.choice(["red", "bl'ue", "gr\\een", "", "rare"], count),
            "code": rng.choice([3, 7, -2], count),
            "note": rng.normal(size=count),
            "flag": rng.random(count) < 0.5,
        }
    )
    frame.loc[rng.random(count) < 0.1, "size"] = np.nan
    frame.loc[rng.random(count) < 0.1, 'co"lor ü'] = np.nan
    return frame


def pipelines() -> dict[str, Any]:
    """Each kind of step, as they are put together."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import (
        MinMaxScaler,
        OneHotEncoder,
        RobustScaler,
        StandardScaler,
    )

    new = {"handle_unknown": "ignore"}
    color, number = ['co"lor ü'], ["size", "note"]
    mean = make_pipeline(SimpleImputer(), StandardScaler())
    rare = OneHotEncoder(min_frequency=45, handle_unknown="infrequent_if_exist")
    return {
        "mean and one-hot": ColumnTransformer(
            [("c", OneHotEncoder(**new), [*color, "code"]), ("n", mean, number)],
            remainder="passthrough",
        ),
        "median, indicator, most frequent": ColumnTransformer(
            [
                (
                    "n",
                    make_pipeline(
                        SimpleImputer(strategy="median", add_indicator=True),
                        RobustScaler(),
                    ),
                    number,
                ),
                (
                    "c",
                    make_pipeline(
                        SimpleImputer(strategy="most_frequent"), OneHotEncoder(**new)
                    ),
                    color,
                ),
                ("gone", "drop", ["code"]),
            ]
        ),
        "constant, dropped, scaled again": make_pipeline(
            ColumnTransformer(
                [
                    (
                        "c",
                        make_pipeline(
                            SimpleImputer(strategy="constant", fill_value="?"),
                            OneHotEncoder(drop="first", **new),
                        ),
                        color,
                    ),
                    (
                        "n",
                        make_pipeline(
                            MinMaxScaler(),
                            SimpleImputer(strategy="constant", fill_value=0.25),
                        ),
                        number,
                    ),
                ],
                sparse_threshold=0,
            ),
            StandardScaler(),
        ),
        "rare ones together": ColumnTransformer(
            [("c", rare, color), ("n", mean, number)]
        ),
        "rare ones together, new ones nowhere": ColumnTransformer(
            [("c", OneHotEncoder(max_categories=3, **new), color), ("n", mean, number)]
        ),
    }


@pytest.mark.parametrize("name", pipelines())
def test_a_pipeline_of_columns_is_taken_along(name, tmp_path):
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline

    X = table(0)
    y = X["note"] + X["code"] / 3
    classes = np.array([-5, 3, 2**40])[np.digitize(y, [-0.5, 1])]
    last = MLPClassifier((6,), max_iter=30, random_state=0)
    theirs = make_pipeline(pipelines()[name], last).fit(X, classes)
    model = from_sklearn(theirs)
    save_model(tmp_path / "m.safetensors", model.network, model.parameters, model.notes)
    new = table(1)
    new.loc[::9, 'co"lor ü'] = "purple"
    stamp = load_model(tmp_path / "m.safetensors").export(tmp_path / "m.py", rows=new)
    made = runpy.run_path(str(tmp_path / "m.py"))
    expected = theirs.predict_proba(new)
    found = made["predict_proba"](new)
    np.testing.assert_allclose(found, expected, atol=ROUNDING)
    assert made["predict"](new).tolist() == theirs.predict(new).tolist()
    assert model.export(tmp_path / "m.c", rows=new).difference < 10 * ROUNDING
    assert stamp.preparation == "in the file"
    if name == "mean and one-hot":  # whose inputs only stand in another order
        weights = np.sort(model.parameters.weights[0], axis=1)
        assert same_bits(weights, np.sort(last.coefs_[0].T, axis=1))
    numbers = make_pipeline(
        pipelines()[name], MLPRegressor(hidden_layer_sizes=(4,), max_iter=30)
    )
    numbers.fit(X, y)
    from_sklearn(numbers).export(tmp_path / "r.py", rows=new)
    found = runpy.run_path(str(tmp_path / "r.py"))["predict"](new)
    np.testing.assert_allclose(found, numbers.predict(new), atol=10 * ROUNDING)


def test_what_has_no_such_form_is_refused_by_name():
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder, StandardScaler

    X = table(0)[["size", "note", "code"]].fillna(1.0)
    y = X["note"] > 0
    last = MLPClassifier((3,), max_iter=2)
    for step, said in (
        (OrdinalEncoder(), "step 0.a of the pipeline, OrdinalEncoder"),
        (SimpleImputer(missing_values=-2), r"SimpleImputer\(missing_values=-2\)"),
    ):
        steps = ColumnTransformer(
            [("a", step, ["code"]), ("b", "passthrough", ["size"])]
        )
        with pytest.raises(InputError, match=said):
            from_sklearn(make_pipeline(steps, last).fit(X, y))
    twice = ColumnTransformer(
        [("a", StandardScaler(), ["size"]), ("b", "passthrough", ["size"])]
    )
    with pytest.raises(InputError, match="column 'size', which two steps"):
        from_sklearn(make_pipeline(twice, last).fit(X, y))
