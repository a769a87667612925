"""L-BFGS: whole iterations, each a search along a line; SciPy's, behind the three verbs.

SciPy has no verb for one iteration, so it runs in a thread of its own, which rests wherever it wants J and ∇J. They are
computed by whoever takes the step.
"""

from __future__ import annotations

import contextvars
import math
import queue
import threading
import weakref
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, final

import numpy as np

from ..equations.arrays import Array, array_namespace, as_numpy
from ..errors import InputError, is_number
from .interface import Done, Ending, Optimizer, Problem, Stepped
from .state import State

__all__ = ["LBFGS"]

Evaluate = Callable[[Array], tuple[Array, Array]]
#: SciPy's status → the end that it stands for.
ENDINGS = {0: Ending.CONVERGED, 1: Ending.LIMIT, 2: Ending.LINE_SEARCH}
NO_LIMIT = 2**31 - 1


@final
@dataclass(frozen=True, kw_only=True)
class LBFGS(Optimizer):
    """Limited-memory BFGS over all rows, SciPy's L-BFGS-B without bounds; an iteration is an epoch.

    Parameters
    ----------
    memory : int
        How many pairs of steps and gradient changes it remembers.
    gradient_tolerance : float
        Ends when max |∇J| is at most this.
    loss_tolerance : float
        Ends when J falls in an iteration by at most this times max(|J|, 1).
    max_evaluations : int
        Ends when J has been computed so often.

    References
    ----------
    Byrd, Lu, Nocedal & Zhu 1995.
    """

    name: ClassVar[str] = "lbfgs"
    full_batch: ClassVar[bool] = True
    one_gradient: ClassVar[bool] = False
    learning_rate = 1.0
    memory: int = 10
    gradient_tolerance: float = 1e-8
    loss_tolerance: float = 0.0
    max_evaluations: int = 2**31 - 1

    def __post_init__(self) -> None:
        good = all(is_number(value) for value in asdict(self).values())
        good = (
            good
            and self.memory >= 1
            and self.gradient_tolerance >= 0
            and self.loss_tolerance >= 0
        )
        if not (good and self.max_evaluations >= 1):
            raise InputError(
                repr(self),
                "memory and max_evaluations >= 1 and tolerances >= 0",
                "Leave them at their defaults.",
            )

    def step(self, problem: Problem, state: State) -> Stepped:
        search = state.memory or _Search(self, state.theta)
        found = search.advance(problem.evaluate)
        if found is None:
            return Stepped(math.nan, state.theta, memory=search, taken=False)
        J, theta = found
        return Stepped(J, theta, memory=search)

    def done(self, state: State) -> Done | None:
        return None if state.memory is None else state.memory.done

    def specification(self) -> dict[str, Any]:
        return {"name": self.name, **asdict(self)}


class _Search:
    """A search under way; dropped, it ends its thread."""

    def __init__(self, optimizer: LBFGS, theta: Array) -> None:
        self.done: Done | None = None
        self._like = theta
        self._asked: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._next: Any = None
        weakref.finalize(self, self._answers.put, None)
        start = as_numpy(theta).astype(np.float64)
        threading.Thread(
            target=contextvars.copy_context().run,  # what NumPy is told of overflow
            args=(_minimize, optimizer, start, self._asked, self._answers),
            daemon=True,
        ).start()

    def advance(self, evaluate: Evaluate) -> tuple[float, Array] | None:
        """J and θ after the next iteration; None where the search has ended before it."""
        while True:
            word, *content = self._next or self._asked.get()
            self._next = None
            if word == "evaluate":
                J, gradient = evaluate(self._array(content[0]))
                self._answers.put((float(J), as_numpy(gradient).astype(np.float64)))
            elif word == "iteration":
                theta, J = content
                self._look_ahead()
                return J, self._array(theta)
            else:
                self._end(word, content[0])
                return None

    def _look_ahead(self) -> None:
        """Return whether the iteration was the last one is known before J is asked for again."""
        word, content = self._next = self._asked.get()
        if word != "evaluate":
            self._end(word, content)

    def _end(self, word: str, content: Any) -> None:
        self._next = (word, content)
        if word == "failed":
            raise content
        self.done = Done(ENDINGS[content.status], float(content.fun), content.message)

    def _array(self, theta: np.ndarray[Any, Any]) -> Array:
        return array_namespace(self._like).asarray(theta, dtype=self._like.dtype)


class _Dropped(Exception):  # noqa: N818  # no error: the run has ended before the search
    """Nobody waits for the search."""


def _minimize(
    optimizer: LBFGS,
    start: np.ndarray[Any, Any],
    asked: queue.SimpleQueue[Any],
    answers: queue.SimpleQueue[Any],
) -> None:
    """SciPy's search; it asks for J and ∇J, tells of each iteration, and of its end."""
    from scipy.optimize import minimize

    def function(theta: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        asked.put(("evaluate", theta.copy()))
        answer: tuple[float, np.ndarray[Any, Any]] | None = answers.get()
        if answer is None:
            raise _Dropped
        return answer

    def callback(intermediate_result: Any) -> None:
        found = intermediate_result
        asked.put(("iteration", found.x.copy(), float(found.fun)))

    try:
        result = minimize(
            function,
            start,
            jac=True,
            method="L-BFGS-B",
            callback=callback,
            options={
                "maxiter": NO_LIMIT,
                "maxfun": optimizer.max_evaluations,
                "maxcor": optimizer.memory,
                "gtol": optimizer.gradient_tolerance,
                "ftol": optimizer.loss_tolerance,
            },
        )
    except _Dropped:
        return
    except BaseException as error:  # raised by whoever takes the step
        asked.put(("failed", error))
    else:
        asked.put(("done", result))
