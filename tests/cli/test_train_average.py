"""`chainrule train` on a table whose network nobody describes: averaged networks, saved, read again by `predict`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from chainrule import TabularClassifier

from ..support.commands import here, results


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with numbers, text, dates and missing values, in which both targets follow from the columns."""
    place = tmp_path_factory.mktemp("average")
    rng = np.random.default_rng(0)
    size, day = rng.normal(size=300), rng.integers(0, 500, 300)
    color = rng.choice(["red", "blue"], 300)
    date = np.datetime64("2021-01-01") + day
    rows = ["size,color,day,height,kind"]
    for i in range(300):
        height = size[i] ** 2 + 2 * (color[i] == "red") + day[i] / 100
        kind = "tall" if height > 4 else "short"
        text = "" if i % 20 == 0 else f"{size[i]:.4f}"
        rows.append(f"{text},{color[i]},{date[i]},{height:.4f},{kind}")
    (place / "t.csv").write_text("\n".join(rows) + "\n")
    return place


@pytest.fixture(scope="module")
def trained(folder: Path) -> dict[str, Any]:
    options = ("--target", "kind", "--ignore", "height", "--preset", "fast")
    found: dict[str, Any] = results(
        "train", "t.csv", *options, "--output", "run", cwd=folder
    )
    return found


def test_the_results_are_written_down(folder: Path, trained: dict[str, Any]) -> None:
    assert trained["test"]["accuracy"] > 0.8
    assert trained["gradient_check"]["passed"]
    assert len(trained["members"]) == trained["recipe"]["members"]
    assert trained["columns"]["day"].startswith("date, median 2021")
    assert {path.name for path in (folder / "run").iterdir()} == {
        "model.safetensors",
        "report.html",
        "report.json",
    }
    written = json.loads((folder / "run" / "report.json").read_text())
    assert written == {k: v for k, v in trained.items() if k != "output"}
    page = (folder / "run" / "report.html").read_text()
    for title in (
        "What counts",
        "How predictions follow",
        "Calibration",
        "The columns",
    ):
        assert title in page
    assert "<script" not in page
    mistakes = page.split("The worst mistakes")[1].split("</table>")[0]
    assert re.search(r"<th[^>]*>line</th>", mistakes)
    lines = [int(line) for line in re.findall(r"<th[^>]*>(\d+)</th>", mistakes)]
    rows = ["", *(folder / "t.csv").read_text().splitlines()]
    days = re.findall(r"<td[^>]*>(202[12]-\d\d-\d\d)</td>", mistakes)
    assert [rows[line].split(",")[2] for line in lines] == days  # those of an editor
    assert re.search(r"<td[^>]*>202[12]-\d\d-\d\d</td>", mistakes)  # a day, not 18 700


def test_predict_reads_raw_rows(folder: Path, trained: dict[str, Any]) -> None:
    done = here(
        "predict", "run", "t.csv", "--probabilities", "--output", "out.csv", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stderr
    written = pl.read_csv(folder / "out.csv")
    assert written.columns == ["prediction", "probability_short", "probability_tall"]
    model = TabularClassifier.load(folder / "run" / "model.safetensors")
    frame = pl.read_csv(folder / "t.csv", try_parse_dates=True)
    probabilities = model.predict_proba(frame.select("size", "color", "day"))
    np.testing.assert_allclose(
        written.select(written.columns[1:]).to_numpy(), probabilities, rtol=1e-12
    )


def test_predict_remarks_on_what_the_networks_have_no_input_for(
    folder: Path, trained: dict[str, Any]
) -> None:
    rows = (
        ",red,2021-02-03\n1,green,2021-02-03\n1,,\n"  # a size was missing in training
    )
    (folder / "odd.csv").write_text(f"size,color,day\n{rows}")
    done = here("predict", "run", "odd.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 4
    assert [re.sub("as 20.*", "as DAY", line) for line in done.stderr.splitlines()] == [
        "chainrule: day: 1 value missing, for which there is no input; taken as DAY",
        "chainrule: color: 1 row with a category that the training rows do not have (green).",
        "chainrule: color: 1 value missing, for which there is no input; taken as no category.",
    ]


def test_the_same_command_gives_the_same_bits(
    folder: Path, trained: dict[str, Any]
) -> None:
    words = trained["command"].split()[1:]
    assert "--preset" in words
    words[words.index("--output") + 1 if "--output" in words else -1] = "again"
    results(*words, *([] if "--output" in words else ["--output", "again"]), cwd=folder)
    models = [
        TabularClassifier.load(folder / name / "model.safetensors")
        for name in ("run", "again")
    ]
    for one, other in zip(models[0].members_, models[1].members_, strict=True):
        assert one.parameters.theta.tobytes() == other.parameters.theta.tobytes()


def test_a_network_that_is_described_stays_one(folder: Path) -> None:
    options = ("--target", "height", "--ignore", "kind", "--epochs", "2")
    plain = results("train", "t.csv", *options, "--output", "plain", cwd=folder)
    assert plain["recipe"]["hidden"] == [256, 128]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--preset", "strong", "--hidden", "8"), "--preset beside --hidden"),
        (("--preset", "strng"), "Did you mean 'strong'"),
        (("--preset", "fast", "--resume", "--output", "run"), "--resume"),
    ],
)
def test_what_does_not_fit_is_refused(
    folder: Path, options: tuple[str, ...], message: str
) -> None:
    done = here("train", "t.csv", "--target", "height", *options, cwd=folder)
    assert done.returncode == 2
    assert message in done.stderr


def test_pictures_have_no_preset(tmp_path: Path) -> None:
    done = here("train", "digits", "--preset", "fast", cwd=tmp_path)
    assert done.returncode == 2
    assert "which is pictures" in done.stderr


def test_info_check_and_explain_take_the_first_network(
    folder: Path, trained: dict[str, Any]
) -> None:
    done = here("info", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "networks averaged" in done.stdout
    assert "day: date, median 2021" in done.stdout
    assert here("check", "run", cwd=folder).returncode == 0
    options = ("--data", "t.csv", "--row", "3", "--layer", "4", "--unit", "1")
    done = here("explain", "run", *options, "--equation", "F1", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "evaluated again" in done.stdout
