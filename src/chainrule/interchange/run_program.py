"""An exported file of C or Python, run in a process of its own on rows or on those in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .c_outputs import c_rows
from .deployment import Deployment, Matrix
from .seal import unlike

__all__ = ["run_c", "run_python"]

#: Seconds that compiling or running a file may take.
MOST_SECONDS = 600

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
        raise unlike(target, f"which does not run ({last:.200})") from error
    except subprocess.TimeoutExpired as error:
        raise unlike(target, f"which ran for {MOST_SECONDS} s") from error
    return done.stdout


def run_c(
    target: Path, blob: bytes, deployment: Deployment | None, rows: Any
) -> tuple[Matrix, Matrix]:
    """Outputs of the compiled file; those of the model, where the rows are those in the file."""
    found = re.search(rb"void (\w+)_run\(const float", blob)
    outputs = re.search(rb"_OUTPUTS = (\d+)", blob)
    if found is None or outputs is None:
        raise unlike(target, "without its function")
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


def run_python(
    target: Path, blob: bytes, deployment: Deployment | None, rows: Any
) -> tuple[Matrix, Matrix]:
    """Outputs of the file; those of the model, where the rows are those in it."""
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
            raise unlike(target, "whose outputs are no numbers") from error
    return found[0], found[1] if len(found) > 1 else np.zeros(0)
