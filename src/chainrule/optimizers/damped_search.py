"""One step of Levenberg–Marquardt: linearize, decompose, try dampings until J falls (G7, G8).

The gain ratio ρ compares the fall with the one that the quadratic model foretold: after a step that is taken, λ is
multiplied by max(1/`decrease`, 1 - (2ρ - 1)³), which is more than 1 where ρ < ½; after one that is not, by 2, then 4,
8, …. With Bayesian regularization each step finds the prior and the noise anew (G9-G11).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ..equations.arrays import Array, array_namespace, as_numpy
from ..equations.evidence import (
    Evidence,
    is_likelihood,
    likelihood_of,
    noise_precision,
    reestimated,
)
from ..equations.forward_pass import penalty
from ..equations.network import Parameters
from .constraints import free_entries
from .damped_step import Curvature, Prior, Pull
from .interface import Done, Ending, Problem, Rows, Stepped
from .local_model import LocalModel, Point, on_numpy
from .state import State

__all__ = ["Numbers", "Search", "Settings"]

Matrix = np.ndarray[Any, Any]
#: α/κ to begin with, times Σw: MacKay's rule finds its own from there.
FIRST_PRIOR = 0.01
#: λ is at least this times the mean of the diagonal.
SMALLEST = 1e-20


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a step; `LevenbergMarquardt` describes and checks them."""

    damping: float = 1e-2
    decrease: float = 10.0
    largest_damping: float = 1e10
    gradient_tolerance: float = 1e-8
    loss_tolerance: float = 1e-9
    goal: float = 0.0
    form: str = "auto"
    regularization: str = "none"
    patience: int = 15
    polish: int = 100
    polish_tolerance: float = 0.0002

    @property
    def bayes(self) -> bool:
        """Return whether the penalty is found from the data."""
        return self.regularization == "bayes"


class Numbers(NamedTuple):
    """The numbers that are remembered between steps; NaN for what is not found yet.

    λ and its factor after a step that fails; α/κ; the largest evidence and α/κ there, the steps since, and those
    taken with that prior.
    """

    damping: float = math.nan
    growth: float = 2.0
    prior: float = math.nan
    evidence: float = -math.inf
    evidence_prior: float = math.nan
    stalled: float = 0.0
    polished: float = 0.0


@dataclass(frozen=True)
class _Memory:
    """The passes at θ, which the next step begins with, and the end where there is one."""

    point: Point
    done: Done | None = None


