"""Steps a second of the compiled engine while other processes take the cores.

    python benchmarks/crowded.py                       0, 2 and 4 processes beside it, 1 and 2 threads
    python benchmarks/crowded.py --busy 2 --seconds 5

On a quiet machine two threads are to be faster than one; beside busy processes they are not to be slower than one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule import Network, train

#: Sizes, rows of a batch, rows in all: narrow, two phases, two phases of large layers, tiles.
NETWORKS = {
    "64-10-10, batch 32": ((64, 10, 10), 32, 3200),
    "28-300-300-1, batch 256": ((28, 300, 300, 1), 256, 25_600),
    "784-512-512-10, batch 128": ((784, 512, 512, 10), 128, 12_800),
    "64-128-128-10, batch 8192": ((64, 128, 128, 10), 8192, 81_920),
}


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that take what processor time they are given."""
    command = [sys.executable, "-c", "while True: pass"]
    started = [subprocess.Popen(command) for _ in range(count)]
    try:
        time.sleep(0.3)
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def steps_per_second(name: str, threads: int, seconds: float) -> float:
    """Steps a second of `train`, set-up included."""
    sizes, batch_rows, rows = NETWORKS[name]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, sizes[0])).astype(np.float32)
    y: Any = rng.integers(0, sizes[-1], rows)
    output, loss = "softmax", "cross_entropy"
    if sizes[-1] == 1:
        y, output, loss = x[:, 0], "identity", "squared_error"
    network = Network(sizes, (*["relu"] * (len(sizes) - 2), output), loss)
    started = time.perf_counter()
    report = train(
        network,
        x,
        y,
        parameters=network.init(0, "float32"),
        optimizer="adam",
        engine="native",
        batch_rows=batch_rows,
        threads=threads,
        max_epochs=10**9,
        max_seconds=seconds,
        progress=False,
    )
    return report.steps / (time.perf_counter() - started)


def write_row(*cells: object) -> None:
    """A row of the table."""
    sys.stdout.write("| " + " | ".join(map(str, cells)) + " |\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--busy", type=int, nargs="+", default=[0, 2, 4], metavar="N")
    made.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N")
    made.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    made.add_argument("--only", default="", help="networks whose name contains this")
    made.add_argument("--repetitions", type=int, default=1)
    asked = made.parse_args()
    names = [name for name in NETWORKS if asked.only in name]
    for name in names:  # once, for what is loaded late
        steps_per_second(name, max(asked.threads), 0.1)
    write_row("network", "busy processes", *(f"threads={t}" for t in asked.threads))
    write_row("---", *["--:"] * (1 + len(asked.threads)))
    for name in names:
        for count in asked.busy:
            with busy(count):
                found = [
                    [steps_per_second(name, t, asked.seconds) for t in asked.threads]
                    for _ in range(asked.repetitions)
                ]
            medians = np.median(found, axis=0)
            write_row(name, count, *(f"{m:.4g}" for m in medians))


if __name__ == "__main__":
    main()
