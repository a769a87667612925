"""The files of a stream: what paths and patterns name, each opened as what it is, all of one kind."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import InputError, counted, type_of
from .dialect import Dialect
from .file_kinds import kind_of, refuse_other_kinds, require_file
from .stream_arrays import ArrayFile
from .stream_file import StreamFile
from .stream_parquet import ParquetFile
from .stream_text import TextFile

__all__ = ["files_of", "found_paths"]

PACKED = ("gzip", "bz2", "xz")


def found_paths(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
) -> tuple[Path, ...]:
    """The files that a path, a pattern, or several of them name, in the order of their names."""
    given = [source] if isinstance(source, str | os.PathLike) else source
    if not (
        isinstance(given, Sequence)
        and all(isinstance(path, str | os.PathLike) for path in given)
    ):
        raise InputError(
            f"a source that is {type_of(source)}",
            'a path, a pattern, or a sequence of them: "rows/*.parquet"',
            "Write rows that are in memory to a file; or pass them to train as they are.",
        )
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
        if path.stat().st_size == 0:
            continue
        names = {*known, *(files[0].names if files else ())}
        file = _opened(path, asked, names, targets[i] if targets else path)
        if files and file.kind != files[0].kind:
            raise InputError(
                f"{file.path}, which is {file.kind}, beside {files[0].path}, which is {files[0].kind}",
                "files of one kind",
                "Make a pattern that names one kind.",
            )
        if isinstance(file, ArrayFile) and not len(file.arrays()[0]):
            continue
        if files:
            file.require_like(files[0], asked)
            if asked.separator is None and isinstance(file, TextFile):
                asked = replace(asked, separator=file.layout.separator)
        files.append(file)
    if not files:
        raise InputError(
            f"{counted(len(paths), 'file')}, {paths[0]} the first of them, without rows",
            "files with rows",
            "Check how they were written.",
        )
    return tuple(files)


def _opened(
    path: Path, asked: Dialect, known: Collection[str], targets: Path
) -> StreamFile:
    """A file with its columns."""
    kind = kind_of(path)
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
        return ArrayFile.of(path, targets)
    refuse_other_kinds(path)
    if kind == "parquet":
        return ParquetFile.of(path, asked)
    return TextFile.of(path, asked, known)
