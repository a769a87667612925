"""A row of a table of functions: called, it makes the function from its parameters, each within its range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from typing import Any, Generic, TypeVar, final

from .intervals import Interval

__all__ = ["Row"]

Made = TypeVar("Made")


@final
@dataclass(frozen=True)
class Row(Generic[Made]):
    """One function: its name, what makes it from its parameters, and these with default and range."""

    name: str
    make: Callable[..., Made]
    parameters: Mapping[str, tuple[float, Interval]] = field(default_factory=dict)

    @property
    def __signature__(self) -> Signature:
        kind = Parameter.POSITIONAL_OR_KEYWORD
        defaults = {name: default for name, (default, _) in self.parameters.items()}
        return Signature([Parameter(n, kind, default=d) for n, d in defaults.items()])

    def __call__(self, *values: Any, **named: Any) -> Made:
        given = self.__signature__.bind(*values, **named)
        given.apply_defaults()
        for name, value in given.arguments.items():
            allowed = self.parameters[name][1]
            given.arguments[name] = allowed.checked(f"{self.name}'s {name}", value)
        return self.make(**given.arguments)
