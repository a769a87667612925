"""`chainrule check`: its options."""

from dataclasses import dataclass
from pathlib import Path

from .shared import model_argument

__all__ = ["Check"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Check:
    """Check the gradient: of a model, or of every activation with every loss that fits.

    Exit status 1 if one fails.
    """

    model: Path | None = model_argument("all functions")
