"""The page's formulas and numbers, string by string what Python shows: every notation, activation, optimizer, masks."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chainrule.show.explorer.functions import choices_for
from chainrule.show.explorer.tables import tables_of

from ..support.explorer_cases import cases
from ..support.page_engine import FOLDER, NODE, needs_node

pytestmark = needs_node

COMPARE = Path(__file__).parents[1] / "support" / "explorer_numbers.mjs"


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    return tables_of(choices_for(), (1, 2, 3, 4))


@pytest.fixture(scope="module")
def expected() -> list[dict[str, Any]]:
    return cases()


def compared(folder: Path, tables: Any, expected: Any) -> dict[str, Any]:
    paths = [folder / "tables.json", folder / "cases.json"]
    for path, content in zip(paths, (tables, expected), strict=True):
        path.write_text(json.dumps(content), encoding="utf-8")
    assert NODE is not None
    done = subprocess.run(
        [NODE, COMPARE, FOLDER, *paths, FOLDER / "engine.wasm"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_all_that_the_page_shows_is_what_python_shows(
    tmp_path: Path, tables: dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    found = compared(tmp_path, tables, expected)
    assert found["first"] == []
    assert found["compared"] > 10_000


def test_a_formula_that_is_another_is_found(
    tmp_path: Path, tables: dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    altered = copy.deepcopy(tables)
    gradient = altered["linear"]["apart"]["dW|one"]
    gradient[-1].pop()  # one factor less
    found = compared(tmp_path, altered, expected[1:2])
    assert {one["where"].split()[-1] for one in found["first"]} <= {
        "indices",
        "numbers",
        "latex",
        "again",
    }
    assert found["wrong"] > 0


def test_a_number_that_is_another_is_found(
    tmp_path: Path, tables: dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    altered = copy.deepcopy(expected[:1])
    altered[0]["theta"][0] += 1e-4
    assert compared(tmp_path, tables, altered)["wrong"] > 10
