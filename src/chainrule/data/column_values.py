"""The values of a column: labels of classes, and numbers where there must be numbers."""

from __future__ import annotations

import re

import numpy as np

from ..arguments import argument
from ..errors import InputError
from .tables import Column, Table, is_text

__all__ = ["labels", "labels_in_order", "present", "require_numbers"]

WHOLE = re.compile(r"-?[0-9]+")


def present(column: Column) -> Column:
    """A mask of the values that are there."""
    if is_text(column):
        return np.fromiter((v is not None for v in column), bool, len(column))
    return ~np.isnan(column)


def labels(column: Column) -> Column:
    """A target as text, of dtype object; whole numbers without a point, None where it is missing."""
    if is_text(column):
        return column
    values, places = np.unique(column, return_inverse=True)
    return np.array([_label(float(value)) for value in values], object)[places]


def _label(value: float) -> str | None:
    if np.isnan(value):
        return None
    return f"{value:.0f}" if value.is_integer() else repr(value)


def labels_in_order(column: Column) -> list[str]:
    """The labels that occur, once each: text in the order of the alphabet, numbers by size."""
    if not is_text(column):
        there = np.unique(column[~np.isnan(column)])
        return [str(label) for label in labels(there)]
    found = {str(value) for value in set(column.tolist()) if value is not None}
    if all(map(WHOLE.fullmatch, found)) and max(map(len, found)) > 15:
        return sorted(found, key=int)  # whole numbers that float64 cannot hold
    return sorted(found)


def require_numbers(table: Table, name: str, column: Column, what: str) -> None:
    """Raise unless it holds numbers that are finite or missing."""
    if is_text(column):
        row = next((i for i, value in enumerate(column) if value is not None), 0)
        raise InputError(
            f"{what} {name!r} with text, {column[row]!r} in {table.place(row)}",
            "numbers",
            f"Name a column of numbers, or leave out {argument('numbers')} to predict classes."
            if what == "target"
            else "Name a column of numbers."
            if what == "column of row weights"
            else "The model was trained on numbers there: check the columns' order and names.",
        )
    if np.isinf(column).any():
        row = int(np.flatnonzero(np.isinf(column))[0])
        raise InputError(
            f"{what} {name!r} that is infinite in {table.place(row)}",
            "finite numbers",
            f"Correct it; or, if infinity means that the value is missing, pass {argument('missing', ['inf'])}.",
        )
