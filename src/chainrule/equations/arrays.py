"""The functions of arrays that the equations need beyond the Python array API standard.

The mathematics is written once for NumPy, PyTorch, JAX, CuPy and array-api-strict. Three
things are missing from the standard: the real part of an array that may be real already,
the error function, and turning what a user typed into an array of the right library.
Nothing here knows about networks.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, TypeAlias

import array_api_compat
import numpy as np
from array_api_compat import device, is_array_api_obj, is_numpy_array

from ..errors import InputError, NonFiniteError, counted

__all__ = [
    "Array",
    "array_namespace",
    "as_floating",
    "as_numpy",
    "between",
    "clipped",
    "device",
    "erf",
    "is_numpy_array",
    "log1p",
    "magnitude",
    "positive",
    "real_part",
    "require_finite",
    "row_major",
    "sign",
    "without_holes",
]

#: An array of any library that `array_api_compat` knows. The standard has no nominal type.
Array: TypeAlias = Any


def array_namespace(*arrays: Array) -> Any:
    """The functions of the arrays' library, as the array API standard names them.

    NumPy has had those names itself since 2.1; array-api-compat's wrapper of it imports all that NumPy
    has, its tests and f2py included: 60 ms and 10 MB.
    """
    if all(isinstance(array, np.ndarray | np.generic) for array in arrays):
        return np
    return array_api_compat.array_namespace(*arrays)


def real_part(z: Array) -> Array:
    """The real part; of a real array the array itself, uncopied."""
    xp = array_namespace(z)
    return xp.real(z) if xp.isdtype(z.dtype, "complex floating") else z


def positive(z: Array) -> Array:
    """Return whether Re z > 0: the branch that every piecewise function here takes.

    Branching on the real part keeps the complex step right (Squire & Trapp 1998).
    """
    return real_part(z) > 0


def magnitude(z: Array) -> Array:
    """|z|, by the sign of Re z."""
    return array_namespace(z).where(positive(z), z, -z)


def sign(z: Array) -> Array:
    """1 where Re z > 0, -1 where it is < 0, else 0."""
    xp = array_namespace(z)
    return xp.astype(positive(z), z.dtype) - xp.astype(positive(-z), z.dtype)


def clipped(z: Array, low: float, high: float) -> Array:
    """Z within [low, high], else the end that is nearer."""
    xp = array_namespace(z)
    z = xp.where(real_part(z) <= low, xp.full_like(z, low), z)  # NaN stays NaN
    return xp.where(real_part(z) >= high, xp.full_like(z, high), z)


def between(z: Array, low: float, high: float) -> Array:
    """1 where low < Re z < high, else 0."""
    xp = array_namespace(z)
    return xp.astype(positive(z - low) & positive(high - z), z.dtype)


def erf(z: Array) -> Array:
    """The error function, elementwise; complex arrays on NumPy only.

    From SciPy on NumPy, from the array's own library where it has one, else through NumPy.
    """
    xp = array_namespace(z)
    if is_numpy_array(z):
        from scipy import special

        return special.erf(z)
    if hasattr(xp, "erf"):
        return xp.erf(z)
    if "jax" in sys.modules and xp.__name__.startswith("jax"):
        from jax.scipy import special as jax_special

        return jax_special.erf(z)
    return xp.asarray(erf(as_numpy(z)), dtype=z.dtype, device=device(z))


def log1p(z: Array) -> Array:
    """log(1 + z), elementwise, Re z > -1.

    NumPy rounds 1 + z first where z is complex, and so loses the real part of a small one:
    the complex step of a logarithm of it would be wrong. 2 artanh(z / (2 + z)) is the same number.
    """
    xp = array_namespace(z)
    return (
        2 * xp.atanh(z / (2 + z))
        if xp.isdtype(z.dtype, "complex floating")
        else xp.log1p(z)
    )


def as_numpy(array: Array) -> np.ndarray[Any, Any]:
    """The same numbers as a NumPy array; shares memory where the libraries allow it."""
    if is_numpy_array(array):
        return array
    if hasattr(array, "detach"):
        return np.asarray(array.detach().cpu())
    if hasattr(array, "get") and not hasattr(array, "__array__"):
        return np.asarray(array.get())
    return np.from_dlpack(array) if hasattr(array, "__dlpack__") else np.asarray(array)


def row_major(array: Any) -> Any:
    """The same numbers as compiled code reads them: rows one after the other, aligned, in the machine's byte order.

    An array that lies so is returned as it is, and so is what is no NumPy array.
    """
    if not isinstance(array, np.ndarray):
        return array
    if array.flags.c_contiguous and array.flags.aligned and array.dtype.isnative:
        return array
    return np.require(array, array.dtype.newbyteorder("="), ["C", "A"])


def without_holes(values: Any, name: str) -> Any:
    """The same values; raises for sparse arrays, and for masked ones of which something is masked."""
    if hasattr(values, "toarray"):
        raise InputError(
            f"{name}, a sparse {type(values).__name__}",
            "a dense array",
            f"Pass {name}.toarray().",
        )
    if np.ma.is_masked(values):
        raise InputError(
            f"{name}, a masked array with {counted(int(np.ma.getmaskarray(values).sum()), 'masked value')}",
            "an array without missing values",
            f"Fill them, as by {name}.filled(0.0), or drop the rows that have one.",
        )
    return values.data if isinstance(values, np.ma.MaskedArray) else values


def _numbers(values: Any) -> np.ndarray[Any, Any]:
    """A NumPy array of numbers; text that looks like numbers is none."""
    plain = as_numpy(values) if is_array_api_obj(values) else np.asarray(values)
    if plain.dtype.kind == "O" and not any(
        isinstance(value, str | bytes) for value in plain.flat
    ):
        plain = plain.astype(float)
    if plain.dtype.kind not in "biufc":
        raise TypeError(f"dtype {plain.dtype}")
    return plain


def as_floating(
    values: Any,
    name: str,
    *,
    like: Array,
    ndim: int | None = None,
    finite: bool = True,
) -> Array:
    """`values` as a finite floating array of the library, dtype and device of `like`.

    Parameters
    ----------
    values : array_like
        Numbers of any real dtype.
    name : str
        How the error calls them.
    like : Array
        The array whose library, real dtype and device the result has.
    ndim : int, optional
        The number of axes that is required.
    finite : bool
        False: NaN and infinity may be among the values as they are given; a number that the dtype of `like` cannot
        hold may not.

    Raises
    ------
    InputError
        Not numeric, sparse, masked, wrong number of axes, NaN or infinity.
    """
    xp = array_namespace(like)
    dtype = real_part(like).dtype
    values = without_holes(values, name)
    text = (
        is_numpy_array(values) and values.dtype.kind not in "biufc"
    )  # text, dates, objects
    if is_array_api_obj(values) and array_namespace(values) is xp and not text:
        array = values
    else:
        try:
            plain = _numbers(values)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{name} of type {type(values).__name__} that is not an array of real numbers",
                "an array of numbers",
                "Turn text and categories into numbers first (one-hot, say).",
            ) from error
        array = xp.asarray(plain, device=device(like))
    if xp.isdtype(array.dtype, "complex floating"):
        raise InputError(
            f"{name} with complex dtype {array.dtype}",
            "real numbers",
            "Take the real part, or real and imaginary parts as two columns.",
        )
    if ndim is not None and array.ndim != ndim:
        raise InputError(
            f"{name} with shape {tuple(array.shape)}",
            f"{ndim} axes",
            "Reshape it: x.reshape(-1, n) for rows of n numbers, x.reshape(1, -1) for one row.",
        )
    given = array
    with np.errstate(all="ignore"):  # what overflows is found and said below
        if array.dtype != dtype:
            array = xp.astype(array, dtype)
        elif not finite:
            return array
        total = float(xp.sum(array))
    if not math.isfinite(total):  # one pass finds nearly every clean array
        good = xp.isfinite(array)
        if not finite:
            good = good | ~xp.isfinite(given)
        if not bool(xp.all(good)):
            bad = np.argwhere(~as_numpy(good))
            first = tuple(int(i) for i in bad[0])
            many = "1 value that is" if len(bad) == 1 else f"{len(bad)} values that are"
            raise InputError(
                f"{name} with {many} NaN or infinite, the first at index {first}",
                f"finite numbers (in {str(dtype).removeprefix('torch.')})",
                "Fill or drop the missing values, or scale very large ones down.",
            )
    return array


def require_finite(
    kind: str, arrays: Sequence[Array], letter: str, first: int = 1
) -> None:
    """Raise `NonFiniteError` for the first array, by layer, with a number that is not finite."""
    for layer, array in enumerate(arrays, first):
        xp = array_namespace(array)
        if not bool(xp.all(xp.isfinite(array))):
            raise NonFiniteError(
                f"{letter}[{layer}]" + (" after the step" if kind == "θ" else "")
            )
