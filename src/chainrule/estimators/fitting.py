"""From rows to a run, and from a run to what it leaves in an estimator.

The run is `training.run.Run`, the same loop as that of `train`, with scikit-learn's draws, penalty, Adam and
end-of-epoch rule given to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..engines import choose_engine
from ..engines.rows import Data
from ..equations.losses import Loss
from ..equations.network import Network, Parameters
from ..optimizers import Optimizer
from ..optimizers.interface import Ending
from ..optimizers.state import State
from ..training.callbacks import Callback
from ..training.entry import in_double
from ..training.metrics import Metric
from ..training.options import require_learnable
from ..training.run import Limits, Run
from ..training.stopping import StopReason
from ..training.streamed import StreamedData, require_fitting
from .epochs import SCORE, EndOfEpoch, Standing
from .network import as_coefs
from .parameters import Settings
from .rows import Examples, split_off
from .rules import epoch_rule, optimizer_of, rules_of, schedule_of, threads_for
from .streamed_rows import StreamExamples

__all__ = ["INTERRUPTED", "Continuation", "Fit", "Fitted", "Outcome"]

#: scikit-learn's words.
INTERRUPTED = "Training interrupted by user."

Matrix = np.ndarray[Any, Any]
#: The ends that a search finds by itself, and the limit on its iterations.
ENDED = (
    *(StopReason.CONVERGED, StopReason.GOAL, StopReason.DAMPING),
    *(StopReason.EVIDENCE, StopReason.LINE_SEARCH, StopReason.EPOCHS),
)
#: SciPy's words for that limit.
AT_LIMIT = "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT"
DIVERGED = (
    "Solver produced non-finite parameter weights. "
    "The input data may contain large values and need to be preprocessed."
)


@dataclass(frozen=True)
class Continuation:
    """The state that the next `partial_fit` or warm start continues with, beside the weights.

    Parameters
    ----------
    optimizer : str
        The name of the optimizer.
    slots : tuple of ndarray, shapes (D,)
        Its state.
    steps : int
        How many it has taken.
    standing : Standing
        Of the end-of-epoch rule.
    """

    optimizer: str
    slots: tuple[Matrix, ...]
    steps: int = 0
    standing: Standing = Standing()

    @classmethod
    def of(cls, before: Self | None, optimizer: Optimizer, theta: Matrix) -> Self:
        """The one before where it is of this optimizer and of as many numbers of the same kind, else a beginning."""
        if before is None:
            return cls(optimizer.name, optimizer.init(theta))
        if before.optimizer == optimizer.name and all(
            slot.shape == theta.shape and slot.dtype == theta.dtype
            for slot in before.slots
        ):
            return before
        standing = replace(before.standing, factor=1.0)  # the rate was the other's
        return cls(optimizer.name, optimizer.init(theta), standing=standing)

    def anew(self, theta: Matrix) -> Self:
        """The same optimizer; epochs count from here."""
        return replace(self, standing=self.standing.anew(theta))


@dataclass(frozen=True)
class Fitted:
    """The numbers that a fit leaves: attributes of an estimator, without the underscore at their end."""

    n_iter: int = 0
    t: int = 0
    loss: float = math.nan
    loss_curve: list[float] = field(default_factory=list)
    validation_loss_curve: list[float] | None = None
    best_loss: float | None = None
    validation_scores: list[float] | None = None
    best_validation_score: float | None = None

    @classmethod
    def of(cls, attributes: Mapping[str, Any], *, scored: bool) -> Self:
        """Those of an estimator, given its attributes; of one that has not learned those to begin with."""
        begin = (
            cls(validation_scores=[], best_validation_score=-math.inf)
            if scored
            else cls(best_loss=math.inf)
        )
        return replace(
            begin,
            **{
                f.name: attributes[f"{f.name}_"]
                for f in fields(cls)
                if f"{f.name}_" in attributes
            },
        )

    def attributes(self) -> dict[str, Any]:
        """Name → value, as an estimator has them."""
        return {f"{name}_": value for name, value in vars(self).items()}

    def with_losses(self, losses: list[float], *, scored: bool) -> Self:
        """The same, with the losses of more epochs."""
        best = math.inf if self.best_loss is None else self.best_loss
        return replace(
            self,
            loss_curve=[*self.loss_curve, *losses],
            loss=losses[-1] if losses else self.loss,
            best_loss=self.best_loss if scored else min([best, *losses]),
        )

    def with_validation(self, losses: list[float], scores: list[float] | None) -> Self:
        """The same, with the losses of the validation rows in more epochs, and their scores where they decide."""
        seen = replace(
            self, validation_loss_curve=[*(self.validation_loss_curve or ()), *losses]
        )
        if scores is None:
            return seen
        scores = [*(self.validation_scores or ()), *scores]
        return replace(seen, validation_scores=scores)


# ---- a run, and what it leaves


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run: the weights that are kept, numbers, the state to continue with.

    The user is warned of `warning`. `error` says that a number became NaN or infinite, without best weights to keep.
    """

    parameters: Parameters
    fitted: Fitted
    continuation: Continuation
    warning: tuple[str, type[Warning]] | None = None
    error: ValueError | None = None

    def attributes(self) -> dict[str, Any]:
        """Name → value, as an estimator has them."""
        coefs, intercepts = as_coefs(self.parameters)
        return {
            "coefs_": coefs,
            "intercepts_": intercepts,
            "_continuation": self.continuation,
            **self.fitted.attributes(),
        }


