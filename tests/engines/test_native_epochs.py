"""Whole epochs in one call against the steps one by one and the reference's; threads, pauses, resuming."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chainrule import OPTIMIZERS, Network
from chainrule.engines import native
from chainrule.engines.interface import Engine, Pause
from chainrule.engines.rows import Data, batches_per_epoch
from chainrule.optimizers.rules import Rules
from chainrule.optimizers.state import State

from ..support.native_cases import NATIVE, REFERENCE, needs_native
from ..support.native_runs import (
    EPOCHS,
    MODES,
    PLAIN,
    Run,
    bits,
    go,
    require_same,
    runs,
)

pytestmark = needs_native


def one_by_one(
    workspace: Any, rules: Rules, data: Data, state: State, after_step: Any
) -> State:
    """Every engine's own loop over `loss_and_gradient`."""
    return Engine.run_epoch(NATIVE, workspace, rules, data, state, after_step)


def test_there_are_batches_without_weight_and_tiles() -> None:
    few = [run for run in runs() if run.weights == "few" and run.mode == "batches"]
    assert few
    for run in few:
        _, rules, data, _ = run.build(np.float64)
        after, _ = go(REFERENCE, run, epochs=1)
        assert 0 < after.steps < batches_per_epoch(data.rows, rules.batch_rows)
    for run in runs():
        network, rules, *_ = run.build(np.float64)
        strategy = native.strategy(network, rules.batch_rows)
        assert strategy in native.STRATEGIES
        workspace = NATIVE.prepare(network, rules, np.float64)
        assert workspace.compiled.strategy == strategy
        assert strategy == (
            "narrow"
            if run.sizes in ("narrow", "tiny")
            else "tiles"
            if "tile" in run.mode
            else "two phases"
        )


