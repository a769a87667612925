"""One neuron with one input (S1.E13 to S1.E16): z = w a0 + b, a = μ(z), C = (a - y)².

Three factors, one for each function in C(a(z(w))): the chain rule at its smallest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...equations.activation import Elementwise
from ...equations.arrays import Array
from ..checked_values import checked_number, elementwise

__all__ = ["Neuron", "differentiate"]


@dataclass(frozen=True)
class Neuron:
    """A neuron's values, the three factors, and their products."""

    z: Array
    a: Array
    C: Array
    dC_da: Array
    da_dz: Array
    dz_dw: Array
    dC_dw: Array
    dC_db: Array


def differentiate(
    w: float, b: float, a0: float, y: float, mu: Elementwise | str
) -> Neuron:
    """Value and derivatives (S1.E13, S1.E14).

    Parameters
    ----------
    w, b, a0, y : float
        Weight, bias, input, and the output that is wanted.
    mu : Elementwise or str
        An activation with its derivative, or its name; for ReLU ∂C/∂w and ∂C/∂b are 0 where z ≤ 0 (S1.E16).

    Raises
    ------
    InputError
        A value that is no finite number; softmax, or a name that is no activation's.

    Examples
    --------
    >>> from chainrule import ACTIVATIONS
    >>> on = differentiate(2.0, -1.0, 3.0, 1.0, ACTIVATIONS["relu"]())
    >>> float(on.z), float(on.C), float(on.dC_dw), float(on.dC_db)
    (5.0, 16.0, 24.0, 8.0)
    >>> off = differentiate(-2.0, -1.0, 3.0, 1.0, "relu")
    >>> float(off.C), float(off.dC_dw) + 0.0
    (1.0, 0.0)
    """
    for name, value in (("w", w), ("b", b), ("a^(0)", a0), ("y", y)):
        checked_number(name, value)
    mu = elementwise(mu)
    z = np.asarray(w * a0 + b)
    a = mu.value(z)
    dC_da, da_dz, dz_dw = 2 * (a - y), mu.derivative(z), np.asarray(a0)
    return Neuron(
        z, a, (a - y) ** 2, dC_da, da_dz, dz_dw, dC_da * da_dz * dz_dw, dC_da * da_dz
    )
