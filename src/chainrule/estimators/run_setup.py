"""From an estimator's parameters and examples to a run: rows to train and to validate on, rules, engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engines import choose_engine
from ..engines.rows import Data
from ..equations.forward_pass import checked_weights
from ..equations.network import Network
from ..errors import InputError, require_kind
from ..optimizers import Optimizer
from ..optimizers.rules import Rules
from ..optimizers.state import State
from ..training.callbacks import Callback
from ..training.metrics import Metric
from ..training.options import checked_dropout, require_learnable, require_possible
from ..training.run import Limits, Run
from .continuation import Continuation
from .epoch_rule import SCORE, EpochRule
from .row_weights import row_weights
from .scikit_draws import RowOrder, split
from .solver_rules import batch_rows, is_adaptive, schedule_of
from .sparse_rows import SparseData, dense, fits_in_memory
from .threads import threads_for

__all__ = ["Examples", "Validation", "epoch_rule", "own_callbacks", "run_for"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Validation:
    """Rows to validate on, as a user gave them to `fit`; all None where there are none."""

    X: Any = None
    y: Any = None
    sample_weight: Any = None

    def __post_init__(self) -> None:
        if (self.X is None) != (self.y is None):
            missing = "y_val" if self.y is None else "X_val"
            raise InputError(
                f"no {missing}", "X_val and y_val, or neither", f"Pass {missing} too."
            )
        if self.X is None and self.sample_weight is not None:
            raise InputError(
                "sample_weight_val without X_val",
                "weights of rows X_val",
                "Pass X_val and y_val too.",
            )


@dataclass(frozen=True)
class Examples:
    """What to learn from, checked by scikit-learn.

    Parameters
    ----------
    X : ndarray or sparse matrix, shape (N, n_0)
    Y : ndarray, shape (N, columns)
        Targets, before the loss encodes them.
    weights : ndarray, shape (N,), or None
    validation : Validation
    class_weights : dict, list of dict, or None
        What `weights` were made of, for the validation rows.
    """

    X: Any
    Y: Matrix
    weights: Matrix | None = None
    validation: Validation = Validation()
    class_weights: Any = None


def run_for(
    estimator: Any,
    network: Network,
    theta: Matrix,
    examples: Examples,
    optimizer: Optimizer,
    before: Continuation,
    callbacks: list[Callback],
    random: np.random.RandomState,
    epochs: int,
) -> Run:
    """The run, not begun; its draws, in scikit-learn's order, from `random`."""
    require_learnable(network)
    steps = optimizer.one_gradient
    data = _data(network, theta, examples, at_once=not steps)
    stops_early = bool(estimator.early_stopping) and steps  # L-BFGS decides by itself
    data, held = _divide(
        estimator, network, theta, data, examples, random, split_off=stops_early
    )
    rules = _rules(estimator, network, optimizer, before, data, random)
    engine, _ = choose_engine(estimator.engine, network, rules, theta)
    workspace = engine.prepare(
        network,
        rules,
        theta.dtype,
        threads_for(estimator.n_threads, network, rules.batch_rows),
    )
    metrics = []
    if stops_early and held is not None:
        value = estimator._score_of(network.loss, held.sample_weight)
        metrics = [Metric(SCORE, value, greater_is_better=True)]
    state = State(theta, before.slots, rules.schedule.start(), steps=before.steps)
    return Run(
        network,
        data,
        held,
        rules,
        Limits(epochs, None, None),
        None,
        callbacks,
        None,
        {},
        engine,
        workspace,
        state,
        diagnosing=False,
        metrics=metrics,
    )


def epoch_rule(
    estimator: Any, network: Network, optimizer: Optimizer, before: Continuation
) -> EpochRule:
    """What ends the run, as scikit-learn does."""
    divided = (
        optimizer.learning_rate
        if optimizer.one_gradient and is_adaptive(estimator)
        else None
    )
    return EpochRule(
        before.standing,
        tol=float(estimator.tol),
        patience=float(estimator.n_iter_no_change),
        outputs=network.sizes[-1] if network.loss.name == "squared_error" else 1,
        scored=bool(estimator.early_stopping),
        adaptive_rate=divided,
        verbose=bool(estimator.verbose),
        endless=not optimizer.one_gradient,
    )


def own_callbacks(callbacks: Any) -> list[Callback]:
    """Those that the user gave."""
    for callback in callbacks or ():
        require_kind(
            "callback",
            callback,
            Callback,
            "Make a subclass of Callback, and pass an instance of it.",
        )
    return list(callbacks or ())


def _data(
    network: Network, theta: Matrix, examples: Examples, *, at_once: bool
) -> Data:
    """Rows as the engines take them."""
    # row by row, whatever the order of the user's: engines read it so
    y = np.ascontiguousarray(
        network.loss.targets(examples.Y.astype(theta.dtype), network.sizes[-1], theta)
    )
    w = (
        None
        if examples.weights is None
        else checked_weights(examples.weights, len(y), theta)
    )
    if not at_once and not fits_in_memory(examples.X, theta.dtype):
        return SparseData(examples.X.tocsr(), y, w)
    return Data(dense(examples.X, theta.dtype), y, w)


def _divide(
    estimator: Any,
    network: Network,
    theta: Matrix,
    data: Data,
    examples: Examples,
    random: np.random.RandomState,
    *,
    split_off: bool,
) -> tuple[Data, Data | None]:
    """Rows to train on, and to validate on."""
    given = examples.validation
    if given.X is not None:
        rows, targets = estimator._rows(given.X), estimator._known_targets(given.y)
        if len(targets) != len(rows):
            raise InputError(
                f"{len(targets)} targets y_val for {len(rows)} rows X_val",
                "one per row",
                "Check both.",
            )
        weights = row_weights(
            rows, given.y, given.sample_weight, examples.class_weights
        )
        return data, _data(
            network, theta, Examples(rows, targets, weights), at_once=True
        )
    if not split_off:
        return data, None
    training, held = split(
        random,
        data.rows,
        estimator.validation_fraction,
        estimator._classes_of(examples.Y),
    )
    part = data.part(training) if isinstance(data, SparseData) else data.take(training)
    return _weighing("train on", part), _weighing("validate on", data.take(held))


def _weighing(purpose: str, data: Data) -> Data:
    """The same; raises where a split left no row that weighs anything."""
    if data.sample_weight is not None and not data.weight:
        raise InputError(
            f"row weights that are 0 for all rows to {purpose}",
            "some weight > 0 among the rows that are learned from, and among those that are split off",
            "Leave rows of weight 0 out, or pass X_val and y_val.",
        )
    return data


def _rules(
    estimator: Any,
    network: Network,
    optimizer: Optimizer,
    before: Continuation,
    data: Data,
    random: np.random.RandomState,
) -> Rules:
    dropout = checked_dropout(network, estimator.dropout, estimator.input_dropout)
    rows = batch_rows(estimator, optimizer, data.rows)
    # drawn only where it is used, so that without dropout all draws are scikit-learn's
    seed = int(random.randint(2**31)) + before.steps if any(dropout) else 0
    one_batch = rows >= data.rows and not isinstance(data, SparseData)
    rules = Rules(
        optimizer,
        schedule_of(estimator, before.standing, data.rows),
        rows,
        float(estimator.l1),
        float(estimator.l2),
        dropout,
        seed=seed,
        order=RowOrder(
            random if estimator.shuffle else None, data.rows, one_batch=one_batch
        ),
        alpha=float(estimator.alpha),
    )
    require_possible(rules)
    return rules
