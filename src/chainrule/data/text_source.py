"""The text of a table file: unpacked, in its encoding, by lines; nothing is known of fields here."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import IO, Any

from ..arguments import argument
from ..errors import InputError
from .file_kinds import kind_of

__all__ = ["encoding_of", "first_lines", "open_bytes", "open_text"]

OPENERS: dict[str, Any] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
#: Byte order marks, the longer first.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
#: Bytes that are looked at: more until two lines are whole.
LOOKED_AT, AT_MOST = 1 << 18, 1 << 26


def _other_encodings() -> str:
    """The remedy for text that is no UTF-8."""
    return (
        f"Pass its encoding ({argument('encoding', 'cp1252')} for Windows in Western Europe, latin-1, cp1250, …), or "
        "write it again as UTF-8: iconv -f cp1252 -t utf-8."
    )


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The content of a file, unpacked; `InputError` where a packed one is cut off or damaged."""
    kind = kind_of(path)
    if kind not in OPENERS:
        with path.open("rb") as file:
            yield file
        return
    try:
        with OPENERS[kind](path, "rb") as file:
            yield file
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise InputError(
            f"{path}, which is packed and cut off or damaged ({error})",
            f"a whole file packed by {kind}",
            "Get it again.",
        ) from error


def encoding_of(path: Path, content: bytes, asked: str | None) -> str:
    """The encoding of a text by its first bytes; `asked` where they do not mark one."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return encoding
    if asked is not None and codecs.lookup(asked).name not in ("utf-8", "ascii"):
        return asked
    even, odd = content[:4096:2].count(0), content[1:4096:2].count(0)
    half = len(content[:4096]) / 2
    if max(even, odd) > 0.4 * half and min(even, odd) < 0.1 * half:
        return "utf-16-le" if odd > even else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}, which is no text in UTF-8 (byte {error.start}, line {line})",
            "CSV, TSV or other text; Parquet; npz",
            _other_encodings(),
        ) from error
    return "utf-8"


@contextmanager
def open_text(
    path: Path, encoding: str, content: bytes | None = None
) -> Iterator[IO[str]]:
    """The text of a file, or of this content of it; lines end at LF, CR LF or CR and at nothing else."""
    opened = open_bytes(path) if content is None else nullcontext(io.BytesIO(content))
    with opened as file:
        text = io.TextIOWrapper(
            file,
            encoding="utf-8-sig" if encoding == "utf-8" else encoding,
            newline="",
        )
        try:
            yield text
        except UnicodeError as error:
            raise InputError(
                f"{path}, which is no text in {encoding} ({_reason(error)})",
                "one encoding in the whole file",
                _other_encodings(),
            ) from error
        finally:
            if not file.closed:
                text.detach()


def first_lines(path: Path, count: int, asked: str | None) -> tuple[list[str], str]:
    """The first lines, with their ends, and the encoding."""
    size = LOOKED_AT
    with open_bytes(path) as file:
        content = file.read(size)
        while len(content) == size < AT_MOST and _line_ends(content) < 8:
            content += file.read(size)
            size *= 2
    encoding = encoding_of(path, content, asked)
    whole = len(content) < size
    decoder = codecs.getincrementaldecoder(
        "utf-8-sig" if encoding == "utf-8" else encoding
    )()
    try:
        text = decoder.decode(content, final=whole)
    except UnicodeError as error:
        raise InputError(
            f"{path}, which is no text in {encoding} ({_reason(error)})",
            "text in the encoding asked for",
            _other_encodings(),
        ) from error
    lines = list(islice(io.StringIO(text, newline=""), count))
    if not whole and len(lines) < count and len(lines) > 1:
        lines.pop()  # it may be cut
    return lines, encoding


def _reason(error: UnicodeError) -> str:
    """The reason why a text could not be decoded: a missing mark is an error of its own before Python 3.13."""
    if isinstance(error, UnicodeDecodeError) and "BOM" not in error.reason:
        return f"{error.reason} at byte {error.start}"
    return f"{error}; utf-16-le and utf-16-be need no mark"


def _line_ends(content: bytes) -> int:
    return content.count(b"\n") or content.count(b"\r")
