"""The arguments of `train` beside rows and targets, checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..equations.intervals import POSITIVE
from ..equations.losses import BinaryCrossEntropy, CrossEntropy, Loss
from ..equations.network import Network, checked_network
from ..equations.table import chosen
from ..errors import InputError, counted, is_number, named_among, require_kind, type_of
from ..optimizers import Optimizer
from ..optimizers.rules import Rules
from ..optimizers.table import OPTIMIZERS
from .callbacks import require_callbacks
from .checkpoints import Checkpoint
from .metrics import METRICS, Metric
from .stopping import EarlyStopping

__all__ = [
    "checked_batch_rows",
    "checked_count",
    "checked_dropout",
    "checked_layers",
    "checked_limit",
    "checked_metrics",
    "checked_optimizer",
    "checked_order",
    "require_kinds",
    "require_learnable",
    "require_possible",
]


def require_kinds(
    network: Any, early_stopping: Any, callbacks: Any, checkpoint: Any, resume: Any
) -> None:
    """Raise where one of these is not what its name says, or they do not fit each other."""
    checked_network(network)
    if early_stopping is not None:
        require_kind(
            "early_stopping",
            early_stopping,
            EarlyStopping,
            "Pass EarlyStopping(patience=10), say.",
        )
    if checkpoint is not None:
        path = f'"{checkpoint}"' if isinstance(checkpoint, str) else "…"
        require_kind(
            "checkpoint",
            checkpoint,
            Checkpoint,
            f"Pass Checkpoint({path}, every_epochs=10), say.",
        )
    if not isinstance(resume, str | os.PathLike | None):
        raise InputError(
            f"resume that is {type_of(resume)}",
            "the path of a checkpoint, or None",
            "Name the file.",
        )
    if not isinstance(callbacks, Sequence):
        raise InputError(
            f"callbacks that are {type_of(callbacks)}",
            "a list of Callback",
            "Put it in a list.",
        )
    require_callbacks(callbacks)


def checked_metrics(
    asked: Sequence[str | Metric | Callable[..., float]],
    early_stopping: EarlyStopping | None,
    loss: Loss,
) -> tuple[Metric, ...]:
    """The metrics to record: the one that early stopping watches, then those that are asked for."""
    if isinstance(asked, str) or not isinstance(asked, Sequence):
        raise InputError(
            f"metrics = {asked!r}"
            if isinstance(asked, str)
            else f"metrics that are {type_of(asked)}",
            "a list of names, of Metric, or of functions of targets and outputs",
            'Pass metrics=["accuracy"], say.',
        )
    watched = None if early_stopping is None else early_stopping.metric
    found: dict[str, Metric] = {} if watched is None else {watched.name: watched}
    for one in asked:
        metric = _metric_of(one)
        if found.setdefault(metric.name, metric) != metric:
            raise InputError(
                f"two metrics of the name {metric.name!r}",
                "a name for each",
                "Pass Metric(name, value, greater_is_better) with another name.",
            )
    of_classes = isinstance(loss, CrossEntropy | BinaryCrossEntropy)
    if found.get("accuracy") is METRICS["accuracy"] and not of_classes:
        word = "monitor" if watched is METRICS["accuracy"] else "metrics"
        raise InputError(
            f'{word} = "accuracy" with the loss {loss}',
            "accuracy with cross_entropy and binary_cross_entropy, whose targets are classes",
            'Pass monitor="loss", or a Metric of your own.'
            if word == "monitor"
            else "Leave it out, or pass a Metric of your own.",
        )
    return tuple(found.values())


def _metric_of(asked: Any) -> Metric:
    """The metric of a name or of a function, or the metric itself."""
    if isinstance(asked, Metric):
        return asked
    if isinstance(asked, str) and asked in METRICS:
        return METRICS[asked]
    if callable(asked):
        return Metric(getattr(asked, "__name__", type(asked).__name__), asked, True)
    raise InputError(
        f"metric {asked!r}"
        if isinstance(asked, str)
        else f"a metric that is {type_of(asked)}",
        f"{', '.join(METRICS)}, a Metric, or a function of targets and outputs",
        named_among(asked, METRICS, "Choose one of these."),
    )


def checked_optimizer(
    optimizer: str | Optimizer, learning_rate: float | None
) -> Optimizer:
    """The optimizer; one that is named takes the learning rate, where one is given."""
    rule: Optimizer = chosen(optimizer, Optimizer, OPTIMIZERS, "optimizer")
    if learning_rate is None:
        return rule
    POSITIVE.checked("learning_rate", learning_rate, "Pass learning_rate=0.01, say.")
    if not isinstance(optimizer, str):
        made = type(rule).__name__
        raise InputError(
            f"learning_rate = {learning_rate} beside {rule!r}",
            "one learning rate: an optimizer that is made has its own",
            f"Pass {made}(learning_rate={learning_rate}, …), or name the optimizer by a string.",
        )
    if not rule.one_gradient:
        raise InputError(
            f"learning_rate = {learning_rate} with {rule.name}",
            "a learning rate for the optimizers that have one",
            f"Leave it out: the length of its steps is found by {rule.search}.",
        )
    return OPTIMIZERS[optimizer](learning_rate=float(learning_rate))


def checked_batch_rows(
    optimizer: Optimizer, batch_rows: int | None, rows: int, default: int = 128
) -> int:
    """Rows per step, at most as many as there are."""
    if batch_rows is not None:
        batch_rows = min(checked_count("batch_rows", batch_rows, low=1), rows)
    if not optimizer.full_batch:
        return min(default, rows) if batch_rows is None else batch_rows
    if batch_rows not in (None, rows):
        raise InputError(
            f"batch_rows = {batch_rows} for {optimizer.name}",
            "all rows in every step",
            'Leave batch_rows out, or use optimizer="sgd".',
        )
    return rows


def checked_order(
    order: Callable[[int], Any] | None, rows: int, batch_rows: int
) -> Callable[[int], np.ndarray[Any, Any] | None] | None:
    """The order of the epochs, which raises where an epoch's is none of all rows; None for one batch of all rows."""
    if order is None:
        return None
    if not callable(order):
        raise InputError(
            f"order that is {type_of(order)}",
            "a function from the number of an epoch to the row numbers in its order",
            "Pass order=lambda epoch: rng.permutation(N), say; or leave it out.",
        )

    def checked(epoch: int) -> np.ndarray[Any, Any] | None:
        given = order(epoch)
        if given is None:
            return None
        numbers = np.asarray(given)
        whole = numbers.shape == (rows,) and numbers.dtype.kind in "iu"
        if not whole or numbers.min() < 0 or numbers.max() >= rows:
            raise InputError(
                f"an order of shape {numbers.shape} and dtype {numbers.dtype} in epoch {epoch}",
                f"{rows} row numbers from 0 to {rows - 1}",
                "Each row comes once.",
            )
        return np.ascontiguousarray(numbers, np.int64)

    return checked if batch_rows < rows else None


