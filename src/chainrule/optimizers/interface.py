"""The three verbs of an optimizer: init, step, done.

A run asks no optimizer what family it is of. First-order rules (`first_order`) compute the gradient once a step and
move along it within the constraints; L-BFGS (`lbfgs`) searches along lines and ends by itself, and so does
Levenberg–Marquardt (`levenberg_marquardt`), which takes all that the passes computed.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..equations.arrays import Array, array_namespace
from ..equations.backward_pass import Gradient
from ..equations.forward_pass import Trace
from ..equations.network import Network
from .state import State

__all__ = ["Done", "Ending", "Optimizer", "Problem", "Rows", "Slots", "Stepped"]

Slots = tuple[Array, ...]


@dataclass(frozen=True)
class Rows:
    """The rows of a step, as far as second order needs them beside their passes.

    Parameters
    ----------
    network : Network
    targets : Array, shape (N, n_L)
        As the loss encodes them, on NumPy.
    weights : Array, shape (N,), or float
        s: the factor of each row's ℓ in J (J1), on NumPy.
    weight : float
        Σw.
    l1, l2 : float
        Penalty factors (J2).
    frozen_layers : tuple of int
    """

    network: Network
    targets: Array
    weights: Array | float
    weight: float
    l1: float
    l2: float
    frozen_layers: tuple[int, ...]


@dataclass(frozen=True)
class Problem:
    """As much of a run as a step needs.

    Parameters
    ----------
    evaluate : callable
        θ → J and ∇J of the rows of the step.
    move : callable
        (State, ∇J) → θ and slots, one move of a first-order rule within the constraints (`apply_step`).
    passes : callable
        θ → everything that the engine computes of these rows, forward and back.
    rows : callable
        → the rows themselves.
    gauss_newton : callable, optional
        θ → J̃ᵀ J̃ of the rows of the step, shape (D, D) (G6), where they lie in shards: `passes` and `rows` then have
        no row's numbers.
    """

    evaluate: Callable[[Array], tuple[Array, Array]]
    move: Callable[[State, Array], tuple[Array, Slots]]
    passes: Callable[[Array], tuple[Trace, Gradient]]
    rows: Callable[[], Rows]
    gauss_newton: Callable[[Array], Any] | None = None


@dataclass(frozen=True)
class Stepped:
    """The outcome of a step.

    Parameters
    ----------
    J : Array or float
        Before the step; of an optimizer that ends by itself after it.
    theta : Array, shape (D,)
    slots : tuple of Array, shapes (D,)
    memory : object
        Whatever else it remembers, which no checkpoint holds.
    taken : bool
        False where there was no step to take, because the optimizer has ended; θ may then be an earlier one.
    scalars : tuple of float
        Numbers that it remembers; a checkpoint holds them.
    details : dict of str to float
        Numbers of the step to be recorded.
    """

    J: Any
    theta: Array
    slots: Slots = ()
    memory: Any = None
    taken: bool = True
    scalars: tuple[float, ...] = ()
    details: Mapping[str, float] = field(default_factory=dict)


class Ending(enum.Enum):
    """The reason why an optimizer that ends by itself has ended."""

    CONVERGED = enum.auto()
    LIMIT = enum.auto()
    LINE_SEARCH = enum.auto()
    GOAL = enum.auto()
    DAMPING = enum.auto()
    EVIDENCE = enum.auto()


@dataclass(frozen=True)
class Done:
    """An end that an optimizer found by itself.

    Parameters
    ----------
    ending : Ending
    J : float
        The objective there.
    message : str
        The words of whoever computed it.
    """

    ending: Ending
    J: float
    message: str


class Optimizer(ABC):
    """A way to lower J."""

    name: ClassVar[str]
    #: Whether every step takes all rows.
    full_batch: ClassVar[bool] = False
    #: Whether a step computes the gradient once and moves along it, so that a schedule, dropout and constraints apply.
    one_gradient: ClassVar[bool] = True
    #: Whether it computes in float64 whatever the dtype of the parameters.
    double: ClassVar[bool] = False
    #: Whether a step takes J̃ᵀ J̃ beside the gradient.
    second_order: ClassVar[bool] = False
    #: Of what stands beside a search, frozen layers, say, what it can do all the same.
    allowed: ClassVar[frozenset[str]] = frozenset()
    #: Whatever finds the length of a step where there is no learning rate.
    search: ClassVar[str] = "its line search"
    #: What is remembered between steps: arrays of the shape of θ, 0 at the start.
    slot_names: ClassVar[tuple[str, ...]] = ()
    #: α before any schedule; 1 where there is none to choose.
    learning_rate: float

    @property
    def update(self) -> Mapping[str, str]:
        """The step as formulas (`FirstOrder.rule`), as these parameters have it; none where it is a search."""
        return {}

    @property
    def remembered(self) -> tuple[str, ...]:
        """The letters, m and v, of what a step reads and writes: none of SGD without momentum."""
        return tuple(letter for letter in "mv" if letter in self.update)

    def init(self, theta: Array) -> Slots:
        """The memory before the first step."""
        return tuple(array_namespace(theta).zeros_like(theta) for _ in self.slot_names)

    def first_scalars(self) -> tuple[float, ...]:
        """The numbers that it remembers before the first step."""
        return ()

    def require(  # noqa: B027  # most can train any
        self,
        network: Network,
        rows: int,
        l1: float,
        l2: float,
        shards: int | None = None,
    ) -> None:
        """Raise `InputError` where it cannot train this network on so many rows with these penalties.

        In shards, `rows` are those that are summed at once.
        """

    @abstractmethod
    def step(self, problem: Problem, state: State) -> Stepped:
        """One step from a state."""

    def done(self, state: State) -> Done | None:
        """The end that the last step found; None where the optimizer would continue."""
        return None

    @abstractmethod
    def specification(self) -> dict[str, Any]:
        """The name and parameters, from which `OPTIMIZERS` makes it again."""

    def parameters(self) -> dict[str, Any]:
        """The parameters by name."""
        return {
            name: value
            for name, value in self.specification().items()
            if name != "name"
        }
