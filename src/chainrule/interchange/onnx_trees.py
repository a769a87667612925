"""The operators between two layers of an ONNX graph, read as an activation: as a tree compared with those it could be.

A tree is of operators over one layer's Z. Each activation is written as a tree by the functions that write graphs,
and in the other ways in which PyTorch and scikit-learn's converter put it; what is equal to none is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations.activation import Activation
from ..equations.activations import ACTIVATIONS
from ..errors import InputError
from .onnx_activations import activation_value

__all__ = ["Constant", "Leaf", "Tree", "activation_of", "scaling_of", "tree_of"]

Matrix = np.ndarray[Any, Any]
#: Operators of a tree at most: the longest activation has 12.
MOST = 24
COMMUTATIVE = ("Add", "Mul", "Min", "Max")


@dataclass(frozen=True)
class Leaf:
    """Z[l] or A[l] of layer `layer`; A[0] is the input."""

    kind: str
    layer: int


@dataclass(frozen=True, eq=False)
class Constant:
    """An array that the file has."""

    values: Matrix

    @property
    def number(self) -> float | None:
        """Its value, where it is one number."""
        return float(self.values.reshape(-1)[0]) if self.values.size == 1 else None


@dataclass(frozen=True, eq=False)
class Tree:
    """An operator over trees."""

    op: str
    attributes: tuple[tuple[str, Any], ...]
    inputs: tuple[Any, ...]
    size: int


def tree_of(op: str, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> Tree:
    """An operator; `ValueError` where there are too many below it for an activation."""
    size = 1 + sum(one.size for one in inputs if isinstance(one, Tree))
    if size > MOST:
        raise ValueError("too many operators between two layers")
    return Tree(op, tuple(sorted(attributes.items())), inputs, size)


def leaves(tree: Any) -> Iterator[Leaf]:
    """The layers below a tree, each as often as it is there."""
    if isinstance(tree, Leaf):
        yield tree
    elif isinstance(tree, Tree):
        for one in tree.inputs:
            yield from leaves(one)


def constants(tree: Any) -> Iterator[float]:
    """The numbers in a tree, attributes among them."""
    if isinstance(tree, Constant) and tree.number is not None:
        yield tree.number
    elif isinstance(tree, Tree):
        for _, value in tree.attributes:
            if isinstance(value, float):
                yield value
        for one in tree.inputs:
            yield from constants(one)


class TreeBuilder:
    """A writer of trees, as `activation_value` takes it."""

    def __init__(self, dtype: Any) -> None:
        self.dtype, self.double = np.dtype(dtype), np.dtype(dtype) == np.float64

    def op(self, name: str, *inputs: Any, **attributes: Any) -> Tree:
        """An operator."""
        return Tree(name, tuple(sorted(attributes.items())), inputs, 1)

    def constant(self, value: float) -> Constant:
        """A number of the dtype."""
        return Constant(np.asarray(value, self.dtype))


def equal(one: Any, other: Any) -> bool:
    """Return whether two trees are the same, but for the order where it does not matter."""
    if isinstance(one, Constant) and isinstance(other, Constant):
        a, b = one.number, other.number
        return a is not None and a == b
    if isinstance(one, Leaf) or isinstance(other, Leaf):
        return bool(one == other)
    if not (isinstance(one, Tree) and isinstance(other, Tree)):
        return False
    if (one.op, one.attributes, len(one.inputs)) != (
        other.op,
        other.attributes,
        len(other.inputs),
    ):
        return False
    pairs = list(zip(one.inputs, other.inputs, strict=True))
    if all(equal(a, b) for a, b in pairs):
        return True
    if one.op not in COMMUTATIVE or len(pairs) != 2:
        return False
    return equal(one.inputs[0], other.inputs[1]) and equal(
        one.inputs[1], other.inputs[0]
    )


def _attribute(value: float) -> float:
    """A number as an attribute has it, which is float32."""
    with np.errstate(over="ignore"):
        return float(np.float32(value))


Writer = Callable[[TreeBuilder, Any], Tree]


def _torch_gelu(g: TreeBuilder, z: Any) -> Tree:
    erf = g.op("Erf", g.op("Div", z, g.constant(1.4142135623730951)))
    return g.op(
        "Mul",
        g.op("Mul", z, g.op("Add", erf, g.constant(1.0))),
        g.constant(0.5),
    )


#: Other ways in which an activation without parameters is written.
OTHERS: dict[str, tuple[Writer, ...]] = {
    "softplus": (lambda g, z: g.op("Softplus", z),),
    "softsign": (lambda g, z: g.op("Softsign", z),),
    "selu": (
        lambda g, z: g.op("Selu", z),
        lambda g, z: g.op(
            "Selu",
            z,
            alpha=_attribute(1.6732632423543772),
            gamma=_attribute(1.0507009873554805),
        ),
    ),
    "gelu": (
        lambda g, z: g.op("Gelu", z),
        lambda g, z: g.op("Gelu", z, approximate="none"),
        _torch_gelu,
    ),
    "gelu_tanh": (lambda g, z: g.op("Gelu", z, approximate="tanh"),),
    "mish": (
        lambda g, z: g.op("Mish", z),
        lambda g, z: g.op("Mul", z, g.op("Tanh", g.op("Softplus", z))),
    ),
    "silu": (
        lambda g, z: g.op("Swish", z),
        lambda g, z: g.op("Mul", z, g.op("Sigmoid", z)),
    ),
    "hard_sigmoid": (
        lambda g, z: g.op("HardSigmoid", z, alpha=_attribute(1 / 6), beta=0.5),
        lambda g, z: g.op("HardSigmoid", z, alpha=_attribute(1 / 6)),
    ),
    "softmax": (
        lambda g, z: g.op("Softmax", z, axis=1),
        lambda g, z: g.op("Softmax", z),
    ),
    "relu": (
        lambda g, z: g.op("Max", z, g.constant(0.0)),
        lambda g, z: g.op("Clip", z, g.constant(0.0)),
    ),
}
#: The same of those with one parameter.
OTHERS_OF_ONE: dict[str, tuple[Callable[[TreeBuilder, Any, float], Tree], ...]] = {
    "leaky_relu": (lambda g, z, p: g.op("LeakyRelu", z, alpha=_attribute(p)),),
    "elu": (lambda g, z, p: g.op("Elu", z, alpha=_attribute(p)),),
}
#: What an operator without its attribute means.
DEFAULTS = {"LeakyRelu": 0.01, "Elu": 1.0}


def activation_of(tree: Tree, dtype: Any) -> tuple[Leaf, Activation] | None:
    """The layer whose activation a tree is, and the activation; None where it is none."""
    found = set(leaves(tree))
    if len(found) != 1:
        return None
    leaf = next(iter(found))
    g = TreeBuilder(dtype)
    if tree.op in DEFAULTS and not tree.attributes:
        tree = Tree(
            tree.op, (("alpha", _attribute(DEFAULTS[tree.op])),), tree.inputs, 1
        )
    for name, make in ACTIVATIONS.items():
        if name == "identity":
            continue
        if not getattr(make, "parameters", {}) or name == "softmax":
            phi = make()
            ways: list[Any] = [activation_value(g, phi, leaf)]
            ways += [way(g, leaf) for way in OTHERS.get(name, ())]
            if any(equal(tree, way) for way in ways):
                return leaf, phi
            continue
        for value in dict.fromkeys(constants(tree)):
            try:
                phi = make(_shortest(value) if np.dtype(dtype) == np.float32 else value)
            except InputError:  # not a value of this parameter
                continue
            ways = [activation_value(g, phi, leaf)]
            ways += [way(g, leaf, value) for way in OTHERS_OF_ONE.get(name, ())]
            if any(equal(tree, way) for way in ways):
                return leaf, phi
    return None


def _shortest(value: float) -> float:
    """The shortest number that float32 has as this one, where float32 has it."""
    narrow = np.float32(value)
    return float(str(narrow)) if float(narrow) == value else value


def scaling_of(tree: Any, width: int) -> tuple[Leaf, Matrix, Matrix] | None:
    """The leaf of a tree that is scale · leaf + shift, and these, of so many columns; None where it is none."""
    if isinstance(tree, Leaf):
        return tree, np.ones(width), np.zeros(width)
    if not isinstance(tree, Tree) or tree.op not in ("Add", "Sub", "Mul", "Div"):
        return None
    if len(tree.inputs) != 2 or tree.attributes:
        return None
    first, second = tree.inputs
    if isinstance(first, Constant) and tree.op in ("Add", "Mul"):
        first, second = second, first
    if not isinstance(second, Constant):
        return None
    below = scaling_of(first, width)
    values = second.values
    if below is None or values.size not in (1, width) or values.ndim > 2:
        return None
    leaf, scale, shift = below
    by = np.broadcast_to(values.reshape(-1).astype(np.float64), (width,))
    if tree.op in ("Mul", "Div"):
        by = by if tree.op == "Mul" else 1 / by
        return leaf, scale * by, shift * by
    return leaf, scale, shift + by if tree.op == "Add" else shift - by
