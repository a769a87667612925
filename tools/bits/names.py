"""Names of results (`case/part`), patterns of them, and the mark of a case that raised an exception."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

__all__ = ["RAISED", "is_named", "matches"]

#: The start of a value that is no hash.
RAISED = "raised "


def matches(name: str, pattern: str) -> bool:
    """Whether a pattern names this, or a case or group that it belongs to."""
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}/*")


def is_named(name: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns names this."""
    return any(matches(name, pattern) for pattern in patterns)
