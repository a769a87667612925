"""Levenberg–Marquardt: damped Gauss–Newton steps over all rows, and Bayesian regularization.

A step decomposes the Gauss–Newton matrix once and tries dampings λ until J falls (G7, G8). The gain ratio ρ compares
the fall with the one that the quadratic model foretold: after a step that is taken, λ is multiplied by
max(1/`decrease`, 1 - (2ρ - 1)³), which is more than 1 where ρ < ½; after one that is not, by 2, then 4, 8, ….
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, NamedTuple, final

import numpy as np

from ..equations.arrays import Array, array_namespace, as_numpy
from ..equations.backward_pass import Gradient, penalty_gradient
from ..equations.evidence import Evidence, likelihood_of, reestimated
from ..equations.forward_pass import Trace
from ..equations.network import Network, Parameters
from ..equations.second_order import (
    Linearization,
    OutputFactor,
    gauss_newton,
    linearized,
    output_factor,
    pulled_through,
    require_curvature,
    transposed_product,
)
from ..errors import InputError, is_number
from .constraints import free_entries
from .damped_step import Cholesky, Curvature, Dual, Primal, Prior, Pull, chosen_form
from .interface import Done, Ending, Optimizer, Problem, Rows, Stepped
from .one_thread import one_thread
from .state import State

__all__ = ["LevenbergMarquardt"]

Matrix = np.ndarray[Any, Any]
FORMS = ("auto", "primal", "dual")
REGULARIZATIONS = ("none", "bayes")
#: α/κ to begin with, times Σw: MacKay's rule finds its own from there.
FIRST_PRIOR = 0.01
#: λ is at least this times the mean of the diagonal.
SMALLEST = 1e-20
#: Matrices of the size of the decomposed one that are held at once, the workspace of LAPACK among them.
MATRICES = 5
#: Arrays of the size of all A that are held at once: two passes, with Z and slopes; of Δ one more than there is.
PASSES, DELTAS, VECTORS = 6, 2, 8


@final
@dataclass(frozen=True, kw_only=True)
class LevenbergMarquardt(Optimizer):
    """Damped Gauss–Newton steps over all rows; a step is an epoch.

    For up to some thousand parameters, or that many rows, and a loss with a curvature: it then reaches in tens of
    steps what first-order rules do not reach at all. It computes in float64 whatever the dtype of the parameters.

    Parameters
    ----------
    damping : float
        λ of the first step, as a multiple of the mean of the diagonal of J̃ᵀ J̃.
    decrease : float
        λ is divided by this at most, after a step as good as foretold.
    largest_damping : float
        Ends when no λ up to this, a multiple as `damping` is or of the last λ, lowers J.
    gradient_tolerance : float
        Ends when max |∇J| is at most this.
    loss_tolerance : float
        Ends when J falls in a step by at most this times J.
    goal : float
        Ends when J is at most this.
    form : {"auto", "primal", "dual"}
        The matrix that is decomposed: of the parameters, or of the outputs of all rows; by default the smaller.
    regularization : {"none", "bayes"}
        "bayes" finds the penalty ½ α/κ ‖θ‖² of all parameters, biases included, from the data (G9-G11); no l1 or l2
        beside it. When the evidence has not grown for `patience` steps, the run returns to the parameters of the
        largest, and takes at most `polish` steps more with the prior that they had, until one lowers J by at most
        `polish_tolerance` of itself.
    patience, polish : int
        Of "bayes".
    polish_tolerance : float
    max_gigabytes : float
        Memory at most; what would need more is refused before it is taken.

    References
    ----------
    Levenberg 1944; Marquardt 1963; Nielsen 1999; MacKay 1992; Foresee & Hagan 1997.
    """

    name: ClassVar[str] = "levenberg_marquardt"
    full_batch: ClassVar[bool] = True
    one_gradient: ClassVar[bool] = False
    double: ClassVar[bool] = True
    allowed: ClassVar[frozenset[str]] = frozenset({"frozen_layers"})
    search: ClassVar[str] = "its damping"
    slot_names: ClassVar[tuple[str, ...]] = ("best",)
    learning_rate = 1.0
    damping: float = 1e-2
    decrease: float = 10.0
    largest_damping: float = 1e10
    gradient_tolerance: float = 1e-8
    loss_tolerance: float = 1e-9
    goal: float = 0.0
    form: str = "auto"
    regularization: str = "none"
    patience: int = 15
    polish: int = 40
    polish_tolerance: float = 0.0002
    max_gigabytes: float = 4.0

    def __post_init__(self) -> None:
        numbers = {
            name: value
            for name, value in asdict(self).items()
            if name not in ("form", "regularization", "patience", "polish")
        }
        good = all(is_number(v) and math.isfinite(v) for v in numbers.values())
        good = good and self.damping > 0 and self.decrease > 1
        good = good and self.largest_damping > self.damping and self.max_gigabytes > 0
        good = good and self.gradient_tolerance >= 0 and self.loss_tolerance >= 0
        good = good and self.polish_tolerance >= 0
        counts = (self.patience, self.polish)
        good = good and all(is_number(n) and n == int(n) >= 1 for n in counts)
        if not (good and self.goal >= 0):
            raise InputError(
                repr(self),
                "damping, max_gigabytes > 0, decrease > 1, largest_damping > damping, patience and polish >= 1",
                "Leave them at their defaults.",
            )
        for name, value in numbers.items():
            object.__setattr__(self, name, float(value))
        for name in ("patience", "polish"):
            object.__setattr__(self, name, int(getattr(self, name)))
        for name, words in (("form", FORMS), ("regularization", REGULARIZATIONS)):
            if getattr(self, name) not in words:
                raise InputError(
                    f"{name} = {getattr(self, name)!r}",
                    ", ".join(words),
                    f'Pass {name}="{words[0]}".',
                )

    @property
    def bayes(self) -> bool:
        """Return whether the penalty is found from the data."""
        return self.regularization == "bayes"

    def first_scalars(self) -> tuple[float, ...]:
        return tuple(_Numbers())

    def require(self, network: Network, rows: int, l1: float, l2: float) -> None:
        require_curvature(network.loss)
        if self.bayes:
            likelihood_of(network.loss, network.sizes[-1], 1.0)
            if l1 or l2:
                raise InputError(
                    f'l1 = {l1:g}, l2 = {l2:g} beside regularization = "bayes"',
                    "no penalty of your own: its factor is found from the data",
                    "Leave them out.",
                )
        form, needed = self.memory_needed(network, rows)
        if needed > self.max_gigabytes * 1e9:
            matrix = (
                f"{network.n_parameters} parameters"
                if form == "primal"
                else f"{rows} rows of {network.sizes[-1]} outputs"
            )
            raise InputError(
                f"{self.name} with a matrix of {matrix}, for which it needs {needed / 1e9:.3g} GB",
                f"at most max_gigabytes = {self.max_gigabytes:g}",
                'Use fewer units or rows, optimizer="lbfgs", or LevenbergMarquardt(max_gigabytes=…).',
            )

    def memory_needed(self, network: Network, rows: int) -> tuple[str, float]:
        """The form that would be used for so many rows, and its memory in bytes, the rows not counted."""
        m, D = network.sizes[-1], network.n_parameters
        if "log1m_phi" in network.loss.logarithms and (
            network.activations[-1].name == "softmax"
        ):
            m *= 2
        form = self.form if self.form != "auto" else chosen_form(D, m * rows)
        size = D if form == "primal" else m * rows
        numbers = MATRICES * size**2 + VECTORS * D + PASSES * rows * sum(network.sizes)
        numbers += m * rows * network.sizes[-1]
        if form == "dual":
            numbers += DELTAS * m * rows * sum(network.sizes[1:])
        return form, 8.0 * numbers

    def step(self, problem: Problem, state: State) -> Stepped:
        with one_thread():
            return _Search(self, problem, state).step()

    def done(self, state: State) -> Done | None:
        return None if state.memory is None else state.memory.done

    def specification(self) -> dict[str, Any]:
        return {"name": self.name, **asdict(self)}


class _Numbers(NamedTuple):
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
class _Point:
    """θ in float64, and the passes there."""

    theta: Matrix
    trace: Trace
    gradient: Gradient

    @property
    def J(self) -> float:
        return float(self.gradient.J)


@dataclass(frozen=True)
class _Memory:
    """The passes at θ, which the next step begins with, and the end where there is one."""

    point: _Point
    done: Done | None = None


class _Search:
    """One step: linearize, decompose, try."""

    def __init__(
        self, optimizer: LevenbergMarquardt, problem: Problem, state: State
    ) -> None:
        self.optimizer, self.problem, self.state = optimizer, problem, state
        self.rows: Rows = problem.rows()
        network, frozen = self.rows.network, self.rows.frozen_layers
        self.network = network
        free = free_entries(network.sizes, frozen, np.zeros(1))
        l2 = self.rows.l2
        self.prior = Prior(l2, 0.0, free)
        self.known = _Numbers(*state.scalars)
        if optimizer.bayes:
            first = FIRST_PRIOR / self.rows.weight
            self._set_prior(first if math.isnan(self.known.prior) else self.known.prior)

    def step(self) -> Stepped:
        point, known = self._here(), self.known
        ended = self._ended(point)
        if ended is not None:
            return self._end(point, ended, known)
        factor = self._factor(point)
        curvature, linear = self._decomposed(point, factor)
        evidence, best = self._evidence(point, curvature), self._best
        if evidence is not None:
            known, best = self._with_evidence(evidence)
            self._set_prior(known.prior)
            if known.stalled >= self.optimizer.patience and not known.polished:
                return self._polished(best, known)
        details = {"gamma": curvature.effective(self.prior)}
        details |= {} if evidence is None else _noted(evidence)
        scale = max(curvature.mean_diagonal, np.finfo(np.float64).tiny)
        if math.isnan(known.damping):
            known = known._replace(damping=self.optimizer.damping * scale)
        found = self._tried(point, curvature, self._pull(point, factor, linear), known)
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
            details={k: v for k, v in details.items() if v is not None},
        )

    def _tried(
        self, point: _Point, curvature: Curvature, pull: Pull, known: _Numbers
    ) -> tuple[_Point, float, float] | None:
        """The first trial that lowers J, its λ and its gain ratio; None where there is none."""
        damping, growth, J = known.damping, known.growth, self._total(point)
        scale = max(curvature.mean_diagonal, damping)
        while damping <= self.optimizer.largest_damping * scale:
            delta = curvature.step(pull, self.prior, damping)
            trial = self._point(point.theta + delta)
            fall = J - self._total(trial)
            if fall > 0:
                foretold = damping * (delta @ delta) - pull.gradient @ delta
                return trial, damping, float(2 * fall / max(foretold, 2 * SMALLEST))
            damping, growth = damping * growth, growth * 2
        return None

    def _with_evidence(self, evidence: Evidence) -> tuple[_Numbers, Array]:
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

    def _here(self) -> _Point:
        """The passes at θ; raises where they are not finite."""
        memory, theta = self.state.memory, self.state.theta
        if memory is not None:
            known: _Point = memory.point
            return known
        point = self._point(np.array(as_numpy(theta), dtype=np.float64))
        if not math.isfinite(point.J + float(np.sum(point.gradient.flat))):
            self.problem.evaluate(theta)  # names it
        return point

    def _point(self, theta: Matrix) -> _Point:
        trace, gradient = self.problem.passes(self._like(theta))
        return _Point(theta, *_on_numpy(trace, gradient))

    def _like(self, theta: Matrix) -> Array:
        like = self.state.theta
        return array_namespace(like).asarray(theta, dtype=like.dtype)

    def _set_prior(self, ratio: float) -> None:
        self.prior = replace(self.prior, weights=ratio, biases=ratio)

    def _total(self, point: _Point) -> float:
        """J, with the penalty that is found from the data; infinite where it is no number."""
        J = point.J
        if self.optimizer.bayes:
            J += self.prior.weights / 2 * self._square(point)
        return J if math.isfinite(J) else math.inf

    def _square(self, point: _Point) -> float:
        """‖θ‖² of what may move."""
        moving = point.theta[self.prior.free]
        return float(moving @ moving)

    def _ended(self, point: _Point) -> Done | None:
        J = self._total(point)
        if self.known.polished > self.optimizer.polish:
            return Done(Ending.EVIDENCE, J, "The evidence grows no more.")
        if self.optimizer.goal >= J:
            return Done(Ending.GOAL, J, "J is at most the goal.")
        slope = self._gradient(point)
        if float(np.max(np.abs(slope))) <= self.optimizer.gradient_tolerance:
            return Done(Ending.CONVERGED, J, "The gradient is within its tolerance.")
        return None

    def _end(self, point: _Point, done: Done, known: _Numbers) -> Stepped:
        return Stepped(
            done.J,
            self.state.theta,
            self.state.slots,
            _Memory(point, done),
            taken=False,
            scalars=tuple(known),
        )

    def _polished(self, best: Array, known: _Numbers) -> Stepped:
        """The first step with the prior of the largest evidence, from its parameters."""
        again = known._replace(
            damping=math.nan, growth=2.0, prior=known.evidence_prior, polished=1.0
        )
        state = replace(self.state, theta=best, memory=None, scalars=tuple(again))
        return _Search(self.optimizer, self.problem, state).step()

    def _gradient(self, point: _Point) -> Matrix:
        """The gradient of what is minimized, 0 in frozen layers."""
        whole: Matrix = point.gradient.flat
        if self.optimizer.bayes:
            whole = whole + self.prior.weights * point.theta
        return np.where(self.prior.free, whole, 0.0)

    def _factor(self, point: _Point) -> OutputFactor:
        return output_factor(
            self.network, point.trace, self.rows.targets, self.rows.weights
        )

    def _decomposed(
        self, point: _Point, factor: OutputFactor
    ) -> tuple[Curvature, Linearization | None]:
        network, frozen = self.network, self.rows.frozen_layers
        parameters = Parameters(network.sizes, point.theta)
        m, rows, _ = factor.root.shape
        form = self.optimizer.form
        if form == "auto":
            form = chosen_form(int(self.prior.free.sum()), m * rows)
        if form == "primal":
            matrix = gauss_newton(network, parameters, point.trace, factor)
            return Primal(matrix, self.prior, network.sizes), None
        linear = linearized(network, parameters, point.trace, factor)
        kind = Dual if self.prior.uniform else Cholesky
        return kind(linear, self.prior, frozen), linear

    def _pull(
        self, point: _Point, factor: OutputFactor, linear: Linearization | None
    ) -> Pull:
        gradient, residual = self._gradient(point), factor.residual.ravel()
        if linear is None:
            return Pull(gradient, gradient, residual)
        penalty = Parameters(self.network.sizes, np.zeros_like(point.theta))
        rest = self._penalty_gradient(point, penalty)
        if factor.rest is not None:
            rest = rest + self._pulled_rest(point, factor)
        return Pull(gradient, np.where(self.prior.free, rest, 0.0), residual)

    def _penalty_gradient(self, point: _Point, room: Parameters) -> Matrix:
        own = Parameters(self.network.sizes, point.theta)
        for place, W in zip(room.weights, own.weights, strict=True):
            place[...] = penalty_gradient(W, self.rows.l1, self.rows.l2)
        found: Matrix = room.theta
        return (
            found + self.prior.weights * point.theta if self.optimizer.bayes else found
        )

    def _pulled_rest(self, point: _Point, factor: OutputFactor) -> Matrix:
        """The gradient of what has a slope and no curvature."""
        assert factor.rest is not None
        parameters = Parameters(self.network.sizes, point.theta)
        deltas = pulled_through(
            self.network, parameters, point.trace, factor.rest[None]
        )
        alone = Linearization(
            self.network.sizes, point.trace.A[:-1], tuple(deltas), factor
        )
        ones = np.ones((1, factor.rest.shape[0]))
        found: Matrix = transposed_product(alone, ones)
        return found

    def _evidence(self, point: _Point, curvature: Curvature) -> Evidence | None:
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


def _on_numpy(trace: Trace, gradient: Gradient) -> tuple[Trace, Gradient]:
    """The same on NumPy, in float64."""
    if isinstance(trace.output, np.ndarray):
        return trace, gradient

    def plain(arrays: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(None if a is None else as_numpy(a) for a in arrays)

    convert: Callable[[Any], Any] = as_numpy
    slopes = None if trace.slopes is None else plain(trace.slopes)
    return (
        Trace(plain(trace.A), plain(trace.Z), plain(trace.M), slopes),
        replace(
            gradient,
            J=convert(gradient.J),
            flat=convert(gradient.flat),
            delta=plain(gradient.delta),
            row_loss=convert(gradient.row_loss),
        ),
    )
