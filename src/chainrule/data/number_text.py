"""Numbers written as text: signs, marks, units, and what the marks of a column mean.

1.863 is 1863 in one file and 1.863 in another. `Marks` collects what a column proves; `number_format` decides
by the column, then by the whole file, and refuses where neither proves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

from .dialect import NumberFormat

__all__ = ["MINUS", "UNITS", "Marks", "NumberText", "marks_of", "parse", "to_float"]

#: Signs that are a minus: hyphen, minus, en dash, small and full-width hyphen.
MINUS = "-\u2212\u2013\ufe63\uff0d"
#: Blanks that part groups of digits, and apostrophes.
BLANKS, APOSTROPHES = " \u00a0\u202f\u2009\u2007", "'\u2019\u02bc"
CURRENCIES = (
    *(
        "$",
        "€",
        "£",
        "¥",
        "₹",
        "₽",
        "₩",
        "₺",
        "₪",
        "฿",
        "₫",
        "₴",
        "US$",
        "A$",
        "C$",
        "R$",
    ),
    *(
        "USD",
        "EUR",
        "CHF",
        "GBP",
        "JPY",
        "CNY",
        "RUB",
        "INR",
        "CAD",
        "AUD",
        "NZD",
        "SEK",
    ),
    *("NOK", "DKK", "PLN", "CZK", "HUF", "BRL", "MXN", "ZAR", "SGD", "HKD"),
    *("Fr.", "Fr", "SFr.", "kr", "kr.", "zł", "Kč", "Ft"),
)
#: Units that a number may stand beside; others are refused or are text.
UNITS = frozenset(
    (
        *CURRENCIES,
        *("%", "‰", "°C", "°F", "°K", "K", "°", "ppm", "ppb", "pH", "px", "dpi"),
        *("kg", "g", "mg", "µg", "μg", "ug", "t", "lb", "lbs", "oz"),
        *("km", "m", "cm", "mm", "µm", "μm", "nm", "mi", "ft", "in", "inch", "yd"),
        *("m²", "m2", "km²", "km2", "cm²", "cm2", "m³", "m3", "cm³", "cm3"),
        *("l", "L", "ml", "mL", "dl", "hl", "gal", "mol", "mmol"),
        *("s", "sec", "ms", "µs", "us", "ns", "min", "h", "hr", "hrs", "d", "days"),
        *("day", "months", "month", "years", "year", "yrs"),
        *("Tage", "Jahre", "Std", "ans", "jours", "Stk", "Stück", "pcs", "pt", "pts"),
        *("J", "kJ", "MJ", "cal", "kcal", "W", "kW", "MW", "GW", "Wh", "kWh", "MWh"),
        *("V", "mV", "kV", "A", "mA", "Ah", "mAh", "Ω", "ohm", "kΩ"),
        *(
            "Hz",
            "kHz",
            "MHz",
            "GHz",
            "rpm",
            "dB",
            "dBA",
            "dBm",
            "lx",
            "lux",
            "lm",
            "cd",
        ),
        *(
            "Pa",
            "hPa",
            "kPa",
            "MPa",
            "bar",
            "mbar",
            "psi",
            "atm",
            "mmHg",
            "N",
            "kN",
            "Nm",
        ),
        *("m/s", "km/h", "kmh", "mph", "kn", "mm/h", "l/min"),
        *("B", "kB", "KB", "MB", "GB", "TB", "bit", "kbit", "Mbit", "Mbps", "Gbps"),
        *("g/l", "mg/l", "mg/L", "mg/dl", "mg/dL", "g/dl", "g/dL", "mmol/l", "mmol/L"),
        *("µg/m³", "ug/m3", "µS/cm", "W/m²", "W/m2"),
    )
)

_CURRENCY = "|".join(sorted(map(re.escape, CURRENCIES), key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<sign>[{MINUS}+])?\s*(?P<before>{_CURRENCY})?\s*(?P<inner>[{MINUS}+])?"
    rf"(?P<body>[.,]?[0-9]+(?:[.,{BLANKS}{APOSTROPHES}][0-9]+)*[.,]?)"
    rf"(?P<exponent>[eE][{MINUS}+]?[0-9]{{1,4}})?"
    rf"(?P<close>\))?\s*(?P<after>[^0-9\s.,;:()/][^0-9,;:()]{{0,11}}?[²³23]?)?(?P<close2>\))?"
)
#: No cents: 12.- and 12,-- are 12; never a sign.
_NO_CENTS = re.compile(rf"[{MINUS}\u2014]{{1,2}}(?=\s|$)")
_SPLIT = re.compile(rf"([.,{BLANKS}{APOSTROPHES}])")
_ONE_MARK = {**dict.fromkeys(BLANKS, " "), **dict.fromkeys(APOSTROPHES, "'")}
#: More groups are a list of numbers.
_GROUPS = re.compile(
    r"[1-9][0-9]{0,2}(?: [0-9]{3}){1,6}|[1-9][0-9]?(?: [0-9]{2}){1,6} [0-9]{3}"
)


@dataclass(frozen=True)
class NumberText:
    """A number as it is written.

    Parameters
    ----------
    negative : bool
    groups, marks : tuple of str
        Its digits, and the marks between them.
    exponent : str
    unit : str
    """

    negative: bool
    groups: tuple[str, ...]
    marks: tuple[str, ...]
    exponent: str = ""
    unit: str = ""

    @property
    def is_code(self) -> bool:
        """Return whether it is digits alone with a zero before them: 01234."""
        digits = self.groups[0]
        return (
            not self.marks
            and not self.unit
            and not self.exponent
            and len(digits) > 1
            and digits[0] == "0"
        )

    @property
    def is_padded(self) -> bool:
        """Return whether a zero stands before its digits and its mark, as in a month and its year: 01.2024."""
        digits = self.groups[0]
        plain = not self.negative and not self.exponent
        return plain and bool(self.marks) and len(digits) > 1 and digits[0] == "0"

    @property
    def is_zero(self) -> bool:
        """Return whether all digits are 0."""
        return not "".join(self.groups).strip("0")


def parse(text: str) -> NumberText | None:
    """Take a number apart; None where the text is none.

    Examples
    --------
    >>> parse("-1'234.50").marks, parse("(5 %)").negative, parse("$-3").unit, parse("12-05")
    (("'", '.'), True, '$', None)
    >>> parse("12.-").negative, parse("12.00-").negative
    (False, True)
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    part = found.groupdict()
    closed = (part["close"] is not None) + (part["close2"] is not None)
    if closed != (part["open"] is not None):
        return None
    before, after = part["before"] or "", part["after"] or ""
    if found["body"][-1] in ".,":
        if after and after[0] in MINUS and text[found.end("body")].isspace():
            return None
        after = _NO_CENTS.sub("", after)
    after = after.strip()
    trailing = after in MINUS and bool(after)  # SAP writes 5.00-
    if trailing:
        after = ""
    elif after and (after[0] in MINUS + "+" or (before and after != before)):
        return None
    signs = [s for s in (part["sign"], part["inner"]) if s] + ["-"] * trailing
    signs += ["("] * (part["open"] is not None)
    if len(signs) > 1:
        return None
    pieces = _SPLIT.split(part["body"])
    marks = tuple(_ONE_MARK.get(mark, mark) for mark in pieces[1::2])
    number = NumberText(
        bool(signs) and signs[0] != "+",
        tuple(pieces[::2]),
        marks,
        reduce(lambda t, m: t.replace(m, "-"), MINUS, part["exponent"] or ""),
        before or after,
    )
    return number if _meaning(number) else None