@dataclass(frozen=True)
class Fit:
    """A run that is ready to begin, and what it continues with.

    Parameters
    ----------
    run : Run
    end : EndOfEpoch
        What ends it.
    before : Continuation
    fitted : Fitted
        Of before.
    scored : bool
        Whether early stopping was asked for.
    incremental : bool
        Whether it is one of `partial_fit`.
    dtype : dtype
        Of the weights that are asked for.
    """

    run: Run
    end: EndOfEpoch
    before: Continuation
    fitted: Fitted
    scored: bool
    incremental: bool
    dtype: Any

    @classmethod
    def prepared(
        cls,
        settings: Settings,
        network: Network,
        theta: Matrix,
        examples: Examples | StreamExamples,
        *,
        held: Examples | None,
        classes: Matrix | None,
        score: Callable[[Loss, Matrix | None], Callable[[Matrix, Matrix], float]],
        before: Continuation,
        fitted: Fitted,
        callbacks: list[Callback],
        random: np.random.RandomState,
        incremental: bool,
    ) -> Self:
        """The run, not begun; its draws, in scikit-learn's order, from `random`.

        `held` are rows of the user's to validate on; else `classes` says by what rows are split off, class by class.
        `score` makes the validation score of the loss and the row weights.
        """
        require_learnable(network)
        optimizer = optimizer_of(settings)
        rule = epoch_rule(settings, network, optimizer)
        asked, theta = theta.dtype, in_double(optimizer, theta)
        data: Data = examples.data(network, theta, at_once=not optimizer.one_gradient)
        validation = None if held is None else held.data(network, theta)
        if held is None and rule.scored:
            share = settings.validation_fraction
            if isinstance(examples, StreamExamples):
                data, validation = examples.split_off(network, theta, share)
            else:
                data, validation = split_off(data, random, share, classes)
        schedule = schedule_of(
            settings, rule, before.standing, seen=int(fitted.t), rows=data.rows
        )
        rules = rules_of(
            settings, network, optimizer, schedule, before.steps, data, random
        )
        if isinstance(data, StreamedData):
            require_fitting(data.stream, optimizer, rules.batch_rows)
        optimizer.require(network, data.rows, rules.l1, rules.l2_of(data.weight))
        engine, _ = choose_engine(settings.engine, network, rules, theta)
        threads = threads_for(settings.n_threads, network, rules.batch_rows)
        end = EndOfEpoch(rule, before.standing, verbose=bool(settings.verbose))
        metrics = []
        if rule.scored and validation is not None:
            value = score(network.loss, validation.sample_weight)
            metrics = [Metric(SCORE, value, greater_is_better=True)]
        run = Run(
            network=network,
            data=data,
            validation=validation,
            rules=rules,
            limits=Limits(1 if incremental else int(settings.max_iter), None, None),
            early_stopping=None,
            callbacks=[end, *callbacks],
            checkpoint=None,
            settings={},
            engine=engine,
            workspace=engine.prepare(network, rules, theta.dtype, threads),
            state=State(
                theta,
                before.slots,
                schedule.start(),
                steps=before.steps,
                scalars=optimizer.first_scalars(),
            ),
            diagnosing=False,
            metrics=metrics,
        )
        scored = bool(settings.early_stopping)
        return cls(run, end, before, fitted, scored, incremental, asked)

    def outcome(self, reason: StopReason | None) -> Outcome:
        """The outcome, stopped for this reason; None where an exception passes."""
        run, best = self.run, self.end.best_theta
        left = self._left()
        if reason is None:
            return left
        if best is not None:  # a copy: coefs_ may be changed in place
            left = replace(
                left, parameters=Parameters(run.network.sizes, np.array(best))
            )
        if not run.rules.optimizer.one_gradient and reason in ENDED:
            return self._searched(left, reason)
        if reason is StopReason.EPOCHS and not self.incremental:
            message = (
                f"Stochastic Optimizer: Maximum iterations ({run.limits.epochs}) reached and the optimization hasn't "
                "converged yet."
            )
            return replace(left, warning=(message, ConvergenceWarning))
        if reason is StopReason.INTERRUPTED:
            return replace(left, warning=(INTERRUPTED, UserWarning))
        return self._diverged(left) if reason is StopReason.NON_FINITE else left

    def _left(self) -> Outcome:
        run, history = self.run, self.run.history
        fitted = replace(
            self.fitted,
            n_iter=len(history),
            t=self.fitted.t + len(history) * run.data.rows,
        ).with_losses([epoch.loss for epoch in history], scored=self.scored)
        if run.validation is not None:
            losses = [
                e.validation_loss for e in history if e.validation_loss is not None
            ]
            scores = [e.metrics[SCORE] for e in history] if run.metrics else None
            fitted = fitted.with_validation(losses, scores)
            if scores:
                best = self.end.standing.score
                fitted = replace(fitted, best_validation_score=best)
        continuation = replace(
            self.before,
            slots=run.state.slots,
            steps=run.state.steps,
            standing=self.end.standing,
        )
        theta = run.state.theta.astype(self.dtype, copy=False)
        parameters = Parameters(run.network.sizes, theta)
        return Outcome(parameters, fitted, continuation)

    def _diverged(self, left: Outcome) -> Outcome:
        """After NaN or infinity: an error, or a warning where there are best weights."""
        assert self.run.failure is not None
        cause = f"{self.run.failure.found} Lower learning_rate_init, or scale the inputs to about 1."
        if self.end.best_theta is None:
            return replace(left, error=ValueError(f"{DIVERGED} {cause}"))
        fitted = replace(left.fitted, n_iter=left.fitted.n_iter + 1)
        fitted = fitted.with_losses([math.nan], scored=self.scored)
        message = (
            f"Stochastic Optimizer: the optimization diverged, and the weights of the best validation score are kept. "
            f"{cause}"
        )
        return replace(
            left,
            fitted=fitted.with_validation([math.nan], [math.nan]),
            warning=(message, ConvergenceWarning),
        )

    def _searched(self, left: Outcome, reason: StopReason) -> Outcome:
        """As scikit-learn does after L-BFGS: a warning in its words, with SciPy's status."""
        run, n_iter = self.run, left.fitted.n_iter
        done = run.rules.optimizer.done(run.state)
        if done is not None:
            left = replace(left, fitted=replace(left.fitted, loss=done.J))
        if reason not in (StopReason.LINE_SEARCH, StopReason.EPOCHS):
            return left
        message = AT_LIMIT
        if done is not None and done.ending is not Ending.CONVERGED:
            message = done.message
        status = 2 if reason is StopReason.LINE_SEARCH else 1
        name = run.rules.optimizer.name
        text = f"{name} failed to converge after {n_iter} iteration(s) (status={status}):\n{message}\n"
        if n_iter == run.limits.epochs:
            text += f"\nIncrease the number of iterations to improve the convergence (max_iter={n_iter})."
        text += "\nYou might also want to scale the data as shown in:\n    "
        text += "https://scikit-learn.org/stable/modules/preprocessing.html"
        return replace(left, warning=(text, ConvergenceWarning))
