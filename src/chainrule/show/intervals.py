"""Predictions with their interval as a band, drawn by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .curves import COLORS, draw_legend, show_figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

from ..progress import in_notebook

__all__ = ["band"]

Matrix = np.ndarray[Any, Any]


def band(
    x: Matrix, mean: Matrix, ends: Matrix, true: Matrix | None, coverage: float
) -> Figure:
    """A picture for each output: over the one input, or over the rows in the order of their predictions.

    Parameters
    ----------
    x : ndarray, shape (N, n_0)
    mean : ndarray, shape (N, n_L)
    ends : ndarray, shape (N, n_L, 2)
    true : ndarray, shape (N, n_L), or None
    coverage : float
    """
    from matplotlib.figure import Figure

    if in_notebook():
        show_figures()
    outputs = mean.shape[1]
    figure = Figure(figsize=(max(6, 4 * outputs), 3.5), layout="constrained")
    for k, axes in enumerate(figure.subplots(1, outputs, squeeze=False)[0]):
        one = x.shape[1] == 1
        order = np.argsort(x[:, 0] if one else mean[:, k], kind="stable")
        at = x[order, 0] if one else np.arange(len(order))
        low, high = ends[order, k].T
        words = f"{coverage:.0%} interval"
        axes.fill_between(at, low, high, color=COLORS[0], alpha=0.2, lw=0, label=words)
        axes.plot(at, mean[order, k], color=COLORS[0], label="prediction")
        if true is not None:
            axes.plot(at, true[order, k], ".", ms=4, color=COLORS[1], label="true")
        axes.set(
            xlabel="input" if one else "rows by prediction",
            ylabel="target" if outputs == 1 else f"target {k + 1}",
        )
        draw_legend(axes, frameon=False)
    return figure
