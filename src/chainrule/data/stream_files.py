"""Files of a stream, and the parts of them that are read at once: row groups, blocks of lines, blocks of an array.

A part is read by the functions that read a whole file, so that it gives the same values; nothing is decided here.
"""

from __future__ import annotations

import codecs
import functools
import glob
import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import argument, as_kind
from ..errors import InputError, counted, type_of
from .array_files import beyond_exact, table_of
from .column_kinds import Decided, decide
from .dialect import Dialect
from .file_kinds import kind_of, refuse_other_kinds, require_file
from .parquet_columns import (
    columns_of,
    damaged,
    index_columns,
    names_once,
    open_parquet,
)
from .tables import Table, found_dialect, read_text
from .text_layout import Layout, layout_of
from .text_rows import arrow

__all__ = [
    "Part",
    "StreamFile",
    "array_names",
    "bytes_of",
    "files_of",
    "found_paths",
    "parts_of",
    "tables_of",
]

Matrix = np.ndarray[Any, Any]
#: Rows of a Parquet file, and of arrays, that are decoded at once.
BATCH_ROWS = 1 << 15
#: Bytes of text that are a block; bytes within which a row must end.
TEXT_BYTES, LONGEST_ROW = 1 << 24, 1 << 28
#: Bytes at the end of a file by which it is known again; a Parquet file has its footer there.
END_BYTES = 1 << 16
PACKED = ("gzip", "bz2", "xz")
QUADS = ("utf-16", "utf-32")


@dataclass(frozen=True)
class StreamFile:
    """A file of a stream, as it was when the stream was made.

    Parameters
    ----------
    path : str
    kind : str
        "parquet", "text" or "npy".
    size, changed_ns : int
        Its bytes, and the time of its last change.
    end : str
        A digest of its last bytes.
    names : tuple of str
        Its columns.
    layout : Layout or None
        Of text.
    targets : StreamFile or None
        Of the rows in a .npy file, the .npy file of their targets.
    """

    path: str
    kind: str
    size: int
    changed_ns: int
    end: str
    names: tuple[str, ...] = ()
    layout: Layout | None = None
    targets: StreamFile | None = None

    @property
    def name(self) -> str:
        """Its name without folders."""
        return Path(self.path).name

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
        if self.targets is not None:
            self.targets.require_same()


@dataclass(frozen=True)
class Part:
    """A part of a file that is read at once.

    Parameters
    ----------
    number : int
        Of the row group, or of the block, in its file, from 0.
    start, stop : int
        Bytes of a text file; rows of an array; of a row group its number twice.
    first_row, rows : int
        The number of its first row in the file, from 0, and of its rows; a text's rows are known once it is read.
    bytes : int
        Its size, unpacked.
    skipped_lines : int
        Lines of the file before it.
    last : bool
        Whether it ends the file.
    """

    number: int
    start: int
    stop: int
    first_row: int
    rows: int
    bytes: int
    skipped_lines: int = 0
    last: bool = False

    def where(self, file: StreamFile) -> str:
        """The part in words."""
        what = {"parquet": "row group", "text": "block", "npy": "block"}[file.kind]
        return f"{file.name}, {what} {self.number + 1}"


def found_paths(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
) -> tuple[Path, ...]:
    """The files that a path, a pattern, or several of them name, in the order of their names."""
    if not isinstance(source, str | os.PathLike | Sequence):
        raise InputError(
            f"a source that is {type_of(source)}",
            'a path, a pattern, or a sequence of them: "rows/*.parquet"',
            "Write rows that are in memory to a file; or pass them to train as they are.",
        )
    given = [source] if isinstance(source, str | os.PathLike) else list(source)
    found: dict[Path, None] = {}
    for one in [os.fspath(path) for path in given]:
        if one == "-":
            raise InputError(
                "standard input as a stream",
                "files, which are read once in each epoch",
                "Write it to a file first.",
            )
        if Path(one).is_dir():
            raise InputError(
                f"{one}, which is a folder",
                'files, or a pattern that names them: "rows/*.parquet"',
                f"Pass {os.path.join(one, '*.parquet')!r}, say.",
            )
        matching = sorted(glob.glob(one, recursive=True))
        if not Path(one).exists() and glob.has_magic(one):
            if not matching:
                raise InputError(
                    f"{one}, which no file matches",
                    "a pattern that one file or more match",
                    "Check the folder and the ending.",
                )
            found |= dict.fromkeys(Path(path) for path in matching)
        else:
            found[require_file(one)] = None
    if not found:
        raise InputError("no files", "one or more", "Name them.")
    return tuple(path for path in found if path.is_file())


