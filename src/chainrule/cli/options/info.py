"""`chainrule info`: its options."""

from dataclasses import dataclass
from pathlib import Path

from .shared import model_argument

__all__ = ["Info"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Info:
    """Show what is in a model; or what is installed, was built, and is chosen on this machine."""

    model: Path | None = model_argument("this machine")
