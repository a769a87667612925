"""`Stream`: rows in files that do not fit into memory, prepared and read in a seeded order.

`stream_making` makes it, `stream_file` is what reads a part of a file, `stream_order` the order.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arguments import argument
from ..equations.draws import Purpose, generator
from ..errors import InputError, counted, is_number
from .dialect import Dialect
from .encoding import inputs, targets
from .preparation import Preparation
from .read_ahead import ClosedError, ahead
from .row_shares import Share
from .stream_chunks import Chunk, RowsRead, chunks_of
from .stream_file import StreamFile, Wanted
from .stream_fit import Block, checked_row_weights
from .stream_order import EpochOrder, order_of
from .tables import Table

__all__ = ["MEMORY_BYTES", "WINDOW_SHARE", "Stream"]

Matrix = np.ndarray[Any, Any]
#: Bytes that a run may take by default: two windows, and what is decoded meanwhile.
MEMORY_BYTES = 1_500_000_000
#: The shares of it that a window takes where blocks are small, and that one block may take.
WINDOW_SHARE, BLOCK_SHARE = 1 / 6, 2 / 5


@dataclass(frozen=True)
class Stream:
    """Rows in files, with the preparation that was fitted to them. Made by `stream`.

    It can be pickled: it holds paths, places in the files and the preparation, no rows.

    Parameters
    ----------
    files : tuple of StreamFile
    all_blocks : tuple of Block
        The blocks with all of their rows.
    preparation : Preparation
        How rows become inputs and targets.
    weight : str or None
        The column of row weights.
    remarks : tuple of str
        What was found while reading, in sentences.
    memory_bytes : int
        What a run may take: windows of rows are cut by it.
    parts : tuple of Share
        The shares of the rows that this stream is.
    """

    files: tuple[StreamFile, ...]
    all_blocks: tuple[Block, ...]
    preparation: Preparation
    weight: str | None = None
    remarks: tuple[str, ...] = ()
    memory_bytes: int = MEMORY_BYTES
    parts: tuple[Share, ...] = ()

    def __post_init__(self) -> None:
        blocks = self.all_blocks
        if self.parts:
            blocks = tuple(
                replace(block, rows=int(self._kept(block).sum())) for block in blocks
            )
        object.__setattr__(self, "blocks", blocks)

    # ---- what it is

    def __repr__(self) -> str:
        target = self.preparation.target
        kind = f"{len(self.classes)} classes" if self.classes else "numbers"
        return (
            f"<Stream: {self.n_rows} rows in {counted(len(self.files), 'file')}; {self.n_inputs} inputs; "
            f"target {', '.join(target.names)}, {kind}>"
        )

    #: The blocks, in the order of the files, with the number of rows that this stream takes of each.
    blocks: tuple[Block, ...] = ()

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return sum(block.rows for block in self.blocks)

    @property
    def n_inputs(self) -> int:
        """n_0."""
        return len(self.preparation.inputs)

    @property
    def classes(self) -> tuple[str, ...]:
        """The meaning of each class number; empty where numbers are predicted."""
        return self.preparation.target.classes

    @property
    def window_rows(self) -> int:
        """The rows that are shuffled together, where the blocks are smaller."""
        return max(1, int(self.memory_bytes * WINDOW_SHARE) // self.row_bytes)

    @property
    def row_bytes(self) -> int:
        """The bytes of a row in memory at most: inputs and targets in float64, its weight and its number."""
        outputs = max(len(self.classes), len(self.preparation.target.names))
        return 8 * (self.n_inputs + outputs + 2)

    def fingerprint(self) -> str:
        """A digest of the preparation, which depends on all rows, and of the blocks."""
        content = {
            "preparation": self.preparation.as_dict(),
            "blocks": [[block.first_row, block.rows] for block in self.blocks],
            "weight": self.weight,
        }
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    # ---- reading

    def read(self, block: Block) -> RowsRead:
        """The rows of a block.

        Parameters
        ----------
        block : Block
            One of `blocks`.

        Returns
        -------
        X : ndarray of float32, shape (n, n_0)
        T : ndarray, shape (n,) of class numbers, or (n, columns)
            Numbers as the network learns them: standardized, unless that was turned off.
        row_weights : ndarray of float64, shape (n,), or None
        row_numbers : ndarray of int, shape (n,)
            Counted over all rows of all files.

        Raises
        ------
        InputError
            The file has changed, or cannot be read; names it, with the part of it.
        """
        rows, target = self.blocks[block.number].rows, self.preparation.target
        kind = np.int64 if target.classes else np.float64
        shape = (rows,) if target.classes else (rows, len(target.names))
        x, t = np.empty((rows, self.n_inputs), np.float32), np.empty(shape, kind)
        w = None if self.weight is None else np.empty(rows)
        numbers, done = np.empty(rows, np.int64), 0
        for some in self.read_some(block):
            here = slice(done, done + len(some[0]))
            x[here], t[here], numbers[here] = some[0], some[1], some[3]
            if w is not None and some[2] is not None:
                w[here] = some[2]
            done = here.stop
        return x, t, w, numbers

    def read_some(self, block: Block) -> Iterator[RowsRead]:
        """The rows of a block, some tens of thousands at a time, as `read` gives all."""
        block = self.all_blocks[block.number]
        file, target = self.files[block.file], self.preparation.target
        file.require_same()
        kept, at = self._kept(block), 0
        for table in self._tables(file, block):
            rows = np.flatnonzero(kept[at : at + table.rows])
            numbers = rows + (block.first_row + at)
            at += table.rows
            if not rows.size:
                continue
            if rows.size < table.rows:
                table = table.take(rows)
            x, _ = inputs(self.preparation, table, unseen="ignore")
            t = target.standardized(targets(target, table))
            w = self.weight
            yield x, t, None if w is None else checked_row_weights(table, w), numbers

    def _kept(self, block: Block) -> Matrix:
        """A mask of the rows of a block's part that are of this stream."""
        kept = block.there()
        if self.parts:
            numbers = np.arange(block.first_row, block.first_row + block.part.rows)
            for part in self.parts:
                kept &= part.keeps(numbers)
        return kept

    def _tables(self, file: StreamFile, block: Block) -> Iterator[Table]:
        preparation = self.preparation
        used = {feature.name for feature in preparation.features}
        used |= {*preparation.target.names, self.weight} - {None}  # type: ignore[arg-type]
        dialect = preparation.dialect or Dialect()
        for table in file.tables(block.part, Wanted(dialect, used, used)):
            if preparation.scale is not None:  # targets of pixels are called class
                named = {
                    "class" if n == "y" else n: c for n, c in table.columns.items()
                }
                table = replace(table, columns=named)
            yield table

    # ---- orders

    def order(self, seed: int, epoch: int, *, shuffle: bool = True) -> EpochOrder:
        """The order of the rows in an epoch, counted from 0: blocks shuffled, then rows within windows of blocks."""
        rows = [block.rows for block in self.blocks]
        return order_of(rows, self.window_rows, seed, epoch, shuffle=shuffle)

    def in_order(
        self, seed: int, epoch: int, *, shuffle: bool = True
    ) -> tuple[Matrix, Matrix, Matrix | None]:
        """All rows in the order of an epoch, in memory: X, T and row weights, as `read` gives them."""
        x, t, w = self.in_memory()
        if not shuffle:
            return x, t, w
        order = self.order(seed, epoch).positions()
        return x[order], t[order], None if w is None else w[order]

    def in_memory(self) -> tuple[Matrix, Matrix, Matrix | None]:
        """All rows as they lie, in memory: X, T and row weights."""
        read = [self.read(block) for block in self.blocks if block.rows]
        x, t, w, _ = zip(*read, strict=True)
        weights = None if self.weight is None else np.concatenate(w)
        return np.concatenate(x), np.concatenate(t), weights

    def split(self, share: float, seed: int = 0) -> tuple[Stream, Stream]:
        """The rows to train on and those held out, by a hash of (seed, row number).

        Neither the order in which rows are read nor the files that they are in matters.
        """
        if not (is_number(share) and 0 < share < 1):
            raise InputError(
                f"share = {share!r}", "a number between 0 and 1", "Pass 0.1, say."
            )
        draw = len(self.parts)
        generator(seed, Purpose.SPLIT)  # refuses what is no seed
        both = (
            replace(
                self, parts=(*self.parts, Share(float(share), int(seed), held, draw))
            )
            for held in (False, True)
        )
        rest, held_out = both
        if not (rest.n_rows and held_out.n_rows):
            raise InputError(
                f"a share of {share} of {self.n_rows} rows",
                "a share that leaves rows on both sides",
                "Pass a share nearer to 0.5, or more rows.",
            )
        return rest, held_out

    # ---- batches

    def require_room(self, batch_rows: int = 1) -> None:
        """Raise where a block, or a batch, does not fit into the memory that the stream may take."""
        limit = self.memory_bytes * BLOCK_SHARE
        for block in self.blocks:
            size = block.rows * self.row_bytes
            if size > limit:
                file = self.files[block.file]
                given = f"{file.words(block.part)}: {size / 1e6:.0f} MB in memory"
                smaller = "Write it as Parquet in small row groups"
                if file.kind == "parquet":
                    given = (
                        f"{file.path}, row group {block.part.number + 1}: {block.rows} rows of {self.n_inputs} inputs, "
                        f"{size / 1e6:.0f} MB in memory ({block.part.bytes / 1e6:.0f} MB in the file)"
                    )
                    smaller = "Write smaller row groups"
                raise InputError(
                    given,
                    f"at most {limit / 1e6:.0f} MB at once, of {argument('memory_bytes', self.memory_bytes)}",
                    f"{smaller} (pyarrow.parquet.write_table(…, row_group_size=100_000)), or pass "
                    f"{argument('memory_bytes', int(size / BLOCK_SHARE * 1.1))}.",
                )
        size = batch_rows * self.row_bytes
        if size > limit:
            raise InputError(
                f"batches of {batch_rows} rows, {size / 1e6:.0f} MB",
                f"at most {limit / 1e6:.0f} MB at once, of {argument('memory_bytes', self.memory_bytes)}",
                f"Pass a smaller batch; or {argument('memory_bytes', int(size / BLOCK_SHARE * 1.1))}.",
            )

    def batches(
        self, batch_size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[RowsRead]:
        """The batches of an epoch, read ahead in one thread.

        Parameters
        ----------
        batch_size : int
        seed, epoch : int
            What the order is drawn from.
        start : int
            The number of the batch to begin with.

        Yields
        ------
        X, T, row_weights, row_numbers
            As `read` gives them; the last batch of the epoch may be smaller.
        """
        for name, value, low in (("batch_size", batch_size, 1), ("start", start, 0)):
            if not isinstance(value, int | np.integer) or value < low:
                raise InputError(
                    f"{name} = {value!r}",
                    f"a whole number >= {low}",
                    f"Pass {name}={max(low, 10)}, say.",
                )
        order = self.order(seed, epoch)
        with closing(self.chunks(order, batch_size, start)) as chunks:
            for chunk in chunks:
                for first in range(0, len(chunk.order), batch_size):
                    rows = chunk.order[first : first + batch_size]
                    w = chunk.sample_weight
                    yield (
                        chunk.x[rows],
                        chunk.y[rows],
                        None if w is None else w[rows],
                        chunk.numbers[rows],
                    )

    def chunks(
        self,
        order: EpochOrder,
        batch_size: int,
        start: int = 0,
        *,
        dtype: Any = np.float32,
        encode: Callable[[Matrix], Matrix] | None = None,
    ) -> Generator[Chunk]:
        """The rows of an epoch from batch `start` on, window by window, read ahead in one thread.

        `encode` makes the targets that are kept out of T; x and they are of `dtype`.
        """
        self.require_room(batch_size)
        kind = np.dtype(dtype)
        closed = (
            threading.Event()
        )  # a window takes seconds, for which Ctrl-C must not wait

        def read(number: int) -> Iterator[RowsRead]:
            for some in self.read_some(self.blocks[number]):
                if closed.is_set():
                    raise ClosedError
                yield some

        return ahead(chunks_of(read, order, batch_size, start, kind, encode), closed)
