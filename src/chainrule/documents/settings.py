"""The networks on which the lines are evaluated: widths all different (NS), all equal (SQ), hidden = output (ML).

Fourteen misprints cannot be evaluated where the widths differ and hide where they agree; six others hold where
they agree. So every line sees all three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations.arrays import Array
from ..equations.custom import custom_loss
from ..equations.draws import Purpose, generator
from ..equations.losses import LOSSES
from ..equations.network import Network, Parameters
from . import bias_first, bias_last, column_batch, constant_neuron, flat_theta

__all__ = ["KINDS", "Setting", "quartic"]

Sizes = Mapping[str, tuple[int, ...]]
#: Case → widths, input first.
DEEP: Sizes = {"NS": (3, 4, 2, 5), "SQ": (3, 3, 3, 3), "ML": (4, 3, 3, 3)}
TAPERED: Sizes = {"NS": (4, 3, 5, 2), "SQ": (3, 3, 3, 3), "ML": (4, 3, 3)}
SHALLOW: Sizes = {"NS": (4, 5, 3), "SQ": (3, 3, 3), "ML": (6, 3, 3)}
NARROWING: Sizes = {"NS": (4, 3, 2, 5), "SQ": (3, 3, 3, 3), "ML": (4, 3, 3, 3)}


@dataclass(frozen=True)
class Setting:
    """A network, its parameters and its rows, in the one notation.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    x, y : Array, shapes (N, n_0) and (N, n_L)
    reduction : {"mean", "sum"}
    """

    network: Network
    parameters: Parameters
    x: Array
    y: Array
    reduction: str = "sum"


def quartic() -> Any:
    """Σ_k (a_k - y_k)⁴: a loss that none of the documents has."""
    return custom_loss(
        lambda y, a: (a - y) ** 4,
        lambda y, a: 4 * (a - y) ** 3,
        name="quartic",
        analytic=True,
    )


def draw(
    network: Network,
    seed: int,
    *,
    rows: int = 1,
    reduction: str = "sum",
    targets: str = "any",
    biased: bool = True,
) -> Setting:
    """Parameters and rows for a network; targets "any", "positive", "sum to 1" or "one-hot"."""
    rng = generator(seed, Purpose.INITIALIZATION)
    n = network.sizes
    parameters = Parameters(n, rng.uniform(-1.2, 1.2, network.n_parameters))
    if not biased:
        parameters = Parameters.from_arrays(
            parameters.weights, [0 * b for b in parameters.biases]
        )
    x = rng.uniform(0.2, 1.0, (rows, n[0])) * rng.choice([-1, 1], (rows, n[0]))
    y = rng.uniform(-1, 1, (rows, n[-1]))
    if targets != "any":
        y = rng.uniform(0.1, 1, (rows, n[-1]))
    if targets == "sum to 1":
        y = y / y.sum(axis=1, keepdims=True)
    if targets == "one-hot":
        y = np.eye(n[-1])[np.arange(rows) % n[-1]]
    return Setting(network, parameters, x, y, reduction)


def cases(
    sizes: Sizes, make: Callable[[Sequence[int]], Network], seed: int, **options: Any
) -> Cases:
    """One setting for each case, made when it is asked for."""

    def setting(n: tuple[int, ...]) -> Callable[[], Setting]:
        return lambda: draw(make(n), seed, **options)

    return {case: setting(n) for case, n in sizes.items()}


Cases = dict[str, Callable[[], Setting]]


def plain(activation: str, factor: float) -> Callable[[Sequence[int]], Network]:
    """The same activation in every layer, squares with that factor."""
    return lambda n: Network(
        n, [activation] * (len(n) - 1), LOSSES["squared_error"](factor)
    )


def with_quartic(activation: str) -> Callable[[Sequence[int]], Network]:
    """The same activation in every layer, the quartic loss."""
    return lambda n: Network(n, [activation] * (len(n) - 1), quartic())


def softmax_after(activation: str) -> Callable[[Sequence[int]], Network]:
    """Softmax with cross-entropy in the last layer."""
    return lambda n: column_batch.network(n, activation, softmax=True)


def logistic(n: Sequence[int]) -> Network:
    """S2's network for numbers of neurons without the constant."""
    return constant_neuron.network([k + 1 for k in n])


GENERAL = {
    **cases(NARROWING, logistic, 31),
    **cases({"NS tanh quartic": NARROWING["NS"]}, with_quartic("tanh"), 32),
    **cases({"SQ softplus quartic": NARROWING["SQ"]}, with_quartic("softplus"), 33),
}
ONE_HIDDEN: Sizes = {"NS": (4, 3, 2), "SQ": (3, 3, 3), "ML": (4, 3, 3)}
HIDDEN: Sizes = {
    "NS": (4, 3, 2, 5),
    "SQ": (3, 3, 3, 3),
    "ML": (4, 3, 3, 3),
    "D_F=1": (4, 3, 2, 1),
}