def _meaning(number: NumberText) -> tuple[str, ...]:
    """The meaning that marks prove: "plain"; "decimal" or "unsure" and the mark; "grouping", the mark, a decimal."""
    marks, groups = number.marks, number.groups
    if not marks:
        return ("plain",)
    kinds = tuple(dict.fromkeys(marks))
    last = marks[-1]
    if len(kinds) == 1:
        whole = _GROUPS.fullmatch(" ".join(groups)) is not None
        if len(marks) == 1 and last in ".,":
            if not whole or number.exponent:
                return ("decimal", last)
            return ("unsure", last)
        return ("grouping", last) if whole and not number.exponent else ()
    if len(kinds) == 2 and last in ".," and marks.count(last) == 1:
        whole = _GROUPS.fullmatch(" ".join(groups[:-1])) is not None
        return ("grouping", kinds[0], last) if whole else ()
    return ()


@dataclass
class Marks:
    """The proof of its marks that the distinct numbers of a column give.

    Parameters
    ----------
    decimals, groupings : dict of str to str
        Marks that are surely so, with a number that proves it.
    unsure : dict of str to list of str
        Marks that may be either, with the numbers.
    small, large : bool
        Whether numbers below 1000, and from 1000 on, stand there without a mark.
    units : dict of str to int
        How many distinct numbers stand beside each unit; "" for none (zeros not counted).
    """

    decimals: dict[str, str] = field(default_factory=dict)
    groupings: dict[str, str] = field(default_factory=dict)
    unsure: dict[str, list[str]] = field(default_factory=dict)
    small: bool = False
    large: bool = False
    units: dict[str, int] = field(default_factory=dict)

    def add(self, text: str, number: NumberText) -> None:
        """Take a number in."""
        meaning = _meaning(number)
        if meaning[0] == "plain":
            wide = len(number.groups[0]) > 3
            self.large |= wide
            self.small |= not wide
        elif meaning[0] == "decimal":
            self.decimals.setdefault(meaning[1], text)
        elif meaning[0] == "unsure":
            self.unsure.setdefault(meaning[1], []).append(text)
        else:
            self.groupings.setdefault(meaning[1], text)
            if len(meaning) > 2:
                self.decimals.setdefault(meaning[2], text)
        if number.unit or not number.is_zero:
            self.units[number.unit] = self.units.get(number.unit, 0) + 1

    @property
    def mixed(self) -> bool:
        """Return whether all from 1000 on have the unsure mark, and none below: as thousands are written."""
        return self.small and not self.large and max(map(len, self.unsure.values())) > 2


def marks_of(numbers: Iterable[tuple[str, NumberText]]) -> Marks:
    """The marks of distinct numbers."""
    marks = Marks()
    for text, number in numbers:
        marks.add(text, number)
    return marks


def to_float(number: NumberText, form: NumberFormat) -> float | None:
    """The value of a number in a format; None where it is written in another.

    Examples
    --------
    >>> to_float(parse("1.234,5"), NumberFormat(",", ".")), to_float(parse("1.234,5"), NumberFormat())
    (1234.5, None)
    """
    if number.unit != form.unit and not (number.is_zero and not number.unit):
        return None
    digits, marks = number.groups[0], number.marks
    for i, mark in enumerate(marks):
        if mark == form.decimal and i == len(marks) - 1:
            digits += "."
        elif (
            mark != form.thousands
            or not mark
            or len(number.groups[i + 1]) not in (2, 3)
        ):
            return None
        digits += number.groups[i + 1]
    if form.thousands and form.thousands in marks:
        whole = number.groups[: marks.count(form.thousands) + 1]
        if _GROUPS.fullmatch(" ".join(whole)) is None:
            return None
    value = float(digits + number.exponent)
    return -value if number.negative else value
