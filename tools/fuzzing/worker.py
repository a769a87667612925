"""A process that reads thousands of mutated files of one kind, and says where it is in case it does not come back."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import importlib.util
import json
import mmap
import os
import random
import resource
import shutil
import struct
import sys
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path

from .kinds import KINDS, Kind
from .mutations import BYTES

__all__ = ["COUNTERS", "GROWTH", "RESTART", "kind_named", "main", "mutated"]

#: Counters that the parent reads: the number of the mutation under way, files read, files refused.
COUNTERS = struct.Struct("3q")
#: Bytes that the process may grow by, from one file to the next or over all of them.
GROWTH = 300 << 20
#: Address space beyond what it has at the start: what is asked for beyond is a MemoryError, not a machine that swaps.
ROOM = 2 << 30
#: Exit status: start me again at the next number.
RESTART = 3


def kind_named(name: str) -> Kind:
    """A kind of the table; or `FILE.py:NAME`, a kind of somebody's own."""
    if name in KINDS:
        return KINDS[name]
    file, _, attribute = name.rpartition(":")
    spec = importlib.util.spec_from_file_location("own_kinds", file)
    if spec is None or spec.loader is None:
        raise SystemExit(f"no kind {name}; there are {', '.join(KINDS)}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Kind = getattr(module, attribute)
    return found


def mutated(
    kind: Kind, whole: Mapping[str, bytes], seed: int
) -> tuple[str, bytes, str]:
    """The file's name, its content, and by what mutations: the same for the same seed."""
    rng = random.Random(seed)
    name = rng.choice(list(whole))
    blob, by = whole[name], []
    for _ in range(rng.choice((1, 1, 1, 1, 2, 3))):
        how = rng.choice(kind.mutations)
        try:
            blob = how(rng, blob)
        except Exception:  # of a format that is damaged already
            how = rng.choice(BYTES[:2])
            blob = how(rng, blob) if blob else b"?"
        by.append(how.__name__)
    return name, blob, " + ".join(by)


def place_of(error: BaseException) -> str:
    """The innermost line of ours that an error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/chainrule/" in frame.filename]
    if not ours:
        return ""
    return f"{ours[-1].filename.rpartition('/chainrule/')[2]}:{ours[-1].lineno}"


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def limit_memory() -> None:
    """Let there be little more address space than there is, where the system says how much there is."""
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        resource.setrlimit(
            resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM,) * 2
        )


def prepared(folder: Path, kind: Kind) -> tuple[Path, Mapping[str, bytes]]:
    """A folder to work in, with the whole files in it, and those."""
    whole = kind.samples(folder)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    for name, content in whole.items():
        (work / name).write_bytes(content)
    for name in whole:  # the control, which also loads whatever is loaded at first use
        kind.read(work / name)
    return work, whole


def read_one(kind: Kind, path: Path, counts: list[int]) -> dict[str, str] | None:
    """Read a file, count how it ended; what is wrong, or None."""
    from chainrule import InputError, NonFiniteError

    try:
        kind.read(path)
        counts[0] += 1
    except (InputError, NonFiniteError):
        counts[1] += 1
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        what = "panic" if "Panic" in type(error).__name__ else "traceback"
        return {
            "what": what,
            "error": f"{type(error).__name__}: {error!s:.200}",
            "place": place_of(error),
        }
    return None


def main(words: list[str] | None = None) -> int:
    """Read the files of the numbers that are asked for; 0 when all are read, `RESTART` after growth."""
    parser = argparse.ArgumentParser()
    for name in ("kind", "folder", "counters"):
        parser.add_argument(name)
    for name in ("seed", "first", "last"):
        parser.add_argument(name, type=int)
    asked = parser.parse_args(words)
    faulthandler.enable()
    warnings.simplefilter(
        "error", RuntimeWarning
    )  # a user would see it beside the sentence
    kind = kind_named(asked.kind)
    folder = Path(asked.folder)
    work, whole = prepared(folder, kind)
    limit_memory()
    start, counts = peak(), [0, 0]
    with (
        open(asked.counters, "r+b") as file,
        mmap.mmap(file.fileno(), COUNTERS.size) as shared,
    ):
        for number in range(asked.first, asked.last):
            shared[:] = COUNTERS.pack(number, *counts)
            name, blob, by = mutated(kind, whole, asked.seed + number)
            path = work / name
            path.write_bytes(blob)
            before = list(counts)
            found = read_one(kind, path, counts)
            if found is None and peak() - start > GROWTH:
                found = {
                    "what": "growth",
                    "error": f"{(peak() - start) >> 20} MB",
                    "place": "",
                }
            path.write_bytes(whole[name])
            counts = before if found is not None else counts
            if found is not None:
                line = {
                    "kind": asked.kind,
                    "seed": asked.seed + number,
                    "by": by,
                    **found,
                }
                os.write(1, (json.dumps(line) + "\n").encode())
            if found is not None and found["what"] == "growth":
                shared[:] = COUNTERS.pack(number, *counts)
                return RESTART
        shared[:] = COUNTERS.pack(asked.last, *counts)
    shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
