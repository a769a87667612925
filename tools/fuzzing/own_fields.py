"""Mutations that know our own files: their fields are altered, and their checksums are made right again."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

from .mutations import BYTES, Mutation, change_json, dumps

__all__ = ["JSON", "SAFETENSORS"]

MARK, BLANK = b'\\"sha256\\":\\"', b"0" * 64


# Our own files: safetensors under a checksum


def sealed(blob: bytes) -> bytes:
    """The file with its checksum made right, as anybody can make it."""
    at = blob.find(MARK) + len(MARK)
    if at < len(MARK) or len(blob) < at + 64:
        return blob
    blank = blob[:at] + BLANK + blob[at + 64 :]
    return blank[:at] + hashlib.sha256(blank).hexdigest().encode() + blank[at + 64 :]


def parts(blob: bytes) -> tuple[Any, Any, bytes]:
    """The header, our JSON in it, and the numbers."""
    end = 8 + int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8:end])
    return header, json.loads(header["__metadata__"]["chainrule"]), blob[end:]


def put_together(header: Any, content: Any, numbers: bytes) -> bytes:
    """The file of these parts, sealed."""
    if isinstance(header, dict) and isinstance(header.get("__metadata__"), dict):
        if isinstance(content, dict):
            content = {"sha256": BLANK.decode()} | {
                k: v for k, v in content.items() if k != "sha256"
            }
        header["__metadata__"]["chainrule"] = dumps(content)
    text = dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return sealed(len(text).to_bytes(8, "little") + text + numbers)


def other_content(rng: random.Random, blob: bytes) -> bytes:
    """Our JSON with another value somewhere."""
    header, content, numbers = parts(blob)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        change_json(rng, content)
    return put_together(header, content, numbers)


def other_header(rng: random.Random, blob: bytes) -> bytes:
    """The format's own header with another value somewhere."""
    header, content, numbers = parts(blob)
    if rng.random() < 0.5:
        change_json(rng, header)
    else:
        name = rng.choice([name for name in header if name != "__metadata__"])
        field = rng.choice(("dtype", "shape", "data_offsets"))
        header[name][field] = {
            "dtype": rng.choice(
                ("F16", "BF16", "F32", "F64", "I64", "BOOL", "F8_E4M3", "x", "")
            ),
            "shape": rng.choice(
                ([], [0], [len(numbers)], [2**40, 2**40], [-1], [2**64], [1] * 100)
            ),
            "data_offsets": rng.choice(
                ([0, 0], [8, len(numbers)], [0, 2**63], [5, 2], [0])
            ),
        }[field]
    return put_together(header, content, numbers)


def other_numbers(rng: random.Random, blob: bytes) -> bytes:
    """Other numbers under a right checksum: NaN, infinity, huge ones among them."""
    header, content, numbers = parts(blob)
    altered = bytearray(numbers)
    for _ in range(rng.choice((1, 10))):
        at = rng.randrange(0, max(1, len(altered) - 8), 4)
        altered[at : at + 4] = rng.choice(
            (
                b"\xff\xff\xff\xff",
                b"\x00\x00\x80\x7f",
                b"\xff\xff\x7f\x7f",
                rng.randbytes(4),
            )
        )
    return put_together(header, content, bytes(altered))


def sealed_damage(rng: random.Random, blob: bytes) -> bytes:
    """Any damage, under a right checksum."""
    return sealed(rng.choice(BYTES)(rng, blob))


SAFETENSORS: tuple[Mutation, ...] = (
    *(other_content,) * 5,
    *(other_header, other_header, other_numbers, sealed_damage, sealed_damage),
    *BYTES[:3],
)


def other_json(rng: random.Random, blob: bytes) -> bytes:
    """A JSON file with another value somewhere."""
    try:
        content = json.loads(blob)
    except ValueError:
        return rng.choice(BYTES)(rng, blob)
    change_json(rng, content)
    return dumps(content).encode("utf-8", "surrogatepass")


JSON: tuple[Mutation, ...] = (*(other_json,) * 3, *BYTES)
