"""Mutations of any bytes, and of values of JSON."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["BYTES", "Mutation", "change_json", "dumps", "resized"]

#: Bytes into other bytes, by draws of a generator.
Mutation = Callable[[random.Random, bytes], bytes]

#: Lengths that readers trip over.
LENGTHS = (
    0,
    1,
    2,
    255,
    256,
    65535,
    65536,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**63 - 1,
    2**63,
)
#: Values that JSON can have and a reader may not expect; DEEP is put in as text, too deep to be built.
DEEP = "deeper than any reader"
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        0.5,
        1e308,
        -1e308,
        1e-320,
        2**31,
        2**53 + 1,
        2**64,
        10**400,
    ),
    *(
        "",
        "x",
        "nan",
        "inf",
        "-inf",
        "1",
        "\x1b[2J\x1b]52;c;aGk=\x07",
        "a\nb",
        "\u202e",
        "\ud800",
        "x" * 5000,
    ),
    *(
        [],
        [1],
        [None],
        ["a", "b"],
        [[1, 2], [3]],
        {},
        {"name": "relu"},
        {"kind": "dict"},
        DEEP,
    ),
)


def flipped(rng: random.Random, blob: bytes) -> bytes:
    """Some bits the other way."""
    altered = bytearray(blob)
    for _ in range(rng.choice((1, 1, 1, 2, 8, 50))):
        at = rng.randrange(8 * len(blob))
        altered[at // 8] ^= 1 << (at % 8)
    return bytes(altered)


def cut(rng: random.Random, blob: bytes) -> bytes:
    """The beginning only, or the end."""
    at = rng.randrange(len(blob))
    return blob[:at] if rng.random() < 0.8 else blob[at:]


def block(rng: random.Random, blob: bytes) -> bytes:
    """A block removed, twice, zero, drawn, or moved."""
    first = rng.randrange(len(blob))
    last = min(len(blob), first + rng.choice((1, 2, 4, 8, 64, 512, len(blob))))
    part, before, after = blob[first:last], blob[:first], blob[last:]
    to = rng.randrange(len(before) + 1)
    return rng.choice(
        (
            before + after,
            before + part * rng.choice((2, 3, 50)) + after,
            before + bytes(len(part)) + after,
            before + b"\xff" * len(part) + after,
            before + rng.randbytes(len(part)) + after,
            before[:to] + part + before[to:] + after,
        )
    )


def number(rng: random.Random, blob: bytes) -> bytes:
    """A length that readers trip over, somewhere."""
    form = rng.choice(("<H", ">H", "<I", ">I", "<Q"))
    size = struct.calcsize(form)
    at = rng.randrange(max(1, len(blob) - size))
    value = rng.choice(LENGTHS) % (1 << 8 * size)
    return blob[:at] + struct.pack(form, value) + blob[at + size :]


def inserted(rng: random.Random, blob: bytes) -> bytes:
    """Bytes put in or added."""
    at = rng.choice((0, len(blob), rng.randrange(len(blob))))
    return blob[:at] + rng.randbytes(rng.choice((1, 8, 1000))) + blob[at:]


def resized(rng: random.Random, blob: bytes) -> bytes:
    """Nothing, one byte, or the whole twice."""
    return rng.choice((b"", blob[:1], blob * 2))


BYTES: tuple[Mutation, ...] = (
    flipped,
    flipped,
    cut,
    block,
    block,
    number,
    inserted,
    resized,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container within a value of JSON, with each of its keys."""
    keys: Any = ()
    if isinstance(value, dict):
        keys = value
    elif isinstance(value, list):
        keys = range(len(value))
    for key in keys:
        yield value, key
        yield from places(value[key])


def change_json(rng: random.Random, value: Any) -> None:
    """Change a value somewhere within, in place: remove, rename, exchange, or put another in."""
    found = list(places(value))
    if not found:
        return
    home, key = rng.choice(found)
    how = rng.random()
    if how < 0.15:
        del home[key]
    elif how < 0.25 and isinstance(home, dict):
        home[rng.choice(("x", "__class__", "", key + " "))] = home.pop(key)
    elif how < 0.4:
        other, at = rng.choice(found)
        home[key] = (
            json.loads(json.dumps(other[at]))
            if at in other or isinstance(other, list)
            else None
        )
    elif how < 0.5 and isinstance(home[key], list):
        home[key] = home[key] * rng.choice((0, 2, 100))
    elif how < 0.6 and isinstance(home[key], int | float):
        home[key] = home[key] * rng.choice((-1, 0.5, 1000, 2)) + rng.choice((0, 1, -1))
    else:
        home[key] = rng.choice(VALUES)


def dumps(value: Any) -> str:
    """JSON, with depth where it was asked for, and now and then a number that JSON has not."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace(json.dumps(DEEP), "[" * 50_000 + "]" * 50_000)
