"""Names of columns as they are asked for: one text for several, with commas, quotes around a name that has one."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence

from ..errors import InputError, named_among

__all__ = ["Names", "joined_names", "named_columns", "possible_names", "split_names"]

#: How names are given: one text, or several.
Names = str | Sequence[str] | None


def split_names(text: str) -> tuple[str, ...]:
    """Names out of one text, separated by commas; a name with a comma in it stands in quotes.

    Examples
    --------
    >>> split_names('age, "income, net"')
    ('age', 'income, net')
    """
    try:
        fields = next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error as error:
        raise InputError(
            f"the names {text!r}", "names on one line", "Quote a name with a line end."
        ) from error
    return tuple(name for field in fields if (name := field.strip()))


def joined_names(names: Iterable[str]) -> str:
    """The text that `split_names` takes apart into these names.

    Examples
    --------
    >>> joined_names(["age", "income, net"])
    'age,"income, net"'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()


def possible_names(*given: Names) -> set[str]:
    """All columns that may be meant."""
    found: set[str] = set()
    for names in given:
        if isinstance(names, str):
            found |= {names.strip(), *split_names(names)}
        else:
            found |= set(names or ())
    return found


def named_columns(
    given: Names, columns: Collection[str], source: str, what: str = "column"
) -> tuple[str, ...]:
    """The columns that are meant: a text that is the name of one is that column.

    Raises
    ------
    InputError
        A name that no column has, with the nearest one.

    Examples
    --------
    >>> named_columns("a, b", ["a", "b"], "t.csv"), named_columns("a, b", ["a, b", "c"], "t.csv")
    (('a', 'b'), ('a, b',))
    """
    if given is None:
        return ()
    if not isinstance(given, str):
        names = tuple(given)
    elif given in columns:
        names = (given,)
    else:
        names = split_names(given)
    for name in names:
        if name not in columns:
            known = list(columns)
            listed = ", ".join(known[:20]) + (
                f", … ({len(known)} in all)" if len(known) > 20 else ""
            )
            raise InputError(
                f"{what} {name!r}, which {source} does not have",
                f"one of {listed}",
                named_among(name, known, "Name one of these."),
            )
    return names
