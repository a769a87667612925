"""The compiled engine in a process: fork, memory, allocations, threads beside it, the interpreter's lock, Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from chainrule import Network, Predictor, train
from chainrule.engines import ENGINES
from chainrule.engines.native import thread_limit
from chainrule.engines.rows import Data
from chainrule.files.container import read_file
from chainrule.optimizers import SGD
from chainrule.optimizers.rules import Rules
from chainrule.optimizers.state import State
from chainrule.training.checkpoints import FORMAT

from ..support.native_cases import needs_native

pytestmark = needs_native

BEGIN = """
import os, sys, time, resource
import numpy as np
from chainrule import Checkpoint, Network, Predictor, train
from chainrule.engines import ENGINES, native
from chainrule.engines.rows import Data
from chainrule.optimizers import SGD
from chainrule.optimizers.rules import Rules
from chainrule.optimizers.state import State
native.WORTH_A_THREAD = 0
rng = np.random.default_rng(0)
net = Network((6, 20, 3), ("tanh", "softmax"), "cross_entropy")
x, y = rng.normal(size=(200, 6)), rng.integers(0, 3, 200)
def fit(seed=0, **more):
    options = dict(engine="native", max_epochs=2, batch_rows=32, seed=seed, threads=2, progress=False) | more
    return train(net, x, y, **options).parameters.theta
"""


def run(script: str, *arguments: str, **environment: str) -> str:
    """What a process of its own says; an environment variable set to "" is not there."""
    command = [
        sys.executable,
        "-W",
        "ignore::DeprecationWarning",
        "-c",
        BEGIN + script,
        *arguments,
    ]
    env = {
        name: value for name, value in {**os.environ, **environment}.items() if value
    }
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_fork_after_a_fit_can_fit_and_predict() -> None:
    said = run("""
import multiprocessing
before = fit(1)
predict = Predictor(net, net.init(0), engine="native", threads=2)
many = np.resize(x, (5000, 6))
dropped = [Predictor(net, net.init(0), engine="native", threads=2)]
dropped[0](many)
expected = predict(many).tobytes(), fit(2).tobytes()
rules = Rules(SGD(), batch_rows=200)
workspace = ENGINES["native"].prepare(net, rules, np.float64, 2)
data, theta = Data(x, np.eye(3)[y], None), net.init(0).theta
gradient = ENGINES["native"].loss_and_gradient(workspace, theta, data)[1].tobytes()
def child(_):
    dropped.clear()  # whose threads, asleep, are the parent's
    again = ENGINES["native"].loss_and_gradient(workspace, theta, data)[1].tobytes()
    return (predict(many).tobytes(), fit(2).tobytes()) == expected and again == gradient
with multiprocessing.get_context("fork").Pool(3) as pool:
    print(all(pool.map(child, range(12), chunksize=1)), child(0))
""")
    assert said == "True True"


THOUSAND = """
kept = []
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
fits, leak = map(int, sys.argv[1:])
for number in range(fits):
    fit(number, dtype=("float32", "float64")[number % 2])
    kept.append(b"x" * leak)
    if number == 199:
        early = resident()
