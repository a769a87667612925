"""The contents of an explanation: every number of a pass and a step with its formula and its checks, in six notations.

They are computed once; text, page, LaTeX, drawing and JSON (`render/`) only show them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ..documents.spelling import Spelling, Style
from ..errors import InputError
from .checks import Check, Checker
from .entries import formula
from .equations import array_equations, one_letter, source_of
from .markup import parse, to_latex, to_text
from .numbers import Numbers
from .places import LATEX, TEXT, Form, bracketed
from .spellings import SPELLINGS, spelled_for
from .steps import Selection, Step, steps_of
from .traits import Traits

__all__ = ["Contents", "spellings_of"]

#: The arrays of layers with more units are not written out.
MOST_UNITS = 12
ARRAY_PLACE = re.compile(r"@\[([^\]]+)\]@")


def spellings_of(traits: Traits, equations: tuple[str, ...]) -> dict[str, Spelling]:
    """Name → the notation, as its document writes this network and these rows."""
    return {name: spelled_for(name, traits.shape(equations)) for name in SPELLINGS}


def _range_of(numbers: str) -> Iterator[str]:
    """The numbers of equations: of "(24) to (27)" each of the four."""
    first, _, last = (part.strip(" ()") for part in numbers.partition(" to "))
    if last:
        yield from (str(number) for number in range(int(first), int(last) + 1))
    else:
        yield first


@dataclass(frozen=True, eq=False, repr=False)
class Contents:
    """Steps, values, checks, and formulas with their places filled, of some numbers of a pass.

    Parameters
    ----------
    numbers : Numbers
        The engine's numbers, by name.
    shown : Selection
        Which of them are shown.
    notation : str
        The one that is shown first, or where there can be only one.
    title : str
    digits : int
        How many significant digits are shown.
    equations : tuple of str
        Those whose steps are shown, by their numbers; empty for all.
    """

    numbers: Numbers
    shown: Selection
    notation: str
    title: str
    digits: int
    equations: tuple[str, ...] = ()

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps, in the order in which they are computed."""
        steps = steps_of(self.traits, self.shown)
        wanted = {*self.equations}
        return tuple(
            step
            for step in steps
            if not wanted or self._numbers_of(step, self.spelled) & wanted
        )

    def require_steps(self) -> None:
        """Raise where no step has one of the equations that are asked for."""
        if not self.steps:
            steps = steps_of(self.traits, self.shown)

            def known(spelled: Spelling) -> set[str]:
                return set().union(*(self._numbers_of(step, spelled) for step in steps))

            other = next(
                (
                    one.alias
                    for one in self.spellings.values()
                    if known(one) & {*self.equations}
                ),
                None,
            )
            raise InputError(
                f"equation {', '.join(self.equations)} in the notation {self.notation}",
                ", ".join(sorted(known(self.spelled))),
                f'It is {other}\'s: add notation="{other}", or --notation {other}.'
                if other
                else "Choose some of these, with commas.",
            )

    def _numbers_of(self, step: Step, spelled: Spelling) -> set[str]:
        """The numbers by which a step's equation is called: the library's; the document's, also with its name."""
        source = source_of(spelled, step, self.traits)
        parts = {
            number
            for part in f"{source},{step.equation}".split(",")
            for number in _range_of(part)
        } - {""}
        return parts | {f"{spelled.alias}.E{part}" for part in parts if part.isdigit()}

    @cached_property
    def checks(self) -> dict[str, tuple[Check, ...]]:
        """Name → the checks of the number."""
        checker = Checker(self.numbers)
        return {name: checker.of(name) for step in self.steps for name in step.entries}

    @property
    def weights(self) -> tuple[str, ...]:
        """The names of the weights that are shown."""
        shown = self.shown
        return tuple(
            f"W{l}.{k}.{j}"
            for l in shown.layers
            for k in shown.units[l]
            for j in shown.sources[l, k]
        )

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the numbers of which a check fails."""
        return tuple(
            name
            for name, checks in self.checks.items()
            if not all(check.passed for check in checks)
        )

    @property
    def passed(self) -> bool:
        """Return whether every check passes."""
        return not self.failed

    @property
    def spelled(self) -> Spelling:
        """The notation that is shown first."""
        return self.spellings[self.notation]

    @cached_property
    def spellings(self) -> dict[str, Spelling]:
        """Name → the notation, as its document writes this network and these rows."""
        return spellings_of(self.traits, self.equations)

    def value(self, name: str) -> float:
        """The number of a name, "Z2.3" say; see `chainrule.explanation.numbers`."""
        return self.numbers.read(name)

    def steps_in(self, spelled: Spelling) -> tuple[Step, ...]:
        """The steps that a notation has: a linear output needs no activation."""
        gone = (
            {f"{kind}{self.numbers.layers}" for kind in spelled.hidden}
            if self.traits.linear
            else set()
        )
        return tuple(step for step in self.steps if step.key not in gone)

    @property
    def traits(self) -> Traits:
        """What decides how the numbers are written."""
        return self.numbers.traits

    def formula(self, name: str, style: Style) -> str:
        """What a number is made of, as markup with places for the numbers in it."""
        template = formula(self.traits, name, style)
        if template is None:
            return ""
        return template.filled(self.numbers).markup(self.shown.terms)

    def symbol(self, spelled: Spelling, name: str) -> str:
        """The symbol of a number, as markup."""
        if name == "ell" and one_letter(spelled, self.traits):
            name = f"ell~{self.numbers.row}"
        return spelled.symbol(
            name, self.numbers.layers, linear=self.traits.linear, row=self.numbers.row
        )

    def grid(self, spelled: Spelling, array: str) -> list[list[str]]:
        """The places of an array, "W2" say, as a notation lays them out; none of one too large to be read."""
        kind, layer = (
            array.rstrip("0123456789"),
            int(array[len(array.rstrip("0123456789")) :]),
        )
        n, sizes = self.numbers, self.numbers.sizes
        beside = sizes[layer - 1] if "W" in kind else n.rows if spelled.columns else 0
        if max(sizes[layer], beside) > MOST_UNITS:
            return []
        return spelled.grid(kind, layer, sizes, n.rows, n.row)

    def equations_of_arrays(self, spelled: Spelling, step: Step) -> list[str]:
        """The equations of a step with the arrays of its layer, where some of them can be shown in numbers."""
        lines = array_equations(spelled, step, self.traits)
        return [
            line
            for line in lines
            if any(self.grid(spelled, array) for array in ARRAY_PLACE.findall(line))
        ]

    def rounded(self, number: float) -> str:
        """A number with the digits that are shown."""
        return f"{number + 0.0:.{self.digits}g}"

    def in_text(self, spelled: Spelling, markup: str, *, numbers: bool = False) -> str:
        """A formula in a line of text, its places filled by symbols or by numbers."""
        return to_text(
            parse(markup), lambda place: self._filled(TEXT, spelled, place, numbers)
        )

    def in_latex(self, spelled: Spelling, markup: str, *, numbers: bool = False) -> str:
        """A formula in LaTeX, its places filled by symbols or by numbers."""
        return to_latex(
            parse(markup), lambda place: self._filled(LATEX, spelled, place, numbers)
        )

    def _filled(self, form: Form, spelled: Spelling, place: str, numbers: bool) -> str:
        """The text for a place of a formula."""
        if place.startswith("rest:"):
            _, count, value = place.split(":")
            return form.rest(
                form.number(bracketed(self.rounded(float(value))))
                if numbers
                else form.dots,
                count,
            )
        if place.startswith("["):
            return self._array(form, spelled, place[1:-1], numbers)
        name = place.removeprefix("!")
        if not numbers:
            return form.show(parse(self.symbol(spelled, name)), str)
        shown = self.rounded(self.numbers.read(name))
        return form.number(shown if name != place else bracketed(shown))

    def _array(self, form: Form, spelled: Spelling, array: str, numbers: bool) -> str:
        """An array in a formula: its symbol, or its numbers."""
        grid = self.grid(spelled, array) if numbers else []
        if not grid:
            kind = array.rstrip("0123456789")
            return form.show(
                parse(
                    spelled.array(kind, int(array[len(kind) :]), self.numbers.layers)
                ),
                str,
            )

        def cell(place: str) -> str:
            return (
                self.rounded(self.numbers.read(place.strip("@")))
                if place.startswith("@")
                else place
            )

        rows = form.below.join(
            form.beside.join(cell(place) for place in row) for row in grid
        )
        return form.ends[0] + form.number(rows) + form.ends[1]
