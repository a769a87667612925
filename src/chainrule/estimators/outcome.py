"""A run, and what it leaves in an estimator: its attributes, its warnings, the weights that are kept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..equations.network import Parameters
from ..optimizers.interface import Ending
from ..progress import ProgressLine
from ..training.run import Run
from ..training.stopping import StopReason
from .continuation import Continuation
from .epoch_rule import SCORE, EpochRule
from .live_weights import as_coefs
from .user_warnings import warn

__all__ = ["Learning", "unchanged_by_errors"]

#: The ends that a search finds by itself, and the limit on its iterations.
ENDED = (StopReason.CONVERGED, StopReason.LINE_SEARCH, StopReason.EPOCHS)
#: SciPy's words for that limit.
AT_LIMIT = "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT"
DIVERGED = (
    "Solver produced non-finite parameter weights. "
    "The input data may contain large values and need to be preprocessed."
)


@contextmanager
def unchanged_by_errors(estimator: Any) -> Iterator[None]:
    """Give an estimator the attributes back that it had, where what is inside fails."""
    attributes = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(attributes)
        raise


@dataclass(frozen=True)
class Learning:
    """A run that is ready to begin.

    Parameters
    ----------
    run : Run
    rule : EpochRule
        What ends it.
    before : Continuation
        What it goes on with.
    incremental : bool
        Whether it is one of `partial_fit`.
    """

    run: Run
    rule: EpochRule
    before: Continuation
    incremental: bool

    def go(self, estimator: Any) -> None:
        """Run, and set the estimator's attributes; raises as `conclude` does."""
        epochs, show = self.run.limits.epochs, bool(estimator.progress)
        with ProgressLine("fitting", total=epochs, unit="epochs", show=show) as line:
            try:
                reason = self.run.go(line, raise_nonfinite=False)
            finally:
                keep(estimator, self.run, self.before)
        conclude(estimator, self.run, reason, self.rule, incremental=self.incremental)


def keep(estimator: Any, run: Run, before: Continuation) -> None:
    """Set the attributes after a run, however it ended."""
    state, history = run.state, run.history
    estimator.coefs_, estimator.intercepts_ = as_coefs(
        Parameters(run.network.sizes, state.theta)
    )
    estimator.n_iter_ = len(history)
    estimator.t_ += len(history) * run.data.rows
    estimator._continuation = Continuation(
        before.optimizer, state.slots, state.steps, before.standing
    )
    _record_losses(estimator, [epoch.loss for epoch in history])
    if run.validation is not None:
        losses = [
            epoch.validation_loss
            for epoch in history
            if epoch.validation_loss is not None
        ]
        estimator.validation_loss_curve_ = [
            *(estimator.validation_loss_curve_ or ()),
            *losses,
        ]
    if run.metrics:
        scores = [epoch.metrics[SCORE] for epoch in history]
        estimator.validation_scores_ = [*(estimator.validation_scores_ or ()), *scores]
        if scores:
            estimator.best_validation_score_ = before.standing.score


def _record_losses(estimator: Any, losses: list[float]) -> None:
    estimator.loss_curve_ = [*estimator.loss_curve_, *losses]
    if losses:
        estimator.loss_ = losses[-1]
    if not estimator.early_stopping:
        best = estimator.best_loss_
        estimator.best_loss_ = min([math.inf if best is None else best, *losses])


def conclude(
    estimator: Any, run: Run, reason: StopReason, rule: EpochRule, *, incremental: bool
) -> None:
    """Warn of what is to be warned of; keep the best weights where they are watched for.

    Raises
    ------
    ValueError
        A number became NaN or infinite, and there are no best weights to keep.
    """
    if not run.rules.optimizer.one_gradient and reason in ENDED:
        _conclude_search(estimator, run, reason)
    elif reason is StopReason.EPOCHS and not incremental:
        warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the optimization hasn't "
            "converged yet.",
            ConvergenceWarning,
        )
    elif reason is StopReason.INTERRUPTED:
        warn("Training interrupted by user.", UserWarning)
    elif reason is StopReason.NON_FINITE:
        _conclude_divergence(estimator, run, rule)
    if rule.best_theta is not None:
        kept = np.array(rule.best_theta)  # a copy: coefs_ may be changed in place
        estimator.coefs_, estimator.intercepts_ = as_coefs(
            Parameters(run.network.sizes, kept)
        )


def _conclude_divergence(estimator: Any, run: Run, rule: EpochRule) -> None:
    if rule.best_theta is None:
        raise ValueError(f"{DIVERGED} {_cause(run)}")
    estimator.n_iter_ += 1
    _record_losses(estimator, [math.nan])
    estimator.validation_scores_ = [*(estimator.validation_scores_ or ()), math.nan]
    estimator.validation_loss_curve_ = [
        *(estimator.validation_loss_curve_ or ()),
        math.nan,
    ]
    warn(
        f"Stochastic Optimizer: the optimization diverged, and the weights of the best validation score are kept. "
        f"{_cause(run)}",
        ConvergenceWarning,
    )


def _cause(run: Run) -> str:
    """What became NaN or infinite, and what an estimator has against it."""
    assert run.failure is not None
    return (
        f"{run.failure.found} Lower learning_rate_init, or scale the inputs to about 1."
    )


def _conclude_search(estimator: Any, run: Run, reason: StopReason) -> None:
    """As scikit-learn does after L-BFGS: a warning in its words, with SciPy's status."""
    done = run.rules.optimizer.done(run.state)
    if done is not None:
        estimator.loss_ = done.J
    if reason is StopReason.CONVERGED:
        return
    message = AT_LIMIT
    if done is not None and done.ending is not Ending.CONVERGED:
        message = done.message
    status = 2 if reason is StopReason.LINE_SEARCH else 1
    text = f"lbfgs failed to converge after {estimator.n_iter_} iteration(s) (status={status}):\n"
    text += f"{message}\n"
    if estimator.n_iter_ == estimator.max_iter:
        text += f"\nIncrease the number of iterations to improve the convergence (max_iter={estimator.max_iter})."
    text += "\nYou might also want to scale the data as shown in:\n    "
    warn(
        text + "https://scikit-learn.org/stable/modules/preprocessing.html",
        ConvergenceWarning,
    )
