"""What the command prints on terminals of any width, into pipes, and when something is in its way."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    InputError,
    Network,
    check_gradient,
    load_model,
    save_model,
)
from chainrule.cli import run_folder
from chainrule.cli.output import columns
from chainrule.progress import clock, fitted

COMMAND = [sys.executable, "-m", "chainrule"]
MARKS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def plain_environment(**more):
    """Without what would say how wide the terminal is, or that there is one."""
    hidden = (
        "COLUMNS",
        "LINES",
        "FORCE_COLOR",
        "TTY_COMPATIBLE",
        "PYTHONIOENCODING",
        "PYTHONUTF8",
    )
    return {
        **{name: value for name, value in os.environ.items() if name not in hidden},
        **more,
    }


def on_terminal(width, *arguments, cwd):
    """All lines that the command showed on a terminal so wide, those of the live line included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        stdout=theirs,
        stderr=theirs,
        env=plain_environment(TERM="xterm"),
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
    os.close(ours)
    assert process.wait(60) == 0
    return re.split(r"[\r\n]+", MARKS.sub("", shown.decode()))


def piped(*arguments, cwd, code=None, **environment):
    command = COMMAND if code is None else [sys.executable, "-c", code]
    return subprocess.run(
        [*command, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        env=plain_environment(**environment),
        timeout=300,
        check=False,
    )


def test_a_reader_that_goes_away_loses_no_run(tmp_path):
    line = (
        f"{shlex.join(COMMAND)} train --output here | head -2; exit ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2
    assert {path.name for path in (tmp_path / "here").iterdir()} == {
        "model.safetensors",
        "report.html",
        "report.json",
    }
    assert load_model(tmp_path / "here" / "model.safetensors").network.sizes == (
        64,
        10,
        10,
    )


@pytest.mark.parametrize("command", ["check", "train"])
def test_a_terminal_that_knows_ascii_only(tmp_path, command):
    done = piped(command, cwd=tmp_path, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"?" in done.stdout
    done.stdout.decode("ascii")


@pytest.mark.parametrize("command", ["check", "train"])
def test_in_a_pipe_nothing_is_wrapped_or_padded(tmp_path, command):
    done = piped(command, cwd=tmp_path, COLUMNS="80")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    ends = {"check": ": all pass", "train": "from scikit-learn)"}[command]
    assert [len(line) > 80 for line in lines if line.endswith(ends)] == [True]
    assert "\x1b" not in done.stdout.decode()


def test_40_columns(tmp_path):
    # so many epochs that a fast machine, too, shows how far it is
    lines = on_terminal(40, "train", "--epochs", "5000", cwd=tmp_path)
    assert not any("…" in line for line in lines)
    assert any(
        re.fullmatch(r"\d+/5000 loss \d\.\d+ +\d:\d\d left *", line) for line in lines
    )
    at = next(i for i, line in enumerate(lines) if line.startswith("rows: true class"))
    rows = lines[at + 2 : at + 12]
    assert [row.split()[0] for row in rows] == [str(d) for d in range(10)]
    assert all(len(row) <= 40 and len(row.split()) == 11 for row in rows)
    assert sum(int(n) for row in rows for n in row.split()[1:] if n != ".") == 360


def test_80_columns(tmp_path):
    lines = on_terminal(80, "check", cwd=tmp_path)
    head = next(line for line in lines if "log-cosh" in line)
    assert len(head) <= 80
    assert head.split() == [
        "squared",
        "entropy",
        "CE",
        "absolute",
        "huber",
        "log-cosh",
        "pinball",
        "poisson",
    ]
    assert sum(
        len(line.split()) == 1 + len(LOSSES)
        for line in lines
        if re.match(r"\w+ +\d+e-\d\d ", line)
    ) == len(ACTIVATIONS)
    trained = on_terminal(80, "train", cwd=tmp_path)
    table = [line for line in trained if re.match(r" *(W|b)\[\d\] .* ok", line)]
    assert len(table) == 4
    assert max(map(len, trained)) <= 80


def test_the_gradient_check_is_at_most_79_wide():
    network = Network((784, 20, 10), ("softplus", "softmax"), "cross_entropy")
    x = np.random.default_rng(0).uniform(size=(20, 784))
    result = check_gradient(
        network, network.init(0), x, np.arange(20) % 10, max_entries=1000
    )
    lines = str(result).splitlines()
    assert max(map(len, lines)) <= 79
    assert re.search(
        r"W\[1\] +1000/15680 +0 +\[\d+, \d+\] +[+-]\d\.\d{6}e[+-]\d\d +[+-]\d\.\d{6}e[+-]\d\d ",
        lines[2],
    )
    assert lines[1].split() == [
        "array",
        "compared",
        "kinks",
        "worst",
        "derived",
        "numerical",
        "error",
    ]


@pytest.mark.parametrize("width", [20, 33, 40, 60, 79, 80, 120, None])
def test_every_column_is_shown_once_and_within_the_width(width):
    widths = [7, 8, 6, 8, 5, 8, 7, 7]
    parts = columns(widths, 12, width)
    assert [i for part, _ in parts for i in part] == list(range(8))
    for part, gap in parts:
        assert (
            width is None
            or len(part) == 1
            or 12 + sum(gap + widths[i] for i in part) <= width
        )


def test_the_progress_line_leaves_out_what_matters_least():
    parts = {
        "title": "training",
        "bar": "━" * 20,
        "count": "812/1000",
        "note": "loss 0.1831  validation 0.1932",
        "rate": "812 epochs/s",
        "left": "0:05 left",
    }
    assert fitted(parts, 120) == " ".join(parts.values())
    assert (
        fitted(parts, 80)
        == "training 812/1000 loss 0.1831  validation 0.1932 812 epochs/s 0:05 left"
    )
    assert fitted(parts, 50) == "812/1000 loss 0.1831  validation 0.1932 0:05 left"
    assert fitted(parts, 40) == "812/1000 0:05 left"
    assert (
        fitted({**parts, "left": ""}, 40) == "812/1000 loss 0.1831  validation 0.1932"
    )
    assert [clock(s) for s in (0.9, 59.9, 60, 3600)] == [
        "0:00",
        "0:59",
        "1:00",
        "1:00:00",
    ]


# What is in the way


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    done = piped("train", "--output", "file/sub", cwd=tmp_path)
    assert done.returncode == 1
    said = done.stderr.decode()
    assert re.fullmatch(
        r"chainrule: file/sub: .*cannot be written in \(.+\); choose another one by --output\.\n",
        said,
    )
    assert done.stdout == b""


def refuse(*arguments, **options):
    raise PermissionError(13, "Permission denied", "/hidden/.tmp123")


def test_a_folder_that_cannot_be_written_in_is_found_before_the_work(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(
        run_folder.tempfile, "TemporaryFile", refuse
    )  # the tests may run as root
    with pytest.raises(
        PermissionError, match="choose another one by --output"
    ) as caught:
        run_folder.prepare_folder(tmp_path, "digits")
    assert caught.value.filename == str(tmp_path)
    assert "hidden" not in str(caught.value)


def test_a_model_that_cannot_be_saved_names_the_path_asked_for(tmp_path, monkeypatch):
    network = Network((2, 1), ("identity",), "squared_error")
    with pytest.raises(
        FileNotFoundError,
        match=r"No such file.*in the folder .*no/such.*another folder",
    ) as caught:
        save_model(tmp_path / "no" / "such" / "x", network, network.init(0))
    assert caught.value.filename == str(tmp_path / "no" / "such" / "x")
    assert ".tmp" not in str(caught.value)
    monkeypatch.setattr("chainrule.files.writing.tempfile.mkstemp", refuse)
    with pytest.raises(PermissionError) as caught:
        save_model(tmp_path / "model", network, network.init(0))
    assert caught.value.filename == str(tmp_path / "model")
    assert "hidden" not in str(caught.value)


def test_the_help_shows_the_default_folder_and_breaks_no_line(tmp_path):
    done = piped("train", "--help", cwd=tmp_path, COLUMNS="140")
    text = done.stdout.decode()
    assert "chainrule-DATA, numbered where it exists" in text
    assert re.search(
        r"10 hidden .* from a He start\.", text
    )  # one line, where there is room


def test_a_run_that_is_finished_is_called_so(tmp_path):
    (tmp_path / "done").mkdir()
    for name in (run_folder.MODEL, run_folder.REPORT):
        (tmp_path / "done" / name).write_text("")
    with pytest.raises(
        InputError, match=r"done, whose run is finished.*without --resume"
    ):
        run_folder.prepare_folder(tmp_path / "done", "digits", resume=True)


INTERRUPTED = """
import sys, chainrule.cli.train_command as job
from pathlib import Path
def stop(*arguments, **options):
    Path("here").mkdir(exist_ok=True)
    for name in {saved!r}:
        Path("here", name).write_text("")
    raise KeyboardInterrupt
job.{function} = stop
from chainrule.cli import main
main(["train", "--output", "here"])
"""


@pytest.mark.parametrize(
    ("function", "saved", "said"),
    [
        ("data_of", [], "interrupted; nothing was saved."),
        ("train", [], "interrupted; nothing was saved."),
        (
            "check_trained",
            ["checkpoint.safetensors"],
            "interrupted; resume: chainrule train digits --output here --resume",
        ),
        (
            "save",
            ["model.safetensors"],
            "interrupted; resume: chainrule train digits --output here --resume",
        ),
    ],
)
def test_an_interrupt_says_what_is_left(tmp_path, function, saved, said):
    done = piped(cwd=tmp_path, code=INTERRUPTED.format(function=function, saved=saved))
    assert done.stderr.decode() == f"chainrule: {said}\n"
    assert done.returncode == 130
