"""Runs of `train`, and single passes: both engines, all tables, all options, several shapes."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    Checkpoint,
    EarlyStopping,
    InputError,
    Network,
    Parameters,
    Predictor,
    Report,
    backward,
    check_gradient,
    forward,
    train,
)

__all__ = ["cases"]

ENGINES = ("reference", "native")
DTYPES = ("float64", "float32")
SIZES, FUNCTIONS = (6, 9, 7, 4), ("tanh", "relu", "softmax")
ROWS = 70
#: Rules that take all rows in every step.
ALL_ROWS = ("gradient_descent", "lbfgs", "levenberg_marquardt")
#: Parameters with which a rule is tried beside its defaults.
RULES: dict[str, list[dict[str, Any]]] = {
    "sgd": [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    "rmsprop": [{"rho": 0.9, "epsilon": 1e-4}],
    "adam": [{"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4}],
    "adamw": [{"weight_decay": 0.2}],
    "lbfgs": [{"memory": 2}],
    "levenberg_marquardt": [{"form": "dual"}, {"regularization": "bayes"}],
}
#: Parameters with which a schedule moves within the epochs of a run here; others run with their defaults.
SPANS: dict[str, dict[str, Any]] = {
    "step": {"every_epochs": 1.5},
    "inverse_scaling": {"power": 0.7},
    "cosine": {"length_epochs": 4.0, "final": 0.1},
    "one_cycle": {"length_epochs": 5.0},
    "adaptive": {"patience": 1.0, "tolerance": 0.1},
}
#: Widths and batches about the edges of vectors and tiles.
SHAPES = [(1, 1, 1), (3, 1, 2), (17, 5, 1), (31, 33, 3), (64, 10, 10), (130, 129, 11)]


def options() -> dict[str, dict[str, Any]]:
    """What can be set beside rule and schedule."""
    weights = np.random.default_rng(4).uniform(0, 2, ROWS)
    weights[::7] = 0
    watched = {"validation": 0.25, "max_epochs": 60, "optimizer": _momentum(0.5)}
    found: dict[str, dict[str, Any]] = {
        "none": {},
        "dropout": {"dropout": 0.3},
        "dropout-by-layer": {"dropout": (0.2, 0.5)},
        "input-dropout": {"input_dropout": 0.25},
        "clip-value": {"clip_value": 0.01},
        "clip-norm": {"clip_norm": 0.05},
        "max-norm": {"max_norm": 0.6},
        "frozen-layers": {"frozen_layers": (1, 3)},
        "l1": {"l1": 0.01},
        "l2": {"l2": 0.05},
        "row-weights": {"sample_weight": weights},
        "validation": {"validation": 0.2},
        "stopped-by-loss": {**watched, "early_stopping": EarlyStopping(patience=2)},
        "stopped-by-metric": {
            **watched,
            "early_stopping": EarlyStopping(
                monitor="accuracy", patience=3, smoothing=0.5
            ),
        },
        "max-steps": {"max_steps": 7},
        "one-row": {"batch_rows": 1},
        "seed": {"seed": 7},
    }
    together = ("dropout", "input-dropout", "clip-norm", "l1", "l2", "row-weights")
    found["together"] = {k: v for name in together for k, v in found[name].items()}
    found["together-max-norm"] = {**found["together"], "max_norm": 0.6}
    return found


def cases() -> Iterator[tuple[str, Any]]:
    """Name and computation of each case."""
    for engine in ENGINES:
        at = f"train/{engine}"
        for name in OPTIMIZERS:
            for number, extra in enumerate([{}, *RULES.get(name, [])]):
                rule = OPTIMIZERS[name](**extra)
                run = partial(trained, engine=engine, optimizer=rule)
                yield f"{at}/optimizer/{name}{'-' * bool(number)}{number or ''}", run
        for name in SCHEDULES:
            for warmup in (0.0, 1.5):
                schedule = SCHEDULES[name](warmup_epochs=warmup, **SPANS.get(name, {}))
                run = partial(trained, engine=engine, schedule=schedule, max_epochs=8)
                yield f"{at}/schedule/{name}{'-warmup' * bool(warmup)}", run
        for dtype in DTYPES:
            for name, extra in options().items():
                run = partial(trained, engine=engine, dtype=dtype, **extra)
                yield f"{at}/option/{name}/{dtype}", run
            yield f"{at}/uint8/{dtype}", partial(pixels, engine, dtype)
            yield f"{at}/resumed/{dtype}", partial(resumed, engine, dtype)
            for phi, ell in itertools.product(ACTIVATIONS, LOSSES):
                run = partial(pair, engine, dtype, phi, ell)
                yield f"{at}/pair/{phi}/{ell}/{dtype}", run
            for sizes in SHAPES:
                name = "-".join(map(str, sizes))
                run = partial(shaped, engine, dtype, sizes)
                yield f"{at}/shape/{name}/{dtype}", run
            for threads, batch in itertools.product((1, 2), (256, None)):
                run = partial(large, engine, dtype, threads, batch)
                rows = f"batch-{batch}" if batch else "all-rows"
                yield f"{at}/threads/{threads}/{rows}/{dtype}", run
    for dtype in DTYPES:
        yield f"pass/{dtype}", partial(single_pass, dtype)
        for name in INITIALIZERS:
            yield f"start/{name}/{dtype}", partial(start, name, dtype)
    yield "gradient-check", gradient_checks


def trained(**settings: Any) -> dict[str, Any]:
    """A network with two hidden layers on classes; or that the native engine refuses the job."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(ROWS, SIZES[0])), rng.integers(0, SIZES[-1], ROWS)
    rule = settings.get("optimizer")
    batch = None if getattr(rule, "name", "") in ALL_ROWS else 16
    usual = {"optimizer": _momentum(0.1), "max_epochs": 5, "batch_rows": batch}
    network = Network(SIZES, FUNCTIONS, "cross_entropy")
    return outcome_of(network, x, y, **{**usual, **settings})


