"""Mutations that know npz and IDX: headers of arrays, the directory of a zip, lengths of axes."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile

from .mutations import BYTES, LENGTHS, Mutation

__all__ = ["IDX", "NPY", "NPZ"]


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


NPY: tuple[Mutation, ...] = (*(npy_header,) * 4, *BYTES)
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
