"""A step of Levenberg–Marquardt in numbers, against an explicit Jacobian and a solve written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chainrule import Checkpoint, InputError, Network, Parameters, explain, train
from chainrule.explanation.checks import Checker
from chainrule.optimizers import LevenbergMarquardt

from ..support.cases import targets_for
from ..support.commands import in_process
from ..support.explicit import (
    gauss_newton_matrix,
    jacobian_of_outputs,
)

#: Relative to the largest entry; the damping keeps the condition of the matrices below 1e4.
TOLERANCE = 1e-9
PAIRS = [
    ("identity", "squared_error"),
    ("sigmoid", "squared_error"),
    ("softmax", "squared_error"),
    ("identity", "huber"),
    ("identity", "log_cosh"),
    ("softmax", "cross_entropy"),
    ("sigmoid", "cross_entropy"),
    ("sigmoid", "binary_cross_entropy"),
    ("softmax", "binary_cross_entropy"),
    ("exp", "poisson"),
    ("softplus", "poisson"),
]
FORMS = ["primal", "dual"]


def problem(end="identity", loss="squared_error", hidden="tanh", rows=4, width=2):
    rng = np.random.default_rng(1)
    network = Network((2, 3, width), (hidden, end), loss)
    x = rng.normal(size=(rows, 2))
    y = network.loss.targets(targets_for(loss, rng, rows, width), width, x)
    return network, network.init(2), x, y


def explained(case, form="auto", **options):
    network, parameters, x, y = case
    optimizer = LevenbergMarquardt(form=form)
    options = {"parameters": parameters, "optimizer": optimizer} | options
    return explain(network, x, y, **options)


def flat(e, kind):
    """The numbers of a kind in the place of every parameter."""
    layers = range(1, e.numbers.layers + 1)
    arrays = e.numbers.arrays
    parts = [arrays[f"{kind}{a}{l}"].ravel() for a in "Wb" for l in layers]
    return np.concatenate(parts)


def close(found, expected) -> None:
    np.testing.assert_allclose(
        found, expected, rtol=0, atol=TOLERANCE * max(1e-3, np.abs(expected).max())
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("end", "loss"), PAIRS)
def test_the_numbers_are_those_of_an_explicit_jacobian(end, loss, form) -> None:
    case = problem(end, loss)
    network, parameters, x, y = case
    w, l2 = np.array([1.0, 0.5, 2.0, 1.0]), 0.03
    e = explained(case, form, sample_weight=w, l2=l2)
    assert e.passed, e.failed
    C = gauss_newton_matrix(network, parameters.theta, x, y, w / w.sum())
    close(flat(e, "c"), np.diag(C))  # G6
    P = l2 * np.repeat([1.0, 0.0], [12, 5])
    gradient = flat(e, "d")
    delta = -np.linalg.solve(C + np.diag(P + e.value("lam")), gradient)  # G7
    close(flat(e, "s"), delta)
    close(e.numbers.stepped, parameters.theta + delta)
    # J̃ has these rows: a product of the roots at the output with the Jacobian of Z[L] (G1, G2)
    J = jacobian_of_outputs(network, parameters.theta, x)
    roots = np.moveaxis(e.numbers.arrays["E2"], 1, 0)
    root_J = np.einsum("mik,ikd->mid", roots, J)
    close(np.einsum("mid,mie->de", root_J, root_J), C)
    r = e.numbers.arrays["r2"].T
    close(flat(e, "t"), np.einsum("mid,mi->d", root_J, r))  # G4
    close(e.numbers.arrays["j2"].T, root_J @ delta)  # G3
    K = np.einsum("md,nid->imn", root_J[:, 0], root_J)
    close(e.numbers.arrays["K2"], K)  # G5


@pytest.mark.parametrize("hidden", ["relu", "softmax", "identity", "sigmoid"])
@pytest.mark.parametrize("row", [0, 3])
def test_every_number_agrees_with_its_formula(hidden, row) -> None:
    for pair in PAIRS:
        e = explained(problem(*pair, hidden=hidden), row=row, l1=0.01)
        assert e.passed, (pair, e.failed)
        shown = {name for step in e.steps for name in step.entries}
        kinds = {"E2.1.1", "r2.1", "tW1.1.1", "cb2.1", "K2.1.1", "sW2.1.1", "j2.1"}
        assert kinds <= shown


def test_bayesian_regularization_adds_its_prior() -> None:
    case = problem()
    network, parameters, x, y = case
    e = explain(
        network,
        x,
        y,
        parameters=parameters,
        optimizer=LevenbergMarquardt(regularization="bayes"),
    )
    assert e.passed
    prior = e.value("prior")
    assert prior == 0.01 / 4
    C = gauss_newton_matrix(network, parameters.theta, x, y, np.full(4, 0.25))
    held = np.eye(len(C)) * (prior + e.value("lam"))
    gradient = flat(e, "d") + prior * parameters.theta
    close(flat(e, "s"), -np.linalg.solve(C + held, gradient))


def test_the_step_is_the_first_of_a_run() -> None:
    network, parameters, x, y = problem()
    for optimizer in (LevenbergMarquardt(), LevenbergMarquardt(regularization="bayes")):
        run = {"parameters": parameters, "optimizer": optimizer, "max_steps": 1}
        report = train(network, x, y, engine="reference", **run)
        e = explain(network, x, y, parameters=parameters, optimizer=optimizer)
        assert np.array_equal(e.numbers.stepped, report.last.theta)
        assert e.value("lam") == report.details["damping"][0]


@pytest.mark.parametrize("regularization", ["none", "bayes"])
def test_a_step_of_a_run_is_taken_again(tmp_path, regularization) -> None:
    network, parameters, x, y = problem(rows=12)
    run = {
        "parameters": parameters,
        "optimizer": LevenbergMarquardt(regularization=regularization),
    }
    file = tmp_path / "run"
    train(network, x, y, max_steps=3, checkpoint=Checkpoint(file), **run)
    for step in (4, 9):
        e = explain(file, x, y, step=step)
        whole = train(network, x, y, max_steps=step, **run)
        assert e.passed, e.failed
        assert np.array_equal(e.numbers.stepped, whole.last.theta)
        moved = e.value("W1.1.2") + e.value("sW1.1.2")
        assert moved == e.value("W+1.1.2")
    end = train(network, x, y, max_epochs=10_000, **run).steps
    with pytest.raises(InputError, match=f"ends after step {end}"):
        explain(file, x, y, step=end + 1)


def test_parameters_in_float32_are_taken_to_float64() -> None:
    network, _, x, y = problem()
    single = network.init(2, "float32")
    e = explain(network, x, y, parameters=single, optimizer="levenberg_marquardt")
    double = Parameters(network.sizes, single.theta.astype(float))
    other = explain(network, x, y, parameters=double, optimizer="levenberg_marquardt")
    assert e.numbers.stepped.dtype == np.float64
    assert np.array_equal(e.numbers.stepped, other.numbers.stepped)


def test_frozen_layers_do_not_move_in_a_step_of_a_run(tmp_path) -> None:
    network, parameters, x, y = problem(rows=9)
    run = {"parameters": parameters, "optimizer": "levenberg_marquardt"}
    run |= {"frozen_layers": (1,), "checkpoint": Checkpoint(tmp_path / "run")}
    train(network, x, y, max_steps=1, **run)
    e = explain(tmp_path / "run", x, y)
    assert e.passed
    assert np.all(flat(e, "s")[:6] == 0)
    assert e.value("W+1.1.1") == e.value("W1.1.1")
    own = e.numbers.arrays["E2"][0, 0] @ e.numbers.arrays["E2"][0, 0]
    inputs = e.numbers.arrays["A1"][0] @ e.numbers.arrays["A1"][0] + 1
    assert e.value("K2.1.1") == pytest.approx(own * inputs, rel=1e-12)


@pytest.mark.parametrize("equation", [f"G{number}" for number in range(1, 9)])
def test_a_step_is_found_by_the_number_of_its_equation(equation) -> None:
    form = "dual" if equation == "G8" else "primal"
    e = explained(problem(), form, equation=equation)
    assert {step.equation for step in e.steps} == {equation}
    assert equation in e.text()
    for notation in e.templates:
        assert equation in e.text(notation)


def test_the_command_shows_it_in_every_form(tmp_path, capsys) -> None:
    assert in_process("explain", "--optimizer", "levenberg_marquardt") == 0
    printed = capsys.readouterr().out
    assert "CURVATURE" in printed
    assert "DISAGREE" not in printed
    files = [tmp_path / f"page{end}" for end in (".html", ".tex", ".json", ".svg")]
    to = [part for file in files for part in ("--to", str(file))]
    assert in_process("explain", "--optimizer", "levenberg_marquardt", *to) == 0
    page, latex, json, _ = (file.read_text() for file in files)
    assert '"phases":["forward","loss","backward","curvature","update"]' in page
    assert r"\tilde{J}" in latex
    assert '"K3.1.2"' in json


def test_a_start_where_there_is_no_step_is_refused() -> None:
    network, _, x, y = problem()
    zero = Parameters(network.sizes, np.zeros(network.n_parameters))
    with pytest.raises(InputError, match=r"takes no step.*at most the goal"):
        explain(network, x, 0 * y, parameters=zero, optimizer="levenberg_marquardt")
    with pytest.raises(InputError, match=r"absolute_error.*curvature"):
        explain(
            Network((2, 3, 2), ("tanh", "identity"), "absolute_error"),
            x,
            y,
            parameters=zero,
            optimizer="levenberg_marquardt",
        )


# Planted faults


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "array",
    [
        "E1",
        "E2",
        "r2",
        "tW1",
        "tb2",
        "cW2",
        "cb1",
        "K2",
        "sW1",
        "sb2",
        "j2",
        "qW1",
        "qb2",
    ],
)
def test_a_number_that_is_off_is_caught(array, form) -> None:
    e = explained(problem(), form)
    numbers = e.numbers
    wrong = {**numbers.arrays, array: numbers.arrays[array] * 1.001}
    checker = Checker(replace(numbers, arrays=wrong))
    names = [
        name for step in e.steps for name in step.entries if name.startswith(array)
    ]
    assert any(not c.passed for name in names for c in checker.of(name))


def test_biases_count_as_one_row_of_the_gram_matrix() -> None:
    e = explained(problem())
    arrays = e.numbers.arrays
    without = sum(
        (arrays[f"E{l}"][0, 0] @ arrays[f"E{l}"][0, 0])
        * (arrays[f"A{l - 1}"][0] @ arrays[f"A{l - 1}"][0])
        for l in (1, 2)
    )
    biases = sum(arrays[f"E{l}"][0, 0] @ arrays[f"E{l}"][0, 0] for l in (1, 2))
    assert e.value("K2.1.1") == pytest.approx(without + biases, rel=1e-12)