def pixels(engine: str, dtype: str) -> dict[str, Any]:
    """Rows of uint8, with dropout in half of the runs."""
    rng = np.random.default_rng(2)
    x = rng.integers(0, 256, (90, 50), np.uint8) * rng.integers(0, 2, (90, 50), bool)
    network = Network((50, 12, 3), ("relu", "softmax"), "cross_entropy")
    found = {}
    for batch, dropped in itertools.product((20, None), (0.0, 0.3)):
        report = train(
            network,
            x,
            rng.integers(0, 3, 90),
            input_scale=1 / 255,
            batch_rows=batch,
            input_dropout=dropped,
            max_epochs=4,
            dtype=dtype,
            engine=engine,
            progress=False,
        )
        found[f"theta-{batch}-{dropped}"] = report.parameters.theta
    return found


def resumed(engine: str, dtype: str) -> dict[str, Any]:
    """A run cut within an epoch and continued."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.safetensors"
        common = {"engine": engine, "dtype": dtype, "dropout": 0.2, "max_epochs": 6}
        first = trained(**common, max_steps=13, checkpoint=Checkpoint(path=path))
        second = trained(**common, resume=path)
    cut = {f"cut-{name}": part for name, part in first.items()}
    return {**cut, **second}


def pair(engine: str, dtype: str, phi: str, ell: str) -> dict[str, Any]:
    """A small network with one activation everywhere; whether it is refused is a result, too."""
    try:
        network = Network((3, 4, 5, 2), (phi,) * 3, ell)
    except InputError:
        return {"refused": True}
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-2, 2, (24, 3)), rng.uniform(0.1, 0.9, (24, 2))
    return outcome_of(
        network,
        x,
        y,
        optimizer=_momentum(0.02),
        batch_rows=10,
        max_epochs=3,
        dtype=dtype,
        engine=engine,
        on_nonfinite="stop",
    )


def shaped(engine: str, dtype: str, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Runs and predictions of one shape."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(67, sizes[0])), rng.normal(size=(67, sizes[-1]))
    network = Network(sizes, ("gelu", "identity"), "squared_error")
    found: dict[str, Any] = {}
    for batch in (1, 7, 64, 67):
        common = {"batch_rows": batch, "max_epochs": 2, "progress": False}
        report = train(network, x, y, dtype=dtype, engine=engine, **common)
        found[f"theta-{batch}"] = report.parameters.theta
    predict = Predictor(network, report.parameters, engine=engine)
    for rows in (1, 2, 5, 33, 67):
        found[f"output-{rows}"] = predict(x[:rows].astype(dtype))
    return found


def large(engine: str, dtype: str, threads: int, batch: int | None) -> dict[str, Any]:
    """A network with work for two threads."""
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(1500, 64)), rng.integers(0, 10, 1500)
    network = Network((64, 96, 40, 10), ("relu", "tanh", "softmax"), "cross_entropy")
    report = train(
        network,
        x,
        y,
        batch_rows=batch or len(x),
        max_epochs=3,
        dtype=dtype,
        engine=engine,
        threads=threads,
        dropout=0.1,
        progress=False,
    )
    predict = Predictor(network, report.parameters, engine=engine, threads=threads)
    return {**outcome(report), "output": predict(x.astype(dtype))}


def single_pass(dtype: str) -> dict[str, Any]:
    """Every quantity of F0 to B4."""
    rng = np.random.default_rng(7)
    network = Network(SIZES, FUNCTIONS, "cross_entropy")
    parameters = network.init(0, dtype, "he_normal")
    x, y = rng.normal(size=(11, SIZES[0])).astype(dtype), rng.integers(0, 4, 11)
    trace = forward(network, parameters, x)
    weights = rng.uniform(0.5, 2, 11)
    g = backward(network, parameters, trace, y, sample_weight=weights, l1=0.1, l2=0.2)
    return {
        "Z": list(trace.Z),
        "A": list(trace.A),
        "delta": list(g.delta),
        "dW": list(g.dW),
        "db": list(g.db),
        "dX": g.dX,
    }


def start(name: str, dtype: str) -> dict[str, Any]:
    """The parameters that an initializer draws."""
    network = Network(SIZES, FUNCTIONS, "cross_entropy")
    return {"theta": network.init(3, dtype, name).theta}


def gradient_checks() -> dict[str, Any]:
    """Both methods, with all that they find."""
    rng = np.random.default_rng(8)
    network = Network((3, 4, 2), ("silu", "identity"), "squared_error")
    parameters = Parameters(network.sizes, rng.normal(size=network.n_parameters))
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    check = partial(check_gradient, network, parameters, x, y, l2=0.1)
    return {how: check(method=how).as_dict() for how in ("complex", "central")}


def outcome_of(network: Network, x: Any, y: Any, **settings: Any) -> dict[str, Any]:
    """The outcome of a run; or that the native engine refuses it, which is a result, too."""
    try:
        return outcome(train(network, x, y, **settings, progress=False))
    except InputError:
        if settings["engine"] != "native":
            raise
        return {"refused": True}


def outcome(report: Report) -> dict[str, Any]:
    """The parameters, the curves, the diagnoses, and how the run ended."""
    rows = [
        [row.loss, row.learning_rate, row.validation_loss, _watched(row)]
        for row in report.history
    ]
    return {
        "theta": report.parameters.theta,
        "last": report.last.theta,
        "curves": rows,
        "diagnoses": report.as_dict()["diagnoses"],
        "end": [report.epochs, report.steps, report.best_epoch, report.stopped],
    }


def _watched(row: Any) -> float | None:
    """The metric of early stopping; commits before `Epoch.metrics` have it alone."""
    metrics = getattr(row, "metrics", None)
    return row.metric if metrics is None else next(iter(metrics.values()), None)


def _momentum(learning_rate: float) -> Any:
    return OPTIMIZERS["sgd"](learning_rate=learning_rate, momentum=0.9)
