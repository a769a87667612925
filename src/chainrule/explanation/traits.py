"""The traits of a network, its rows and its rules that decide how a pass and a step are written for any numbers."""

from __future__ import annotations

from dataclasses import dataclass

from ..documents.spelling import Shape
from ..equations.network import Network
from ..optimizers import GradientDescent, LevenbergMarquardt, Optimizer
from ..optimizers.rules import Rules

__all__ = ["Traits", "slot_letters", "step_is_a_formula"]


def slot_letters(optimizer: Optimizer) -> tuple[str, ...]:
    """One letter each: m for what remembers gradients, v for what remembers their squares."""
    return tuple(
        "m" if name in ("velocity", "mean") else "v" for name in optimizer.slot_names
    )


def step_is_a_formula(optimizer: Optimizer) -> bool:
    """Return whether the step of an optimizer can be shown: one along the gradient, or a damped one."""
    return optimizer.one_gradient or isinstance(optimizer, LevenbergMarquardt)


@dataclass(frozen=True)
class Traits:
    """The traits that a template is made for.

    Parameters
    ----------
    network : Network
    rules : Rules
        Optimizer, penalties, limits.
    reduction : {"mean", "sum"}
    masks : frozenset of int
        The layers that have a dropout mask, from 0.
    rows : int
        N.
    row_counts_once : bool
        True where the share of the explained row in J is 1.
    trials : {"", "mean", "sum"}
        The reduction of J over several rows of one weight; empty for one row, or rows of several weights.
    adds_to_1, all_add_to_1 : bool
        Of cross-entropy: whether the targets of the explained row do, and those of every row.
    clip_factor : float
        What clipping by the norm multiplies the gradient by; 1 where it does nothing. The one number of a template:
        it stands in a sentence.
    form : {"", "primal", "dual"}
        The form of a step of Levenberg–Marquardt; empty for another optimizer.
    roots : int
        How many roots the loss's Hessian has in such a step.
    """

    network: Network
    rules: Rules
    reduction: str
    masks: frozenset[int]
    rows: int
    row_counts_once: bool
    trials: str
    adds_to_1: bool
    all_add_to_1: bool
    clip_factor: float
    form: str = ""
    roots: int = 0

    @property
    def sizes(self) -> tuple[int, ...]:
        """n_0 … n_L."""
        return self.network.sizes

    @property
    def layers(self) -> int:
        """L."""
        return self.network.n_layers

    @property
    def penalized(self) -> bool:
        """True for a J with a penalty."""
        return bool(self.rules.l1 or self.rules.l2)

    @property
    def linear(self) -> bool:
        """True for a linear output layer."""
        return self.network.activations[-1].name == "identity"

    @property
    def remembered(self) -> list[str]:
        """The letters of what the optimizer remembers."""
        kept = slot_letters(self.rules.optimizer)
        return [s for s in self.rules.optimizer.remembered if s in kept]

    @property
    def plain_step(self) -> bool:
        """True for a step of θ - α ∇J and no more."""
        rules = self.rules
        return (
            rules.optimizer.update == GradientDescent.rule
            and rules.max_norm is None
            and rules.clip_value is None
            and self.clip_factor == 1
        )

    def shape(self, equations: tuple[str, ...]) -> Shape:
        """The shape that decides a document's way of writing it, where these equations are asked for."""
        loss = self.network.loss
        squares = loss.name == "squared_error" and loss.specification()["factor"] == 1
        return Shape(
            self.layers, self.linear, squares, self.trials, frozenset(equations)
        )
