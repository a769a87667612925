"""Curves of a run, drawn by matplotlib."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..progress import in_notebook

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "COLORS",
    "curves_of",
    "draw_legend",
    "draw_line",
    "logarithmic",
    "plot",
    "show_figures",
]

#: Told apart by people who see colors otherwise, too (Okabe & Ito 2008); each has its own line.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":")


class Run(Protocol):
    """As much of a `Report` as its curves need."""

    @property
    def epochs(self) -> int:
        """The number of completed epochs."""

    @property
    def loss(self) -> Sequence[float]:
        """The training loss of each epoch."""

    @property
    def validation_loss(self) -> Sequence[float | None]:
        """The validation loss of each epoch."""

    @property
    def metrics(self) -> Mapping[str, Sequence[float | None]]:
        """Name → the values by epoch."""

    @property
    def details(self) -> Mapping[str, Sequence[float | None]]:
        """Name → the values by epoch of what the optimizer noted of its steps."""

    @property
    def best_epoch(self) -> int | None:
        """The epoch whose parameters are kept."""


def plot(report: Run) -> Figure:
    """The figure of `Report.plot`: loss and validation loss by epoch, and each metric that is recorded."""
    from matplotlib.figure import Figure

    if in_notebook():
        show_figures()
    drawn = [draw for _, draw in curves_of(report)]
    figure = Figure(figsize=(max(8, 4 * len(drawn)), 3.5), layout="constrained")
    for draw, axes in zip(
        drawn, figure.subplots(1, len(drawn), squeeze=False)[0], strict=True
    ):
        draw(axes, report)
    return figure


def curves_of(report: Run) -> list[tuple[str, Callable[[Axes, Run], None]]]:
    """A name for a file and what draws it: the loss, and each metric."""
    metrics = [
        (f"metric{k or ''}", partial(draw_metric, name=name))
        for k, name in enumerate(report.metrics)
    ]
    details = [
        (f"search{k or ''}", partial(draw_detail, name=name))
        for k, name in enumerate(report.details)
    ]
    return [("loss", draw_loss), *metrics, *details]


def show_figures() -> None:
    """Have a figure at the end of a cell shown as a picture, which a notebook does not do of itself."""
    pylabtools: Any = importlib.import_module("IPython.core.pylabtools")
    pylabtools.select_figure_formats(sys.modules["IPython"].get_ipython(), {"png"})


def draw_loss(axes: Axes, report: Run) -> None:
    """Loss and validation loss by epoch."""
    epochs = np.arange(1, report.epochs + 1)
    draw_line(axes, epochs, report.loss, 0, "training")
    if any(value is not None for value in report.validation_loss):
        draw_line(axes, epochs, report.validation_loss, 1, "validation")
    axes.set(xlabel="epoch", ylabel="loss")
    if min(report.loss, default=0) > 0:
        logarithmic(axes)
    _mark_kept(axes, report)


def draw_metric(axes: Axes, report: Run, name: str) -> None:
    """A metric by epoch."""
    epochs = np.arange(1, report.epochs + 1)
    draw_line(axes, epochs, report.metrics[name], 1, name)
    axes.set(xlabel="epoch", ylabel=name)
    _mark_kept(axes, report)


#: What is noted of a step → what its axis is called.
DETAILS = {
    "damping": "damping λ",
    "gain_ratio": "gain ratio ρ",
    "gamma": "effective parameters γ",
    "alpha": "precision of the prior, α",
    "beta": "precision of the noise, β",
    "log_evidence": "log evidence",
}


def draw_detail(axes: Axes, report: Run, name: str) -> None:
    """A number that the optimizer noted of its steps, by epoch."""
    epochs = np.arange(1, report.epochs + 1)
    label = DETAILS.get(name, name)
    draw_line(axes, epochs, report.details[name], 2, label)
    axes.set(xlabel="epoch", ylabel=label)
    if name == "damping":
        logarithmic(axes)


def logarithmic(axes: Axes) -> None:
    """Scale y by its logarithm, with plain numbers: formulas take longer to draw than all the rest."""
    from matplotlib.ticker import LogFormatter

    class Plain(LogFormatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(Plain())
    axes.yaxis.set_minor_formatter(Plain())


def _mark_kept(axes: Axes, report: Run) -> None:
    if report.best_epoch is not None:
        axes.axvline(
            report.best_epoch,
            color="#666666",
            linestyle=":",
            label=f"kept: epoch {report.best_epoch}",
        )
    draw_legend(axes, frameon=False)


def draw_legend(axes: Axes, **options: Any) -> None:
    """A legend where it hides least."""
    # "best" is the default, but named: else Matplotlib warns where a machine is too busy to find it within a second
    axes.legend(loc="best", **options)


def draw_line(axes: Axes, x: Any, y: Any, number: int, label: str) -> None:
    """One of several lines, told apart by color and dashes; None leaves a gap."""
    values = np.array([np.nan if value is None else value for value in y], float)
    style = DASHES[number % len(DASHES)]
    axes.plot(
        x,
        values,
        style,
        color=COLORS[number % len(COLORS)],
        label=label,
        marker="." if len(values) == 1 else "",
    )
