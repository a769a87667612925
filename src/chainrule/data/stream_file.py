"""A file of a stream, as it was when the stream was made, and the parts of it that are read at once.

What is in a part is a matter of the kind of file: `stream_parquet`, `stream_text`, `stream_arrays`.
"""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from ..arguments import argument
from ..errors import InputError
from .column_kinds import Decided
from .dialect import Dialect
from .tables import Table

__all__ = ["BATCH_ROWS", "Part", "StreamFile", "Wanted", "stamped"]

#: Rows of a Parquet file, and of arrays, that are decoded at once.
BATCH_ROWS = 1 << 15
#: Bytes at the end of a file by which it is known again; a Parquet file has its footer there.
END_BYTES = 1 << 16


@dataclass(frozen=True)
class Part:
    """A part of a file that is read at once.

    Parameters
    ----------
    number : int
        Of the row group, or of the block, in its file, from 0.
    first_row, rows : int
        The number of its first row in the file, from 0, and of its rows; a text's rows are known once it is read.
    bytes : int
        Its size, unpacked.
    start, skipped_lines : int
        Of a text the bytes and the lines of the file before it.
    last : bool
        Of a text whether it ends the file.
    """

    number: int
    first_row: int
    rows: int
    bytes: int
    start: int = 0
    skipped_lines: int = 0
    last: bool = False


@dataclass(frozen=True)
class Wanted:
    """The columns to read of each part, and how.

    Parameters
    ----------
    dialect : Dialect
        What is known of the file, and the kinds of columns that are.
    columns : collection of str
    sure : collection of str
        Columns of text whose kind the user named.
    """

    dialect: Dialect
    columns: Collection[str] = ()
    sure: Collection[str] = ()


@dataclass(frozen=True)
class StreamFile(ABC):
    """A file of a stream, as it was when the stream was made.

    Parameters
    ----------
    path : str
    size, changed_ns : int
        Its bytes, and the time of its last change.
    end : str
        A digest of its last bytes.
    names : tuple of str
        Its columns, where it names them.
    """

    kind: ClassVar[str]
    part_word: ClassVar[str] = "block"
    path: str
    size: int
    changed_ns: int
    end: str
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name without folders."""
        return Path(self.path).name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its tables."""
        return self.names

    @property
    def bytes(self) -> int:
        """The sum of the bytes of its parts."""
        return self.size

    @abstractmethod
    def parts(self) -> Iterator[Part]:
        """The parts, in their order; those of text without their rows, which are not counted yet."""

    @abstractmethod
    def tables(self, part: Part, asked: Wanted) -> Iterator[Table]:
        """The rows of a part as tables of some rows each, read as a whole file is."""

    def words(self, part: Part) -> str:
        """A part in words."""
        return f"{self.name}, {self.part_word} {part.number + 1}"

    def require_like(self, first: Self, asked: Dialect) -> None:
        """Raise where it lacks a column of the first file, of the same kind, or has one of another type."""
        gone = [name for name in first.names if name not in self.names]
        if gone:
            raise InputError(
                f"{self.path} without the column {gone[0]!r}, which {first.path} has",
                "the same columns in all files",
                f"Add it; or leave it out of all: {argument('ignore', [gone[0]])}.",
            )

    def require_same(self) -> None:
        """Raise where the file is another than it was."""
        try:
            now = os.stat(self.path)
            same = (now.st_size, now.st_mtime_ns) == (self.size, self.changed_ns)
            same = same and _end(self.path) == self.end
        except OSError as error:
            raise InputError(
                f"{self.path}, which cannot be read any more ({error.strerror})",
                "the files of the stream, in their places, as long as it is used",
                "Put it back, or make the stream anew.",
            ) from error
        if not same:
            raise InputError(
                f"{self.path}, which has changed since the stream was made: {self.size} bytes then, "
                f"{now.st_size} bytes now",
                "files that stay as they are as long as the stream is used",
                "Put the old file back and resume; or make the stream anew, and start a new run.",
            )

    def _source(self, part: Part) -> str:
        return f"{self.name} ({self.part_word} {part.number + 1})"

    def _place(self, part: Part, first: int) -> Callable[[int], str]:
        """The place of a row of a part, counted from row `first` of the file, in words."""
        return lambda row: f"row {first + row + 1} of {self._source(part)}"

    def _table(
        self, part: Part, decided: Decided, asked: Dialect, first: int, stop: int
    ) -> Table:
        """The table of rows `first` to before `stop` of the file."""
        found = replace(asked, columns={**asked.columns, **decided.kinds})
        return Table(
            self._source(part),
            decided.columns,
            decided.remarks,
            found,
            decided.exact,
            (),
            np.arange(first, stop),
        )


def stamped(path: Path) -> dict[str, Any]:
    """The fields of a `StreamFile` by which it is known again."""
    now = path.stat()
    return {
        "path": str(path.absolute()),
        "size": now.st_size,
        "changed_ns": now.st_mtime_ns,
        "end": _end(str(path)),
    }


def _end(path: str) -> str:
    with open(path, "rb") as file:
        file.seek(max(0, os.stat(path).st_size - END_BYTES))
        return hashlib.sha256(file.read()).hexdigest()[:16]
