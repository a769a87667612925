"""Explanations: arrays, numbers and checks; and of each notation its formulas, equations and text."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import Checkpoint, Network, Parameters, explain, train

__all__ = ["cases"]


def cases() -> Iterator[tuple[str, Any]]:
    """Name and computation of each case."""
    yield "explain/ready", partial(explained)
    yield "explain/classes", classes
    yield "explain/step-of-a-run", step_of_a_run


def classes() -> dict[str, Any]:
    """A step of Adam on several rows of classes."""
    rng = np.random.default_rng(21)
    network = Network((3, 4, 3), ("relu", "softmax"), "cross_entropy")
    parameters = Parameters(network.sizes, rng.normal(size=network.n_parameters))
    x, y = rng.normal(size=(5, 3)), rng.integers(0, 3, 5)
    rule = {"optimizer": "adam", "l1": 0.01, "l2": 0.1}
    return explained(network, x, y, parameters=parameters, row=2, **rule)


def step_of_a_run() -> dict[str, Any]:
    """A step of a run with dropout, from its checkpoint."""
    rng = np.random.default_rng(22)
    network = Network((3, 4, 2), ("tanh", "softmax"), "cross_entropy")
    x, y = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        kept = {"checkpoint": Checkpoint(path), "max_steps": 6, "progress": False}
        train(network, x, y, batch_rows=5, dropout=0.3, **kept)
        return explained(path, x, y, step=8)


def explained(*arguments: Any, **settings: Any) -> dict[str, Any]:
    """All that an explanation says."""
    content = explain(*arguments, **settings).as_dict()
    numbers, steps = content["numbers"], content["steps"]
    found = {
        "arrays": content["arrays"],
        "paths": content["paths"],
        "passed": [content["passed"], content["failed"]],
        "numbers": {k: [v["value"], v["exact"]] for k, v in numbers.items()},
        "checks": {k: v["checks"] for k, v in numbers.items()},
    }
    for name in content["notations"]:
        formulas = {k: v["formulas"][name] for k, v in numbers.items()}
        found[f"formulas-{name}"] = formulas
        found[f"equations-{name}"] = [step["general"][name] for step in steps]
        found[f"text-{name}"] = explain(*arguments, **settings, notation=name).text()
    return found
