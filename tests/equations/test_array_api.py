"""The same network on NumPy, array-api-strict and PyTorch: one source, one result."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from chainrule import ACTIVATIONS, Network, Parameters, backward, forward, objective
from chainrule.equations.arrays import as_numpy

from ..support import peers
from ..support.cases import OTHER_ARGUMENTS, Case, Setup, build, fitting_pairs

#: The libraries sum and exponentiate in their own order and polynomials, an ulp or two apart.
AGREEMENT = 1e-12
#: The same for float32: ε₃₂/ε is 2^29, 5e8; what is near 1e-15 in float64 is near 1e-6.
AGREEMENT32 = 1e-5
LIBRARIES = ["array_api_strict", pytest.param("torch", marks=peers.needs_torch)]
CASES = [
    Case(a, l, 1, 2, weights="random", penalty="both", masks="all", arguments=which)
    for a, l in fitting_pairs()
    for which in ("default", "other")
    if which == "default" or {a, l} & {*OTHER_ARGUMENTS, "pinball"}
]


def run(setup: Setup, theta):
    """J, trace and gradient with the parameters in another library; the data are NumPy's."""
    p = Parameters(setup.network.sizes, theta)
    trace = forward(setup.network, p, setup.x, masks=setup.masks)
    gradient = backward(setup.network, p, trace, setup.y, **setup.options)
    return (
        objective(
            setup.network, p, setup.x, setup.y, masks=setup.masks, **setup.options
        ),
        trace,
        gradient,
    )


def quantities(result) -> dict[str, object]:
    J, trace, gradient = result
    return {
        "loss": J,
        "J": gradient.J,
        "flat": gradient.flat,
        "dX": gradient.dX,
        **{f"A[{l}]": a for l, a in enumerate(trace.A)},
        **{f"Z[{l}]": z for l, z in enumerate(trace.Z, 1)},
        **{f"delta[{l}]": d for l, d in enumerate(gradient.delta, 1)},
        **{f"dW[{l}]": g for l, g in enumerate(gradient.dW, 1)},
        **{f"db[{l}]": g for l, g in enumerate(gradient.db, 1)},
    }


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_quantity_agrees_and_stays_in_its_library(
    case: Case, library: str
) -> None:
    xp = importlib.import_module(library)
    setup = build(case)
    expected = quantities(run(setup, setup.parameters.theta))
    found = quantities(run(setup, xp.asarray(setup.parameters.theta)))
    for name, value in found.items():
        assert type(value) is type(xp.asarray([0.0])), name
        assert value.dtype == xp.float64, name
        scale = max(float(np.max(np.abs(expected[name]))), 1e-3)
        assert (
            float(np.max(np.abs(as_numpy(value) - expected[name]))) <= AGREEMENT * scale
        ), name


@pytest.mark.parametrize("library", ["numpy", *LIBRARIES])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_float32_stays_float32(case: Case, library: str) -> None:
    xp = importlib.import_module(library)
    setup = build(case)
    expected = quantities(run(setup, setup.parameters.theta))
    for name, value in quantities(
        run(setup, xp.asarray(setup.parameters.theta.astype(np.float32)))
    ).items():
        assert value.dtype == xp.float32, name
        if not setup.network.loss.residual_kinks(setup.y, np.zeros((5, 2))):
            scale = max(float(np.max(np.abs(expected[name]))), 1e-1)
            assert (
                float(np.max(np.abs(as_numpy(value) - expected[name])))
                <= AGREEMENT32 * scale
            ), name


@pytest.mark.parametrize("library", LIBRARIES)
def test_data_of_the_same_library_are_taken_as_they_are(library: str) -> None:
    xp = importlib.import_module(library)
    setup = build(Case("tanh", "squared_error", 1))
    p = Parameters(setup.network.sizes, xp.asarray(setup.parameters.theta))
    x = xp.asarray(setup.x)
    assert forward(setup.network, p, x).A[0] is x
    weight = xp.asarray(np.ones(len(setup.x)))
    J = objective(setup.network, p, x, xp.asarray(setup.y), sample_weight=weight)
    assert float(J) == pytest.approx(
        float(objective(setup.network, setup.parameters, setup.x, setup.y)),
        rel=AGREEMENT,
    )


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_init_makes_the_same_numbers_in_every_library(library: str, dtype: str) -> None:
    xp = importlib.import_module(library)
    network = Network((3, 4, 2), ("relu", "softmax"), "cross_entropy")
    theta = network.init(5, dtype, xp=xp).theta
    assert theta.dtype == getattr(xp, dtype)
    np.testing.assert_array_equal(as_numpy(theta), network.init(5, dtype).theta)


@pytest.mark.parametrize("library", LIBRARIES)
def test_labels_as_integers_of_the_library(library: str) -> None:
    xp = importlib.import_module(library)
    network = Network((2, 3), ("softmax",), "cross_entropy")
    p = network.init(0, xp=xp)
    x = xp.asarray([[0.5, 1.0], [2.0, -1.0]], dtype=xp.float64)
    given = float(objective(network, p, x, xp.asarray([2, 0])))
    assert given == pytest.approx(
        float(objective(network, network.init(0), as_numpy(x), [2, 0])), rel=AGREEMENT
    )


def test_every_activation_is_there() -> None:
    assert {case.activation for case in CASES} == set(ACTIVATIONS)
