"""Parquet files of a stream, read by their row groups."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from ..arguments import argument, as_kind
from ..errors import InputError
from .dialect import Dialect
from .parquet_columns import (
    columns_of,
    damaged,
    index_columns,
    names_once,
    open_parquet,
)
from .stream_file import BATCH_ROWS, Part, StreamFile, Wanted, stamped
from .tables import Table
from .text_rows import arrow

__all__ = ["ParquetFile"]


@dataclass(frozen=True)
class ParquetFile(StreamFile):
    """A Parquet file; the index that pandas wrote is no column."""

    kind: ClassVar[str] = "parquet"
    part_word: ClassVar[str] = "row group"

    @classmethod
    def of(cls, path: Path, asked: Dialect) -> Self:
        """The file with its columns."""
        schema = _footer(path)[1]
        index = index_columns(schema) - set(asked.columns)
        names = names_once(path, (n for n in schema.names if n not in index))
        return cls(**stamped(path), names=names)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts())

    def require_like(self, first: Self, asked: Dialect) -> None:
        super().require_like(first, asked)
        types, own = _footer(Path(first.path))[1], _footer(Path(self.path))[1]
        for name in first.names:
            one, other = types.field(name).type, own.field(name).type
            sorts = {_sort_of(one), _sort_of(other)}
            if len(sorts - {"null"}) > 1 and name not in asked.columns:
                raise InputError(
                    f"column {name!r} of type {other} in {self.path}, of type {one} in {first.path}",
                    "one kind of values in all files",
                    f"Write it alike in all; or read it as text in all: {as_kind(name, 'category')}; or leave it out: "
                    f"{argument('ignore', [name])}.",
                )

    def parts(self) -> Iterator[Part]:
        meta, first_row = _footer(Path(self.path))[0], 0
        for number in range(meta.num_row_groups):
            group = meta.row_group(number)
            if group.num_rows:
                yield Part(number, first_row, group.num_rows, group.total_byte_size)
            first_row += group.num_rows

    def tables(self, part: Part, asked: Wanted) -> Iterator[Table]:
        pa, path, row = arrow(), Path(self.path), part.first_row
        where = f"{path}, row group {part.number + 1}"
        try:
            batches = open_parquet(path, _footer(path)[0]).iter_batches(
                batch_size=BATCH_ROWS,
                row_groups=[part.number],
                columns=[name for name in self.names if name in asked.columns],
                use_threads=False,
            )
            for batch in batches:
                table = pa.Table.from_batches([batch])
                table.validate(full=True)
                decided = columns_of(path, table, asked.dialect, self._place(part, row))
                row += table.num_rows
                yield self._table(
                    part, decided, asked.dialect, row - table.num_rows, row
                )
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            if isinstance(error, InputError):
                raise
            self.require_same()
            raise damaged(where, error) from error
        if (read := row - part.first_row) != part.rows:
            raise damaged(where, ValueError(f"{read} rows of {part.rows}"))


def _footer(path: Path) -> tuple[Any, Any]:
    """The metadata of a Parquet file and its schema, kept as long as the file stays the same."""
    now = path.stat()
    return _read_footer(path, now.st_size, now.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _read_footer(path: Path, size: int, changed_ns: int) -> tuple[Any, Any]:
    pa = arrow()
    try:
        file = open_parquet(path)
        return file.metadata, file.schema_arrow
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise damaged(path, error) from error


def _sort_of(dtype: Any) -> str:
    """The sort of values of a type: "text", "date", "number", "null"."""
    types = arrow().types
    if types.is_dictionary(dtype):
        dtype = dtype.value_type
    if types.is_null(dtype):
        return "null"
    if types.is_temporal(dtype):
        return "date"
    if types.is_integer(dtype) or types.is_floating(dtype) or types.is_decimal(dtype):
        return "number"
    return "text"
