"""The worst mistakes on the test rows: as pictures, or as rows of a table."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ...data.dataset import Dataset
from ...data.evaluation import Evaluation
from ...data.preparation import date_of
from ...data.tables import is_text
from . import figures
from .markup import figure, paragraph, section, table

__all__ = ["worst_mistakes"]

PICTURES, ROWS, COLUMNS = 24, 10, 12


def worst_mistakes(data: Dataset, done: Evaluation) -> str:
    """The test rows that were predicted worst, the worst first."""
    title = "The worst mistakes"
    rows = done.worst(PICTURES if data.image_shape else ROWS)
    if not len(rows):
        return section(title, paragraph("None: all test rows are predicted right."))
    if data.image_shape is not None:
        titles = [
            f"{done.target.classes[done.true[i]]} → {done.target.classes[done.predicted[i]]}"
            for i in rows
        ]
        draw = partial(
            figures.pictures,
            rows=data.x_test[rows],
            picture=data.image_shape,
            titles=titles,
        )
        svg = figures.as_svg(draw, 8, 1.25 * -(-len(rows) // 8), "mistakes")
        words = "Test rows whose true class had the least probability: true → predicted"
        return section(
            title, figure(svg, f"{words}.", f"{words}: {', '.join(titles)}.")
        )
    raw = data.test_rows
    names = (
        []
        if raw is None
        else [feature.name for feature in data.preparation.features][:COLUMNS]
    )
    dialect = data.preparation.dialect
    kinds = {} if dialect is None else dialect.columns
    dates = [name for name in names if name in kinds and kinds[name].kind == "date"]
    lines = []
    for place, i in enumerate(rows, 1):
        cells = []
        if raw is not None:
            cells = [_cell(raw.columns[name], i, date=name in dates) for name in names]
        lines.append((str(place), *_said(done, i), *cells))
    more = len(data.preparation.features) - len(names)
    caption = "Test rows, the worst first" + (
        f"; {more} more columns are not shown" if more > 0 else ""
    )
    return section(
        title, table(caption, ("", "true", "predicted", *_head(done), *names), lines)
    )


def _head(done: Evaluation) -> tuple[str, ...]:
    return ("probability of the true class",) if done.probabilities is not None else ()


def _said(done: Evaluation, i: int) -> tuple[str, ...]:
    if done.probabilities is None:
        return ", ".join(f"{v:.5g}" for v in done.true[i]), ", ".join(
            f"{v:.5g}" for v in done.predicted[i]
        )
    classes = done.target.classes
    return (
        classes[done.true[i]],
        classes[done.predicted[i]],
        f"{done.probabilities[i, done.true[i]]:.2g}",
    )


def _cell(column: np.ndarray[Any, Any], i: int, *, date: bool) -> str:
    value = column[i]
    if date and np.isfinite(value):
        return date_of(value)
    if is_text(column):
        return "missing" if value is None else str(value)
    return "missing" if np.isnan(value) else f"{value:.5g}"
