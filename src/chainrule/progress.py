"""A live line for long work: what is done, the rate, the time left. Nothing off a terminal or a notebook."""

from __future__ import annotations

import importlib
import io
import itertools
import math
import sys
import time
from collections.abc import Callable, Sequence
from html import escape
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .printable import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn, Task, TaskID

__all__ = ["NotebookLine", "ProgressLine", "in_notebook"]

#: Seconds between two pictures in a notebook at least.
INTERVAL = 0.2
#: Columns that an output of a notebook has room for.
WIDTH = 100


class ProgressLine:
    """A progress line on standard error, or below the cell of a notebook, as a context manager.

    Parameters
    ----------
    title : str
        What is being done.
    total : float
        How many units there are; 0 where nobody knows.
    unit : str
        What is counted: "epochs", "MB".
    show : bool or None
        None: only where standard error is a terminal, or in a notebook.
    done : float
        How many were done before.

    Examples
    --------
    >>> with ProgressLine("training", total=2, unit="epochs", show=False) as line:
    ...     line.advance("loss 0.1")
    """

    def __init__(
        self,
        title: str,
        *,
        total: float,
        unit: str,
        show: bool | None = None,
        done: float = 0,
    ) -> None:
        self._notebook = NotebookLine() if show is not False and in_notebook() else None
        self._shown = sys.stderr.isatty() if show is None else show
        self._title, self._total, self._unit, self._done = title, total, unit, done
        self._values: list[float] = []
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._notebook is not None or self._shown:
            from rich.progress import Progress

            self._console = (
                NotebookLine.console()
                if self._notebook is not None
                else _standard_error()
            )
            self._progress = Progress(_column(self._text), console=self._console)
            if self._notebook is None:
                self._progress.start()
            self._task = self._progress.add_task(
                self._title, total=self._total, note=""
            )
            self._progress.update(self._task, completed=self._done)
        return self

    def advance(
        self, note: str, units: float = 1, *, value: float | None = None
    ) -> None:
        """Count `units` more and show a note beside the bar; draw the values as a curve below it."""
        if value is not None and math.isfinite(value):
            self._values.append(value)
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=units, note=note)
            if self._notebook is not None:
                self._notebook.show(self._text(self._progress.tasks[0]))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._progress is None:
            return
        self._progress.stop()
        if self._notebook is not None:
            self._notebook.show(self._text(self._progress.tasks[0]), now=True)

    def _text(self, task: Task) -> str:
        """The whole line, as much of it as there is room for, and the curve."""
        speed, width, encoding = (
            task.finished_speed or task.speed,
            self._console.width,
            self._console.encoding,
        )
        left = (
            None
            if task.time_remaining is None
            else f"{clock(task.time_remaining)} left"
        )
        parts = {
            "title": task.description,
            "bar": bar(task.completed / task.total if task.total else 1.0, encoding),
            "count": f"{task.completed:.0f}/{task.total:.0f}",
            "note": str(task.fields["note"]),
            "rate": "" if speed is None else f"{speed:.3g} {self._unit}/s",
            "left": f"in {clock(task.elapsed or 0)}" if task.finished else left or "",
        }
        lines = [printable(fitted(parts, width))]
        if len(self._values) > 1:
            lines.append(curve_line(self._values, width, encoding))
        return "\n".join(lines)


def _standard_error() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _column(text_of: Callable[[Task], str]) -> ProgressColumn:
    """Text as Rich shows it."""
    from rich.progress import ProgressColumn
    from rich.text import Text

    class Line(ProgressColumn):
        """All of the line."""

        max_refresh = 0.1

        def render(self, task: Task) -> Text:
            return Text(text_of(task), no_wrap=True, overflow="ellipsis")

    return Line()


def clock(seconds: float) -> str:
    """Minutes and seconds, hours where there are some.

    Examples
    --------
    >>> clock(5.2), clock(754), clock(7322)
    ('0:05', '12:34', '2:02:02')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def bar(share: float, encoding: str, width: int = 20) -> str:
    """A bar, in ASCII where the terminal knows nothing else.

    Examples
    --------
    >>> bar(0.5, "utf-8", 6), bar(0.5, "ascii", 6)
    ('━━━───', '===---')
    """
    done = int(share * width)
    full, empty = ("━", "─") if encoding.startswith("utf") else ("=", "-")
    return full * done + empty * (width - done)


def curve_line(values: Sequence[float], width: int, encoding: str) -> str:
    """A small curve of all values so far, between the first and the last of them.

    Examples
    --------
    >>> curve_line([8.0, 4.0, 2.0, 1.0], 80, "utf-8"), curve_line([8.0, 4.0, 2.0, 1.0], 80, "ascii")
    ('8 █▄▂▁ 1', '8 @=:. 1')
    >>> len(curve_line(range(1000), 40, "utf-8"))
    40
    """
    marks = "▁▂▃▄▅▆▇█" if encoding.startswith("utf") else ".:-=+*#@"
    first, last = f"{values[0]:.4g} ", f" {values[-1]:.4g}"
    columns = max(1, min(len(values), 60, width - len(first) - len(last)))
    edges = [len(values) * i // columns for i in range(columns + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in itertools.pairwise(edges)]
    low, high = min(means), max(means)
    levels = [
        round((mean - low) / (high - low) * (len(marks) - 1)) if high > low else 0
        for mean in means
    ]
    return first + "".join(marks[level] for level in levels) + last


def fitted(parts: dict[str, str], width: int) -> str:
    """The parts of a progress line, side by side; what matters least is left out first.

    Examples
    --------
    >>> parts = {"title": "training", "count": "27/1000", "note": "loss 2.31", "left": "1:48 left"}
    >>> fitted(parts, 80), fitted(parts, 30)
    ('training 27/1000 loss 2.31 1:48 left', '27/1000 loss 2.31 1:48 left')
    """
    kept = {name: part for name, part in parts.items() if part}
    for least in ("bar", "title", "rate", "note"):
        if sum(len(part) + 1 for part in kept.values()) - 1 > width:
            kept.pop(least, None)
    return " ".join(kept.values())


def in_notebook() -> bool:
    """Return whether Python runs as the kernel of a notebook."""
    interactive = sys.modules.get("IPython")
    shell: Any = None if interactive is None else interactive.get_ipython()
    return shell is not None and hasattr(shell, "kernel")


class NotebookLine:
    """Text below a cell, replaced by the next."""

    def __init__(self) -> None:
        display: Any = importlib.import_module("IPython.display")
        self._html, self._handle = display.HTML, display.DisplayHandle()
        self._shown = 0.0

    @staticmethod
    def console() -> Console:
        """As wide as an output has room for; nothing is printed on it."""
        from rich.console import Console

        return Console(file=io.StringIO(), width=WIDTH, force_jupyter=False)

    def show(self, text: str, *, now: bool = False) -> None:
        """Replace the text, unless that was done a moment ago."""
        if not now and time.monotonic() - self._shown < INTERVAL:
            return
        page = self._html(f"<pre>{escape(text)}</pre>")
        (self._handle.update if self._shown else self._handle.display)(page)
        self._shown = time.monotonic()
