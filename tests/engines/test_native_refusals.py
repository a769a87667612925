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
    own_activation,
    train,
)
from chainrule.engines import choose_engine, native
from chainrule.optimizers import LBFGS
from chainrule.optimizers.first_order import FirstOrder
from chainrule.optimizers.rules import Rules

from ..support.cases import fitting_pairs
from ..support.native_cases import NATIVE, needs_native

X, Y = np.linspace(-1, 1, 12).reshape(6, 2), np.linspace(0, 1, 6)
NET = Network((2, 3, 1), ("tanh", "identity"), "squared_error")
LACKED = [name for name in ACTIVATIONS if name not in native.PHI]


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
@pytest.mark.parametrize("name", LACKED)
def test_activations(name: str) -> None:
    refused(name, Network((2, 3, 1), (name, "identity"), "squared_error"))
    refused(name, Network((2, 3, 2), ("tanh", name), "squared_error"))


@needs_native
@pytest.mark.parametrize("pair", fitting_pairs(2), ids="-".join)
def test_losses_on_outputs(pair: tuple[str, str]) -> None:
    """Each pair that fits is either done or refused by name; which, is said here once more."""
    phi, ell = pair
    has = ell == "squared_error" or pair in {
        ("softmax", "cross_entropy"),
        ("sigmoid", "cross_entropy"),
        ("sigmoid", "binary_cross_entropy"),
    }
    network = Network((2, 3, 2), ("tanh", phi), ell)
    if has and phi not in LACKED:
        rules = Rules(OPTIMIZERS["sgd"](), batch_rows=6)
        assert choose_engine("auto", network, rules, network.init(0).theta)[0] is NATIVE
    else:
        refused(phi if phi in LACKED else ell, network)


@needs_native
def test_what_is_had_and_what_not_is_said_for_every_row_of_the_tables() -> None:
    assert set(native.PHI) <= set(ACTIVATIONS)
    assert set(native.ELL) <= set(LOSSES)
    assert len(LACKED) + len(native.PHI) == len(ACTIVATIONS)


@needs_native
def test_softmax_inside_and_own_functions() -> None:
    refused("softmax", Network((2, 3, 1), ("softmax", "identity"), "squared_error"))
    mine = own_activation(lambda z: z * z, lambda z: 2 * z, name="square")
    refused("square", Network((2, 3, 1), (mine, "identity"), "squared_error"))
    disguised = own_activation(lambda z: z * z, lambda z: 2 * z, name="tanh")
    refused("tanh", Network((2, 3, 1), (disguised, "identity"), "squared_error"))


@needs_native
@pytest.mark.parametrize(
    "name", [name for name in OPTIMIZERS if name not in native.RULE]
)
def test_optimizers(name: str) -> None:
    rule = OPTIMIZERS[name]()
    if isinstance(rule, FirstOrder):
        refused(name, optimizer=rule)
    else:  # L-BFGS is SciPy's and takes ∇J from any engine
        assert isinstance(rule, LBFGS)
        assert (
            choose_engine("auto", NET, Rules(rule, batch_rows=6), NET.init(0).theta)[0]
            is NATIVE
        )


@needs_native
def test_constraints_and_kinds_of_arrays() -> None:
    refused("max_norm", max_norm=1.0)
    refused("freeze", frozen_layers=(1,))
    refused("NumPy arrays", library=array_api_strict)
    deep = Network((1,) * 67, ("tanh",) * 66, "squared_error")
    refused("64 layers", deep)


@needs_native
def test_through_the_public_functions(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InputError, match="max_norm"):
        train(NET, X, Y, engine="native", max_norm=1.0, max_epochs=1)
    with caplog.at_level(logging.INFO, logger="chainrule"):
        report = train(NET, X, Y, max_norm=1.0, max_epochs=1)
    assert report.engine == "reference"
    assert "native cannot: it does not have max_norm" in caplog.text
    assert train(NET, X, Y, max_epochs=1).engine == "native"
    selu = Network((2, 1), ("selu",), "squared_error")
    with pytest.raises(InputError, match="selu"):
        Predictor(selu, selu.init(0), engine="native")
    predict = Predictor(selu, selu.init(0))
    assert predict.engine == "reference"
    assert "selu" in predict.engine_reason


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
