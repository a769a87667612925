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
        (lambda z: np.sin(100 * z), lambda z: 100 * np.cos(100 * z), {}),
        (lambda z: np.tanh(50 * z), lambda z: 50 * (1 - np.tanh(50 * z) ** 2), {}),
        # e^{-z} overflows beyond 709, its square beyond 355: 0 and NaN there
        (
            lambda z: z * sigmoid(z),
            lambda z: sigmoid(z) + z * np.exp(-z) * sigmoid(z) ** 2,
            {},
        ),
        (lambda z: np.where(z > 20, z, softplus(z)), sigmoid, {}),
        # steeper than most steps see: the differences say how far they are off
        (lambda z: np.tanh(1e6 * z), lambda z: 1e6 * (1 - np.tanh(1e6 * z) ** 2), {}),
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
        "fast",
        "steep",
        "swish as written",
        "softplus, cut",
        "nearly a jump",
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


@pytest.mark.parametrize("analytic", [False, True])
@pytest.mark.parametrize(
    ("phi", "prime"),
    [
        (np.sin, lambda z: np.where((z > 0.013) & (z < 0.087), 7, np.cos(z))),
        (np.tanh, lambda z: np.where(abs(z) > 12.1, 0.1, 1 - np.tanh(z) ** 2)),
        (np.sin, lambda z: (1 + 3e-6) * np.cos(z)),
        (lambda z: np.sin(100 * z), lambda z: 100.001 * np.cos(100 * z)),
        (lambda z: 1e-9 * np.sin(z), lambda z: -1e-9 * np.cos(z)),
    ],
    ids=["between grid points", "beyond 12", "off by 3e-6", "fast", "small"],
)
def test_derivatives_that_are_wrong_somewhere(phi, prime, analytic) -> None:
    with pytest.raises(InputError, match="φ′ is wrong at z"):
        custom_activation(phi, prime, analytic=analytic)


@pytest.mark.parametrize("at", [0.05, 3.777, -40.0])
def test_a_kink_that_is_not_named_is_found(at) -> None:
    def bent(z):
        return np.where(z > at, z, at + 0.1 * (z - at))

    def slope(z):
        return np.where(z > at, 1.0, 0.1)

    custom_activation(bent, slope, kinks=(at,))
    for named in ((), (at + 0.002,)):
        with pytest.raises(InputError, match=f"φ′ jumps at z = {at:g} from 0.1 to 1"):
            custom_activation(bent, slope, kinks=named)
    with pytest.raises(InputError, match=rf"φ jumps at z = {at:g} from \S+ to \S+\."):
        custom_activation(lambda z: 1.0 * (z > at), np.zeros_like)


def test_functions_that_write_into_their_argument_are_refused() -> None:
    def cut(z):
        z[z < 0] = 0
        return z

    def squared(y, a):
        a -= y
        return a * a

    with pytest.raises(InputError, match=r"φ that is .* writes into its argument"):
        custom_activation(cut, step, kinks=(0.0,))
    with pytest.raises(InputError, match=r"ℓ that is .* writes into its argument"):
        custom_loss(squared, lambda y, a: 2 * (a - y))


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
        (np.abs, np.sign, {"kinks": 0.0}, r"kinks = 0\.0.*Pass kinks=\(0\.0,\)"),
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
        "one kink",
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


def cross(y, a):
    return -(y * np.log(a) + (1 - y) * np.log(1 - a))


def cross_prime(y, a):
    return (a - y) / (a * (1 - a))


def deviance(y, a):
    return y / a - np.log(y / a) - 1


def focal(y, a):
    return -(y * (1 - a) ** 2 * np.log(a) + (1 - y) * a**2 * np.log(1 - a))


def focal_prime(y, a):
    first = (1 - a) * (2 * np.log(a) - (1 - a) / a)
    return y * first - (1 - y) * a * (2 * np.log(1 - a) - a / (1 - a))


@pytest.mark.parametrize("analytic", [False, True])
@pytest.mark.parametrize(
    ("ell", "prime", "options"),
    [
        (cross, cross_prime, {"accepts": (0, 1)}),
        (focal, focal_prime, {"accepts": (0, 1)}),
        (deviance, lambda y, a: 1 / a - y / a**2, {"accepts": (0, math.inf)}),
        (
            lambda y, a: ((a - y) / y) ** 2 / 2,
            lambda y, a: (a - y) / y**2,
            {"targets": (0, math.inf)},
        ),
        (
            lambda y, a: np.log(np.cosh(a - y)),
            lambda y, a: np.tanh(a - y),
            {"targets": (-0.01, 0.01)},
        ),
    ],
    ids=["cross-entropy", "focal", "gamma deviance", "relative", "log cosh"],
)
def test_losses_with_poles_and_ranges(ell, prime, options, analytic) -> None:
    custom_loss(ell, prime, analytic=analytic, **options)
    with pytest.raises(InputError, match="∂ℓ/∂a is wrong for y = "):
        custom_loss(ell, lambda y, a: 1.001 * prime(y, a), analytic=analytic, **options)


@pytest.mark.parametrize(
    ("ell", "prime", "options"),
    [
        (
            lambda y, a: (a - y) ** 2,
            lambda y, a: np.where(y > 2, 0, 2 * (a - y)),
            {},
        ),
        (
            lambda y, a: (a - y) ** 2,
            lambda y, a: np.where(y < -15, 0, 2 * (a - y)),
            {},
        ),
        (lambda y, a: 1e-8 * (a - y) ** 2, lambda y, a: -2e-8 * (a - y), {}),
        (
            cross,
            lambda y, a: np.where(a > 0.9999, 1.01, 1) * cross_prime(y, a),
            {"accepts": (0, 1)},
        ),
    ],
    ids=["targets beyond 2", "targets below -15", "small", "near a pole"],
)
def test_losses_that_are_wrong_somewhere(ell, prime, options) -> None:
    with pytest.raises(InputError, match="∂ℓ/∂a is wrong for y = "):
        custom_loss(ell, prime, **options)


def test_targets_that_are_not_possible_are_not_tried() -> None:
    def scaled(y, a):
        return np.abs(y) * a**2

    def prime(y, a):  # of y > 0
        return 2 * y * a

    for targets in ((0, math.inf), (0, 0.01), (3, 9)):
        custom_loss(scaled, prime, targets=targets)
    custom_loss(scaled, prime, accepts=(0, math.inf))
    for targets in (None, (-1, 9)):
        with pytest.raises(InputError, match=r"wrong for y = -.*targets=\(low, high\)"):
            custom_loss(scaled, prime, targets=targets)


@pytest.mark.parametrize("option", ["accepts", "targets"])
def test_an_empty_range_is_refused(option) -> None:
    with pytest.raises(InputError, match=rf"{option} = \(1, 0\)"):
        custom_loss(
            lambda y, a: (a - y) ** 2, lambda y, a: 2 * (a - y), **{option: (1, 0)}
        )


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
