"""`chainrule predict`: rows read as training read them, one prediction each, and honest words on how good they are."""

import gzip
import io
import os
import re
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from chainrule import load_model

from ..support.commands import in_process

RNG = np.random.default_rng(7)
N = 60
A, B = RNG.normal(0, 1, N).round(2), RNG.normal(5, 2, N).round(2)
KIND = np.where(A > 0, "yes", "no")


AB, ABK = list(zip(A, B, strict=True)), list(zip(A, B, KIND, strict=True))
BK = list(enumerate(zip(B, KIND, strict=True)))


def german(value):
    """1863.5 as 1.863,50."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def written(head, rows):
    return "\n".join([head, *rows]) + "\n"


IDS = 987654321098765432, 1234567890123456789
#: The training files, and the options of train.
MODELS = {
    "plain": (written("a,b,kind", [f"{a},{b},{k}" for a, b, k in ABK]), ()),
    "marked": (
        written(
            "a,b,kind",
            [f"{-999 if i % 4 == 0 else a},{b},{k}" for i, (a, b, k) in enumerate(ABK)],
        ),
        ("--missing", "-999"),
    ),
    "German": (
        written("a;b;kind", [f"{german(1000 * a)};{german(b)};{k}" for a, b, k in ABK]),
        (),
    ),
    "digits as classes": (
        written("a,b,kind", [f"{a},{b},{int(a > 0)}" for a, b in AB]),
        (),
    ),
    "titles": (
        written("a,b,kind", [f"{a},{b},{'Mr.' if a > 0 else 'Mrs.'}" for a, b in AB]),
        (),
    ),
    "formulas": (
        written("a,b,kind", [f"{a},{b},{'=1+1' if a > 0 else '@x'}" for a, b in AB]),
        (),
    ),
    "large ids": (
        written("a,b,kind", [f"{a},{b},{IDS[int(a > 0)]}" for a, b in AB]),
        (),
    ),
    "numbers": (written("a,b,price", [f"{a},{b},{a + b:.2f}" for a, b in AB]), ()),
    "months": (
        written("month,b,kind", [f"{1 + i % 12},{b},{k}" for i, (b, k) in BK]),
        (),
    ),
    "no names": (
        "".join(
            f"{'pxy'[i * 7 % 3]},{'snt'[i * 5 % 3]},{'ep'[i % 2]}\n" for i in range(80)
        ),
        (),
    ),
    "dates": (
        written(
            "when,b,kind", [f"{1 + i % 28:02}.01.2024,{b},{k}" for i, (b, k) in BK]
        ),
        (),
    ),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with all of these, each trained for an epoch."""
    folder = tmp_path_factory.mktemp("models")
    here = os.getcwd()
    os.chdir(folder)
    try:
        for name, (content, options) in MODELS.items():
            (folder / f"{name}.csv").write_text(content, encoding="utf-8")
            short = ("--epochs", "1", "--hidden", "4", "--threads", "1", "--json")
            assert (
                in_process("train", f"{name}.csv", *options, *short, "--output", name)
                == 0
            )
        np.savez(folder / "t.npz", x=np.stack([A, B], 1), y=KIND == "yes")
        assert (
            in_process(
                "train",
                "t.npz",
                "--hidden",
                "none",
                "--epochs",
                "1",
                "--json",
                "--output",
                "npz",
            )
            == 0
        )
        assert (
            in_process(
                "train",
                "digits",
                "--hidden",
                "none",
                "--epochs",
                "1",
                "--json",
                "--output",
                "digits",
            )
            == 0
        )
    finally:
        os.chdir(here)
    return folder


@pytest.fixture
def predict(models, monkeypatch, capsys):
    """Predict rows with a model: the status, the table of predictions, what was said."""

    def run(model, rows, *options, name="new.csv"):
        monkeypatch.chdir(models)
        capsys.readouterr()
        if rows is not None:
            content = rows if isinstance(rows, bytes) else rows.encode()
            (models / name).write_bytes(content)
        status = in_process("predict", model, name, *options)
        out, err = capsys.readouterr()
        table = pl.read_csv(io.StringIO(out), infer_schema=False) if out else None
        return status, table, err

    return run


#: One fact each: a model, rows, options; rows that mean the same; what is said.
SAME = {
    "a mark of training": ("marked", "a,b\n-999,5\n", "a,b\n,5\n"),
    "a mark in another spelling": ("marked", "a,b\n-999.0,5\n", "a,b\n-999,5\n"),
    "German thousands": ("German", "a;b\n1.863,5;5\n", "a;b\n1863,5;5,0\n"),
    "columns in another order": ("plain", "b,z,a\n5,x,1\n", "a,b\n1,5\n"),
    "zeros before": ("months", "month,b\n05,4\n", "month,b\n5,4\n"),
    "German dates": ("dates", "when,b\n3.1.2024,5\n", "when,b\n03.01.2024,5\n"),
    "UTF-16": ("plain", "a,b\n1,5\n".encode("utf-16"), "a,b\n1,5\n"),
    "packed": ("plain", gzip.compress(b"a,b\n1,5\n"), "a,b\n1,5\n"),
}


