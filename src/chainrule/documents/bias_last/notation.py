"""S4, `bias-last`: N hidden layers and a linear output F, the bias as the last column of each matrix.

::

    h^0 = x,  g^n = W^n h^(n-1),  h^n = σ_n(g^n),  n = 1 … N;  f = W^F h^N
    a 1 is appended to every h that a matrix with a bias column is multiplied by

Vectors are columns; a derivative with respect to a vector is a row (the document's section 2), or a column
(section 1, `Pass.columns`, where one hidden layer has V and W). The document's loss is Σ (y_i - f_i)² without
½. An output activation, softmax say, counts as a part of the loss: ∂L/∂f is taken before it (S4.5).
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
from ..shapes import (
    hadamard,
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
    "numbers",
    "parameters_of",
    "quantities",
    "run",
    "step",
    "view",
]

#: The document's number of a layer: 1 … N, and "F" for the output.
Layer = int | str
Weights = Mapping[Any, Any]


@dataclass(frozen=True)
class Pass:
    """Forward and backward pass of one sample. Keys are the document's layers: 1 … N and "F".

    Parameters
    ----------
    D : tuple of int
        D_0 … D_N, D_F, neurons without the appended 1.
    sigma : dict of Activation
        σ_1 … σ_N.
    biased : bool
        Whether matrices have a bias column; without it every bias is 0 and the displayed equations hold as
        they stand.
    y, f : Array, shape (D_F, 1)
    W, dL_dW : dict of Array, shapes (D_n, D_{n-1}), one column more where biased
    h : dict of Array, shapes (D_n, 1), n = 0 … N, one row more where biased
    g : dict of Array, shapes (D_n, 1), n = 1 … N
    dL_df : Array, shape (1, D_F)
    dL_dh : dict of Array, shapes as h, transposed
        With the entry of the appended 1 where biased.
    dL_dg : dict of Array, shapes (1, D_n)
    loss : float
    """

    D: tuple[int, ...]
    sigma: dict[int, Activation]
    biased: bool
    y: Array
    W: dict[Any, Array]
    h: dict[int, Array]
    g: dict[int, Array]
    f: Array
    loss: Any
    dL_df: Array
    dL_dh: dict[int, Array]
    dL_dg: dict[int, Array]
    dL_dW: dict[Any, Array]

    @property
    def N(self) -> int:
        """The number of hidden layers."""
        return len(self.D) - 2

    @property
    def columns(self) -> dict[str, Array]:
        """The single-hidden-layer network of section 1, its derivatives as columns."""
        if self.N != 1:
            raise InputError(
                f"{self.N} hidden layers",
                "one: section 1 has V and W only",
                "Use the rows of section 2.",
            )
        return {
            "x": self.h[0],
            "g": self.g[1],
            "h": self.h[1],
            "f": self.f,
            "y": self.y,
            "V": self.W[1],
            "W": self.W["F"],
            "dL_df": self.dL_df.T,
            "dL_dh": self.dL_dh[1].T,
            "dL_dg": self.dL_dg[1].T,
            "dL_dV": self.dL_dW[1],
            "dL_dW": self.dL_dW["F"],
        }


def network(D: Sequence[int], sigma: str | Sequence[str] = "sigmoid") -> Network:
    """The document's network for D_0 … D_N, D_F: σ_n inside, a linear output, squares without ½.

    Examples
    --------
    >>> print(network((4, 3, 5, 2), ("tanh", "relu")))
    4 → 3 tanh → 5 relu → 2 identity, squared_error(factor=1.0)
    """
    hidden = [sigma] * (len(D) - 2) if isinstance(sigma, str) else list(sigma)
    return Network(D, [*hidden, "identity"], LOSSES["squared_error"](1.0))


def numbers(layers: int) -> list[Any]:
    """The document's numbers of so many weight layers: 1 … N, "F"."""
    return [*range(1, layers), "F"]


def arrays_of(parameters: Parameters, *, biased: bool = True) -> dict[Any, Array]:
    """W^1 … W^N, W^F, the bias in the last column; or without biases, if all are 0.

    Raises
    ------
    InputError
        `biased=False` for parameters whose biases are not 0.

    Examples
    --------
    >>> arrays_of(Parameters.from_arrays([[[1.0, 2.0]]], [[0.5]]))
    {'F': array([[1. , 2. , 0.5]])}
    """
    keys = numbers(len(parameters.weights))
    if not biased:
        if any(b.any() for b in parameters.biases):
            raise InputError(
                "biases other than 0",
                "biased=True",
                "Without bias columns every bias is 0.",
            )
        return {n: W.copy() for n, W in zip(keys, parameters.weights, strict=True)}
    pairs = zip(parameters.weights, parameters.biases, strict=True)
    return {
        n: np.hstack([W, b[:, None]]) for n, (W, b) in zip(keys, pairs, strict=True)
    }


