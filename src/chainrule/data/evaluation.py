"""The quality of a trained network on rows that it has not seen: metrics, confusion, calibration, worst mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import counted
from .preparation import Target

__all__ = ["Evaluation", "class_probabilities", "evaluate", "headline", "predict"]

Matrix = np.ndarray[Any, Any]
#: Bins of the calibration curve.
BINS = 10


@dataclass(frozen=True)
class Evaluation:
    """Predictions on test rows, compared with what is true.

    Parameters
    ----------
    target : Target
    true : ndarray
        Class numbers, shape (N,); or numbers in their units, shape (N, columns).
    predicted : ndarray
        Likewise.
    probabilities : ndarray, shape (N, classes), or None
        Of each class, where classes are predicted.
    metrics : dict of str to float
        "accuracy" and "log_loss"; or "rmse", "mae" and "r2", in the units of the target.
    """

    target: Target
    true: Matrix
    predicted: Matrix
    probabilities: Matrix | None
    metrics: dict[str, float]

    @property
    def confusion(self) -> Matrix:
        """The number of times that each class (row) was taken for each class (column)."""
        from sklearn.metrics import confusion_matrix

        return np.asarray(
            confusion_matrix(
                self.true, self.predicted, labels=np.arange(len(self.target.classes))
            )
        )

    def worst(self, count: int) -> Matrix:
        """The numbers of the rows with the largest mistakes, the worst first.

        Of classes: the wrong ones, by how little probability the true class had.
        """
        if self.probabilities is None:
            error = np.abs(
                self.target.standardized(self.true)
                - self.target.standardized(self.predicted)
            ).max(axis=1)
            return np.argsort(-error, kind="stable")[:count]
        given = self.probabilities[np.arange(len(self.true)), self.true]
        wrong = np.flatnonzero(self.predicted != self.true)
        return wrong[np.argsort(given[wrong], kind="stable")][:count]

    def calibration(self) -> tuple[Matrix, Matrix, Matrix]:
        """Predictions beside the truth: mean prediction, mean truth and rows of each bin.

        Of classes: the probability of the class that was predicted, in ten bins of equal width, against how
        often it was right. Of numbers (the first column): ten bins of equally many rows, by prediction.
        """
        if self.probabilities is None:
            said, came = self.predicted[:, 0], self.true[:, 0]
            bins = (
                np.argsort(np.argsort(said, kind="stable"), kind="stable")
                * BINS
                // len(said)
            )
        else:
            said = self.probabilities.max(axis=1)
            came = (self.predicted == self.true).astype(float)
            bins = np.minimum((said * BINS).astype(int), BINS - 1)
        rows = np.bincount(bins, minlength=BINS)
        there = rows > 0
        mean = [
            np.bincount(bins, values, minlength=BINS)[there] / rows[there]
            for values in (said, came)
        ]
        return mean[0], mean[1], rows[there]

    def as_dict(self) -> dict[str, Any]:
        """The same for report.json."""
        content: dict[str, Any] = dict(self.metrics)
        if self.target.classes:
            content |= {
                "confusion": self.confusion.tolist(),
                "classes": list(self.target.classes),
            }
        said, came, rows = self.calibration()
        return {
            **content,
            "calibration": {
                "said": said.tolist(),
                "came": came.tolist(),
                "rows": rows.tolist(),
            },
        }


def evaluate(target: Target, output: Matrix, true: Matrix) -> Evaluation:
    """Compare outputs A[L], shape (N, n_L), with targets as `Dataset` has them.

    Examples
    --------
    >>> target = Target(("fruit",), ("apple", "pear"))
    >>> done = evaluate(target, np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]))
    >>> done.metrics["accuracy"], done.confusion.tolist(), done.worst(3).tolist()
    (0.5, [[1, 0], [1, 0]], [1])
    """
    from sklearn import metrics

    if target.classes:
        probabilities = class_probabilities(output)
        predicted = predict(target, output)
        given = np.clip(
            probabilities[np.arange(len(true)), true], np.finfo(np.float64).tiny, None
        )
        found = {
            "accuracy": float(np.mean(predicted == true)),
            "log_loss": float(np.mean(-np.log(given))),
        }
        return Evaluation(target, true, predicted, probabilities, found)
    numbers = predict(target, output)
    found = {
        "rmse": float(metrics.root_mean_squared_error(true, numbers)),
        "mae": float(metrics.mean_absolute_error(true, numbers)),
        "r2": float(metrics.r2_score(true, numbers)) if len(true) > 1 else float("nan"),
    }
    return Evaluation(target, true, numbers, None, found)


def class_probabilities(output: Matrix) -> Matrix:
    """The probability of each class; a single sigmoid gives that of the second."""
    output = output.astype(np.float64)
    return np.hstack([1 - output, output]) if output.shape[1] == 1 else output


def predict(target: Target, output: Matrix) -> Matrix:
    """Class numbers, shape (N,); or numbers in their units, shape (N, columns)."""
    return (
        class_probabilities(output).argmax(axis=1)
        if target.classes
        else target.in_units(output.astype(np.float64))
    )


def headline(done: Evaluation, where: str = "test ") -> str:
    """The metrics in one line; `where` says of which rows, before the first of them."""
    rows, values = len(done.true), done.metrics
    if done.target.classes:
        right = int((done.predicted == done.true).sum())
        return f"{where}accuracy {values['accuracy']:.4f} ({right} of {rows}), log loss {values['log_loss']:.4f}"
    return f"{where}RMSE {values['rmse']:.5g}, MAE {values['mae']:.5g}, R² {values['r2']:.4f} ({counted(rows, 'row')})"
