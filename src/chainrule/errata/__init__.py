"""The five documents checked line by line: what holds, what is misprinted, what it should say.

`LINES` is the one table: 284 lines, each a small function of a document's own quantities that is evaluated
against derivatives taken numerically. The pages of the documentation, `chainrule errata` and the tests all read
it. Nothing of the documents is copied but their formulas' meaning and where they stand.
"""

from __future__ import annotations

from .lines import HOLDS, Line, Outcome, Verdict
from .table import LINES, Case, cases_of, evaluate_case, line_of, prepare

__all__ = [
    "HOLDS",
    "LINES",
    "Case",
    "Line",
    "Outcome",
    "Verdict",
    "cases_of",
    "evaluate_case",
    "line_of",
    "prepare",
]
