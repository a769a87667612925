"""The notes of a run's checkpoint on its rows: where they came from, how they were read and divided."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..data.load import load_data
from ..files.container import fits_together
from ..files.schema import fitted

__all__ = ["RunNotes", "noted"]

#: Options of `load_data` that say how rows are read.
READING = frozenset(inspect.signature(load_data).parameters) - {"source", "progress"}
#: What such an option can be in JSON.
Option = str | bool | int | float | list[str] | dict[str, str] | None


@dataclass(frozen=True)
class RunNotes:
    """The options by which `chainrule explain` reads the rows of a run again.

    Parameters
    ----------
    data : str or None
        A name or a file.
    reading : dict
        Options of `load_data`.
    validation : float or None
        The share of the rows to validate on.
    """

    data: str | None = None
    reading: dict[str, Option] = field(default_factory=dict)
    validation: float | None = None

    def __post_init__(self) -> None:
        if "text_columns" in self.reading:  # as 0.1 called it
            reading = dict(self.reading)
            reading["categories"] = reading.pop("text_columns")
            object.__setattr__(self, "reading", reading)
        if not set(self.reading) <= READING:
            raise ValueError("options of reading that there are not")
        if self.validation is not None and not (
            math.isfinite(self.validation) and 0 <= self.validation < 1
        ):
            raise ValueError(f"validation: {self.validation}, which is no share")


def noted(path: Path, content: Mapping[str, Any]) -> RunNotes:
    """The notes in a checkpoint's JSON; of one that `train` of the library wrote, none."""
    with fits_together(path, "notes"):
        return fitted(RunNotes, content.get("notes", {}), "notes")
