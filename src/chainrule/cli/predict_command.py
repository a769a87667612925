"""`chainrule predict`: from raw rows to predictions, as CSV or Parquet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from ..data.array_files import read_arrays, table_of
from ..data.column_values import labels
from ..data.encoding import inputs, targets
from ..data.evaluation import class_probabilities, evaluate, headline, predict
from ..data.file_kinds import kind_of, require_file
from ..data.tables import Table, polars_library, read_table
from ..engines.predictor import Predictor
from ..errors import InputError
from ..files.writing import write_whole
from .exit_status import say
from .output import write_table
from .saved_model import SavedModel, load_saved

__all__ = ["run"]

Matrix = np.ndarray[Any, Any]


def run(
    model: Path,
    data: Path,
    output: Path | None,
    *,
    probabilities: bool,
    unseen: str,
    header: bool | None,
) -> int:
    """Predict, write, say how good it is where the target is there; the exit status."""
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
    saved = load_saved(model)
    if probabilities and not saved.preparation.target.classes:
        raise InputError(
            "--probabilities for a model that predicts numbers",
            "a model of classes",
            "Leave it out.",
        )
    table = raw_rows(saved, require_file(data), header)
    x, remarks = inputs(saved.preparation, table, unseen=unseen)
    out = np.asarray(Predictor(saved.model.network, saved.model.parameters)(x))
    frame = polars_library().DataFrame(
        predictions(saved, out, probabilities=probabilities)
    )
    if output is None:
        write_table(frame.write_csv())
    elif output.suffix == ".csv":
        write_whole(output, frame.write_csv().encode())
    else:
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        write_whole(output, buffer.getvalue())
    for line in (*remarks, *quality(saved, table, out)):
        say(line)
    return 0


def raw_rows(saved: SavedModel, path: Path, header: bool | None) -> Table:
    """The rows, with the columns called as the model calls them."""
    if kind_of(path) == "npz":
        arrays = read_arrays(path, None)
        x, y = (
            (arrays["x"], arrays["y"])
            if "x" in arrays
            else (arrays["x_test"], arrays["y_test"])
        )
        names = tuple(feature.name for feature in saved.preparation.features)
        flat = x.reshape(len(x), -1)
        if flat.shape[1] != len(names):
            raise InputError(
                f"{path} with {flat.shape[1]} numbers a row",
                f"{len(names)}, as the model was trained on",
                "Save it so.",
            )
        table = table_of(path.name, flat, y, names)
        return Table(
            table.source,
            {n: column for n, column in table.columns.items() if n in names},
        )
    texts = [
        feature.name
        for feature in saved.preparation.features
        if feature.categories is not None
    ]
    return read_table(path, header=header, text_columns=texts)


def predictions(
    saved: SavedModel, out: Matrix, *, probabilities: bool
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
    columns = {"prediction": np.array(target.classes)[found]}
    if probabilities:
        each = class_probabilities(out)
        columns |= {
            f"probability_{name}": each[:, i] for i, name in enumerate(target.classes)
        }
    return columns


def quality(saved: SavedModel, table: Table, out: Matrix) -> list[str]:
    """How good the predictions are, where all targets are in the rows."""
    target = saved.preparation.target
    if not all(name in table.columns for name in target.names):
        return []
    known = set(target.classes)
    first = table.columns[target.names[0]]
    if (
        target.classes
        and not {str(label).removesuffix(".") for label in labels(first)} <= known
    ):
        return [
            f"{target.names[0]} is in the rows with other classes than the model's: no accuracy."
        ]
    if not target.classes and not all(
        np.isfinite(table.columns[name]).all() for name in target.names
    ):
        return []
    return [headline(evaluate(target, out, targets(target, table)))]
