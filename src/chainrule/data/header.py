"""The decision whether the first line of a table is names or data: the evidence of each column, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log

from .date_text import looks_like_date
from .missing_words import IN_NUMBERS
from .number_text import UNITS, parse

__all__ = ["is_value", "names_columns", "second_line_of_names"]

#: How much more often a first line is names than data, before it is looked at: log of the ratio.
PRIOR = 1.0
#: How much more often a second line is a row than names once more.
PRIOR_OF_TWO = 3.0
#: Below this the evidence decides nothing.
SURE = 1.5
#: The share of names that are numbers (years), that come again as a value, or are unlike any value.
NAME_IS_NUMBER, NAME_IS_VALUE, NAME_IS_YEAR = 0.02, 0.02, 0.1
#: No column counts for more.
MOST = 4.0


def names_columns(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool | None:
    """Return whether the first line names the columns; None where the evidence does not tell.

    Parameters
    ----------
    first : sequence of str
    rest : sequence of sequence of str
        The lines below it, as wide.

    Notes
    -----
    For each column the log of P(first | a name) / P(first | a value like those below), the latter with
    Good and Turing's estimate of a value that was not seen: the share of values that occur once.

    Examples
    --------
    >>> names_columns(["x", "y"], [["1", "a"], ["2", "b"]]), names_columns(["1", "y"], [["1", "a"], ["2", "b"]])
    (True, False)
    """
    total = PRIOR
    for i, field in enumerate(first):
        column = [row[i] for row in rest]
        total += max(-MOST, min(MOST, _evidence(field, column)))
    if not rest:
        return not any(is_value(field) for field in first)
    return None if abs(total) < SURE and total < SURE else total > 0


def second_line_of_names(row: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Return whether the first line below the names is names or units too: in a table of texts, unlike all others.

    Where a column holds numbers, a text in its first row is reported with that column.

    Examples
    --------
    >>> rows = [["red", "up"], ["blue", "down"]] * 9
    >>> second_line_of_names(["text", "text"], rows), second_line_of_names(["red", "text"], rows)
    (True, False)
    """
    columns = [[row[i] for row in rest] for i in range(len(row))]
    if any(2 * sum(map(is_value, column)) > len(column) for column in columns):
        return False
    if any(map(is_value, row)):
        return False
    evidence = (
        max(-MOST, min(MOST, _evidence(field, column)))
        for field, column in zip(row, columns, strict=True)
    )
    return sum(evidence) - PRIOR_OF_TWO > SURE


def is_value(text: str) -> bool:
    """Return whether it is a number or a date."""
    number = parse(text)
    if number is not None:
        return not number.unit or number.unit in UNITS
    return looks_like_date(text)


def _evidence(field: str, column: Sequence[str]) -> float:
    there = [value for value in column if value.lower() not in IN_NUMBERS]
    if not field or not there:
        return 0.0
    values = [is_value(value) for value in there]
    n = len(there)
    if sum(values) > 0.8 * n:
        return _evidence_of_numbers(field, there, n - sum(values))
    counts = Counter(there)
    once = sum(count == 1 for count in counts.values())
    if field in counts:
        return log(NAME_IS_VALUE / max(0.05, 1 - once / n))
    return log(0.98 / min(1.0, (once + 0.5) / n))


def _evidence_of_numbers(field: str, there: Sequence[str], others: int) -> float:
    n = len(there)
    if field.lower() in IN_NUMBERS:
        return 0.0
    if not is_value(field):
        return log(0.95 / ((others + 0.5) / (n + 1)))
    if looks_like_date(field) and not any(map(looks_like_date, there)):
        return log(0.95 / ((others + 0.5) / (n + 1)))
    try:
        value, numbers = float(field), [float(text) for text in there]
    except ValueError:
        return log(NAME_IS_NUMBER)
    outside = not min(numbers) <= value <= max(numbers)
    likely = 2 / (n + 2) if outside else 1.0
    year = field.isdigit() and 1800 <= value <= 2200
    return log((NAME_IS_YEAR if year else NAME_IS_NUMBER) / likely)
