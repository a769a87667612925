"""The table of metrics that a run can record and be steered by, beside its loss. Computed by scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

__all__ = ["METRICS", "Metric"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Metric:
    """A number that says how good outputs are.

    Parameters
    ----------
    name : str
    value : callable
        value(y, a) of targets as the loss encodes them and outputs A[L], both (N, n_L) on NumPy.
    greater_is_better : bool
        For early stopping.
    """

    name: str
    value: Callable[[Matrix, Matrix], float]
    greater_is_better: bool


def _accuracy(y: Matrix, a: Matrix) -> float:
    if a.shape[1] == 1:
        return float(np.mean((a > 0.5) == (y > 0.5)))
    return float(np.mean(np.argmax(a, axis=1) == np.argmax(y, axis=1)))


def _rmse(y: Matrix, a: Matrix) -> float:
    from sklearn.metrics import root_mean_squared_error

    return float(root_mean_squared_error(y, a))


def _mae(y: Matrix, a: Matrix) -> float:
    from sklearn.metrics import mean_absolute_error

    return float(mean_absolute_error(y, a))


def _r2(y: Matrix, a: Matrix) -> float:
    from sklearn.metrics import r2_score

    return float(r2_score(y, a))


#: name → metric.
METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        m.name: m
        for m in (
            Metric("accuracy", _accuracy, True),
            Metric("root_mean_squared_error", _rmse, False),
            Metric("mean_absolute_error", _mae, False),
            Metric("r2", _r2, True),
        )
    }
)
