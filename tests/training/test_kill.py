"""Kill -9 at random moments, and a full disk: the checkpoint that was there stays whole."""

import contextlib
import os
import random
import signal
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_limits

from chainrule import Checkpoint, train

from ..support import runs
from ..support.runs import BUILT, NET, content, everything, outcome, problem

ONE_THREAD = {
    **os.environ,
    **dict.fromkeys(
        ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"
    ),
}
EPOCHS = 30
OPTIONS = everything(max_epochs=EPOCHS)
ENOUGH = {"reference": EPOCHS, "native": 60}

# `runs` is loaded by its path, without the package of the tests; the run goes on from the file where there is one
TRAIN = """
import importlib.util, resource, signal, sys
from pathlib import Path
from chainrule import Checkpoint, train
spec = importlib.util.spec_from_file_location("runs", sys.argv[1])
runs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runs)
file, epochs, most_bytes = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
if most_bytes:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
x, y = runs.problem()
print("ready", flush=True)
try:
    report = train(
        runs.NET, x, y, checkpoint=Checkpoint(path=file, every_epochs=1, every_seconds=0.004),
        resume=file if file.exists() else None, **runs.everything(engine=sys.argv[5], max_epochs=epochs),
    )
    print("done", report.epochs, report.seconds, flush=True)
except OSError as error:
    print("refused", error.errno, flush=True)
"""


def start(file, engine="reference", most_bytes=0):
    """The process, when it is about to train."""
    command = [sys.executable, "-c", TRAIN, runs.__file__, file]
    command += [str(ENOUGH[engine]), str(most_bytes), engine]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=ONE_THREAD
    )
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process):
    """What it says at its end."""
    said = process.communicate(timeout=120)[0].split()
    assert process.returncode == 0
    return said


@pytest.fixture(scope="module", params=BUILT)
def undisturbed(request, tmp_path_factory):
    """An engine, the outcome of the run that nothing happens to, what it leaves in its file, and its seconds."""
    engine = request.param
    file = tmp_path_factory.mktemp("whole") / "c"
    said = finish(start(file, engine))
    assert said[:2] == ["done", str(ENOUGH[engine])]
    x, y = problem()
    with threadpool_limits(1):
        whole = train(NET, x, y, **everything(engine=engine, max_epochs=ENOUGH[engine]))
    assert content(file)[1]["theta"].endswith(whole.last.theta.tobytes())
    return engine, outcome(whole), content(file), float(said[2])


def kill_often(tmp_path, undisturbed, times):
    """Kill so many runs, each going on from what the one before left; how many were in their middle."""
    engine, expected, final, seconds = undisturbed
    file, rng, steps = tmp_path / "c", random.Random(times), []
    options = everything(engine=engine, max_epochs=ENOUGH[engine])
    x, y = problem()
    for _ in range(times):
        if steps and steps[-1] == final[0]["state"]["steps"]:  # it had come to its end
            file.unlink(missing_ok=True)
        process = start(file, engine)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0, seconds))
        process.kill()
        process.communicate()
        if not file.exists():
            continue
        steps.append(content(file)[0]["state"]["steps"])
        with threadpool_limits(1):
            resumed = train(
                NET,
                x,
                y,
                resume=file,
                checkpoint=Checkpoint(path=tmp_path / "end"),
                **options,
            )
        assert outcome(resumed) == expected
        assert content(tmp_path / "end") == final
    return sum(0 < step < final[0]["state"]["steps"] for step in steps)


def test_a_killed_run_goes_on_as_if_nothing_had_happened(tmp_path, undisturbed):
    assert kill_often(tmp_path, undisturbed, 10) > 0


@pytest.mark.full
def test_a_hundred_kills(tmp_path, undisturbed):
    assert kill_often(tmp_path, undisturbed, 100) >= 40


def test_a_kill_while_a_file_is_written_leaves_the_one_before(tmp_path):
    """The process stops itself by SIGKILL between writing and renaming, at every such moment of five."""
    x, y = problem()
    with threadpool_limits(1):
        expected = outcome(train(NET, x, y, **everything(max_epochs=6)))
    plant = "import os, signal, pathlib\ncalls = []\n" + "\n".join(
        (
            "def dying(real):",
            "    def call(*a):",
            "        calls.append(a)",
            "        if len(calls) == int(sys.argv[6]): os.kill(os.getpid(), signal.SIGKILL)",
            "        return real(*a)",
            "    return call",
        )
    )
    for place in ("os.fsync", "pathlib.Path.replace"):
        script = TRAIN.replace(
            "x, y =", f"{plant}\n{place} = dying({place})\nx, y =", 1
        )
        for nth in (1, 2, 5):
            file = tmp_path / f"{place}{nth}"
            command = [
                sys.executable,
                "-c",
                script,
                runs.__file__,
                file,
                "6",
                "0",
            ]
            command += ["reference", str(nth)]
            assert (
                subprocess.run(
                    command, env=ONE_THREAD, capture_output=True, check=False
                ).returncode
                == -signal.SIGKILL
            )
            assert file.exists() == (nth > 1)
            if file.exists():
                with threadpool_limits(1):
                    assert (
                        outcome(
                            train(NET, x, y, resume=file, **everything(max_epochs=6))
                        )
                        == expected
                    )


@pytest.mark.parametrize("most_bytes", [1, 1000, 3500])
def test_a_full_disk_keeps_the_checkpoint_that_was_there(tmp_path, most_bytes):
    x, y = problem()
    file = tmp_path / "c"
    with threadpool_limits(1):
        whole = outcome(train(NET, x, y, **OPTIONS))
        train(
            NET, x, y, checkpoint=Checkpoint(path=file), **{**OPTIONS, "max_steps": 10}
        )
    before = file.read_bytes()
    assert len(before) > 3500
    said = finish(start(file, most_bytes=most_bytes))
    assert said[0] == "refused"
    assert os.strerror(int(said[1])) == "File too large"
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    with threadpool_limits(1):
        assert outcome(train(NET, x, y, resume=file, **OPTIONS)) == whole


def test_a_folder_that_goes_away_is_an_error(tmp_path):
    x, y = problem()
    folder = tmp_path / "f"
    folder.mkdir()
    checkpoint = Checkpoint(path=folder / "c")
    folder.rmdir()
    with pytest.raises(FileNotFoundError):
        train(NET, x, y, checkpoint=checkpoint, **{**OPTIONS, "max_epochs": 1})
