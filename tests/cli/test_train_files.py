"""`chainrule train` and `predict` on files: how good, what is kept, killed and resumed."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest

from chainrule import load_model
from chainrule.engines.native import MISSING

from ..support.commands import TABLES, chainrule, in_process, results

needs_tables = pytest.mark.skipif(
    not TABLES.is_dir(),
    reason="no tables: CHAINRULE_DATA names no folder with tabular/",
)


@pytest.fixture(scope="module")
def concrete(tmp_path_factory):
    folder = tmp_path_factory.mktemp("concrete")
    return folder, results(
        "train",
        TABLES / "concrete.csv.gz",
        *("--preset", "none", "--output", "run"),
        cwd=folder,
    )


@needs_tables
def test_concrete_is_learned_and_written_down(concrete):
    folder, found = concrete
    assert found["test"]["r2"] >= 0.85
    assert {path.name for path in (folder / "run").iterdir()} == {
        "model.safetensors",
        "report.html",
        "report.json",
    }
    assert json.loads((folder / "run" / "report.json").read_text()) == {
        k: v for k, v in found.items() if k != "output"
    }
    assert found["gradient_check"]["passed"]
    assert found["recipe"]["hidden"] == [256, 128]


@needs_tables
def test_predict_takes_raw_rows_and_gives_units(concrete):
    folder, _ = concrete
    raw = TABLES / "concrete.csv.gz"
    done = chainrule("predict", "run", raw, "--output", "out.csv", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert "R²" in done.stderr
    said = pl.read_csv(folder / "out.csv")["prediction"].to_numpy()
    frame = pl.read_csv(raw, infer_schema_length=None)
    true = frame["compressive_strength"].to_numpy()
    assert 1 - np.mean((said - true) ** 2) / np.var(true) > 0.85
    # by hand, from the notes in the file
    model = load_model(folder / "run" / "model.safetensors")
    notes = model.notes["preparation"]
    x = np.stack(
        [
            (frame[f["name"]].to_numpy() - f["mean"]) / f["std"]
            for f in notes["features"]
        ],
        axis=1,
    )
    for W, b in zip(model.parameters.weights, model.parameters.biases, strict=True):
        x = x @ W.astype(float).T + b
        if W is not model.parameters.weights[-1] and len(b) > 1:
            x = np.maximum(x, 0)
    by_hand = x[:, 0] * notes["target"]["std"][0] + notes["target"]["mean"][0]
    np.testing.assert_allclose(said, by_hand, rtol=1e-4)  # float32
    # columns in another order, more columns than needed, and Parquet
    frame.select(reversed(frame.columns)).with_columns(spare=pl.lit("x")).write_parquet(
        folder / "rows.parquet"
    )
    assert (
        chainrule(
            "predict", "run", "rows.parquet", "--output", "out.parquet", cwd=folder
        ).returncode
        == 0
    )
    np.testing.assert_allclose(
        pl.read_parquet(folder / "out.parquet")["prediction"].to_numpy(),
        said,
        rtol=1e-5,
    )


@needs_tables
@pytest.mark.full
@pytest.mark.parametrize(
    ("arguments", "metric", "least"),
    [
        (["adult.data.gz"], "accuracy", 0.85),
        (["adult.data.gz", "--test", "adult.test.gz"], "accuracy", 0.85),
        (
            ["california_housing.csv.gz"],
            "rmse",
            -53_000,
        ),  # dollars: 0.53 in units of 100 000
        (["letter-recognition.data.gz", "--target", "column1"], "accuracy", 0.95),
        (["concrete.csv.gz"], "r2", 0.85),
    ],
)
def test_how_good_one_network_is(tmp_path, arguments, metric, least):
    how_good("none", tmp_path, arguments, metric, least)


@needs_tables
@pytest.mark.full
@pytest.mark.parametrize(
    ("arguments", "metric", "least"),
    [
        (["adult.data.gz", "--test", "adult.test.gz"], "accuracy", 0.867),
        (["california_housing.csv.gz"], "rmse", -47_000),
        (["letter-recognition.data.gz", "--target", "column1"], "accuracy", 0.96),
        (["concrete.csv.gz"], "r2", 0.9),
    ],
)
def test_how_good_an_average_is(tmp_path, arguments, metric, least):
    how_good("fast", tmp_path, arguments, metric, least)


def how_good(preset, tmp_path, arguments, metric, least):
    """The mean of three seeds, each in a minute."""
    paths = [TABLES / word if word.endswith(".gz") else word for word in arguments]
    sign = -1 if metric == "rmse" else 1
    scores = []
    for seed in range(3):
        began = time.perf_counter()
        scores.append(
            sign
            * results(
                "train",
                *paths,
                *("--preset", preset, "--seed", seed, "--output", f"{seed}"),
                cwd=tmp_path,
            )["test"][metric]
        )
        assert time.perf_counter() - began < 60
    assert np.mean(scores) >= least


@needs_tables
def test_adult_without_a_header_and_with_its_traps_in_one_command(tmp_path):
    # a short training: what is tested is that nothing else has to be done to the files
    files = (TABLES / "adult.data.gz", "--test", TABLES / "adult.test.gz")
    done = chainrule(
        "train",
        *files,
        "--epochs",
        "3",
        "--hidden",
        "32",
        "--output",
        "run",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "adult.data.gz: 32561 rows to train on, 16281 to test on" in done.stdout
    assert "The first line is data, not names" in done.stdout
    assert "adult.test.gz: Line 1 is left out" in done.stdout
    assert "target column15: 2 classes (<=50K, >50K)" in done.stdout
    assert (
        "column2   8 categories (Private, Self-emp-not-inc, Local-gov, …), 5.6 % missing"
        in done.stdout
    )
    assert (
        json.loads((tmp_path / "run" / "report.json").read_text())["test"]["accuracy"]
        > 0.83
    )
    out = chainrule(
        "predict", "run", TABLES / "adult.test.gz", "--probabilities", cwd=tmp_path
    )
    assert out.returncode == 0, out.stderr
    rows = pl.read_csv(out.stdout.encode())
    assert rows.columns == ["prediction", "probability_<=50K", "probability_>50K"]
    assert len(rows) == 16281
    np.testing.assert_allclose(
        rows["probability_<=50K"] + rows["probability_>50K"], 1, atol=1e-6
    )  # float32
    assert "on these rows: accuracy 0.8" in out.stderr
    assert "This is the file that the model was tested on." in out.stderr
    assert "trained on" not in out.stderr


@needs_tables
def test_two_targets(tmp_path):
    found = results(
        "train",
        TABLES / "energy_efficiency.csv.gz",
        "--target",
        "Y1_heating_load,Y2_cooling_load",
        "--hidden",
        "64",
        "--output",
        "run",
        cwd=tmp_path,
    )
    assert found["test"]["r2"] > 0.9
    done = chainrule(
        "predict", "run", TABLES / "energy_efficiency.csv.gz", cwd=tmp_path
    )
    assert pl.read_csv(done.stdout.encode()).columns == [
        "prediction_Y1_heating_load",
        "prediction_Y2_cooling_load",
    ]


def write_rows(path, n=2000):
    """A table that takes some seconds to learn."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 4))
    kind = rng.choice(["a", "b", "c"], n)
    y = np.where(x[:, 0] * x[:, 1] + (kind == "a") > 0, "yes", "no")
    frame = pl.DataFrame(
        {f"x{i}": x[:, i] for i in range(4)} | {"kind": kind, "answer": y}
    )
    frame.write_csv(path)