@pytest.mark.parametrize("name", SAME)
def test_rows_that_mean_the_same_are_predicted_alike(predict, name):
    model, rows, alike = SAME[name]
    found = [predict(model, r, "--probabilities") for r in (rows, alike)]
    assert [status for status, _, _ in found] == [0, 0], found
    assert found[0][1].equals(found[1][1])
    other = predict(model, alike.replace("5", "9"), "--probabilities")
    assert not found[0][1].equals(other[1])  # the rows do count


def test_columns_are_kept_beside_the_predictions(predict, models):
    """As they stand in the file, whatever the model reads of them; predictions stay what they are."""
    rows = "no;a;b;note\n007;1,50;5;NA\nx,y;-1.000,0;4;\n"
    keep = ("--keep", "no", "--keep", "a", "--keep", "note")
    status, table, said = predict("German", rows, *keep)
    assert status == 0, said
    assert table.columns == ["no", "a", "note", "prediction"]
    assert table["no"].to_list() == ["007", "x,y"]
    assert table["a"].to_list() == ["1,50", "-1.000,0"]
    assert table["note"].to_list() == ["NA", None]
    _, alone, _ = predict("German", rows)
    assert table["prediction"].equals(alone["prediction"])
    status, _, said = predict("German", rows, *keep, "--output", "kept.parquet")
    assert status == 0, said
    written = pl.read_parquet(models / "kept.parquet")
    assert written["no"].to_list() == ["007", "x,y"]
    of_parquet = written.rename({"prediction": "was"}).with_columns(b=5.5)
    of_parquet.write_parquet(models / "typed.parquet")
    status, typed, said = predict(
        "German", None, "--keep", "b,was", "--keep", "b", name="typed.parquet"
    )
    assert status == 0, said
    assert typed["b"].to_list() == ["5.5", "5.5"]


@pytest.mark.parametrize(
    ("model", "name", "said"),
    [
        ("plain", "n", "column 'n'.*does not have.*Did you mean 'no'"),
        ("plain", "prediction", "--keep prediction, which is the name of a column"),
        ("npz", "x", "--keep x with t.npz, which holds arrays"),
    ],
)
def test_a_column_that_cannot_be_kept(predict, model, name, said):
    rows = None if model == "npz" else "no,a,b,prediction\n1,2,3,4\n"
    file = "t.npz" if model == "npz" else "new.csv"
    status, _, printed = predict(model, rows, "--keep", name, name=file)
    assert status == 2
    assert re.search(said, printed)


@pytest.mark.parametrize(
    ("model", "rows", "count"),
    [
        ("plain", "a,b\n1,5\n,\n-1,5\n", 3),  # a row of empty fields
        ("plain", "a,b\nNA,NA\n\n1,5\n", 2),  # an empty line is no row
        ("no names", "p,s\n", 1),
        ("no names", "p,s\nx,n\ny,t\n", 3),
        ("plain", "a,b\n1,5", 1),
    ],
)
def test_as_many_predictions_as_rows(predict, model, rows, count):
    status, table, said = predict(model, rows)
    assert (status, table.height) == (0, count), said


@pytest.mark.parametrize(
    ("model", "rows", "said"),
    [
        ("plain", "a,b\n1e300,5\n", r"column 'a' with 1e\+300 in line 2 of new.csv"),
        (
            "plain",
            "a,b\n1,5\n3e38,5\n",
            "line 3 of new.csv, where column 'a' is 3e|'a' with 3e",
        ),
        ("plain", "a,b\n1,5\n1,inf\n", "'b' that is infinite in line 3"),
        (
            "months",
            "month,b\n10,5\nMay,4\n11,2\n",
            "'month' with text, 'May' in line 3",
        ),
        ("German", "a;b\n1863.5;5\n", "'1863.5' in line 2.*--decimal"),
        ("German", "a,b\n1863.5,5\n", "separated by ','.*--separator , --decimal ."),
        ("dates", "when,b\n2024-01-03,4\n", "'2024-01-03' in line 2.*%d.%m.%Y"),
        ("plain", "1.5,2\n2.5,3\n", "without the columns a, b"),
        ("npz", None, "which does not exist"),
    ],
)
def test_rows_that_cannot_be_predicted(predict, model, rows, said):
    name = "new.csv" if rows else "nowhere.npz"
    status, table, err = predict(model, rows, name=name)
    assert (status, table) == (2, None)
    assert re.search(said, err), err
    assert len(err.splitlines()) == 1


