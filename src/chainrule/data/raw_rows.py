"""Raw rows for a model that is trained: read as its training rows were, from a table, npz, idx or a named set."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..arguments import argument, arguments
from ..errors import InputError
from .array_files import read_rows, table_of
from .dialect import ColumnKind, Dialect
from .file_kinds import kind_of, require_file, sha256
from .idx import read_idx
from .load import load_data
from .missing_words import IN_TEXT
from .named_sets import DATA_SETS
from .names import named_columns
from .preparation import Preparation
from .tables import Column, Table, column_names, read_table
from .text_layout import layout_of
from .text_rows import arrow
from .text_source import open_bytes

__all__ = ["RawRows", "read_raw_rows"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class RawRows:
    """Rows to predict.

    Parameters
    ----------
    table : Table
        The columns as the model names them; with those of the target where they are there.
    what : str
        What the rows are, in words: "these rows".
    checksum : str
        The SHA-256 of the file; "" for a named set.
    kept : mapping of str to ndarray
        Columns to copy, as they stand in the file: text, of dtype object; of Parquet with its values.
    """

    table: Table
    what: str = "these rows"
    checksum: str = ""
    kept: Mapping[str, Column] = field(default_factory=dict)


def read_raw_rows(
    preparation: Preparation,
    source: str,
    asked: Dialect | None = None,
    keep: Sequence[str] = (),
) -> RawRows:
    """Read rows for a model.

    Parameters
    ----------
    preparation : Preparation
        Of the model, with the dialect that its training rows were read by.
    source : str
        A file, "-" for standard input, or a name that `load_data` knows (its test rows).
    asked : Dialect, optional
        What overrides the model's dialect.
    keep : sequence of str
        Columns of a table file to copy.
    """
    if source in DATA_SETS and not Path(source).is_file():
        _refuse_kept(keep, f"the data set {source}")
        return RawRows(_of_set(preparation, source), f"the test rows of {source}")
    path = require_file(source)
    kind = kind_of(path)
    kept: Mapping[str, Column] = {}
    if kind == "npz" or _is_idx(path):
        _refuse_kept(keep, f"{path}, which holds arrays")
    if kind == "npz":
        table = _of_arrays(preparation, path, *read_rows(path))
    elif _is_idx(path):
        table = _of_arrays(preparation, path, read_idx(path), None)
    else:
        dialect = (preparation.dialect or Dialect()).overridden(asked or Dialect())
        table = _of_table(preparation, path, asked or Dialect())
        kept = _kept(
            path, dialect, keep, {feature.name for feature in preparation.features}
        )
    return RawRows(table, checksum=sha256(path), kept=kept)


def _refuse_kept(keep: Sequence[str], source: str) -> None:
    if keep:
        raise InputError(
            f"{argument('keep', list(keep))} with {source}",
            "a table file, whose columns have names",
            "Leave it out.",
        )


def _kept(
    path: Path, dialect: Dialect, keep: Sequence[str], known: Collection[str]
) -> Mapping[str, Column]:
    """Columns as they stand in a table file, whatever the model reads of them."""
    if not keep:
        return {}
    there = column_names(path, dialect, known)
    asked = (named_columns(text, there, path.name) for text in keep)
    names = list(dict.fromkeys(itertools.chain(*asked)))
    if kind_of(path) == "parquet":
        columns = arrow().parquet.read_table(path, columns=names)
        return {n: np.array(columns.column(n).to_pylist(), object) for n in names}
    as_it_is = ColumnKind("category", values=(*IN_TEXT, *dialect.missing))
    raw = replace(dialect, columns=dict.fromkeys(names, as_it_is))
    return read_table(path, raw, only=set(names), names={*known, *names}).columns


def _of_table(preparation: Preparation, path: Path, asked: Dialect) -> Table:
    targets = preparation.target.names
    used = {*(feature.name for feature in preparation.features), *targets}
    dialect = preparation.dialect or Dialect()
    if kind_of(path) != "parquet" and dialect.separator is not None:
        _require_names(path, dialect, asked, used)
    for name in asked.columns:
        if name not in used:
            raise InputError(
                f"{argument('kinds')} of the column {name!r}, which the model does not use",
                f"one of its columns: {', '.join(sorted(used)[:10])}",
                "Leave it out.",
            )
    read = dialect.overridden(asked)
    return read_table(
        path, read, only=used, lenient=targets, names=used, sure=asked.columns
    )


def _require_names(
    path: Path, dialect: Dialect, asked: Dialect, used: set[str]
) -> None:
    """Raise where the file is laid out otherwise than the training file was."""
    read = dialect.overridden(asked)
    there = set(column_names(path, read, used))
    if there & used:
        return
    alone = replace(Dialect(), encoding=read.encoding)
    try:
        layout = layout_of(path, alone, used)
        found, separator = set(layout.names), layout.separator
    except InputError:
        found, separator = set(), ""
    if found & used and separator != read.separator:
        raise InputError(
            f"{path}, whose fields are separated by {separator!r}, those of the training file by {read.separator!r}",
            "the same separator",
            f"Pass {arguments(_marks_of(path, alone, separator, used))}.",
        )


def _marks_of(
    path: Path, asked: Dialect, separator: str, used: Collection[str]
) -> dict[str, str]:
    """The arguments for a file laid out otherwise: its separator, and its decimal mark where that can be found."""
    try:
        decimal = read_table(path, asked, only=used).dialect.decimal
    except InputError:
        decimal = None
    return {"separator": separator} | ({"decimal": decimal} if decimal else {})


def _of_set(preparation: Preparation, name: str) -> Table:
    data = load_data(name)
    if data.preparation.inputs != preparation.inputs:
        raise InputError(
            f"the data set {name}, whose inputs are others than the model's",
            "rows as the model was trained on",
            "Name another.",
        )
    if data.test_rows is not None:
        return data.test_rows
    columns = {
        feature.name: data.x_test[:, i].astype(np.float64)
        for i, feature in enumerate(preparation.features)
    }
    names = np.array(data.classes, object)
    columns[preparation.target.names[0]] = names[data.y_test]
    return Table(name, columns)


def _of_arrays(
    preparation: Preparation, path: Path, x: Matrix, y: Matrix | None
) -> Table:
    names = tuple(feature.name for feature in preparation.features)
    flat = x.reshape(len(x), -1)
    if flat.shape[1] != len(names):
        raise InputError(
            f"{path} with {flat.shape[1]} numbers a row",
            f"{len(names)}, as the model was trained on",
            "Save it so.",
        )
    target = preparation.target
    table = table_of(path.name, flat, np.zeros(len(flat)) if y is None else y, names)
    columns = {name: table.columns[name] for name in names}
    made = [n for n in table.columns if n not in columns]
    if y is not None and len(made) == len(target.names):
        columns |= {
            name: table.columns[own]
            for name, own in zip(target.names, made, strict=True)
            if name not in columns
        }
    return replace(table, columns=MappingProxyType(columns))


def _is_idx(path: Path) -> bool:
    with open_bytes(path) as file:
        first = file.read(4)
    return len(first) == 4 and first[:3] == b"\x00\x00\x08" and first[3] in (2, 3, 4)
