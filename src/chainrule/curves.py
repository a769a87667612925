"""Curves of a run, drawn by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLOURS", "draw_line", "draw_loss", "draw_metric", "has_metric"]

#: Told apart by people who see colours otherwise, too (Okabe & Ito 2008); each has its own line.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":")


def draw_loss(axes: Axes, report: Report) -> None:
    """Loss and validation loss by epoch."""
    epochs = np.arange(1, report.epochs + 1)
    draw_line(axes, epochs, report.loss, 0, "training")
    if any(value is not None for value in report.validation_loss):
        draw_line(axes, epochs, report.validation_loss, 1, "validation")
    axes.set(xlabel="epoch", ylabel="loss")
    if min(report.loss, default=0) > 0:
        axes.set_yscale("log")
    _mark_kept(axes, report)


def draw_metric(axes: Axes, report: Report) -> None:
    """The metric that is watched, by epoch."""
    monitor = (report.settings["early_stopping"] or {}).get("monitor", "metric")
    draw_line(
        axes,
        np.arange(1, report.epochs + 1),
        [epoch.metric for epoch in report.history],
        1,
        str(monitor),
    )
    axes.set(xlabel="epoch", ylabel=str(monitor))
    _mark_kept(axes, report)


def has_metric(report: Report) -> bool:
    """Whether a metric beside the loss is watched."""
    return any(epoch.metric is not None for epoch in report.history)


def _mark_kept(axes: Axes, report: Report) -> None:
    if report.best_epoch is not None:
        axes.axvline(
            report.best_epoch,
            color="#666666",
            linestyle=":",
            label=f"kept: epoch {report.best_epoch}",
        )
    axes.legend(frameon=False)


def draw_line(axes: Axes, x: Any, y: Any, number: int, label: str) -> None:
    """One of several lines, told apart by colour and dashes; None leaves a gap."""
    values = np.array([np.nan if value is None else value for value in y], float)
    style = DASHES[number % len(DASHES)]
    axes.plot(
        x,
        values,
        style,
        color=COLOURS[number % len(COLOURS)],
        label=label,
        marker="." if len(values) == 1 else "",
    )