def files_of(
    paths: Sequence[Path],
    asked: Dialect,
    known: Collection[str],
    targets: Sequence[Path] = (),
) -> tuple[StreamFile, ...]:
    """The files with their columns; files without rows are left out.

    Parameters
    ----------
    paths : sequence of Path
    asked : Dialect
    known : collection of str
        Names that columns may have.
    targets : sequence of Path
        The .npy files of targets, one for each of rows.

    Raises
    ------
    InputError
        Packed files, files of unlike kinds or columns; none with rows.
    """
    files: list[StreamFile] = []
    for i, path in enumerate(paths):
        file = _opened(path, asked, {*known, *(files[0].names if files else ())})
        if file is None:
            continue
        if file.kind == "npy":
            file = replace(file, targets=_stamped(targets[i], "npy"))
            if not len(_arrays(file)[0]):
                continue
        if files:
            _require_like(files[0], file, asked)
            if asked.separator is None and file.layout is not None:
                asked = replace(asked, separator=file.layout.separator)
        files.append(file)
    if not files:
        raise InputError(
            f"{counted(len(paths), 'file')}, {paths[0]} the first of them, without rows",
            "files with rows",
            "Check how they were written.",
        )
    return tuple(files)


def _opened(path: Path, asked: Dialect, known: Collection[str]) -> StreamFile | None:
    """A file with its columns; None for one without rows."""
    kind = kind_of(path) if path.stat().st_size else "text"
    if path.stat().st_size == 0:
        return None
    if kind in PACKED:
        raise InputError(
            f"{path}, which is packed by {kind}",
            "files in which any block can be read: text that is not packed, Parquet, .npy",
            f"Unpack it ({'gzip -d' if kind == 'gzip' else kind + ' -d'}), or write it as Parquet; load_data reads it "
            f"as it is.",
        )
    if kind == "npz":
        raise InputError(
            f"{path}, an .npz file",
            "the arrays in files of their own, of which any rows can be read",
            "Save them by numpy.save, rows and targets, and name both: stream('x.npy', target='y.npy').",
        )
    if kind == "npy":
        return _stamped(path, "npy")
    refuse_other_kinds(path)
    if kind == "parquet":
        schema = _footer(path)[1]
        index = index_columns(schema) - set(asked.columns)
        names = names_once(path, (n for n in schema.names if n not in index))
        return replace(_stamped(path, "parquet"), names=names)
    layout = layout_of(path, asked, known)
    if layout.encoding.startswith(QUADS):
        raise InputError(
            f"{path} in {layout.encoding}",
            "an encoding in which a line end is one byte: utf-8, cp1252, …",
            f"Write it again: iconv -f {layout.encoding} -t utf-8.",
        )
    names = tuple(filter(None, layout.names))
    return replace(_stamped(path, "text"), names=names, layout=layout)


def _stamped(path: Path, kind: str) -> StreamFile:
    now = path.stat()
    return StreamFile(
        str(path.absolute()), kind, now.st_size, now.st_mtime_ns, _end(str(path))
    )


def _end(path: str) -> str:
    with open(path, "rb") as file:
        file.seek(max(0, os.stat(path).st_size - END_BYTES))
        return hashlib.sha256(file.read()).hexdigest()[:16]


def _require_like(first: StreamFile, file: StreamFile, asked: Dialect) -> None:
    """Raise where a file is of another kind than the first, lacks a column, or has one of another type."""
    if file.kind != first.kind:
        raise InputError(
            f"{file.path}, which is {file.kind}, beside {first.path}, which is {first.kind}",
            "files of one kind",
            "Make a pattern that names one kind.",
        )
    gone = [name for name in first.names if name not in file.names]
    if gone:
        raise InputError(
            f"{file.path} without the column {gone[0]!r}, which {first.path} has",
            "the same columns in all files",
            f"Add it; or leave it out of all: {argument('ignore', [gone[0]])}.",
        )
    if first.kind == "npy":
        _require_like_arrays(first, file)
    if first.kind != "parquet":
        return
    types, own = _footer(Path(first.path))[1], _footer(Path(file.path))[1]
    for name in first.names:
        one, other = types.field(name).type, own.field(name).type
        unlike = _sort_of(one) != _sort_of(other)
        if (
            unlike
            and "null" not in (_sort_of(one), _sort_of(other))
            and name not in asked.columns
        ):
            raise InputError(
                f"column {name!r} of type {other} in {file.path}, of type {one} in {first.path}",
                "one kind of values in all files",
                f"Write it alike in all; or read it as text in all: {as_kind(name, 'category')}; or leave it out: "
                f"{argument('ignore', [name])}.",
            )


