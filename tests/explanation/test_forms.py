"""The other forms: LaTeX that compiles, a drawing, JSON with everything, a notebook, the command."""

from __future__ import annotations

import json
import shutil
import subprocess
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from chainrule import (
    InputError,
    Network,
    explain,
    load_data,
    load_model,
    save_model,
    train,
)
from chainrule.explanation.paths import paths_of
from chainrule.explanation.render.html import content_of
from chainrule.explanation.spellings import SPELLINGS

from ..support.commands import here, in_process

#: The way to a document's own network, as the command names it.
TYPED = "--weights 'W^F = [1 -2 0.5]' --x … --y …"
needs_tex = pytest.mark.skipif(
    not shutil.which("pdflatex"), reason="no pdflatex on this machine"
)


def compiled(document: str, folder) -> str:
    """What pdfLaTeX says of a document that it accepts."""
    (folder / "page.tex").write_text(document)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=folder,
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = done.stdout.decode("latin-1")
    assert done.returncode == 0, said[-1500:]
    return said


def test_rounded_numbers_that_do_not_give_the_result_have_another_sign() -> None:
    """By hand: 0.407 · 0.241 = 0.0981, of which the full numbers give 0.0982; 0.567 · 0.246 = 0.139."""
    W = {2: [[0.1, -0.3], [0.5, 0.2], [-0.4, 0.7]]}, {2: [0.1, 0, -0.2]}
    W[0][3], W[1][3] = [[0.6, -0.1, 0.3], [0.2, 0.4, -0.5]], [0, 0.25]
    made = explain(
        None, [[1, 2]], [[1, 0]], parameters=W, notation="S3", layer=3, digits=3
    )
    lines = [line.strip() for line in made.text().splitlines()]
    at = lines.index("= (-0.407) · 0.241")
    assert lines[at + 1].startswith("≈ -0.0982")
    at = lines.index("= 0.567 · 0.246")
    assert lines[at + 1].startswith("= 0.139")
    assert "[-0.0982; 0.139] ≈ [-0.407; 0.567] ⊙ [0.241; 0.246]" in lines
    assert r"\near{-0.0982}" in made.latex()
    assert r"\equal{0.139}" in made.latex()
    near = content_of(made)["near"]
    assert "D2.1" in near
    assert "D2.2" not in near


@needs_tex
@pytest.mark.parametrize("notation", SPELLINGS)
def test_the_latex_of_the_example_compiles(notation, tmp_path) -> None:
    said = compiled(explain().latex(notation), tmp_path)
    assert (tmp_path / "page.pdf").stat().st_size > 50_000
    assert "Overfull" not in said


@needs_tex
def test_the_latex_of_a_damped_step_compiles(tmp_path) -> None:
    network = Network((3, 4, 3), ("tanh", "softmax"), "cross_entropy")
    x, y = np.random.default_rng(0).normal(size=(12, 3)), np.arange(12) % 3
    theta = network.init(0)
    made = explain(
        network, x, y, parameters=theta, optimizer="levenberg_marquardt", l2=0.1
    )
    said = compiled(made.latex(), tmp_path)
    assert "Overfull" not in said


@needs_tex
def test_the_latex_of_a_batch_with_adam_and_long_sums_compiles(tmp_path) -> None:
    network = Network((40, 6, 3), ("elu", "softmax"), "cross_entropy")
    x, y = np.random.default_rng(0).normal(size=(12, 40)), np.arange(12) % 3
    made = explain(
        network,
        x,
        y,
        parameters=network.init(0),
        optimizer="adam",
        l2=0.01,
        notation="S2",
    )
    said = compiled(made.latex(), tmp_path)
    assert "LaTeX Warning: Reference" not in said


@needs_tex
@pytest.mark.parametrize("rows", [1, 64])
def test_nothing_of_a_large_network_runs_off_the_page(rows, tmp_path) -> None:
    network = Network((784, 128, 10), ("relu", "softmax"), "cross_entropy")
    x, y = np.random.default_rng(0).uniform(size=(rows, 784)), np.arange(rows) % 10
    made = explain(network, x, y, parameters=network.init(0, "float32"))
    assert "Overfull" not in compiled(made.latex(), tmp_path)


@needs_tex
def test_a_title_of_any_letters_compiles(tmp_path) -> None:
    made = explain(title="数 é ñ ø µ ☃ \\ x^2 #1 {")
    compiled(made.latex(), tmp_path)
    assert r"[U+6570] \'{e} \~{n}" in made.latex()


@needs_tex
def test_the_compiler_is_not_content_with_anything(tmp_path) -> None:
    with pytest.raises(AssertionError):
        compiled(explain().latex().replace(r"\frac", r"\fraq", 1), tmp_path)


