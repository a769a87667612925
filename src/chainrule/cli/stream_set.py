"""A data set whose rows to train on are a stream: rows to test on and a sample of the others are in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.encoding import inputs, targets
from ..data.file_kinds import content_bytes, kind_of, memory_bytes
from ..data.named_sets import DATA_SETS
from ..data.splits import with_target
from ..data.stream_making import stream
from ..data.streams import MEMORY_BYTES, Stream
from ..data.tables import read_table
from ..errors import InputError

__all__ = ["StreamSet", "is_pattern", "proposal", "stream_set"]

#: Rows that are held out to test on at most; they stay in memory.
HELD_OUT = 100_000
#: The share of rows to test on, where they are few.
TEST_SHARE = 0.2


@dataclass(frozen=True)
class StreamSet(Dataset):
    """Rows of a stream to train on, of which x_train and y_train are the first ones, and rows to test on."""

    stream: Stream = field(kw_only=True)

    @property
    def rows(self) -> int:
        return self.stream.n_rows


def is_pattern(data: str) -> bool:
    """Return whether it names several files."""
    return any(mark in data for mark in "*?[") and not Path(data).exists()


def proposal(data: str) -> str:
    """A sentence for a file that takes more than a third of the memory; "" for another.

    Raises
    ------
    InputError
        It is larger than the memory.
    """
    path = Path(data)
    if not path.is_file() or kind_of(path) not in ("text", "parquet"):
        return ""
    size, memory = content_bytes(path), memory_bytes()
    said = f"{data} holds {size / 1e9:.1f} GB, and the memory {memory / 1e9:.1f} GB"
    if size > memory:
        raise InputError(
            said,
            "files that fit into memory; larger ones as streams",
            "Pass --stream: the plain network is trained on rows that are read from the file in each epoch.",
        )
    if size <= memory / 3:
        return ""
    return (
        f"{said}: --stream trains the plain network without having all rows in memory."
    )


def stream_set(
    data: str,
    reading: dict[str, Any],
    numbers: bool | None,
    standardize: bool,
    seed: int,
    memory: int | None,
) -> StreamSet:
    """The rows of a file, or of files, with some held out to test on."""
    if data in DATA_SETS and not Path(data).exists():
        raise InputError(
            f"{data}, a data set by its name, as a stream",
            "files, or a pattern that names them",
            "Leave --stream, --workers and --scheduler out: it fits into memory.",
        )
    reading = dict(reading)
    test = reading.pop("test", None)
    if reading.pop("skip_last", 0):
        raise InputError(
            "--skip-last with rows that are streamed",
            "files whose last line is a row",
            "Take the last lines away: head -n -1 FILE, say.",
        )
    made = stream(
        data,
        **reading,
        numbers=numbers,
        standardize_target=standardize,
        memory_bytes=MEMORY_BYTES if memory is None else memory,
    )
    preparation = made.preparation
    if test is None:
        share = min(TEST_SHARE, HELD_OUT / made.n_rows)
        made, held = made.split(share, seed)
        x_test, t, _ = held.in_memory()
        held_out = f"{held.n_rows} rows, drawn by a hash of the row number, are held out to test on."
        remarks = [held_out]
        y_test = t if preparation.target.classes else preparation.target.in_units(t)
    else:
        remarks = []
        used = {feature.name for feature in preparation.features}
        used |= set(preparation.target.names)
        dialect = preparation.dialect
        table = read_table(test, dialect, only=used, names=used)
        table = with_target(table, preparation.target.names, remarks)
        x_test, found = inputs(preparation, table, unseen="ignore")
        y_test = targets(preparation.target, table)
        remarks += [f"Test rows: {remark}" for remark in found]
    first = next(block for block in made.blocks if block.rows)
    x, t, _, _ = next(iter(made.read_some(first)))
    y = t if preparation.target.classes else preparation.target.in_units(t)
    files = len(made.files)
    source = os.fspath(data) if files == 1 else f"{data}, {files} files"
    said = "Streamed: the plain network is trained; averaged networks (--preset) need all rows in memory."
    return StreamSet(
        Path(data).name,
        x,
        y,
        np.asarray(x_test),
        np.asarray(y_test),
        preparation,
        None,
        source,
        (*made.remarks, *remarks, said),
        stream=made,
    )
