"""S2, `constant-neuron`: neuron 0 of every layer is the constant 1, all indices count from 0, vectors are rows.

::

    a^l = o^(l-1) w^(l-1),  o_i^l = σ(a_i^l) for i ≥ 1,  o_0^l = 1;  layers 0 … L-1, the input counted
    w^l of n^l × n^(l+1) with w_ij from neuron i of layer l to j of layer l+1; n^l counts the constant

Row 0 of w^l is the biases; column 0 is Kronecker(j, 0), carries the constant upwards and never moves.
δ_i^l = +∂L/∂a_i^l with δ_0 = 0. One pattern a step: Δw_ij^l = -α δ_j^(l+1) o_i^l.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...equations.activation import Activation
from ...equations.arrays import Array
from ...equations.losses import LOSSES
from ...equations.network import Network, Parameters
from ...errors import InputError
from ..checked_values import checked_rate, moving
from ..quantities import Quantity, quantities_of
from ..shapes import matrix, product, require_layers, require_shape
from ..sweep import Sweep, require_one

__all__ = [
    "Pass",
    "arrays_of",
    "network",
    "parameters_of",
    "quantities",
    "run",
    "step",
    "view",
]

Weights = Mapping[int, Any]


@dataclass(frozen=True)
class Pass:
    """Forward and backward pass of one pattern. Keys are the document's layers, from 0.

    Parameters
    ----------
    n : tuple of int
        n^0 … n^(L-1): neurons plus one.
    sigma : tuple of Activation
        σ of layers 1 … L-1.
    D : Array, shape (1, n^(L-1))
        Targets; D_0 stands for nothing and is 1.
    w, dL_dw : dict of Array, shapes (n^l, n^(l+1)), l = 0 … L-2
    o : dict of Array, shapes (1, n^l), l = 0 … L-1
    a, delta : dict of Array, shapes (1, n^l), l = 1 … L-1
    loss : float
    """

    n: tuple[int, ...]
    sigma: tuple[Activation, ...]
    D: Array
    w: dict[int, Array]
    o: dict[int, Array]
    a: dict[int, Array]
    loss: Any
    delta: dict[int, Array]
    dL_dw: dict[int, Array]

    @property
    def L(self) -> int:
        """The number of layers, input and output included."""
        return len(self.n)


def network(n: Sequence[int], sigma: str = "sigmoid") -> Network:
    """The document's network for n^l, the constants counted: one σ, ½ squared error.

    Examples
    --------
    >>> print(network((101, 11, 3)))
    100 → 10 sigmoid → 2 sigmoid, squared_error(factor=0.5)
    """
    return Network(
        [count - 1 for count in n], [sigma] * (len(n) - 1), LOSSES["squared_error"](0.5)
    )


def augmented(W: Array, b: Array) -> Array:
    """[[1, bᵀ], [0, Wᵀ]]: the biases as row 0, column 0 fixed."""
    w = np.zeros((W.shape[1] + 1, W.shape[0] + 1), W.dtype)
    w[0, 0], w[0, 1:], w[1:, 1:] = 1.0, b, W.T
    return w


def arrays_of(parameters: Parameters) -> dict[int, Array]:
    """w^0 … w^(L-2).

    Examples
    --------
    >>> arrays_of(Parameters.from_arrays([[[2.0, 3.0]]], [[0.5]]))[0]
    array([[1. , 0.5],
           [0. , 2. ],
           [0. , 3. ]])
    """
    return {
        l: augmented(W, b)
        for l, (W, b) in enumerate(
            zip(parameters.weights, parameters.biases, strict=True)
        )
    }


def parameters_of(w: Weights) -> Parameters:
    """The canonical parameters of w^0 … w^(L-2).

    Parameters
    ----------
    w : mapping of int to array_like, shapes (n^l, n^(l+1))

    Raises
    ------
    InputError
        A layer missing, shapes that do not follow each other, or a column 0 that is not Kronecker(j, 0).

    Examples
    --------
    >>> parameters_of({0: [[1.0, 0.5], [0.0, 2.0], [0.0, 3.0]]}).theta
    array([2. , 3. , 0.5])
    >>> parameters_of({0: [[1.0, 0.5], [0.7, 2.0], [0.0, 3.0]]})
    Traceback (most recent call last):
    ...
    chainrule.errors.InputError: Given: w_10^0 = 0.7. Allowed: w_j0^0 = Kronecker(j, 0): 1 for j = 0, else 0. \
