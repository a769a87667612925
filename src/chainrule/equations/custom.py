"""Activations and losses of your own, whose derivative is verified before they are accepted."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import InputError, type_of
from .activation import Activation, Elementwise
from .arrays import Array
from .intervals import Interval
from .loss import Loss, Pointwise

__all__ = ["custom_activation", "custom_loss"]

#: Of the differences that derivatives are compared with.
STEP = 1e-3


def custom_activation(
    phi: Callable[[Array], Array],
    phi_prime: Callable[[Array], Array],
    *,
    name: str = "custom",
    bounds: tuple[float, float] = (-math.inf, math.inf),
    kinks: tuple[float, ...] = (),
    analytic: bool = False,
) -> Activation:
    """An activation of your own; φ′ is verified numerically before it is accepted.

    Parameters
    ----------
    phi, phi_prime : callable
        φ and φ′, elementwise: arrays in, arrays of the same shape and dtype out.
    name : str
        How messages and files call it.
    bounds : (float, float)
        The open interval in which the values of φ lie; decides which losses fit.
    kinks : tuple of float
        Where φ′ or a higher derivative jumps; not compared there.
    analytic : bool
        Whether φ accepts complex numbers, so that the complex step applies; verified.

    Raises
    ------
    InputError
        φ′ is not the derivative of φ, or the complex step of φ is not: says where, and the two
        values. φ is not elementwise, is NaN somewhere, or leaves `bounds`.

    Notes
    -----
    Compared on 241 points in [-12, 12], where φ is finite, with five-point differences; they must
    agree to 1e-6 of max(1, |φ′|).

    Examples
    --------
    >>> import numpy as np
    >>> sine = custom_activation(np.sin, np.cos, name="sine", bounds=(-1.1, 1.1))
    >>> custom_activation(np.sin, lambda z: 1.001 * np.cos(z))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    chainrule.errors.InputError: Given: custom activation whose φ′ is wrong at z = ...
    """
    z = np.linspace(-12.0, 12.0, 241)
    value, backwards = (_called("φ", phi, points) for points in (z, z[::-1].copy()))
    given = _called("φ′", phi_prime, z)
    if value.shape != z.shape or given.shape != z.shape:
        raise InputError(
            f"custom activation that maps shape {z.shape} to {value.shape}, its φ′ to {given.shape}",
            "functions that keep the shape",
            "Write φ and φ′ elementwise on arrays.",
        )
    if not np.allclose(value, backwards[::-1], rtol=1e-12, atol=0, equal_nan=True):
        raise InputError(
            "custom activation whose value at a number depends on the others",
            "an elementwise φ",
            "Use softmax from the table for a function of a whole row.",
        )
    if np.isnan(value).any():
        raise InputError(
            f"{name} activation whose φ is NaN at z = {z[np.isnan(value)][0]:.6g}",
            "numbers for all real z; infinity only where φ overflows",
            "Say by numpy.where what φ is there: a layer hands on any real number.",
        )
    what = f"{name} activation whose φ′ is wrong"
    remedy = "if there is a kink at that point, name it in kinks=(...)."
    _verify_derivative(phi, given, z, kinks, what, "φ′", "z", remedy)
    if analytic:
        _verify_analytic(phi, given, z, kinks, f"{name} activation")
    finite = value[np.isfinite(value)]
    low, high = bounds
    if finite.size and not (low <= finite.min() and finite.max() <= high):
        raise InputError(
            f"custom activation with values from {finite.min():.6g} to {finite.max():.6g}",
            f"values in the stated bounds ({low:g}, {high:g})",
            "State the bounds that φ has.",
        )
    return Elementwise(
        name,
        "",
        "",
        phi,
        phi_prime,
        Interval(low, high),
        tuple(kinks),
        "custom",
        analytic=analytic,
        custom=True,
    )


def custom_loss(
    ell: Callable[[Array, Array], Array],
    ell_prime: Callable[[Array, Array], Array],
    *,
    name: str = "custom",
    accepts: tuple[float, float] = (-math.inf, math.inf),
    residual_kinks: tuple[float, ...] = (),
    analytic: bool = False,
) -> Loss:
    """A loss of your own: Σ_k ℓ(y_k, a_k); ∂ℓ/∂a is verified numerically first.

    Parameters
    ----------
    ell, ell_prime : callable
        ℓ(y, a) and ∂ℓ/∂a, elementwise: two arrays in, one of the same shape out.
    name : str
        How messages and files call it.
    accepts : (float, float)
        The open interval of a for which ℓ has a meaning.
    residual_kinks : tuple of float
        The values of y - a at which ℓ is not smooth.
    analytic : bool
        Whether ℓ accepts complex a, so that the complex step applies; verified.

    Raises
    ------
    InputError
        ∂ℓ/∂a is not the derivative of ℓ, or the complex step of ℓ is not: says where, and the two
        values.

    Examples
    --------
    >>> quartic = custom_loss(lambda y, a: (a - y) ** 4, lambda y, a: 4 * (a - y) ** 3, name="quartic")
    >>> quartic.name
    'quartic'
    """
    low, high = max(accepts[0], -6.0), min(accepts[1], 6.0)
    a = np.linspace(low, high, 121)[1:-1]
    for target in (-0.7, 0.0, 0.4, 1.0):
        y = np.full_like(a, target)
        value, given = _called("ℓ", ell, y, a), _called("∂ℓ/∂a", ell_prime, y, a)
        if value.shape != a.shape or given.shape != a.shape:
            raise InputError(
                f"custom loss that maps shape {a.shape} to {value.shape}, its derivative to {given.shape}",
                "functions that keep the shape",
                "Write ℓ and ∂ℓ/∂a elementwise; the sum over outputs is taken for you.",
            )
        kinks = tuple(target - r for r in residual_kinks)
        what = f"{name} loss whose ∂ℓ/∂a is wrong for y = {target:g}"
        of_a = functools.partial(ell, y)
        remedy = (
            "y is the first argument of both functions, a the second; if there is a kink at that point, "
            "name its y - a in residual_kinks=(...)."
        )
        _verify_derivative(of_a, given, a, kinks, what, "∂ℓ/∂a", "a", remedy)
        if analytic:
            _verify_analytic(of_a, given, a, kinks, f"{name} loss for y = {target:g}")
    return Pointwise(
        name,
        "",
        "",
        ell,
        ell_prime,
        Interval(*accepts),
        "custom",
        residuals=tuple(residual_kinks),
        analytic=analytic,
        custom=True,
    )


def _called(
    symbol: str, function: Callable[..., Array], *arguments: Array
) -> np.ndarray[Any, Any]:
    """The result of a function of arrays; raises where it is none."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(function(*arguments))
    except (TypeError, ValueError, AttributeError) as error:
        if not callable(function):
            given = repr(function) if isinstance(function, str) else type_of(function)
            remedy = "Write it as one; a name from the tables goes to Network as it is."
        else:
            given = f"a function that fails on arrays ({type(error).__name__}: {error})"
            remedy = "Write it with functions of NumPy, numpy.tanh instead of math.tanh, say."
        raise InputError(
            f"{symbol} that is {given}", "a function of arrays", remedy
        ) from error


