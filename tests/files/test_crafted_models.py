"""Model files with a right checksum whose content no training wrote: a refusal that names the place."""

import json

import numpy as np
import pytest

from chainrule import InputError, MLPClassifier, load_model
from chainrule.cli.saved_model import load_saved
from chainrule.files.schema import fitted, made_of, read_json

from ..support import alterations
from ..support.commands import chainrule, in_process


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A model of three classes from a number and a column of text, and its table."""
    folder = tmp_path_factory.mktemp("crafted")
    kinds = ["cat", "cow", "dog"]
    lines = [f"{i % 7},{'xyz'[i % 3]},{kinds[i % 3]}\n" for i in range(90)]
    (folder / "t.csv").write_text("a,b,kind\n" + "".join(lines))
    done = chainrule(
        *("train", "t.csv", "--epochs", "3", "--hidden", "4", "--output", "run"),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return folder


def crafted(place, change):
    """The model with its content changed and its checksum made right."""
    whole = (place / "run" / "model.safetensors").read_bytes()
    header, content, numbers = alterations.parts(whole)
    change(content)
    header["__metadata__"]["chainrule"] = alterations.dumps(content)
    path = place / "altered.safetensors"
    path.write_bytes(alterations.assemble(header, numbers))
    return path


def preparation(content):
    return content["notes"]["preparation"]


def first(content):
    return preparation(content)["features"][0]


def target(content):
    return preparation(content)["target"]


#: What is changed, and what the message says of it.
CHANGES = [
    (lambda c: preparation(c).update(scale="x"), r"preparation\.scale: expected float"),
    (
        lambda c: first(c).update(mean="x"),
        r"features\[0\]\.mean: expected float, got str",
    ),
    (lambda c: first(c).update(name=1.5), r"features\[0\]\.name: expected str"),
    (lambda c: first(c).update(std=0), "column 'a' with std 0"),
    (lambda c: first(c).update(mean=1e400), "not finite"),
    (lambda c: first(c).update(others=300_000_000), r"others: expected bool, got int"),
    (lambda c: first(c).update(missing=2), "2.0 missing"),
    (lambda c: target(c).update(names=[1]), r"target\.names\[0\]: expected str"),
    (lambda c: target(c).update(names=[]), "targets or classes that are missing"),
    (lambda c: target(c).update(classes=["cat"]), "1 classes or targets for 3 outputs"),
    (
        lambda c: target(c).update(classes=["cat", "cow", "dog", "elk"]),
        "4 classes or targets for 3 outputs",
    ),
    (
        lambda c: target(c).update(classes=["cat", "cat", "dog"]),
        "missing or there twice",
    ),
    (lambda c: target(c).update(mean=[0.0]), "1 means and 0 spreads"),
    (lambda c: preparation(c).update(left_out=["x"]), r"left_out: expected object"),
    (lambda c: preparation(c)["features"].pop(), "1 inputs of columns"),
    (lambda c: c["notes"].update(picture=[2, 9]), r"pictures of \(2, 9\)"),
    (lambda c: c["notes"].update(picture="2"), r"notes\.picture: expected array"),
    (lambda c: c["notes"].update(test=[]), r"notes\.test: expected object"),
    (
        lambda c: c["notes"]["gradient_check"].update(passed="yes"),
        r"gradient_check\.passed: expected bool",
    ),
    (lambda c: c.update(versions={"python": 3}), "versions"),
    (lambda c: c.update(version="1"), r"version: expected int, got str"),
    (lambda c: c.update(version=0), "version: 0"),
    (lambda c: c["network"].update(sizes=[4, "4", 3]), r"network\.sizes\[1\]"),
    (lambda c: c["network"]["loss"].update(name=["x"]), "loss .* not in the table"),
    (lambda c: c["network"]["activations"][0].update(slope=1), "'relu' with the"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_what_no_training_wrote_is_refused(place, change, said):
    path = crafted(place, change)
    with pytest.raises(InputError, match=said) as caught:
        load_saved(path)
    assert str(path) in caught.value.given
    assert caught.value.remedy == "Use another copy, or train again."


def test_the_control_is_read(place):
    saved = load_saved(crafted(place, lambda content: None))
    assert saved.preparation.target.classes == ("cat", "cow", "dog")
    assert saved.notes.test["rows"] == 18
    assert saved.notes.gradient_check.passed


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("test", "on an unknown number of test rows: nothing is noted"),
        ("gradient_check", "predicts kind: classes cat, cow, dog"),
        ("command", "trained on t.csv by: \n"),
    ],
)
def test_a_note_that_is_missing_costs_no_model(place, note, said, capsys):
    """What a user had stays usable: only what predicting needs must be there."""
    path = crafted(place, lambda content: content["notes"].pop(note))
    assert in_process("info", path) == 0
    assert said in capsys.readouterr().out
    assert in_process("predict", path, place / "t.csv") == 0
    assert len(capsys.readouterr().out.splitlines()) == 91


def test_a_name_that_is_not_unicode_costs_no_model(place):
    """Linux has file names of any bytes; JSON keeps them as lone surrogates."""
    path = crafted(place, lambda content: content["notes"].update(data="t\udcff.csv"))
    assert load_saved(path).notes.data == "t\udcff.csv"


def test_whole_numbers_of_any_size_in_notes_come_back(place):
    path = crafted(place, lambda content: content["notes"].update(seed=2**70))
    assert load_model(path).notes["seed"] == 2**70


# What an estimator saved


ESTIMATORS = [
    (lambda n: n["parameters"].update(engine=["a"]), "'engine' parameter"),
    (lambda n: n["parameters"].update(nonesuch=1), "nonesuch"),
    (lambda n: n["parameters"].update(activation="tanh"), "another network"),
    (lambda n: n["numbers"].update(predict=1.0), "attributes that no estimator has"),
    (lambda n: n["numbers"].update(n_features_in_=7), r"\[7\] features for 2 inputs"),
    (lambda n: n["numbers"].update(loss_={}), r"notes\.numbers"),
    (lambda n: n["labels"]["classes_"].update(dtype="|O8,f4"), "labels of dtype"),
    (lambda n: n["labels"]["classes_"].update(values=[["a"], "b"]), r"values\[0\]"),
    (
        lambda n: n["labels"]["classes_"].update(values=["a", "b", "c"]),
        "3 classes for 1 outputs",
    ),
    (lambda n: n.pop("many_labels"), "missing required field many_labels"),
]


@pytest.mark.parametrize(("change", "said"), ESTIMATORS)
def test_an_estimators_file_that_no_estimator_wrote(tmp_path, change, said):
    x = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0]])
    model = MLPClassifier((3,), solver="lbfgs", max_iter=200, random_state=0)
    path = tmp_path / "model"
    model.fit(x, ["no", "no", "yes", "yes"]).save(path)
    header, content, numbers = alterations.parts(path.read_bytes())
    change(content["notes"])
    header["__metadata__"]["chainrule"] = alterations.dumps(content)
    path.write_bytes(alterations.assemble(header, numbers))
    with pytest.raises(InputError, match=said):
        MLPClassifier.load(path)


# The schema itself


def test_json_is_read_as_it_is_standardized():
    assert read_json(b'{"a": [1, 2.5, null, "\xc3\xbc"]}') == {"a": [1, 2.5, None, "ü"]}
    for text in ("NaN", "-Infinity", "1e999", "[" * 100_000, '"a', b"\xff", ""):
        with pytest.raises(ValueError):
            read_json(text)


def test_every_number_that_was_saved_comes_back():
    for value in (0.1, 1e308, 5e-324, -0.0, 2**53 + 1, -1):
        assert repr(read_json(json.dumps(value))) == repr(value)


def test_types_are_not_converted():
    assert fitted(float, 3) == 3.0
    for kind, value in ((int, 1.0), (int, True), (float, "1"), (bool, 1), (str, None)):
        with pytest.raises(ValueError, match="expected"):
            fitted(kind, value)
    with pytest.raises(ValueError, match=r"beyond|range"):
        fitted(float, 10**400)


def test_a_thing_of_a_table_is_made_or_refused():
    assert made_of({"name": "sum", "start": 2}, {"sum": lambda start: start}, "x") == 2
    for spec in ({}, {"name": None}, {"name": []}, {"name": "sum"}, {"name": "mean"}):
        with pytest.raises(ValueError):
            made_of(spec, {"sum": lambda start: start}, "x")
