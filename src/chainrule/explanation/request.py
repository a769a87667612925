"""`explain`: from a network, its parameters and rows to an explanation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..documents import NOTATIONS
from ..equations.arrays import as_numpy, row_major
from ..equations.forward_pass import checked_masks, checked_penalty
from ..equations.losses import LOSSES
from ..equations.network import Network, Parameters
from ..errors import InputError, type_of
from ..files.container import read_file
from ..files.storage import FORMAT as MODEL_FORMAT
from ..files.storage import Model, load_model
from ..optimizers import Optimizer
from ..optimizers.rules import Rules
from ..optimizers.state import State
from ..training.given_rows import checked_data
from ..training.options import checked_optimizer
from ..training.report import Report
from .explanation import Explanation
from .moment import Moment
from .replay import FORMAT, moment_of_step
from .sheet import TERMS
from .spellings import spelling
from .traits import step_is_a_formula
from .wanted import Wanted, explained

__all__ = ["explain", "is_checkpoint", "resolved"]

#: Significant digits that are shown.
DIGITS = 6


def explain(
    model: Network | Model | Report | str | os.PathLike[str] | None = None,
    x: Any = None,
    y: Any = None,
    *,
    parameters: Any = None,
    row: int = 0,
    notation: str = "canonical",
    layer: int | str | Sequence[int | str] | None = None,
    unit: int | Sequence[int] | None = None,
    equation: str | Sequence[str] | None = None,
    optimizer: str | Optimizer | None = None,
    learning_rate: float | None = None,
    sample_weight: Any = None,
    l1: float = 0.0,
    l2: float = 0.0,
    masks: Sequence[Any] | None = None,
    reduction: str = "mean",
    step: int | None = None,
    validation: float | tuple[Any, Any] | None = None,
    engine: str | None = None,
    terms: int = TERMS,
    digits: int = DIGITS,
    title: str | None = None,
    blank: bool = False,
) -> Explanation:
    r"""The numbers beside the formulas: a pass forward and back and the step that follows, number by number.

    Of every number: the general equation, the same with its indices, the same with the numbers put in, the result,
    and a check beside it. Without arguments, a 4-3-5-2 network that is small enough to read as a whole.

    Parameters
    ----------
    model : Network, Model, Report, path, optional
        A network, with its `parameters`; what `load_model` or `train` gives; or the path of a model file, or of a
        checkpoint.
    x : array_like, shape (N, n_0)
        Rows of inputs, as the network takes them; with a checkpoint, the rows that `train` was given.
    y : array_like
        Targets, as the network's loss takes them.
    parameters : Parameters, or arrays of the notation's document, optional
        For a `Network`. With the `notation` of a document they may be its own arrays, W^1 … W^F of S4 say, as
        `chainrule.documents` takes them; without a network it is then the document's own of these widths.
    row : int
        Which of the rows is explained, from 0. The gradient is that of all rows, and shows how they add up.
    notation : str
        "canonical", or that of a document: "bias-first" (S0), "column-batch" (S1), "constant-neuron" (S2),
        "flat-theta" (S3), "bias-last" (S4). The page has all of them, this one first.
    layer : int, str or sequence of these, optional
        Only these layers, called as the notation calls them: 1 … L, in flat-theta 2 … M, in bias-last the last one
        "F".
    unit : int or sequence of int, optional
        Only these units, from 1.
    equation : str or sequence of str, optional
        Only the steps of these equations, by the document's numbers ("75"), the inventory's ("S1.E80") or the
        library's ("B3").
    optimizer : str or Optimizer, optional
        Whose step is shown; a name from `OPTIMIZERS`, but not "lbfgs"; by default gradient descent. That of
        "levenberg_marquardt" is the first of a run on these rows, all of it in float64.
    learning_rate : float, optional
        The α of an optimizer that is named; by default its own.
    sample_weight, l1, l2, masks, reduction
        As in `chainrule.objective`.
    step : int, optional
        Of a run whose checkpoint `model` is: the step that is explained, from 1, with the rows, the dropout, the
        learning rate and the optimizer's memory that it had; by default the first after the checkpoint. `row` then
        counts within the rows of the step, and optimizer, penalties and masks are the run's.
    validation : float or (x, y), optional
        Of such a run: what `train` was given.
    engine : str, optional
        Whose numbers are shown: "reference", "native", or "auto"; by default the reference engine's, and in a step
        of a run those of its engine.
    terms : int
        How many terms of a long sum are shown; the others are added up.
    digits : int
        How many significant digits are shown, 1 … 17.
    title : str, optional
        What the rows are called.
    blank : bool
        Whether each computed number is left blank: a sheet to fill in, in all forms but JSON. The same call without
        it gives the solution.

    Returns
    -------
    Explanation
        Prints as text; `save` writes a page, LaTeX, a drawing, JSON; a notebook shows the page.

    Raises
    ------
    InputError
        What does not fit, as in `chainrule.forward` and `chainrule.backward`; a layer or unit that is not there; of
        `blank` a large network, a step of a run, levenberg_marquardt.

    Notes
    -----
    Z, A, φ′, Δ, ℓ, ∂ℓ/∂A, J, dW and db are what the engine computed, in the dtype of the parameters. Those of them
    that no step of the native engine computes, dX, ∂ℓ/∂A[L] and some φ′ of the output, are NumPy's from its others.
    Every number of the result is checked twice: its formula is evaluated again in float64, and a derivative is compared
    with numerical differentiation.

    Examples
    --------
    >>> e = explain(notation="bias-last", layer=2, unit=3, equation="(76)")
    >>> e.passed
    True
    >>> print("\n".join(e.text().splitlines()[-4:]))
    <BLANKLINE>
        ∂L/∂g^2_3 = ∂L/∂h^2_3 · σ^(2′)(g^2_3)
                  = (-0.524479) · 0.234391
                  = -0.122933   ✓ evaluated again; ✓ complex step
    """
    wanted = Wanted(
        row, spelling(notation), layer, unit, equation, terms, digits, blank
    )
    if step is not None or is_checkpoint(model):
        if not isinstance(model, str | os.PathLike):
            raise InputError(
                f"step = {step} without a checkpoint",
                "the path of a run's checkpoint",
                "Name the file.",
            )
        refuse_settings(
            parameters=parameters is not None,
            optimizer=optimizer is not None,
            learning_rate=learning_rate is not None,
            l1=l1 != 0,
            l2=l2 != 0,
            masks=masks is not None,
            reduction=reduction != "mean",
        )
        moment, own = moment_of_step(
            model, x, y, step, sample_weight=sample_weight, validation=validation
        )
        called = (
            f"{f'{title}, ' if title else ''}step {moment.state.steps + 1} of a run"
        )
        return explained(moment, wanted, engine or own, called)
    if parameters is not None and not isinstance(parameters, Parameters):
        model, parameters = typed(model, parameters, wanted.spelled.name)
    if model is None:
        if x is not None or y is not None or parameters is not None:
            raise InputError(
                "rows without a model",
                "a network with its parameters, or a model",
                "Pass it first.",
            )
        model, parameters, x, y = example()
    network, parameters = resolved(model, parameters)
    chosen = with_a_formula(
        checked_optimizer(optimizer or "gradient_descent", learning_rate)
    )
    checked_penalty(l1, l2)
    if chosen.double:
        parameters = Parameters(
            network.sizes, parameters.theta.astype(np.float64, copy=False)
        )
    data = checked_data(network, parameters, x, y, sample_weight)
    made = (
        None if masks is None else checked_masks(network, parameters, masks, data.rows)
    )
    theta = parameters.theta
    state = State(theta, chosen.init(theta), scalars=chosen.first_scalars())
    rules = Rules(chosen, l1=float(l1), l2=float(l2), batch_rows=data.rows)
    moment = Moment(network, data, state, rules, chosen.learning_rate, made, reduction)
    return explained(moment, wanted, engine or "reference", title)


def typed(model: Any, arrays: Any, name: str) -> tuple[Any, Parameters]:
    """A network and its parameters, of arrays in a document's notation."""
    if name not in NOTATIONS:
        raise InputError(
            f"parameters that are {type_of(arrays)}, in the notation {name}",
            "Parameters; or a document's arrays, with its notation",
            'Pass notation="S4", say, or Parameters.from_arrays(weights, biases).',
        )
    sizes = model.sizes if isinstance(model, Network) else None
    parameters = NOTATIONS[name].parameters(arrays, sizes)
    if model is None:
        return NOTATIONS[name].network(parameters.sizes), parameters
    return model, parameters


