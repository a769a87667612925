"""The functions that a page offers: those of the tables that it can write, train and draw, and a model's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ...equations.activation import Activation
from ...equations.activations import ACTIVATIONS
from ...equations.losses import LOSSES, Loss, Pinball
from ...equations.network import Network
from ...errors import InputError
from ...optimizers import Optimizer
from ...optimizers.table import OPTIMIZERS
from .notations import Choices

__all__ = ["UNTRAINED", "choices_for", "name_of"]

#: An output and a loss that fit, but that the compiled engine does not train.
UNTRAINED = ("softmax", "binary_cross_entropy")

Function = TypeVar("Function", Activation, Loss, Optimizer)


def choices_for(
    network: Network | None = None, optimizer: Optimizer | None = None
) -> Choices:
    """The functions of the tables, with those of a network that has other parameters.

    Raises
    ------
    InputError
        A function of the user's own, or one that the page cannot write.

    Examples
    --------
    >>> sorted(choices_for().losses)[:3]
    ['absolute_error', 'binary_cross_entropy', 'cross_entropy']
    """
    activations = {name: make() for name, make in ACTIVATIONS.items()}
    losses = {name: make() for name, make in LOSSES.items()}
    losses["squared_error(factor=1)"] = LOSSES["squared_error"](1.0)
    optimizers = {
        name: make() for name, make in OPTIMIZERS.items() if make().one_gradient
    }
    del optimizers["sgd"]  # without momentum it is gradient descent
    optimizers["sgd(momentum=0.9)"] = OPTIMIZERS["sgd"](momentum=0.9)
    optimizers["sgd(momentum=0.9, nesterov=True)"] = OPTIMIZERS["sgd"](
        momentum=0.9, nesterov=True
    )
    if network is not None:
        for phi in network.activations:
            require(phi.formula != "" and not phi.custom, "activation", phi)
            activations.setdefault(name_of(phi, ACTIVATIONS), phi)
        loss = network.loss
        # several quantiles have a formula each, and the page one for all outputs
        one = not isinstance(loss, Pinball) or len(loss.quantiles) == 1
        require(not loss.custom and one, "loss", loss)
        if (network.activations[-1].name, loss.name) == UNTRAINED:
            raise InputError(
                f"{loss.name} on {network.activations[-1].name} outputs",
                "pairs that the compiled engine trains, which is the page's",
                "Use explain, which shows it by the reference engine.",
            )
        losses.setdefault(name_of(loss, LOSSES), loss)
    if optimizer is not None:
        optimizers.setdefault(name_of(optimizer, OPTIMIZERS), optimizer)
    return Choices(activations, losses, optimizers)


def require(holds: bool, kind: str, function: Any) -> None:
    """Raise for a function that the page cannot write."""
    if not holds:
        raise InputError(
            f"the {kind} {function.name}",
            "those of the tables, pinball with one quantile: the page evaluates their formulas",
            "Use explain, which shows a network with any function.",
        )


def name_of(function: Any, table: Mapping[str, Callable[..., Any]]) -> str:
    """The name of a function with the parameters that are not those of the table.

    Examples
    --------
    >>> name_of(LOSSES["huber"](2.0), LOSSES), name_of(ACTIVATIONS["elu"](), ACTIVATIONS)
    ('huber(threshold=2)', 'elu')
    """
    plain = table[function.name]().specification()
    own = {
        key: value
        for key, value in function.specification().items()
        if value != plain.get(key) and key != "learning_rate"
    }
    shown = ", ".join(
        f"{k}={v:g}" if type(v) in (int, float) else f"{k}={v}" for k, v in own.items()
    )
    return f"{function.name}({shown})" if shown else str(function.name)
