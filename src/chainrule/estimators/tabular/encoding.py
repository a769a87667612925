"""From columns to the inputs of a network: fitted on the training rows, then fixed, without a trained parameter.

A number becomes z / √(1 + (z/3)²) of its robustly scaled value z, and its position in quantile bins, min(max((x -
eᵢ) / (eᵢ₊₁ - eᵢ), 0), 1) for each bin. So do some sums of two numbers (`projections`). A category becomes an input of
its own, rare ones share one.

References
----------
Gorishniy, Rubachev & Babenko 2022 (arXiv 2203.05556), the piecewise-linear encoding; Holzmüller, Grinsztajn &
Steinwart 2024 (arXiv 2407.04491), the smooth clipping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ...data.encoding import new_categories, no_input_for_missing
from ...data.preparation import date_of
from ...errors import InputError, counted
from .columns import Column, Matrix
from .scaling import Scaling, bin_edges, fit_scaling, positions

__all__ = [
    "DATE_PARTS",
    "Category",
    "Encoding",
    "Number",
    "Projection",
    "encode",
    "fit_encoding",
    "require_inputs",
    "unforeseen",
    "units",
]

#: Rows that are encoded at once.
AT_ONCE = 8192
#: A category of fewer training rows shares an input with other rare ones: this share of all, between these.
RARE_SHARE, FEWEST_ROWS, MOST_RARE = 1 / 400, 2, 10
#: Categories of a column that get an input of their own at most.
MOST_CATEGORIES = 256
#: A number of at most so many values has a bin between any two, where there are so many rows for each.
MOST_DISTINCT, ROWS_PER_VALUE = 256, 16
#: Inputs of a number beside its bins, at most.
BESIDE = 3
#: What is read of a date beside its day: a part that repeats, with its days.
CYCLES = {"year": 365.2425, "week": 7.0, "day": 1.0}
DATE_PARTS = (
    "days",
    *(f"{cycle} {wave}" for cycle in CYCLES for wave in ("cos", "sin")),
)


@dataclass(frozen=True)
class Number:
    """A number, or a part of a date, as inputs.

    Parameters
    ----------
    column : int
        Which of the columns.
    name : str
        Of the column, and what is taken of it.
    part : str
        Of a date: "days", or a key of `CYCLES` and "cos" or "sin"; "" of numbers.
    scaling : Scaling
    edges : tuple of float
        Of the bins, ascending; none where there are two values at most.
    missing : bool
        Whether an input more says that the value is missing.
    """

    column: int
    name: str
    part: str
    scaling: Scaling
    edges: tuple[float, ...]
    missing: bool

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of its inputs."""
        bins = [
            f"{self.name} in bin {i + 1}" for i in range(max(len(self.edges) - 1, 0))
        ]
        log = [f"log {self.name}"] * self.scaling.log
        return (self.name, *log, *bins, *[f"{self.name} missing"] * self.missing)

    def values(self, column: Column) -> Matrix:
        """Its values in a column, NaN where they are missing."""
        return part_of(column.values, self.part)

    def fill(self, values: Matrix, out: Matrix) -> Matrix:
        """Write its inputs; the scaled values, 0 where they are missing."""
        gone = np.isnan(values)
        x = np.where(gone, self.scaling.center, values)
        out[:, 0] = self.scaling.plain(x)
        unit = out[:, 0].astype(np.float64)
        if self.scaling.log:
            unit = self.scaling.unit(x)
            out[:, 1] = unit
        start = 1 + self.scaling.log
        bins = max(len(self.edges) - 1, 0)
        out[:, start : start + bins] = positions(x, self.edges)
        if self.missing:
            out[:, -1] = gone
        unit[gone] = 0.0
        return unit


@dataclass(frozen=True)
class Category:
    """A column of categories as inputs.

    Parameters
    ----------
    column : int
    name : str
    categories : tuple of str
        With an input of their own, the most frequent first.
    others : bool
        Whether an input more stands for the rare ones, and for those that training did not have.
    missing : bool
    """

    column: int
    name: str
    categories: tuple[str, ...]
    others: bool
    missing: bool

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of its inputs."""
        return (
            *[f"{self.name}={value}" for value in self.categories],
            *[f"{self.name}=other"] * self.others,
            *[f"{self.name} missing"] * self.missing,
        )

    def fill(self, values: Matrix, out: Matrix) -> None:
        """Write its inputs."""
        place = {value: i for i, value in enumerate(self.categories)}
        gone = np.array([value is None for value in values], dtype=bool)
        where = np.array([place.get(value, -1) for value in values], dtype=np.int64)
        known = np.flatnonzero(where >= 0)
        out[known, where[known]] = 1.0
        if self.others:
            out[(where < 0) & ~gone, len(place)] = 1.0
        if self.missing:
            out[gone, -1] = 1.0


@dataclass(frozen=True)
class Projection:
    """A weighted sum of two scaled numbers, as inputs: a direction in which the target changes.

    Parameters
    ----------
    first, second : int
        Which of the numbers.
    weights : (float, float)
    edges : tuple of float
    name : str
    """

    first: int
    second: int
    weights: tuple[float, float]
    edges: tuple[float, ...]
    name: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of its inputs."""
        bins = [
            f"{self.name} in bin {i + 1}" for i in range(max(len(self.edges) - 1, 0))
        ]
        return (self.name, *bins)

    def values(self, units: Matrix) -> Matrix:
        """The sum, of the scaled numbers of shape (N, numbers)."""
        a, b = self.weights
        found: Matrix = a * units[:, self.first] + b * units[:, self.second]
        return found


