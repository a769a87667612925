#!/usr/bin/env python3
"""The exported C beside emlearn's, on the same networks of scikit-learn: outputs equal first, then time for one row.

    .venv/bin/python benchmarks/embedded.py              time on this processor, in one run
    .venv/bin/python benchmarks/embedded.py --arm        and instructions for Arm, counted under qemu-arm

Both are compiled by one compiler with the same flags and write probabilities. Each program does all rows many times;
the two take turns, and the figure is the median of the ratios of neighbors. Instructions are those of one row more, of
a Cortex-A9 in Thumb with the multiply-adds of a Cortex-M4F (qemu-arm runs no Cortex-M), one a block.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

#: The largest difference of two probabilities that are the same but for rounding: emlearn writes six decimals.
ROUNDING = 1e-5
NETWORKS = ((8, (16,), 2), (16, (32, 16), 4), (64, (64, 32), 10), (30, (100,), 3))
ROWS, TURNS = 200, 15
COMMON = """
#include <stdio.h>
#include <stdlib.h>
#include "rows.h"
#define OUTPUTS {outputs}
static float out[ROWS][OUTPUTS];
"""
OURS = '#include "ours.c"\n#define RUN(x, y) ours_run(x, y)\n'
THEIRS = '#include "theirs.h"\n#define RUN(x, y) eml_net_predict_proba(&theirs, x, INPUTS, y, OUTPUTS)\n'
TIMED = """
#include <time.h>
int main(int argc, char **argv)
{
  long repeat = atol(argv[1]), i;
  int row, k;
  struct timespec a, b;
  (void)argc;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (i = 0; i < repeat; i++)
    for (row = 0; row < ROWS; row++) {
      RUN(rows[row], out[row]);
      __asm__ volatile("" : : "r"(out) : "memory");
    }
  clock_gettime(CLOCK_MONOTONIC, &b);
  printf("%.6g\\n", ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / ((double)repeat * ROWS));
  for (row = 0; row < ROWS; row++)
    for (k = 0; k < OUTPUTS; k++) printf("%.9g ", (double)out[row][k]);
  return 0;
}
"""
COUNTED = """
int main(void)
{
  int row;
  for (row = 0; row < COUNT; row++) {
    RUN(rows[row], out[row]);
    __asm__ volatile("" : : "r"(out) : "memory");
  }
  return 0;
}
"""
ARM = (
    *("-mcpu=cortex-a9", "-mthumb", "-mfpu=vfpv4-d16", "-mfloat-abi=hard"),
    "--specs=rdimon.specs",
)


def written(folder: Path, shape: tuple[int, tuple[int, ...], int]) -> Any:
    """Both C files of one network, and its probabilities of the rows."""
    import emlearn
    from sklearn.neural_network import MLPClassifier

    from chainrule import from_sklearn

    inputs, hidden, classes = shape
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, inputs)).astype(np.float32)
    y = rng.integers(0, classes, 500)
    network = MLPClassifier(hidden, max_iter=20, random_state=0).fit(X, y)
    from_sklearn(network).export(folder / "ours.c", rows=X)
    emlearn.convert(network, method="inline").save(
        file=str(folder / "theirs.h"), name="theirs"
    )
    numbers = ",".join(f"{v:.9g}" for v in X[:ROWS].ravel())
    text = f"enum {{ ROWS = {ROWS}, INPUTS = {inputs} }};\nstatic const float rows[ROWS][INPUTS] = {{ {numbers} }};\n"
    (folder / "rows.h").write_text(text)
    return network.predict_proba(X[:ROWS])


def compiled(
    folder: Path, name: str, body: str, outputs: int, compiler: str, *flags: str
) -> Path:
    """A program of one of the two."""
    import emlearn

    head = OURS if name == "ours" else THEIRS
    source = folder / f"main_{name}.c"
    source.write_text(COMMON.replace("{outputs}", str(outputs)) + head + body)
    program = folder / f"program_{name}"
    include = f"-I{emlearn.includedir}"
    command = [compiler, *flags, include, str(source), "-o", str(program), "-lm"]
    subprocess.run(command, check=True, capture_output=True)
    return program


def timed(programs: dict[str, Path], expected: Any) -> tuple[list[float], list[float]]:
    """Nanoseconds a row of each, in turns; `SystemExit` where the outputs are not the network's."""
    found: dict[str, list[float]] = {name: [] for name in programs}
    repeat = 10
    for turn in range(TURNS + 1):
        for name, program in programs.items():
            command = [str(program), str(repeat)]
            said = subprocess.run(command, check=True, capture_output=True, text=True)
            first, rest = said.stdout.split("\n", 1)
            outputs = np.array(rest.split(), float).reshape(expected.shape)
            apart = np.abs(outputs - expected).max()
            if not apart <= ROUNDING:
                raise SystemExit(
                    f"{name}: probabilities {apart:.2g} from the network's"
                )
            if turn:
                found[name].append(float(first))
            else:  # a warm-up, by which the length of a turn is set
                repeat = max(repeat, int(5e7 / (float(first) * ROWS)))
    return found["ours"], found["theirs"]


def instructions(folder: Path, name: str, outputs: int, level: str) -> int:
    """Instructions that one row takes, of an Arm program."""
    counts = []
    for rows in (2, 12):
        body = COUNTED.replace("COUNT", str(rows))
        program = compiled(
            folder, name, body, outputs, "arm-none-eabi-gcc", level, *ARM
        )
        log = folder / "log"
        command = ["qemu-arm", "-singlestep", "-d", "nochain,exec", "-D", str(log)]
        subprocess.run([*command, str(program)], check=True, capture_output=True)
        counts.append(
            sum(line.startswith("Trace") for line in log.open(errors="replace"))
        )
    return (counts[1] - counts[0]) // 10


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arm", action="store_true", help="count Arm instructions")
    parser.add_argument("--compiler", default="gcc")
    parser.add_argument("--flags", default="-O2", help="of both: %(default)s")
    asked = parser.parse_args()
    for shape in NETWORKS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            expected = written(folder, shape)
            outputs = expected.shape[1]
            flags = asked.flags.split()
            programs = {
                who: compiled(folder, who, TIMED, outputs, asked.compiler, *flags)
                for who in ("ours", "theirs")
            }
            ours, theirs = timed(programs, expected)
            ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
            line = (
                f"{re.sub(r'[(), ]+', '-', str(shape)).strip('-'):14} {statistics.median(ours):8.1f} ns, "
                f"emlearn {statistics.median(theirs):8.1f} ns, ratio {ratio:.2f}"
            )
            for level in ("-Os", "-O2") if asked.arm else ():
                a, b = (
                    instructions(folder, who, outputs, level)
                    for who in ("ours", "theirs")
                )
                line += f"; Arm {level} {a} and {b} instructions, {b / a:.2f}"
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
