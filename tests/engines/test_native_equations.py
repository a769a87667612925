"""The compiled equations against the reference, on each instruction set, in both precisions."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import Network, Parameters, Predictor
from chainrule.engines import native
from chainrule.engines.interface import Workspace
from chainrule.engines.rows import Data

from ..support.native_cases import (
    HIDDEN,
    LARGE,
    NATIVE,
    OUTPUTS,
    REFERENCE,
    ROWS,
    WIDTHS,
    Job,
    combinations,
    float32_bounds,
    jobs,
    needs_native,
    parts,
)

pytestmark = needs_native

#: float64, of the largest entry of an array; and no array is held to less than FLOOR of the largest of all.
AGREEMENT, FLOOR = 1e-12, 1e-2
#: Nor to less than half an ulp of 1: where all terms cancel, as with a softmax of one unit, all is rounding.
SMALLEST = 1e-4
ISAS = native.instruction_sets()


def far(ours: np.ndarray, exact: np.ndarray, floor: float = 0.0) -> float:
    """The largest difference, relative to the largest entry."""
    assert ours.shape == exact.shape
    return float(np.max(abs(ours - exact))) / (
        max(float(np.max(abs(exact))), floor) or 1.0
    )


def reference(
    job: Job, network: Network, theta: np.ndarray, data: Data
) -> tuple[float, np.ndarray]:
    J, gradient = REFERENCE.loss_and_gradient(
        Workspace(network, theta.dtype), theta, data, l1=job.l1, l2=job.l2
    )
    return float(J), gradient


def test_the_jobs_cover_all_pairs() -> None:
    seen = [
        (j.hidden, j.output, *j.sizes, j.rows, j.weights, j.penalty)
        for j in jobs()
        if len(j.sizes) == 3
    ]
    assert {s[1] for s in seen} == set(OUTPUTS)
    assert {s[0] for s in seen} == set(HIDDEN)
    assert {(s[3], s[5]) for s in seen} >= {(w, r) for w in WIDTHS for r in ROWS}
    assert {phi for phi, ell in OUTPUTS if ell == "squared_error"} == set(native.PHI)
    assert {ell for _, ell in OUTPUTS} == set(native.ELL)


@pytest.mark.parametrize(("isa", "job"), combinations())
def test_float64_is_the_reference(
    isa: str, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    network, theta, data = job.build(np.float64)
    workspace = NATIVE.prepare(network, job.rules(), np.float64)
    J, gradient = NATIVE.loss_and_gradient(workspace, theta, data, l1=job.l1, l2=job.l2)
    exact_J, exact = reference(job, network, theta, data)
    assert abs(J - exact_J) <= AGREEMENT * max(abs(exact_J), FLOOR)
    floor = max(FLOOR * float(np.max(abs(exact))), SMALLEST)
    for ours, theirs in zip(
        parts(network, gradient), parts(network, exact), strict=True
    ):
        assert far(ours, theirs, floor) <= AGREEMENT
    p = Parameters(network.sizes, theta)
    expected = Predictor(network, p, engine="reference")(data.x)
    assert far(Predictor(network, p, engine="native")(data.x), expected) <= AGREEMENT


@pytest.mark.parametrize(("isa", "job"), combinations())
def test_float32_is_within_the_bound(
    isa: str, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    network, theta, data = job.build(np.float32)
    workspace = NATIVE.prepare(network, job.rules(), np.float32)
    J, gradient = NATIVE.loss_and_gradient(workspace, theta, data, l1=job.l1, l2=job.l2)
    assert gradient.dtype == np.float32
    _, theta64, data64 = job.build(np.float64)
    exact_J, exact = reference(job, network, theta64, data64)
    bounds = float32_bounds(network, theta64, data64, job.l1, job.l2)
    assert abs(J - exact_J) <= bounds.J
    assert np.all(abs(gradient - exact) <= bounds.gradient)
    output = Predictor(network, Parameters(network.sizes, theta), engine="native")(
        data.x
    )
    assert output.dtype == np.float32
    exact_output = Predictor(
        network, Parameters(network.sizes, theta64), engine="reference"
    )(data64.x)
    assert np.all(abs(output - exact_output) <= bounds.output)


def test_the_bound_is_worth_something() -> None:
    """Over the jobs: at most a hundredth of the largest entry, and the reference in float32 keeps it."""
    shares, used = [], []
    for job in jobs():
        network, theta, data = job.build(np.float64)
        _, exact = reference(job, network, theta, data)
        if np.max(abs(exact)) < 1e-15:  # a softmax of one unit
            continue
        bounds = float32_bounds(network, theta, data, job.l1, job.l2)
        shares.append(float(np.max(bounds.gradient) / np.max(abs(exact))))
        _, single = reference(job, *job.build(np.float32))
        with np.errstate(invalid="ignore"):
            used.append(float(np.nanmax(abs(single - exact) / bounds.gradient)))
    assert np.median(shares) < 0.001
    assert np.quantile(shares, 0.9) < 0.01
    assert max(used) <= 1
    assert max(used) > 0.02


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("row", LARGE[:1])
def test_a_wrong_digit_is_seen(
    isa: str, row: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: θ that differs in one entry by 1e-9 of itself is told from θ."""
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    job = Job(*row)
    network, theta, data = job.build(np.float64)
    workspace = NATIVE.prepare(network, job.rules(), np.float64)
    off = theta.copy()
    off[7] *= 1 + 1e-9
    _, gradient = NATIVE.loss_and_gradient(workspace, off, data, l1=job.l1, l2=job.l2)
    _, exact = reference(job, network, theta, data)
    assert far(gradient, exact) > AGREEMENT


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [1, 15, 16, 17, 31, 33, 127, 784])
@pytest.mark.parametrize("rows", [1, 17, 129, 2500])
def test_pixels_are_numbers(
    isa: str, dtype: type, width: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uint8 x with a scale gives what x · scale gives."""
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    scale, rng = 1 / 255, np.random.default_rng(width)
    pixels = rng.integers(0, 256, (rows, width), dtype=np.uint8)
    job = Job(
        "relu", ("softmax", "cross_entropy"), (width, 10, 3), rows, "random", "none"
    )
    network, theta, data = job.build(dtype)
    of_pixels = Data(pixels, data.y, data.sample_weight, scale)
    numbers = Data(of_pixels.inputs(), data.y, data.sample_weight)
    ours = NATIVE.loss_and_gradient(
        NATIVE.prepare(network, job.rules(), dtype, scale=scale), theta, of_pixels
    )
    exact = REFERENCE.loss_and_gradient(Workspace(network, dtype), theta, numbers)
    plain = NATIVE.loss_and_gradient(
        NATIVE.prepare(network, job.rules(), dtype), theta, numbers
    )
    for J, gradient in (exact, plain):
        near = AGREEMENT if dtype == np.float64 else 2e-5
        assert abs(float(ours[0]) - float(J)) <= near * abs(float(J))
        assert far(ours[1], gradient) <= near


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("outputs", range(1, 13))
def test_layers_that_are_read_in_place(
    isa: str, outputs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each width has code of its own: numbers and pixels, rows left over, inputs that fill no vector."""
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    job = Job(
        "tanh",
        ("softmax", "cross_entropy"),
        (117, outputs, 3),
        2051,
        "random",
        "none",
    )
    network, theta, data = job.build(np.float32)
    assert native.strategy(network, job.rows) == "tiles"
    pixels = np.random.default_rng(0).integers(0, 256, data.x.shape, dtype=np.uint8)
    for x, scale in ((data.x, None), (pixels, 1 / 255)):
        rows = Data(x, data.y, data.sample_weight, scale)
        workspace = NATIVE.prepare(network, job.rules(), np.float32, scale=scale)
        J, gradient = NATIVE.loss_and_gradient(workspace, theta, rows)
        numbers = Data(rows.inputs().astype(np.float64), data.y, data.sample_weight)
        exact = REFERENCE.loss_and_gradient(
            Workspace(network, np.float64), theta.astype(np.float64), numbers
        )
        assert abs(float(J) - float(exact[0])) <= 2e-6 * float(exact[0])
        assert far(gradient, exact[1]) <= 2e-6


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tiles_are_used_and_left_out(
    isa: str, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the jobs above exercise both ways of a step."""
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    tiled = {}
    for job in jobs():
        network, _, _ = job.build(dtype)
        workspace = NATIVE.prepare(network, job.rules(), dtype)
        tiled[job] = workspace.compiled.strategy == "tiles"
    assert sum(tiled.values()) >= 20
    assert all(job.rows >= 1024 for job, by_tiles in tiled.items() if by_tiles)
    assert any(not by_tiles and job.rows >= 1024 for job, by_tiles in tiled.items())
