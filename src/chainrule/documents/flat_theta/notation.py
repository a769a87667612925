"""S3, `flat-theta`: layers 1 … M with the input as layer 1, parameters as one vector θ of all W, then all b.

::

    z^[k] = W^[k] a^[k-1] + b^[k],  a^[k] = σ(z^[k]),  k = 2 … M,  a^[1] = x          (numbering B)
    v^[k] = σ(W^[k-1] v^[k-1] + b^[k-1]),  k = 2 … M,  v^[1] = x                       (numbering A)

The document numbers its matrices in both ways; W^[k] of B is W^[k-1] of A. Data stand as columns. The document's
loss is ½ ‖ŷ - y‖², summed over the data or averaged, σ logistic in every layer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...equations.activation import Activation
from ...equations.arrays import Array
from ...equations.backward_pass import output_gradient
from ...equations.losses import LOSSES, reduction_weights
from ...equations.network import (
    Network,
    Parameters,
    flat_layout,
    read_biases,
    read_weights,
)
from ...errors import InputError
from ..checked_values import checked_rate, moving
from ..quantities import Quantity, quantities_of
from ..shapes import (
    ShapeError,
    columns,
    columnwise,
    matrix,
    one_column,
    product,
    require_layers,
    require_shape,
)
from ..sweep import Sweep

__all__ = [
    "Pass",
    "arrays_of",
    "count",
    "flatten",
    "layers_of",
    "network",
    "parameters_of",
    "parameters_of_layers",
    "quantities",
    "run",
    "step",
    "view",
]

Arrays = tuple[Mapping[int, Any], Mapping[int, Any]]
#: The number of the first matrix: A counts from 1, B from 2.
FIRST = {"A": 1, "B": 2}
TWO_NUMBERINGS = (
    "There are two numberings, A from 1 as in (1) and θ, B from 2 as in section 1.3: "
    "number all W and b in one of them."
)


@dataclass(frozen=True)
class Pass:
    """Forward and backward pass of N data. Keys are the document's layers, those of W and b in numbering B.

    Parameters
    ----------
    n : dict of int
        n_1 … n_M.
    sigma : dict of Activation
        σ_2 … σ_M.
    reduction : {"mean", "sum"}
        Whether the loss is the mean over the data or their sum.
    y : Array, shape (n_M, N)
    theta, dL_dtheta : Array, shape (D,)
    W, dL_dW : dict of Array, shapes (n_k, n_{k-1}), k = 2 … M
    b, dL_db : dict of Array, shapes (n_k, 1), k = 2 … M
    a, dL_da : dict of Array, shapes (n_k, N), k = 1 … M
        Derivatives of each datum's own loss.
    z, dL_dz : dict of Array, shapes (n_k, N), k = 2 … M
    losses : Array, shape (N,)
        Each datum's own loss.
    loss : float
    """

    n: dict[int, int]
    sigma: dict[int, Activation]
    reduction: str
    y: Array
    theta: Array
    W: dict[int, Array]
    b: dict[int, Array]
    a: dict[int, Array]
    z: dict[int, Array]
    losses: Array
    loss: Any
    dL_da: dict[int, Array]
    dL_dz: dict[int, Array]
    dL_dW: dict[int, Array]
    dL_db: dict[int, Array]
    dL_dtheta: Array

    @property
    def M(self) -> int:
        """The number of layers, the input included."""
        return len(self.n)

    @property
    def N(self) -> int:
        """The number of data (n in the document's sections 1.1 and 1.2)."""
        return int(self.y.shape[1])


def network(n: Sequence[int]) -> Network:
    """The document's network for n_1 … n_M: logistic everywhere, ½ squared norm.

    Examples
    --------
    >>> print(network((4, 3, 2)))
    4 → 3 sigmoid → 2 sigmoid, squared_error(factor=0.5)
    """
    return Network(n, ["sigmoid"] * (len(n) - 1), LOSSES["squared_error"](0.5))


def count(n: Sequence[int]) -> int:
    """D = Σ_{k=1}^{M-1} n_k n_{k+1} + Σ_{k=2}^{M} n_k, the length of θ.

    Examples
    --------
    >>> count((784, 10, 10)), count((4, 3, 5, 2))
    (7960, 47)
    """
    return flat_layout([int(width) for width in n])[1][-1][1]


def layers_of(
    theta: Any, n: Sequence[int], *, numbering: str = "A"
) -> tuple[dict[int, Array], dict[int, Array]]:
    """W^[k] and the columns b^[k] out of θ, in numbering A (k = 1 … M-1) or B (k = 2 … M).

    Raises
    ------
    InputError
        θ of another length than D, or another numbering.

    Examples
    --------
    >>> W, b = layers_of([1.0, 2.0, 0.5], (2, 1), numbering="B")
    >>> W, b
    ({2: array([[1., 2.]])}, {2: array([[0.5]])})
    """
    first, sizes = first_of(numbering), tuple(n)
    flat = np.array(theta)
    flat = flat.astype(float) if flat.dtype.kind not in "fc" else flat
    if flat.shape != (count(n),):
        widths = ", ".join(f"n_{k} = {width}" for k, width in enumerate(n, 1))
        raise ShapeError(
            f"θ of shape {flat.shape}",
            f"D = Σ_(k=1…{len(n) - 1}) n_k n_(k+1) + Σ_(k=2…{len(n)}) n_k = {count(n)} numbers for {widths}",
            "All matrices first, row by row, then all biases.",
        )
    W = dict(enumerate(read_weights(sizes, flat), first))
    return W, {k: b[:, None] for k, b in enumerate(read_biases(sizes, flat), first)}


def first_of(numbering: str) -> int:
    """The number of the first matrix in numbering A or B."""
    if not isinstance(numbering, str) or numbering not in FIRST:
        raise InputError(
            f"numbering = {numbering!r}",
            '"A" or "B"',
            "A is that of (1) and θ, B that of section 1.3.",
        )
    return FIRST[numbering]


def flatten(arrays: Arrays, *, numbering: str = "A") -> Array:
    """θ of W^[k] and b^[k] in numbering A (k = 1 … M-1) or B (k = 2 … M).

    Raises
    ------
    InputError
        A layer missing, or shapes that do not follow each other, in the document's indices.

    Examples
    --------
    >>> flatten(({1: [[1.0, 2.0]]}, {1: [0.5]}))
    array([1. , 2. , 0.5])
    """
    given_W, given_b = arrays
    first = first_of(numbering)
    layers = range(first, first + len(given_W))
    for letter, given in (("W", given_W), ("b", given_b)):
        require_layers(
            f"{letter}^[k] in numbering {numbering}", given, layers, TWO_NUMBERINGS
        )
    shift = 2 - first  # letters: W^[k] leads to layer k + 1 in A, to layer k in B
    W = {k: matrix(f"W^[{k}]", given_W[k]) for k in layers}
    for k in layers[1:]:
        shape = (W[k].shape[0], W[k - 1].shape[0])
        require_shape(
            f"W^[{k}]", W[k], shape, f"j = 1 … n_{k + shift}, s = 1 … n_{k + shift - 1}"
        )
    b = {
        k: one_column(
            f"b^[{k}]",
            given_b[k],
            W[k].shape[0],
            f"j = 1 … n_{k + shift}, one column",
            "Pass one column: all data share a layer's biases.",
        )
        for k in layers
    }
    return np.concatenate([v.reshape(-1) for v in (*W.values(), *b.values())])


def arrays_of(parameters: Parameters) -> Array:
    """θ: the canonical vector is the document's."""
    return parameters.theta.copy()


def parameters_of(theta: Any, n: Sequence[int]) -> Parameters:
    """The canonical parameters of θ for widths n_1 … n_M.

    Raises
    ------
    InputError
        θ of another length than D.

    Examples
    --------
    >>> parameters_of([1.0, 2.0, 0.5], (2, 1)).weights
    (array([[1., 2.]]),)
    """
    W, b = layers_of(theta, n)
    return Parameters.from_arrays(list(W.values()), [v[:, 0] for v in b.values()])


def parameters_of_layers(arrays: Arrays) -> Parameters:
    """The canonical parameters of W^[k] and b^[k], in the numbering that their first matrix has.

    Raises
    ------
    InputError
        A layer missing, or shapes that do not follow each other.

    Examples
    --------
    >>> parameters_of_layers(({2: [[1.0, 2.0]]}, {2: [0.5]})).theta
    array([1. , 2. , 0.5])
    """
    numbering = "A" if 1 in arrays[0] or not arrays[0] else "B"
    theta = flatten(arrays, numbering=numbering)
    first = matrix("W", arrays[0][first_of(numbering)])
    rows = (
        matrix("W", arrays[0][k]).shape[0]
        for k in range(first_of(numbering), first_of(numbering) + len(arrays[0]))
    )
    return parameters_of(theta, (first.shape[1], *rows))


def run(
    network: Network, theta: Any, x: Any, y: Any, *, reduction: str = "mean"
) -> Pass:
    """Forward and backward pass by the document's own equations (section 1.3, numbering B).

    Parameters
    ----------
    network : Network
    theta : array_like, shape (D,)
    x, y : array_like, shapes (n_1, N) and (n_M, N)
        Columns are data; a plain list is one column.
    reduction : {"mean", "sum"}
        Whether the loss is the mean over the data (section 1.3) or their sum (section 1.2).

    Raises
    ------
    InputError
        Wrong shapes, in the document's indices.

    Examples
    --------
    >>> p = run(network((2, 1)), [1.0, -2.0, -1.0], [3.0, 1.0], [1.0])
    >>> p.z[2], p.a[2], p.dL_dz[2], p.dL_dtheta
    (array([[0.]]), array([[0.5]]), array([[-0.125]]), array([-0.375, -0.125, -0.125]))
    """
    W, b = layers_of(theta, network.sizes, numbering="B")
    M = network.n_layers + 1
    n = dict(enumerate(network.sizes, 1))
    sigma = dict(enumerate(network.activations, 2))
    a = {1: columns("x", x, n[1], "j = 1 … n_1, one column per datum")}
    y = columns("y", y, n[M], f"j = 1 … n_{M}, one column per datum")
    if a[1].shape[1] != y.shape[1]:
        raise ShapeError(
            f"{a[1].shape[1]} columns of x, {y.shape[1]} of y",
            "N of each",
            "One column per datum.",
        )
    z = {}
    for k in range(2, M + 1):
        z[k] = product(W[k], a[k - 1]) + np.repeat(b[k], y.shape[1], axis=1)  # S3.E10
        a[k] = columnwise(sigma[k].value, z[k])  # S3.E10
    losses, last = network.loss.value_and_delta(y.T, z[M].T, a[M].T, sigma[M])
    dL_da, dL_dz = (
        {M: output_gradient(network.loss, y.T, a[M].T).T},
        {M: last.T},
    )  # S3.E12
    for k in range(M, 1, -1):
        dL_da[k - 1] = product(W[k].T, dL_dz[k])
        if k > 2:  # layer 1 is the input and has no z (S3.E20)
            dL_dz[k - 1] = columnwise(
                sigma[k - 1].pull_back, z[k - 1], a[k - 1], dL_da[k - 1]
            )  # S3.E18
    factor = reduction_weights(None, y.shape[1], reduction, losses)
    dL_dW = {k: factor * product(dL_dz[k], a[k - 1].T) for k in W}  # S3.E22
    dL_db = {k: factor * np.sum(dL_dz[k], axis=1, keepdims=True) for k in W}  # S3.E21
    gradient = flatten((dL_dW, dL_db), numbering="B")
    theta = flatten((W, b), numbering="B")
    total = np.sum(factor * losses)
    return Pass(
        n,
        sigma,
        reduction,
        y,
        theta,
        W,
        b,
        a,
        z,
        losses,
        total,
        dL_da,
        dL_dz,
        dL_dW,
        dL_db,
        gradient,
    )


def view(sweep: Sweep) -> Pass:
    """The numbers of the canonical passes, in the document's arrays: the same numbers, moved."""
    W, b = layers_of(sweep.parameters.theta, sweep.network.sizes, numbering="B")
    return Pass(
        dict(enumerate(sweep.network.sizes, 1)),
        dict(enumerate(sweep.network.activations, 2)),
        sweep.reduction,
        sweep.y.T,
        arrays_of(sweep.parameters),
        W,
        b,
        {k: A.T for k, A in enumerate(sweep.A, 1)},
        {k: Z.T for k, Z in enumerate(sweep.Z, 2)},
        sweep.ell,
        sweep.J,
        {k: g.T for k, g in enumerate(sweep.dA, 1)},
        {k: d.T for k, d in enumerate(sweep.dZ, 2)},
        dict(enumerate(sweep.dW, 2)),
        {k: g[:, None] for k, g in enumerate(sweep.db, 2)},
        sweep.flat,
    )


def step(p: Pass, alpha: float, *, layers: Collection[int] | None = None) -> Array:
    """θ - α ∇L(θ), of all layers or of those numbered k = 2 … M (the document seeks the minimum, no step).

    Raises
    ------
    InputError
        α that is no finite number > 0; a layer that is not one of 2 … M.
    """
    alpha = checked_rate("α", alpha)
    moved = moving("W^[k] and b^[k] in numbering B", layers, p.W)
    W = {k: W - alpha * p.dL_dW[k] if k in moved else W for k, W in p.W.items()}
    return flatten(
        (W, {k: b - alpha * p.dL_db[k] if k in moved else b for k, b in p.b.items()}),
        numbering="B",
    )


#: See `quantities_of`.
QUANTITIES = """
a^[1]       | x                                    | X  | a-     | j1 i1

W^[{l}]     | weights; W^[{p}] in (1) and θ        | W  | W      | j1 s1
b^[{l}]     | biases; b^[{p}] in (1) and θ         | b  | b      | j1 _1
z^[{l}]     | W^[{l}] a^[{p}] + b^[{l}]            | Z  | z      | j1 i1
a^[{l}]     | σ(z^[{l}])                           | A  | a      | j1 i1

y           | truth                                | Y  | y      | j1 i1
L           | loss                                 | J  | loss   |
∂L/∂a^[{l}] | derivative of each datum's own loss  | dA | dL_da  | j1 i1

∂L/∂z^[{l}] | derivative of each datum's own loss  | dZ | dL_dz  | j1 i1
∂L/∂b^[{l}] | ∂L/∂z^[{l}] over the data            | db | dL_db  | j1 _1
∂L/∂W^[{l}] | ∂L/∂z^[{l}] (a^[{p}])ᵀ over the data | dW | dL_dW  | j1 s1
∂L/∂a^[{p}] | (W^[{l}])ᵀ ∂L/∂z^[{l}]               | dA | dL_da- | j1 i1
"""


def quantities(p: Pass) -> tuple[Quantity, ...]:
    """Every array of a pass, in the order in which it is computed."""
    return quantities_of(QUANTITIES, p, range(2, p.M + 1), first=1)
