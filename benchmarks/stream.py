"""Rows of Parquet that are made from a seed, and a run over them as a stream: memory, and speed beside rows in memory.

    python benchmarks/stream.py make FOLDER                    # 11 million rows of 28 inputs, as HIGGS has them
    python benchmarks/stream.py run FOLDER                     # as a stream: seconds an epoch, peak memory
    python benchmarks/stream.py run FOLDER --in-memory         # the same rows, read before: needs the memory
    python benchmarks/stream.py run FOLDER --memory-limit 2    # within so many GB of address space (RLIMIT_AS)

Each run prints one line of JSON; the SHA-256 of θ is the same for both where `--epochs` and `--seed` are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import time
from pathlib import Path

import numpy as np

ROWS, INPUTS = 11_000_000, 28
BLOCK = 100_000


def make(folder: Path, rows: int, group_mb: int, dtype: str, files: int) -> None:
    """Write rows of normal and skewed columns; the class depends on products of some of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    names = [f"x{i:02}" for i in range(INPUTS)]
    group = max(1, group_mb * 10**6 // ((INPUTS + 1) * np.dtype(dtype).itemsize))
    weights = np.random.default_rng(0).normal(size=(2, INPUTS))
    per_file = -(-rows // files)
    for number in range(files):
        there = min(per_file, rows - number * per_file)
        schema = pa.schema([(name, pa.from_numpy_dtype(dtype)) for name in names])
        schema = schema.append(pa.field("signal", pa.int8()))
        path = folder / f"rows{number:03}.parquet"
        with pq.ParquetWriter(path, schema, compression="snappy") as out:
            for start in range(0, there, group):
                count = min(group, there - start)
                rng = np.random.default_rng([1, number, start])
                blocks = []
                for first in range(0, count, BLOCK):
                    x = rng.normal(size=(min(BLOCK, count - first), INPUTS))
                    x[:, 1::3] = np.exp(0.5 * x[:, 1::3])
                    score = np.tanh(x @ weights[0]) * (x @ weights[1])
                    signal = score + rng.normal(size=len(x)) > 0
                    columns = [x[:, i].astype(dtype) for i in range(INPUTS)]
                    blocks.append([*columns, signal.astype(np.int8)])
                table = pa.table(
                    [pa.array(np.concatenate(c)) for c in zip(*blocks, strict=True)],
                    schema=schema,
                )
                out.write_table(table, row_group_size=group)
        print(path, there, "rows,", path.stat().st_size // 10**6, "MB", flush=True)  # noqa: T201


def run(folder: Path, args: argparse.Namespace) -> None:
    """Train on the rows, and print what it took."""
    if args.memory_limit:
        limit = int(args.memory_limit * 1e9)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    import chainrule

    began = time.perf_counter()
    rows = chainrule.stream(str(folder / "*.parquet"), target="signal")
    prepared = time.perf_counter() - began
    hidden = tuple(args.hidden)
    network = chainrule.Network(
        (rows.n_inputs, *hidden, 1),
        (*["relu"] * len(hidden), "sigmoid"),
        "binary_cross_entropy",
    )
    ends: list[float] = []

    class Clock(chainrule.Callback):
        def on_epoch(self, moment: chainrule.Moment) -> bool | None:
            ends.append(time.perf_counter())
            return None

    options = {
        "max_epochs": args.epochs,
        "batch_rows": args.batch_rows,
        "seed": args.seed,
        "dtype": "float32",
        "callbacks": [Clock()],
        "progress": False,
        "threads": args.threads,
    }
    if args.in_memory:
        x, t, _ = rows.in_memory()
        order = None
        if args.same_order:

            def order(epoch: int) -> np.ndarray:
                return rows.order(args.seed, epoch).positions()

        began = time.perf_counter()
        report = chainrule.train(network, x, t, order=order, **options)
    else:
        began = time.perf_counter()
        report = chainrule.train(network, rows, **options)
    seconds = np.diff([began, *ends])
    theta = report.parameters.theta
    found = {
        "rows": rows.n_rows,
        "in_memory": args.in_memory,
        "hidden": hidden,
        "batch_rows": args.batch_rows,
        "preparation_s": round(prepared, 2),
        "epoch_s": [round(float(s), 2) for s in seconds],
        "ns_a_row": round(float(seconds.min()) / rows.n_rows * 1e9, 1),
        "loss": [round(float(loss), 6) for loss in report.loss],
        "peak_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000,
        "theta": hashlib.sha256(theta.tobytes()).hexdigest()[:16],
    }
    print(json.dumps(found), flush=True)  # noqa: T201


def main() -> None:
    """Make rows, or run over them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["make", "run"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--row-group-mb", type=int, default=32)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--in-memory", action="store_true")
    parser.add_argument("--same-order", action="store_true")
    parser.add_argument("--memory-limit", type=float, default=0)
    parser.add_argument("--hidden", type=int, nargs="+", default=[300, 300])
    parser.add_argument("--batch-rows", type=int, default=512)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    if args.what == "make":
        make(args.folder, args.rows, args.row_group_mb, args.dtype, args.files)
    else:
        run(args.folder, args)


if __name__ == "__main__":
    main()
