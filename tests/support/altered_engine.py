"""The compiled engine with faults planted in a copy of its source; a variable of the environment chooses one.

It is built once, without optimization, which no fault needs, and runs in processes of its own: a process
holds one compiled module of each name.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What a faulty line asks, in a header that all kernels include.
ASKED = """
#include <cstdlib>
#include <cstring>
namespace chainrule {
static inline bool planted(const char* name) {
  const char* chosen = std::getenv("PLANTED");
  return chosen && !std::strcmp(chosen, name);
}
}  // namespace chainrule
"""
#: An editable installation of the package comes before PYTHONPATH: its finder is taken out.
SITE = """
import sys
sys.meta_path[:] = [f for f in sys.meta_path if not type(f).__module__.startswith("_editable")]
"""


@dataclass(frozen=True)
class Fault:
    """A line of a file of `native/`, and what stands there instead."""

    file: str
    line: str
    altered: str


@dataclass(frozen=True)
class AlteredEngine:
    """A package with the altered engine in a folder."""

    folder: Path

    def run(self, script: str, fault: str) -> str:
        """What a script prints, run with the fault of that name; "" for none."""
        paths = (self.folder / "site", self.folder / "package", ROOT)
        more = {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PLANTED": fault}
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def build(folder: Path, faults: Mapping[str, Sequence[Fault]]) -> AlteredEngine:
    """Copy, alter and compile; takes a processor about 30 s."""
    shutil.copytree(ROOT / "native", folder / "native")
    shutil.copytree(
        ROOT / "src" / "chainrule",
        folder / "package" / "chainrule",
        ignore=shutil.ignore_patterns("_native*", "__pycache__"),
    )
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(SITE)
    header = folder / "native" / "core" / "panels.h"
    header.write_text(header.read_text() + ASKED)
    for fault in itertools.chain.from_iterable(faults.values()):
        path = folder / "native" / fault.file
        source = path.read_text()
        assert source.count(fault.line) == 1, fault
        path.write_text(source.replace(fault.line, fault.altered))
    settings = {
        "Python_EXECUTABLE": sys.executable,
        "CMAKE_BUILD_TYPE": "Debug",
        "SKBUILD_PROJECT_VERSION": "altered",
    }
    made = folder / "build"
    commands = (
        ["cmake", "-S", folder / "native", "-B", made]
        + [f"-D{name}={value}" for name, value in settings.items()],
        ["cmake", "--build", made, "-j", "2"],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    for module in made.glob("_native*"):
        shutil.copy(module, folder / "package" / "chainrule" / "engines")
    return AlteredEngine(folder)
