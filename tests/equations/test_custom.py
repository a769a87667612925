"""A user's own φ and ℓ: accepted where the derivative is right, refused where it is not, saying where."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule import (
    InputError,
    Network,
    check_gradient,
    custom_activation,
    custom_loss,
)


def relu(z):
    return np.where(z > 0, z, 0 * z)


def step(z):
    return (z > 0) * 1.0


def softplus(z):
    return np.logaddexp(0, z)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize(
    ("phi", "prime", "options"),
    [
        (np.sin, np.cos, {"bounds": (-1.0, 1.0)}),
        (lambda z: z**2, lambda z: 2 * z, {"bounds": (-1e-9, math.inf)}),
        (softplus, sigmoid, {"bounds": (0.0, math.inf)}),
        (relu, step, {"kinks": (0.0,)}),
        (np.abs, np.sign, {"kinks": (0.0,)}),
        (lambda z: relu(z - 2.5), lambda z: step(z - 2.5), {"kinks": (2.5,)}),
        # infinite on a part of [-12, 12]: compared elsewhere
        (lambda z: np.where(z > 10, np.inf, z), np.ones_like, {}),
        (lambda z: 1e6 * np.sin(z), lambda z: 1e6 * np.cos(z), {}),
    ],
    ids=[
        "sin",
        "square",
        "softplus",
        "relu",
        "abs",
        "shifted relu",
        "overflowing",
        "large",
    ],
)
def test_a_right_derivative_is_accepted(phi, prime, options) -> None:
    made = custom_activation(phi, prime, name="mine", **options)
    assert (made.name, made.custom) == ("mine", True)
    assert made.kinks == options.get("kinks", ())


def test_an_own_activation_trains_and_passes_the_check() -> None:
    sine = custom_activation(
        np.sin, np.cos, name="sine", bounds=(-1.0, 1.0), analytic=True
    )
    network = Network((2, 4, 2), (sine, "softmax"), "cross_entropy")
    for method in ("complex", "central"):
        result = check_gradient(
            network, network.init(1), [[0.3, -2.0], [1.0, 0.5]], [0, 1], method=method
        )
        assert result.passed, str(result)


def test_bounds_decide_which_losses_fit() -> None:
    squeezed = custom_activation(
        lambda z: 0.5 + np.sin(z) / 3, lambda z: np.cos(z) / 3, bounds=(0.0, 1.0)
    )
    Network((1, 1), (squeezed,), "binary_cross_entropy")
    sine = custom_activation(np.sin, np.cos, bounds=(-1.1, 1.1))
    with pytest.raises(InputError, match="binary_cross_entropy"):
        Network((1, 1), (sine,), "binary_cross_entropy")


def test_a_derivative_off_by_a_thousandth_is_refused_and_shown() -> None:
    # the largest error of 0.1 % of cos is where |cos| is largest: a multiple of π
    with pytest.raises(InputError) as caught:
        custom_activation(np.sin, lambda z: 1.001 * np.cos(z), name="sine")
    message = str(caught.value)
    z = float(message.split("z = ")[1].split(":", maxsplit=1)[0])
    given, numerical = (
        float(part.split(" say")[0].split()[-1].strip(",."))
        for part in _values(message)
    )
    assert abs(z / math.pi - round(z / math.pi)) < 0.02
    assert given == pytest.approx(1.001 * math.cos(z), rel=1e-5)
    assert numerical == pytest.approx(math.cos(z), rel=1e-5)
    assert "sine" in message
    assert "Correct φ′" in message


def _values(message: str) -> tuple[str, str]:
    given = message.split("φ′ says ")[1].split(", ", maxsplit=1)[0]
    numerical = message.split("differences of the function say ")[1].split(
        ". Allowed", maxsplit=1
    )[0]
    return given, numerical


def test_a_derivative_wrong_at_one_place_is_shown_there() -> None:
    def wrong_near_three(z):
        return np.cos(z) + 0.01 * (np.abs(z - 3) < 0.06)

    with pytest.raises(InputError, match=r"wrong at z = (2\.9\d*|3|3\.0\d*):"):
        custom_activation(np.sin, wrong_near_three)


def test_a_derivative_that_is_nan_is_refused() -> None:
    with pytest.raises(InputError, match="says nan"):
        custom_activation(np.sin, lambda z: np.where(z > 11, np.nan, np.cos(z)))


@pytest.mark.parametrize(
    ("phi", "prime", "options", "message"),
    [
        (relu, step, {}, r"at z = 0: .*kink at that point, name it in kinks"),
        (np.cumsum, np.ones_like, {}, "depends on the others"),
        (
            lambda z: z / np.sum(np.abs(z)),
            np.ones_like,
            {},
            "depends on the others|wrong at",
        ),
        (np.sum, np.ones_like, {}, "keep the shape"),
        (np.sin, lambda z: 1.0, {}, "keep the shape"),
        (np.sin, np.cos, {"bounds": (0.0, 1.0)}, r"stated bounds \(0, 1\)"),
        (np.sin, np.cos, {"bounds": (-0.5, 0.5)}, r"values from -0\.99\d* to 0\.99"),
        (
            lambda z: np.full_like(z, np.inf),
            np.ones_like,
            {},
            "finite at none of the points",
        ),
        (np.log, lambda z: 1 / z, {}, "NaN at z = -12.*numbers for all real z"),
        (math.tanh, np.cos, {}, "fails on arrays"),
        ("tanh", np.cos, {}, "φ that is 'tanh'"),
        (
            np.abs,
            np.sign,
            {"analytic": True, "kinks": (0.0,)},
            "said to be analytic, whose complex step at",
        ),
    ],
    ids=[
        *(
            "kink unnamed",
            "cumulative",
            "normalized",
            "sum",
            "scalar derivative",
            "below",
            "outside",
        ),
        *("never finite", "log", "scalar function", "no function", "not analytic"),
    ],
)
def test_what_is_refused(phi, prime, options, message) -> None:
    with pytest.raises(InputError, match=message) as caught:
        custom_activation(phi, prime, **options)
    assert caught.value.remedy


# Losses


@pytest.mark.parametrize(
    ("ell", "prime", "options"),
    [
        (lambda y, a: (a - y) ** 4, lambda y, a: 4 * (a - y) ** 3, {}),
        (
            lambda y, a: np.abs(a - y),
            lambda y, a: np.sign(a - y),
            {"residual_kinks": (0.0,)},
        ),
        (
            lambda y, a: np.maximum(np.abs(a - y) - 0.1, 0),
            lambda y, a: np.sign(a - y) * (np.abs(a - y) > 0.1),
            {"residual_kinks": (-0.1, 0.1)},
        ),
        (
            lambda y, a: y / a + np.log(a),
            lambda y, a: 1 / a - y / a**2,
            {"accepts": (0.0, math.inf)},
        ),
    ],
    ids=["quartic", "absolute", "epsilon-insensitive", "gamma"],
)
def test_a_right_loss_is_accepted_and_passes_the_check(ell, prime, options) -> None:
    made = custom_loss(ell, prime, name="mine", analytic=False, **options)
    network = Network((2, 3, 2), ("tanh", "softplus"), made)
    result = check_gradient(
        network, network.init(0), [[0.3, -2.0], [1.0, 0.5]], [[0.7, 1.2], [2.0, 0.3]]
    )
    assert result.method == "central"
    assert result.passed, str(result)


@pytest.mark.parametrize(
    ("ell", "prime", "options", "message"),
    [
        (
            lambda y, a: (a - y) ** 2,
            lambda y, a: 2.002 * (a - y),
            {},
            r"wrong for y = .* at a = .*∂ℓ/∂a says.*y is the first argument",
        ),
        (
            lambda y, a: np.abs(a - y),
            lambda y, a: np.sign(a - y),
            {},
            r"name its y - a in residual_kinks=\(",
        ),
        (
            lambda y, a: np.sum((a - y) ** 2),
            lambda y, a: 2 * (a - y),
            {},
            "keep the shape",
        ),
        (lambda y, a: (a - y) ** 2, lambda y, a: 2.0, {}, "keep the shape"),
    ],
    ids=["off by 0.1 %", "kink unnamed", "summed", "scalar derivative"],
)
def test_which_losses_are_refused(ell, prime, options, message) -> None:
    with pytest.raises(InputError, match=message):
        custom_loss(ell, prime, name="mine", **options)


def test_a_loss_states_the_range_that_it_accepts() -> None:
    gamma = custom_loss(
        lambda y, a: y / a + np.log(a),
        lambda y, a: 1 / a - y / a**2,
        name="gamma",
        accepts=(0, math.inf),
    )
    with pytest.raises(
        InputError, match=r"gamma on relu outputs.*sigmoid, softplus, .*exp, softmax"
    ):
        Network((1, 1), ("relu",), gamma)
