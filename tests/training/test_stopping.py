"""When a run stops, what it validates on, and which parameters are its result."""

import itertools

import numpy as np
import pytest

from chainrule import (
    METRICS,
    SCHEDULES,
    Callback,
    EarlyStopping,
    InputError,
    Metric,
    Network,
    StopReason,
    forward,
    objective,
    train,
)
from chainrule.optimizers import SGD
from chainrule.training import entry as training
from chainrule.training import run as training_run
from chainrule.training.stopping import Watch

from ..support.runs import BUILT

NET = Network((3, 6, 3), ("tanh", "softmax"), "cross_entropy")


def problem(rows=30, seed=0):
    """Random labels: what is learnt of them does not carry over, so validation gets worse."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 3)), rng.integers(0, 3, rows)


def watch(rule, values):
    """(best epoch, stalled) after each epoch."""
    seen, state = [], Watch()
    for epoch, value in enumerate(values, 1):
        state = state.after_epoch(rule, value, epoch)
        seen.append((state.best_epoch, state.stalled))
    return seen


def test_watch_by_hand():
    #   smaller is better, improvements of at most 0.5 do not count
    rule = EarlyStopping(min_delta=0.5)
    assert watch(rule, [4, 3, 2.5, 2.4, 2.4, 3]) == [
        (1, 0),
        (2, 0),
        (2, 1),
        (4, 0),
        (4, 1),
        (4, 2),
    ]
    greater = EarlyStopping(monitor="accuracy")
    assert watch(greater, [0.1, 0.3, 0.2, 0.3, 0.4]) == [
        (1, 0),
        (2, 0),
        (2, 1),
        (2, 2),
        (5, 0),
    ]


def test_epochs_at_a_high_rate_do_not_count():
    rule, state, seen = EarlyStopping(), Watch(), []
    high = [True, True, True, False, False, True, False]
    for epoch, (value, up) in enumerate(
        zip([3, 4, 4, 4, 4, 4, 2], high, strict=True), 1
    ):
        state = state.after_epoch(rule, value, epoch, counts=not up)
        seen.append((state.best_epoch, state.stalled))
    assert seen == [(1, 0), (1, 0), (1, 0), (1, 1), (1, 2), (1, 2), (7, 0)]


#: What the rate begins with, and the epochs, from 1, that begin after it has come down.
LATE = {
    "constant": ({}, 1),
    "step": ({"every_epochs": 9.0}, 10),
    "inverse_scaling": ({}, 1),
    "exponential": ({}, 1),
    "cosine": ({"length_epochs": 20.0}, 11),
    "one_cycle": ({"length_epochs": 20.0, "rise": 0.3}, 14),
    "adaptive": ({"patience": 6.0, "tolerance": 0.0}, 8),
}


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("name", SCHEDULES)
def test_patience_counts_from_where_the_schedule_has_come_down(name, engine):
    """A value that is best in the first epoch: the run ends `patience` epochs after the rate has come down."""
    parameters, first = LATE[name]
    x, y = problem()
    worse = itertools.count()
    never = Metric("never better", lambda y, a: float(next(worse)), False)
    options = {
        "early_stopping": EarlyStopping(monitor=never, patience=3),
        "max_epochs": 60,
        "batch_rows": 10,
        "engine": engine,
        # of the labels' negation the loss rises from the start: adaptive falls after 6 epochs
        "validation": (x, (y + 1) % 3),
        "optimizer": SGD(learning_rate=0.5),
    }
    report = train(NET, x, y, schedule=SCHEDULES[name](**parameters), **options)
    assert (report.stopped, report.best_epoch) == (StopReason.STALLED, 1)
    if name == "adaptive":
        rates = [epoch.learning_rate for epoch in report.history]
        first = next(k for k, rate in enumerate(rates, 1) if rate < 0.5)
    assert report.epochs == max(first, 2) + 2
    if name != "adaptive":
        late = SCHEDULES[name](warmup_epochs=5.0, **parameters)
        warmed = train(NET, x, y, schedule=late, **options)
        assert warmed.epochs == first + 5 + 2


def test_one_lucky_epoch_decides_nothing():
    values = [1.0, 0.9, 0.1, 0.8, 0.75, 0.7]  # the third is luck
    assert watch(EarlyStopping(), values)[-1] == (3, 3)
    # s ← ¾ s + ¼ v: 1, 0.975, 0.756, 0.767, 0.763, 0.747: the last is the best
    smoothed = EarlyStopping(smoothing=0.75)
    assert watch(smoothed, values) == [(1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (6, 0)]
    state = Watch()
    for epoch, value in enumerate(values[:3], 1):
        state = state.after_epoch(smoothed, value, epoch)
    assert state.smoothed == 0.75 * (0.75 * 1 + 0.25 * 0.9) + 0.25 * 0.1


@pytest.mark.parametrize("planted", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_not_the_best_for_good(planted):
    rule = EarlyStopping(smoothing=0.5)
    assert watch(rule, [planted, 2.0, 1.0])[-1] == (3, 0)
    assert watch(rule, [3.0, planted, 2.0])[1:] == [(1, 1), (3, 0)]


MONITORS = ["loss", *METRICS, Metric("own", lambda y, a: float(a[0, 0]), True)]


def of_validation(monitor, parameters, x, y):
    a = forward(NET, parameters, x).output
    if monitor == "loss":
        return float(objective(NET, parameters, x, y))
    metric = METRICS.get(monitor, monitor)
    return metric.value(np.eye(3)[y], a)


@pytest.mark.parametrize("smoothing", [0.0, 0.6])
@pytest.mark.parametrize("monitor", MONITORS, ids=lambda m: getattr(m, "name", m))
def test_early_stopping_keeps_the_parameters_of_the_best_epoch(monitor, smoothing):
    x, y = problem()
    held = problem(20, seed=1)
    rule = EarlyStopping(monitor=monitor, patience=6, smoothing=smoothing)
    options = {
        "optimizer": SGD(learning_rate=0.5),
        "batch_rows": 10,
        "validation": held,
        "seed": 5,
    }
    report = train(NET, x, y, max_epochs=300, early_stopping=rule, **options)
    assert report.stopped is StopReason.STALLED
    assert report.epochs == report.best_epoch + 6
    best = train(NET, x, y, max_epochs=report.best_epoch, **options)
    np.testing.assert_array_equal(report.parameters.theta, best.parameters.theta)
    last = train(NET, x, y, max_epochs=report.epochs, **options)
    np.testing.assert_array_equal(report.last.theta, last.parameters.theta)
    # the record is that of the validation rows, and its best (smoothed) value stands where it is said to
    values = [
        e.validation_loss
        if monitor == "loss"
        else e.metrics[getattr(monitor, "name", monitor)]
        for e in report.history
    ]
    assert values[report.best_epoch - 1] == pytest.approx(
        of_validation(monitor, report.parameters, *held), rel=1e-12
    )
    smooth = [values[0]]
    for value in values[1:]:
        smooth.append(smoothing * smooth[-1] + (1 - smoothing) * value)
    greater = monitor != "loss" and METRICS.get(monitor, monitor).greater_is_better
    assert (
        np.argmax(smooth) if greater else np.argmin(smooth)
    ) + 1 == report.best_epoch


def test_the_last_parameters_where_the_best_are_not_asked_for():
    x, y = problem()
    rule = EarlyStopping(patience=3, keep_best=False)
    report = train(
        NET,
        x,
        y,
        early_stopping=rule,
        validation=problem(20, seed=1),
        optimizer=SGD(learning_rate=0.5),
    )
    assert (report.stopped, report.best_epoch) == (StopReason.STALLED, None)
    np.testing.assert_array_equal(report.parameters.theta, report.last.theta)


def test_without_validation_rows_the_training_rows_are_watched():
    x, y = problem()
    rule = EarlyStopping(monitor="accuracy", patience=2)
    report = train(NET, x, y, early_stopping=rule, max_epochs=5)
    hits = np.argmax(forward(NET, report.last, x).output, axis=1) == y
    assert report.history[-1].metrics == {"accuracy": np.mean(hits)}
    assert report.validation_loss == (None,) * report.epochs
    assert (
        train(NET, x, y, early_stopping=EarlyStopping(min_delta=99, patience=4)).epochs
        == 5
    )


def tagged(rows):
    """Rows that can be told apart, so that it shows where each one went."""
    x = np.zeros((rows, 3))
    x[:, 0] = np.arange(rows)
    return x


def split_of(monkeypatch, net, x, y, share, seed, **options):
    seen = {}
    real = training.split_off

    def split(*arguments):
        seen["train"], seen["held"] = real(*arguments)
        return seen["train"], seen["held"]

    with monkeypatch.context() as patch:
        patch.setattr(training, "split_off", split)
        train(net, x, y, validation=share, seed=seed, max_epochs=0, **options)
    return seen["train"], seen["held"]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.8])
def test_the_split_is_disjoint_complete_stratified_and_keyed(monkeypatch, share):
    y = np.repeat([0, 1, 2], [50, 30, 20])[np.random.default_rng(0).permutation(100)]
    x = tagged(100)
    kept, held = split_of(
        monkeypatch, NET, x, y, share, 3, sample_weight=np.arange(1.0, 101.0)
    )
    assert sorted([*kept.x[:, 0], *held.x[:, 0]]) == list(range(100))
    assert held.rows == round(100 * share)
    for label, count in enumerate((50, 30, 20)):
        assert abs(np.sum(held.y[:, label]) - share * count) <= 1
    for part in (kept, held):  # targets and weights go with their rows
        numbers = part.x[:, 0].astype(int)
        np.testing.assert_array_equal(np.argmax(part.y, axis=1), y[numbers])
        np.testing.assert_array_equal(part.sample_weight, numbers + 1.0)
    again, other = (split_of(monkeypatch, NET, x, y, share, seed)[1] for seed in (3, 4))
    np.testing.assert_array_equal(held.x, again.x)
    assert set(other.x[:, 0]) != set(held.x[:, 0])


def test_a_split_of_many_small_classes_and_of_whole_numbers(monkeypatch):
    wide = Network((3, 25), ("softmax",), "cross_entropy")
    kept, held = split_of(
        monkeypatch, wide, tagged(100), np.repeat(np.arange(25), 4), 0.1, 0
    )
    assert held.rows == 10
    assert np.max(held.y.sum(axis=0)) == 1
    single = split_of(
        monkeypatch, wide, tagged(30), np.minimum(np.arange(30), 24), 0.2, 0
    )
    assert (single[0].y.sum(axis=0) >= 1).all()  # every class is left to train on
    # targets of a regression that happen to be whole numbers are no classes
    regression = Network((3, 1), ("identity",), "squared_error")
    kept, held = split_of(monkeypatch, regression, tagged(50), np.arange(50), 0.2, 0)
    assert (kept.rows, held.rows) == (40, 10)
    np.testing.assert_array_equal(held.y[:, 0], held.x[:, 0])


@pytest.mark.parametrize(
    "wrong", [0.0, 1.0, -0.5, 1e-9, float("nan"), (np.ones((2, 3)),)]
)
def test_validation_that_cannot_be(wrong):
    x, y = problem()
    with pytest.raises(InputError, match="validation"):
        train(NET, x, y, validation=wrong)
    with pytest.raises(InputError, match="targets for"):
        train(NET, x, y, validation=(x, y[1:]))


def test_validation_is_without_penalty_and_dropout_but_with_weights():
    x, y = problem()
    weights = np.arange(30.0)
    report = train(
        NET, x, y, validation=(x, y, weights), l2=0.5, dropout=0.5, max_epochs=3
    )
    expected = float(objective(NET, report.parameters, x, y, sample_weight=weights))
    assert report.validation_loss[-1] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("limit", "epochs"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1), (6, 2)]
)
def test_max_steps(limit, epochs):
    x, y = problem()  # three batches of ten
    report = train(NET, x, y, batch_rows=10, max_steps=limit, max_epochs=9, seed=2)
    assert (report.steps, report.epochs, report.stopped) == (
        limit,
        epochs,
        StopReason.STEPS,
    )


def test_max_seconds(monkeypatch):
    x, y = problem()
    report = train(NET, x, y, max_seconds=1e-9, max_epochs=10**9)
    assert (report.steps, report.stopped) == (0, StopReason.TIME)
    ticks = iter(range(10**9))  # a clock that goes on whenever it is read
    monkeypatch.setattr(training_run.time, "perf_counter", lambda: next(ticks))
    report = train(NET, x, y, max_seconds=20, batch_rows=30, max_epochs=10**9)
    assert report.stopped is StopReason.TIME
    assert 0 < report.steps == report.epochs <= 20
    assert report.seconds >= 20


class Diary(Callback):
    def __init__(self, stop_at=None):
        self.lines, self.stop_at = [], stop_at

    def note(self, event, moment):
        self.lines.append((event, moment.epoch, moment.steps, len(moment.history)))
        return (event, moment.epoch, moment.steps) == self.stop_at

    def on_start(self, moment):
        self.first = moment.parameters
        self.note("start", moment)

    def on_step(self, moment):
        return self.note("step", moment)

    def on_epoch(self, moment):
        return self.note("epoch", moment)

    def on_end(self, moment):
        self.last = moment.parameters
        self.note("end", moment)


def test_callbacks_see_every_moment():
    x, y = problem()
    diary = Diary()
    report = train(NET, x, y, batch_rows=15, max_epochs=2, callbacks=[diary], seed=6)
    step_and_epochs = [("step", 0, 1, 0), ("step", 0, 2, 0), ("epoch", 1, 2, 1)]
    step_and_epochs += [("step", 1, 3, 1), ("step", 1, 4, 1), ("epoch", 2, 4, 2)]
    assert diary.lines == [("start", 0, 0, 0), *step_and_epochs, ("end", 2, 4, 2)]
    np.testing.assert_array_equal(diary.first.theta, NET.init(6).theta)
    np.testing.assert_array_equal(diary.last.theta, report.parameters.theta)


@pytest.mark.parametrize(
    ("stop_at", "steps", "epochs"),
    [(("step", 0, 1), 1, 0), (("step", 1, 4), 4, 2), (("epoch", 1, 2), 2, 1)],
)
def test_callbacks_stop_a_run_and_every_other_callback_still_sees_it(
    stop_at, steps, epochs
):
    x, y = problem()
    diaries = [Diary(stop_at), Diary()]
    report = train(NET, x, y, batch_rows=15, max_epochs=9, callbacks=diaries)
    assert (report.stopped, report.steps, report.epochs) == (
        StopReason.CALLBACK,
        steps,
        epochs,
    )
    assert diaries[0].lines == diaries[1].lines
    assert diaries[1].lines[-1] == ("end", epochs, steps, epochs)


def test_reasons_are_sentences():
    texts = [reason.value for reason in StopReason]
    assert len(set(texts)) == len(texts) == 12
    assert all(
        text[0].isupper() and text.endswith(".") and len(text.split()) >= 4
        for text in texts
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"monitor": "luck"},
        {"patience": 0},
        {"patience": 2.5},
        {"min_delta": -1.0},
        {"min_delta": float("nan")},
        {"smoothing": 1.0},
        {"smoothing": -0.1},
    ],
)
def test_bad_arguments(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        EarlyStopping(**wrong)