def _require_like_arrays(first: StreamFile, file: StreamFile) -> None:
    """Raise where rows or targets have another shape than those of the first file, or are of another kind."""
    assert file.targets is not None
    (x, y), (other_x, other_y) = _arrays(first), _arrays(file)
    pixels, texts = (
        {array.dtype == np.uint8 for array in (x, other_x)},
        {array.dtype.kind in "US" for array in (y, other_y)},
    )
    for one, other, path, sorts in (
        (x, other_x, file.path, pixels),
        (y, other_y, file.targets.path, texts),
    ):
        if one.shape[1:] != other.shape[1:] or len(sorts) > 1:
            raise InputError(
                f"{path} with rows of shape {other.shape[1:]} and dtype {other.dtype}; in the first file they are of "
                f"shape {one.shape[1:]} and dtype {one.dtype}",
                "rows of one shape, all or none of them uint8; targets of one shape, all or none of them text",
                "Save them alike.",
            )


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


# ---- parts


def parts_of(file: StreamFile) -> Iterator[Part]:
    """The parts of a file, in their order; those of text without their rows, which are not counted yet."""
    if file.kind == "parquet":
        yield from _row_groups(file)
    elif file.kind == "npy":
        x, _ = _arrays(file)
        width = int(np.prod(x.shape[1:]))
        for number, start in enumerate(range(0, len(x), BATCH_ROWS)):
            stop = min(start + BATCH_ROWS, len(x))
            size = (stop - start) * width * x.itemsize
            yield Part(number, start, stop, start, stop - start, size)
    else:
        yield from _blocks_of_lines(file)


def bytes_of(file: StreamFile) -> int:
    """The sum of the bytes of a file's parts."""
    if file.kind == "parquet":
        return sum(part.bytes for part in _row_groups(file))
    return file.size


def _row_groups(file: StreamFile) -> Iterator[Part]:
    meta, first_row = _footer(Path(file.path))[0], 0
    for group in range(meta.num_row_groups):
        there = meta.row_group(group)
        if there.num_rows:
            yield Part(
                group, group, group, first_row, there.num_rows, there.total_byte_size
            )
        first_row += there.num_rows


def _blocks_of_lines(file: StreamFile) -> Iterator[Part]:
    """Blocks of whole rows; a line end within quotes ends no row."""
    layout = file.layout
    assert layout is not None
    quote = layout.quote.encode("ascii", "replace")
    with open(file.path, "rb") as opened:
        end = _end_of_lines(opened.read(TEXT_BYTES))
        opened.seek(0)
        for _ in range(layout.skipped_lines):
            _skip_line(opened, end)
        start, lines, number = opened.tell(), layout.skipped_lines, 0
        pending = b""
        while True:
            read = opened.read(TEXT_BYTES)
            content, whole = pending + read, opened.tell() >= file.size
            if not (read or whole):  # cut off since it was opened
                file.require_same()
            cut = len(content) if whole else _last_row_end(content, end, quote)
            if cut == 0 and not whole:
                if len(content) >= LONGEST_ROW:
                    raise InputError(
                        f"{file.path}, in which no row ends within {LONGEST_ROW >> 20} MB after line {lines}",
                        "rows that end, with quotes that are closed",
                        f"Repair the line; or name the quote of the file: {argument('quote')}.",
                    )
                pending = content
                continue
            if content[:cut].strip():
                yield Part(number, start, start + cut, -1, -1, cut, lines, last=whole)
                number += 1
            lines += content.count(end, 0, cut)
            start += cut
            pending = content[cut:]
            if whole:
                return


def _end_of_lines(content: bytes) -> bytes:
    return b"\r" if b"\n" not in content and b"\r" in content else b"\n"


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


# ---- tables


def tables_of(
    file: StreamFile,
    part: Part,
    asked: Dialect,
    wanted: Collection[str],
    sure: Collection[str] = (),
) -> Iterator[Table]:
    """The rows of a part as tables of some rows each, read as a whole file is.

    Parameters
    ----------
    file : StreamFile
    part : Part
    asked : Dialect
        What is known of it, and the kinds of columns that are.
    wanted : collection of str
        The columns to read.
    sure : collection of str
        Columns of text whose kind the user named.
    """
    if file.kind == "parquet":
        yield from _row_group_tables(file, part, asked, wanted)
    elif file.kind == "npy":
        x, y = _arrays(file)
        names = array_names(x)
        for start in range(part.start, part.stop, BATCH_ROWS):
            stop = min(start + BATCH_ROWS, part.stop)
            rows = np.asarray(x[start:stop]).reshape(stop - start, -1)
            _require_exact(file, y[start:stop])
            table = table_of(file.name, rows, np.asarray(y[start:stop]), names)
            yield replace(table, numbers=np.arange(start, stop))
    else:
        yield _lines_table(file, part, asked, wanted, sure)


