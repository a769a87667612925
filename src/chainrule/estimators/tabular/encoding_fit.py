"""The encoding of columns as inputs, fitted on the training rows; without projections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from .columns import Column
from .encoding import DATE_PARTS, Category, Encoding, Number, part_of
from .scaling import Scaling, bin_edges, fit_scaling

__all__ = ["fit_encoding"]

#: A category of fewer training rows shares an input with other rare ones: this share of all, between these.
RARE_SHARE, FEWEST_ROWS, MOST_RARE = 1 / 400, 2, 10
#: Categories of a column that get an input of their own at most.
MOST_CATEGORIES = 256
#: A number of at most so many values has a bin between any two, where there are so many rows for each.
MOST_DISTINCT, ROWS_PER_VALUE = 256, 16
#: Inputs of a number beside its bins, at most.
BESIDE = 3


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
