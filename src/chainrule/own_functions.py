"""Activations and losses of your own, whose derivative is verified before they are accepted."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .activation_types import Activation, Elementwise, Interval
from .arrays import Array
from .errors import InputError
from .loss_types import Loss, Pointwise

__all__ = ["own_activation", "own_loss"]


def own_activation(
    phi: Callable[[Array], Array],
    phi_prime: Callable[[Array], Array],
    *,
    name: str = "own",
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
        Whether φ accepts complex numbers, so that the complex step applies.

    Raises
    ------
    InputError
        φ′ is not the derivative of φ: says where, and the two values. φ is not elementwise, or
        leaves `bounds`.

    Notes
    -----
    Compared on 241 points in [-12, 12], where φ is finite, with five-point differences; they must
    agree to 1e-6 of max(1, |φ′|).

    Examples
    --------
    >>> import numpy as np
    >>> sine = own_activation(np.sin, np.cos, name="sine", bounds=(-1.1, 1.1))
    >>> own_activation(np.sin, lambda z: 1.001 * np.cos(z))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    chainrule.errors.InputError: Given: own activation whose φ′ is wrong at z = ...
    """
    z = np.linspace(-12.0, 12.0, 241)
    with np.errstate(all="ignore"):
        value = np.asarray(phi(z))
        given = np.asarray(phi_prime(z))
        backwards = np.asarray(phi(z[::-1].copy()))
    if value.shape != z.shape or given.shape != z.shape:
        raise InputError(
            f"own activation that maps shape {z.shape} to {value.shape}, its φ′ to {given.shape}",
            "functions that keep the shape",
            "Write φ and φ′ elementwise on arrays.",
        )
    if not np.allclose(value, backwards[::-1], rtol=1e-12, atol=0, equal_nan=True):
        raise InputError(
            "own activation whose value at a number depends on the others",
            "an elementwise φ",
            "Use softmax from the table for a function of a whole row.",
        )
    _verify_derivative(phi, given, z, kinks, f"{name} activation whose φ′ is wrong", "φ′")
    finite = value[np.isfinite(value)]
    low, high = bounds
    if finite.size and not (low <= finite.min() and finite.max() <= high):
        raise InputError(
            f"own activation with values from {finite.min():.6g} to {finite.max():.6g}",
            f"values in the stated bounds ({low:g}, {high:g})",
            "State the bounds that φ has.",
        )
    return Elementwise(
        name, "own", "own", phi, phi_prime, Interval(low, high), tuple(kinks), "own",
        analytic=analytic, own=True,
    )  # fmt: skip


def own_loss(
    ell: Callable[[Array, Array], Array],
    ell_prime: Callable[[Array, Array], Array],
    *,
    name: str = "own",
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
        Whether ℓ accepts complex a, so that the complex step applies.

    Raises
    ------
    InputError
        ∂ℓ/∂a is not the derivative of ℓ: says where, and the two values.

    Examples
    --------
    >>> quartic = own_loss(lambda y, a: (a - y) ** 4, lambda y, a: 4 * (a - y) ** 3, name="quartic")
    >>> quartic.name
    'quartic'
    """
    low, high = max(accepts[0], -6.0), min(accepts[1], 6.0)
    a = np.linspace(low, high, 121)[1:-1]
    for target in (-0.7, 0.0, 0.4, 1.0):
        y = np.full_like(a, target)
        with np.errstate(all="ignore"):
            value, given = np.asarray(ell(y, a)), np.asarray(ell_prime(y, a))
        if value.shape != a.shape or given.shape != a.shape:
            raise InputError(
                f"own loss that maps shape {a.shape} to {value.shape}, its derivative to {given.shape}",
                "functions that keep the shape",
                "Write ℓ and ∂ℓ/∂a elementwise; the sum over outputs is taken for you.",
            )
        kinks = tuple(target - r for r in residual_kinks)
        what = f"{name} loss whose ∂ℓ/∂a is wrong for y = {target:g}"
        # y is bound now: the function is used before the loop goes on
        _verify_derivative(lambda v, y=y: ell(y, v), given, a, kinks, what, "∂ℓ/∂a")  # type: ignore[misc]
    return Pointwise(
        name, "own", ell, ell_prime, Interval(*accepts), "own",
        residuals=tuple(residual_kinks), analytic=analytic, own=True,
    )  # fmt: skip


def _verify_derivative(
    function: Callable[[Array], Array],
    given: np.ndarray[Any, Any],
    points: np.ndarray[Any, Any],
    kinks: tuple[float, ...],
    what: str,
    symbol: str,
) -> None:
    """Raise unless `given` is the derivative of `function` at `points`, to 1e-6.

    Five-point differences with a step of 1e-3; points within two steps of a kink, and those where
    the function is not finite, are left out.
    """
    h = 1e-3
    with np.errstate(all="ignore"):
        at = [np.asarray(function(points + k * h)) for k in (-2, -1, 1, 2)]
        numerical = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h)
        magnitude = np.max(np.abs(at), axis=0)
        allowed = 1e-6 * np.maximum(1, np.abs(numerical)) + 1e-12 * magnitude
        wrong = ~(np.abs(given - numerical) <= allowed)
    # 2.5 steps: a point two steps off a kink would be decided by rounding
    near_kink = np.any(np.abs(points[:, None] - np.asarray(kinks)[None, :]) < 2.5 * h, axis=1)
    compared = np.isfinite(numerical) & ~near_kink
    if not compared.any():
        raise InputError(
            f"{what}: it is finite at none of the points compared",
            "a function that is finite somewhere in [-12, 12]",
            "Check it on a few numbers.",
        )
    if (wrong & compared).any():
        worst = int(np.argmax(np.where(compared & wrong, np.nan_to_num(np.abs(given - numerical), nan=np.inf), -1)))
        raise InputError(
            f"{what} at z = {points[worst]:.6g}: {symbol} says {given[worst]:.10g}, "
            f"differences of the function say {numerical[worst]:.10g}",
            f"{symbol} equal to the derivative to 1e-6",
            f"Mend {symbol}; if there is a kink at that point, name it in kinks=(...).",
        )
