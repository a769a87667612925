"""`chainrule predict`: from raw rows to predictions, as CSV or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..data.column_values import present
from ..data.dialect_options import asked_dialect
from ..data.encoding import class_numbers, inputs
from ..data.evaluation import class_probabilities, evaluate, headline, predict
from ..data.preparation import Target
from ..data.raw_rows import RawRows, read_raw_rows
from ..data.tables import Table, is_text
from ..data.text_rows import arrow
from ..engines.predictor import Predictor
from ..equations.averaging import Ensemble, half_width
from ..equations.intervals import UNIT
from ..errors import InputError, counted
from ..files.container import unreadable
from ..files.posterior import ensemble_of
from ..files.writing import write_whole
from .exit_status import say
from .options.predict import Predict
from .output import write_table
from .run_folder import model_file
from .saved_average import (
    SavedAverage,
    is_average,
    load_average,
    outputs,
    remarks_on,
    rows_of,
)
from .saved_model import SavedModel, load_saved

__all__ = ["run"]

Matrix = np.ndarray[Any, Any]
#: A label that begins so is a formula to a spreadsheet.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def run(request: Predict) -> int:
    """Predict, write, and print how good it is where the target is there; the exit status."""
    output, unseen, interval = request.output, request.unseen, request.interval
    probabilities = request.probabilities
    if unseen not in ("refuse", "ignore"):
        raise InputError(
            f"--unseen {unseen}",
            "refuse or ignore",
            "Leave it out to be told of such rows.",
        )
    if output is not None and output.suffix not in (".csv", ".parquet"):
        raise InputError(
            f"--output {output}", "a file that ends in .csv or .parquet", "Name it so."
        )
    path = model_file(request.model)
    saved = load_average(path) if is_average(path) else load_saved(path)
    if probabilities and not saved.preparation.target.classes:
        raise InputError(
            "--probabilities for a model that predicts numbers",
            "a model of classes",
            "Leave it out.",
        )
    ensemble = None if interval is None else posterior_of(saved, interval)
    rows = read_raw_rows(
        saved.preparation,
        request.data,
        asked_dialect(**request.table.given()),
        request.keep or (),
    )
    remarks: tuple[str, ...] = ()
    if isinstance(saved, SavedAverage):
        given = rows_of(saved.preparation, rows.table)
        out, remarks = outputs(saved.model, given), remarks_on(saved.model, given)
    else:
        x, remarks = inputs(saved.preparation, rows.table, unseen=unseen)
        out = np.asarray(Predictor(saved.model.network, saved.model.parameters)(x))
        require_finite(saved, rows.table, x, out)
    columns = predictions(saved, out, probabilities=probabilities)
    if ensemble is not None and interval is not None:
        columns |= ends(saved.preparation.target, ensemble, x, interval)
    columns = beside(rows.kept, columns)
    if request.escape_formulas:
        columns = {_escaped(n): _without_formulas(c) for n, c in columns.items()}
    write(columns, output)
    for line in (*rows.table.remarks, *remarks, *quality(saved, rows, out)):
        say(line)
    return 0


def require_finite(saved: SavedModel, table: Table, x: Matrix, out: Matrix) -> None:
    """Raise where a prediction is no finite number, with its row and the column that is farthest off."""
    wrong = np.flatnonzero(~np.isfinite(out).all(axis=1))
    if not wrong.size:
        return
    row = int(wrong[0])
    names = [f.name for f in saved.preparation.features for _ in f.inputs]
    name = names[int(np.abs(x[row]).argmax())]
    raise InputError(
        f"a prediction that is no finite number, of {table.place(row)}, where column {name!r} is "
        f"{table.columns[name][row]}",
        "numbers as in training",
        "Correct that row, or leave it out.",
    )


def predictions(
    saved: SavedModel | SavedAverage, out: Matrix, *, probabilities: bool
) -> dict[str, Matrix]:
    """The columns to write."""
    target = saved.preparation.target
    found = predict(target, out)
    if not target.classes:
        names = (
            ["prediction"]
            if len(target.names) == 1
            else [f"prediction_{name}" for name in target.names]
        )
        return {name: found[:, i] for i, name in enumerate(names)}
    columns = {"prediction": np.array(target.classes, object)[found]}
    if probabilities:
        each = class_probabilities(out)
        columns |= {
            f"probability_{name}": each[:, i] for i, name in enumerate(target.classes)
        }
    return columns


def beside(
    kept: Mapping[str, Matrix], columns: Mapping[str, Matrix]
) -> dict[str, Matrix]:
    """The columns that are kept, then the predictions."""
    twice = next((name for name in kept if name in columns), None)
    if twice is not None:
        raise InputError(
            f"--keep {twice}, which is the name of a column of predictions",
            "columns of other names",
            "Rename it in the file, or leave it out.",
        )
    return {**kept, **columns}


def posterior_of(saved: SavedModel | SavedAverage, interval: float) -> Ensemble:
    """The posterior in a model file, for an interval that holds this share."""
    UNIT.checked("--interval", interval, "Pass --interval 0.9, say.")
    single = isinstance(saved, SavedModel)
    note = saved.model.notes.get("posterior") if single else None
    if not single or note is None:
        raise InputError(
            f"--interval {interval:g} for a model without a posterior",
            "a model that was trained with --optimizer levenberg_marquardt --regularization bayes",
            "Train it so, or leave --interval out.",
        )
    try:
        return ensemble_of(note, saved.model.arrays)
    except ValueError as error:
        raise unreadable(
            saved.path, f"a posterior that does not fit ({error})"
        ) from error


def ends(
    target: Target, ensemble: Ensemble, x: Matrix, interval: float
) -> dict[str, Matrix]:
    """The columns of the lower and upper ends of each target's interval."""
    width = half_width(interval)
    mean, std = ensemble.moments(x.astype(np.float64))
    found = {}
    for word, sign in (("lower", -1.0), ("upper", 1.0)):
        values = target.in_units(mean + sign * width * std)
        for i, name in enumerate(target.names):
            called = word if len(target.names) == 1 else f"{word}_{name}"
            found[called] = values[:, i]
    return found


