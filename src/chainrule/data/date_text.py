"""Dates written as text, as days since 1970-01-01; refused where day and month could be either."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

__all__ = ["DateOrderError", "date_format_of", "days_of", "looks_like_date"]

_DATE = re.compile(
    r"(\d{1,4})([-/.])(\d{1,2})\2(\d{2,4})(?:(?:[T ]| - )(\d{1,2}:\d{2})(:\d{2})?([.,]\d{1,9})?"
    r" ?([AaPp][Mm])? ?(Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
DAY_SECONDS = 86400.0
EPOCH = datetime(1970, 1, 1)


class DateOrderError(ValueError):
    """Dates whose day and month could be either: its argument is one of them."""


def looks_like_date(text: str) -> bool:
    """Whether it has the shape of a date, with or without a time.

    Examples
    --------
    >>> looks_like_date("2024-03-31T12:00:00Z"), looks_like_date("31.3.24"), looks_like_date("12-05")
    (True, True, False)
    """
    return _DATE.fullmatch(text) is not None


def date_format_of(texts: Sequence[str]) -> str | None:
    """The order of distinct dates: "%Y-%m-%d", "%d.%m.%Y", … for the date; a time may follow. None where they are none.

    Raises
    ------
    DateOrderError
        All days are at most 12, and nothing else tells which the month is.
    """
    if not texts:
        return None
    found = [_DATE.fullmatch(text) for text in texts]
    parts = [match.groups() for match in found if match is not None]
    if len(parts) < len(texts) or len({part[1] for part in parts}) > 1:
        return None
    mark = parts[0][1]
    first, middle, last = ([int(part[i]) for part in parts] for i in (0, 2, 3))
    if all(len(part[0]) == 4 for part in parts):
        fits = (
            max(middle) <= 12 and max(last) <= 31 and all(len(p[3]) < 3 for p in parts)
        )
        return f"%Y{mark}%m{mark}%d" if fits else None
    widths = {len(part[3]) for part in parts}
    if widths not in ({2}, {4}) or max(first) > 31 or max(middle) > 31:
        return None
    year = "%Y" if widths == {4} else "%y"
    day_first, month_first = f"%d{mark}%m{mark}{year}", f"%m{mark}%d{mark}{year}"
    if max(first) > 12:
        return day_first if max(middle) <= 12 else None
    if max(middle) > 12:
        return month_first
    if mark == ".":
        return day_first
    raise DateOrderError(texts[0])


def days_of(text: str, form: str) -> float | None:
    """Days since 1970-01-01, in UTC where the text names a zone; None where it is no date in this format.

    Examples
    --------
    >>> days_of("2.1.1970 12:00", "%d.%m.%Y"), days_of("1970-01-02T00:00:00+01:00", "%Y-%m-%d")
    (1.5, 0.9583333333333334)
    """
    match = _DATE.fullmatch(text)
    try:
        if match is None or "%H" in form or "%I" in form:
            moment = datetime.strptime(text, form)
            if moment.tzinfo is not None:
                moment = moment.astimezone(UTC).replace(tzinfo=None)
            return (moment - EPOCH).total_seconds() / DAY_SECONDS
        first, mark, middle, last, clock, seconds, fraction, half, zone = match.groups()
        date = datetime.strptime(f"{first}{mark}{middle}{mark}{last}", form)
    except ValueError:
        return None
    days = float((date - EPOCH).days)
    if clock is None:
        return days
    hour, minute = map(int, clock.split(":"))
    if half is not None:
        hour = hour % 12 + 12 * (half.lower() == "pm")
    if hour > 24 or minute > 59:
        return None
    time = hour * 3600 + minute * 60 + float((seconds or ":0")[1:])
    time += float("0." + fraction[1:]) if fraction else 0.0
    if zone and zone[0] in "+-":
        sign = -1 if zone[0] == "+" else 1
        time += sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return days + time / DAY_SECONDS
