"""The findings on a column in one pass over the rows: counts, means, spreads, limits, categories; merged soundly.

References
----------
Chan, Golub and LeVeque, "Algorithms for computing the sample variance", The American Statistician 37, 1983: the merge
of means and of sums of squares. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen",
ZAMM 54, 1974: the sum whose error does not grow with the number of parts.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ..arguments import argument
from ..errors import InputError
from .column_values import labels
from .preparation import Feature
from .preparation_fit import (
    MAX_NUMBER_CLASSES,
    distinct_spread,
    number_feature,
    text_feature,
    too_large,
)
from .tables import Column, Table, is_text

__all__ = ["MAX_DISTINCT", "ColumnSums", "TargetValues"]

#: Distinct texts of a column that are counted; with more it names rows.
MAX_DISTINCT = 1_000_000
#: Labels of classes at most.
MAX_CLASSES = 100_000


@dataclass
class ColumnSums:
    """A column, as far as it was seen.

    Parameters
    ----------
    name : str
    rows, present : int
        Rows seen, and those whose value is there.
    total, rest : float
        Σ x as the sum of two numbers.
    shift, center : float
        A number near all, of the first rows, and the mean counted from it: its error is that of the differences alone.
    squares : float
        Σ (x − mean)².
    low, high : float
    place : str
        The row of the number of the largest size.
    counts : Counter or None
        Of texts; None for a column of numbers, and before a value is seen.
    too_many : bool
        Whether it has more than `MAX_DISTINCT` texts, and they are counted no more.
    """

    name: str
    rows: int = 0
    present: int = 0
    total: float = 0.0
    rest: float = 0.0
    shift: float = 0.0
    center: float = 0.0
    squares: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    place: str = ""
    counts: Counter[str] | None = None
    too_many: bool = False

    @property
    def mean(self) -> float:
        """Of the numbers that are there."""
        return (self.total + self.rest) / self.present if self.present else 0.0

    def add(self, column: Column, table: Table) -> None:
        """Take in rows of the column."""
        self.rows += len(column)
        if is_text(column):
            texts = Counter(value for value in column.tolist() if value is not None)
            present = texts.total()
            if present:
                self.counts = self.counts or Counter()
                if not self.too_many:
                    self.counts.update(texts)
                    self.too_many = len(self.counts) > MAX_DISTINCT
            self.present += present
            return
        gone = np.isnan(column)
        there = column[~gone] if gone.any() else column
        if there.size:
            self._add_numbers(there, column, table)

    def _add_numbers(self, there: Column, column: Column, table: Table) -> None:
        low, high = float(there.min()), float(there.max())
        if math.isinf(low) or math.isinf(high):
            row = int(np.flatnonzero(np.isinf(column))[0])
            raise InputError(
                f"column {self.name!r} that is infinite in {table.place(row)}",
                "finite numbers",
                f"Correct it; or, if infinity means that the value is missing, pass {argument('missing', ['inf'])}.",
            )
        if max(-low, high) > max(-self.low, self.high, 0.0) or not self.place:
            self.place = table.place(int(np.nanargmax(np.abs(column))))
        size, total = there.size, float(there.sum())
        if not self.present:
            self.shift = total / size
        with np.errstate(over="ignore", invalid="ignore"):
            apart = there - self.shift
            center = float(apart.sum()) / size
            apart -= center
            center += (off := float(apart.sum()) / size)
            # no BLAS, whose threads spin
            squares = float(np.square(apart, out=apart).sum()) - off * off * size
            step, before = center - self.center, self.present
            squares += step * step * (before * size / (before + size))
            self.center += step * (size / (before + size))
        self.squares += squares
        self.total, self.rest = _plus(self.total, self.rest, total)
        self.present += size
        self.low, self.high = min(self.low, low), max(self.high, high)

    def std(self) -> float:
        """The standard deviation, 0 where rounding alone makes the numbers differ; `InputError` where there is none."""
        # rounding may leave less than nothing of equal numbers
        squares = 0.0 if self.squares < 0 else self.squares
        std = math.sqrt(squares / self.present)
        if not math.isfinite(std):
            value = self.low if -self.low > self.high else self.high
            raise too_large(self.name, value, self.place)
        return distinct_spread(std, self.low, self.high)

    def feature(self) -> Feature | str:
        """The column as the network sees it, or the reason why it does not."""
        if self.too_many:
            return f"more than {MAX_DISTINCT} distinct texts name rows"
        if self.counts is not None:
            return text_feature(self.name, self.counts, self.rows)
        if not self.present:
            return number_feature(self.name, self.rows, 0)
        differ = self.high > self.low
        return number_feature(
            self.name, self.rows, self.present, self.mean, self.std(), differ=differ
        )


def _plus(total: float, rest: float, term: float) -> tuple[float, float]:
    """The sum and what rounding took from it."""
    made = total + term
    larger, smaller = (total, term) if abs(total) >= abs(term) else (term, total)
    return made, rest + ((larger - made) + smaller)


@dataclass
class TargetValues:
    """The values of a column that is predicted, as far as it was seen.

    Parameters
    ----------
    sums : ColumnSums
        Of its numbers.
    labels : set of str
        Its values as labels, with all digits.
    whole : bool
        Whether all are finite whole numbers.
    text, exact : bool
        Whether it holds text, or whole numbers beyond those of float64.
    values : set of float
        Its distinct numbers, no more than are needed to see that it has no classes.
    """

    sums: ColumnSums
    labels: set[str] = field(default_factory=set)
    values: set[float] = field(default_factory=set)
    whole: bool = True
    text: bool = False
    exact: bool = False

    def add(self, column: Column, table: Table, *, of_classes: bool | None) -> None:
        """Take in values, none of them missing; `of_classes` is what was asked for."""
        name = self.sums.name
        digits = table.exact.get(name)
        self.exact |= digits is not None
        self.text |= is_text(column)
        if is_text(column):
            self.labels |= set(column.tolist())
            self.whole = False
        else:
            self.whole = self.whole and bool(
                np.all(np.isfinite(column) & (column == np.round(column)))
            )
            counting = of_classes or (of_classes is None and self.may_be_classes)
            if counting:
                self.values |= set(np.unique(column).tolist())
                shown = labels(column) if digits is None else digits
                self.labels |= set(shown.tolist())
        if len(self.labels) > MAX_CLASSES:
            raise InputError(
                f"target {name!r} with more than {MAX_CLASSES} classes",
                "fewer",
                f"Name another; or, if it is a number, pass {argument('numbers', True)}.",
            )
        if not self.text and not of_classes:
            self.sums.add(column, table)

    @property
    def may_be_classes(self) -> bool:
        """Return whether its numbers are whole, and few so far."""
        return self.whole and len(self.labels) <= MAX_NUMBER_CLASSES