Neuron 0 of layer 1 is the constant 1: no weight but w_00 leads to it.
    """
    arrays = checked(w)
    return Parameters.from_arrays(
        [v[1:, 1:].T for v in arrays.values()], [v[0, 1:] for v in arrays.values()]
    )


def checked(w: Weights) -> dict[int, Array]:
    """w^l in order, of shapes that follow each other, with their fixed column."""
    require_layers("w^l", w, range(len(w)))
    arrays = {l: matrix(f"w^{l}", w[l]) for l in range(len(w))}
    for l, array in arrays.items():
        before = max(arrays[l - 1].shape[1] if l else array.shape[0], 2)
        letters = f"i = 0 … n^{l} - 1, j = 0 … n^{l + 1} - 1"
        require_shape(f"w^{l}", array, (before, max(array.shape[1], 2)), letters)
        fixed = np.eye(array.shape[0])[:, 0]
        if not np.array_equal(array[:, 0].real, fixed):
            j = int(np.argmax(array[:, 0].real != fixed))
            raise InputError(
                f"w_{j}0^{l} = {array[j, 0]:g}",
                f"w_j0^{l} = Kronecker(j, 0): 1 for j = 0, else 0",
                f"Neuron 0 of layer {l + 1} is the constant 1: no weight but w_00 leads to it.",
            )
    return arrays


def with_constant(values: Array, constant: float = 1.0) -> Array:
    """A row with neuron 0 before it."""
    return np.hstack([np.full((len(values), 1), constant, values.dtype), values])


def row(name: str, values: Any, count: int, letters: str) -> Array:
    """A row of the neurons from 1 on; a plain list is a row."""
    array = matrix(name, [values] if np.ndim(values) == 1 else values)
    if array.shape == (count, 1) and count != 1:
        remedy = "Transpose it: it is a row."
    elif array.shape[1] == count:
        remedy = "The document has one pattern at a time: pass one row, and the next in its turn."
    else:
        remedy = (
            f"Count the entries: one for each neuron but the constant, {count} in all."
        )
    require_shape(name, array, (1, count), letters, remedy)
    return array


def run(network: Network, w: Weights, inputs: Any, D: Any) -> Pass:
    """Forward and backward phase of one pattern, by the document's own equations.

    Parameters
    ----------
    network : Network
    w : mapping of int to array_like, shapes (n^l, n^(l+1))
    inputs, D : array_like, shapes (1, n^0 - 1) and (1, n^(L-1) - 1)
        Inputs and targets of neurons 1, 2, …; a plain list is a row.

    Raises
    ------
    InputError
        Wrong shapes or a wrong column 0, in the document's indices.

    Examples
    --------
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> p = run(net, {0: [[1.0, 0.5], [0.0, 1.0], [0.0, -2.0]]}, [3.0, 1.0], [1.0])
    >>> p.a[1], p.o[1], p.delta[1]
    (array([[1. , 1.5]]), array([[1. , 1.5]]), array([[0. , 0.5]]))
    >>> p.dL_dw[0]
    array([[0. , 0.5],
           [0. , 1.5],
           [0. , 0.5]])
    """
    network.require(parameters_of(w))
    w = checked(w)
    n, sigma, last = (
        tuple(k + 1 for k in network.sizes),
        network.activations,
        network.n_layers,
    )
    o = {0: with_constant(row("inputs", inputs, n[0] - 1, "i = 1 … n^0 - 1"))}
    targets = row("D", D, n[-1] - 1, f"j = 1 … n^{last} - 1")
    a = {}
    for l in range(1, last + 1):
        a[l] = product(o[l - 1], w[l - 1])  # S2.E4
        o[l] = with_constant(sigma[l - 1].value(a[l][:, 1:]))  # S2.E3, i ≥ 1
    ell, output = network.loss.value_and_delta(
        targets, a[last][:, 1:], o[last][:, 1:], sigma[-1]
    )
    delta = {last: with_constant(output, 0.0)}  # S2.E26
    for l in range(last - 1, 0, -1):
        upper = product(delta[l + 1], w[l].T)[:, 1:]
        delta[l] = with_constant(
            sigma[l - 1].pull_back(a[l][:, 1:], o[l][:, 1:], upper), 0.0
        )  # S2.E18, i ≥ 1
    dL_dw = {l: product(o[l].T, delta[l + 1]) for l in w}  # S2.E14
    return Pass(n, sigma, with_constant(targets), w, o, a, ell[0], delta, dL_dw)


def view(sweep: Sweep) -> Pass:
    """The numbers of the canonical passes for one row, in the document's arrays: the same numbers, moved."""
    require_one(sweep, "one pattern: the document steps on each")
    gradients = zip(sweep.dW, sweep.db, strict=True)
    dL_dw = {l: augmented(dW, db) for l, (dW, db) in enumerate(gradients)}
    for g in dL_dw.values():
        g[:, 0] = 0.0  # column 0 is fixed
    return Pass(
        tuple(k + 1 for k in sweep.network.sizes),
        sweep.network.activations,
        with_constant(sweep.y),
        arrays_of(sweep.parameters),
        {l: with_constant(A) for l, A in enumerate(sweep.A)},
        {l: with_constant(Z) for l, Z in enumerate(sweep.Z, 1)},
        sweep.ell[0],
        {l: with_constant(d, 0.0) for l, d in enumerate(sweep.dZ, 1)},
        dL_dw,
    )


def step(
    p: Pass, alpha: float, *, layers: Collection[int] | None = None
) -> dict[int, Array]:
    """w^l + Δw^l, Δw_ij^l = -α δ_j^(l+1) o_i^l, of all matrices or of some (S2.E29).

    Raises
    ------
    InputError
        α that is no finite number > 0; a matrix that is not one of w^0 … w^(L-2).
    """
    alpha, moved = checked_rate("α", alpha), moving("w^l", layers, p.w)
    return {
        l: w - alpha * p.dL_dw[l] if l in moved else w.copy() for l, w in p.w.items()
    }


#: See `quantities_of`.
QUANTITIES = """
o^0       | 1 and the inputs              | X     | o-     | _0 i0

w^{p}     | weights, biases in row 0      | b W   | w-     | i0 j0
a^{l}     | o^{p} w^{p}                   | Z     | a      | _0 i0
o^{l}     | 1 and σ(a^{l})                | A     | o      | _0 i0

D         | targets                       | Y     | D      | _0 j0
L         | loss                          | J     | loss   |

δ^{l}     | ∂L/∂a^{l}, and 0 for neuron 0 | dZ    | delta  | _0 j0
∂L/∂w^{p} | δ_j^{l} o_i^{p}               | db dW | dL_dw- | i0 j0
"""


def quantities(p: Pass) -> tuple[Quantity, ...]:
    """Every array of a pass, in the order in which it is computed."""
    return quantities_of(QUANTITIES, p, range(1, p.L))
