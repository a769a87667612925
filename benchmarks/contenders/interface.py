"""What a contender does."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import Any

from cases import Array, Case, Inputs


class Contender(ABC):
    """One library at work on one case, in a process of its own.

    Parameters
    ----------
    case : Case
    form : str
        One of `contenders.forms`.
    threads : int
        How many to use; the environment variables of the usual libraries say the same.
    inputs : Inputs
        Data in memory; what is made from them here is the contender's.
    """

    def __init__(self, case: Case, form: str, threads: int, inputs: Inputs) -> None:
        self.case, self.form, self.threads, self.inputs = case, form, threads, inputs
        self.notes: list[str] = []
        self.set_up()

    @abstractmethod
    def set_up(self) -> None:
        """Make the model, at the start."""

    @abstractmethod
    def theta_after(self, batches: list[Array]) -> Array:
        """θ after one step on each of these batches (row numbers) from the start."""

    def output(self, rows: int) -> Array:
        """A[L] of the first rows, by the means that are timed."""
        raise NotImplementedError

    @abstractmethod
    def work(self, units: int) -> None:
        """So many epochs, steps or calls; returns when they are done."""

    def seconds(self, units: int) -> float:
        """The wall-clock time of `work`."""
        began = time.perf_counter()
        self.work(units)
        return time.perf_counter() - began

    def versions(self) -> dict[str, str]:
        return {}

    def details(self) -> dict[str, Any]:
        """Whatever else the record should hold."""
        return {"notes": self.notes}
