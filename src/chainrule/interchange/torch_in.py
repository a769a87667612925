"""`from_torch`: a torch.nn.Sequential as a `Model`. PyTorch is not imported: its modules are asked what they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..equations.activation import Activation
from ..equations.activations import ACTIVATIONS
from ..equations.loss import Loss
from ..errors import InputError, type_of
from ..files.storage import Model
from .deployment import Matrix
from .imported import Layer, imported_model

__all__ = ["from_torch"]


def from_torch(
    module: Any,
    *,
    output_activation: str | Activation | None = None,
    loss: str | Loss | None = None,
) -> Model:
    """The network of a PyTorch module.

    Parameters
    ----------
    module : torch.nn.Sequential, or torch.nn.Linear
        Of Linear, activations, Dropout, Flatten, Identity, and Sequential of these.
    output_activation : str or Activation, optional
        What is applied to the outputs of a module that ends in logits: "softmax" after training with
        CrossEntropyLoss, "sigmoid" after BCEWithLogitsLoss.
    loss : str or Loss, optional
        By default cross_entropy after softmax, binary_cross_entropy after sigmoid, else squared_error.

    Returns
    -------
    Model
        Weights are those of the module, bit by bit; `notes["imported"]` has how far the outputs are from the module's
        on 200 rows. Dropout is left out, as in evaluation.

    Raises
    ------
    InputError
        A layer that a dense network does not have, by its place and name.

    Examples
    --------
    With PyTorch, which this package does not install::

        layers = torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)
        model = from_torch(torch.nn.Sequential(*layers), output_activation="softmax")

    and without it, what is refused:

    >>> from chainrule import from_torch
    >>> from_torch([1.0])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    chainrule.errors.InputError: Given: layer 0, list: ... Allowed: Sequential of Linear, ...
    """
    layers: list[Layer] = []
    changed: list[str] = []
    kept: list[Any] = []
    for place, one in _modules(module, ""):
        kind = type(one).__name__
        if not type(one).__module__.startswith("torch.nn."):
            remedy = (
                "Put its layers into torch.nn.Sequential in the order of its forward,"
            )
            raise _refused(place, one, "a module of your own", remedy)
        if kind.startswith("Dropout") or kind in ("AlphaDropout", "Identity"):
            changed.append(f"{kind} ({place}) left out")
            continue
        if kind == "Flatten" and one.start_dim == 1 and not layers:
            continue
        if kind == "Linear":
            _add_linear(layers, place, one)
        else:
            _add_activation(layers, place, one)
        kept.append(one)
    if not layers:
        raise InputError(
            f"a module that is {type_of(module)} without a Linear layer",
            "torch.nn.Sequential of Linear and activations",
            "Pass the trained module.",
        )
    given_dtype = {layer.W.dtype for layer in layers}
    if len(given_dtype) > 1:
        raise InputError(
            f"Linear layers of {', '.join(sorted(map(str, given_dtype)))}",
            "one dtype",
            "Convert the module: module.float() or module.double().",
        )
    if output_activation is not None and layers[-1].phi is not None:
        raise InputError(
            f"output_activation = {output_activation!r} for a module that ends in an activation",
            "a module that ends in Linear",
            "Leave output_activation out.",
        )
    last = layers[-1]
    added = output_activation is not None
    loss_name = loss.name if isinstance(loss, Loss) else loss or ""
    if last.phi is None and not added and loss_name in LOGITS:
        raise InputError(
            f"loss = {loss_name!r} for a module that ends in logits",
            "the activation that torch's loss applies to them, named",
            f'Pass output_activation="{LOGITS[loss_name]}".',
        )
    if added:
        last.phi = output_activation

    def outputs(rows: Matrix) -> Matrix:
        x = module_weight(kept).new_tensor(rows.tolist())
        for one in kept:
            x = one(x)
        found = _as_array(x)
        if added:
            phi = output_activation
            made = ACTIVATIONS[phi]() if isinstance(phi, str) else phi
            assert made is not None
            found = np.asarray(made.value(found))
        return found

    if (
        added
        and isinstance(output_activation, str)
        and output_activation not in ACTIVATIONS
    ):
        raise InputError(
            f"output_activation = {output_activation!r}",
            f"one of {', '.join(ACTIVATIONS)}",
            'Pass "softmax" or "sigmoid".',
        )
    return imported_model(
        layers, loss, "a torch.nn.Sequential", outputs, changed=changed
    )


def module_weight(modules: list[Any]) -> Any:
    """The weight of the first Linear, which makes tensors of its kind."""
    return next(one.weight for one in modules if type(one).__name__ == "Linear")


def _modules(module: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The leaves of nested Sequentials in their order, with their places."""
    if type(module).__name__ == "Sequential":
        for name, child in module.named_children():
            yield from _modules(child, f"{place}.{name}" if place else name)
    else:
        yield place or "0", module