@dataclass(frozen=True)
class Encoding:
    """All that turns columns into inputs.

    Parameters
    ----------
    names, kinds : tuple of str
        Of the columns.
    numbers : tuple of Number
    categories : tuple of Category
    projections : tuple of Projection
    left_out : dict of str to str
        Columns that nothing is read of, and why.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]
    projections: tuple[Projection, ...]
    left_out: dict[str, str]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the network's inputs, n_0 of them."""
        parts: list[Number | Category | Projection] = [
            *self.numbers,
            *self.categories,
            *self.projections,
        ]
        return tuple(name for part in parts for name in part.inputs)

    def shares(self) -> Matrix:
        """The share of each column in each input, shape (n_0, columns): of a projection a half each."""
        rows = []
        parts: list[Number | Category] = [*self.numbers, *self.categories]
        for part in parts:
            row = np.zeros(len(self.names))
            row[part.column] = 1.0
            rows += [row] * len(part.inputs)
        for projection in self.projections:
            row = np.zeros(len(self.names))
            for place in (projection.first, projection.second):
                row[self.numbers[place].column] += 0.5
            rows += [row] * len(projection.inputs)
        return np.array(rows).reshape(len(rows), len(self.names))

    def words(self) -> dict[str, str]:
        """The inputs of each column, for a reader."""
        found = {name: f"left out: {why}" for name, why in self.left_out.items()}
        for i, name in enumerate(self.names):
            if name in found:
                continue
            numbers = [number for number in self.numbers if number.column == i]
            for category in self.categories:
                if category.column == i:
                    found[name] = category_words(category)
            if numbers:
                found[name] = number_words(self.kinds[i], numbers)
            sums = sum(
                i in (self.numbers[p.first].column, self.numbers[p.second].column)
                for p in self.projections
            )
            if sums:
                found[name] += f"; in {counted(sums, 'sum')} with other columns"
        return {name: found[name] for name in self.names}


def category_words(category: Category) -> str:
    """The inputs of a column of categories."""
    shown = ", ".join(category.categories[:3])
    more = ", …" if len(category.categories) > 3 else ""
    rare = ", and one for rare and new ones" if category.others else ""
    missing = ", and one for missing" if category.missing else ""
    count = len(category.categories)
    return (
        f"categories with an input of their own: {count} ({shown}{more}){rare}{missing}"
    )


def number_words(kind: str, numbers: Sequence[Number]) -> str:
    """The inputs of a column of numbers, or of dates."""
    first = numbers[0]
    center = first.scaling.center
    middle = date_of(center) if kind == "date" else f"{center:.4g}"
    bins = max(len(first.edges) - 1, 0)
    parts = "".join(f", {n.part}" for n in numbers[1:])
    log = ", with its logarithm" if first.scaling.log else ""
    missing = ", and whether it is missing" if first.missing else ""
    return f"{kind}, median {middle}, {counted(bins, 'bin')}{log}{parts}{missing}"


def part_of(values: Matrix, part: str) -> Matrix:
    """A number column as it is; of a date its days, or cos or sin of where it stands in a year, a week, a day."""
    if part in ("", "days"):
        return values
    cycle, wave = part.split(" ")
    angle = 2 * np.pi * (values / CYCLES[cycle])
    return np.cos(angle) if wave == "cos" else np.sin(angle)


