"""A model file of averaged networks, with what `chainrule train --preset` notes in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.preparation import Preparation
from ..data.tables import Table
from ..errors import InputError
from ..files.container import fits_together, read_file
from ..files.schema import fitted
from ..files.storage import AVERAGE, FORMAT
from .saved_model import TrainNotes

if (
    TYPE_CHECKING
):  # they bring scikit-learn, a second that other models need not wait for
    from ..estimators.tabular import TabularClassifier, TabularRegressor
    from ..estimators.tabular.columns import Rows

__all__ = [
    "SavedAverage",
    "is_average",
    "load_average",
    "outputs",
    "remarks_on",
    "rows_of",
]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class SavedAverage:
    """Averaged networks and how tables are read for them.

    Parameters
    ----------
    path : Path
    model : TabularClassifier or TabularRegressor
    preparation : Preparation
        Of which only the dialect, the columns and the target are used.
    notes : TrainNotes
    """

    path: Path
    model: TabularClassifier | TabularRegressor
    preparation: Preparation
    notes: TrainNotes


def is_average(path: Path) -> bool:
    """Return whether a model file is one of averaged networks."""
    content, _ = read_file(path, FORMAT, AVERAGE)
    return bool(content["format"] == AVERAGE)


def load_average(path: Path) -> SavedAverage:
    """Read a file that `chainrule train --preset` saved, or raise `InputError`."""
    from ..estimators.tabular import TabularClassifier, TabularRegressor
    from ..estimators.tabular.files import made_again

    content, tensors = read_file(path, AVERAGE)
    kinds = {kind.__name__: kind for kind in (TabularClassifier, TabularRegressor)}
    kind = kinds.get(str(content.get("estimator")))
    extra = content.get("extra") or {}
    if kind is None or "preparation" not in extra:
        raise InputError(
            f"{path}, networks without notes on how to read raw rows",
            "a model that `chainrule train` saved",
            "In Python, TabularClassifier.load and TabularRegressor.load take frames.",
        )
    model = made_again(kind, path, content, tensors)
    with fits_together(path, "notes"):
        preparation = Preparation.from_dict(extra["preparation"])
        notes = fitted(TrainNotes, extra, "notes")
        names = tuple(feature.name for feature in preparation.features)
        if model.encoding_.names != names:
            raise ValueError("columns of another table")
        count = len(preparation.target.classes) or len(preparation.target.names)
        if model.network_.sizes[-1] != count:
            raise ValueError("a target of another table")
    return SavedAverage(path, model, preparation, notes)


def rows_of(preparation: Preparation, table: Table) -> Rows:
    """The columns of a table as the estimators take them: dates as dates."""
    from ..estimators.tabular.columns import Rows

    kinds = {} if preparation.dialect is None else preparation.dialect.columns
    arrays = {}
    for feature in preparation.features:
        if feature.name not in table.columns:
            raise InputError(
                f"{table.source} without the column {feature.name}",
                "the columns of training",
                "Rename or add it.",
            )
        values = table.columns[feature.name]
        kind = kinds.get(feature.name)
        if kind is not None and kind.kind == "date" and values.dtype.kind == "f":
            values = _moments(values)
        arrays[feature.name] = values
    return Rows(arrays)


def _moments(days: Matrix) -> Matrix:
    found = np.full(len(days), np.datetime64("NaT", "us"))
    there = np.isfinite(days)
    found[there] = np.round(days[there] * 86_400e6).astype("datetime64[us]")
    return found


def outputs(model: TabularClassifier | TabularRegressor, rows: Rows) -> Matrix:
    """Probabilities, or numbers in their units, shape (N, outputs)."""
    if hasattr(model, "classes_"):
        return np.asarray(model.predict_proba(rows))
    found = np.asarray(model.predict(rows))
    return found.reshape(len(found), -1)


def remarks_on(
    model: TabularClassifier | TabularRegressor, rows: Rows
) -> tuple[str, ...]:
    """Remarks on rows to predict: of values that the networks have no input for."""
    from ..estimators.tabular.columns import columns_of
    from ..estimators.tabular.encoding import unforeseen

    encoding = model.encoding_
    return tuple(unforeseen(encoding, columns_of(rows, kinds=encoding.kinds)))
