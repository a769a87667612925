"""The lines of a text file in which its rows stand, as an editor counts them."""

from __future__ import annotations

import csv
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
        try:
            return f"line {self._line(row)}"
        except (OSError, csv.Error, InputError, IndexError):
            return f"row {row + 1}"

    def _line(self, row: int) -> int:
        layout, width = self.layout, len(self.layout.names)
        with open_text(self.path, layout.encoding, self.content) as text:
            skipped = layout.skipped_lines
            lines = islice(text, 0 if self.content is not None else skipped, None)
            reader = split_lines(
                lines, layout.separator, layout.quote, padded=layout.padded
            )
            begins = 1
            for fields in reader:
                empty = len(fields) <= 1 and not any(f.strip() for f in fields)
                if not empty or width == 1:
                    if not row:
                        return skipped + begins
                    row -= 1
                begins = reader.line_num + 1  # type: ignore[attr-defined]
        raise IndexError(row)