class Search:
    """One step: linearize, decompose, try."""

    def __init__(self, optimizer: Settings, problem: Problem, state: State) -> None:
        self.optimizer, self.problem, self.state = optimizer, problem, state
        self.rows: Rows = problem.rows()
        network, frozen = self.rows.network, self.rows.frozen_layers
        self.network = network
        free = free_entries(network.sizes, frozen, np.zeros(1))
        l2 = self.rows.l2
        self.prior = Prior(l2, 0.0, free)
        self.known = Numbers(*state.scalars)
        if optimizer.bayes:
            first = FIRST_PRIOR / self.rows.weight
            self._set_prior(first if math.isnan(self.known.prior) else self.known.prior)

    def step(self) -> Stepped:
        point, known = self._here(), self.known
        ended = self._ended(point)
        if ended is not None:
            return self._end(point, ended, known)
        model = self._model(point)
        curvature = model.curvature(self.optimizer.form)
        evidence, best = self._evidence(point, curvature), self._best
        if evidence is not None:
            known, best = self._with_evidence(evidence)
            self._set_prior(known.prior)
            if known.stalled >= self.optimizer.patience and not known.polished:
                return self._polished(best, known)
        gamma = curvature.effective(self.prior)
        details = {"gamma": gamma}
        details |= (
            self._precisions(point, gamma) if evidence is None else _noted(evidence)
        )
        scale = max(curvature.mean_diagonal, np.finfo(np.float64).tiny)
        if math.isnan(known.damping):
            known = known._replace(damping=self.optimizer.damping * scale)
        pull = self._model(point).pull(curvature.linear)
        found = self._tried(point, curvature, pull, known)
        if found is None:
            if known.stalled and not known.polished:
                return self._polished(best, known)
            message = "No step lowers J, however short."
            done = Done(Ending.DAMPING, self._total(point), message)
            return self._end(point, done, known)
        trial, damping, gain = found
        details |= {"damping": damping, "gain_ratio": gain}
        J, now = self._total(point), self._total(trial)
        factor_of = max(1 / self.optimizer.decrease, 1 - (2 * min(gain, 2.0) - 1) ** 3)
        known = known._replace(
            damping=max(damping * factor_of, SMALLEST * scale),
            growth=2.0,
            prior=self.prior.weights,
        )
        done_at = None
        if J - now <= self.optimizer.loss_tolerance * abs(J):
            words = "J falls by no more than loss_tolerance."
            done_at = Done(Ending.CONVERGED, now, words)
        elif known.polished and J - now <= self.optimizer.polish_tolerance * abs(J):
            done_at = Done(Ending.EVIDENCE, now, "The evidence grows no more.")
        return Stepped(
            now,
            self._like(trial.theta),
            (best,),
            _Memory(trial, done_at),
            scalars=tuple(known),
            details=details,
        )

    def _tried(
        self, point: Point, curvature: Curvature, pull: Pull, known: Numbers
    ) -> tuple[Point, float, float] | None:
        """The first trial that lowers J, its λ and its gain ratio; None where there is none."""
        damping, growth, J = known.damping, known.growth, self._total(point)
        scale = max(curvature.mean_diagonal, damping)
        while damping <= self.optimizer.largest_damping * scale:
            delta = curvature.step(pull, self.prior, damping)
            trial = self._point(point.theta + delta)
            fall = J - self._total(trial)
            if fall > 0:
                foretold = damping * (delta @ delta) - pull.gradient @ delta
                gain = float(2 * fall / max(foretold, 2 * SMALLEST))
                # near the largest numbers both may be infinite: nothing of what was foretold is seen
                return trial, damping, gain if math.isfinite(gain) else 0.0
            damping, growth = damping * growth, growth * 2
        return None

    def _with_evidence(self, evidence: Evidence) -> tuple[Numbers, Array]:
        """The numbers to remember at a point of this evidence, and the parameters of the largest."""
        known = self.known
        if known.polished:
            return known._replace(polished=known.polished + 1), self._best
        if math.isnan(known.prior):  # the prior to begin with is no finding
            return known._replace(prior=self.prior.weights), self._best
        known = known._replace(prior=evidence.prior, stalled=known.stalled + 1)
        if evidence.log_evidence <= known.evidence:
            return known, self._best
        at = {"evidence": evidence.log_evidence, "evidence_prior": evidence.prior}
        return known._replace(**at, stalled=0.0), self.state.theta

    @property
    def _best(self) -> Array:
        """The parameters of the largest evidence so far."""
        return self.state.slots[0] if self.state.slots else self.state.theta

    def _here(self) -> Point:
        """The passes at θ; raises where they are not finite."""
        memory, theta = self.state.memory, self.state.theta
        if memory is not None:
            known: Point = memory.point
            return known
        point = self._point(np.array(as_numpy(theta), dtype=np.float64))
        if not math.isfinite(point.J + float(np.sum(point.gradient.flat))):
            self.problem.evaluate(theta)  # names it
        return point

    def _point(self, theta: Matrix) -> Point:
        trace, gradient = self.problem.passes(self._like(theta))
        return Point(theta, *on_numpy(trace, gradient))

    def _like(self, theta: Matrix) -> Array:
        like = self.state.theta
        return array_namespace(like).asarray(theta, dtype=like.dtype)

    def _model(self, point: Point) -> LocalModel:
        summed, theta = self.problem.gauss_newton, self.state.theta
        return LocalModel(
            self.rows,
            point,
            self.prior,
            self.optimizer.bayes,
            None if summed is None else lambda: summed(theta),
        )

    def _set_prior(self, ratio: float) -> None:
        self.prior = replace(self.prior, weights=ratio, biases=ratio)

    def _total(self, point: Point) -> float:
        """J, with the penalty that is found from the data; infinite where it is no number."""
        J = point.J
        if self.optimizer.bayes:
            J += self.prior.weights / 2 * self._square(point)
        return J if math.isfinite(J) else math.inf

    def _square(self, point: Point) -> float:
        """‖θ‖² of what may move."""
        moving = point.theta[self.prior.free]
        return float(moving @ moving)

    def _ended(self, point: Point) -> Done | None:
        J = self._total(point)
        if self.known.polished > self.optimizer.polish:
            return Done(Ending.EVIDENCE, J, "The evidence grows no more.")
        if self.optimizer.goal >= J:
            return Done(Ending.GOAL, J, "J is at most the goal.")
        slope = self._model(point).slope
        if float(np.max(np.abs(slope))) <= self.optimizer.gradient_tolerance:
            return Done(Ending.CONVERGED, J, "The gradient is within its tolerance.")
        return None

    def _end(self, point: Point, done: Done, known: Numbers) -> Stepped:
        return Stepped(
            done.J,
            self.state.theta,
            self.state.slots,
            _Memory(point, done),
            taken=False,
            scalars=tuple(known),
        )

    def _polished(self, best: Array, known: Numbers) -> Stepped:
        """The first step with the prior of the largest evidence, from its parameters."""
        again = known._replace(
            damping=math.nan, growth=2.0, prior=known.evidence_prior, polished=1.0
        )
        state = replace(self.state, theta=best, memory=None, scalars=tuple(again))
        return Search(self.optimizer, self.problem, state).step()

    def _precisions(self, point: Point, gamma: float) -> Mapping[str, float]:
        """α and β that a penalty of one's own stands for; none of a loss that is no likelihood, or beside l1."""
        loss, rows = self.rows.network.loss, self.rows
        if not is_likelihood(loss) or rows.l1:
            return {}
        likelihood = likelihood_of(loss, self.rows.network.sizes[-1], rows.weight)
        own = Parameters(rows.network.sizes, point.theta)
        data = point.J - penalty(own, 0.0, rows.l2)
        beta, kappa = noise_precision(likelihood, data, gamma)  # G10
        found = {"alpha": kappa * rows.l2 if rows.l2 else 0.0}  # κ may overflow
        return found if beta is None else found | {"beta": beta}

    def _evidence(self, point: Point, curvature: Curvature) -> Evidence | None:
        """Of Bayesian regularization, the evidence at a point with the prior so far."""
        values = curvature.eigenvalues
        if not self.optimizer.bayes or values is None:
            return None
        rows, loss = self.rows, self.network.loss
        likelihood = likelihood_of(loss, self.network.sizes[-1], rows.weight)
        square, prior = self._square(point), self.prior.weights
        return reestimated(
            likelihood,
            point.J,
            square,
            values,
            prior,
            keep_prior=bool(self.known.polished),
        )


def _noted(evidence: Evidence) -> Mapping[str, float]:
    """The numbers of a step of Bayesian regularization that are recorded."""
    found = {"alpha": evidence.alpha, "log_evidence": evidence.log_evidence}
    return found if evidence.beta is None else found | {"beta": evidence.beta}
