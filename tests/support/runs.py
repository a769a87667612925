"""A run with everything on, and what of it must come back bit by bit after a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chainrule import OPTIMIZERS, SCHEDULES, EarlyStopping, Network
from chainrule.engines import ENGINES, native
from chainrule.files.container import read_file
from chainrule.optimizers.first_order import FirstOrder
from chainrule.training.checkpoints import FORMAT

NET = Network((3, 5, 4, 2), ("tanh", "relu", "softmax"), "cross_entropy")
FIRST_ORDER = [
    name for name, make in OPTIMIZERS.items() if issubclass(make, FirstOrder)
]
#: Engines that are built here; the build decides, and CI requires all.
BUILT = [name for name in ENGINES if name != "native" or native.MISSING is None]
#: (engine, optimizer), for every first-order optimizer that the engine has.
ABLE = [
    (engine, name)
    for engine in BUILT
    for name in FIRST_ORDER
    if engine == "reference" or name in native.RULE
]
#: Parameters with which a schedule changes the rate within a few epochs.
QUICK = {
    "step": {"every_epochs": 2.0},
    "cosine": {"length_epochs": 7.0},
    "one_cycle": {"length_epochs": 7.0},
    "adaptive": {"patience": 1.0, "tolerance": 0.01},
}


def problem(seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(29, 3)), rng.integers(0, 2, 29)


def everything(
    optimizer: str = "adam",
    schedule: str = "adaptive",
    engine: str = "reference",
    **changes: Any,
) -> dict[str, Any]:
    """Options of `train` with all that a checkpoint has to remember: 4 batches of 23 training rows an epoch."""
    extra = {"momentum": 0.9, "nesterov": True} if optimizer == "sgd" else {}
    rule = OPTIMIZERS[optimizer](learning_rate=0.05, **extra)
    return {
        "optimizer": rule,
        "schedule": SCHEDULES[schedule](warmup_epochs=1.5, **QUICK.get(schedule, {})),
        "batch_rows": None if rule.full_batch else 6,
        "dropout": (0.25, 0.1),
        "input_dropout": 0.1,
        "clip_value": 0.5,
        "clip_norm": 0.7,
        "max_norm": 2.0 if engine == "reference" else None,
        "l1": 0.001,
        "l2": 0.01,
        "validation": 0.2,
        "early_stopping": EarlyStopping(
            monitor="accuracy", smoothing=0.6, patience=1000
        ),
        "seed": 7,
        "engine": engine,
        **changes,
    }


def content(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """All that a checkpoint holds, but for the time taken and the checksum over it."""
    text, tensors = read_file(path, FORMAT)
    del text["seconds"], text["sha256"]
    return text, {
        name: (array.dtype.str + str(array.shape)).encode() + array.tobytes()
        for name, array in tensors.items()
    }


def outcome(report: Any) -> tuple[Any, ...]:
    """All that a report says of the run's course; NaN is equal to itself as text."""
    arrays = report.parameters.theta.tobytes(), report.last.theta.tobytes()
    return (
        *arrays,
        repr(report.history),
        repr(report.diagnoses),
        report.steps,
        report.best_epoch,
    )