def parameters_of(W: Weights, *, biased: bool = True) -> Parameters:
    """The canonical parameters of W^1 … W^N, W^F.

    Parameters
    ----------
    W : mapping of (int or "F") to array_like, shapes (D_n, D_{n-1}), one column more where biased
    biased : bool
        Whether the last column of each is its bias.

    Raises
    ------
    InputError
        A layer missing, or shapes that do not follow each other, in the document's indices.

    Examples
    --------
    >>> parameters_of({1: [[1.0, 0.5]], "F": [[2.0, -1.0]]}).theta
    array([ 1. ,  2. ,  0.5, -1. ])
    """
    arrays = checked(W, biased=biased)
    if biased:
        return Parameters.from_arrays(
            [w[:, :-1] for w in arrays.values()], [w[:, -1] for w in arrays.values()]
        )
    return Parameters.from_arrays(
        list(arrays.values()), [np.zeros(w.shape[0], w.dtype) for w in arrays.values()]
    )


def checked(W: Weights, *, biased: bool) -> dict[Any, Array]:
    """W^n in order, of shapes that follow each other; V and W of section 1 are W^1 and W^F."""
    if set(W) == {"V", "W"}:
        W = {1: W["V"], "F": W["W"]}
    keys = numbers(len(W))
    require_layers("W^n", W, keys)
    arrays = {n: matrix(f"W^{n}", W[n]) for n in keys}
    more = int(biased)
    for number, n in enumerate(keys):
        array = arrays[n]
        before = (
            arrays[keys[number - 1]].shape[0]
            if number
            else max(array.shape[1] - more, 1)
        )
        letters = f"k = 1 … D_{n}, l = 1 … D_{number}" + (
            " + 1 (the last one the bias)" if biased else ""
        )
        require_shape(f"W^{n}", array, (array.shape[0], before + more), letters)
    return arrays


def run(network: Network, W: Weights, x: Any, y: Any, *, biased: bool = True) -> Pass:
    """Forward and backward pass by the document's own equations (section 2).

    Parameters
    ----------
    network : Network
    W : mapping of (int or "F") to array_like, shapes (D_n, D_{n-1}), one column more where biased
    x, y : array_like, shapes (D_0, 1) and (D_F, 1)
        Columns, x without the appended 1; a plain list is a column.
    biased : bool
        Whether the last column of each matrix is its bias.

    Raises
    ------
    InputError
        Wrong shapes, in the document's indices.

    Examples
    --------
    >>> p = run(network((2, 1)), {"F": [[1.0, -2.0, 0.5]]}, [3.0, 1.0], [1.0])
    >>> p.f, p.dL_df, p.dL_dW["F"], p.dL_dh[0]
    (array([[1.5]]), array([[1.]]), array([[3., 1., 1.]]), array([[ 1. , -2. ,  0.5]]))
    """
    network.require(parameters_of(W, biased=biased))
    W = checked(W, biased=biased)
    D, N = network.sizes, network.n_layers - 1
    sigma = dict(enumerate(network.activations[:-1], 1))
    h = {0: appended(one_column("x", x, D[0], "i = 1 … D_0"), biased)}
    y = one_column("y", y, D[-1], "i = 1 … D_F")
    g = {}
    for n in range(1, N + 1):
        g[n] = product(W[n], h[n - 1])  # (41)
        h[n] = appended(sigma[n].value(g[n].T).T, biased)  # (41)
    f = product(W["F"], h[N])  # (41)
    output = network.activations[-1]
    ell, dL_df = network.loss.value_and_delta(
        y.T, f.T, output.value(f.T), output
    )  # (44)
    dL_dW: dict[Any, Array] = {"F": product(dL_df.T, h[N].T)}  # (49)
    dL_dh, dL_dg = {N: product(dL_df, W["F"])}, {}  # (55)
    for n in range(N, 0, -1):
        above = (
            dL_dh[n][:, :-1] if biased else dL_dh[n]
        )  # the appended 1 comes from no g
        dL_dg[n] = pulled_back(sigma[n], g[n], above)  # (76)
        dL_dW[n] = product(dL_dg[n].T, h[n - 1].T)  # (75)
        dL_dh[n - 1] = product(dL_dg[n], W[n])  # (77)
    dL_dW = {n: dL_dW[n] for n in W}
    return Pass(D, sigma, biased, y, W, h, g, f, ell[0], dL_df, dL_dh, dL_dg, dL_dW)


