"""Tables of what has a name: a row makes a function from its parameters, each within its range; a name chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from typing import Any, Generic, TypeVar, final

from ..errors import InputError, named_among, type_of
from .intervals import Interval

__all__ = ["Row", "chosen"]

Made = TypeVar("Made")


@final
@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return f"{self.name}{self.__signature__}"


def chosen(
    value: Any,
    kind: type,
    table: Mapping[str, Callable[..., Any]],
    word: str,
    remedy: str = "Choose one of these, or make one with its parameters.",
) -> Any:
    """The thing that a name of a table stands for, with its defaults; or the thing itself.

    Parameters
    ----------
    value : str or kind
    kind : type
        What the rows of the table make.
    table : mapping
    word : str
        How the error calls it.
    remedy : str
        What to do about a name that is near none.

    Raises
    ------
    InputError
        It is neither.
    """
    if isinstance(value, kind):
        return value
    if isinstance(value, str) and value in table:
        return table[value]()
    rows = [name for name, make in table.items() if make is value]
    if rows:
        called = value.__name__ if isinstance(value, type) else rows[0]
        given, remedy = f"{called}, uncalled", f"Call it: {called}()."
    else:
        text = value is None or isinstance(value, str)
        given = repr(value) if text else f"that is {type_of(value)}"
        remedy = named_among(value, table, remedy)
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    raise InputError(
        f"{word} {given}",
        f"one of {', '.join(table)}, or {article} {kind.__name__}",
        remedy,
    )
