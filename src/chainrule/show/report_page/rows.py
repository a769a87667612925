"""The page of averaged networks for rows that are in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from ...data.evaluation import Evaluation, evaluate
from ...data.preparation import Target, date_of
from ...errors import InputError, named_among
from ...estimators.rows import numbers, plain
from ...estimators.tabular import TabularClassifier, TabularRegressor
from ...estimators.tabular.columns import Column, Matrix
from .tabular import Tested, page_of_average

__all__ = ["page_of_rows"]

#: The gradient is checked on so many rows, so many entries of each array.
CHECK_ROWS, CHECK_ENTRIES = 5, 20


def page_of_rows(
    model: TabularClassifier | TabularRegressor,
    X: Any,
    y: Any,
    columns: Sequence[Column],
    *,
    title: str,
    units: Mapping[str, str],
) -> str:
    """The page, HTML.

    Parameters
    ----------
    model : TabularClassifier or TabularRegressor
    X, y : rows and targets as the model takes them
        Best those that it was not fitted to.
    columns : sequence of Column
        What the model reads of X.
    title : str
    units : mapping of str to str
        Of columns and targets.

    Raises
    ------
    InputError
        A class that the model does not know, a unit of no column.
    """
    names = _named_targets(y)
    raw = plain(y) if is_classifier(model) else numbers(y, "y")
    raw = np.asarray(raw.to_numpy() if hasattr(raw, "to_numpy") else raw)
    count = raw.shape[1] if raw.ndim > 1 else 1
    if not names:
        names = ["y"] if count == 1 else [f"y{i}" for i in range(count)]
    done = _evaluated(model, X, raw, tuple(names))
    checked = model.check_gradient(
        X[:CHECK_ROWS], raw[:CHECK_ROWS], max_entries=CHECK_ENTRIES
    )
    tested = Tested(
        title or f"{type(model).__name__} of {', '.join(names)}",
        {column.name: _readable(column) for column in columns},
        [("Rows", f"{len(raw)} to test on")],
        units=_known(units, [*(column.name for column in columns), *names]),
        again=f"{model!r}.fit(X, y)",
    )
    return page_of_average(model, X, raw, done, checked, tested)


def _named_targets(y: Any) -> list[str]:
    """The names that the targets bring: of a series, or of a frame's columns."""
    if hasattr(y, "columns"):
        return [str(name) for name in y.columns]
    name = getattr(y, "name", None)
    return [] if name is None else [str(name)]


def _evaluated(
    model: TabularClassifier | TabularRegressor,
    X: Any,
    y: Matrix,
    names: tuple[str, ...],
) -> Evaluation:
    """Predictions beside the truth."""
    if isinstance(model, TabularRegressor):
        true = y.astype(np.float64).reshape(len(y), -1)
        outputs = true.shape[1]
        target = Target(names, mean=(0.0,) * outputs, std=(1.0,) * outputs)
        return evaluate(target, model.predict(X).reshape(true.shape), true)
    places = model._known_targets(y).argmax(axis=1)
    target = Target(names, tuple(map(str, model.classes_.tolist())))
    return evaluate(target, model.predict_proba(X), places)


def _readable(column: Column) -> Matrix:
    """The values of a column as a reader knows them: dates as dates."""
    if column.kind != "date":
        return column.values
    gone = np.isnan(column.values)
    found = np.full(len(gone), None, dtype=object)
    found[~gone] = [date_of(days) for days in column.values[~gone].tolist()]
    return found


def _known(units: Mapping[str, str], names: Sequence[str]) -> Mapping[str, str]:
    """The units, each of something that there is."""
    for name in units:
        if name not in names:
            raise InputError(
                f"a unit for {name!r}",
                f"units of columns and targets: {', '.join(names[:10])}",
                named_among(name, names, "Leave it out."),
            )
    return units
