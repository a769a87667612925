"""Members of .npz files: one array at a time, its header checked before a byte of its numbers is unpacked.

A .npz is a zip of .npy files, and both may come from anybody: sizes are believed only as far as the file itself can
hold them, pickles are never read, and members that nobody asked for are not unpacked.
"""

from __future__ import annotations

import lzma
import math
import struct
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.lib import format as npy

from ..errors import InputError
from ..files.limits import require_room

__all__ = ["DAMAGE", "KINDS", "member_names", "read_header", "read_members", "readable"]

Matrix = np.ndarray[Any, Any]
T = TypeVar("T")

#: What the libraries below raise for a damaged file, beside what they document. A header of many brackets is a
#: MemoryError of Python's parser; an encrypted member a RuntimeError; an unknown compression NotImplementedError.
DAMAGE = (
    *(OSError, EOFError, ValueError, SyntaxError, TypeError, KeyError, IndexError),
    *(RuntimeError, MemoryError, OverflowError, AttributeError, struct.error),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, tokenize.TokenError),
)
#: Bytes of content that a byte of deflate can stand for at most.
DEFLATE = 1032
#: What can be in an array: booleans, whole numbers, numbers, texts and bytes.
KINDS = "buifUS"
CHUNK = 1 << 20


def member_names(path: Path) -> tuple[str, ...]:
    """The names of the arrays in a .npz file, or `InputError`."""
    return _damage_said(
        path, lambda: tuple(_name(info) for info in _opened(path).infolist())
    )


def read_members(path: Path, names: Sequence[str]) -> dict[str, Matrix]:
    """Those of these arrays that a .npz file has, in the machine's byte order.

    Parameters
    ----------
    path : Path
    names : sequence of str
        The arrays wanted; no other is looked at.

    Returns
    -------
    dict of str to ndarray
        Booleans, numbers, or text: bytes are decoded.

    Raises
    ------
    InputError
        Not a whole .npz file; an array that is damaged, of objects, or larger than half the memory.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "data.npz"
    >>> np.savez(file, x=np.arange(3), y=np.zeros(2))
    >>> read_members(file, ["x", "z"])
    {'x': array([0, 1, 2])}
    """

    def read() -> dict[str, Matrix]:
        found: dict[str, Matrix] = {}
        with _opened(path) as file:
            for info in file.infolist():
                name = _name(info)
                if name not in names:
                    continue
                if name in found:
                    raise ValueError(f"two arrays {name}")
                found[name] = _array(path, name, file, info)
        return found

    return _damage_said(path, read)


def _damage_said(path: Path, read: Callable[[], T]) -> T:
    """The result of `read`; `InputError` for whatever a damaged file raises."""
    try:
        return read()
    except InputError:
        raise
    except DAMAGE as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path}, which cannot be read ({why:.200})",
            "a whole .npz file of numbers",
            "Save it again.",
        ) from error


def _opened(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _name(info: zipfile.ZipInfo) -> str:
    return info.filename.removesuffix(".npy")


def _array(
    path: Path, name: str, file: zipfile.ZipFile, info: zipfile.ZipInfo
) -> Matrix:
    with file.open(info) as member:
        shape, fortran, dtype = read_header(member)
        if dtype.kind not in KINDS or dtype.names is not None or dtype.subdtype:
            raise InputError(
                f"{path} with {name} of dtype {dtype!s:.80}",
                "arrays of numbers, of true and false, or of text",
                "Save it so: pickles and records are not read.",
            )
        size = math.prod(shape) * dtype.itemsize
        if size != info.file_size - member.tell():
            raise ValueError(
                f"{name} of shape {shape!s:.80} and dtype {dtype} in {info.file_size} bytes"
            )
        most = path.stat().st_size * DEFLATE
        stored = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if stored and size > most:
            raise ValueError(f"{name} of {size} bytes, more than the file can hold")
        require_room(f"{name} of {path}", size)
        flat = _filled(member, _room_for(path, name, math.prod(shape), dtype))
    if dtype.kind in "US":
        flat = readable(name, flat)
    array = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
    return array.astype(array.dtype.newbyteorder("="), order="C", copy=False)


def readable(name: str, texts: Matrix) -> Matrix:
    """Texts, shape (N,), bytes decoded; `ValueError` where they are of no characters."""
    if texts.dtype.kind == "S":
        return np.char.decode(texts, "utf-8")
    if texts.size and texts.dtype.itemsize:
        codes = texts.view(np.dtype("u4").newbyteorder(texts.dtype.byteorder))
        if codes.max() > sys.maxunicode:
            raise ValueError(f"{name} with texts of characters that there are not")
    return texts


def _room_for(path: Path, name: str, count: int, dtype: np.dtype[Any]) -> Matrix:
    try:
        return np.empty(count, dtype)
    except MemoryError as error:
        raise InputError(
            f"{name} of {path}, of {count * dtype.itemsize / 1e9:.1f} GB",
            "what the memory that is left has room for",
            "Use fewer rows or columns, or a machine with more memory.",
        ) from error


def read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether it is in Fortran's order, dtype; nothing of it is evaluated but literals."""
    version = npy.read_magic(member)
    if version == (1, 0):
        shape, fortran, dtype = npy.read_array_header_1_0(member)
    elif version in ((2, 0), (3, 0)):  # 3 differs in how names of fields are encoded
        shape, fortran, dtype = npy.read_array_header_2_0(member)
    else:
        raise ValueError(f"a .npy header of version {version}")
    if not all(isinstance(n, int) and 0 <= n < 2**63 for n in shape):
        raise ValueError(f"shape {shape!s:.80}")
    if dtype.itemsize < 0:  # NumPy before 2.2, where later ones refuse
        raise ValueError("descr with texts of 2 GiB or more each")
    return shape, fortran, dtype


def _filled(member: IO[bytes], flat: Matrix) -> Matrix:
    """The array, with the numbers that follow; pages are only taken as far as they are there."""
    if flat.nbytes == 0:
        return flat
    rest = flat.view(np.uint8).data
    while rest:
        part = member.read(min(len(rest), CHUNK))
        if not part:
            raise EOFError("the file ends before the array")
        rest[: len(part)] = part
        rest = rest[len(part) :]
    member.read(1)  # at its end the checksum is compared
    return flat
