"""The output of the commands: plain lines and tables, as wide as the terminal and no wider.

Everything goes through here, or through `exit_status`, so that no name out of a file reaches a terminal as it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from rich.console import Console
from rich.text import Text

from ..printable import printable, printable_lines

__all__ = ["Cell", "Output", "columns", "write_table"]

#: The words of a cell, and how they are shown.
Cell = tuple[str, str]


class Output(Console):
    """Standard output. Off a terminal nothing is wrapped; a reader who goes away stops no work.

    `print` takes a line, with blank ones before and after it; `print_lines` takes a text of several.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, quiet=quiet)
        self.soft_wrap = not self.is_terminal

    def print(self, *objects: Any, **options: Any) -> None:
        """Print a line; a newline within it is a name's, and escaped."""
        super().print(*map(_line, objects), **options)

    def print_lines(self, text: str, **options: Any) -> None:
        """Print a text of several lines, in which names are escaped already."""
        super().print(printable_lines(text), **options)

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def print_table(
        self,
        title: str,
        heads: Sequence[str],
        rows: Sequence[tuple[str, Sequence[Cell]]],
    ) -> None:
        """A table of short cells, right-justified under their heads.

        Parameters
        ----------
        title : str
        heads : sequence of str
            Heads of the columns, which may have several lines.
        rows : sequence of (str, sequence of (str, str))
            Each row's name and its cells, with a style of Rich's each.

        Notes
        -----
        Where the terminal is narrower than the table, some of the columns come below the others.
        """
        self.print(title, style="italic")
        heads = [printable_lines(head) for head in heads]
        rows = [
            (printable(name), [(printable(words), style) for words, style in cells])
            for name, cells in rows
        ]
        widths = [
            max(
                len(line)
                for line in (*head.split("\n"), *(cells[i][0] for _, cells in rows))
            )
            for i, head in enumerate(heads)
        ]
        names = max(len(name) for name, _ in rows)
        width = None if self.soft_wrap else self.width
        for part, gap in columns(widths, names, width):
            stacked = [heads[i].split("\n") for i in part]
            above = reversed(
                list(zip_longest(*(reversed(lines) for lines in stacked), fillvalue=""))
            )
            lines = [("", [(line, "bold") for line in level]) for level in above]
            lines += [(name, [cells[i] for i in part]) for name, cells in rows]
            for name, cells in lines:
                text = Text().append(name.ljust(names), style="bold")
                for i, (words, style) in zip(part, cells, strict=True):
                    text.append(" " * (gap + widths[i] - len(words))).append(
                        words, style=style
                    )
                text.rstrip()
                self.print(text, soft_wrap=True)


def _line(given: Any) -> Any:
    """A line with its own control characters escaped, and ours, the newlines around it, kept."""
    if not isinstance(given, str):
        return given
    within = given.strip("\n")
    before, after = given[: len(given) - len(given.lstrip("\n"))], ""
    if within:
        after = given[len(before) + len(within) :]
    return f"{before}{printable(within)}{after}"


def write_table(text: str) -> None:
    """Write a table to standard output: as it is into a file or a pipe, escaped on a terminal."""
    sys.stdout.write(printable_lines(text) if sys.stdout.isatty() else text)


def columns(
    widths: Sequence[int], names: int, width: int | None
) -> list[tuple[range, int]]:
    """The columns that stand beside each other, and how far apart.

    Parameters
    ----------
    widths : sequence of int
        Of the columns.
    names : int
        Width of the names of the rows, repeated before each part.
    width : int or None
        How wide the terminal is; None for no limit.

    Examples
    --------
    >>> columns([5, 5, 5], 4, 80), columns([5, 5, 5], 4, 22), columns([5, 5, 5], 4, 16)
    ([(range(0, 3), 2)], [(range(0, 3), 1)], [(range(0, 2), 1), (range(2, 3), 1)])
    """
    for gap in (2, 1):
        if width is None or names + sum(w + gap for w in widths) <= width:
            return [(range(len(widths)), gap)]
    parts, start, used = [], 0, names
    for i, w in enumerate(widths):
        if width is not None and used + 1 + w > width and i > start:
            parts.append((range(start, i), 1))
            start, used = i, names
        used += 1 + w
    return [*parts, (range(start, len(widths)), 1)]
