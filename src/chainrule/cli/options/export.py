"""`chainrule export` and `chainrule check-export`: their options."""

from dataclasses import MISSING, dataclass
from pathlib import Path

from ..command import argument, option
from .shared import model_argument

__all__ = ["CheckExport", "Export"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Export:
    """Write a model to a file that runs without chainrule, and print how far it is from the model."""

    model: Path = model_argument()
    to: Path = option(
        "File to write, by its ending: .onnx, .c (one C99 file), .py (Python with NumPy alone).",
        default=MISSING,
    )
    without_preparation: bool = option(
        "Leave out the preparation of raw rows: the file takes prepared ones.",
        flag="--without-preparation",
        default=False,
    )
    rows: Path | None = option(
        "File of rows that file and model are compared on, best those of your test.",
        shown="1000 drawn ones",
    )
    seed: int = option("Seed of the rows that are drawn.", default=0)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CheckExport:
    """Run an exported file and compare it with what its stamp states.

    Exit status 1 if the stamp does not hold.
    """

    file: Path = argument(
        "An exported file; C is compiled and run, Python is run: check only files that you would run."
    )
    model: Path | None = option(
        "The model that it was written from, to compare on all rows of the stamp.",
        shown="the rows in the file",
    )
    rows: Path | None = option(
        "File of other rows to compare on, with --model.", shown="those of the stamp"
    )
