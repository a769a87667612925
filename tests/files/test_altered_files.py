"""Altered files are refused: no crash, no hang, little memory, and never another model."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule import Checkpoint, InputError, save_model, train

from ..support import alterations
from ..support.runs import NET, everything, problem

#: Seconds for so many files, each of which takes a millisecond: reached only by what hangs.
HANGS = 600


def write(kind, folder):
    file = folder / kind
    if kind == "model":
        save_model(file, NET, NET.init(3), {"classes": ["a", "ü"], "scale": 1 / 16})
    else:
        x, y = problem()
        train(NET, x, y, checkpoint=Checkpoint(path=file), **everything(max_steps=14))
    return file


def ends_of(file, seed, count):
    """How often each kind of alteration was refused, and how often it changed nothing."""
    command = [sys.executable, alterations.__file__, file, str(seed), str(count)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment,
        timeout=HANGS,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


def verify(ends, count):
    assert sum(ends.values()) > 0.99 * count
    for alter in alterations.UNSEALED:
        assert ends[f"{alter.__name__} refused"] > 0
        assert f"{alter.__name__} loaded" not in ends
    for alter in alterations.SEALED:
        assert ends[f"{alter.__name__} refused"] > 0
    loaded = sum(times for end, times in ends.items() if end.endswith("loaded"))
    assert (
        loaded < 0.1 * count
    )  # such as a version of 0.5, which says nothing of the model


@pytest.mark.parametrize("kind", ["model", "checkpoint"])
def test_altered_files_are_refused(tmp_path, kind):
    verify(ends_of(write(kind, tmp_path), 1, 500), 500)


@pytest.mark.full
@pytest.mark.parametrize("kind", ["model", "checkpoint"])
def test_ten_thousand_altered_files(tmp_path, kind):
    verify(ends_of(write(kind, tmp_path), 2, 10_000), 10_000)


@pytest.mark.parametrize("kind", ["model", "checkpoint"])
def test_the_sealed_original_loads(tmp_path, kind):
    """The control: taken apart, put together and sealed, it is what it was."""
    file = write(kind, tmp_path)
    header, content, numbers = alterations.parts(file.read_bytes())
    load = alterations.loader(file)
    before = load(file)
    header["__metadata__"]["chainrule"] = alterations.dumps(content)
    file.write_bytes(alterations.assemble(header, numbers))
    assert load(file) == before


COUNTS = [("state", name) for name in ("epoch", "step_in_epoch", "steps")]
COUNTS += [("watch", name) for name in ("best_epoch", "stalled")]


@pytest.mark.parametrize(("part", "name"), COUNTS)
def test_counts_that_cannot_be(tmp_path, part, name):
    file = write("checkpoint", tmp_path)
    load, whole = alterations.loader(file), file.read_bytes()
    for value in (None, True, "1", [], -1, 1.0, 0.5, 2**40, 2**64, float("nan")):
        header, content, numbers = alterations.parts(whole)
        content[part][name] = value
        header["__metadata__"]["chainrule"] = alterations.dumps(content)
        file.write_bytes(alterations.assemble(header, numbers))
        with pytest.raises(InputError, match="do not fit together"):
            load(file)


def test_a_loader_that_skips_the_checksum_is_caught(tmp_path):
    """The planted fault: without the checksum, altered numbers load."""
    file = write("model", tmp_path)
    program = Path(alterations.__file__).read_text()
    start = 'if __name__ == "__main__":\n'
    assert start in program
    skip = (
        "import chainrule.files.container as c\nc._verify = lambda path, blob: None\n"
    )
    faulty = program.replace(start, skip + start)
    (tmp_path / "faulty.py").write_text(faulty)
    command = [sys.executable, tmp_path / "faulty.py", file, "1", "500"]
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=HANGS, check=False
    )
    assert run.returncode == 1
    assert "loaded, and not what was saved" in run.stderr
