"""The six notations write what `chainrule.documents` computes: the same letters, layouts and numbers."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from chainrule import LOSSES, InputError, Network, explain
from chainrule.documents import NOTATIONS, sweep
from chainrule.documents.spelling import AUGMENTED
from chainrule.documents.table import LINES
from chainrule.explanation.equations import (
    array_equations,
    general_equations,
    source_of,
)
from chainrule.explanation.markup import parse, to_latex, to_mathml, to_text
from chainrule.explanation.spellings import SPELLINGS

#: The documents' own kinds of network.
NETWORKS = {
    "linear output": Network(
        (4, 3, 5, 2), ("tanh", "sigmoid", "identity"), "squared_error"
    ),
    "softmax": Network((4, 3, 2), ("relu", "softmax"), "cross_entropy"),
    "one layer": Network((3, 2), ("sigmoid",), "squared_error"),
}
KINDS = ("A", "x", "Z", "Zx", "W", "b", "Y", "D", "Dx", "G", "Gx", "dW", "db", "ell")


def explained(network):
    rng = np.random.default_rng(3)
    parameters = network.init(1)
    parameters.theta[:] = rng.normal(size=network.n_parameters)
    x, y = (
        rng.normal(size=(1, network.sizes[0])),
        rng.uniform(0.1, 0.9, (1, network.sizes[-1])),
    )
    y = y / y.sum() if network.loss.name == "cross_entropy" else y
    return explain(network, x, y, parameters=parameters), sweep(
        network, parameters, x, y
    )


def arrays_of(made, spelled):
    """Symbol in text → the layouts in numbers that are written so."""
    n = made.numbers
    read = {"1": 1.0, "0": 0.0}
    found: dict[str, list[np.ndarray]] = {}
    for kind in KINDS:
        for l in range(n.layers + 1):
            plain = AUGMENTED.get(kind, kind)
            if not n.has(f"{plain}{l}") or (
                kind in AUGMENTED and not spelled.style.constant
            ):
                continue
            if kind == "Gx" and l == n.layers:
                continue
            symbol = to_text(parse(spelled.array(kind, l, n.layers)), str)
            grid = spelled.grid(kind, l, n.sizes)
            values = [
                [
                    read[cell] if cell in read else n.read(cell.strip("@"))
                    for cell in row
                ]
                for row in grid
            ]
            found.setdefault(symbol, []).append(np.array(values))
    return found


@pytest.mark.parametrize("name", NOTATIONS)
@pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
def test_arrays_are_written_and_laid_out_as_the_document_has_them(
    name, network
) -> None:
    made, passes = explained(network)
    shown = arrays_of(made, SPELLINGS[name])
    for quantity in NOTATIONS[name].quantities(passes):
        values = np.asarray(quantity.values)
        if values.ndim == 0:
            assert float(values) == pytest.approx(made.value("ell"), rel=1e-15)
            continue
        layouts = shown[quantity.symbol]
        if quantity.canonical == "Y":
            values = (
                values[:, 1:] if name == "constant-neuron" else values
            )  # its D_0 stands for nothing
        assert any(
            a.shape == values.shape and np.allclose(a, values, rtol=1e-14, atol=0)
            for a in layouts
        ), quantity


@pytest.mark.parametrize("name", NOTATIONS)
def test_a_number_has_the_indices_that_the_document_gives_it(name) -> None:
    """Of the weights and their derivatives: the entry that `Quantity.entry` finds with the indices in the symbol."""
    made, passes = explained(NETWORKS["linear output"])
    spelled = SPELLINGS[name]
    quantities = {q.symbol: q for q in NOTATIONS[name].quantities(passes)}
    count = 0
    for step in made.steps:
        for entry in step.entries:
            if not entry.startswith(("dW", "db")):
                continue
            kind, layer = (
                entry.split(".")[0].rstrip("0123456789"),
                int(entry.split(".")[0][2:]),
            )
            quantity = quantities[to_text(parse(spelled.array(kind, layer, 3)), str)]
            index = to_text(parse(spelled.symbol(entry, 3)), str).rsplit("_", 1)[1]
            last = quantity.axes[1].first + quantity.axes[1].length - 1
            numbers = [
                last if part == "last" else int(part)
                for part in index.strip("()").split(",")
            ]
            assert float(quantity.entry(*numbers)) == made.value(entry), (entry, index)
            count += 1
    assert count == 47


def test_the_equations_of_s4_are_as_it_prints_them() -> None:
    made = explain(notation="S4")
    text = {
        step.key: [
            made.in_text(made.template, line) for line in made.template.general(step)
        ]
        for step in made.steps_in(made.template)
    }
    assert text["dW2"] == ["∂L/∂W^n = (∂L/∂g^n)ᵀ (h^(n-1))ᵀ"]  # (75)
    assert text["D2"] == ["∂L/∂g^n = ∂L/∂h^n ⊙ σ^(n′)(g^n)"]  # (76)
    assert text["G2"] == ["∂L/∂h^(n-1) = ∂L/∂g^n W^n"]  # (77)
    assert text["W+2"] == ["W^n_(t+1) = W^n − η ∂L/∂W^n"]  # (78)
    assert text["D3"] == ["∂L/∂f = 2 · (f − y)ᵀ"]  # (44)
    assert text["dW3"] == ["∂L/∂W^F = (∂L/∂f)ᵀ (h^N)ᵀ"]  # (49)
    assert "A3" not in text  # f is its own activation


def test_equations_are_found_by_their_numbers() -> None:
    def keys(notation, equation):
        return [
            step.key
            for step in explain(notation=notation, layer=2, equation=equation).steps
        ]

    assert keys("S4", ["75", "76", "77", "(78)"]) == [
        "G3",
        "P2",
        "D2",
        "dW2",
        "G2",
        "W+2",
    ]
    assert keys("S1", "S1.E80") == keys("canonical", "B3") == keys("S4", 75) == ["dW2"]
    with pytest.raises(InputError, match="Given: equation 99"):
        explain(notation="S4", layer=2, equation="99")


def test_a_line_is_asked_for_by_its_number_in_print_or_in_the_list() -> None:
    W = {2: [[1, 2], [3, 4]], 3: [[1, -1]]}, {2: [0, 0], 3: [0]}

    def keys(equation):
        made = explain(
            x=[[1, 2]], y=[[1]], parameters=W, notation="S3", equation=equation
        )
        return [step.key for step in made.steps]

    assert keys("(2)") == keys("S3.E4") == ["ell2"]
    assert keys("(1)") == keys("S3.E3") == ["Z1", "A1", "Z2", "A2"]
    assert keys("s3.e19b") == keys("S3.E18") == ["G2", "P1", "D1"]
    assert keys("S3.E20") == ["G1"]
    with pytest.raises(
        InputError, match=r"chainrule errata S3\.E7, which evaluates it"
    ):
        keys("S3.E7")


def test_every_line_that_a_notation_answers_is_one_of_its_document() -> None:
    for name in SPELLINGS:
        spelled = SPELLINGS[name]
        for numbers in spelled.answers.values():
            assert {f"{spelled.alias}.E{n}" for n in numbers.split()} <= set(LINES)


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_hidden_delta_is_shown_from_its_sum_on(name) -> None:
    """B2 by a layer and unit, or by the document's own number of it: the sum over the next layer, then the product."""
    own = {"S0.E13", "S1.E45", "S2.E18", "S3.E18", "76", "B2"}
    made = explain(notation=name)
    t = made.template
    (delta,) = (step for step in made.steps if step.key == "D2")
    for number in t.numbers_of(delta) & own:
        shown = explain(notation=name, layer=t.label(2), unit=3, equation=number).steps[
            :3
        ]
        assert [step.key for step in shown] == ["G3", "P2", "D2"]
        assert [step.entries for step in shown] == [("G2.3",), ("P2.3",), ("D2.3",)]
    by_layer = explain(notation=name, layer=t.label(2), unit=3)
    backward = [step.key for step in by_layer.steps if step.phase == "backward"]
    assert backward[:3] == ["G3", "P2", "D2"]


