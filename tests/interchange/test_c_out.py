"""The C file: bits of the baseline engine, no warning, nothing visible but its function, small, checked by itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import (
    InputError,
    MLPClassifier,
    Model,
    Network,
    TabularRegressor,
    check_export,
    load_model,
    save_model,
)
from chainrule.engines import native
from chainrule.interchange.c_arithmetic import network_outputs

from .networks import random_model

pytestmark = pytest.mark.filterwarnings(  # of fits cut short
    "ignore::sklearn.exceptions.ConvergenceWarning"
)

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror"]
ARM = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-Os"]
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
needs_arm = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="no arm-none-eabi-gcc"
)
needs_native = pytest.mark.skipif(
    native.MISSING is not None or "baseline" not in native.instruction_sets(),
    reason="no native engine with the baseline instruction set",
)
BASELINE = """
import sys, numpy as np
from chainrule import Network, Predictor, load_model
for folder in sys.argv[1:]:
    model = load_model(folder + "/m.safetensors")
    # the outputs know of no loss, and the engine does not have each with every activation
    net = Network(model.network.sizes, model.network.activations, "squared_error")
    predict = Predictor(net, model.parameters, engine="native")
    np.save(folder + "/baseline.npy", predict(np.load(folder + "/x.npy")))
"""


def compiled(folder: Path, name: str, *flags: str, compiler: str = "cc") -> Path:
    program = folder / "program"
    source = str(folder / f"{name}.c")
    command = [compiler, *STRICT, *flags, source, "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


def outputs_of(folder: Path, model: Model, x: Any, *flags: str) -> Any:
    """What the compiled function computes, called as a shared object."""
    import ctypes

    made = compiled(folder, "m", "-O2", "-shared", "-fPIC", *flags)
    run = ctypes.CDLL(str(made)).m_run
    out = np.zeros((len(x), model.network.sizes[-1]), np.float32)
    pointer = ctypes.POINTER(ctypes.c_float)
    for row, to in zip(x, out, strict=True):
        run(row.ctypes.data_as(pointer), to.ctypes.data_as(pointer))
    return out


def same_bits(one: Any, other: Any) -> bool:
    return bool(np.array_equal(one.view(np.int32), other.view(np.int32)))


def require_baseline_bits(folder: Path, seeds: range, rows: int) -> None:
    made = []
    for seed in seeds:
        here = folder / str(seed)
        here.mkdir()
        model, rng = random_model(seed), np.random.default_rng(seed)
        x = rng.normal(size=(rows, model.network.sizes[0]), scale=2).astype(np.float32)
        save_model(here / "m.safetensors", model.network, model.parameters)
        np.save(here / "x.npy", x)
        model.export(here / "m.c")
        made.append(here)
    environment = os.environ | {
        "CHAINRULE_ISA": "baseline",
        "CHAINRULE_SUBNORMALS": "keep",
    }
    command = [sys.executable, "-c", BASELINE, *map(str, made)]
    subprocess.run(command, check=True, env=environment)
    for here in made:
        model, x = load_model(here / "m.safetensors"), np.load(here / "x.npy")
        found, engine = outputs_of(here, model, x), np.load(here / "baseline.npy")
        assert same_bits(found, engine), f"{here.name}: {model.network}"
        twin = network_outputs(model.network, model.parameters, x)
        assert same_bits(found, twin), f"{here.name}: {model.network}"


@needs_cc
@needs_native
def test_the_bits_are_those_of_the_baseline_engine(tmp_path):
    require_baseline_bits(tmp_path, range(0, 96, 5), 60)


@needs_cc
@needs_native
@pytest.mark.full
def test_100_networks_have_the_bits_of_the_baseline_engine(tmp_path):
    require_baseline_bits(tmp_path, range(100), 1000)


@needs_cc
@pytest.mark.parametrize("flags", [("-O3", "-mfma"), ("-O1",), ("-Os", "-std=gnu99")])
def test_the_bits_depend_on_no_flag(flags, tmp_path):
    if "-mfma" in flags and " fma " not in Path("/proc/cpuinfo").read_text():
        pytest.skip("no fused multiply-add on this processor")
    model = random_model(3)
    model.export(tmp_path / "m.c")
    x = np.random.default_rng(0).normal(size=(50, model.network.sizes[0]))
    x = x.astype(np.float32)
    twin = network_outputs(model.network, model.parameters, x)
    assert same_bits(outputs_of(tmp_path, model, x, *flags), twin)


@needs_cc
def test_a_root_is_rounded_as_the_processor_rounds_it(tmp_path):
    net = Network((1, 1), ("squareplus",), "squared_error")
    parameters = net.init(seed=0, dtype="float32")
    parameters.theta[:] = [1, 0]
    model = Model(net, parameters)
    model.export(tmp_path / "m.c")
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(5000, 1)) * 10.0 ** rng.uniform(-20, 18, (5000, 1))).astype(
        np.float32
    )
    twin = network_outputs(net, parameters, x)
    assert same_bits(outputs_of(tmp_path, model, x), twin)


@needs_cc
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_warning_and_its_own_test_passes_and_finds_a_fault(compiler, tmp_path):
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    for seed in range(18):
        random_model(seed).export(tmp_path / "m.c")
        program = compiled(tmp_path, "m", "-O2", "-DM_TEST", compiler=compiler)
        assert subprocess.run([program], check=False).returncode == 0
    text = (tmp_path / "m.c").read_text()
    start = text.index("weights0[] = {\n") + len("weights0[] = {\n  ")
    end = text.index(",", start)
    (tmp_path / "m.c").write_text(text[:start] + "3.5f" + text[end:])
    program = compiled(tmp_path, "m", "-O2", "-DM_TEST", compiler=compiler)
    assert subprocess.run([program], check=False).returncode > 0
    with pytest.raises(InputError, match="checksum that does not match"):
        check_export(tmp_path / "m.c")
    text = re.sub(r" \* chainrule-sha256: .*\n", "", (tmp_path / "m.c").read_text())
    (tmp_path / "m.c").write_text(text)
    assert not check_export(tmp_path / "m.c").passed


def test_an_altered_stamp_is_refused(tmp_path):
    random_model(1).export(tmp_path / "m.c")
    text = (tmp_path / "m.c").read_text()
    (tmp_path / "m.c").write_text(text.replace('"bound": ', '"bound": 9', 1))
    with pytest.raises(InputError, match="checksum that does not match"):
        check_export(tmp_path / "m.c")


@needs_cc
def test_only_the_function_is_visible(tmp_path):
    random_model(1).export(tmp_path / "m.c")
    made = tmp_path / "m.o"
    source = str(tmp_path / "m.c")
    subprocess.run(["cc", *STRICT, "-c", source, "-o", str(made)], check=True)
    said = subprocess.run(["nm", made], capture_output=True, text=True, check=True)
    shown = [line.split()[-2:] for line in said.stdout.splitlines()]
    assert [name for kind, name in shown if kind.isupper()] == ["m_run"]


@needs_arm
def test_the_code_for_a_cortex_m4f_is_at_most_2_kb(tmp_path):
    net = Network((16, 32, 16, 4), ("relu", "relu", "softmax"), "cross_entropy")
    Model(net, net.init(seed=0, dtype="float32")).export(tmp_path / "m.c")
    made = str(tmp_path / "m.o")
    source = str(tmp_path / "m.c")
    subprocess.run(
        ["arm-none-eabi-gcc", *STRICT, *ARM, "-c", source, "-o", made], check=True
    )
    command = ["arm-none-eabi-nm", "-S", made]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in said.splitlines()]
    assert not [line for line in lines if line[0] == "U"], "calls what is not in it"
    code = sum(int(line[1], 16) for line in lines if line[2] in "tT")
    assert 0 < code <= 2048


@needs_arm
@pytest.mark.skipif(shutil.which("qemu-arm") is None, reason="no qemu-arm")
def test_its_own_test_passes_on_an_emulated_arm(tmp_path):
    for seed in (0, 5, 12):
        random_model(seed).export(tmp_path / "m.c")
        program = tmp_path / "program"
        command = ["arm-none-eabi-gcc", *STRICT, "-mcpu=cortex-a9", "-mfpu=neon-vfpv4"]
        command += ["-mfloat-abi=hard", "-O2", "-DM_TEST", "--specs=rdimon.specs"]
        subprocess.run([*command, tmp_path / "m.c", "-o", program], check=True)
        done = subprocess.run(["qemu-arm", program], check=False, timeout=60)
        assert done.returncode == 0


@needs_cc
def test_columns_become_numbers_and_dates_are_refused(tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rng = np.random.default_rng(0)
    X = pandas.DataFrame(
        {
            "size /* */": rng.lognormal(3, 2, 300),
            "color": rng.choice(["red", "bl*/ue"], 300),
            "offset": rng.normal(1e6, 1, 300),
        }
    )
    X.loc[::7, "size /* */"] = np.nan
    X.loc[::5, "color"] = None
    y = X["offset"] * 2
    model = TabularRegressor(preset="fast", epochs=2, members=2).fit(X, y)
    model.export(tmp_path / "m.c", rows=X)
    program = compiled(tmp_path, "m", "-O2", "-DM_TEST")
    assert subprocess.run([program], check=False).returncode == 0
    assert check_export(tmp_path / "m.c", model, rows=X[::2]).rows == 150
    other = X.assign(offset=X["offset"] + 0.3)
    assert check_export(tmp_path / "m.c", model, rows=other).passed
    X["when"] = np.datetime64("2020-01-01") + rng.integers(0, 1000, 300)
    dated = TabularRegressor(preset="fast", epochs=2, members=1).fit(X, y)
    with pytest.raises(InputError, match=r"'when' of dates for C.*preparation=False"):
        dated.export(tmp_path / "d.c")
    assert dated.export(tmp_path / "d.c", preparation=False).preparation == "left out"


@needs_cc
def test_two_classes_have_two_outputs(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)).astype(np.float32)
    model = MLPClassifier((4,), max_iter=20, random_state=0).fit(X, X[:, 0] > 0)
    model.export(tmp_path / "m.c", rows=X)
    assert "enum { M_INPUTS = 3, M_OUTPUTS = 2 };" in (tmp_path / "m.c").read_text()
    assert check_export(tmp_path / "m.c", model).passed


def test_a_name_that_c_has_no_room_for(tmp_path):
    with pytest.raises(InputError, match=r"Name the file m\.c"):
        random_model(0).export(tmp_path / "my-model.c")
