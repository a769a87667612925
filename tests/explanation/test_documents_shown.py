"""What a document writes in a way of its own: S1 a batch in columns, S4 one hidden layer as V and W; corrections."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from chainrule import LOSSES, InputError, Network, Parameters, explain
from chainrule.documents import bias_last, column_batch, sweep
from chainrule.documents.lines import Verdict
from chainrule.documents.table import LINES
from chainrule.explanation import entries
from chainrule.explanation.contents import spellings_of
from chainrule.explanation.entries import formula
from chainrule.explanation.equations import (
    array_equations,
    source_of,
)
from chainrule.explanation.markup import parse, to_text

from .test_notations_shown import as_python

SOFTMAX = Network((4, 3, 2), ("relu", "softmax"), "cross_entropy")
SQUARES = Network((3, 4, 2), ("tanh", "sigmoid"), LOSSES["squared_error"](1.0))
ONE_HIDDEN = Network((3, 4, 2), ("tanh", "identity"), LOSSES["squared_error"](1.0))
#: Some roundings of sums of a few numbers about 1.
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def problem(network, rows=5, seed=3):
    rng = np.random.default_rng(seed)
    parameters = Parameters(network.sizes, rng.normal(size=network.n_parameters))
    x = rng.normal(size=(rows, network.sizes[0]))
    y = rng.normal(size=(rows, network.sizes[-1]))
    if network.loss.name == "cross_entropy":
        y = np.eye(network.sizes[-1])[np.arange(rows) % network.sizes[-1]]
    return parameters, x, y


def explained(network, rows=5, **options):
    parameters, x, y = problem(network, rows)
    return explain(network, x, y, parameters=parameters, **options)


def matrix_of(made, spelled, array):
    """An array's numbers, as the notation lays it out."""
    return np.array(
        [
            [
                made.numbers.read(c.strip("@")) if c.startswith("@") else float(c)
                for c in row
            ]
            for row in made.templates[spelled.name].grid(array)
        ]
    )


# S1: N trials in columns


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("network", [SOFTMAX, SQUARES], ids=["softmax", "squares"])
def test_a_batch_has_the_matrices_of_s1s_own_pass(network, reduction) -> None:
    parameters, x, y = problem(network)
    made = explained(network, notation="S1", row=2, reduction=reduction)
    p = column_batch.run(
        network, column_batch.arrays_of(parameters), x.T, y.T, reduction=reduction
    )
    spelled = made.spelled
    arrays = {
        **{
            f"{kind}{l}": values[l]
            for kind, values in (("Z", p.Z), ("D", p.Delta), ("B", p.B))
            for l in (1, 2)
        },
        **{f"A{l}": p.A[l] for l in (0, 1, 2)},
        **{f"G{l}": p.dC_dA[l] for l in (0, 1, 2)},
        **{f"dW{l}": p.dC_dW[l] for l in (1, 2)},
        **{f"db{l}": p.dC_db[l] for l in (1, 2)},
        "Y2": p.Y,
    }
    for name, values in arrays.items():
        np.testing.assert_allclose(matrix_of(made, spelled, name), values, **CLOSE)
    assert made.value("J") == pytest.approx(p.C, rel=1e-13)
    assert made.passed


@pytest.mark.parametrize(("reduction", "shown"), [("mean", "1/N "), ("sum", "")])
def test_the_equations_of_a_batch_are_s1s(reduction, shown) -> None:
    made = explained(SOFTMAX, notation="S1", reduction=reduction)
    spelled = made.spelled
    text = {
        step.key: [
            made.in_text(made.template, line) for line in made.template.general(step)
        ]
        for step in made.steps
    }
    assert text["Z1"] == ["Z^(ℓ) = W^(ℓ) A^(ℓ-1) + B^(ℓ)"]
    assert text["D2"] == ["Δ^(L) = A^(L) − Y"]
    assert text["dW2"][0] == f"∂C/∂W^(L) = {shown}Δ^(L) (A^(L-1))ᵀ"
    assert text["dW2"][1].startswith(
        f"∂C/∂b^(L) = {shown.replace(' ', ' · ')}Σ columns of"
    )
    source = {
        step.key: source_of(spelled, step, made.numbers.traits) for step in made.steps
    }
    assert (source["Z1"], source["D2"], source["W+1"]) == ("S1.E77", "S1.E78", "S1.E74")
    assert source["dW1"] == ("S1.E80" if reduction == "mean" else "S1.E49b")
    assert source["J2"] == ("S1.E60" if reduction == "mean" else "")
    assert "#r" not in str(text)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_matrix_equation_of_a_batch_holds_with_its_numbers(reduction) -> None:
    made = explained(SQUARES, notation="S1", reduction=reduction)
    spelled, count = made.spelled, 0
    for step in made.steps:
        for line in array_equations(spelled, step, made.numbers.traits):
            if step.kind not in ("Z", "dW", "G", "D"):
                continue
            left, right = line.split(" = ")
            scale, right = (
                (1 / 5, right.removeprefix(r"\frac{1}{@N@} "))
                if "@N@" in right
                else (1, right)
            )
            arrays = {
                place: matrix_of(made, spelled, place)
                for place in set(re.findall(r"@\[(\w+)\]@", right))
            }
            value = scale * eval(as_python(right), {}, arrays)
            np.testing.assert_allclose(
                value, matrix_of(made, spelled, left.strip("@[]")), **CLOSE
            )
            count += 1
    assert count == 9


