"""`chainrule check`: the gradient of every pair of the tables, or of a saved network, by numerical differentiation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..equations.activations import ACTIVATIONS
from ..equations.check_result import GradientCheck
from ..equations.gradient_check import check_gradient
from ..equations.losses import LOSSES
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..files.storage import load_model
from ..optimizers.one_thread import one_thread
from ..progress import ProgressLine
from .options.check import Check
from .output import Cell, Output
from .recipe_parts import CLASS_LOSSES
from .run_folder import model_file

__all__ = ["run"]

SIZES = (3, 4, 5, 2)
#: A model is checked on so many rows, at so many entries of each array.
ROWS, ENTRIES = 20, 50
#: How the table's heads call a loss, where that is shorter than its name.
SHORT = {
    "squared_error": "squared",
    "cross_entropy": "cross-\nentropy",
    "binary_cross_entropy": "binary\nCE",
    "absolute_error": "absolute",
    "log_cosh": "log-cosh",
}


def run(request: Check) -> int:
    """Check a model, or every pair that fits on a 3-4-5-2 network, print a table; the exit status."""
    if request.model is not None:
        return check_model(request.model)
    console = Output()
    pairs = [(phi, ell) for phi in ACTIVATIONS for ell in LOSSES]
    results: dict[tuple[str, str], GradientCheck | None] = {}
    with ProgressLine("checking", total=len(pairs), unit="pairs") as line:
        for phi, ell in pairs:
            results[phi, ell] = check_pair(phi, ell)
            line.advance(f"{phi} × {ell}")
    title = "largest relative error, derived against numerical gradient (- where a pair does not fit)"
    console.print_table(
        title, [SHORT.get(ell, ell) for ell in LOSSES], table_of(results)
    )
    done = [result for result in results.values() if result is not None]
    failed = {
        pair: result
        for pair, result in results.items()
        if result is not None and not result.passed
    }
    for (phi, ell), result in failed.items():
        console.print_lines(f"\n{phi} × {ell}\n{result}", soft_wrap=True)
    network = " → ".join(str(n) for n in SIZES)
    verdict = f"{len(failed)} FAIL" if failed else "all pass"
    console.print(
        f"\n{len(done)} pairs on a {network} network (φ in every layer, row weights, penalties), complex step, "
        f"tolerance 1e-11: {verdict}"
    )
    return 1 if failed else 0


def check_pair(phi: str, ell: str) -> GradientCheck | None:
    """The check of one pair; None where the pair does not fit."""
    try:
        network = Network(SIZES, (phi,) * 3, ell)
    except InputError:
        return None
    rng = np.random.default_rng(0)
    parameters = Parameters(
        network.sizes, rng.normal(scale=0.4, size=network.n_parameters)
    )
    x, w = rng.uniform(-1, 1, (6, SIZES[0])), rng.uniform(0.5, 2, 6)
    y: Any = rng.uniform(0.1, 0.9, (6, SIZES[-1]))  # a target that every loss accepts
    return check_gradient(
        network, parameters, x, y, sample_weight=w, l1=0.01, l2=0.1, method="complex"
    )


def table_of(
    results: dict[tuple[str, str], GradientCheck | None],
) -> list[tuple[str, list[Cell]]]:
    """Activations down, losses across: the largest error of each pair."""
    return [
        (phi, [cell_of(results[phi, ell]) for ell in LOSSES]) for phi in ACTIVATIONS
    ]


def cell_of(result: GradientCheck | None) -> Cell:
    """The largest error of a pair, with its color."""
    if result is None:
        return "-", ""
    return (f"{result.worst.error:.0e}", "green") if result.passed else ("WRONG", "red")


def check_model(path: Path) -> int:
    """Check a saved network at its parameters, on drawn rows, and print; the exit status."""
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
