"""Notebooks: a live line, which is one output that is replaced as the work goes on; and figures."""

from __future__ import annotations

import importlib
import io
import sys
import time
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["NotebookLine", "in_notebook", "show_figures"]

#: Seconds between two pictures at least.
INTERVAL = 0.2
#: Columns that an output of a notebook has room for.
WIDTH = 100


def in_notebook() -> bool:
    """Whether Python runs as the kernel of a notebook."""
    interactive = sys.modules.get("IPython")
    shell: Any = None if interactive is None else interactive.get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def show_figures() -> None:
    """Have a figure at the end of a cell shown as a picture, which a notebook does not do of itself."""
    pylabtools: Any = importlib.import_module("IPython.core.pylabtools")
    pylabtools.select_figure_formats(sys.modules["IPython"].get_ipython(), {"png"})


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
