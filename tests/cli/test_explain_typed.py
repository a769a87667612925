"""A network typed on the command line, or handed to `explain`, in a document's notation."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from chainrule import LOSSES, InputError, Network, Parameters, explain
from chainrule.cli.typed_network import parameters_of_text, rows_of_text, typed_network
from chainrule.documents import NOTATIONS, column_batch, flat_theta, sweep

from ..support.commands import here, in_process

PAGES = Path(__file__).parents[2] / "docs"

#: One 2-2-1 network with round numbers, see docs/worked_notations.md: its text, in each notation.
WORKED = {
    "S0": "W^[1] = [0 2 -1; -2 4 -1]  W^[2] = [2 4 -8]",
    "S1": "W^(1) = [2 -1; 4 -1]  b^(1) = [0; -2]  W^(2) = [4 -8]  b^(2) = [2]",
    "S2": "w^0 = [1 0 -2; 0 2 4; 0 -1 -1]  w^1 = [1 2; 0 4; 0 -8]",
    "S3": "n = [2 2 1]  θ = [2 -1 4 -1 4 -8 0 -2 2]",
    "S4": "V = [2 -1 0; 4 -1 -2]  W = [4 -8 2]",
    "canonical": "W[1] = [2 -1; 4 -1] b[1] = [0 -2] W[2] = [4 -8] b[2] = [2]",
}
PARAMETERS = Parameters.from_arrays(
    [[[2.0, -1.0], [4.0, -1.0]], [[4.0, -8.0]]], [[0.0, -2.0], [2.0]]
)
OTHER_SPELLINGS = {
    "S0": "W[1]=[0,2,-1;-2,4,-1], W2 = [2 4 −8]",
    "S1": "b2 = [2] W(2) = [4 -8]; W1 = [2 -1; 4 -1] b(1) = [0 -2]",
    "S2": "w1=[1 2;0 4;0 -8] w0=[1 0 -2;0 2 4;0 -1 -1]",
    "S3": "W^[2] = [2 -1; 4 -1] b^[2] = [0; -2] W^[3] = [4 -8] b^[3] = [4/2]",
    "S4": "W^F = [4 -8 2] W^1 = [2.0 -1e0 0; 4 -1 -2]",
    "canonical": "W[1] = [[2, -1], [4, -1]], b1=[0, -2] W2 = [[4 -8]] b[2] = [2]",
}


def commands_of(page: str) -> list[str]:
    """The commands of a page's blocks of shell that explain a typed network, their continued lines put together."""
    text = (PAGES / page).read_text("utf-8").replace("\\\n", " ")
    return re.findall(r"^chainrule (explain .*--weights .*)$", text, re.MULTILINE)


@pytest.mark.parametrize("page", ["start_understand", "explain"])
def test_a_page_types_what_the_command_takes(page, tmp_path) -> None:
    commands = commands_of(f"{page}.md")
    assert len(commands) >= 2
    for command in commands:
        done = here(*shlex.split(command), cwd=tmp_path)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", WORKED)
