"""Epochs by all that a step can do, any two of it together: what tests of the compiled engine go through."""

from __future__ import annotations

import functools
import zlib
from dataclasses import astuple, dataclass, replace
from typing import Any

import numpy as np
import pytest
from allpairspy import AllPairs

from chainrule import OPTIMIZERS, SCHEDULES, Network
from chainrule.engines import native
from chainrule.engines.interface import Engine
from chainrule.engines.rows import Data
from chainrule.optimizers.rules import Rules
from chainrule.optimizers.state import State

from .native_cases import NATIVE

OPTIONS: dict[str, Any] = {
    "gradient_descent": ("gradient_descent", {"learning_rate": 0.2}),
    "sgd": ("sgd", {"learning_rate": 0.2}),
    "momentum": ("sgd", {"learning_rate": 0.1, "momentum": 0.9}),
    "nesterov": ("sgd", {"learning_rate": 0.1, "momentum": 0.8, "nesterov": True}),
    "rmsprop": ("rmsprop", {"learning_rate": 0.01}),
    "adagrad": ("adagrad", {"learning_rate": 0.05}),
    "adam": ("adam", {"learning_rate": 0.02}),
    "adamw": ("adamw", {"learning_rate": 0.02, "weight_decay": 0.1}),
    "folded_adam": ("folded_adam", {"learning_rate": 0.02}),
    "constant": ("constant", {}),
    "warmup": ("constant", {"warmup_epochs": 1.5}),
    "exponential": ("exponential", {}),
    "one_cycle": ("one_cycle", {"length_epochs": 3.0}),
}
DROPOUT = {
    "none": (),
    "hidden": (0.0, 0.3, 0.2),
    "input": (0.2, 0.0, 0.0),
    "both": (0.1, 0.4, 0.3),
}
CLIP = {"none": {}, "value": {"clip_value": 0.02}, "norm": {"clip_norm": 0.1}}
CLIP["both"] = CLIP["value"] | CLIP["norm"]
CLIP["max norm"] = {"max_norm": 0.6}
CLIP["frozen"] = {"frozen_layers": (2,)}
CLIP["all"] = CLIP["norm"] | CLIP["max norm"] | CLIP["frozen"]
PENALTY = {
    "none": {},
    "l1": {"l1": 0.002},
    "l2": {"l2": 0.03},
    "both": {"l1": 0.001, "l2": 0.02},
}
PENALTY["alpha"] = {"alpha": 0.3, "l2": 0.01}
#: rows, rows of a batch: an odd last batch, all rows, and so many that they go by tiles.
MODES = {
    "batches": (103, 16),
    "one by one": (9, 1),
    "all": (103, 103),
    "tiles": (1500, 1500),
    "tiled batches": (2400, 1100),
}
#: Rows of those in place may be read where they lie. Outputs of rows are turned up to 32.
SIZES = {
    "wide": (19, 33, 17, 37),
    "in place": (70, 10, 9, 21),
    "narrow": (33, 10, 9, 5),
    "tiny": (3, 11, 2, 5),
}
SCALE = 1 / 64
EPOCHS = 2


