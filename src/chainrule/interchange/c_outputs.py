"""The rows and the outputs of the C that is written, known without a compiler."""

from __future__ import annotations

from typing import Any

import numpy as np

from .c_arithmetic import exponential, network_outputs, prepared
from .deployment import Deployment
from .parts import CategoryPart

__all__ = ["c_outputs", "c_rows"]

Matrix = np.ndarray[Any, Any]
F = np.float32


def c_rows(deployment: Deployment, rows: Any) -> Matrix:
    """Raw rows as the C takes them: float32, categories by their numbers, NaN for missing."""
    if not deployment.columns:
        return np.asarray(rows, F)
    found = np.full(
        (len(rows[deployment.columns[0].name]), len(deployment.columns)), np.nan
    )
    places = {
        part.column: {name: i for i, name in enumerate(part.categories)}
        for part in deployment.parts
        if isinstance(part, CategoryPart)
    }
    for i, column in enumerate(deployment.columns):
        values = rows[column.name]
        if column.kind != "category":
            found[:, i] = values
            continue
        known = places.get(i, {})
        found[:, i] = [
            np.nan if value is None else known.get(value, -1) for value in values
        ]
    return found.astype(F)


def c_outputs(deployment: Deployment, raw: Matrix) -> Matrix:
    """The outputs of the C, bit by bit, of rows as `c_rows` gives them."""
    x = raw
    if deployment.columns:
        x = prepared(deployment.parts, raw)
    elif deployment.scale != 1:
        x = raw * F(deployment.scale)
    total = network_outputs(deployment.network, deployment.members[0], x)
    for parameters in deployment.members[1:]:
        total = total + network_outputs(deployment.network, parameters, x)
    if len(deployment.members) > 1:
        total = total / F(len(deployment.members))
    finish = deployment.finish
    if finish.kind == "classes" and total.shape[1] == 1:
        total = np.hstack([F(1) - total, total])
    if finish.normalized:
        s = np.zeros(len(total), F)
        for k in range(total.shape[1]):
            s = s + total[:, k]
        total = total / s[:, None]
    if finish.width is not None and finish.center is not None:
        total = total * finish.width.astype(F) + finish.center.astype(F)
    if finish.log:
        total = exponential(np.asarray(total, F))
    if finish.low is not None and finish.high is not None:
        low, high = finish.low.astype(F), finish.high.astype(F)
        total = np.where(total < low, low, np.where(total > high, high, total))
    return np.asarray(total, F)
