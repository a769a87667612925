"""The oracle is itself checked: by differences, by hand, and against other libraries."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

from chainrule import ACTIVATIONS, LOSSES

from ..support import oracle, peers
from ..support.cases import Case, as_problem, build, fitting_pairs, targets_for
from ..support.worked_example import WORKED

#: Central difference of step 1e-5: truncation h²/6 · f''' and rounding ε/h · f are both about 1e-10
#: times numbers of order 1 to 10.
DIFFERENCE, STEP = 1e-8, 1e-5
#: A handful of roundings of two correct programs.
ROUNDING = 1e-13


@pytest.mark.parametrize(("activation", "loss"), fitting_pairs())
def test_complex_step_equals_central_differences(activation: str, loss: str) -> None:
    case = Case(
        activation,
        loss,
        1,
        2,
        weights="random",
        penalty="both",
        masks="all",
        arguments="other",
    )
    problem = as_problem(build(case))
    for derived, names in (
        (oracle.weight_gradient(problem), "weights"),
        (oracle.bias_gradient(problem), "biases"),
    ):
        for l, array in enumerate(derived):
            for index in np.ndindex(np.shape(array)):
                numerical = _difference(problem, getattr(problem, names)[l], index)
                assert np.asarray(array)[index] == pytest.approx(
                    numerical, rel=DIFFERENCE, abs=DIFFERENCE
                )
    for i, j in np.ndindex(np.shape(problem.x)):
        alone = copy.deepcopy(problem)
        alone.sample_weight = [float(k == i) for k in range(len(problem.x))]
        alone.l1 = alone.l2 = 0.0
        numerical = _difference(alone, alone.x, (i, j))
        assert oracle.input_gradient(problem)[i][j] == pytest.approx(
            numerical, rel=DIFFERENCE, abs=DIFFERENCE
        )


def _difference(problem: oracle.Problem, holder: list, index: tuple[int, ...]) -> float:
    *path, last = index
    for i in path:
        holder = holder[i]
    kept = holder[last]
    values = []
    for sign in (1, -1):
        holder[last] = kept + sign * STEP
        values.append(oracle.objective(problem).real)
    holder[last] = kept
    return (values[0] - values[1]) / (2 * STEP)


@pytest.mark.parametrize(("activation", "loss"), fitting_pairs())
def test_deltas_are_the_derivatives_by_the_biases_of_one_row(
    activation: str, loss: str
) -> None:
    problem = as_problem(build(Case(activation, loss, 2, 2, masks="hidden")))
    deltas = oracle.deltas(problem)
    for i in range(len(problem.x)):
        problem.sample_weight = [float(k == i) for k in range(len(problem.x))]
        for l, row in enumerate(oracle.bias_gradient(problem)):
            np.testing.assert_allclose(deltas[l][i], row, rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("penalized", [False, True])
def test_a_step_worked_by_hand(penalized: bool) -> None:
    w = WORKED
    problem = oracle.Problem(
        copy.deepcopy(w.weights),
        copy.deepcopy(w.biases),
        [{"name": "relu"}, {"name": "identity"}],
        {"name": "squared_error", "factor": 0.5},
        w.x,
        w.y,
        w.sample_weight,
        **(w.penalty if penalized else {}),
    )
    rows = [oracle.run_row(problem, i) for i in range(2)]
    assert [row.ell for row in rows] == w.ell
    assert [[row.Z[l] for row in rows] for l in range(2)] == w.Z
    assert oracle.objective(problem) == (w.J_penalized if penalized else w.J)
    # 1e-30 is no power of two, so a derivative carries one rounding of the division by it
    expected = w.dW_penalized if penalized else w.dW
    for ours, by_hand in (
        *zip(oracle.weight_gradient(problem), expected, strict=True),
        *zip(oracle.bias_gradient(problem), w.db, strict=True),
        *zip(oracle.deltas(problem), w.delta, strict=True),
        (oracle.input_gradient(problem), w.dX),
    ):
        np.testing.assert_allclose(ours, by_hand, rtol=ROUNDING)


def test_derivatives_at_kinks_are_the_stated_ones() -> None:
    at_zero = oracle.Problem(
        [[[0.0]]],
        [[0.0]],
        [{"name": "relu"}],
        {"name": "absolute_error"},
        [[1.0]],
        [[-1.0]],
    )
    assert oracle.bias_gradient(at_zero) == [[0.0]]  # φ′(0) = 0
    at_zero.l1 = 3.0
    assert oracle.weight_gradient(at_zero) == [[[0.0]]]  # ∂|w| = 0 at 0


@peers.needs_torch
@pytest.mark.parametrize("name", peers.TORCH_ACTIVATIONS)
def test_activations_equal_those_of_pytorch(name: str) -> None:
    z = np.linspace(-6, 6, 60).reshape(20, 3)
    specification = ACTIVATIONS[name]().specification()
    ours = [[v.real for v in oracle.activate(specification, row)] for row in z.tolist()]
    np.testing.assert_allclose(
        ours, peers.torch_activation(specification, z), rtol=ROUNDING, atol=ROUNDING
    )


@pytest.mark.parametrize("name", peers.SCIPY_ACTIVATIONS)
def test_activations_equal_those_of_scipy(name: str) -> None:
    z = np.linspace(-6, 6, 60).reshape(20, 3)
    ours = [
        [v.real for v in oracle.activate({"name": name}, row)] for row in z.tolist()
    ]
    np.testing.assert_allclose(
        ours, peers.SCIPY_ACTIVATIONS[name](z), rtol=ROUNDING, atol=ROUNDING
    )


@pytest.mark.parametrize("name", LOSSES)
def test_losses_equal_those_of_other_libraries(name: str) -> None:
    rng = np.random.default_rng(0)
    y = targets_for(name, rng, 20, 3)
    a = rng.dirichlet([2, 2, 2], 20)
    specification = LOSSES[name]().specification()
    ours = sum(
        oracle.row_loss(specification, p, q)
        for p, q in zip(y.tolist(), a.tolist(), strict=True)
    ).real
    compared = 0
    for peer in (peers.torch_loss, peers.scikit_learn_loss):
        try:
            theirs = peer(specification, y, a)
        except (KeyError, AttributeError):  # it has no such loss, or is not installed
            continue
        assert ours == pytest.approx(theirs, rel=ROUNDING)
        compared += 1
    if name in peers.STATED_LOSSES:
        stated = [
            peers.STATED_LOSSES[name](p, q) for p, q in zip(y.flat, a.flat, strict=True)
        ]
        assert ours == pytest.approx(math.fsum(stated), rel=ROUNDING)
        compared += 1
    assert compared or (
        peers.torch is None
        and name in ("huber", "cross_entropy", "binary_cross_entropy")
    )


def test_a_name_that_the_oracle_does_not_know_is_an_error() -> None:
    with pytest.raises(KeyError, match="new"):
        oracle.activate({"name": "new"}, [1.0])
    with pytest.raises(KeyError, match="new"):
        oracle.row_loss({"name": "new"}, [1.0], [1.0])