@pytest.mark.parametrize(
    "options", [{}, {"reduction": "sum"}, {"l1": 0.1, "l2": 0.2}], ids=str
)
def test_the_formula_in_columns_gives_the_number_too(options) -> None:
    made = explained(SQUARES, notation="S1", row=1, **options)
    for name in made.checks:
        found = formula(made.numbers.traits, name, made.spelled.style).filled(
            made.numbers
        )
        if found is not None:
            assert found.value(made.numbers.read)[0] == pytest.approx(
                made.value(name), rel=1e-12, abs=1e-15
            )


def test_a_fault_in_the_formula_in_columns_would_show(monkeypatch) -> None:
    monkeypatch.setattr(entries, "one_nth", lambda n: entries.Constant(1.001 / n.rows))
    made = explained(SQUARES, notation="S1")
    found = formula(made.numbers.traits, "dW2.1.1", made.spelled.style).filled(
        made.numbers
    )
    assert found is not None
    assert abs(found.value(made.numbers.read)[0] / made.value("dW2.1.1") - 1) > 1e-4


def test_trials_count_from_1_and_the_terms_of_a_gradient_are_theirs() -> None:
    lines = explained(SOFTMAX, rows=2, notation="S1", row=1).text().splitlines()
    (at,) = (
        i for i, line in enumerate(lines) if line.startswith("    ∂C/∂w^(2)_1,1 =")
    )
    terms = "(δ_1)^(2)_1 · (a_1)^(1)_1 + (δ_2)^(2)_1 · (a_2)^(1)_1"
    assert lines[at] == f"    ∂C/∂w^(2)_1,1 = 1/N · ({terms})"
    assert lines[at + 1].strip().startswith("= 1/2 · (")
    assert any(line.startswith("    (z_2)^(1)_1 = ") for line in lines)
    assert not any("⟨" in line or "#" in line for line in lines)


def test_rows_of_several_weights_are_no_mean_and_stay_as_they_were() -> None:
    made = explained(SOFTMAX, rows=2, notation="S1", sample_weight=[1.0, 3.0])
    assert made.spelled is column_batch.letters.LETTERS
    assert "s⟨0⟩ · δ^(2)_1⟨0⟩" in made.text()
    alike = explained(SOFTMAX, rows=2, notation="S1", sample_weight=[3.0, 3.0])
    assert alike.spelled is column_batch.letters.MEAN_OF_TRIALS
    one = explained(SOFTMAX, rows=1, notation="S1")
    assert one.spelled is column_batch.letters.LETTERS


def test_the_other_forms_have_the_columns_too() -> None:
    made = explained(SOFTMAX, rows=3, notation="S1")
    step = next(step for step in made.as_dict()["steps"] if step["key"] == "dW1")
    assert (
        step["general"]["column-batch"]["text"][0] == "∂C/∂W^(ℓ) = 1/N Δ^(ℓ) (A^(ℓ-1))ᵀ"
    )
    assert r"\frac{1}{N}" in made.latex()
    assert "#r" not in made.latex()
    page = made.html()
    data = json.loads(
        re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1].replace("<\\/", "</")
    )
    notation = next(one for one in data["notations"] if one["name"] == "column-batch")
    assert notation["arrays"]["Z1"]["grid"][0] == ["@Z1.1@", "@Z1.1~1@", "@Z1.1~2@"]
    assert {"Z1.1~1", "Z1.1~2", "N"} <= set(data["values"])
    assert "#r" in notation["symbols"]["Z1"]


# S4: section 1


