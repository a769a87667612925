"""Dates written as text, as days since 1970-01-01; refused where day and month could be either."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

__all__ = [
    "EPOCH",
    "DateOrderError",
    "date_format_of",
    "date_orders",
    "days_of",
    "looks_like_date",
]

_DATE = re.compile(
    r"(\d{1,4})([-/.])(\d{1,2})\2(\d{2,4})(?:(?:[T ]| - )(\d{1,2}:\d{2})(:\d{2})?([.,]\d{1,9})?"
    r" ?([AaPp][Mm])? ?(Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
DAY_SECONDS = 86400.0
EPOCH = datetime(1970, 1, 1)


class DateOrderError(ValueError):
    """Dates of which several orders are possible: its arguments are one of them, and the formats."""


def looks_like_date(text: str) -> bool:
    """Return whether it has the shape of a date, with or without a time.

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
        All days are at most 12, and nothing else tells which the month is; or the first may be the year or the day.
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
    if widths not in ({2}, {4}):
        return None
    year = "%Y" if widths == {4} else "%y"
    orders = []
    if max(first) <= 31 and max(middle) <= 12:
        orders.append(f"%d{mark}%m{mark}{year}")
    if max(first) <= 12 and max(middle) <= 31 and (mark != "." or not orders):
        orders.append(f"%m{mark}%d{mark}{year}")
    if _year_may_be_first(parts) and (
        mark != "." or not orders or len(set(first)) < len(set(last))
    ):
        orders.append(f"%y{mark}%m{mark}%d")
    if len(orders) > 1:
        raise DateOrderError(texts[0], *orders)
    return orders[0] if orders else None


def _year_may_be_first(parts: Sequence[Sequence[str]]) -> bool:
    """Return whether all are two digits, such that the first may be the year, and the last the day."""
    return all(len(part[0]) == len(part[3]) == 2 for part in parts) and all(
        1 <= int(part[2]) <= 12 and 1 <= int(part[3]) <= 31 for part in parts
    )


def date_orders(text: str) -> tuple[str, ...]:
    """All formats in which a text is a date.

    Examples
    --------
    >>> date_orders("24.12.2024"), date_orders("12/24/2024"), date_orders("123-45-6789")
    (('%d.%m.%Y',), ('%m/%d/%Y',), ())
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return ()
    mark = match[2]
    if len(match[1]) == 4:
        orders: tuple[str, ...] = ("%Y %m %d",)
    else:
        orders = ("%d %m %Y", "%m %d %Y")
        if len(match[4]) == 2:
            orders = ("%d %m %y", "%m %d %y", "%y %m %d")
    forms = (order.replace(" ", mark) for order in orders)
    return tuple(form for form in forms if days_of(text, form) is not None)


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
