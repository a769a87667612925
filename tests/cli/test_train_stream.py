"""`chainrule train --stream`: one network on files that are read in each epoch."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from chainrule import load_data, load_model
from chainrule.cli import stream_set
from chainrule.cli.recipes import recipe_for, streamed

from ..support.commands import in_process


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    rng = np.random.default_rng(0)
    for part in range(2):
        size, kind = rng.normal(size=900), rng.choice(["a", "b"], 900)
        fits = np.where(size + (kind == "a") > 0, "yes", "no")
        frame = pl.DataFrame({"size": size, "kind": kind, "fits": fits})
        frame.write_csv(folder / f"rows{part}.csv")
    return folder


def test_a_pattern_is_trained_on_and_predicted(folder, monkeypatch, capsys) -> None:
    monkeypatch.chdir(folder)
    asked = ("--target", "fits", "--hidden", "8", "--epochs", "4", "--output", "run")
    assert in_process("train", "rows*.csv", *asked) == 0
    said = capsys.readouterr().out
    assert "2 files" in said
    assert "the plain network is trained" in said
    held = next(line for line in said.splitlines() if "held out to test on" in line)
    assert 290 < int(held.split()[1]) < 430  # about a fifth of 1800
    assert in_process("predict", "run", "rows0.csv", "--output", "out.csv") == 0
    right = pl.read_csv("out.csv")["prediction"] == pl.read_csv("rows0.csv")["fits"]
    assert right.mean() > 0.8


def test_a_stream_is_proposed_for_large_files(folder, monkeypatch, capsys) -> None:
    monkeypatch.chdir(folder)
    size = (folder / "rows0.csv").stat().st_size
    for memory, said in ((4 * size, ""), (2 * size, "--stream trains the plain")):
        monkeypatch.setattr(stream_set, "memory_bytes", lambda size=memory: size)
        assert said in stream_set.proposal("rows0.csv")
        assert bool(said) == bool(stream_set.proposal("rows0.csv"))
    monkeypatch.setattr(stream_set, "memory_bytes", lambda: size - 1)
    assert in_process("train", "rows0.csv") == 2
    assert "Pass --stream" in capsys.readouterr().err


def test_averaged_networks_take_no_stream(folder, monkeypatch, capsys) -> None:
    monkeypatch.chdir(folder)
    assert in_process("train", "rows0.csv", "--stream", "--preset", "fast") == 2
    assert "--preset fast with --stream" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        # the intervals would be those of the first block
        (("--stream", "--regularization", "bayes"), "bayes with rows that are"),
        (("--memory-bytes", "2000000"), "--memory-bytes 2000000 without --stream"),
    ],
)
def test_what_has_no_effect_on_a_stream_or_without_one_is_refused(
    folder, monkeypatch, capsys, options, said
) -> None:
    monkeypatch.chdir(folder)
    more = ("--target", "size", "--optimizer", "levenberg_marquardt", "--epochs", "1")
    assert in_process("train", "rows0.csv", *more, *options) == 2
    assert said in capsys.readouterr().err


def test_the_rows_to_validate_on_fit_into_memory() -> None:
    usual = recipe_for(load_data("iris"))
    for in_memory, share in ((5000, 0.1), (500, 0.1), (100, 0.018)):
        assert streamed(usual, 5000, in_memory, {}).validation == share


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--workers", "2", "--scheduler", "tcp://h:1"), "--workers 2 beside"),
        (("--workers", "2", "--no-stream"), "--no-stream beside --workers"),
        (("--workers", "1000"), "--workers 1000 for 64 shards"),
        (("--scheduler", "nowhere"), "scheduler nowhere, which does not answer"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused_before_the_pass(
    folder, monkeypatch, capsys, options, said
) -> None:
    pytest.importorskip("distributed", reason="the extra cluster")
    monkeypatch.chdir(folder)
    assert in_process("train", "rows*.csv", "--target", "fits", *options) == 2
    found = capsys.readouterr()
    assert said in found.err
    assert found.out == ""


def test_shards_are_of_files_and_the_plain_network(folder, monkeypatch, capsys) -> None:
    monkeypatch.chdir(folder)
    shards = ("--target", "fits", "--shards", "2", "--preset", "fast")
    assert in_process("train", "rows0.csv", *shards) == 2
    assert "--shards 2 with --preset fast" in capsys.readouterr().err
    assert in_process("train", "diabetes", "--stream") == 2
    assert "diabetes, a data set by its name" in capsys.readouterr().err


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Dask's sockets
def test_workers_train_the_model_of_the_same_shards(folder, monkeypatch) -> None:
    pytest.importorskip("distributed", reason="the extra cluster")
    monkeypatch.chdir(folder)
    asked = ("train", "rows*.csv", "--target", "fits", "--hidden", "8", "--epochs", "3")
    weights = []
    for name, options in (("here", ()), ("workers", ("--workers", "2"))):
        assert (
            in_process(*asked, "--stream", "--shards", "4", *options, "--output", name)
            == 0
        )
        weights.append(load_model(f"{name}/model.safetensors").parameters.theta)
    assert weights[0].tobytes() == weights[1].tobytes()
