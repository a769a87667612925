"""The numbers beside the formulas: a pass and a step of a network, number by number, in six notations.

Two parts: a `template` is how a network, its rules and a notation write a pass and a step, with every branch and no
number (`traits`, `steps`, `entries`, `equations`, `spellings`); a `state` is the numbers of one θ and one batch
(`numbers`) and their checks (`checks`), which fill it. `request` takes what is asked for, `replay` a step of a run out
of its checkpoint; `contents` puts templates and state together, and the forms in `render` show them.
"""

from __future__ import annotations

from .explanation import Explanation
from .request import explain

__all__ = ["Explanation", "explain"]
