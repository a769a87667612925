"""`chainrule check MODEL`: the gradient of a saved network, at its parameters, on drawn rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..equations.gradient_check import check_gradient
from ..equations.network import Parameters
from ..files.storage import load_model
from ..optimizers.one_thread import one_thread
from .output import Output
from .recipe_parts import CLASS_LOSSES
from .run_folder import model_file

__all__ = ["check_model"]

ROWS, ENTRIES = 20, 50


def check_model(path: Path) -> int:
    """Check and print; the exit status."""
    console, model = Output(), load_model(model_file(path))
    network, rng = model.network, np.random.default_rng(0)
    exact = Parameters(network.sizes, model.parameters.theta.astype(np.float64))
    pixels = model.notes.get("scale") is not None
    x = (
        rng.uniform(0, 1, (ROWS, network.sizes[0]))
        if pixels
        else rng.normal(size=(ROWS, network.sizes[0]))
    )
    outputs = network.sizes[-1]
    y = (
        rng.integers(0, max(outputs, 2), ROWS)
        if network.loss.name in CLASS_LOSSES
        else rng.uniform(0.1, 0.9, (ROWS, outputs))
    )
    console.print(f"{network}: {network.n_parameters} parameters")
    console.print(
        f"{ROWS} rows of {'uniform pixels' if pixels else 'normal numbers'}, drawn from seed 0\n"
    )
    with one_thread():  # as after training
        checked = check_gradient(network, exact, x, y, max_entries=ENTRIES)
    console.print_lines(f"{checked}", soft_wrap=True)
    return 1 if checked.failed else 0
