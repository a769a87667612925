"""Columns of text that became categories though most of it reads as numbers or dates: a remark on each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ...data.missing_words import IN_NUMBERS
from ...data.number_text import UNITS, NumberText, parse
from .columns import Column, Rows, named_columns

__all__ = ["texts_like_numbers"]

DATES = re.compile(r"(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\b.*")
#: Different texts of a column, and the share of them that look so, from which on it is said; how many are looked at.
MANY_TEXTS, MOST_OF_THEM, SOME_TEXTS = 20, 0.9, 1000
#: How the libraries call the dtypes of those who want categories.
CATEGORICAL = ("category", "categorical", "enum", "dictionary")


def texts_like_numbers(
    X: Any, columns: Sequence[Column], categorical: Sequence[int] = ()
) -> list[str]:
    """A remark on each column of text that became categories though nearly all of it looks like numbers or dates.

    Categories that are meant, by their dtype, and the columns of a file, which has been read, are left alone; so are
    digits of which one text begins with 0, which are codes.
    """
    if isinstance(X, Rows):
        return []
    remarks = []
    for i, (name, raw) in enumerate(named_columns(X)):
        word = str(getattr(raw, "type", getattr(raw, "dtype", ""))).lower()
        meant = i in categorical or word.startswith(CATEGORICAL)
        if columns[i].kind == "category" and not meant:
            remarks += _remark(name, columns[i])
    return remarks


def _remark(name: str, column: Column) -> list[str]:
    present = (value for value in column.values.tolist() if value is not None)
    texts = [text.strip() for text in dict.fromkeys(present)]
    texts = [text for text in texts if text.lower() not in IN_NUMBERS][:SOME_TEXTS]
    least = max(MANY_TEXTS, MOST_OF_THEM * len(texts))
    like: list[str] = list(filter(DATES.fullmatch, texts))
    what, how = "dates", "pandas.to_datetime"
    if len(like) < least:
        numbers = {text: number for text in texts if (number := _number(text))}
        if len(numbers) < least or any(n.is_code for n in numbers.values()):
            return []
        like, what, how = [*numbers], "numbers", _to_numbers(name, numbers)
    other = next((text for text in texts if text not in set(like)), None)
    but = "" if other is None else f"; {other!r:.40} does not"
    return [
        f"column {name!r} has text that looks like {what} ({min(like)!r}{but}), and is read as categories: "
        f"convert it, by {how} say, or make it categorical if that is meant"
    ]


def _number(text: str) -> NumberText | None:
    """The number that a text is, alone or beside a usual unit."""
    found = parse(text)
    return found if found and (not found.unit or found.unit in UNITS) else None


def _to_numbers(name: str, numbers: dict[str, NumberText]) -> str:
    """The call that makes numbers of a column, by how most of its texts are written."""
    if any("," in number.marks for number in numbers.values()):
        return "pandas.read_csv(..., decimal=',', na_values=[...])"
    units = [number.unit for number in numbers.values()]
    unit = max(set(units), key=units.count)
    column = f"X[{name!r}]" + (f".str.replace({unit!r}, '')" if unit else "")
    return f"pandas.to_numeric({column}, errors='coerce')"
