"""The contents of an explanation: templates in six notations, and the state that fills them.

They are computed once; text, page, LaTeX, drawing and JSON (`render/`) only show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..arguments import argument
from ..documents.spelling import Spelling, parts_of
from ..documents.table import LINES
from ..errors import InputError
from .checks import Check
from .expressions import Expression, Product
from .markup import parse
from .numbers import Numbers
from .places import LATEX, TEXT, Form, bracketed
from .spellings import SPELLINGS, spelled_for
from .state import State
from .steps import Selection, Step
from .template import ARRAY_PLACE, Template
from .traits import Traits

__all__ = ["Contents", "spellings_of"]


def spellings_of(traits: Traits, equations: tuple[str, ...]) -> dict[str, Spelling]:
    """Name → the notation, as its document writes this network and these rows."""
    return {name: spelled_for(name, traits.shape(equations)) for name in SPELLINGS}


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
    def templates(self) -> dict[str, Template]:
        """Name of a notation → what it writes."""
        traits, row = self.numbers.traits, self.numbers.row
        return {
            name: Template(traits, self.shown, one, row)
            for name, one in spellings_of(traits, self.equations).items()
        }

    @property
    def template(self) -> Template:
        """The template of the notation that is shown first."""
        return self.templates[self.notation]

    @property
    def spelled(self) -> Spelling:
        """The notation that is shown first."""
        return self.template.spelled

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps, in the order in which they are computed."""
        t, wanted = self.template, {one.casefold() for one in self.equations}
        return tuple(
            s
            for s in t.every_step
            if not wanted or {one.casefold() for one in t.numbers_of(s)} & wanted
        )

    @cached_property
    def state(self) -> State:
        """The numbers that are shown, and their checks."""
        names = (name for step in self.steps for name in step.entries)
        return State(self.numbers, tuple(names))

    def require_steps(self) -> None:
        """Raise where no step has one of the equations that are asked for."""
        if self.steps:
            return

        def known(t: Template) -> set[str]:
            return set().union(*(t.numbers_of(step) for step in t.every_step))

        asked, alias = {*map(str.casefold, self.equations)}, self.template.spelled.alias
        for line in LINES.values():
            own = {line.printed_number} - {""} if line.document == alias else set()
            if asked & {line.id.casefold(), *own} and line.document in (alias, "X"):
                raise InputError(
                    f"equation {', '.join(self.equations)}, of which this network has no step",
                    ", ".join(sorted(known(self.template))),
                    f"Run chainrule errata {line.id}, which evaluates it.",
                )
        others = (t for t in self.templates.values() if known(t) & {*self.equations})
        other = next((t.spelled.alias for t in others), None)
        raise InputError(
            f"equation {', '.join(self.equations)} in the notation {self.notation}",
            ", ".join(sorted(known(self.template))),
            f"The notation {other} has it: add {argument('notation', other)}."
            if other
            else "Choose from these, separated by commas.",
        )

    @property
    def checks(self) -> dict[str, tuple[Check, ...]]:
        """Name → the checks of the number."""
        return self.state.checks

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the numbers of which a check fails."""
        return self.state.failed

    @property
    def passed(self) -> bool:
        """Return whether every check passes."""
        return not self.failed

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

    def value(self, name: str) -> float:
        """The number of a name, "Z2.3" say; see `chainrule.explanation.numbers`."""
        return self.numbers.read(name)

    def steps_in(self, template: Template) -> tuple[Step, ...]:
        """The steps that a notation has; a linear output has none for its activation."""
        return tuple(step for step in self.steps if template.has(step))

    def formula(self, template: Template, name: str) -> str:
        """The formula of a number, as markup with places for the numbers in it."""
        found = self.state.formula(template, name)
        return "" if found is None else found.markup(self.shown.terms)

    @property
    def blank(self) -> bool:
        """Return whether it is a sheet to fill in, which shows what is given."""
        return self.numbers.withheld

    def rounded(self, number: float) -> str:
        """A number with the digits that are shown."""
        return f"{number + 0.0:.{self.digits}g}"

    def sign(self, template: Template, name: str) -> str:
        """The sign between the formula of a number with its numbers and its value, see `sign_of`."""
        found = self.state.formula(template, name)
        if found is None or not self.numbers.shows(name):
            return "="
        return self.sign_of(found, self.value(name))

    def sign_of(self, formula: Expression, value: float) -> str:
        """= where the rounded numbers in a formula give the rounded value, as a reader reckons; else ≈."""
        if "@rest:" in formula.markup(self.shown.terms):
            return "≈"  # what is left out is one number, rounded too
        try:
            found = formula.value(
                lambda name: float(self.rounded(self.numbers.read(name)))
            )[0]
        except (ArithmeticError, ValueError):
            return "≈"
        return "=" if self.rounded(found) == self.rounded(value) else "≈"

    def sign_of_arrays(self, template: Template, step: Step, line: str) -> str:
        """The sign between the arrays of a step's equation in numbers."""
        if self.blank:
            return "="
        grid = template.grid(ARRAY_PLACE.findall(line)[0])
        cells = (cell.strip("@") for row in grid for cell in row if cell[0] == "@")
        for name in cells:
            kind, l, index = parts_of(name)
            found = self.state.formula(template, name)
            if kind == "D" and f"@[D{l + 1}]@" in line:
                passed_back = self.state.formula(template, f"G{l}.{index[0]}")
                assert isinstance(found, Product)
                assert passed_back is not None
                found = Product(passed_back, *found.factors[1:])
            if found is not None and self.sign_of(found, self.value(name)) != "=":
                return "≈"
        return "="

    def number(self, form: Form, name: str, *, factor: bool = False) -> str:
        """The number of a name in a form, or a blank; a `factor` has brackets around its sign."""
        if not self.numbers.shows(name):
            return form.blank
        shown = self.rounded(self.value(name))
        return form.number(bracketed(shown) if factor else shown)

    def lines_of(
        self, form: Form, template: Template, name: str
    ) -> list[tuple[str, str]]:
        """The lines of a number, each with the sign before it: its formula, the same with numbers, its value."""
        formula, found = self.formula(template, name), []
        if formula:
            in_numbers = self.written(form, template, formula, numbers=True)
            found = [
                ("=", self.written(form, template, formula)),
                ("=", form.working if self.blank else in_numbers),
            ]
        return [*found, (self.sign(template, name), self.number(form, name))]

    def lines_of_arrays(self, form: Form, template: Template, step: Step) -> list[str]:
        """The equations of a step with the arrays of its layer, each followed by the same with numbers."""
        found = []
        for line in template.of_arrays(step):
            if self.blank:
                found.append(self.written(form, template, line))
                continue
            in_numbers = self.written(form, template, line, numbers=True)
            if self.sign_of_arrays(template, step, line) == "≈":
                in_numbers = in_numbers.replace("=", form.near, 1)
            found += [self.written(form, template, line), in_numbers]
        return found

    def lines_of_given(self, form: Form, template: Template) -> list[str]:
        """The arrays and numbers that are given, each with its symbol."""
        return [
            f"{self.written(form, template, place)} = {self.written(form, template, place, numbers=True)}"
            for place in template.given
        ]

    def in_text(self, template: Template, markup: str, *, numbers: bool = False) -> str:
        """A formula in a line of text, its places filled by symbols or by numbers."""
        return self.written(TEXT, template, markup, numbers=numbers)

    def in_latex(
        self, template: Template, markup: str, *, numbers: bool = False
    ) -> str:
        """A formula in LaTeX, its places filled by symbols or by numbers."""
        return self.written(LATEX, template, markup, numbers=numbers)

    def written(
        self, form: Form, template: Template, markup: str, *, numbers: bool = False
    ) -> str:
        """A formula in a form, its places filled by symbols or by numbers."""
        return form.show(
            parse(markup), lambda place: self._filled(form, template, place, numbers)
        )

    def _filled(self, form: Form, template: Template, place: str, numbers: bool) -> str:
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
            return self._array(form, template, place[1:-1], numbers)
        name = place.removeprefix("!")
        if not numbers:
            return form.show(parse(template.symbol(name)), str)
        return self.number(form, name, factor=name == place)

    def _array(self, form: Form, template: Template, array: str, numbers: bool) -> str:
        """An array in a formula: its symbol, or its numbers."""
        grid = template.grid(array) if numbers else []
        if not grid:
            return form.show(parse(template.array(array)), str)

        def cell(place: str) -> str:
            at = place.startswith("@")
            return self.number(form, place.strip("@")) if at else place

        rows = form.below.join(
            form.beside.join(cell(place) for place in row) for row in grid
        )
        return form.ends[0] + rows + form.ends[1]
