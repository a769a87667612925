"""The same activations and losses in other people's libraries: PyTorch, SciPy, scikit-learn."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special
from sklearn import metrics

try:
    import torch
except ImportError:  # PyTorch is no requirement of the tests
    torch = None
else:
    torch.set_num_threads(1)

needs_torch = pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed; its CPU build is enough"
)


def _torch_functions() -> dict[str, Callable[..., Any]]:
    f = torch.nn.functional
    return {
        "identity": torch.nn.Identity(),
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": f.relu,
        "leaky_relu": f.leaky_relu,
        "elu": f.elu,
        "selu": f.selu,
        "gelu": f.gelu,
        "gelu_tanh": functools.partial(f.gelu, approximate="tanh"),
        "silu": f.silu,
        "mish": f.mish,
        "softplus": functools.partial(
            f.softplus, threshold=1e9
        ),  # no switch to the identity
        "softsign": f.softsign,
        "hard_sigmoid": f.hardsigmoid,
        "hard_tanh": f.hardtanh,
        "exp": torch.exp,
        "softmax": functools.partial(torch.softmax, dim=-1),
    }


#: name → φ of PyTorch; a row that PyTorch does not have is left out.
TORCH_ACTIVATIONS = _torch_functions() if torch is not None else {}

#: name → φ of SciPy.
SCIPY_ACTIVATIONS: dict[str, Callable[..., np.ndarray]] = {
    "sigmoid": special.expit,
    "softplus": lambda z: -special.log_expit(-z),
    "silu": lambda z: z * special.expit(z),
    "gelu": lambda z: z * special.ndtr(z),
    "softmax": functools.partial(special.softmax, axis=-1),
}


def torch_activation(specification: dict[str, Any], z: np.ndarray) -> np.ndarray:
    """φ of PyTorch, in the dtype of z."""
    arguments = [v for k, v in specification.items() if k != "name"]
    return TORCH_ACTIVATIONS[specification["name"]](torch.tensor(z), *arguments).numpy()


def torch_loss(specification: dict[str, Any], y: np.ndarray, a: np.ndarray) -> float:
    """Σ over rows and outputs of ℓ by PyTorch; KeyError where it has no such loss."""
    f = torch.nn.functional
    y, a = torch.tensor(y), torch.tensor(a)
    calls = {
        "squared_error": lambda: (
            specification["factor"] * f.mse_loss(a, y, reduction="sum")
        ),
        "absolute_error": lambda: f.l1_loss(a, y, reduction="sum"),
        "huber": lambda: f.huber_loss(
            a, y, reduction="sum", delta=specification["threshold"]
        ),
        # its input are logits; log a is one choice of them where Σ a = 1
        "cross_entropy": lambda: f.cross_entropy(
            torch.log(a),
            y,
            reduction="sum",
            label_smoothing=specification["label_smoothing"],
        ),
        "binary_cross_entropy": lambda: f.binary_cross_entropy(
            a,
            y * (1 - specification["label_smoothing"])
            + specification["label_smoothing"] / 2,
            reduction="sum",
        ),
    }
    return float(calls[specification["name"]]())


def scikit_learn_loss(
    specification: dict[str, Any], y: np.ndarray, a: np.ndarray
) -> float:
    """Σ over rows and outputs of ℓ by scikit-learn; KeyError where it has no such loss."""
    calls = {
        "squared_error": lambda: (
            specification["factor"] * metrics.mean_squared_error(y, a) * y.size
        ),
        "absolute_error": lambda: metrics.mean_absolute_error(y, a) * y.size,
        "pinball": lambda: (
            metrics.mean_pinball_loss(y, a, alpha=specification["quantiles"][0])
            * y.size
        ),
        "poisson": lambda: (
            metrics.mean_poisson_deviance(y.ravel(), a.ravel()) * y.size / 2
        ),
    }
    return float(calls[specification["name"]]())


#: What no library above has, by its definition in the real numbers.
STATED_LOSSES: dict[str, Callable[[float, float], float]] = {
    "log_cosh": lambda y, a: math.log(math.cosh(a - y))
}
