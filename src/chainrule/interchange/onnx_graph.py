"""A file of ONNX as `from_onnx` takes it: one graph, the nodes that its output needs, arrays whose bytes are there.

A file is data from a stranger: no shape is inferred, no external file opened, no function or subgraph followed.
"""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, counted
from .deployment import Matrix
from .onnx_out import onnx_library
from .onnx_trees import Constant

__all__ = ["GraphFile", "unusable"]

FIRST_OPSET = 13


def unusable(target: Path, what: str) -> InputError:
    """The error for a file that is no such graph."""
    return InputError(
        f"{target}, {what}",
        "an unaltered ONNX file of a dense network",
        "Export it again, or use another copy.",
    )


class GraphFile:
    """The graph of a file, of which only what leads to the output is looked at.

    Parameters
    ----------
    target : Path
        For errors.
    proto : onnx.ModelProto
    output : str or None
        The tensor to stop at.
    """

    def __init__(self, target: Path, proto: Any, output: str | None) -> None:
        self.onnx = onnx_library()
        self.target, self.proto, self.graph = target, proto, proto.graph
        self._require_plain()
        self.initializers = self._initializers()
        self.output = self._output(output)
        self.nodes = self._leading_to(self.output)
        self.uses = Counter(name for node in self.nodes for name in node.input if name)
        self.uses[self.output] += 1
        #: The columns of the input, 0 where the file does not state them.
        self.declared = 0
        self.dtype = self._take_input()

    def _require_plain(self) -> None:
        if self.proto.functions:
            raise unusable(self.target, "with functions of its own")
        if self.graph.sparse_initializer:
            raise unusable(self.target, "with sparse weights")
        versions = [
            o.version for o in self.proto.opset_import if o.domain in ("", "ai.onnx")
        ]
        latest = self.onnx.defs.onnx_opset_version()
        if len(versions) != 1 or not FIRST_OPSET <= versions[0] <= latest:
            raise InputError(
                f"{self.target}, of opset {', '.join(map(str, versions)) or 'none'}",
                f"opset {FIRST_OPSET} to {latest}",
                "Convert it by onnx.version_converter.",
            )

    def _initializers(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for tensor in self.graph.initializer:
            if tensor.name in found:
                raise unusable(self.target, f"with two arrays {tensor.name!r:.60}")
            found[tensor.name] = tensor
        return found

    def _output(self, asked: str | None) -> str:
        produced = {name for node in self.graph.node for name in node.output}
        if asked is not None:
            if asked not in produced:
                shown = [o.name for o in self.graph.output]
                raise InputError(
                    f"output = {asked!r}, which no node of {self.target} writes",
                    f"a tensor of it; its outputs are {', '.join(shown)[:200]}",
                    "Name one of these.",
                )
            return asked
        real = (self.onnx.TensorProto.FLOAT, self.onnx.TensorProto.DOUBLE)
        found = [
            o.name
            for o in self.graph.output
            if o.type.tensor_type.elem_type in real and o.name in produced
        ]
        if len(found) != 1:
            raise InputError(
                f"{self.target} with {counted(len(found), 'output')} of numbers",
                "one, or output=… with the name of a tensor",
                f"Pass output={found[0]!r}." if found else "Use another file.",
            )
        return str(found[0])

    def _leading_to(self, output: str) -> list[Any]:
        """The nodes that the output needs, in the file's order."""
        producer: dict[str, int] = {}
        for i, node in enumerate(self.graph.node):
            for name in node.output:
                if not name:
                    continue
                if name in producer or name in self.initializers:
                    raise unusable(
                        self.target, f"with a tensor {name!r:.60} that is written twice"
                    )
                producer[name] = i
        wanted, waiting = set(), [output]
        while waiting:
            i = producer.get(waiting.pop(), -1)
            if i >= 0 and i not in wanted:
                wanted.add(i)
                waiting += self.graph.node[i].input
        return [self.graph.node[i] for i in sorted(wanted)]

    def _take_input(self) -> np.dtype[Any]:
        """The one input, as A[0]; its dtype."""
        inputs = [
            value
            for value in self.graph.input
            if value.name not in self.initializers and self.uses[value.name]
        ]
        if len(inputs) != 1:
            raise InputError(
                f"{self.target} with {counted(len(inputs), 'input')}"
                + (
                    f": {', '.join(v.name for v in inputs)[:200]}"
                    if len(inputs) > 1
                    else ""
                ),
                "one input, rows of shape (N, n_0)",
                "Export without the preparation of columns: preparation=False of chainrule's own export.",
            )
        kind = inputs[0].type.tensor_type
        types = self.onnx.TensorProto
        dtypes = {types.FLOAT: np.float32, types.DOUBLE: np.float64}
        if kind.elem_type not in dtypes:
            raise unusable(
                self.target,
                f"whose input is of type {kind.elem_type}, not float or double",
            )
        rank = len(kind.shape.dim) if kind.HasField("shape") else 2
        if rank != 2:
            raise unusable(
                self.target, f"whose input has {rank} axes, not rows and columns"
            )
        self.declared = (
            int(kind.shape.dim[1].dim_value)
            if rank == 2 and kind.HasField("shape")
            else 0
        )
        self.input = inputs[0]
        if any(
            name == self.input.name for node in self.graph.node for name in node.output
        ):
            raise unusable(self.target, "whose input is written by a node")
        return np.dtype(dtypes[kind.elem_type])

    def array(self, tensor: Any, where: str) -> Matrix:
        """The array of a tensor whose bytes are there, as many as its shape says."""
        types = self.onnx.TensorProto
        sizes = {
            types.FLOAT: (np.float32, "float_data"),
            types.DOUBLE: (np.float64, "double_data"),
            types.INT64: (np.int64, "int64_data"),
            types.BOOL: (np.bool_, "int32_data"),
        }
        if tensor.data_location == types.EXTERNAL or tensor.external_data:
            raise unusable(self.target, f"{where}: an array outside of the file")
        if tensor.data_type not in sizes:
            known = types.DataType.DESCRIPTOR.values_by_number.get(tensor.data_type)
            name = known.name.lower() if known else f"type {tensor.data_type}"
            raise InputError(
                f"{self.target}, {where}: an array of {name}",
                "float or double",
                "Convert the network to float32.",
            )
        dtype, field = sizes[tensor.data_type]
        dims = [int(n) for n in tensor.dims]
        if any(n < 0 for n in dims) or len(dims) > 4 or tensor.HasField("segment"):
            raise unusable(self.target, f"{where}: an array of shape {dims!s:.80}")
        count = math.prod(dims)
        there = (
            len(tensor.raw_data) / np.dtype(dtype).itemsize
            if tensor.HasField("raw_data")
            else len(getattr(tensor, field))
        )
        if count != there:
            raise unusable(
                self.target,
                f"{where}: an array of shape {dims!s:.80} with {there:g} numbers",
            )
        return np.asarray(self.onnx.numpy_helper.to_array(tensor))

    def refused(self, node: Any, why: str) -> InputError:
        """The error for a node."""
        name = node.name or (node.output[0] if node.output else "")
        kind = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        return InputError(
            f"{self.target}, node {name!r:.80} ({kind!s:.60}): {why}",
            "a dense network: Gemm, or MatMul and Add, activations, Softmax, scaling of inputs and outputs",
            "Export the network without that node; output=… names the tensor to stop at.",
        )

    def attribute(self, attribute: Any, node: Any) -> Any:
        """A number, a text or an array; graphs are refused."""
        kinds = self.onnx.AttributeProto
        if attribute.ref_attr_name:
            raise self.refused(node, "an attribute of a function")
        if attribute.type == kinds.FLOAT:
            return float(attribute.f)
        if attribute.type == kinds.INT:
            return int(attribute.i)
        if attribute.type == kinds.STRING:
            return attribute.s.decode(errors="replace")
        if attribute.type == kinds.TENSOR:
            return Constant(self.array(attribute.t, f"node {node.name!r:.60}"))
        if attribute.type == kinds.FLOATS:
            return Constant(np.array(attribute.floats, np.float32))
        if attribute.type == kinds.INTS:
            return Constant(np.array(attribute.ints, np.int64))
        raise self.refused(node, f"an attribute {attribute.name!r:.40} of another kind")

    def evaluated(self, rows: Matrix) -> Matrix:
        """The output, by onnx's own evaluator."""
        from onnx.reference import ReferenceEvaluator

        helper = self.onnx.helper
        used = {name for node in self.nodes for name in node.input}
        arrays = [t for name, t in self.initializers.items() if name in used]
        real = self.input.type.tensor_type.elem_type
        out = helper.make_tensor_value_info(self.output, real, None)
        graph = helper.make_graph(self.nodes, "read", [self.input], [out], arrays)
        imports = [o for o in self.proto.opset_import if o.domain in ("", "ai.onnx")]
        model = helper.make_model(graph, opset_imports=imports)
        try:
            run: Any = ReferenceEvaluator(model).run
            found = run(None, {self.input.name: rows})[0]
        except Exception as error:  # of whatever an altered graph makes it do
            raise unusable(
                self.target, f"which does not run ({error!s:.200})"
            ) from error
        return np.asarray(found)
