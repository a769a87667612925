"""A pass and a step of a network as a notation writes them, before any number is there.

A template is made once for a network with its rules, a notation and a selection. It has steps, equations, formulas with
their places, symbols and layouts, and every branch of a piecewise formula; a `State` fills it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ..documents.lines import Line
from ..documents.spelling import Spelling, parts_of
from .entries import formula
from .equations import (
    answered_lines,
    array_equations,
    corrected_lines,
    general_equations,
    one_letter,
    remark_of,
    source_of,
)
from .expressions import Expression
from .steps import Selection, Step, steps_of
from .traits import Traits

__all__ = ["ARRAY_PLACE", "Template"]

#: The arrays of layers with more units are not written out.
MOST_UNITS = 12
ARRAY_PLACE = re.compile(r"@\[([^\]]+)\]@")


def _range_of(numbers: str) -> Iterator[str]:
    """The numbers of equations: of "(24) to (27)" each of the four."""
    first, _, last = (part.strip(" ()") for part in numbers.partition(" to "))
    if last:
        yield from (str(number) for number in range(int(first), int(last) + 1))
    else:
        yield first


@dataclass(frozen=True, eq=False)
class Template:
    """Of one notation.

    Parameters
    ----------
    traits : Traits
    shown : Selection
    spelled : Spelling
        The notation, as its document writes such a network.
    row : int
        The row that is explained, from 0.
    """

    traits: Traits
    shown: Selection
    spelled: Spelling
    row: int

    @cached_property
    def every_step(self) -> tuple[Step, ...]:
        """The steps of any notation, in the order in which they are computed."""
        return steps_of(self.traits, self.shown)

    def has(self, step: Step) -> bool:
        """Return whether a step is one of the notation's: a linear output needs no activation."""
        hidden = self.spelled.hidden if self.traits.linear else ()
        return step.key not in {f"{kind}{self.traits.layers}" for kind in hidden}

    def label(self, layer: int) -> str:
        """The name of a layer."""
        return self.spelled.label(layer, self.traits.layers)

    def source(self, step: Step) -> str:
        """The place of the equation of a step in the document."""
        return source_of(self.spelled, step, self.traits)

    def where(self, step: Step) -> str:
        """The document's number of a step's equation, and the library's."""
        source = self.source(step)
        return ", ".join(
            filter(None, (source if source != step.equation else "", step.equation))
        )

    def numbers_of(self, step: Step) -> set[str]:
        """The numbers by which a step is called.

        Those of its equation, and of the Δ of a hidden layer (B2) for its two factors: the sum over the layer after it,
        and the slope.
        """
        found = self._own_numbers(step)
        given = step.layer - (
            step.kind == "G"
        )  # the layer of the numbers that it gives
        hidden = given in self.shown.layers and given < self.traits.layers
        if step.kind in ("G", "P") and hidden:
            found |= self._own_numbers(Step("D", given, step.phase, "B2", "", ()))
        return found

    def _own_numbers(self, step: Step) -> set[str]:
        """The numbers of a step's equation: the library's; the document's, also with its name."""
        parts = {
            number
            for part in f"{self.source(step)},{step.equation}".split(",")
            for number in _range_of(part)
        } - {""}
        alias = self.spelled.alias
        parts |= {f"{alias}.E{part}" for part in parts if part.isdigit()}
        for line in answered_lines(self.spelled, step, self.traits):
            parts |= {line.id, line.printed_number} - {""}
        return parts

    def corrected(self, step: Step) -> list[Line]:
        """The checked lines of the document that have another form of a step's equation in print."""
        return corrected_lines(self.spelled, step, self.traits)

    def general(self, step: Step) -> list[str]:
        """The equations of a step in general letters, as markup."""
        return general_equations(self.spelled, step, self.traits)

    def of_arrays(self, step: Step) -> list[str]:
        """The equations of a step with the arrays of its layer, where some of these can be shown in numbers."""
        return [
            line
            for line in array_equations(self.spelled, step, self.traits)
            if any(self.grid(array) for array in ARRAY_PLACE.findall(line))
        ]

    @property
    def one_letter(self) -> bool:
        """Return whether one letter is both the loss of a row and an objective that is something else here."""
        return one_letter(self.spelled, self.traits)

    @property
    def remark(self) -> str:
        """A remark on the notation and its letters, for a reader."""
        return remark_of(self.spelled, self.traits)

    def formula(self, name: str) -> Expression | None:
        """The formula of a number; None for what is given."""
        return formula(self.traits, name, self.spelled.style)

    def symbol(self, name: str) -> str:
        """The symbol of a number, as markup."""
        if name == "ell" and self.one_letter:
            name = f"ell~{self.row}"
        t = self.traits
        return self.spelled.symbol(name, t.layers, linear=t.linear, row=self.row)

    def array(self, array: str) -> str:
        """The symbol of an array, "W2" say, or "A0~1", of row 1, as markup."""
        kind, layer, _ = parts_of(array)
        symbol = self.spelled.array(kind, layer, self.traits.layers)
        row = array.partition("~")[2]
        return rf"{symbol} \langle {row} \rangle" if row else symbol

    def grid(self, array: str) -> list[list[str]]:
        """The places of an array, row by row; none of one too large to be read."""
        (kind, layer, _), t = parts_of(array), self.traits
        rows = t.rows if self.spelled.columns else 0
        beside = t.sizes[layer - 1] if "W" in kind else rows
        if max(t.sizes[layer], beside) > MOST_UNITS:
            return []
        grid = self.spelled.grid(kind, layer, t.sizes, t.rows, self.row)
        row = array.partition("~")[2]
        return [[f"{at[:-1]}~{row}@" for at in line] for line in grid] if row else grid

    @property
    def given(self) -> list[str]:
        """Places of what a pass and a step are given: rows, targets, masks, parameters, shares, the learning rate."""
        t, style = self.traits, self.spelled.style
        inputs = "X" if 0 in t.masks else "x" if style.constant else "A"
        of_rows = [f"{inputs}0", f"Y{t.layers}", *(f"M{l}" for l in sorted(t.masks))]
        places = [f"[{array}]" for array in of_rows]
        if t.rows > 1 and not self.spelled.columns:
            places = [f"[{array}~{i}]" for i in range(t.rows) for array in of_rows]
        for l in range(1, t.layers + 1):
            places += [f"[W{l}]", *([] if style.constant else [f"[b{l}]"])]
        if style.share == "1/N":
            places.append("N")
        elif t.rows > 1 and not style.share:
            places += [f"s~{i}" for i in range(t.rows)]
        elif not t.row_counts_once and not style.share:
            places.append("s")
        return [f"@{place}@" for place in (*places, "alpha")]
