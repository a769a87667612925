"""Functions as text for a file that is written: those that are needed, each before its callers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["Texts", "texts_with_needs"]

#: Name → the functions that it calls, and its text.
Texts = Mapping[str, tuple[tuple[str, ...], str]]


def texts_with_needs(table: Texts, names: Iterable[str]) -> list[str]:
    """The texts of these functions and of those that they call, each before its callers, once.

    Examples
    --------
    >>> texts_with_needs({"f": (("g",), "f calls g"), "g": ((), "g")}, ["f", "g"])
    ['g', 'f calls g']
    """
    found: dict[str, str] = {}

    def add(name: str) -> None:
        needs, text = table[name]
        for need in needs:
            add(need)
        found.setdefault(name, text)

    for name in names:
        add(name)
    return list(found.values())
