"""The preparation of columns and targets, fitted on the training rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError, counted
from .column_values import labels_in_order, require_numbers
from .preparation import NAME_ROWS, Feature, Target
from .tables import Column, Table, is_text

__all__ = [
    "MAX_NUMBER_CLASSES",
    "constant_target",
    "distinct_spread",
    "features_of",
    "fit_features",
    "fit_target",
    "number_feature",
    "require_one_target",
    "text_feature",
    "too_large",
]

Matrix = np.ndarray[Any, Any]
#: Categories with an input of their own at most; rarer ones share an input.
MAX_CATEGORIES = 100
#: Text of more distinct values than this share of the rows, and than so many, names rows and says nothing of others.
NAMES_ROWS, FEW_NAMES = 0.5, 10
#: Numbers that differ by no more than so many units in the last place are the same.
SAME_ULPS = 4
#: A target of whole numbers has at most so many classes; with more it is a number.
MAX_NUMBER_CLASSES = 20


def fit_features(
    table: Table, names: Sequence[str], rows: Matrix
) -> tuple[tuple[Feature, ...], dict[str, str]]:
    """Learn how columns become inputs.

    Parameters
    ----------
    table : Table
    names : sequence of str
        The columns, without the target.
    rows : ndarray of int
        The training rows.

    Returns
    -------
    tuple of Feature
    dict
        Columns that are left out, and why.
    """
    found: dict[str, Feature | str] = {}
    for name in names:
        column = table.columns[name][rows]
        if is_text(column):
            counts = Counter(value for value in column.tolist() if value is not None)
            found[name] = text_feature(name, counts, column.size)
        else:
            found[name] = _fit_numbers(name, column, table)
    return features_of(table.source, found)


def features_of(
    source: str, found: Mapping[str, Feature | str]
) -> tuple[tuple[Feature, ...], dict[str, str]]:
    """The features, and why the other columns are none; `InputError` where there is no feature."""
    features = [one for one in found.values() if isinstance(one, Feature)]
    left_out = {name: why for name, why in found.items() if isinstance(why, str)}
    if not features:
        why = (
            "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
            or "there is only the target"
        )
        raise InputError(
            f"{source} without a column to learn from ({why})",
            "one or more",
            "Add columns.",
        )
    return tuple(features), left_out


def _fit_numbers(name: str, column: Column, table: Table) -> Feature | str:
    present = column[~np.isnan(column)]
    if present.size == 0:
        return number_feature(name, column.size, 0)
    require_numbers(table, name, table.columns[name], "column")
    std, differ = _spread(table, name, present), bool(np.ptp(present) > 0)
    mean = float(np.mean(present))
    return number_feature(name, column.size, present.size, mean, std, differ=differ)


def number_feature(
    name: str,
    rows: int,
    present: int,
    mean: float = 0.0,
    std: float = 0.0,
    *,
    differ: bool = False,
) -> Feature | str:
    """A column of numbers, of which so many are there, as the network sees it; or the reason why it does not.

    `std` is 0 where they are the same but for rounding; `differ` says that they are not quite.
    """
    if present == 0:
        return "all values are missing"
    missing = 1 - present / rows
    if std == 0:
        if not missing:
            if differ:
                return "all values differ by less than can be told apart from the error of rounding"
            return "all values are the same"
        std = 1.0  # only whether it is missing says anything
    return Feature(name, mean, std, missing=missing)


def _spread(table: Table, name: str, present: Column) -> float:
    """The standard deviation, 0 where all numbers are the same; `InputError` where they are too large for one."""
    with np.errstate(over="ignore"):
        std = float(np.std(present))
    if not np.isfinite(std):
        column = table.columns[name]
        row = int(np.nanargmax(np.abs(column)))
        raise too_large(name, float(column[row]), table.place(row))
    return distinct_spread(std, float(np.min(present)), float(np.max(present)))


def distinct_spread(std: float, low: float, high: float) -> float:
    """The standard deviation of numbers between `low` and `high`; 0 where rounding alone may make them differ."""
    with np.errstate(over="ignore"):
        spread = float(np.float64(high) - low)
    largest = max(abs(low), abs(high))
    return 0.0 if spread <= SAME_ULPS * np.spacing(largest) else std


def too_large(name: str, value: float, where: str) -> InputError:
    """The error for a number whose square float64 cannot hold."""
    return InputError(
        f"column {name!r} with {value:.6g} in {where}: too large for a standard deviation",
        "numbers below 1e150",
        f"If it means that the value is missing, pass {argument('missing', [repr(value)])}; else "
        f"divide the column.",
    )


def text_feature(name: str, counts: Mapping[str, int], rows: int) -> Feature | str:
    """A column of text as the network sees it, or the reason why it does not; `counts` are those of its values."""
    values = np.array(sorted(counts), object)
    how_often = np.array([counts[value] for value in values], int)
    present = int(how_often.sum())
    if values.size > max(FEW_NAMES, NAMES_ROWS * present):
        return f"{values.size} distinct texts in {counted(present, 'row')} {NAME_ROWS}"
    missing = 1 - present / rows
    if values.size + bool(missing) < 2:
        return "all values are the same" if values.size else "all values are missing"
    order = np.argsort(-how_often, kind="stable")  # values are sorted
    kept = tuple(str(value) for value in values[order][:MAX_CATEGORIES])
    return Feature(
        name, categories=kept, others=values.size > MAX_CATEGORIES, missing=missing
    )


def fit_target(
    table: Table,
    names: Sequence[str],
    rows: Matrix,
    *,
    numbers: bool | None,
    standardize: bool,
) -> Target:
    """Learn what is predicted.

    Parameters
    ----------
    table : Table
        Without rows whose target is missing.
    names : sequence of str
        Its columns.
    rows : ndarray of int
        The training rows.
    numbers : bool or None
        Whether numbers are predicted, not classes; None to find out: text, and whole numbers of at most
        `MAX_NUMBER_CLASSES` values, are classes.
    standardize : bool
        Whether numbers are brought to mean 0 and standard deviation 1.
    """
    columns = [table.require(name, "target") for name in names]
    if numbers is None:
        numbers = len(names) > 1 or not (
            is_text(columns[0]) or _few_whole_numbers(columns[0])
        )
    if not numbers:
        require_one_target(names)
        return Target(tuple(names), tuple(labels_in_order(columns[0])))
    for name, column in zip(names, columns, strict=True):
        require_numbers(table, name, column, "target")
        _spread(table, name, column)
        if float(np.min(column)) == float(np.max(column)):
            raise constant_target(name, column[0])
    if not standardize:
        return Target(tuple(names), (), (0.0,) * len(names), (1.0,) * len(names))
    spread = [float(np.std(column[rows])) for column in columns]
    return Target(
        tuple(names),
        (),
        tuple(float(np.mean(c[rows])) for c in columns),
        tuple(s or 1.0 for s in spread),
    )


def require_one_target(names: Sequence[str]) -> None:
    """Raise where classes of several columns are to be predicted."""
    if len(names) > 1:
        raise InputError(
            f"{len(names)} targets that are classes",
            "one, or several of numbers",
            "Name one.",
        )


def constant_target(name: str, value: float) -> InputError:
    """The error for a target from which nothing is learned."""
    return InputError(
        f"target {name!r} that is {value:g} in all rows",
        "numbers that differ",
        "Name another.",
    )


def _few_whole_numbers(column: Column) -> bool:
    return (
        bool(np.all(np.isfinite(column) & (column == np.round(column))))
        and np.unique(column).size <= MAX_NUMBER_CLASSES
    )
