"""What the engine draws by itself is what NumPy draws; and numbers below the smallest normal one, kept or not."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import InputError, Network
from chainrule.engines import native
from chainrule.engines.rows import Data
from chainrule.equations.draws import epoch_order
from chainrule.optimizers import SGD
from chainrule.optimizers.rules import Rules
from chainrule.optimizers.state import State

from ..support.native_cases import NATIVE, needs_native

pytestmark = needs_native
COUNTS = [*range(1, 70), 1000, 4097, 100_003]
SEEDS = [0, 1, 2**32 - 1, 2**32, 2**64 - 1]


@pytest.mark.parametrize("seed", SEEDS)
def test_an_epoch_s_order_is_numpy_s(seed: int) -> None:
    for count in COUNTS:
        order = np.empty(count, np.int64)
        native._native.epoch_order(order, seed, count)
        assert np.array_equal(order, epoch_order(count, 0, seed, count))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_permutation_of_pcg64_is_numpy_s(seed: int) -> None:
    for count in COUNTS:
        order = np.empty(count, np.int64)
        native._native.pcg64_permutation(order, seed)
        assert np.array_equal(order, np.random.default_rng(seed).permutation(count))


def test_another_seed_is_another_order() -> None:
    """The control."""
    order = np.empty(100, np.int64)
    native._native.epoch_order(order, 1, 0)
    assert not np.array_equal(order, epoch_order(100, 0, 2, 0))


@pytest.mark.parametrize("isa", native.instruction_sets())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_subnormals_are_flushed_or_kept(
    isa: str, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step of SGD whose gradient is subnormal, on a weight of 0."""
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    network = Network((1, 1), ("identity",), "squared_error")
    rules = Rules(SGD(learning_rate=1.0), batch_rows=1)
    tiny = float(np.finfo(dtype).tiny) / 8
    data = Data(np.array([[tiny]], dtype), np.array([[1.0]], dtype), None)
    moved = {}
    for mode in ("flush", "keep"):
        monkeypatch.setenv("CHAINRULE_SUBNORMALS", mode)
        theta = np.zeros(2, dtype)
        state = State(theta, rules.optimizer.init(theta), rules.schedule.start())
        workspace = NATIVE.prepare(network, rules, dtype, 1)
        moved[mode] = NATIVE.run_epoch(
            workspace, rules, data, state, lambda new: None
        ).theta[0]
    assert moved == {"flush": 0.0, "keep": tiny}


def test_another_word_for_subnormals_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHAINRULE_SUBNORMALS", "drop")
    network = Network((1, 1), ("identity",), "squared_error")
    with pytest.raises(InputError, match="flush or keep"):
        NATIVE.prepare(network, Rules(SGD(), batch_rows=1), np.float64, 1)
