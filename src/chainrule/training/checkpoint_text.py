"""The JSON text of a checkpoint: the schema that its values are compared with before a run takes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from ..files.storage import NetworkText
from .diagnostics import Diagnosis
from .report import Epoch
from .stopping import Watch

__all__ = ["CheckpointText", "SettingsText"]

#: A number; where JSON has none for it, a text.
Number = float | Literal["inf", "-inf", "nan"]


def require_count(**counts: int) -> None:
    """Raise `ValueError` unless these are counts that a run can reach."""
    for name, count in counts.items():
        if not 0 <= count < 2**63:
            raise ValueError(f"{name} = {count}, which is no count")


@dataclass(frozen=True)
class StateText:
    """The counters, and what the schedule remembers; as `State` has them, without its arrays."""

    schedule: tuple[Number, ...]
    epoch: int
    step_in_epoch: int
    steps: int
    loss_sum: Number
    weight_sum: Number
    scalars: tuple[Number, ...] = ()

    def __post_init__(self) -> None:
        require_count(
            epoch=self.epoch, step_in_epoch=self.step_in_epoch, steps=self.steps
        )


@dataclass(frozen=True)
class WatchText:
    """The memory of early stopping, as `Watch` has it."""

    smoothed: Number | None
    best: Number | None
    best_epoch: int
    stalled: int

    def __post_init__(self) -> None:
        require_count(best_epoch=self.best_epoch, stalled=self.stalled)


@dataclass(frozen=True)
class DiagnosisText:
    """The state of each layer after an epoch, as `Diagnosis` has it."""

    epoch: int
    delta_norms: tuple[Number, ...]
    gradient_norms: tuple[Number, ...]
    dead: tuple[Number, ...]
    saturated: tuple[Number, ...]

    def __post_init__(self) -> None:
        layers = {len(values) for name, values in vars(self).items() if name != "epoch"}
        if len(layers) > 1:
            raise ValueError(f"a diagnosis of {sorted(layers)} layers")


@dataclass(frozen=True)
class CheckpointText:
    """All of the text, as far as it is a checkpoint's."""

    settings: dict[str, Any]
    state: StateText
    history: tuple[
        tuple[Number, Number, Number | None, dict[str, Number] | Number | None], ...
    ]
    diagnoses: tuple[DiagnosisText, ...]
    watch: WatchText
    seconds: float
    details: tuple[dict[str, Number], ...] = ()

    def __post_init__(self) -> None:
        if self.details and len(self.details) != len(self.history):
            raise ValueError(
                f"details of {len(self.details)} epochs of {len(self.history)}"
            )
        if not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError(f"seconds = {self.seconds}, which is no time")

    def epochs(self, monitor: str) -> tuple[Epoch, ...]:
        """The history; a metric without a name, as checkpoints once had it, is what early stopping watches."""
        return tuple(
            Epoch(
                float(loss),
                float(rate),
                _number(validation),
                _named(monitor, metrics),
                {name: float(value) for name, value in details.items()},
            )
            for (loss, rate, validation, metrics), details in zip(
                self.history, self.details or ({},) * len(self.history), strict=True
            )
        )

    def found(self) -> tuple[Diagnosis, ...]:
        """The diagnoses."""
        return tuple(
            Diagnosis(
                text.epoch,
                *(
                    tuple(map(float, values))
                    for name, values in vars(text).items()
                    if name != "epoch"
                ),
            )
            for text in self.diagnoses
        )

    def watched(self) -> Watch:
        """The memory of early stopping."""
        seen = self.watch
        return Watch(
            _number(seen.smoothed), _number(seen.best), seen.best_epoch, seen.stalled
        )


def _named(
    monitor: str, metrics: dict[str, Number] | Number | None
) -> dict[str, float]:
    found = {} if metrics is None else metrics
    found = found if isinstance(found, dict) else {monitor: found}
    return {name: float(value) for name, value in found.items()}


def _number(value: Number | None) -> float | None:
    return None if value is None else float(value)


@dataclass(frozen=True)
class SettingsText:
    """The settings that fix the numbers of a run, as far as a step is made again from it."""

    network: NetworkText
    dtype: Literal["float32", "float64"]
    input_scale: float | None
    optimizer: dict[str, Any]
    schedule: dict[str, Any]
    batch_rows: int
    l1: float
    l2: float
    dropout: tuple[float, ...]
    clip_value: float | None
    clip_norm: float | None
    max_norm: float | None
    frozen_layers: tuple[int, ...]
    seed: int
    rows: int
    data: str
    validation: str | None
    engine: str

    def __post_init__(self) -> None:
        layers = len(self.network.sizes) - 1
        limits = [self.clip_value, self.clip_norm, self.max_norm]
        right = (
            1 <= self.batch_rows < 2**63
            and 1 <= self.rows < 2**63
            and self.l1 >= 0
            and self.l2 >= 0
            and len(self.dropout) == layers
            and all(0 <= p < 1 for p in self.dropout)
            and all(limit > 0 for limit in limits if limit is not None)
            and (self.input_scale is None or self.input_scale > 0)
            and all(1 <= layer <= layers for layer in self.frozen_layers)
            and 0 <= self.seed < 2**64
        )
        if not right:
            raise ValueError("settings that no run has")
