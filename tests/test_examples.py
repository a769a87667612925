"""The gallery's examples: their heads, and that each runs on the reference engine alone and labels its figures.

Every build of the documentation runs them on the engine that is there, and fails with the first that fails.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .test_language import CLAUSES

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").rglob("*.py"))
#: Runs a file where the native engine cannot be imported; a warning fails, and a figure whose axes have no name.
WITHOUT_NATIVE = """
import runpy, sys
sys.modules["chainrule.engines._native"] = None
from chainrule.engines import native
assert native.MISSING
from matplotlib import pyplot
runpy.run_path(sys.argv[1])
for number in pyplot.get_fignums():
    axes = [ax for ax in pyplot.figure(number).axes if ax.axison and ax.get_label() != "<colorbar>"]
    named = {kind for ax in axes for kind in "xy" if getattr(ax, f"get_{kind}label")()}
    matrices = all(ax.images for ax in axes)
    assert not axes or matrices or named == {*"xy"}, f"figure {number}"
"""


@pytest.mark.quick
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_has_a_title_and_a_paragraph(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    head = ast.get_docstring(ast.parse(source)) or ""
    title, line, blank, *paragraph = head.splitlines()
    assert title.split()[0] not in CLAUSES
    assert line == "=" * len(title)
    assert blank == ""
    # one paragraph, which the gallery shows under the picture
    assert paragraph
    assert "" not in paragraph


def run(path: Path) -> subprocess.CompletedProcess[str]:
    """Run an example without a native engine."""
    command = [sys.executable, "-W", "error", "-c", WITHOUT_NATIVE, str(path)]
    environment = {**os.environ, "MPLBACKEND": "agg"}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.full
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_runs_without_a_native_engine(path: Path) -> None:
    done = run(path)
    assert done.returncode == 0, done.stderr


@pytest.mark.full
@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("plt.plot([1, 2]); plt.xlabel('row')", "figure 1"),
        ("import warnings; warnings.warn('poor')", "UserWarning: poor"),
    ],
)
def test_what_is_wrong_with_an_example_is_seen(
    tmp_path: Path, fault: str, seen: str
) -> None:
    path = tmp_path / "plot_planted.py"
    path.write_text(f"import matplotlib.pyplot as plt\n{fault}\n", encoding="utf-8")
    done = run(path)
    assert done.returncode == 1
    assert seen in done.stderr
