"""`check_export`: an exported file run by itself and compared again, with the rows in it or with its model.

A C file is compiled and run, a Python file is run: check only files that you would run.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, counted
from ..files.limits import require_room
from .bounds import allowed
from .deployment import Deployment, Matrix, deployment_of, without_preparation
from .drawn_rows import drawn_rows
from .export import ENDINGS
from .run_graph import run_onnx
from .run_program import run_c, run_python
from .seal import stamp_of
from .stamp import Stamp, differences, largest_difference, theta_digest

__all__ = ["ExportCheck", "check_export"]


@dataclass(frozen=True)
class ExportCheck:
    """An export compared again.

    Parameters
    ----------
    path : str
    stamp : Stamp
        As it stands in the file.
    difference : float
        The largest one that was found now, beside what its row is allowed.
    allowed : float
        The bound of the stamp for that row; of C and the rows in it the difference of the stamp, with the rounding of
        these rows' outputs to float.
    rows : int
    against : str
        What it was compared with: "the rows in it", or "the model".
    """

    path: str
    stamp: Stamp
    difference: float
    allowed: float
    rows: int
    against: str

    @property
    def passed(self) -> bool:
        """Return whether the difference is allowed."""
        return self.difference <= self.allowed

    def __str__(self) -> str:
        outcome = "holds" if self.passed else "DOES NOT HOLD"
        return (
            f"{self.path}: largest difference {self.difference:.2g} from {self.against} on "
            f"{counted(self.rows, 'row')}, allowed {self.allowed:.2g}: the stamp {outcome}"
        )


def check_export(
    path: str | os.PathLike[str], model: Any = None, *, rows: Any = None
) -> ExportCheck:
    """Run an exported file and compare it with what its stamp states.

    Parameters
    ----------
    path : path
        As `export` wrote it. A C file is compiled, by the program that CC names or cc, and run; a Python file is run.
    model : fitted estimator, Report or Model, optional
        What it was written from: then it is compared on all rows of the stamp, where they were drawn; without it, or
        where they were given, on the first of them, which are in the file.
    rows : as `export` takes them, optional
        Other rows to compare file and model on.

    Returns
    -------
    ExportCheck
        `passed` says whether the stamp holds.

    Raises
    ------
    InputError
        Not such a file, altered so that it does not run, of another model, or no compiler.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from chainrule import Model, Network, check_export
    >>> net = Network((2, 1), ("tanh",), "squared_error")
    >>> model, file = Model(net, net.init(seed=0)), pathlib.Path(tempfile.mkdtemp()) / "m.py"
    >>> stamp = model.export(file)
    >>> check_export(file, model).passed, check_export(file, model).rows
    (True, 1000)
    """
    target = Path(path)
    if target.suffix not in ENDINGS:
        raise InputError(
            f"{os.fspath(path)} to check",
            f"an exported file, which ends in {', '.join(ENDINGS)}",
            "Name one.",
        )
    require_room(os.fspath(path), target.stat().st_size)
    blob = target.read_bytes()
    stamp = stamp_of(target, blob)
    deployment = None
    if model is not None:
        deployment = _of_model(target, stamp, model)
        if rows is not None:
            rows = deployment.rows_of(rows)
        elif stamp.seed is not None:
            rows = drawn_rows(deployment, stamp.rows, stamp.seed)
    elif rows is not None:
        raise InputError(
            f"rows to check {os.fspath(path)} on, without a model",
            "rows and the model that the file was written from",
            "Pass the model as well.",
        )
    run = {".onnx": run_onnx, ".c": run_c, ".py": run_python}[target.suffix]
    found, expected = run(target, blob, deployment, rows)
    if rows is None or deployment is None:
        most = stamp.bound
        if target.suffix == ".c":  # its bits are known
            most = stamp.difference * (1 + 1e-6) + 2**-22 * stamp.largest
        difference = largest_difference(found, expected)
        against = "the rows in it"
    else:
        expected = deployment.outputs_of(rows)
        difference, most = _worst(stamp, deployment.inputs_of(rows), found, expected)
        against = "the model"
    return ExportCheck(os.fspath(path), stamp, difference, most, len(expected), against)


def _worst(
    stamp: Stamp, x: Matrix, found: Matrix, expected: Matrix
) -> tuple[float, float]:
    """The difference that is largest beside what its row is allowed, and that."""
    apart = differences(found, expected)
    reach = np.array(stamp.reach or (np.inf,))
    most = allowed(stamp.bound, stamp.largest, reach, x, expected)
    if apart.shape != most.shape:
        return np.inf, stamp.bound
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(apart > 0, apart / most, 0.0)
    at = int(np.nanargmax(share)) if share.size else 0
    return float(apart.ravel()[at]), float(most.ravel()[at])


def _of_model(target: Path, stamp: Stamp, model: Any) -> Deployment:
    found = deployment_of(model)
    if theta_digest(found) != stamp.theta:
        raise InputError(
            f"{target}, written from other weights than the model's",
            "the model that it was written from",
            "Export again, or name that model.",
        )
    return without_preparation(found) if stamp.preparation == "left out" else found
