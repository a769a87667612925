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

ROWS, ACTIVATIONS = "kernels/rows-inl.h", "kernels/activations-inl.h"
#: Fault → where, and the kinds of the numbers that then differ from their formulas.
FAULTS = {
    "no bias": (
        Fault(
            ROWS,
            "layer.A.from(row), {}, layer.b, count",
            'layer.A.from(row), {}, planted("no bias") ? nullptr : layer.b, count',
        ),
        {"Z"},
    ),
    "a larger by 0.1 %": (
        Fault(
            ACTIVATIONS,
            "    store(a + i, value);",
            '    store(a + i, planted("a larger by 0.1 %") ? value * T(1.001) : value);',
        ),
        {"A", "P"},  # σ′ = a (1 - a)
    ),
    "slope larger by 0.1 %": (
        Fault(
            ACTIVATIONS,
            "    if (slope) store(slope + i, derivative);",
            '    if (slope) store(slope + i, planted("slope larger by 0.1 %") ? derivative * T(1.001) : derivative);',
        ),
        {"P"},
    ),
    "loss larger by 0.1 %": (
        Fault(
            ROWS,
            "const double loss = group_loss(plan, out, group);",
            'const double loss = group_loss(plan, out, group) * (planted("loss larger by 0.1 %") ? 1.001 : 1);',
        ),
        {"ell"},
    ),
    "target doubled in B1": (
        Fault(
            "kernels/losses-inl.h",
            "splat<T>(all), -y(v)));  // B1",
            'splat<T>(all), planted("target doubled in B1") ? -2 * y(v) : -y(v)));  // B1',
        ),
        {"D"},
    ),
    "B2 without slopes": (
        Fault(
            ROWS,
            "back(up, low, low.S, row",
            'back(up, low, planted("B2 without slopes") ? Panels<T>{} : low.S, row',
        ),
        {"D"},
    ),
    "B2 of the first output twice": (
        Fault(
            "core/strategy.cpp",
            "if (layer.W_back) kernels_.transpose(layer, 0, layer.inputs, 0, layer.W.panels());",
            "if (layer.W_back) kernels_.transpose(layer, 0, layer.inputs, 0, layer.W.panels());\n"
            '    if (layer.W_back && planted("B2 of the first output twice")) *layer.W_back.at(0, 0) *= 2;',
        ),
        {"G"},
    ),
    "B3 without the last row": (
        Fault(
            "kernels/gradient-inl.h",
            "  for (int r = 0; r < count; r += block) {",
            '  if (planted("B3 without the last row")) count--;\n  for (int r = 0; r < count; r += block) {',
        ),
        {"dW"},
    ),
    "weights of the rows before": (
        Fault(
            ROWS,
            "step.w[number] * step.inverse_weight",
            'step.w[number && planted("weights of the rows before") ? number - 1 : number] * step.inverse_weight',
        ),
        {"J", "dW", "db"},
    ),
}
#: Prints the names whose formula, evaluated again, gives another number.
SCRIPT = """
import json
import numpy as np
from chainrule import Network, explain
from chainrule.engines import native
assert native._native.version == "altered"
network = Network((3, 5, 4), ("sigmoid", "softmax"), "cross_entropy")
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
    planted = {name: fault for name, (fault, _) in FAULTS.items()}
    return build(tmp_path_factory.mktemp("altered"), planted)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_a_fault_in_a_kernel_shows_where_it_is(
    altered: AlteredEngine, fault: str, dtype: str
) -> None:
    red = json.loads(altered.run(SCRIPT.format(dtype=dtype), fault))
    kinds = {name.split(".")[0].rstrip("0123456789") for name in red}
    assert kinds == (FAULTS[fault][1] if fault else set())
