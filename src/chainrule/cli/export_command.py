"""`chainrule export` and `chainrule check-export`: a saved model to a file of another kind, and that file compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..data.array_files import read_rows
from ..data.encoding import inputs
from ..data.file_kinds import kind_of, require_file
from ..data.raw_rows import read_raw_rows
from ..errors import InputError
from ..estimators.tabular.columns import columns_of
from ..estimators.tabular.encoding import encode
from ..files.storage import load_model
from ..interchange.check import check_export
from ..interchange.export import export
from .options.export import CheckExport, Export
from .output import Output
from .run_folder import model_file
from .saved_average import is_average, load_average, rows_of
from .saved_model import load_saved

__all__ = ["check", "run"]


def run(request: Export) -> int:
    """Export and print the stamp; the exit status."""
    console, to = Output(), request.to
    prepared, given = request.without_preparation, None
    model, classes = _model_of(request.model)
    if request.rows is not None:
        given = _rows_of(request.model, request.rows, prepared=prepared)
    stamp = export(
        model,
        to,
        preparation=not prepared,
        rows=given,
        seed=request.seed,
        classes=classes,
    )
    console.print(f"{to}, {to.stat().st_size / 1e3:.0f} kB", soft_wrap=True)
    console.print(f"preparation of raw rows: {stamp.preparation}", soft_wrap=True)
    console.print(f"{stamp}", soft_wrap=True)
    return 0


def check(request: CheckExport) -> int:
    """Compare and print; the exit status."""
    model = given = None
    rows = request.rows
    if request.model is not None:
        model = _model_of(request.model)[0]
        if rows is not None:
            given = _rows_of(request.model, rows, prepared=False)
    elif rows is not None:
        raise InputError(
            f"--rows {rows} without --model",
            "both, or neither",
            "Name the model that the file was written from.",
        )
    found = check_export(request.file, model, rows=given)
    Output().print(f"{found}", soft_wrap=True)
    return 0 if found.passed else 1


def _model_of(path: Path) -> tuple[Any, Any]:
    """The model of a file or folder, and the names of its classes where only the notes have them."""
    file = model_file(path)
    if not is_average(file):
        return load_model(file), None
    saved = load_average(file)
    return saved.model, saved.preparation.target.classes or None


def _rows_of(path: Path, rows: Path, *, prepared: bool) -> Any:
    """The rows of a file, as the model takes them."""
    file = model_file(path)
    if is_average(file):
        averaged = load_average(file)
        raw = rows_of(
            averaged.preparation, read_raw_rows(averaged.preparation, str(rows)).table
        )
        if not prepared:
            return raw
        encoding = averaged.model.encoding_
        return encode(encoding, columns_of(raw, kinds=encoding.kinds))
    if "preparation" not in load_model(file).notes:
        if kind_of(require_file(str(rows))) != "npz":
            raise InputError(
                f"--rows {rows} for a model without notes on how to prepare raw rows",
                "an npz file with an array x of prepared rows",
                "Save them so: numpy.savez(file, x=X).",
            )
        return read_rows(rows)[0]
    saved = load_saved(file)
    table = read_raw_rows(saved.preparation, str(rows)).table
    if prepared:
        return inputs(saved.preparation, table, unseen="ignore")[0]
    columns = {
        f.name: table.require(f.name, "column") for f in saved.preparation.features
    }
    if saved.preparation.scale is None:
        return columns
    return np.stack(list(columns.values()), axis=1)
