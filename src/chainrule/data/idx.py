"""IDX, the format of MNIST's files: uint8 with any number of axes, also packed."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import InputError
from ..files.limits import require_room
from .text_source import open_bytes

__all__ = ["read_idx"]

#: Axes at most; more than any picture has.
MOST_AXES = 8
#: The product of all lengths that are not 0 at most: what an array can be indexed by.
LARGEST = 2**62
CHUNK = 1 << 20


def read_idx(path: str | os.PathLike[str]) -> np.ndarray[Any, Any]:
    """The array in an IDX file.

    Parameters
    ----------
    path : path
        The file, which may be packed.

    Returns
    -------
    ndarray of uint8

    Raises
    ------
    InputError
        Another file, one that is damaged, or more numbers than half the memory holds. No more is unpacked than the
        first bytes say that there is.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "labels.idx"
    >>> _ = file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))
    >>> read_idx(file).tolist()
    [7, 9]
    """
    with open_bytes(Path(path)) as content:
        return _array(Path(path), content)


def _array(path: Path, content: IO[bytes]) -> np.ndarray[Any, Any]:
    first = content.read(4)
    if len(first) < 4 or first[:3] != b"\x00\x00\x08" or not 1 <= first[3] <= MOST_AXES:
        raise InputError(
            f"{path}, which is not IDX of uint8",
            f"a first word of 0x000008nn, nn axes, at most {MOST_AXES}",
            "Get the file again.",
        )
    lengths = content.read(4 * first[3])
    if len(lengths) < 4 * first[3]:
        raise _damaged(f"{path}, which ends in its header")
    shape = tuple(int(n) for n in np.frombuffer(lengths, ">u4"))
    size = math.prod(shape)
    if math.prod(max(n, 1) for n in shape) > LARGEST:
        raise _damaged(f"{path} of shape {shape}")
    require_room(f"{path}", size)
    numbers = bytearray()  # grows with what is there, not with what is claimed
    while len(numbers) <= size and (part := content.read(CHUNK)):
        numbers += part
    if len(numbers) != size:
        found = len(numbers) if len(numbers) < size else "more"
        raise _damaged(f"{path} with {found} numbers for the shape {shape}")
    return np.frombuffer(numbers, np.uint8).reshape(shape)


def _damaged(given: str) -> InputError:
    return InputError(given, "the whole file, as it was published", "Get it again.")
