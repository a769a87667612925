"""How many threads may run: one rule for every place where a count comes in, and what happens where none can start."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import InputError, MLPClassifier, Network, Predictor, train
from chainrule.engines import ENGINES, threads
from chainrule.optimizers import SGD
from chainrule.optimizers.rules import Rules

from ..support.commands import chainrule
from ..support.native_cases import needs_native
from ..support.runs import BUILT

NET = Network((50, 256, 2), ("relu", "softmax"), "cross_entropy")
X = np.random.default_rng(0).normal(size=(400, 50))
Y = (X[:, 0] > 0).astype(int)


def trained(count: Any, engine: str) -> Any:
    return train(NET, X, Y, threads=count, engine=engine, max_epochs=1)


def predictor(count: Any, engine: str) -> Any:
    return Predictor(NET, NET.init(0), threads=count, engine=engine)(X)


def fitted(count: Any, engine: str) -> Any:
    return MLPClassifier((256,), n_threads=count, engine=engine, max_iter=1).fit(X, Y)


PLACES = (trained, predictor, fitted)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine of so many cores, without a quota, and nothing in the environment."""
    for name in threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def of(cores: int, quota: float = float("inf")) -> None:
        monkeypatch.setattr(
            os, "sched_getaffinity", lambda pid: set(range(cores)), raising=False
        )
        monkeypatch.setattr(threads, "_quota", lambda: quota)

    return of


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("place", PLACES)
def test_an_explicit_count_is_obeyed_up_to_64(
    place: Any, engine: str, machine: Any
) -> None:
    machine(2)
    for good in (1, np.int64(2), 64):
        place(good, engine)
    for bad in (65, 10**20, 0, -1):
        with pytest.raises(ValueError, match=rf"threads.*{bad}|Got {bad}"):
            place(bad, engine)
    for bad in (2.0, "2", True, float("nan")):
        with pytest.raises((InputError, ValueError), match="threads"):
            place(bad, engine)


def test_more_may_be_asked_for_where_there_are_more_cores(machine: Any) -> None:
    machine(100)
    assert threads.thread_limit(100) == 100
    with pytest.raises(InputError) as caught:
        threads.thread_limit(101)
    assert caught.value.given == "threads = 101"
    assert caught.value.allowed == "a whole number from 1 to 100"


@needs_native
def test_as_many_threads_as_asked_for_whatever_the_cores(machine: Any) -> None:
    machine(2)
    rules = Rules(SGD(), batch_rows=400)
    for count in (1, 2, 3, 5, 8, 64):
        workspace: Any = ENGINES["native"].prepare(NET, rules, np.float64, count)
        assert workspace.compiled.threads == count
    workspace = ENGINES["native"].prepare(NET, rules, np.float64)
    assert workspace.compiled.threads == 2


#: What stands in a variable, and how many threads that is on 8 cores; None for a refusal.
COUNTS = {
    "1": 1,
    " 3 ": 3,
    "+4": 4,
    "007": 7,
    "5,2": 5,
    "8": 8,
    "9": 8,
    "10000": 8,
    "1" + "0" * 20: 8,
    "9" * 5000: 8,
    "": 8,
    "  ": 8,
    "0": None,
    "00": None,
    "-1": None,
    "abc": None,
    "1e3": None,
    "2.0": None,
    "2 3": None,
    ",2": None,
    "0x8": None,
    "1_0": None,
    "٣": None,
}