def test_one_hidden_layer_has_the_columns_of_s4s_section_1() -> None:
    parameters, x, y = problem(ONE_HIDDEN, 1)
    made = explained(ONE_HIDDEN, 1, notation="S4")
    c = bias_last.view(sweep(ONE_HIDDEN, parameters, x, y)).columns
    arrays = {
        "x0": c["x"],
        "x1": c["h"],
        "Z1": c["g"],
        "Z2": c["f"],
        "W1": c["V"],
        "W2": c["W"],
        "Y2": c["y"],
        "D2": c["dL_df"],
        "Gx1": c["dL_dh"],
        "D1": c["dL_dg"],
        "dW1": c["dL_dV"],
        "dW2": c["dL_dW"],
    }
    symbols = {
        "x0": "x",
        "x1": "h",
        "Z1": "g",
        "Z2": "f",
        "W1": "V",
        "W2": "W",
        "Y2": "y",
        "D2": "∂L/∂f",
        "Gx1": "∂L/∂h",
        "D1": "∂L/∂g",
        "dW1": "∂L/∂V",
        "dW2": "∂L/∂W",
    }
    for name, values in arrays.items():
        np.testing.assert_allclose(matrix_of(made, made.spelled, name), values, **CLOSE)
        kind, layer = name[:-1], int(name[-1])
        assert to_text(parse(made.spelled.array(kind, layer, 2)), str) == symbols[name]
    assert made.passed


def test_the_equations_of_section_1_are_as_it_prints_them() -> None:
    made = explained(ONE_HIDDEN, 1, notation="S4")
    text = {
        step.key: made.in_text(made.template, made.template.general(step)[0]).replace(
            " ", ""
        )
        for step in made.steps_in(made.template)
    }
    assert text["Z1"] == "g=Vx"
    assert text["Z2"] == "f=Wh"  # (1)
    assert text["D2"] == "∂L/∂f=2·(f−y)"  # (10)
    assert text["dW2"] == "∂L/∂W=∂L/∂fhᵀ"  # (18), (23)
    assert text["G2"] == "∂L/∂h=((∂L/∂f)ᵀW)ᵀ"  # (17)
    assert text["D1"] == "∂L/∂g=∂L/∂h⊙σ′(g)"  # (30)
    assert text["dW1"] == "∂L/∂V=∂L/∂gxᵀ"  # (38)
    assert text["W+1"] == "V_(t+1)=V−η∂L/∂V"


def test_a_matrix_equation_of_section_1_holds_with_its_numbers() -> None:
    made = explained(ONE_HIDDEN, 1, notation="S4")
    count = 0
    for step in made.steps_in(made.template):
        for line in array_equations(made.spelled, step, made.numbers.traits):
            if step.kind not in ("Z", "dW", "D"):
                continue
            left, right = line.split(" = ")
            arrays = {
                p: matrix_of(made, made.spelled, p)
                for p in set(re.findall(r"@\[(\w+)\]@", right))
            }
            value = eval(as_python(right), {}, arrays)
            np.testing.assert_allclose(
                value, matrix_of(made, made.spelled, left.strip("@[]")), **CLOSE
            )
            count += 1
    assert count == 6


def test_each_equation_of_section_1_is_found_by_its_number() -> None:
    for number in range(1, 41):
        made = explained(ONE_HIDDEN, 1, notation="S4", equation=number)
        assert made.spelled.label(1, 2) == "V"
        assert all(str(number) in made.template.numbers_of(step) for step in made.steps)
    for number in (41, 75, "(78)", "S4.E49"):
        assert (
            explained(ONE_HIDDEN, 1, notation="S4", equation=number).spelled
            is bias_last.letters.LETTERS
        )
    with pytest.raises(InputError, match="equation 79"):
        explained(ONE_HIDDEN, 1, notation="S4", equation=79)


def test_what_needs_the_documents_loss_has_its_number_with_it_alone() -> None:
    quartered = Network((3, 4, 2), ("tanh", "identity"), LOSSES["squared_error"](0.25))
    made = explained(quartered, 1, notation="S4")
    source = {
        step.key: source_of(made.spelled, step, made.numbers.traits)
        for step in made.steps
    }
    assert source["D1"] == "(24) to (27), (29), (30)"
    assert source["ell2"] == source["D2"] == ""
    for number in (16, 22, 23, 28, 40):
        with pytest.raises(InputError):
            explained(quartered, 1, notation="S4", equation=number)


def test_layers_are_called_by_their_matrices_or_as_section_2_does() -> None:
    for label, layer in (("V", 1), (1, 1), ("W", 2), ("F", 2)):
        made = explained(ONE_HIDDEN, 1, notation="S4", layer=label)
        assert made.shown.layers == (layer,)
    with pytest.raises(InputError, match="Allowed: V, W, as bias-last calls them"):
        explained(ONE_HIDDEN, 1, notation="S4", layer="X")


