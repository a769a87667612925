"""The separator and the quote of a text table, by its first lines; and lines split by them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..arguments import argument
from ..errors import InputError
from .date_text import looks_like_date
from .header import is_value
from .hidden_characters import clean
from .number_text import parse

__all__ = ["is_rule", "numbered_rows", "quote_of", "separator_of", "split_lines"]

SEPARATORS = ",\t;|^~ "
#: A line between the names and the rows.
RULE = re.compile(r"[:+|]?[-=─]+[-=─+|┼: ]*")
#: A separator that is this near to the best one leaves the choice to the user.
NEAR = 0.97
#: A tab that fits as well as this separates, whatever blanks do.
CLEAR = 0.8


def split_lines(
    lines: Iterable[str],
    separator: str,
    quote: str,
    *,
    padded: bool = False,
    strict: bool = False,
    escape: str | None = None,
) -> Iterator[list[str]]:
    """Rows out of lines, by Python's csv; `csv.Error` where quotes do not fit."""
    csv.field_size_limit(2**31 - 1)
    if separator == " ":
        lines = (line.replace("\t", " ").strip() for line in lines)
        padded = True
    return csv.reader(
        lines,
        delimiter=separator,
        quotechar=quote,
        skipinitialspace=padded,
        strict=strict,
        escapechar=escape,
    )


def numbered_rows(
    lines: list[str], separator: str, quote: str, *, padded: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with the number of the line that each ends in, from 1."""
    reader = split_lines(lines, separator, quote, padded=padded)
    for row in reader:
        fields = [clean(field).strip() for field in row]
        if any(fields) or len(fields) > 1:
            yield reader.line_num, fields  # type: ignore[attr-defined]


def is_rule(row: Iterable[str]) -> bool:
    """Return whether a row is the line below the names, as Markdown and data bases print it.

    Examples
    --------
    >>> is_rule(["---+---"]), is_rule(["----", "-"]), is_rule(["--", "-"]), is_rule(["---", "5"])
    (True, True, False, False)
    """
    fields = [field for field in row if field]
    if not all(RULE.fullmatch(field) for field in fields):
        return False
    return any(max(map(field.count, "-=─")) > 2 for field in fields)


def quote_of(lines: list[str]) -> str:
    """The character around fields: an apostrophe where it stands around fields and quotation marks do not."""

    def around(quote: str) -> int:
        return sum(
            line.count(f"{quote}{separator}")
            for line in lines
            for separator in SEPARATORS
        ) + sum(line.startswith(quote) for line in lines)

    apostrophes = sum(
        f"'{separator}'" in line for line in lines for separator in SEPARATORS
    )
    return "'" if apostrophes >= max(1, len(lines) // 2) and not around('"') else '"'


def separator_of(lines: list[str], quote: str = '"', path: Path | str = "") -> str:
    """The character that parts most lines into as many fields, such that the fields are numbers, dates or words.

    Examples
    --------
    >>> separator_of(["a;b", "1,5;2", "2,5;3"]), separator_of(["a,b", "1,2"]), separator_of(["one"])
    (';', ',', ',')
    """
    splits = {
        separator: _split(lines, separator, quote)
        for separator in SEPARATORS
        if any(separator in line for line in lines)
    }
    scores = {separator: _score(rows, separator) for separator, rows in splits.items()}
    even = [s for s, rows in splits.items() if scores[s] and _even(rows)]
    if even:
        scores = {s: v for s, v in scores.items() if _width_of_names(splits[s])}
    if scores.get("\t", 0.0) > CLEAR:
        scores.pop(" ", None)  # blanks within the fields
    ranked = sorted(scores, key=lambda s: -scores[s])
    if not ranked or not scores[ranked[0]]:
        return ","
    best, second = ranked[0], ranked[1] if len(ranked) > 1 else ""
    if second and (
        scores[second] > NEAR * scores[best]
        or (scores[best] < CLEAR and second in even)  # 4111 1111,1.5,up without names
    ):
        raise InputError(
            f"{path}, whose fields may be separated by {best!r} or {second!r}",
            "one separator",
            f"Say which: {argument('separator', best)}, say.",
        )
    return best


def _even(rows: list[list[str]]) -> bool:
    """Return whether all lines, the first one too, have as many fields."""
    return len(rows) > 1 and len({len(row) for row in rows}) == 1


def _width_of_names(rows: list[list[str]]) -> bool:
    """Return whether the first line has as many fields as most."""
    widths = Counter(len(row) for row in rows)
    return bool(rows) and widths[len(rows[0])] == max(widths.values())


def _split(lines: list[str], separator: str, quote: str) -> list[list[str]]:
    """Lines that are not empty, split; none where quotes do not fit."""
    padded = separator == " " or any(f"{separator} {quote}" in line for line in lines)
    try:
        reader = csv.reader(
            [line.replace("\t", " ").strip() for line in lines]
            if separator == " "
            else [line.strip(" ") for line in lines],
            delimiter=separator,
            quotechar=quote,
            skipinitialspace=padded,
        )
        rows = [[field.strip(" \r\n") for field in row] for row in reader if row]
    except csv.Error:
        return []
    return [row for row in rows if len(row) > 1 or row[0]]


def _score(rows: list[list[str]], separator: str) -> float:
    """The fit of a separator, from 0 to 1: lines that agree in width × fields that are one thing."""
    if not rows:
        return 0.0
    widths = Counter(len(row) for row in rows)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    if width == 1:
        return 0.0
    fields = [field for row in rows if len(row) == width for field in row][:4000]
    good = sum(map(_is_one_thing, fields)) / len(fields)
    if separator == " " and 5 * sum(map(is_value, fields)) < len(fields):
        return 0.0  # a text of as many words in each line
    return float((count / len(rows)) ** 2 * good**2)


def _is_one_thing(field: str) -> bool:
    """Return whether a field holds no separator outside of a number."""
    if parse(field) is not None and field[-1] not in ",;":
        return True
    if any(mark in field for mark in ",;\t|"):
        return ", " in field and not any(mark in field for mark in ";\t|")
    words = field.split()
    return len(words) < 2 or looks_like_date(field) or not all(map(parse, words))
