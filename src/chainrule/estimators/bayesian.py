"""Bayesian regularization of a regressor: restarts on standardized numbers, averaged or the best, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import joblib
import numpy as np

from ..engines.threads import thread_limit
from ..equations.averaging import Scaling, scaling_of
from ..equations.network import Network, Parameters
from ..equations.posterior import Posterior, posterior_of
from ..errors import InputError
from ..optimizers import LevenbergMarquardt, Optimizer
from ..optimizers.one_thread import one_thread
from .parameters import Settings

__all__ = [
    "BAYES_HIDDEN",
    "Restarts",
    "bayes_optimizer",
    "checked_coverage",
    "in_parallel",
    "posteriors_of",
    "require_bayes",
    "standardized",
]

Matrix = np.ndarray[Any, Any]
#: Hidden layers in the place of scikit-learn's default, (100,) of ReLU, which this prior does not suit: too many
#: parameters for one step, and a posterior with kinks.
BAYES_HIDDEN = (12, 12)


class Restarts(Settings):
    """The parameters of Bayesian regularization as attributes."""

    regularization: str | None
    restarts: int
    combine: str
    warm_start: bool
    loss: Any


def require_bayes(settings: Restarts, *, validated: bool) -> None:
    """Raise where something asked for does not go with Bayesian regularization, or with restarts."""
    solver = settings.solver
    name = solver if isinstance(solver, str) else solver.name
    if settings.regularization is None:
        if settings.restarts > 1:
            raise InputError(
                f"restarts = {settings.restarts} without regularization",
                'restarts with regularization="bayes", whose evidence compares them',
                'Pass solver="lm", regularization="bayes", or restarts=1.',
            )
        return
    if name not in ("lm", LevenbergMarquardt.name):
        raise InputError(
            f'regularization = "bayes" with solver {name!r}',
            'solver="lm"',
            'Pass solver="lm".',
        )
    asked = {
        "early_stopping": settings.early_stopping,
        "warm_start": settings.warm_start,
        "X_val": validated,
        "l1": settings.l1,
        "l2": settings.l2,
        "dropout": np.any(np.asarray(settings.dropout)),
        "input_dropout": settings.input_dropout,
    }
    wrong = [name for name, given in asked.items() if given]
    if wrong:
        raise InputError(
            f'{", ".join(wrong)} with regularization = "bayes"',
            "neither validation rows nor a penalty: the evidence takes their place",
            "Leave it out.",
        )
    loss = settings.loss
    if (loss if isinstance(loss, str) else loss.name) != "squared_error":
        raise InputError(
            f'regularization = "bayes" with the loss {loss}',
            "squared_error: Gaussian noise on the targets",
            'Pass loss="squared_error".',
        )


def bayes_optimizer(solver: str | Optimizer, tol: float) -> LevenbergMarquardt:
    """The optimizer of each restart: the solver's own settings where it is made, with the penalty from the data."""
    if isinstance(solver, LevenbergMarquardt):
        given = {k: v for k, v in solver.parameters().items() if k != "regularization"}
        return LevenbergMarquardt(**given, regularization="bayes")
    return LevenbergMarquardt(regularization="bayes", loss_tolerance=tol / 100)


def in_parallel(
    jobs: list[Callable[[], Any]], threads: int | None, *, together: bool
) -> list[Any]:
    """The results of the jobs in their order; on several threads where `together` says that they may be.

    The bits do not depend on it: the BLAS is held to one thread around all of them.
    """
    backend, _ = joblib.parallel.get_active_backend()
    within_a_task = bool(getattr(backend, "nesting_level", 0))
    workers = 1 if within_a_task else min(thread_limit(threads), len(jobs))
    with one_thread():
        if workers == 1 or not together:
            return [job() for job in jobs]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(lambda job: job(), jobs))


def posteriors_of(
    network: Network,
    found: list[tuple[Parameters, float]],
    rows: tuple[Matrix, Matrix, Matrix | None],
) -> tuple[Posterior, ...]:
    """The posteriors of the fits on standardized rows.

    Parameters
    ----------
    network : Network
    found : list of (Parameters, float)
        θ of each restart, and its α/κ.
    rows : tuple of ndarray
        X, Y, standardized, and their weights.
    """
    x, y, weights = rows
    with one_thread():
        return tuple(
            posterior_of(
                network,
                Parameters(network.sizes, parameters.theta.astype(np.float64)),
                x,
                y,
                weights,
                prior,
            )
            for parameters, prior in found
        )


def standardized(
    x: Matrix, y: Matrix, weights: Matrix | None
) -> tuple[Matrix, Matrix, Scaling]:
    """Rows and targets of mean 0 and standard deviation 1, and what they were."""
    scaling = scaling_of(x, y, weights)
    return (
        (x - scaling.x_mean) / scaling.x_std,
        (y - scaling.y_mean) / scaling.y_std,
        scaling,
    )


def checked_coverage(coverage: Any) -> float:
    """A share between 0 and 1."""
    from ..equations.intervals import UNIT

    return UNIT.checked("coverage", coverage, "Pass coverage=0.9, say.")
