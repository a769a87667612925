"""A gradient written by hand, of any function of one vector, against numerical differentiation of the function."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import InputError, type_of
from .check_result import GradientCheck
from .differentiation import STEP, derivative_along
from .draws import Purpose, generator
from .entry_checks import PointOfCheck, checked_max_entries, require_method
from .rounding import EPSILON

__all__ = ["check_function_gradient"]

Vector = np.ndarray[Any, Any]
#: Roundings that θ is moved by, to see what rounding does to the gradient; and the margin on what is seen.
MOVED, MARGIN = 4, 16
#: To what the complex step must agree with differences for it to be taken.
AGREES = 1e-4


def check_function_gradient(
    function: Callable[[Vector], Any],
    gradient: Callable[[Vector], Any],
    theta: Any,
    *,
    method: str = "auto",
    max_entries: int | None = None,
    seed: int = 0,
) -> GradientCheck:
    """Compare a gradient that you wrote with numerical differentiation of its function.

    Parameters
    ----------
    function : callable
        J(θ): a vector of shape (D,) in, one number out.
    gradient : callable
        ∇J(θ): the same vector in, shape (D,) out.
    theta : array_like, shape (D,)
        Where to compare.
    method : {"auto", "complex", "central"}
        "auto" takes the complex step where the function takes complex numbers and its complex step along a random
        direction agrees with differences, else central differences.
    max_entries : int, optional
        Compare at most this many entries, drawn by `seed`; all by default. With 0 only a random direction.
    seed : int
        For the random direction and the draw of entries.

    Returns
    -------
    GradientCheck
        The rows "theta" and "direction", as those of `check_gradient`.

    Raises
    ------
    InputError
        Something that cannot be called, a θ that is no vector of numbers, a function that gives more than one number,
        a gradient of another shape, either of them in float32; "complex" where it does not apply.

    Notes
    -----
    What rounding does is seen by moving θ by some roundings: the largest change of the gradient, with a margin. Nothing
    is known of kinks; differences across one give the mean of both sides, so choose a θ away from them.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> check_function_gradient(lambda t: t @ A @ t / 2, lambda t: A @ t, [1.0, -1.0]).passed
    True
    >>> check_function_gradient(lambda t: t @ A @ t / 2, lambda t: A.T @ t / 2, [1.0, -1.0]).failed
    True
    """
    for name, called in (("function", function), ("gradient", gradient)):
        if not callable(called):
            raise InputError(
                f"{name} that is {type_of(called)}",
                "a function of a vector",
                f"Pass the function itself, not what it gives: {name}=lambda theta: ….",
            )
    require_method(method)
    max_entries = checked_max_entries(max_entries)
    at = _vector(theta)
    rng = generator(seed, Purpose.GRADIENT_CHECK)

    def value(v: Vector) -> tuple[Any, list[Any]]:
        found = np.asarray(function(v))
        if found.size != 1 or found.item() is None:
            gives = f"shape {found.shape}" if found.size != 1 else "None"
            raise InputError(
                f"function that gives {gives}",
                "one number",
                "Sum or average what it computes, and return it.",
            )
        return _in_double("function", found).reshape(()), []

    def derived(v: Vector) -> Vector:
        found = np.asarray(gradient(v))
        if found.shape != at.shape:
            raise InputError(
                f"gradient of shape {found.shape}",
                f"shape {at.shape}, as theta",
                "Flatten it as theta is.",
            )
        return _in_double("gradient", found)

    with np.errstate(all="ignore"):  # what overflows is reported
        here = derived(at.copy())
        moved = at * (1 + MOVED * EPSILON * rng.choice([-1.0, 1.0], at.shape))
        finite = np.nan_to_num(np.abs([derived(moved) - here, here]))
        size = MARGIN * EPSILON * np.abs(here)
        noise = np.nan_to_num(size) + MARGIN * (
            float(np.max(finite[0])) + EPSILON * float(np.max(finite[1]))
        )
        direction: Vector = np.asarray(rng.normal(size=at.shape))
        direction = direction / np.linalg.norm(direction)
        if method != "central" and not _takes_complex(value, at, direction):
            if method == "complex":
                raise InputError(
                    'method = "complex" for a function whose complex step is not its derivative',
                    '"central"',
                    'Pass method="central", or write the function without abs, max and comparisons of complex numbers.',
                )
            method = "central"
        method = "complex" if method == "auto" else method
        point = PointOfCheck(value, at, here, noise, 0.0, method)
        checks = []
        if max_entries != 0:
            span = (0, at.size)
            checks.append(
                point.compare_entries("theta", span, at.shape, STEP, max_entries, rng)
            )
        checks.append(point.compare_direction(STEP, rng))
    return GradientCheck(method, tuple(checks))


def _in_double(name: str, found: Vector) -> Vector:
    """The numbers in double precision; raises where they have fewer digits, the rounding of which would be an error."""
    if found.dtype not in (np.float16, np.float32, np.complex64):
        with contextlib.suppress(TypeError, ValueError):
            return found if found.dtype.kind == "c" else found.astype(float)
    raise InputError(
        f"{name} that gives {found.dtype}",
        "float64, so that rounding neither hides an error nor makes one",
        "Compute in float64 throughout: theta is of float64.",
    )


def _takes_complex(value: Any, at: Vector, direction: Vector) -> bool:
    """Return whether the complex step along a direction is the derivative, by differences."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            step = derivative_along(value, at, [], direction, "complex")
    except (TypeError, ValueError, AttributeError, np.exceptions.ComplexWarning):
        return False
    near = derivative_along(value, at, [], direction, "central")
    if step is None or near is None:
        return False
    off = abs(step.value - near.value)
    return bool(off <= AGREES * abs(near.value) + near.noise)


def _vector(theta: Any) -> Vector:
    try:
        at = np.array(theta, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"theta of type {type(theta).__name__} that is no array of real numbers",
            "a vector of numbers",
            "Pass one flat NumPy array.",
        ) from error
    if at.ndim != 1 or at.size == 0 or not np.isfinite(at).all():
        raise InputError(
            f"theta of shape {at.shape}"
            + ("" if np.isfinite(at).all() else " with NaN or infinity"),
            "a vector of at least one finite number",
            "Flatten it: theta.ravel().",
        )
    return at
