"""ONNX, opset 17: one input for each raw column (or one matrix), the networks, labels and probabilities.

The preparation is computed in float64, as the model does it, and rounded once. Numbers and dates (days since 1970)
are inputs of float64, NaN where missing; categories are text, "" where missing.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from .deployment import LARGEST_LOG, Deployment, Matrix
from .onnx_activations import activation_value, require_kernel
from .parts import CategoryPart, NumberPart, SumPart
from .stamp import BLANK, Stamp, sealed

__all__ = [
    "DIGEST",
    "PRODUCER",
    "ROWS",
    "STAMP",
    "evaluate",
    "feeds_of",
    "onnx_bytes",
    "onnx_library",
    "require_onnx",
]

OPSET, ML_OPSET, IR_VERSION = 17, 3, 8
#: Keys of the metadata.
STAMP, ROWS, DIGEST = "chainrule.stamp", "chainrule.rows", "chainrule.sha256"
PRODUCER = "chainrule"
#: protobuf stops at 2 GiB.
MOST_BYTES = 2**31 - 2**20
#: The input of rows that are a matrix.
MATRIX = "rows"


def onnx_library() -> Any:
    """The package onnx, or `InputError` with the way to get it."""
    try:
        import onnx
    except ImportError as error:
        raise InputError(
            "a file of ONNX where the package onnx is not installed",
            "onnx 1.16 or newer",
            'Install it: pip install "chainrule[export]".',
        ) from error
    return onnx


def require_onnx(deployment: Deployment) -> None:
    """Raise for what onnxruntime has no kernel for, or protobuf no room."""
    for phi in deployment.network.activations:
        require_kernel(phi, double=deployment.dtype == np.float64)
    size = sum(p.theta.nbytes for p in deployment.members)
    if size > MOST_BYTES:
        raise InputError(
            f"{len(deployment.members)} networks of {size / 1e9:.1f} GB for one ONNX file",
            f"at most {MOST_BYTES / 1e9:.1f} GB, the limit of protobuf",
            "Average fewer networks (members=1).",
        )
    for part in deployment.parts:
        if isinstance(part, CategoryPart) and part.missing and "" in part.categories:
            name = deployment.columns[part.column].name
            raise InputError(
                f"column {name!r} with the empty text as a category and missing values for ONNX, where it is both",
                "another text for one of them",
                "Rename the category, or export to .py.",
            )


class Graph:
    """Nodes and constants of a graph as it is written."""

    def __init__(self, dtype: np.dtype[Any], taken: Collection[str] = ()) -> None:
        self.onnx = onnx_library()
        self.taken = taken
        self.dtype, self.double = dtype, dtype == np.float64
        self.nodes: list[Any] = []
        self.constants: dict[Any, str] = {}
        self.initializers: list[Any] = []
        self.count = itertools.count(1)

    def free(self, name: str) -> str:
        """A name that no column has."""
        while name in self.taken:
            name += "_"
        return name

    def op(self, name: str, *inputs: Any, **attributes: Any) -> str:
        """The output of an operator."""
        domain = attributes.pop("domain", "")
        target = attributes.pop("to_name", None) or self.free(f"t{next(self.count)}")
        made = self.onnx.helper.make_node(
            name, list(inputs), [target], domain=domain, **attributes
        )
        self.nodes.append(made)
        return str(target)

    def constant(self, value: float) -> str:
        """A number of the network's dtype."""
        return self.array(np.asarray(value, self.dtype))

    def array(self, values: Matrix, name: str | None = None) -> str:
        """An array that is stored once."""
        key: Any = (str(values.dtype), values.shape, values.tobytes(), name)
        if values.dtype.kind in "OU":
            key = ("text", values.shape, tuple(values.ravel().tolist()), name)
        if key not in self.constants:
            called = self.free(name or f"c{next(self.count)}")
            if values.dtype.kind in "OU":
                text = [str(v).encode() for v in values.ravel().tolist()]
                tensor = self.onnx.helper.make_tensor(
                    called, self.onnx.TensorProto.STRING, values.shape, text
                )
            else:
                little = np.ascontiguousarray(values)
                tensor = self.onnx.numpy_helper.from_array(little, called)
            self.initializers.append(tensor)
            self.constants[key] = called
        return self.constants[key]

    def f64(self, value: Any) -> str:
        """Numbers of float64."""
        return self.array(np.asarray(value, np.float64))


