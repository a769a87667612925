"""The schedules: factors worked by hand, warm-up, and that no schedule knows how long a run is."""

import math

import numpy as np
import pytest

from chainrule import OPTIMIZERS, SCHEDULES, InputError, Network, train
from chainrule.optimizers import SGD
from chainrule.optimizers.rules import Rules
from chainrule.optimizers.state import State

# a power, a cosine and a few products: 10 roundings
ROUNDED = 10 * 2**-53

COSINE = {"length_epochs": 8.0, "final": 0.2}
CYCLE = {"length_epochs": 10.0, "rise": 0.4, "start_factor": 0.1, "final": 0.02}
#: (name, parameters) → {epochs: factor}
POINTS = {
    ("constant", ()): {0: 1, 0.5: 1, 1000: 1},
    ("step", (("every_epochs", 4.0), ("multiplier", 0.5))): {
        0: 1,
        3.99: 1,
        4: 0.5,
        7.9: 0.5,
        8: 0.25,
        40: 2**-10,
    },
    ("inverse_scaling", (("length_epochs", 2.0), ("power", 0.5))): {
        0: 1,
        6: 0.5,
        16: 1 / 3,
        2 * 99: 0.1,
    },
    ("exponential", (("length_epochs", 3.0), ("multiplier", 0.25))): {
        0: 1,
        1.5: 0.5,
        3: 0.25,
        6: 0.0625,
    },
    # 1 at the start; halfway the mean of 1 and 0.2; a quarter of the way cos 45°
    ("cosine", tuple(COSINE.items())): {
        0: 1,
        4: 0.6,
        2: 0.6 + 0.4 * math.sqrt(0.5),
        8: 0.2,
        80: 0.2,
    },
    # rises over 4 epochs from 0.1, then falls over 6 to 0.02
    ("one_cycle", tuple(CYCLE.items())): {
        0: 0.1,
        2: 0.55,
        1: 0.55 - 0.45 * math.sqrt(0.5),
        4: 1,
        7: 0.51,
        10: 0.02,
        99: 0.02,
    },
}


def cases():
    return [(name, dict(options), points) for (name, options), points in POINTS.items()]


@pytest.mark.parametrize(("name", "options", "points"), cases())
def test_factors_by_hand(name, options, points):
    schedule = SCHEDULES[name](**options)
    for epochs, factor in points.items():
        assert schedule.at(epochs, 0.1, schedule.start()) == pytest.approx(
            factor, rel=ROUNDED
        ), epochs


def test_every_schedule_is_worked_by_hand():
    assert {name for name, _ in POINTS} | {"adaptive"} == set(SCHEDULES)


@pytest.mark.parametrize(
    ("name", "options", "points"), [*cases(), ("adaptive", {}, {0: 1, 5: 1})]
)
def test_warm_up_comes_first_and_shifts_the_rest(name, options, points):
    warm = SCHEDULES[name](**options, warmup_epochs=2.0)
    memory = warm.start()
    # steps of ¼ epoch: 1/8, 2/8, …, 8/8 of the whole
    factors = [warm.at(step / 4, 1 / 4, memory) for step in range(8)]
    assert factors == pytest.approx([(step + 1) / 8 for step in range(8)], rel=ROUNDED)
    for epochs, factor in points.items():
        assert warm.at(epochs + 2, 0.25, memory) == pytest.approx(factor, rel=ROUNDED)
    assert warm.at(1.9, 0.5, memory) == 1.0  # a step that reaches beyond the warm-up


def test_adaptive_lowers_when_the_loss_stalls():
    schedule = SCHEDULES["adaptive"](patience=2.0, multiplier=0.5, tolerance=0.1)
    #         falls  falls too little twice  falls  stalls twice  once
    losses = [5.0, 4.0, 3.95, 3.92, 3.0, 3.5, 3.0, 2.95]
    factors, memory = [], schedule.start()
    for loss in losses:
        memory = schedule.after_epoch(memory, loss)
        factors.append(schedule.at(1.0, 0.1, memory))
    assert factors == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]


