"""The fuzzer: a short run over every kind of file, and readers with faults of each sort, which it must find."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "fuzz"

pytestmark = [
    pytest.mark.skipif(not TOOL.exists(), reason="tools/ is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's"),
]


def fuzz(*words):
    return subprocess.run(
        [sys.executable, TOOL, *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        timeout=600,
        check=False,
    )


def counts(text):
    """The table, as a dict for each kind."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.split()[:1] == ["kind"])
    heads = re.split(r"\s{2,}", lines[at].strip())
    rows = (line.split() for line in lines[at + 1 :] if line.strip())
    return {row[0]: dict(zip(heads, row, strict=True)) for row in rows}


def test_a_short_run_finds_nothing():
    """Every kind in CI, for seconds; `tools/fuzz --count 15000` is the whole."""
    done = fuzz("--count", 60, "--patience", 60)
    assert done.returncode == 0, done.stdout + done.stderr
    for kind, row in counts(done.stdout).items():
        assert int(row["files"]) == 60, kind
        assert int(row["read"]) > 0, f"{kind}: nothing that is mutated is read"
        assert int(row["refused"]) > 0, f"{kind}: nothing that is mutated is refused"


FAULTY = """
import os, time
from chainrule import InputError
from fuzzing.kinds import Kind
from fuzzing.mutations import BYTES

WHOLE = bytes(range(256))
kept = []


def whole(folder):
    return {"file": WHOLE}


def reader(fault):
    def read(path):
        blob = path.read_bytes()
        if blob == WHOLE:
            return
        if len(blob) < 200:
            fault()
        raise InputError("damaged", "whole", "Look.")

    return Kind(whole, read, BYTES)


def key():
    {}["missing"]


def aborts():
    os.abort()


def grows():
    kept.append(bytearray(320 << 20))


def hangs():
    time.sleep(1000)


class PanicException(BaseException):
    pass


def panics():
    raise PanicException("called unwrap")


traceback, abort, growth, hang, panic = map(reader, (key, aborts, grows, hangs, panics))
sound = reader(lambda: None)
"""


@pytest.mark.parametrize("fault", ["traceback", "panic", "abort", "growth", "hang"])
def test_a_reader_with_a_fault_is_found(tmp_path, fault):
    """The planted faults: each is found, named, counted under its head, and comes again by its seed."""
    (tmp_path / "faulty.py").write_text(FAULTY)
    kind = f"{tmp_path / 'faulty.py'}:{fault}"
    count, patience = (12, 1) if fault == "hang" else (40, 60)
    done = fuzz("--kinds", kind, "--count", count, "--patience", patience)
    row = counts(done.stdout)[fault]
    assert done.returncode == 1, done.stdout + done.stderr
    assert int(row["files"]) == count  # what came after it was read too
    assert int(row[fault]) > 0
    others = {"traceback", "panic", "hang", "abort", "growth", "library aborts"}
    assert all(row[other] == "0" for other in others - {fault})
    if fault in ("traceback", "panic"):
        seed = re.search(r"--replay \S+ (\d+)", done.stdout)[1]
        again = fuzz("--replay", kind, seed)
        assert again.returncode == 1
        assert {"traceback": "KeyError", "panic": "PanicException"}[
            fault
        ] in again.stderr


def test_a_reader_without_a_fault_is_not_blamed(tmp_path):
    (tmp_path / "faulty.py").write_text(FAULTY)
    done = fuzz("--kinds", f"{tmp_path / 'faulty.py'}:sound", "--count", 40)
    assert done.returncode == 0, done.stdout
    assert counts(done.stdout)["sound"]["refused"] == "40"


@pytest.fixture
def fuzzing(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOL.parent))
    return importlib.import_module("fuzzing.worker")


def test_a_seed_makes_the_same_file_again(fuzzing, tmp_path):
    kind = fuzzing.kind_named("npz")
    whole = kind.samples(tmp_path)
    made = [fuzzing.mutated(kind, whole, seed) for seed in range(200)]
    assert made == [fuzzing.mutated(kind, whole, seed) for seed in range(200)]
    assert len({blob for _, blob, _ in made}) > 150


def test_what_reaches_a_terminal_is_looked_at(fuzzing, monkeypatch, tmp_path):
    """The planted fault: a command that passes on what a terminal obeys is found."""
    kinds = importlib.import_module("fuzzing.kinds")
    for module in ("errors", "cli.exit_status"):
        monkeypatch.setattr(f"chainrule.{module}.printable", str)
    with pytest.raises(kinds.EscapeError, match=r"\\x1b"):
        kinds.command("data", tmp_path / "\x1b[2J.csv")