def onnx_bytes(
    deployment: Deployment, stamp: Stamp | None, rows: Any = None, expected: Any = None
) -> bytes:
    """The whole file; without a stamp it is one to be measured."""
    taken = {column.name for column in deployment.columns}
    graph = Graph(deployment.dtype, taken)
    onnx, types = graph.onnx, graph.onnx.TensorProto
    real = types.DOUBLE if graph.double else types.FLOAT
    infos = []
    if deployment.columns:
        for column in deployment.columns:
            kind = types.STRING if column.kind == "category" else types.DOUBLE
            infos.append(
                onnx.helper.make_tensor_value_info(column.name, kind, ["N", 1])
            )
        x = _prepared(graph, deployment, real)
    else:
        kind = types.DOUBLE if deployment.scale != 1 else real
        shape = ["N", deployment.network.sizes[0]]
        infos.append(onnx.helper.make_tensor_value_info(MATRIX, kind, shape))
        x = MATRIX
        if deployment.scale != 1:
            x = graph.op("Mul", x, graph.f64(deployment.scale))
            x = graph.op("Cast", x, to=real)
    a = _average(graph, deployment, x)
    outputs = _finished(graph, deployment, a, real)
    made = onnx.helper.make_graph(
        graph.nodes, "chainrule", infos, outputs, graph.initializers
    )
    domains = [onnx.helper.make_opsetid("", OPSET)]
    if any(node.domain for node in graph.nodes):
        domains.append(onnx.helper.make_opsetid("ai.onnx.ml", ML_OPSET))
    model = onnx.helper.make_model(
        made,
        opset_imports=domains,
        ir_version=IR_VERSION,
        producer_name=PRODUCER,
        doc_string=f"{deployment.network}. Preparation of raw rows: "
        + (stamp.preparation if stamp else "")
        + ".",
    )
    if stamp is not None:
        notes = {STAMP: stamp.text(), ROWS: _rows_text(rows, expected), DIGEST: BLANK}
        onnx.helper.set_model_props(model, notes)
    return sealed(model.SerializeToString(deterministic=True))


def _rows_text(rows: Any, expected: Matrix) -> str:
    def plain(values: Matrix) -> Any:
        found = values.tolist()
        flat = [found] if not isinstance(found, list) else found
        return [
            plain(np.asarray(v)) if isinstance(v, list) else _number(v) for v in flat
        ]

    kept = (
        {name: plain(values) for name, values in rows.items()}
        if isinstance(rows, dict)
        else plain(rows)
    )
    return json.dumps({"rows": kept, "expected": plain(expected)})


