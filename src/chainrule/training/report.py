"""The result of a training run: the trained parameters and how it got there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..equations.network import Network, Parameters
from ..errors import counted
from ..files.exportable import Exportable
from ..files.json_text import json_ready, versions
from .diagnostics import Diagnosis
from .stopping import StopReason

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Epoch", "Report", "StopReason"]


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
    metrics : dict of str to float
        Name → value of each metric that is recorded, of the validation data where there is some, else of the
        training data, after the epoch: the one that early stopping watches, and those that were asked for.
    details : dict of str to float
        Name → value of what the optimizer notes of its last step: of Levenberg–Marquardt "damping" λ, "gain_ratio",
        "gamma", the effective number of parameters, where it is known; of Bayesian regularization "alpha", "beta"
        and "log_evidence", too, before the step.
    """

    loss: float
    learning_rate: float
    validation_loss: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Report(Exportable):
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
        """The number of completed epochs."""
        return len(self.history)

    @property
    def loss(self) -> tuple[float, ...]:
        """The training loss of each epoch."""
        return tuple(epoch.loss for epoch in self.history)

    @property
    def validation_loss(self) -> tuple[float | None, ...]:
        """The validation loss of each epoch."""
        return tuple(epoch.validation_loss for epoch in self.history)

    @property
    def metrics(self) -> dict[str, tuple[float | None, ...]]:
        """Name → the values by epoch of each metric that was recorded."""
        return _by_epoch([epoch.metrics for epoch in self.history])

    @property
    def details(self) -> dict[str, tuple[float | None, ...]]:
        """Name → the values by epoch of what the optimizer noted of its steps."""
        return _by_epoch([epoch.details for epoch in self.history])

    def as_dict(self) -> dict[str, Any]:
        """Everything but the parameters, ready for JSON; NaN and infinity as text."""
        content = {
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
        return {key: json_ready(value) for key, value in content.items()}

    def plot(self) -> Figure:
        """Draw the curves: loss and validation loss by epoch, and each metric that is recorded.

        Returns
        -------
        matplotlib.figure.Figure
            A notebook shows it; `figure.savefig(path)` writes it.

        Examples
        --------
        >>> from chainrule import Network, train
        >>> net = Network((1, 1), ("identity",), "squared_error")
        >>> figure = train(net, [[0.0], [1.0]], [[0.0], [2.0]], max_epochs=20).plot()
        >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
        ('epoch', 'loss')
        """
        from ..show.curves import plot

        return plot(self)

    def __str__(self) -> str:
        last = f", loss {self.loss[-1]:.6g}" if self.history else ""
        done = f"{counted(self.epochs, 'epoch')}, {counted(self.steps, 'step')}{last}, {self.seconds:.1f} s"
        return f"{self.network}: {done}.{self._best()} {self.failure or self.stopped.value}"

    def __repr__(self) -> str:
        return str(self)

    def _best(self) -> str:
        """A sentence on the epoch that was kept, where that is not simply the last."""
        if self.best_epoch is None:
            return ""
        epoch = self.history[self.best_epoch - 1]
        numbers = [f"loss {epoch.loss:.6g}"]
        if epoch.validation_loss is not None:
            numbers = [f"validation loss {epoch.validation_loss:.6g}"]
        numbers += [f"{name} {value:.6g}" for name, value in epoch.metrics.items()]
        return f" The parameters are those of the best epoch, {self.best_epoch}: {', '.join(numbers)}."


def _by_epoch(
    records: Sequence[Mapping[str, float]],
) -> dict[str, tuple[float | None, ...]]:
    """Name → its values by epoch, of the records of epochs."""
    names = dict.fromkeys(name for record in records for name in record)
    return {name: tuple(record.get(name) for record in records) for name in names}
