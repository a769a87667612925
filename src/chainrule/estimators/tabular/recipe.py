"""The recipe of a preset for so many rows and columns: encoding, network, length, how many members.

The numbers were chosen on validation rows of six tables of 768 to 32 561 rows; docs/tabular.md has them and what
they reach on rows that no choice looked at.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

__all__ = [
    "CLASS_METRICS",
    "NUMBER_METRICS",
    "PRESETS",
    "REFERENCE_ROWS",
    "Recipe",
    "for_reference",
    "recipe_for",
    "to_try",
]

#: What a classifier and a regressor can be chosen for.
CLASS_METRICS = ("accuracy", "log_loss", "auc")
NUMBER_METRICS = ("rmse", "mae")


@dataclass(frozen=True)
class Preset:
    """The content of a preset.

    Parameters
    ----------
    members : int
    width, layers : int
        Of the hidden layers.
    length : float
        Epochs, as a factor of the usual.
    tried : bool
        Whether networks are tried by the usual and by careful recipes, and the best one taken.
    bins, projections, projection_bins : int
        Of the encoding, at most.
    """

    members: int
    width: int
    layers: int
    length: float
    tried: bool
    bins: int
    projections: int
    projection_bins: int


PRESETS = {
    "fast": Preset(2, 128, 3, 0.4, False, 48, 6, 96),
    "strong": Preset(4, 256, 3, 1.0, True, 64, 6, 192),
    "best": Preset(12, 256, 3, 1.5, True, 64, 8, 192),
}
#: Of so few rows there are twice as many members.
FEW_ROWS = 8000
#: Steps of a member that are enough for rows of any number, and epochs between these.
STEPS = 2400
EPOCHS = {"numbers": (30, 200), "classes": (40, 100)}
#: So few rows get so many networks, so wide, and no recipe is tried, where only the reference engine is there: it
#: would take minutes for what the native one does in seconds.
REFERENCE_ROWS, REFERENCE_MEMBERS, REFERENCE_WIDTH = 500, 2, 64
#: Rows per step: this share of all, between these.
BATCH_SHARE, LEAST_BATCH, MOST_BATCH = 1 / 64, 32, 256
#: Where the target is mostly noise: epochs, as a share of the usual, and dropout.
CAREFUL = ((0.4, 0.4), (0.1, 0.5))
#: Bins of a number and of a sum for classes, whose noise is larger than that of numbers.
CLASS_BINS, CLASS_SUM_BINS = 12, 8
#: Bins of a sum for numbers: one for so many rows, so many at least.
ROWS_PER_BIN, LEAST_SUM_BINS = 64, 16
#: Bytes that rows may take, encoded, and inputs at most.
MOST_BYTES, MOST_INPUTS = 1_500_000_000, 2400


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that decides about a fit, beside rows and seed.

    Parameters
    ----------
    bins, projections, projection_bins : int
        Of the encoding, at most.
    most_inputs : int
    columns : int
        Columns of numbers that are read, those that tell most alone; 0 for all.
    hidden : tuple of int
        Widths of the hidden layers.
    activation : str
    members, epochs, batch_rows : int
    learning_rate, beta2, weight_decay, dropout, label_smoothing : float
    held : float
        The share of the rows that each member is validated on.
    watched_from : float
        The share of the epochs after which one may be the best.
    """

    bins: int
    projections: int
    projection_bins: int
    most_inputs: int
    hidden: tuple[int, ...]
    activation: str
    members: int
    epochs: int
    batch_rows: int
    learning_rate: float
    beta2: float
    weight_decay: float
    dropout: float
    label_smoothing: float
    held: float
    watched_from: float
    columns: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The lines that a user reads of it."""
        members = (
            "1 network" if self.members == 1 else f"{self.members} networks averaged"
        )
        smoothing = (
            f", label smoothing {self.label_smoothing:g}"
            if self.label_smoothing
            else ""
        )
        return [
            f"{members}, each {' × '.join(map(str, self.hidden))} {self.activation}, "
            f"{self.epochs} epochs of batches of {self.batch_rows}",
            f"adamw, learning rate {self.learning_rate:g} (one_cycle), beta2 {self.beta2:g}, weight decay "
            f"{self.weight_decay:g}, dropout {self.dropout:g}{smoothing}, float32",
        ]


def recipe_for(
    preset: str, rows: int, columns: int, *, metric: str, bytes_limit: int | None = None
) -> Recipe:
    """The recipe of a preset.

    Parameters
    ----------
    preset : str
        A key of `PRESETS`.
    rows, columns : int
    metric : str
        What the model is chosen for: of `CLASS_METRICS`, or of `NUMBER_METRICS`.
    bytes_limit : int, optional
        What the encoded rows may take.

    Examples
    --------
    >>> recipe_for("strong", 16_512, 8, metric="rmse").lines()[0]
    '4 networks averaged, each 256 × 256 × 256 silu, 37 epochs of batches of 256'
    """
    asked = PRESETS[preset]
    classes = metric in CLASS_METRICS
    batch = 2 ** round_down_log2(max(1, int(rows * BATCH_SHARE)))
    batch = min(MOST_BATCH, max(LEAST_BATCH, batch))
    least, most = EPOCHS["classes" if classes else "numbers"]
    usual = min(most, max(least, round(STEPS * batch / max(rows, 1))))
    inputs = min(MOST_INPUTS, (bytes_limit or MOST_BYTES) // (4 * max(rows, 1)))
    sum_bins = max(LEAST_SUM_BINS, min(asked.projection_bins, rows // ROWS_PER_BIN))
    return Recipe(
        bins=min(asked.bins, CLASS_BINS if classes else asked.bins),
        projections=asked.projections + 4 * classes,
        projection_bins=CLASS_SUM_BINS if classes else sum_bins,
        most_inputs=max(16, inputs),
        hidden=(asked.width,) * asked.layers,
        activation="silu",
        members=asked.members * (1 if rows > FEW_ROWS else 2),
        epochs=max(2, round(asked.length * usual)),
        batch_rows=batch,
        learning_rate=0.003 if classes else 0.004,
        beta2=0.999,
        weight_decay=0.1 if classes else 0.3,
        dropout=0.15,
        label_smoothing=0.1 if metric == "accuracy" else 0.0,
        held=0.0,
        watched_from=0.25,
    )


def for_reference(recipe: Recipe) -> Recipe:
    """The recipe for few rows where the native engine is missing: fewer and smaller networks.

    Examples
    --------
    >>> for_reference(recipe_for("strong", 100, 8, metric="rmse")).lines()[0]
    '2 networks averaged, each 64 × 64 × 64 silu, 200 epochs of batches of 32'
    """
    return replace(
        recipe,
        members=min(recipe.members, REFERENCE_MEMBERS),
        hidden=tuple(min(width, REFERENCE_WIDTH) for width in recipe.hidden),
    )


def to_try(recipe: Recipe) -> list[Recipe]:
    """The recipe, and more careful ones for targets that are mostly noise: fewer epochs, more dropout."""
    more = [
        replace(recipe, epochs=max(2, round(length * recipe.epochs)), dropout=dropout)
        for length, dropout in CAREFUL
    ]
    return [recipe, *more]


def round_down_log2(count: int) -> int:
    """The largest e with 2ᵉ <= count.

    Examples
    --------
    >>> round_down_log2(1), round_down_log2(255), round_down_log2(256)
    (0, 7, 8)
    """
    return count.bit_length() - 1
