"""Raw rows into the numbers that a network sees, by a preparation that was fitted before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError, counted
from .column_values import labels as class_labels
from .column_values import present, require_numbers
from .preparation import Feature, Preparation, Target
from .tables import Column, Table, is_text

__all__ = [
    "class_numbers",
    "inputs",
    "new_categories",
    "no_input_for_missing",
    "targets",
]

Matrix = np.ndarray[Any, Any]


def targets(target: Target, table: Table) -> Matrix:
    """Class numbers, shape (N,); or numbers in their units, shape (N, columns)."""
    columns = [table.require(name, "target") for name in target.names]
    if not target.classes:
        for name, column in zip(target.names, columns, strict=True):
            require_numbers(table, name, column, "target")
        return np.stack(columns, axis=1)
    numbers = class_numbers(target, columns[0])
    unknown = np.flatnonzero(numbers < 0)
    if unknown.size:
        first = int(unknown[0])
        raise InputError(
            f"class {class_labels(columns[0])[first]!r} in {table.place(first)}, column {target.names[0]!r}",
            f"the {len(target.classes)} classes of training: {', '.join(target.classes[:10])}"
            + (", …" if len(target.classes) > 10 else ""),
            "Leave these rows out, or train with rows of that class.",
        )
    return numbers


def class_numbers(target: Target, column: Column) -> Matrix:
    """The number of each label among the classes, -1 for one that is not among them.

    Where no label is, and all end in a point, they are taken without it: the published adult.test has its labels so.
    """
    places = {label: i for i, label in enumerate(target.classes)}
    if not is_text(column):  # few of them are looked up
        values, where = np.unique(column, return_inverse=True)
        if values.size < column.size:
            return class_numbers(target, values)[where]
    labels = class_labels(column)
    distinct = set(labels.tolist()) - {None}
    if (
        distinct
        and not distinct & set(places)
        and all(v.endswith(".") for v in distinct)
    ):
        places = {f"{label}.": i for label, i in places.items()}
    found = (places.get(label, -1) for label in labels.tolist())
    return np.fromiter(found, np.int64, len(labels))


def inputs(
    preparation: Preparation, table: Table, *, unseen: str = "refuse"
) -> tuple[Matrix, tuple[str, ...]]:
    """The columns of a table as the network sees them.

    Parameters
    ----------
    preparation : Preparation
    table : Table
        Raw rows; columns beside the features are not looked at.
    unseen : {"refuse", "ignore"}
        What to do with categories that the training rows did not have: raise, or set all inputs of the
        column to 0.

    Returns
    -------
    ndarray, shape (N, n_0), float32
    tuple of str
        What the user should know of these rows.
    """
    wanted = [feature.name for feature in preparation.features]
    absent = [name for name in wanted if name not in table.columns]
    if absent:
        spare = [
            name
            for name in (*table.columns, *table.others)
            if name not in (*wanted, *preparation.target.names)
        ]
        raise InputError(
            f"{table.source} without the {'column' if len(absent) == 1 else 'columns'} {', '.join(absent[:10])}"
            + (" …" if len(absent) > 10 else ""),
            f"the columns of training; {'others here: ' + ', '.join(spare[:10]) if spare else 'no others are here'}",
            "Rename or add them.",
        )
    if preparation.scale is not None:
        return _pixels(preparation.scale, wanted, table), ()
    out = np.zeros((table.rows, len(preparation.inputs)), np.float32)
    remarks, start = [], 0
    for feature in preparation.features:
        end = start + len(feature.inputs)
        fill = _fill_numbers if feature.categories is None else _fill_text
        remarks += fill(feature, table, out[:, start:end], unseen)
        start = end
    return out, tuple(remarks)


def _pixels(scale: float, names: Sequence[str], table: Table) -> Matrix:
    columns = [table.columns[name] for name in names]
    for name, column in zip(names, columns, strict=True):
        require_numbers(table, name, column, "column")
        _require_float32(table, name, column * scale)
    return (np.stack(columns, axis=1) * scale).astype(np.float32)


def _require_float32(table: Table, name: str, scaled: Matrix) -> None:
    """Raise where a number is beyond float32 once it is scaled."""
    limit = np.finfo(np.float32).max
    if not scaled.size or max(scaled.max(), -scaled.min()) <= limit:
        return
    with np.errstate(invalid="ignore"):
        large = np.flatnonzero(np.abs(scaled) > limit)
    if large.size:
        row = int(large[0])
        raise InputError(
            f"column {name!r} with {table.columns[name][row]:.6g} in {table.place(row)}: too large for the network",
            "numbers as in training",
            f"Correct it; or, if it means that the value is missing, name it: {argument('missing')}.",
        )


def _fill_numbers(
    feature: Feature, table: Table, out: Matrix, unseen: str
) -> list[str]:
    column = table.columns[feature.name]
    if _fill_whole(feature, column, out[:, 0]):
        return []
    require_numbers(table, feature.name, column, "column")
    gone = np.isnan(column)
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        scaled = column - feature.mean
        scaled /= feature.std
    if gone.any():
        scaled[gone] = 0.0
    _require_float32(table, feature.name, scaled)
    out[:, 0] = scaled
    return _note_missing(feature, gone, out, f"{feature.mean:.5g}")


def _fill_whole(feature: Feature, column: Column, out: Matrix) -> bool:
    """Scale numbers that are all there, finite and small enough; return whether they are."""
    if is_text(column) or not column.size or feature.missing:
        return False
    limit = float(np.finfo(np.float32).max)
    with np.errstate(over="ignore", invalid="ignore"):
        for end in (column.min(), column.max()):  # NaN where one is
            if not abs((end - feature.mean) / feature.std) <= limit:
                return False
    scaled = column - feature.mean
    scaled /= feature.std
    out[:] = scaled
    return True


def _fill_text(feature: Feature, table: Table, out: Matrix, unseen: str) -> list[str]:
    column = table.columns[feature.name]
    text = column if is_text(column) else _as_text(column)
    assert feature.categories is not None
    place = {value: i for i, value in enumerate(feature.categories)}
    gone = ~present(text)
    where = np.array([place.get(value, -1) for value in text.tolist()], np.int64)
    known = where >= 0
    out[np.flatnonzero(known), where[known]] = 1.0
    remarks, new = [], ~known & ~gone
    if feature.others:
        out[new, len(place)] = 1.0
    elif new.any():
        row = int(np.flatnonzero(new)[0])
        values = sorted({str(value) for value in text[new]})
        if unseen == "refuse":
            raise InputError(
                f"category {text[row]!r} in column {feature.name!r}, {table.place(row)}",
                f"the {len(place)} categories seen in training: {', '.join(feature.categories[:10])}"
                + (", …" if len(place) > 10 else ""),
                f"Correct it, or pass {argument('unseen', 'ignore')} to predict such rows from the other columns.",
            )
        remarks.append(new_categories(feature.name, int(new.sum()), values))
    return remarks + _note_missing(feature, gone, out, "no category")


def _as_text(column: Column) -> Column:
    """Numbers in a place where the training rows had text."""
    return class_labels(column)


def _note_missing(feature: Feature, gone: Matrix, out: Matrix, taken: str) -> list[str]:
    """Mark what is missing; a remark where the network has no input for it."""
    if feature.missing:
        out[:, -1] = gone
        return []
    if not gone.any():
        return []
    return [no_input_for_missing(feature.name, int(gone.sum()), taken)]


def new_categories(name: str, rows: int, values: Sequence[str]) -> str:
    """The remark on rows of a column whose categories the network has no input for."""
    return (
        f"{name}: {counted(rows, 'row')} with a category that the training rows do not have "
        f"({', '.join(values[:5])}{', …' if len(values) > 5 else ''})."
    )


def no_input_for_missing(name: str, values: int, taken: str) -> str:
    """The remark on values missing from a column of which none was missing in training."""
    return f"{name}: {counted(values, 'value')} missing, for which there is no input; taken as {taken}."
