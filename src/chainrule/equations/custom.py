"""Activations and losses of your own, whose derivative is verified before they are accepted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from ..errors import InputError
from .activation import Activation, Elementwise
from .arrays import Array
from .intervals import Interval
from .loss import Loss, Pointwise
from .verification import EVERYDAY, Verification, called, numbers, pairs

__all__ = ["custom_activation", "custom_loss"]


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
    Verified at 241 points of a grid on [-12, 12] and at 512 fixed pseudo-random points of scales from 0.001 to 1000,
    beyond 12 where φ and φ′ are finite: φ′ is the derivative to 1e-6 of it, 1e-9 of the largest one between 0 and the
    point, and four times the error estimate of the extrapolated differences that it is compared with; with `analytic`
    also that of the complex step, without that estimate. Verified between neighboring points: neither φ nor φ′ jumps,
    but at `kinks`. Verified once: φ is a function of each number by itself, and leaves its argument as it is.

    Not verified: an error that lies between the points altogether; jumps of less than 1e-4, or of a higher derivative;
    anything within 1e-6 of a kink, beyond 1000, or in float32.

    Examples
    --------
    >>> import numpy as np
    >>> sine = custom_activation(np.sin, np.cos, name="sine", bounds=(-1.1, 1.1))
    >>> custom_activation(np.sin, lambda z: 1.001 * np.cos(z))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    chainrule.errors.InputError: Given: custom activation whose φ′ is wrong at z = ...
    """
    kinks = _checked_kinks("kinks", kinks)
    z = numbers(kinks)
    value, backwards = (called("φ", phi, points) for points in (z, z[::-1].copy()))
    given = called("φ′", phi_prime, z)
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
    nan = np.isnan(value) & (np.abs(z) <= EVERYDAY)
    if nan.any():
        raise InputError(
            f"{name} activation whose φ is NaN at z = {z[nan][0]:.6g}",
            "numbers for all real z; infinity only where φ overflows",
            "Say by numpy.where what φ is there: a layer hands on any real number.",
        )
    Verification(
        f"{name} activation",
        ("φ", "φ′"),
        (lambda z, _: called("φ", phi, z), lambda z, _: called("φ′", phi_prime, z)),
        z,
        np.zeros_like(z),
        lambda z, _: f"at z = {z:.6g}",
        np.broadcast_to(np.array(kinks, np.float64), (len(z), len(kinks))),
        "if there is a kink at that point, name it in kinks=(...).",
        "a function that is finite somewhere in [-12, 12]",
    ).require(analytic=analytic)
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
        kinks,
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
    targets: tuple[float, float] | None = None,
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
    targets : (float, float), optional
        The interval of y for which ℓ has a meaning; by default that of a. ℓ is verified for these, and may be infinite
        at the ends. Targets in training are not held to it.
    residual_kinks : tuple of float
        The values of y - a at which ℓ is not smooth.
    analytic : bool
        Whether ℓ accepts complex a, so that the complex step applies; verified.

    Raises
    ------
    InputError
        ∂ℓ/∂a is not the derivative of ℓ, or the complex step of ℓ is not: says where, and the two
        values.

    Notes
    -----
    Verified as φ′ is in `custom_activation`, at 80 to 130 values of a for each of 13 to 20 values of y: of both grid
    points and fixed pseudo-random ones, a up to 1000, or up to 1e-6 from the ends of `accepts`, y up to 100, within
    `targets`. Not verified: an error that lies between these points altogether; derivatives with respect to y.

    Examples
    --------
    >>> quartic = custom_loss(lambda y, a: (a - y) ** 4, lambda y, a: 4 * (a - y) ** 3, name="quartic")
    >>> quartic.name
    'quartic'
    """
    for argument, interval in (("accepts", accepts), ("targets", targets)):
        if interval is not None and not interval[0] < interval[1]:
            raise InputError(
                f"{argument} = {interval}",
                "(low, high) with low < high",
                "Pass (0, 1), say, or (0, math.inf).",
            )
    residual_kinks = _checked_kinks("residual_kinks", residual_kinks)
    y, a = pairs(accepts, accepts if targets is None else targets, residual_kinks)
    value, given = called("ℓ", ell, y, a), called("∂ℓ/∂a", ell_prime, y, a)
    if value.shape != a.shape or given.shape != a.shape:
        raise InputError(
            f"custom loss that maps shape {a.shape} to {value.shape}, its derivative to {given.shape}",
            "functions that keep the shape",
            "Write ℓ and ∂ℓ/∂a elementwise; the sum over outputs is taken for you.",
        )
    Verification(
        f"{name} loss",
        ("ℓ", "∂ℓ/∂a"),
        (
            lambda a, y: called("ℓ", ell, y, a),
            lambda a, y: called("∂ℓ/∂a", ell_prime, y, a),
        ),
        a,
        y,
        lambda a, y: f"for y = {y:.6g} at a = {a:.6g}",
        y[:, None] - np.array(residual_kinks, np.float64)[None, :],
        "y is the first argument of both functions, a the second; if there is a kink at that point, name its y - a in "
        "residual_kinks=(...); if there are no such targets, name theirs in targets=(low, high).",
        "a function that is finite somewhere in accepts and targets",
        accepts,
    ).require(analytic=analytic)
    return Pointwise(
        name,
        "",
        "",
        ell,
        ell_prime,
        Interval(*accepts),
        "custom",
        residuals=residual_kinks,
        analytic=analytic,
        custom=True,
    )


def _checked_kinks(argument: str, kinks: Iterable[float]) -> tuple[float, ...]:
    """The kinks, or `InputError`."""
    try:
        found = tuple(float(kink) for kink in kinks)
    except (TypeError, ValueError):
        found = (math.nan,)
    if not all(map(math.isfinite, found)):
        raise InputError(
            f"{argument} = {kinks!r}",
            "finite numbers, in a tuple",
            f"Pass {argument}=(0.0,), say.",
        )
    return found
