"""Checkpoints: all that a run needs to continue as if it had not stopped.

The file is of the same kind as a model file (docs/file_format.md): current and best parameters,
the optimizer's state, counters, what the schedule and early stopping remember, and the history.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..engines.rows import batches_per_epoch
from ..equations.arrays import Array, array_namespace, as_numpy, device
from ..errors import InputError, is_number, type_of
from ..files.container import fits_together, read_file, write_file
from ..files.json_text import json_ready, versions
from ..files.schema import fitted
from ..optimizers.state import State
from .checkpoint_text import CheckpointText
from .diagnostics import Diagnosis
from .report import Epoch
from .stopping import Watch

__all__ = ["FORMAT", "Checkpoint", "Progress", "load_checkpoint", "save_checkpoint"]

FORMAT = "chainrule-checkpoint"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The file and the times at which a run is saved.

    Parameters
    ----------
    path : path
        The file; replaced only when the new one is whole.
    every_epochs : int, optional
        Save after so many epochs.
    every_seconds : float, optional
        Save after so many seconds, also in the middle of an epoch.
    notes : dict
        Kept in the file beside the run, ready for JSON: how its rows were read, say.

    Notes
    -----
    A run that ends for any reason, Ctrl-C included, saves once more.
    """

    path: str | os.PathLike[str] = field(kw_only=False)
    every_epochs: int | None = None
    every_seconds: float | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in (
            ("every_epochs", self.every_epochs),
            ("every_seconds", self.every_seconds),
        ):
            if value is not None and not (is_number(value) and value > 0):
                raise InputError(
                    f"{name} = {value!r}",
                    "a number > 0",
                    f"Leave {name} out, or pass 1.",
                )
        if not isinstance(self.path, str | os.PathLike):
            raise InputError(
                f"checkpoint path that is {type_of(self.path)}",
                "a path",
                "Name the file to save in.",
            )
        if not Path(self.path).absolute().parent.is_dir():
            raise InputError(
                f"checkpoint path {self.path}",
                "a file in a folder that exists",
                "Make the folder first.",
            )


