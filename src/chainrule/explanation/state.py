"""The numbers of a pass and a step, and their checks: what fills the templates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from .checks import Check, Checker
from .expressions import Expression
from .numbers import Numbers
from .template import Template

__all__ = ["State"]


@dataclass(frozen=True, eq=False)
class State:
    """Of one θ, one batch of rows and one step.

    Parameters
    ----------
    numbers : Numbers
        The engine's numbers, by name.
    names : tuple of str
        Those that are shown with their formula.
    """

    numbers: Numbers
    names: tuple[str, ...]

    @cached_property
    def checks(self) -> dict[str, tuple[Check, ...]]:
        """Name → the checks of the number."""
        checker = Checker(replace(self.numbers, withheld=False))
        return {name: checker.of(name) for name in self.names}

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the numbers of which a check fails."""
        return tuple(
            name
            for name, checks in self.checks.items()
            if not all(check.passed for check in checks)
        )

    def formula(self, template: Template, name: str) -> Expression | None:
        """The formula of a number, with the branches and terms that these numbers lead to."""
        found = template.formula(name)
        return None if found is None else found.filled(self.numbers)
