"""The command, as a real process."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import pytest

from chainrule import load_model

from ..support.commands import here

COMMAND = [sys.executable, "-m", "chainrule"]


def run(*arguments, cwd, env=None, command=COMMAND):
    environment = {**os.environ, "COLUMNS": "100", **(env or {})}
    return subprocess.run(
        [*command, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("job")
    return folder, run("train", cwd=folder)


def test_the_main_job(trained):
    folder, done = trained
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress line off a terminal
    accuracy = float(re.search(r"test accuracy (0\.\d+)", done.stdout)[1])
    assert accuracy >= 0.85
    assert "Gradient check by complex step: passes" in done.stdout
    report = json.loads((folder / "chainrule-digits" / "report.json").read_text())
    assert report["test"]["accuracy"] == pytest.approx(accuracy, abs=5e-5)
    confusion = report["test"]["confusion"]
    assert sum(map(sum, confusion)) == 360
    assert sum(confusion[i][i] for i in range(10)) / 360 == report["test"]["accuracy"]
    assert report["training"]["steps"] == len(report["training"]["history"]) == 1000
    assert report["gradient_check"]["passed"] is True


def test_the_saved_model_is_the_one_that_was_tested(trained):
    import numpy as np

    from chainrule import forward, load_data

    folder, _ = trained
    model = load_model(folder / "chainrule-digits" / "model.safetensors")
    assert model.notes["classes"] == [str(d) for d in range(10)]
    digits = load_data("digits")
    output = forward(
        model.network,
        model.parameters,
        digits.x_test * np.float32(model.notes["scale"]),
    ).output
    accuracy = float((output.argmax(axis=1) == digits.y_test).mean())
    report = json.loads((folder / "chainrule-digits" / "report.json").read_text())
    assert accuracy == report["test"]["accuracy"]


def test_a_second_run_keeps_the_first(tmp_path):
    (tmp_path / "chainrule-digits").mkdir()
    (tmp_path / "chainrule-digits" / "mine").write_text("keep")
    process = start_and_interrupt("train", cwd=tmp_path)
    assert "chainrule-digits-2/" in process[1]
    assert (tmp_path / "chainrule-digits" / "mine").read_text() == "keep"
    assert not (tmp_path / "chainrule-digits" / "model.safetensors").exists()


def start_and_interrupt(*arguments, cwd, by=signal.SIGINT, epochs=1_000_000):
    """Start, wait until the training has begun, press Ctrl-C: status, output, errors.

    `epochs` are so many that the training, thousands a second, cannot end before that.
    """
    environment = {**os.environ, "COLUMNS": "100"}
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--epochs", str(epochs)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    seen = ""
    while "epoch 100/" not in seen:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        seen += line
    process.send_signal(by)
    output, errors = process.communicate(timeout=60)
    return process.returncode, seen + output, errors


def test_ctrl_c_leaves_a_usable_model(tmp_path):
    status, output, errors = start_and_interrupt(
        "train", "--output", "here", cwd=tmp_path
    )
    assert status == 130
    assert errors == ""
    assert "Interrupted after the last complete step" in output
    steps = json.loads((tmp_path / "here" / "report.json").read_text())["training"][
        "steps"
    ]
    assert 100 <= steps < 1_000_000
    assert load_model(tmp_path / "here" / "model.safetensors").network.sizes == (
        64,
        10,
        10,
    )


def test_an_interrupted_run_resumed_ends_as_if_undisturbed(trained, tmp_path):
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    epochs = 5000
    whole = run(
        "train", "--output", "whole", "--epochs", epochs, cwd=tmp_path, env=one_thread
    )
    assert whole.returncode == 0
    assert not (tmp_path / "whole" / "checkpoint.safetensors").exists()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in one_thread.items():
            patch.setenv(name, value)
        status, output, _ = start_and_interrupt(
            "train", "--output", "cut", cwd=tmp_path, epochs=epochs
        )
    assert status == 130
    assert "--output cut --resume" in output
    resumed = run(
        "train",
        "--output",
        "cut",
        "--epochs",
        epochs,
        "--resume",
        cwd=tmp_path,
        env=one_thread,
    )
    assert resumed.returncode == 0, resumed.stderr
    models = [
        load_model(tmp_path / name / "model.safetensors") for name in ("whole", "cut")
    ]
    assert models[0].parameters.theta.tobytes() == models[1].parameters.theta.tobytes()
    reports = [
        json.loads((tmp_path / name / "report.json").read_text())
        for name in ("whole", "cut")
    ]
    assert reports[0]["training"]["history"] == reports[1]["training"]["history"]


def test_sigterm_leaves_a_checkpoint_too(tmp_path):
    status, _, errors = start_and_interrupt(
        "train", "--output", "cut", cwd=tmp_path, by=signal.SIGTERM
    )
    assert status == 143
    assert errors == ""
    assert (tmp_path / "cut" / "checkpoint.safetensors").is_file()


def ctrl_c_at_a_random_moment(folder, seconds):
    """Status, output, errors of a run that got Ctrl-C so long after its first line."""
    process = subprocess.Popen(
        [*COMMAND, "train", "--output", "here", "--epochs", "3000"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    return process.returncode, first + output, errors


def test_an_interrupt_that_python_ignores_is_made_again():
    """Within the callback of a weak reference, where it would print a traceback and be lost."""
    code = """
