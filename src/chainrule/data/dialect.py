"""The dialect of a table: all that has to be known to read its text, found once and stored with the model.

A dialect asked for has None where something is to be found out; `tables.read_table` returns the complete one.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from numbers import Integral
from types import MappingProxyType
from typing import Any

from ..errors import InputError, is_number

__all__ = ["KINDS", "ColumnKind", "Dialect", "NumberFormat"]

#: What a column can be.
KINDS = ("number", "category", "date", "ignore")
#: Marks in numbers and separators, as messages call them.
MARKS = {
    ".": "point",
    ",": "comma",
    " ": "blank",
    "'": "apostrophe",
    "\t": "tab",
    ";": "semicolon",
    "|": "bar",
}
#: Codecs of text that no file is written in.
NO_ENCODINGS = frozenset(
    (
        "punycode",
        "idna",
        "undefined",
        "unicode-escape",
        "unicode_escape",
        "raw-unicode-escape",
        "utf-7",
    )
)


@dataclass(frozen=True)
class NumberFormat:
    """The way in which the numbers of a column are written.

    Parameters
    ----------
    decimal : str
        The decimal mark: "." or ",".
    thousands : str
        The mark between groups of digits: ".", ",", "'", " " or "" for none.
    unit : str
        What stands beside each number: "%", "kg", "€".
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""


@dataclass(frozen=True)
class ColumnKind:
    """The kind of a column.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    number : NumberFormat or None
        Of numbers in text; None to find out.
    date : str
        Of dates in text: a format as `datetime.strptime` takes it, or "" to find out.
    values : tuple of str
        Words that are values here, though they mean a missing value elsewhere.
    """

    kind: str
    number: NumberFormat | None = None
    date: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dialect:
    r"""The way in which a table is read.

    Parameters
    ----------
    separator : str or None
        The character between fields; a blank stands for any number of blanks.
    quote : str or None
        The character around fields.
    header : bool or None
        Whether the first line names the columns.
    encoding : str or None
    decimal, thousands : str or None
        The marks in numbers of the whole file. No thousands mark is "".
    missing : tuple of str
        Words that mean a missing value, beside those that always do; a number means every spelling of it.
    present : tuple of str
        Words that are values, though they would mean a missing value.
    columns : mapping of str to ColumnKind
    skip_last : int
        Rows to leave out at the end of the file; it is not stored.

    Examples
    --------
    >>> Dialect(separator=";", decimal=",", header=True).words()
    'fields separated by ; (semicolon), names in the first line, decimal mark , (comma)'
    """

    separator: str | None = None
    quote: str | None = None
    header: bool | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    missing: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    columns: Mapping[str, ColumnKind] = field(
        default_factory=lambda: MappingProxyType({})
    )
    skip_last: int = 0

    def __post_init__(self) -> None:
        for name, allowed in (("decimal", (".", ",")), ("thousands", _THOUSANDS)):
            value = getattr(self, name)
            if value is not None and value not in allowed:
                raise InputError(
                    f"{name} mark {value!r}",
                    ", ".join(f"{mark or 'none'}" for mark in allowed),
                    "Choose one of these.",
                )
        for name in ("separator", "quote"):
            value = getattr(self, name)
            if value is not None and (len(value) != 1 or value in "\r\n\0"):
                raise InputError(
                    f"{name} {value!r}",
                    "one character",
                    "Choose , ; | or the like; \\t for a tab, a blank for blanks.",
                )
        if self.decimal is not None and self.decimal == self.thousands:
            raise InputError(
                f"{self.decimal!r} as decimal mark and as thousands mark",
                "two different marks",
                "Change one of them.",
            )
        whole = isinstance(self.skip_last, Integral) and is_number(self.skip_last)
        if not whole or self.skip_last not in range(2**31):
            raise InputError(
                f"skip_last = {self.skip_last!r}",
                "a whole number >= 0",
                "Pass the number of lines at the end that are no rows.",
            )
        if self.encoding is not None:
            try:
                if codecs.lookup(self.encoding).name in NO_ENCODINGS:
                    raise LookupError(self.encoding)
                "a".encode(self.encoding)  # LookupError where it is none of text
            except (LookupError, ValueError) as error:
                raise InputError(
                    f"encoding {self.encoding!r}",
                    "utf-8, utf-16, cp1252, latin-1 or another that Python knows",
                    "Choose one of these.",
                ) from error

    def __reduce__(self) -> tuple[Any, ...]:
        # a view of a dict, as the columns are, cannot be pickled
        return type(self).from_dict, (self.as_dict(),)

    def words(self) -> str:
        """The dialect of the text in one line; "" for files that are not text."""
        if self.separator is None:
            return ""
        said = [f"fields separated by {_called(self.separator)}"]
        if self.quote not in (None, '"'):
            said.append(f"quoted by {self.quote}")
        said.append(
            "names in the first line" if self.header else "no names in the first line"
        )
        if self.decimal is not None:
            said.append(f"decimal mark {_called(self.decimal)}")
        if self.thousands:
            said.append(f"thousands mark {_called(self.thousands)}")
        if self.encoding not in (None, "utf-8"):
            said.append(f"encoding {self.encoding}")
        return ", ".join(said)

    def overridden(self, asked: Dialect) -> Dialect:
        """The same, but for what is asked for."""
        given = {
            name: getattr(asked, name)
            for name in ("separator", "quote", "header", "encoding")
            if getattr(asked, name) is not None
        }
        kinds = dict(self.columns)
        if asked.decimal is not None or asked.thousands is not None:
            given["decimal"] = asked.decimal or self.decimal
            given["thousands"] = (
                self.thousands if asked.thousands is None else asked.thousands
            )
            if given["decimal"] == given["thousands"]:
                name = "thousands" if asked.thousands is None else "decimal"
                given[name] = "" if name == "thousands" else None
            decimal, thousands = given["decimal"] or ".", given["thousands"] or ""
            kinds = {
                name: kind
                if kind.number is None
                else replace(
                    kind, number=NumberFormat(decimal, thousands, kind.number.unit)
                )
                for name, kind in kinds.items()
            }
        kinds |= asked.columns
        return replace(
            self,
            **given,
            missing=tuple(dict.fromkeys((*self.missing, *asked.missing))),
            present=tuple(dict.fromkeys((*self.present, *asked.present))),
            columns=MappingProxyType(kinds),
            skip_last=asked.skip_last,
        )

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        content = {
            name: getattr(self, name)
            for name in (
                "separator",
                "quote",
                "header",
                "encoding",
                "decimal",
                "thousands",
            )
        }
        return {
            **content,
            "missing": list(self.missing),
            "present": list(self.present),
            "columns": {name: asdict(kind) for name, kind in self.columns.items()},
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Dialect:
        """The dialect that `as_dict` was made from."""
        kinds = {
            name: ColumnKind(
                kind["kind"],
                None if kind["number"] is None else NumberFormat(**kind["number"]),
                kind["date"],
                tuple(kind["values"]),
            )
            for name, kind in content["columns"].items()
        }
        return cls(
            **{
                key: value
                for key, value in content.items()
                if key not in ("missing", "present", "columns")
            },
            missing=tuple(content["missing"]),
            present=tuple(content["present"]),
            columns=MappingProxyType(kinds),
        )


_THOUSANDS = ("", ".", ",", "'", " ")


def _called(mark: str) -> str:
    shown = "" if mark.isspace() else f"{mark} "
    return f"{shown}({MARKS[mark]})" if mark in MARKS else mark
