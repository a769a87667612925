"""What the engines hand out of a batch: the compiled one's numbers are its own, and near the reference's."""

from __future__ import annotations

import itertools
import platform
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chainrule import Network, Parameters, forward
from chainrule.engines import native
from chainrule.engines.interface import Workspace
from chainrule.engines.rows import Data
from chainrule.equations.backward_pass import Gradient
from chainrule.equations.forward_pass import Trace, slopes_of

from ..support.native_cases import (
    NATIVE,
    REFERENCE,
    Job,
    combinations,
    float32_bounds,
    needs_native,
)

pytestmark = needs_native

#: float64, of the largest entry of an array.
AGREEMENT = 1e-12
ISAS = native.instruction_sets()
#: Jobs that take each way of a step: two phases, tiles, tiles that read layer 1 in place, rows across the lanes.
WAYS = {
    "two phases": Job(
        "tanh", ("softmax", "cross_entropy"), (7, 19, 33, 5), 64, "none", "both"
    ),
    "tiles": Job(
        "gelu", ("sigmoid", "binary_cross_entropy"), (7, 35, 5), 2048, "none", "l2"
    ),
    "in place": Job(
        "elu", ("identity", "squared_error"), (70, 10, 3), 2048, "none", "none"
    ),
    "narrow": Job(
        "gelu", ("sigmoid", "binary_cross_entropy"), (7, 19, 5), 2048, "none", "l2"
    ),
}
#: The strategy of each, and in how many parts it sums the rows.
STRATEGY = {"in place": "tiles"}
CHUNKS = {"two phases": 1, "tiles": 16, "in place": 16, "narrow": 8}
BYTES_OF_A_VECTOR = {"baseline": 16, "avx2": 32, "avx512": 64}


def passes(
    engine: Any, job: Job, dtype: Any, *, data: Data | None = None, **options: Any
) -> tuple[Trace, Gradient]:
    network, theta, own = job.build(dtype)
    data = data or own
    threads = options.pop("threads", None)
    workspace = engine.prepare(network, job.rules(), dtype, threads, data.scale)
    options = {"l1": job.l1, "l2": job.l2, "input_gradient": True, **options}
    return engine.passes(workspace, theta, data, **options)


def of_rows(
    network: Network, trace: Trace, gradient: Gradient
) -> dict[str, tuple[Any, ...]]:
    """What has a number for each row, but what follows from the input alone."""
    assert gradient.dA is not None
    return {
        "Z": trace.Z,
        "A": trace.A[1:],
        "slopes": slopes_of(network, trace),
        "delta": gradient.delta,
        "dA": gradient.dA[1:-1],
        "row_loss": (gradient.row_loss,),
    }


def far(ours: np.ndarray, exact: np.ndarray) -> float:
    """The largest difference, relative to the largest entry."""
    assert ours.shape == exact.shape
    return float(np.max(abs(ours - exact))) / (float(np.max(abs(exact))) or 1.0)


def require_near(
    ours: tuple[Trace, Gradient], exact: tuple[Trace, Gradient], network: Network
) -> None:
    for kind, theirs in of_rows(network, *exact).items():
        for a, b in zip(of_rows(network, *ours)[kind], theirs, strict=True):
            if b is not None:
                assert far(a, b) <= AGREEMENT, kind
    for a, b in zip(ours[1].dA or (), exact[1].dA or (), strict=True):
        assert far(a, b) <= AGREEMENT
    assert far(ours[1].flat, exact[1].flat) <= AGREEMENT
    assert abs(ours[1].J - exact[1].J) <= AGREEMENT * max(abs(exact[1].J), 1e-2)


def same_bits(ours: tuple[Trace, Gradient], others: tuple[Trace, Gradient]) -> bool:
    def arrays(trace: Trace, gradient: Gradient) -> list[bytes]:
        found = (*trace.A, *trace.Z, *gradient.delta, *(gradient.dA or ()))
        more = (gradient.row_loss, gradient.flat, np.asarray(gradient.J))
        slopes = [slope for slope in trace.slopes or () if slope is not None]
        return [np.asarray(a).tobytes() for a in (*found, *more, *slopes)]

    return arrays(*ours) == arrays(*others)