@dataclass(frozen=True)
class Progress:
    """The progress of a run.

    Parameters
    ----------
    state : State
    history : tuple of Epoch
    diagnoses : tuple of Diagnosis
    watch : Watch
        What early stopping has seen.
    best : Array, shape (D,), or None
        θ of the best epoch.
    seconds : float
        Wall-clock time so far.
    """

    state: State
    history: tuple[Epoch, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    watch: Watch = Watch()
    best: Array | None = None
    seconds: float = 0.0


def save_checkpoint(
    path: str | os.PathLike[str],
    settings: dict[str, Any],
    progress: Progress,
    notes: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write a checkpoint; what was at `path` stays until the new one is whole."""
    state = progress.state
    tensors = {"theta": as_numpy(state.theta)}
    tensors |= {f"slot{i}": as_numpy(slot) for i, slot in enumerate(state.slots)}
    if progress.best is not None:
        tensors["best"] = as_numpy(progress.best)
    counters = {
        name: value
        for name, value in vars(state).items()
        if name not in ("theta", "slots", "memory", "details")
    }
    content = {
        "settings": settings,
        "state": json_ready(counters),
        "history": json_ready(
            [list(asdict(epoch).values())[:4] for epoch in progress.history]
        ),
        "details": json_ready([dict(epoch.details) for epoch in progress.history]),
        "diagnoses": json_ready(
            [diagnosis.as_dict() for diagnosis in progress.diagnoses]
        ),
        "watch": json_ready(asdict(progress.watch)),
        "seconds": progress.seconds,
        "notes": dict(notes),
        "versions": versions(),
    }
    write_file(path, FORMAT, content, tensors)


def load_checkpoint(
    path: str | os.PathLike[str], settings: dict[str, Any], start: State
) -> Progress:
    """Read a checkpoint of a run with these settings.

    Parameters
    ----------
    path : path
    settings : dict
        All that fixes the run's bits; those in the file must be the same.
    start : State
        The run's start: its arrays say library, dtype and device.

    Raises
    ------
    InputError
        Not a checkpoint, altered, or of another run; names the first setting that differs.
    """
    content, tensors = read_file(path, FORMAT)
    with fits_together(path):
        text = fitted(CheckpointText, content)
        for name in ("rows", *settings):  # other rows are why batch_rows may differ
            if text.settings.get(name) != settings[name]:
                raise _of_another_run(
                    path, name, text.settings.get(name), settings[name]
                )
        return _progress_of(text, tensors, settings, start)


def _progress_of(
    text: CheckpointText,
    tensors: dict[str, np.ndarray[Any, Any]],
    settings: dict[str, Any],
    start: State,
) -> Progress:
    """The progress in a checkpoint of this run; `ValueError` where its parts contradict each other."""
    watch, slots = text.watched(), [f"slot{i}" for i in range(len(start.slots))]
    names = ["theta", *slots, *(["best"] if watch.best_epoch else [])]
    if set(tensors) != set(names):
        raise ValueError(
            f"tensors {', '.join(tensors)} where {', '.join(names)} should be"
        )
    arrays = {
        name: _like(tensors[name], start.theta, settings["dtype"]) for name in names
    }
    if len(text.state.schedule) != len(start.schedule):
        raise ValueError(
            f"{len(text.state.schedule)} numbers that the schedule remembers, not {len(start.schedule)}"
        )
    if len(text.state.scalars) != len(start.scalars):
        raise ValueError(
            f"{len(text.state.scalars)} numbers that the optimizer remembers, not {len(start.scalars)}"
        )
    state = State(
        arrays["theta"],
        tuple(arrays[slot] for slot in slots),
        tuple(map(float, text.state.schedule)),
        text.state.epoch,
        text.state.step_in_epoch,
        text.state.steps,
        float(text.state.loss_sum),
        float(text.state.weight_sum),
        scalars=tuple(map(float, text.state.scalars)),
    )
    stopping = settings.get("early_stopping")
    monitored = stopping.get("monitor") if isinstance(stopping, dict) else None
    history = text.epochs(monitored if isinstance(monitored, str) else "metric")
    diagnoses = text.found()
    batches = batches_per_epoch(settings["rows"], settings["batch_rows"])
    if not (
        state.epoch == len(history)
        and state.step_in_epoch <= batches
        and state.steps <= state.epoch * batches + state.step_in_epoch
        and watch.best_epoch + watch.stalled <= state.epoch
        and bool(diagnoses) == bool(history)
        and all(0 < diagnosis.epoch <= state.epoch for diagnosis in diagnoses)
    ):
        raise ValueError("counts that contradict each other")
    return Progress(
        state, history, diagnoses, watch, arrays.get("best"), float(text.seconds)
    )


def _of_another_run(
    path: str | os.PathLike[str], name: str, there: Any, here: Any
) -> InputError:
    """The error for a setting that differs, whatever dicts and lists it is in."""
    remedy = "Resume with what the run began with, or start anew without resume."
    if name in ("data", "validation"):  # digests, which say nothing to a reader
        which = "validation " if name == "validation" else ""
        other = (
            f"other {which}rows or targets"
            if there and here
            else f"{'' if there else 'no '}{which}rows"
        )
        allowed = f"the {which}rows, targets and weights that the run began with"
        return InputError(f"{os.fspath(path)}, of a run with {other}", allowed, remedy)
    name, there, here = _innermost_difference(name, there, here)
    return InputError(
        f"{os.fspath(path)}, of a run with {name} = {there!r}",
        f"{name} = {here!r}, as this run has it",
        remedy,
    )


def _innermost_difference(name: str, there: Any, here: Any) -> tuple[str, Any, Any]:
    """The name and both values of the first thing that differs within dicts and lists."""
    parts: list[tuple[str, Any, Any]] = []
    if isinstance(there, dict) and isinstance(here, dict):
        parts = [
            (f"{name}.{key}", there.get(key), here.get(key))
            for key in {**here, **there}
        ]
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        parts = [
            (f"{name}[{i}]", a, b)
            for i, (a, b) in enumerate(zip(there, here, strict=True))
        ]
    for part in parts:
        if part[1] != part[2]:
            return _innermost_difference(*part)
    return name, there, here


def _like(array: np.ndarray[Any, Any], like: Array, dtype: str) -> Array:
    if array.shape != tuple(like.shape) or array.dtype != dtype:
        raise ValueError(
            f"{array.shape} numbers of {array.dtype} for {tuple(like.shape)} of {dtype}"
        )
    return array_namespace(like).asarray(array, dtype=like.dtype, device=device(like))
