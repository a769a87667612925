"""Data sets: rows, targets and what is known of them, ready to train on.

`named_sets` has those that have names, `prepared_sets` makes all of them out of tables and arrays.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import InputError, named_among
from .dataset import Dataset
from .dialect import Dialect
from .dialect_options import asked_dialect, with_kinds
from .file_kinds import kind_of, refuse_other_kinds, require_file, sha256
from .image_sets import IMAGE_SETS
from .named_sets import DATA_SETS, named_set
from .names import named_columns, possible_names
from .prepared_sets import array_set, table_set
from .splits import Rules
from .tables import column_names, read_table

__all__ = ["load_data"]


def load_data(
    source: str | os.PathLike[str],
    *,
    target: str | Sequence[str] | None = None,
    test: str | os.PathLike[str] | None = None,
    test_share: float = 0.2,
    seed: int = 0,
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
    skip_last: int = 0,
    progress: bool | None = None,
) -> Dataset:
    """A data set by its name, or from a file.

    Parameters
    ----------
    source : str or path
        A name from `DATA_SETS`; or a file: CSV, TSV and other text, also packed by gzip, bzip2 or xz; Parquet; npz;
        "-" for standard input. Files that have to be downloaded are kept in the folder that the environment variable
        CHAINRULE_DATA names, else in the platform's place for caches.
    target : str or sequence of str, optional
        The column that is predicted, the last by default; or several columns of numbers. One text may name several,
        with commas.
    test : path, optional
        A file of rows to test on; else a share of the rows is held out.
    test_share : float
        That share; of classes the same of each.
    seed : int
        Which rows are held out. Sets of images have test rows of their own.
    numbers : bool, optional
        Whether numbers are predicted, not classes; by default text, and whole numbers of at most 20 values, are
        classes.
    standardize_target : bool
        Whether the network learns numbers of mean 0 and standard deviation 1.
    header : bool, optional
        Whether the first line names the columns; by default that is found out, as is all of the following.
    separator, quote : str, optional
        The character between fields and that around them; " " for any number of blanks.
    encoding : str, optional
        "utf-16", "cp1252", …
    decimal, thousands : str, optional
        The marks in numbers: "." or ","; "" for no thousands mark.
    missing : sequence of str
        What stands for a missing value beside an empty field, ?, NA and the like; a number in any spelling.
    not_missing : sequence of str
        Words that are values, though they would stand for a missing one: "NA".
    kinds : mapping of str to str, optional
        What columns hold: "number", "category", "date", "date:%d/%m/%Y" or "ignore".
    categories : str or sequence of str
        Columns of numbers that are categories: as `kinds`.
    ignore : str or sequence of str
        Columns to leave out: as `kinds`.
    skip_last : int
        Lines to leave out at the end of `source`, below the rows: totals, notes.
    progress : bool, optional
        A live line for downloads; by default only on a terminal.

    Raises
    ------
    InputError
        What cannot be used as it is: names the file, the column, the row.
    DownloadError
        No address gave the file.

    Examples
    --------
    >>> digits = load_data("digits")
    >>> digits.x_train.shape, digits.x_train.dtype, digits.image_shape
    ((1437, 64), dtype('uint8'), (8, 8))
    >>> wine = load_data("wine")
    >>> wine.classes, wine.x_train.shape, wine.preparation.features[0].name
    (('class_0', 'class_1', 'class_2'), (142, 13), 'alcohol')
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
        skip_last=skip_last,
    )
    name = os.fspath(source)
    rules = Rules(numbers, standardize_target, (), test_share, seed)
    of_table = {
        "target": target,
        "test": test,
        "ignore": ignore,
        "categories": categories,
        **{key: getattr(asked, key) for key in asked.__dataclass_fields__},
    }
    if name in DATA_SETS:
        cut = (
            {}
            if name not in IMAGE_SETS
            else {"test_share": test_share != 0.2, "seed": seed}
        )
        _refuse_arguments(f"the data set {name}", of_table | cut)
        return named_set(name, rules, progress)
    if name != "-" and not Path(source).exists() and Path(source).suffix == "":
        remedy = named_among(name, DATA_SETS, "Choose one of these, or name a file.")
        raise InputError(
            f"data set {name!r}", f"{', '.join(DATA_SETS)}, or a file", remedy
        )
    path = require_file(source)
    if kind_of(path) == "npz":
        _refuse_arguments(
            f"{path}, whose arrays need no reading",
            {key: value for key, value in of_table.items() if key != "target"},
        )
        wanted = (target,) if isinstance(target, str) else tuple(target or ())
        return replace(
            array_set(path, wanted, rules), checksums={path.name: sha256(path)}
        )
    return _file_set(path, asked, target, test, rules, categories, ignore)


def _refuse_arguments(what: str, given: Mapping[str, Any]) -> None:
    """Raise where an argument was given that would do nothing."""
    useless = [
        name
        for name, value in given.items()
        if value not in (None, False, 0, "", ()) and value != {}
    ]
    if useless:
        raise InputError(
            f"{what}, with {', '.join(useless)}",
            "its rows as they are",
            f"Leave out {', '.join(useless)}; or pass a table file.",
        )


def _file_set(
    path: Path,
    asked: Dialect,
    target: str | Sequence[str] | None,
    test: str | os.PathLike[str] | None,
    rules: Rules,
    categories: str | Sequence[str],
    ignore: str | Sequence[str],
) -> Dataset:
    """A table file, read and prepared."""
    possible = possible_names(target, categories, ignore) | {*asked.columns}
    names = column_names(path, asked, possible)
    wanted = named_columns(target, names, path.name, "target")
    asked = with_kinds(asked, path.name, names, categories, ignore)
    table = read_table(path, asked, names=possible)
    held, files = None, [path]
    if test is not None:
        files.append(test_path := require_file(test))
        refuse_other_kinds(test_path)
        held = read_table(
            test_path, table.dialect, only=set(table.columns), sure=asked.columns
        )
    ignored = [n for n, kind in asked.columns.items() if kind.kind == "ignore"]
    rules = replace(rules, ignore=tuple(ignored))
    made = table_set(path.name, table, wanted, held, rules, str(path))
    twice = len({file.name for file in files}) < len(files)
    sums = {str(file) if twice else file.name: sha256(file) for file in files}
    return replace(made, checksums=sums)
