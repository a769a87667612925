"""NumPy's .npz files: rows and targets as arrays; uint8 rows are pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError, counted
from .file_kinds import announce_size
from .npz_members import member_names, read_members
from .tables import Table

__all__ = ["beyond_exact", "pixel_names", "read_arrays", "read_rows", "table_of"]

Matrix = np.ndarray[Any, Any]
#: The whole numbers up to here, and no further, are all numbers of float64 too.
EXACT = 2**53


def read_arrays(path: Path, target: str | None) -> dict[str, Matrix]:
    """The arrays x and y; or x_train, y_train, x_test and y_test, where the file has those.

    Parameters
    ----------
    path : Path
    target : str or None
        What y is called in the file, where that is not y.

    Returns
    -------
    dict of str to ndarray
        x of booleans or numbers, (N, n) or pictures; y of numbers, or of texts as objects.

    Raises
    ------
    InputError
        Not a whole npz file; arrays that are missing, hold what nothing can be learned from, or do not fit each other.
    """
    announce_size(path)
    names = member_names(path)
    pairs = (
        [("x_train", "y_train"), ("x_test", "y_test")]
        if "x_train" in names
        else [("x", target or "y")]
    )
    arrays = read_members(path, [name for pair in pairs for name in pair])
    found = {}
    for x, y in pairs:
        if x not in arrays or y not in arrays:
            raise InputError(
                f"{path} with {_listed(names)}",
                "x and y, or x_train, y_train, x_test and y_test",
                f"Save it so, or name the array of targets by {argument('target')}.",
            )
        found[x] = _rows(path, x, arrays[x])
        found["y" if x == "x" else y] = _targets(path, y, arrays[y], len(found[x]))
    if "x_test" in found:
        _require_same_kind(path, found)
    return found


def _listed(names: tuple[str, ...]) -> str:
    if not names:
        return "no arrays"
    more = f", … ({len(names)} in all)" if len(names) > 10 else ""
    return f"the arrays {', '.join(names[:10])}{more}"


def _rows(path: Path, name: str, rows: Matrix) -> Matrix:
    """The rows, or `InputError`."""
    if rows.ndim not in (2, 3, 4) or rows.dtype.kind not in "uifb" or rows.size == 0:
        raise InputError(
            f"{path} with {name} of shape {rows.shape!s:.80} and dtype {rows.dtype}",
            "numbers, one row per sample: (N, n), or (N, height, width) for pictures",
            "Save it so.",
        )
    return rows


def _targets(path: Path, name: str, targets: Matrix, rows: int) -> Matrix:
    """The targets, a text as an object, or `InputError`."""
    shape: tuple[int, ...] = targets.shape
    if not 1 <= targets.ndim <= 2 or len(targets) != rows or targets.size == 0:
        raise InputError(
            f"{path} with {counted(rows, 'row')} and {name} of shape {shape!s:.80}",
            "one target per row, or a row of numbers",
            "Save it so.",
        )
    if targets.dtype.kind == "U":
        if targets.size != rows:
            raise InputError(
                f"{path} with texts of shape {shape} as {name}",
                "one text per row",
                "Save one column of it.",
            )
        return targets.astype(object)
    if targets.dtype.kind == "f" and np.isinf(targets).any():
        row = int(np.argwhere(np.isinf(targets))[0, 0]) + 1
        raise InputError(
            f"{path} with {name} infinite in row {row}",
            "finite numbers",
            "Correct that row or leave it out.",
        )
    if targets.dtype.kind in "iu" and beyond_exact(targets):
        raise InputError(
            f"{path} with whole numbers beyond 2^53 in {name}",
            "numbers that float64 can tell apart, or texts",
            f"Labels are saved as text: {name}={name}.astype(str).",
        )
    return targets


def beyond_exact(numbers: Matrix) -> bool:
    """Return whether one of the whole numbers is beyond 2^53, where float64 has gaps."""
    return int(numbers.max()) > EXACT or int(numbers.min()) < -EXACT


def _require_same_kind(path: Path, arrays: dict[str, Matrix]) -> None:
    """Raise unless the rows and targets to test on are of the kind of those to train on."""
    for letter in "xy":
        train, test = arrays[f"{letter}_train"], arrays[f"{letter}_test"]
        same = train.shape[1:] == test.shape[1:] and (
            train.dtype == test.dtype
            if letter == "x"
            else (train.dtype == object) == (test.dtype == object)
        )
        if not same:
            raise InputError(
                f"{path} with {letter}_test of shape {test.shape} and dtype {test.dtype}",
                f"the width and kind of {letter}_train, {train.shape} of {train.dtype}",
                "Save both alike.",
            )


def pixel_names(shape: tuple[int, ...]) -> tuple[str, ...]:
    """The names of the pixels of a picture: pixel_0_0, pixel_0_1 and so on."""
    return tuple(f"pixel_{'_'.join(map(str, place))}" for place in np.ndindex(*shape))


def table_of(
    source: str, rows: Matrix, targets: Matrix, names: tuple[str, ...] | None = None
) -> Table:
    """Rows of numbers, shape (N, n), with their targets, shapes (N,) or (N, k), as a table.

    The columns are called x1, x2, … where they have no `names`; the target y, or y1, y2, …
    """
    names = names or tuple(f"x{i}" for i in range(1, rows.shape[1] + 1))
    columns: dict[str, Matrix] = {
        name: _as_float64(rows[:, i]) for i, name in enumerate(names)
    }
    if targets.dtype.kind not in "iufb":
        columns["y"] = np.array([str(value) for value in targets.reshape(-1)], object)
    elif targets.ndim == 1 or targets.shape[1] == 1:
        columns["y"] = _as_float64(targets.reshape(-1))
    else:
        columns |= {
            f"y{i}": _as_float64(targets[:, i - 1])
            for i in range(1, targets.shape[1] + 1)
        }
    return Table(source, columns)


def read_rows(path: Path) -> tuple[Matrix, Matrix | None]:
    """Rows to predict: x, or x_test; and their targets, where the file has them."""
    announce_size(path)
    names = member_names(path)
    x, y = ("x", "y") if "x" in names else ("x_test", "y_test")
    arrays = read_members(path, [x, y])
    if x not in arrays:
        raise InputError(
            f"{path} with {_listed(names)}",
            "x, the rows to predict",
            "Save it so: numpy.savez(FILE, x=…).",
        )
    rows = _rows(path, x, arrays[x])
    return rows, _targets(path, y, arrays[y], len(rows)) if y in arrays else None


def _as_float64(numbers: Matrix) -> Matrix:
    """The numbers in float64; what it cannot hold is infinite, which is refused where it is used."""
    with np.errstate(invalid="ignore", over="ignore"):
        return numbers.astype(np.float64)
