"""The Python file: runs with NumPy alone, predicts as the model, tests itself."""

from __future__ import annotations

import csv
import runpy
import subprocess
import sys

import numpy as np
import pytest

from chainrule import InputError, MLPClassifier, TabularClassifier, check_export

from .networks import random_model

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_run_by_themselves_and_are_within_the_stamp(seed, tmp_path):
    model = random_model(seed, ("float32", "float64")[seed % 2])
    stamp = model.export(tmp_path / "m.py")
    assert stamp.difference <= stamp.bound
    command = [sys.executable, "-I", str(tmp_path / "m.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "chainrule" not in {
        line.split()[1].split(".")[0]
        for line in (tmp_path / "m.py").read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert check_export(tmp_path / "m.py", model).passed


def test_a_fault_is_found(tmp_path):
    random_model(2).export(tmp_path / "m.py")
    text = (tmp_path / "m.py").read_text()
    assert " -> " in text.splitlines()[0]  # ASCII, and no escapes for a reader
    (tmp_path / "m.py").write_text(text.replace("x @ W.T + b", "x @ W.T"))
    assert not check_export(tmp_path / "m.py").passed


def test_labels_and_columns(tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rng = np.random.default_rng(0)
    X = pandas.DataFrame(
        {
            "size": rng.lognormal(3, 2, 200),
            "color": rng.choice(["red", "blue"], 200),
            "when": np.datetime64("2020-01-01") + rng.integers(0, 900, 200),
        }
    )
    X.loc[::7, "size"] = np.nan
    X.loc[::5, "color"] = None
    y = np.where(X["size"].fillna(20) > 20, "big", "small")
    model = TabularClassifier(preset="fast", epochs=3, members=2).fit(X, y)
    stamp = model.export(tmp_path / "m.py", rows=X)
    made = runpy.run_path(str(tmp_path / "m.py"))
    assert made["predict"](X).tolist() == model.predict(X).tolist()
    off = np.abs(made["predict_proba"](X) - model.predict_proba(X)).max()
    assert off <= stamp.difference < 1e-6
    rows = {name: X[name].to_numpy()[:2] for name in X}
    days = (X["when"] - pandas.Timestamp(0)).dt.days
    listed = X.assign(when=days).to_dict("records")
    assert made["predict"](listed).tolist() == model.predict(X).tolist()
    read = list(csv.DictReader(["size,color,more", "12.5,red,x", ",,"]))
    whole = [{**row, "when": 18000} for row in read]
    same = {"size": [12.5, None], "color": ["red", None], "when": [18000, 18000]}
    assert (made["run"](whole) == made["run"](same)).all()
    with pytest.raises(ValueError, match=r"without the column 'when'.*list of dicts"):
        made["predict"](read)
    command = [sys.executable, "-I", str(tmp_path / "m.py"), "new.csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Given: new.csv. Allowed: no arguments" in done.stderr
    text = rows["when"].astype("datetime64[D]").astype(str).tolist()
    wrong = (
        (
            {"when": [None, text[1]]},
            f"'{text[1]}' in column 'when', row 1 .*datetime64",
        ),
        ({"size": ["1", "big"]}, "'big' in column 'size', row 1 .*numbers;"),
        ({"color": ["red"]}, "column 'color' of 1 rows.*: 2 rows, .*one length"),
    )
    for column, said in wrong:
        with pytest.raises(ValueError, match=f"Given: {said}"):
            made["predict"](rows | column)
    with pytest.raises(ValueError, match="Given: rows without the column 'when'"):
        made["predict"]({"size": [1.0]})


def test_an_ending_and_another_model_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"ends in \.onnx, \.c, \.py"):
        random_model(0).export(tmp_path / "m.txt")
    random_model(0).export(tmp_path / "m.py")
    with pytest.raises(InputError, match="other weights than the model's"):
        check_export(tmp_path / "m.py", random_model(1))
    (tmp_path / "n.py").write_text("x = 1\n")
    with pytest.raises(InputError, match="no stamp"):
        check_export(tmp_path / "n.py")
    X = np.random.default_rng(0).normal(size=(40, 2))
    fitted = MLPClassifier((3,), max_iter=5).fit(X, X[:, 0] > 0)
    with pytest.raises(InputError, match=r"rows of shape \(3,\)"):
        fitted.export(tmp_path / "m.py", rows=[1.0, 2.0, 3.0])