print(resident() - early)
"""
#: 2.5 kB a fit, which is less than θ and its gradient take. The control keeps 20 kB of each of 200.
MOST_GROWTH = 2_000_000


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="no /proc/self/statm here"
)
def test_a_thousand_fits_grow_no_memory() -> None:
    assert int(run(THOUSAND, "1000", "0")) < MOST_GROWTH
    assert int(run(THOUSAND, "400", "20000")) > MOST_GROWTH


COUNTER = r"""
#include <stdatomic.h>
#include <stddef.h>
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
static atomic_long calls;
long allocations(void) { return calls; }
void *malloc(size_t n) { calls++; return __libc_malloc(n); }
void *calloc(size_t n, size_t s) { calls++; return __libc_calloc(n, s); }
void *realloc(void *p, size_t n) { calls++; return __libc_realloc(p, n); }
void *memalign(size_t a, size_t n) { calls++; return __libc_memalign(a, n); }
void *aligned_alloc(size_t a, size_t n) { calls++; return __libc_memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) { calls++; return (*p = __libc_memalign(a, n)) ? 0 : 12; }
"""
COUNTED = """
import ctypes
allocations = ctypes.CDLL(None).allocations
allocations.restype = ctypes.c_long
full_batch, threads, control = sys.argv[1] == "all", int(sys.argv[2]), sys.argv[3] == "control"
rows = 2000 if full_batch else 8 * 40 * 10
x, y = rng.normal(size=(rows, 6)).astype(np.float32), np.eye(3, dtype=np.float32)[rng.integers(0, 3, rows)]
rules = Rules(SGD(momentum=0.9), batch_rows=rows if full_batch else 8, clip_norm=0.1, l2=0.1, dropout=(0.1, 0.2))
compiled = ENGINES["native"].prepare(net, rules, np.float32, threads).compiled
assert compiled.threads == threads
theta = net.init(0, "float32").theta.copy()
slots, order, rates = [np.zeros_like(theta)], np.arange(rows), {n: np.full(n, 0.01) for n in (1, 40, 400)}
same = {"x": x, "y": y, "w": None, "order": None, "draws_order": False, "batch_rows": rows, "first": 0}
same |= {"last": 1, "theta": theta, "slots": slots, "steps_before": 0, "step_limit": 0, "seconds": -1.0}
same |= {"loss_sum": 0.0, "weight_sum": 0.0, "seed": 0, "epoch": 0}
def batches(count):
    before = allocations()
    if full_batch:
        for epoch in range(count):
            compiled.run(**same | {"rates": rates[1], "steps_before": epoch, "epoch": epoch})
    else:
        compiled.run(**same | {"order": order, "batch_rows": 8, "last": count, "rates": rates[count]})
    kept = [np.empty(100_000) for _ in range(count if control else 0)]
    return allocations() - before
per_call = [batches(1) if full_batch else 0 for _ in range(5)][-1]
batches(40)
print(batches(40), batches(400), per_call)
"""


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> str:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("no C compiler, or no LD_PRELOAD, to count allocations with")
    folder = tmp_path_factory.mktemp("counter")
    (folder / "counter.c").write_text(COUNTER)
    library = folder / "counter.so"
    subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-o", library, folder / "counter.c"],
        check=True,
    )
    return str(library)


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("mode", ["batches", "all"])
def test_steps_allocate_nothing(counter: str, mode: str, threads: str) -> None:
    few, many, per_call = map(
        int, run(COUNTED, mode, threads, "plain", LD_PRELOAD=counter).split()
    )
    if mode == "batches":  # one call for all
        assert few == many
    else:  # a call for each: what the door to Python takes, and no more
        assert (few, many) == (40 * per_call, 400 * per_call)
        assert per_call <= 12


def test_allocations_are_seen(counter: str) -> None:
    """The control: ten times as many arrays made beside the steps."""
    few, many, _ = map(
        int, run(COUNTED, "batches", "2", "control", LD_PRELOAD=counter).split()
    )
    assert many >= few + 360


def test_the_number_of_threads_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHAINRULE_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert thread_limit(None) == len(os.sched_getaffinity(0))
    assert thread_limit(5) == 5
    monkeypatch.setenv("OMP_NUM_THREADS", "3,2")
    cores = len(os.sched_getaffinity(0))
    assert thread_limit(None) == min(3, cores)
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "2")
    assert thread_limit(None) == min(2, cores)
    assert thread_limit(1) == 1
    # a job too small for a second thread takes one, whatever is allowed
    network = Network((4, 16, 3), ("relu", "softmax"), "cross_entropy")
    workspace = ENGINES["native"].prepare(
        network, Rules(SGD(), batch_rows=32), np.float32, 8
    )
    assert workspace.compiled.threads == 1


def test_workers_side_by_side_share_the_cores() -> None:
    script = """
import joblib
cores = len(os.sched_getaffinity(0))
with joblib.parallel_config(backend="loky", n_jobs=2):
    limits = joblib.Parallel()(joblib.delayed(native.thread_limit)(None) for _ in range(4))