def is_checkpoint(model: Any) -> bool:
    """Return whether a path is that of a checkpoint; what is no file of ours is said where it is loaded."""
    if not isinstance(model, str | os.PathLike) or not Path(model).is_file():
        return False
    return bool(read_file(model, FORMAT, MODEL_FORMAT)[0]["format"] == FORMAT)


def refuse_settings(**given: bool) -> None:
    """Of a step of a run, what the checkpoint says already."""
    named = ", ".join(name for name, there in given.items() if there)
    if named:
        raise InputError(
            f"{named} with a step of a run",
            "the run's own, which its checkpoint has",
            "Leave it out; or explain the network with its parameters, explain(network, x, y, parameters=…).",
        )


def resolved(model: Any, parameters: Parameters | None) -> tuple[Network, Parameters]:
    """The network and its parameters, float32 or float64, NumPy's."""
    if isinstance(model, str | os.PathLike):
        model = load_model(model)
    if (
        isinstance(getattr(model, "network", None), Network) and parameters is None
    ):  # a Report, say
        model, parameters = model.network, model.parameters
    if not isinstance(model, Network):
        raise InputError(
            f"model that is {type_of(model)}",
            "a Network, a Model, a Report, or a path",
            "Make one, or load one.",
        )
    if parameters is None:
        raise InputError(
            "a Network without parameters",
            "parameters=…",
            "Pass report.parameters, or network.init(0).",
        )
    model.require(parameters)
    return model, Parameters(model.sizes, row_major(as_numpy(parameters.theta)))


