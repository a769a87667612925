"""Values far from all others of their column are told, in text, dates and Parquet; heavy tails are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chainrule import load_data

ROWS = [
    (1.5, "2023-01-05"),
    (2.5, "2023-04-05"),
    (3.1, "2023-06-11"),
    (4.5, "2023-07-02"),
]


def remarks(path: Path, **options: object) -> str:
    return "\n".join(load_data(path, target="c", **options).remarks)


def csv(folder: Path, column: list[str]) -> Path:
    path = folder / "rows.csv"
    lines = [f"{value},{i % 2}" for i, value in enumerate(column * 3)]
    path.write_text("v,c\n" + "\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("far", ["-200", "32768", "1E+20", "-99.9"])
def test_a_number_that_comes_again_is_told(tmp_path: Path, far: str) -> None:
    path = csv(tmp_path, [far, *(str(number) for number, _ in ROWS)])
    assert f"{float(far):g} in 3 rows lies far from all other values" in remarks(path)
    assert "far" not in remarks(path, missing=[far])


@pytest.mark.parametrize("far", ["9999-12-31", "1900-01-01"])
def test_a_date_is_told(tmp_path: Path, far: str) -> None:
    path = csv(tmp_path, [far, *(date for _, date in ROWS)])
    assert f"{far} in 3 rows lies far" in remarks(path)


def test_parquet_is_no_exception(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    numbers = np.array([-999.0, *(number for number, _ in ROWS)] * 3)
    pd.DataFrame({"v": numbers, "c": np.arange(15) % 2}).to_parquet(path)
    assert "-999 in 3 rows lies far" in remarks(path)


def test_a_heavy_tail_is_not(tmp_path: Path) -> None:
    values = np.exp(np.random.default_rng(0).normal(size=60) * 2).round(3)
    assert "far" not in remarks(csv(tmp_path, [str(value) for value in values]))


def test_years_of_two_digits_on_both_sides_of_2000_are_told(tmp_path: Path) -> None:
    born = ["01.03.58", "02.03.62", "13.03.67", "14.03.71", "15.03.75", "16.03.80"]
    assert "years of two digits are read as 1971 to 2067" in remarks(
        csv(tmp_path, born)
    )
    assert "two digits" not in remarks(csv(tmp_path, born[3:]))
