"""The container of our files: arrays and one JSON text in safetensors, with a checksum over all.

The format is specified in docs/file_format.md, so that other programs can read it. A right checksum says that
nothing was altered, not who wrote it: all that is in a file is compared with a schema before it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .limits import require_room
from .schema import fitted, read_json
from .writing import write_whole

__all__ = ["DTYPES", "fits_together", "read_file", "unreadable", "write_file"]

VERSION = 1
#: Stands where the checksum goes while it is computed.
BLANK = "0" * 64
MARK = b'\\"sha256\\":\\"'
#: How safetensors calls the dtypes that we write.
DTYPES = {"F32": "float32", "F64": "float64"}


@dataclass(frozen=True)
class TensorEntry:
    """The entry of an array in the header.

    Parameters
    ----------
    dtype : str
    shape : tuple of int
    data_offsets : (int, int)
    """

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(
                f"numbers of dtype {self.dtype}, not {' or '.join(DTYPES)}"
            )


@dataclass(frozen=True)
class Envelope:
    """The part of the JSON text that every file of ours has.

    Parameters
    ----------
    format : str
    version : int
    versions : dict of str
        Of what wrote it.
    """

    format: str
    version: int
    versions: dict[str, str]


def write_file(
    path: str | os.PathLike[str],
    format_name: str,
    content: Mapping[str, Any],
    tensors: Mapping[str, np.ndarray[Any, Any]],
) -> None:
    """Write one of our files: JSON content and arrays under one checksum."""
    from safetensors.numpy import save

    head = {"sha256": BLANK, "format": format_name, "version": VERSION}
    try:
        text = json.dumps(
            {**head, **content},
            ensure_ascii=True,
            allow_nan=False,
            separators=(",", ":"),
        )
    except (TypeError, ValueError) as error:
        raise InputError(
            f"notes that JSON cannot hold ({error})",
            "text, finite numbers, lists, dicts",
            "Convert them.",
        ) from error
    # the format's writer silently writes wrong numbers for arrays that are not contiguous
    blob = save(
        {k: np.ascontiguousarray(v) for k, v in tensors.items()},
        metadata={"chainrule": text},
    )
    digits = hashlib.sha256(blob).hexdigest().encode()
    write_whole(path, blob.replace(MARK + BLANK.encode(), MARK + digits, 1))


def read_file(
    path: str | os.PathLike[str], *formats: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Content and arrays of one of our files of these formats, whole and unaltered, or `InputError`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    if Path(path).is_dir():
        inside = sorted(Path(path).glob("*.safetensors"))
        raise InputError(
            f"{os.fspath(path)}, which is a folder",
            "a file",
            f"Pass a file in it: {', '.join(map(str, inside)) or 'none ends in .safetensors'}.",
        )
    require_room(os.fspath(path), Path(path).stat().st_size)
    blob = Path(path).read_bytes()
    _verify(path, blob)
    with fits_together(path, also=(SafetensorError,)):
        end = 8 + int.from_bytes(blob[:8], "little")
        header = fitted(dict[str, Any], read_json(blob[8:end]), "header")
        texts = fitted(dict[str, str], header.pop("__metadata__", None), "metadata")
        content = read_json(texts.get("chainrule", "null"))
        _require_format(path, fitted(Envelope, content), formats)
        fitted(dict[str, TensorEntry], header, "header")
        return content, load(blob)


def _verify(path: str | os.PathLike[str], blob: bytes) -> None:
    """Raise unless the checksum is right."""
    at = blob.find(MARK) + len(MARK)
    if at < len(MARK) or len(blob) < at + 64:
        raise unreadable(path, "no checksum of chainrule's in it")
    whole = memoryview(blob)
    digest = hashlib.sha256(whole[:at])
    digest.update(BLANK.encode())
    digest.update(whole[at + 64 :])
    if digest.hexdigest().encode() != blob[at : at + 64]:
        raise unreadable(
            path, "a checksum that does not match: it was cut off or altered"
        )


def _require_format(
    path: str | os.PathLike[str], envelope: Envelope, formats: tuple[str, ...]
) -> None:
    """Raise unless it is a file of a kind and version that we know."""
    if envelope.format not in formats:
        wanted = " or ".join(map(repr, formats))
        raise unreadable(path, f"a file of kind {envelope.format!r}, not {wanted}")
    if envelope.version > VERSION:
        writer = envelope.versions.get("chainrule", "a newer chainrule")
        raise InputError(
            f"{os.fspath(path)}, of format version {envelope.version}",
            f"versions up to {VERSION}",
            f"Install a newer chainrule; the file was written by {writer}.",
        )
    if envelope.version < 1:
        raise ValueError(f"version: {envelope.version}, which there never was")


def unreadable(path: str | os.PathLike[str], what: str) -> InputError:
    """The error for a file that is not what it should be."""
    return InputError(
        f"{os.fspath(path)}, with {what}",
        "an unaltered file written by chainrule",
        "Use another copy, or train again.",
    )


@contextmanager
def fits_together(
    path: str | os.PathLike[str],
    what: str = "contents",
    *,
    also: tuple[type[Exception], ...] = (),
) -> Iterator[None]:
    """A block that takes what was read apart: a `ValueError` in it becomes an `InputError` that names the file.

    Parameters
    ----------
    path : path
        An error that begins with it passes as it is.
    what : str
        The part of the file, a plural.
    also : tuple of exception types
        Others that a damaged file may raise.
    """
    expected: tuple[type[Exception], ...] = (ValueError, *also)
    try:
        yield
    except expected as error:
        if isinstance(error, InputError) and error.given.startswith(os.fspath(path)):
            raise
        raise unreadable(path, f"{what} that do not fit together ({error})") from error
