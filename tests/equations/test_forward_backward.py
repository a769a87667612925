"""F0-F2, J1, J2 and B1-B4 against the naive oracle, on every activation × fitting loss × depth 0-3."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    InputError,
    Network,
    Parameters,
    backward,
    forward,
    objective,
)
from chainrule.equations.second_order import linearize

from ..support import oracle
from ..support.cases import (
    DEPTHS,
    FACTORS,
    Case,
    build,
    fits,
    full_product,
    pairwise_cases,
)
from ..support.comparison import AGREEMENT, relative_errors
from ..support.worked_example import WORKED

pytestmark = pytest.mark.quick


@pytest.mark.parametrize("case", pairwise_cases(), ids=str)
def test_every_quantity_equals_the_oracles(case: Case) -> None:
    errors = relative_errors(build(case))
    assert {name: e for name, e in errors.items() if not e <= AGREEMENT} == {}


@pytest.mark.full
@pytest.mark.parametrize("outputs", FACTORS["outputs"])
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(
    ("activation", "loss"), sorted({(c.activation, c.loss) for c in pairwise_cases()})
)
def test_the_full_product(activation: str, loss: str, depth: int, outputs: int) -> None:
    for case in (
        full_product(activation, loss, depth, outputs)
        if fits(activation, loss, outputs)
        else ()
    ):
        errors = relative_errors(build(case))
        assert max(errors.values()) <= AGREEMENT, f"{case}: {errors}"


def test_the_cases_hold_every_activation_fitting_loss_and_depth() -> None:
    cases = pairwise_cases()
    for activation, loss_name, depth in itertools.product(ACTIVATIONS, LOSSES, DEPTHS):
        present = any(
            (c.activation, c.loss, c.depth) == (activation, loss_name, depth)
            for c in cases
        )
        assert present == any(
            fits(activation, loss_name, n) for n in FACTORS["outputs"]
        )


def test_the_cases_hold_every_pair_of_the_other_factors() -> None:
    for one, other in itertools.combinations(FACTORS, 2):
        seen = {(getattr(c, one), getattr(c, other)) for c in pairwise_cases()}
        assert seen == set(itertools.product(FACTORS[one], FACTORS[other]))


def test_the_oracle_knows_every_row_of_the_tables() -> None:
    assert set(ACTIVATIONS) == set(oracle.ELEMENTWISE) | set(oracle.VECTOR)
    assert set(LOSSES) == set(oracle.LOSS)


@pytest.mark.parametrize("penalized", [False, True])
def test_a_step_worked_by_hand(penalized: bool) -> None:
    w = WORKED
    network = Network((2, 2, 1), ("relu", "identity"), "squared_error")
    p = Parameters.from_arrays(w.weights, w.biases)
    options = {"sample_weight": w.sample_weight, **(w.penalty if penalized else {})}
    gradient = backward(network, p, forward(network, p, w.x), w.y, **options)
    # every number is a binary fraction of a few digits, so that no operation rounds
    assert float(gradient.J) == (w.J_penalized if penalized else w.J)
    assert [d.tolist() for d in gradient.delta] == w.delta
    assert [g.tolist() for g in gradient.dW] == (w.dW_penalized if penalized else w.dW)
    assert [g.tolist() for g in gradient.db] == w.db
    assert gradient.dX.tolist() == w.dX
    moved = p.theta - 0.5 * gradient.flat  # U1
    if not penalized:
        assert moved.tolist() == w.theta_after_half_a_step


def test_softmax_and_cross_entropy_by_hand() -> None:
    # z = (0, log 2, log 3) gives a = (1, 2, 3)/6; label 2: ℓ = -log(1/2), Δ = a - (0, 0, 1)
    network = Network((1, 3), ("softmax",), "cross_entropy")
    p = Parameters.from_arrays([[[0.0], [0.0], [0.0]]], [[0.0, np.log(2), np.log(3)]])
    gradient = backward(network, p, forward(network, p, [[1.0]]), [2])
    np.testing.assert_allclose(float(gradient.J), np.log(2), rtol=1e-15)
    np.testing.assert_allclose(gradient.delta[0], [[1 / 6, 1 / 3, -1 / 2]], rtol=1e-15)


def test_the_input_gradient_is_of_each_rows_own_loss() -> None:
    setup = build(
        Case(
            "tanh", "squared_error", 2, 3, weights="random", penalty="both", masks="all"
        )
    )
    trace = forward(setup.network, setup.parameters, setup.x, masks=setup.masks)
    weighted = backward(
        setup.network, setup.parameters, trace, setup.y, **setup.options
    )
    plain = backward(setup.network, setup.parameters, trace, setup.y, reduction="sum")
    np.testing.assert_array_equal(weighted.dX, plain.dX)
    for one, other in zip(weighted.delta, plain.delta, strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_the_input_gradient_all_else_is_the_same() -> None:
    setup = build(Case("sigmoid", "binary_cross_entropy", 1, 2))
    trace = forward(setup.network, setup.parameters, setup.x)
    whole = backward(setup.network, setup.parameters, trace, setup.y)
    part = backward(
        setup.network, setup.parameters, trace, setup.y, input_gradient=False
    )
    assert part.dX is None
    np.testing.assert_array_equal(part.flat, whole.flat)


def test_the_gradient_is_laid_out_as_theta() -> None:
    setup = build(Case("tanh", "huber", 2, 3))
    gradient = backward(
        setup.network,
        setup.parameters,
        forward(setup.network, setup.parameters, setup.x),
        setup.y,
    )
    laid_out = np.concatenate([g.ravel() for g in (*gradient.dW, *gradient.db)])
    np.testing.assert_array_equal(gradient.flat, laid_out)


def test_a_trace_of_other_parameters_is_refused() -> None:
    network = Network((2, 3, 1), ("tanh", "identity"), "squared_error")
    x, y = np.ones((2, 2)), [0.0, 1.0]
    trace = forward(network, network.init(0), x)
    for call in (backward, linearize):
        call(network, network.init(0), trace, y)  # the same numbers, another array
        for other in (network.init(1), network.init(0, "float32")):
            with pytest.raises(InputError, match="made with other parameters") as said:
                call(network, other, trace, y)
            assert "forward(network, parameters, x)" in said.value.remedy


def test_a_trace_holds_all_that_was_computed() -> None:
    setup = build(Case("relu", "squared_error", 2, 1, masks="hidden"))
    trace = forward(setup.network, setup.parameters, setup.x, masks=setup.masks)
    assert (len(trace.A), len(trace.Z), len(trace.M)) == (4, 3, 3)
    assert trace.output is trace.A[-1]
    assert trace.M[0] is None
    np.testing.assert_array_equal(
        trace.A[1], np.maximum(trace.Z[0], 0) * setup.masks[1]
    )


def test_a_penalty_is_never_divided_and_never_on_biases() -> None:
    network = Network((1, 1), ("identity",), "squared_error")
    p = Parameters.from_arrays([[[3.0]]], [[100.0]])
    x, y = [[0.0]] * 4, [[100.0]] * 4
    # residuals 0: J is the penalty alone, 0.5·3 + ½·2·9
    for reduction in ("mean", "sum"):
        assert (
            float(objective(network, p, x, y, l1=0.5, l2=2.0, reduction=reduction))
            == 10.5
        )
