"""What a file is, by its content, and whether there is room for it in memory."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import logging
import os
import zlib
from pathlib import Path

from ..errors import InputError

__all__ = ["announce_size", "kind_of", "memory_bytes", "require_file"]

logger = logging.getLogger("chainrule")

#: First bytes → kind.
SIGNATURES = {b"PAR1": "parquet", b"PK\x03\x04": "npz", b"\x1f\x8b": "gzip"}


def require_file(path: str | os.PathLike[str]) -> Path:
    """The path of a file that can be read, or `InputError`."""
    path = Path(path)
    if not path.is_file():
        what = "which is a folder" if path.is_dir() else "which does not exist"
        raise InputError(
            f"{path}, {what}",
            "a file of data, or a name that `chainrule data` lists",
            "Check the path.",
        )
    return path


def kind_of(path: Path) -> str:
    """One of "parquet", "npz", "gzip" and "text"."""
    with path.open("rb") as file:
        first = file.read(4)
    return next(
        (kind for mark, kind in SIGNATURES.items() if first.startswith(mark)), "text"
    )


def sha256(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def beginning(path: Path, count: int = 1 << 18) -> bytes:
    """The first bytes of the content, unpacked."""
    if kind_of(path) != "gzip":
        with path.open("rb") as file:
            return file.read(count)
    try:
        with gzip.open(path, "rb") as packed:
            return packed.read(count)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(
            f"{path}, which is packed and cut off ({error})",
            "a whole .gz file",
            "Get it again.",
        ) from error


def content_bytes(path: Path) -> int:
    """How large the content is; of a .gz file what it says of itself, which is modulo 4 GiB."""
    size = path.stat().st_size
    if kind_of(path) != "gzip" or size < 18:
        return size
    with path.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        return max(size, int.from_bytes(file.read(4), "little"))


def memory_bytes() -> int:
    """The memory of this machine, or of the group of processes where that has less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # "max", or no such file
        memory = min(
            memory, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        )
    return memory


def announce_size(path: Path) -> None:
    """Warn, before it is read, of a file larger than a third of the memory."""
    size, memory = content_bytes(path), memory_bytes()
    if size > memory / 3:
        logger.warning(
            "%s holds %.1f GB, more than a third of the memory (%.1f GB): reading it may take long or fail. "
            "Fewer rows or columns, or uint8 pixels in .npz, need less.",
            path,
            size / 1e9,
            memory / 1e9,
        )
