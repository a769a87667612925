"""Rows drawn from a seed, to compare an export on: from the ranges of the preparation where there is one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .deployment import Deployment, Matrix
from .parts import CategoryPart, NumberPart

__all__ = ["drawn_rows", "part_of_rows", "row_count"]

#: The share of a column's values that are missing, and of categories that training did not have.
MISSING, NEW = 0.1, 0.1
NEW_CATEGORY = "a category that training did not have"


def drawn_rows(deployment: Deployment, count: int, seed: int) -> Any:
    """So many rows, all numbers of float32.

    Without columns standard normal, or of pixels 0 … 255 whole; else each column by what the preparation knows of
    it: numbers normal around their center, or uniform over their bins and a tenth beyond; categories uniform, a tenth
    of them new ones; a tenth missing where training had missing values.
    """
    rng = np.random.default_rng(seed)
    if not deployment.columns:
        shape = count, deployment.network.sizes[0]
        if deployment.scale != 1:
            return rng.integers(0, 256, shape).astype(np.float64)
        return rng.normal(size=shape).astype(np.float32).astype(deployment.dtype)
    found: dict[str, Matrix] = {}
    for i, column in enumerate(deployment.columns):
        parts = [
            p
            for p in deployment.parts
            if isinstance(p, NumberPart | CategoryPart) and p.column == i
        ]
        first = parts[0] if parts else None
        if isinstance(first, CategoryPart):
            found[column.name] = _categories(rng, first, count)
        elif isinstance(first, NumberPart):
            found[column.name] = _numbers(rng, first, column.kind, count)
        elif column.kind == "category":
            found[column.name] = np.full(count, None, dtype=object)
        else:
            found[column.name] = np.zeros(count)
    return found


def _categories(rng: np.random.Generator, part: CategoryPart, count: int) -> Matrix:
    texts = np.array([*part.categories, NEW_CATEGORY, None], dtype=object)
    places = rng.integers(0, len(part.categories), count)
    places[rng.random(count) < NEW] = len(part.categories)
    if part.missing:
        places[rng.random(count) < MISSING] = len(part.categories) + 1
    return np.asarray(texts[places])


def _numbers(
    rng: np.random.Generator, part: NumberPart, kind: str, count: int
) -> Matrix:
    if kind == "boolean":
        values = rng.integers(0, 2, count).astype(np.float64)
    elif part.edges:
        low, high = part.edges[0], part.edges[-1]
        values = low + (high - low) * rng.uniform(-0.1, 1.1, count)
    else:
        values = part.center + part.width * rng.normal(size=count)
    values = values.astype(np.float32).astype(np.float64)
    if part.missing:
        values[rng.random(count) < MISSING] = np.nan
    return values


def row_count(rows: Any) -> int:
    """The number of rows."""
    return len(next(iter(rows.values()))) if isinstance(rows, dict) else len(rows)


def part_of_rows(rows: Any, count: int) -> Any:
    """The first rows."""
    if isinstance(rows, dict):
        return {name: values[:count] for name, values in rows.items()}
    return rows[:count]
