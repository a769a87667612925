"""What a cluster costs and where it stops to pay: measured with worker processes here, predicted for more.

    python benchmarks/cluster.py                    the parameters of the model, and its table
    python benchmarks/cluster.py --overhead         the share of coordination at about 100 ms of work a task
    python benchmarks/cluster.py --delay 10         the parameters in a network whose round trips take 10 ms more

A step with W workers, S shards, B rows a batch and D parameters takes (no part overlaps another: θ comes first)

    compute        ceil(S / W) (t_row B / S + t_shard)
  + coordination   t_step + t_worker W
  + bytes          8 D W / bandwidth: θ to each worker, and one sum back from each (W a power of two)

The tree is log2 S additions deep: log2 (S / W) of them by the workers, the last log2 W here.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import chainrule
from chainrule import Network
from chainrule.engines.shards import Shards
from chainrule.optimizers.rules import Rules
from chainrule.optimizers.table import OPTIMIZERS
from chainrule.training.cluster import Cluster
from chainrule.training.cluster_client import cluster_client
from chainrule.training.shard_holder import Job

INPUTS, SHARDS = 28, 64
#: Hidden widths whose numbers of parameters are far apart.
SMALL, MIDDLE, LARGE = (64, 32), (256, 128), (700, 700)


@dataclass(frozen=True)
class Measured:
    """Medians over steps, in seconds: of the slowest worker's work, and of all else."""

    workers: int
    parameters: int
    batch_rows: int
    work: float
    coordination: float

    @property
    def seconds(self) -> float:
        return self.work + self.coordination


def delay_messages(seconds: float) -> None:
    """Let every message from this process, client and scheduler, wait first."""
    from distributed.comm.tcp import TCP

    write = TCP.write

    async def late(self: Any, *arguments: Any, **options: Any) -> Any:
        await asyncio.sleep(seconds)
        return await write(self, *arguments, **options)

    TCP.write = late


def rows_in(folder: Path, rows: int) -> Any:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, INPUTS), np.float32)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", (x[:, :3].sum(axis=1) > 0).astype(np.int64))
    return chainrule.stream(folder / "x.npy", target=folder / "y.npy")


