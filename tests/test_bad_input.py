"""What cannot be used raises an InputError in three parts: what was given, what is allowed, what to do."""

from __future__ import annotations

import re

import numpy as np
import pytest

from chainrule import (
    InputError,
    Network,
    Parameters,
    backward,
    check_gradient,
    forward,
    objective,
)

X = np.array([[0.5, -1.0], [2.0, 0.25], [1.0, 1.0]])
LABELS = [0, 2, 1]
CLASSES = Network((2, 4, 3), ("tanh", "softmax"), "cross_entropy")
REGRESSION = Network((2, 4, 1), ("tanh", "identity"), "squared_error")
BINARY = Network((2, 1), ("sigmoid",), "binary_cross_entropy")
COUNTS = Network((2, 1), ("exp",), "poisson")
Y = {
    REGRESSION: [[1.0], [2.0], [3.0]],
    CLASSES: LABELS,
    BINARY: [0, 1, 1],
    COUNTS: [0, 3, 1],
}


def three_parts(error: InputError) -> bool:
    """Given, allowed, and a remedy that is a sentence."""
    sentence = re.fullmatch(r"[A-Z].+\.", error.remedy, flags=re.DOTALL)
    return str(
        error
    ) == f"Given: {error.given}. Allowed: {error.allowed}. {error.remedy}" and all(
        (error.given, error.allowed, sentence)
    )


def refused(call, *arguments, match: str = "", **options) -> None:
    with pytest.raises(InputError, match=match) as caught:
        call(*arguments, **options)
    assert three_parts(caught.value), str(caught.value)


def spoilt(array, value) -> np.ndarray:
    copy = np.array(array, dtype=float)
    copy.flat[1] = value
    return copy


def everywhere(network: Network, x, y, match: str, **options) -> None:
    """Refused by `objective`, by `check_gradient`, and by `backward` where forward has no part in it."""
    p = network.init(0)
    refused(objective, network, p, x, y, match=match, **options)
    refused(check_gradient, network, p, x, y, match=match, **options)
    if x is X and "masks" not in options:
        refused(backward, network, p, forward(network, p, x), y, match=match, **options)
    elif x is not X:
        refused(forward, network, p, x, match=match)


