"""What stands in a column: labels of classes, and numbers where there must be numbers."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from .tables import Column, Table, is_text

__all__ = ["labels", "labels_in_order", "require_numbers"]


def labels(column: Column) -> Column:
    """A target as text: whole numbers without a point."""
    if is_text(column):
        return column.astype(str)
    return np.array(
        [
            f"{value:.0f}" if value == round(value) else repr(float(value))
            for value in column
        ],
        dtype=str,
    )


def labels_in_order(column: Column) -> list[str]:
    """The labels that occur, once each: text in the order of the alphabet, numbers by size."""
    if is_text(column):
        return [str(label) for label in np.unique(column.astype(str))]
    return [str(label) for label in labels(np.unique(column))]


def require_numbers(table: Table, name: str, column: Column, what: str) -> None:
    """Raise unless it holds numbers that are finite or missing."""
    if is_text(column):
        row = next(i for i, value in enumerate(column) if value is not None)
        raise InputError(
            f"{what} {name!r} with text, {column[row]!r} in {table.place(row)}",
            "numbers",
            "Name a column of numbers, or leave out --loss to predict classes."
            if what == "target"
            else "The model was trained on numbers there: check the columns' order and names.",
        )
    if np.isinf(column).any():
        row = int(np.flatnonzero(np.isinf(column))[0])
        raise InputError(
            f"{what} {name!r} that is infinite in {table.place(row)}",
            "finite numbers",
            "Mend it.",
        )
