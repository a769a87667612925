"""What a training run leaves behind: the trained parameters and how it got there."""

from __future__ import annotations

import enum
import platform
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from .network import Network, Parameters

__all__ = ["Report", "StopReason", "versions"]


class StopReason(enum.Enum):
    """Why a run stopped; the values are the sentences that a user reads."""

    EPOCHS = "All epochs that were asked for are done."
    INTERRUPTED = "Interrupted after the last complete step; the parameters of that step are kept."


@dataclass(frozen=True)
class Report:
    """The result of `train`.

    Parameters
    ----------
    network : Network
    parameters : Parameters
        After the last complete step.
    loss : tuple of float
        Per epoch, J averaged over its batches by their weight, each taken before its step.
    epochs, steps : int
        How many were completed.
    seconds : float
        Wall-clock time of the run.
    stopped : StopReason
        Why it ended.
    settings : dict
        Optimiser, batch size, penalty, seed: what is needed to run it again.
    engine, engine_reason : str
        What computed, and why it was chosen.
    """

    network: Network
    parameters: Parameters
    loss: tuple[float, ...]
    epochs: int
    steps: int
    seconds: float
    stopped: StopReason
    settings: dict[str, Any]
    engine: str
    engine_reason: str

    def as_dict(self) -> dict[str, Any]:
        """Everything but the parameters, ready for JSON."""
        return {
            "network": str(self.network),
            "n_parameters": self.network.n_parameters,
            "loss": list(self.loss),
            "epochs": self.epochs,
            "steps": self.steps,
            "seconds": self.seconds,
            "stopped": self.stopped.value,
            "settings": self.settings,
            "engine": self.engine,
            "engine_reason": self.engine_reason,
            "versions": versions(),
        }

    def __str__(self) -> str:
        last = f", loss {self.loss[-1]:.6g}" if self.loss else ""
        done = f"{self.epochs} epochs, {self.steps} steps{last}, {self.seconds:.1f} s"
        return f"{self.network}: {done}. {self.stopped.value}"


def versions() -> dict[str, str]:
    """Versions of what computed."""
    packages = {name: metadata.version(name) for name in ("chainrule", "numpy")}
    return {"python": platform.python_version(), **packages}
