"""The recipe of a data set where nothing else is asked for: widths, optimizer, schedule, length.

The numbers were chosen on tables of 1000 to 50 000 rows and on MNIST; docs/command.md says what they reach, also
on rows that the choice did not look at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..data.dataset import Dataset
from ..engines.shards import SLICE_ROWS
from ..optimizers import LevenbergMarquardt
from ..optimizers.table import OPTIMIZERS

__all__ = ["Recipe", "recipe_for", "sharded", "streamed"]

#: The rows that a step takes are about this share of all, a power of two.
BATCH_SHARE = 1 / 100
#: Fewer epochs do where an epoch has so many rows.
MANY_ROWS = 10_000
#: Rows that a run on a stream goes through in all, its epochs, and its rows to validate on.
ROWS_SEEN, FEWEST_EPOCHS, MOST_EPOCHS = 100_000_000, 5, 60
VALIDATION_SHARE, MOST_VALIDATED = 0.1, 100_000
#: Gradient descent on all rows finds its minimum with this rate on inputs of about size 1.
USUAL_RATES = {
    "gradient_descent": 0.1,
    "sgd": 0.05,
    "rmsprop": 1e-3,
    "adagrad": 0.01,
    "adam": 2e-3,
    "adamw": 2e-3,
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that `chainrule train` decides about a run.

    Parameters
    ----------
    hidden : tuple of int
        Widths of the hidden layers.
    activation, loss, optimizer, schedule, initializer : str
        Names from the tables.
    learning_rate : float or None
        None for lbfgs, which has none.
    weight_decay : float
        Of adamw.
    batch_rows : int or None
        None for all rows.
    epochs : int
    steps : int or None
    dropout, l2 : float
    validation : float
        Share of the training rows; 0 for none.
    early_stopping : int
        Epochs without improvement before the run ends; 0 to run all of them and keep the last parameters.
    metrics : tuple of str
        What is recorded after each epoch, beside what early stopping watches.
    regularization : str
        Of levenberg_marquardt: "bayes" finds the penalty from the data.
    """

    hidden: tuple[int, ...] = (256, 128)
    activation: str = "relu"
    loss: str = "cross_entropy"
    optimizer: str = "adamw"
    learning_rate: float | None = 2e-3
    weight_decay: float = 0.1
    schedule: str = "one_cycle"
    initializer: str = "he_normal"
    batch_rows: int | None = 128
    epochs: int = 100
    steps: int | None = None
    dropout: float = 0.1
    l2: float = 0.0
    validation: float = 0.1
    early_stopping: int = 20
    metrics: tuple[str, ...] = ()
    regularization: str = "none"

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return asdict(self)

    def lines(self, seed: int) -> list[str]:
        """The lines that a user reads of it."""
        rate = (
            ""
            if self.learning_rate is None
            else f", learning rate {self.learning_rate:g} ({self.schedule})"
        )
        rows = (
            "all rows" if self.batch_rows is None else f"{self.batch_rows} rows a step"
        )
        length = (
            f"{self.epochs} epochs" if self.steps is None else f"{self.steps} steps"
        )
        name = self.optimizer.replace("_", " ")
        decay = (
            f", weight decay {self.weight_decay:g}" if self.optimizer == "adamw" else ""
        )
        held = (
            f"{self.validation:.0%} of the training rows to validate on"
            if self.validation
            else "no validation"
        )
        stop = (
            f"stops after {self.early_stopping} epochs without improvement"
            if self.early_stopping
            else "no early stopping"
        )
        name += (
            " with Bayesian regularization" if self.regularization == "bayes" else ""
        )
        return [
            f"{name}{rate}{decay}, {rows}, at most {length}",
            f"{held}, {stop}; dropout {self.dropout:g}, l2 {self.l2:g}, {self.initializer}, float32, seed {seed}",
        ]


#: What suits Levenberg–Marquardt: few smooth units, all rows, no dropout.
SECOND_ORDER: dict[str, Any] = {
    "hidden": (10, 10),
    "activation": "tanh",
    "initializer": "glorot_uniform",
    "epochs": 200,
    "dropout": 0.0,
    "validation": 0.0,
    "early_stopping": 0,
}