def _number(value: Any) -> Any:
    """A value as JSON has it; NaN as null, infinities as text."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, float) and abs(value) == float("inf"):
        return repr(value)
    return value


# ---- preparation


def _prepared(graph: Graph, deployment: Deployment, real: int) -> str:
    """A[0] of the columns, computed in float64 and rounded to float32, as the model has it."""
    made: list[str] = []
    units: list[str] = []
    indexes: dict[int, str] = {}
    for part in deployment.parts:
        if isinstance(part, NumberPart):
            column = deployment.columns[part.column].name
            inputs, unit = _number_inputs(graph, part, column)
            made += inputs
            units.append(unit)
        elif isinstance(part, CategoryPart):
            column = deployment.columns[part.column].name
            made += _category_inputs(graph, part, column, indexes)
        else:
            made += _sum_inputs(graph, part, units)
    used = {p.column for p in deployment.parts if not isinstance(p, SumPart)}
    x = graph.op("Concat", *made, axis=1) if len(made) > 1 else made[0]
    unused = [c for i, c in enumerate(deployment.columns) if i not in used]
    for spare in unused:  # stays an input, so that rows need no selection
        graph.op("Identity", spare.name, to_name=graph.free(f"unused {spare.name}"))
    x = graph.op("Cast", x, to=graph.onnx.TensorProto.FLOAT)
    return graph.op("Cast", x, to=real) if graph.double else x


def _smooth(graph: Graph, z: str) -> str:
    z = graph.op("Clip", z, graph.f64(-1e100), graph.f64(1e100))
    root = graph.op("Sqrt", graph.op("Add", graph.op("Mul", z, z), graph.f64(9.0)))
    return graph.op("Div", graph.op("Mul", z, graph.f64(3.0)), root)


def _bins(graph: Graph, x: str, edges: Sequence[float]) -> list[str]:
    if len(edges) < 2:
        return []
    e = np.asarray(edges)[None, :]
    below = graph.op("Sub", x, graph.f64(e[:, :-1]))
    share = graph.op("Div", below, graph.f64(e[:, 1:] - e[:, :-1]))
    return [graph.op("Clip", share, graph.f64(0.0), graph.f64(1.0))]


def _wave(graph: Graph, part: NumberPart, x: str) -> str:
    cycle, wave = part.part.split(" ")
    days = {"year": 365.2425, "week": 7.0, "day": 1.0}[cycle]
    turns = graph.op("Div", x, graph.f64(days))
    angle = graph.op("Mul", turns, graph.f64(2 * np.pi))
    if wave == "cos":  # some releases of ONNX Runtime have no cosine in float64
        angle = graph.op("Add", angle, graph.f64(np.pi / 2))
    return graph.op("Sin", angle)


def _number_inputs(graph: Graph, part: NumberPart, x: str) -> tuple[list[str], str]:
    if " " in part.part:
        x = _wave(graph, part, x)
    gone = graph.op("IsNaN", x)
    x = graph.op("Where", gone, graph.f64(part.center), x)
    apart = graph.op("Sub", x, graph.f64(part.center))
    unit = graph.op("Div", apart, graph.f64(part.width))
    if part.clip:
        unit = _smooth(graph, unit)
    made = [unit]
    if part.clip and not part.log:  # sums are of the rounded number
        narrow = graph.op("Cast", unit, to=graph.onnx.TensorProto.FLOAT)
        unit = graph.op("Cast", narrow, to=graph.onnx.TensorProto.DOUBLE)
    if part.log:
        least = graph.f64(np.finfo(np.float64).tiny)
        log = graph.op("Log", graph.op("Max", x, least))
        apart = graph.op("Sub", log, graph.f64(part.log_center))
        unit = _smooth(graph, graph.op("Div", apart, graph.f64(part.log_width)))
        made.append(unit)
    made += _bins(graph, x, part.edges)
    if part.missing:
        made.append(graph.op("Cast", gone, to=graph.onnx.TensorProto.DOUBLE))
    return made, graph.op("Where", gone, graph.f64(0.0), unit)


def _category_inputs(
    graph: Graph, part: CategoryPart, column: str, indexes: dict[int, str]
) -> list[str]:
    """One input each: text to its number, -2 where missing and -1 where new, compared with all."""
    double = graph.onnx.TensorProto.DOUBLE
    texts = list(part.categories)
    numbers = list(range(len(texts)))
    if "" not in texts:
        texts, numbers = [*texts, ""], [*numbers, -2]
    index = graph.op(
        "LabelEncoder",
        column,
        domain="ai.onnx.ml",
        keys_strings=texts,
        values_int64s=numbers,
        default_int64=-1,
    )
    wanted = list(range(len(part.categories)))
    wanted += [-1] * part.others + [-2] * part.missing
    same = graph.op("Equal", index, graph.array(np.array([wanted], np.int64)))
    return [graph.op("Cast", same, to=double)]


def _sum_inputs(graph: Graph, part: SumPart, units: Sequence[str]) -> list[str]:
    a, b = part.weights
    first = graph.op("Mul", units[part.first], graph.f64(a))
    second = graph.op("Mul", units[part.second], graph.f64(b))
    total = graph.op("Add", first, second)
    return [total, *_bins(graph, total, part.edges)]


# ---- networks and outputs


def _average(graph: Graph, deployment: Deployment, x: str) -> str:
    """A[L], the mean of the members'."""
    network, found = deployment.network, []
    for k, parameters in enumerate(deployment.members):
        a = x
        each = zip(parameters.weights, parameters.biases, strict=True)
        prefix = f"member{k}." if len(deployment.members) > 1 else ""
        for l, (W, b) in enumerate(each, 1):
            weight = graph.array(np.asarray(W), f"{prefix}W{l}")
            bias = graph.array(np.asarray(b), f"{prefix}b{l}")
            z = graph.op("Gemm", a, weight, bias, transB=1)
            a = activation_value(graph, network.activations[l - 1], z)
        if deployment.finish.wide:
            a = graph.op("Cast", a, to=graph.onnx.TensorProto.DOUBLE)
        found.append(a)
    if len(found) == 1:
        return found[0]
    return graph.op("Div", graph.op("Sum", *found), graph.f64(float(len(found))))