NOT_FINITE = [np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("value", NOT_FINITE)
def test_values_that_are_not_finite(value: float) -> None:
    message = "NaN or infinite, the first at index"
    everywhere(
        REGRESSION,
        spoilt(X, value),
        Y[REGRESSION],
        rf"x with 1 value .*{message} \(0, 1\)",
    )
    everywhere(
        REGRESSION,
        X,
        spoilt(Y[REGRESSION], value),
        rf"y with 1 value .*{message} \(1, 0\)",
    )
    everywhere(
        REGRESSION,
        X,
        Y[REGRESSION],
        f"sample_weight .*{message}",
        sample_weight=spoilt(np.ones(3), value),
    )
    everywhere(
        REGRESSION,
        X,
        Y[REGRESSION],
        f"masks.0. .*{message}",
        masks=[spoilt(np.ones((3, 2)), value), None],
    )
    p = REGRESSION.init(0)
    refused(
        forward,
        REGRESSION,
        Parameters(p.sizes, spoilt(p.theta, value)),
        X,
        match=f"theta .*{message}",
    )


def test_infinities_of_both_signs_and_huge_numbers() -> None:
    both = X.copy()
    both[0, 0], both[1, 1] = np.inf, -np.inf
    everywhere(
        REGRESSION, both, Y[REGRESSION], "x with 2 values that are NaN or infinite"
    )
    # numbers in an array of objects are numbers
    assert (
        forward(REGRESSION, REGRESSION.init(0), X.astype(object)).A[0].dtype
        == np.float64
    )
    # finite numbers whose sum is not are no error
    p = REGRESSION.init(0)
    assert np.isfinite(forward(REGRESSION, p, np.full((3, 2), 5e307)).output).all()
    # too large for float32: an error, not infinity
    refused(
        forward,
        REGRESSION,
        REGRESSION.init(0, "float32"),
        spoilt(X, 1e300),
        match="in float32",
    )


@pytest.mark.parametrize(
    ("x", "match"),
    [
        (X[:, :1], r"x with shape \(3, 1\).*\(N, 2\)"),
        (X.T, r"x with shape \(2, 3\)"),
        (X[0], r"x with shape \(2,\).*2 axes"),
        (X[None], r"x with shape \(1, 3, 2\).*2 axes"),
        (3.0, r"x with shape \(\)"),
        (X[:0], r"x with shape \(0, 2\).*at least one row"),
        ([], "x with shape"),
        ([[1.0, 2.0], [3.0]], "x of type list that is not an array of real numbers"),
        ([["a", "b"]], "x of type list .*one-hot"),
        (None, "x"),
        ([[1.0, None]], "x "),
        (X * 1j, "x with complex dtype"),
        (
            np.array([["a", "b"]]),
            "x of type ndarray that is not an array of real numbers",
        ),
        (np.array([[1.0, "b"]], object), "x of type ndarray"),
        (np.array([[1.0, None]], object), "x "),
        (
            np.array([["2020-01-01", "2020-01-02"]], "datetime64[D]"),
            "x of type ndarray",
        ),
    ],
)
def test_inputs_that_are_no_rows_of_numbers(x, match: str) -> None:
    everywhere(REGRESSION, x, Y[REGRESSION], match)


@pytest.mark.parametrize(
    ("network", "y", "match"),
    [
        (CLASSES, [0, 1, 3], r"label 3 in row 2.*labels 0 … 2.*not seen"),
        (CLASSES, [0, -1, 2], r"label -1 in row 1"),
        (CLASSES, [0, 1.5, 2], r"class labels of dtype float64"),
        (CLASSES, [0, np.nan, 2], "class labels"),
        (CLASSES, ["a", "b", "a"], r"class labels of dtype <U1.*numpy.unique"),
        (CLASSES, [0, 1], "2 targets for 3 rows"),
        (CLASSES, [[0], [1], [2]], r"y with shape \(3, 1\).*\(N, 3\)"),
        (CLASSES, np.eye(3)[:2], "2 targets for 3 rows"),
        (CLASSES, -np.eye(3), r"cross_entropy targets with -1 at index \(0, 0\)"),
        (CLASSES, spoilt(np.eye(3), np.nan), "y with 1 value "),
        (CLASSES, np.zeros((3, 3, 1)), "y with shape"),
        (CLASSES, 1, "y with shape"),
        (REGRESSION, [[1.0, 2.0]] * 3, r"y with shape \(3, 2\).*\(N, 1\) or \(N,\)"),
        (REGRESSION, [1.0, 2.0], "2 targets for 3 rows"),
        (REGRESSION, ["1", "2", "3"], "y of type list"),
        (REGRESSION, np.ones((3, 1)) * 1j, "y with complex dtype"),
        (
            BINARY,
            [0, 1, 2],
            r"binary_cross_entropy targets with 2 at index \(2, 0\).*from 0 to 1",
        ),
        (BINARY, [0, -1, 1], "binary_cross_entropy targets with -1"),
        (COUNTS, [0, 1, -2], "poisson targets with -2"),
    ],
)
def test_targets_without_a_meaning(network: Network, y, match: str) -> None:
    everywhere(network, X, y, match)


@pytest.mark.parametrize(
    ("sample_weight", "match"),
    [
        ([1.0, -0.5, 1.0], "negative"),
        ([0.0, 0.0, 0.0], "0 for every row"),
        ([1.0, 1.0], r"sample_weight with shape \(2,\) for 3 rows"),
        ([[1.0], [1.0], [1.0]], r"sample_weight with shape \(3, 1\)"),
        (2.0, "sample_weight with shape"),
        (["a", "b", "c"], "sample_weight of type list"),
    ],
)
def test_weights_without_a_meaning(sample_weight, match: str) -> None:
    everywhere(REGRESSION, X, Y[REGRESSION], match, sample_weight=sample_weight)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"l1": -0.1}, "l1 = -0.1"),
        ({"l2": -1e-9}, "l2 = -1e-09"),
        ({"l1": np.nan}, "l1 = nan"),
        ({"l2": np.inf}, "l2 = inf"),
        ({"reduction": "average"}, 'reduction = \'average\'.*"mean" or "sum"'),
    ],
)
def test_options_without_a_meaning(options: dict, match: str) -> None:
    everywhere(REGRESSION, X, Y[REGRESSION], match, **options)