#: The worked example of the documentation: ten hidden units, plain descent on all rows.
DIGITS = Recipe(
    hidden=(10,),
    optimizer="gradient_descent",
    learning_rate=0.1,
    schedule="constant",
    batch_rows=None,
    epochs=1000,
    dropout=0.0,
    validation=0.0,
    early_stopping=0,
)


def recipe_for(data: Dataset, **asked: Any) -> Recipe:
    """Defaults that are good for the data at hand, and what was asked for in their place.

    Parameters
    ----------
    data : Dataset
    **asked
        Fields of `Recipe`; None for what was not asked for.

    Examples
    --------
    >>> from chainrule import load_data
    >>> recipe_for(load_data("wine"), hidden=(8,)).lines(seed=0)[0]
    'adamw, learning rate 0.002 (one_cycle), weight decay 0.1, 16 rows a step, at most 100 epochs'
    >>> recipe_for(load_data("wine"), optimizer="lbfgs").dropout  # which its line search cannot have
    0.0
    """
    given = {name: value for name, value in asked.items() if value is not None}
    base = DIGITS if data.name == "digits" else _of_rows(data)
    optimizer = given.get("optimizer", base.optimizer)
    if optimizer != base.optimizer:
        known = OPTIMIZERS[optimizer]() if optimizer in OPTIMIZERS else None
        full = known is not None and known.full_batch
        base = replace(
            base,
            learning_rate=USUAL_RATES.get(optimizer),
            schedule="constant" if full else base.schedule,
            batch_rows=None if full else base.batch_rows or _of_rows(data).batch_rows,
            dropout=base.dropout if known is None or known.one_gradient else 0.0,
        )
    if optimizer == LevenbergMarquardt.name:
        base = replace(base, **SECOND_ORDER)
    if "steps" in given and "epochs" not in given:
        given["epochs"] = max(
            1,
            math.ceil(
                given["steps"] / max(1, _steps_per_epoch(data, replace(base, **given)))
            ),
        )
    recipe = replace(base, **given)
    return (
        replace(recipe, early_stopping=0)
        if not recipe.validation and "early_stopping" not in given
        else recipe
    )


def _of_rows(data: Dataset) -> Recipe:
    rows = data.rows
    batch = 2 ** round(math.log2(max(rows * BATCH_SHARE, 1)))
    recipe = Recipe(
        loss="cross_entropy" if data.classes else "squared_error",
        batch_rows=int(min(256, max(16, batch))),
        epochs=60 if rows >= MANY_ROWS else 100,
    )
    if data.scale is not None:  # pixels
        return replace(
            recipe, dropout=0.2, epochs=20, batch_rows=128, early_stopping=10
        )
    return recipe


def _steps_per_epoch(data: Dataset, recipe: Recipe) -> int:
    rows = data.rows - round(recipe.validation * data.rows)
    return -(-rows // min(recipe.batch_rows or rows, rows))


def streamed(
    recipe: Recipe, rows: int, in_memory: int, asked: Mapping[str, Any]
) -> Recipe:
    """The recipe with the epochs and the share to validate on that so many rows need; what was asked for stays.

    Of the rows to validate on, no more than `in_memory` may be in memory.
    """
    epochs = min(MOST_EPOCHS, max(FEWEST_EPOCHS, ROWS_SEEN // rows))
    share = min(VALIDATION_SHARE, MOST_VALIDATED / rows)
    if share * rows > in_memory:
        share = 0.9 * in_memory / rows  # by a hash a few more or less are drawn
    usual: dict[str, Any] = {"epochs": epochs, "validation": round(share, 6)}
    if asked.get("steps") is not None:
        del usual["epochs"]
    return replace(
        recipe, **{name: v for name, v in usual.items() if asked.get(name) is None}
    )


def sharded(recipe: Recipe, shards: int, asked: Mapping[str, Any]) -> Recipe:
    """The recipe with batches of 256 rows for each shard, unless others are asked for."""
    if recipe.batch_rows is None or asked.get("batch_rows") is not None:
        return recipe
    return replace(recipe, batch_rows=shards * SLICE_ROWS)
