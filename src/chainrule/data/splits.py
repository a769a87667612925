"""The rows that are trained on and those that are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError, counted
from .column_values import present
from .tables import Table

__all__ = ["Rules", "has_target", "held_out", "with_target"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Rules:
    """The requests to `load_data` beside files and columns."""

    numbers: bool | None = None
    standardize: bool = True
    ignore: tuple[str, ...] = ()
    test_share: float = 0.2
    seed: int = 0


def has_target(table: Table, names: Sequence[str]) -> Matrix:
    """A mask of the rows whose target is there."""
    there = np.ones(table.rows, dtype=bool)
    for name in names:
        there &= present(table.require(name, "target"))
    return there


def with_target(table: Table, names: tuple[str, ...], remarks: list[str]) -> Table:
    """The rows whose target is there."""
    there = has_target(table, names)
    if there.all():
        return table
    remarks.append(
        f"{counted(int((~there).sum()), 'row')} of {table.source} left out: no target."
    )
    if not there.any():
        raise InputError(
            f"target {names[0]!r} that is missing in all rows",
            "a target in each row",
            "Name another.",
        )
    return table.take(np.flatnonzero(there))


def held_out(
    y: Matrix, of_classes: bool, rules: Rules, source: str, classes: Sequence[str] = ()
) -> tuple[Matrix, Matrix]:
    """The numbers of the rows to train on and to test on, by scikit-learn; of classes the same share of each."""
    from sklearn.model_selection import train_test_split

    y = y.reshape(len(y), -1)[:, 0] if of_classes else y
    if of_classes:
        values, counts = np.unique(y, return_counts=True)
        if values.size < 2:
            raise InputError(
                f"{source} with one class only",
                "two classes or more",
                "Name another target.",
            )
        if counts.min() < 2:
            rare = values[[counts.argmin()]].tolist()[0]  # of texts, too
            raise InputError(
                f"{source} with one row of class {(classes[rare] if len(classes) else rare)!r}",
                "two rows of each class or more, one to train on and one to test on",
                f"Leave the row out, or gather more; numbers to predict are asked for by {argument('numbers', True)}.",
            )
    try:
        train, test = train_test_split(
            np.arange(len(y)),
            test_size=rules.test_share,
            random_state=rules.seed,
            stratify=y if of_classes else None,
        )
    except ValueError as error:
        raise InputError(
            f"{counted(len(y), 'row')} of {source}, of which {rules.test_share:g} are to be held out ({error})",
            "rows enough on both sides",
            f"Add rows, or give rows to test on by {argument('test')}.",
        ) from error
    return train, test