#: The command, with checkpoints more often than every five seconds.
OFTEN = """
import chainrule.cli.train_command as job
job.CHECKPOINT_SECONDS = 0.1
from chainrule.cli import main
main()
"""
OPTIONS = ("--epochs", "60", "--hidden", "64,32", "--dropout", "0.2")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    write_rows(folder / "x.csv")
    done = chainrule("train", "x.csv", *OPTIONS, "--output", "whole", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("wait_for", ["a line", "a checkpoint"])
def test_killed_and_resumed_ends_as_if_undisturbed(undisturbed, wait_for, tmp_path):
    command = ["train", "x.csv", *OPTIONS, "--output", str(tmp_path / "cut")]
    process = subprocess.Popen(
        [sys.executable, "-c", OFTEN, *command],
        cwd=undisturbed,
        stdout=subprocess.PIPE,
        text=True,
    )
    while "epoch 1/" not in process.stdout.readline():
        assert process.poll() is None
    while (
        wait_for == "a checkpoint"
        and not (tmp_path / "cut" / "checkpoint.safetensors").exists()
    ):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "cut" / "model.safetensors").exists()
    done = chainrule(*command, "--resume", cwd=undisturbed)
    assert done.returncode == 0, done.stderr
    models = [
        load_model(path / "model.safetensors")
        for path in (undisturbed / "whole", tmp_path / "cut")
    ]
    assert models[0].parameters.theta.tobytes() == models[1].parameters.theta.tobytes()
    assert models[0].notes == models[1].notes
    reports = [
        json.loads((path / "report.json").read_text())
        for path in (undisturbed / "whole", tmp_path / "cut")
    ]
    assert reports[0]["training"]["history"] == reports[1]["training"]["history"]
    assert reports[0]["test"] == reports[1]["test"]
    assert {path.name for path in (tmp_path / "cut").iterdir()} == {
        "model.safetensors",
        "report.html",
        "report.json",
    }


