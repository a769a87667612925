"""The progress of a run off a terminal: a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..training.callbacks import Callback, Moment

__all__ = ["PlainProgress"]

#: Seconds without a line at most, as far as epochs end.
QUIET = 10.0


class PlainProgress(Callback):
    """Prints a line after epochs 1, 2, 5, 10, 20, 50, … and every ten seconds.

    Parameters
    ----------
    say : callable
        Prints a line.
    epochs : int
        How many there are at most.
    """

    def __init__(self, say: Callable[[str], None], epochs: int) -> None:
        self._say, self._epochs = say, epochs
        self._began = self._said = time.perf_counter()
        self._before: int | None = None

    def on_start(self, moment: Moment) -> None:
        """Know where the run began, which rate and time left are counted from."""
        self._before = moment.epoch

    def on_epoch(self, moment: Moment) -> None:
        """Print, where it is time to."""
        now = time.perf_counter()
        if not (
            is_round(moment.epoch)
            or moment.epoch == self._epochs
            or now - self._said >= QUIET
        ):
            return
        self._said, last = now, moment.history[-1]
        parts = [f"epoch {moment.epoch}/{self._epochs}", f"loss {last.loss:.4g}"]
        if last.validation_loss is not None:
            parts.append(f"validation loss {last.validation_loss:.4g}")
        parts += [f"{name} {value:.4g}" for name, value in last.metrics.items()]
        rate = (moment.epoch - (self._before or 0)) / max(now - self._began, 1e-9)
        left = (self._epochs - moment.epoch) / rate
        self._say(", ".join([*parts, f"{rate:.3g} epochs/s", f"{left:.0f} s left"]))


def is_round(epoch: int) -> bool:
    """Return whether a number is 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> [epoch for epoch in range(1, 101) if is_round(epoch)]
    [1, 2, 5, 10, 20, 50, 100]
    """
    return f"{epoch}".rstrip("0") in ("1", "2", "5")
