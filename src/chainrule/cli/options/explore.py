"""`chainrule explore`: its options."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..command import option
from .shared import (
    DATA,
    DATA_NAME,
    TRAINING,
    learning_rate_option,
    model_argument,
    notation_option,
)
from .table import TableOptions
from .typed import TypedNetwork

__all__ = ["Explore"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Explore:
    """Look into a network and train it by hand, forward and back, its numbers beside their formulas, in a browser."""

    model: Path | None = model_argument("a small example, with ready data sets")
    data: str | None = option(DATA_NAME, shown="what the model was trained on")
    to: Path | None = option(
        "Page to write: one .html file that works without a server.",
        shown="none: it is served to this machine until Ctrl-C",
    )
    notation: str = notation_option()
    typed: TypedNetwork
    optimizer: str = option(
        "Optimizer that the page begins with.", TRAINING, default="adam"
    )
    learning_rate: float | None = learning_rate_option()
    batch: int = option("Rows that a step takes.", TRAINING, default=32, min=1)
    port: int = option(
        "Port of the server.", shown="a free one", default=0, min=0, max=65535
    )
    browser: bool = option(
        "Open a browser.", flag="--browser/--no-browser", default=True
    )
    target: str | None = option("Column to predict, without a model.", DATA, "the last")
    table: TableOptions

    @cached_property
    def options(self) -> dict[str, Any]:
        """The options of `chainrule.explore`."""
        return {
            "notation": self.notation,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "batch_rows": self.batch,
        }

    @cached_property
    def reading(self) -> dict[str, Any]:
        """The arguments of `load_data` that say how the data are read."""
        return self.table.given(target=self.target)