def test_the_worked_example_is_typed_in_every_notation(name, tmp_path) -> None:
    """∂L/∂ the pre-activations by hand: with Σ (a - y)² and a linear output Δ[2] = -2, Δ[1] = (-2, 4); with ½ half."""
    options = (
        [] if name in ("S4", "canonical") else ["--activation", "sigmoid,identity"]
    )
    options += ["--activation", "sigmoid,identity"] if name == "canonical" else []
    done = here(
        *(
            "explain",
            "--notation",
            name,
            "--weights",
            WORKED[name],
            "--x",
            "1 2",
            "--y",
            "1",
        ),
        *options,
        *("--to", tmp_path / "e.json", "--to", tmp_path / "e.txt"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    import json

    found = json.loads((tmp_path / "e.json").read_text())
    factor = 2 if name in ("S1", "S4") else 1
    assert found["numbers"]["D2.1"]["value"] == -factor
    assert [found["numbers"][f"D1.{k}"]["value"] for k in (1, 2)] == [
        -factor,
        2 * factor,
    ]
    assert found["numbers"]["dW1.2.1"]["value"] == 2 * factor
    assert found["passed"]


@pytest.mark.parametrize(("name", "text"), [*WORKED.items(), *OTHER_SPELLINGS.items()])
def test_spellings_of_a_name(name, text) -> None:
    named = {one.alias: one.name for one in NOTATIONS.values()}
    parameters = parameters_of_text(named.get(name, name), text)
    assert parameters.sizes == (2, 2, 1)
    assert np.array_equal(parameters.theta, PARAMETERS.theta)


@pytest.mark.parametrize("name", NOTATIONS)
def test_what_explain_and_the_notations_print_can_be_typed_again(name) -> None:
    rng = np.random.default_rng(5)
    network = Network(
        (3, 4, 2, 2), ("tanh", "tanh", "identity"), LOSSES["squared_error"](1.0)
    )
    parameters = Parameters(network.sizes, rng.normal(size=network.n_parameters))
    passes = sweep(
        network, parameters, rng.normal(size=(1, 3)), rng.normal(size=(1, 2))
    )
    parts = []
    for quantity in NOTATIONS[name].quantities(passes):
        if {*quantity.canonical.split()} <= {"W", "b"}:
            rows = "; ".join(
                " ".join(repr(float(v)) for v in row) for row in quantity.values
            )
            parts.append(f"{quantity.symbol} = [{rows}]")
    again = parameters_of_text(name, "  ".join(parts))
    assert np.array_equal(again.theta, parameters.theta)


def test_samples_are_laid_out_as_the_document_has_them() -> None:
    assert rows_of_text("bias-first", "--x", "1 2", 2).tolist() == [[1, 2]]
    assert rows_of_text("bias-first", "--x", "[1; 2]", 2).tolist() == [[1, 2]]
    assert rows_of_text("column-batch", "--x", "[1 3; 2 4]", 2).tolist() == [
        [1, 2],
        [3, 4],
    ]
    assert rows_of_text("column-batch", "--x", "[[1, 3], [2, 4]]", 2).tolist() == [
        [1, 2],
        [3, 4],
    ]
    assert rows_of_text("constant-neuron", "--x", "[1 3; 2 4]", 2).tolist() == [
        [1, 3],
        [2, 4],
    ]
    assert rows_of_text("canonical", "--x", "1;2", 2).tolist() == [[1, 2]]
    for text in ("1,2", "[1,2]", "[1, 2]"):
        assert rows_of_text("column-batch", "--x", text, 2).tolist() == [[1, 2]]
    with pytest.raises(InputError, match="0,5, which is"):
        rows_of_text("column-batch", "--x", "0,5 1,5", 2)
    with pytest.raises(InputError, match="samples of 1 numbers"):
        rows_of_text("column-batch", "--x", "[1 2]", 2)


def test_a_batch_of_s1_is_typed_in_columns(tmp_path) -> None:
    done = here(
        *(
            "explain",
            "--notation",
            "S1",
            "--weights",
            WORKED["S1"],
            "--x",
            "[1 0; 2 1]",
            "--y",
            "[1 0]",
        ),
        *("--row", "1", "--equation", "S1.E80", "--layer", "2"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "∂C/∂W^(2) = 1/N" in done.stdout


def test_the_documents_own_network_or_the_one_that_is_named() -> None:
    def typed(name, activation=None, loss=None):
        return str(typed_network(name, WORKED[name_of(name)], activation, loss)[0])

    def name_of(name):
        return NOTATIONS[name].alias

    assert typed("bias-first") == "2 → 2 sigmoid → 1 sigmoid, squared_error(factor=0.5)"
    assert typed("column-batch") == "2 → 2 relu → 1 relu, squared_error(factor=1.0)"
    assert (
        typed("constant-neuron")
        == "2 → 2 sigmoid → 1 sigmoid, squared_error(factor=0.5)"
    )
    assert (
        typed("bias-last", "tanh")
        == "2 → 2 tanh → 1 identity, squared_error(factor=1.0)"
    )
    assert (
        typed("column-batch", "tanh")
        == "2 → 2 tanh → 1 tanh, squared_error(factor=1.0)"
    )
    assert typed("flat-theta", "relu,exp", "poisson") == "2 → 2 relu → 1 exp, poisson"
    assert typed("bias-first", None, "binary_cross_entropy").startswith(
        "2 → 2 sigmoid → 1 sigmoid, binary"
    )
    assert typed("column-batch", "relu", "cross_entropy").startswith(
        "2 → 2 relu → 1 softmax, cross_entropy"
    )
    # of one layer the only activation is that of the output
    alone, _ = typed_network("canonical", "W[1] = [1 2] b[1] = [1]", "sigmoid", None)
    assert str(alone) == "2 → 1 sigmoid, squared_error(factor=0.5)"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("bias-last", "W^1 = 2 -1 0", "W^1 = 2 -1 0"),
        ("bias-last", "W^1 = [2 -1 0; 4 -1 -2] W^F = [4 -8]", "W^F of shape 1 × 2"),
        ("bias-last", "W^2 = [2 -1 0]", "layers 2"),
        ("bias-last", "b^1 = [2]", "b1 in the notation bias-last"),
        ("bias-last", "W^F = [1 2] W^F = [1 2]", "twice"),
        ("bias-last", "V = [1 2]", "layers V"),
        ("bias-last", "W^F = [1 two]", "'two' among the numbers"),
        ("bias-last", "W^F = [1 2; 3]", "rows of one length"),
        ("bias-last", "W^F = []", "rows of one length"),
        ("bias-last", "", "without an array"),
        ("bias-last", "W^F = [1 1/0]", "'1/0' among the numbers"),
        ("column-batch", "W^(1) = [1 2]", "b^(l) for layers none"),
        ("flat-theta", "θ = [1 2 3]", "θ and no widths"),
        ("flat-theta", "n = [2 1] θ = [1 2]", "θ of shape (2,)"),
        ("flat-theta", "n = [1.5 1] θ = [1 2]", "n = [1.5 1]"),
        ("constant-neuron", "w^0 = [1 0.5; 1 2]", "w_10^0 = 1"),
        ("bias-first", "W^[F] = [1 2]", "layers F"),
        ("bias-last", "W^F = [0,5 1,5]", "0,5, which is 0.5 or 0 and 5"),
        ("column-batch", "W^(1) = [1 -2,5] b^(1) = [1]", "-2.5 or -2 and 5"),
        ("flat-theta", "W^[2] = [1 2] b^[1] = [1]", "two numberings"),
        ("flat-theta", "V^[2] = [1 2]", "V2 in the notation flat-theta"),
    ],
)
def test_what_is_no_network_is_refused_with_its_letters(name, text, words) -> None:
    with pytest.raises(InputError) as caught:
        parameters_of_text(name, text)
    assert words in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--weights", "W^F = [1 2]"], "without --x, --y"),
        (["--x", "1"], "without --weights, --y"),
        (["--activation", "tanh"], "without --weights, --x, --y"),
        (
            ["model.safetensors", "--weights", "W^F = [1 2]", "--x", "1", "--y", "1"],
            "MODEL with --weights",
        ),
        (
            ["--weights", "W^F = [1 2]", "--x", "1 2", "--y", "1"],
            "samples of 2 numbers",
        ),
        (
            ["--weights", "W^F = [1 2]", "--x", "1", "--y", "1", "--loss", "squared"],
            "--loss squared",
        ),
        (
            [
                "--weights",
                "W^F = [1 2]",
                "--x",
                "1",
                "--y",
                "1",
                "--activation",
                "tanh,tanh",
            ],
            "one for each layer",
        ),
        (["--weights", "W^F = [1 2]", "--x", "nan", "--y", "1"], "finite"),
    ],
)
def test_options_that_do_not_go_together(arguments, words, capsys) -> None:
    assert in_process("explain", "--notation", "S4", *arguments) == 2
    assert words in capsys.readouterr().err


