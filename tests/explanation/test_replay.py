"""A step of a run, taken again from its checkpoint: the same bits, and every check passes."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

from chainrule import (
    SCHEDULES,
    Callback,
    Checkpoint,
    InputError,
    Network,
    custom_activation,
    explain,
    train,
)
from chainrule.equations.draws import epoch_order

from ..support.commands import here
from ..support.runs import ABLE, NET, everything, problem


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoints")


class Thetas(Callback):
    """θ after each step."""

    def __init__(self):
        self.seen = []

    def on_step(self, moment):
        self.seen.append(np.array(moment.parameters.theta))


@pytest.mark.parametrize(("engine", "optimizer"), ABLE, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_step_is_the_one_that_the_run_took(folder, engine, optimizer, dtype) -> None:
    x, y = problem()
    options = {
        **everything(optimizer, "adaptive", engine),
        "dtype": dtype,
        "max_epochs": 50,
    }
    watched = Thetas()
    train(
        NET,
        x,
        y,
        **{**options, "max_steps": 11, "callbacks": [watched], "checkpoint": None},
    )
    train(
        NET, x, y, **{**options, "max_steps": 3, "checkpoint": Checkpoint(folder / "c")}
    )
    for k in (
        4,
        5,
        9,
        10,
    ):  # the first after the checkpoint, the first of an epoch, later ones
        made = explain(folder / "c", x, y, step=k, validation=options["validation"])
        np.testing.assert_array_equal(
            made.numbers.moment.state.theta, watched.seen[k - 2]
        )
        np.testing.assert_array_equal(made.numbers.stepped, watched.seen[k - 1])
        assert made.failed == ()
        assert made.numbers.engine == engine
    assert "; step 10 of a run" in made.title


def test_a_step_of_weighted_rows(folder) -> None:
    network = Network((3, 4, 1), ("tanh", "identity"), "squared_error")
    rng = np.random.default_rng(0)
    x, y, w = (
        rng.normal(size=(12, 3)),
        rng.normal(size=(12, 1)),
        np.array([0.0, 1, 2] * 4),
    )
    options = {
        "sample_weight": w,
        "batch_rows": 3,
        "optimizer": "sgd",
        "engine": "reference",
    }
    train(network, x, y, max_epochs=1, checkpoint=Checkpoint(folder / "w"), **options)
    made = explain(folder / "w", x, y, sample_weight=w)
    assert made.passed
    assert made.numbers.rows == 3
    assert sum(made.numbers.arrays["s"]) == pytest.approx(1)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_an_epoch_that_ends_with_rows_of_weight_0(folder, optimizer) -> None:
    network = Network((3, 4, 1), ("tanh", "identity"), "squared_error")
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(6, 3)), rng.normal(size=(6, 1)), np.ones(6)
    w[epoch_order(6, 2, 0, 0)[2:]] = (
        0  # of three batches of the first epoch, two make no step
    )
    schedule = SCHEDULES["adaptive"](patience=1.0, tolerance=0.9)
    options = {
        "sample_weight": w,
        "batch_rows": 2,
        "optimizer": optimizer,
        "schedule": schedule,
    }
    watched = Thetas()
    train(network, x, y, max_epochs=4, callbacks=[watched], **options)
    train(network, x, y, max_steps=1, checkpoint=Checkpoint(folder / "z"), **options)
    steps = [
        theta
        for i, theta in enumerate(watched.seen)
        if i == 0 or (theta != watched.seen[i - 1]).any()
    ]
    for k in (2, 3):
        made = explain(folder / "z", x, y, sample_weight=w, step=k)
        assert made.passed
        np.testing.assert_array_equal(made.numbers.stepped, steps[k - 1])


def test_what_cannot_be_replayed_is_said(folder) -> None:
    network = Network((3, 4, 1), ("tanh", "identity"), "squared_error")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 1))
    train(network, x, y, max_steps=5, checkpoint=Checkpoint(folder / "r"))
    for options, said in (
        ({"step": 5}, "steps from 6 on"),
        ({"step": 0}, "step = 0"),
        ({"x": x + 1}, "not those of the run"),
        ({"validation": 0.25}, "not those of the run"),
        ({"row": 12}, "row = 12"),
        ({"l2": 0.5, "optimizer": "adam"}, "optimizer, l2 with a step of a run"),
        ({"learning_rate": 0.5}, "learning_rate with a step of a run"),
        ({"reduction": "sum"}, "reduction with a step of a run"),
    ):
        with pytest.raises(InputError, match=said):
            explain(folder / "r", options.pop("x", x), y, **options)
    train(
        network,
        x,
        y,
        optimizer="lbfgs",
        max_epochs=2,
        checkpoint=Checkpoint(folder / "l"),
    )
    with pytest.raises(InputError, match="lbfgs"):
        explain(folder / "l", x, y)
    for options, said in (
        ({"shards": 2}, "in shards"),
        ({"order": lambda _: np.arange(12), "batch_rows": 5}, "order that was given"),
    ):
        train(
            network, x, y, max_steps=1, checkpoint=Checkpoint(folder / "s"), **options
        )
        with pytest.raises(InputError, match=said):
            explain(folder / "s", x, y)
    sine = custom_activation(np.sin, np.cos, name="sine", bounds=(-1.1, 1.1))
    own = Network((3, 1), (sine,), "squared_error")
    train(own, x, y, max_epochs=2, checkpoint=Checkpoint(folder / "o"))
    with pytest.raises(InputError, match="a function of your own"):
        explain(folder / "o", x, y)
    with pytest.raises(InputError, match="without a checkpoint"):
        explain(network, x, y, parameters=network.init(0), step=3)


def test_the_command_explains_a_step(tmp_path) -> None:
    from chainrule import load_data

    digits = load_data("digits")
    network = Network((64, 10, 10), ("relu", "softmax"), "cross_entropy")
    options = {
        "input_scale": digits.scale,
        "dtype": "float32",
        "batch_rows": 32,
        "validation": 0.1,
    }
    train(
        network,
        digits.x_train,
        digits.y_train,
        max_steps=4,
        checkpoint=Checkpoint(tmp_path / "c"),
        **options,
    )
    done = here(
        "explain",
        "c",
        "--data",
        "digits",
        "--validation",
        "0.1",
        "--step",
        "7",
        "--layer",
        "2",
        "--unit",
        "3",
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "digits, step 7 of a run" in done.stdout
    assert "row 0 of a batch of 32" in done.stdout
    refused = here("explain", "c", cwd=tmp_path)
    assert refused.returncode == 2
    assert "without --data" in refused.stderr
    refused = here(
        "explain", "c", "--data", "digits", "--optimizer", "adam", cwd=tmp_path
    )
    assert refused.returncode == 2
    assert "optimizer with a step of a run" in refused.stderr


KILLED = """
import os, sys
import chainrule.cli.train_command as command
import chainrule.training.run as run

