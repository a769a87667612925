"""The part of a moment to be shown, and its form: the arguments of `explain` on it, checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..documents.spelling import Spelling
from ..errors import InputError
from ..training.options import checked_count
from .contents import spellings_of
from .explanation import Explanation
from .moment import Moment
from .numbers import numbers_of
from .sheet import withheld
from .steps import select

__all__ = ["Wanted", "explained"]

#: float64 has no more.
MOST_DIGITS = 17


@dataclass(frozen=True)
class Wanted:
    """The part of a moment to be shown, and its form; the arguments of `explain`."""

    row: int
    spelled: Spelling
    layer: int | str | Sequence[int | str] | None
    unit: int | Sequence[int] | None
    equation: str | Sequence[str] | None
    terms: int
    digits: int
    blank: bool = False


def explained(
    moment: Moment, wanted: Wanted, engine: str, title: str | None
) -> Explanation:
    """The explanation of a moment."""
    count, row, spelled = moment.data.rows, wanted.row, wanted.spelled
    if (
        isinstance(row, bool)
        or not isinstance(row, int | np.integer)
        or not 0 <= row < count
    ):
        raise InputError(
            f"row = {row!r}",
            f"a whole number from 0 to {count - 1}: there are {count} rows"
            if count > 1
            else "0: there is one row",
            "Rows count from 0: 0 is the first.",
        )
    terms, digits = (
        checked_count("terms", wanted.terms, low=1),
        checked_count("digits", wanted.digits, low=1),
    )
    if digits > MOST_DIGITS:
        raise InputError(
            f"digits = {digits}", f"1 … {MOST_DIGITS}", "float64 has no more."
        )
    numbers = numbers_of(moment, int(row), engine)
    L = numbers.layers
    asked = [] if wanted.equation is None else several("equation", wanted.equation)
    equations = tuple(str(one).strip(" ()") for one in asked)
    here = spellings_of(numbers.traits, equations)[spelled.name]
    layers = (
        None
        if wanted.layer is None
        else [layer_of(spelled, here, one, L) for one in several("layer", wanted.layer)]
    )
    units = (
        None
        if wanted.unit is None
        else [unit_of(one) for one in several("unit", wanted.unit)]
    )
    named = f"{moment.network}" + (f"; {title}" if title else "")
    made = Explanation(
        withheld(numbers, terms) if wanted.blank else numbers,
        select(numbers, layers, units, terms),
        spelled.name,
        named,
        digits,
        equations,
    )
    made.require_steps()
    return made


def several(name: str, one: Any) -> list[Any]:
    """One thing, or a sequence of them, as a list."""
    found = (
        [one] if isinstance(one, str) or not isinstance(one, Iterable) else list(one)
    )
    if not found:
        raise InputError(
            f"{name} = {one!r}, which chooses nothing",
            "one, or a list of them",
            "Leave it out for all.",
        )
    return found


def unit_of(one: Any) -> int:
    """The number of a unit."""
    if isinstance(one, bool) or not isinstance(one, int | np.integer) or one < 1:
        raise InputError(
            f"unit = {one!r}",
            "whole numbers from 1",
            "Units count from 1: pass unit=1 for the first.",
        )
    return int(one)


def layer_of(spelled: Spelling, here: Spelling, label: int | str, layers: int) -> int:
    """The layer that a notation calls so, in general or in a network of this shape."""
    found = here.layer_of(str(label), layers) or spelled.layer_of(str(label), layers)
    if found is None:
        called = ", ".join(here.label(l, layers) for l in range(1, layers + 1))
        raise InputError(
            f"layer {label!r}",
            f"{called}, as {spelled.name} calls them",
            "Choose one of these.",
        )
    return found