def test_info_and_check_of_a_model(undisturbed, capsys, monkeypatch):
    monkeypatch.chdir(undisturbed)
    assert in_process("info", "whole") == 0
    said = capsys.readouterr().out
    assert "checksum right" in said
    assert "native engine: " in said or MISSING is not None
    assert "predicts answer: classes no, yes" in said
    assert "kind: 3 categories" in said
    assert "gradient check when it was saved: passes" in said
    assert in_process("check", "whole/model.safetensors") == 0
    assert "passes (tolerance" in capsys.readouterr().out


def test_the_options_do_what_they_say(undisturbed, tmp_path):
    found = results(
        "train",
        "x.csv",
        "--target",
        "answer",
        "--hidden",
        "8",
        "--activation",
        "tanh",
        "--loss",
        "binary_cross_entropy",
        "--optimizer",
        "sgd",
        "--learning-rate",
        "0.05",
        "--schedule",
        "cosine",
        "--batch-rows",
        "100",
        "--steps",
        "50",
        "--dropout",
        "0.25",
        "--l2",
        "0.001",
        "--validation",
        "0.25",
        "--early-stopping",
        "7",
        "--metrics",
        "root_mean_squared_error, r2",
        "--seed",
        "5",
        "--threads",
        "1",
        "--engine",
        "reference",
        "--ignore",
        "x3",
        "--output",
        tmp_path / "run",
        cwd=undisturbed,
    )
    settings = found["training"]["settings"]
    assert settings["network"]["sizes"] == [3 + 3, 8, 1]
    assert [phi["name"] for phi in settings["network"]["activations"]] == [
        "tanh",
        "sigmoid",
    ]
    assert settings["optimizer"] == {
        "name": "sgd",
        "learning_rate": 0.05,
        "momentum": 0.9,
        "nesterov": False,
    }
    assert (settings["schedule"]["name"], settings["schedule"]["length_epochs"]) == (
        "cosine",
        5.0,
    )  # 50 of 12 each
    assert (settings["batch_rows"], settings["l2"], settings["dropout"]) == (
        100,
        0.001,
        [0.0, 0.25],
    )
    assert (settings["rows"], settings["seed"], settings["engine"]) == (
        1200,
        5,
        "reference",
    )
    assert (found["training"]["steps"], found["training"]["stopped"]) == (
        50,
        "All steps that were asked for are done.",
    )
    names = ["accuracy", "root_mean_squared_error", "r2"]
    assert settings["metrics"] == list(found["training"]["history"][-1]["metrics"])
    assert settings["metrics"] == names
    page = (tmp_path / "run" / "report.html").read_text()
    assert all(f">{name}<" in page for name in names)
    assert "--metrics root_mean_squared_error,r2" in found["command"]
    assert found["recipe"]["early_stopping"] == 7
    # the command that the report gives trains the same
    again = results(
        *found["command"].split()[1:], "--output", tmp_path / "again", cwd=undisturbed
    )
    assert again["training"]["history"] == found["training"]["history"]


def test_the_data_command(undisturbed, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(undisturbed)
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    assert in_process("data") == 0
    said = capsys.readouterr().out
    assert "fashion_mnist" in said
    assert "not downloaded" in said
    assert in_process("data", "x.csv") == 0
    assert "kind 3 categories" in " ".join(capsys.readouterr().out.split())
