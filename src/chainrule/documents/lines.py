"""The checked lines of a document: their parts, their evaluation, and their table.

A form is a generator of pairs (left, right): what the left-hand side of an equation is in truth, and what its
right-hand side gives. It reads the truth `t`, a document's quantities with their derivatives taken numerically,
and the pass `q`, the same quantities as the notation computes them. The form of a misprint has a flag
`printed`, so that what is wrong stands beside what is right. A form that compares nothing holds nowhere.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .outcomes import Pairs

__all__ = ["Line", "Lines", "Pairs", "Verdict", "label_of"]

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
        "S1.E73": document S1, its 73rd displayed equation in the inventory.
    verdict : Verdict
    place : str
        Where it stands in the document: its section, and an equation's number where it has one.
    says : str
        What it says: of a misprint the formula as it is printed.
    kind : str
        The kind of network that it is evaluated on; see `settings`.
    form : callable or None
        Its pairs; None for what is no equation.
    mend : str
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
    mend: str = ""
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
    def has_two_forms(self) -> bool:
        """Return whether a printed and a corrected form are told apart."""
        return bool(self.fails)

    def printed(self, t: Any, q: Any) -> Pairs:
        """The pairs of what is printed."""
        form = self._form()
        return form(t, q, printed=True) if self.has_two_forms else form(t, q)

    def mended(self, t: Any, q: Any) -> Pairs:
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


class Lines:
    """The lines of a document, in the order of its text; its methods are decorators of forms.

    Parameters
    ----------
    document : str
        S0 … S4, or X.
    """

    def __init__(self, document: str) -> None:
        self.document = document
        self.all: list[Line] = []

    def __iter__(self) -> Iterator[Line]:
        return iter(self.all)

    def holds(
        self, number: str, says: str, kind: str = "none"
    ) -> Callable[[Form], Form]:
        """A line that holds as printed."""
        return self._adding(number, Verdict.HOLDS, "", says, kind)

    def slip(
        self, number: str, place: str, says: str, note: str, kind: str = "none"
    ) -> Callable[[Form], Form]:
        """A slip of notation with one workable reading, which holds."""
        return self._adding(number, Verdict.SLIP, place, says, kind, note)

    def wrong(
        self,
        number: str,
        place: str,
        says: str,
        mend: str,
        kind: str,
        fails: str,
        verdict: Verdict = Verdict.MISPRINT,
    ) -> Callable[[Form], Form]:
        """A line that fails as printed, "case how, case how", and holds when corrected."""
        return self._adding(number, verdict, place, says, kind, mend, fails)

    def reading(
        self, number: str, place: str, says: str, mend: str, kind: str, fails: str
    ) -> Callable[[Form], Form]:
        """A line that fails when read to the letter."""
        return self.wrong(number, place, says, mend, kind, fails, Verdict.READING)

    def trap(
        self, number: str, says: str, mend: str, kind: str, fails: str
    ) -> Callable[[Form], Form]:
        """A mistake that the document does not make but invites."""
        return self.wrong(number, "", says, mend, kind, fails, Verdict.TRAP)

    def note(
        self, number: str, verdict: Verdict, place: str, says: str, reason: str
    ) -> None:
        """A line that is no equation, and so is not evaluated."""
        self.all.append(
            Line(
                f"{self.document}.{number}",
                verdict,
                place,
                says,
                "none",
                reason=reason,
            )
        )

    def _adding(
        self,
        number: str,
        verdict: Verdict,
        place: str,
        says: str,
        kind: str,
        mend: str = "",
        fails: str = "",
    ) -> Callable[[Form], Form]:
        def add(form: Form) -> Form:
            listed = (
                dict(item.strip().rsplit(": ", 1) for item in fails.split(";"))
                if fails
                else {}
            )
            self.all.append(
                Line(
                    f"{self.document}.{number}",
                    verdict,
                    place,
                    says,
                    kind,
                    form,
                    mend,
                    listed,
                )
            )
            return form

        return add
