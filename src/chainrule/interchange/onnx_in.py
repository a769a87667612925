"""`from_onnx`: a file of ONNX as a `Model`. A file is data from a stranger: nothing in it is run, resolved or believed.

The nodes are walked once, in their order. Sizes are those of bytes that are there; no shape is inferred, no external
file opened, no function or subgraph followed. A tensor is an array of the file, a layer, or a tree of operators over
one layer, which is an activation, or a scaling, or refused with its node.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..equations.loss import Loss
from ..errors import InputError, counted
from ..files.limits import require_room
from ..files.storage import Model
from .deployment import Matrix
from .imported import Layer, folded, imported_model
from .onnx_graph import GraphFile, unusable
from .onnx_out import DIGEST, PRODUCER, onnx_library
from .onnx_trees import Constant, Leaf, Tree, activation_of, scaling_of, tree_of
from .seal import require_seal

__all__ = ["from_onnx"]

#: Operators that an activation or a scaling may be made of, and their attributes.
OPERATORS = frozenset(
    (
        *("Abs", "Add", "Clip", "Div", "Elu", "Erf", "Exp", "Gelu", "Greater"),
        *("HardSigmoid", "LeakyRelu", "Log", "Max", "Min", "Mish", "Mul", "Neg"),
        *("Relu", "Selu", "Sigmoid", "Softmax", "Softplus", "Softsign", "Sqrt"),
        *("Sub", "Swish", "Tanh", "Where"),
    )
)
#: Operators that change nothing in prediction.
PASSING = frozenset(("Identity", "Dropout", "Flatten", "Cast", "Reshape"))


def from_onnx(
    path: str | os.PathLike[str],
    *,
    output: str | None = None,
    loss: str | Loss | None = None,
) -> Model:
    """The network in a file of ONNX.

    Parameters
    ----------
    path : path
        A graph of Gemm, or MatMul and Add, activations, Softmax, and scaling of inputs or outputs by Add, Sub, Mul,
        Div; opset 13 or newer; float32 or float64.
    output : str, optional
        The tensor that is the network's output, where the graph has several of numbers. Only what leads to it is read.
    loss : str or Loss, optional
        By default cross_entropy after softmax, binary_cross_entropy after sigmoid, else squared_error.

    Returns
    -------
    Model
        Weights are those of the file, bit by bit, but where a scaling was folded into them; `notes["imported"]` names
        these, and how far the outputs are from those of onnx's own evaluator on 200 rows.

    Raises
    ------
    InputError
        Not such a file, or altered where it has chainrule's checksum; a node that a dense network does not have, by
        its name and operator.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from chainrule import Model, Network, from_onnx
    >>> net = Network((2, 3, 1), ("mish", "sigmoid"), "binary_cross_entropy")
    >>> model, file = Model(net, net.init(seed=0)), pathlib.Path(tempfile.mkdtemp()) / "m.onnx"
    >>> stamp = model.export(file)
    >>> again = from_onnx(file)
    >>> again.network == net, bool((again.parameters.theta == model.parameters.theta).all())
    (True, True)
    """
    target = Path(path)
    require_room(os.fspath(path), target.stat().st_size)
    blob = target.read_bytes()
    onnx = onnx_library()
    try:
        proto = onnx.load_model_from_string(blob)
    except Exception as error:  # protobuf's own classes, by back end
        raise unusable(target, "which is no file of ONNX") from error
    try:
        notes = {str(p.key): str(p.value) for p in proto.metadata_props}
        if proto.producer_name == PRODUCER and DIGEST not in notes:
            raise unusable(target, "written by chainrule, without its checksum")
        require_seal(target, blob, notes.get(DIGEST))
        graph = GraphFile(target, proto, output)
        layers, changed = _Reader(graph).read()
    except InputError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise unusable(
            target, f"with contents that do not fit together ({error!s:.200})"
        ) from error
    return imported_model(
        layers,
        loss,
        f"{target.name} (ONNX, {proto.producer_name or 'no producer'!s:.40})",
        graph.evaluated,
        changed=changed,
    )


class _Reader:
    """One walk through a graph."""

    def __init__(self, file: GraphFile) -> None:
        self.file = file
        self.layers: list[Layer] = []
        self.changed: list[str] = []
        self.values: dict[str, Any] = {file.input.name: Leaf("a", 0)}

    def value(self, name: str, node: Any) -> Any:
        """The value of an input of a node."""
        if name not in self.values and name in self.file.initializers:
            found = self.file.array(self.file.initializers[name], f"array {name!r:.60}")
            self.values[name] = Constant(found)
        if name not in self.values:
            raise self.file.refused(node, f"its input {name!r:.60} is not there")
        return self.values[name]

    # ---- the walk

    def read(self) -> tuple[list[Layer], list[str]]:
        """The layers, and what was folded or left out."""
        for node in self.file.nodes:
            if node.domain not in ("", "ai.onnx"):
                raise self.file.refused(node, "an operator of another domain")
            self.values[node.output[0]] = self.read_node(node)
        last = self.file.nodes[-1] if self.file.nodes else None
        end = self.values.get(self.file.output)
        if last is None or not self.layers or isinstance(end, Constant):
            raise unusable(self.file.target, "without a layer")
        self._end(end, last)
        return self.layers, self.changed

    def read_node(self, node: Any) -> Any:
        """The value of a node's first output."""
        if not node.input and node.op_type != "Constant":
            raise self.file.refused(node, "it has no input")
        attributes = {a.name: self.file.attribute(a, node) for a in node.attribute}
        if len(attributes) != len(node.attribute):
            raise self.file.refused(node, "an attribute twice")
        if node.op_type == "Constant":
            return self._constant(node, attributes)
        if node.op_type in PASSING:
            return self._passed(node, attributes)
        if node.op_type == "Gemm":
            return self._gemm(node, attributes)
        if node.op_type == "MatMul":
            return self._dense(node, self._given(node, 2), None, attributes)
        if node.op_type not in OPERATORS:
            raise self.file.refused(
                node, "an operator that a dense network does not have"
            )
        inputs = [
            Constant(np.zeros(0)) if not name else self.value(name, node)
            for name in node.input
        ]
        if all(isinstance(one, Constant) for one in inputs):
            raise self.file.refused(node, "of constants alone")
        if node.op_type == "Add" and self._is_bias(node, inputs):
            return next(one for one in inputs if isinstance(one, Leaf))
        try:
            return tree_of(node.op_type, tuple(inputs), attributes)
        except ValueError as error:
            raise self.file.refused(node, str(error)) from error

    def _constant(self, node: Any, attributes: dict[str, Any]) -> Constant:
        if len(attributes) != 1 or node.input:
            raise self.file.refused(node, "a constant without one value")
        name, value = next(iter(attributes.items()))
        if name == "value_float":
            return Constant(np.array(value, np.float32))
        if name == "value_int":
            return Constant(np.array(value, np.int64))
        if name not in ("value", "value_floats", "value_ints"):
            raise self.file.refused(node, f"a constant by {name!r:.40}")
        if not isinstance(value, Constant):
            raise self.file.refused(node, "a constant that is no array")
        return value

    def _given(self, node: Any, count: int) -> list[Any]:
        if len(node.input) != count or not all(node.input):
            raise self.file.refused(
                node, f"{counted(len(node.input), 'input')}, not {count}"
            )
        return [self.value(name, node) for name in node.input]

    def _passed(self, node: Any, attributes: dict[str, Any]) -> Any:
        """The input of a node that changes nothing."""
        value = self.value(node.input[0], node)
        kind = node.op_type
        if kind == "Cast":
            types = self.file.onnx.TensorProto
            same = {
                np.dtype(np.float32): types.FLOAT,
                np.dtype(np.float64): types.DOUBLE,
            }
            if attributes.get("to") != same[self.file.dtype]:
                raise self.file.refused(node, "a change of the dtype")
        elif kind == "Flatten" and attributes.get("axis", 1) != 1:
            raise self.file.refused(node, f"axis {attributes['axis']}, not 1")
        elif kind == "Dropout":
            training = node.input[2] if len(node.input) > 2 else ""
            if training:
                mode = self.value(training, node)
                if not isinstance(mode, Constant) or bool(mode.values.any()):
                    raise self.file.refused(node, "in training mode")
            self.changed.append(f"Dropout {node.name!r:.60} left out")
        elif kind == "Reshape":
            shape = self._given(node, 2)[1]
            whole = value == Leaf("a", 0) and isinstance(shape, Constant)
            wanted = shape.values.tolist() if whole else []
            if not whole or wanted not in (
                [-1, self.file.declared],
                [0, -1],
                [0, self.file.declared],
            ):
                raise self.file.refused(node, f"to shape {wanted!s:.60}")
        return value

    def _gemm(self, node: Any, attributes: dict[str, Any]) -> Leaf:
        for name, wanted in (("alpha", 1.0), ("beta", 1.0), ("transA", 0)):
            if attributes.pop(name, wanted) != wanted:
                raise self.file.refused(node, f"{name} other than {wanted:g}")
        values = self._given(node, len(node.input))
        turned = attributes.pop("transB", 0)
        if turned not in (0, 1) or len(values) not in (2, 3):
            raise self.file.refused(
                node, "another form than rows times weights plus biases"
            )
        if turned and isinstance(values[1], Constant) and values[1].values.ndim == 2:
            values[1] = Constant(values[1].values.T)
        bias = values[2] if len(values) == 3 else None
        return self._dense(node, values[:2], bias, attributes)

    def _dense(
        self, node: Any, values: list[Any], bias: Any, attributes: dict[str, Any]
    ) -> Leaf:
        """A new layer, Z[l]."""
        x, weights = values
        if attributes:
            raise self.file.refused(node, f"attributes {', '.join(attributes)!s:.60}")
        if isinstance(x, Constant) or not isinstance(weights, Constant):
            raise self.file.refused(node, "not rows times an array of weights")
        W = weights.values
        if W.ndim != 2 or 0 in W.shape or W.dtype != self.file.dtype:
            raise self.file.refused(node, f"weights of shape {W.shape} and {W.dtype}")
        layer = Layer(np.ascontiguousarray(W.T), None)
        if bias is not None:
            good = isinstance(bias, Constant) and bias.values.dtype == self.file.dtype
            if not good or bias.values.shape not in ((W.shape[1],), (1, W.shape[1])):
                raise self.file.refused(node, "biases that are not one for each output")
            layer.b = bias.values.reshape(-1)
        width = self._width()
        if W.shape[0] != (width or W.shape[0]):
            raise self.file.refused(
                node, f"weights for {W.shape[0]} inputs after {width} outputs"
            )
        scaling = self._close(x, node, W.shape[0])
        if scaling is not None:
            folded(layer, *scaling)
        self.layers.append(layer)
        return Leaf("z", len(self.layers))

    def _width(self) -> int:
        """The columns of what the next layer takes; 0 where nobody says."""
        return len(self.layers[-1].W) if self.layers else self.file.declared

    def _is_bias(self, node: Any, inputs: list[Any]) -> bool:
        """Take the array that is added to a layer without biases as its biases."""
        for one, other, name in (
            (inputs[0], inputs[-1], node.input[0]),
            (inputs[-1], inputs[0], node.input[-1]),
        ):
            if one != Leaf("z", len(self.layers)) or not isinstance(other, Constant):
                continue
            layer, values = self.layers[-1], other.values
            shapes = ((len(layer.W),), (1, len(layer.W)))
            alone = self.file.uses[name] == 1 and layer.phi is None
            if layer.b is None and alone and values.shape in shapes:
                if values.dtype != self.file.dtype:
                    raise self.file.refused(node, f"biases of {values.dtype}")
                layer.b = values.reshape(-1)
                return True
        return False

    def _close(self, x: Any, node: Any, width: int) -> tuple[Matrix, Matrix] | None:
        """End the layer before the next, which takes x; the scaling of x, where there is one."""
        here = len(self.layers)
        if isinstance(x, Tree):
            found = activation_of(x, self.file.dtype)
            if found is not None and found[0] == Leaf("z", here) and here:
                self.layers[-1].phi = found[1]
                return None
        scaled = scaling_of(x, width)
        if scaled is None:
            kind = x.op if isinstance(x, Tree) else "?"
            raise self.file.refused(
                node, f"before it operators that are no activation, the last {kind}"
            )
        leaf, scale, shift = scaled
        if leaf.layer != here or (leaf.kind == "a" and here):
            raise self.file.refused(
                node, "it does not follow the layer before it: a branch or a skip"
            )
        if isinstance(x, Leaf):
            return None
        if leaf.kind == "a":
            self.changed.append("scaling of the inputs folded into layer 1")
            return scale, shift
        self._fold_output(scale, shift)
        return None

    def _fold_output(self, scale: Matrix, shift: Matrix) -> None:
        """Scale Z of the last layer, which has no activation."""
        layer = self.layers[-1]
        b = np.zeros(len(layer.W)) if layer.b is None else layer.b
        layer.b = (b * scale + shift).astype(self.file.dtype)
        layer.W = (layer.W * scale[:, None]).astype(self.file.dtype)
        self.changed.append(f"scaling folded into layer {len(self.layers)}")

    def _end(self, x: Any, node: Any) -> None:
        """End the last layer."""
        before = len(self.layers)
        if self._close(x, node, len(self.layers[-1].W)) is not None or before == 0:
            raise self.file.refused(node, "scaled inputs are no output")
