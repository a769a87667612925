"""A SHA-256 of results that is the same where all bits are, and of nothing that differs from run to run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

__all__ = ["EXCLUDED", "digest", "without_excluded"]

#: Keys of JSON that are left out, wherever they stand.
EXCLUDED = {
    "seconds": "a time",
    "versions": "of packages, which say nothing about bits",
    "output": "a path",
    "command": "holds paths",
}


def without_excluded(value: Any) -> Any:
    """Content of JSON without the keys of `EXCLUDED`."""
    if isinstance(value, Mapping):
        kept = {key: part for key, part in value.items() if key not in EXCLUDED}
        return {key: without_excluded(part) for key, part in kept.items()}
    if isinstance(value, list):
        return [without_excluded(part) for part in value]
    return value


def digest(value: Any) -> str:
    """The hash of a number, a text, an array, or a nest of these in lists and mappings."""
    found = hashlib.sha256()
    _feed(found, value)
    return found.hexdigest()


def _feed(found: Any, value: Any) -> None:
    """Add a value with its type and length, so that no two nests read alike."""
    if isinstance(value, Mapping):
        _feed(found, [[str(key), value[key]] for key in sorted(value, key=str)])
    elif isinstance(value, list | tuple):
        found.update(f"list {len(value)};".encode())
        for part in value:
            _feed(found, part)
    elif isinstance(value, np.ndarray | np.generic) and value.dtype != object:
        array = np.asarray(value)
        found.update(f"array {array.dtype.str} {array.shape};".encode())
        found.update(array.tobytes())
    elif isinstance(value, float):
        found.update(f"float {value.hex()};".encode())
    elif isinstance(value, Enum):
        found.update(f"name {value.name};".encode())
    elif value is None or isinstance(value, bool | int | str):
        found.update(f"{type(value).__name__} {len(str(value))} {value};".encode())
    else:
        raise TypeError(f"{type(value).__name__} has no hash here")
