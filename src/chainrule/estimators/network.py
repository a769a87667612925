"""The network of an estimator: its hidden layers as the parameters say, its weights in `coefs_` and `intercepts_`.

These two are the only place where an estimator keeps its weights: what a user assigns to them, or changes in them, is
what is read the next time. `coefs_[l]` has scikit-learn's orientation, (inputs, outputs): W[l + 1] transposed.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..equations.activation import Activation
from ..equations.network import Parameters
from ..errors import InputError, require_kind

__all__ = [
    "SCIKIT_LEARN_S",
    "as_coefs",
    "as_parameters",
    "first_weights",
    "hidden_activations",
    "hidden_sizes",
]

Matrix = np.ndarray[Any, Any]
#: scikit-learn's names of activations, where they differ from those of `ACTIVATIONS`.
SCIKIT_LEARN_S = {"logistic": "sigmoid"}


def hidden_sizes(asked: Any) -> list[int]:
    """The widths that `hidden_layer_sizes` stands for."""
    alone = not hasattr(asked, "__iter__") or getattr(asked, "ndim", 1) == 0
    sizes = [asked] if alone else list(asked)
    try:
        whole = [operator.index(size) for size in sizes]
    except TypeError:
        whole = None
    if whole is None or any(isinstance(size, bool | np.bool) for size in sizes):
        raise InputError(
            f"hidden_layer_sizes = {asked!r}",
            "a whole number, or a list of them: the width of each hidden layer",
            "Pass hidden_layer_sizes=(100,), say; int(…) where the widths are computed.",
        )
    if any(size <= 0 for size in whole):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return whole


def hidden_activations(given: Any, layers: int) -> list[str | Activation]:
    """The activations of so many hidden layers, as `activation` has them."""
    asked = list(given) if isinstance(given, list | tuple) else [given] * layers
    if len(asked) != layers:
        raise InputError(
            f"activation = {given!r} for {layers} hidden layers",
            "one name for all of them, or a list of one for each",
            "The last layer's is chosen by its targets.",
        )
    for phi in asked:
        if not isinstance(phi, str):
            require_kind(
                "activation",
                phi,
                Activation,
                "Pass a name from ACTIVATIONS, or an Activation.",
            )
    return [
        SCIKIT_LEARN_S.get(phi, phi) if isinstance(phi, str) else phi for phi in asked
    ]


def as_parameters(coefs: Sequence[Any], intercepts: Sequence[Any]) -> Parameters:
    """θ of these weights, copied.

    Raises
    ------
    InputError
        Shapes that do not follow each other.
    """
    W, b = (
        [np.asarray(coef).T for coef in coefs],
        [np.asarray(intercept) for intercept in intercepts],
    )
    fits = (
        len(W) == len(b) > 0
        and all(
            w.ndim == 2 and v.shape == w.shape[:1] for w, v in zip(W, b, strict=True)
        )
        and all(low.shape[0] == up.shape[1] for low, up in itertools.pairwise(W))
    )
    if not fits:
        raise InputError(
            f"coefs_ of shapes {[w.shape[::-1] for w in W]} with intercepts_ of shapes {[v.shape for v in b]}",
            "coefs_[l] of shape (inputs, outputs) and intercepts_[l] of shape (outputs,) for each layer",
            "The outputs of a layer are the inputs of the next.",
        )
    theta = np.concatenate([array.ravel() for array in (*W, *b)])
    if theta.dtype not in (np.float32, np.float64):
        theta = theta.astype(np.float64)
    return Parameters((W[0].shape[1], *(w.shape[0] for w in W)), theta)


def as_coefs(parameters: Parameters) -> tuple[list[Matrix], list[Matrix]]:
    """`coefs_` and `intercepts_`, views of θ."""
    return [W.T for W in parameters.weights], list(parameters.biases)


def first_weights(
    random: np.random.RandomState, sizes: Sequence[int], activation: Any, dtype: Any
) -> tuple[list[Matrix], list[Matrix]]:
    """`coefs_` and `intercepts_` to start from, all from U(-r, r), r = √(f / (fan_in + fan_out)).

    f is 2 where the layer's activation is sigmoid, else 6; the output layer goes by the last hidden one, or by
    `activation`, as the estimator has it, where there is none. Glorot & Bengio 2010.
    """
    hidden = hidden_activations(activation, len(sizes) - 2)
    names = [phi if isinstance(phi, str) else phi.name for phi in hidden]
    names.append(names[-1] if names else SCIKIT_LEARN_S.get(str(activation), ""))
    coefs, intercepts = [], []
    for (fan_in, fan_out), name in zip(itertools.pairwise(sizes), names, strict=True):
        bound = np.sqrt((2.0 if name == "sigmoid" else 6.0) / (fan_in + fan_out))
        coefs.append(
            random.uniform(-bound, bound, (fan_in, fan_out)).astype(dtype, copy=False)
        )
        intercepts.append(
            random.uniform(-bound, bound, fan_out).astype(dtype, copy=False)
        )
    return coefs, intercepts
