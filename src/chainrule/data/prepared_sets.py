"""Data sets out of tables and arrays: split, prepared by the rows to train on.

Pixels stay uint8, with their scaling recorded beside them. Tables are prepared as `preparation_fit` says.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError, counted
from .array_files import pixel_names, read_arrays, table_of
from .column_values import labels_in_order
from .dataset import Dataset
from .dialect import ColumnKind
from .encoding import inputs, targets
from .preparation import Feature, Preparation, Target
from .preparation_fit import MAX_NUMBER_CLASSES, fit_features, fit_target
from .splits import Rules, held_out, with_target
from .tables import Table

__all__ = ["array_set", "pixel_set", "table_set"]

Matrix = np.ndarray[Any, Any]


def array_set(path: Path, wanted: tuple[str, ...], rules: Rules) -> Dataset:
    """The set in an npz file: of pixels, else of a table that is made of the arrays."""
    arrays = read_arrays(path, wanted[0] if wanted else None)
    remarks: tuple[str, ...] = ()
    if "x" in arrays:
        of_classes = _are_classes(arrays["y"], rules)
        if of_classes and (lost := int(_missing(arrays["y"]).sum())):
            source = path.name
            remarks = (f"{counted(lost, 'row')} of {source} left out: no target.",)
            there = ~_missing(arrays["y"])
            arrays = {name: array[there] for name, array in arrays.items()}
        train, test = held_out(arrays["y"], of_classes, rules, path.name)
        cut = {
            f"{letter}_{part}": arrays[letter][rows]
            for part, rows in (("train", train), ("test", test))
            for letter in "xy"
        }
    else:
        cut = arrays
    if cut["x_train"].dtype == np.uint8 and _are_classes(cut["y_train"], rules):
        labels = np.concatenate([cut["y_train"], cut["y_test"]]).reshape(-1)
        if missing := int(_missing(labels).sum()):
            raise InputError(
                f"{path} with {counted(missing, 'label')} of pictures missing",
                "a label for each picture",
                "Leave pictures without one out.",
            )
        classes = labels_in_order(
            labels.astype(object if labels.dtype.kind in "USO" else float)
        )
        numbers = {label: i for i, label in enumerate(np.unique(labels).tolist())}
        for part in ("y_train", "y_test"):
            cut[part] = np.array(
                [numbers[label] for label in cut[part].reshape(-1).tolist()]
            )
        made = pixel_set(path.name, cut, tuple(classes), 1 / 255, str(path))
        return replace(made, remarks=remarks)
    tables = [
        table_of(
            path.name,
            cut[f"x_{part}"].reshape(len(cut[f"x_{part}"]), -1),
            cut[f"y_{part}"],
        )
        for part in ("train", "test")
    ]
    names = tuple(name for name in tables[0].columns if name.startswith("y"))
    made = table_set(path.name, tables[0], names, tables[1], rules, str(path))
    return replace(made, remarks=(*remarks, *made.remarks))


def _missing(targets: Matrix) -> Matrix:
    """A mask of the rows that lack a target, of one or several columns."""
    if targets.dtype.kind != "f":
        return np.zeros(len(targets), bool)
    return np.asarray(np.isnan(targets.reshape(len(targets), -1)).any(axis=1))


def _are_classes(labels: Matrix, rules: Rules) -> bool:
    """As `fit_target` decides."""
    if rules.numbers is not None or (labels.ndim == 2 and labels.shape[1] > 1):
        return rules.numbers is False
    flat = labels.reshape(-1)[~_missing(labels)]
    if not flat.size:
        return False  # which is told where the rows are left out
    table = Table(
        "y", {"y": flat.astype(object if flat.dtype.kind in "USO" else float)}
    )
    return bool(
        fit_target(
            table, ("y",), np.arange(len(flat)), numbers=None, standardize=False
        ).classes
    )


def pixel_set(
    name: str,
    parts: dict[str, Matrix],
    classes: tuple[str, ...],
    scale: float,
    source: str,
) -> Dataset:
    """The set of arrays of uint8, with class numbers as targets."""
    shape = parts["x_train"].shape[1:]
    image_shape = (int(shape[0]), int(shape[1])) if len(shape) == 2 else None
    cells = pixel_names(shape)
    preparation = Preparation(
        tuple(Feature(cell) for cell in cells), Target(("class",), classes), scale
    )
    x = [
        np.ascontiguousarray(parts[part].reshape(-1, len(cells)))
        for part in ("x_train", "x_test")
    ]
    return Dataset(
        name,
        x[0],
        parts["y_train"],
        x[1],
        parts["y_test"],
        preparation,
        image_shape,
        source,
    )


def table_set(
    name: str,
    table: Table,
    wanted: tuple[str, ...],
    test: Table | None,
    rules: Rules,
    source: str,
) -> Dataset:
    """Columns into inputs and targets, fitted on the rows to train on."""
    remarks = list(table.remarks)
    if not wanted:
        wanted = (list(table.columns)[-1],)
        remarks.append(
            f"The target is {wanted[0]}, the last column; {argument('target')} names another."
        )
    table = with_target(table, wanted, remarks)
    if test is not None:
        remarks += [
            f"{test.source}: {remark}"
            for remark in test.remarks
            if remark not in remarks
        ]
        test = with_target(test, wanted, remarks)
    table = _with_exact_labels(table, wanted, rules)
    target = fit_target(
        table,
        wanted,
        np.arange(table.rows),
        numbers=rules.numbers,
        standardize=rules.standardize,
    )
    y = targets(target, table)
    if test is None:
        train, held = held_out(
            y, bool(target.classes), rules, table.source, target.classes
        )
        test, y_test = table.take(held), y[held]
    else:
        train, y_test = np.arange(table.rows), targets(target, test)
    names = [
        column for column in table.columns if column not in (*wanted, *rules.ignore)
    ]
    features, left_out = fit_features(table, names, train)
    left_out |= dict.fromkeys(rules.ignore, "as asked")
    target = fit_target(
        table, wanted, train, numbers=not target.classes, standardize=rules.standardize
    )
    used = {*(feature.name for feature in features), *wanted}
    kinds = {name: k for name, k in table.dialect.columns.items() if name in used}
    dialect = replace(table.dialect, columns=MappingProxyType(kinds))
    preparation = Preparation(features, target, None, left_out, dialect)
    x_train, _ = inputs(preparation, table.take(train))
    x_test, found = inputs(preparation, test, unseen="ignore")
    remarks += [f"{column} is left out: {why}." for column, why in left_out.items()]
    remarks += [f"Test rows: {remark}" for remark in found]
    return Dataset(
        name,
        x_train,
        y[train],
        x_test,
        y_test,
        preparation,
        None,
        source,
        tuple(remarks),
        test,
        train_rows=table.take(train),
    )


def _with_exact_labels(table: Table, wanted: tuple[str, ...], rules: Rules) -> Table:
    """The table with a target of large whole numbers as text, all digits of it, where they are classes."""
    digits = table.exact.get(wanted[0]) if len(wanted) == 1 else None
    few = digits is not None and len(set(digits.tolist())) <= MAX_NUMBER_CLASSES
    if digits is None or rules.numbers or (rules.numbers is None and not few):
        return table
    kinds = {**table.dialect.columns, wanted[0]: ColumnKind("category")}
    return replace(
        table,
        columns={**table.columns, wanted[0]: digits},
        dialect=replace(table.dialect, columns=MappingProxyType(kinds)),
    )
