"""Options that are texts with something in them."""

from __future__ import annotations

from ..errors import InputError

__all__ = ["checked_units", "checked_widths", "option_name"]


def option_name(name: str) -> str:
    """The option that sets an argument of `load_data` or a field of a recipe.

    Examples
    --------
    >>> option_name("batch_rows"), option_name("kinds")
    ('--batch-rows', '--kind')
    """
    return "--" + ("kind" if name == "kinds" else name.replace("_", "-"))


def checked_widths(text: str | None) -> tuple[int, ...] | None:
    """Widths of hidden layers, out of one text; None where nothing was given.

    Examples
    --------
    >>> checked_widths("128,64"), checked_widths("none"), checked_widths(None)
    ((128, 64), (), None)
    """
    if text is None or text.strip() in ("none", ""):
        return None if text is None else ()
    try:
        widths = tuple(int(part) for part in text.split(","))
    except ValueError:
        widths = (0,)
    if min(widths) < 1:
        raise InputError(
            f"--hidden {text}",
            "whole numbers >= 1 with commas, or none",
            "Say --hidden 128,64.",
        )
    return widths


def checked_units(text: str | None) -> tuple[int, ...] | None:
    """Numbers of units, out of one text; None where nothing was given.

    Examples
    --------
    >>> checked_units("3,17"), checked_units(None)
    ((3, 17), None)
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() for part in parts):
        raise InputError(
            f"--unit {text}",
            "whole numbers from 1, with commas",
            "Say --unit 3, or --unit 3,17.",
        )
    return tuple(int(part) for part in parts)
