"""`chainrule predict`: its options."""

from dataclasses import dataclass
from pathlib import Path

from ..command import argument, option
from .shared import model_argument
from .table import FileOptions

__all__ = ["Predict"]


def names_of(given: list[str]) -> tuple[str, ...] | None:
    """Names of columns, one in each text or several with commas between them; None for none."""
    return tuple(given) or None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Predict:
    """Predict from raw rows: the model file knows how to read and prepare them.

    One prediction for each row, in their order.
    """

    model: Path = model_argument()
    data: str = argument(
        "Raw rows: CSV, TSV, Parquet, npz, idx; - for standard input; or a name that `chainrule data` lists."
    )
    output: Path | None = option(
        "File to write: .csv or .parquet.", shown="standard output, as CSV"
    )
    keep: tuple[str, ...] | None = option(
        "Column of the file to copy beside the predictions; can be repeated.",
        shown="none",
        flag="--keep",
        parse=names_of,
    )
    probabilities: bool = option(
        "Write the probability of each class as well.",
        flag="--probabilities",
        default=False,
    )
    interval: float | None = option(
        "Interval to write for each target, by its coverage: 0.9, say; after --regularization bayes.",
        shown="none",
    )
    unseen: str = option(
        "Answer of one network to categories that training did not have: refuse, or ignore the column "
        "for that row. Averaged networks take them as rare ones.",
        default="refuse",
    )
    escape_formulas: bool = option(
        "Write ' before labels that a spreadsheet would take for a formula (=, +, -, @).",
        flag="--escape-formulas",
        default=False,
    )
    table: FileOptions
