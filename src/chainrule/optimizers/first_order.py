"""First-order rules: how θ moves along its gradient (U1).

A move is a function from (θ, ∇J, slots) to (θ, slots); nothing is changed in place, so a run that
is interrupted still holds the last complete step. The gradient is taken at θ before anything
moves.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, final

from ..equations.arrays import Array, array_namespace
from ..equations.intervals import NONNEGATIVE, POSITIVE, SHARE, Interval
from .interface import Optimizer, Problem, Slots, Stepped
from .state import State

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "FirstOrder",
    "FoldedAdam",
    "GradientDescent",
    "RMSprop",
]

#: Of parameters that are no share of 1.
RANGES = {
    "learning_rate": POSITIVE,
    "epsilon": POSITIVE,
    "weight_decay": NONNEGATIVE,
    "momentum": Interval(0.0, 1.0, True, True),  # 1 forgets nothing
}


@dataclass(frozen=True, kw_only=True)
class FirstOrder(Optimizer):
    """A rule for one step.

    Parameters
    ----------
    learning_rate : float
        α > 0, before any schedule.
    """

    #: The step as formulas, in order: what is remembered (m, v), then theta. Each is an expression of Python over
    #: theta, g = ∇J, alpha, the number t of the step, m and v (the new ones, once they are made) and the parameters;
    #: the weight decay of biases is 0. Pages and explanations show and evaluate them.
    rule: ClassVar[Mapping[str, str]]

    learning_rate: float

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name != "nesterov":
                number = RANGES.get(name, SHARE).checked(name, value)
                object.__setattr__(self, name, number)

    @property
    def update(self) -> Mapping[str, str]:
        return self.rule

    def step(self, problem: Problem, state: State) -> Stepped:
        J, gradient = problem.evaluate(state.theta)
        return Stepped(J, *problem.move(state, gradient))

    @abstractmethod
    def move(
        self, theta: Array, gradient: Array, slots: Slots, learning_rate: float, t: int
    ) -> tuple[Array, Slots]:
        """θ and the state after step t.

        Parameters
        ----------
        theta, gradient : Array, shape (D,)
            θ and ∇J at θ.
        slots : tuple of Array, shapes (D,)
            The state, in the order of `slot_names`.
        learning_rate : float
            α of this step.
        t : int
            The number of this step, from 1.
        """

    def decay(self, learning_rate: float) -> float:
        """The factor of weights (never biases) before the step."""
        return 1.0

    def specification(self) -> dict[str, Any]:
        return {"name": self.name, **asdict(self)}


@final
@dataclass(frozen=True, kw_only=True)
class GradientDescent(FirstOrder):
    """A step down the gradient, J taken over all rows.

    References
    ----------
    Cauchy 1847; S1.E74, S4 (78).
    """

    name: ClassVar[str] = "gradient_descent"
    full_batch: ClassVar[bool] = True
    rule: ClassVar[Mapping[str, str]] = {"theta": "theta - alpha * g"}
    learning_rate: float = 0.1

    def move(
        self, theta: Array, gradient: Array, slots: Slots, learning_rate: float, t: int
    ) -> tuple[Array, Slots]:
        return theta - learning_rate * gradient, slots  # U1


@final
@dataclass(frozen=True, kw_only=True)
class SGD(FirstOrder):
    """A step down the gradient, J taken over a batch; with momentum it is added to a share of the last one.

    References
    ----------
    Robbins & Monro 1951; Sutskever et al. 2013, equations 1-4, with θ at the look-ahead point.
    """

    name: ClassVar[str] = "sgd"
    slot_names: ClassVar[tuple[str, ...]] = ("velocity",)
    rule: ClassVar[Mapping[str, str]] = {
        "m": "momentum * m - alpha * g",
        "theta": "theta + m",
    }
    learning_rate: float = 0.1
    momentum: float = 0.0
    nesterov: bool = False

    @property
    def update(self) -> Mapping[str, str]:
        if self.momentum == 0:
            return GradientDescent.rule
        ahead = {"theta": "theta + momentum * m - alpha * g"}
        return {**self.rule, **ahead} if self.nesterov else self.rule

    def move(
        self, theta: Array, gradient: Array, slots: Slots, learning_rate: float, t: int
    ) -> tuple[Array, Slots]:
        downhill = -learning_rate * gradient
        if self.momentum == 0:
            return theta + downhill, slots  # U1
        velocity = self.momentum * slots[0] + downhill
        if self.nesterov:
            return theta + (self.momentum * velocity + downhill), (velocity,)
        return theta + velocity, (velocity,)


@final
@dataclass(frozen=True, kw_only=True)
class RMSprop(FirstOrder):
    """The gradient over the root of the moving mean of its square.

    References
    ----------
    Tieleman & Hinton 2012, lecture 6e.
    """

    name: ClassVar[str] = "rmsprop"
    slot_names: ClassVar[tuple[str, ...]] = ("mean_square",)
    rule: ClassVar[Mapping[str, str]] = {
        "v": "rho * v + (1 - rho) * g**2",
        "theta": "theta - alpha * g / (sqrt(v) + epsilon)",
    }
    learning_rate: float = 0.001
    rho: float = 0.99
    epsilon: float = 1e-8

    def move(
        self, theta: Array, gradient: Array, slots: Slots, learning_rate: float, t: int
    ) -> tuple[Array, Slots]:
        square = self.rho * slots[0] + (1 - self.rho) * gradient * gradient
        return theta - learning_rate * gradient / (
            array_namespace(theta).sqrt(square) + self.epsilon
        ), (square,)


@final
@dataclass(frozen=True, kw_only=True)
class Adagrad(FirstOrder):
    """The gradient over the root of the sum of its squares.

    References
    ----------
    Duchi, Hazan & Singer 2011, equation 1.
    """

    name: ClassVar[str] = "adagrad"
    slot_names: ClassVar[tuple[str, ...]] = ("sum_of_squares",)
    rule: ClassVar[Mapping[str, str]] = {
        "v": "v + g**2",
        "theta": "theta - alpha * g / (sqrt(v) + epsilon)",
    }
    learning_rate: float = 0.01
    epsilon: float = 1e-10

    def move(
        self, theta: Array, gradient: Array, slots: Slots, learning_rate: float, t: int
    ) -> tuple[Array, Slots]:
        squares = slots[0] + gradient * gradient
        return theta - learning_rate * gradient / (
            array_namespace(theta).sqrt(squares) + self.epsilon
        ), (squares,)


MOMENTS = {
    "m": "beta1 * m + (1 - beta1) * g",
    "v": "beta2 * v + (1 - beta2) * g**2",
}
ADAM_STEP = "(m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + epsilon)"


@dataclass(frozen=True, kw_only=True)
class _AdamStep(FirstOrder):
    slot_names: ClassVar[tuple[str, ...]] = ("mean", "mean_square")
    rule: ClassVar[Mapping[str, str]] = {
        **MOMENTS,
        "theta": f"theta - alpha * {ADAM_STEP}",
    }
    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def move(
        self, theta: Array, gradient: Array, slots: Slots, learning_rate: float, t: int
    ) -> tuple[Array, Slots]:
        mean, square = self._moments(gradient, slots)
        root = array_namespace(theta).sqrt(square / (1 - self.beta2**t)) + self.epsilon
        return theta - (learning_rate / (1 - self.beta1**t)) * mean / root, (
            mean,
            square,
        )

    def _moments(self, gradient: Array, slots: Slots) -> Slots:
        """M and S with this gradient in them."""
        mean = self.beta1 * slots[0] + (1 - self.beta1) * gradient
        return mean, self.beta2 * slots[1] + (1 - self.beta2) * gradient * gradient


@final
@dataclass(frozen=True, kw_only=True)
class Adam(_AdamStep):
    """The mean of the gradient over the root of the mean of its square, both freed of the bias of their start at 0.

    References
    ----------
    Kingma & Ba 2015, algorithm 1.
    """

    name: ClassVar[str] = "adam"


@final
@dataclass(frozen=True, kw_only=True)
class FoldedAdam(_AdamStep):
    """Adam with ε added to the root before its bias is corrected, as scikit-learn and TensorFlow compute it.

    References
    ----------
    Kingma & Ba 2015, the end of section 2.
    """

    name: ClassVar[str] = "folded_adam"
    rule: ClassVar[Mapping[str, str]] = {
        **MOMENTS,
        "theta": "theta - alpha * (sqrt(1 - beta2**t) / (1 - beta1**t)) * m / (sqrt(v) + epsilon)",
    }

    def correction(self, t: int) -> float:
        """√(1 - β₂ᵗ) / (1 - β₁ᵗ)."""
        return math.sqrt(1 - self.beta2**t) / (1 - self.beta1**t)

    def move(
        self, theta: Array, gradient: Array, slots: Slots, learning_rate: float, t: int
    ) -> tuple[Array, Slots]:
        mean, square = self._moments(gradient, slots)
        root = array_namespace(theta).sqrt(square) + self.epsilon
        return theta - learning_rate * self.correction(t) * mean / root, (mean, square)


@final
@dataclass(frozen=True, kw_only=True)
class AdamW(_AdamStep):
    """Adam, with weights made smaller before the step; biases do not decay.

    References
    ----------
    Loshchilov & Hutter 2019, algorithm 2.
    """

    name: ClassVar[str] = "adamw"
    rule: ClassVar[Mapping[str, str]] = {
        **MOMENTS,
        "theta": f"(1 - alpha * weight_decay) * theta - alpha * {ADAM_STEP}",
    }
    weight_decay: float = 0.01

    def decay(self, learning_rate: float) -> float:
        return 1 - learning_rate * self.weight_decay
