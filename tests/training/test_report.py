"""The report of a run, and the diagnoses in it."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from chainrule import (
    EarlyStopping,
    Network,
    Parameters,
    backward,
    custom_activation,
    forward,
    objective,
    train,
)
from chainrule.engines import ENGINES
from chainrule.optimizers import SGD
from chainrule.training.diagnostics import FLAT, is_due, sample_rows

from ..support.runs import BUILT

# sums of squares of up to 500 · 4 numbers, in another order
ROUNDED = 1e-13
NET = Network((3, 5, 4, 2), ("relu", "tanh", "identity"), "squared_error")


def problem(rows=20):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(rows, 3))
    return x, rng.normal(size=(rows, 2))


def strictly(text):
    """Parsed as JSON proper, which has no NaN and no Infinity."""

    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def test_the_report_is_ready_for_json():
    x, y = problem()
    rule = EarlyStopping(monitor="r2", patience=50)
    report = train(
        NET,
        x,
        y,
        early_stopping=rule,
        validation=0.3,
        max_epochs=4,
        dropout=0.1,
        seed=9,
    )
    content = strictly(json.dumps(report.as_dict()))
    assert content["stopped"] == report.stopped.value
    assert content["failure"] is None
    assert [epoch["loss"] for epoch in content["history"]] == list(report.loss)
    assert content["settings"]["seed"] == 9
    assert content["settings"]["optimizer"]["name"] == "adam"
    assert content["versions"]["numpy"] == np.__version__
    assert content["best_epoch"] == report.best_epoch
    assert (content["epochs"], content["steps"]) == (4, 4)
    assert str(report).endswith(report.stopped.value)
    assert "theta" not in content


def test_functions_of_your_own_are_named_in_it():
    x, y = problem()
    net = Network(
        (3, 2), (custom_activation(np.sin, np.cos, name="sine"),), "squared_error"
    )
    content = strictly(json.dumps(train(net, x, y, max_epochs=1).as_dict()))
    assert content["settings"]["network"]["activations"] == [{"name": "sine"}]


def test_numbers_that_json_does_not_have_become_text():
    x, y = problem()
    y32 = y.astype(np.float32)
    far = (x, np.full_like(y, 1e30))  # squares of 1e30 overflow in float32
    report = train(NET, x, y32, dtype="float32", validation=far, max_epochs=2)
    assert report.validation_loss == (np.inf, np.inf)
    content = strictly(json.dumps(report.as_dict()))
    assert [float(epoch["validation_loss"]) for epoch in content["history"]] == [
        np.inf,
        np.inf,
    ]


@pytest.mark.parametrize("rows", [20, 550, 10_050])
def test_norms_are_those_of_the_equations(rows):
    x, y = problem(rows)
    report = train(
        NET, x, y, optimizer=SGD(learning_rate=0.01), l2=0.1, dropout=0.2, max_epochs=2
    )
    last = report.diagnoses[-1]
    assert last.epoch == 2
    seen = slice(None, sample_rows(rows))
    gradient = backward(
        NET, report.parameters, forward(NET, report.parameters, x[seen]), y[seen]
    )
    deltas = [
        np.sqrt(sum(float(row @ row) for row in delta) / len(delta))
        for delta in gradient.delta
    ]
    norms = [np.sqrt(sum(float(v) ** 2 for v in dW.ravel())) for dW in gradient.dW]
    np.testing.assert_allclose(last.delta_norms, deltas, rtol=ROUNDED)
    np.testing.assert_allclose(last.gradient_norms, norms, rtol=ROUNDED)


@pytest.mark.parametrize("batch_rows", [7, 500])
@pytest.mark.parametrize("engine", BUILT)
def test_a_diagnosis_is_the_engine_s_own(monkeypatch, engine, batch_rows):
    """Its Δ, doubled as it hands them out, are twice as long in the diagnosis."""
    x, y = problem(500)
    options = {"engine": engine, "batch_rows": batch_rows, "max_epochs": 1}
    (right,) = train(NET, x, y, **options).diagnoses
    kind = type(ENGINES[engine])
    real = kind.passes

    def doubled(*arguments, **more):
        trace, gradient = real(*arguments, **more)
        return trace, replace(gradient, delta=tuple(2 * d for d in gradient.delta))

    monkeypatch.setattr(kind, "passes", doubled)
    (seen,) = train(NET, x, y, **options).diagnoses
    assert seen.delta_norms == tuple(2 * norm for norm in right.delta_norms)


def test_planted_dead_and_saturated_units_are_found():
    x, y = problem()
    start = NET.init(0)
    W, b = [w.copy() for w in start.weights], [v.copy() for v in start.biases]
    b[0][[1, 3]] = -1e3  # relu: never on
    b[0][[0, 2, 4]] = 1e3, 1e3, 0.0  # two always on, one on some rows
    W[1][...] = 0
    b[1][...] = [0.0, 20.0, -3.0, 1.0]  # tanh: slope 1, about 0, 0.0099, 0.42
    planted = Parameters.from_arrays(W, b)
    assert 1 - np.tanh(3) ** 2 < FLAT < 1 - np.tanh(1) ** 2
    report = train(
        NET, x, y, parameters=planted, optimizer=SGD(learning_rate=1e-12), max_epochs=1
    )
    (seen,) = report.diagnoses
    assert seen.dead == (2 / 5, 0.0, 0.0)  # tanh is flat somewhere, but nowhere quite
    sometimes = np.mean(x @ W[0][4] <= 0)
    assert 0 < sometimes < 1
    np.testing.assert_allclose(
        seen.saturated, ((2 + sometimes) / 5, 2 / 4, 0.0), rtol=ROUNDED
    )
    healthy = Parameters.from_arrays(W, [np.full(5, 1e3), np.zeros(4), b[2]])
    (seen,) = train(
        NET, x, y, parameters=healthy, optimizer=SGD(learning_rate=1e-12), max_epochs=1
    ).diagnoses
    assert (seen.dead, seen.saturated) == ((0.0,) * 3, (0.0,) * 3)


def test_diagnoses_come_ever_more_rarely():
    x, y = problem()
    epochs = [d.epoch for d in train(NET, x, y, max_epochs=60).diagnoses]
    assert epochs[:5] == list(range(1, 6))
    assert all(
        after >= before * 1.25 for before, after in itertools.pairwise(epochs[4:])
    )
    assert len(epochs) == 5 + 10  # 7, 9, 12, 15, 19, 24, 30, 38, 48, 60
    assert not is_due(11, 10)


def test_the_validation_curve_is_of_the_parameters_after_each_epoch():
    x, y = problem()
    held = problem(7)
    report = train(NET, x, y, validation=held, max_epochs=3, seed=1)
    for epoch in (1, 2, 3):
        after = train(NET, x, y, max_epochs=epoch, seed=1).parameters
        expected = float(objective(NET, after, *held))
        assert report.validation_loss[epoch - 1] == pytest.approx(expected, rel=ROUNDED)
