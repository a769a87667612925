"""The findings on an average: importance and dependence of columns, contributions to a row, calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .columns import Matrix

__all__ = ["Calibration", "Contributions", "Dependence", "Importance"]


@dataclass(frozen=True)
class Importance:
    """The harm to predictions of shuffling each column.

    Parameters
    ----------
    names : tuple of str
        The columns.
    loss : float
        Of the rows as they are: log loss, or mean squared error.
    increases : ndarray, shape (columns, repeats)
        Of the loss.
    """

    names: tuple[str, ...]
    loss: float
    increases: Matrix

    def ordered(self) -> list[tuple[str, float, float]]:
        """Name, mean and standard deviation, the most important first."""
        mean, spread = self.increases.mean(axis=1), self.increases.std(axis=1)
        order = np.argsort(-mean, kind="stable")
        return [(self.names[i], float(mean[i]), float(spread[i])) for i in order]


@dataclass(frozen=True)
class Dependence:
    """The mean prediction where a column has one value in all rows.

    Parameters
    ----------
    name : str
    values : list
        Numbers, days since 1970, or the text of categories.
    means : ndarray, shape (values, outputs)
        Probabilities of the classes, or numbers.
    """

    name: str
    values: list[Any]
    means: Matrix


@dataclass(frozen=True)
class Contributions:
    """The part of each column in the prediction of each row, beside that of the mean row.

    Parameters
    ----------
    names : tuple of str
    base : ndarray, shape (outputs,)
        The prediction for the mean of the rows' inputs.
    values : ndarray, shape (N, outputs, columns)
        They add up to prediction - base, but for the error of the sum in place of an integral.
    """

    names: tuple[str, ...]
    base: Matrix
    values: Matrix


@dataclass(frozen=True)
class Calibration:
    """Probabilities beside how often they are right.

    Parameters
    ----------
    predicted, observed : ndarray, shape (bins,)
        Mean probability of the predicted class, and how often it was right.
    counts : ndarray of int, shape (bins,)
    """

    predicted: Matrix
    observed: Matrix
    counts: Matrix

    @property
    def error(self) -> float:
        """The mean distance of both, weighted by the counts."""
        off = np.abs(self.predicted - self.observed)
        return float(np.sum(off * self.counts) / np.sum(self.counts))
