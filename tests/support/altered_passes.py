"""A document's pass with something wrong in it: what every checked line must notice, one way or another."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

__all__ = ["enlarged", "fields_of", "scaled"]

#: By how much a number is off: far above a line's tolerance, and far below what a misprint does.
OFF = 1e-3


def fields_of(computed: Any) -> list[str]:
    """The names of a pass's numbers: arrays, arrays by layer, and what is derived from them as one number."""
    return [
        one.name for one in fields(computed) if _is_numbers(getattr(computed, one.name))
    ]


def _is_numbers(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(v, np.ndarray) for v in value.values())
    return isinstance(value, np.ndarray | np.floating | float)


def scaled(computed: Any, names: list[str], seed: int = 0) -> Any:
    """The pass with each number of these fields off by some 0.1 %, a zero too, each by another amount."""
    rng = np.random.default_rng(seed)

    def off(array: Any) -> Any:
        by, of_a_zero = (OFF * rng.uniform(0.5, 1.5, np.shape(array)) for _ in "ab")
        return array * (1 + by) + np.where(array == 0, of_a_zero, 0.0)

    return _changed(computed, names, off)


def enlarged(computed: Any, names: list[str]) -> Any:
    """The pass with a row more in each of these arrays, a layer less, and a number more in each list of widths."""

    def more(array: Any) -> Any:
        return np.concatenate([array, array[-1:]]) if np.ndim(array) else array

    made = _changed(computed, names, more)
    changes: dict[str, Any] = {}
    for name in ("n", "D"):
        widths = getattr(computed, name, None)
        if isinstance(widths, tuple):
            changes[name] = (*widths, 1)
        elif isinstance(widths, dict):
            changes[name] = {k: width + 1 for k, width in widths.items()}
    for name in names:
        value = getattr(made, name)
        if isinstance(value, dict):
            changes[name] = dict(list(value.items())[:-1])
    return replace(made, **changes)


def _changed(computed: Any, names: list[str], change: Any) -> Any:
    made = {}
    for name in names:
        value = getattr(computed, name)
        made[name] = (
            {key: change(array) for key, array in value.items()}
            if isinstance(value, dict)
            else change(value)
        )
    return replace(computed, **made)
