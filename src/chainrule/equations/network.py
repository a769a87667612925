"""The network: its description, its parameters, and where they start.

`Network` is a frozen description (widths, activations, loss). `Parameters` is one flat vector
θ = (W[1], …, W[L], b[1], …, b[L]), each matrix row by row (U1); weights and biases are read out
of it on access. A weight W[l] has one row per unit of layer l and one column per unit of layer
l - 1. Nothing here computes a forward or a backward pass.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ..errors import InputError, counted, named_among, require_kind
from .activation import Activation
from .activations import ACTIVATIONS
from .arrays import Array, array_namespace, as_floating
from .draws import Purpose, generator
from .initializers import INITIALIZERS, Initializer
from .losses import LOSSES, Loss
from .table import chosen

__all__ = [
    "Network",
    "Parameters",
    "checked_network",
    "flat_layout",
    "read_biases",
    "read_weights",
]


def flat_layout(
    sizes: Sequence[int],
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Start and end in θ of every W[l], then of every b[l], layer 1 first (U1)."""
    weights, biases, at = [], [], 0
    for fan_in, fan_out in itertools.pairwise(sizes):
        weights.append((at, at + fan_out * fan_in))
        at += fan_out * fan_in
    for fan_out in sizes[1:]:
        biases.append((at, at + fan_out))
        at += fan_out
    return weights, biases


def read_weights(sizes: Sequence[int], theta: Array) -> tuple[Array, ...]:
    """W[1] … W[L] out of a flat vector: views where the array library has views."""
    xp = array_namespace(theta)
    spans = flat_layout(sizes)[0]
    shapes = zip(sizes[1:], sizes[:-1], strict=True)
    return tuple(
        xp.reshape(theta[i:j], shape)
        for (i, j), shape in zip(spans, shapes, strict=True)
    )


def read_biases(sizes: Sequence[int], theta: Array) -> tuple[Array, ...]:
    """b[1] … b[L] out of a flat vector: views where the array library has views."""
    return tuple(theta[i:j] for i, j in flat_layout(sizes)[1])


@dataclass(frozen=True)
class Parameters:
    """The weights and biases of a network, as one flat vector.

    Parameters
    ----------
    sizes : tuple of int
        Widths n_0 … n_L.
    theta : Array, shape (D,)
        W[1], …, W[L], b[1], …, b[L], row by row; D = Σ n_l n_{l-1} + Σ n_l over l = 1 … L.

    Examples
    --------
    >>> p = Network((3, 2, 1), ("tanh", "identity"), "squared_error").init(seed=0)
    >>> [w.shape for w in p.weights], [b.shape for b in p.biases], p.theta.shape
    ([(2, 3), (1, 2)], [(2,), (1,)], (11,))
    """

    sizes: tuple[int, ...]
    theta: Array

    @property
    def weights(self) -> tuple[Array, ...]:
        """W[1] … W[L], shapes (n_l, n_{l-1}): row = the unit that the weight leads to."""
        return read_weights(self.sizes, self.theta)

    @property
    def biases(self) -> tuple[Array, ...]:
        """b[1] … b[L], shapes (n_l,)."""
        return read_biases(self.sizes, self.theta)

    @classmethod
    def from_arrays(cls, weights: Sequence[Any], biases: Sequence[Any]) -> Parameters:
        """θ from given arrays.

        Parameters
        ----------
        weights : sequence of array_like, shapes (n_l, n_{l-1})
            W[1] … W[L].
        biases : sequence of array_like, shapes (n_l,)
            b[1] … b[L].

        Raises
        ------
        InputError
            Shapes that do not follow each other.

        Examples
        --------
        >>> Parameters.from_arrays([[[1.0, 2.0]]], [[0.5]]).theta.tolist()
        [1.0, 2.0, 0.5]
        """
        W = [w if hasattr(w, "shape") else np.asarray(w, dtype=float) for w in weights]
        b = [v if hasattr(v, "shape") else np.asarray(v, dtype=float) for v in biases]
        shapes = [tuple(w.shape) for w in W], [tuple(v.shape) for v in b]
        fits = (
            len(W) == len(b) > 0
            and all(w.ndim == 2 and v.ndim == 1 for w, v in zip(W, b, strict=True))
            and all(w.shape[0] == v.shape[0] for w, v in zip(W, b, strict=True))
            and all(low.shape[0] == up.shape[1] for low, up in itertools.pairwise(W))
        )
        if not fits:
            raise InputError(
                f"weights of shapes {shapes[0]} with biases of shapes {shapes[1]}",
                "W[l] of shape (n_l, n_{l-1}) and b[l] of shape (n_l,) for each layer",
                "Each weight's columns must equal the rows of the one before; transpose if they are stored "
                "as (inputs, outputs).",
            )
        xp = array_namespace(*W, *b)
        theta = xp.concat([xp.reshape(array, (-1,)) for array in (*W, *b)])
        if not xp.isdtype(theta.dtype, ("real floating", "complex floating")):
            theta = xp.astype(theta, xp.float64)
        return cls((W[0].shape[1], *(w.shape[0] for w in W)), theta)