@pytest.mark.parametrize("notation", ["canonical", "bias-last"])
def test_the_drawing_has_every_number(notation) -> None:
    made = explain()
    root = ElementTree.fromstring(made.svg(notation))
    space = "{http://www.w3.org/2000/svg}"
    edges = [e.get("data-name") for e in root.iter(f"{space}line")]
    assert sorted(edges) == sorted(name for name in made.weights)
    units = {
        g.get("data-name"): g
        for g in root.iter(f"{space}g")
        if g.get("class") == "unit"
    }
    assert len(units) == 4 + 3 + 5 + 2
    for name, unit in units.items():
        number, back = (float(t.text) for t in unit.iter(f"{space}text"))
        assert number == pytest.approx(made.value(name), rel=5e-3)
        assert back == pytest.approx(made.value(unit.get("data-back")), rel=5e-3)
    weights = {
        t.get("data-name"): float(t.text)
        for t in root.iter(f"{space}text")
        if t.get("class") == "weight"
    }
    assert all(
        weights[name] == pytest.approx(made.value(name), rel=5e-2) for name in edges
    )
    assert "∂L/∂" in made.svg("bias-last")
    assert "Δ^[3]_1" in made.svg("canonical")


def test_json_has_every_number_in_full() -> None:
    network = Network((3, 4, 2), ("tanh", "softmax"), "cross_entropy")
    parameters = network.init(0, "float32")
    made = explain(network, [[1.0, 2.0, -1.0]], [1], parameters=parameters)
    found = json.loads(json.dumps(made.as_dict(), allow_nan=False))
    assert found["passed"] is True
    assert np.array_equal(
        np.array(found["arrays"]["W1"], np.float32), parameters.weights[0]
    )
    for step in found["steps"]:
        assert set(step["general"]) == set(SPELLINGS)
        for name in step["numbers"]:
            number = found["numbers"][name]
            assert (
                np.float32(number["exact"])
                == np.float32(number["value"])
                == np.float32(made.value(name))
            )
            assert set(number["formulas"]) == set(SPELLINGS)
    entry = found["numbers"]["dW2.1.3"]
    assert [check["passed"] for check in entry["checks"]] == [True, True]
    assert entry["formulas"]["bias-last"]["indices"] == "∂L/∂f_1 · h^1_3"
    assert entry["formulas"]["constant-neuron"]["symbol"] == "∂L/∂w^1_3,1"


def test_the_paths_of_a_weight_add_up_to_its_derivative() -> None:
    network = Network((3, 4, 2, 3), ("tanh", "identity", "softmax"), "cross_entropy")
    parameters = network.init(3)
    made = explain(network, [[1.0, 2.0, -1.0]], [1], parameters=parameters)
    for weight in made.weights:
        paths = paths_of(made.numbers, weight)
        layer = int(weight[1])
        assert paths.count == len(paths.listed) == {1: 2 * 3, 2: 3, 3: 1}[layer]
        assert paths.total == pytest.approx(made.value(f"d{weight}"), rel=1e-12)
    large = Network((784, 128, 64, 10), ("relu", "relu", "softmax"), "cross_entropy")
    shown = explain(large, np.ones((1, 784)), [3], parameters=large.init(0))
    assert paths_of(shown.numbers, "W1.5.7").count == 64 * 10  # S1.E29
    assert "from a weight of layer 1 to the loss: 640 paths" in shown.text()
    hidden_softmax = Network((2, 3, 2), ("softmax", "softmax"), "cross_entropy")
    none = explain(hidden_softmax, [[1.0, 2.0]], [0], parameters=hidden_softmax.init(0))
    assert paths_of(none.numbers, "W1.1.1") is None


def test_in_a_notebook_it_shows_itself() -> None:
    cells = ["from chainrule import explain\nexplain(notation='S4')"]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
    )
    NotebookClient(notebook, timeout=200, kernel_name="python3").execute()
    shown = notebook.cells[0].outputs[0]["data"]["text/html"]
    assert shown.startswith('<iframe title="4 → 3 tanh')
    assert "&lt;script" in shown


def test_a_file_of_another_kind_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="a file that ends in"):
        explain().save(tmp_path / "page.pdf")


