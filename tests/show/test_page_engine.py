"""The engine in a page: the bits of Python's training, the numbers of the reference, NumPy's draws; how it is built."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    Network,
    Parameters,
    train,
)
from chainrule.engines import native
from chainrule.engines.rows import Data
from chainrule.equations.draws import epoch_order
from chainrule.equations.dropout import dropout_masks
from chainrule.optimizers.rules import Rules

from ..support.browser import needs_browser, open_page, requests_of, started_browser
from ..support.cases import Case, pairwise_cases, targets_for
from ..support.cases import build as build_case
from ..support.native_cases import NATIVE, REFERENCE, needs_native
from ..support.native_runs import EPOCHS, MODES, Run, go, runs
from ..support.page_engine import FOLDER, described, in_browser, in_node, needs_node

pytestmark = needs_node

TREE = Path(__file__).parents[2]
STEPS = 1000
#: float64, of the largest entry of an array: as the compiled engine is held to the reference.
AGREEMENT = 1e-12


@pytest.fixture
def like_a_page(monkeypatch):
    """Python's engine as WebAssembly has it: SSE's vectors without fused arithmetic, small numbers kept."""
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("multiply-adds are fused on this processor; WebAssembly has none")
    monkeypatch.setenv("CHAINRULE_ISA", "baseline")
    monkeypatch.setenv("CHAINRULE_SUBNORMALS", "keep")


def digest(theta: np.ndarray) -> str:
    assert theta.dtype == np.float32
    return hashlib.sha256(theta.tobytes()).hexdigest()


def rows_for(network: Network, rows: int, weighted: bool = False) -> dict[str, Any]:
    """Rows of random numbers, in float32."""
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, network.sizes[0]))
    y = targets_for(network.loss.name, rng, rows, network.sizes[-1])
    if network.activations[-1].name == "softmax":
        y = np.eye(network.sizes[-1])[rng.integers(0, network.sizes[-1], rows)]
    weights = rng.uniform(0.2, 2, rows) if weighted else None
    arrays = {"X": x, "Y": y, "weights": weights}
    return {
        name: None if array is None else array.astype(np.float32)
        for name, array in arrays.items()
    }


# --- the bits of training

#: A narrow network, rows across the lanes; and one in panels, of two phases a step.
NETWORKS = {"narrow": ((6, 12, 5, 3), 37, 300), "panels": ((20, 40, 35, 3), 32, 200)}
OF_1000_STEPS = [
    (optimizer, activation, network)
    for optimizer in ("sgd", "rmsprop", "adam")
    for activation in ("tanh", "relu", "gelu", "softplus")
    for network in NETWORKS
]


def thousand_steps(optimizer: str, activation: str, name: str) -> tuple[Any, Any]:
    """A job of 1000 steps, and what Python's `train` makes of it."""
    sizes, batch, rows = NETWORKS[name]
    network = Network(sizes, (activation, activation, "softmax"), "cross_entropy")
    moving = OPTIMIZERS[optimizer](
        **({"momentum": 0.9, "learning_rate": 0.05} if optimizer == "sgd" else {})
    )
    start = network.init(3, "float32")
    data = rows_for(network, rows)
    report = train(
        network,
        data["X"],
        data["Y"],
        parameters=start,
        optimizer=moving,
        batch_rows=batch,
        max_steps=STEPS,
        max_epochs=STEPS,
        seed=7,
        engine="native",
        threads=1,
        progress=False,
    )
    description = described(network, Rules(moving)) | {"parameters": start.theta}
    job = {"do": "train", "network": description, "seed": 7, "batch": batch}
    return job | {"batches": STEPS} | data, (report.parameters.theta, start.theta, name)


def require_same_weights(
    answers: list[Any], expected: list[tuple[np.ndarray, np.ndarray, str]]
) -> None:
    for answer, (theta, start, name) in zip(answers, expected, strict=True):
        assert answer["strategy"] == ("narrow" if name == "narrow" else "two phases")
        assert answer["steps"] == STEPS
        assert answer["outcome"]["finite"]
        assert digest(theta) != digest(start)
        assert digest(answer["parameters"]) == digest(theta)


