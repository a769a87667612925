"""`check_export`: an exported file run by itself and compared again, with the rows in it or with its model.

A C file is compiled and run, a Python file is run: check only files that you would run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, counted
from ..files.limits import require_room
from ..files.schema import fitted, read_json
from .bounds import allowed
from .c_outputs import c_rows
from .deployment import Deployment, Matrix, deployment_of, without_preparation
from .drawn_rows import drawn_rows
from .export import ENDINGS
from .onnx_out import (
    DIGEST,
    ROWS,
    STAMP,
    evaluate,
    feeds_of,
    onnx_library,
)
from .stamp import (
    BLANK,
    MARK,
    SEAL,
    Stamp,
    differences,
    largest_difference,
    sealed,
    theta_digest,
)

__all__ = ["ExportCheck", "check_export", "require_seal"]

#: Operators of the exports of ONNX.
WRITTEN = frozenset(
    (
        *("Abs", "Add", "ArgMax", "Cast", "Clip", "Concat", "Div", "Equal"),
        *(
            "Erf",
            "Exp",
            "Gather",
            "Gemm",
            "Greater",
            "Identity",
            "IsNaN",
            "LabelEncoder",
        ),
        *("Log", "Max", "Min", "Mul", "Neg", "ReduceSum", "Relu", "Sigmoid", "Sin"),
        *("Softmax", "Sqrt", "Sub", "Sum", "Tanh", "Where"),
    )
)
#: Seconds that compiling or running a file may take.
MOST_SECONDS = 600


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
    stamp = _stamp_of(target, blob)
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
    run = {".onnx": _run_onnx, ".c": _run_c, ".py": _run_python}[target.suffix]
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


def _unlike(target: Path, what: str) -> InputError:
    return InputError(
        f"{target}, {what}",
        "a file as chainrule exported it",
        "Export again.",
    )


def _stamp_of(target: Path, blob: bytes) -> Stamp:
    try:
        if target.suffix == ".onnx":
            return Stamp.read(_properties(target, blob)[STAMP])
        found = re.search(MARK.encode() + rb"(\{[^\n]*\})", blob)
        if found is None:
            raise ValueError("no stamp")
        digest = re.search(SEAL.encode() + rb"([0-9a-f]{64})", blob)
        require_seal(target, blob, digest and digest[1].decode())
        return Stamp.read(found[1])
    except KeyError as error:
        raise _unlike(target, "without a stamp") from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise _unlike(target, f"whose stamp cannot be read ({error})") from error


def require_seal(target: Path, blob: bytes, digest: str | None) -> None:
    """Raise where the checksum that a file states is not that of its bytes."""
    if digest is None:
        return
    at = blob.rfind(digest.encode())
    blank = blob[:at] + BLANK.encode() + blob[at + 64 :]
    if len(digest) != 64 or at < 0 or sealed(blank) != blob:
        raise _unlike(target, "with a checksum that does not match: it was altered")


def _properties(target: Path, blob: bytes) -> dict[str, str]:
    onnx = onnx_library()
    try:
        model = onnx.load_model_from_string(blob)
    except Exception as error:  # protobuf's own classes, by back end
        raise _unlike(target, "which is no file of ONNX") from error
    found = {str(p.key): str(p.value) for p in model.metadata_props}
    require_seal(target, blob, found.get(DIGEST))
    return found


# ---- ONNX


def _run_onnx(
    target: Path, blob: bytes, deployment: Deployment | None, rows: Any
) -> tuple[Matrix, Matrix]:
    expected = np.zeros(0)
    _require_plain_nodes(target, blob)
    try:
        if rows is not None and deployment is not None:
            feeds = feeds_of(deployment, rows)
        else:
            text = _properties(target, blob)[ROWS]
            feeds, expected = _kept(blob, text)
        outputs = evaluate(blob, feeds)
    except InputError:
        raise
    except Exception as error:  # of whatever an altered graph makes the evaluator do
        raise _unlike(target, f"which does not run ({error!s:.200})") from error
    return next(iter(outputs.values())), expected


def _require_plain_nodes(target: Path, blob: bytes) -> None:
    """Raise for operators that run graphs or make arrays of any size: no export has them."""
    model = onnx_library().load_model_from_string(blob)
    strange = [n.op_type for n in model.graph.node if n.op_type not in WRITTEN]
    if strange or model.functions:
        what = strange[0] if strange else "a function"
        raise _unlike(target, f"with {what!r:.60}, which no export has")


@dataclass(frozen=True)
class _Kept:
    """The rows in a file."""

    rows: Any
    expected: Any


def _kept(blob: bytes, text: str) -> tuple[dict[str, Matrix], Matrix]:
    """Inputs by name, of the dtypes that the graph has, and the outputs of the model."""
    onnx = onnx_library()
    kept = fitted(_Kept, read_json(text), "rows")
    types = onnx.TensorProto
    dtypes = {types.FLOAT: np.float32, types.DOUBLE: np.float64, types.STRING: object}
    feeds: dict[str, Matrix] = {}
    for value in onnx.load_model_from_string(blob).graph.input:
        rows = kept.rows[value.name] if isinstance(kept.rows, dict) else kept.rows
        dtype: Any = dtypes[value.type.tensor_type.elem_type]
        if dtype is object:
            feeds[value.name] = np.array(
                [["" if v is None else str(v)] for v in rows], object
            )
        else:
            numbers = np.array(_numbers(rows), dtype)
            feeds[value.name] = numbers[:, None] if numbers.ndim == 1 else numbers
    return feeds, np.array(_numbers(kept.expected), np.float64)


def _numbers(value: Any) -> Any:
    """Numbers of JSON, null as NaN."""
    if isinstance(value, list):
        return [_numbers(one) for one in value]
    return float("nan") if value is None else float(value)


# ---- C and Python, each in a process of its own

DRIVER = """#define {big}_CHECK
#include "{name}.c"
#include <stdio.h>
int main(int argc, char **argv)
{{
  static float input[{big}_INPUTS], output[{big}_OUTPUTS];
  int row;
  (void)argv;
  if (argc > 1) {{
    while (fread(input, sizeof input, 1, stdin) == 1) {{
      {name}_run(input, output);
      fwrite(output, sizeof output, 1, stdout);
    }}
    return 0;
  }}
  for (row = 0; row < ROWS; row++) {{
    {name}_run(rows + row * {big}_INPUTS, output);
    fwrite(output, sizeof output, 1, stdout);
    fwrite(expected + row * {big}_OUTPUTS, sizeof output, 1, stdout);
  }}
  return 0;
}}
"""
PYTHON_DRIVER = """import json, runpy, sys
import numpy as np
made = runpy.run_path(sys.argv[1])
rows = json.load(open(sys.argv[2])) if len(sys.argv) > 4 else made["ROWS"]
np.save(sys.argv[3], np.stack([made["run"](rows)] + ([] if len(sys.argv) > 4 else [made["EXPECTED"]])))
"""


def _called(command: Sequence[str], target: Path, given: bytes = b"") -> bytes:
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, timeout=MOST_SECONDS, check=True
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        last = said[-1] if said else f"status {error.returncode}"
        raise _unlike(target, f"which does not run ({last:.200})") from error
    except subprocess.TimeoutExpired as error:
        raise _unlike(target, f"which ran for {MOST_SECONDS} s") from error
    return done.stdout


def _run_c(
    target: Path, blob: bytes, deployment: Deployment | None, rows: Any
) -> tuple[Matrix, Matrix]:
    found = re.search(rb"void (\w+)_run\(const float", blob)
    outputs = re.search(rb"_OUTPUTS = (\d+)", blob)
    if found is None or outputs is None:
        raise _unlike(target, "without its function")
    compiler = os.environ.get("CC", "cc")
    if shutil.which(compiler) is None:
        raise InputError(
            f"{target} to check without a C compiler: there is no {compiler}",
            "a compiler, to run the file by",
            "Install one, or name it in the environment variable CC.",
        )
    name = found[1].decode()
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / f"{name}.c").write_bytes(blob)
        driver = DRIVER.format(name=name, big=name.upper())
        (here / "driver_of_check.c").write_text(driver)
        program = here / "program"
        build = [compiler, "-std=c99", "-O2", str(here / "driver_of_check.c")]
        _called([*build, "-o", str(program)], target)
        width = int(outputs[1])
        if rows is not None and deployment is not None:
            given = c_rows(deployment, rows).tobytes()
            made = np.frombuffer(
                _called([str(program), "rows"], target, given), np.float32
            )
            return made.reshape(-1, width), np.zeros(0)
        both = np.frombuffer(_called([str(program)], target), np.float32)
    pairs = both.reshape(-1, 2, width)
    return pairs[:, 0], pairs[:, 1]


def _run_python(
    target: Path, blob: bytes, deployment: Deployment | None, rows: Any
) -> tuple[Matrix, Matrix]:
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "rows.json", Path(folder) / "out.npy"
        command = [sys.executable, "-I", "-c", PYTHON_DRIVER, str(target.absolute())]
        command += [str(given), str(out)]
        if rows is not None:
            kept = (
                {name: values.tolist() for name, values in rows.items()}
                if isinstance(rows, dict)
                else rows.tolist()
            )
            given.write_text(json.dumps(kept))
            command.append("rows")
        _called(command, target)
        try:
            found = np.load(out)
        except (OSError, ValueError) as error:
            raise _unlike(target, "whose outputs are no numbers") from error
    return found[0], found[1] if len(found) > 1 else np.zeros(0)
