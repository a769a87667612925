"""From columns to the numbers that a network sees, and back: fitted by `preparation_fit`, kept in the model file.

Numbers become (value − mean) / std, a missing one the mean, with an input more that is 1 where it was
missing. Text becomes one input per category. Pixels are multiplied by one scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from ..files.schema import fitted
from .dialect import ColumnKind, Dialect

__all__ = ["NAME_ROWS", "Feature", "Preparation", "Target", "date_of"]

#: The reason why a column of text is left out whose texts name rows.
NAME_ROWS = "name rows"

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Feature:
    """A column that the network sees.

    Parameters
    ----------
    name : str
    mean, std : float
        Of a column of numbers, over the training rows.
    categories : tuple of str or None
        Of a column of text, the most frequent first; None for numbers.
    others : bool
        Whether an input more stands for rarer categories.
    missing : float
        The share of the training rows whose value is missing, 1 where nobody knows it (of an import); where it is not
        0, an input more says which.
    """

    name: str
    mean: float = 0.0
    std: float = 1.0
    categories: tuple[str, ...] | None = None
    others: bool = False
    missing: float = 0.0

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs that it becomes."""
        own = (
            [self.name]
            if self.categories is None
            else [f"{self.name}={value}" for value in self.categories]
        )
        return (
            *own,
            *[f"{self.name}=other"] * self.others,
            *[f"{self.name} missing"] * bool(self.missing),
        )

    def words(self, kind: ColumnKind | None = None) -> str:
        """The content of the column, for a reader; `kind` is how it was read."""
        missing = f", {100 * self.missing:.2g} % missing" if self.missing else ""
        missing = ", may be missing" if self.missing == 1 else missing
        if self.categories is None and kind is not None and kind.kind == "date":
            return f"date, mean {date_of(self.mean)}, std {self.std:.4g} days{missing}"
        if self.categories is None:
            form = None if kind is None else kind.number
            unit = f" in {form.unit}" if form is not None and form.unit else ""
            return f"number{unit}, mean {self.mean:.4g}, std {self.std:.4g}{missing}"
        more = " and rarer ones" if self.others else ""
        shown = ", ".join(self.categories[:3]) + (
            ", …" if len(self.categories) > 3 else ""
        )
        return f"{len(self.categories)} categories{more} ({shown}){missing}"


@dataclass(frozen=True)
class Target:
    """The column or columns that are predicted.

    Parameters
    ----------
    names : tuple of str
        Its column, or columns of numbers.
    classes : tuple of str
        What the class numbers mean; empty where numbers are predicted.
    mean, std : tuple of float
        Of each column of numbers, over the training rows; 0 and 1 where they are not standardized.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def standardized(self, y: Matrix) -> Matrix:
        """Numbers as the network learns them; class numbers as they are."""
        return y if self.classes else (y - np.array(self.mean)) / np.array(self.std)

    def in_units(self, output: Matrix) -> Matrix:
        """The network's outputs, shape (N, n_L), in the units of the columns."""
        return (
            output
            if self.classes
            else output * np.array(self.std) + np.array(self.mean)
        )


@dataclass(frozen=True)
class Preparation:
    """All that turns raw rows into inputs, and outputs into predictions.

    Parameters
    ----------
    features : tuple of Feature
    target : Target
    scale : float or None
        Of pixels: what they are multiplied by; nothing else is done to them.
    left_out : mapping of str to str
        Columns that are not used, and why.
    dialect : Dialect or None
        How tables of raw rows are read; None where there is no table.
    """

    features: tuple[Feature, ...]
    target: Target
    scale: float | None = None
    left_out: Mapping[str, str] | None = None
    dialect: Dialect | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the network's inputs, n_0 of them."""
        return tuple(name for feature in self.features for name in feature.inputs)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {
            "features": [asdict(feature) for feature in self.features],
            "target": asdict(self.target),
            "scale": self.scale,
            "left_out": dict(self.left_out or {}),
            "dialect": None if self.dialect is None else self.dialect.as_dict(),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Preparation:
        """The preparation that `as_dict` was made from; `ValueError` names the first place that is unlike it."""
        made = fitted(cls, content, "preparation")
        require_sound(made)
        return made


def require_sound(preparation: Preparation) -> None:
    """Raise `ValueError` for what no table leads to."""
    features, target = preparation.features, preparation.target
    for feature in features:
        if not (feature.std > 0 and 0 <= feature.missing <= 1):
            raise ValueError(
                f"column {feature.name!r:.100} with std {feature.std} and {feature.missing} missing"
            )
        if feature.categories is not None and repeats(feature.categories):
            raise ValueError(f"column {feature.name!r:.100} with a category twice")
    names = [feature.name for feature in features]
    numbers = () if target.classes else target.names
    if (
        not features
        or not target.names
        or repeats(names)
        or repeats(target.names)
        or repeats(target.classes)
    ):
        raise ValueError("columns, targets or classes that are missing or there twice")
    if not len(target.mean) == len(target.std) == len(numbers):
        raise ValueError(
            f"{len(target.mean)} means and {len(target.std)} spreads of {len(numbers)} targets"
        )
    if not all(std > 0 for std in target.std):
        raise ValueError(f"target.std: {target.std}, which are not all > 0")
    if preparation.scale is not None and not preparation.scale > 0:
        raise ValueError(f"scale: {preparation.scale}, which is not > 0")


def repeats(names: Sequence[str]) -> bool:
    """Return whether a name is there twice."""
    return len(set(names)) < len(names)


def date_of(days: float) -> str:
    """The date so many days after 1970-01-01; the number where no calendar has it.

    Examples
    --------
    >>> date_of(1.5)
    '1970-01-02'
    """
    try:
        return str(date(1970, 1, 1) + timedelta(days=int(days // 1)))
    except (OverflowError, ValueError):
        return f"{days:.4g}"