@pytest.mark.parametrize("run", runs(), ids=str)
def test_an_epoch_is_the_reference_s(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_ISA", run.isa)
    expected, _ = go(REFERENCE, run)
    ours, _ = go(NATIVE, run)
    # a few dozen steps, each of which carries on what rounding the one before left: measured below 1e-11
    require_same(ours, expected, 1e-9)


@pytest.mark.parametrize("run", runs(), ids=str)
def test_an_epoch_in_float32_is_near(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_ISA", run.isa)
    expected, _ = go(REFERENCE, run, np.float32, epochs=1)
    ours, _ = go(NATIVE, run, np.float32, epochs=1)
    assert np.max(abs(ours.theta - expected.theta)) <= 1e-4
    assert ours.loss_sum == pytest.approx(expected.loss_sum, rel=1e-4)


@pytest.mark.parametrize("run", runs(), ids=str)
def test_an_epoch_is_its_steps(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_ISA", run.isa)
    ours, _ = go(NATIVE, run)
    steps, seen = go(one_by_one, run)
    require_same(ours, steps, 1e-9)
    assert len(seen) == EPOCHS * batches_per_epoch(*MODES[run.mode])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("run", runs(), ids=str)
def test_any_number_of_threads_gives_the_same_bits(
    run: Run, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_ISA", run.isa)
    monkeypatch.setattr(native, "WORTH_A_THREAD", 0)
    results = [bits(go(NATIVE, run, dtype, threads)[0]) for threads in (1, 2, 3)]
    assert results[0] == results[1] == results[2]
    network, rules, data, state = run.build(dtype)
    gradients = []
    for threads in (1, 2, 3):
        workspace = NATIVE.prepare(
            network,
            replace(rules, batch_rows=data.rows, dropout=()),
            dtype,
            threads,
            data.scale,
        )
        J, gradient = NATIVE.loss_and_gradient(
            workspace, state.theta, data, l1=rules.l1, l2=rules.l2
        )
        gradients.append((J, gradient.tobytes()))
    assert gradients[0] == gradients[1] == gradients[2]


ORDERS = {
    "as they lie": (lambda epoch: None, lambda rows, epoch: np.arange(rows)),
    "their own": (
        lambda epoch: np.random.RandomState(epoch).permutation(103),
        lambda rows, epoch: np.random.RandomState(epoch).permutation(103),
    ),
}


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("engine", [NATIVE, REFERENCE], ids=lambda e: e.name)
def test_rows_go_in_the_order_that_is_given(name: str, engine: Engine) -> None:
    network, rules, data, start = replace(PLAIN, penalty="alpha").build(np.float64)
    given, expected = ORDERS[name]
    ordered = replace(rules, order=given)
    state = engine.run_epoch(
        engine.prepare(network, ordered, np.float64),
        ordered,
        data,
        start,
        lambda s: None,
    )
    by_hand = start
    for number in range(
        batches_per_epoch(103, 16)
    ):  # a batch at a time, each with its own alpha / Σw
        rows = expected(103, 0)[16 * number : 16 * number + 16]
        one = replace(
            rules,
            batch_rows=len(rows),
            alpha=0.0,
            l2=rules.l2 + rules.alpha / len(rows),
        )
        by_hand = REFERENCE.run_epoch(
            REFERENCE.prepare(network, one, np.float64),
            one,
            data.take(rows),
            by_hand,
            lambda s: None,
        )
        by_hand = replace(by_hand, step_in_epoch=0)
    require_same(state, replace(by_hand, step_in_epoch=7), 1e-9)


class StopHereError(Exception):
    pass


@pytest.mark.parametrize(
    "run", [run for run in runs() if "batches" in run.mode], ids=str
)
@pytest.mark.parametrize("way", ["every_step", "steps", "at"])
def test_resumed_in_mid_epoch_the_bits_are_the_same(
    run: Run, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_ISA", run.isa)
    network, rules, data, start = run.build(np.float32)
    whole = NATIVE.run_epoch(
        NATIVE.prepare(network, rules, np.float32, scale=data.scale),
        rules,
        data,
        start,
        lambda s: None,
    )
    pauses = {
        "every_step": Pause(every_step=True),
        "steps": Pause(steps=2),
        "at": Pause(at=0.0),
    }
    state = [start]

    def stop(after: State) -> None:
        state[0] = after
        raise StopHereError

    while state[0].step_in_epoch < whole.step_in_epoch:
        with pytest.raises(StopHereError):  # noqa: PT012  a new workspace each time, as after a load
            fresh = NATIVE.prepare(network, rules, np.float32, scale=data.scale)
            NATIVE.run_epoch(fresh, rules, data, state[0], stop, lambda: pauses[way])
    assert bits(state[0]) == bits(whole)


def test_pauses_are_kept() -> None:
    network, rules, data, start = PLAIN.build(np.float32)
    workspace = NATIVE.prepare(network, rules, np.float32, scale=data.scale)
    count = batches_per_epoch(data.rows, rules.batch_rows)

    def taken(pause: Pause) -> list[int]:
        seen: list[State] = []
        NATIVE.run_epoch(workspace, rules, data, start, seen.append, lambda: pause)
        return [state.steps for state in seen]

    assert taken(Pause()) == [count]
    assert taken(Pause(every_step=True)) == list(range(1, count + 1))
    assert taken(Pause(steps=3)) == list(range(3, count + 1))
    assert taken(Pause(steps=1000)) == [count]
    assert taken(Pause(at=0.0)) == list(range(1, count + 1))
    assert taken(Pause(at=time.perf_counter() + 1000)) == [count]


def test_a_pause_in_time_ends_a_long_epoch() -> None:
    network = Network((50, 200, 2), ("relu", "softmax"), "cross_entropy")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(100_000, 50)), np.eye(2)[rng.integers(0, 2, 100_000)]
    rules, theta = Rules(OPTIMIZERS["sgd"](), batch_rows=32), network.init(0).theta
    seen: list[float] = []

    def stop(state: State) -> None:
        seen.append(state.step_in_epoch)
        raise StopHereError

    workspace, state = (
        NATIVE.prepare(network, rules, np.float64),
        State(theta, rules.optimizer.init(theta)),
    )
    at = time.perf_counter() + 0.03
    with pytest.raises(StopHereError):
        NATIVE.run_epoch(
            workspace, rules, Data(x, y, None), state, stop, lambda: Pause(at=at)
        )
    assert time.perf_counter() >= at
    assert 0 < seen[0] < 3125


def test_the_product_is_large_enough() -> None:
    assert len(runs()) >= 35
    for a, b in itertools.combinations(
        (
            "optimizer",
            "dropout",
            "clip",
            "penalty",
            "schedule",
            "weights",
            "mode",
            "sizes",
            "input",
        ),
        2,
    ):
        assert len({(getattr(r, a), getattr(r, b)) for r in runs()}) == len(
            {getattr(r, a) for r in runs()}
        ) * len({getattr(r, b) for r in runs()})