@pytest.mark.parametrize(
    ("masks", "match"),
    [
        ([None], "1 masks.*2: one for the input"),
        ([None, None, None], "3 masks"),
        ([np.ones((3, 4)), None], r"masks.0. with shape \(3, 4\).*\(3, 2\)"),
        ([None, np.ones((2, 4))], r"masks.1. with shape \(2, 4\).*\(3, 4\)"),
        ([None, np.ones(4)], r"masks.1. with shape \(4,\).*2 axes"),
        ([[["a", "b"]] * 3, None], "masks.0. of type list"),
    ],
)
def test_masks_that_do_not_fit(masks, match: str) -> None:
    everywhere(REGRESSION, X, Y[REGRESSION], match, masks=masks)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (((2,), ("tanh",), "squared_error"), r"sizes = \(2,\)"),
        (((), (), "squared_error"), r"sizes = \(\)"),
        (((2, 0, 1), ("tanh", "tanh"), "squared_error"), r"sizes = \(2, 0, 1\)"),
        (((2, -1), ("tanh",), "squared_error"), "sizes"),
        (((2, 1.5), ("tanh",), "squared_error"), "sizes"),
        (((2, True), ("tanh",), "squared_error"), "sizes"),
        (((2, "3"), ("tanh",), "squared_error"), "sizes"),
        (((2, 3, 1), ("tanh",), "squared_error"), "1 activation for 2 layers"),
        (((2, 3, 1), "tanh", "squared_error"), "1 activation for 2 layers"),
        (((2, 1), ("tanh", "tanh"), "squared_error"), "2 activations for 1 layer"),
        (
            ((2, 1), ("rectifier",), "squared_error"),
            "activation 'rectifier'.*one of identity, sigmoid.*custom_activation",
        ),
        (((2, 1), (None,), "squared_error"), "activation None"),
        (((2, 1), ("tanh",), "mse"), "loss 'mse'.*one of squared_error.*custom_loss"),
        (((2, 1), ("tanh",), None), "loss None"),
        (
            ((2, 1), ("tanh",), "cross_entropy"),
            r"cross_entropy on tanh outputs, which lie in \(-1, 1\)",
        ),
    ],
)
def test_networks_that_cannot_be(arguments, match: str) -> None:
    refused(Network, *arguments, match=match)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"initializer": "xavier"}, "initializer = 'xavier'.*glorot_uniform"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": 2**64}, "seed = 18446744073709551616"),
        ({"seed": 1.0}, "seed = 1.0"),
        ({"seed": True}, "seed = True"),
    ],
)
def test_a_start_that_cannot_be(options: dict, match: str) -> None:
    refused(REGRESSION.init, **options, match=match)


def test_parameters_of_another_network() -> None:
    p = REGRESSION.init(0)
    others = [
        (
            Network((2, 5, 1), ("tanh", "identity"), "squared_error").init(0),
            r"widths \(2, 5, 1\) with \(21,\) numbers",
        ),
        # as many numbers, other widths: 2-4-1 and 15-1 - 17 and 16 + 1
        (
            Network((16, 1), ("identity",), "squared_error").init(0),
            r"widths \(16, 1\) with \(17,\) numbers",
        ),
        (Parameters(p.sizes, p.theta[:-1]), r"\(16,\) numbers"),
        (Parameters(p.sizes, p.theta[None]), r"\(1, 17\) numbers"),
        (Parameters(p.sizes, np.arange(17)), "parameters of dtype int64"),
    ]
    trace = forward(REGRESSION, p, X)
    for other, match in others:
        refused(forward, REGRESSION, other, X, match=match)
        refused(objective, REGRESSION, other, X, Y[REGRESSION], match=match)
        refused(backward, REGRESSION, other, trace, Y[REGRESSION], match=match)
        refused(check_gradient, REGRESSION, other, X, Y[REGRESSION], match=match)


def test_a_trace_of_another_network_or_other_rows() -> None:
    p = REGRESSION.init(0)
    other = forward(CLASSES, CLASSES.init(0), X)
    refused(
        backward,
        REGRESSION,
        p,
        other,
        Y[REGRESSION],
        match=r"a trace of widths \(2, 4, 3\)",
    )
    refused(
        backward,
        REGRESSION,
        p,
        forward(REGRESSION, p, X[:2]),
        Y[REGRESSION],
        match="3 targets for 2 rows",
    )


@pytest.mark.parametrize(
    ("weights", "biases"),
    [
        ([], []),
        ([np.ones((2, 3))], []),
        ([np.ones((2, 3))], [np.ones(3)]),
        ([np.ones((2, 3))], [np.ones((2, 1))]),
        ([np.ones(3)], [np.ones(1)]),
        ([np.ones((2, 3)), np.ones((1, 3))], [np.ones(2), np.ones(1)]),
        ([np.ones((3, 2)), np.ones((2, 1))], [np.ones(3), np.ones(2)]),
    ],
)
def test_arrays_that_make_no_parameters(weights, biases) -> None:
    refused(Parameters.from_arrays, weights, biases, match="weights of shapes")