def pulled_back(sigma: Activation, g: Array, above: Array) -> Array:
    """∂L/∂g = ∂L/∂h ⊙ σ'(g)ᵀ, a row (76); the product with a Jacobian for a vector activation."""
    if hasattr(sigma, "derivative"):
        return hadamard(above, sigma.derivative(g.T))
    return sigma.pull_back(g.T, sigma.value(g.T), above)


def appended(h: Array, biased: bool) -> Array:
    """The column h with a 1 below it, where biased."""
    return np.vstack([h, np.ones((1, 1), h.dtype)]) if biased else h


def view(sweep: Sweep, *, biased: bool = True) -> Pass:
    """The numbers of the canonical passes for one row, in the document's arrays: the same numbers, moved."""
    require_one(sweep, "one sample: the document has one")
    W = arrays_of(sweep.parameters, biased=biased)
    keys, N = list(W), len(W) - 1
    gradients = zip(keys, sweep.dW, sweep.db, strict=True)
    constants = [
        (b @ d[0]).reshape(1, 1)
        for b, d in zip(sweep.parameters.biases, sweep.dZ, strict=True)
    ]
    return Pass(
        sweep.network.sizes,
        dict(enumerate(sweep.network.activations[:-1], 1)),
        biased,
        sweep.y.T,
        W,
        {n: appended(A.T, biased) for n, A in enumerate(sweep.A[:-1])},
        {n: Z.T for n, Z in enumerate(sweep.Z[:-1], 1)},
        sweep.Z[-1].T,
        sweep.ell[0],
        sweep.dZ[-1],
        {
            n: np.hstack([sweep.dA[n], constants[n]]) if biased else sweep.dA[n]
            for n in range(N + 1)
        },
        dict(enumerate(sweep.dZ[:-1], 1)),
        {n: np.hstack([dW, db[:, None]]) if biased else dW for n, dW, db in gradients},
    )


def step(
    p: Pass, eta: float, *, layers: Collection[Any] | None = None
) -> dict[Any, Array]:
    """W^n - η ∂L/∂W^n, of all layers or of some, all derivatives taken before anything moves (78).

    Raises
    ------
    InputError
        η that is no finite number > 0; a layer that is not one of 1 … N and "F".
    """
    eta, moved = checked_rate("η", eta), moving("W^n", layers, p.W)
    return {n: W - eta * p.dL_dW[n] if n in moved else W.copy() for n, W in p.W.items()}


#: What the table says with bias columns, and without.
BIASED = {
    "and_1": " and 1",
    "column": ", bias in the last column",
    "b": " b",
    "db": " db",
}
UNBIASED = dict.fromkeys(BIASED, "")
#: See `quantities_of`.
QUANTITIES = """
h^0        | x{and_1}                   | X      | h-     | i1 _1

W^{l}      | weights{column}            | W{b}   | W      | k1 l1
~g^{l}     | W^{l} h^{p}                | Z      | g      | i1 _1
~h^{l}     | σ_{l}(g^{l}){and_1}        | A      | h      | i1 _1

f          | W^F h^{p}                  | Z      | f      | i1 _1
y          | truth                      | Y      | y      | i1 _1
L          | loss                       | J      | loss   |
∂L/∂f      | derivative of the loss     | dZ     | dL_df  | _1 j1
∂L/∂W^F    | (∂L/∂f)ᵀ (h^{p})ᵀ          | dW{db} | dL_dW  | k1 l1
∂L/∂h^{p}  | ∂L/∂f W^F                  | dA     | dL_dh- | _1 j1

~∂L/∂g^{l} | ∂L/∂h^{l} ⊙ σ_{l}'(g^{l})ᵀ | dZ     | dL_dg  | _1 j1
~∂L/∂W^{l} | (∂L/∂g^{l})ᵀ (h^{p})ᵀ      | dW{db} | dL_dW  | k1 l1
~∂L/∂h^{p} | ∂L/∂g^{l} W^{l}            | dA     | dL_dh- | _1 j1
"""


def quantities(p: Pass) -> tuple[Quantity, ...]:
    """Every array of a pass, in the order in which it is computed; derivatives as rows."""
    return quantities_of(QUANTITIES, p, list(p.W), **(BIASED if p.biased else UNBIASED))