@needs_native
@pytest.mark.usefixtures("like_a_page")
def test_a_thousand_steps_give_the_weights_of_python():
    jobs, expected = zip(*(thousand_steps(*c) for c in OF_1000_STEPS), strict=True)
    require_same_weights(in_node(list(jobs)), list(expected))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = started_browser(tmp_path_factory.mktemp("browser"))
    yield driver
    driver.quit()


@needs_native
@needs_browser
@pytest.mark.usefixtures("like_a_page")
def test_a_thousand_steps_in_chromium_give_the_weights_of_python(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>a page</title>")
    open_page(browser, page.as_uri())
    requests_of(browser)
    jobs, expected = zip(*(thousand_steps(*c) for c in OF_1000_STEPS), strict=True)
    require_same_weights(in_browser(browser, list(jobs)), list(expected))
    # its modules are handed over by the test
    assert {a.split(":")[0] for a in requests_of(browser)} <= {"blob"}


def altered(constant: Any, other: Any, folder: Path) -> Path:
    """The binary with another number in each vector of this one."""
    content = (FOLDER / "engine.wasm").read_bytes()
    was, becomes = (
        number.tobytes() * (16 // number.nbytes) for number in (constant, other)
    )
    assert content.count(was) > 0
    file = folder / "altered.wasm"
    file.write_bytes(content.replace(was, becomes))
    return file


@needs_native
@pytest.mark.usefixtures("like_a_page")
def test_a_constant_of_tanh_that_is_off_by_one_bit_is_noticed(tmp_path):
    constant = np.float32(4.89352455891786e-03)  # native/kernels/math-inl.h
    binary = altered(constant, np.nextafter(constant, np.float32(1)), tmp_path)
    job, expected = thousand_steps("adam", "tanh", "narrow")
    require_same_weights(in_node([job]), [expected])
    with pytest.raises(AssertionError):
        require_same_weights(in_node([job], binary), [expected])


def native_run(run: Run) -> tuple[Any, Any]:
    """A job of a run of all that a step can do, and what the compiled engine makes of it."""
    network, rules, data, state = run.build(np.float32)
    after, _ = go(NATIVE, run, np.float32, threads=1)
    rows, batch = MODES[run.mode]
    each = math.ceil(rows / batch)
    rates, of_schedule = [], state
    for epoch in range(EPOCHS):
        of_schedule = replace(of_schedule, epoch=epoch)
        rates += [rules.learning_rate_at(of_schedule, k, each) for k in range(each)]
    job = {
        "do": "train",
        "network": described(network, rules) | {"parameters": state.theta},
        "X": data.x,
        "Y": data.y,
        "weights": data.sample_weight,
        "seed": rules.seed,
        "batch": batch,
        "batches": EPOCHS * each,
        "rates": rates,
        "piece": 3,
    }
    return job, after


@needs_native
@pytest.mark.usefixtures("like_a_page")
def test_everything_that_a_step_can_do_gives_the_bits_of_python():
    """Optimizers, dropout, clipping, penalties, schedules, row weights, strategies: any two together."""
    chosen = [run for run in runs() if run.input == "float"]
    chosen = list({str(replace(run, isa="")): run for run in chosen}.values())
    jobs, expected = zip(*map(native_run, chosen), strict=True)
    seen = set()
    for run, answer, state in zip(chosen, in_node(list(jobs)), expected, strict=True):
        seen.add(answer["strategy"])
        assert answer["parameters"].tobytes() == state.theta.tobytes(), run
        assert answer["steps"] == state.steps, run
        for ours, theirs in zip(answer["slots"], state.slots, strict=False):
            assert ours.tobytes() == theirs.tobytes(), run
        assert answer["outcome"]["loss_sum"] == state.loss_sum, run
        assert answer["outcome"]["weight_sum"] == state.weight_sum, run
    assert seen == set(native.STRATEGIES)


def pairs() -> list[tuple[str, str]]:
    """Every output activation with every loss that the kernels have for it."""
    return [
        (output, loss)
        for output in ACTIVATIONS
        for loss in LOSSES
        if LOSSES[loss]().accepts.contains(ACTIVATIONS[output]().range(2))
        and (output, loss) != ("softmax", "binary_cross_entropy")
    ]


@needs_native
@pytest.mark.usefixtures("like_a_page")
@pytest.mark.parametrize("sizes", [(3, 5, 2), (3, 33, 2)], ids=["narrow", "panels"])
def test_every_activation_and_loss_gives_the_bits_of_python(sizes):
    jobs, expected = [], []
    for output, loss in pairs():
        network = Network(sizes, (output, output), loss)
        rules = Rules(OPTIMIZERS["adam"](), batch_rows=16)
        theta = (0.3 * network.init(5).theta).astype(np.float32)
        data = rows_for(network, 60, weighted=True)
        job = {"do": "train", "seed": 0, "batch": 16, "batches": 8, **data}
        jobs.append(
            job | {"network": described(network, rules) | {"parameters": theta}}
        )
        report = train(
            network,
            data["X"],
            data["Y"],
            sample_weight=data["weights"],
            parameters=Parameters(sizes, theta),
            batch_rows=16,
            max_epochs=2,
            engine="native",
            threads=1,
            progress=False,
        )
        expected.append(report.parameters.theta)
    for pair, answer, theta in zip(pairs(), in_node(jobs), expected, strict=True):
        assert answer["parameters"].tobytes() == theta.tobytes(), pair


# --- forward and back

BACK: dict[str, Any] = {
    "narrow": ((2, 8, 8, 2), {"dropout": (0.2, 0.0)}),
    "panels": ((8, 40, 2), {"dropout": (0.1,), "clip_norm": 0.5}),
}


@needs_native
@pytest.mark.parametrize("name", BACK)
@pytest.mark.usefixtures("like_a_page")
def test_steps_back_and_forward_give_the_same_bits(name):
    """k steps back and k forward, k = 1 … 500."""
    sizes, options = BACK[name]
    functions = ("tanh",) * (len(sizes) - 2) + ("softmax",)
    network = Network(sizes, functions, "cross_entropy")
    start, data = network.init(1, "float32"), rows_for(network, 50)
    rules = Rules(
        OPTIMIZERS["adam"](),
        dropout=(0.0, *options["dropout"]),
        clip_norm=options.get("clip_norm"),
    )
    description = described(network, rules) | {"parameters": start.theta}
    job = {"do": "back_and_forth", "network": description, **data}
    (answer,) = in_node([job | {"seed": 2, "batch": 16, "batches": 500}])
    assert answer["states"] == 501
    assert answer["wrong"] == []
    report = train(
        network,
        data["X"],
        data["Y"],
        parameters=start,
        batch_rows=16,
        max_steps=500,
        max_epochs=500,
        seed=2,
        engine="native",
        threads=1,
        progress=False,
        **options,
    )
    assert digest(answer["parameters"]) == digest(report.parameters.theta)


@needs_native
@pytest.mark.usefixtures("like_a_page")
def test_an_epoch_is_the_steps_of_its_rows():
    job, (theta, *_) = thousand_steps("adam", "gelu", "narrow")
    (answer,) = in_node([job | {"do": "by_rows"}])
    assert digest(answer["parameters"]) == digest(theta)


def test_changes_keep_rows_weights_and_what_is_remembered():
    network = Network((2, 5, 2), ("tanh", "softmax"), "cross_entropy")
    description = described(network, Rules(OPTIMIZERS["adam"]()))
    start = network.init(1, "float32").theta
    job = {"do": "changed", "seed": 2, "batch": 16, "batches": 4}
    job |= rows_for(network, 50) | {"network": description | {"parameters": start}}
    again = [{"changes": [{}]}, {"changes": [{"l2": 0.0}]}]
    once, same, penalty, slots = in_node(
        [
            job | {"changes": [{}, {}]},
            *(job | {"changes": [{}, *more["changes"]]} for more in again),
            job | {"changes": [{"optimizer": "sgd"}, {"optimizer": "rmsprop"}]},
        ]
    )
    assert once["steps"] == same["steps"] == 12
    assert digest(once["parameters"]) == digest(same["parameters"])
    assert digest(once["parameters"]) == digest(penalty["parameters"])
    assert slots["steps"] == 4  # another optimizer counts from the start
    assert slots["description"]["optimizer"]["name"] == "rmsprop"
    assert digest(slots["parameters"]) != digest(once["parameters"])


@needs_native
@pytest.mark.usefixtures("like_a_page")
@pytest.mark.parametrize("name", NETWORKS)
def test_predictions_and_losses_are_those_of_python(name):
    sizes, _, rows = NETWORKS[name]
    network = Network(sizes, ("gelu", "tanh", "softmax"), "cross_entropy")
    parameters = network.init(3, "float32")
    rules = Rules(OPTIMIZERS["adam"](), l1=0.01, l2=0.02)
    data = rows_for(network, rows, weighted=True)
    some = [7, 1, 3, 3]
    job = {"do": "predict", "rows": some, **data}
    (answer,) = in_node(
        [
            job
            | {"network": described(network, rules) | {"parameters": parameters.theta}}
        ]
    )
    ours = NATIVE.predictor(network, parameters, 1)(data["X"])
    assert answer["A"].tobytes() == ours.tobytes()
    for taken, J in ((slice(None), answer["J"]), (some, answer["of_some"])):
        batch = Data(data["X"][taken], data["Y"][taken], data["weights"][taken])
        prepared = NATIVE.prepare(
            network, replace(rules, batch_rows=batch.rows), np.float32, 1
        )
        expected, _ = NATIVE.loss_and_gradient(
            prepared, parameters.theta, batch, l1=rules.l1, l2=rules.l2
        )
        assert expected == J


# --- the numbers that a page shows


def require_near(name: str, ours: np.ndarray, exact: np.ndarray) -> None:
    exact = np.asarray(exact)
    scale = float(np.max(abs(exact), initial=0)) or 1.0
    assert ours.shape == (exact.size,), name
    assert np.max(abs(ours - exact.ravel()), initial=0) <= AGREEMENT * scale, name


def traced(case: Case) -> tuple[Any, Any]:
    """A job for the trace of a case, and the reference's trace and gradient."""
    setup = build_case(replace(case, reduction="mean"))
    network, options = setup.network, setup.options
    y = network.loss.targets(setup.y, network.sizes[-1], setup.parameters.theta)
    weights = options["sample_weight"]
    rules = Rules(OPTIMIZERS["sgd"](), l1=options["l1"], l2=options["l2"])
    data = Data(setup.x, y, weights)
    theta = setup.parameters.theta
    expected = REFERENCE.passes(
        REFERENCE.prepare(network, rules, np.float64),
        theta,
        data,
        l1=rules.l1,
        l2=rules.l2,
        masks=setup.masks,
        input_gradient=True,
    )
    instead = {"X": data.x, "Y": data.y, "weights": data.sample_weight}
    instead |= {"parameters": theta, "masks": setup.masks or []}
    job = {"do": "trace", "network": described(network, rules), "instead": instead}
    return job, (network, data, *expected)


def cases() -> list[Case]:
    """Every activation by loss by depth; weights, penalties, masks and hidden softmax by pairwise covering."""
    return [
        case
        for case in pairwise_cases()
        if (case.activation, case.loss) != ("softmax", "binary_cross_entropy")
    ]


def test_a_trace_is_the_reference_s():
    assert {case.activation for case in cases()} == set(ACTIVATIONS)
    assert {case.loss for case in cases()} == set(LOSSES)
    assert require_traces(cases()) > 10_000


def test_a_constant_of_exp_that_is_slightly_off_is_noticed(tmp_path):
    constant = np.float64(2.27265548208155028766e-1)  # native/kernels/math-inl.h
    binary = altered(constant, constant * (1 + 1e-8), tmp_path)
    some = [case for case in cases() if case.activation == "silu" and case.depth == 2]
    require_traces(some)
    with pytest.raises(AssertionError):
        require_traces(some, binary)


def require_traces(cases: list[Case], binary: Path | None = None) -> int:
    """Every number of the page's traces compared with the reference's; how many entries of layers."""
    jobs, expected = zip(*map(traced, cases), strict=True)
    numbers = 0
    for case, answer, (network, data, trace, gradient) in zip(
        cases, in_node(list(jobs), binary), expected, strict=True
    ):
        w = np.ones(data.rows) if data.sample_weight is None else data.sample_weight
        assert answer["J"] == pytest.approx(float(gradient.J), rel=AGREEMENT), case
        penalty = gradient.J - (w @ gradient.row_loss) / w.sum()
        assert answer["penalty"] == pytest.approx(penalty, abs=1e-12), case
        require_near(f"ℓ {case}", answer["row_loss"], gradient.row_loss)
        require_near(f"share {case}", answer["share"], w / w.sum())
        require_near(f"∇J {case}", answer["gradient"], gradient.flat)
        require_near(f"A[0] {case}", answer["A0"], trace.A[0])
        for l, layer in enumerate(answer["layers"]):
            phi = network.activations[l]
            arrays = {"Z": trace.Z[l], "A": trace.A[l + 1], "delta": gradient.delta[l]}
            arrays |= {"dW": gradient.dW[l], "db": gradient.db[l]}
            # ∂ℓ/∂A of a log cancels where Δ does not; of an output it is shown beside it
            arrays |= {"dA": gradient.dA[l + 1]}
            if phi.name == "softmax":
                assert layer["slope"] is None
                layer["slope"] = layer["Z"]
            else:
                parameters = [value for _, value in phi.parameters]
                arrays |= {"slope": phi.phi_prime(trace.Z[l], *parameters)}
            for name, exact in arrays.items():
                require_near(f"{name}[{l + 1}] {case}", layer[name], exact)
                numbers += exact.size
    return numbers


WIDE = {
    "softmax, cross-entropy": (("softmax", "gelu", "softmax"), "cross_entropy"),
    "softmax, squared error": (("tanh", "softmax", "softmax"), "squared_error"),
    "sigmoid": (("mish", "elu", "sigmoid"), "binary_cross_entropy"),
    "exp": (("selu", "softplus", "exp"), "poisson"),
}


def test_a_trace_of_wide_layers_is_the_reference_s():
    """More outputs than are turned, more rows than go at once, in panels that are not full."""
    jobs, expected = [], []
    for functions, loss in WIDE.values():
        network = Network((19, 35, 50, 37), functions, loss)
        data = {
            name: array.astype(np.float64)
            for name, array in rows_for(network, 101, weighted=True).items()
        }
        theta = 0.3 * network.init(4).theta
        rules = Rules(OPTIMIZERS["sgd"](), l1=0.01, l2=0.02)
        jobs.append(
            {
                "do": "trace",
                "network": described(network, rules),
                "instead": data | {"parameters": theta},
            }
        )
        expected.append(
            REFERENCE.passes(
                REFERENCE.prepare(network, rules, np.float64),
                theta,
                Data(data["X"], data["Y"], data["weights"]),
                l1=rules.l1,
                l2=rules.l2,
                input_gradient=True,
            )
        )
    for name, answer, (trace, gradient) in zip(
        WIDE, in_node(jobs), expected, strict=True
    ):
        require_near(f"ℓ {name}", answer["row_loss"], gradient.row_loss)
        require_near(f"∇J {name}", answer["gradient"], gradient.flat)
        for l, layer in enumerate(answer["layers"]):
            require_near(f"A {name}", layer["A"], trace.A[l + 1])
            require_near(f"Δ {name}", layer["delta"], gradient.delta[l])
            require_near(f"∂ℓ/∂A {name}", layer["dA"], gradient.dA[l + 1])


def test_a_trace_takes_rows_by_number():
    network = Network((3, 4, 2), ("tanh", "softmax"), "cross_entropy")
    data = rows_for(network, 9, weighted=True)
    job = {"do": "trace", "network": described(network), "instead": {}, **data}
    theta = network.init(1, "float32").theta
    job["network"] |= {"parameters": theta}
    some = [5, 0, 7]
    exact = {name: array[some].astype(np.float64) for name, array in data.items()}
    by_number, whole = in_node(
        [
            job | {"rows": some},
            job | {"instead": exact | {"parameters": theta.astype(float)}},
        ]
    )
    for name in ("gradient", "row_loss", "share", "A0"):
        assert by_number[name].tobytes() == whole[name].tobytes()


# --- draws


def test_draws_are_those_of_numpy():
    seeds = (0, 1, 2**32 + 5, 2**53 - 1)
    answers = in_node(
        [{"do": "draws", "seed": seed, "count": 20_000} for seed in seeds]
    )
    for seed, answer in zip(seeds, answers, strict=True):
        uniform = np.random.default_rng(seed).uniform(-2, 3, 20_000)
        normal = np.random.default_rng(seed).normal(1, 2, 20_000)
        assert answer["uniform"].tobytes() == uniform.tobytes()
        # the tail, one number in 3 000, has a logarithm, whose last bit is the C library's
        np.testing.assert_allclose(answer["normal"], normal, rtol=1e-15)
        assert np.mean(answer["normal"] != normal) < 1e-3
        permutation = np.random.default_rng(seed).permutation(20_000)
        assert answer["permutation"].tolist() == permutation.tolist()


def test_the_order_of_an_epoch_and_its_masks_are_the_library_s():
    keys = [(2, 0, 0), (97, 3, 5), (5000, 2**40, 1), (1797, 0, 999)]
    orders = in_node(
        [
            {"do": "order", "rows": rows, "seed": seed, "epoch": epoch}
            for rows, seed, epoch in keys
        ]
    )
    for (rows, seed, epoch), order in zip(keys, orders, strict=True):
        assert order.tolist() == epoch_order(rows, 1, seed, epoch).tolist()
    network = Network((4, 5, 6, 2), ("tanh", "tanh", "softmax"), "cross_entropy")
    rates = (0.1, 0.0, 0.4)
    description = described(network, Rules(OPTIMIZERS["sgd"](), dropout=rates))
    key = {"rows": 7, "seed": 3, "epoch": 2, "step": 9}
    (masks,) = in_node([{"do": "masks", "network": description, "key": key}])
    expected = dropout_masks(network.sizes, rates, 7, 3, 2, 9, np.zeros(1))
    assert [M is None for M in masks] == [M is None for M in expected]
    for ours, theirs in zip(masks, expected, strict=True):
        assert theirs is None or ours.tolist() == theirs.ravel().tolist()


def test_initial_weights_are_the_library_s():
    names = [name for name in INITIALIZERS if name != "orthogonal"]  # LAPACK's bits
    sizes = (64, 30, 7, 2)
    network = Network(sizes, ("tanh", "tanh", "softmax"), "cross_entropy")
    keys = [(name, seed) for name in names for seed in (0, 1, 12345)]
    answers = in_node(
        [
            {"do": "initial", "sizes": sizes, "seed": seed, "initializer": name}
            for name, seed in keys
        ]
    )
    for (name, seed), theta in zip(keys, answers, strict=True):
        assert digest(theta) == digest(network.init(seed, "float32", name).theta)


# --- names and refusals


def test_names_and_parameters_are_those_of_the_tables():
    (tables,) = in_node([{"do": "tables"}])

    def parameters(make: Any) -> dict[str, Any]:
        return {k: v for k, v in make().specification().items() if k != "name"}

    assert tables["activations"] == {n: parameters(m) for n, m in ACTIVATIONS.items()}
    assert {n: row["parameters"] for n, row in tables["losses"].items()} == {
        n: parameters(m) for n, m in LOSSES.items()
    }
    assert {
        (output, loss)
        for loss, row in tables["losses"].items()
        for output in row["outputs"]
    } == set(pairs())
    first_order = {n: m for n, m in OPTIMIZERS.items() if m().one_gradient}
    assert {n: row["parameters"] for n, row in tables["optimizers"].items()} == {
        n: parameters(m) for n, m in first_order.items()
    }
    assert set(tables["initializers"]) == set(INITIALIZERS) - {"orthogonal"}


PLAIN: dict[str, Any] = {
    "sizes": [2, 3, 2],
    "activations": ["tanh", "softmax"],
    "loss": "cross_entropy",
    "optimizer": "adam",
}
ROWS = {"X": np.zeros(8, np.float32), "Y": np.zeros(8, np.float32)}
REFUSED = {
    "an unknown activation": (
        {"activations": ["tan", "softmax"]},
        {},
        "activation tan",
    ),
    "an unknown parameter": (
        {"optimizer": {"name": "adam", "momentum": 1}},
        {},
        "momentum of adam",
    ),
    "a pair that does not fit": (
        {"activations": ["tanh", "tanh"]},
        {},
        "cross_entropy on tanh",
    ),
    "too few activations": ({"activations": ["softmax"]}, {}, "activations with 1"),
    "a width of 0": ({"sizes": [2, 0, 2]}, {}, "a width = 0"),
    "an unknown rule": ({"penalty": 1}, {}, "penalty"),
    "dropout of 1": ({"dropout": [0, 1]}, {}, "dropout"),
    "another optimizer": ({"optimizer": "lbfgs"}, {}, "optimizer lbfgs"),
    "a penalty below 0": ({"l2": -1}, {}, "l2 = -1"),
    "a layer that is not there": ({"frozen_layers": [3]}, {}, "a frozen layer = 3"),
    "a parameter that is no number": (
        {"activations": [{"name": "elu", "alpha": "1"}, "softmax"]},
        {},
        "alpha of elu = 1",
    ),
    "weights of 0": ({}, {"weights": np.zeros(4, np.float32)}, "weights of 0"),
    "short parameters": ({"parameters": np.zeros(3, np.float32)}, {}, "parameters"),
    "targets of another width": ({}, {"Y": np.zeros(7, np.float32)}, "Y with 7"),
    "a row that is not there": (
        {},
        {"call": "step", "arguments": [[0, 4]]},
        "a row = 4",
    ),
    "no rows": ({}, {"X": None, "call": "epoch", "arguments": [{}]}, "no rows"),
    "a seed below 0": ({}, {"call": "epoch", "arguments": [{"seed": -1}]}, "seed = -1"),
    "a state of another network": (
        {},
        {"call": "restore", "arguments": [np.zeros(3, np.uint8)]},
        "a state with 3",
    ),
}


@pytest.fixture(scope="module")
def refusals():
    jobs = [
        {"do": "refused", "network": PLAIN | network, **ROWS, **job}
        for network, job, _ in REFUSED.values()
    ]
    return dict(zip(REFUSED, in_node(jobs), strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_in_three_parts(refusals, name):
    message = refusals[name]
    assert message.startswith(f"InputError: {REFUSED[name][2]}")
    assert "; allowed: " in message
    assert message.endswith(".")


# --- the build


def sections(content: bytes) -> list[int]:
    """The numbers of the sections of a module, in their order."""
    assert content[:8] == b"\0asm\1\0\0\0"
    found, at = [], 8
    while at < len(content):
        found.append(content[at])
        at, size, shift = at + 1, 0, 0
        while True:
            byte = content[at]
            at, size, shift = at + 1, size | (byte & 127) << shift, shift + 7
            if byte < 128:
                break
        at += size
    return found


def test_the_binary_is_small_and_imports_nothing():
    content = (FOLDER / "engine.wasm").read_bytes()
    assert len(content) <= 300_000
    IMPORT, CUSTOM = 2, 0
    assert not {IMPORT, CUSTOM} & set(sections(content))


@pytest.mark.skipif(
    importlib.util.find_spec("ziglang") is None,
    reason="no ziglang, the compiler of the page's engine, in this environment",
)
def test_the_binary_is_what_the_sources_give():
    done = subprocess.run(
        [sys.executable, str(TREE / "tools/build_page_engine"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
