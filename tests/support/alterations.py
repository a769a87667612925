"""Files of ours altered in one of many ways, and a process that tries to load them.

Run as a program, `alterations.py FILE SEED COUNT`, it alters a model or a checkpoint so many times and prints
how often each kind of alteration ended how. It ends with a traceback when loading raises anything but
`InputError` or `OSError`, when what is loaded is not what was saved, or when memory runs out.
"""

from __future__ import annotations

import collections
import hashlib
import json
import random
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import OPTIMIZERS, SCHEDULES, InputError, load_model
from chainrule.files.container import read_file
from chainrule.optimizers.state import State
from chainrule.training.checkpoints import FORMAT, load_checkpoint

MARK = b'\\"sha256\\":\\"'
#: Far more than loading a small file takes; far less than hostile shapes ask for.
MOST_BYTES = 256 * 2**20
DEEP = "deep " * 3
NUMBERS = [-1, 0.5, 2**31, 2**63, 2**64, 10**30, 1e308, float("nan"), float("inf")]
OTHERS = [None, True, "x", "", [], {}, [[]], {"a": 1}, DEEP]
SHAPES = [
    [],
    [0],
    [-1],
    [1],
    [2**20],
    [2**40],
    [2**63],
    [2**64],
    [2**32, 2**32],
    [1.5],
    ["x"],
    7,
    None,
    "x",
    DEEP,
]
DTYPES = [
    "F16",
    "F32",
    "BF16",
    "I8",
    "I32",
    "I64",
    "U64",
    "C64",
    "BOOL",
    "F8_E4M3",
    "F4",
    "f64",
    "",
    None,
    8,
    DEEP,
]
OFFSETS = [
    [0, 0],
    [8, 0],
    [0, 2**40],
    [0, 2**63],
    [0, 2**64],
    [-8, 0],
    [8, 16],
    [0],
    [0, 8, 16],
    [0.0, 8.0],
    None,
    "x",
]


def reseal(blob: bytes) -> bytes:
    """The file with its checksum made right again, where it still has one."""
    at = blob.find(MARK) + len(MARK)
    if at < len(MARK) or len(blob) < at + 64:
        return blob
    blank = blob[:at] + b"0" * 64 + blob[at + 64 :]
    return blank[:at] + hashlib.sha256(blank).hexdigest().encode() + blank[at + 64 :]


