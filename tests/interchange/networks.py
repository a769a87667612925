"""Random networks for what goes out and comes in."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ACTIVATIONS, LOSSES, InputError, Model, Network, Parameters

__all__ = ["random_model"]


def random_model(seed: int, dtype: str = "float32", widest: int = 40) -> Model:
    """A network whose output activation and loss are the next of all that fit, with other hidden layers."""
    rng = np.random.default_rng(seed)
    outputs: list[tuple[str, str]] = []
    width = int(rng.integers(2, 12))
    for loss in LOSSES:
        for phi in ACTIVATIONS:
            try:
                Network((1, width), (phi,), loss)
            except InputError:
                continue
            outputs.append((phi, loss))
    last, loss = outputs[seed % len(outputs)]
    inner = [n for n in ACTIVATIONS if n != "exp"]
    hidden = [
        inner[(seed + 7 * l) % len(inner)] for l in range(int(rng.integers(0, 4)))
    ]
    sizes = [int(rng.integers(1, widest)) for _ in range(len(hidden) + 1)]
    network = Network((*sizes, width), (*hidden, last), loss)
    theta: Any = network.init(seed=seed, dtype=dtype).theta
    theta = theta + rng.normal(scale=0.1, size=theta.size)
    return Model(network, Parameters(network.sizes, theta.astype(dtype)))
