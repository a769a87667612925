"""`coefs_` and `intercepts_`: as θ, and back; and as scikit-learn draws them.

They are the only place where an estimator keeps its weights: what a user assigns to them, or changes in them, is
what is read the next time. `coefs_[l]` has scikit-learn's orientation, (inputs, outputs): W[l + 1] transposed.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..equations.network import Parameters
from ..errors import InputError

__all__ = ["as_coefs", "as_parameters", "first_weights"]

Matrix = np.ndarray[Any, Any]


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
    random: np.random.RandomState,
    sizes: Sequence[int],
    activations: Sequence[str],
    dtype: Any,
) -> tuple[list[Matrix], list[Matrix]]:
    """`coefs_` and `intercepts_` to start from, all from U(-r, r), r = √(f / (fan_in + fan_out)).

    f is 2 where the layer's activation is sigmoid, else 6. Glorot & Bengio 2010.
    """
    coefs, intercepts = [], []
    for (fan_in, fan_out), activation in zip(
        itertools.pairwise(sizes), activations, strict=True
    ):
        bound = np.sqrt((2.0 if activation == "sigmoid" else 6.0) / (fan_in + fan_out))
        coefs.append(
            random.uniform(-bound, bound, (fan_in, fan_out)).astype(dtype, copy=False)
        )
        intercepts.append(
            random.uniform(-bound, bound, fan_out).astype(dtype, copy=False)
        )
    return coefs, intercepts
