"""`chainrule export` and `chainrule check-export`: from a trained run to each format and back."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from tests.support.commands import in_process


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    folder = tmp_path_factory.mktemp("export")
    rng = np.random.default_rng(0)
    lines = ["size,color,kind"]
    for size in rng.normal(50, 10, 120):
        color = rng.choice(["red", "blue", ""])
        lines.append(f"{size:.3f},{color},{'big' if size > 50 else 'small'}")
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    command = ["train", str(folder / "t.csv"), "--output", str(folder / "run")]
    assert in_process(*command, "--epochs", "3") == 0
    return folder


@pytest.mark.parametrize("ending", ["onnx", "c", "py"])
def test_a_run_is_exported_and_checked(run, ending, capsys):
    if ending == "onnx":
        pytest.importorskip("onnx", reason="onnx is not installed")
    if ending == "c" and shutil.which("cc") is None:
        pytest.skip("no C compiler")
    file = str(run / f"m.{ending}")
    assert in_process("export", str(run / "run"), "--to", file) == 0
    said = capsys.readouterr().out
    assert "preparation of raw rows: in the file" in said
    assert "largest difference from the model" in said
    assert in_process("check-export", file) == 0
    assert in_process("check-export", file, "--model", str(run / "run")) == 0
    said = capsys.readouterr().out
    assert said.count("the stamp holds") == 2
    assert "on 1000 rows" in said
    rows = ("--rows", str(run / "t.csv"))
    assert in_process("export", str(run / "run"), "--to", file, *rows) == 0
    assert "on 120 rows (given" in capsys.readouterr().out
    assert in_process("check-export", file, "--model", str(run / "run"), *rows) == 0
    assert "from the model on 120 rows" in capsys.readouterr().out
    assert in_process("check-export", file, *rows) == 2


def test_the_preparation_is_left_out_by_choice(run, capsys):
    file = str(run / "bare.py")
    command = ["export", str(run / "run"), "--to", file, "--without-preparation"]
    assert in_process(*command) == 0
    assert "preparation of raw rows: left out" in capsys.readouterr().out
