"""The activations of the table `ACTIVATIONS`, by name: `activations.leaky_relu(0.2)`."""

from __future__ import annotations

from .equations.activation import Activation
from .equations.activations import ACTIVATIONS

__all__ = [
    "Activation",
    "elu",
    "exp",
    "gelu",
    "gelu_tanh",
    "hard_sigmoid",
    "hard_tanh",
    "identity",
    "leaky_relu",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "squareplus",
    "tanh",
]

identity = ACTIVATIONS["identity"]
sigmoid = ACTIVATIONS["sigmoid"]
tanh = ACTIVATIONS["tanh"]
relu = ACTIVATIONS["relu"]
leaky_relu = ACTIVATIONS["leaky_relu"]
elu = ACTIVATIONS["elu"]
selu = ACTIVATIONS["selu"]
gelu = ACTIVATIONS["gelu"]
gelu_tanh = ACTIVATIONS["gelu_tanh"]
silu = ACTIVATIONS["silu"]
mish = ACTIVATIONS["mish"]
softplus = ACTIVATIONS["softplus"]
squareplus = ACTIVATIONS["squareplus"]
softsign = ACTIVATIONS["softsign"]
hard_sigmoid = ACTIVATIONS["hard_sigmoid"]
hard_tanh = ACTIVATIONS["hard_tanh"]
exp = ACTIVATIONS["exp"]
softmax = ACTIVATIONS["softmax"]