def _row_group_tables(
    file: StreamFile, part: Part, asked: Dialect, wanted: Collection[str]
) -> Iterator[Table]:
    pa, path = arrow(), Path(file.path)
    names = [name for name in file.names if name in wanted]
    where = f"{file.name} (row group {part.number + 1})"
    row = part.first_row
    try:
        batches = open_parquet(path, _footer(path)[0]).iter_batches(
            batch_size=BATCH_ROWS,
            row_groups=[part.start],
            columns=names,
            use_threads=False,
        )
        for batch in batches:
            table = pa.Table.from_batches([batch])
            table.validate(full=True)
            first = row

            def place(number: int, first: int = first) -> str:
                return f"row {first + number + 1} of {where}"

            decided = columns_of(path, table, asked, place)
            row += table.num_rows
            yield _table(where, decided, asked, first, row)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        if isinstance(error, InputError):
            raise
        file.require_same()
        raise damaged(f"{path}, row group {part.number + 1}", error) from error
    if row - part.first_row != part.rows:
        raise damaged(
            f"{path}, row group {part.number + 1}",
            ValueError(f"{row - part.first_row} rows of {part.rows}"),
        )


def _lines_table(
    file: StreamFile,
    part: Part,
    asked: Dialect,
    wanted: Collection[str],
    sure: Collection[str],
) -> Table:
    layout, path = file.layout, Path(file.path)
    assert layout is not None
    with open(path, "rb") as opened:
        opened.seek(part.start)
        content = opened.read(part.stop - part.start)
    if len(content) < part.stop - part.start:
        file.require_same()
    if part.start == 0:
        content = content.removeprefix(codecs.BOM_UTF8)
    layout = replace(layout, skipped_lines=part.skipped_lines)
    # notes and sums stand at the end of a file, not at that of a block
    certain = sure if part.last else file.names
    texts, _ = read_text(
        path, layout, wanted.__contains__, certain, frozenset(asked.missing), content
    )
    where = f"{file.name} (block {part.number + 1})"
    first = max(part.first_row, 0)

    def place(row: int) -> str:
        return f"row {first + row + 1} of {where}"

    asked = replace(asked, separator=layout.separator)
    decided = decide(texts, asked, source=file.name, place=place)
    rows = len(next(iter(decided.columns.values()), ()))
    table = _table(where, decided, asked, first, first + rows)
    return replace(table, dialect=found_dialect(asked, layout, decided))


def _table(
    where: str, decided: Decided, asked: Dialect, first: int, stop: int
) -> Table:
    found = replace(asked, columns={**asked.columns, **decided.kinds})
    return Table(
        where,
        decided.columns,
        decided.remarks,
        found,
        decided.exact,
        (),
        np.arange(first, stop),
    )


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


def _arrays(file: StreamFile) -> tuple[Matrix, Matrix]:
    """The memory maps of rows and targets."""
    assert file.targets is not None
    x, y = _mapped(file.path), _mapped(file.targets.path)
    if x.ndim not in (2, 3, 4) or x.dtype.kind not in "uifb":
        raise InputError(
            f"{file.path} of shape {x.shape} and dtype {x.dtype}",
            "numbers, one row per sample: (N, n), or (N, height, width) for pictures",
            "Save it so.",
        )
    if not 1 <= y.ndim <= 2 or len(y) != len(x):
        raise InputError(
            f"{file.targets.path} of shape {y.shape} for {counted(len(x), 'row')}",
            "one target per row, or a row of numbers",
            "Save it so.",
        )
    return x, y


def _require_exact(file: StreamFile, y: Matrix) -> None:
    """Raise where a float64 could not tell targets apart."""
    if y.dtype.kind in "iu" and beyond_exact(y):
        assert file.targets is not None
        raise InputError(
            f"{file.targets.path} with whole numbers beyond 2^53",
            "numbers that float64 can tell apart, or texts",
            "Labels are saved as text: y.astype(str).",
        )


def array_names(x: Matrix) -> tuple[str, ...]:
    """The names of the columns of rows of an array: pixels where they are uint8."""
    if x.dtype == np.uint8:
        return tuple(f"pixel_{'_'.join(map(str, i))}" for i in np.ndindex(*x.shape[1:]))
    return tuple(f"x{i}" for i in range(1, int(np.prod(x.shape[1:])) + 1))


def _mapped(path: str) -> Matrix:
    try:
        mapped: Matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(
            f"{path}, which is no whole .npy file ({error})",
            "an array as numpy.save writes it, not of objects",
            "Save it again: numpy.save(FILE, array).",
        ) from error
    return mapped
