"""Every check catches the fault that it is there for, and passes without it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from chainrule import ACTIVATIONS, LOSSES, Network, check_gradient
from chainrule.equations.activation import Elementwise, Softmax

from ..support import faulty_equations as faulty
from ..support.cases import Case, Setup, build, fitting_pairs
from ..support.comparison import matches_oracle

pytestmark = pytest.mark.quick

METHODS = ["central", "complex"]
#: The derivative that is off by 0.1 %.
OFF = 1.001


def passes(setup: Setup, method: str = "auto") -> bool:
    return check_gradient(
        setup.network,
        setup.parameters,
        setup.x,
        setup.y,
        masks=setup.masks,
        method=method,
        **setup.options,
    ).passed


def square(depth: int = 2, activation: str = "tanh") -> Setup:
    """All widths 3, row weights, both penalties, masks: nothing cancels, every shape fits every other."""
    return build(
        Case(
            activation,
            "squared_error",
            depth,
            3,
            weights="random",
            penalty="both",
            masks="all",
            widths="equal",
        )
    )


def mixed() -> Setup:
    """Widths 3 and another φ in every layer."""
    setup = square()
    return dataclasses.replace(
        setup,
        network=Network(
            setup.network.sizes, ("tanh", "softplus", "sigmoid"), "squared_error"
        ),
    )


@pytest.fixture
def replace(monkeypatch) -> faulty.Replace:
    return faulty.replacer(monkeypatch)


def test_the_copies_without_a_fault_pass(replace) -> None:
    replace("propagate", faulty.propagate_with())
    replace("pull_back", faulty.pull_back_with())
    for setup in (square(), mixed()):
        assert matches_oracle(setup)
        assert all(passes(setup, method) for method in METHODS)


# φ′ off by 0.1 %


def _off(prime):
    return None if prime is None else lambda z, *parameters: OFF * prime(z, *parameters)


def _with_phi_prime_off(phi: Elementwise) -> Elementwise:
    primes = ("phi_prime", "log_phi_prime", "log1m_phi_prime")
    return dataclasses.replace(
        phi, **{name: _off(getattr(phi, name)) for name in primes}
    )


def _with_activations(setup: Setup, activations) -> Setup:
    return dataclasses.replace(
        setup, network=Network(setup.network.sizes, activations, setup.network.loss)
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("place", ["hidden", "output"])
@pytest.mark.parametrize(
    "name", [n for n, make in ACTIVATIONS.items() if isinstance(make(), Elementwise)]
)
def test_phi_prime_off_by_a_thousandth(name: str, place: str, method: str) -> None:
    hidden, output = (name, "identity") if place == "hidden" else ("tanh", name)
    setup = build(Case("identity", "squared_error", 1, 3))
    right = _with_activations(setup, (hidden, output))
    assert passes(right, method)
    wrong = [
        _with_phi_prime_off(phi) if phi.name == name else phi
        for phi in right.network.activations
    ]
    assert not passes(_with_activations(setup, wrong), method)
    assert not matches_oracle(_with_activations(setup, wrong))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        (a, l)
        for a, l in fitting_pairs()
        if l in ("cross_entropy", "binary_cross_entropy", "poisson") and a != "softmax"
    ],
)
def test_the_derivative_of_a_logarithm_off_by_a_thousandth(
    activation: str, loss: str, method: str
) -> None:
    setup = build(Case(activation, loss, 0, 3))
    wrong = _with_phi_prime_off(setup.network.activations[0])
    assert passes(setup, method)
    assert not passes(_with_activations(setup, (wrong,)), method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("function", "loss", "depth"),
    [
        ("pull_back", "squared_error", 0),
        ("pull_back", "squared_error", 1),
        ("log_pull_back", "cross_entropy", 0),
        ("log1m_pull_back", "binary_cross_entropy", 0),
    ],
)
def test_the_jacobian_of_softmax_off_by_a_thousandth(
    monkeypatch, function, loss, depth, method
) -> None:
    setup = build(Case("softmax", loss, depth, 3))
    assert passes(setup, method)
    right = getattr(Softmax, function)
    monkeypatch.setattr(
        Softmax, function, lambda self, z, a, g: OFF * right(self, z, a, g)
    )
    assert not passes(setup, method)
    assert not matches_oracle(setup)


# The value of a loss and its Δ[L]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("value", "delta"), [(2.0, 1.0), (OFF, 1.0), (1.0, OFF)])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_scaled_in_its_value_or_its_delta_only(
    monkeypatch, loss, value, delta, method
) -> None:
    activation = next(a for a, l in fitting_pairs() if l == loss)
    setup = build(Case(activation, loss, 1, 3))
    assert passes(setup, method)
    kind = type(setup.network.loss)
    right = kind.value_and_delta

    def scaled(self, *arguments):
        ell, d = right(self, *arguments)
        return value * ell, delta * d

    monkeypatch.setattr(kind, "value_and_delta", scaled)
    assert not passes(setup, method)
    assert not matches_oracle(setup)


# The forward pass. Faults that forward and backward share pass the gradient check: the oracle sees them.


def test_weights_transposed_in_both_passes(replace) -> None:
    replace("propagate", faulty.propagate_with(transposed=True))
    replace(
        "pull_back",
        faulty.pull_back_with(
            W_back=lambda W: W.T, weight_of=lambda delta, A: A.T @ delta
        ),
    )
    assert passes(square())
    assert not matches_oracle(square())


def test_a_bias_dropped_in_both_passes(replace) -> None:
    replace("propagate", faulty.propagate_with(bias=False))
    replace("pull_back", faulty.pull_back_with(bias=0.0))
    setup = square()
    found = check_gradient(
        setup.network,
        setup.parameters,
        setup.x,
        setup.y,
        masks=setup.masks,
        **setup.options,
    )
    assert not found.failed
    # 0 and 0, of which rounding could hide anything
    left = {a.name for a in found.arrays if not a.passed}
    assert left == {"b[1]", "b[2]", "b[3]"}
    assert not matches_oracle(square())


FORWARD = {
    "weights transposed": {"transposed": True},
    "bias dropped": {"bias": False},
    "hidden masks dropped": {"mask_on_output": False},
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", FORWARD)
def test_a_fault_in_the_forward_pass_only(replace, fault: str, method: str) -> None:
    replace("propagate", faulty.propagate_with(**FORWARD[fault]))
    assert not passes(square(), method)
    assert not matches_oracle(square())


# The backward pass


def _other_layer(l: int) -> int:
    return 2 if l == 1 else 1


BACKWARD = {
    "weights transposed": {"W_back": lambda W: W.T},
    "weight gradient transposed": {"weight_of": lambda delta, A: A.T @ delta},
    "bias gradient dropped": {"bias": 0.0},
    "φ′ of another layer": {"phi_of_layer": _other_layer},
    "φ′ at another layer's Z": {"z_of_layer": _other_layer},
    "φ′ of the layer above": {"phi_of_layer": lambda l: l + 1},
    "bias gradient from the output's Δ": {"delta_of_bias": lambda l: 3},
    "bias gradients of hidden and output swapped": {
        "delta_of_bias": lambda l: {1: 1, 2: 3, 3: 2}[l]
    },
    "bias gradient from the layer below": {"delta_of_bias": lambda l: max(l - 1, 1)},
    "Σw not divided by": {"scale": lambda s: s * 7.5},
    "row weights left out": {"scale": lambda s: np.full_like(s, np.mean(s))},
    "penalty on biases": {"bias_penalty": True},
    "masks left out": {"mask": False},
    "dX weighted": {"dX_weighted": True},
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", BACKWARD)
def test_a_fault_in_the_backward_pass(replace, fault: str, method: str) -> None:
    assert passes(mixed(), method)
    replace("pull_back", faulty.pull_back_with(**BACKWARD[fault]))
    assert not passes(mixed(), method)
    assert not matches_oracle(mixed())


def test_the_bias_gradient_of_the_hidden_layer_from_the_output(replace) -> None:
    # the fault of one of the documents: db[1] from Δ[2], seen only where hidden and output widths differ not
    setup = square(depth=1)
    assert passes(setup)
    replace("pull_back", faulty.pull_back_with(delta_of_bias=lambda l: 2))
    assert not passes(setup)
    result = check_gradient(
        setup.network,
        setup.parameters,
        setup.x,
        setup.y,
        masks=setup.masks,
        **setup.options,
    )
    assert [a.name for a in result.arrays if not a.passed] == ["b[1]", "direction"]


# Scale and penalty


@pytest.mark.parametrize(
    "variant", [faulty.weights_not_divided, faulty.weights_divided_by_rows]
)
def test_a_wrong_divisor_in_both_passes(replace, variant) -> None:
    assert matches_oracle(square())
    replace("reduction_weights", variant)
    assert passes(square())  # value and gradient agree with each other
    assert not matches_oracle(square())


@pytest.mark.parametrize("method", METHODS)
def test_a_penalty_on_the_value_of_biases_only(replace, method: str) -> None:
    replace("penalty", faulty.penalty_with_biases)
    assert not passes(square(), method)


def test_a_penalty_on_biases_in_value_and_gradient(replace) -> None:
    replace("penalty", faulty.penalty_with_biases)
    replace("pull_back", faulty.pull_back_with(bias_penalty=True))
    assert passes(square())
    assert not matches_oracle(square())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "variant",
    [
        lambda W, l1, l2: l1 * np.sign(W),
        lambda W, l1, l2: l2 * W,
        lambda W, l1, l2: l1 * np.sign(W) + 2 * l2 * W,
    ],
    ids=["no l2", "no l1", "l2 without its half"],
)
def test_a_wrong_gradient_of_the_penalty(replace, variant, method: str) -> None:
    replace("penalty_gradient", variant)
    assert not passes(square(), method)
    assert not matches_oracle(square())