def test_how_a_file_of_another_make_is_read_is_an_option(predict):
    one = predict(
        "German",
        "a,b\n1863.5,5\n",
        "--separator",
        ",",
        "--decimal",
        ".",
        "--probabilities",
    )
    two = predict("German", "a;b\n1.863,5;5\n", "--probabilities")
    assert one[1].equals(two[1])


def test_the_training_file_is_recognized(predict):
    for model in ("plain", "titles"):
        status, _, said = predict(model, None, name=f"{model}.csv")
        assert status == 0
        assert re.match(
            r"chainrule: on these rows: accuracy 0\.\d{4} \(\d+ of 60\)", said
        )
        assert "This is the file that the model was trained on" in said
        assert "test" not in said
    copy = MODELS["plain"][0] + "1,5,yes\n"
    said = predict("plain", copy)[2]
    assert "(" in said
    assert "of 61)" in said
    assert "trained on" not in said


@pytest.mark.parametrize(
    ("model", "rows", "said"),
    [
        ("digits as classes", "a,b,kind\n1,5,\n-1,4,\n", ""),  # a template to fill in
        (
            "digits as classes",
            "a,b,kind\n1,5,1\n-1,4,\n",
            r"\(\d of 1\).*\n.*1 row without a target",
        ),
        (
            "numbers",
            "a,b,price\n1,5,tbd\n-1,4,3\n",
            "price holds values that are no finite numbers",
        ),
        ("numbers", "a,b,price\n1,5,6\n-1,4,3\n", r"on these rows: RMSE .*\(2 rows\)"),
        (
            "plain",
            "a,b,kind\n1,5,maybe\n",
            "kind is maybe in line 2.*no class of the model",
        ),
    ],
)
def test_a_target_that_cannot_be_compared_is_no_obstacle(predict, model, rows, said):
    status, table, err = predict(model, rows)
    assert (status, table.height) == (0, rows.count("\n") - 1)
    assert re.search(said, err) if said else err == ""


def test_labels_are_those_of_the_file(predict):
    rows = "a,b\n" + "".join(f"{a},{b}\n" for a, b in zip(A, B, strict=True))
    for model, known in (
        ("large ids", {"1234567890123456789", "987654321098765432"}),
        ("titles", {"Mr.", "Mrs."}),
        ("formulas", {"=1+1", "@x"}),
    ):
        assert set(predict(model, rows)[1]["prediction"]) <= known
    escaped = predict("formulas", rows, "--escape-formulas", "--probabilities")[1]
    assert set(escaped["prediction"]) <= {"'=1+1", "'@x"}
    assert set(escaped.columns) == {"prediction", "probability_=1+1", "probability_@x"}


def test_arrays_and_named_sets(predict, models):
    np.savez(models / "new.npz", x=np.stack([A, B], 1)[:5])
    status, table, said = predict("npz", None, name="new.npz")
    assert (status, table.height, said) == (0, 5, "")
    status, table, said = predict("npz", None, name="t.npz")
    assert "on these rows: accuracy" in said
    status, table, said = predict("digits", None, name="digits")
    assert (status, table.height) == (0, 360)
    assert "on the test rows of digits: accuracy" in said
    idx = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 8]) + bytes(range(128))
    status, table, said = predict("digits", idx, name="pictures-idx3-ubyte")
    assert (status, table.height, said) == (0, 2, "")


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "a pipe"])
def test_pipes(models, name):
    command = [sys.executable, "-m", "chainrule", "predict", "plain"]
    rows = "a,b\n1,5\n-1,4\n"
    if name == "a pipe":
        command = ["bash", "-c", '"$@" <(cat)', "-", *command]
    else:
        command.append(name)
    done = subprocess.run(
        command,
        cwd=models,
        input=rows,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 3), done.stderr


def test_the_model_file_holds_the_dialect_and_the_checksum(models):
    import hashlib

    notes = load_model(models / "German" / "model.safetensors").notes
    dialect = notes["preparation"]["dialect"]
    assert (dialect["separator"], dialect["decimal"], dialect["thousands"]) == (
        ";",
        ",",
        ".",
    )
    content = (models / "German.csv").read_bytes()
    assert notes["files"] == {"train": hashlib.sha256(content).hexdigest()}


def test_data_describes_a_file_that_nothing_is_predicted_of(
    models, monkeypatch, capsys
):
    monkeypatch.chdir(models)
    names = written("a,b,name,z", [f"{a},{i},name {i},inf" for i, a in enumerate(A)])
    (models / "names.csv").write_text(names)
    assert in_process("data", "names.csv") == 0
    said = capsys.readouterr().out
    assert "60 rows, 4 columns" in said
    assert "read with fields separated by , (comma), names in the first line" in said
    assert "60 distinct texts" in said
    assert "'z' that is infinite in line 2" in said
    assert in_process("data", "names.csv", "--target", "a", "--ignore", "z") == 0
    assert "target a: a number" in capsys.readouterr().out
