"""Checks of the arguments of steps and derivations: rates, layers that move, numbers, counts, an activation."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from ..equations.activation import Activation, Elementwise
from ..equations.activations import ACTIVATIONS
from ..errors import InputError, is_number, named_among, type_of

__all__ = [
    "checked_count",
    "checked_number",
    "checked_rate",
    "elementwise",
    "moving",
]


def checked_number(name: str, value: Any) -> Any:
    """A finite number, real or complex (the complex step of a derivation).

    Raises
    ------
    InputError
        Anything else.
    """
    known = is_number(value) or isinstance(value, complex | np.complexfloating)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        known = value.dtype.kind in "iufc"
    if not known or not np.isfinite(value):
        raise InputError(f"{name} = {value!r:.80}", "a finite number", "Pass 0.5, say.")
    return value


def checked_rate(letter: str, rate: Any) -> float:
    """The rate of a step.

    Parameters
    ----------
    letter : str
        The document's: "α" or "η".
    rate : float

    Raises
    ------
    InputError
        No number, NaN, infinity, 0 or below: such a step moves nothing, ascends, or destroys the parameters.

    Examples
    --------
    >>> checked_rate("η", float("nan"))
    Traceback (most recent call last):
    ...
    chainrule.errors.InputError: Given: η = nan. Allowed: a finite number > 0. Pass 0.1, say.
    """
    if not is_number(rate) or not 0 < rate < float("inf"):
        raise InputError(
            f"{letter} = {rate!r:.80}", "a finite number > 0", "Pass 0.1, say."
        )
    return float(rate)


def checked_count(name: str, value: Any, low: int = 0) -> int:
    """A whole number, `low` or more.

    Raises
    ------
    InputError
        Anything else.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < low:
        raise InputError(
            f"{name} = {value!r:.80}",
            f"a whole number ≥ {low}",
            f"Pass {low + 1}, say.",
        )
    return int(value)


def moving(
    symbol: str, layers: Collection[Any] | None, known: Iterable[Any]
) -> frozenset[Any]:
    """The layers that a step moves: those asked for, all by default.

    Parameters
    ----------
    symbol : str
        Their matrices, in the document's letters: "W^[l]".
    layers : collection of int (in S4 also "F"), optional
    known : iterable
        The document's numbers of all of them.

    Raises
    ------
    InputError
        A layer that is not there, none at all, or one that stands alone and in no list.

    Examples
    --------
    >>> sorted(moving("W^[l]", [2], [1, 2, 3]))
    [2]
    >>> moving("W^[l]", [0, 2], [1, 2, 3])
    Traceback (most recent call last):
    ...
    chainrule.errors.InputError: Given: layers = 0 of W^[l]. Allowed: layers 1, 2, 3. Count as the document does.
    """
    there = list(known)
    if layers is None:
        return frozenset(there)
    called = ", ".join(map(str, there))
    if isinstance(layers, str) or not isinstance(layers, Collection):
        raise InputError(
            f"layers = {layers!r:.80}, {type_of(layers)}",
            f"a list of layers of {called}",
            f"Pass layers=[{there[-1]!r}], say.",
        )
    if len(layers) == 0:
        raise InputError(
            f"layers = {layers!r}, which moves nothing",
            f"some of the layers {called}",
            "Leave it out to move all.",
        )
    unknown = [one for one in layers if not _is_among(one, there)]
    if unknown:
        raise InputError(
            f"layers = {', '.join(map(str, unknown))} of {symbol}",
            f"layers {called}",
            "Count as the document does.",
        )
    return frozenset(int(one) if isinstance(one, np.integer) else one for one in layers)


def _is_among(one: Any, there: list[Any]) -> bool:
    """Membership among these numbers or letters; True is no 1, and 1.0 none."""
    whole = isinstance(one, int | np.integer | str) and not isinstance(one, bool)
    return whole and one in there


def elementwise(mu: Any) -> Elementwise:
    """An activation that acts on each number by itself, by its name or as it is.

    Raises
    ------
    InputError
        Another name, or an activation of a whole vector.

    Examples
    --------
    >>> elementwise("relu").name
    'relu'
    """
    if isinstance(mu, str):
        if mu not in ACTIVATIONS:
            raise InputError(
                f"μ = {mu!r}",
                ", ".join(ACTIVATIONS),
                named_among(mu, ACTIVATIONS, "Choose one of these."),
            )
        mu = ACTIVATIONS[mu]()
    if not isinstance(mu, Elementwise):
        given = getattr(mu, "name", None) if isinstance(mu, Activation) else None
        raise InputError(
            f"μ = {given!r}" if given else f"μ that is {type_of(mu)}",
            "an activation that acts on each number by itself",
            'Pass "relu", say; softmax needs all numbers of its layer.',
        )
    return mu
