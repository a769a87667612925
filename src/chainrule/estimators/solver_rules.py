"""An estimator's parameters as the rules of a run: optimiser, schedule, batch, penalty."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..optimizers import LBFGS, OPTIMIZERS, SGD, FoldedAdam, Optimizer
from ..optimizers.schedules import SCHEDULES, Constant, Schedule
from .epoch_rule import InverseSamples, RateOf, Standing
from .user_warnings import warn

__all__ = ["batch_rows", "optimizer_of", "schedule_of"]

#: SciPy's default, which scikit-learn leaves as it is: 1e7 times the distance of 1.0 from the next number.
LBFGS_LOSS_TOLERANCE = 1e7 * float(np.finfo(np.float64).eps)


def optimizer_of(estimator: Any) -> Optimizer:
    """What `solver` and the parameters of the solvers stand for."""
    rate, solver = estimator.learning_rate_init, estimator.solver
    if isinstance(solver, Optimizer):
        return solver
    if solver == "adam":
        return FoldedAdam(
            learning_rate=rate,
            beta1=estimator.beta_1,
            beta2=estimator.beta_2,
            epsilon=estimator.epsilon,
        )
    if solver == "sgd":
        return SGD(
            learning_rate=rate,
            momentum=estimator.momentum,
            nesterov=estimator.nesterovs_momentum,
        )
    if solver == "lbfgs":
        return LBFGS(
            gradient_tolerance=estimator.tol,
            loss_tolerance=LBFGS_LOSS_TOLERANCE,
            max_evaluations=int(estimator.max_fun),
        )
    return OPTIMIZERS[solver](learning_rate=rate)


def has_own_rate(estimator: Any) -> bool:
    """Whether the solver pays no heed to scikit-learn's three words for `learning_rate`."""
    return estimator.solver in ("adam", "lbfgs")


def is_adaptive(estimator: Any) -> bool:
    """Whether the rate is divided in place of stopping."""
    return bool(
        isinstance(estimator.learning_rate, str)
        and estimator.learning_rate == "adaptive"
    ) and not (has_own_rate(estimator))


def schedule_of(estimator: Any, standing: Standing, rows: int) -> Schedule:
    """What `learning_rate` stands for."""
    asked = estimator.learning_rate
    if isinstance(asked, Schedule):
        return asked
    if asked == "constant" or (
        asked in ("invscaling", "adaptive") and has_own_rate(estimator)
    ):
        return Constant()
    if asked == "invscaling":
        return InverseSamples(
            power=float(estimator.power_t), seen=int(estimator.t_), rows=rows
        )
    return RateOf(standing=standing) if asked == "adaptive" else SCHEDULES[asked]()


def batch_rows(estimator: Any, optimizer: Optimizer, rows: int) -> int:
    """Rows per step."""
    if optimizer.full_batch:
        return rows
    if isinstance(estimator.batch_size, str):  # "auto"
        return min(200, rows)
    if estimator.batch_size > rows:
        warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
            UserWarning,
        )
    return min(int(estimator.batch_size), rows)
