"""One shape for what all notations show: a quantity's symbol, what it is, its layer, its indices, its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations.arrays import Array
from .shapes import at

__all__ = ["Axis", "Quantity", "in_text", "quantities_of"]


@dataclass(frozen=True)
class Axis:
    """The index of one axis: its letter, its first value, and how many values it has."""

    letter: str
    first: int
    length: int

    def __str__(self) -> str:
        return f"{self.letter} = {self.first} … {self.first + self.length - 1}"


@dataclass(frozen=True)
class Quantity:
    """One array of a pass, as a document names it.

    Parameters
    ----------
    symbol : str
        The document's, with its layer: "δ^[2]".
    meaning : str
        What it is, in the document's letters: "∂L/∂net^[2]".
    canonical : str
        The quantity of the one notation that it shows: "Z", "A", "W", "b", "X", "Y", "J", "dZ", "dA", "dW", "db"
        or "dX"; several where it holds several ("b W").
    layer : int
        The canonical layer, 0 for the input.
    axes : tuple of Axis
        The index of each axis, as the document counts it.
    values : Array
        The numbers, in the document's shape.

    Examples
    --------
    >>> import numpy as np
    >>> q = Quantity("x^[1]", "1 and a^[1]", "A", 1, (Axis("j", 0, 3), Axis("", 1, 1)), np.array([[1.0], [5.0], [6.0]]))
    >>> str(q), float(q.entry(2))
    ('x^[1]: 1 and a^[1], 3 × 1, j = 0 … 2', 6.0)
    """

    symbol: str
    meaning: str
    canonical: str
    layer: int
    axes: tuple[Axis, ...]
    values: Array

    def entry(self, *index: int) -> Array:
        """The entry with the document's indices."""
        lettered = tuple(axis.first for axis in self.axes if axis.letter)
        return at(self.values, *index, first=lettered)

    def __str__(self) -> str:
        shape = " × ".join(str(axis.length) for axis in self.axes)
        indices = ", ".join(str(axis) for axis in self.axes if axis.letter)
        return f"{self.symbol}: {self.meaning}" + (
            f", {shape}, {indices}" if shape else ""
        )


def quantities_of(
    table: str, p: Any, keys: Sequence[Any], *, first: Any = 0, **words: str
) -> tuple[Quantity, ...]:
    """Every array of a pass, by a document's table.

    Parameters
    ----------
    table : str
        A row for each quantity: symbol | meaning | canonical | name in the pass | axes, with {l} for the layer and {p}
        for the one before. A name with a minus is of the layer before; an axis is its letter, or _, and its first
        index. Four parts: of the input, of each layer on the way up, of the output, of each layer on the way down.
        A symbol that begins with ~ is of a hidden layer, where the output has letters of its own.
    p : Pass
    keys : sequence
        The document's numbers of layers 1 … L.
    first : int
        That of the input.
    **words : str
        What else stands in braces.
    """
    parts = [part.splitlines() for part in table.strip().split("\n\n")]
    before, numbers = [first, *keys], range(1, len(keys) + 1)
    last = numbers[-1]

    def found(part: int, number: int) -> Iterator[Quantity]:
        l, previous = before[number], before[number - 1]
        for row in parts[part]:
            cells = (cell.strip() for cell in row.split("|"))
            symbol, meaning, canonical, name, axes = cells
            if symbol[0] == "~" and number == last:
                continue
            field = getattr(p, name.removesuffix("-"))
            key = previous if name.endswith("-") else l
            if isinstance(field, dict) and key not in field:
                continue
            values = field[key] if isinstance(field, dict) else field
            fill = {"l": l, "p": previous, **words}
            canonical = canonical.format(**fill)
            lower = name.endswith("-") and canonical[-1] not in "Wb"
            yield Quantity(
                symbol.lstrip("~").format(**fill),
                meaning.format(**fill),
                "dX" if canonical == "dA" and lower and number == 1 else canonical,
                number - lower,
                tuple(
                    Axis(axis[:-1].strip("_"), int(axis[-1]), length)
                    for axis, length in zip(axes.split(), np.shape(values), strict=True)
                ),
                values,
            )

    up = (one for number in numbers for one in found(1, number))
    down = (one for number in reversed(numbers) for one in found(3, number))
    return (*found(0, 1), *up, *found(2, last), *down)


def in_text(quantities: Iterable[Quantity]) -> str:
    """A line for each quantity: its symbol, its numbers row by row, and what it is.

    Examples
    --------
    >>> q = Quantity("x^[1]", "1 and a^[1]", "A", 1, (Axis("j", 0, 2), Axis("", 1, 1)), np.array([[1.0], [0.25]]))
    >>> print(in_text([q]))
    x^[1]  [1; 0.25]  1 and a^[1]
    """
    rows = [(q.symbol, _numbers(q.values), q.meaning) for q in quantities]
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    return "\n".join(f"{a:{widths[0]}}  {b:{widths[1]}}  {c}" for a, b, c in rows)


def _numbers(values: Array) -> str:
    """[row; row] of a matrix, or one number."""
    array = np.asarray(values)
    if not array.shape:
        return f"{array + 0.0:.6g}"
    return (
        "[" + "; ".join(" ".join(f"{v + 0.0:.6g}" for v in row) for row in array) + "]"
    )