command.CHECKPOINT_SECONDS = 0.01
save = run.save_checkpoint

def save_and_die(*arguments):
    save(*arguments)
    os.kill(os.getpid(), 9)

run.save_checkpoint = save_and_die
from chainrule.cli import main
main(sys.argv[1:])
"""
#: A table whose target is not the last column, with a column to leave out, a word for a missing value, numbers that
#: are categories; and what `chainrule train` has to be told of it.
TABLE = "kind,code,size,note,weight\n" + "".join(
    f"{'ab'[k % 2]},{k % 3},{'gone' if k % 9 == 4 else k % 7},{k},{k * 7 % 11}\n"
    for k in range(200)
)
TOLD = ["--target", "kind", "--ignore", "note", "--missing", "gone"]
TOLD += ["--categories", "code"]


def killed_run(folder, *told):
    """The folder of a run that was killed when it had saved its first checkpoint."""
    lines = TABLE.splitlines(keepends=True)["--no-header" in told :]
    (folder / "t.csv").write_text("".join(lines))
    command = [sys.executable, "-c", KILLED, "train", "t.csv", *told, "--output", "run"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == -9, done.stderr
    assert (folder / "run" / "checkpoint.safetensors").exists()


HEADLESS = ["--no-header", "--target", "column1", "--missing", "gone"]
HEADLESS += ["--skip-last", "1"]


@pytest.mark.parametrize(
    "told",
    [
        TOLD,
        pytest.param([*TOLD, "--validation", "0"], marks=pytest.mark.full),
        pytest.param([*TOLD, "--validation", "0.25"], marks=pytest.mark.full),
        HEADLESS,
    ],
    ids=" ".join,
)
def test_a_checkpoint_of_the_command_knows_how_its_rows_were_read(tmp_path, told):
    killed_run(tmp_path, *told, "--hidden", "6")
    shown = ["explain", "run", "--layer", "2", "--unit", "1"]
    done = here(*shown, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"t.csv, step \d+ of a run", done.stdout)
    # the same said on the command line, as for a run that Python began
    named = here(*shown, "--data", "t.csv", *told, cwd=tmp_path)
    assert (named.returncode, named.stdout) == (0, done.stdout)
    # what is said counts more than what is noted, and rows that are not the run's are refused
    for other in (["--validation", "0.5"], ["--missing", "3"]):
        refused = here(*shown, *other, cwd=tmp_path)
        assert (refused.returncode, refused.stdout) == (2, ""), other


def test_rows_of_a_regression_are_scaled_as_the_run_had_them(tmp_path):
    for loss in ("squared_error", "poisson"):
        folder = tmp_path / loss
        folder.mkdir()
        told = ["--target", "weight", "--loss", loss, "--missing", "gone"]
        killed_run(folder, *told, "--hidden", "4")
        done = here("explain", "run", "--layer", "2", "--unit", "1", cwd=folder)
        assert (done.returncode, done.stderr) == (0, "")


def test_options_of_a_run_are_refused_for_a_model(tmp_path):
    trained = here("train", "wine", "--epochs", "2", "--output", "done", cwd=tmp_path)
    assert trained.returncode == 0
    refused = here("explain", "done", "--target", "y", cwd=tmp_path)
    assert refused.returncode == 2
    assert "--target for done, which is a model" in refused.stderr
    refused = here("explain", "--categories", "code", cwd=tmp_path)
    assert refused.returncode == 2
    assert "--categories without a model" in refused.stderr
