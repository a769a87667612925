"""An exported graph of ONNX, run on rows or on those in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..files.schema import fitted, read_json
from .deployment import Deployment, Matrix
from .onnx_out import ROWS, evaluate, feeds_of, onnx_library
from .seal import properties, unlike

__all__ = ["run_onnx"]

#: Operators of the exports of ONNX.
WRITTEN = frozenset(
    (
        *("Abs", "Add", "ArgMax", "Cast", "Clip", "Concat", "Div", "Equal"),
        *(
            "Erf",
            "Exp",
            "Gather",
            "Gemm",
            "Greater",
            "Identity",
            "IsNaN",
            "LabelEncoder",
        ),
        *("Log", "Max", "Min", "Mul", "Neg", "ReduceSum", "Relu", "Sigmoid", "Sin"),
        *("Softmax", "Sqrt", "Sub", "Sum", "Tanh", "Where"),
    )
)


def run_onnx(
    target: Path, blob: bytes, deployment: Deployment | None, rows: Any
) -> tuple[Matrix, Matrix]:
    """Outputs of the graph; those of the model, where the rows are those in the file."""
    expected = np.zeros(0)
    _require_plain_nodes(target, blob)
    try:
        if rows is not None and deployment is not None:
            feeds = feeds_of(deployment, rows)
        else:
            text = properties(target, blob)[ROWS]
            feeds, expected = _kept(blob, text)
        outputs = evaluate(blob, feeds)
    except InputError:
        raise
    except Exception as error:  # of whatever an altered graph makes the evaluator do
        raise unlike(target, f"which does not run ({error!s:.200})") from error
    return next(iter(outputs.values())), expected


def _require_plain_nodes(target: Path, blob: bytes) -> None:
    """Raise for operators that run graphs or make arrays of any size: no export has them."""
    model = onnx_library().load_model_from_string(blob)
    strange = [n.op_type for n in model.graph.node if n.op_type not in WRITTEN]
    if strange or model.functions:
        what = strange[0] if strange else "a function"
        raise unlike(target, f"with {what!r:.60}, which no export has")


@dataclass(frozen=True)
class _Kept:
    """The rows in a file."""

    rows: Any
    expected: Any


def _kept(blob: bytes, text: str) -> tuple[dict[str, Matrix], Matrix]:
    """Inputs by name, of the dtypes that the graph has, and the outputs of the model."""
    onnx = onnx_library()
    kept = fitted(_Kept, read_json(text), "rows")
    types = onnx.TensorProto
    dtypes = {types.FLOAT: np.float32, types.DOUBLE: np.float64, types.STRING: object}
    feeds: dict[str, Matrix] = {}
    for value in onnx.load_model_from_string(blob).graph.input:
        rows = kept.rows[value.name] if isinstance(kept.rows, dict) else kept.rows
        dtype: Any = dtypes[value.type.tensor_type.elem_type]
        if dtype is object:
            feeds[value.name] = np.array(
                [["" if v is None else str(v)] for v in rows], object
            )
        else:
            numbers = np.array(_numbers(rows), dtype)
            feeds[value.name] = numbers[:, None] if numbers.ndim == 1 else numbers
    return feeds, np.array(_numbers(kept.expected), np.float64)


def _numbers(value: Any) -> Any:
    """Numbers of JSON, null as NaN."""
    if isinstance(value, list):
        return [_numbers(one) for one in value]
    return float("nan") if value is None else float(value)