def problem():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(11, 3))
    return x, np.sin(x)


NET = Network((3, 4, 3), ("tanh", "identity"), "squared_error")


def rates(report):
    return [epoch.learning_rate for epoch in report.history]


@pytest.mark.parametrize("warmup", [0.0, 1.3])
@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_do_not_depend_on_how_many_epochs_are_asked_for(name, warmup):
    x, y = problem()
    quick = {
        "step": {"every_epochs": 2.0},
        "cosine": {"length_epochs": 5.0},
        "one_cycle": {"length_epochs": 5.0},
        "adaptive": {"patience": 2.0, "tolerance": 0.05},
    }
    schedule = SCHEDULES[name](warmup_epochs=warmup, **quick.get(name, {}))
    options = {
        "optimizer": SGD(learning_rate=0.2),
        "schedule": schedule,
        "batch_rows": 4,
    }
    short, long = (train(NET, x, y, max_epochs=epochs, **options) for epochs in (4, 9))
    assert rates(long)[:4] == rates(short)
    assert (len(set(rates(long))) > 1) == (name != "constant" or warmup > 0)


def test_the_rate_recorded_is_that_of_the_last_step():
    x, y = problem()  # 11 rows by 4: three batches an epoch; the last begins at ⅔
    schedule = SCHEDULES["exponential"](length_epochs=1.0, multiplier=0.125)
    report = train(
        NET,
        x,
        y,
        optimizer=SGD(learning_rate=0.2),
        schedule=schedule,
        batch_rows=4,
        max_epochs=3,
    )
    assert rates(report) == pytest.approx(
        [0.2 * 0.125 ** (e + 2 / 3) for e in range(3)], rel=ROUNDED
    )
    rules = Rules(SGD(learning_rate=0.2), schedule, batch_rows=4)
    second = rules.learning_rate(State(NET.init().theta, epoch=5, step_in_epoch=1), 3)
    assert second == pytest.approx(0.2 * 0.125 ** (5 + 1 / 3), rel=ROUNDED)


def test_steps_are_taken_with_the_rates_of_the_schedule():
    # a = wx, ½ (a - y)², x = 1, y = 0, w = 1: w ← (1 - α) w; α = ½, ¼, ⅛, …
    net = Network((1, 1), ("identity",), "squared_error")
    schedule = SCHEDULES["step"](every_epochs=1.0, multiplier=0.5)
    start = net.init(initializer="zeros")
    start.theta[:] = [1.0, 0.0]
    options = {
        "parameters": start,
        "frozen_layers": (),
        "optimizer": SGD(learning_rate=0.25),
    }
    report = train(net, [[1.0]], [[0.0]], schedule=schedule, max_epochs=3, **options)
    w, b = 1.0, 0.0
    for rate in (0.25, 0.125, 0.0625):
        w, b = w - rate * (w + b), b - rate * (w + b)
    assert report.parameters.theta.tolist() == [w, b]  # exact: sums of powers of two


#: (name, parameters) → the time, in epochs after the warm-up, from which patience counts. Halfway down the fall of a
#: cosine its factor is the mean of 1 and `final`; it begins where the rise ends.
SETTLED = {
    ("constant", ()): 0,
    ("step", (("every_epochs", 4.0), ("multiplier", 0.5))): 4,
    ("step", (("every_epochs", 4.0), ("multiplier", 1.0))): 0,
    ("step", (("every_epochs", 4.0), ("multiplier", 2.0))): 0,
    ("inverse_scaling", (("length_epochs", 2.0), ("power", 0.5))): 0,
    ("exponential", (("length_epochs", 3.0), ("multiplier", 0.25))): 0,
    ("cosine", tuple(COSINE.items())): 4,
    ("cosine", (("length_epochs", 8.0), ("final", 1.0))): 0,
    ("one_cycle", tuple(CYCLE.items())): 7,
    ("one_cycle", (("length_epochs", 10.0), ("rise", 1.0))): 10,
}


