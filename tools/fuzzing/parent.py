"""The parent: starts a worker for each kind, ends it where it hangs, starts it again where it fell, counts, replays."""

from __future__ import annotations

import collections
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from .worker import COUNTERS, RESTART, kind_named, mutated, prepared

__all__ = ["Outcome", "fuzz", "replay", "table"]

TOOLS = Path(__file__).resolve().parent.parent
#: What is wrong with a reader; an abort within a library is counted apart.
WRONG = ("traceback", "panic", "hang", "abort", "growth")
#: Seconds that a worker may take to start: it trains the models whose files it mutates.
START = 300.0


@dataclass
class Outcome:
    """What came of a kind: counts, findings, seconds."""

    kind: str
    read: int = 0
    refused: int = 0
    seconds: float = 0.0
    findings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Files that were tried."""
        return self.read + self.refused + len(self.findings)

    def counted(self, what: str) -> int:
        """Findings of this sort."""
        return sum(finding["what"] == what for finding in self.findings)

    @property
    def failed(self) -> bool:
        """Whether something is wrong that is not an abort within a library."""
        return any(finding["what"] in WRONG for finding in self.findings)


@contextmanager
def worker(
    kind: str, folder: Path, seed: int, first: int, last: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker for these numbers; ended at the end."""
    (folder / "counters").write_bytes(COUNTERS.pack(-1, 0, 0))
    words = [kind, folder, folder / "counters", seed, first, last]
    environment = {
        **os.environ,
        "PYTHONPATH": str(TOOLS),
        "CHAINRULE_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    environment |= {
        "PYTHONFAULTHANDLER": "1",
        "RUST_BACKTRACE": "0",
        "POLARS_MAX_THREADS": "1",
        "COLUMNS": "200",
    }
    with (
        (folder / "found").open("ab") as found,
        (folder / "errors").open("wb") as errors,
    ):
        process = subprocess.Popen(
            [sys.executable, "-m", "fuzzing.worker", *map(str, words)],
            stdout=found,
            stderr=errors,
            env=environment,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def counters(folder: Path) -> tuple[int, int, int]:
    """Where a worker is, and what it has read and refused."""
    number, read, refused = COUNTERS.unpack((folder / "counters").read_bytes())
    return int(number), int(read), int(refused)


def watch(
    process: subprocess.Popen[bytes], folder: Path, patience: float, until: float
) -> str:
    """Wait for the end of a worker: "ended", "hang", or "time" where there is none left."""
    last, since = -1, time.monotonic()
    while process.poll() is None:
        time.sleep(0.05)
        number, now = counters(folder)[0], time.monotonic()
        if number != last:
            last, since = number, now
        if now - since > (patience if last >= 0 else START):
            return "hang"
        if now > until and last >= 0:
            return "time"
    return "ended"


def abort_of(folder: Path, status: int) -> dict[str, str]:
    """What is known of a worker that a signal ended: within a library, where the innermost line is one of its."""
    errors = (folder / "errors").read_text(errors="replace")
    lines = [
        line.strip() for line in errors.splitlines() if line.strip().startswith("File ")
    ]
    inside = bool(lines) and "site-packages" in lines[0]
    what = "abort in a library" if inside else "abort"
    name = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    return {
        "what": what,
        "error": f"{name}: {errors[:120]!r}",
        "place": lines[0] if lines else "",
    }


def fuzz_kind(
    kind: str, count: int, seed: int, seconds: float, patience: float
) -> Outcome:
    """Try mutations 0 … count - 1 of a kind, those of seeds `seed` and on."""
    outcome, began, first = Outcome(kind), time.monotonic(), 0
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="chainrule-fuzz-", dir=memory) as name:
        folder = Path(name)
        while first < count:
            with worker(kind, folder, seed, first, count) as process:
                how = watch(process, folder, patience, began + seconds)
                status = process.poll()
            number, read, refused = counters(folder)
            outcome.read, outcome.refused = (
                outcome.read + read,
                outcome.refused + refused,
            )
            if number < 0:
                raise SystemExit(
                    f"{kind}: it does not start\n{(folder / 'errors').read_text()[-3000:]}"
                )
            if how == "time" or status == 0:
                break
            if how == "hang" or status != RESTART:
                found = abort_of(folder, status or 0)
                if how == "hang":
                    found = {"what": "hang", "error": f"{patience:g} s", "place": ""}
                outcome.findings.append(
                    {"kind": kind, "seed": seed + number, "by": "", **found}
                )
            first = number + 1
        found_lines = (folder / "found").read_text().splitlines()
        outcome.findings += [json.loads(line) for line in found_lines]
    outcome.seconds = time.monotonic() - began
    return outcome


def fuzz(
    kinds: list[str],
    count: int,
    *,
    seed: int,
    seconds: float,
    patience: float,
    jobs: int,
    say: IO[str],
) -> list[Outcome]:
    """Try so many mutations of each kind, several kinds at once; print what is found at the end of each."""

    def one(kind: str) -> Outcome:
        outcome = fuzz_kind(kind, count, seed, seconds, patience)
        say.write(findings_of(outcome))
        say.flush()
        return outcome

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, kinds))


def findings_of(outcome: Outcome) -> str:
    """The findings of a kind, alike ones together, each with a seed to replay it by."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = collections.defaultdict(
        list
    )
    for found in outcome.findings:
        groups[found["what"], found["place"], found["error"].partition(":")[0]].append(
            found
        )
    lines = []
    for (what, place, _), alike in sorted(
        groups.items(), key=lambda item: -len(item[1])
    ):
        first = alike[0]
        lines.append(
            f"{outcome.kind}: {len(alike)} × {what} at {place or 'no line of ours'}: {first['error']}"
        )
        lines.append(
            f"    tools/fuzz --replay {outcome.kind} {first['seed']}   ({first['by']})"
        )
    return "".join(line + "\n" for line in lines)


def table(outcomes: list[Outcome]) -> str:
    """The counts, a line for each kind."""
    heads = ("kind", "files", "read", "refused", *WRONG, "library aborts", "files/s")
    rows = [
        (
            *(
                outcome.kind.rpartition(":")[2],
                outcome.done,
                outcome.read,
                outcome.refused,
            ),
            *(outcome.counted(what) for what in WRONG),
            outcome.counted("abort in a library"),
            f"{outcome.done / max(outcome.seconds, 1e-9):.0f}",
        )
        for outcome in outcomes
    ]
    widths = [
        max(len(str(row[i])) for row in (heads, *rows)) for i in range(len(heads))
    ]
    lines = [
        "  ".join(
            str(cell).rjust(width) for cell, width in zip(row, widths, strict=True)
        )
        for row in (heads, *rows)
    ]
    return "\n".join(lines) + "\n"


def replay(kind_name: str, seed: int, folder: Path) -> None:
    """Make one mutated file again, say where it is, and read it with nothing around."""
    kind = kind_named(kind_name)
    work, whole = prepared(folder, kind)
    name, blob, by = mutated(kind, whole, seed)
    path = work / name
    path.write_bytes(blob)
    sys.stderr.write(f"{path}: {len(blob)} bytes, by {by}\n")
    kind.read(path)
    sys.stderr.write("read\n")
