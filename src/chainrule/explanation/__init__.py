"""The numbers beside the formulas: a pass and a step of a network, number by number, in six notations.

`request` takes what is asked for, `numbers` runs the engine, `entries` says what each number is made of, `checks`
finds it in another way; `spellings` and `equations` write it in a notation; `contents` puts it together, and the forms
in `render` show it. `replay` takes a step of a run out of its checkpoint.
"""

from __future__ import annotations

from .explanation import Explanation
from .request import explain

__all__ = ["Explanation", "explain"]
