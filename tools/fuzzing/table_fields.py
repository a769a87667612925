"""Mutations that know tables: the footer and pages of Parquet; cells, lines and encodings of text."""

from __future__ import annotations

import gzip
import random

from .mutations import BYTES, LENGTHS, Mutation

__all__ = ["CSV", "PARQUET"]


# Tables


def footer(rng: random.Random, blob: bytes) -> bytes:
    """Bytes of Parquet's footer, which says what is where, or its length."""
    size = int.from_bytes(blob[-8:-4], "little")
    start = max(4, len(blob) - 8 - size)
    if rng.random() < 0.15:
        length = rng.choice((*LENGTHS, size - 1, size + 1)) % 2**32
        return blob[:-8] + length.to_bytes(4, "little") + blob[-4:]
    altered = bytearray(blob)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(start, len(blob) - 8)
        altered[at] = rng.choice(
            (altered[at] ^ 1 << rng.randrange(8), rng.randrange(256), 0, 255)
        )
    return bytes(altered)


def page(rng: random.Random, blob: bytes) -> bytes:
    """Bytes of Parquet's pages and of their headers."""
    end = max(5, len(blob) - 8 - int.from_bytes(blob[-8:-4], "little"))
    altered = bytearray(blob)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(4, end)
        altered[at] = rng.choice(
            (altered[at] ^ 1 << rng.randrange(8), rng.randrange(256), 0, 255)
        )
    return bytes(altered)


PARQUET: tuple[Mutation, ...] = (*(footer,) * 4, page, page, *BYTES)

CELLS = (
    *(
        b"",
        b'"',
        b'""',
        b'"a',
        b"\x00",
        b"nan",
        b"inf",
        b"1e999",
        b"-0",
        b"0x10",
        b"1,5",
        b"NA",
        b"\xff",
        b"\xc3",
    ),
    *(
        b"\x1b[2J",
        b"\x1b]52;c;aGk=\x07",
        b"\xe2\x80\xae",
        b"\xe2\x80\xa8",
        b"=1+1",
        b"9" * 400,
        b"x" * 140_000,
    ),
    *(
        b"2020-02-30",
        b"1.863",
        b"26,212",
        b"$5",
        b"12 %",
        b"\r",
        b"\n",
        b"\r\n",
        b";",
        b"\t",
        b"\xef\xbb\xbf",
    ),
)


def cell(rng: random.Random, blob: bytes) -> bytes:
    """Cells with other content."""
    for _ in range(rng.choice((1, 1, 3, 20))):
        marks = [i for i, byte in enumerate(blob[:20000]) if byte in b",;\t\n"]
        if len(marks) < 2:
            break
        at = rng.randrange(len(marks) - 1)
        blob = blob[: marks[at] + 1] + rng.choice(CELLS) + blob[marks[at + 1] :]
    return blob


def spelling(rng: random.Random, blob: bytes) -> bytes:
    """Another encoding, separator or end of line."""
    text = blob.decode("utf-8", "replace")
    text = text.replace(",", rng.choice((",", ";", "\t", "|", " ", "  ", ",,", "\x01")))
    text = text.replace("\n", rng.choice(("\n", "\r\n", "\r", "\n\n", "\u2028", ",\n")))
    name = rng.choice(
        (
            "utf-8",
            "utf-8-sig",
            "utf-16",
            "utf-16-le",
            "utf-32",
            "latin-1",
            "cp037",
            "utf-7",
        )
    )
    return text.encode(name, "replace")


def line(rng: random.Random, blob: bytes) -> bytes:
    """Lines removed, doubled, shortened, or alone."""
    lines = blob.split(b"\n")
    at = rng.randrange(len(lines))
    how = rng.randrange(5)
    if how == 0:
        lines[at : at + rng.choice((1, 5, len(lines)))] = []
    elif how == 1:
        lines[at:at] = [lines[at]] * rng.choice((1, 2, 1000))
    elif how == 2:
        lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
    elif how == 3:
        lines = lines[: rng.choice((1, 2, 3))]
    else:
        lines[at] += b"," * rng.choice((1, 2, 5000))
    return b"\n".join(lines)


def packed(rng: random.Random, blob: bytes) -> bytes:
    """Packed by gzip, damaged or not, or a hundred times itself."""
    made = gzip.compress(blob * rng.choice((1, 1, 100)), 1, mtime=0)
    return made if rng.random() < 0.3 else rng.choice(BYTES)(rng, made)


CSV: tuple[Mutation, ...] = (
    *(cell,) * 4,
    spelling,
    spelling,
    line,
    line,
    packed,
    *BYTES,
)