def _near_kink(points: np.ndarray[Any, Any], kinks: tuple[float, ...]) -> Any:
    """A mask of the points from which the differences below could reach across a kink.

    2.5 steps: a point two steps off a kink would be decided by rounding.
    """
    return np.any(
        np.abs(points[:, None] - np.asarray(kinks)[None, :]) < 2.5 * STEP, axis=1
    )


def _verify_analytic(
    function: Callable[[Array], Array],
    given: np.ndarray[Any, Any],
    points: np.ndarray[Any, Any],
    kinks: tuple[float, ...],
    what: str,
) -> None:
    """Raise unless the complex step of `function` is the derivative `given`, to 1e-6."""
    remedy = "Leave analytic out: the gradient check then takes differences."
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(function(points + 1e-30j))
            steps = value.imag / 1e-30
            wrong = ~(np.abs(steps - given) <= 1e-6 * np.maximum(1, np.abs(given)))
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{what} said to be analytic, which fails on complex numbers ({error})",
            "analytic=False",
            remedy,
        ) from error
    wrong &= np.isfinite(given) & np.isfinite(value.real) & ~_near_kink(points, kinks)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputError(
            f"{what} said to be analytic, whose complex step at {points[at]:.6g} is {steps[at]:.10g}, "
            f"not the derivative {given[at]:.10g}",
            "analytic=True for functions that are differentiable at complex numbers",
            remedy,
        )


def _verify_derivative(
    function: Callable[[Array], Array],
    given: np.ndarray[Any, Any],
    points: np.ndarray[Any, Any],
    kinks: tuple[float, ...],
    what: str,
    symbol: str,
    variable: str,
    remedy: str,
) -> None:
    """Raise unless `given` is the derivative of `function` at `points`, to 1e-6.

    Five-point differences with a step of 1e-3; points within two steps of a kink, and those where
    the function is not finite, are left out.
    """
    h = STEP
    with np.errstate(all="ignore"):
        at = [np.asarray(function(points + k * h)) for k in (-2, -1, 1, 2)]
        numerical = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h)
        magnitude = np.max(np.abs(at), axis=0)
        allowed = 1e-6 * np.maximum(1, np.abs(numerical)) + 1e-12 * magnitude
        wrong = ~(np.abs(given - numerical) <= allowed)
    compared = np.isfinite(numerical) & ~_near_kink(points, kinks)
    if not compared.any():
        raise InputError(
            f"{what}: it is finite at none of the points compared",
            "a function that is finite somewhere in [-12, 12]",
            "Check it on a few numbers.",
        )
    if (wrong & compared).any():
        worst = int(
            np.argmax(
                np.where(
                    compared & wrong,
                    np.nan_to_num(np.abs(given - numerical), nan=np.inf),
                    -1,
                )
            )
        )
        raise InputError(
            f"{what} at {variable} = {points[worst]:.6g}: {symbol} says {given[worst]:.10g}, "
            f"differences of the function say {numerical[worst]:.10g}",
            f"{symbol} equal to the derivative to 1e-6",
            f"Correct {symbol}; {remedy}",
        )
