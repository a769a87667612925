"""Tables that are damaged in one way each: the presets beside boosting on the same rows.

    python benchmarks/tabular_robustness.py [--presets fast,strong] [--rows 3000]

California's rows, in the folder that `CHAINRULE_DATA` names, half of them to test on, which are never damaged but for
missing cells; Letter's for classes of two rows. R² (of classes accuracy) is printed as rows of a table.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from tabular import california, letter

from chainrule import TabularClassifier, TabularRegressor

Rows = tuple[pd.DataFrame, np.ndarray]
Damage = Callable[[pd.DataFrame, np.ndarray, np.random.Generator, bool], Rows]


def missing_cells(X: pd.DataFrame, y: np.ndarray, rng: Any, train: bool) -> Rows:
    return X.mask(rng.random(X.shape) < 0.05), y


def many_categories(X: pd.DataFrame, y: np.ndarray, rng: Any, train: bool) -> Rows:
    drawn = rng.integers(0, 2000, len(X))
    return X.assign(code=pd.Categorical([f"c{i}" for i in drawn])), y


def useless_columns(X: pd.DataFrame, y: np.ndarray, rng: Any, train: bool) -> Rows:
    first = X[X.columns[0]]
    return X.assign(constant=1.0, twice=first, id=rng.permutation(len(X))), y


def far_targets(X: pd.DataFrame, y: np.ndarray, rng: Any, train: bool) -> Rows:
    y = y.copy()
    if train:
        y[rng.choice(len(y), max(1, len(y) // 200), replace=False)] = 1e6
    return X, y


def fifty_rows(X: pd.DataFrame, y: np.ndarray, rng: Any, train: bool) -> Rows:
    return (X[:50], y[:50]) if train else (X, y)


def many_columns(X: pd.DataFrame, y: np.ndarray, rng: Any, train: bool) -> Rows:
    noise = pd.DataFrame(
        rng.normal(size=(len(X), 992)), X.index, [f"n{i}" for i in range(992)]
    )
    wide = pd.concat([X, noise], axis=1)
    return (wide[:150], y[:150]) if train else (wide, y)


DAMAGES: dict[str, Damage] = {
    "as it is": lambda X, y, rng, train: (X, y),
    "5 % of the cells missing": missing_cells,
    "a column of 2 000 random categories": many_categories,
    "a constant, a duplicate, a shuffled id": useless_columns,
    "targets of 10⁶ in 0.5 % of the rows": far_targets,
    "50 rows": fifty_rows,
    "1 000 columns, 150 rows": many_columns,
}


def say(name: str, scores: list[float]) -> None:
    sys.stdout.write(f"| {name} | {' | '.join(f'{s:.3f}' for s in scores)} |\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", default="fast,strong")
    parser.add_argument("--rows", type=int, default=3000)
    asked = parser.parse_args()
    presets = asked.presets.split(",")
    warnings.simplefilter("ignore")
    sys.stdout.write(f"| | {' | '.join(presets)} | boosting |\n")
    X, y = california()
    chosen = np.random.default_rng(0).permutation(len(y))[: asked.rows]
    train, test = np.array_split(chosen, 2)
    for name, damage in DAMAGES.items():
        rng = np.random.default_rng(1)
        x, t = damage(X.iloc[train], y[train], rng, True)
        x_test, t_test = damage(X.iloc[test], y[test], rng, False)
        models: list[Any] = [TabularRegressor(preset) for preset in presets]
        scores = [model.fit(x, t).score(x_test, t_test) for model in models]
        # boosting takes 255 categories at most
        x, x_test = (part.drop(columns="code", errors="ignore") for part in (x, x_test))
        boosting = HistGradientBoostingRegressor(random_state=0).fit(x, t)
        scores.append(boosting.score(x_test, t_test))
        say(name, scores)
    X, labels = letter()
    first = pd.Series(labels).groupby(labels).head(2).index.to_numpy()
    others = np.setdiff1d(np.arange(len(labels)), first)[:2000]
    models = [TabularClassifier(preset) for preset in presets]
    models.append(HistGradientBoostingClassifier(random_state=0))
    scores = [
        model.fit(X.iloc[first], labels[first]).score(X.iloc[others], labels[others])
        for model in models
    ]
    say("26 classes of two rows, accuracy", scores)


if __name__ == "__main__":
    main()
