"""Folders of runs: one run each, resumed wherever it was killed, ended by the terminal as by Ctrl-C."""

import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from chainrule import InputError, load_model
from chainrule.cli.run_folder import prepare_folder
from chainrule.files.writing import remove_leftovers

from ..support.commands import COMMAND, chainrule

FINISHED = ["model.safetensors", "report.html", "report.json"]
ENVIRONMENT = {**os.environ, "CHAINRULE_NUM_THREADS": "1"}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


KILLED = """
import os, sys, chainrule.cli.train_command as job, chainrule.files.writing as writing
job.CHECKPOINT_SECONDS = 0.01
writing.os.fsync = lambda handle: os.kill(os.getpid(), 9)
from chainrule.cli import main
main(["train", "digits", "--epochs", "50", "--output", sys.argv[1]])
"""


def test_a_run_killed_in_its_first_checkpoint_is_resumed(tmp_path):
    """It starts from the beginning, ends as one that nobody killed, and nothing is left beside."""
    folder = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, folder],
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert [name.startswith(".checkpoint") for name in names(folder)] == [True]
    command = ("train", "digits", "--epochs", "50", "--output")
    done = chainrule(*command, "run", "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert names(folder) == FINISHED
    assert chainrule(*command, "whole", cwd=tmp_path).returncode == 0
    resumed, whole = (
        load_model(tmp_path / name / FINISHED[0]).parameters.theta
        for name in ("run", "whole")
    )
    assert resumed.tobytes() == whole.tobytes()


def test_a_folder_with_something_else_is_not_resumed(tmp_path):
    """The control: only what our own killed writers leave is passed over."""
    for name in (".checkpoint.safetensors.a.tmp", ".other.a.tmp"):
        (tmp_path / name).write_text("")
    with pytest.raises(InputError, match="holds no checkpoint"):
        prepare_folder(tmp_path, "digits", resume=True)
    (tmp_path / ".other.a.tmp").unlink()
    assert prepare_folder(tmp_path, "digits", resume=True) == tmp_path
    assert names(tmp_path) == []


def test_commands_that_start_together_take_folders_of_their_own(tmp_path):
    command = [*COMMAND, "train", "--epochs", "2"]
    runs = [
        subprocess.Popen(
            command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    said = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0] * 4
    folders = ["chainrule-digits", *(f"chainrule-digits-{n}" for n in (2, 3, 4))]
    assert names(tmp_path) == folders
    last = [text.splitlines()[-2:] for text in said]
    taken = [saved.removeprefix("model and report in ")[:-1] for saved, _ in last]
    assert sorted(taken) == folders
    assert [after for _, after in last] == [
        f"next: open report.html there, or run chainrule predict {folder} FILE"
        for folder in taken
    ]
    assert all(names(tmp_path / folder) == FINISHED for folder in folders)


def test_a_folder_that_appears_meanwhile_is_not_taken(tmp_path, monkeypatch):
    """As two commands do that look at the same moment: the choice is the making of the folder."""
    monkeypatch.chdir(tmp_path)
    mkdir = type(tmp_path).mkdir

    def late(self, *arguments, **options):
        if not self.exists() and self.name == "chainrule-digits":
            mkdir(self)  # the other was quicker
        return mkdir(self, *arguments, **options)

    monkeypatch.setattr(type(tmp_path), "mkdir", late)
    assert prepare_folder(None, "digits").name == "chainrule-digits-2"


def test_a_long_name_makes_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert prepare_folder(None, "x" * 250 + ".csv").is_dir()


WAITING = """
import sys, chainrule.cli.train_command as job
def wait(*arguments, **options):
    print("working", flush=True)
    sys.stdin.readline()
    raise KeyboardInterrupt
job.train = wait
from chainrule.cli import main
main(["train", "digits", "--output", "here", "--json"])
"""


@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_a_folder_in_which_a_run_is_at_work_is_refused(tmp_path, more):
    with subprocess.Popen(
        [sys.executable, "-c", WAITING],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "working\n"
        done = chainrule("train", "digits", "--output", "here", *more, cwd=tmp_path)
        assert done.returncode == 2
        assert "--output here, in which another run is at work" in done.stderr
        other.communicate("\n", timeout=60)
    assert other.returncode == 130
    done = chainrule(
        *("train", "digits", "--epochs", "2", "--output", "here", *more), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


def test_a_finished_run_leaves_nothing_beside_its_files(tmp_path):
    (tmp_path / ".model.safetensors.old.tmp").write_text("left by a killed run")
    done = chainrule(
        *("train", "--epochs", "2", "--output", tmp_path), cwd=tmp_path.parent
    )
    assert done.returncode == 0, done.stderr
    assert names(tmp_path) == FINISHED


# The terminal goes away


def started(tmp_path, **options):
    """A run that would take minutes, after its first checkpoint."""
    command = [*COMMAND, "train", "digits", "--epochs", "10000000", "--output", "run"]
    run = subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, **options)
    until = time.monotonic() + 120
    while not (tmp_path / "run" / "checkpoint.safetensors").exists():
        assert run.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    return run


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)]
)
def test_a_signal_that_ends_a_run_saves_it(tmp_path, number, status):
    run = started(tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run.send_signal(number)
    out, err = run.communicate(timeout=120)
    assert run.returncode == status, err
    assert "--output run --resume" in out
    assert names(tmp_path / "run") == ["checkpoint.safetensors", *FINISHED]


def test_a_terminal_that_goes_away_loses_no_run(tmp_path):
    """Its end is SIGHUP, and an error for whoever still writes to it."""
    ours, theirs = pty.openpty()
    run = started(
        tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    os.close(ours)
    run.send_signal(signal.SIGHUP)
    assert run.wait(120) == 129
    assert names(tmp_path / "run") == ["checkpoint.safetensors", *FINISHED]


def test_whoever_asks_for_no_hangup_gets_none(tmp_path):
    """As `nohup` does."""
    run = started(
        tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    run.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert run.poll() is None
    run.terminate()
    assert run.wait(120) == 143


def test_leftovers_of_a_folder_that_is_not_there_are_none(tmp_path):
    remove_leftovers(tmp_path / "no" / "model")
