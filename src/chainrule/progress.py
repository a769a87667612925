"""A live line for long work: what is done, the rate, the time left. Nothing off a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["ProgressLine"]


class ProgressLine:
    """A progress line on standard error, as a context manager.

    Parameters
    ----------
    title : str
        What is being done.
    total : int
        How many units there are.
    unit : str
        What is counted: "epochs".
    show : bool or None
        None: only where standard error is a terminal.
    done : int
        How many were done before.

    Examples
    --------
    >>> with ProgressLine("training", total=2, unit="epochs", show=False) as line:
    ...     line.advance("loss 0.1")
    """

    def __init__(self, title: str, *, total: int, unit: str, show: bool | None = None, done: int = 0) -> None:
        self._shown = sys.stderr.isatty() if show is None else show
        self._title, self._total, self._unit, self._done = title, total, unit, done
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._shown:
            from rich import progress
            from rich.console import Console
            from rich.text import Text

            unit = self._unit

            class Rate(progress.ProgressColumn):
                """Units per second, over the last seconds."""

                def render(self, task: progress.Task) -> Text:
                    speed = task.finished_speed or task.speed
                    return Text("" if speed is None else f"{speed:.3g} {unit}/s")

            self._progress = progress.Progress(
                progress.TextColumn("{task.description}"),
                progress.BarColumn(bar_width=20),
                progress.MofNCompleteColumn(),
                progress.TextColumn("{task.fields[note]}"),
                Rate(),
                progress.TimeRemainingColumn(elapsed_when_finished=True),
                console=Console(stderr=True),
            )
            self._progress.start()
            self._task = self._progress.add_task(self._title, total=self._total, completed=self._done, note="")
        return self

    def advance(self, note: str, units: int = 1) -> None:
        """Count `units` more and show a note beside the bar."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=units, note=note)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
