"""One step of every optimiser, worked by hand."""

import numpy as np
import pytest

from chainrule import OPTIMIZERS, InputError


def test_gradient_descent_and_sgd_step_by_hand():
    # θ = (1, -2), ∇J = (0.5, 4), α = 0.25: θ - α ∇J = (1 - 0.125, -2 - 1) = (0.875, -3)
    theta, gradient = np.array([1.0, -2.0]), np.array([0.5, 4.0])
    for name in ("gradient_descent", "sgd"):
        optimizer = OPTIMIZERS[name](learning_rate=0.25)
        moved, slots = optimizer.step(theta, gradient, optimizer.start(theta), 0.25, 1)
        assert moved.tolist() == [0.875, -3.0]
        assert slots == ()
    assert theta.tolist() == [1.0, -2.0]  # nothing is changed in place


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_specification_makes_it_again(name):
    optimizer = OPTIMIZERS[name](learning_rate=0.003)
    specification = optimizer.specification()
    assert OPTIMIZERS[specification.pop("name")](**specification) == optimizer


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_learning_rate_out_of_range(name, rate):
    with pytest.raises(InputError, match="learning_rate"):
        OPTIMIZERS[name](learning_rate=rate)
