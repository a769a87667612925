"""onnxruntime: predictions of the same network, written as an ONNX graph."""

from __future__ import annotations

import onnx
import onnxruntime
from cases import Array
from onnx import TensorProto, helper, numpy_helper

from . import interface


class Contender(interface.Contender):
    """An inference session with all its graph optimizations."""

    def set_up(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = (
            onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        )
        self.session = onnxruntime.InferenceSession(
            self._graph().SerializeToString(),
            options,
            providers=["CPUExecutionProvider"],
        )
        self.rows = self.inputs.x[: self.case.batch_rows]

    def _graph(self) -> onnx.ModelProto:
        case = self.case
        weights, biases = case.split(self.inputs.theta)
        nodes, constants, name = [], [], "x"
        for layer, (w, b, phi) in enumerate(
            zip(weights, biases, case.activations, strict=True), 1
        ):
            constants += [
                numpy_helper.from_array(w, f"W{layer}"),
                numpy_helper.from_array(b, f"b{layer}"),
            ]
            nodes.append(
                helper.make_node(
                    "Gemm", [name, f"W{layer}", f"b{layer}"], [f"z{layer}"], transB=1
                )
            )
            name = "a" if layer == len(weights) else f"a{layer}"
            kind, extra = {"relu": ("Relu", {}), "softmax": ("Softmax", {"axis": 1})}[
                phi
            ]
            nodes.append(helper.make_node(kind, [f"z{layer}"], [name], **extra))
        ends = [
            helper.make_tensor_value_info(end, TensorProto.FLOAT, ["N", width])
            for end, width in (("x", case.sizes[0]), ("a", case.sizes[-1]))
        ]
        graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], constants)
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
        )

    def theta_after(self, batches: list[Array]) -> Array:
        raise NotImplementedError

    def output(self, rows: int) -> Array:
        return self.session.run(None, {"x": self.inputs.x[:rows]})[0]

    def work(self, units: int) -> None:
        run, feed = self.session.run, {"x": self.rows}
        for _ in range(units):
            run(None, feed)

    def versions(self) -> dict[str, str]:
        return {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}
