"""The same bits by workers as in memory, whoever of them dies; what is refused. One real cluster of two processes."""

import contextlib
import hashlib
import itertools
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from chainrule import Callback, Checkpoint, InputError, Network, stream, train
from chainrule.training import cluster as loop
from chainrule.training.cluster import assigned
from chainrule.training.cluster_client import cluster_client
from chainrule.training.shard_files import ShardFiles

from ..support.native_cases import needs_native

distributed = pytest.importorskip("distributed", reason="the extra cluster")
pytestmark = [
    needs_native,
    # Dask's own: sockets that the collector closes, and its event loops
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

NET = Network((3, 8, 2), ("tanh", "softmax"), "cross_entropy")
OPTIONS = {"dtype": "float32", "shards": 6, "batch_rows": 1536, "max_epochs": 2}


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """3200 rows in files of unequal lengths, with weights."""
    folder = tmp_path_factory.mktemp("rows")
    rng = np.random.default_rng(1)
    for part, count in enumerate((700, 1, 1500, 999)):
        x = rng.standard_normal((count, 3))
        names = np.where(x.sum(axis=1) > 0, "up", "down")
        lines = [
            f"{a},{b},{c},{w},{name}"
            for (a, b, c), w, name in zip(
                x, rng.integers(0, 4, count), names, strict=True
            )
        ]
        text = "\n".join(["a,b,c,w,way", *lines])
        (folder / f"{part}.csv").write_text(text, encoding="utf-8")
    return stream(folder / "*.csv", target="way", weight="w")


@pytest.fixture(scope="module")
def client():
    with cluster_client(workers=2) as found:
        yield found


def digest(report):
    return hashlib.sha256(report.last.theta.tobytes()).hexdigest()


def in_memory(rows, **options):
    x, t, w = rows.in_memory()
    return train(NET, x, t, sample_weight=w, **{**OPTIONS, **options})


class Kill(Callback):
    """kill -9 of a random worker before a step."""

    def __init__(self, client, steps):
        self.client, self.steps = client, steps

    def on_step(self, moment):
        if moment.steps in self.steps:
            os.kill(
                random.choice([*self.client.run(os.getpid).values()]), signal.SIGKILL
            )


def test_in_memory_streamed_and_by_workers_are_one_run(rows, client):
    for options in (
        {},
        {"optimizer": "gradient_descent", "batch_rows": None, "l2": 0.01},
        {"optimizer": "sgd", "dropout": 0.3, "dtype": "float64", "max_epochs": 1},
        {"optimizer": "levenberg_marquardt", "batch_rows": None, "max_epochs": 3},
    ):
        expected = in_memory(rows, **options)
        streamed = train(NET, rows, **{**OPTIONS, **options})
        by_workers = train(NET, rows, client=client, **{**OPTIONS, **options})
        assert digest(streamed) == digest(by_workers) == digest(expected)
        assert streamed.loss == by_workers.loss == expected.loss


def test_a_killed_worker_costs_its_shards_of_a_step(rows, client, caplog):
    caplog.set_level(logging.WARNING, logger="chainrule")
    kill = Kill(client, {3})
    report = train(NET, rows, client=client, callbacks=[kill], **OPTIONS)
    assert digest(report) == digest(in_memory(rows))
    lost = [r for r in caplog.records if "is lost" in r.getMessage()]
    assert len(lost) == 1


def test_a_run_that_was_stopped_is_resumed_by_workers(rows, client, tmp_path):
    file = tmp_path / "run"
    train(NET, rows, client=client, checkpoint=Checkpoint(file), max_steps=4, **OPTIONS)
    resumed = train(NET, rows, resume=file, client=client, **OPTIONS)
    assert digest(resumed) == digest(in_memory(rows))


def test_a_matrix_too_large_to_send_is_refused(rows, client):
    wide = Network((3, 1000, 2), NET.activations, "cross_entropy")
    options = {**OPTIONS, "optimizer": "levenberg_marquardt", "batch_rows": None}
    with pytest.raises(InputError, match=r"of 288 MB .*at most 268 MB, 5792 param"):
        train(wide, rows, client=client, **options)


def test_workers_of_other_versions_are_refused_by_name(rows, client, monkeypatch):
    monkeypatch.setattr(loop, "abilities", lambda _: {"numpy": "1.0", "chainrule": "0"})
    with pytest.raises(InputError, match=r"worker tcp://\S+: .*here"):
        train(NET, rows, client=client, **OPTIONS)
    monkeypatch.undo()
    monkeypatch.setattr(loop.Cluster, "_instruction_set", "sse9")
    with pytest.raises(InputError, match=r"lacks sse9.*Set CHAINRULE_ISA"):
        train(NET, rows, client=client, **OPTIONS)


def test_what_no_cluster_does_is_refused(rows, client):
    x, t, _ = rows.in_memory()
    with pytest.raises(InputError, match="a client beside rows in memory"):
        train(NET, x, t, client=client, **OPTIONS)
    with pytest.raises(InputError, match="client that is a str"):
        train(NET, rows, client="tcp://here", **OPTIONS)
    with pytest.raises(InputError, match="batch_rows = 1000 in 64 shards"):
        train(NET, rows, client=client, batch_rows=1000)


def test_a_shard_has_its_rows_and_gives_their_memory_back(rows, monkeypatch):
    from chainrule.engines.shards import Shards
    from chainrule.training import shard_files

    monkeypatch.setattr(shard_files, "HELD_BYTES", 0)
    shards = Shards(rows.n_rows, 6, 1536, 0)
    files = ShardFiles(rows, NET, np.float32, shards)
    x, t, w = rows.in_memory()
    for _ in range(2):
        for shard in range(6):
            first, last = shards.bounds(shard)
            held = files(shard)
            assert np.array_equal(held.x, x[first:last])
            assert np.array_equal(held.y.argmax(axis=1), t[first:last])
            assert np.array_equal(held.sample_weight, w[first:last].astype(np.float32))
        files.keep({0, 5})


def test_shards_stay_where_they_are():
    owned = assigned({}, "abc", 64)
    assert sorted(map(len, owned.values())) == [21, 21, 22]
    for workers in ("ac", "acd", "d", "defgh"):
        before, owned = owned, assigned(owned, workers, 64)
        assert sorted(itertools.chain(*owned.values())) == [*range(64)]
        sizes = [*map(len, owned.values())]
        assert max(sizes) - min(sizes) <= 1
        for worker in set(before) & set(owned):
            few = min(len(before[worker]), len(owned[worker]))
            assert before[worker][:few] == owned[worker][:few]


# ---- the long forms: moments drawn anew in each run


class Killer(threading.Thread):
    """kill -9 of a random worker at random moments, until it is told to stop."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.kills, self.over = client, 0, threading.Event()

    def run(self):
        while not self.over.wait(random.uniform(0, 3)):
            with contextlib.suppress(OSError, ValueError):  # one is gone just now
                processes = [*self.client.run(os.getpid).values()]
                if len(processes) == 2:
                    time.sleep(random.uniform(0, 0.2))
                    os.kill(random.choice(processes), signal.SIGKILL)
                    self.kills += 1


@pytest.mark.full
def test_a_hundred_killed_workers_change_no_bit(rows, client, caplog):
    caplog.set_level(logging.WARNING, logger="chainrule")
    options = {**OPTIONS, "max_epochs": 400}
    expected = digest(in_memory(rows, max_epochs=400))
    killer = Killer(client)
    killer.start()
    runs = 0
    try:
        while killer.kills < 100:
            report = train(NET, rows, client=client, **options)
            assert digest(report) == expected
            runs += 1
    finally:
        killer.over.set()
        killer.join()
    lost = [r for r in caplog.records if "is lost" in r.getMessage()]
    assert 10 < len(lost) <= killer.kills
    print(f"{runs} runs, {killer.kills} killed, {len(lost)} while at work")  # noqa: T201


class Processes:
    """A scheduler and two workers, each a process of its own."""

    def __init__(self, folder):
        file = folder / f"scheduler{time.time_ns()}.json"
        self.file = str(file)
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
        options = ["--port", "0", "--no-dashboard", "--scheduler-file", self.file]
        self.scheduler = self._start(command + options)
        command = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny"]
        options = ["--nthreads", "1", "--no-dashboard", "--scheduler-file", self.file]
        options += ["--death-timeout", "30", "--local-directory", str(folder)]
        self.workers = [self._start(command + options) for _ in range(2)]

    @staticmethod
    def _start(command):
        nowhere = subprocess.DEVNULL
        return subprocess.Popen(command, stdout=nowhere, stderr=nowhere)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for process in (self.scheduler, *self.workers):
            process.kill()
            process.wait()


@pytest.mark.full
def test_a_killed_scheduler_costs_what_follows_the_checkpoint(rows, tmp_path):
    options = {**OPTIONS, "max_epochs": 60}
    expected = digest(in_memory(rows, max_epochs=60))
    seconds, file, kills = 3.0, tmp_path / "run", 0
    while kills < 20:
        resume = {"resume": file} if file.exists() else {}
        with Processes(tmp_path) as there:
            kill = Kill(None, ())
            moment = time.monotonic() + random.uniform(0, seconds)

            def on_step(_, moment=moment, there=there):
                if time.monotonic() > moment:
                    there.scheduler.kill()

            kill.on_step = on_step
            stopped, began = None, time.monotonic()
            with distributed.Client(scheduler_file=there.file) as client:
                try:
                    report = train(
                        NET,
                        rows,
                        client=client,
                        checkpoint=Checkpoint(file, every_epochs=5),
                        callbacks=[kill],
                        **resume,
                        **options,
                    )
                except InputError as error:
                    stopped = str(error)
            if stopped is None:
                assert digest(report) == expected
                file.unlink()
            else:
                assert "no longer answers" in stopped
                assert time.monotonic() - began < 60 + seconds
                kills += 1
    with (
        Processes(tmp_path) as there,
        distributed.Client(scheduler_file=there.file) as client,
    ):
        resume = {"resume": file} if file.exists() else {}
        report = train(NET, rows, client=client, **resume, **options)
    assert digest(report) == expected