print(max(limits), max(1, cores // 2))
"""
    clean = {"OMP_NUM_THREADS": "", "CHAINRULE_NUM_THREADS": ""}
    most, share = map(int, run(script, **clean).split())
    assert most <= share


def small_fit(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    network = Network((10, 40, 3), ("relu", "softmax"), "cross_entropy")
    x, y = rng.normal(size=(3000, 10)), rng.integers(0, 3, 3000)
    report = train(
        network,
        x,
        y,
        engine="native",
        max_epochs=3,
        seed=seed,
        threads=2,
        progress=False,
    )
    return report.parameters.theta.tobytes()


def test_fits_in_several_python_threads_at_once() -> None:
    expected = [small_fit(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(small_fit, range(4))) == expected


def test_one_predictor_called_from_eight_threads() -> None:
    network = Network((10, 40, 30, 3), ("relu", "tanh", "softmax"), "cross_entropy")
    predict = Predictor(network, network.init(0), engine="native", threads=2)
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=(rows, 10)) for rows in (1, 3, 100, 1000) * 40]
    expected = [predict(x).tobytes() for x in parts]
    with ThreadPoolExecutor(8) as pool:
        assert [a.tobytes() for a in pool.map(predict, parts)] == expected


def test_other_threads_run_meanwhile() -> None:
    network = Network((50, 800, 2), ("relu", "softmax"), "cross_entropy")
    rng = np.random.default_rng(0)
    data = Data(
        rng.normal(size=(60_000, 50)), np.eye(2)[rng.integers(0, 2, 60_000)], None
    )
    rules, theta = Rules(SGD(), batch_rows=32), network.init(0).theta
    ticks, over = [0], threading.Event()

    def tick() -> None:
        while not over.is_set():
            ticks[0] += 1
            time.sleep(0.001)

    workspace = ENGINES["native"].prepare(network, rules, np.float64, 1)
    thread = threading.Thread(target=tick)
    thread.start()
    try:
        before = ticks[0]
        ENGINES["native"].run_epoch(
            workspace,
            rules,
            data,
            State(theta, rules.optimizer.init(theta)),
            lambda s: None,
        )
        counted = ticks[0] - before
    finally:
        over.set()
        thread.join()
    assert (
        counted > 10
    )  # of hundreds; were the lock of the interpreter kept, at most one before and one after


INTERRUPTED = """
sizes, rows, batch = eval(sys.argv[2])
net = Network(sizes, ("relu",) * (len(sizes) - 2) + ("softmax",), "cross_entropy")
x, y = rng.normal(size=(rows, sizes[0])).astype(np.float32), rng.integers(0, sizes[-1], rows)
print("ready", flush=True)
report = train(net, x, y, parameters=net.init(0, "float32"), engine="native", optimizer="adam", batch_rows=batch,
               max_epochs=10**6, checkpoint=Checkpoint(path=sys.argv[1]), progress=False)
print(time.clock_gettime(time.CLOCK_MONOTONIC), report.stopped.name, report.steps, flush=True)
"""
#: batches; all rows by tiles; all rows at once, a step of a few tenths of a second.
LONG = {
    "batches": ((20, 64, 3), 20_000, 32),
    "tiles": ((20, 64, 3), 60_000, 60_000),
    "all": ((64, 1500, 1500, 3), 2_000, 2_000),
}


@pytest.mark.parametrize("mode", LONG)
def test_ctrl_c_ends_a_fit_with_its_checkpoint(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "c"
    command = [sys.executable, "-c", BEGIN + INTERRUPTED, str(file), repr(LONG[mode])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(1.5)
    sent = time.clock_gettime(time.CLOCK_MONOTONIC)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0].split()
    assert process.returncode == 0
    took, steps = float(said[0]) - sent, int(said[2])
    assert said[1] == "INTERRUPTED"
    text, tensors = read_file(file, FORMAT)
    assert text["state"]["steps"] == steps > 0
    # 0.2 s is promised of a machine that does nothing else; this one may
    assert took < 0.5
    # the same steps, uninterrupted
    sizes, rows, batch = LONG[mode]
    rng = np.random.default_rng(0)
    network = Network(
        sizes, ("relu",) * (len(sizes) - 2) + ("softmax",), "cross_entropy"
    )
    x, y = rng.normal(size=(200, 6)), rng.integers(0, 3, 200)  # as BEGIN draws
    x, y = (
        rng.normal(size=(rows, sizes[0])).astype(np.float32),
        rng.integers(0, sizes[-1], rows),
    )
    again = train(
        network,
        x,
        y,
        parameters=network.init(0, "float32"),
        engine="native",
        optimizer="adam",
        batch_rows=batch,
        max_epochs=10**6,
        max_steps=steps,
        progress=False,
    )
    assert tensors["theta"].tobytes() == again.last.theta.tobytes()
