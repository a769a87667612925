"""S0, `bias-first`: the bias is column 0 of the weights, all vectors are columns, one sample.

::

    x^[l] = [1; a^[l]],  net^[l] = W^[l] x^[l-1],  a^[l] = φ(net^[l]),  l = 1 … L
    W^[l] = [w_kj], k = 1 … n^[l], j = 0 … n^[l-1];  W^[l] = [b | W] of the one notation

Derivatives with respect to columns are columns. δ^[l] = ∂L/∂net^[l]. The document's loss is ½ Σ (y_k - a_k)²,
or categorical cross-entropy with any y, also where Σ y ≠ 1. Here (0.2) holds for a negative entry of y too; the
canonical passes (`sweep`, `chainrule.backward`, `explain`, training) take entries ≥ 0 alone, as with a negative one
the loss has no lower bound.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...equations.activation import Activation
from ...equations.arrays import Array
from ...equations.backward_pass import output_gradient
from ...equations.losses import LOSSES
from ...equations.network import Network, Parameters
from ..checked_values import checked_rate, moving
from ..quantities import Quantity, quantities_of
from ..shapes import (
    columnwise,
    matrix,
    one_column,
    product,
    require_layers,
    require_shape,
)
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
    "with_constant",
]

Weights = Mapping[int, Any]


@dataclass(frozen=True)
class Pass:
    """Forward and backward pass of one sample. Keys are the document's layers.

    Parameters
    ----------
    n : tuple of int
        n^[0] … n^[L].
    phi : tuple of Activation
        φ of layers 1 … L.
    y : Array, shape (n^[L], 1)
    W, dL_dw : dict of Array, shapes (n^[l], n^[l-1]+1), l = 1 … L
    a, dL_da : dict of Array, shapes (n^[l], 1), l = 0 … L
    x : dict of Array, shapes (n^[l]+1, 1), l = 0 … L
    net, delta : dict of Array, shapes (n^[l], 1), l = 1 … L
    dL_dx : dict of Array, shapes (n^[l]+1, 1), l = 0 … L-1
        With its entry 0, the derivative with respect to the constant.
    loss : float
    """

    n: tuple[int, ...]
    phi: tuple[Activation, ...]
    y: Array
    W: dict[int, Array]
    a: dict[int, Array]
    x: dict[int, Array]
    net: dict[int, Array]
    loss: Any
    dL_da: dict[int, Array]
    delta: dict[int, Array]
    dL_dw: dict[int, Array]
    dL_dx: dict[int, Array]

    @property
    def L(self) -> int:
        """The number of dense layers; the input is layer 0."""
        return len(self.n) - 1


def network(
    n: Sequence[int], phi: str = "sigmoid", *, softmax: bool = False
) -> Network:
    """The document's network: one φ in every layer and ½ squared error, or softmax with cross-entropy at the end.

    Examples
    --------
    >>> print(network((4, 3, 2), "tanh", softmax=True))
    4 → 3 tanh → 2 softmax, cross_entropy(label_smoothing=0.0)
    """
    names = [phi] * (len(n) - 1)
    if softmax:
        return Network(n, [*names[:-1], "softmax"], "cross_entropy")
    return Network(n, names, LOSSES["squared_error"](0.5))


def arrays_of(parameters: Parameters) -> dict[int, Array]:
    """W^[1] … W^[L], the bias in column 0.

    Examples
    --------
    >>> arrays_of(Parameters.from_arrays([[[1.0, 2.0]]], [[0.5]]))
    {1: array([[0.5, 1. , 2. ]])}
    """
    pairs = zip(parameters.weights, parameters.biases, strict=True)
    return {l: np.hstack([b[:, None], W]) for l, (W, b) in enumerate(pairs, 1)}


def parameters_of(W: Weights) -> Parameters:
    """The canonical parameters of W^[1] … W^[L].

    Parameters
    ----------
    W : mapping of int to array_like, shapes (n^[l], n^[l-1]+1)

    Raises
    ------
    InputError
        A layer missing, or shapes that do not follow each other, in the document's indices.

    Examples
    --------
    >>> parameters_of({1: [[0.5, 1.0, 2.0]]}).weights
    (array([[1., 2.]]),)
    >>> parameters_of({1: [[0.5, 1.0, 2.0]], 2: [[1.0]]})  # doctest: +NORMALIZE_WHITESPACE
    Traceback (most recent call last):
    ...
    chainrule.documents.shapes.ShapeError: Given: W^[2] of shape 1 × 1. Allowed: k = 1 … n^[2], j = 0 … n^[1] =
    1 × 2. Count the neurons of both layers.
    """
    require_layers("W^[l]", W, range(1, len(W) + 1))
    arrays = {l: matrix(f"W^[{l}]", W[l]) for l in range(1, len(W) + 1)}
    for l in range(1, len(W) + 1):
        before = arrays[l - 1].shape[0] if l > 1 else arrays[1].shape[1] - 1
        letters = f"k = 1 … n^[{l}], j = 0 … n^[{l - 1}]"
        require_shape(
            f"W^[{l}]", arrays[l], (arrays[l].shape[0], max(before, 1) + 1), letters
        )
    return Parameters.from_arrays(
        [w[:, 1:] for w in arrays.values()], [w[:, 0] for w in arrays.values()]
    )


def run(network: Network, W: Weights, a0: Any, y: Any) -> Pass:
    """Forward and backward pass by the document's own equations.

    Parameters
    ----------
    network : Network
    W : mapping of int to array_like, shapes (n^[l], n^[l-1]+1)
    a0, y : array_like, shapes (n^[0], 1) and (n^[L], 1)
        Columns; a plain list is a column.

    Raises
    ------
    InputError
        Wrong shapes, in the document's indices.

    Examples
    --------
    >>> p = run(network((2, 1), "identity"), {1: [[0.5, 1.0, -2.0]]}, [3.0, 1.0], [1.0])
    >>> p.net[1], p.delta[1], p.dL_dw[1], p.dL_dx[0].T
    (array([[1.5]]), array([[0.5]]), array([[0.5, 1.5, 0.5]]), array([[ 0.25,  0.5 , -1.  ]]))
    """
    network.require(parameters_of(W))
    n, phi, L = network.sizes, network.activations, network.n_layers
    W = {l: matrix(f"W^[{l}]", W[l]) for l in range(1, L + 1)}
    a = {0: one_column("a^[0]", a0, n[0], "j = 1 … n^[0]")}
    y = one_column("y", y, n[-1], f"k = 1 … n^[{L}]")
    x, net = {0: with_constant(a[0])}, {}
    for l in range(1, L + 1):
        net[l] = product(W[l], x[l - 1])  # S0.E4
        a[l] = columnwise(phi[l - 1].value, net[l])  # S0.E5
        x[l] = with_constant(a[l])
    ell, last = network.loss.value_and_delta(y.T, net[L].T, a[L].T, phi[-1])
    delta = {L: last.T}  # S0.E13, and (0.2) for softmax with cross-entropy
    dL_da, dL_dw, dL_dx = {L: output_gradient(network.loss, y.T, a[L].T).T}, {}, {}
    for l in range(L, 0, -1):
        if l < L:
            delta[l] = columnwise(
                phi[l - 1].pull_back, net[l], a[l], dL_da[l]
            )  # S0.E13
        dL_dw[l] = product(delta[l], x[l - 1].T)  # S0.E14
        dL_dx[l - 1] = product(W[l].T, delta[l])  # S0.E16
        dL_da[l - 1] = dL_dx[l - 1][1:]  # S0.E17
    return Pass(n, phi, y, W, a, x, net, ell[0], dL_da, delta, dL_dw, dL_dx)


def with_constant(a: Array) -> Array:
    """x: the column a with a 1 prepended."""
    return np.vstack([np.ones((1, 1), a.dtype), a])


def view(sweep: Sweep) -> Pass:
    """The numbers of the canonical passes for one row, in the document's arrays: the same numbers, moved."""
    require_one(sweep, "one sample: the document has one")
    W = arrays_of(sweep.parameters)
    a = {l: A.T for l, A in enumerate(sweep.A)}
    dL_dw = {
        l: np.hstack([db[:, None], dW])
        for l, (dW, db) in enumerate(zip(sweep.dW, sweep.db, strict=True), 1)
    }
    dL_da = {l: g.T for l, g in enumerate(sweep.dA)}
    constants = {l - 1: (W[l][:, 0] @ sweep.dZ[l - 1][0]).reshape(1, 1) for l in W}
    return Pass(
        sweep.network.sizes,
        sweep.network.activations,
        sweep.y.T,
        W,
        a,
        {l: with_constant(v) for l, v in a.items()},
        {l: Z.T for l, Z in enumerate(sweep.Z, 1)},
        sweep.ell[0],
        dL_da,
        {l: d.T for l, d in enumerate(sweep.dZ, 1)},
        dL_dw,
        {l: np.vstack([constants[l], dL_da[l]]) for l in constants},
    )


