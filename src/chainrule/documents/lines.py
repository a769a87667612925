"""What a checked line of a document is, how it is evaluated, and how a table of lines is written.

A form is a generator of pairs (left, right): what the left-hand side of an equation is in truth, and what its
right-hand side gives. It reads the truth `t`, a document's quantities with their derivatives taken numerically,
and the pass `q`, the same quantities as the notation computes them. The form of a misprint has a flag
`printed`, so that what is wrong stands beside what is right. A form that compares nothing holds nowhere.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .shapes import IndexRangeError, ShapeError

__all__ = [
    "HOLDS",
    "Line",
    "Lines",
    "Outcome",
    "Pairs",
    "Verdict",
    "evaluate",
    "label_of",
    "worst_of",
]

#: The largest scaled error of a line that holds: some hundred roundings of float64, and far below any misprint's.
HOLDS = 1e-11

#: What an equation's left-hand side is, and what its right-hand side gives.
Pairs = Iterator[tuple[Any, Any]]
Form = Callable[..., Pairs]


class Verdict(enum.Enum):
    """What was found of a line; the values are what is shown."""

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
        """What the document prints, and in which section; of a trap, which no document prints, what it is."""
        if not self.place:
            return self.says
        return f"the document prints: {self.says} ({self.place})"

    @property
    def document(self) -> str:
        """S0 … S4, or X for what goes across them."""
        return self.id.split(".")[0]

    @property
    def has_two_forms(self) -> bool:
        """Whether a printed and a mended form are told apart."""
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


@dataclass(frozen=True)
class Outcome:
    """What came of a form on one network.

    Parameters
    ----------
    kind : str
        "holds", "value", "shape", "product", "index", "not finite" or "nothing".
    error : float or None
        The largest |left - right| / max(1, |left|), where they could be compared.
    detail : str
        The failure in words.
    left, right : Array or None
        The pair with the largest error.
    """

    kind: str
    error: float | None
    detail: str
    left: Any = None
    right: Any = None


def evaluate(form: Callable[[Any, Any], Pairs], t: Any, q: Any) -> Outcome:
    """Evaluate a form on a truth and a pass."""
    try:
        with np.errstate(all="ignore"):
            pairs = [
                (np.asarray(left), np.asarray(right)) for left, right in form(t, q)
            ]
    except IndexRangeError as error:
        return Outcome(
            "index", None, f"{error.given} is out of range ({error.allowed})"
        )
    except KeyError as error:
        return Outcome(
            "index", None, f"there is no layer {error.args[0]!r} of that letter"
        )
    except ShapeError as error:
        return Outcome("product", None, f"shapes do not conform: {error.given}")
    except ValueError as error:  # NumPy's own, of a pass whose arrays do not fit
        return Outcome("product", None, f"shapes do not conform: {error}")
    return worst_of(pairs)


def label_of(line: Line) -> str:
    """What a line's correction is called: "should be", or "meant", "read", "right"."""
    return {Verdict.SLIP: "meant", Verdict.READING: "read", Verdict.TRAP: "right"}.get(
        line.verdict, "should be"
    )


def worst_of(pairs: Iterable[tuple[Any, Any]]) -> Outcome:
    """The outcome of pairs of arrays: a wrong shape, a number that is none, or the largest error."""
    worst = Outcome("nothing", None, "no two numbers were compared")
    for left, right in pairs:
        if left.shape != right.shape:
            return Outcome(
                "shape",
                None,
                f"shape {right.shape} instead of {left.shape}",
                left,
                right,
            )
        if not (np.isfinite(left).all() and np.isfinite(right).all()):
            return Outcome("not finite", None, "NaN or infinity", left, right)
        size = max(1.0, float(np.max(np.abs(left), initial=0.0)))
        error = (
            float(np.max(np.abs(left.astype(float) - right.astype(float)), initial=0.0))
            / size
        )
        if left.size and error >= (worst.error or 0.0):
            worst = Outcome(
                "holds" if error <= HOLDS else "value",
                error,
                f"off by {error:.1e}",
                left,
                right,
            )
    return worst


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
        """A line that fails as printed, "case how, case how", and holds when mended."""
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
