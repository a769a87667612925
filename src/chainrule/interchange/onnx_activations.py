"""The activations in operators of ONNX, opset 17: written once, for graphs and for the trees by which they are read.

Where an operator of ONNX is the activation and has a kernel for the dtype, it is used; else it is put together.
"""

from __future__ import annotations

from typing import Any, Protocol

from ..equations.activation import Activation
from ..errors import InputError

__all__ = ["Builder", "activation_value", "require_kernel"]


class Builder(Protocol):
    """A writer of operators: a graph, or a tree."""

    double: bool

    def op(self, name: str, *inputs: Any, **attributes: Any) -> Any:
        """The output of an operator."""

    def constant(self, value: float) -> Any:
        """A number of the network's dtype."""


def require_kernel(phi: Activation, *, double: bool) -> None:
    """Raise where onnxruntime has no kernel of float64 for what the activation is made of."""
    if double and phi.name == "gelu":
        raise InputError(
            "gelu in float64 for ONNX, whose operator Erf has no kernel of float64 in onnxruntime",
            "gelu in float32, or another activation",
            "Train with dtype float32, or export to .c or .py.",
        )


def activation_value(graph: Builder, phi: Activation, z: Any) -> Any:
    """φ(z) in operators."""
    values = {k: v for k, v in phi.specification().items() if k != "name"}
    if phi.name == "identity":
        return z
    if phi.name == "softmax":
        return graph.op("Softmax", z, axis=-1)
    plain = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "exp": "Exp"}
    if phi.name in plain:
        return graph.op(plain[phi.name], z)
    return COMPOSED[phi.name](graph, z, *values.values())


def _leaky_relu(g: Builder, z: Any, slope: float) -> Any:
    positive, negative = g.op("Relu", z), g.op("Min", z, g.constant(0.0))
    return g.op("Add", positive, g.op("Mul", negative, g.constant(slope)))


def _elu(g: Builder, z: Any, alpha: float) -> Any:
    # (1 + e^z) tanh(z / 2) is e^z - 1 without cancellation
    below = g.op("Min", z, g.constant(0.0))
    half = g.op("Tanh", g.op("Mul", below, g.constant(0.5)))
    rise = g.op("Mul", g.op("Add", g.op("Exp", below), g.constant(1.0)), half)
    return g.op("Add", g.op("Relu", z), g.op("Mul", rise, g.constant(alpha)))


def _selu(g: Builder, z: Any) -> Any:
    return g.op("Mul", _elu(g, z, 1.6732632423543772), g.constant(1.0507009873554805))


def _gelu(g: Builder, z: Any) -> Any:
    erf = g.op("Erf", g.op("Mul", z, g.constant(0.7071067811865476)))
    half = g.op("Mul", g.op("Add", erf, g.constant(1.0)), g.constant(0.5))
    return g.op("Mul", z, half)


def _gelu_tanh(g: Builder, z: Any) -> Any:
    cube = g.op("Mul", g.op("Mul", z, z), g.constant(0.044715))
    slope = g.op("Add", cube, g.constant(1.0))
    u = g.op("Mul", g.op("Mul", z, g.constant(1.5957691216057308)), slope)
    return g.op("Mul", z, g.op("Sigmoid", u))


def _silu(g: Builder, z: Any) -> Any:
    # not z · Sigmoid(z), of which some releases of ONNX Runtime make an operator that they lack in float64
    e = g.op("Exp", g.op("Neg", z))
    return g.op("Div", z, g.op("Add", e, g.constant(1.0)))


def _softplus(g: Builder, z: Any) -> Any:
    e = g.op("Exp", g.op("Neg", g.op("Abs", z)))
    return g.op("Add", g.op("Relu", z), g.op("Log", g.op("Add", e, g.constant(1.0))))


def _mish(g: Builder, z: Any) -> Any:
    return g.op("Mul", z, g.op("Tanh", _softplus(g, z)))


def _squareplus(g: Builder, z: Any, b: float) -> Any:
    # of z < 0 the end that does not cancel: b / far
    root = g.op("Sqrt", g.op("Add", g.op("Mul", z, z), g.constant(b)))
    far = g.op("Add", root, g.op("Abs", z))
    near = g.op("Div", g.constant(b), far)
    both = g.op("Where", g.op("Greater", z, g.constant(0.0)), far, near)
    return g.op("Mul", both, g.constant(0.5))


def _softsign(g: Builder, z: Any) -> Any:
    return g.op("Div", z, g.op("Add", g.op("Abs", z), g.constant(1.0)))


def _hard_sigmoid(g: Builder, z: Any) -> Any:
    line = g.op("Add", g.op("Mul", z, g.constant(1 / 6)), g.constant(0.5))
    return g.op("Clip", line, g.constant(0.0), g.constant(1.0))


def _hard_tanh(g: Builder, z: Any) -> Any:
    return g.op("Clip", z, g.constant(-1.0), g.constant(1.0))


COMPOSED: dict[str, Any] = {
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": _silu,
    "softplus": _softplus,
    "mish": _mish,
    "squareplus": _squareplus,
    "softsign": _softsign,
    "hard_sigmoid": _hard_sigmoid,
    "hard_tanh": _hard_tanh,
}
