"""A first column that numbers the rows, without a name or with the one that pandas makes up, is no input."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainrule import load_data


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "Unnamed: 0.1"])
def test_a_counter_is_left_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / "rows.csv"
    lines = [f"{i},{i * 0.5},{i % 2}" for i in range(20)]
    path.write_text("\n".join([f"{name},x,c", *lines]) + "\n")
    data = load_data(path, target="c")
    assert data.x_train.shape[1] == 1
    assert any("numbers the rows: it is left out" in line for line in data.remarks)
    lines[3] = "7,1.5,1"  # no counter: an input, though its name says nothing
    path.write_text("\n".join([f"{name},x,c", *lines]) + "\n")
    assert load_data(path, target="c").x_train.shape[1] == 2
