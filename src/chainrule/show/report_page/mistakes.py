"""The worst mistakes on the test rows: as pictures, or as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import numpy as np

from ...data.dataset import Dataset
from ...data.evaluation import Evaluation
from ...data.preparation import date_of
from ...data.tables import Column, is_text
from . import figures
from .markup import figure, paragraph, section, table

__all__ = ["worst_mistakes", "worst_rows"]

PICTURES, ROWS, COLUMNS = 24, 10, 12
TITLE = "The worst mistakes"
NONE = "None: all test rows are predicted right."


def worst_mistakes(data: Dataset, done: Evaluation) -> str:
    """The test rows that were predicted worst, the worst first."""
    if data.image_shape is None:
        names = [feature.name for feature in data.preparation.features]
        raw = data.test_rows
        dialect = data.preparation.dialect
        kinds = {} if dialect is None else dialect.columns
        return worst_rows(
            {}
            if raw is None
            else {n: raw.columns[n] for n in (*data.named_by, *names)},
            done,
            dates=[name for name, kind in kinds.items() if kind.kind == "date"],
            places=None if raw is None else raw.places,
        )
    rows = done.worst(PICTURES)
    if not len(rows):
        return section(TITLE, paragraph(NONE))
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
    return section(TITLE, figure(svg, f"{words}.", f"{words}: {', '.join(titles)}."))


def worst_rows(
    columns: Mapping[str, Column],
    done: Evaluation,
    dates: Collection[str] = (),
    places: Callable[[Sequence[int]], tuple[str, list[int]]] | None = None,
) -> str:
    """The worst rows of a table, the worst first; columns in `dates` are days since 1970.

    `places` gives the lines of rows, or their numbers in the file, after a word for which of both.
    """
    rows = done.worst(ROWS)
    if not len(rows):
        return section(TITLE, paragraph(NONE))
    names = list(columns)[:COLUMNS]
    head, found = places(rows.tolist()) if places else ("", [*range(1, len(rows) + 1)])
    lines = [
        (
            str(place),
            *_said(done, i),
            *[_cell(columns[name], i, date=name in dates) for name in names],
        )
        for place, i in zip(found, rows, strict=True)
    ]
    more = len(columns) - len(names)
    caption = "Test rows, the worst first" + (
        f"; {more} more columns are not shown" if more > 0 else ""
    )
    return section(
        TITLE, table(caption, (head, "true", "predicted", *_head(done), *names), lines)
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


def _cell(column: Column, i: int, *, date: bool) -> str:
    value = column[i]
    if date and not is_text(column) and np.isfinite(value):
        return date_of(value)
    if is_text(column):
        return "missing" if value is None else str(value)
    return "missing" if np.isnan(value) else f"{value:.5g}"