@pytest.mark.parametrize(("isa", "job"), combinations())
def test_float64_is_the_reference(
    isa: str, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    network, theta, data = job.build(np.float64)
    ours = passes(NATIVE, job, np.float64)
    require_near(ours, passes(REFERENCE, job, np.float64), network)
    workspace = NATIVE.prepare(network, job.rules(), np.float64)
    J, flat = NATIVE.loss_and_gradient(workspace, theta, data, l1=job.l1, l2=job.l2)
    assert J == ours[1].J
    assert flat.tobytes() == ours[1].flat.tobytes()


@pytest.mark.parametrize(("isa", "job"), combinations())
def test_float32_is_within_the_bound(
    isa: str, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    network, theta, data = job.build(np.float64)
    found = of_rows(network, *passes(NATIVE, job, np.float32))
    exact = of_rows(network, *passes(REFERENCE, job, np.float64))
    bounds = float32_bounds(network, theta, data, job.l1, job.l2)
    for kind, theirs in exact.items():
        within = getattr(bounds, kind)
        within = within if isinstance(within, tuple) else (within,)
        for a, b, off in zip(found[kind], theirs, within, strict=True):
            if b is not None:
                assert a.dtype == np.float32
                assert np.all(abs(a - b) <= off), kind


def chained(
    A: np.ndarray, delta: np.ndarray, *, fused: bool, chunks: int, lanes: int = 1
) -> np.ndarray:
    """Σ_i Δ_i A_iᵀ in the order of the rows, of each chunk from 0, a row per lane; `fused` rounds once a row."""
    wide = np.longdouble if fused else A.dtype  # which holds a product, and a sum close
    total = None
    for part in np.split(np.arange(len(A)), chunks):
        sums = np.zeros((lanes, delta.shape[1], A.shape[1]), A.dtype)
        for i in part:
            product = np.multiply.outer(delta[i].astype(wide), A[i].astype(wide))
            sums[i % lanes] = (sums[i % lanes] + product).astype(A.dtype)
        while len(sums) > 1:  # the halves of a vector are added
            sums = sums[: len(sums) // 2] + sums[len(sums) // 2 :]
        G = sums[0]
        total = G if total is None else total + G
    assert total is not None
    return total


@pytest.mark.skipif(
    platform.machine() != "x86_64",
    reason="NumPy's arithmetic follows multiply-adds by a long double of 80 bits",
)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("weights", ["none", "powers of two"])
@pytest.mark.parametrize(
    ("isa", "dtype"),
    [
        (isa, dtype)
        for isa, dtype in itertools.product(ISAS, (np.float32, np.float64))
        # a fused multiply-add of float64 has no longer type here
        if isa == "baseline" or dtype == np.float32
    ],
)
def test_the_gradient_is_made_of_these(
    isa: str, dtype: Any, weights: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit, where w / Σw is a power of two, which scales without rounding: B3 as the kernels sum it."""
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    job = WAYS[way]
    network, theta, data = job.build(dtype)
    w = np.tile(np.array([1, 1, 2, 4], dtype), job.rows // 4)
    share = np.full(job.rows, 1 / job.rows, dtype)
    if weights != "none":
        data, share = replace(data, sample_weight=w), w / w.sum()
    workspace = NATIVE.prepare(network, job.rules(), dtype)
    compiled = workspace.compiled
    assert compiled.strategy == STRATEGY.get(way, way)
    trace, gradient = NATIVE.passes(workspace, theta, data)
    size = BYTES_OF_A_VECTOR.get(isa, 16) // np.dtype(dtype).itemsize
    chunks, lanes = CHUNKS[way], size if way == "narrow" else 1
    for l in range(network.n_layers):
        if l == 0 and not compiled.takes_input_mask:
            continue  # in place vectors run along the inputs, and a tile is added by one multiply-add
        scaled = share[:, None] * gradient.delta[l]
        one = np.ones((job.rows, 1), dtype)
        parts = {"chunks": chunks, "lanes": lanes}
        dW = chained(trace.A[l], scaled, fused=isa != "baseline", **parts)
        db = chained(one, scaled, fused=False, **parts)[:, 0]
        assert dW.tobytes() == gradient.dW[l].tobytes(), l
        assert db.tobytes() == gradient.db[l].tobytes(), l
        scaled *= 1 + 2 * np.finfo(dtype).eps  # the control: their last digits
        off = chained(trace.A[l], scaled, fused=isa != "baseline", **parts)
        assert off.tobytes() != gradient.dW[l].tobytes(), l


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("way", WAYS)
def test_the_same_bits_for_any_number_of_threads(
    isa: str, dtype: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    monkeypatch.setattr(native, "WORTH_A_THREAD", 0)
    alone = passes(NATIVE, WAYS[way], dtype, threads=1)
    for threads in (2, 3):
        assert same_bits(passes(NATIVE, WAYS[way], dtype, threads=threads), alone)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("way", WAYS)
def test_masks(isa: str, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of hidden layers, and of inputs, also where these are read in place; slopes are φ′ without them."""
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    job, rng = WAYS[way], np.random.default_rng(3)
    network, _, _ = job.build(np.float64)
    drawn = [
        np.where(rng.random((job.rows, n)) < 0.3, 0, 1 / 0.7) for n in job.sizes[:-1]
    ]
    for masks in (tuple(drawn), (None, *drawn[1:])):
        ours = passes(NATIVE, job, np.float64, masks=masks)
        require_near(ours, passes(REFERENCE, job, np.float64, masks=masks), network)
        single = tuple(None if M is None else M.astype(np.float32) for M in masks)
        trace, gradient = passes(NATIVE, job, np.float32, masks=single)
        exact, exact_gradient = passes(REFERENCE, job, np.float32, masks=single)
        for a, b in zip(
            (*trace.A, *gradient.delta), (*exact.A, *exact_gradient.delta), strict=True
        ):
            assert far(a, b) <= 2e-5


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("way", WAYS)
def test_pixels_are_numbers(
    isa: str, dtype: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    job = WAYS[way]
    _, _, data = job.build(dtype)
    pixels = np.random.default_rng(0).integers(0, 256, data.x.shape, dtype=np.uint8)
    data = Data(pixels, data.y, None, 1 / 255)
    trace, gradient = passes(NATIVE, job, dtype, data=data)
    exact, exact_gradient = passes(REFERENCE, job, dtype, data=data)
    np.testing.assert_array_equal(trace.A[0], exact.A[0])
    near = AGREEMENT if dtype == np.float64 else 2e-5
    for a, b in zip(
        (*trace.Z, *gradient.delta, gradient.flat),
        (*exact.Z, *exact_gradient.delta, exact_gradient.flat),
        strict=True,
    ):
        assert far(a, b) <= near


@pytest.mark.parametrize("way", WAYS)
def test_a_sum_is_not_divided(way: str) -> None:
    job = replace(WAYS[way], weights="zeros")
    network, _, _ = job.build(np.float64)
    ours = passes(NATIVE, job, np.float64, reduction="sum")
    exact = passes(REFERENCE, job, np.float64, reduction="sum")
    require_near(ours, exact, network)
    _, mean = passes(NATIVE, job, np.float64)
    assert far(ours[1].flat, mean.flat) > 1
    assert all(
        np.array_equal(a, b) for a, b in zip(ours[1].delta, mean.delta, strict=True)
    )


@pytest.mark.parametrize("engine", [NATIVE, REFERENCE])
def test_what_is_not_finite_is_handed_out(engine: Any) -> None:
    network = Network((2, 3, 1), ("relu", "identity"), "squared_error")
    theta = np.full(13, 1e200)
    data = Data(np.ones((4, 2)), np.zeros((4, 1)), None)
    job = Job("relu", ("identity", "squared_error"), network.sizes, 4, "none", "none")
    workspace = engine.prepare(network, job.rules(), np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        trace, gradient = engine.passes(workspace, theta, data)
    assert np.all(np.isfinite(trace.Z[0]))
    assert np.all(np.isposinf(trace.Z[1]))
    assert not np.isfinite(gradient.J)


def test_without_the_input_gradient_no_gradient_of_activations_is_kept() -> None:
    for engine in (NATIVE, REFERENCE):
        _, gradient = passes(
            engine, WAYS["two phases"], np.float64, input_gradient=False
        )
        assert gradient.dA is None
        assert gradient.dX is None


def test_the_reference_is_the_equations() -> None:
    job = WAYS["two phases"]
    network, theta, data = job.build(np.float64)
    trace, _ = REFERENCE.passes(Workspace(network, np.float64), theta, data)
    exact = forward(network, Parameters(network.sizes, theta), data.x)
    assert all(np.array_equal(a, b) for a, b in zip(trace.A, exact.A, strict=True))


def test_a_batch_without_room_is_refused() -> None:
    job = WAYS["two phases"]
    network, theta, data = job.build(np.float64)
    workspace = NATIVE.prepare(network, replace(job, rows=8).rules(), np.float64)
    with pytest.raises(ValueError, match="do not fit: rows"):
        NATIVE.passes(workspace, theta, data)
