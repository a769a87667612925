"""Outcomes of forms: the agreement of the two sides of an equation, on one network.

A form that compares nothing holds nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .shapes import IndexRangeError, ShapeError

__all__ = ["HOLDS", "Outcome", "Pairs", "evaluate", "worst_of"]

#: The largest scaled error of a line that holds: some hundred roundings of float64, and far below any misprint's.
HOLDS = 1e-11

#: The value of an equation's left-hand side, and that of its right-hand side.
Pairs = Iterator[tuple[Any, Any]]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a form on one network.

    Parameters
    ----------
    kind : str
        "holds", "value", "shape", "product", "index", "not finite" or "nothing".
    error : float or None
        The largest |left - right| / max(1, |left|), where they could be compared.
    detail : str
        The failure in words.
    left, right : Array or None
        The pair with the largest error.
    """

    kind: str
    error: float | None
    detail: str
    left: Any = None
    right: Any = None


def evaluate(form: Callable[[Any, Any], Pairs], t: Any, q: Any) -> Outcome:
    """Evaluate a form on a truth and a pass."""
    try:
        with np.errstate(all="ignore"):
            pairs = [
                (np.asarray(left), np.asarray(right)) for left, right in form(t, q)
            ]
    except IndexRangeError as error:
        return Outcome(
            "index", None, f"{error.given} is out of range ({error.allowed})"
        )
    except KeyError as error:
        return Outcome(
            "index", None, f"there is no layer {error.args[0]!r} of that letter"
        )
    except ShapeError as error:
        return Outcome("product", None, f"shapes do not conform: {error.given}")
    except ValueError as error:  # NumPy's own, of a pass whose arrays do not fit
        return Outcome("product", None, f"shapes do not conform: {error}")
    return worst_of(pairs)


def worst_of(pairs: Iterable[tuple[Any, Any]]) -> Outcome:
    """The outcome of pairs of arrays: a wrong shape, a number that is none, or the largest error."""
    worst = Outcome("nothing", None, "no two numbers were compared")
    for left, right in pairs:
        if left.shape != right.shape:
            return Outcome(
                "shape",
                None,
                f"shape {right.shape} instead of {left.shape}",
                left,
                right,
            )
        if not (np.isfinite(left).all() and np.isfinite(right).all()):
            return Outcome("not finite", None, "NaN or infinity", left, right)
        size = max(1.0, float(np.max(np.abs(left), initial=0.0)))
        error = (
            float(np.max(np.abs(left.astype(float) - right.astype(float)), initial=0.0))
            / size
        )
        if left.size and error >= (worst.error or 0.0):
            worst = Outcome(
                "holds" if error <= HOLDS else "value",
                error,
                f"off by {error:.1e}",
                left,
                right,
            )
    return worst
