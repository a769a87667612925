"""The meaning of an estimator's parameters: the optimizer, schedule and rules of a run, threads, end of an epoch."""

from __future__ import annotations

import os
import sys
import warnings

import joblib
import numpy as np

from ..engines.native import flops
from ..engines.rows import Data
from ..engines.threads import checked_threads, require_counts
from ..equations.network import Network
from ..optimizers import LBFGS, SGD, FoldedAdam, LevenbergMarquardt, Optimizer
from ..optimizers.rules import Rules
from ..optimizers.schedules import SCHEDULES, Constant, Schedule
from ..optimizers.table import OPTIMIZERS
from ..printable import printable_lines
from ..training.options import checked_dropout, require_possible
from ..training.streamed import StreamedData
from .epochs import DividedRate, EpochRule, InverseSamples, Standing
from .parameters import Settings
from .rows import RowOrder, SparseData

__all__ = [
    "epoch_rule",
    "optimizer_of",
    "rules_of",
    "schedule_of",
    "takes_steps",
    "threads_for",
    "warn",
]

#: SciPy's default, which scikit-learn leaves as it is: 1e7 times the distance of 1.0 from the next number.
LBFGS_LOSS_TOLERANCE = 1e7 * float(np.finfo(np.float64).eps)
#: Floating-point operations between two meetings of the threads up to which a second one is not worth it: it saves
#: little where its core is free, and costs several times the work where something else runs there.
LITTLE_WORK = 12_000_000
#: Short names of solvers → those of `OPTIMIZERS`.
SHORT = {"lm": LevenbergMarquardt.name}
#: Frames that no warning points at.
INSIDE = ("chainrule.", "sklearn.", "joblib.")


def optimizer_of(settings: Settings) -> Optimizer:
    """The optimizer, by `solver` and the parameters of the solvers."""
    rate, solver = settings.learning_rate_init, settings.solver
    if isinstance(solver, Optimizer):
        return solver
    if solver == "adam":
        return FoldedAdam(
            learning_rate=rate,
            beta1=settings.beta_1,
            beta2=settings.beta_2,
            epsilon=settings.epsilon,
        )
    if solver == "sgd":
        return SGD(
            learning_rate=rate,
            momentum=settings.momentum,
            nesterov=settings.nesterovs_momentum,
        )
    if solver == "lbfgs":
        return LBFGS(
            gradient_tolerance=settings.tol,
            loss_tolerance=LBFGS_LOSS_TOLERANCE,
            max_evaluations=int(settings.max_fun),
        )
    if solver in ("lm", LevenbergMarquardt.name):
        return LevenbergMarquardt(loss_tolerance=float(settings.tol) / 100)
    return OPTIMIZERS[solver](learning_rate=rate)


def takes_steps(settings: Settings) -> bool:
    """Return whether the solver can continue by an epoch; raises where not, as `available_if` wants it."""
    asked = settings.solver
    name = asked if isinstance(asked, str) else asked.name
    solver = OPTIMIZERS.get(SHORT.get(name, name)) if isinstance(asked, str) else asked
    if not getattr(solver, "one_gradient", True):
        raise AttributeError(
            f"partial_fit is only available for stochastic optimizers. {name} is not stochastic."
        )
    return True


def learning_rate_of(settings: Settings) -> str | Schedule:
    """`learning_rate`: a schedule, or a word; scikit-learn's are "constant" to the solvers that ignore them."""
    asked = settings.learning_rate
    ignored = isinstance(asked, str) and asked in ("invscaling", "adaptive")
    if ignored and settings.solver in ("adam", "lbfgs", "lm", LevenbergMarquardt.name):
        return "constant"
    return asked


def epoch_rule(settings: Settings, network: Network, optimizer: Optimizer) -> EpochRule:
    """The rule that ends the run, as scikit-learn does."""
    steps = optimizer.one_gradient
    divided = steps and learning_rate_of(settings) == "adaptive"
    return EpochRule(
        tol=float(settings.tol),
        patience=float(settings.n_iter_no_change),
        outputs=network.sizes[-1] if network.loss.name == "squared_error" else 1,
        scored=bool(settings.early_stopping) and steps,  # L-BFGS decides by itself
        adaptive_rate=optimizer.learning_rate if divided else None,
        endless=not steps,
    )


def schedule_of(
    settings: Settings, rule: EpochRule, standing: Standing, *, seen: int, rows: int
) -> Schedule:
    """The schedule, by `learning_rate`, `seen` rows into learning from `rows` an epoch."""
    asked = learning_rate_of(settings)
    if isinstance(asked, Schedule):
        return asked
    if asked == "invscaling":
        return InverseSamples(power=float(settings.power_t), seen=seen, rows=rows)
    if asked == "adaptive":
        return DividedRate(rule=rule, before=standing)
    return Constant() if asked == "constant" else SCHEDULES[asked]()


def batch_rows(settings: Settings, optimizer: Optimizer, rows: int) -> int:
    """Rows per step."""
    if optimizer.full_batch:
        return rows
    if isinstance(settings.batch_size, str):  # "auto"
        return min(200, rows)
    if settings.batch_size > rows:
        warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
            UserWarning,
        )
    return min(int(settings.batch_size), rows)


def threads_for(asked: int | None, network: Network, rows: int) -> int | None:
    """The threads asked for; else one for little work, and within a task of joblib's as many as it leaves each task.

    joblib's processes are told by OMP_NUM_THREADS, which the engines read; its threads are not, so each of them
    takes one.

    Parameters
    ----------
    asked : int or None
    network : Network
    rows : int
        How many rows are gone through between two meetings: those of a step, or all that are predicted.
    """
    if asked is not None:
        return checked_threads(asked)
    if flops(network, rows) <= LITTLE_WORK:
        require_counts()
        return 1
    backend, _ = joblib.parallel.get_active_backend()
    within_a_task = bool(getattr(backend, "nesting_level", 0))
    return 1 if within_a_task and not os.environ.get("OMP_NUM_THREADS") else None


def warn(message: str, category: type[Warning]) -> None:
    """Warn, at the innermost line that is neither this package's nor scikit-learn's."""
    level, frame = 1, sys._getframe(0)
    while (
        frame.f_back is not None
        and f"{frame.f_globals.get('__name__', '')}.".startswith(INSIDE)
    ):
        level, frame = level + 1, frame.f_back
    warnings.warn(printable_lines(message), category, stacklevel=level)


def rules_of(
    settings: Settings,
    network: Network,
    optimizer: Optimizer,
    schedule: Schedule,
    steps_before: int,
    data: Data,
    random: np.random.RandomState,
) -> Rules:
    """The rules of a run on these rows, `steps_before` steps into learning; dropout's seed is from `random`."""
    dropout = checked_dropout(network, settings.dropout, settings.input_dropout)
    rows = batch_rows(settings, optimizer, data.rows)
    # drawn only where it is used, so that without dropout all draws are scikit-learn's
    seed = int(random.randint(2**31)) + steps_before if any(dropout) else 0
    one_batch = rows >= data.rows and not isinstance(data, SparseData)
    order = None  # a stream has its own
    if not isinstance(data, StreamedData):
        order = RowOrder(
            random if settings.shuffle else None, data.rows, one_batch=one_batch
        )
    rules = Rules(
        optimizer,
        schedule,
        rows,
        float(settings.l1),
        float(settings.l2),
        dropout,
        seed=seed,
        order=order,
        alpha=float(settings.alpha),
    )
    require_possible(rules)
    return rules
