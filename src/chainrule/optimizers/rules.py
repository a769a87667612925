"""The rules of a step: everything that it does beyond the network, constant over a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations.arrays import Array
from ..equations.draws import epoch_order
from ..equations.dropout import dropout_masks
from .constraints import free_entries
from .interface import Optimizer
from .schedules import SCHEDULES, Constant, Schedule
from .state import State
from .table import OPTIMIZERS

__all__ = ["Rules"]

#: The fields that JSON holds as they are.
PLAIN = ("batch_rows", "l1", "l2", "clip_value", "clip_norm", "max_norm")


@dataclass(frozen=True)
class Rules:
    """The rules of a step beyond the network: constant over a run.

    Parameters
    ----------
    optimizer : Optimizer
    schedule : Schedule
    batch_rows : int
        Rows per step.
    l1, l2 : float
        Penalty factors (J2).
    dropout : tuple of float
        p of the input and of each hidden layer, L numbers.
    clip_value, clip_norm, max_norm : float or None
        Limits on entries of ∇J, on its norm, and on each unit's incoming weights.
    frozen_layers : tuple of int
        Layers, from 1, that do not move.
    seed : int
        Of every draw.
    order : callable, optional
        Of the number of an epoch: the row numbers in its order, or None for the rows as they lie. Without it the
        order is drawn from (seed, epoch), where a batch is less than all rows.
    alpha : float
        Added to l2, divided by the weight Σw of each batch: scikit-learn's penalty.
    """

    optimizer: Optimizer
    schedule: Schedule = Constant()
    batch_rows: int = 1
    l1: float = 0.0
    l2: float = 0.0
    dropout: tuple[float, ...] = ()
    clip_value: float | None = None
    clip_norm: float | None = None
    max_norm: float | None = None
    frozen_layers: tuple[int, ...] = ()
    seed: int = 0
    order: Callable[[int], Array | None] | None = None
    alpha: float = 0.0

    def specification(self) -> dict[str, Any]:
        """All but `order` and `alpha`, ready for JSON; `from_specification` makes the rules again."""
        content: dict[str, Any] = {
            "optimizer": self.optimizer.specification(),
            "schedule": self.schedule.specification(),
            "dropout": list(self.dropout),
            "frozen_layers": list(self.frozen_layers),
            "seed": int(self.seed),
        }
        return content | {name: getattr(self, name) for name in PLAIN}

    @classmethod
    def from_specification(cls, content: Mapping[str, Any]) -> Rules:
        """The rules of a specification, which may hold more than that."""
        optimizer, schedule = dict(content["optimizer"]), dict(content["schedule"])
        return cls(
            optimizer=OPTIMIZERS[optimizer.pop("name")](**optimizer),
            schedule=SCHEDULES[schedule.pop("name")](**schedule),
            dropout=tuple(content["dropout"]),
            frozen_layers=tuple(content["frozen_layers"]),
            seed=content["seed"],
            **{name: content[name] for name in PLAIN},
        )

    def rows_in_order(self, rows: int, epoch: int) -> Array | None:
        """The row numbers of an epoch in its order; None for all rows as they lie, in one batch."""
        if self.order is None:
            return epoch_order(rows, self.batch_rows, self.seed, epoch)
        order = self.order(epoch)
        return np.arange(rows) if order is None and self.batch_rows < rows else order

    def free_entries(self, sizes: Sequence[int], like: Array) -> Array | None:
        """A mask of the entries of θ that may move; None for all of them."""
        frozen = self.frozen_layers
        return free_entries(sizes, frozen, like) if frozen else None

    def masks(
        self, sizes: tuple[int, ...], rows: int, epoch: int, step: int, like: Array
    ) -> tuple[Array | None, ...] | None:
        """The dropout masks of a batch, drawn from (seed, epoch, step); None without dropout."""
        if not any(self.dropout):
            return None
        return dropout_masks(sizes, self.dropout, rows, self.seed, epoch, step, like)

    def start(self, theta: Array) -> State:
        """The state before the first step."""
        optimizer = self.optimizer
        slots, scalars = optimizer.init(theta), optimizer.first_scalars()
        return State(theta, slots, self.schedule.start(), scalars=scalars)

    def l2_of(self, weight: float) -> float:
        """The factor of ½ Σ W² in the J of a batch of this weight."""
        return self.l2 + self.alpha / weight if self.alpha else self.l2

    def is_steady(self, state: State) -> bool:
        """Return whether the learning rate stays the same for the rest of the epoch."""
        return self.schedule.steady and state.epoch >= self.schedule.warmup_epochs

    def learning_rate(self, state: State, batches_per_epoch: int) -> float:
        """α of the step that `state` is before."""
        return self.learning_rate_at(state, state.step_in_epoch, batches_per_epoch)

    def learning_rate_at(
        self, state: State, step: int, batches_per_epoch: int
    ) -> float:
        """α of step `step`, from 0, of the epoch that `state` is in."""
        epochs = state.epoch + step / batches_per_epoch
        return self.optimizer.learning_rate * self.schedule.at(
            epochs, 1 / batches_per_epoch, state.schedule
        )
