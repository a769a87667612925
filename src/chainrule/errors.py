"""The errors that reach a user.

Each has three parts: what was given, what is allowed, what to do. They are raised at the
public boundary only; the mathematics behind it assumes checked arrays.
"""

from __future__ import annotations

__all__ = ["InputError", "NonFiniteError"]


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
        return f"Given: {self.given}. Allowed: {self.allowed}. {self.remedy}"


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

    def __str__(self) -> str:
        when = "" if self.step is None else f" in step {self.step}"
        return (
            f"Found: NaN or infinity{when}, first in {self.quantity}. Expected: finite numbers. "
            "Lower the learning rate, scale the inputs to about 1, or clip the gradient (clip_norm=1.0)."
        )
