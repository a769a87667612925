"""The shards of a stream: each is read out of the files once and kept as a file of ready rows, where it is computed.

That file is in the folder for temporary files, has no name any more, so that nothing stays behind whatever ends the
process, and is mapped into memory: the system keeps as much of it there as there is room for. The pages of
one shard at a time count as memory of the process, by which Dask would end a worker.
"""

from __future__ import annotations

import itertools
import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from ..data.streams import Stream
from ..engines.rows import Data
from ..engines.shards import Shards
from ..equations.network import Network
from ..errors import InputError
from .streamed import normal_weights

__all__ = ["ShardFiles"]

Matrix = np.ndarray[Any, Any]
#: Bytes of files that may stay in the memory of the process together.
HELD_BYTES = 1 << 28


class ShardFiles:
    """The rows of a stream by shards, as an engine takes them.

    Parameters
    ----------
    stream : Stream
    network : Network
        Whose loss encodes the targets.
    dtype : dtype
        Of θ.
    shards : Shards
    folder : path, optional
        For the files; by default that of the system.
    """

    def __init__(
        self,
        stream: Stream,
        network: Network,
        dtype: Any,
        shards: Shards,
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        self._stream, self._network, self._shards = stream, network, shards
        self._like, self._folder = np.zeros(1, dtype), folder
        self._starts = [0, *itertools.accumulate(b.rows for b in stream.blocks)]
        self._kept: dict[int, tuple[Data, list[mmap.mmap]]] = {}
        self._last: list[mmap.mmap] = []
        self._bytes = 0
        self._block: tuple[int, tuple[Matrix, ...]] | None = None

    def __call__(self, shard: int) -> Data:
        """The rows of a shard; those of the last one are given back to the system where all together are many."""
        if shard not in self._kept:
            self._kept[shard] = self._read(*self._shards.bounds(shard))
            self._bytes = sum(len(m) for _, maps in self._kept.values() for m in maps)
        data, maps = self._kept[shard]
        if self._bytes > HELD_BYTES and hasattr(mmap, "MADV_DONTNEED"):
            for found in self._last:
                found.madvise(
                    mmap.MADV_DONTNEED
                )  # they stay in the cache of the system
        self._last = maps
        return data

    def keep(self, wanted: set[int]) -> None:
        """Forget all other shards, and the rows that are decoded."""
        for shard in self._kept.keys() - wanted:
            del self._kept[shard]
        self._block = None

    def _read(self, first: int, last: int) -> tuple[Data, list[mmap.mmap]]:
        """Rows `first` to before `last` of the stream as it lies."""
        files: list[Any] = []
        shapes: list[tuple[int, ...]] = []
        with ExitStack() as opened:
            for number, start in enumerate(self._starts[:-1]):
                begin = max(first, start) - start
                end = min(last, self._starts[number + 1]) - start
                if begin >= end:
                    continue
                arrays = self._decoded(number)
                with self._room():
                    if not files:
                        shapes = [a.shape[1:] for a in arrays]
                        for _ in arrays:
                            file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # by the stack
                            files.append(opened.enter_context(file))
                    for file, array in zip(files, arrays, strict=True):
                        file.write(array[begin:end].data)
            with self._room():
                for file in files:
                    file.flush()
            maps = [
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) for file in files
            ]
        x, y, *w = (
            np.frombuffer(found, self._like.dtype).reshape(last - first, *shape)
            for found, shape in zip(maps, shapes, strict=True)
        )
        return Data(x, y, w[0] if w else None), maps

    @contextmanager
    def _room(self) -> Iterator[None]:
        """A refusal where a file cannot be written."""
        try:
            yield
        except OSError as error:
            folder = self._folder or tempfile.gettempdir()
            raise InputError(
                f"rows of a shard that cannot be kept in {folder} ({error.strerror})",
                "room for the ready rows of the shards, in the dtype of the run, in the folder for temporary files",
                "Set TMPDIR to a folder with room; of Dask's workers, the local directory.",
            ) from error

    def _decoded(self, number: int) -> tuple[Matrix, ...]:
        """Inputs, encoded targets and row weights, if any, of a block; the last one is kept for the next shard."""
        if self._block is None or self._block[0] != number:
            self._block = None
            x, t, weights, _ = self._stream.read(self._stream.blocks[number])
            y = self._network.loss.targets(t, self._network.sizes[-1], self._like)
            dtype = self._like.dtype
            w = normal_weights(weights, dtype)
            arrays = (x, y) if w is None else (x, y, w)
            self._block = number, tuple(np.ascontiguousarray(a, dtype) for a in arrays)
        return self._block[1]
