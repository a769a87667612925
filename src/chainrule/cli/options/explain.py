"""`chainrule explain`: its options."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...errors import InputError
from ..command import argument, option
from .shared import (
    DATA,
    DATA_NAME,
    TRAINING,
    learning_rate_option,
    notation_option,
)
from .table import TableOptions
from .typed import TypedNetwork

__all__ = ["Explain"]

SHOWN = "What is shown"


def parts_of(given: str) -> list[str]:
    """Several out of one text, as they stand between its commas."""
    return given.split(",")


def units_of(given: str) -> tuple[int, ...]:
    """Numbers of units, out of one text.

    Examples
    --------
    >>> units_of("3,17")
    (3, 17)
    """
    parts = [part.strip() for part in parts_of(given)]
    if not all(part.isdecimal() for part in parts):
        raise InputError(
            f"--unit {given}",
            "whole numbers from 1, with commas",
            "Say --unit 3, or --unit 3,17.",
        )
    return tuple(int(part) for part in parts)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Explain:
    """Show every number of a pass and a step beside its formula, in the notation of your document.

    Exit status 1 if a number disagrees with its formula or with numerical differentiation.
    """

    model: Path | None = argument(
        "A model file, a checkpoint, or the folder of a run.",
        "a 4-3-5-2 example",
        default=None,
    )
    data: str | None = option(DATA_NAME, shown="what it was trained on")
    row: int | None = option("The row to explain, from 0.", shown="0", min=0)
    rows: str | None = option(
        "Rows that the gradient is of: 0-15.", shown="that row alone"
    )
    notation: str = notation_option()
    typed: TypedNetwork
    layer: list[str] | None = option(
        "Layers to show, separated by commas.", SHOWN, "all", parse=parts_of
    )
    unit: tuple[int, ...] | None = option(
        "Units to show, from 1.", SHOWN, "chosen", parse=units_of
    )
    equation: list[str] | None = option(
        "Equations to show, separated by commas: 75,76 of S4, B3.",
        SHOWN,
        "all",
        parse=parts_of,
    )
    terms: int = option("Terms to show of a long sum.", SHOWN, default=6, min=1)
    digits: int = option("Significant digits.", SHOWN, default=6, min=1, max=17)
    blank: bool = option(
        "Leave each computed number blank: a sheet to fill in.",
        SHOWN,
        flag="--blank",
        default=False,
    )
    optimizer: str | None = option(
        "Optimizer whose step is shown.", TRAINING, "gradient_descent, or the run's"
    )
    learning_rate: float | None = learning_rate_option()
    step: int | None = option(
        "Step of the run whose checkpoint MODEL is.", TRAINING, "the next one", min=1
    )
    validation: float | None = option(
        "Share of the rows that the run validates on.",
        TRAINING,
        "the run's",
        min=0,
        max=0.9,
    )
    target: str | None = option(
        "Column that the run predicts, as for train.", DATA, "the run's"
    )
    test: Path | None = option(
        "File of rows that the run is tested on.", DATA, "the run's"
    )
    table: TableOptions
    engine: str | None = option(
        "Engine that computes: auto, native or reference.",
        TRAINING,
        "reference, or the run's",
    )
    to: list[Path] | None = option(
        "File to write: .html, .txt, .tex, .svg, .json; can be repeated.",
        shown="the terminal",
    )

    @cached_property
    def options(self) -> dict[str, Any]:
        """The options of `chainrule.explain` that go with every kind of model."""
        return {
            "notation": self.notation,
            "layer": self.layer,
            "unit": self.unit,
            "equation": self.equation,
            "terms": self.terms,
            "digits": self.digits,
            "blank": self.blank,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "engine": self.engine,
        }

    @cached_property
    def reading(self) -> dict[str, Any]:
        """The arguments of `load_data` that say how the rows of a run are read."""
        test = None if self.test is None else str(self.test)
        return self.table.given(target=self.target, test=test)