def test_the_recursion_stands_whole_where_a_document_has_it_so() -> None:
    def first(name):
        text = explain(notation=name, layer=3 if name == "S3" else 2).text()
        lines = text.splitlines()
        at = next(i for i, line in enumerate(lines) if ": delta" in line)
        return lines[at + 1].strip()

    assert first("S3") == "∂L/∂z^[k] = σ′(z^[k]) ⊙ ((W^[k+1])ᵀ ∂L/∂z^[k+1])"
    assert first("S1") == "Δ^(l) = μ′(Z^(l)) ⊙ ((W^(l+1))ᵀ Δ^(l+1))"
    assert first("S2") == "δ^ℓ_i = σ′(a^ℓ_i) · Σ_k w^ℓ_i,k δ^(ℓ+1)_k"
    assert first("canonical") == "Δ^[l] = (Δ^[l+1] W^[l+1]) ⊙ φ′_l(Z^[l])"


def test_a_matrix_equation_in_text() -> None:
    lines = explain(notation="S4", layer=2, equation="(77)").text().splitlines()
    (at,) = (i for i, line in enumerate(lines) if line == "  ∂L/∂h^1 = ∂L/∂g^2 W^2")
    assert lines[at + 1].endswith(
        "[0.6 -0.5 0.3 0.1; -0.2 0.8 0.4 0; 0.4 0.1 -0.9 0.2; -0.7 0.2 0.5 -0.1; 0.1 -0.6 0.3 0.3]"
    )


@pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
@pytest.mark.parametrize("name", SPELLINGS)
def test_a_matrix_equation_holds_with_its_numbers(name, network) -> None:
    """What stands on the left is what the products on the right give, in the document's layouts."""
    made, _ = explained(network)
    spelled, n = SPELLINGS[name], made.numbers

    def matrix(array):
        kind = array.rstrip("0123456789")
        cells = spelled.grid(kind, int(array[len(kind) :]), n.sizes)
        return np.array(
            [
                [n.read(c.strip("@")) if c.startswith("@") else float(c) for c in row]
                for row in cells
            ]
        )

    count = 0
    for step in made.steps_in(made.templates[name]):
        for line in array_equations(spelled, step, made.numbers.traits):
            if step.kind not in ("Z", "dW", "G", "D"):
                continue
            left, right = line.split(" = ")
            arrays = {
                place: matrix(place) for place in set(re.findall(r"@\[(\w+)\]@", right))
            }
            value = eval(as_python(right), {}, arrays)
            assert np.allclose(
                value, matrix(left.strip("@[]")), rtol=1e-12, atol=1e-15
            ), line
            count += 1
    assert count >= 3 * network.n_layers


def as_python(equation: str) -> str:
    """An equation of matrices as Python: what stands side by side is multiplied."""
    code = re.sub(r"@\[(\w+)\]@", r"\1", equation)
    code = re.sub(
        r"\{\(([^()]*)\)\}\^\{\\top\}|(\w+)\^\{\\top\}",
        lambda m: f"({m[1] or m[2]}).T",
        code,
    )
    code = code.replace(r"\odot", "*").replace(r"\minus", "-")
    code = re.sub(r"([\d.]+) \\cdot", r"\1 *", code)  # a number times a matrix
    return re.sub(r"(\w|T) (?:\\cdot )?(?=[(A-Za-z])", r"\1 @ ", code)


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_formula_is_well_formed_mathml_and_balanced_latex(name) -> None:
    made, _ = explained(NETWORKS["linear output"])
    spelled = SPELLINGS[name]
    markups = [
        line
        for step in made.steps
        for line in general_equations(spelled, step, made.numbers.traits)
    ]
    markups += [
        made.formula(made.templates[name], entry)
        for step in made.steps
        for entry in step.entries
    ]
    for markup in markups:
        ElementTree.fromstring(
            f"<math>{to_mathml(parse(markup), lambda place: '<mi>x</mi>')}</math>"
        )
        latex = to_latex(parse(markup), lambda place: "x")
        assert latex.count("{") == latex.count("}")
        assert "@" not in latex