def step(
    p: Pass, alpha: float, *, layers: Collection[int] | None = None
) -> dict[int, Array]:
    """W^[l] - α ∂L/∂w^[l], of all layers or of some, all derivatives taken before anything moves.

    Raises
    ------
    InputError
        α that is no finite number > 0; a layer that is not one of 1 … L.
    """
    alpha, moved = checked_rate("α", alpha), moving("W^[l]", layers, p.W)
    return {
        l: W - alpha * p.dL_dw[l] if l in moved else W.copy() for l, W in p.W.items()
    }


#: See `quantities_of`.
QUANTITIES = """
a^[0]       | input                           | X     | a-     | k1 _1

x^[{p}]     | 1 and a^[{p}]                   | A     | x-     | j0 _1
W^[{l}]     | weights, bias in column 0       | b W   | W      | k1 j0
net^[{l}]   | W^[{l}] x^[{p}]                 | Z     | net    | k1 _1
a^[{l}]     | φ(net^[{l}])                    | A     | a      | k1 _1

y           | target                          | Y     | y      | k1 _1
L           | loss                            | J     | loss   |
∂L/∂a^[{l}] | derivative of the loss          | dA    | dL_da  | k1 _1

δ^[{l}]     | ∂L/∂net^[{l}]                   | dZ    | delta  | k1 _1
∂L/∂w^[{l}] | δ^[{l}] (x^[{p}])ᵀ              | db dW | dL_dw  | k1 j0
∂L/∂x^[{p}] | (W^[{l}])ᵀ δ^[{l}]              | dA    | dL_dx- | j0 _1
∂L/∂a^[{p}] | ∂L/∂x^[{p}] without its entry 0 | dA    | dL_da- | k1 _1
"""


def quantities(p: Pass) -> tuple[Quantity, ...]:
    """Every array of a pass, in the order in which it is computed."""
    return quantities_of(QUANTITIES, p, range(1, p.L + 1))
