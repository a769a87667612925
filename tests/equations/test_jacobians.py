"""Jacobians between layers, against the complex step of the naive oracle and of a pass written here."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    InputError,
    Network,
    Parameters,
    backward,
    forward,
    jacobian,
)
from chainrule.documents import sweep
from chainrule.equations import jacobians
from chainrule.equations.activation import Elementwise

from ..support.oracle_truth import OracleTruth

H = 1e-30
#: Some hundred roundings of float64, relative to entries about 1.
TOLERANCE = 1e-13


def problem(activations, sizes=(4, 3, 5, 2), rows=3, seed=0):
    rng = np.random.default_rng(seed)
    network = Network(sizes, activations, "squared_error")
    parameters = Parameters(sizes, rng.uniform(-1, 1, network.n_parameters))
    return network, parameters, rng.normal(size=(rows, sizes[0]))


def places(L):
    return [("A", 0), *((letter, l) for l in range(1, L + 1) for letter in "ZA")]


PAIRS = [(of, by) for i, of in enumerate(places(3)) for by in places(3)[: i + 1]]


def stepped(network, parameters, x, of, by, masks=None):
    """∂(of)/∂(by) by complex step, of a forward pass written out here."""
    L, n = network.n_layers, network.sizes
    masks = masks or [None] * L

    def run(bump):
        a = x.astype(complex)
        a = a if masks[0] is None else a * masks[0]
        seen = {}
        for place in places(L):
            letter, l = place
            if letter == "Z":
                a = a @ parameters.weights[l - 1].T + parameters.biases[l - 1]
            elif l:
                a = network.activations[l - 1].value(a)
                a = a if l == L or masks[l] is None else a * masks[l]
            a = a + bump if place == by else a
            seen[place] = a
        return seen[of]

    units = np.eye(n[by[1]])
    return np.stack([run(1j * H * unit).imag / H for unit in units], axis=-1)


@pytest.mark.parametrize(("of", "by"), PAIRS)
@pytest.mark.parametrize(
    "activations", [("tanh", "sigmoid", "identity"), ("softplus", "softmax", "tanh")]
)
def test_every_pair_of_layers_by_complex_step(of, by, activations) -> None:
    network, parameters, x = problem(activations)
    found = jacobian(network, parameters, x, of=of, by=by)
    assert found.shape == (3, network.sizes[of[1]], network.sizes[by[1]])
    np.testing.assert_allclose(
        found, stepped(network, parameters, x, of, by), rtol=0, atol=TOLERANCE
    )
    truth = OracleTruth(sweep(network, parameters, x, np.zeros((3, 2))))
    if by[0] == of[0] or by[1] < of[1]:
        for row in range(3):
            np.testing.assert_allclose(
                found[row], truth.jacobian(of, by, row), rtol=0, atol=TOLERANCE
            )


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name) -> None:
    if not ACTIVATIONS[name]().analytic:
        pytest.skip("no complex step through this activation")
    network, parameters, x = problem((name, "tanh", "identity"))
    of, by = ("A", 3), ("A", 0)
    found = jacobian(network, parameters, x, of=of, by=by)
    np.testing.assert_allclose(
        found,
        stepped(network, parameters, x, of, by),
        rtol=TOLERANCE,
        atol=TOLERANCE * np.max(np.abs(found)),
    )


def test_masks_are_factors() -> None:
    network, parameters, x = problem(("tanh", "softmax", "identity"))
    rng = np.random.default_rng(1)
    masks = [2.0 * rng.integers(0, 2, (3, n)) for n in network.sizes[:3]]
    for of, by in PAIRS:
        found = jacobian(network, parameters, x, of=of, by=by, masks=masks)
        np.testing.assert_allclose(
            found,
            stepped(network, parameters, x, of, by, masks),
            rtol=0,
            atol=TOLERANCE,
        )


def test_s4_7_the_jacobian_between_two_layers_is_the_matrix_of_weights() -> None:
    network, parameters, x = problem(("tanh", "sigmoid", "identity"))
    for l in (1, 2, 3):
        found = jacobian(network, parameters, x, of=("Z", l), by=("A", l - 1))
        assert all(
            np.array_equal(J, parameters.weights[l - 1]) for J in found
        )  # (53), (71)
    diagonal = jacobian(network, parameters, x, of=("A", 2), by=("Z", 2))  # (58)
    assert np.array_equal(diagonal, np.stack([np.diag(np.diag(J)) for J in diagonal]))
    same = jacobian(network, parameters, x, of=("Z", 2), by=("Z", 2))
    assert np.array_equal(same, np.stack([np.eye(5)] * 3))


def test_the_backward_pass_multiplies_by_the_same_jacobian() -> None:
    network, parameters, x = problem(("relu", "tanh", "identity"))
    y = np.ones((3, 2))
    gradient = backward(network, parameters, forward(network, parameters, x), y)
    J = jacobian(network, parameters, x, of=("Z", 3), by=("A", 0))
    np.testing.assert_allclose(
        np.einsum("ik,ikj->ij", gradient.delta[-1], J),
        gradient.dX,
        rtol=0,
        atol=TOLERANCE,
    )


def test_relu_at_its_kink_has_the_slope_0_and_one_row_and_float32_stay() -> None:
    network = Network((1, 1), ("relu",), "squared_error")
    parameters = Parameters((1, 1), np.array([1.0, 0.0], np.float32))
    found = jacobian(network, parameters, np.zeros((1, 1)), of=("A", 1), by=("Z", 1))
    assert found.dtype == np.float32
    assert found.shape == (1, 1, 1)
    assert found == 0


@pytest.mark.parametrize(
    ("of", "by", "words"),
    [
        (("A", 4), ("A", 0), "of = ('A', 4)"),
        (("A", 3), ("Z", 0), "by = ('Z', 0)"),
        (("A", 3), ("W", 1), "by = ('W', 1)"),
        (("A", True), ("A", 0), "of = ('A', True)"),
        (("A", -1), ("A", 0), "of = ('A', -1)"),
        ("A3", ("A", 0), "of = 'A3'"),
        ((["A"], 1), ("A", 0), "of = (['A'], 1)"),
        (("Z", 1), ("A", 1), "∂Z[1]/∂A[1]"),
        (("A", 1), ("Z", 2), "A[1] does not depend on Z[2]"),
    ],
)
def test_what_is_no_pair_is_refused(of, by, words) -> None:
    network, parameters, x = problem(("tanh", "sigmoid", "identity"))
    with pytest.raises(InputError) as caught:
        jacobian(network, parameters, x, of=of, by=by)
    assert words in str(caught.value)


# Planted faults


@pytest.mark.parametrize(
    "fault",
    [
        lambda phi, z, J: 1.001 * jacobians_through(phi, z, J),
        lambda phi, z, J: jacobians_through(phi, z - 1e-6, J),
        lambda phi, z, J: J,
        lambda phi, z, J: (
            jacobians_through(phi, z, J)
            if isinstance(phi, Elementwise)
            else phi.value(z)[:, :, None] * J
        ),
    ],
    ids=["0.1 %", "another z", "no slope", "softmax by its diagonal part alone"],
)
def test_a_planted_fault_is_caught(fault, monkeypatch) -> None:
    network, parameters, x = problem(("softplus", "softmax", "tanh"))
    monkeypatch.setattr(jacobians, "through", fault)
    found = jacobian(network, parameters, x, of=("A", 3), by=("A", 0))
    expected = stepped(network, parameters, x, ("A", 3), ("A", 0))
    assert np.max(np.abs(found - expected)) > 100 * TOLERANCE


jacobians_through = jacobians.through
