"""Downloads: published files from one of several addresses, resumed where they were cut off, verified.

What is not yet whole lies beside its place with the ending .part, and becomes the file only when its
checksum is the published one.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import InputError
from ..progress import ProgressLine

__all__ = ["DownloadError", "PublishedFile", "fetch", "matches"]

CHUNK, MB = 1 << 16, 1_000_000
#: Seconds without a byte before an address is given up.
TIMEOUT = 20
#: Attempts at an address after the connection broke.
TRIES = 3


class DownloadError(OSError):
    """No address gave the file."""


@dataclass(frozen=True)
class PublishedFile:
    """A file that others publish.

    Parameters
    ----------
    name : str
    checksum : str
        "md5:…" or "sha256:…", hexadecimal, as published.
    """

    name: str
    checksum: str


def matches(path: Path, checksum: str) -> bool:
    """Return whether a file has this checksum."""
    algorithm, _, digits = checksum.partition(":")
    with path.open("rb") as file:
        return (
            hashlib.file_digest(
                file, lambda: hashlib.new(algorithm, usedforsecurity=False)
            ).hexdigest()
            == digits
        )


def fetch(
    file: PublishedFile,
    addresses: Sequence[str],
    folder: Path,
    *,
    progress: bool | None = None,
) -> Path:
    """Download a file into a folder, unless it is there.

    Parameters
    ----------
    file : PublishedFile
    addresses : sequence of str
        Folders on the net that have it, the best first; each ends in a slash.
    folder : Path
        Made where it is missing.
    progress : bool, optional
        A live line on standard error; by default only on a terminal.

    Returns
    -------
    Path
        The file, verified.

    Raises
    ------
    InputError
        The file is there and is not the published one.
    DownloadError
        No address gave it whole; what came is kept, and the next call continues from there.
    """
    target = folder / file.name
    if target.exists():
        if matches(target, file.checksum):
            return target
        raise InputError(
            f"{target}, which is not the published file",
            f"one whose {file.checksum.replace(':', ' is ')}",
            "Remove it, to have it downloaded, or get it again.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    part, failures = folder / f"{file.name}.part", []
    for address in addresses:
        try:
            _from_address(address + file.name, part, progress)
        except (OSError, http.client.HTTPException, ValueError) as error:
            failures.append(f"{urlsplit(address).netloc or address}: {_reason(error)}")
            continue
        if matches(part, file.checksum):
            with part.open("rb") as whole:
                os.fsync(whole.fileno())
            part.replace(target)
            return target
        part.unlink()
        failures.append(
            f"{urlsplit(address).netloc}: another file than the published one (wrong checksum)"
        )
    raise DownloadError(
        f"{file.name} could not be downloaded ({'; '.join(failures)}). Is there a network? Try again, which continues "
        f"where it broke off; or put the file into {folder}/ yourself; CHAINRULE_DATA names another folder."
    )


def _reason(error: BaseException) -> str:
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)


def _from_address(url: str, part: Path, progress: bool | None) -> None:
    """Bring `part` to the full length, continuing after broken connections while something still comes."""
    for attempt in range(1, TRIES + 1):
        before = part.stat().st_size if part.exists() else 0
        try:
            _get(url, part, before, progress)
            return
        except urllib.error.HTTPError as error:
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and before:
                part.unlink()  # longer than the file: not a beginning of it
            else:
                raise
        except (OSError, http.client.HTTPException):
            if attempt == TRIES or not part.exists() or part.stat().st_size <= before:
                raise
    raise ConnectionError("the connection broke again and again")


def _get(url: str, part: Path, start: int, progress: bool | None) -> None:
    request = urllib.request.Request(
        url, headers={"User-Agent": "chainrule", "Accept-Encoding": "identity"}
    )
    if start:
        request.add_header("Range", f"bytes={start}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        continued = answer.status == http.client.PARTIAL_CONTENT
        start = start if continued else 0
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length else 0
        with (
            part.open("ab" if continued else "wb") as file,
            ProgressLine(
                f"fetching {part.stem}",
                total=total / MB,
                unit="MB",
                show=progress,
                done=start / MB,
            ) as line,
        ):
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                line.advance("", len(chunk) / MB)
        if total and part.stat().st_size < total:
            raise ConnectionError(
                f"broke off after {part.stat().st_size} of {total} bytes"
            )
