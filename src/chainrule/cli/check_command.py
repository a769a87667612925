"""`chainrule check`: the gradient of every pair of the tables against numerical differentiation."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from ..activations import ACTIVATIONS
from ..errors import InputError
from ..gradient_check import GradientCheck, check_gradient
from ..losses import LOSSES
from ..network import Network, Parameters
from ..progress import ProgressLine

__all__ = ["run"]

SIZES = (3, 4, 5, 2)


def run() -> int:
    """Check every pair that fits on a 3-4-5-2 network, print a table; the exit status."""
    console = Console(highlight=False)
    pairs = [(phi, ell) for phi in ACTIVATIONS for ell in LOSSES]
    results: dict[tuple[str, str], GradientCheck | None] = {}
    with ProgressLine("checking", total=len(pairs), unit="pairs") as line:
        for phi, ell in pairs:
            results[phi, ell] = check_pair(phi, ell)
            line.advance(f"{phi} × {ell}")
    console.print(table_of(results))
    done = [result for result in results.values() if result is not None]
    failed = {pair: result for pair, result in results.items() if result is not None and not result.passed}
    for (phi, ell), result in failed.items():
        console.print(f"\n{phi} × {ell}\n{result}", soft_wrap=True)
    network = " → ".join(str(n) for n in SIZES)
    verdict = f"{len(failed)} FAIL" if failed else "all pass"
    console.print(
        f"\n{len(done)} pairs on a {network} network (φ in every layer, row weights, penalties), complex step, "
        f"tolerance 1e-11: {verdict}",
        soft_wrap=True,
    )
    return 1 if failed else 0


def check_pair(phi: str, ell: str) -> GradientCheck | None:
    """The check of one pair; None where the pair does not fit."""
    try:
        network = Network(SIZES, (phi,) * 3, ell)
    except InputError:
        return None
    rng = np.random.default_rng(0)
    parameters = Parameters(network.sizes, rng.normal(scale=0.4, size=network.n_parameters))
    x, w = rng.uniform(-1, 1, (6, SIZES[0])), rng.uniform(0.5, 2, 6)
    y: Any = rng.uniform(0.1, 0.9, (6, SIZES[-1]))  # a target that every loss accepts
    return check_gradient(network, parameters, x, y, sample_weight=w, l1=0.01, l2=0.1, method="complex")


def table_of(results: dict[tuple[str, str], GradientCheck | None]) -> Table:
    """Activations down, losses across: the largest error of each pair."""
    table = Table(title="largest relative error, derived against numerical gradient", title_justify="left", box=None)
    table.add_column("activation", style="bold", no_wrap=True, min_width=12)
    for ell in LOSSES:
        table.add_column(ell.replace("_", " "), justify="right")
    for phi in ACTIVATIONS:
        cells = []
        for ell in LOSSES:
            result = results[phi, ell]
            if result is None:
                cells.append("–")
            else:
                error = f"{result.worst.error:.0e}"
                cells.append(f"[green]{error}[/green]" if result.passed else "[red]WRONG[/red]")
        table.add_row(phi, *cells)
    return table