def test_markup_by_hand() -> None:
    def shown(source):
        return to_text(parse(source), lambda name: name)

    assert shown(r"\frac{1}{1 + e^{\minus z}}") == "1/(1 + e^(−z))"
    assert shown(r"\sqrt{\frac{v}{2}} + \epsilon") == "√(v/2) + ε"
    assert shown(r"\rows{1 & 2 \\ 3 & 4}") == "[1 2; 3 4]"
    assert shown(r"W^{[2]}_{3,1} \cdot @a@") == "W^[2]_3,1 · a"
    assert (
        to_latex(parse(r"\frac{\partial L}{\partial h^{n-1}}"), str)
        == r"\frac{\partial L}{\partial h^{n - 1}}"
    )
    with pytest.raises(ValueError, match="too many"):
        parse("a } b")


def test_a_documents_equation_is_named_only_where_it_is_that_equation() -> None:
    def sources(network, notation, **options):
        rng = np.random.default_rng(0)
        y = (
            [1]
            if network.loss.name == "cross_entropy"
            else rng.normal(size=(1, network.sizes[-1]))
        )
        made = explain(
            network,
            rng.normal(size=(1, network.sizes[0])),
            y,
            parameters=network.init(0),
            **options,
        )
        return {
            step.key: source_of(SPELLINGS[notation], step, made.numbers.traits)
            for step in made.steps
        }

    softmax = Network((4, 3, 2), ("relu", "softmax"), "cross_entropy")
    half, whole = (
        Network((4, 3, 2), ("tanh", "identity"), LOSSES["squared_error"](factor))
        for factor in (0.5, 1.0)
    )
    logistic = Network((4, 3, 2), ("sigmoid", "sigmoid"), "squared_error")
    assert sources(softmax, "column-batch")["D2"] == "S1.E78"
    assert sources(whole, "column-batch")["D2"] == "S1.E39"
    assert sources(half, "column-batch")["D2"] == ""  # S1 has no ½
    assert sources(whole, "bias-last")["D2"] == "(44)"
    assert (
        sources(softmax, "bias-last")["D2"]
        == sources(softmax, "bias-last")["ell2"]
        == ""
    )
    assert sources(softmax, "bias-first")["D2"] == "(0.2)"
    assert sources(logistic, "constant-neuron")["D2"] == "S2.E26"
    assert sources(half, "flat-theta")["D2"] == ""  # its output is logistic
    assert sources(half, "flat-theta")["D1"] == "S3.E18"
    assert sources(whole, "bias-last")["W+1"] == "(78)"
    assert sources(whole, "bias-last", optimizer="adam")["W+1"] == ""


@pytest.mark.parametrize("notation", ["S0", "S2", "S3", "S4"])
def test_the_loss_of_a_row_and_the_objective_are_told_apart(notation) -> None:
    network = Network((2, 2, 1), ("tanh", "identity"), "squared_error")
    x, y = [[1.0, 2.0], [0.5, -1.0]], [[0.0], [1.0]]
    options = {"parameters": network.init(0), "notation": notation, "row": 1}
    letter = "L"
    for made in (
        explain(network, x, y, **options),
        explain(network, x[:1], y[:1], **{**options, "row": 0}, l2=0.1),
    ):
        text, row = made.text(), made.numbers.row
        assert f"    {letter}⟨{row}⟩ = " in text
        assert f"    {letter} = " in text
        assert f"{letter}⟨i⟩ is the loss of row i, and {letter} the objective" in text
    alone = explain(network, x[:1], y[:1], **{**options, "row": 0}).text()
    assert f"    {letter} = " in alone
    assert "⟨" not in alone