def measure(
    client: Any, stream: Any, hidden: tuple[int, ...], batch_rows: int, steps: int
) -> Measured:
    network = Network(
        (INPUTS, *hidden, 2), ("relu",) * len(hidden) + ("softmax",), "cross_entropy"
    )
    theta = network.init(0, "float32").theta
    rules = Rules(OPTIMIZERS["sgd"](), batch_rows=batch_rows)
    shards = Shards(stream.n_rows, SHARDS, batch_rows, 0)
    job = Job(network, rules, shards, stream, "float32", "native")
    with Cluster(client, job) as cluster:
        cluster.sums(theta, 0, 0)  # files are read
        walls, works = [], []
        for step in range(steps):
            cluster.note()  # sets the counters to 0
            began = time.perf_counter()
            cluster.sums(theta, 0, step % shards.steps)
            walls.append(time.perf_counter() - began)
            works.append(max(m.seconds for m in cluster.members.values()))
        rows = -(-stream.n_rows // shards.steps)
    apart = float(np.median(np.subtract(walls, works)))
    work = float(np.median(works))
    return Measured(len(client.nthreads()), theta.size, rows, work, apart)


def overhead(folder: Path) -> None:
    """Coordination where a task is about 100 ms of work: W workers, batches of W times as many rows."""
    stream = rows_in(folder, 300_000)
    for workers in (1, 2):
        with cluster_client(workers=workers, threads=1) as client:
            found = measure(client, stream, MIDDLE, 75_000 * workers, 30)
            share = found.coordination / found.seconds
            print(
                f"{workers} workers: a step {found.seconds * 1e3:.1f} ms, the slowest worker's work "
                f"{found.work * 1e3:.1f} ms, coordination {found.coordination * 1e3:.1f} ms = {share:.1%}",
                flush=True,
            )


@dataclass(frozen=True)
class Model:
    """The parameters, in seconds and bytes a second; t_row and t_shard are of the network that was measured."""

    t_row: float
    t_shard: float
    t_step: float
    t_worker: float
    bandwidth: float

    def seconds(self, workers: int, batch_rows: int, parameters: int) -> float:
        compute = -(-SHARDS // workers) * (
            self.t_row * batch_rows / SHARDS + self.t_shard
        )
        sent = 8 * parameters * workers / self.bandwidth
        return compute + self.t_step + self.t_worker * workers + sent


def fitted(found: list[Measured]) -> Model:
    """Least squares; the work of one worker for the middle network, the coordination of all."""
    alone = [m for m in found if m.workers == 1 and m.parameters == MIDDLE_PARAMETERS]
    columns = [[m.batch_rows, SHARDS] for m in alone]
    t_row, t_shard = np.linalg.lstsq(columns, [m.work for m in alone])[0]
    columns = [[1, m.workers, 8 * m.parameters * m.workers] for m in found]
    t_step, t_worker, t_byte = np.linalg.lstsq(
        columns, [m.coordination for m in found]
    )[0]
    return Model(t_row, t_shard, t_step, t_worker, 1 / t_byte)


MIDDLE_PARAMETERS = Network(
    (INPUTS, *MIDDLE, 2), ("relu", "relu", "softmax"), "cross_entropy"
).n_parameters


def parameters(folder: Path, most: int) -> None:
    stream = rows_in(folder, 300_000)
    found = []
    for workers in (1, 2, 4)[:most]:
        with cluster_client(workers=workers, threads=1) as client:
            for hidden, rows, steps in (
                (SMALL, 16_384, 30),
                (MIDDLE, 16_384, 20),
                (MIDDLE, 75_000, 8),
                (LARGE, 16_384, 6),
            ):
                one = measure(client, stream, hidden, rows, steps)
                found.append(one)
                print(
                    f"{one.workers} workers, {one.parameters} parameters, {one.batch_rows} rows: "
                    f"{one.seconds * 1e3:.1f} ms a step, work {one.work * 1e3:.1f}, "
                    f"coordination {one.coordination * 1e3:.1f}",
                    flush=True,
                )
    model = fitted(found)
    print(
        f"\nt_row {model.t_row * 1e6:.2f} µs, t_shard {model.t_shard * 1e6:.0f} µs ({MIDDLE_PARAMETERS} parameters); "
        f"t_step {model.t_step * 1e3:.1f} ms, t_worker {model.t_worker * 1e3:.2f} ms, "
        f"bandwidth {model.bandwidth / 1e6:.0f} MB/s"
    )
    print(
        "\nPredicted: times as fast as one worker, of one core each on machines of their own"
    )
    counts = (2, 4, 8, 16, 32, 64)
    print("| rows a batch | one worker |" + "".join(f" {w} |" for w in counts))
    print("|---|---|" + "---|" * len(counts))
    for rows in (16_384, 65_536, 262_144, 1_048_576, 11_000_000):
        alone = model.seconds(1, rows, MIDDLE_PARAMETERS)
        gains = [alone / model.seconds(w, rows, MIDDLE_PARAMETERS) for w in counts]
        cells = "".join(f" {gain:.1f} |" for gain in gains)
        print(f"| {rows} | {alone:.3g} s |{cells}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--overhead", action="store_true")
    parser.add_argument("--counts", type=int, default=3, help="1, 2 and 4 workers")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds")
    asked = parser.parse_args()
    if asked.delay:
        delay_messages(asked.delay / 1e3)
    with tempfile.TemporaryDirectory() as folder:
        if asked.overhead:
            overhead(Path(folder))
        else:
            parameters(Path(folder), asked.counts)


if __name__ == "__main__":
    main()
