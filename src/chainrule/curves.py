"""Curves of a run, drawn by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "draw_curves", "draw_line"]

#: Told apart by people who see colours otherwise, too (Okabe & Ito 2008); each has its own line.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":")


def draw_curves(figure: Figure, report: Report) -> None:
    """Loss and validation loss by epoch, and the metric that is watched beside them."""
    metric = [epoch.metric for epoch in report.history]
    watched = any(value is not None for value in metric)
    parts = figure.subplots(1, 2 if watched else 1, squeeze=False)[0]
    epochs = np.arange(1, report.epochs + 1)
    draw_line(parts[0], epochs, report.loss, 0, "training")
    if any(value is not None for value in report.validation_loss):
        draw_line(parts[0], epochs, report.validation_loss, 1, "validation")
    parts[0].set(xlabel="epoch", ylabel="loss")
    if min(report.loss, default=0) > 0:
        parts[0].set_yscale("log")
    if watched:
        monitor = (report.settings["early_stopping"] or {}).get("monitor", "metric")
        draw_line(parts[1], epochs, metric, 1, str(monitor))
        parts[1].set(xlabel="epoch", ylabel=f"validation {monitor}")
    for axes in parts:
        if report.best_epoch is not None:
            axes.axvline(report.best_epoch, color="#666666", linestyle=":", label=f"kept: epoch {report.best_epoch}")
        axes.legend()


def draw_line(axes: Axes, x: Any, y: Any, number: int, label: str) -> None:
    """One of several lines, told apart by colour and dashes; None leaves a gap."""
    values = np.array([np.nan if value is None else value for value in y], float)
    style = DASHES[number % len(DASHES)]
    axes.plot(
        x, values, style, color=COLOURS[number % len(COLOURS)], label=label, marker="." if len(values) == 1 else ""
    )
