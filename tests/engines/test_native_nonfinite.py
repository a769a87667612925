"""Overflow in a run of the compiled engine: the step, the quantity and the last finite state, as the reference says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chainrule import OPTIMIZERS, Network, NonFiniteError
from chainrule.engines.interface import Pause
from chainrule.engines.rows import Data
from chainrule.optimizers.state import State

from ..support.native_cases import NATIVE, REFERENCE, needs_native
from ..support.native_runs import MODES, PLAIN, SIZES

pytestmark = needs_native


def huge_row(data: Data, share: float = 0.25) -> Data:
    x = data.x.copy()
    x[50] = np.finfo(x.dtype).max * share
    return replace(data, x=x)


def huge_target(data: Data) -> Data:
    y = data.y.copy()
    y[40] *= 1e38
    return replace(data, y=y)


TROUBLE: dict[str, Any] = {
    "rate": (
        lambda r: replace(r, optimizer=OPTIMIZERS["sgd"](learning_rate=1e40)),
        lambda d: d,
        "relu",
    ),
    "rate of rmsprop": (
        lambda r: replace(r, optimizer=OPTIMIZERS["rmsprop"](learning_rate=1e38)),
        lambda d: d,
        "elu",
    ),
    "row": (lambda r: r, huge_row, "relu"),
    "row and weights": (
        lambda r: r,
        lambda d: replace(huge_row(d), sample_weight=np.ones(103, d.x.dtype)),
        "identity",
    ),
    "target": (lambda r: r, huge_target, "silu"),
    # Z[1] overflows where φ saturates: J stays finite
    "hidden by tanh": (lambda r: r, lambda d: huge_row(d, 1.0), "tanh"),
    "hidden by sigmoid": (lambda r: r, lambda d: huge_row(d, 1.0), "sigmoid"),
    "penalty": (
        lambda r: replace(r, l2=1e36, optimizer=OPTIMIZERS["sgd"](learning_rate=1e10)),
        lambda d: d,
        "tanh",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "pause", [Pause(), Pause(every_step=True)], ids=["whole", "steps"]
)
def test_what_is_not_finite_is_named(
    trouble: str, dtype: Any, mode: str, pause: Pause
) -> None:
    """The step, the quantity and the last finite state, as the reference says."""
    if mode == "one by one" or ("tile" in mode and trouble not in ("rate", "penalty")):
        mode = "batches"
    change, of_data, phi = TROUBLE[trouble]
    _, rules, data, _ = replace(PLAIN, mode=mode, output="identity").build(dtype)
    network = Network(SIZES["wide"], (phi, "leaky_relu", "identity"), "squared_error")
    rules, data, theta = change(rules), of_data(data), network.init(3, dtype).theta
    results = []
    for engine in (NATIVE, REFERENCE):
        state, seen = State(theta, rules.optimizer.init(theta)), []
        workspace = engine.prepare(network, rules, dtype)
        caught = None
        with np.errstate(all="ignore"):
            for _ in range(30):
                try:
                    state = engine.run_epoch(
                        workspace, rules, data, state, seen.append, lambda: pause
                    ).next_epoch()
                except NonFiniteError as error:
                    caught = error
                    break
        results.append(
            (caught and (caught.step, caught.quantity), seen[-1].steps if seen else 0)
        )
        if caught is not None and seen:
            assert np.isfinite(seen[-1].theta).all()
    assert results[0] == results[1]
    if dtype == np.float32 or "hidden" in trouble:
        assert results[0][0] is not None
