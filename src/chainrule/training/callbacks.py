"""Callbacks: your own code at the start, after steps, after epochs, at the end of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..equations.network import Network, Parameters
from ..errors import require_kind
from .report import Epoch

__all__ = ["Callback", "Moment", "require_callbacks"]


@dataclass(frozen=True)
class Moment:
    """The moment that a run has reached.

    Parameters
    ----------
    network : Network
    parameters : Parameters
        After the last step.
    epoch, steps : int
        Epochs completed, steps taken.
    history : sequence of Epoch
        The epochs so far.
    settled : bool
        Whether the learning rate of the last epoch had come down so far that patience counts (`Schedule.settled`).
    """

    network: Network
    parameters: Parameters
    epoch: int
    steps: int
    history: Sequence[Epoch]
    settled: bool = True


class Callback:
    """Override what you need; return True from a step or an epoch to stop the run.

    Examples
    --------
    >>> from chainrule import Network, train
    >>> class Enough(Callback):
    ...     def on_epoch(self, moment):
    ...         return moment.history[-1].loss < 0.3
    >>> net = Network((1, 1), ("identity",), "squared_error")
    >>> report = train(net, [[0.0], [1.0]], [[0.0], [2.0]], callbacks=[Enough()], max_epochs=10_000)
    >>> report.stopped.name, report.loss[-1] < 0.3
    ('CALLBACK', True)
    """

    def on_start(self, moment: Moment) -> None:
        """Before the first step."""

    def on_step(self, moment: Moment) -> bool | None:
        """After every step."""

    def on_epoch(self, moment: Moment) -> bool | None:
        """After every epoch."""

    def on_end(self, moment: Moment) -> None:
        """After the last step, however the run ended."""


def require_callbacks(callbacks: Sequence[Any]) -> None:
    """Raise where one of them is none."""
    remedy = "Make a subclass of Callback, and pass an instance of it."
    for callback in callbacks:
        require_kind("callback", callback, Callback, remedy)
