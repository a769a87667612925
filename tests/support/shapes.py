"""Shapes as the docstrings state them, checked whenever a test makes a record of arrays or calls a function of a table.

`theta : Array, shape (D,)` and `A : tuple of Array, shapes (N, n_l), l = 0 … L` are read out of the docstrings of
`RECORDS`, of `Loss.value_and_delta` and `FirstOrder.move`. N, n_l, D and L stand for one number within a record or a
call; a record that has `sizes` knows all but N. A shape that does not hold is an `AssertionError` where it arises.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import Gradient, Trace
from chainrule.engines.rows import Data
from chainrule.equations.activation import Elementwise, Softmax
from chainrule.equations.loss import Loss
from chainrule.optimizers import FirstOrder
from chainrule.optimizers.interface import Stepped
from chainrule.optimizers.state import State

__all__ = ["ACTIVATIONS", "RECORDS", "Stated", "checking", "holds", "stated"]

#: Frozen dataclasses of arrays: whatever the engines and the equations return. `Parameters` are a user's: wrong
#: ones are refused by `Network.require`.
RECORDS = (Trace, Gradient, State, Stepped, Data)
#: What maps z to an array of its shape (N, n).
ACTIVATIONS = (Elementwise, Softmax)
OF_Z = ("value", "pull_back", "log_value", "log_pull_back")
OF_Z = (*OF_Z, "log1m_value", "log1m_pull_back")

LINE = re.compile(r"^ *(\w+(?:, \w+)*) : (.*\bArray\b.*?shapes? \((.*?)\).*)$", re.M)
LAYERS = re.compile(r"l = (\d) … (L(?:-1)?)")


@dataclass(frozen=True)
class Stated:
    """The shape of an array, or of each array of a tuple: of the layers from `first` to L - `short`, or of any."""

    axes: tuple[str, ...]
    several: bool
    first: int | None = None
    short: int = 0


def stated(doc: str | None) -> dict[str, Stated]:
    """Name → the shape in each line of a docstring that has one."""
    found = {}
    for names, line, axes in LINE.findall(inspect.cleandoc(doc or "")):
        layers = LAYERS.search(line)
        shape = Stated(
            tuple(filter(None, re.split(r",\s*", axes))),
            line.startswith("tuple"),
            int(layers[1]) if layers else None,
            int(layers is not None and layers[2] == "L-1"),
        )
        found |= dict.fromkeys(names.split(", "), shape)
    return found


def holds(
    where: str, shapes: Mapping[str, Stated], values: Mapping[str, Any], **known: int
) -> None:
    """Raise unless the values have these shapes; `known` are the letters whose numbers are known."""
    for name, shape in shapes.items():
        value = values.get(name)
        if value is None:
            continue
        arrays = value if shape.several else (value,)
        if shape.first is not None:
            L = len(arrays) - 1 + shape.first + shape.short
            assert known.setdefault("L", L) == L, (
                f"{where}: {len(arrays)} arrays in {name} of a network of {known['L']} layers"
            )
        for l, array in enumerate(arrays, shape.first or 0):
            if array is None:
                continue
            letters = [f"n_{l}" if axis == "n_l" else axis for axis in shape.axes]
            if "n_L" in letters and "L" in known:
                letters = [
                    f"n_{known['L']}" if axis == "n_L" else axis for axis in letters
                ]
            found = np.shape(array)
            expected = tuple(
                known.setdefault(axis, size)
                for axis, size in itertools.zip_longest(letters, found)
                if axis is not None
            )
            assert found == expected, (
                f"{where}: {name}{f'[{l}]' if shape.several else ''} has shape {found}, not "
                f"({', '.join(shape.axes)}) = {expected}"
            )


def of_sizes(sizes: Any) -> dict[str, int]:
    """What the widths of a network say."""
    weights = sum(a * b for a, b in itertools.pairwise(sizes))
    widths = {f"n_{l}": n for l, n in enumerate(sizes)}
    return {**widths, "L": len(sizes) - 1, "D": weights + sum(sizes[1:])}


def checked_record(kind: type) -> Callable[..., None]:
    """Its `__init__`, which then looks at what was made."""
    made, shapes = kind.__init__, stated(kind.__doc__)  # type: ignore[misc]

    @functools.wraps(made)
    def init(self: Any, *values: Any, **named: Any) -> None:
        made(self, *values, **named)
        known = of_sizes(self.sizes) if hasattr(self, "sizes") else {}
        holds(kind.__name__, shapes, vars(self), **known)

    return init


def checked_call(function: Callable[..., Any], doc: str | None) -> Callable[..., Any]:
    """The method, whose arguments and results are looked at."""
    shapes = stated(doc)
    returned = stated((doc or "").partition("Returns")[2])
    names = [*inspect.signature(function).parameters]

    @functools.wraps(function)
    def call(*values: Any, **named: Any) -> Any:
        result = function(*values, **named)
        given = {**dict(zip(names, values, strict=False)), **named}
        results = dict(zip(returned, result, strict=False)) if returned else {}
        holds(function.__qualname__, shapes, {**given, **results})
        return result

    return call


def checked_map(function: Callable[..., Any]) -> Callable[..., Any]:
    """The method of an activation, whose result has the shape of z."""

    @functools.wraps(function)
    def call(self: Any, z: Any, *others: Any) -> Any:
        result = function(self, z, *others)
        shapes = {np.shape(one) for one in (z, result, *others)}
        assert len(shapes) == 1, f"{function.__qualname__} of {self}: shapes {shapes}"
        return result

    return call


def subclasses(kind: type) -> Iterator[type]:
    """Of any depth."""
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def checking(patch: Callable[[type, str, Callable[..., Any]], None]) -> None:
    """Check from here on; `patch(class, name, function)` puts a function in the place of a method."""
    for kind in RECORDS:
        patch(kind, "__init__", checked_record(kind))
    for base, method in ((Loss, "value_and_delta"), (FirstOrder, "move")):
        doc = getattr(base, method).__doc__
        for kind in subclasses(base):
            if method in vars(kind):
                patch(kind, method, checked_call(vars(kind)[method], doc))
    for kind in ACTIVATIONS:
        for method in OF_Z:
            patch(kind, method, checked_map(vars(kind)[method]))
