"""Outcomes of the checked lines on each of their networks, beside what is listed of them.

A line that holds must hold wherever it is evaluated. A misprint must fail as printed in the cases and in the way that
are listed, and hold when corrected. Anything else is a finding: of the document's pass, or of the list.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ..errors import InputError
from .lines import Line
from .outcomes import HOLDS, Outcome
from .settings import Setting
from .table import LINES, Case, cases_of, evaluate_case, prepare

__all__ = ["SHOWS", "Finding", "findings"]

#: A printed form counts as wrong from this scaled error on: the smallest of a misprint is some 1e-2, and the largest
#: of a form that holds eight decades below.
SHOWS = 1e-3


@dataclass(frozen=True)
class Finding:
    """A line on one network.

    Parameters
    ----------
    case : str
        "NS", "SQ", …; see `settings`.
    setting : Setting or None
        The network; None where the line needs none.
    printed, corrected : Outcome
        Of what is printed and of what should be; of a line that holds, one outcome.
    listed : str
        The kind of outcome that is listed of what is printed.
    """

    case: str
    setting: Setting | None
    printed: Outcome
    corrected: Outcome
    listed: str

    @property
    def unexpected(self) -> tuple[str, ...]:
        """The deviations from what is listed, in words."""
        found = []
        if not self._holds(self.corrected):
            found.append(f"does not hold: {self.corrected.detail}")
        if self.listed == "holds":
            as_listed = self._holds(self.printed)
        else:
            wrong = self.listed != "value" or (self.printed.error or 0.0) >= SHOWS
            as_listed = self.printed.kind == self.listed and wrong
        once = self.listed == "holds" and self.printed is self.corrected
        if not as_listed and not once:
            found.append(
                f"as printed: {self.printed.detail or self.printed.kind}, where {self.listed!r} is listed"
            )
        return tuple(found)

    @staticmethod
    def _holds(outcome: Outcome) -> bool:
        error = outcome.error
        return outcome.kind == "holds" and error is not None and error <= HOLDS


def findings(line: Line) -> tuple[Finding, ...]:
    """A line on all its networks; none of a line that is not evaluated.

    Examples
    --------
    >>> from chainrule.documents.table import line_of
    >>> [(found.case, found.printed.kind) for found in findings(line_of("S1.E73"))]
    [('NS', 'shape'), ('SQ', 'value'), ('ML', 'value')]
    """
    return tuple(_finding(line, name) for name in cases_of(line)) if line.form else ()


def _finding(line: Line, name: str) -> Finding:
    try:
        case = _prepared(line.document, line.kind, name)
    except InputError as error:
        broken = Outcome("product", None, f"the pass refuses its arrays: {error}")
        return Finding(name, None, broken, broken, line.fails.get(name, "holds"))
    corrected = evaluate_case(line, case, printed=False)
    printed = evaluate_case(line, case, printed=True) if line.fails else corrected
    listed = line.fails.get(name, "holds")
    return Finding(name, case.setting, printed, corrected, listed)


@cache
def _prepared(document: str, kind: str, case: str) -> Case:
    """A case, shared by the lines of one kind."""
    return prepare(
        next(v for v in LINES.values() if (v.document, v.kind) == (document, kind)),
        case,
    )
