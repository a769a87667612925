"""`chainrule data`: list the data sets, fetch and verify one, or show what a file holds and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dialect_options import asked_dialect, with_kinds
from ..data.file_kinds import kind_of, require_file
from ..data.image_sets import IMAGE_SETS, data_folder, state_of
from ..data.load import load_data
from ..data.named_sets import DATA_SETS
from ..data.names import possible_names
from ..data.preparation_fit import fit_features
from ..data.tables import Table, column_names, read_table
from ..errors import InputError
from .options.data import Data
from .output import Output
from .train_output import say_data

__all__ = ["run"]


def run(request: Data) -> int:
    """List, or look at one; the exit status."""
    console, name, target = Output(), request.name, request.target
    reading = request.table.given()
    if name is None:
        list_sets(console)
        return 0
    if name in DATA_SETS or target is not None or not is_table(name):
        data = load_data(name, target=target, **reading)
        say_data(console, data)
        if name in IMAGE_SETS:
            console.print(f"verified, in {data_folder() / name}/", soft_wrap=True)
        return 0
    describe(console, name, reading)
    return 0


def is_table(name: str) -> bool:
    """True for a file of columns; a name that is nothing is reported by `load_data`."""
    path = Path(name)
    if name != "-" and not path.exists():
        return False
    return name == "-" or not path.is_file() or kind_of(path) != "npz"


def list_sets(console: Output) -> None:
    """The names, and where their files are."""
    width = max(map(len, DATA_SETS))
    for known, what in DATA_SETS.items():
        state = f" ({state_of(known)})" if known in IMAGE_SETS else ""
        console.print(f"{known.ljust(width)}  {what}{state}")
    console.print(
        f"\nDownloads are kept in {data_folder()}/; CHAINRULE_DATA names another folder.",
        soft_wrap=True,
    )
    console.print(
        "Files of your own: chainrule data FILE, chainrule train FILE --target COLUMN.",
        soft_wrap=True,
    )


def describe(console: Output, name: str, reading: Mapping[str, Any]) -> None:
    """Describe the reading of a table file and its columns; nothing need be predicted."""
    path = require_file(name)
    given = dict(reading)
    ignore, texts = given.pop("ignore", None), given.pop("categories", None)
    asked = asked_dialect(**given)
    possible = possible_names(ignore, texts) | {*asked.columns}
    names = column_names(path, asked, possible)
    asked = with_kinds(asked, path.name, names, texts, ignore)
    table = read_table(path, asked, names=possible)
    console.print(f"{path.name}: {table.rows} rows, {len(table.columns)} columns")
    if table.dialect.words():
        console.print(f"read with {table.dialect.words()}", soft_wrap=True)
    for remark in table.remarks:
        console.print(f"- {remark}")
    width = max(map(len, table.columns), default=0)
    for column in table.columns:
        console.print(f"  {column.ljust(width)}  {words(table, column)}")


def words(table: Table, name: str) -> str:
    """The content of a column, in words."""
    try:
        features, left_out = fit_features(table, [name], np.arange(table.rows))
    except InputError as error:
        reason = error.given.split("(", 1)[-1].rstrip(")")
        return (
            reason.removeprefix(f"{name}: ")
            if "without a column" in error.given
            else error.given
        )
    return (
        features[0].words(table.dialect.columns.get(name))
        if features
        else left_out[name]
    )
