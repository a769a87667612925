"""Checkpoints: all that a run needs to go on as if it had not stopped.

The file is of the same kind as a model file (docs/file_format.md): current and best parameters,
the optimiser's state, counters, what the schedule and early stopping remember, and the history.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import Array, array_namespace, as_numpy, device
from .diagnostics import Diagnosis
from .engines.seam import State
from .errors import InputError
from .report import Epoch, versions
from .stopping import Watch
from .storage import read_file, unreadable, write_file

__all__ = ["Checkpoint", "Progress", "load_checkpoint", "save_checkpoint"]

FORMAT = "chainrule-checkpoint"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """When and where to save a run.

    Parameters
    ----------
    path : path
        The file; replaced only when the new one is whole.
    every_epochs : int, optional
        Save after so many epochs.
    every_seconds : float, optional
        Save after so many seconds, also in the middle of an epoch.

    Notes
    -----
    A run that ends for any reason, Ctrl-C included, saves once more.
    """

    path: str | os.PathLike[str]
    every_epochs: int | None = None
    every_seconds: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("every_epochs", self.every_epochs), ("every_seconds", self.every_seconds)):
            if value is not None and not value > 0:
                raise InputError(f"{name} = {value!r}", "a number > 0", f"Leave {name} out, or pass 1.")
        if not Path(self.path).absolute().parent.is_dir():
            raise InputError(f"checkpoint path {self.path}", "a file in a folder that exists", "Make the folder first.")


@dataclass(frozen=True)
class Progress:
    """How far a run is.

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


def save_checkpoint(path: str | os.PathLike[str], settings: dict[str, Any], progress: Progress) -> None:
    """Write a checkpoint; what was at `path` stays until the new one is whole."""
    state = progress.state
    tensors = {"theta": as_numpy(state.theta)}
    tensors |= {f"slot{i}": as_numpy(slot) for i, slot in enumerate(state.slots)}
    if progress.best is not None:
        tensors["best"] = as_numpy(progress.best)
    counters = {name: value for name, value in vars(state).items() if name not in ("theta", "slots")}
    # infinity has no JSON: the schedule's best loss before the first epoch is one
    counters["schedule"] = [repr(number) for number in state.schedule]
    content = {
        "settings": settings,
        "state": counters,
        "history": [list(asdict(epoch).values()) for epoch in progress.history],
        "diagnoses": [diagnosis.as_dict() for diagnosis in progress.diagnoses],
        "watch": asdict(progress.watch),
        "seconds": progress.seconds,
        "versions": versions(),
    }
    write_file(path, FORMAT, content, tensors)


def load_checkpoint(path: str | os.PathLike[str], settings: dict[str, Any], start: State) -> Progress:
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
    try:
        for name, value in settings.items():
            if content["settings"].get(name) != value:
                raise InputError(
                    f"{os.fspath(path)}, of a run with {name} = {content['settings'].get(name)}",
                    f"{name} = {value}, as this run has it",
                    "Resume with the settings that the run began with, or start anew without resume.",
                )
        counters = dict(content["state"])
        counters["schedule"] = tuple(float(number) for number in counters["schedule"])
        slots = tuple(_like(tensors[f"slot{i}"], start.theta) for i in range(len(start.slots)))
        return Progress(
            State(_like(tensors["theta"], start.theta), slots, **counters),
            tuple(Epoch(*values) for values in content["history"]),
            tuple(Diagnosis.from_dict(d) for d in content["diagnoses"]),
            Watch(**content["watch"]),
            _like(tensors["best"], start.theta) if "best" in tensors else None,
            float(content["seconds"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise unreadable(path, f"contents that do not fit together ({error})") from error


def _like(array: np.ndarray[Any, Any], like: Array) -> Array:
    if array.shape != tuple(like.shape):
        raise ValueError(f"{array.shape} numbers for {tuple(like.shape)}")
    return array_namespace(like).asarray(array, dtype=like.dtype, device=device(like))
