"""What a training run leaves behind: the trained parameters and how it got there."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

from .diagnostics import Diagnosis
from .network import Network, Parameters
from .stopping import StopReason

__all__ = ["Epoch", "Report", "StopReason", "versions"]


def versions() -> dict[str, str]:
    """Versions of what computed."""
    packages = {name: metadata.version(name) for name in ("chainrule", "numpy")}
    return {"python": platform.python_version(), **packages}


@dataclass(frozen=True)
class Epoch:
    """The record of one epoch.

    Parameters
    ----------
    loss : float
        J averaged over the batches by their weight, each taken before its step.
    learning_rate : float
        Of the last step.
    validation_loss : float or None
        Of the validation data, without penalty and dropout, after the epoch.
    metric : float or None
        What early stopping watches, where that is not the loss.
    """

    loss: float
    learning_rate: float
    validation_loss: float | None = None
    metric: float | None = None


@dataclass(frozen=True)
class Report:
    """The result of `train`.

    Parameters
    ----------
    network : Network
    parameters : Parameters
        The result: of the best epoch where early stopping keeps it, else `last`.
    last : Parameters
        After the last complete step.
    history : tuple of Epoch
        One record per epoch, those before a resume included.
    diagnoses : tuple of Diagnosis
        Norms of Δ and dW per layer, dead and saturated units, at growing intervals.
    steps : int
        How many were taken.
    best_epoch : int or None
        The epoch of `parameters`, from 1, where early stopping keeps the best.
    seconds : float
        Wall-clock time, that before a resume included.
    stopped : StopReason
        Why it ended.
    failure : str or None
        What became non-finite, in which step, where that ended the run.
    settings : dict
        What is needed to run it again.
    engine, engine_reason : str
        What computed, and why it was chosen.
    """

    network: Network
    parameters: Parameters
    last: Parameters
    history: tuple[Epoch, ...]
    diagnoses: tuple[Diagnosis, ...]
    steps: int
    best_epoch: int | None
    seconds: float
    stopped: StopReason
    failure: str | None
    settings: dict[str, Any]
    engine: str
    engine_reason: str
    versions: dict[str, str] = field(default_factory=versions)

    @property
    def epochs(self) -> int:
        """How many were completed."""
        return len(self.history)

    @property
    def loss(self) -> tuple[float, ...]:
        """The training loss of each epoch."""
        return tuple(epoch.loss for epoch in self.history)

    @property
    def validation_loss(self) -> tuple[float | None, ...]:
        """The validation loss of each epoch."""
        return tuple(epoch.validation_loss for epoch in self.history)

    def as_dict(self) -> dict[str, Any]:
        """Everything but the parameters, ready for JSON."""
        return {
            "network": str(self.network),
            "n_parameters": self.network.n_parameters,
            "history": [asdict(epoch) for epoch in self.history],
            "diagnoses": [diagnosis.as_dict() for diagnosis in self.diagnoses],
            "epochs": self.epochs,
            "steps": self.steps,
            "best_epoch": self.best_epoch,
            "seconds": self.seconds,
            "stopped": self.stopped.value,
            "failure": self.failure,
            "settings": self.settings,
            "engine": self.engine,
            "engine_reason": self.engine_reason,
            "versions": self.versions,
        }

    def __str__(self) -> str:
        last = f", loss {self.loss[-1]:.6g}" if self.history else ""
        done = f"{self.epochs} epochs, {self.steps} steps{last}, {self.seconds:.1f} s"
        return f"{self.network}: {done}. {self.failure or self.stopped.value}"