@pytest.mark.parametrize(
    "network",
    [
        SOFTMAX,
        SQUARES,
        Network(
            (3, 2, 2, 1), ("tanh", "tanh", "identity"), LOSSES["squared_error"](1.0)
        ),
    ],
    ids=["softmax", "logistic output", "two hidden"],
)
def test_a_network_of_another_shape_is_that_of_section_2(network) -> None:
    made = explained(network, 1, notation="S4")
    assert (
        spellings_of(made.numbers.traits, ())["bias-last"] is bias_last.letters.LETTERS
    )


# What is corrected


def all_corrected() -> set[str]:
    networks = [
        SOFTMAX,
        SQUARES,
        ONE_HIDDEN,
        Network((3, 4, 2), ("sigmoid", "sigmoid"), "squared_error"),
        Network((3, 4, 4, 2), ("relu", "relu", "softmax"), "cross_entropy"),
        Network(
            (3, 4, 4, 2), ("tanh", "tanh", "identity"), LOSSES["squared_error"](1.0)
        ),
    ]
    found = set()
    for network in networks:
        for rows in (1, 3):
            made = explained(network, rows)
            for template in made.templates.values():
                for step in made.steps:
                    for line in template.corrected(step):
                        assert line.document == template.spelled.alias
                        found.add(line.id)
    return found


def test_a_corrected_equation_names_section_and_formula_and_the_command() -> None:
    found = all_corrected()
    assert len(found) >= 30
    for identity in found:
        line = LINES[identity]
        assert line.verdict in (Verdict.MISPRINT, Verdict.READING, Verdict.CONFLICT)
        assert line.correction
        assert line.place
    text = explained(SOFTMAX, notation="S1").text()
    note = (
        'S1.E73: the document prints: ∂C/∂b^(2) = (1/N) Σ (columns of Δ^(1)) (Worked Example, "Backpropagation"); '
        "should be: columns of Δ^(2) [chainrule errata S1.E73]"
    )
    assert note in text
    assert "the document prints" in explained(SOFTMAX, notation="S1").latex()
    assert "the document prints" not in explained(SOFTMAX).text()


def test_every_note_stands_in_the_letters_of_some_step() -> None:
    """What the letters name is a checked line that is wrong in print."""
    listed = {
        identity
        for letters in (
            *spellings_of(explained(SOFTMAX).numbers.traits, ()).values(),
            bias_last.letters.ONE_HIDDEN,
        )
        for identities in letters.corrected.values()
        for identity in identities
    }
    assert all(LINES[identity].fails for identity in listed)
    deep_only = {"S1.E46", "S1.E48", "S1.E49", "S1.E51", "S1.E52"}
    assert listed - deep_only <= all_corrected() | deep_only


# Kinks


def test_a_kink_shows_its_z() -> None:
    network = Network((1, 2, 1), ("relu", "identity"), "squared_error")
    parameters = Parameters.from_arrays(
        [[[1.0], [2.0]], [[1.0, 1.0]]], [[-1.0, 0.0], [0.0]]
    )
    options = {"parameters": parameters}
    for notation, z in (
        ("S1", "z^(1)_1"),
        ("canonical", "Z^[1]_1"),
        ("S4", "g_1"),
        ("S2", "a^1_1"),
    ):
        made = explain(network, [[1.0]], [[0.5]], notation=notation, **options)
        assert made.checks["P1.1"][1].value is None
        assert (
            f"(at a kink, {z} = 0: there is no derivative to compare with)"
            in made.text()
        )
    batch = explain(
        network, [[1.0], [3.0]], [[0.5], [1.0]], notation="S1", row=1, **options
    )
    assert "(at a kink, (z_1)^(1)_1 = 0:" in batch.text()  # that of the other trial
    checks = batch.as_dict()["numbers"]["dW1.1.1"]["checks"]
    assert checks[1]["how"].startswith("at a kink, (z_1)^(1)_1 = 0")
    penalized = Parameters.from_arrays(
        [[[0.0], [2.0]], [[1.0, 1.0]]], [[-1.0, 0.0], [0.0]]
    )
    made = explain(network, [[2.0]], [[0.5]], parameters=penalized, l1=0.1)
    assert made.checks["dW1.1.1"][1].how.startswith("at a kink, @W1.1.1@ = 0")
    loss = Network((1, 1), ("identity",), "absolute_error")
    made = explain(
        loss, [[2.0]], [[2.0]], parameters=Parameters((1, 1), np.array([1.0, 0.0]))
    )
    assert "(at a kink, that of the loss:" in made.text()
