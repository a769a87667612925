"""S1, `column-batch`: weights and biases apart, a batch is a matrix whose columns are samples.

::

    Z^(l) = W^(l) A^(l-1) + B^(l),  A^(l) = μ^(l)(Z^(l)),  l = 1 … L;  B^(l) = N copies of b^(l)
    W^(l) of n_l × n_{l-1} with w_ij, i the target;  b^(l) a column

Δ^(l) holds δ of each trial's own cost, without 1/N, which enters once, at ∂C/∂W and ∂C/∂b. The document's cost
is Σ (a_i - y_i)² without ½, summed over trials or averaged, or the mean cross-entropy.
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
from ...equations.network import Network, Parameters
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
    "copies",
    "network",
    "parameters_of",
    "quantities",
    "run",
    "step",
    "view",
]

Arrays = tuple[Mapping[int, Any], Mapping[int, Any]]


@dataclass(frozen=True)
class Pass:
    """Forward and backward pass of N samples. Keys are the document's layers.

    Parameters
    ----------
    n : tuple of int
        n_0 … n_L.
    mu : tuple of Activation
        μ^(1) … μ^(L).
    reduction : {"mean", "sum"}
        Whether C is the mean over the trials or their sum.
    Y : Array, shape (n_L, N)
    W, dC_dW : dict of Array, shapes (n_l, n_{l-1}), l = 1 … L
    b, dC_db : dict of Array, shapes (n_l, 1), l = 1 … L
    A, dC_dA : dict of Array, shapes (n_l, N), l = 0 … L
        Derivatives of each trial's own cost; that for l = 0 is left out where nobody asks for it.
    Z, Delta : dict of Array, shapes (n_l, N), l = 1 … L
        Δ: derivatives of each trial's own cost.
    costs : Array, shape (N,)
        Each trial's own cost.
    C : float
    """

    n: tuple[int, ...]
    mu: tuple[Activation, ...]
    reduction: str
    Y: Array
    W: dict[int, Array]
    b: dict[int, Array]
    A: dict[int, Array]
    Z: dict[int, Array]
    costs: Array
    C: Any
    dC_dA: dict[int, Array]
    Delta: dict[int, Array]
    dC_dW: dict[int, Array]
    dC_db: dict[int, Array]

    @property
    def L(self) -> int:
        """The number of layers after the input, which is the 0-th."""
        return len(self.n) - 1

    @property
    def N(self) -> int:
        """The number of trials."""
        return int(self.Y.shape[1])

    @property
    def B(self) -> dict[int, Array]:
        """B^(l): N copies of b^(l) as columns."""
        return {l: copies(b, self.N) for l, b in self.b.items()}


def network(n: Sequence[int], mu: str = "relu", *, softmax: bool = False) -> Network:
    """The document's network: one μ and squares without ½, or μ inside, softmax and cross-entropy at the end.

    Examples
    --------
    >>> print(network((784, 10, 10), softmax=True))
    784 → 10 relu → 10 softmax, cross_entropy(label_smoothing=0.0)
    """
    names = [mu] * (len(n) - 1)
    if softmax:
        return Network(n, [*names[:-1], "softmax"], "cross_entropy")
    return Network(n, names, LOSSES["squared_error"](1.0))


def arrays_of(
    parameters: Parameters, *, sources_first: bool = False
) -> tuple[dict[int, Array], dict[int, Array]]:
    """W^(1) … W^(L) and the columns b^(1) … b^(L).

    Parameters
    ----------
    parameters : Parameters
    sources_first : bool
        W as the document's section "Introducing Neural Networks" displays it, n_{l-1} × n_l: a = Wᵀ a' + b.

    Examples
    --------
    >>> W, b = arrays_of(Parameters.from_arrays([[[1.0, 2.0]]], [[0.5]]))
    >>> W[1], b[1]
    (array([[1., 2.]]), array([[0.5]]))
    """
    W = {
        l: (w.T if sources_first else w).copy()
        for l, w in enumerate(parameters.weights, 1)
    }
    return W, {l: b[:, None].copy() for l, b in enumerate(parameters.biases, 1)}


def parameters_of(arrays: Arrays, *, sources_first: bool = False) -> Parameters:
    """The canonical parameters of W^(l) and b^(l).

    Parameters
    ----------
    arrays : (mapping, mapping) of int to array_like
        W^(l) of shape (n_l, n_{l-1}) and b^(l) of shape (n_l, 1); a plain list is a column.
    sources_first : bool
        Whether W^(l) is of shape (n_{l-1}, n_l), as the document's section "Introducing Neural Networks" displays it.

    Raises
    ------
    InputError
        A layer missing, or shapes that do not follow each other, in the document's indices.

    Examples
    --------
    >>> parameters_of(({1: [[1.0, 2.0]]}, {1: [0.5]})).theta
    array([1. , 2. , 0.5])
    """
    if sources_first:
        arrays = ({l: matrix(f"W^({l})", w).T for l, w in arrays[0].items()}, arrays[1])
    W, b = checked(arrays)
    return Parameters.from_arrays(list(W.values()), [v[:, 0] for v in b.values()])


def checked(arrays: Arrays) -> tuple[dict[int, Array], dict[int, Array]]:
    """W^(l) and b^(l) in order, of shapes that follow each other."""
    given_W, given_b = arrays
    layers = range(1, len(given_W) + 1)
    require_layers("W^(l)", given_W, layers)
    require_layers("b^(l)", given_b, layers)
    W = {l: matrix(f"W^({l})", given_W[l]) for l in layers}
    for l in range(2, len(W) + 1):
        shape = (W[l].shape[0], W[l - 1].shape[0])
        require_shape(f"W^({l})", W[l], shape, f"i = 1 … n_{l}, j = 1 … n_{l - 1}")
    b = {
        l: one_column(
            f"b^({l})",
            given_b[l],
            W[l].shape[0],
            f"i = 1 … n_{l}, one column",
            "Pass one column: all trials share a layer's biases.",
        )
        for l in layers
    }
    return W, b


def copies(b: Array, trials: int) -> Array:
    """B: the column b, once for each trial."""
    return np.repeat(b, trials, axis=1)


def run(
    network: Network,
    arrays: Arrays,
    A0: Any,
    Y: Any,
    *,
    reduction: str = "mean",
    input_gradient: bool = True,
) -> Pass:
    """Forward and backward pass by the document's own equations.

    Parameters
    ----------
    network : Network
    arrays : (mapping, mapping) of int to array_like
        W^(l) and b^(l).
    A0, Y : array_like, shapes (n_0, N) and (n_L, N)
        Columns are trials; a plain list is one column.
    reduction : {"mean", "sum"}
        Whether C is the mean over the trials or their sum.
    input_gradient : bool
        Whether to compute ∂C/∂A^(0), which no step needs and which costs as much as one more layer.

    Raises
    ------
    InputError
        Wrong shapes, in the document's indices.

    Examples
    --------
    >>> p = run(network((2, 1), "identity"), ({1: [[1.0, -2.0]]}, {1: [0.5]}), [[3.0, 1.0], [1.0, 1.0]], [[1.0, 0.5]])
    >>> p.Z[1], p.Delta[1], p.dC_dW[1], p.C
    (array([[ 1.5, -0.5]]), array([[ 1., -2.]]), array([[ 0.5, -0.5]]), np.float64(0.625))
    """
    network.require(parameters_of(arrays))
    W, b = checked(arrays)
    n, mu, L = network.sizes, network.activations, network.n_layers
    A = {0: columns("A^(0)", A0, n[0], "j = 1 … n_0, one column per trial")}
    Y = columns("Y", Y, n[-1], f"i = 1 … n_{L}, one column per trial")
    trials = Y.shape[1]
    if A[0].shape[1] != trials:
        raise ShapeError(
            f"{A[0].shape[1]} columns of A^(0), {trials} of Y",
            "N of each",
            "One column per trial.",
        )
    Z = {}
    for l in range(1, L + 1):
        Z[l] = product(W[l], A[l - 1]) + copies(b[l], trials)  # S1.E77
        A[l] = columnwise(mu[l - 1].value, Z[l])  # S1.E68, S1.E77
    costs, last = network.loss.value_and_delta(Y.T, Z[L].T, A[L].T, mu[-1])
    Delta = {L: last.T}  # S1.E39, S1.E78
    dC_dA = {L: output_gradient(network.loss, Y.T, A[L].T).T}
    for l in range(L, 0, -1):
        if l > 1 or input_gradient:
            dC_dA[l - 1] = product(W[l].T, Delta[l])
        if l > 1:
            Delta[l - 1] = columnwise(
                mu[l - 2].pull_back, Z[l - 1], A[l - 1], dC_dA[l - 1]
            )  # S1.E45
    factor = reduction_weights(None, trials, reduction, costs)  # 1/N, once
    dC_dW = {
        l: factor * product(Delta[l], A[l - 1].T) for l in range(1, L + 1)
    }  # S1.E80
    dC_db = {
        l: factor * np.sum(Delta[l], axis=1, keepdims=True) for l in range(1, L + 1)
    }  # S1.E80
    return Pass(
        n,
        mu,
        reduction,
        Y,
        W,
        b,
        A,
        Z,
        costs,
        np.sum(factor * costs),
        dC_dA,
        Delta,
        dC_dW,
        dC_db,
    )


def view(sweep: Sweep) -> Pass:
    """The numbers of the canonical passes, in the document's arrays: the same numbers, moved."""
    W, b = arrays_of(sweep.parameters)
    return Pass(
        sweep.network.sizes,
        sweep.network.activations,
        sweep.reduction,
        sweep.y.T,
        W,
        b,
        {l: A.T for l, A in enumerate(sweep.A)},
        {l: Z.T for l, Z in enumerate(sweep.Z, 1)},
        sweep.ell,
        sweep.J,
        {l: g.T for l, g in enumerate(sweep.dA)},
        {l: d.T for l, d in enumerate(sweep.dZ, 1)},
        dict(enumerate(sweep.dW, 1)),
        {l: g[:, None] for l, g in enumerate(sweep.db, 1)},
    )


