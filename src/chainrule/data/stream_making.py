"""`stream`: the rows of files as a `Stream`, prepared by one pass over them (`stream_fit`)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError, is_number, require_kind
from ..progress import ProgressLine
from .dialect_options import asked_dialect, with_kinds
from .file_kinds import kind_of
from .names import named_columns, possible_names
from .stream_arrays import ArrayFile
from .stream_files import files_of, found_paths
from .stream_fit import Asked, fit
from .streams import MEMORY_BYTES, Stream

__all__ = ["stream"]

MB = 1_000_000


def stream(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    target: str | os.PathLike[str] | Sequence[str] | None = None,
    weight: str | None = None,
    numbers: bool | None = None,
    standardize_target: bool = True,
    header: bool | None = None,
    separator: str | None = None,
    quote: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    missing: Sequence[str] = (),
    not_missing: Sequence[str] = (),
    kinds: Mapping[str, str] | None = None,
    categories: str | Sequence[str] = (),
    ignore: str | Sequence[str] = (),
    memory_bytes: int = MEMORY_BYTES,
    progress: bool | None = None,
) -> Stream:
    r"""Rows in files that need not fit into memory; their preparation is fitted in one pass.

    Parameters
    ----------
    source : str, path, or sequence of them
        Files or patterns: "rows/*.parquet". Parquet is read by its row groups; CSV and other text, not packed, by
        blocks of lines; .npy by blocks of rows. Files are taken in the order of their names.
    target : str or sequence of str, optional
        The column that is predicted, the last by default; or several columns of numbers. Of .npy files the files of
        targets, or a pattern of them.
    weight : str, optional
        A column of row weights, which is no input. The preparation is that of the rows without weights.
    numbers, standardize_target, header, separator, quote, encoding, decimal, thousands
        As in `load_data`.
    missing, not_missing, kinds, categories, ignore
        As in `load_data`.
    memory_bytes : int
        The memory that a run may take. A sixth of it is a window of rows, which are shuffled together; a block may
        take two fifths, as two windows are in memory while one is read ahead.
    progress : bool, optional
        A live line for the pass over the rows; by default only on a terminal.

    Returns
    -------
    Stream
        For `train` and for `fit` of the estimators.

    Raises
    ------
    InputError
        What cannot be used as it is: names the file, its row group or block, the column, the row.

    Notes
    -----
    The preparation is that of `load_data` for the same rows, all of them to train on: the same kinds of columns,
    categories, classes and shares; means to the bit where their sums are exact, else, as standard deviations, to
    rounding. Kinds are those that the first rows with a value show; later rows that do not fit are an error.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for part in (0, 1):
    ...     lines = [f"{i},{i % 3}" for i in range(10 * part, 10 * part + 10)]
    ...     _ = (folder / f"part{part}.csv").write_text("\n".join(["age,kind", *lines]))
    >>> rows = stream(folder / "*.csv", target="kind")
    >>> rows.n_rows, rows.n_inputs, rows.classes, len(rows.blocks)
    (20, 1, ('0', '1', '2'), 2)
    >>> [len(x) for x, t, w, numbers in rows.batches(8, seed=0, epoch=0)]
    [8, 8, 4]
    """
    asked = asked_dialect(
        separator=separator,
        quote=quote,
        header=header,
        encoding=encoding,
        decimal=decimal,
        thousands=thousands,
        missing=missing,
        not_missing=not_missing,
        kinds=kinds,
    )
    if weight is not None:
        require_kind("weight", weight, str, "Name one column.")
    if not (is_number(memory_bytes) and 1e6 <= memory_bytes < np.inf):
        raise InputError(
            f"memory_bytes = {memory_bytes!r}",
            "a number of bytes, a million or more",
            f"Pass memory_bytes={MEMORY_BYTES}, say.",
        )
    paths = found_paths(source)
    first = next((path for path in paths if path.stat().st_size), None)
    arrays = first is not None and kind_of(first) == "npy"
    target_paths = _target_files(paths, target) if arrays else ()
    named = None if arrays else target
    if isinstance(named, os.PathLike):
        raise InputError(
            f"{os.fspath(named)}, a path, as target of {paths[0]}, which is no .npy file",
            "a path of targets for .npy files of rows; for other files the name of a column",
            f"Pass {argument('target', 'age')}, say; or save the rows by numpy.save.",
        )
    known = possible_names(named, categories, ignore)
    known |= {*asked.columns, *([weight] if weight else [])}
    files = files_of(paths, asked, known, target_paths)
    names, where = files[0].columns, files[0].name
    if isinstance(files[0], ArrayFile):
        wanted = files[0].target_columns
    else:
        wanted = named_columns(named, names, where, "target")
    dialect = with_kinds(asked, where, names, categories, ignore)
    ignored = tuple(n for n, kind in dialect.columns.items() if kind.kind == "ignore")
    if weight is not None:
        named_columns((weight,), names, where, "column of row weights")
        if weight in (*wanted, *ignored):
            raise InputError(
                f"weight = {weight!r}, which is {'a target' if weight in wanted else 'ignored'}, too",
                "a column of its own",
                f"Leave one of both out: {argument('weight')}, or the other.",
            )
    remarks: tuple[str, ...] = ()
    if not wanted:
        left = [n for n in names if n not in ignored and n != weight]
        wanted = (left[-1],)
        remarks = (
            f"The target is {wanted[0]}, the last column; {argument('target')} names another.",
        )
    dialect = replace(dialect, columns=MappingProxyType(dict(dialect.columns)))
    requests = Asked(wanted, ignored, weight, numbers, standardize_target)
    with ProgressLine(
        "preparing",
        total=sum(file.bytes for file in files) / MB,
        unit="MB",
        show=progress,
    ) as line:

        def advance(size: int) -> None:
            line.advance("", size / MB)

        found = fit(files, dialect, requests, tuple(dialect.columns), advance)
    made = Stream(
        files,
        found.blocks,
        found.preparation,
        weight,
        (*remarks, *found.remarks),
        int(memory_bytes),
    )
    made.require_room()
    return made


def _target_files(paths: Sequence[Path], target: Any) -> tuple[Path, ...]:
    """The .npy files of targets, one for each file of rows."""
    if target is None:
        raise InputError(
            f"{paths[0]} without targets",
            "the .npy file of targets, or a pattern, as target",
            f"Pass {argument('target', 'y.npy')}, say.",
        )
    found = found_paths(target)
    if len(found) != len(paths):
        raise InputError(
            f"{len(paths)} files of rows and {len(found)} of targets",
            "one file of targets for each of rows",
            "Name both by patterns that sort alike.",
        )
    return found
