"""The lines of a text file in which its rows stand, as an editor counts them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..errors import InputError
from .separators import split_lines
from .text_layout import Layout
from .text_source import open_text

__all__ = ["TextLines"]


@dataclass(frozen=True)
class TextLines:
    """The lines of a text file, found anew where a message asks for one.

    Parameters
    ----------
    path : Path
    layout : Layout
        How it was split.
    content : bytes or None
        Some whole lines of the file behind those that the layout skips; None for all of it.
    """

    path: Path
    layout: Layout
    content: bytes | None = None

    def words(self, row: int) -> str:
        """The place of a row, counted from 0: its line, from 1; the row, from 1, where the file has changed."""
        found = self.of([row])
        return f"row {row + 1}" if found is None else f"line {found[0]}"

    def of(self, rows: Sequence[int]) -> list[int] | None:
        """The lines of some rows, read in one pass; None where the file has changed so that it lacks them."""
        try:
            lines = dict(self._lines(set(rows)))
            return [lines[row] for row in rows]
        except (OSError, csv.Error, InputError, KeyError):
            return None

    def _lines(self, wanted: set[int]) -> Iterator[tuple[int, int]]:
        layout, width = self.layout, len(self.layout.names)
        with open_text(self.path, layout.encoding, self.content) as text:
            skipped, last = layout.skipped_lines, max(wanted, default=-1)
            lines = islice(text, 0 if self.content is not None else skipped, None)
            reader = split_lines(
                lines, layout.separator, layout.quote, padded=layout.padded
            )
            begins, row = skipped + 1, 0
            for fields in reader:
                if row > last:
                    return
                empty = len(fields) <= 1 and not any(f.strip() for f in fields)
                if not empty or width == 1:
                    if row in wanted:
                        yield row, begins
                    row += 1
                begins = skipped + reader.line_num + 1  # type: ignore[attr-defined]