# In Python: the document's arrays as they are


@pytest.mark.parametrize("name", NOTATIONS)
def test_explain_takes_a_documents_arrays(name) -> None:
    arrays = NOTATIONS[name].module.arrays_of(PARAMETERS)
    network = Network((2, 2, 1), ("sigmoid", "identity"), "squared_error")
    made = explain(network, [[1, 2]], [[1]], parameters=arrays, notation=name)
    by_parameters = explain(
        network, [[1, 2]], [[1]], parameters=PARAMETERS, notation=name
    )
    assert made.text() == by_parameters.text()
    if name != "flat-theta":
        own = explain(x=[[1, 2]], y=[[1]], parameters=arrays, notation=name)
        assert own.numbers.moment.network == NOTATIONS[name].network((2, 2, 1))
        assert own.passed


def test_explain_takes_both_numberings_of_s3_and_v_and_w_of_s4() -> None:
    for numbering in "AB":
        layers = flat_theta.layers_of(PARAMETERS.theta, (2, 2, 1), numbering=numbering)
        made = explain(x=[[1, 2]], y=[[1]], parameters=layers, notation="S3")
        assert np.array_equal(made.numbers.moment.parameters.theta, PARAMETERS.theta)
    made = explain(
        x=[[1, 2]],
        y=[[1]],
        parameters={"V": [[2, -1, 0], [4, -1, -2]], "W": [[4, -8, 2]]},
        notation="S4",
    )
    assert np.array_equal(made.numbers.moment.parameters.theta, PARAMETERS.theta)


@pytest.mark.parametrize(
    ("notation", "arrays", "words"),
    [
        ("canonical", {1: [[1.0, 2.0]]}, "in the notation canonical"),
        ("S4", [[1.0, 2.0]], "arrays that are a list, in the notation bias-last"),
        ("S1", {1: [[1.0, 2.0]]}, "({1: W^(1), …}, {1: b^(1), …})"),
        ("S3", [1.0, 2.0, 0.5], "θ, with the network"),
        ("S4", {"F": [[1.0, float("nan")]]}, "finite"),
        ("S0", {2: [[1.0, 2.0]]}, "layers 1"),
        ("S2", (1, 2), "a tuple"),
    ],
)
def test_arrays_of_another_form_are_refused(notation, arrays, words) -> None:
    with pytest.raises(InputError) as caught:
        explain(x=[[1.0]], y=[[1.0]], parameters=arrays, notation=notation)
    assert words in str(caught.value)


def test_arrays_of_another_network_are_refused() -> None:
    network = Network((3, 2, 1), ("tanh", "identity"), "squared_error")
    with pytest.raises(InputError):
        explain(
            network,
            [[1, 2, 3]],
            [[1]],
            parameters=column_batch.arrays_of(PARAMETERS),
            notation="S1",
        )
