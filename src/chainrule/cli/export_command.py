"""`chainrule export` and `chainrule check-export`: a saved model to a file of another kind, and that file compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..files.storage import load_model
from ..interchange.check import check_export
from ..interchange.export import export
from .output import Output
from .run_folder import model_file
from .saved_average import is_average, load_average

__all__ = ["check", "run"]


def run(path: Path, to: Path, *, preparation: bool, seed: int) -> int:
    """Export and print the stamp; the exit status."""
    console = Output()
    model, classes = _model_of(path)
    stamp = export(model, to, preparation=preparation, seed=seed, classes=classes)
    console.print(f"{to}, {to.stat().st_size / 1e3:.0f} kB", soft_wrap=True)
    console.print(f"preparation of raw rows: {stamp.preparation}", soft_wrap=True)
    console.print(f"{stamp}", soft_wrap=True)
    return 0


def check(file: Path, path: Path | None) -> int:
    """Compare and print; the exit status."""
    model = None if path is None else _model_of(path)[0]
    found = check_export(file, model)
    Output().print(f"{found}", soft_wrap=True)
    return 0 if found.passed else 1


def _model_of(path: Path) -> tuple[Any, Any]:
    """The model of a file or folder, and the names of its classes where only the notes have them."""
    file = model_file(path)
    if not is_average(file):
        return load_model(file), None
    saved = load_average(file)
    return saved.model, saved.preparation.target.classes or None