@pytest.mark.parametrize("variable", threads.VARIABLES)
@pytest.mark.parametrize("text", COUNTS, ids=lambda text: repr(text[:21]))
def test_a_count_from_the_environment(
    variable: str, text: str, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(8)
    monkeypatch.setenv(variable, text)
    expected = COUNTS[text]
    if expected is not None:
        threads.require_counts()
        assert threads.thread_limit(None) == expected
        return
    uses = [threads.require_counts, functools.partial(threads.thread_limit, None)]
    if "native" in BUILT:  # also where one thread is enough
        uses.append(functools.partial(fitted, None, "native"))
    for use in uses:
        with pytest.raises(InputError) as caught:
            use()
        assert caught.value.given == f"{variable}={text}"
        assert caught.value.allowed == "a whole number >= 1"
        assert f"Unset {variable}" in caught.value.remedy
    assert threads.thread_limit(3) == 3  # the argument counts more


def test_chainrule_s_variable_counts_more_than_openmp_s(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(8)
    monkeypatch.setenv("OMP_NUM_THREADS", "abc")
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "3")
    assert threads.thread_limit(None) == 3


@pytest.mark.parametrize(
    ("cores", "quota", "usable"),
    [(8, float("inf"), 8), (8, 2.0, 2), (8, 1.5, 2), (2, 4.0, 2), (4, 0.1, 1)],
)
def test_cores_by_affinity_and_quota(
    cores: int, quota: float, usable: int, machine: Any
) -> None:
    machine(cores, quota)
    assert threads.usable_cores() == usable
    assert threads.thread_limit(None) == usable


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


@pytest.mark.parametrize(
    ("own", "files", "quota"),
    [
        ("0::/\n", {"": {"cpu__max": "150000 100000\n"}}, 1.5),
        ("0::/\n", {"": {"cpu__max": "max 100000\n"}}, float("inf")),
        ("0::/\n", {}, float("inf")),
        # the least of the groups above counts, also where the own one has none
        (
            "0::/a.slice/b.scope\n",
            {
                "a.slice": {"cpu__max": "300000 100000\n"},
                "a.slice/b.scope": {"cpu__max": "max 100000\n"},
            },
            3.0,
        ),
        # version 1
        (
            "5:cpu,cpuacct:/job\n4:memory:/other\n",
            {"cpu/job": {"cpu__cfs_quota_us": "50000", "cpu__cfs_period_us": "100000"}},
            0.5,
        ),
        (
            "5:cpu:/\n",
            {"cpu": {"cpu__cfs_quota_us": "-1", "cpu__cfs_period_us": "100000"}},
            float("inf"),
        ),
        # the path of the host, of which a container sees only the end
        (
            "5:cpu:/docker/0123\n",
            {"cpu": {"cpu__cfs_quota_us": "200000", "cpu__cfs_period_us": "100000"}},
            2.0,
        ),
        # another controller's group says nothing
        ("4:memory:/m\n", {"cpu/m": {"cpu__cfs_quota_us": "1000"}}, float("inf")),
        # garbage
        ("0::/\n", {"": {"cpu__max": "lots"}}, float("inf")),
        ("0::/\n", {"": {"cpu__max": "100 0"}}, float("inf")),
    ],
)
def test_the_quota_of_a_control_group(
    own: str, files: dict[str, dict[str, str]], quota: float, tmp_path: Path
) -> None:
    for folder, content in files.items():
        group(tmp_path / "cgroup" / folder, **content)
    (tmp_path / "own").write_text(own)
    found = threads._quota.__wrapped__(tmp_path / "cgroup", tmp_path / "own")
    assert found == quota


def test_without_control_groups(tmp_path: Path) -> None:
    found = threads._quota.__wrapped__(tmp_path, tmp_path / "not there")
    assert found == float("inf")


def test_the_command_refuses_a_count(tmp_path: Path) -> None:
    done = chainrule("train", "digits", "--threads", "1000", cwd=tmp_path)
    assert done.returncode == 2
    assert "threads = 1000. Allowed: a whole number from 1 to" in done.stderr


@needs_native
def test_the_command_refuses_a_count_of_the_environment(tmp_path: Path) -> None:
    done = chainrule(
        "train", "digits", "--steps", "1", cwd=tmp_path, CHAINRULE_NUM_THREADS="-1"
    )
    assert done.returncode == 2
    assert "CHAINRULE_NUM_THREADS=-1. Allowed: a whole number >= 1" in done.stderr


LIMITED = """
    import resource, sys
    import numpy as np
    from chainrule import Network, Predictor, train

    net = Network((50, 256, 256, 2), ("relu", "relu", "softmax"), "cross_entropy")
    x = np.random.default_rng(0).normal(size=(2000, 50))
    y = (x[:, 0] > 0).astype(int)
    options = dict(engine="native", max_epochs=1, progress=False)
    alone = train(net, x, y, threads=1, **options).parameters.theta
    now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + (int(sys.argv[1]) << 20),) * 2)
    many = train(net, x, y, threads=64, **options).parameters.theta
    predict = Predictor(net, net.init(0), engine="native", threads=64)
    print(np.array_equal(alone, many), predict(x).shape)
"""


@needs_native
@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="no /proc/self/statm here"
)
@pytest.mark.parametrize("megabytes", [150, 300])
def test_fewer_threads_where_not_all_can_be_started(megabytes: int) -> None:
    """The stacks of 64 threads take 512 MB of addresses; of those that fit, half leave room to work in."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LIMITED), str(megabytes)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "True (2000, 2)"), done.stderr
    said = done.stderr.splitlines()[0]
    assert 1 <= int(said.split(" of 64 threads")[0]) < 64
