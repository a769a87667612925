"""Warnings that point at the user's line, however many of our and scikit-learn's frames are in between."""

from __future__ import annotations

import sys
import warnings

from ..printable import printable_lines

__all__ = ["warn"]

INSIDE = ("chainrule.", "sklearn.", "joblib.")


def warn(message: str, category: type[Warning]) -> None:
    """Warn, at the innermost line that is neither this package's nor scikit-learn's."""
    level, frame = 1, sys._getframe(0)
    while (
        frame.f_back is not None
        and f"{frame.f_globals.get('__name__', '')}.".startswith(INSIDE)
    ):
        level, frame = level + 1, frame.f_back
    warnings.warn(printable_lines(message), category, stacklevel=level)