@dataclass(frozen=True, init=False, repr=False)
class Network:
    """A dense feed-forward network with its loss.

    Parameters
    ----------
    sizes : sequence of int
        Widths n_0 … n_L: inputs, hidden layers, outputs.
    activations : sequence of (str or Activation)
        φ_1 … φ_L, one per layer; names from `ACTIVATIONS`.
    loss : str or Loss
        ℓ; a name from `LOSSES`.

    Raises
    ------
    InputError
        A width below 1, an unknown name, another number of activations than layers, or an output
        activation whose range the loss does not accept.

    Examples
    --------
    >>> digits = Network((64, 10, 10), ("relu", "softmax"), "cross_entropy")
    >>> digits.n_parameters
    760
    >>> print(digits)
    64 → 10 relu → 10 softmax, cross_entropy(label_smoothing=0.0)
    """

    sizes: tuple[int, ...]
    activations: tuple[Activation, ...]
    loss: Loss

    def __init__(
        self,
        sizes: Sequence[int],
        activations: Sequence[str | Activation],
        loss: str | Loss,
    ) -> None:
        widths = tuple(sizes) if isinstance(sizes, Iterable) else (sizes,)
        whole = all(
            isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= 1
            for n in widths
        )
        if len(widths) < 2 or not whole:
            raise InputError(
                f"sizes = {widths!r}",
                "two or more whole numbers >= 1: inputs, hidden layers, outputs",
                "Network((64, 10, 10), …) has 64 inputs, 10 hidden units and 10 outputs.",
            )
        if isinstance(activations, str) or not isinstance(activations, Sequence):
            activations = (activations,)
        if len(activations) != len(widths) - 1:
            raise InputError(
                f"{counted(len(activations), 'activation')} for {counted(len(widths) - 1, 'layer')}",
                "one activation per layer, the output's last",
                f'Pass {len(widths) - 1} of them; "identity" is a linear layer.',
            )
        object.__setattr__(self, "sizes", tuple(int(n) for n in widths))
        object.__setattr__(
            self,
            "activations",
            tuple(
                chosen(
                    phi, Activation, ACTIVATIONS, "activation", _remedy("activation")
                )
                for phi in activations
            ),
        )
        object.__setattr__(
            self, "loss", chosen(loss, Loss, LOSSES, "loss", _remedy("loss"))
        )
        self._require_fit()

    def _require_fit(self) -> None:
        output = self.activations[-1]
        values = output.range(self.sizes[-1])
        if not self.loss.accepts.contains(values):
            fitting = [
                name
                for name, make in ACTIVATIONS.items()
                if self.loss.accepts.contains(make().range(self.sizes[-1]))
            ]
            raise InputError(
                f"{self.loss.name} on {output.name} outputs, which lie in {values}"
                + (
                    " (a softmax of one unit is the constant 1)"
                    if values.low == values.high
                    else ""
                ),
                f"outputs in {self.loss.accepts}",
                f"Use one of {', '.join(fitting)} in the last layer, or another loss.",
            )

    @property
    def n_layers(self) -> int:
        """L, the number of weight layers."""
        return len(self.sizes) - 1

    @property
    def n_parameters(self) -> int:
        """D, the length of θ."""
        return flat_layout(self.sizes)[1][-1][1]

    def init(
        self,
        seed: int = 0,
        dtype: Any = "float64",
        initializer: str | Initializer = "glorot_uniform",
        *,
        xp: Any = np,
    ) -> Parameters:
        """Parameters to start from; biases 0.

        Parameters
        ----------
        seed : int
            Same seed, same parameters; layers are drawn in order, in float64, then rounded.
        dtype : str or dtype
            "float64" or "float32", or that dtype of `xp`.
        initializer : str or callable
            A name from `INITIALIZERS`, or a function draw(rng, fan_out, fan_in) of your own. For given arrays use
            `Parameters.from_arrays`.
        xp : module
            The array library: numpy, torch, …

        Raises
        ------
        InputError
            An unknown name, another dtype, a seed out of range.

        Examples
        --------
        >>> net = Network((2, 3, 1), ("relu", "identity"), "squared_error")
        >>> net.init(seed=1, initializer="zeros").theta.sum()
        np.float64(0.0)
        """
        draw = _drawing(initializer)
        dtype = _dtype_name(dtype)
        rng = generator(seed, Purpose.INITIALIZATION)
        theta = np.zeros(self.n_parameters)
        for l, W in enumerate(read_weights(self.sizes, theta), 1):
            drawn = np.asarray(draw(rng, *W.shape))
            if drawn.shape != W.shape:
                raise InputError(
                    f"an initializer that draws shape {drawn.shape} for W[{l}]",
                    f"shape {W.shape}, (fan_out, fan_in)",
                    "Draw one number for each weight.",
                )
            W[...] = drawn
        if xp is np:
            return Parameters(self.sizes, theta.astype(dtype))
        xp = array_namespace(xp.zeros(1))
        return Parameters(self.sizes, xp.asarray(theta, dtype=getattr(xp, dtype)))

    def require(self, parameters: Parameters) -> None:
        """Raise unless `parameters` are of this network and finite."""
        require_kind(
            "parameters",
            parameters,
            Parameters,
            "Use network.init(...) or Parameters.from_arrays(...).",
        )
        if tuple(parameters.sizes) != self.sizes or tuple(parameters.theta.shape) != (
            self.n_parameters,
        ):
            raise InputError(
                f"parameters for widths {parameters.sizes} with {tuple(parameters.theta.shape)} numbers",
                f"widths {self.sizes}, {self.n_parameters} numbers",
                "Use network.init(...) or Parameters.from_arrays(...) for this network.",
            )
        xp = array_namespace(parameters.theta)
        if not xp.isdtype(
            parameters.theta.dtype, ("real floating", "complex floating")
        ):
            raise InputError(
                f"parameters of dtype {parameters.theta.dtype}",
                "a floating dtype",
                "Convert theta to float64.",
            )
        if not xp.isdtype(parameters.theta.dtype, "complex floating"):
            as_floating(parameters.theta, "theta", like=parameters.theta, ndim=1)

    def _repr_html_(self) -> str:
        """The network drawn, as notebooks show it."""
        from ..show.network_drawing import drawing

        return drawing(
            self.sizes, [phi.name for phi in self.activations], self.loss.name
        )

    def __str__(self) -> str:
        layers = [
            f"{n} {phi.name}"
            for n, phi in zip(self.sizes[1:], self.activations, strict=True)
        ]
        return " → ".join([str(self.sizes[0]), *layers]) + f", {self.loss}"

    def __repr__(self) -> str:
        layers = [_short(phi, ACTIVATIONS) for phi in self.activations]
        activations = ", ".join(layers) + ("," if len(layers) == 1 else "")
        return f"Network({self.sizes}, ({activations}), {_short(self.loss, LOSSES)})"


