"""Metrics are recorded after each epoch, whatever stops the run, and go through a checkpoint."""

import json

import numpy as np
import pytest

from chainrule import (
    Callback,
    Checkpoint,
    EarlyStopping,
    InputError,
    Metric,
    Network,
    forward,
    train,
)
from chainrule.files.json_text import json_ready
from chainrule.training.checkpoint_text import CheckpointText
from chainrule.training.report import Epoch

from ..support.runs import BUILT

NET = Network((3, 6, 3), ("tanh", "softmax"), "cross_entropy")


def sure(y, a):
    """A function of one's own: the mean of the largest probability."""
    return np.max(a, axis=1).mean()


LEAST = Metric("least", lambda y, a: float(np.min(a)), True)


def problem(rows=30, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 3)), rng.integers(0, 3, rows)


class Outputs(Callback):
    """The outputs on rows after each epoch, by the parameters that a callback sees."""

    def __init__(self, x):
        self.x, self.found = x, []

    def on_epoch(self, moment):
        self.found.append(forward(NET, moment.parameters, self.x).output)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("validated", [False, True])
def test_what_is_recorded_is_what_the_outputs_give(engine, validated):
    x, y = problem()
    held = problem(20, seed=1)
    rows, targets = held if validated else (x, y)
    outputs = Outputs(rows)
    report = train(
        NET,
        x,
        y,
        engine=engine,
        validation=held if validated else None,
        metrics=["accuracy", "root_mean_squared_error", LEAST, sure],
        callbacks=[outputs],
        batch_rows=10,
        max_epochs=7,
    )
    assert list(report.metrics) == [
        "accuracy",
        "root_mean_squared_error",
        "least",
        "sure",
    ]
    assert report.settings["metrics"] == list(report.metrics)
    encoded = np.eye(3)[targets]
    for epoch, a in zip(report.history, outputs.found, strict=True):
        hits = np.mean(np.argmax(a, axis=1) == targets)
        error = np.sqrt(np.mean((a - encoded) ** 2, axis=0)).mean()
        assert epoch.metrics == pytest.approx(
            {
                "accuracy": hits,
                "root_mean_squared_error": error,
                "least": a.min(),
                "sure": a.max(axis=1).mean(),
            },
            rel=1e-12,
        )
    assert report.metrics["sure"] == tuple(e.metrics["sure"] for e in report.history)
    assert json.loads(json.dumps(report.as_dict()))["history"][-1]["metrics"]


@pytest.mark.parametrize("stopping", [None, EarlyStopping(patience=3)], ids=str)
def test_metrics_change_no_bit_and_stop_nothing(stopping):
    options = {"early_stopping": stopping, "batch_rows": 10, "max_epochs": 40}
    plain = train(NET, *problem(), validation=0.3, **options)
    falls = iter(range(100, 0, -1))
    worse = Metric("worse", lambda y, a: float(next(falls)), True)
    recorded = train(NET, *problem(), validation=0.3, metrics=[worse], **options)
    assert (plain.epochs, plain.stopped) == (recorded.epochs, recorded.stopped)
    np.testing.assert_array_equal(plain.last.theta, recorded.last.theta)
    assert plain.metrics == {}
    assert len(recorded.metrics["worse"]) == recorded.epochs


def test_the_metric_of_early_stopping_comes_first_and_once():
    rule = EarlyStopping(monitor=LEAST, patience=50)
    report = train(
        NET,
        *problem(),
        early_stopping=rule,
        metrics=["accuracy", LEAST],
        max_epochs=2,
    )
    assert list(report.metrics) == ["least", "accuracy"]


def test_without_metrics_none_are_computed(monkeypatch):
    evaluated = "chainrule.training.run.propagate"
    monkeypatch.setattr(evaluated, lambda *_: pytest.fail("evaluated"))
    assert train(NET, *problem(), max_epochs=2).history[-1].metrics == {}


@pytest.mark.parametrize(
    ("metrics", "match"),
    [
        ("accuracy", r"metrics = 'accuracy'.*Pass metrics=\[\"accuracy\"\]"),
        (LEAST, "metrics that are"),
        (["acuracy"], "metric 'acuracy'.*accuracy"),
        ([3], "a metric that is"),
        ([LEAST, Metric("least", sure, True)], "two metrics of the name 'least'"),
    ],
    ids=range(5),
)
def test_what_is_no_list_of_metrics(metrics, match):
    with pytest.raises(InputError, match=match):
        train(NET, *problem(), metrics=metrics, max_epochs=1)


def test_accuracy_of_numbers():
    net = Network((3, 1), ("identity",), "squared_error")
    x = problem()[0]
    for options in (
        {"metrics": ["accuracy"]},
        {"early_stopping": EarlyStopping(monitor="accuracy")},
    ):
        with pytest.raises(InputError, match='"accuracy" with the loss squared_error'):
            train(net, x, x[:, :1], max_epochs=1, **options)
    own = Metric("accuracy", lambda y, a: float(np.mean(abs(y - a) < 1)), True)
    report = train(net, x, x[:, :1], max_epochs=1, metrics=[own, "r2"])
    assert set(report.metrics) == {"accuracy", "r2"}


def test_a_checkpoint_carries_them(tmp_path):
    options = {"metrics": ["accuracy", sure], "validation": 0.3, "batch_rows": 10}
    path = tmp_path / "run"
    whole = train(NET, *problem(), max_epochs=6, **options)
    train(NET, *problem(), max_epochs=3, checkpoint=Checkpoint(path), **options)
    resumed = train(NET, *problem(), max_epochs=6, resume=path, **options)
    assert resumed.history == whole.history
    # as with limits and callbacks, another choice is no other run
    other = train(
        NET, *problem(), max_epochs=6, resume=path, **{**options, "metrics": [LEAST]}
    )
    assert other.loss == whole.loss
    assert other.metrics["sure"] == (*whole.metrics["sure"][:3], None, None, None)
    assert other.metrics["least"][:3] == (None,) * 3


def test_a_number_that_is_none(tmp_path):
    """NaN goes through the text of a checkpoint."""
    path, nan = tmp_path / "run", Metric("nan", lambda y, a: float("nan"), True)
    options = {"metrics": [nan], "batch_rows": 10}
    train(NET, *problem(), max_epochs=2, checkpoint=Checkpoint(path), **options)
    resumed = train(NET, *problem(), max_epochs=3, resume=path, **options)
    assert np.isnan(resumed.metrics["nan"]).all()


def test_the_history_of_a_checkpoint_of_before():
    """A row's last entry was the value that early stopping watches, without its name."""
    rows = (
        (0.5, 0.1, 0.75, 0.25),
        (0.5, 0.1, None, None),
        (0.5, 0.1, None, {"b": 1.0}),
    )
    text = CheckpointText({}, None, rows, (), None, 0.0)
    assert text.epochs("accuracy") == (
        Epoch(0.5, 0.1, 0.75, {"accuracy": 0.25}),
        Epoch(0.5, 0.1),
        Epoch(0.5, 0.1, None, {"b": 1.0}),
    )
    assert json_ready([list(vars(epoch).values()) for epoch in text.epochs("a")])
