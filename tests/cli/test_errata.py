"""`chainrule errata`, as a real process."""

from __future__ import annotations

import re

import pytest

from chainrule.documents.table import LINES

from .test_cli import run


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    return run("errata", cwd=tmp_path_factory.mktemp("errata"))


def test_it_lists_every_misprint_with_its_place_its_mending_and_its_error(
    listed,
) -> None:
    assert listed.returncode == 0, listed.stderr
    assert listed.stderr == ""
    for line in LINES.values():
        assert (f"\n{line.id}  " in listed.stdout) == bool(line.correction), line.id
        if line.correction:
            assert line.correction in listed.stdout
            assert line.quoted in listed.stdout
    assert (
        "83 lines of 284: 15 slip of notation, 49 misprint, 6 holds in one reading, 1 conflict, 12 trap"
        in listed.stdout
    )
    entry = listed.stdout.split("\nS3.E8  ")[1].split("\n\n")[0]
    assert "784-10-10: off by 9.7e-02" in entry  # 8734 printed for 7960
    assert "widths all equal: holds" in entry


def test_one_line_in_full_shows_both_forms_where_they_differ(tmp_path) -> None:
    done = run("errata", "S1.E73", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    quoted = "∂C/∂b^(2) = (1/N) Σ (columns of Δ^(1))"
    where = 'Worked Example, "Backpropagation"'
    assert f"the document prints: {quoted} ({where})" in done.stdout
    assert "docs/document_s1.md#s1-e73" in done.stdout
    assert "shape (5, 1) instead of (3, 1)" in done.stdout
    part = done.stdout.split("hidden = output width")[1]
    assert "printed: wrong, off by" in part
    rows = {
        name: re.findall(r"[+-]\d+\.\d+", part.split(f" {name} ")[1].split("\n")[0])
        for name in ("truth", "corrected")
    }
    printed = re.findall(r"[+-]\d+\.\d+", part.split(" printed +")[-1].split("\n")[0])
    assert rows["truth"] == rows["corrected"]
    assert len(rows["truth"]) == 3
    assert printed != rows["truth"]


@pytest.mark.parametrize(
    ("argument", "others"), [("S0", "S1.E1"), ("bias-last", "S3.E8"), ("X", "S4.E25")]
)
def test_one_document_by_its_name_or_alias(
    argument: str, others: str, tmp_path
) -> None:
    done = run("errata", argument, cwd=tmp_path)
    assert done.returncode == 0
    assert others not in done.stdout


def test_all_lines_with_those_that_hold(tmp_path) -> None:
    done = run("errata", "S2", "--all", cwd=tmp_path)
    own = [line for line in LINES.values() if line.document == "S2"]
    assert all(f"\n{line.id}  " in done.stdout for line in own)
    assert f"{len(own)} lines of 284" in done.stdout


def test_what_cannot_be_found(tmp_path) -> None:
    for argument, words in (
        ("S1.E733", "S1.E1 to S1.E87. Run chainrule errata S1,"),
        ("s3.e25", "S3.E1 to S3.E24"),
        ("S7", "bias-first (S0:"),
    ):
        done = run("errata", argument, cwd=tmp_path)
        assert done.returncode == 2
        assert words in done.stderr


def test_a_line_about_data_has_no_forms(tmp_path) -> None:
    done = run("errata", "S1.E75", cwd=tmp_path)
    assert done.returncode == 0
    assert "not evaluated: it is about data" in done.stdout
    assert "  printed:" not in done.stdout
