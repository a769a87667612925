"""Mutations that know a format: its fields are altered, and its checksums are made right again."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import struct
import zipfile
from typing import Any

from .mutations import BYTES, LENGTHS, Mutation, change_json, dumps

__all__ = ["CSV", "IDX", "JSON", "NPZ", "PARQUET", "SAFETENSORS"]

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


# NumPy's files


DESCRS = (
    *(
        "'<f8'",
        "'>f8'",
        "'<f4'",
        "'|u1'",
        "'>i8'",
        "'<u8'",
        "'|b1'",
        "'<c16'",
        "'|O'",
        "'<U9'",
        "'|S3'",
        "'<f2'",
    ),
    *(
        "'<U1000000000'",
        "'M8[s]'",
        "[('a', '<f8')]",
        "('<f8', (2,))",
        "'|V8'",
        "''",
        "None",
        "{}",
        "'<U0'",
        "'S0'",
    ),
    "'<f16'",
)
SHAPES = (
    *(
        "()",
        "(60,)",
        "(60, 3)",
        "(3, 60)",
        "(0, 3)",
        "(60, 0)",
        "(-1,)",
        "(2**40,)",
        "(1099511627776, 3)",
    ),
    *(
        "(True,)",
        "(1.5,)",
        "('a',)",
        "[60, 3]",
        "None",
        "(60, 3, 1)",
        "(1,) * 100",
        "(180",
        "(60,) * 3",
    ),
    "(" * 4000 + ")" * 4000,
)


def npy_header(rng: random.Random, content: bytes) -> bytes:
    """A .npy with another header."""
    descr, shape = rng.choice(DESCRS), rng.choice(SHAPES)
    order = rng.choice(("False", "False", "True", "0", "None"))
    text = (
        f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    )
    if rng.random() < 0.1:
        text = rng.choice(
            (b"", b"{", b"{}", b"\xff\xfe", b"__import__('os').abort()", b"[" * 9000)
        )
    text += b" " * (-(11 + len(text)) % 64) + b"\n"
    version = rng.choice(
        (b"\x01\x00", b"\x01\x00", b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x09\x00")
    )
    size = struct.pack("<H" if version[0] == 1 else "<I", len(text) % 65536)
    return b"\x93NUMPY" + version + size + text + content[128:]


def other_member(rng: random.Random, blob: bytes) -> bytes:
    """The zip written anew with a member altered, renamed, missing, there twice, or of another compression."""
    with zipfile.ZipFile(io.BytesIO(blob)) as file:
        members = [[info.filename, file.read(info)] for info in file.infolist()]
    at = rng.randrange(len(members))
    name, content = members[at]
    how = rng.randrange(6)
    if how < 3:
        members[at][1] = npy_header(rng, content)
    elif how == 3:
        members[at][1] = rng.choice(BYTES)(rng, content)
    elif how == 4:
        members[at][0] = rng.choice(
            ("z.npy", "../x.npy", "x.npy", "y.npy", "\x1b[2J.npy", "x", "", "y/" * 300)
        )
    else:
        members[at : at + 1] = rng.choice(([], [members[at]] * 2, [["x.npy", b""]]))
    packed = io.BytesIO()
    how = rng.choice(
        (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    )
    with zipfile.ZipFile(packed, "w", how) as file:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = how
            file.writestr(info, content)
    return packed.getvalue()


def directory(rng: random.Random, blob: bytes) -> bytes:
    """A field of the zip's directory with another value: sizes, offsets, method, flags, version."""
    altered = bytearray(blob)
    at = [
        i
        for i in range(len(blob) - 4)
        if blob[i : i + 4] in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06")
    ]
    if not at:
        return rng.choice(BYTES)(rng, blob)
    first = rng.choice(at) + rng.randrange(4, 46, 2)
    size = rng.choice((2, 4))
    altered[first : first + size] = (
        rng.choice((*LENGTHS, *range(100))) % (1 << 8 * size)
    ).to_bytes(size, "little")
    return bytes(altered)


def bomb(rng: random.Random, blob: bytes) -> bytes:
    """A member that unpacks to far more than the file has, asked for or not."""
    with zipfile.ZipFile(io.BytesIO(blob)) as file:
        members = {info.filename: file.read(info) for info in file.infolist()}
    size = rng.choice((10**6, 10**8))
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size // 10}, 10), }}".encode()
    head += b" " * (-(11 + len(head)) % 64) + b"\n"
    members[rng.choice(("x.npy", "z.npy", "y.npy"))] = (
        b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + bytes(size)
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return packed.getvalue()


def rarely_bomb(rng: random.Random, blob: bytes) -> bytes:
    """A bomb takes long to make: a hundredth of them is enough."""
    return bomb(rng, blob) if rng.random() < 0.01 else other_member(rng, blob)


NPZ: tuple[Mutation, ...] = (
    *(other_member,) * 4,
    rarely_bomb,
    directory,
    directory,
    directory,
    *BYTES,
)


# IDX


def idx_header(rng: random.Random, blob: bytes) -> bytes:
    """Another magic word, number of axes or length, packed or not."""
    plain = gzip.decompress(blob) if blob[:2] == b"\x1f\x8b" else blob
    axes = rng.choice((plain[3], 0, 1, 2, 3, 8, 9, 65, 255))
    lengths = [rng.choice((1, 2, 3, 6, 24, *LENGTHS)) % 2**32 for _ in range(axes)]
    head = rng.choice(
        (b"\0\0\x08", b"\0\0\x08", b"\0\0\x08", b"\0\0\x0d", b"\1\0\x08")
    ) + bytes([axes])
    made = (
        head
        + b"".join(struct.pack(">I", n) for n in lengths)
        + plain[4 + 4 * plain[3] :]
    )
    return gzip.compress(made, 1, mtime=0) if rng.random() < 0.5 else made


def idx_damage(rng: random.Random, blob: bytes) -> bytes:
    """Damage beneath the packing, where there is one."""
    if blob[:2] != b"\x1f\x8b":
        return rng.choice(BYTES)(rng, blob)
    return gzip.compress(rng.choice(BYTES)(rng, gzip.decompress(blob)), 1, mtime=0)


IDX: tuple[Mutation, ...] = (idx_header, idx_header, idx_damage, *BYTES)


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