def fit_encoding(
    columns: Sequence[Column],
    *,
    bins: int,
    most_inputs: int,
    skipped: Collection[int] = (),
) -> Encoding:
    """Learn how columns become inputs, without projections.

    Parameters
    ----------
    columns : sequence of Column
        Of the training rows.
    bins : int
        Of each number at most.
    most_inputs : int
        Bins become fewer until there are at most so many inputs, as far as that goes.
    skipped : collection of int
        Places of columns of numbers that are left out.

    Raises
    ------
    InputError
        No column says anything.
    """
    numbers, categories, left_out = [], [], {}
    count = sum(column.kind != "category" for column in columns) - len(skipped)
    room = most_inputs // max(count, 1) - BESIDE
    bins = max(1, min(bins, room))
    rows = len(columns[0].values)
    distinct = min(MOST_DISTINCT, room, rows // ROWS_PER_VALUE)
    for i, column in enumerate(columns):
        if i in skipped:
            left_out[column.name] = (
                "others tell more, and all are too many for the rows"
            )
            continue
        if column.kind == "category":
            category = _fit_category(i, column, most_inputs, len(columns))
            if category is None:
                left_out[column.name] = "one category, or each of a row or two"
            else:
                categories.append(category)
            continue
        found = _fit_numbers(i, column, bins, distinct)
        numbers += found
        if not found:
            left_out[column.name] = "all values are the same"
    return Encoding(
        tuple(column.name for column in columns),
        tuple(column.kind for column in columns),
        tuple(numbers),
        tuple(categories),
        (),
        left_out,
    )


def _fit_numbers(place: int, column: Column, bins: int, distinct: int) -> list[Number]:
    parts = [""]
    if column.kind == "date":
        parts = list(DATE_PARTS)
    gone = bool(np.isnan(column.values).any())
    found = []
    for part in parts:
        values = part_of(column.values, part)
        scaling = fit_scaling(values, log=column.kind == "number")
        missing = gone and part in ("", "days")
        if scaling is None:
            if not missing or bool(np.isnan(column.values).all()):
                continue
            first = float(values[~np.isnan(values)][0])
            scaling = Scaling(first if np.isfinite(first) else 0.0, 1.0)
        edges = () if " " in part else bin_edges(values, bins, distinct)
        name = f"{column.name} {part}".strip()
        found.append(Number(place, name, part, scaling, edges, missing))
    return found


def _fit_category(
    place: int, column: Column, most_inputs: int, columns: int
) -> Category | None:
    counts = Counter(value for value in column.values.tolist() if value is not None)
    missing = sum(counts.values()) < len(column.values)
    if len(counts) + missing < 2:
        return None
    most = max(2, min(MOST_CATEGORIES, most_inputs // columns))
    ordered = sorted(counts, key=lambda value: (-counts[value], value))
    rare = min(MOST_RARE, max(FEWEST_ROWS, round(RARE_SHARE * len(column.values))))
    own = [v for v in ordered if counts[v] >= rare or len(counts) == 2][:most]
    if len(own) + (len(own) < len(counts)) + missing < 2:
        return None
    return Category(place, column.name, tuple(own), len(own) < len(counts), missing)


def units(encoding: Encoding, columns: Sequence[Column]) -> Matrix:
    """The scaled numbers, shape (N, numbers), of which projections are made."""
    found = np.empty((len(columns[0].values), len(encoding.numbers)))
    for i, number in enumerate(encoding.numbers):
        values = number.values(columns[number.column])
        gone = np.isnan(values)
        found[:, i] = number.scaling.unit(np.where(gone, number.scaling.center, values))
    return found


def encode(encoding: Encoding, columns: Sequence[Column]) -> Matrix:
    """The inputs of the rows.

    Parameters
    ----------
    encoding : Encoding
    columns : sequence of Column
        Of the kinds that were fitted.

    Returns
    -------
    ndarray, shape (N, n_0), float32
    """
    rows = len(columns[0].values)
    out = np.zeros((rows, len(encoding.inputs)), dtype=np.float32)
    for start in range(0, rows, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        _fill(encoding, [c.values[part] for c in columns], out[part])
    return out


def _fill(encoding: Encoding, values: Sequence[Matrix], out: Matrix) -> None:
    scaled = np.empty((len(out), len(encoding.numbers)))
    at = 0
    for i, number in enumerate(encoding.numbers):
        end = at + len(number.inputs)
        x = part_of(values[number.column], number.part)
        scaled[:, i] = number.fill(x, out[:, at:end])
        at = end
    for category in encoding.categories:
        end = at + len(category.inputs)
        category.fill(values[category.column], out[:, at:end])
        at = end
    for projection in encoding.projections:
        end = at + len(projection.inputs)
        sums = projection.values(scaled)
        out[:, at] = sums
        out[:, at + 1 : end] = positions(sums, projection.edges)
        at = end


def unforeseen(encoding: Encoding, columns: Sequence[Column]) -> list[str]:
    """A remark on each column with values that the networks have no input for: missing ones, and new categories.

    Parameters
    ----------
    encoding : Encoding
    columns : sequence of Column
        Of the kinds that were fitted.
    """
    remarks = []
    for number in encoding.numbers:
        if number.missing or number.part not in ("", "days"):
            continue
        gone = int(np.isnan(columns[number.column].values).sum())
        if gone:
            name, center = encoding.names[number.column], number.scaling.center
            taken = date_of(center) if number.part else f"{center:.5g}"
            remarks.append(no_input_for_missing(name, gone, taken))
    for category in encoding.categories:
        counts = Counter(columns[category.column].values.tolist())
        gone = counts.pop(None, 0)
        new = sorted(set(counts).difference(category.categories))
        if new and not category.others:
            rows = sum(counts[value] for value in new)
            remarks.append(new_categories(category.name, rows, new))
        if gone and not category.missing:
            remarks.append(no_input_for_missing(category.name, gone, "no category"))
    return remarks


def require_inputs(encoding: Encoding) -> None:
    """Raise unless some column says something."""
    if not encoding.inputs:
        raise InputError(
            "columns that say nothing: each has one value only, or another text in nearly each row",
            "a column with two values or more",
            "Add columns.",
        )
