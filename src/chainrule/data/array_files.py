"""NumPy's .npz files: rows and targets as arrays; uint8 rows are pixels."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, counted
from .file_kinds import announce_size
from .tables import Table

__all__ = ["read_arrays", "table_of"]

Matrix = np.ndarray[Any, Any]


def read_arrays(path: Path, target: str | None) -> dict[str, Matrix]:
    """The arrays x and y; or x_train, y_train, x_test and y_test, where the file has those.

    Parameters
    ----------
    path : Path
    target : str or None
        What y is called in the file, where that is not y.

    Raises
    ------
    InputError
        Not a whole npz file; arrays that are missing or do not fit each other.
    """
    announce_size(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}, which cannot be read ({error})",
            "a whole .npz file of numbers",
            "Save it again.",
        ) from error
    pairs = (
        [("x_train", "y_train"), ("x_test", "y_test")]
        if "x_train" in arrays
        else [("x", target or "y")]
    )
    for x, y in pairs:
        if x not in arrays or y not in arrays:
            raise InputError(
                f"{path} with the arrays {', '.join(arrays)}",
                "x and y, or x_train, y_train, x_test and y_test",
                "Save it so, or name the array of targets by --target.",
            )
        _require_fit(path, x, arrays[x], y, arrays[y])
    return {
        name: array
        for (x, y) in pairs
        for name, array in ((x, arrays[x]), ("y" if x == "x" else y, arrays[y]))
    }


def _require_fit(path: Path, x: str, rows: Matrix, y: str, targets: Matrix) -> None:
    if rows.ndim not in (2, 3, 4) or rows.dtype.kind not in "uifb" or rows.size == 0:
        raise InputError(
            f"{path} with {x} of shape {rows.shape} and dtype {rows.dtype}",
            "numbers, one row per sample: (N, n), or (N, height, width) for pictures",
            "Save it so.",
        )
    if len(targets) != len(rows) or targets.ndim > 2:
        raise InputError(
            f"{path} with {counted(len(rows), 'row')} and {y} of shape {targets.shape}",
            "one target per row",
            "Save it so.",
        )


def table_of(
    source: str, rows: Matrix, targets: Matrix, names: tuple[str, ...] | None = None
) -> Table:
    """Rows of numbers, shape (N, n), with their targets, shapes (N,) or (N, k), as a table.

    The columns are called x1, x2, … where they have no `names`; the target y, or y1, y2, …
    """
    names = names or tuple(f"x{i}" for i in range(1, rows.shape[1] + 1))
    columns: dict[str, Matrix] = {
        name: rows[:, i].astype(np.float64) for i, name in enumerate(names)
    }
    if targets.dtype.kind not in "iufb":
        columns["y"] = np.array([str(value) for value in targets.reshape(-1)], object)
    elif targets.ndim == 1 or targets.shape[1] == 1:
        columns["y"] = targets.reshape(-1).astype(np.float64)
    else:
        columns |= {
            f"y{i}": targets[:, i - 1].astype(np.float64)
            for i in range(1, targets.shape[1] + 1)
        }
    return Table(source, columns)


def read_rows(path: Path) -> tuple[Matrix, Matrix | None]:
    """Rows to predict: x, or x_test; and their targets, where the file has them."""
    announce_size(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {
                name: file[name]
                for name in ("x", "y", "x_test", "y_test")
                if name in file.files
            }
            names = ", ".join(file.files)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path}, which cannot be read ({error})",
            "a whole .npz file of numbers",
            "Save it again.",
        ) from error
    x, y = ("x", "y") if "x" in arrays else ("x_test", "y_test")
    if x not in arrays:
        raise InputError(
            f"{path} with the arrays {names}",
            "x, the rows to predict",
            "Save it so: numpy.savez(FILE, x=…).",
        )
    _require_fit(path, x, arrays[x], y, arrays.get(y, np.zeros(len(arrays[x]))))
    return arrays[x], arrays.get(y)