def step(
    p: Pass, alpha: float, *, layers: Collection[int] | None = None
) -> tuple[dict[int, Array], dict[int, Array]]:
    """W - α ∂C/∂W and b - α ∂C/∂b, of all layers or of some, all from the old parameters (S1.E74).

    Raises
    ------
    InputError
        α that is no finite number > 0; a layer that is not one of 1 … L.
    """
    alpha, moved = checked_rate("α", alpha), moving("W^(l) and b^(l)", layers, p.W)
    W = {l: W - alpha * p.dC_dW[l] if l in moved else W.copy() for l, W in p.W.items()}
    return W, {
        l: b - alpha * p.dC_db[l] if l in moved else b.copy() for l, b in p.b.items()
    }


#: See `quantities_of`.
QUANTITIES = """
A^(0)       | input                                | X  | A-     | i1 trial1

W^({l})     | weights                              | W  | W      | i1 j1
b^({l})     | biases                               | b  | b      | i1 _1
Z^({l})     | W^({l}) A^({p}) + B^({l})            | Z  | Z      | i1 trial1
A^({l})     | μ(Z^({l}))                           | A  | A      | i1 trial1

Y           | desired output                       | Y  | Y      | i1 trial1
C           | cost                                 | J  | C      |
∂C/∂A^({l}) | derivative of each trial's own cost  | dA | dC_dA  | i1 trial1

Δ^({l})     | ∂C/∂z^({l}) of each trial's own cost | dZ | Delta  | i1 trial1
∂C/∂W^({l}) | {share}Δ^({l}) (A^({p}))ᵀ            | dW | dC_dW  | i1 j1
∂C/∂b^({l}) | {share}Σ columns of Δ^({l})          | db | dC_db  | i1 _1
∂C/∂A^({p}) | (W^({l}))ᵀ Δ^({l})                   | dA | dC_dA- | i1 trial1
"""


def quantities(p: Pass) -> tuple[Quantity, ...]:
    """Every array of a pass, in the order in which it is computed."""
    return quantities_of(
        QUANTITIES,
        p,
        range(1, p.L + 1),
        share="(1/N) " if p.reduction == "mean" else "",
    )
