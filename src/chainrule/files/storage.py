"""Model files: a network and its parameters in the container of `container.py`, with notes beside them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..equations.activation import Activation
from ..equations.activations import ACTIVATIONS
from ..equations.arrays import as_numpy
from ..equations.losses import LOSSES, Loss
from ..equations.network import Network, Parameters, checked_network
from ..errors import InputError
from .container import DTYPES, fits_together, read_file, unreadable, write_file
from .exportable import Exportable
from .json_text import versions
from .schema import fitted, made_of

__all__ = [
    "AVERAGE",
    "FORMAT",
    "Model",
    "NetworkText",
    "build_network",
    "describe_network",
    "load_model",
    "save_model",
]

FORMAT = "chainrule-model"
#: The format of averaged networks: `TabularClassifier.save` and `TabularRegressor.save` write it.
AVERAGE = "chainrule-tabular"
#: Names of arrays beside θ begin so.
BESIDE = "posterior."


@dataclass(frozen=True)
class Model(Exportable):
    """A network with its parameters and what was noted beside them.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    notes : dict
        Class labels, feature names, scaling, the gradient check: whatever was saved.
    versions : dict of str
        Versions of what wrote the file.
    arrays : dict of str to ndarray
        What stands beside θ: the posterior of Bayesian regularization.
    """

    network: Network
    parameters: Parameters
    notes: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Model {self.network}; {self.parameters.theta.dtype}; notes {', '.join(self.notes) or 'none'}>"


@dataclass(frozen=True)
class NetworkText:
    """A network as a file describes it.

    Parameters
    ----------
    sizes : tuple of int
    activations : tuple of dict
        The name of each, and its parameters.
    loss : dict
        Likewise.
    """

    sizes: tuple[int, ...]
    activations: tuple[dict[str, Any], ...]
    loss: dict[str, Any]


@dataclass(frozen=True)
class ModelText:
    """The JSON text of a model file, as far as it is a model's.

    Parameters
    ----------
    network : NetworkText
    notes : dict
    versions : dict of str
    """

    network: NetworkText
    notes: dict[str, Any]
    versions: dict[str, str]


def save_model(
    path: str | os.PathLike[str],
    network: Network,
    parameters: Parameters,
    notes: Mapping[str, Any] | None = None,
    arrays: Mapping[str, Any] | None = None,
) -> None:
    """Write a network and its parameters to a file.

    Parameters
    ----------
    path : path
        Replaced only when the new file is whole.
    network : Network
        Its activations and loss must come from the tables: functions of your own are not stored.
    parameters : Parameters
        float32 or float64.
    notes : mapping, optional
        What JSON can hold: class labels, feature names, scaling.
    arrays : mapping of str to ndarray, optional
        What stands beside θ, under names that begin with "posterior.".

    Raises
    ------
    InputError
        Functions of your own, a dtype that cannot be stored, notes that JSON cannot hold.
    OSError
        The disk is full, the folder does not exist or cannot be written in: names `path`, and
        nothing that was there is changed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> save_model(file, net, net.init(seed=0))
    >>> load_model(file).network == net
    True
    """
    checked_network(network).require(parameters)
    theta = np.ascontiguousarray(as_numpy(parameters.theta))
    if str(theta.dtype) not in DTYPES.values():
        raise InputError(
            f"parameters of dtype {theta.dtype}",
            " or ".join(DTYPES.values()),
            "Convert theta to one of these.",
        )
    content = {
        "network": describe_network(network),
        "notes": dict(notes or {}),
        "versions": versions(),
    }
    write_file(path, FORMAT, content, {"theta": theta, **(arrays or {})})


def load_model(path: str | os.PathLike[str], *, member: int = 0) -> Model:
    """Read a file that `save_model` wrote; or one network of a file of averaged ones.

    Parameters
    ----------
    path : path
    member : int
        Of averaged networks, which.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        Not a model file, altered since it was written, or written by a newer version.
    OSError
        The file cannot be read.
    """
    content, tensors = read_file(path, FORMAT, AVERAGE)
    if content["format"] == AVERAGE:
        name = f"theta{member}"
        if name not in tensors:
            raise InputError(
                f"{os.fspath(path)}, member = {member}",
                f"a member from 0 to {len(tensors) - 1}",
                "Pass member=0.",
            )
        content, tensors = content | {"notes": {}}, {"theta": tensors[name]}
    with fits_together(path):
        text = fitted(ModelText, content)
        network = _network_of(text.network)
        theta = tensors.pop("theta", None)
        if theta is None or not all(name.startswith(BESIDE) for name in tensors):
            raise unreadable(path, f"other numbers than theta: {', '.join(tensors)}")
        parameters = Parameters(network.sizes, theta)
        network.require(parameters)
        return Model(network, parameters, text.notes, text.versions, tensors)


def describe_network(network: Network) -> dict[str, Any]:
    """A network as JSON; `build_network` makes it again."""
    functions: list[Activation | Loss] = [*network.activations, network.loss]
    for function in functions:
        if getattr(function, "custom", False):
            raise InputError(
                f"a network with {function.name}, a function of your own",
                "activations and losses from the tables",
                "Save parameters.theta with numpy.save and build the network in your code.",
            )
    return {
        "sizes": list(network.sizes),
        "activations": [phi.specification() for phi in network.activations],
        "loss": network.loss.specification(),
    }


def build_network(description: Mapping[str, Any]) -> Network:
    """The network that `describe_network` described."""
    return _network_of(fitted(NetworkText, description, "network"))


def _network_of(text: NetworkText) -> Network:
    return Network(
        text.sizes,
        [made_of(spec, ACTIVATIONS, "activation") for spec in text.activations],
        made_of(text.loss, LOSSES, "loss"),
    )
