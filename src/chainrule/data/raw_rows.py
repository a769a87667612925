"""Raw rows for a model that is trained: read as its training rows were, from a table, npz, idx or a named set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError
from .array_files import read_rows, table_of
from .dialect import Dialect
from .file_kinds import kind_of, require_file, sha256
from .idx import read_idx
from .load import load_data
from .named_sets import DATA_SETS
from .preparation import Preparation
from .tables import Table, column_names, read_table
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
    """

    table: Table
    what: str = "these rows"
    checksum: str = ""


def read_raw_rows(
    preparation: Preparation, source: str, asked: Dialect | None = None
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
    """
    if source in DATA_SETS and not Path(source).is_file():
        return RawRows(_of_set(preparation, source), f"the test rows of {source}")
    path = require_file(source)
    kind = kind_of(path)
    if kind == "npz":
        table = _of_arrays(preparation, path, *read_rows(path))
    elif _is_idx(path):
        table = _of_arrays(preparation, path, read_idx(path), None)
    else:
        table = _of_table(preparation, path, asked or Dialect())
    return RawRows(table, checksum=sha256(path))


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
        found = set(column_names(path, alone, used))
    except InputError:
        found = set()
    if found & used:
        raise InputError(
            f"{path}, whose fields are not separated by {dialect.separator!r} as those of the training file were",
            "the same separator",
            f"Name that of this file: {argument('separator')} (and {argument('decimal')}, if its numbers are written "
            f"otherwise).",
        )


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