def checked_network(network: Network) -> Network:
    """The same; raises where it is something else."""
    require_kind(
        "network",
        network,
        Network,
        'Make one: Network((64, 10, 10), ("relu", "softmax"), "cross_entropy").',
    )
    return network


def _short(function: Activation | Loss, table: Mapping[str, Callable[..., Any]]) -> str:
    """The name where the parameters are the table's own, else the call that makes it."""
    usual = function.name in table and table[function.name]() == function
    return repr(function.name) if usual else repr(function)


def _dtype_name(dtype: Any) -> str:
    """float32 or float64, from the name or dtype of any library."""
    try:
        name = str(dtype if dtype is None else np.dtype(dtype))
    except TypeError:  # another library's
        name = str(dtype).rsplit(".", maxsplit=1)[-1]
    if name not in ("float32", "float64"):
        raise InputError(
            f"dtype = {dtype!r}", '"float64" or "float32"', 'Pass dtype="float64".'
        )
    return name


def _remedy(word: str) -> str:
    return f"Choose one of these; custom_{word}(…) makes one of your own."


def _drawing(initializer: Any) -> Initializer:
    """The function that a name of the table stands for, or the function itself."""
    if isinstance(initializer, str) and initializer in INITIALIZERS:
        return INITIALIZERS[initializer]
    if isinstance(initializer, str) or not callable(initializer):
        raise InputError(
            f"initializer = {initializer!r}",
            f"{', '.join(INITIALIZERS)}, or a function draw(rng, fan_out, fan_in)",
            named_among(initializer, INITIALIZERS, "Choose one of these."),
        )
    return cast(Initializer, initializer)
