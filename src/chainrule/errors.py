"""The errors that reach a user.

Each has three parts: what was given, what is allowed, what to do. They are raised at the
public boundary only; the mathematics behind it assumes checked arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any

from .printable import printable

__all__ = [
    "InputError",
    "NonFiniteError",
    "capitalized",
    "counted",
    "is_number",
    "named_among",
    "require_kind",
    "type_of",
]


class InputError(ValueError):
    """A value that cannot be used, said in three parts.

    Parameters
    ----------
    given : str
        What was given, with the offending value.
    allowed : str
        What is allowed in its place.
    remedy : str
        What to do.

    Examples
    --------
    >>> raise InputError("epochs = -1", "a whole number >= 0", "Pass epochs=10, say.")
    Traceback (most recent call last):
    ...
    chainrule.errors.InputError: Given: epochs = -1. Allowed: a whole number >= 0. Pass epochs=10, say.
    """

    def __init__(self, given: str, allowed: str, remedy: str) -> None:
        self.given = given
        self.allowed = allowed
        self.remedy = remedy
        super().__init__(given, allowed, remedy)

    def __str__(self) -> str:
        return printable(f"Given: {self.given}. Allowed: {self.allowed}. {self.remedy}")


class NonFiniteError(ArithmeticError):
    """A computation produced NaN or infinity.

    Parameters
    ----------
    quantity : str
        Where it first appeared, in the letters of the equations: "Z[2]", "dW[1]", "J".
    step : int, optional
        The step of the run, from 1.
    """

    def __init__(self, quantity: str, step: int | None = None) -> None:
        self.quantity = quantity
        self.step = step
        super().__init__(quantity, step)

    @property
    def found(self) -> str:
        """The finding and its place, without the remedy."""
        when = "" if self.step is None else f" in step {self.step}"
        return f"Found: NaN or infinity{when}, first in {self.quantity}. Expected: finite numbers."

    def __str__(self) -> str:
        remedy = "Lower the learning rate, scale the inputs to about 1, or clip the gradient (clip_norm=1.0)."
        return f"{self.found} {remedy}"


def capitalized(words: str) -> str:
    """Words as the begin of a sentence; those behind the first letter stay as they are."""
    return words[:1].upper() + words[1:]


def counted(number: int, word: str) -> str:
    """The number of things, in words.

    Examples
    --------
    >>> counted(1, "value"), counted(2, "value")
    ('1 value', '2 values')
    """
    return f"{number} {word}" + ("" if number == 1 else "s")


def is_number(value: Any) -> bool:
    """Return whether it is a real number, Python's or NumPy's; True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def type_of(value: Any) -> str:
    """The name of a value's type, with its article.

    Examples
    --------
    >>> type_of([1]), type_of(1), type_of(None), type_of(InputError)
    ('a list', 'an int', 'None', 'the class InputError')
    """
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def named_among(value: Any, names: Iterable[str], remedy: str) -> str:
    """A remedy for a name that is not among these: the nearest of them, where one is near.

    Examples
    --------
    >>> named_among("rleu", ["tanh", "relu"], "Choose one of these.")
    "Did you mean 'relu'?"
    >>> named_among("xyz", ["tanh", "relu"], "Choose one of these.")
    'Choose one of these.'
    """
    from difflib import get_close_matches

    plain = {name.replace("_", "").lower(): name for name in names}
    asked = str(value).replace("_", "").replace("-", "").replace(" ", "").lower()
    near = get_close_matches(asked, list(plain), n=1)
    return f"Did you mean {plain[near[0]]!r}?" if near else remedy


def require_kind(name: str, value: Any, kind: type, remedy: str) -> None:
    """Raise unless `value` is an instance of `kind`.

    Parameters
    ----------
    name : str
        How the error calls the value.
    value : object
    kind : type
    remedy : str
        What to do.

    Raises
    ------
    InputError
        It is something else; where it is a report, says to pass what is in it.
    """
    if isinstance(value, kind):
        return
    wanted = f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}"
    if not isinstance(value, type) and isinstance(getattr(value, name, None), kind):
        remedy = f"Pass {type(value).__name__.lower()}.{name}."  # a Report or a Model was given
    raise InputError(f"{name} that is {type_of(value)}", wanted, remedy)
