"""θ and what is read out of it (U1), where it starts, and the draws behind it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from chainrule import INITIALIZERS, Network, Parameters
from chainrule.equations.draws import Purpose, generator

WIDE, HIGH = (
    Network((300, 200), ("identity",), "squared_error"),
    Network((200, 300), ("identity",), "squared_error"),
)
DEEP = Network((5, 4, 3, 2), ("tanh", "tanh", "identity"), "squared_error")
#: A sample statistic lies within 5 standard deviations of its mean but once in two million draws.
SIGMAS = 5


def test_the_layout_of_theta_by_hand() -> None:
    # 3-2-1: W[1] = (0 1 2; 3 4 5), W[2] = (6 7), b[1] = (8, 9), b[2] = 10
    p = Parameters((3, 2, 1), np.arange(11.0))
    assert [W.tolist() for W in p.weights] == [[[0, 1, 2], [3, 4, 5]], [[6, 7]]]
    assert [b.tolist() for b in p.biases] == [[8, 9], [10]]


def test_weights_and_biases_are_views() -> None:
    p = Parameters((3, 2, 1), np.zeros(11))
    p.weights[1][0, 1] = 5.0
    p.biases[0][1] = 7.0
    assert p.theta.tolist() == [0, 0, 0, 0, 0, 0, 0, 5, 0, 7, 0]
    assert all(np.shares_memory(array, p.theta) for array in (*p.weights, *p.biases))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((784, 10, 10), 784 * 10 + 10 * 10 + 10 + 10),  # 7960
        ((64, 10, 10), 760),
        ((1, 1), 2),
        ((4, 16, 16, 1), 369),  # 64 + 256 + 16 + 33
    ],
)
def test_the_number_of_parameters(sizes, expected) -> None:
    network = Network(sizes, ["identity"] * (len(sizes) - 1), "squared_error")
    assert network.n_parameters == expected
    assert network.init().theta.shape == (expected,)
    assert network.n_layers == len(sizes) - 1


def test_a_network_is_a_frozen_description() -> None:
    network = Network([np.int64(3), 2, 1], ["tanh", "identity"], "squared_error")
    assert network.sizes == (3, 2, 1)
    assert all(type(n) is int for n in network.sizes)
    assert network == Network((3, 2, 1), ("tanh", "identity"), "squared_error")
    assert network != Network((3, 2, 1), ("relu", "identity"), "squared_error")
    assert hash(network) == hash(
        Network((3, 2, 1), ("tanh", "identity"), "squared_error")
    )
    assert str(network) == "3 → 2 tanh → 1 identity, squared_error(factor=0.5)"
    with pytest.raises(AttributeError):
        network.sizes = (1, 1)


def test_from_arrays_and_back() -> None:
    p = DEEP.init(3)
    again = Parameters.from_arrays(p.weights, p.biases)
    assert again.sizes == p.sizes
    np.testing.assert_array_equal(again.theta, p.theta)
    assert not np.shares_memory(again.theta, p.theta)
    assert Parameters.from_arrays([[[1, 2]]], [[3]]).theta.dtype == np.float64
    assert (
        Parameters.from_arrays([np.ones((1, 2), int)], [np.ones(1, int)]).theta.dtype
        == np.float64
    )
    assert (
        Parameters.from_arrays([np.ones((1, 2), "f4")], [np.ones(1, "f4")]).theta.dtype
        == np.float32
    )


# Where weights start


VARIANCE = {
    "glorot_uniform": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "glorot_normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he_uniform": lambda fan_in, fan_out: 2 / fan_in,
    "he_normal": lambda fan_in, fan_out: 2 / fan_in,
    "lecun_uniform": lambda fan_in, fan_out: 1 / fan_in,
    "lecun_normal": lambda fan_in, fan_out: 1 / fan_in,
}


def test_every_initializer_is_tested() -> None:
    assert set(INITIALIZERS) == {*VARIANCE, "orthogonal", "zeros"}


@pytest.mark.parametrize("network", [WIDE, HIGH], ids=["wide", "high"])
@pytest.mark.parametrize("name", VARIANCE)
def test_mean_and_variance_are_those_of_the_source(name: str, network: Network) -> None:
    W = network.init(7, initializer=name).weights[0]
    n, variance = W.size, VARIANCE[name](*network.sizes)
    uniform = name.endswith("uniform")
    fourth = (9 / 5 if uniform else 3) * variance**2  # E w⁴
    assert abs(W.mean()) <= SIGMAS * math.sqrt(variance / n)
    assert abs((W**2).mean() - variance) <= SIGMAS * math.sqrt(
        (fourth - variance**2) / n
    )
    assert (
        abs((W**4).mean() / fourth - 1) <= 0.1
    )  # a uniform one is not a normal one: 1.8 against 3
    if uniform:
        limit = math.sqrt(3 * variance)
        assert 0.999 * limit < np.abs(W).max() <= limit


@pytest.mark.parametrize("network", [WIDE, HIGH, DEEP], ids=["wide", "high", "deep"])
def test_orthogonal_rows_or_columns(network: Network) -> None:
    for W in network.init(1, initializer="orthogonal").weights:
        product = W @ W.T if W.shape[0] <= W.shape[1] else W.T @ W
        np.testing.assert_allclose(product, np.eye(min(W.shape)), atol=1e-13)


def test_orthogonal_matrices_are_drawn_evenly() -> None:
    # 1 x 1: +1 and -1 alike; without the correction of signs QR gives one of them always
    network = Network((1, 1), ("identity",), "squared_error")
    signs = [
        network.init(seed, initializer="orthogonal").weights[0].item()
        for seed in range(100)
    ]
    assert set(np.sign(signs)) == {-1.0, 1.0}
    assert abs(sum(signs)) <= SIGMAS * 10


@pytest.mark.parametrize("name", INITIALIZERS)
def test_biases_start_at_0_and_seeds_decide(name: str) -> None:
    p = DEEP.init(1, initializer=name)
    assert all((b == 0).all() for b in p.biases)
    np.testing.assert_array_equal(p.theta, DEEP.init(1, initializer=name).theta)
    differs = not np.array_equal(p.theta, DEEP.init(2, initializer=name).theta)
    assert differs == (name != "zeros")
    assert (p.theta == 0).all() == (name == "zeros")


def test_float32_starts_at_the_rounded_numbers() -> None:
    double, single = DEEP.init(4).theta, DEEP.init(4, "float32").theta
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, double.astype(np.float32))


def test_no_two_layers_share_their_draw() -> None:
    weights = Network((4, 4, 4), ("tanh", "identity"), "squared_error").init(0).weights
    assert not np.array_equal(*weights)


# Draws


def test_every_part_of_the_key_makes_another_draw() -> None:
    keys = list(itertools.product((0, 1, 2**63), Purpose, (0, 1, 2**40), (0, 1, 2**40)))
    drawn = {tuple(generator(*key).integers(0, 2**63, 4).tolist()) for key in keys}
    assert len(drawn) == len(keys)


def test_the_same_key_makes_the_same_draw() -> None:
    one, other = (
        generator(2**64 - 1, Purpose.ORDER, 3, 5).normal(size=9) for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)


def test_steps_do_not_run_into_each_other() -> None:
    # a million numbers of step 0 hold nothing of step 1
    first = generator(0, Purpose.DROPOUT, 0, 0).integers(0, 2**63, 1_000_000)
    assert not np.isin(
        generator(0, Purpose.DROPOUT, 0, 1).integers(0, 2**63, 100), first
    ).any()


def test_the_purposes_keep_their_numbers() -> None:
    # they are part of what fixes trained bits
    kept = {
        "INITIALIZATION": 0,
        "ORDER": 1,
        "DROPOUT": 2,
        "SPLIT": 3,
        "GRADIENT_CHECK": 4,
    }
    assert kept.items() <= {purpose.name: purpose.value for purpose in Purpose}.items()
    assert len({int(purpose) for purpose in Purpose}) == len(Purpose)
