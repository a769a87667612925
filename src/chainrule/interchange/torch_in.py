"""`from_torch`: a torch.nn.Sequential as a `Model`. PyTorch is not imported: its modules are asked what they are.

What is read of the layers is compared with the module itself, run as its user runs it: hooks and an overwritten
forward are in no list of layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
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
        Weights are those of the module, bit by bit; `notes["imported"]` has how far the outputs are from those of
        `module(x)`, in evaluation mode, on 200 standard normal rows. Dropout is left out, as in evaluation.

    Raises
    ------
    InputError
        A layer that a dense network does not have, by its place and name; weights that two layers share; a module that
        computes something else than its layers one after another, as by hooks or an own forward.

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
    linear: dict[str, Any] = {}
    if isinstance(module, Mapping):
        raise InputError(
            f"a state_dict ({type_of(module)}): weights, without the layers that they belong to",
            "torch.nn.Sequential of Linear and activations",
            "Make the module, call its load_state_dict, and pass the module.",
        )
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
            _require_own_weights(linear, place, one)
            linear[place] = one
            _add_linear(layers, place, one)
        else:
            _add_activation(layers, place, one)
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
        like = next(iter(linear.values())).weight
        found = _outputs_of(module, like.new_tensor(rows.tolist()))
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
        layers, loss, "a torch.nn.Sequential", outputs, changed=changed, remedy=UNLIKE
    )


def _outputs_of(module: Any, x: Any) -> Matrix:
    """The outputs of the module itself in evaluation mode; its modes are restored after."""
    modes = [(one, one.training) for one in module.modules()]
    try:
        module.eval()
        found = _as_array(module(x))
    except Exception as error:  # of whatever hooks and an own forward do
        raise InputError(
            f"a torch.nn.Sequential that fails on rows of {x.shape[1]} inputs ({type(error).__name__}: {error!s:.200})",
            "one that makes a tensor of outputs of them",
            UNLIKE,
        ) from error
    finally:
        for one, training in modes:
            one.training = training
    return found


def _modules(module: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The leaves of nested Sequentials in their order, with their places; a module that stands twice comes twice."""
    if type(module).__name__ == "Sequential":
        # named_children() and named_modules() leave repeats out
        for name, child in module._modules.items():
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


def _require_own_weights(before: Mapping[str, Any], place: str, module: Any) -> None:
    """Raise where a Linear, or its weight, stands in an earlier place too: training would move the two apart."""
    for earlier, one in before.items():
        if one is module or one.weight is module.weight:
            raise _refused(
                place,
                module,
                f"its weights are those of layer {earlier} again, and layers here share none",
                "Put copy.deepcopy(layer) in one of the two places, if they may differ after training,",
            )


def _add_linear(layers: list[Layer], place: str, module: Any) -> None:
    dtype = str(module.weight.dtype).removeprefix("torch.")
    if dtype not in ("float32", "float64"):  # bfloat16 is no dtype of NumPy
        raise InputError(
            f"layer {place}, Linear: weights of {dtype}",
            "float32 or float64",
            "Convert the module: module.float() or module.double().",
        )
    if module.weight.is_meta:
        raise _refused(place, module, "without weights yet", "Load its weights,")
    W = _as_array(module.weight)
    if layers and layers[-1].W.shape[0] != W.shape[1]:
        raise _refused(
            place,
            module,
            f"{W.shape[1]} inputs after a layer of {layers[-1].W.shape[0]} outputs",
        )
    b = None if module.bias is None else _as_array(module.bias)
    layers.append(Layer(W, b))


def _add_activation(layers: list[Layer], place: str, module: Any) -> None:
    kind = type(module).__name__
    if kind.startswith("Parametrized"):
        raise _refused(
            place,
            module,
            "a layer whose weights are computed from others, as by weight_norm or spectral_norm",
            "Make them plain: torch.nn.utils.parametrize.remove_parametrizations(layer, 'weight'),",
        )
    if kind == "LazyLinear":
        raise _refused(place, module, "without weights yet", "Run it once on rows,")
    make = MODULES.get(kind)
    if make is None:
        raise _refused(place, module, "a layer that a dense network does not have")
    if not layers:
        raise _refused(place, module, "before the first Linear")
    if layers[-1].phi is not None:
        raise _refused(place, module, "a second activation after one layer")
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
            f"threshold = {module.threshold}, beyond which it is not softplus to {np.dtype(dtype)}; set it to 40"
        )
    return ACTIVATIONS["softplus"]()


def _hard_tanh(module: Any, dtype: Any) -> Activation:
    if (module.min_val, module.max_val) != (-1, 1):
        raise ValueError(f"bounds {module.min_val} and {module.max_val}, not -1 and 1")
    return ACTIVATIONS["hard_tanh"]()


def _gelu(module: Any, dtype: Any) -> Activation:
    return ACTIVATIONS["gelu_tanh" if module.approximate == "tanh" else "gelu"]()


#: The remedy where a module computes something else than its layers.
UNLIKE = (
    "Remove hooks, and a forward of its own, which change what it computes; if it has none, it is a fault of the "
    "import: report it with the lines that make the module."
)
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