def _refused(place: str, module: Any, why: str, remedy: str = "") -> InputError:
    return InputError(
        f"layer {place}, {type(module).__name__}: {why}",
        "Sequential of Linear, activations that chainrule has, Dropout, Flatten",
        (remedy or "Rebuild the network without that layer,")
        + " or export it by torch.onnx.export and read that by from_onnx.",
    )


def _as_array(tensor: Any) -> Matrix:
    return np.asarray(tensor.detach().cpu().numpy())


def _add_linear(layers: list[Layer], place: str, module: Any) -> None:
    W = _as_array(module.weight)
    if W.dtype not in (np.float32, np.float64):
        raise _refused(place, module, f"weights of {W.dtype}, not float32 or float64")
    if layers and layers[-1].W.shape[0] != W.shape[1]:
        raise _refused(
            place,
            module,
            f"{W.shape[1]} inputs after a layer of {layers[-1].W.shape[0]} outputs",
        )
    b = None if module.bias is None else _as_array(module.bias)
    layers.append(Layer(W, b))


def _add_activation(layers: list[Layer], place: str, module: Any) -> None:
    if not layers:
        raise _refused(place, module, "before the first Linear")
    if layers[-1].phi is not None:
        raise _refused(place, module, "a second activation after one layer")
    make = MODULES.get(type(module).__name__)
    if make is None:
        raise _refused(place, module, "a layer that a dense network does not have")
    try:
        layers[-1].phi = make(module, layers[-1].W.dtype)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise _refused(place, module, str(error)) from error


def _named(name: str) -> Callable[[Any, Any], Activation]:
    return lambda module, dtype: ACTIVATIONS[name]()


def _softmax(module: Any, dtype: Any) -> Activation:
    if module.dim not in (1, -1):
        raise ValueError(f"dim = {module.dim}, not 1")
    return ACTIVATIONS["softmax"]()


def _softplus(module: Any, dtype: Any) -> Activation:
    if module.beta != 1:
        raise ValueError(f"beta = {module.beta}, not 1")
    if math.exp(-module.threshold) > np.finfo(dtype).eps:
        raise ValueError(
            f"threshold = {module.threshold}, beyond which it is not softplus to {np.dtype(dtype)}; 40 is enough"
        )
    return ACTIVATIONS["softplus"]()


def _hard_tanh(module: Any, dtype: Any) -> Activation:
    if (module.min_val, module.max_val) != (-1, 1):
        raise ValueError(f"bounds {module.min_val} and {module.max_val}, not -1 and 1")
    return ACTIVATIONS["hard_tanh"]()


def _gelu(module: Any, dtype: Any) -> Activation:
    return ACTIVATIONS["gelu_tanh" if module.approximate == "tanh" else "gelu"]()


#: What torch's losses of logits apply.
LOGITS = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}
#: torch's name → the activation of a module and the dtype.
MODULES: dict[str, Callable[[Any, Any], Activation]] = {
    "ReLU": _named("relu"),
    "Sigmoid": _named("sigmoid"),
    "Tanh": _named("tanh"),
    "SELU": _named("selu"),
    "SiLU": _named("silu"),
    "Mish": _named("mish"),
    "Softsign": _named("softsign"),
    "Hardsigmoid": _named("hard_sigmoid"),
    "LeakyReLU": lambda m, _: ACTIVATIONS["leaky_relu"](float(m.negative_slope)),
    "ELU": lambda m, _: ACTIVATIONS["elu"](float(m.alpha)),
    "GELU": _gelu,
    "Hardtanh": _hard_tanh,
    "Softplus": _softplus,
    "Softmax": _softmax,
}
