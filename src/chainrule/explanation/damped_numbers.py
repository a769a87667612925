"""The numbers of a step of Levenberg–Marquardt, by name: the factors of J̃, C, J̃ J̃ᵀ and δ (G1-G8).

| kind | number | equation |
|---|---|---|
| E | Δ⁽ᵏ⁾[l] of each root k of the loss's Hessian: ``E2.1.3`` is that of root 1 in unit 3 of layer 2 | G1, G2 |
| r | r⁽ᵏ⁾, the residual of each root | G1 |
| tW, tb | J̃ᵀ r in the place of a weight or bias | G4 |
| cW, cb | the diagonal of C = J̃ᵀ J̃ | G6 |
| K | J̃ J̃ᵀ: ``K2.1.2~5`` of root 1 of the explained row and root 2 of row 5 | G5 |
| sW, sb | δ | G7, G8 |
| j | J̃ δ | G3 |
| qW, qb | C δ, as J̃ᵀ (J̃ δ) | G4 |
| lam, prior | λ of the step that was taken, α/κ where it is found from the data | G7, G8 |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations.arrays import Array, as_numpy
from ..equations.backward_pass import Gradient
from ..equations.forward_pass import Trace
from ..equations.losses import reduction_weights
from ..equations.network import read_biases, read_weights
from ..equations.second_order import (
    Linearization,
    gram,
    jacobian_product,
    linearized,
    transposed_product,
)
from ..errors import InputError
from ..optimizers import LevenbergMarquardt
from ..optimizers.constraints import free_entries
from ..optimizers.damped_search import Numbers as Remembered
from ..optimizers.damped_step import Prior, chosen_form
from ..optimizers.interface import Problem, Rows, Slots
from ..optimizers.local_model import LocalModel, Point, on_numpy
from ..optimizers.one_thread import one_thread
from ..optimizers.state import State
from .moment import Moment

__all__ = ["DampedStep", "damped_step_of"]


@dataclass(frozen=True)
class DampedStep:
    """A step that was taken.

    Parameters
    ----------
    arrays : dict of ndarray
        Kind and layer → the numbers.
    theta : Array, shape (D,)
        After it.
    form : {"primal", "dual"}
        The matrix that was decomposed.
    roots : int
        m.
    """

    arrays: dict[str, Any]
    theta: Array
    form: str
    roots: int


def damped_step_of(
    moment: Moment, passes: Callable[[Array], tuple[Trace, Gradient]], row: int
) -> DampedStep:
    """Take the step of a moment, and find its numbers.

    Parameters
    ----------
    moment : Moment
        With parameters in float64.
    passes : callable
        θ → everything that the engine computes of the rows.
    row : int
        The row that is explained, from 0.

    Raises
    ------
    InputError
        No step: the optimizer has ended there, or returns to earlier parameters.
    """
    network, rules, data, state = (
        moment.network,
        moment.rules,
        moment.data,
        moment.state,
    )
    optimizer = rules.optimizer
    assert isinstance(optimizer, LevenbergMarquardt)
    optimizer.require(network, data.rows, rules.l1, rules.l2)
    rows = _rows_of(moment)

    def evaluate(theta: Array) -> tuple[Array, Array]:
        gradient = passes(theta)[1]
        return gradient.J, gradient.flat

    def move(state: State, gradient: Array) -> tuple[Array, Slots]:
        raise TypeError("a damped step is no move along one gradient")

    problem = Problem(evaluate, move, passes, lambda: rows)
    stepped = optimizer.step(problem, state)
    before, after = Remembered(*state.scalars), Remembered(*stepped.scalars)
    returned = bool(after.polished) and not before.polished
    if returned or not stepped.taken:
        why = "The run returns to the parameters of the largest evidence first."
        done = getattr(stepped.memory, "done", None)
        raise InputError(
            f"{optimizer.name} at parameters from which it takes no step",
            "parameters from which it does",
            f"{why if done is None else done.message} Explain another step.",
        )
    theta = np.asarray(as_numpy(state.theta), np.float64)
    point = Point(theta, *on_numpy(*passes(state.theta)))
    free = free_entries(network.sizes, rules.frozen_layers, np.zeros(1))
    free = np.broadcast_to(free, theta.shape)
    bayes = optimizer.bayes
    ratio = after.prior if bayes else rules.l2
    prior = Prior(ratio, ratio if bayes else 0.0, free)
    model = LocalModel(rows, point, prior, found=bayes)
    linear = linearized(network, model.parameters, point.trace, model.factor)
    m, count, _ = linear.shape
    form = optimizer.form
    form = chosen_form(int(free.sum()), m * count) if form == "auto" else form
    curvature = model.curvature(form)
    damping = stepped.details["damping"]
    delta = curvature.step(model.pull(curvature.linear), prior, damping)
    with one_thread():
        own = linearized(
            network, model.parameters, point.trace, model.factor, slice(row, row + 1)
        )
        moving = [
            float(l not in rules.frozen_layers) for l in range(1, network.n_layers + 1)
        ]
        beside = np.reshape(gram(own, moving, moving, linear), (m, m, count))
        delta = curvature.step(model.pull(curvature.linear), prior, damping)
    L = network.n_layers
    arrays: dict[str, Any] = {"lam": damping, "prior": ratio}
    for l, deltas in enumerate(linear.delta, 1):
        arrays[f"E{l}"] = np.swapaxes(deltas, 0, 1)
    arrays[f"r{L}"] = linear.factor.residual.T
    arrays[f"K{L}"] = np.moveaxis(beside, 2, 0)
    change = jacobian_product(linear, delta)
    arrays[f"j{L}"] = change.T
    vectors = {
        "t": transposed_product(linear, linear.factor.residual),
        "c": _diagonal(linear),
        "s": delta,
        "q": transposed_product(linear, change),
    }
    for letter, flat in vectors.items():
        for l, W in enumerate(read_weights(network.sizes, flat), 1):
            arrays[f"{letter}W{l}"] = W
        for l, b in enumerate(read_biases(network.sizes, flat), 1):
            arrays[f"{letter}b{l}"] = b
    new = np.asarray(as_numpy(stepped.theta), np.float64)
    return DampedStep(arrays, new, form, m)


def _rows_of(moment: Moment) -> Rows:
    """The rows, as a step takes them."""
    data, rules = moment.data, moment.rules
    weights = None if data.sample_weight is None else as_numpy(data.sample_weight)
    targets = as_numpy(data.y)
    return Rows(
        moment.network,
        targets,
        reduction_weights(weights, data.rows, moment.reduction, targets),
        data.weight,
        rules.l1,
        rules.l2,
        rules.frozen_layers,
    )


def _diagonal(linear: Linearization) -> Array:
    """The diagonal of J̃ᵀ J̃ (G6)."""
    squares = [np.sum(deltas * deltas, axis=0) for deltas in linear.delta]
    dW = [square.T @ (A * A) for square, A in zip(squares, linear.A, strict=True)]
    db = [np.sum(square, axis=0) for square in squares]
    return np.concatenate([part.ravel() for part in (*dW, *db)])