def varied(n: Sequence[int]) -> Network:
    """S4's network with an activation of its own for each hidden layer."""
    return bias_last.network(
        n, [("tanh", "sigmoid", "softplus")[i % 3] for i in range(len(n) - 2)]
    )


def linear_with_quartic(n: Sequence[int]) -> Network:
    """S4's network with another loss."""
    return Network(n, [*varied(n).activations[:-1], "identity"], quartic())


#: (document, kind) → case → the setting.
KINDS: Mapping[tuple[str, str], Cases] = {
    ("S0", "plain"): cases(DEEP, lambda n: bias_first.network(n, "tanh"), 1),
    ("S0", "softmax"): cases(DEEP, softmax_after("tanh"), 2, targets="positive"),
    ("S0", "sum 1"): cases(DEEP, softmax_after("tanh"), 3, targets="sum to 1"),
    ("S1", "linear"): cases(TAPERED, plain("identity", 1.0), 11),
    ("S1", "one"): cases(TAPERED, plain("tanh", 1.0), 12),
    ("S1", "sum"): cases(TAPERED, plain("tanh", 1.0), 13, rows=5),
    ("S1", "mean"): cases(TAPERED, plain("tanh", 1.0), 14, rows=5, reduction="mean"),
    ("S1", "chain"): cases({"L=1": (1, 1), "L=4": (1,) * 5}, plain("tanh", 1.0), 15),
    ("S1", "longer chain"): cases({"L=4": (1,) * 5}, plain("tanh", 1.0), 15),
    ("S1", "ReLU neuron"): {
        "on": lambda: Setting(
            plain("relu", 1.0)((1, 1)),
            Parameters.from_arrays([[[0.7]]], [[0.2]]),
            np.array([[0.9]]),
            np.array([[0.3]]),
        ),
        "off": lambda: Setting(
            plain("relu", 1.0)((1, 1)),
            Parameters.from_arrays([[[-0.7]]], [[0.2]]),
            np.array([[0.9]]),
            np.array([[0.3]]),
        ),
        "at 0": lambda: Setting(
            plain("relu", 1.0)((1, 1)),
            Parameters.from_arrays([[[0.5]]], [[-0.25]]),
            np.array([[0.5]]),
            np.array([[0.3]]),
        ),
    },
    ("S1", "digits"): cases(
        SHALLOW, softmax_after("relu"), 16, rows=6, reduction="mean", targets="one-hot"
    ),
    ("S1", "deep"): cases(
        {"NS": (4, 3, 5, 2), "SQ": (3, 3, 3, 3), "ML": (4, 3, 3, 3)},
        softmax_after("relu"),
        17,
        rows=6,
        reduction="mean",
        targets="one-hot",
    ),
    ("S1", "softmax"): cases(SHALLOW, softmax_after("tanh"), 18, targets="positive"),
    ("S1", "sum 1"): cases(SHALLOW, softmax_after("tanh"), 19, targets="sum to 1"),
    ("S2", "any"): GENERAL,
    ("S2", "logistic"): cases(NARROWING, logistic, 34),
    ("S2", "squares"): cases({"NS": NARROWING["NS"]}, plain("sigmoid", 1.0), 35),
    ("S2", "quartic"): cases({"NS": NARROWING["NS"]}, with_quartic("tanh"), 36),
    ("S3", "one"): cases(TAPERED, flat_theta.network, 41),
    ("S3", "sum"): cases(TAPERED, flat_theta.network, 42, rows=5),
    ("S3", "mean"): cases(TAPERED, flat_theta.network, 43, rows=5, reduction="mean"),
    ("S3", "count"): cases(
        {**TAPERED, "784-10-10": (784, 10, 10)}, flat_theta.network, 44
    ),
    ("S4", "one"): cases(ONE_HIDDEN, varied, 51, biased=False),
    ("S4", "deep"): cases(HIDDEN, varied, 52, biased=False),
    ("S4", "biased one"): cases(ONE_HIDDEN, varied, 53),
    ("S4", "biased"): cases(HIDDEN, varied, 54),
    ("S4", "other losses"): {
        **cases(
            {"NS quartic": HIDDEN["NS"], "SQ quartic": HIDDEN["SQ"]},
            linear_with_quartic,
            55,
            biased=False,
        ),
        **cases(
            {"NS softmax": HIDDEN["NS"], "SQ softmax": HIDDEN["SQ"]},
            softmax_after("tanh"),
            56,
            targets="positive",
            biased=False,
        ),
    },
    ("X", "one"): cases(TAPERED, plain("tanh", 0.5), 61),
    ("X", "batch"): cases(TAPERED, plain("tanh", 0.5), 62, rows=4),
    ("X", "one hidden"): cases(ONE_HIDDEN, varied, 63),
}