@pytest.mark.parametrize("warmup", [0.0, 2.5])
@pytest.mark.parametrize(("name", "parameters"), SETTLED, ids=str)
def test_when_the_rate_has_come_down(name, parameters, warmup):
    schedule = SCHEDULES[name](warmup_epochs=warmup, **dict(parameters))
    at = warmup + SETTLED[name, parameters]
    memory = schedule.start()
    for epochs in (0.0, 1.0, 2.4, at - 1e-9, at, at + 1, 1000.0):
        assert schedule.settled(epochs, memory) == (epochs >= at)
    if name in ("cosine", "one_cycle") and 0 < at - warmup < 10:
        halfway = (1 + dict(parameters)["final"]) / 2
        assert schedule.at(at, 0.1, memory) == pytest.approx(halfway, rel=ROUNDED)


def test_every_schedule_says_when():
    known = {name for name, _ in SETTLED} | {"adaptive"}
    assert known == set(SCHEDULES)


def test_adaptive_has_come_down_after_its_first_fall():
    schedule = SCHEDULES["adaptive"](patience=2.0, warmup_epochs=1.0)
    memory, settled = schedule.start(), []
    for epoch, loss in enumerate([5.0, 4.0, 4.0, 4.0, 4.0, 3.0]):
        settled.append(schedule.settled(epoch, memory))
        memory = schedule.after_epoch(memory, loss)
    # the second epoch without a fall of the loss is the fourth; from the fifth on the rate is lower
    assert settled == [False, False, False, False, True, True]
    rising = SCHEDULES["adaptive"](multiplier=1.0)
    assert rising.settled(0, rising.start())


def test_adaptive_watches_the_validation_loss():
    x, y = problem()
    schedule = SCHEDULES["adaptive"](patience=1.0, multiplier=0.5, tolerance=1e-9)
    # targets that training moves away from: the training loss falls, the validation loss rises
    report = train(
        NET,
        x,
        y,
        validation=(x, -5 * y),
        schedule=schedule,
        max_epochs=6,
        optimizer=SGD(learning_rate=0.1),
    )
    assert all(b < a for a, b in zip(report.loss, report.loss[1:], strict=False))
    assert all(
        b > a
        for a, b in zip(
            report.validation_loss, report.validation_loss[1:], strict=False
        )
    )
    assert rates(report) == pytest.approx(
        [0.1, 0.1, 0.05, 0.025, 0.0125, 0.00625], rel=ROUNDED
    )


@pytest.mark.parametrize("name", SCHEDULES)
def test_specification_makes_it_again(name):
    schedule = SCHEDULES[name](warmup_epochs=np.float32(1.5))
    specification = schedule.specification()
    assert all(type(value) in (str, float) for value in specification.values())
    assert SCHEDULES[specification.pop("name")](**specification) == schedule


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("step", {"every_epochs": 0.0}),
        ("step", {"multiplier": -0.5}),
        ("inverse_scaling", {"length_epochs": 0}),
        ("inverse_scaling", {"power": float("nan")}),
        ("exponential", {"multiplier": 0.0}),
        ("cosine", {"length_epochs": float("inf")}),
        ("cosine", {"final": -0.1}),
        ("one_cycle", {"rise": 1.5}),
        ("one_cycle", {"rise": 0.0}),
        ("adaptive", {"patience": 0}),
        ("constant", {"warmup_epochs": -1.0}),
        ("constant", {"warmup_epochs": "2"}),
    ],
)
def test_bad_arguments(name, options):
    with pytest.raises(InputError, match=next(iter(options))):
        SCHEDULES[name](**options)


def test_a_schedule_or_optimizer_that_does_not_exist():
    x, y = problem()
    with pytest.raises(InputError, match="schedule 'spiral'"):
        train(NET, x, y, schedule="spiral")
    with pytest.raises(InputError, match="schedule"):
        train(NET, x, y, schedule=OPTIMIZERS["sgd"]())
