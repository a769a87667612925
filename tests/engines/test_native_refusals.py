"""What the compiled engine does not have it refuses by name, and says which engine can."""

from __future__ import annotations

import logging
from typing import Any

import array_api_strict
import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    InputError,
    Network,
    Predictor,
    custom_activation,
    train,
)
from chainrule.engines import choose_engine, native
from chainrule.optimizers.rules import Rules

from ..support.cases import fitting_pairs
from ..support.native_cases import NATIVE, needs_native

X, Y = np.linspace(-1, 1, 12).reshape(6, 2), np.linspace(0, 1, 6)
NET = Network((2, 3, 1), ("tanh", "identity"), "squared_error")


def refused(
    word: str, network: Network = NET, library: Any = np, **options: Any
) -> None:
    """By name it raises and names one that can; "auto" takes that one and says why."""
    assert native.MISSING is None
    # the names are those of Rules
    rules = Rules(**{"optimizer": OPTIMIZERS["sgd"](), "batch_rows": 6, **options})
    theta = network.init(0, xp=library).theta
    with pytest.raises(InputError) as caught:
        choose_engine("native", network, rules, theta)
    assert word in caught.value.given
    assert "native" in caught.value.given
    assert caught.value.allowed == "reference"
    assert 'engine="reference"' in caught.value.remedy
    engine, reason = choose_engine("auto", network, rules, theta)
    assert engine.name == "reference"
    assert "native cannot: " in reason
    assert word in reason


@needs_native
@pytest.mark.parametrize("pair", fitting_pairs(2), ids="-".join)
def test_every_pair_but_one(pair: tuple[str, str]) -> None:
    network = Network((2, 3, 2), (pair[0], pair[0]), pair[1])
    if pair == ("softmax", "binary_cross_entropy"):
        refused("binary_cross_entropy on softmax", network)
    else:
        rules = Rules(OPTIMIZERS["sgd"](), batch_rows=6)
        assert choose_engine("auto", network, rules, network.init(0).theta)[0] is NATIVE


@needs_native
def test_every_row_of_the_tables() -> None:
    assert set(native.PHI) == set(ACTIVATIONS)
    assert set(native.ELL) == set(LOSSES)
    assert set(native.RULE) - {"nesterov"} == {
        name for name, make in OPTIMIZERS.items() if make.one_gradient
    }


@needs_native
def test_own_functions() -> None:
    mine = custom_activation(lambda z: z * z, lambda z: 2 * z, name="square")
    refused("square", Network((2, 3, 1), (mine, "identity"), "squared_error"))
    disguised = custom_activation(lambda z: z * z, lambda z: 2 * z, name="tanh")
    refused("tanh", Network((2, 3, 1), (disguised, "identity"), "squared_error"))


@needs_native
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name: str) -> None:
    """L-BFGS, too, which is SciPy's and takes ∇J from any engine."""
    rules = Rules(
        OPTIMIZERS[name](), batch_rows=6, max_norm=1.0, frozen_layers=(1,), alpha=0.1
    )
    assert choose_engine("auto", NET, rules, NET.init(0).theta)[0] is NATIVE


@needs_native
def test_kinds_of_arrays_and_depth() -> None:
    refused("NumPy arrays", library=array_api_strict)
    deep = Network((1,) * 67, ("tanh",) * 66, "squared_error")
    refused("64 layers", deep)


@needs_native
def test_through_the_public_functions(caplog: pytest.LogCaptureFixture) -> None:
    square = custom_activation(lambda z: z * z, lambda z: 2 * z, name="square")
    net = Network((2, 1), (square,), "squared_error")
    with pytest.raises(InputError, match="square"):
        train(net, X, Y, engine="native", max_epochs=1)
    with caplog.at_level(logging.INFO, logger="chainrule"):
        report = train(net, X, Y, max_epochs=1)
    assert report.engine == "reference"
    assert "native cannot: it does not have the activation square" in caplog.text
    assert train(NET, X, Y, max_epochs=1).engine == "native"
    with pytest.raises(InputError, match="square"):
        Predictor(net, net.init(0), engine="native")
    predict = Predictor(net, net.init(0))
    assert predict.engine == "reference"
    assert "square" in predict.engine_reason


@needs_native
def test_instruction_sets_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in native.instruction_sets():
        monkeypatch.setenv("CHAINRULE_ISA", name)
        assert native.instruction_set() == name
        assert train(NET, X, Y, engine="native", max_epochs=1).engine == "native"
    monkeypatch.setenv("CHAINRULE_ISA", "sse9")
    for use in (
        native.instruction_set,
        lambda: train(NET, X, Y, engine="native", max_epochs=1),
    ):
        with pytest.raises(InputError, match="CHAINRULE_ISA=sse9") as caught:
            use()
        assert "baseline" in caught.value.allowed
    monkeypatch.delenv("CHAINRULE_ISA")
    assert native.instruction_set() == native.instruction_sets()[-1]


@pytest.mark.parametrize("given", ["many", "0", "-2", "1.5", "2 3", "nan"])
@pytest.mark.parametrize("name", ["CHAINRULE_NUM_THREADS", "OMP_NUM_THREADS"])
def test_garbage_for_a_number_of_threads(
    name: str, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHAINRULE_NUM_THREADS", raising=False)
    monkeypatch.setenv(name, given)
    with pytest.raises(InputError, match=f"{name}={given}"):
        native.thread_limit(None)
    if native.MISSING is None:
        with pytest.raises(InputError, match=f"{name}={given}"):
            train(NET, X, Y, engine="native", max_epochs=1)
    assert native.thread_limit(1) == 1


@pytest.mark.parametrize("threads", [0, -1, 1.5, "two", True])
def test_garbage_for_the_argument(threads: Any) -> None:
    with pytest.raises(InputError, match="threads"):
        native.thread_limit(threads)


def test_without_the_compiled_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where there was no compiler: refused by name with the reason, and "auto" goes on without it."""
    monkeypatch.setattr(
        native, "MISSING", "it is not built (No module named '_native')"
    )
    monkeypatch.setattr(native, "_native", None)
    with pytest.raises(InputError, match="it is not built") as caught:
        train(NET, X, Y, engine="native", max_epochs=1)
    assert caught.value.allowed == "reference"
    report = train(NET, X, Y, max_epochs=1)
    assert report.engine == "reference"
    assert "not built" in report.engine_reason
    assert native.instruction_sets() == []