def with_a_formula(optimizer: Optimizer) -> Optimizer:
    """The optimizer; raises where its step is no formula."""
    if not step_is_a_formula(optimizer):
        raise InputError(
            f"optimizer {optimizer.name!r}",
            "a first-order one or levenberg_marquardt, whose step is a formula",
            "L-BFGS searches along a line; its gradient is that of any other.",
        )
    return optimizer


def example() -> tuple[Network, Parameters, list[list[float]], list[list[float]]]:
    """A 4-3-5-2 network with weights of one digit: tanh, sigmoid, a linear output; Σ (a - y)²."""
    network = Network(
        (4, 3, 5, 2), ("tanh", "sigmoid", "identity"), LOSSES["squared_error"](1.0)
    )
    W1 = [[0.5, -0.3, 0.2, 0.1], [-0.4, 0.6, 0.1, -0.2], [0.3, 0.2, -0.5, 0.4]]
    W2 = [
        [0.6, -0.5, 0.3],
        [-0.2, 0.8, 0.4],
        [0.4, 0.1, -0.9],
        [-0.7, 0.2, 0.5],
        [0.1, -0.6, 0.3],
    ]
    W3 = [[0.5, -0.4, 0.3, 0.2, -0.1], [-0.3, 0.7, -0.2, 0.4, 0.6]]
    biases = [[0.1, -0.2, 0.3], [0.1, 0.0, 0.2, -0.1, 0.3], [0.1, -0.2]]
    parameters = Parameters.from_arrays([W1, W2, W3], biases)
    return network, parameters, [[1.0, 0.5, -0.5, 2.0]], [[1.0, 0.0]]