def _without_formulas(column: Matrix) -> Matrix:
    if column.dtype != object:
        return column
    texts = (_escaped(v) if isinstance(v, str) else v for v in column)
    return np.array([*texts], object)


def _escaped(label: str) -> str:
    return f"'{label}" if label.startswith(FORMULAS) else label


def write(columns: Mapping[str, Matrix], output: Path | None) -> None:
    """Write a table as CSV on standard output, or to a file."""
    if output is not None and output.suffix == ".parquet":
        pa, buffer = arrow(), io.BytesIO()
        pa.parquet.write_table(pa.table(dict(columns)), buffer)
        write_whole(output, buffer.getvalue())
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(c.tolist() for c in columns.values()), strict=True))
    if output is None:
        write_table(text.getvalue())
    else:
        write_whole(output, text.getvalue().encode())


def quality(saved: SavedModel | SavedAverage, rows: RawRows, out: Matrix) -> list[str]:
    """The quality of the predictions on the rows whose target is there and can be compared."""
    target, table = saved.preparation.target, rows.table
    if not all(name in table.columns for name in target.names):
        return []
    there = np.ones(table.rows, bool)
    for name in target.names:
        there &= present(table.columns[name])
    if not there.any():
        return []
    known = table.take(np.flatnonzero(there))
    first = target.names[0]
    if target.classes:
        true = class_numbers(target, known.columns[first])
        if (true < 0).any():
            row = int(np.flatnonzero(there)[np.flatnonzero(true < 0)[0]])
            label = table.columns[first][row]
            return [
                f"{first} is {label!s} in {table.place(row)}, which is no class of the model: no accuracy."
            ]
    else:
        numbers = [known.columns[name] for name in target.names]
        for name, column in zip(target.names, numbers, strict=True):
            if is_text(column) or not np.isfinite(column).all():
                return [f"{name} holds values that are no finite numbers: no error."]
        true = np.stack(numbers, axis=1)
    done = evaluate(target, out[there], true)
    lines = [headline(done, f"on {rows.what}: ")]
    if not there.all():
        lines.append(f"{counted(int((~there).sum()), 'row')} without a target.")
    files = saved.notes.files
    if rows.checksum and rows.checksum == files.get("train"):
        lines.append(
            "This is the file that the model was trained on: most of its rows are training rows."
        )
    elif rows.checksum and rows.checksum == files.get("test"):
        lines.append("This is the file that the model was tested on.")
    return lines