def checked_dropout(
    network: Network, hidden: float | Sequence[float], inputs: float
) -> tuple[float, ...]:
    """The probabilities for the inputs and for each hidden layer."""
    count = network.n_layers - 1
    rates = (
        tuple(hidden)
        if isinstance(hidden, Sequence | np.ndarray)
        else (hidden,) * count
    )
    if len(rates) != count or not all(
        is_number(p) and 0 <= p < 1 for p in (inputs, *rates)
    ):
        raise InputError(
            f"dropout = {hidden!r}, input_dropout = {inputs!r}",
            f"probabilities 0 <= p < 1, one for all hidden layers or {counted(count, 'number')} in a list",
            "Pass dropout=0.5, say.",
        )
    return (float(inputs), *(float(p) for p in rates))


def checked_layers(network: Network, layers: Sequence[int]) -> tuple[int, ...]:
    """The numbers of the frozen layers, ascending."""
    numbers = tuple(layers) if isinstance(layers, Sequence | np.ndarray) else (None,)
    if not all(
        isinstance(layer, int | np.integer) and 1 <= layer <= network.n_layers
        for layer in numbers
    ):
        raise InputError(
            f"frozen_layers = {layers!r}",
            f"a list of whole numbers from 1 to {network.n_layers}",
            "Layer 1 is the first with weights.",
        )
    return tuple(sorted({int(layer) for layer in numbers}))


def require_learnable(network: Network) -> None:
    """Raise where the loss is a constant: nothing would be learned, and the run would look like a success."""
    if isinstance(network.loss, CrossEntropy):
        values = network.activations[-1].range(network.sizes[-1])
        if values.low == values.high:
            raise InputError(
                f"{network.loss.name} on a {network.activations[-1].name} of one unit, which is the constant 1",
                "two units, one for each answer, or an output that depends on the inputs",
                'For two classes, say, take one "sigmoid" unit with "binary_cross_entropy", or two softmax units.',
            )


def require_possible(rules: Rules) -> None:
    """Raise where the optimizer cannot do what is asked for beside it."""
    if rules.optimizer.one_gradient:
        return
    asked = {
        "dropout": any(rules.dropout),
        "clip_value": rules.clip_value is not None,
        "clip_norm": rules.clip_norm is not None,
        "max_norm": rules.max_norm is not None,
        "frozen_layers": bool(rules.frozen_layers),
        "schedule": rules.schedule.name != "constant"
        or rules.schedule.warmup_epochs > 0,
    }
    wrong = [
        name
        for name, given in asked.items()
        if given and name not in rules.optimizer.allowed
    ]
    if wrong:
        penalties = " and ".join(["penalties", *sorted(rules.optimizer.allowed)])
        raise InputError(
            f"{', '.join(wrong)} with {rules.optimizer.name}",
            f"{rules.optimizer.name} with {penalties} only: {rules.optimizer.search} needs one smooth function",
            'Leave it out, or use optimizer="adam".',
        )


def checked_count(name: str, value: Any, *, low: int) -> int:
    """A whole number, `low` or more."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | np.integer)
        or value < low
    ):
        raise InputError(
            f"{name} = {value!r}",
            f"a whole number >= {low}",
            f"Pass {name}={max(low, 10)}, say.",
        )
    return int(value)


def checked_limit(name: str, value: float | None) -> float | None:
    """A finite number > 0, or None."""
    if value is None:
        return None
    return POSITIVE.checked(name, value, f"Leave {name} out for no limit.")
