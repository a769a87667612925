"""The preparation of a stream, fitted in one pass over its rows: that of `load_data` for the same rows.

Counts, categories, classes, limits and shares are the same to the bit; so are means where their sums are exact, as
those of whole numbers are. Other means, and standard deviations, agree to rounding: a few units in the last place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError, counted
from .column_sums import ColumnSums, TargetValues
from .column_values import labels_in_order, present, require_numbers
from .dialect import ColumnKind, Dialect
from .preparation import Feature, Preparation, Target
from .preparation_fit import constant_target, features_of, require_one_target
from .splits import has_target
from .stream_arrays import ArrayFile
from .stream_file import Part, StreamFile, Wanted
from .tables import Column, Table

__all__ = ["Asked", "Block", "Found", "checked_row_weights", "fit"]

Rows = np.ndarray[Any, Any]
#: Of uint8 inputs.
PIXEL_SCALE = 1 / 255


@dataclass(frozen=True)
class Asked:
    """The requests to a stream beside files and dialect.

    Parameters
    ----------
    targets : tuple of str
    ignore : tuple of str
    weight : str or None
        The column of row weights.
    numbers : bool or None
    standardize : bool
    """

    targets: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    weight: str | None = None
    numbers: bool | None = None
    standardize: bool = True


@dataclass(frozen=True)
class Block:
    """Rows of a stream that are read at once.

    Parameters
    ----------
    number, file : int
        Its number among the blocks of the stream, and that of its file, from 0.
    first_row : int
        The number of its first row among the rows of all files, from 0.
    rows : int
        Its rows that are used.
    part : Part
        Its place in the file, with all of its rows.
    gone : bytes
        A bit for each of its rows, 1 where the target is missing; b"" where none is.
    """

    number: int
    file: int
    first_row: int
    rows: int
    part: Part
    gone: bytes = b""

    def there(self) -> Rows:
        """A mask of the rows of its part that have a target, shape (rows of the part,)."""
        if not self.gone:
            return np.ones(self.part.rows, bool)
        bits = np.unpackbits(np.frombuffer(self.gone, np.uint8))
        return np.asarray(bits[: self.part.rows] == 0)


@dataclass(frozen=True)
class Found:
    """The result of the pass: the preparation, the blocks, remarks."""

    preparation: Preparation
    blocks: tuple[Block, ...]
    remarks: tuple[str, ...]


def fit(
    files: Sequence[StreamFile],
    dialect: Dialect,
    asked: Asked,
    sure: Sequence[str],
    advance: Callable[[int], None] = lambda size: None,
) -> Found:
    """Read all rows once; `advance` is told of the bytes of each part that is done.

    Raises
    ------
    InputError
        What cannot be read or learned from, with its file, its part and its row.
    """
    found = _Pass(files, dialect, asked, sure)
    for number, file in enumerate(files):
        before = 0
        file.require_same()
        for part in file.parts():
            if part.first_row < 0:  # of text: rows are counted as they are read
                part = replace(part, first_row=before)
            rows = found.take(number, file, part)
            before = part.first_row + rows
            advance(part.bytes)
        file.require_same()
        found.first_row += before
    return found.result()


class _Pass:
    """One pass over the rows, as far as it has come."""

    def __init__(
        self,
        files: Sequence[StreamFile],
        dialect: Dialect,
        asked: Asked,
        sure: Sequence[str],
    ) -> None:
        self.asked, self.sure = asked, sure
        self.dialect = self.given = dialect
        names = files[0].columns
        self.wanted = [name for name in names if name not in asked.ignore]
        taken = {*asked.targets, asked.weight}
        self.sums = {n: ColumnSums(n) for n in self.wanted if n not in taken}
        self.targets = {n: TargetValues(ColumnSums(n)) for n in asked.targets}
        self.blocks: list[Block] = []
        self.remarks: dict[str, None] = {}
        self.first_row = self.without_target = 0
        self.held, self.weight = False, 0.0
        self.pixels = isinstance(files[0], ArrayFile) and names[0].startswith("pixel_")

    def take(self, number: int, file: StreamFile, part: Part) -> int:
        """Take in the rows of a part; their number."""
        gone: list[Rows] = []
        rows = 0
        for table in self._tables(file, part):
            there = has_target(table, self.asked.targets)
            gone.append(~there)
            rows += table.rows
            self._add(table if there.all() else table.take(np.flatnonzero(there)))
        if not rows:
            return 0
        missing = np.concatenate(gone)
        lost = int(missing.sum())
        self.without_target += lost
        part = replace(part, rows=rows)
        self.blocks.append(
            Block(
                len(self.blocks),
                number,
                self.first_row + part.first_row,
                rows - lost,
                part,
                np.packbits(missing).tobytes() if lost else b"",
            )
        )
        return rows

    def _tables(self, file: StreamFile, part: Part) -> Any:
        """The tables of a part; an error names what the rows before held."""
        try:
            wanted = Wanted(self.dialect, self.wanted, self.sure)
            for table in file.tables(part, wanted):
                self._learn(table)
                yield table
        except InputError as error:
            if not self.held:
                raise
            raise InputError(
                f"{error.given} [{file.words(part)}]",
                error.allowed,
                f"{error.remedy} The rows before it were read by the kinds that they showed; "
                f"{argument('kinds')} names the kind of a column for all rows.",
            ) from error

    def _learn(self, table: Table) -> None:
        """Keep to the kinds of the columns in which a value was seen."""
        kinds = dict(self.dialect.columns)
        for name, column in table.columns.items():
            open_yet = kinds.get(name) == self.given.columns.get(name)
            if open_yet and name in table.dialect.columns and present(column).any():
                kinds[name] = table.dialect.columns[name]
        self.dialect = replace(table.dialect, columns=MappingProxyType(kinds))
        self.held = True
        for remark in table.remarks:
            if len(self.remarks) < 100:
                self.remarks.setdefault(remark)

    def _add(self, table: Table) -> None:
        if not table.rows:
            return
        if self.asked.weight is not None:
            self.weight += float(checked_row_weights(table, self.asked.weight).sum())
        for name, sums in self.sums.items():
            column = table.columns[name]
            sums.add(column, table)
        wanted = None if self.asked.numbers is None else not self.asked.numbers
        if len(self.asked.targets) > 1:
            wanted = bool(wanted)
        for name, target in self.targets.items():
            if wanted is False:
                require_numbers(table, name, table.columns[name], "target")
            target.add(table.columns[name], table, of_classes=wanted)

    def result(self) -> Found:
        """The preparation that the rows lead to."""
        rows = sum(block.rows for block in self.blocks)
        if not rows:
            if self.without_target:
                raise InputError(
                    f"target {self.asked.targets[0]!r} that is missing in all rows",
                    "a target in each row",
                    "Name another.",
                )
            raise InputError(
                "files without rows", "files with rows", "Check how they were written."
            )
        if self.asked.weight is not None and not 0 < self.weight < np.inf:
            raise InputError(
                f"row weights with the sum {self.weight:g}, column {self.asked.weight!r}",
                "a finite sum > 0",
                "Divide them all by the largest: only their ratios count.",
            )
        remarks = list(self.remarks)
        if self.without_target:
            remarks.append(
                f"{counted(self.without_target, 'row')} left out: no target."
            )
        target = self._target()
        if self.pixels and target.classes:
            pixels = tuple(Feature(name) for name in self.sums)
            made = Preparation(pixels, Target(("class",), target.classes), PIXEL_SCALE)
            return Found(made, tuple(self.blocks), tuple(remarks))
        features, left_out = features_of(
            "the stream", {name: sums.feature() for name, sums in self.sums.items()}
        )
        left_out |= dict.fromkeys(self.asked.ignore, "as asked")
        remarks += [f"{column} is left out: {why}." for column, why in left_out.items()]
        used = {*(feature.name for feature in features), *target.names}
        if self.asked.weight is not None:
            used.add(self.asked.weight)
        kinds = {n: k for n, k in self.dialect.columns.items() if n in used}
        dialect = replace(self.dialect, columns=MappingProxyType(kinds))
        preparation = Preparation(features, target, None, left_out, dialect)
        return Found(preparation, tuple(self.blocks), tuple(remarks))

    def _target(self) -> Target:
        names, numbers = self.asked.targets, self.asked.numbers
        first = self.targets[names[0]]
        if numbers is None:
            few = first.text or (first.may_be_classes and first.values)
            numbers = len(names) > 1 or not few
        if not numbers:
            require_one_target(names)
            if len(first.labels) < 2:
                raise InputError(
                    f"target {names[0]!r} that is {next(iter(first.labels))} in all rows",
                    "two classes or more",
                    "Name another target; or check that the files hold rows of other classes.",
                )
            if first.exact and not first.text:
                # whole numbers that float64 cannot hold are labels, with all their digits
                kinds = {**self.dialect.columns, names[0]: ColumnKind("category")}
                self.dialect = replace(self.dialect, columns=MappingProxyType(kinds))
            if first.exact or first.text:
                values = np.array(sorted(first.labels), object)
            else:
                values = np.array(sorted(first.values))
            return Target(names, tuple(labels_in_order(values)))
        for name in names:
            sums = self.targets[name].sums
            if sums.low == sums.high:
                raise constant_target(name, sums.low)
        if not self.asked.standardize:
            return Target(names, (), (0.0,) * len(names), (1.0,) * len(names))
        sums_of = [self.targets[name].sums for name in names]
        return Target(
            names,
            (),
            tuple(sums.mean for sums in sums_of),
            tuple(sums.std() or 1.0 for sums in sums_of),
        )


def checked_row_weights(table: Table, name: str) -> Column:
    """The weights of the rows, or `InputError`."""
    column = table.require(name, "column of row weights")
    require_numbers(table, name, column, "column of row weights")
    wrong = np.flatnonzero(~(column >= 0))
    if wrong.size:
        row = int(wrong[0])
        raise InputError(
            f"row weight {column[row]:g} in {table.place(row)}, column {name!r}",
            "a number >= 0 in each row",
            "Correct it, or leave the row out.",
        )
    return column
