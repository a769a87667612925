"""Levenberg–Marquardt and Bayesian regularization: their settings, what they refuse, the memory that they need.

The step itself is in `damped_search`, its matrices are in `damped_step`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, final

from ..equations.evidence import likelihood_of
from ..equations.network import Network
from ..equations.output_curvature import require_curvature
from ..errors import InputError, is_number
from .damped_search import Numbers, Search, Settings
from .damped_step import chosen_form
from .interface import Done, Optimizer, Problem, Stepped
from .one_thread import one_thread
from .state import State

__all__ = ["LevenbergMarquardt"]

FORMS = ("auto", "primal", "dual")
REGULARIZATIONS = ("none", "bayes")
#: Matrices of the size of the decomposed one that are held at once, the workspace of LAPACK among them.
MATRICES = 6
#: Of such matrices, those that are held while shards are summed beside the sums that wait in the tree.
SUMMING = 4
#: Arrays of the size of all A that are held at once: two passes, with Z and slopes; of Δ one more than there is.
PASSES, DELTAS, VECTORS = 6, 2, 8


@final
@dataclass(frozen=True, kw_only=True)
class LevenbergMarquardt(Settings, Optimizer):
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
        The matrix that is decomposed: of the parameters, or of the outputs of all rows; by default the smaller, in
        shards always that of the parameters.
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
    second_order: ClassVar[bool] = True
    allowed: ClassVar[frozenset[str]] = frozenset({"frozen_layers"})
    search: ClassVar[str] = "its damping"
    slot_names: ClassVar[tuple[str, ...]] = ("best",)
    learning_rate = 1.0
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

    def first_scalars(self) -> tuple[float, ...]:
        return tuple(Numbers())

    def require(
        self,
        network: Network,
        rows: int,
        l1: float,
        l2: float,
        shards: int | None = None,
    ) -> None:
        require_curvature(network.loss)
        if shards is not None and self.form == "dual":
            raise InputError(
                f'{self.name} with form = "dual" in shards',
                "the primal form, which sums over rows; the dual has a matrix of all of them",
                'Pass form="primal", or leave shards out.',
            )
        if self.bayes:
            likelihood_of(network.loss, network.sizes[-1], 1.0)
            if l1 or l2:
                raise InputError(
                    f'l1 = {l1:g}, l2 = {l2:g} beside regularization = "bayes"',
                    "no penalty of your own: its factor is found from the data",
                    "Leave them out.",
                )
        form, needed = self.memory_needed(network, rows, shards)
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

    def memory_needed(
        self, network: Network, rows: int, shards: int | None = None
    ) -> tuple[str, float]:
        """The form that would be used for so many rows, and its memory in bytes, the rows not counted.

        In shards, `rows` are those that are summed at once.
        """
        m, D = network.sizes[-1], network.n_parameters
        if "log1m_phi" in network.loss.logarithms and (
            network.activations[-1].name == "softmax"
        ):
            m *= 2
        form = self.form if self.form != "auto" else chosen_form(D, m * rows)
        matrices = MATRICES
        if shards is not None:
            form = "primal"
            matrices = max(MATRICES + 1, SUMMING + shards.bit_length())
        size = D if form == "primal" else m * rows
        numbers = matrices * size**2 + VECTORS * D + PASSES * rows * sum(network.sizes)
        numbers += m * rows * network.sizes[-1]
        if form == "dual":
            numbers += DELTAS * m * rows * sum(network.sizes[1:])
        return form, 8.0 * numbers

    def step(self, problem: Problem, state: State) -> Stepped:
        with one_thread():
            return Search(self, problem, state).step()

    def done(self, state: State) -> Done | None:
        return None if state.memory is None else state.memory.done

    def specification(self) -> dict[str, Any]:
        return {"name": self.name, **asdict(self)}
