"""Mutations that know ONNX: a field of a graph is altered, and the checksum of an export made right again."""

from __future__ import annotations

import random
from typing import Any

from .mutations import BYTES, LENGTHS, Mutation

__all__ = ["ONNX"]

OPERATORS = (
    *("Gemm", "MatMul", "Add", "Sub", "Mul", "Div", "Relu", "Softmax", "Clip", "Where"),
    *("Conv", "If", "Loop", "Cast", "Reshape", "Identity", "Dropout", "Erf", "Pow", ""),
)


def sealed(blob: bytes) -> bytes:
    """The file with its checksum made right, as anybody can make it."""
    from chainrule.interchange.onnx_out import BLANK, DIGEST
    from chainrule.interchange.onnx_out import sealed as seal

    at = blob.rfind(DIGEST.encode())
    mark = at + len(DIGEST) + 2  # the tag and the length of the value
    if at < 0 or len(blob) < mark + 64:
        return blob
    return seal(blob[:mark] + BLANK.encode() + blob[mark + 64 :])


def other_node(rng: random.Random, graph: Any) -> None:
    """A node of another operator, with other inputs, twice, gone, or elsewhere."""
    node, how = rng.choice(graph.node), rng.randrange(6)
    names = [name for one in graph.node for name in (*one.input, *one.output)]
    if how == 0:
        node.op_type = rng.choice(OPERATORS)
    elif how == 1 and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice([*names, "", "x"])
    elif how == 2:
        graph.node.append(node)
    elif how == 3:
        graph.node.remove(node)
    elif how == 4:
        node.output[0] = rng.choice(names)
    else:
        node.input.append(rng.choice(names))


def other_array(rng: random.Random, graph: Any) -> None:
    """An array of another shape, dtype or number of bytes; or other numbers."""
    array, how = rng.choice(graph.initializer), rng.randrange(5)
    if how == 0 and array.dims:
        array.dims[rng.randrange(len(array.dims))] = rng.choice(LENGTHS[:-1])
    elif how == 1:
        array.data_type = rng.randrange(24)
    elif how == 2:
        array.raw_data = array.raw_data[: rng.randrange(len(array.raw_data) + 1)]
    elif how == 3:
        array.raw_data = rng.choice((b"\xff", b"\x7f", b"\0")) * len(array.raw_data)
    else:
        array.name = rng.choice(graph.initializer).name


def other_attribute(rng: random.Random, graph: Any) -> None:
    """An attribute with another value, name or type."""
    node = rng.choice([one for one in graph.node if one.attribute] or graph.node)
    attribute = rng.choice(node.attribute) if node.attribute else node.attribute.add()
    how = rng.randrange(4)
    if how == 0:
        attribute.i = rng.choice((-1, 0, 1, 2, 2**62))
    elif how == 1:
        attribute.f = rng.choice((0.0, -1.0, 1e38, float("nan"), float("inf")))
    elif how == 2:
        attribute.name = rng.choice(("alpha", "axis", "transB", "to", "", "x"))
    else:
        attribute.type = rng.randrange(14)


def other_model(rng: random.Random, model: Any) -> None:
    """Other inputs, outputs, versions or notes."""
    graph, how = model.graph, rng.randrange(6)
    if how == 0:
        model.opset_import[0].version = rng.choice((0, 9, 13, 21, 99, -1))
    elif how == 1:
        graph.input[0].type.tensor_type.elem_type = rng.randrange(24)
    elif how == 2:
        graph.output[0].name = rng.choice([one.output[0] for one in graph.node])
    elif how == 3:
        graph.input.append(graph.input[0])
    elif how == 4:
        dims = graph.input[0].type.tensor_type.shape.dim
        dims[rng.randrange(len(dims))].dim_value = rng.choice(LENGTHS[:-1])
    else:
        del model.metadata_props[:]


def other_field(rng: random.Random, blob: bytes) -> bytes:
    """A field of the graph altered, under a right checksum where there is one."""
    import onnx

    model = onnx.load_model_from_string(blob)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        change = rng.choice((other_node, other_node, other_array, other_attribute))
        if rng.random() < 0.2:
            other_model(rng, model)
        else:
            change(rng, model.graph)
    return sealed(model.SerializeToString(deterministic=True))


def sealed_damage(rng: random.Random, blob: bytes) -> bytes:
    """Any damage, under a right checksum."""
    return sealed(rng.choice(BYTES)(rng, blob))


ONNX: tuple[Mutation, ...] = (*(other_field,) * 8, *BYTES, sealed_damage)