# The command


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run on the digits, and one on a table."""
    at = tmp_path_factory.mktemp("explained")
    done = here("train", "--steps", "20", cwd=at)
    assert done.returncode == 0, done.stderr
    return at


def test_the_command_prints_the_example(tmp_path) -> None:
    done = here("explain", "--notation", "S4", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    first, _, rest = done.stdout.partition("\n")
    own = explain(notation="S4").text() + "\n"
    assert first.endswith("not the network and loss of S4; of those: " + TYPED)
    assert rest == own.partition("\n")[2]


def test_the_command_explains_a_row_of_a_model(folder) -> None:
    done = here(
        "explain",
        "chainrule-digits",
        "--row",
        "17",
        "--notation",
        "bias-last",
        "--layer",
        "F",
        "--unit",
        "3",
        "--to",
        "page.html",
        "--to",
        "page.json",
        cwd=folder,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("page.html\npage.json\nchecks: all ")
    found = json.loads((folder / "page.json").read_text())
    model, digits = (
        load_model(folder / "chainrule-digits" / "model.safetensors"),
        load_data("digits"),
    )
    made = explain(
        model, digits.scaled("float64")[1][17:18], digits.y_test[17:18], layer=2, unit=3
    )
    assert found["numbers"]["Z2.3"]["value"] == made.value("Z2.3")
    assert found["title"].endswith("digits, test rows, row 17")
    assert {step["layer"] for step in found["steps"]} == {2}


def test_the_command_shows_how_a_batch_adds_up(folder) -> None:
    done = here(
        "explain",
        "chainrule-digits",
        "--row",
        "17",
        "--rows",
        "16-18",
        "--layer",
        "2",
        "--unit",
        "3",
        cwd=folder,
    )
    assert "row 1 of a batch of 3" in done.stdout
    assert (
        "∂J/∂b^[2]_3 = s⟨0⟩ · Δ^[2]_3⟨0⟩ + s⟨1⟩ · Δ^[2]_3⟨1⟩ + s⟨2⟩ · Δ^[2]_3⟨2⟩"
        in done.stdout
    )


def test_the_command_explains_rows_of_a_file(tmp_path) -> None:
    rng = np.random.default_rng(0)
    rows = [
        f"{a:.3f},{b:.3f},{'yes' if a + b > 0 else 'no'}"
        for a, b in rng.normal(size=(80, 2))
    ]
    (tmp_path / "rows.csv").write_text("a,b,answer\n" + "\n".join(rows) + "\n")
    assert (
        here(
            "train",
            "rows.csv",
            "--hidden",
            "3",
            "--epochs",
            "3",
            "--output",
            "run",
            cwd=tmp_path,
        ).returncode
        == 0
    )
    done = here("explain", "run", "--data", "rows.csv", "--row", "79", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    a = (float(rows[79].split(",")[0]),)
    model = load_model(tmp_path / "run" / "model.safetensors")
    feature = model.notes["preparation"]["features"][0]
    assert f"{np.float32((a[0] - feature['mean']) / feature['std']):.6g}" in done.stdout
    assert "rows.csv, row 79" in done.stdout


def test_the_command_explains_rows_of_arrays(tmp_path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4))
    y = np.where(x[:, 0] > 0, 7, 5)  # labels that are no class numbers
    np.savez(tmp_path / "rows.npz", x=x, y=y)
    trained = here(
        "train",
        "rows.npz",
        "--hidden",
        "3",
        "--epochs",
        "3",
        "--output",
        "run",
        cwd=tmp_path,
    )
    assert trained.returncode == 0, trained.stderr
    row = int(np.flatnonzero(y == 7)[0])
    done = here(
        "explain",
        "run",
        "--data",
        "rows.npz",
        "--row",
        str(row),
        "--to",
        "e.json",
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads((tmp_path / "e.json").read_text())["arrays"]["Y2"] == [[0.0, 1.0]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--row", "3"], "--row without a model"),
        (["nowhere"], "nowhere, which does not exist"),
        (["chainrule-digits", "--row", "999"], "0 … 359"),
        (["chainrule-digits", "--rows", "5"], "the first and the last row"),
        (
            ["chainrule-digits", "--rows", "5-3", "--row", "4"],
            "The smaller number comes first",
        ),
        (["chainrule-digits", "--rows", "5-9", "--row", "4"], "one of these rows"),
        (["chainrule-digits", "--step", "3"], "which holds no checkpoint"),
        (["chainrule-digits", "--data", "iris"], "--data iris"),
        (["--to", "page.pdf"], "a file that ends in"),
        (["--unit", "x"], "whole numbers from 1"),
        (["--unit", "²"], "whole numbers from 1"),
        (["--layer", "9"], "as canonical calls them"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_the_command_cannot_do_is_said(
    folder, monkeypatch, capsys, arguments, said
) -> None:
    monkeypatch.chdir(folder)
    assert in_process("explain", *arguments) == 2
    assert said in capsys.readouterr().err


def test_the_command_fails_where_a_check_fails(monkeypatch, capsys) -> None:
    from ..support.faulty_equations import pull_back_with, replacer

    replacer(monkeypatch)(
        "pull_back", pull_back_with(weight_of=lambda delta, A: 1.001 * (delta.T @ A))
    )
    assert in_process("explain") == 1
    assert "DISAGREE" in capsys.readouterr().out


def test_a_model_without_notes_is_explained_in_python(tmp_path) -> None:
    network = Network((3, 2), ("softmax",), "cross_entropy")
    save_model(tmp_path / "m", network, network.init(0))
    assert explain(tmp_path / "m", [[1.0, 2.0, 3.0]], [1]).passed
    report = train(network, [[1.0, 2.0, 3.0]], [1], max_epochs=1)
    assert (
        explain(report, [[1.0, 2.0, 3.0]], [1]).value("W1.1.1")
        == report.parameters.theta[0]
    )
