"""`chainrule data`: its options."""

from dataclasses import dataclass

from ..command import argument, option
from .table import TableOptions

__all__ = ["Data"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Data:
    """List the data sets; fetch and verify one; or show what a file holds and how it is read."""

    name: str | None = argument(
        "A name, or a file; - for standard input.", "list all", default=None
    )
    target: str | None = option(
        "Column to predict: shows how it is learned.", shown="none"
    )
    table: TableOptions
