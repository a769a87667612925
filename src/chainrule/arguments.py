"""Names of arguments in messages: as a call in Python has them, or as whoever took the call has them.

The command sets its own spelling (`cli/option_spelling.py`), so that nothing below it knows an option.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["argument", "arguments", "as_kind", "spelled_by"]


def _in_python(name: str, value: Any) -> str:
    return f"{name}={'…' if value is None else repr(value)}"


_spelling: ContextVar[Callable[[str, Any], str]] = ContextVar(
    "spelling", default=_in_python
)


def argument(name: str, value: Any = None) -> str:
    """The argument of a public function with its value, as the caller would write it.

    Examples
    --------
    >>> argument("separator", ";"), argument("target")
    ("separator=';'", 'target=…')
    """
    return _spelling.get()(name, value)


def arguments(given: Mapping[str, Any]) -> str:
    """Several arguments with their values, as the caller would write them.

    Examples
    --------
    >>> arguments({"separator": ";", "decimal": ","})
    "separator=';', decimal=','"
    """
    between = ", " if _spelling.get() is _in_python else " "
    return between.join(argument(name, value) for name, value in given.items())


def as_kind(column: str, kind: str) -> str:
    """The argument that says what a column holds.

    Examples
    --------
    >>> as_kind("zip", "category")
    "kinds={'zip': 'category'}"
    """
    return argument("kinds", {column: kind})


@contextmanager
def spelled_by(spelling: Callable[[str, Any], str]) -> Iterator[None]:
    """Spell arguments by this function of a name and a value within the block."""
    token = _spelling.set(spelling)
    try:
        yield
    finally:
        _spelling.reset(token)
