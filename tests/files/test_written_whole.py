"""Files written whole: what a killed process leaves beside them is removed by the next, and by nobody too early."""

import os
import signal
import subprocess
import sys
import time

import pytest

from chainrule.files import writing
from chainrule.files.writing import lock, remove_leftovers, write_whole

KILLED = """
import os, sys
from chainrule.files import writing
writing.os.fsync = lambda handle: os.kill(os.getpid(), 9)
writing.write_whole(sys.argv[1], b"new")
"""


def killed_while_writing(path):
    done = subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert done.returncode == -signal.SIGKILL


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def aged(folder, seconds=120):
    """Make every file beside look as old as this."""
    for path in folder.glob(".*.tmp"):
        os.utime(path, (time.time() - seconds,) * 2)


def test_a_killed_writer_leaves_what_was_there(tmp_path):
    file = tmp_path / "model"
    write_whole(file, b"old")
    killed_while_writing(file)
    assert file.read_bytes() == b"old"
    assert len(names(tmp_path)) == 2


def test_the_next_writer_removes_what_was_left(tmp_path):
    file = tmp_path / "model"
    killed_while_writing(file)
    killed_while_writing(file)
    aged(tmp_path)
    write_whole(file, b"new")
    assert names(tmp_path) == ["model"]


def test_what_is_young_or_another_files_is_left_alone(tmp_path):
    """Between the making of a file and its lock lies a moment; an hour's old file may be another's."""
    file = tmp_path / "model"
    killed_while_writing(file)
    others = [".model2.x.tmp", ".model.x", "model.x.tmp", ".mode.l.tmp"]
    for name in others:
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / ".model.folder.tmp").mkdir()
    write_whole(file, b"new")
    assert len(names(tmp_path)) == 7
    aged(tmp_path)
    write_whole(file, b"new")
    assert names(tmp_path) == sorted(["model", ".model.folder.tmp", *others])


WRITING = """
import os, sys
from chainrule.files import writing
sync = os.fsync
def wait(handle):
    print("writing", flush=True)
    sys.stdin.readline()
    sync(handle)
writing.os.fsync = wait
writing.write_whole(sys.argv[1], b"whole")
"""


def test_what_another_process_is_writing_is_not_removed(tmp_path):
    file = tmp_path / "model"
    command = [sys.executable, "-c", WRITING, file]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "writing\n"
        aged(tmp_path)
        remove_leftovers(file, age=0)
        write_whole(file, b"ours")
        assert len(names(tmp_path)) == 2
        other.communicate("\n", timeout=60)
    assert other.returncode == 0
    assert file.read_bytes() == b"whole"
    assert names(tmp_path) == ["model"]


def test_without_the_lock_it_would_be_removed(tmp_path, monkeypatch):
    """The planted fault: where everybody gets the lock, the other's file is lost."""
    monkeypatch.setattr(writing, "lock", lambda handle: True)
    file = tmp_path / "model"
    command = [sys.executable, "-c", WRITING, file]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "writing\n"
        remove_leftovers(file, age=0)
        assert "No such file" in other.communicate("\n", timeout=60)[1]


def test_a_lock_is_one_processs(tmp_path):
    handle = os.open(tmp_path, os.O_RDONLY)
    ask = "import os, sys; from chainrule.files.writing import lock; print(lock(os.open(sys.argv[1], os.O_RDONLY)))"

    def other():
        command = [sys.executable, "-c", ask, tmp_path]
        return subprocess.check_output(command, text=True).strip()

    try:
        assert lock(handle)
        assert lock(handle)
        assert other() == "False"
    finally:
        os.close(handle)
    assert other() == "True"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_file_has_the_mode_of_any_other(tmp_path):
    write_whole(tmp_path / "ours", b"")
    (tmp_path / "any").write_bytes(b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "any").stat().st_mode
