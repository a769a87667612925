"""A fault in a kernel shows in the explanation, at the quantity that the kernel computes and at no other."""

from __future__ import annotations

import importlib.util
import json
import shutil

import pytest

from chainrule.engines import native

from ..support.altered_engine import AlteredEngine, Fault, build

pytestmark = [
    pytest.mark.full,  # 30 s of a processor to compile, and 1.5 s a fault
    pytest.mark.skipif(
        native.MISSING is not None
        or shutil.which("cmake") is None
        or importlib.util.find_spec("nanobind") is None,
        reason="a compiler, CMake and nanobind are needed to build a faulty engine",
    ),
]

ROWS, NARROW = "kernels/rows-inl.h", "kernels/narrow-inl.h"
ACTIVATIONS, LOSSES = "kernels/activations-inl.h", "kernels/losses-inl.h"


def planted(name: str, *places: tuple[str, str, str]) -> list[Fault]:
    """Faults of one name: file, line, and what stands there where it is chosen, with PLANTED for the question."""
    return [
        Fault(file, line, altered.replace("PLANTED", f'planted("{name}")'))
        for file, line, altered in places
    ]


#: Fault → the kinds of the numbers that then differ from their formulas, and its places: in the kernels of panels and
#: in those of narrow networks, or where both pass.
FAULTS: dict[str, tuple[set[str], tuple[tuple[str, str, str], ...]]] = {
    "no bias": (
        {"Z"},
        (
            (
                ROWS,
                "layer.A.from(row), {}, layer.b, count",
                "layer.A.from(row), {}, PLANTED ? nullptr : layer.b, count",
            ),
            (
                NARROW,
                "acc[j][v] = splat(b[j0 + j]);",
                "acc[j][v] = splat(PLANTED ? T(0) : b[j0 + j]);",
            ),
        ),
    ),
    "a larger by 0.1 %": (
        {"A", "P"},  # σ′ = a (1 - a)
        (
            (
                ACTIVATIONS,
                "    store(a + i, value);",
                "    store(a + i, PLANTED ? value * T(1.001) : value);",
            ),
        ),
    ),
    "slope larger by 0.1 %": (
        {"P"},
        (
            (
                ACTIVATIONS,
                "    if (slope) store(slope + i, derivative);",
                "    if (slope) store(slope + i, PLANTED ? derivative * T(1.001) : derivative);",
            ),
        ),
    ),
    "loss larger by 0.1 %": (
        {"ell"},
        (
            (
                LOSSES,
                "    store(ell, value);",
                "    if (PLANTED) value *= T(1.001);\n    store(ell, value);",
            ),
            (
                LOSSES,
                "    if (row_loss) store(row_loss + r, value);",
                "    if (PLANTED) value *= T(1.001);\n    if (row_loss) store(row_loss + r, value);",
            ),
        ),
    ),
    "target doubled in B1": (
        {"D"},
        (
            (
                LOSSES,
                "multiply_add(a, all + excess, -line.y(i)));",
                "multiply_add(a, all + excess, PLANTED ? -2 * line.y(i) : -line.y(i)));",
            ),
        ),
    ),
    "B2 without slopes": (
        {"D"},
        (
            (
                ROWS,
                "back(up, low, low.S, row",
                "back(up, low, PLANTED ? Panels<T>{} : low.S, row",
            ),
            (NARROW, "back(low.D, low.D)", "back(low.D, PLANTED ? nullptr : low.D)"),
        ),
    ),
    "B2 of the first output twice": (
        {"G"},
        (
            (
                "core/strategy.cpp",
                "if (layer.W_back) kernels_.transpose(layer, 0, layer.inputs, 0, layer.W.panels());",
                "if (layer.W_back) kernels_.transpose(layer, 0, layer.inputs, 0, layer.W.panels());\n"
                "    for (int k = 0; k < layer.inputs && layer.W_back && PLANTED; k++) *layer.W_back.at(0, k) *= 2;",
            ),
            (
                NARROW,
                "splat(w[k * kOutputGroup]);",
                "splat(w[k * kOutputGroup] * (PLANTED && j == 0 ? 2 : 1));",
            ),
        ),
    ),
    "B3 without the last row": (
        {"dW"},
        (
            (
                "kernels/gradient-inl.h",
                "  for (int r = 0; r < count; r += block) {",
                "  if (PLANTED) count--;\n  for (int r = 0; r < count; r += block) {",
            ),
            (
                NARROW,
                "r < lane_rows; r += lanes, p += lanes",
                "r < lane_rows - (PLANTED ? lanes : 0); r += lanes, p += lanes",
            ),
        ),
    ),
    "weights of the rows before": (
        {"J", "dW", "db"},
        (
            (
                LOSSES,
                "step.w[number] * step.inverse_weight",
                "step.w[number && PLANTED ? number - 1 : number] * step.inverse_weight",
            ),
            (
                NARROW,
                "step.w[number(i)] * step.inverse_weight",
                "step.w[number(i) && PLANTED ? number(i) - 1 : number(i)] * step.inverse_weight",
            ),
        ),
    ),
}
#: Prints the names whose formula, evaluated again, gives another number.
SCRIPT = """
import json
import numpy as np
from chainrule import Network, explain
from chainrule.engines import native
assert native._native.version == "altered"
network = Network((3, {width}, 4), ("sigmoid", "softmax"), "cross_entropy")
assert native.strategy(network, 11) == {strategy!r}
rng = np.random.default_rng(0)
x, y, w = rng.normal(size=(11, 3)), np.arange(11) % 4, rng.uniform(0.5, 2, 11)
parameters = network.init(0, {dtype!r})
parameters.biases[0][...] += 0.3
parameters.biases[1][...] += 0.1
made = explain(network, x, y, parameters=parameters, sample_weight=w, engine="native", row=6)
print(json.dumps([name for name, checks in made.checks.items() if checks and not checks[0].passed]))
"""


@pytest.fixture(scope="module")
def altered(tmp_path_factory: pytest.TempPathFactory) -> AlteredEngine:
    faults = {name: planted(name, *places) for name, (_, places) in FAULTS.items()}
    return build(tmp_path_factory.mktemp("altered"), faults)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("width", "strategy"), [(5, "narrow"), (33, "two phases")])
@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_a_fault_in_a_kernel_shows_where_it_is(
    altered: AlteredEngine, fault: str, dtype: str, width: int, strategy: str
) -> None:
    script = SCRIPT.format(dtype=dtype, width=width, strategy=strategy)
    red = json.loads(altered.run(script, fault))
    kinds = {name.split(".")[0].rstrip("0123456789") for name in red}
    assert kinds == (FAULTS[fault][0] if fault else set())