def parts(blob: bytes) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Header, our JSON in it, and the numbers."""
    end = 8 + int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8:end])
    return header, json.loads(header["__metadata__"]["chainrule"]), blob[end:]


def dumps(value: Any) -> str:
    deep = "[" * 100_000 + "]" * 100_000
    return json.dumps(value, separators=(",", ":")).replace(json.dumps(DEEP), deep)


def assemble(header: Any, numbers: bytes) -> bytes:
    text = dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return reseal(len(text).to_bytes(8, "little") + text + numbers)


def flipped(rng: random.Random, blob: bytes) -> bytes:
    at, altered = rng.randrange(8 * len(blob)), bytearray(blob)
    altered[at // 8] ^= 1 << (at % 8)
    return bytes(altered)


def cut(rng: random.Random, blob: bytes) -> bytes:
    return blob[: rng.randrange(len(blob))]


def grown(rng: random.Random, blob: bytes) -> bytes:
    at = rng.choice([len(blob), rng.randrange(len(blob))])
    return blob[:at] + rng.randbytes(rng.choice([1, 8, 1000])) + blob[at:]


def overwritten(rng: random.Random, blob: bytes) -> bytes:
    at = rng.randrange(len(blob))
    return (
        blob[:at]
        + rng.randbytes(min(rng.choice([2, 8, 100]), len(blob) - at))
        + blob[at + 2 :]
    )


def other_length(rng: random.Random, blob: bytes) -> bytes:
    true = int.from_bytes(blob[:8], "little")
    near = [true + by for by in (-64, -8, -1, 1, 8, 64)]
    length = rng.choice(
        [*near, 0, 1, len(blob) - 8, len(blob), 2**31, 2**62, 2**63, 2**64 - 1]
    )
    return length.to_bytes(8, "little") + blob[8:]


def sealed_length(rng: random.Random, blob: bytes) -> bytes:
    return reseal(other_length(rng, blob))


def hostile_tensor(rng: random.Random, blob: bytes) -> bytes:
    header, _, numbers = parts(blob)
    name = rng.choice([name for name in header if name != "__metadata__"])
    size = header[name]["data_offsets"][1] - header[name]["data_offsets"][0]
    first = header[name]["data_offsets"][0]
    field, value = rng.choice(
        [
            (
                "shape",
                rng.choice(
                    [
                        *SHAPES,
                        [size // 8, 1],
                        [1, size // 8],
                        [size // 4],
                        [size // 8 + 1],
                    ]
                ),
            ),
            ("dtype", rng.choice(DTYPES)),
            (
                "data_offsets",
                rng.choice(
                    [*OFFSETS, [first + 8, first + size + 8], [first, first + size - 8]]
                ),
            ),
        ]
    )
    header[name][field] = value
    if rng.random() < 0.2:  # a shape that fits the other type
        header[name].update(
            dtype=rng.choice(["F32", "I32", "C64", "I64"]),
            shape=[rng.choice([size // 4, size // 8])],
        )
    return assemble(header, numbers)


def hostile_header(rng: random.Random, blob: bytes) -> bytes:
    header, _, numbers = parts(blob)
    name = rng.choice(list(header))
    choice = rng.randrange(5)
    if choice == 0:
        del header[name]
    elif choice == 1:
        header[rng.choice(["x", "theta2", "slot9", "best "])] = header.pop(name)
    elif choice == 2:
        header[name] = rng.choice([*OTHERS, *NUMBERS])
    elif choice == 3:
        header["extra"] = {
            "dtype": "F64",
            "shape": [0],
            "data_offsets": [len(numbers)] * 2,
        }
    else:
        header["__metadata__"] = {
            "chainrule": rng.choice(["", "x", "[]", "null", dumps(DEEP), "1" * 5000])
        }
    return assemble(header, numbers)


def hostile_content(rng: random.Random, blob: bytes) -> bytes:
    """One value of our JSON replaced by one that it can never be."""
    header, content, numbers = parts(blob)
    keys = [
        "format",
        "version",
        "network",
        "settings",
        "state",
        "watch",
        "history",
        "diagnoses",
        "seconds",
    ]
    places = [(content, key) for key in keys if key in content]
    places += [
        place
        for key in ("network", "settings", "state", "watch")
        for place in leaves(content.get(key))
    ]
    for key in ("history", "diagnoses"):
        places += rng.sample(
            found := list(leaves(content.get(key))), min(4, len(found))
        )
    home, key = rng.choice(places)
    old = home[key]
    if rng.random() < 0.15 and isinstance(home, dict):
        del home[key]
    elif isinstance(old, int) and not isinstance(old, bool):
        home[key] = rng.choice([*OTHERS, *NUMBERS])
    elif old is not None:
        home[key] = rng.choice(
            [value for value in OTHERS if value is not None and value is not True]
        )
    header["__metadata__"]["chainrule"] = dumps(content)
    return assemble(header, numbers)


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    for key in (
        value
        if isinstance(value, dict)
        else range(len(value))
        if isinstance(value, list)
        else ()
    ):
        yield value, key
        yield from leaves(value[key])


UNSEALED: list[Callable[[random.Random, bytes], bytes]] = [
    flipped,
    cut,
    grown,
    overwritten,
    other_length,
]
SEALED: list[Callable[[random.Random, bytes], bytes]] = [
    sealed_length,
    hostile_tensor,
    hostile_header,
    hostile_content,
]


def loader(file: Path) -> Callable[[Path], str]:
    """What loads such a file and says all that it found, bit by bit."""
    if parts(file.read_bytes())[1]["format"] != FORMAT:

        def model(path: Path) -> str:
            found = load_model(path)
            theta = found.parameters.theta
            return repr(
                (
                    found.network,
                    found.notes,
                    found.versions,
                    found.parameters.sizes,
                    theta.dtype,
                    theta.tobytes(),
                )
            )

        return model
    content, tensors = read_file(file, FORMAT)
    settings = content["settings"]
    rule, schedule = (dict(settings[name]) for name in ("optimizer", "schedule"))
    theta = np.zeros_like(tensors["theta"])
    slots = OPTIMIZERS[rule.pop("name")](**rule).init(theta)  # type: ignore[attr-defined]
    start = State(theta, slots, SCHEDULES[schedule.pop("name")](**schedule).start())

    def checkpoint(path: Path) -> str:
        found = load_checkpoint(path, settings, start)
        arrays = [found.state.theta, *found.state.slots, found.best]
        state = {
            name: value
            for name, value in vars(found.state).items()
            if name not in ("theta", "slots")
        }
        rest = (state, found.history, found.diagnoses, found.watch, found.seconds)
        return repr(
            (rest, [(a.dtype, a.shape, a.tobytes()) for a in arrays if a is not None])
        )

    return checkpoint


def difference(one: str, other: str) -> str:
    at = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0
    )
    return f"{one[max(at - 100, 0) : at + 50]!r} for {other[at : at + 50]!r}"


def main(file: Path, seed: int, count: int) -> None:
    load, whole, rng = loader(file), file.read_bytes(), random.Random(seed)
    expected, altered = load(file), file.with_name("altered")
    if Path(
        "/proc/self/statm"
    ).exists():  # where the system says how much there is, let there be little more
        used = (
            int(Path("/proc/self/statm").read_text().split()[0])
            * resource.getpagesize()
        )
        resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES,) * 2)
        try:
            np.zeros(2 * MOST_BYTES, dtype=np.uint8)
        except MemoryError:
            pass
        else:
            raise AssertionError("the limit does not hold")
    ends: collections.Counter[str] = collections.Counter()
    for _ in range(count):
        alter = rng.choice([*UNSEALED, *SEALED])
        blob = alter(rng, whole)
        if blob == whole:
            continue
        altered.write_bytes(blob)
        try:
            found = load(altered)
            assert found == expected, (
                f"{alter.__name__}: loaded, and not what was saved: {difference(found, expected)}"
            )
            ends[f"{alter.__name__} loaded"] += 1
        except (InputError, OSError):
            ends[f"{alter.__name__} refused"] += 1
    sys.stdout.write(json.dumps(ends))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
