"""Wrong usages of the command: one or two lines that say what to do, the right status, nothing half-written."""

import json
import re
import shlex
import shutil

import numpy as np
import polars as pl
import pytest

from chainrule.files.container import read_file, write_file

from ..data.test_downloads import NOWHERE
from ..support.commands import COMMAND, here, in_process

#: Each line of a message at most, in characters: what two lines of a wide terminal hold, with a path.
LONGEST = 420


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with tables, right and wrong, and a trained model."""
    folder = tmp_path_factory.mktemp("place")
    rng = np.random.default_rng(0)
    n = 60
    frame = pl.DataFrame(
        {
            "size": rng.normal(size=n).round(3),
            "color": rng.choice(["red", "green"], n),
            "kind": ["cat", "dog"] * (n // 2),
            "price": rng.normal(100, 20, n).round(2),
        }
    )
    frame.write_csv(folder / "pets.csv")
    frame.write_parquet(folder / "whole.parquet")
    content = (folder / "whole.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(content[: len(content) - 100])
    frame.rename({"size": "SIZE"}).write_csv(folder / "renamed.csv")
    frame.with_columns(pl.lit("purple").alias("color")).write_csv(folder / "unseen.csv")
    frame.with_columns(pl.lit("big").alias("size")).write_csv(folder / "text.csv")
    text = frame.with_columns(
        size=pl.when(pl.int_range(n) == 7)
        .then(pl.lit("oops"))
        .otherwise(pl.col("size").cast(str))
    )
    text.write_csv(folder / "oops.csv")
    frame.with_columns(
        kind=pl.when(pl.int_range(n) == 3)
        .then(pl.lit("newt"))
        .otherwise(pl.col("kind"))
    ).write_csv(folder / "one.csv")
    frame.with_columns(pl.lit("cat").alias("kind")).write_csv(folder / "same.csv")
    (folder / "empty.csv").write_text("")
    (folder / "ragged.csv").write_text("a,b\n1,2\n3,4,5\n")
    (folder / "latin.csv").write_bytes("größe,kind\n1,a\n".encode("latin-1"))
    np.savez(folder / "other.npz", a=np.zeros(3))
    (folder / "notes.txt").write_text("not a model")
    done = here(
        "train",
        "pets.csv",
        "--target",
        "kind",
        "--epochs",
        "3",
        "--output",
        "run",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    content, tensors = read_file(
        folder / "run" / "model.safetensors", "chainrule-model"
    )
    del content["sha256"]  # written anew
    write_file(
        folder / "newer.safetensors",
        "chainrule-model",
        {**content, "version": 99},
        tensors,
    )
    write_file(
        folder / "bare.safetensors",
        "chainrule-model",
        {**content, "notes": {}},
        tensors,
    )
    damaged = bytearray((folder / "run" / "model.safetensors").read_bytes())
    damaged[-3] ^= 1
    (folder / "damaged.safetensors").write_bytes(damaged)
    shutil.rmtree(folder / "empty", ignore_errors=True)
    return folder


TRAIN = ("train", "pets.csv")
#: Arguments, exit status, what is said.
MISTAKES = [
    (("train", "nofile.csv"), 2, "nofile.csv, which does not exist"),
    (("train", "."), 2, "which is a folder"),
    (("train", "mnits"), 2, "Did you mean 'mnist'?"),
    (
        (*TRAIN, "--target", "knd"),
        2,
        "target 'knd', which pets.csv does not have.*Did you mean 'kind'?",
    ),
    (
        ("train", "one.csv", "--target", "kind"),
        2,
        "one row of class 'newt'.*Leave the row out",
    ),
    (("train", "same.csv", "--target", "kind"), 2, "one class only"),
    (
        ("train", "oops.csv", "--target", "kind"),
        2,
        "59 numbers and 'oops' in line 9 of oops.csv.*--missing",
    ),
    (
        (*TRAIN, "--target", "kind", "--loss", "squared_error"),
        2,
        "target 'kind' with text, 'cat' in line 2",
    ),
    (
        (*TRAIN, "--target", "price", "--loss", "cross_entropy"),
        2,
        "one row of class.*--loss squared_error",
    ),
    (
        ("train", "cut.parquet"),
        2,
        "cut.parquet, which is no whole Parquet file.*Get it again",
    ),
    (("train", "empty.csv"), 2, "empty.csv, which is empty"),
    (("train", "ragged.csv"), 2, "cannot be read as a table"),
    (("train", "latin.csv"), 2, "no text in UTF-8.*iconv"),
    (("train", "other.npz"), 2, "other.npz with the arrays a.*x and y"),
    ((*TRAIN, "--hidden", "12,x"), 2, "--hidden 12,x.*--hidden 128,64"),
    ((*TRAIN, "--dropout", "1.5"), 2, "--dropout"),
    ((*TRAIN, "--epochs", "0"), 2, "--epochs"),
    ((*TRAIN, "--metrics", "r2,acuracy"), 2, "--metrics acuracy.*'accuracy'?"),
    (
        (*TRAIN, "--target", "price", "--metrics", "accuracy"),
        2,
        "--metrics accuracy for the target 'price', which has numbers",
    ),
    ((*TRAIN, "--optimizer", "adm"), 2, "--optimizer adm.*Did you mean 'adam'?"),
    ((*TRAIN, "--activation", "rleu"), 2, "--activation rleu.*Did you mean 'relu'?"),
    ((*TRAIN, "--engine", "fast"), 2, "engine = 'fast'"),
    ((*TRAIN, "--ignore", "colr"), 2, "column 'colr'.*Did you mean 'color'?"),
    (
        (*TRAIN, "--optimizer", "lbfgs", "--learning-rate", "0.1"),
        2,
        "--learning-rate with lbfgs",
    ),
    (("train", "fashion_mnist"), 1, "could not be downloaded.*Is there a network"),
    (
        ("predict", "run", "renamed.csv"),
        2,
        "renamed.csv without the column size.*others here: SIZE",
    ),
    (
        ("explain", "--notation", "rui"),
        2,
        "notation 'rui'.*column-batch .S1: Nick Rui, .*bias-last .S4: Gregor Hartl Watters, .*Choose one",
    ),
    (
        ("predict", "run", "unseen.csv"),
        2,
        "category 'purple' in column 'color', line 2.*--unseen ignore",
    ),
    (
        ("predict", "run", "text.csv"),
        2,
        "column 'size' with text, 'big' in line 2 of text.csv",
    ),
    (
        ("predict", "newer.safetensors", "pets.csv"),
        2,
        "format version 99.*Install a newer chainrule",
    ),
    (("predict", "damaged.safetensors", "pets.csv"), 2, "cut off or altered"),
    (("predict", "bare.safetensors", "pets.csv"), 2, "without notes on how to prepare"),
    (("predict", "notes.txt", "pets.csv"), 2, "notes.txt, with no checksum"),
    (("predict", "nowhere", "pets.csv"), 2, "nowhere, which does not exist"),
    (
        ("predict", "run", "pets.csv", "--output", "x.xlsx"),
        2,
        "ends in .csv or .parquet",
    ),
    (("info", "notes.txt"), 2, "notes.txt, with no checksum"),
    (("check", "damaged.safetensors"), 2, "cut off or altered"),
    (("data", "nofile.csv"), 2, "nofile.csv, which does not exist"),
]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    MISTAKES,
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else "",
)
def test_a_mistake(place, arguments, status, said, monkeypatch, capsys):
    monkeypatch.chdir(place)
    monkeypatch.setenv("CHAINRULE_MIRROR", NOWHERE)
    monkeypatch.setenv("CHAINRULE_DATA", "data")
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    assert in_process(*arguments) == status
    stderr = capsys.readouterr().err
    words = " ".join(
        re.sub(r"[│╭╮╰╯─]", " ", stderr).split()
    )  # usage errors stand in a box
    assert re.search(said, words), stderr
    if "Usage:" not in stderr:
        assert len(stderr.splitlines()) == 1
        assert len(stderr) <= LONGEST
    after = {
        path: path.stat().st_mtime_ns
        for path in place.rglob("*")
        if "data" not in path.parts
    }
    assert {path: t for path, t in after.items() if not path.is_dir()} == {
        p: t for p, t in before.items() if not p.is_dir()
    }
    assert set(after) <= set(before)


def test_a_full_disk_at_prediction(place):
    limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 1; exec "$@"', "-", *COMMAND]
    import subprocess

    rows = pl.read_csv(place / "pets.csv")
    pl.concat([rows] * 20).write_csv(place / "many.csv")
    done = subprocess.run(
        [
            *limited,
            "predict",
            "run",
            "many.csv",
            "--output",
            "out.csv",
            "--probabilities",
        ],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1
    assert re.fullmatch(
        r"chainrule: out\.csv: File too large .*choose another folder\.\n", done.stderr
    )
    assert not [path for path in place.iterdir() if "out.csv" in path.name]


def test_a_full_disk_while_training(place):
    import subprocess

    limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 30; exec "$@"', "-", *COMMAND]
    done = subprocess.run(
        [
            *limited,
            "train",
            "pets.csv",
            "--target",
            "kind",
            "--epochs",
            "3",
            "--output",
            "full",
        ],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1
    assert re.match(r"chainrule: full/\S+: File too large", done.stderr)
    assert "Traceback" not in done.stderr
    assert [
        path.name
        for path in (place / "full").iterdir()
        if path.suffix not in (".safetensors", ".json", ".html")
    ] == []


def test_json_and_a_mistake_leave_standard_output_empty(place):
    done = here(*TRAIN, "--target", "knd", "--json", cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    with pytest.raises(json.JSONDecodeError):
        json.loads(done.stderr)


@pytest.mark.parametrize(
    ("content", "option"),
    [
        ("day of sale,y\n" + "01/02/2003,u\n03/04/2005,v\n" * 12, "--kind"),
        ("a,b\n" + "1,2\n3,4\n" * 15 + "out of order,6\n", "--missing"),
        ("n,y\n" + "1.863,u\n1.254,v\n" * 12, "--decimal"),
    ],
)
def test_a_remedy_can_be_copied_into_the_shell(tmp_path, content, option):
    (tmp_path / "t.csv").write_text(content.replace(",", ";"))
    call = ("data", "t.csv", "--separator", ";")
    refused = here(*call, cwd=tmp_path)
    assert refused.returncode == 2
    found = re.search(rf"{option} ('[^']+'|[^ ;.]\S*[^ ;.]|\S)", refused.stderr)
    assert found, refused.stderr
    done = here(*call, *shlex.split(found[0]), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
