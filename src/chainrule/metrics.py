"""The metrics of the table `METRICS`, by name: `metrics.accuracy`."""

from __future__ import annotations

from .training.metrics import METRICS, Metric

__all__ = [
    "Metric",
    "accuracy",
    "mean_absolute_error",
    "r2",
    "root_mean_squared_error",
]

accuracy = METRICS["accuracy"]
root_mean_squared_error = METRICS["root_mean_squared_error"]
mean_absolute_error = METRICS["mean_absolute_error"]
r2 = METRICS["r2"]
