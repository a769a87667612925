"""The stamp in an exported file, and the seal of a file of ONNX or C."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import InputError
from .onnx_out import DIGEST, STAMP, onnx_library
from .stamp import BLANK, MARK, SEAL, Stamp, sealed

__all__ = ["properties", "require_seal", "stamp_of", "unlike"]


def unlike(target: Path, what: str) -> InputError:
    """The error for a file that no export has left as it is."""
    return InputError(
        f"{target}, {what}",
        "a file as chainrule exported it",
        "Export again.",
    )


def stamp_of(target: Path, blob: bytes) -> Stamp:
    """The stamp in a file, or `InputError`."""
    try:
        if target.suffix == ".onnx":
            return Stamp.read(properties(target, blob)[STAMP])
        found = re.search(MARK.encode() + rb"(\{[^\n]*\})", blob)
        if found is None:
            raise ValueError("no stamp")
        digest = re.search(SEAL.encode() + rb"([0-9a-f]{64})", blob)
        require_seal(target, blob, digest and digest[1].decode())
        return Stamp.read(found[1])
    except KeyError as error:
        raise unlike(target, "without a stamp") from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise unlike(target, f"whose stamp cannot be read ({error})") from error


def require_seal(target: Path, blob: bytes, digest: str | None) -> None:
    """Raise where the checksum that a file states is not that of its bytes."""
    if digest is None:
        return
    at = blob.rfind(digest.encode())
    blank = blob[:at] + BLANK.encode() + blob[at + 64 :]
    if len(digest) != 64 or at < 0 or sealed(blank) != blob:
        raise unlike(target, "with a checksum that does not match: it was altered")


def properties(target: Path, blob: bytes) -> dict[str, str]:
    """The properties of a file of ONNX whose seal is whole."""
    onnx = onnx_library()
    try:
        model = onnx.load_model_from_string(blob)
    except Exception as error:  # protobuf's own classes, by back end
        raise unlike(target, "which is no file of ONNX") from error
    found = {str(p.key): str(p.value) for p in model.metadata_props}
    require_seal(target, blob, found.get(DIGEST))
    return found