def _finished(graph: Graph, deployment: Deployment, a: str, real: int) -> list[Any]:
    onnx, types, finish = graph.onnx, graph.onnx.TensorProto, deployment.finish
    wide = finish.wide
    one = graph.f64 if wide else graph.constant
    if finish.kind == "classes" and deployment.network.sizes[-1] == 1:
        a = graph.op("Concat", graph.op("Sub", one(1.0), a), a, axis=1)
    if finish.normalized:
        axes = graph.array(np.array([1], np.int64))
        a = graph.op("Div", a, graph.op("ReduceSum", a, axes, keepdims=1))
    if finish.width is not None and finish.center is not None:
        a = graph.op("Mul", a, graph.f64(finish.width[None, :]))
        a = graph.op("Add", a, graph.f64(finish.center[None, :]))
    if finish.log:
        a = graph.op("Exp", graph.op("Min", a, graph.f64(LARGEST_LOG)))
    if finish.low is not None and finish.high is not None:
        a = graph.op("Max", a, graph.f64(finish.low[None, :]))
        a = graph.op("Min", a, graph.f64(finish.high[None, :]))
    name, label = graph.free(output_name(deployment)), graph.free("label")
    graph.op("Identity", a, to_name=name)
    kind = types.DOUBLE if wide else real
    made = [onnx.helper.make_tensor_value_info(name, kind, ["N", deployment.width])]
    if finish.kind == "classes" and finish.classes is not None:
        classes = graph.array(_storable(finish.classes))
        place = graph.op("ArgMax", name, axis=1, keepdims=0)
        graph.op("Gather", classes, place, to_name=label, axis=0)
        kind = _label_type(onnx, finish.classes)
        made.append(onnx.helper.make_tensor_value_info(label, kind, ["N"]))
    if finish.kind == "labels":
        over = graph.op("Greater", name, one(0.5))
        graph.op("Cast", over, to=types.INT64, to_name=label)
        made.append(
            onnx.helper.make_tensor_value_info(
                label, types.INT64, ["N", deployment.width]
            )
        )
    return made


def output_name(deployment: Deployment) -> str:
    """The name of the output of numbers."""
    kind = deployment.finish.kind
    names = {"outputs": "output", "numbers": "prediction"}
    return names.get(kind, "probabilities")


def _storable(classes: Matrix) -> Matrix:
    if classes.dtype.kind in "OU":
        return classes.astype(object)
    if classes.dtype == np.uint64:
        return classes
    if classes.dtype.kind in "iu":
        return classes.astype(np.int64)
    return classes if classes.dtype.kind == "b" else classes.astype(np.float64)


def _label_type(onnx: Any, classes: Matrix) -> int:
    types = onnx.TensorProto
    kinds = {"O": types.STRING, "i": types.INT64, "b": types.BOOL, "u": types.UINT64}
    return int(kinds.get(_storable(classes).dtype.kind, types.DOUBLE))


# ---- running


def feeds_of(deployment: Deployment, rows: Any) -> dict[str, Matrix]:
    """Inputs by name, as the graph takes them, of rows as `Deployment.rows_of` gives them."""
    if not deployment.columns:
        dtype = np.float64 if deployment.scale != 1 else deployment.dtype
        return {MATRIX: np.ascontiguousarray(rows, dtype)}
    return {
        column.name: _fed(rows[column.name], column.kind)
        for column in deployment.columns
    }


def _fed(values: Matrix, kind: str) -> Matrix:
    if kind != "category":
        return values.astype(np.float64)[:, None]
    text = ["" if v is None else str(v) for v in values.tolist()]
    return np.array(text, object)[:, None]


def evaluate(blob: bytes, feeds: dict[str, Matrix]) -> dict[str, Matrix]:
    """The outputs of a file by onnx's own evaluator, which is NumPy."""
    onnx = onnx_library()
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(onnx.load_model_from_string(blob))
    names = [output.name for output in evaluator.proto_.graph.output]
    with np.errstate(all="ignore"):
        found = evaluator.run(None, feeds)
    return dict(zip(names, map(np.asarray, found), strict=True))
