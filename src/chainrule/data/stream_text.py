"""Text files of a stream, read by blocks of whole rows."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from ..arguments import argument
from ..errors import InputError
from .column_kinds import decide
from .dialect import Dialect
from .file_problems import FileProblemError
from .stream_file import Part, StreamFile, Wanted, stamped
from .tables import Table, found_dialect, read_text
from .text_layout import Layout, layout_of
from .text_lines import TextLines

__all__ = ["TextFile"]

#: Bytes of text that are a block; bytes within which a row must end.
TEXT_BYTES, LONGEST_ROW = 1 << 24, 1 << 28
QUADS = ("utf-16", "utf-32")


@dataclass(frozen=True)
class TextFile(StreamFile):
    """A file of lines, with their layout."""

    kind: ClassVar[str] = "text"
    layout: Layout = field(kw_only=True)

    @classmethod
    def of(cls, path: Path, asked: Dialect, known: Collection[str]) -> Self:
        """The file with its columns; `known` are names that they may have."""
        layout = layout_of(path, asked, known)
        if layout.encoding.startswith(QUADS):
            raise InputError(
                f"{path} in {layout.encoding}",
                "an encoding in which a line end is one byte: utf-8, cp1252, …",
                f"Write it again: iconv -f {layout.encoding} -t utf-8.",
            )
        names = tuple(filter(None, layout.names))
        return cls(**stamped(path), names=names, layout=layout)

    def parts(self) -> Iterator[Part]:
        """Blocks of whole rows; a line end within quotes ends no row."""
        quote = self.layout.quote.encode("ascii", "replace")
        with open(self.path, "rb") as opened:
            content = opened.read(TEXT_BYTES)
            end = b"\r" if b"\n" not in content and b"\r" in content else b"\n"
            opened.seek(0)
            lines, number, pending = self.layout.skipped_lines, 0, b""
            for _ in range(lines):
                _skip_line(opened, end)
            start = opened.tell()
            while True:
                read = opened.read(TEXT_BYTES)
                content, whole = pending + read, opened.tell() >= self.size
                if not (read or whole):  # cut off since it was opened
                    self.require_same()
                cut = len(content) if whole else _last_row_end(content, end, quote)
                if cut == 0 and not whole:
                    if len(content) >= LONGEST_ROW:
                        raise InputError(
                            f"{self.path}, in which no row ends within {LONGEST_ROW >> 20} MB after line {lines}",
                            "rows that end, with quotes that are closed",
                            f"Repair the line; or name the quote of the file: {argument('quote')}.",
                        )
                    pending = content
                    continue
                if content[:cut].strip():
                    yield Part(number, -1, -1, cut, start, lines, last=whole)
                    number += 1
                lines += content.count(end, 0, cut)
                start += cut
                pending = content[cut:]
                if whole:
                    return

    def tables(self, part: Part, asked: Wanted) -> Iterator[Table]:
        path = Path(self.path)
        with open(path, "rb") as opened:
            opened.seek(part.start)
            content = opened.read(part.bytes)
        if len(content) < part.bytes:
            self.require_same()
        if part.start == 0:
            content = content.removeprefix(codecs.BOM_UTF8)
        layout = replace(self.layout, skipped_lines=part.skipped_lines)
        # notes and sums stand at the end of a file, not at that of a block
        sure = asked.sure if part.last else self.names
        dialect = replace(asked.dialect, separator=layout.separator)
        words, wanted = frozenset(dialect.missing), asked.columns.__contains__
        try:
            texts, _ = read_text(path, layout, wanted, sure, words, content)
        except FileProblemError as problem:
            remedy = "Take it away: files of a stream are read to their ends."
            raise InputError(problem.given, problem.allowed, remedy) from problem
        first = max(part.first_row, 0)
        lines, source = TextLines(path, layout, content), self._source(part)

        def place(row: int) -> str:
            return f"{lines.words(row)} of {source}"

        decided = decide(texts, dialect, source=self.name, place=place)
        rows = len(next(iter(decided.columns.values()), ()))
        table = self._table(part, decided, dialect, first, first + rows)
        yield replace(table, dialect=found_dialect(dialect, layout, decided))


def _skip_line(opened: Any, end: bytes) -> None:
    if end == b"\n":
        opened.readline()
        return
    while opened.read(1) not in (b"", end):
        pass


def _last_row_end(content: bytes, end: bytes, quote: bytes) -> int:
    """The place behind the last line end that is not within quotes; 0 where there is none."""
    if quote not in content:
        return content.rfind(end) + 1
    values = np.frombuffer(content, np.uint8)
    within = np.logical_xor.accumulate(values == quote[0])
    ends = np.flatnonzero((values == end[0]) & ~within)
    return int(ends[-1]) + 1 if ends.size else 0
