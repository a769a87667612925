"""From columns to the numbers that a network sees, and back: fitted on the training rows, kept in the model file.

Numbers become (value − mean) / std, a missing one the mean, with an input more that is 1 where it was
missing. Text becomes one input per category. Pixels are multiplied by one scale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError, counted
from ..files.schema import fitted
from .column_values import labels_in_order, require_numbers
from .dialect import ColumnKind, Dialect
from .tables import Column, Table, is_text

__all__ = [
    "MAX_NUMBER_CLASSES",
    "Feature",
    "Preparation",
    "Target",
    "constant_target",
    "date_of",
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


@dataclass(frozen=True)
class Feature:
    """A column that the network sees.

    Parameters
    ----------
    name : str
    mean, std : float
        Of a column of numbers, over the training rows.
    categories : tuple of str or None
        Of a column of text, the most frequent first; None for numbers.
    others : bool
        Whether an input more stands for rarer categories.
    missing : float
        The share of the training rows whose value is missing, 1 where nobody knows it (of an import); where it is not
        0, an input more says which.
    """

    name: str
    mean: float = 0.0
    std: float = 1.0
    categories: tuple[str, ...] | None = None
    others: bool = False
    missing: float = 0.0

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs that it becomes."""
        own = (
            [self.name]
            if self.categories is None
            else [f"{self.name}={value}" for value in self.categories]
        )
        return (
            *own,
            *[f"{self.name}=other"] * self.others,
            *[f"{self.name} missing"] * bool(self.missing),
        )

    def words(self, kind: ColumnKind | None = None) -> str:
        """The content of the column, for a reader; `kind` is how it was read."""
        missing = f", {100 * self.missing:.2g} % missing" if self.missing else ""
        missing = ", may be missing" if self.missing == 1 else missing
        if self.categories is None and kind is not None and kind.kind == "date":
            return f"date, mean {date_of(self.mean)}, std {self.std:.4g} days{missing}"
        if self.categories is None:
            form = None if kind is None else kind.number
            unit = f" in {form.unit}" if form is not None and form.unit else ""
            return f"number{unit}, mean {self.mean:.4g}, std {self.std:.4g}{missing}"
        more = " and rarer ones" if self.others else ""
        shown = ", ".join(self.categories[:3]) + (
            ", …" if len(self.categories) > 3 else ""
        )
        return f"{len(self.categories)} categories{more} ({shown}){missing}"


@dataclass(frozen=True)
class Target:
    """The column or columns that are predicted.

    Parameters
    ----------
    names : tuple of str
        Its column, or columns of numbers.
    classes : tuple of str
        What the class numbers mean; empty where numbers are predicted.
    mean, std : tuple of float
        Of each column of numbers, over the training rows; 0 and 1 where they are not standardized.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def standardized(self, y: Matrix) -> Matrix:
        """Numbers as the network learns them; class numbers as they are."""
        return y if self.classes else (y - np.array(self.mean)) / np.array(self.std)

    def in_units(self, output: Matrix) -> Matrix:
        """The network's outputs, shape (N, n_L), in the units of the columns."""
        return (
            output
            if self.classes
            else output * np.array(self.std) + np.array(self.mean)
        )


@dataclass(frozen=True)
class Preparation:
    """All that turns raw rows into inputs, and outputs into predictions.

    Parameters
    ----------
    features : tuple of Feature
    target : Target
    scale : float or None
        Of pixels: what they are multiplied by; nothing else is done to them.
    left_out : mapping of str to str
        Columns that are not used, and why.
    dialect : Dialect or None
        How tables of raw rows are read; None where there is no table.
    """

    features: tuple[Feature, ...]
    target: Target
    scale: float | None = None
    left_out: Mapping[str, str] | None = None
    dialect: Dialect | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the network's inputs, n_0 of them."""
        return tuple(name for feature in self.features for name in feature.inputs)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {
            "features": [asdict(feature) for feature in self.features],
            "target": asdict(self.target),
            "scale": self.scale,
            "left_out": dict(self.left_out or {}),
            "dialect": None if self.dialect is None else self.dialect.as_dict(),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Preparation:
        """The preparation that `as_dict` was made from; `ValueError` names the first place that is unlike it."""
        made = fitted(cls, content, "preparation")
        require_sound(made)
        return made


def require_sound(preparation: Preparation) -> None:
    """Raise `ValueError` for what no table leads to."""
    features, target = preparation.features, preparation.target
    for feature in features:
        if not (feature.std > 0 and 0 <= feature.missing <= 1):
            raise ValueError(
                f"column {feature.name!r:.100} with std {feature.std} and {feature.missing} missing"
            )
        if feature.categories is not None and repeats(feature.categories):
            raise ValueError(f"column {feature.name!r:.100} with a category twice")
    names = [feature.name for feature in features]
    numbers = () if target.classes else target.names
    if (
        not features
        or not target.names
        or repeats(names)
        or repeats(target.names)
        or repeats(target.classes)
    ):
        raise ValueError("columns, targets or classes that are missing or there twice")
    if not len(target.mean) == len(target.std) == len(numbers):
        raise ValueError(
            f"{len(target.mean)} means and {len(target.std)} spreads of {len(numbers)} targets"
        )
    if not all(std > 0 for std in target.std):
        raise ValueError(f"target.std: {target.std}, which are not all > 0")
    if preparation.scale is not None and not preparation.scale > 0:
        raise ValueError(f"scale: {preparation.scale}, which is not > 0")


def repeats(names: Sequence[str]) -> bool:
    """Return whether a name is there twice."""
    return len(set(names)) < len(names)


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
    found = {}
    for name in names:
        column = table.columns[name][rows]
        found[name] = (
            _fit_text(name, column)
            if is_text(column)
            else _fit_numbers(name, column, table)
        )
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


def date_of(days: float) -> str:
    """The date so many days after 1970-01-01; the number where no calendar has it.

    Examples
    --------
    >>> date_of(1.5)
    '1970-01-02'
    """
    try:
        return str(date(1970, 1, 1) + timedelta(days=int(days // 1)))
    except (OverflowError, ValueError):
        return f"{days:.4g}"


def _fit_text(name: str, column: Column) -> Feature | str:
    values = Counter(value for value in column.tolist() if value is not None)
    return text_feature(name, values, column.size)


def text_feature(name: str, counts: Mapping[str, int], rows: int) -> Feature | str:
    """A column of text as the network sees it, or the reason why it does not; `counts` are those of its values."""
    values = np.array(sorted(counts), object)
    how_often = np.array([counts[value] for value in values], int)
    present = int(how_often.sum())
    if values.size > max(FEW_NAMES, NAMES_ROWS * present):
        return f"{values.size} distinct texts in {counted(present, 'row')} name rows"
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
