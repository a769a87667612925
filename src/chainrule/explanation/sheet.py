"""A sheet to fill in: an explanation that has what is given, and a blank for each number that is computed.

Its numbers are the same, and withheld: to read a computed one raises, so that no form can show it by mistake. A formula
that a computed number would choose a branch of is shown with all its branches. This module refuses what is no sheet.
"""

from __future__ import annotations

from dataclasses import replace

from ..arguments import argument
from ..errors import InputError, counted
from .entries import FEW_ROWS
from .numbers import Numbers
from .steps import WHOLE_PARAMETERS, WHOLE_WIDTH, is_small

__all__ = ["TERMS", "withheld"]

#: Terms of a long sum that are shown where nothing else is asked for.
TERMS = 6


def withheld(numbers: Numbers, terms: int) -> Numbers:
    """The numbers of a sheet, where these are few enough to be computed by hand.

    Raises
    ------
    InputError
        A network, rows or a step of which nobody fills in a sheet; a choice of terms.
    """
    blank, sizes, moment = argument("blank", True), numbers.sizes, numbers.moment
    if not is_small(numbers):
        raise InputError(
            f"{blank} with a network of {'-'.join(map(str, sizes))} units",
            f"at most {WHOLE_WIDTH} units a layer and {WHOLE_PARAMETERS} parameters",
            "Choose a smaller network: a sheet is filled in by hand.",
        )
    if numbers.rows > FEW_ROWS:
        raise InputError(
            f"{blank} with {counted(numbers.rows, 'row')}",
            f"at most {FEW_ROWS}",
            "Pass fewer rows: a sheet is filled in by hand.",
        )
    if moment.after is not None:
        raise InputError(
            f"{blank} with a step of a run",
            "rows at given parameters",
            "Pass a model with its rows: a run has a memory that no sheet gives.",
        )
    if not moment.rules.optimizer.one_gradient:
        raise InputError(
            f"{blank} with the optimizer {moment.rules.optimizer.name}",
            "a first-order one",
            "Leave the optimizer out: the step is then that of gradient descent.",
        )
    if terms != TERMS:
        raise InputError(
            f"{blank} with {argument('terms', terms)}",
            "all terms of a sum",
            "Leave the number of terms out: a sheet shows every term.",
        )
    return replace(numbers, withheld=True)
