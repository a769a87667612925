"""`chainrule errata`: its options."""

from dataclasses import dataclass

from ..command import argument, option

__all__ = ["Errata"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Errata:
    """List what is misprinted in the five documents, what it should be, and how far off it is.

    Both forms of a line are evaluated on networks where they differ.
    """

    what: str | None = argument(
        "A document (S0 … S4, or X) or a line (S1.E73).", default=None
    )
    every: bool = option("List the lines that hold, too.", flag="--all", default=False)
