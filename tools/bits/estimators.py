"""Fits of both estimators: every solver, every option that changes what is learned."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from chainrule import ACTIVATIONS, OPTIMIZERS, SCHEDULES, MLPClassifier, MLPRegressor

__all__ = ["cases"]

ESTIMATORS = {"classifier": MLPClassifier, "regressor": MLPRegressor}
ROWS = 80
#: Of both.
OPTIONS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "early-stopping": {"early_stopping": True, "n_iter_no_change": 3, "max_iter": 60},
    "converged": {"tol": 0.05, "n_iter_no_change": 2, "max_iter": 100},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.02},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling"},
    "nesterov-off": {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.5},
    "unshuffled": {"shuffle": False, "batch_size": 13},
    "alpha": {"alpha": 0.1},
    "penalties": {"l1": 0.01, "l2": 0.02},
    "dropout": {"dropout": 0.3, "input_dropout": 0.1},
    "two-layers": {"hidden_layer_sizes": (9, 5), "activation": ["gelu", "tanh"]},
    "linear": {"hidden_layer_sizes": ()},
    "reference": {"engine": "reference"},
    "one-thread": {"n_threads": 1, "hidden_layer_sizes": (70,)},
    "betas": {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-4},
}
OWN_OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "classifier": {
        "balanced": {"class_weight": "balanced"},
        "class-weight": {"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}},
    },
    "regressor": {
        "poisson": {"loss": "poisson"},
        "huber": {"loss": "huber"},
        "absolute": {"loss": "absolute_error"},
    },
}


def cases() -> Iterator[tuple[str, Any]]:
    """Name and computation of each case."""
    for kind in ESTIMATORS:
        for solver in dict.fromkeys(("lbfgs", "sgd", "adam", *OPTIMIZERS)):
            for dtype in ("float64", "float32"):
                run = partial(fitted, kind, dtype, solver=solver)
                yield f"estimator/{kind}/solver/{solver}/{dtype}", run
        for name in SCHEDULES:
            run = partial(fitted, kind, learning_rate=name, solver="sgd")
            yield f"estimator/{kind}/schedule/{name}", run
        for name in ACTIVATIONS:
            if name != "softmax":
                run = partial(fitted, kind, activation=name)
                yield f"estimator/{kind}/activation/{name}", run
        for name, settings in {**OPTIONS, **OWN_OPTIONS[kind]}.items():
            run = partial(fitted, kind, **settings)
            yield f"estimator/{kind}/option/{name}", run
        for way in (weighted, in_parts, warm, validated, many_outputs):
            name = way.__name__.replace("_", "-")
            yield f"estimator/{kind}/{name}", partial(way, kind)


def rows_of(kind: str, dtype: str = "float64") -> tuple[Any, Any]:
    """Rows, and classes or counts that a regressor with any loss accepts."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=(ROWS, 5))
    score = x @ rng.normal(size=(5, 3)) + 0.3 * rng.normal(size=(ROWS, 3))
    y = np.argmax(score, axis=1) if kind == "classifier" else np.exp(score[:, 0] / 3)
    return x.astype(dtype), y


def made(kind: str, **settings: Any) -> Any:
    """An estimator of few epochs."""
    usual: dict[str, Any] = {
        "hidden_layer_sizes": (12,),
        "max_iter": 12,
        "learning_rate_init": 0.01,
        "random_state": 3,
        "batch_size": 32,
    }
    return ESTIMATORS[kind](**{**usual, **settings})


def fitted(kind: str, dtype: str = "float64", **settings: Any) -> dict[str, Any]:
    """A fit."""
    x, y = rows_of(kind, dtype)
    return outcome(made(kind, **settings).fit(x, y), x)


def weighted(kind: str) -> dict[str, Any]:
    """A fit with row weights, some of them 0."""
    x, y = rows_of(kind)
    weights = np.random.default_rng(12).integers(0, 3, ROWS).astype(float)
    return outcome(made(kind).fit(x, y, sample_weight=weights), x)


def in_parts(kind: str) -> dict[str, Any]:
    """Calls of `partial_fit` on parts of the rows."""
    x, y = rows_of(kind)
    first = {"classes": [0, 1, 2]} if kind == "classifier" else {}
    found: dict[str, Any] = {}
    for solver in ("adam", "sgd"):
        model = made(kind, solver=solver).partial_fit(x[:50], y[:50], **first)
        for _ in range(3):
            model.partial_fit(x[30:], y[30:])
        found |= {f"{solver}-{name}": v for name, v in outcome(model, x).items()}
    return found


def warm(kind: str) -> dict[str, Any]:
    """Three fits, each from where the one before ended."""
    x, y = rows_of(kind)
    model = made(kind, warm_start=True, max_iter=4)
    for _ in range(3):
        model.fit(x, y)
    return outcome(model, x)


def validated(kind: str) -> dict[str, Any]:
    """A fit with validation rows of its own."""
    x, y = rows_of(kind)
    model = made(kind, early_stopping=True, max_iter=30)
    return outcome(model.fit(x[:60], y[:60], X_val=x[60:], y_val=y[60:]), x)


def many_outputs(kind: str) -> dict[str, Any]:
    """Several labels or several numbers for each row."""
    x, _ = rows_of(kind)
    y = x @ np.random.default_rng(13).normal(size=(5, 2))
    return outcome(made(kind).fit(x, y > 0 if kind == "classifier" else y), x)


def outcome(model: Any, x: Any) -> dict[str, Any]:
    """What was learned, the curves, and predictions."""
    names = ("loss_curve_", "validation_scores_", "validation_loss_curve_")
    curves = [_plain(getattr(model, name, None)) for name in names]
    ends = ("n_iter_", "t_", "best_loss_", "best_validation_score_", "loss_")
    found = {
        "coefs": list(model.coefs_),
        "intercepts": list(model.intercepts_),
        "curves": curves,
        "end": [_plain(getattr(model, name, None)) for name in ends],
        "predict": model.predict(x),
    }
    if hasattr(model, "predict_proba"):
        found["probabilities"] = model.predict_proba(x)
    return found


def _plain(value: Any) -> Any:
    """A number or a list of them as an array; None as it is."""
    return None if value is None else np.asarray(value)