import os, signal, time, weakref
from chainrule.cli import app, main
class Thing: pass
def interrupted(arguments):
    thing = Thing()
    kept = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGINT) or sum(range(9)))
    del thing
    time.sleep(30)
app.app = interrupted
main([])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=29,  # it interrupts a main thread that sleeps
    )
    assert done.returncode == 130
    assert done.stderr == "chainrule: interrupted; nothing was saved.\n"


@pytest.mark.parametrize(
    "number",
    [*range(4), *(pytest.param(n, marks=pytest.mark.full) for n in range(4, 50))],
)
def test_ctrl_c_at_a_random_moment(tmp_path, number):
    import random

    status, output, errors = ctrl_c_at_a_random_moment(
        tmp_path, random.Random(number).uniform(0, 2)
    )
    assert "Traceback" not in errors
    if status == 0:  # it was done before
        assert "model and report in here/" in output
        return
    assert status == 130
    files = {path.name for path in (tmp_path / "here").iterdir()}
    assert files <= {
        "checkpoint.safetensors",
        "model.safetensors",
        "report.html",
        "report.json",
    }  # nothing half-written
    if "Interrupted after the last complete step" in output:
        assert files == {
            "checkpoint.safetensors",
            "model.safetensors",
            "report.html",
            "report.json",
        }
        assert errors == ""
    else:
        saved = "checkpoint.safetensors" in files
        assert (
            "resume: chainrule train digits --epochs 3000 --output here --resume"
            in errors
        ) == saved
        assert ("nothing was saved" in errors) == (not files)
    if "checkpoint.safetensors" in files:
        resumed = run(
            "train", "--epochs", "3000", "--output", "here", "--resume", cwd=tmp_path
        )
        assert resumed.returncode == 0, resumed.stderr
        report = json.loads((tmp_path / "here" / "report.json").read_text())
        assert report["training"]["steps"] == 3000


def test_progress_on_a_terminal(tmp_path):
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm"}
    process = subprocess.Popen(
        [*COMMAND, "train"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    assert process.wait(60) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert re.search(
        r"training [━─]{20} \d+/1000 loss \d\.\d+ [\d.e+]+ epochs/s \d:\d\d left", text
    )
    assert "1000/1000" in text


def test_check_passes_and_names_every_pair(tmp_path):
    from chainrule import ACTIVATIONS

    done = run("check", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert all(
        re.search(rf"^{name} ", done.stdout, re.MULTILINE) for name in ACTIVATIONS
    )
    assert "all pass" in done.stdout
    assert "WRONG" not in done.stdout


FAULT = """
import chainrule.equations.activations as table, dataclasses
right = table.ACTIVATIONS["tanh"]()
wrong = dataclasses.replace(right, phi_prime=lambda z: 1.001 * right.phi_prime(z))
import types
table.ACTIVATIONS = types.MappingProxyType({**table.ACTIVATIONS, "tanh": lambda: wrong})
from chainrule.cli import main
main()
"""


def test_check_fails_on_a_planted_fault(tmp_path):
    done = run("check", cwd=tmp_path, command=[sys.executable, "-c", FAULT])
    assert done.returncode == 1
    assert re.search(r"^tanh .*WRONG", done.stdout, re.MULTILINE)
    assert "FAIL" in done.stdout


def test_disk_full_says_so_and_leaves_nothing_half_written(tmp_path):
    limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 2; exec "$@"', "-", *COMMAND]
    done = run("train", "--output", "here", cwd=tmp_path, command=limited)
    assert done.returncode == 1
    assert done.stderr.startswith("chainrule: ")
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "digit"), "Did you mean 'digits'?"),
        (("train", "cifar"), "Choose one of these"),
        (("train", "--seed", "-1"), "--seed"),
        (("train", "--seed", "x"), "--seed"),
        (("train", "--steps", "0"), "--steps"),
        (("train", "--stops", "5"), "--stops"),
        (("trian",), "trian"),
        (("train", "--resume"), "without --output"),
        (("train", "--resume", "--output", "nowhere"), "holds no checkpoint"),
        (("train", "--output", "file"), "file"),
    ],
)
def test_a_mistake_gets_a_sentence_and_no_traceback(tmp_path, arguments, message):
    (tmp_path / "file").write_text("not a folder")
    done = here(*arguments, cwd=tmp_path, CHAINRULE_DATA="")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "not a folder"


def test_help_and_version(tmp_path):
    for arguments in (("--help",), ("train", "--help"), ("check", "-h")):
        done = here(*arguments, cwd=tmp_path)
        assert done.returncode == 0
        assert "Usage" in done.stdout
    assert run("--version", cwd=tmp_path).stdout.startswith("chainrule 0.")


def test_closed_pipe_is_no_traceback(tmp_path):
    line = " ".join(map(repr, COMMAND)) + " check | head -1"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
