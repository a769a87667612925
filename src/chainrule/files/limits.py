"""Limits: how much memory there is for what a file says that it holds."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ..errors import InputError

__all__ = ["memory_bytes", "require_room"]


def memory_bytes() -> int:
    """The memory that this process may use: the machine's, or less where its group or a limit has less.

    Examples
    --------
    >>> memory_bytes() > 1 << 20
    True
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # "max", or no such file
        memory = min(
            memory, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        )
    with contextlib.suppress(ImportError):
        import resource

        for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
            limit = resource.getrlimit(kind)[0]
            if limit != resource.RLIM_INFINITY:
                memory = min(memory, limit)
    return memory


def require_room(what: str, size: int) -> None:
    """Raise `InputError` for a size that is more than half the memory.

    Parameters
    ----------
    what : str
        What is that large: "x of data.npz".
    size : int
        In bytes.

    Examples
    --------
    >>> require_room("x of data.npz", 1000)
    >>> require_room("x of data.npz", 10**18)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    chainrule.errors.InputError: Given: x of data.npz, of 1000000000.0 GB. Allowed: at most half the memory, ...
    """
    memory = memory_bytes()
    if size > memory / 2:
        raise InputError(
            f"{what}, of {size / 1e9:.1f} GB",
            f"at most half the memory, {memory / 2e9:.1f} GB",
            "Use fewer rows or columns, or a machine with more memory.",
        )
