"""The networks on which the lines are evaluated: widths all different (NS), all equal (SQ), hidden = output (ML).

Fourteen misprints cannot be evaluated where the widths differ and hide where they agree; six others hold where
they agree. So every line sees all three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..equations.arrays import Array
from ..equations.custom import custom_loss
from ..equations.draws import Purpose, generator
from ..equations.losses import LOSSES
from ..equations.network import Network, Parameters

__all__ = [
    "DEEP",
    "NARROWING",
    "ONE_HIDDEN",
    "SHALLOW",
    "TAPERED",
    "Cases",
    "Setting",
    "cases",
    "plain",
    "quartic",
    "softmax_after",
    "with_quartic",
]

Sizes = Mapping[str, tuple[int, ...]]
#: Case → widths, input first.
DEEP: Sizes = {"NS": (3, 4, 2, 5), "SQ": (3, 3, 3, 3), "ML": (4, 3, 3, 3)}
TAPERED: Sizes = {"NS": (4, 3, 5, 2), "SQ": (3, 3, 3, 3), "ML": (4, 3, 3)}
SHALLOW: Sizes = {"NS": (4, 5, 3), "SQ": (3, 3, 3), "ML": (6, 3, 3)}
NARROWING: Sizes = {"NS": (4, 3, 2, 5), "SQ": (3, 3, 3, 3), "ML": (4, 3, 3, 3)}
ONE_HIDDEN: Sizes = {"NS": (4, 3, 2), "SQ": (3, 3, 3), "ML": (4, 3, 3)}


@dataclass(frozen=True)
class Setting:
    """A network, its parameters and its rows, in the one notation.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    x, y : Array, shapes (N, n_0) and (N, n_L)
    reduction : {"mean", "sum"}
    options : dict
        What the notation's functions take beside it.
    """

    network: Network
    parameters: Parameters
    x: Array
    y: Array
    reduction: str = "sum"
    options: Mapping[str, Any] = field(default_factory=dict)


#: Case → the setting, made when it is asked for.
Cases = dict[str, Callable[[], Setting]]


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
    **options: Any,
) -> Setting:
    """Parameters and rows for a network; targets "any", "positive", "sum to 1" or "one-hot"; b = 0 unless `biased`."""
    rng = generator(seed, Purpose.INITIALIZATION)
    n = network.sizes
    parameters = Parameters(n, rng.uniform(-1.2, 1.2, network.n_parameters))
    if not options.get("biased", True):
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
    return Setting(network, parameters, x, y, reduction, options)


def cases(
    sizes: Sizes, make: Callable[[Sequence[int]], Network], seed: int, **options: Any
) -> Cases:
    """One setting for each case, made when it is asked for."""

    def setting(n: tuple[int, ...]) -> Callable[[], Setting]:
        return lambda: draw(make(n), seed, **options)

    return {case: setting(n) for case, n in sizes.items()}


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
    return lambda n: Network(
        n, [*[activation] * (len(n) - 2), "softmax"], "cross_entropy"
    )
