"""Files written whole: beside their place, synced, renamed; what a killed process left beside is removed.

The file beside is locked while it is written. So a file that nobody has locked is a leftover: its writer was killed.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG

__all__ = ["is_leftover", "lock", "remove_leftovers", "write_whole"]

ENDING = ".tmp"
#: Seconds after which an unlocked file beside is a leftover: far more than lie between making and locking it.
AGE = 60.0


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file beside its place, sync it, and rename it: it is there whole or not at all."""
    target = Path(path)
    try:
        remove_leftovers(target)
        _write_beside(target, content)
    except OSError as error:  # it names the file beside, which nobody asked for
        why = f"{error.strerror or error} (in the folder {target.absolute().parent}); choose another folder"
        raise OSError(error.errno, why, os.fspath(path)) from error


def lock(handle: int) -> bool:
    """Lock an open file or folder until it is closed; False where another process has it.

    Where the system has no locks, or the file's system none, it counts as locked: nothing can be said of others.
    """
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return True
    return True


def is_leftover(name: str, target: str) -> bool:
    """Return whether a file of this name is one beside `target`, whole or not.

    Examples
    --------
    >>> is_leftover(".model.safetensors.x7_b2.tmp", "model.safetensors")
    True
    >>> is_leftover("model.safetensors", "model.safetensors")
    False
    """
    return name.startswith(f".{target}.") and name.endswith(ENDING)


def remove_leftovers(target: Path, *, age: float = AGE) -> None:
    """Remove the files that killed processes left beside `target`.

    Parameters
    ----------
    target : Path
        The file that they were to become.
    age : float
        Seconds since they were last written; 0 only where nobody else can be writing.
    """
    with contextlib.suppress(
        OSError
    ):  # a folder that cannot be listed is said by who writes
        for path in _beside(target):
            with contextlib.suppress(OSError):  # another's, or gone by now
                if time.time() - path.stat().st_mtime >= age:
                    _remove_unlocked(path)


def _beside(target: Path) -> Iterator[Path]:
    for name in os.listdir(target.parent):  # an iterator could be lost in an interrupt
        path = target.parent / name
        if is_leftover(name, target.name) and S_ISREG(path.lstat().st_mode):
            yield path


def _remove_unlocked(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        if lock(handle):
            path.unlink()
    finally:
        os.close(handle)


def _write_beside(target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.name}.", suffix=ENDING
    )
    try:
        try:  # by the number alone: a file object could be lost, unclosed, in an interrupt
            lock(handle)
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)  # mkstemp's files are private
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    with contextlib.suppress(OSError):  # not every system lets a folder be synced
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
