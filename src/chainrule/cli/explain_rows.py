"""The rows that `chainrule explain` explains: of a data set by its name, or of a file, as the network takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dialect import Dialect
from ..data.dialect_options import asked_dialect
from ..data.encoding import inputs, targets
from ..data.file_kinds import require_file
from ..data.load import load_data
from ..data.named_sets import DATA_SETS
from ..data.preparation import Preparation
from ..data.raw_rows import read_raw_rows
from ..errors import InputError
from .saved_average import SavedAverage, is_average, load_average, rows_of
from .saved_model import SavedModel, load_saved

__all__ = ["Rows", "rows_of_model", "within"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Rows:
    """Rows as a network takes them.

    Parameters
    ----------
    x : ndarray, shape (N, n_0)
    y : ndarray
        Targets, as the loss takes them.
    name : str
        What they are.
    """

    x: Matrix
    y: Matrix
    name: str


def rows_of_model(
    path: Path, data: str | None, reading: Mapping[str, Any] | None = None
) -> Rows:
    """The test rows of the data set that a model was trained on, or of another one; or those of a file.

    `reading` overrides how the model reads a file: arguments of `asked_dialect`.
    """
    saved = load_average(path) if is_average(path) else load_saved(path)
    source = saved.notes.data if data is None else data
    if source in DATA_SETS:
        return rows_of_data(source, saved.preparation)
    if data is None:
        raise InputError(
            f"{path} without --data",
            f"the file with the rows to explain, or one of {', '.join(DATA_SETS)}",
            f"It was trained on {source}: say --data with that file.",
        )
    return rows_of_file(saved, require_file(data), asked_dialect(**(reading or {})))


def rows_of_data(name: str, preparation: Preparation) -> Rows:
    """The test rows of a data set."""
    found = load_data(name)
    if found.preparation.inputs != preparation.inputs:
        raise InputError(
            f"--data {name}, whose inputs are others than the model's",
            "its own data",
            "Leave it out.",
        )
    return Rows(
        found.scaled("float64")[1],
        found.standardized_targets()[1],
        f"{name}, test rows",
    )


def rows_of_file(saved: SavedModel | SavedAverage, path: Path, asked: Dialect) -> Rows:
    """All rows of a file, prepared as the model's were."""
    table = read_raw_rows(saved.preparation, str(path), asked).table
    target = saved.preparation.target
    missing = [name for name in target.names if name not in table.columns]
    if missing:
        raise InputError(
            f"{path} without the column {', '.join(missing)}",
            "rows with their target: a loss needs it",
            "Add the column.",
        )
    y = targets(target, table)
    if isinstance(saved, SavedAverage):
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        rows = rows_of(saved.preparation, table)
        x, known = saved.model.prepared(rows, y)
        return Rows(x, known, path.name)
    x = inputs(saved.preparation, table)[0]
    return Rows(x, target.standardized(y), path.name)


def within(rows: Rows, row: int, span: str | None) -> tuple[Matrix, Matrix, int, str]:
    """The rows that are asked for, which of them is explained, and what they are called.

    Parameters
    ----------
    rows : Rows
    row : int
        From 0.
    span : str, optional
        "0-15": the rows whose gradient it is; only the row itself by default.
    """
    count = len(rows.x)
    if not 0 <= row < count:
        raise InputError(
            f"--row {row}",
            f"0 … {count - 1}: {rows.name} has {count} rows",
            "Rows count from 0.",
        )
    first, last = row, row
    if span is not None:
        ends = span.split("-")
        if len(ends) != 2 or not all(end.isdecimal() for end in ends):
            raise InputError(
                f"--rows {span}", "the first and the last row", "Say --rows 0-15."
            )
        first, last = int(ends[0]), int(ends[1])
        if not first <= last < count:
            raise InputError(
                f"--rows {span}",
                f"rows from 0 to {count - 1}",
                "The smaller number comes first.",
            )
        if not first <= row <= last:
            raise InputError(
                f"--row {row} with --rows {span}",
                "one of these rows",
                f"Say --row {first}.",
            )
    x, y = rows.x[first : last + 1], rows.y[first : last + 1]
    return (
        x,
        y,
        row - first,
        f"{rows.name}, row {row}" + ("" if span is None else f" of {span}"),
    )
