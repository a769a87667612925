"""The checked lines of a document: their parts, and the table that they are read from.

The table, `lines.csv` in a document's folder, has a row for each line: what it says, the verdict, what it should say,
and how its printed form fails. Its form is the function of its number in the modules `lines…` beside it: a generator of
pairs (left, right), what the left-hand side of an equation is in truth, and what its right-hand side gives. It reads
the truth `t`, a document's quantities with their derivatives taken numerically, and the pass `q`, the same quantities
as the notation computes them. The form of a misprint has a flag `printed`, so that what is wrong stands beside what is
right. A form that compares nothing holds nowhere.
"""

from __future__ import annotations

import csv
import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from .outcomes import Pairs

__all__ = ["Line", "Pairs", "Verdict", "label_of", "lines_of"]

Form = Callable[..., Pairs]


class Verdict(enum.Enum):
    """The verdict on a line; the values are what is shown."""

    HOLDS = "holds"
    SLIP = "slip of notation"
    MISPRINT = "misprint"
    READING = "holds in one reading"
    CONFLICT = "conflict"
    TRAP = "trap"
    EMPIRICAL = "about data"


@dataclass(frozen=True)
class Line:
    """One checked line.

    Parameters
    ----------
    id : str
        "S1.E73": document S1, its 73rd displayed equation.
    verdict : Verdict
    place : str
        Where it stands in the document: its section, and an equation's number where it has one.
    says : str
        What it says: of a misprint the formula as it is printed.
    kind : str
        The kind of network that it is evaluated on; see `settings`.
    form : callable or None
        Its pairs; None for what is no equation.
    correction : str
        What it should say, or how it is to be read.
    fails : mapping of str to str
        For each case of its kind in which the printed form does not hold: "value" (wrong numbers), "shape"
        (numbers of another shape), "product" (shapes that do not go together), "index" (beyond its range) or
        "not finite".
    reason : str
        Of a line without a form: why it is not evaluated, and what measures it instead.
    """

    id: str
    verdict: Verdict
    place: str
    says: str
    kind: str
    form: Form | None = None
    correction: str = ""
    fails: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def quoted(self) -> str:
        """The printed formula with its section; of a trap, which no document prints, its description."""
        if not self.place:
            return self.says
        return f"the document prints: {self.says} ({self.place})"

    @property
    def document(self) -> str:
        """S0 … S4, or X for what goes across them."""
        return self.id.split(".")[0]

    @property
    def printed_number(self) -> str:
        """The number that the document prints beside it, "2" or "0.1"; empty where it has none."""
        found = re.match(r"\(([\d.]+)\)", self.says) or re.search(
            r", \(([\d.]+)\)$", self.place
        )
        return found[1] if found else ""

    @property
    def has_two_forms(self) -> bool:
        """Return whether a printed and a corrected form are told apart."""
        return bool(self.fails)

    def printed(self, t: Any, q: Any) -> Pairs:
        """The pairs of what is printed."""
        form = self._form()
        return form(t, q, printed=True) if self.has_two_forms else form(t, q)

    def corrected(self, t: Any, q: Any) -> Pairs:
        """The pairs of what should be; of a line that holds, what is printed."""
        form = self._form()
        return form(t, q, printed=False) if self.has_two_forms else form(t, q)

    def _form(self) -> Form:
        if self.form is None:
            raise TypeError(f"{self.id} is no equation")
        return self.form


def label_of(line: Line) -> str:
    """The word for a line's correction: "should be", or "meant", "read", "right"."""
    return {Verdict.SLIP: "meant", Verdict.READING: "read", Verdict.TRAP: "right"}.get(
        line.verdict, "should be"
    )


def lines_of(
    document: str, table: str, modules: Iterable[ModuleType]
) -> Iterator[Line]:
    """The lines of a document, in the order of its text.

    Parameters
    ----------
    document : str
        S0 …, or X.
    table : str
        Its `lines.csv`.
    modules : iterable of module
        Where its forms are: of line E2-6 a function E2_6.
    """
    forms = {name: of for module in modules for name, of in vars(module).items()}
    for row in csv.DictReader(table.splitlines()):
        yield Line(
            f"{document}.{row['line']}",
            Verdict(row["verdict"]),
            row["place"],
            row["says"],
            row["networks"] or "none",
            forms.get(row["line"].replace("-", "_")),
            row["correction"],
            dict(item.split(": ") for item in row["fails"].split("; ") if item),
            row["reason"],
        )
