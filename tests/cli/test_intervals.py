"""`chainrule train --optimizer levenberg_marquardt --regularization bayes`, and `predict --interval`."""

from __future__ import annotations

import io
import json

import numpy as np
import polars as pl
import pytest

from chainrule import load_model

from ..support.commands import in_process

RNG = np.random.default_rng(3)
A, B = RNG.normal(0, 1, 90).round(3), RNG.normal(5, 2, 90).round(3)
TARGET = (3 * np.tanh(A) + B + RNG.normal(0, 0.5, 90)).round(3)
BAYES = ("--optimizer", "levenberg_marquardt", "--regularization", "bayes")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("intervals")
    lines = [f"{a},{b},{t}" for a, b, t in zip(A, B, TARGET, strict=True)]
    (made / "rows.csv").write_text("\n".join(["a,b,target", *lines]) + "\n")
    options = ("--hidden", "4", "--epochs", "60", "--output", made / "run")
    assert in_process("train", made / "rows.csv", *BAYES, *options) == 0
    return made


def predicted(capsys, *arguments):
    capsys.readouterr()
    assert in_process("predict", *arguments) == 0
    return pl.read_csv(io.StringIO(capsys.readouterr().out))


def test_an_interval_is_written_beside_each_prediction(folder, capsys) -> None:
    found = predicted(capsys, folder / "run", folder / "rows.csv", "--interval", "0.9")
    assert found.columns == ["prediction", "lower", "upper"]
    low, high = found["lower"].to_numpy(), found["upper"].to_numpy()
    np.testing.assert_allclose((low + high) / 2, found["prediction"], atol=1e-4)
    assert 0.8 <= np.mean((low <= TARGET) & (high >= TARGET)) <= 1.0
    narrow = predicted(capsys, folder / "run", folder / "rows.csv", "--interval", "0.5")
    width = (narrow["upper"] - narrow["lower"]).to_numpy()
    np.testing.assert_allclose(width / (high - low), 0.6745 / 1.6449, rtol=1e-3)


def test_the_report_has_the_search(folder) -> None:
    content = json.loads((folder / "run" / "report.json").read_text())
    details = content["training"]["history"][-1]["details"]
    assert {"damping", "gain_ratio", "gamma", "alpha", "beta"} <= set(details)
    page = (folder / "run" / "report.html").read_text()
    assert "damping λ" in page
    assert "effective parameters γ" in page
    assert load_model(folder / "run" / "model.safetensors").arrays


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--optimizer", "adam", "--regularization", "bayes"), "with --optimizer adam"),
        ((*BAYES, "--validation", "0.2"), "with --validation 0.2"),
        ((*BAYES, "--learning-rate", "0.1"), "--learning-rate with levenberg"),
        ((*BAYES, "--dropout", "0.5"), "dropout with levenberg_marquardt"),
        ((*BAYES[:3], "ridge"), "regularization = 'ridge'"),
    ],
)
def test_what_does_not_go_with_it(folder, options, said, capsys) -> None:
    asked = ("train", folder / "rows.csv", *options, "--output", folder / "no")
    assert in_process(*asked) == 2
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "of", [("--hidden", "3", "--epochs", "2"), ("--preset", "fast")]
)
def test_an_interval_wants_a_posterior(folder, tmp_path, of, capsys) -> None:
    options = (*of, "--output", tmp_path / "plain")
    assert in_process("train", folder / "rows.csv", *options) == 0
    capsys.readouterr()
    run = ("predict", tmp_path / "plain", folder / "rows.csv", "--interval", "0.9")
    assert in_process(*run) == 2
    assert "a model without a posterior" in capsys.readouterr().err
    wrong = ("predict", folder / "run", folder / "rows.csv", "--interval", "90")
    assert in_process(*wrong) == 2
    assert "--interval = 90" in capsys.readouterr().err
