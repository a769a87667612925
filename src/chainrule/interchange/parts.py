"""The preparation of raw rows as a list of parts, each a few inputs: the form that every format is written from.

Two preparations lead here: the command's (standardized numbers, an input for each category) and that of the tabular
estimators (robust scaling with smooth clipping, logarithms, bins, parts of dates, sums of two numbers).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..data.preparation import Preparation
from ..estimators.tabular.encoding import Encoding

__all__ = [
    "CategoryPart",
    "NumberPart",
    "Part",
    "RawColumn",
    "SumPart",
    "columns_and_parts",
    "parts_of_encoding",
]


@dataclass(frozen=True)
class RawColumn:
    """A column of raw rows.

    Parameters
    ----------
    name : str
    kind : str
        "number", "boolean", "date" (days since 1970) or "category".
    """

    name: str
    kind: str


@dataclass(frozen=True)
class NumberPart:
    """A number as inputs: its scaled value, where asked its scaled logarithm, its place in each bin, whether missing.

    Parameters
    ----------
    column : int
    part : str
        "" or "days": the number; "year cos" and the like: where a day stands in a cycle.
    center, width : float
        (x - center) / width is the scaled value; a missing x counts as the center.
    clip : bool
        Whether z / √(1 + (z/3)²) takes the place of the scaled value z.
    log_center, log_width : float
        Likewise of log x; the width is 0 where there is none.
    edges : tuple of float
        Of the bins, ascending; empty for none.
    missing : bool
        Whether an input more says that the value is missing.
    """

    column: int
    part: str
    center: float
    width: float
    clip: bool = False
    log_center: float = 0.0
    log_width: float = 0.0
    edges: tuple[float, ...] = ()
    missing: bool = False

    @property
    def log(self) -> bool:
        """Return whether the logarithm is an input, too."""
        return self.log_width > 0

    @property
    def inputs(self) -> int:
        """The number of its inputs."""
        return 1 + self.log + max(len(self.edges) - 1, 0) + self.missing


@dataclass(frozen=True)
class CategoryPart:
    """A column of categories as inputs: one for each, one for others, one for missing.

    Parameters
    ----------
    column : int
    categories : tuple of str
    others, missing : bool
    """

    column: int
    categories: tuple[str, ...]
    others: bool
    missing: bool

    @property
    def inputs(self) -> int:
        """The number of its inputs."""
        return len(self.categories) + self.others + self.missing


@dataclass(frozen=True)
class SumPart:
    """A weighted sum of two scaled numbers as inputs: its value, and its place in each bin.

    Parameters
    ----------
    first, second : int
        Which of the numbers; of one with a logarithm it is the scaled logarithm.
    weights : (float, float)
    edges : tuple of float
    """

    first: int
    second: int
    weights: tuple[float, float]
    edges: tuple[float, ...]

    @property
    def inputs(self) -> int:
        """The number of its inputs."""
        return 1 + max(len(self.edges) - 1, 0)


Part = NumberPart | CategoryPart | SumPart


def columns_and_parts(
    preparation: Preparation,
) -> tuple[tuple[RawColumn, ...], tuple[Part, ...]]:
    """Columns and parts of the command's preparation, but for that of pixels."""
    kinds = {} if preparation.dialect is None else preparation.dialect.columns
    columns: list[RawColumn] = []
    parts: list[Part] = []
    for i, feature in enumerate(preparation.features):
        missing = bool(feature.missing)
        if feature.categories is not None:
            columns.append(RawColumn(feature.name, "category"))
            parts.append(CategoryPart(i, feature.categories, feature.others, missing))
            continue
        kind = kinds.get(feature.name)
        date = kind is not None and kind.kind == "date"
        columns.append(RawColumn(feature.name, "date" if date else "number"))
        parts.append(NumberPart(i, "", feature.mean, feature.std, missing=missing))
    return tuple(columns), tuple(parts)


def parts_of_encoding(
    encoding: Encoding,
) -> tuple[tuple[RawColumn, ...], tuple[Part, ...]]:
    """Columns and parts of a tabular estimator's encoding."""
    columns = tuple(map(RawColumn, encoding.names, encoding.kinds))
    numbers = [
        NumberPart(
            n.column,
            n.part,
            n.scaling.center,
            n.scaling.width,
            True,
            n.scaling.log_center,
            n.scaling.log_width,
            n.edges if len(n.edges) > 1 else (),
            n.missing,
        )
        for n in encoding.numbers
    ]
    categories = [
        CategoryPart(c.column, c.categories, c.others, c.missing)
        for c in encoding.categories
    ]
    sums = [
        SumPart(p.first, p.second, p.weights, p.edges if len(p.edges) > 1 else ())
        for p in encoding.projections
    ]
    return columns, (*numbers, *categories, *sums)
