"""`export`: a model to a file, measured before it is written."""

from __future__ import annotations

import keyword
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..files.writing import write_whole
from .bounds import bound_of, reach_of
from .c_arithmetic import prepared
from .c_out import c_text, require_c
from .c_outputs import c_outputs, c_rows
from .deployment import Deployment, Matrix, deployment_of, without_preparation
from .drawn_rows import drawn_rows, part_of_rows, row_count
from .onnx_out import evaluate, feeds_of, onnx_bytes, require_onnx
from .python_out import python_text, require_python
from .stamp import IN_FILE, Stamp, largest_difference, sealed, theta_digest

__all__ = ["ENDINGS", "export", "ran_python"]

#: Rows that are drawn.
COUNT = 1000
#: Times the largest difference of the preparation in float.
APART = 4.0
ENDINGS = (".onnx", ".c", ".py")
#: Words that C has for itself, beside Python's.
C_WORDS = frozenset(
    (
        *("auto", "break", "case", "char", "const", "continue", "default", "do"),
        *("double", "else", "enum", "extern", "float", "for", "goto", "if"),
        *("inline", "int", "long", "register", "restrict", "return", "short"),
        *("signed", "sizeof", "static", "struct", "switch", "typedef", "union"),
        *("unsigned", "void", "volatile", "while", "main"),
    )
)


def export(
    model: Any,
    path: str | os.PathLike[str],
    *,
    preparation: bool = True,
    rows: Any = None,
    seed: int = 0,
    classes: Any = None,
) -> Stamp:
    """Write a model to a file, as `Exportable.export` says; `classes` as `deployment_of` takes them."""
    target = Path(path)
    if target.suffix not in ENDINGS:
        raise InputError(
            f"{os.fspath(path)} to export to",
            f"a file that ends in {', '.join(ENDINGS)}",
            "Name it so: the ending is the format.",
        )
    deployment = deployment_of(model, classes)
    if not preparation:
        deployment = without_preparation(deployment)
    made = (
        drawn_rows(deployment, COUNT, seed)
        if rows is None
        else deployment.rows_of(rows)
    )
    if row_count(made) < 1:
        raise InputError("no rows to compare on", "one or more", "Pass more rows.")
    write = {".onnx": _to_onnx, ".c": _to_c, ".py": _to_python}[target.suffix]
    stamp, content = write(deployment, target, made, None if rows is not None else seed)
    write_whole(target, content)
    return stamp


def _stamp(
    deployment: Deployment,
    rows: Any,
    seed: int | None,
    measured: tuple[Matrix, Matrix],
    bound: float,
) -> Stamp:
    """The stamp of outputs that were measured beside the model's."""
    found, expected = measured
    difference = largest_difference(found, expected)
    if not math.isfinite(difference):
        raise InputError(
            "a network whose outputs are no numbers where the file's are, on the rows that they are compared on",
            "rows of finite outputs",
            "Pass rows=X with rows as in training.",
        )
    finite = expected[abs(expected) < math.inf]
    how = "none" if deployment.source is None else "in the file"
    return Stamp(
        difference,
        max(bound, 2 * difference),
        row_count(rows),
        seed,
        float(abs(finite).max()) if finite.size else 0.0,
        "left out" if deployment.left_out else how,
        theta_digest(deployment),
        tuple(_upwards(n) for n in reach_of(deployment, deployment.inputs_of(rows))),
    )


def _upwards(number: float) -> float:
    """A number of three digits that is not below."""
    return float(f"{number * 1.005:.2e}")


def _to_c(
    deployment: Deployment, target: Path, rows: Any, seed: int | None
) -> tuple[Stamp, bytes]:
    name = target.stem
    if (
        not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)
        or name in C_WORDS
        or keyword.iskeyword(name)
    ):
        raise InputError(
            f"{target.name}, whose functions would be called {name}_run",
            "a name of letters, digits and _ that begins with a letter",
            "Name the file m.c, say.",
        )
    require_c(deployment)
    expected = deployment.outputs_of(rows)
    raw = c_rows(deployment, rows)
    found = c_outputs(deployment, raw)
    x = deployment.inputs_of(rows)
    bound = bound_of(
        deployment, x, narrow=True, apart=_inputs_apart(deployment, rows, raw, x)
    )
    stamp = _stamp(deployment, rows, seed, (found, expected), bound)
    text = c_text(deployment, name, stamp, raw[:IN_FILE], expected[:IN_FILE])
    return stamp, sealed(text.encode("ascii"))


def _inputs_apart(
    deployment: Deployment, rows: Any, raw: Matrix, x: Matrix
) -> Matrix | None:
    """The distance of each input of the C from the model's: several times the largest on the rows.

    The arithmetic in float makes it, and the rounding of raw numbers to float, which the rows need not show.
    """
    if not deployment.columns:
        return None
    moved = {
        column.name: rows[column.name]
        if column.kind == "category"
        else rows[column.name] * (1 + 2**-24)
        for column in deployment.columns
    }
    with np.errstate(invalid="ignore"):
        apart = np.abs(prepared(deployment.parts, raw).astype(np.float64) - x)
        apart += np.abs(deployment.inputs_of(moved).astype(np.float64) - x)
    return np.asarray(APART * np.nanmax(apart, axis=0, initial=0.0))


def _to_onnx(
    deployment: Deployment, target: Path, rows: Any, seed: int | None
) -> tuple[Stamp, bytes]:
    require_onnx(deployment)
    expected = deployment.outputs_of(rows)
    bound = bound_of(deployment, deployment.inputs_of(rows))
    outputs = evaluate(onnx_bytes(deployment, None), feeds_of(deployment, rows))
    found = next(iter(outputs.values()))
    stamp = _stamp(deployment, rows, seed, (found, expected), bound)
    kept = part_of_rows(rows, IN_FILE)
    return stamp, onnx_bytes(deployment, stamp, kept, expected[:IN_FILE])


def _to_python(
    deployment: Deployment, target: Path, rows: Any, seed: int | None
) -> tuple[Stamp, bytes]:
    require_python(deployment)
    expected = deployment.outputs_of(rows)
    bound = bound_of(deployment, deployment.inputs_of(rows))
    kept, seen = part_of_rows(rows, IN_FILE), expected[:IN_FILE]
    empty = _stamp(deployment, rows, seed, (expected, expected), bound)
    run = ran_python(python_text(deployment, target.stem, empty, kept, seen))
    stamp = _stamp(deployment, rows, seed, (run(rows), expected), bound)
    text = python_text(deployment, target.stem, stamp, kept, seen)
    return stamp, text.encode()


def ran_python(text: str) -> Callable[[Any], Matrix]:
    """The function `run` of a text that `python_text` made."""
    space: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported", "exec"), space)
    found: Callable[[Any], Matrix] = space["run"]
    return found
