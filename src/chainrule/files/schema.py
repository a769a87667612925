"""Schemas: JSON from a file becomes a dataclass only where every value has the type that is declared.

The declaration is the dataclass; msgspec compares (docs/decisions/0009-schemas.md). What types cannot say, such
as a spread > 0, stands in the dataclass's `__post_init__`, as a `ValueError`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

__all__ = ["UnknownNameError", "fitted", "made_of", "read_json"]

T = TypeVar("T")


class UnknownNameError(ValueError):
    """A name that is not in its table: of a newer version, or a function of one's own."""


def read_json(text: str | bytes) -> Any:
    """JSON as it is standardized: NaN, infinities, and numbers that become one raise `ValueError`.

    Examples
    --------
    >>> read_json('{"mean": 0.5}')
    {'mean': 0.5}
    >>> read_json('[1e999]')
    Traceback (most recent call last):
    ...
    ValueError: the number 1e999, which is not finite
    """
    if isinstance(text, bytes):
        text = text.decode()
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("lists within lists, too many to read") from error


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:40]}, which is not finite")
    return value


def fitted(kind: type[T], value: Any, name: str = "") -> T:
    """The dataclass that a value of JSON describes.

    Parameters
    ----------
    kind : type
        A dataclass, or another type that annotations can say.
    value : object
        Of JSON. Keys that the dataclass does not have are ignored.
    name : str
        What the value is called, which begins the place in a message.

    Raises
    ------
    ValueError
        Names the first place whose value is of another type, and both types.

    Examples
    --------
    >>> fitted(dict[str, list[float]], {"x": [1, 2.5]})
    {'x': [1.0, 2.5]}
    >>> fitted(dict[str, list[float]], {"x": [1, "2"]}, "notes")
    Traceback (most recent call last):
    ...
    ValueError: notes[...][1]: expected float, got str
    """
    import msgspec

    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        what, _, place = str(error).replace("`", "").partition(" - at $")
        place = (name + place).lstrip(".")
        what = what[0].lower() + what[1:]
        raise ValueError(f"{place}: {what}" if place else what) from error
    except (RecursionError, OverflowError, SystemError) as error:
        # SystemError: msgspec before 0.22 forgets the error of a number that is too large
        raise ValueError(f"{name or 'a value'} beyond what is read") from error


def made_of(
    spec: Mapping[str, Any], table: Mapping[str, Callable[..., T]], word: str
) -> T:
    """The thing of a table that a name and its parameters describe.

    Parameters
    ----------
    spec : mapping
        `name`, and the parameters by theirs.
    table : mapping of str to callable
    word : str
        What the things of the table are: "activation".

    Raises
    ------
    ValueError
        No such name (`UnknownNameError`), or parameters that it does not have or take.
    """
    name = spec.get("name")
    if not isinstance(name, str) or name not in table:
        raise UnknownNameError(f"{word} {name!r:.100}, which is not in the table")
    parameters = {key: value for key, value in spec.items() if key != "name"}
    try:
        return table[name](**parameters)
    except (TypeError, OverflowError, AttributeError) as error:
        raise ValueError(
            f"{word} {name!r} with the parameters {parameters!r:.200}"
        ) from error
