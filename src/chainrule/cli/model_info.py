"""`chainrule info MODEL`: what is in a model file."""

from __future__ import annotations

from pathlib import Path

from ..engines.native import MISSING, STRATEGIES, strategy
from ..equations.network import Network
from ..files.storage import load_model
from .output import Output
from .run_folder import model_file
from .saved_average import SavedAverage, is_average, load_average
from .saved_model import SavedModel, load_saved

__all__ = ["info_of"]

#: Rows of a batch for which the strategy is stated.
BATCHES = (32, 128, 4096)


def info_of(path: Path) -> int:
    """Print the facts; the exit status."""
    console, path = Output(), model_file(path)
    model = load_model(path)
    console.print(
        f"{path}, {path.stat().st_size / 1e3:.0f} kB, checksum right", soft_wrap=True
    )
    console.print(
        f"{model.network}: {model.network.n_parameters} parameters in {model.parameters.theta.dtype}"
    )
    if MISSING is None:
        console.print(_strategies(model.network), soft_wrap=True)
    console.print(
        "written by "
        + ", ".join(f"{name} {version}" for name, version in model.versions.items())
    )
    if is_average(path):
        return _average(console, path)
    if "preparation" not in model.notes:
        console.print("no notes on how raw rows are prepared")
        return 0
    saved = load_saved(path)
    notes = saved.notes
    _purpose(console, saved)
    test = ", ".join(
        f"{name} {value:.5g}"
        for name, value in notes.test.items()
        if isinstance(value, float)
    )
    rows = notes.test.get("rows", "an unknown number of")
    console.print(f"on {rows} test rows: {test or 'nothing is noted'}")
    if notes.gradient_check is not None:
        check = notes.gradient_check
        outcome = check.verdict or ("passes" if check.passed else "FAILS")
        console.print(f"gradient check when it was saved: {outcome}")
    if saved.preparation.scale is not None:
        pixels = "×".join(map(str, notes.picture or [len(saved.preparation.features)]))
        console.print(f"from {pixels} pixels, times {saved.preparation.scale:g}")
        return 0
    console.print(
        f"from {len(saved.preparation.features)} columns, {len(saved.preparation.inputs)} inputs:"
    )
    for feature in saved.preparation.features:
        console.print(f"  {feature.name}: {feature.words()}", soft_wrap=True)
    return 0


def _average(console: Output, path: Path) -> int:
    """Print the facts of averaged networks, all of which are like the first."""
    saved = load_average(path)
    notes = saved.notes
    for line in saved.model.recipe_.lines():
        console.print(line, soft_wrap=True)
    _purpose(console, saved)
    test = [f"{n} {v:.5g}" for n, v in notes.test.items() if isinstance(v, float)]
    console.print(f"on {notes.test.get('rows', 'no')} test rows: {', '.join(test)}")
    console.print(f"from {len(saved.model.encoding_.names)} columns:")
    for name, words in saved.model.encoding_.words().items():
        console.print(f"  {name}: {words}", soft_wrap=True)
    return 0


def _purpose(console: Output, saved: SavedModel | SavedAverage) -> None:
    """Print what a model was trained on, and what it predicts."""
    target, notes = saved.preparation.target, saved.notes
    kind = f"classes {', '.join(target.classes)}" if target.classes else "numbers"
    console.print(f"trained on {notes.data} by: {notes.command}", soft_wrap=True)
    console.print(f"predicts {', '.join(target.names)}: {kind}", soft_wrap=True)


def _strategies(network: Network) -> str:
    """The strategies of the native engine for batches of several sizes."""
    found = {rows: strategy(network, rows) for rows in BATCHES}
    if len(set(found.values())) == 1:
        name = found[BATCHES[0]]
        return f"native engine: strategy {name} ({STRATEGIES[name]})"
    parts = [f"{name} in batches of {rows}" for rows, name in found.items()]
    return f"native engine: {', '.join(parts)}"
