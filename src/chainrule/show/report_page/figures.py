"""The pictures of the page, drawn by matplotlib, as SVG that stands in the page itself."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data.evaluation import Evaluation
from ...training.report import Report
from ..curves import COLORS, draw_legend, draw_line, logarithmic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "MOST_PICTURES",
    "as_svg",
    "calibration",
    "first_layer",
    "norms",
    "on_axes",
    "pictures",
    "predicted_against_true",
]

Matrix = np.ndarray[Any, Any]
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
}
#: Points of a scatter at most, and pictures of one kind.
MOST_POINTS, MOST_PICTURES = 2000, 64


def as_svg(
    draw: Callable[[Figure], None], width: float, height: float, prefix: str
) -> str:
    """The drawing of `draw` on an empty figure, as one SVG element whose ids begin with `prefix`."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({**SETTINGS, "svg.hashsalt": prefix}):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        figure.savefig(
            buffer,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None},
        )
    svg = buffer.getvalue()
    svg = re.sub(
        r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL
    )
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    # as wide as the page allows; what it shows is said by the figure around it
    svg = re.sub(
        r'<svg ([^>]*?)width="[^"]*"', r'<svg aria-hidden="true" \1', svg, count=1
    )
    return re.sub(r'(<svg [^>]*?)height="[^"]*"', r"\1", svg, count=1)


def norms(figure: Figure, report: Report, name: str, label: str) -> None:
    """The norms of Δ or dW of each layer, by epoch; `name` is the field of a diagnosis."""
    axes = figure.subplots()
    epochs = [diagnosis.epoch for diagnosis in report.diagnoses]
    of_layer = list(
        zip(*(getattr(diagnosis, name) for diagnosis in report.diagnoses), strict=True)
    )
    for layer, values in enumerate(of_layer):
        draw_line(axes, epochs, values, layer, f"l = {layer + 1}")
    if min(min(values) for values in of_layer) > 0:
        logarithmic(axes)
    axes.set(xlabel="epoch", ylabel=label)
    draw_legend(axes)


def on_axes(
    draw: Callable[[Axes, Report], None], figure: Figure, report: Report
) -> None:
    """One of the drawings of `curves` on a figure of its own."""
    draw(figure.subplots(), report)


def calibration(figure: Figure, done: Evaluation) -> None:
    """Predictions against the truth."""
    said, came, rows = done.calibration()
    axes = figure.subplots()
    low, high = (
        (0.0, 1.0)
        if done.probabilities is not None
        else (min(*said, *came), max(*said, *came))
    )
    axes.plot([low, high], [low, high], ":", color="#666666", label="as said")
    axes.plot(said, came, "o-", color=COLORS[0], label="test rows")
    of_classes = done.probabilities is not None
    axes.set(
        xlabel="probability of the predicted class"
        if of_classes
        else f"predicted {done.target.names[0]}",
        ylabel="share that is right" if of_classes else "mean of what is true",
    )
    for x, y, n in zip(said, came, rows, strict=True):
        axes.annotate(
            str(n),
            (x, y),
            textcoords="offset points",
            xytext=(6, -10),
            fontsize=8,
            color="#555555",
        )
    draw_legend(axes)


def predicted_against_true(figure: Figure, done: Evaluation) -> None:
    """Each test row a point, for each target; at most `MOST_POINTS` of them."""
    rows = np.linspace(0, len(done.true) - 1, min(len(done.true), MOST_POINTS)).astype(
        int
    )
    for i, axes in enumerate(
        figure.subplots(1, len(done.target.names), squeeze=False)[0]
    ):
        true, said = done.true[rows, i], done.predicted[rows, i]
        ends = [min(true.min(), said.min()), max(true.max(), said.max())]
        axes.plot(ends, ends, ":", color="#666666")
        axes.scatter(
            true,
            said,
            s=8,
            alpha=0.5,
            color=COLORS[0],
            linewidths=0,
            rasterized=len(rows) > 500,
        )
        axes.set(xlabel=f"true {done.target.names[i]}", ylabel="predicted")
        axes.locator_params(
            axis="x", nbins=4
        )  # numbers of six digits beside each other


def first_layer(figure: Figure, weights: Matrix, picture: tuple[int, int]) -> None:
    """The weights that lead to each unit of the first hidden layer, as a picture: red positive, blue negative."""
    shown = weights[:MOST_PICTURES]
    limit = float(np.abs(shown).max())
    _grid(
        figure,
        shown.reshape(-1, *picture),
        [str(i) for i in range(len(shown))],
        "RdBu_r",
        (-limit, limit),
    )


def pictures(
    figure: Figure, rows: Matrix, picture: tuple[int, int], titles: Sequence[str]
) -> None:
    """Rows of pixels as pictures, with a title each."""
    _grid(
        figure,
        rows.reshape(-1, *picture),
        titles,
        "gray_r",
        (0.0, float(max(rows.max(), 1))),
    )


def _grid(
    figure: Figure,
    images: Matrix,
    titles: Sequence[str],
    colors: str,
    limits: tuple[float, float],
) -> None:
    columns = min(8, len(images))
    high, wide = images.shape[1:]
    # one image for all, as each axes takes as long to draw as a curve
    step = np.array([high + max(2, high // 4), wide + max(1, wide // 8)])
    corners = step * np.stack(np.divmod(np.arange(len(images)), columns), axis=1)
    shown = np.full((corners[-1, 0] + step[0], columns * step[1]), np.nan)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    for (top, left), image, title in zip(corners, images, titles, strict=True):
        low = top + step[0] - high
        shown[low : low + high, left : left + wide] = image
        axes.text(
            *(left + (wide - 1) / 2, low - 1), title, ha="center", va="bottom", size=9
        )
    axes.imshow(
        shown, cmap=colors, vmin=limits[0], vmax=limits[1], interpolation="nearest"
    )
