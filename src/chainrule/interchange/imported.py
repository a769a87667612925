"""An imported network made a `Model`: its weights as they were, its outputs compared with those of its source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..equations.activation import Activation
from ..equations.loss import Loss
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..files.json_text import versions
from ..files.storage import Model
from .bounds import bound_of, reach_of
from .deployment import Deployment, Finish, Matrix
from .stamp import largest_difference

__all__ = ["ROWS", "Layer", "folded", "imported_model", "usual_loss"]

#: Rows that both are compared on.
ROWS = 200
#: What to do where the outputs are further apart than rounding explains.
FAULT = (
    "Report it with the file or the lines that make it: it is a fault of the import."
)


class Layer:
    """A layer as it is found: W of shape (n_l, n_{l-1}), b or None while there is none, φ or None for the identity."""

    def __init__(self, W: Matrix, b: Matrix | None) -> None:
        self.W, self.b = W, b
        self.phi: str | Activation | None = None


def folded(layer: Layer, scale: Matrix, shift: Matrix) -> None:
    """Make the layer take x where it took scale · x + shift."""
    W = layer.W.astype(np.float64)
    b = np.zeros(len(W)) if layer.b is None else layer.b.astype(np.float64)
    layer.b = (b + W @ shift).astype(layer.W.dtype)
    layer.W = (W * scale).astype(layer.W.dtype)


def usual_loss(output: str | Activation | None) -> str:
    """The loss that goes with an output activation: what it is trained with most often."""
    name = output if isinstance(output, str) else getattr(output, "name", "identity")
    usual = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}
    return usual.get(name, "squared_error")


def imported_model(
    layers: Sequence[Layer],
    loss: str | Loss | None,
    source: str,
    outputs: Callable[[Matrix], Matrix],
    *,
    rows: Matrix | None = None,
    notes: dict[str, Any] | None = None,
    changed: Sequence[str] = (),
    remedy: str = FAULT,
) -> Model:
    """The model of these layers.

    Parameters
    ----------
    layers : sequence of Layer
    loss : str, Loss or None
    source : str
        Where it came from, in words.
    outputs : callable
        What the source itself computes, as its user runs it, of rows of shape (N, n_0).
    rows : ndarray, shape (N, n_0), optional
        What both are compared on, of float32; by default standard normal.
    notes : dict, optional
        What stands beside the weights.
    changed : sequence of str
        What was folded into weights or left out, in words.
    remedy : str
        What to do where the outputs are further apart.

    Raises
    ------
    InputError
        The outputs are further apart than rounding explains.
    """
    activations = [layer.phi or "identity" for layer in layers]
    sizes = (layers[0].W.shape[1], *(len(layer.W) for layer in layers))
    dtype = layers[0].W.dtype
    biases = [
        np.zeros(len(layer.W), dtype) if layer.b is None else layer.b
        for layer in layers
    ]
    network = Network(sizes, activations, loss or usual_loss(activations[-1]))
    theta = np.concatenate(
        [a.ravel() for a in (*(layer.W for layer in layers), *biases)]
    ).astype(dtype)
    parameters = Parameters(network.sizes, theta)
    network.require(parameters)
    deployment = Deployment(network, (parameters,), Finish("outputs"))
    rounded = None
    if rows is None:
        rows = np.random.default_rng(0).normal(size=(ROWS, sizes[0])).astype(dtype)
    else:
        rounded = 2.0**-24 * reach_of(deployment, rows)
    with np.errstate(all="ignore"):
        ours, theirs = deployment.outputs_of(rows), np.asarray(outputs(rows))
        if theirs.size == ours.size and len(theirs) == len(ours):
            theirs = theirs.reshape(ours.shape)  # one output may come without its axis
        difference = largest_difference(ours, theirs)
        bound = bound_of(deployment, rows, apart=rounded)
    if changed:  # rounded once more
        bound *= 4
    if not difference <= bound:
        raise InputError(
            f"{source}, whose outputs are {difference:.2g} from those of the network that was read of it",
            f"at most {bound:.2g}, which rounding explains",
            remedy,
        )
    told = {
        "from": source,
        "difference": difference,
        "bound": bound,
        "rows": len(rows),
        "changed": list(changed),
    }
    return Model(network, parameters, {**(notes or {}), "imported": told}, versions())
