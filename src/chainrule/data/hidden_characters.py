"""Characters that are not seen: without meaning in a cell or a name, so that it is read without them; or refused.

Without meaning are blanks without width, marks of direction, soft hyphens and byte order marks; blanks of another
width are blanks, and a letter with its accent as one character or as two is the same. Control characters that part or
end data are refused; those that a terminal obeys are read and told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError

__all__ = [
    "changed",
    "clean",
    "clean_column",
    "refuse_control",
    "refuse_control_in_column",
    "spoiled",
]

UNSEEN = "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
ACCENTS = "\u0300-\u036f\u3099\u309a\u1100-\u11ff"
#: Control characters that part or end data, but for line ends, tabs and form feeds.
CONTROL = re.compile(r"[\0-\x06\x0e-\x1a\x1c-\x1f]")
#: Encodings of text in bytes below 128, by what their texts hold.
SEVEN_BIT = {
    "iso2022_jp": re.compile(r"\x1b\$[@B]|\x1b\([IJ]"),
    "iso2022_kr": re.compile(r"\x1b\$\)C"),
    "hz": re.compile(r"~\{(?:[!-w][!-~])+~\}"),
}

#: Text that was decoded in a wrong encoding before, or could not be.
SPOILED = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf]|\u00e2\u20ac|\ufffd|[\u0080-\u009f]"
)
#: What a terminal obeys: it is printed as escapes.
STEERING = re.compile(r"[\x07\x08\x1b]")

_REMOVED = re.compile(f"[{UNSEEN}]")
_BLANK = re.compile(f"[{BLANKS}]")


def clean(text: str) -> str:
    r"""A text without characters that are not seen, its blanks as plain ones, accents with their letters.

    Examples
    --------
    >>> clean("red\u200b"), clean("New\u00a0York"), clean("cafe\u0301") == "caf\u00e9"
    ('red', 'New York', True)
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _BLANK.sub(" ", _REMOVED.sub("", text)))


def clean_column(pa: Any, text: Any) -> tuple[Any, str]:
    """A column of text, cleaned; and a text that it changed, "" for none."""
    compute = pa.compute
    if compute.all(compute.string_is_ascii(text)).as_py() is not False:
        return text, ""
    found = compute.match_substring_regex(text, f"[{UNSEEN}{BLANKS}{ACCENTS}]")
    if not compute.any(found).as_py():
        return text, ""
    values = compute.unique(text.filter(found)).to_pylist()
    cleaned = [clean(value) for value in values]
    changed = [v for v, c in zip(values, cleaned, strict=True) if v != c]
    places = compute.index_in(text, value_set=pa.array(values, pa.string()))
    new = pa.array(cleaned, pa.string()).take(
        places.combine_chunks() if isinstance(places, pa.ChunkedArray) else places
    )
    whole = compute.if_else(compute.is_valid(new), new, text)
    return compute.utf8_trim_whitespace(whole), changed[0] if changed else ""


def changed(where: str, text: str) -> list[str]:
    """A remark on a text that was cleaned; none where there is none."""
    if not text:
        return []
    return [
        f"{where}: {text!a} and the like are read without characters that are not seen, with plain blanks and composed "
        "accents."
    ]


def spoiled(where: str, texts: Collection[str]) -> list[str]:
    """A remark on text that was decoded in a wrong encoding before it was written, or steers a terminal.

    Examples
    --------
    >>> spoiled("a", ["\u00fc", "\u00fc".encode().decode("latin-1")])[0][:16]
    'a: \u00c3\u00bc looks like'
    """
    for pattern, what in (
        (
            SPOILED,
            "looks like text that was read in a wrong encoding before; get it again",
        ),
        (STEERING, "holds control characters, and is read with them"),
    ):
        for text in texts:
            if pattern.search(text):
                return [f"{where}: {text} {what}."]
    return []


def refuse_control_in_column(pa: Any, where: str, column: Any, separator: str) -> None:
    """Raise where a cell of a column holds a control character; few columns are looked at cell by cell."""
    content = column.buffers()[2]
    if content is None:
        return
    codes = np.frombuffer(content, np.uint8)
    if not codes.size or codes.min() >= 32:
        return
    found = pa.compute.match_substring_regex(column, CONTROL.pattern)
    for row in np.flatnonzero(found.to_numpy(zero_copy_only=False)).tolist():
        refuse_control(where, column[row].as_py(), None, separator)


def refuse_control(
    source: object, text: str, line: int | None, separator: str = ""
) -> None:
    """Raise where a text, which begins in a line, holds a control character, or is in an encoding of seven bits."""
    for encoding, pattern in SEVEN_BIT.items():
        if found := pattern.search(text):
            raise InputError(
                f"{source} with {found[0]!r}{_line(text, found, line)}, as texts in {encoding} have it",
                "text in one encoding that is known",
                f"Name it: {argument('encoding', encoding)}.",
            )
    for found in CONTROL.finditer(text):
        if found[0] == separator:
            continue
        raise InputError(
            f"{source} with the control character U+{ord(found[0]):04X}{_line(text, found, line)}",
            "text",
            "Get the file again if it is damaged, or was put together out of several; take the character out; or, if "
            f"it separates the fields, name it: {argument('separator')}.",
        )


def _line(text: str, found: re.Match[str], line: int | None) -> str:
    if line is None:
        return ""
    before = text[: found.start()]
    return f" in line {line + (before.count(chr(10)) or before.count(chr(13)))}"