@dataclass(frozen=True)
class Run:
    """An epoch or two by some rules."""

    optimizer: str
    dropout: str
    clip: str
    penalty: str
    schedule: str
    weights: str
    mode: str
    output: str
    sizes: str
    input: str
    isa: str

    def __str__(self) -> str:
        return "-".join(astuple(self)).replace(" ", "_")

    def build(self, dtype: Any) -> tuple[Network, Rules, Data, State]:
        rng = np.random.default_rng(zlib.crc32(str(self).encode()))
        (rows, batch_rows), softmax = MODES[self.mode], self.output == "softmax"
        network = Network(
            SIZES[self.sizes],
            ("tanh", "relu", self.output),
            "cross_entropy" if softmax else "squared_error",
        )
        name, arguments = OPTIONS[self.optimizer]
        schedule, of_schedule = OPTIONS[self.schedule]
        rules = Rules(
            OPTIMIZERS[name](**arguments),
            SCHEDULES[schedule](**of_schedule),
            batch_rows,
            dropout=DROPOUT[self.dropout],
            seed=11,
            **CLIP[self.clip],
            **PENALTY[self.penalty],
        )
        theta = network.init(3, dtype).theta
        outputs = network.sizes[-1]
        y = (
            np.eye(outputs)[rng.integers(0, outputs, rows)]
            if softmax
            else rng.normal(size=(rows, outputs))
        )
        # so few rows weigh anything that some batches weigh nothing
        weights = {
            "none": None,
            "random": rng.uniform(0.1, 2, rows),
            "few": 1.0 * (rng.permutation(rows) < 4),
        }
        x, pixels = rng.normal(size=(rows, network.sizes[0])), self.input == "uint8"
        x = np.clip(64 * abs(x), 0, 255).astype(np.uint8) if pixels else x.astype(dtype)
        w = weights[self.weights]
        data = Data(
            x,
            y.astype(dtype),
            None if w is None else w.astype(dtype),
            SCALE if pixels else None,
        )
        return (
            network,
            rules,
            data,
            State(theta, rules.optimizer.init(theta), rules.schedule.start()),
        )


PLAIN = Run(
    "adam",
    "none",
    "none",
    "none",
    "constant",
    "none",
    "batches",
    "softmax",
    "wide",
    "float",
    "",
)


@functools.cache
def runs() -> list[Run]:
    optimizers = (
        "gradient_descent",
        "sgd",
        "momentum",
        "nesterov",
        "rmsprop",
        "adagrad",
        "adam",
        "adamw",
        "folded_adam",
    )
    schedules = ("constant", "warmup", "exponential", "one_cycle")
    factors = [
        optimizers,
        DROPOUT,
        CLIP,
        PENALTY,
        schedules,
        ("none", "random", "few"),
        MODES,
        ("softmax", "identity"),
        SIZES,
        ("float", "uint8"),
    ]
    return [
        Run(*row)
        for row in AllPairs(
            [list(f) for f in (*factors, native.instruction_sets() or ["none"])]
        )
    ]


def go(
    engine: Any,
    run: Run,
    dtype: Any = np.float64,
    threads: int | None = None,
    epochs: int = EPOCHS,
) -> tuple[State, list[State]]:
    """The last state, and every state that was reported. `engine` is one, or a function in place of run_epoch."""
    network, rules, data, state = run.build(dtype)
    method = engine.run_epoch if isinstance(engine, Engine) else engine
    workspace = (engine if isinstance(engine, Engine) else NATIVE).prepare(
        network, rules, dtype, threads, data.scale
    )
    if threads is not None and engine is NATIVE:
        assert workspace.compiled.threads == threads
    seen: list[State] = []
    for _ in range(epochs):
        if state.step_in_epoch:
            state = state.next_epoch()
        state = method(workspace, rules, data, state, seen.append)
    return state, seen


def bits(state: State) -> tuple[Any, ...]:
    arrays = [state.theta, *state.slots]
    return (*(a.tobytes() for a in arrays), repr(replace(state, theta=None, slots=())))


def require_same(ours: State, theirs: State, near: float) -> None:
    counters = [(s.epoch, s.step_in_epoch, s.steps, s.schedule) for s in (ours, theirs)]
    assert counters[0] == counters[1]
    for a, b in zip(
        (ours.theta, *ours.slots), (theirs.theta, *theirs.slots), strict=True
    ):
        assert np.max(abs(a - b)) <= near * max(1.0, float(np.max(abs(b))))
    assert ours.loss_sum == pytest.approx(theirs.loss_sum, rel=near)
    assert ours.weight_sum == pytest.approx(theirs.weight_sum, rel=near)
