"""Every row of the table of losses: values, targets, Δ[L], extremes, and which activations fit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule import ACTIVATIONS, LOSSES, InputError

from ..support import exact, oracle, peers
from ..support.cases import OTHER_ARGUMENTS, fitting_pairs, targets_for

EPS = float(np.finfo(float).eps)
#: Sums of 60 terms, each right to a few ulp.
ROUNDING = 100 * EPS
ROWS = [make() for make in LOSSES.values()]
ROWS += [
    LOSSES[name](**arguments)
    for name, arguments in OTHER_ARGUMENTS.items()
    if name in LOSSES
]
ROWS += [LOSSES["pinball"](quantiles=(0.1, 0.5, 0.8))]


def evaluate(activation: str, loss_row, z, y) -> tuple[np.ndarray, np.ndarray]:
    """ℓ of each row and Δ[L] for given Z[L]."""
    z = np.asarray(z, dtype=float)
    phi = ACTIVATIONS[activation]()
    return loss_row.value_and_delta(
        loss_row.targets(y, z.shape[1], z), z, phi.value(z), phi
    )


def output_for(loss_row) -> str:
    return next(
        a
        for a, l in fitting_pairs(3)
        if l == loss_row.name and a in ("softmax", "softplus", "identity")
    )


@pytest.mark.parametrize("loss_row", ROWS, ids=str)
def test_values_equal_the_oracles_formula(loss_row) -> None:
    rng = np.random.default_rng(0)
    activation = output_for(loss_row)
    z, y = rng.normal(size=(20, 3)), targets_for(loss_row.name, rng, 20, 3)
    y = y[:, :1] if len(getattr(loss_row, "quantiles", ())) == 3 else y
    a = [oracle.activate({"name": activation}, row) for row in z.tolist()]
    expected = [
        oracle.row_loss(loss_row.specification(), p, q).real
        for p, q in zip(y.tolist(), a, strict=True)
    ]
    np.testing.assert_allclose(
        evaluate(activation, loss_row, z, y)[0], expected, rtol=ROUNDING, atol=ROUNDING
    )


@pytest.mark.parametrize(
    "peer",
    [pytest.param(peers.torch_loss, marks=peers.needs_torch), peers.scikit_learn_loss],
)
def test_values_equal_those_of_other_libraries(peer) -> None:
    compared = []
    for loss_row in ROWS[:-1]:
        rng = np.random.default_rng(1)
        activation = output_for(loss_row)
        z, y = rng.normal(size=(20, 3)), targets_for(loss_row.name, rng, 20, 3)
        if getattr(loss_row, "label_smoothing", 0) and loss_row.name == "cross_entropy":
            # PyTorch smooths towards 1/K, ours towards mean(y): the same where Σ y = 1
            y = y / y.sum(axis=1, keepdims=True)
        try:
            theirs = peer(
                loss_row.specification(), y, ACTIVATIONS[activation]().value(z)
            )
        except KeyError:
            continue
        compared.append(loss_row.name)
        assert evaluate(activation, loss_row, z, y)[0].sum() == pytest.approx(
            theirs, rel=ROUNDING
        )
    missing = {"torch_loss": {"log_cosh", "pinball", "poisson"}}.get(
        peer.__name__, {"cross_entropy", "binary_cross_entropy", "huber", "log_cosh"}
    )
    assert set(compared) == set(LOSSES) - missing


def test_log_cosh_by_its_definition() -> None:
    r = np.array([[-3.0], [-0.1], [0.0], [1e-3], [2.0], [700.0]])
    value, delta = evaluate("identity", LOSSES["log_cosh"](), r, np.zeros_like(r))
    np.testing.assert_allclose(
        value, [math.log(math.cosh(v)) for v in r[:, 0]], rtol=ROUNDING, atol=EPS
    )
    np.testing.assert_allclose(delta, np.tanh(r), rtol=ROUNDING)
    # log cosh r = |r| - log 2 beyond the reach of cosh
    value, delta = evaluate("identity", LOSSES["log_cosh"](), [[-1e4]], [[0.0]])
    assert (value[0], delta[0, 0]) == (pytest.approx(1e4 - math.log(2)), -1.0)


def test_values_by_hand() -> None:
    def value(name, z, y, **arguments):
        return evaluate("identity", LOSSES[name](**arguments), z, y)[0].tolist()

    assert value("squared_error", [[3.0, 1.0]], [[1.0, 2.0]]) == [2.5]  # ½ (4 + 1)
    assert value("squared_error", [[3.0, 1.0]], [[1.0, 2.0]], factor=1.0) == [5.0]
    assert value("absolute_error", [[3.0, 1.0]], [[1.0, 2.0]]) == [3.0]
    assert value("huber", [[3.0, 0.5]], [[0.0, 0.0]]) == [2.625]  # 1·(3 - ½) + ½ ¼
    # r = y - a = (2, -1): 0.25·2 + 0.75·1
    assert value("pinball", [[1.0, 3.0]], [[3.0, 2.0]], quantiles=0.25) == [1.25]


@pytest.mark.parametrize("threshold", [0.5, 1.0, 2.0])
def test_huber_at_its_threshold(threshold: float) -> None:
    z = np.array(
        [
            [threshold],
            [-threshold],
            [np.nextafter(threshold, 9)],
            [0.0],
            [2 * threshold],
        ]
    )
    value, delta = evaluate("identity", LOSSES["huber"](threshold), z, np.zeros_like(z))
    half = threshold**2 / 2
    np.testing.assert_allclose(
        value, [half, half, half, 0, 3 * half], rtol=4 * EPS
    )  # t(2t - t/2) = 3/2 t²
    np.testing.assert_allclose(
        delta[:, 0], [threshold, -threshold, threshold, 0, threshold], rtol=4 * EPS
    )


def test_pinball_columns_are_target_by_target() -> None:
    # targets 10 and 20, quantiles 0.1 and 0.8: columns (10 at 0.1, 10 at 0.8, 20 at 0.1, 20 at 0.8)
    row = LOSSES["pinball"](quantiles=(0.1, 0.8))
    value, delta = evaluate("identity", row, [[9.0, 9.0, 22.0, 22.0]], [[10.0, 20.0]])
    # r = 1, 1, -2, -2: 0.1·1 + 0.8·1 + 0.9·2 + 0.2·2
    assert value[0] == pytest.approx(3.1)
    np.testing.assert_allclose(delta, [[-0.1, -0.8, 0.9, 0.2]], rtol=4 * EPS)
    with pytest.raises(InputError, match="multiple of the number of quantiles"):
        evaluate("identity", row, [[0.0, 0.0, 0.0]], [[1.0]])


@pytest.mark.parametrize("name", ["absolute_error", "pinball"])
def test_no_derivative_where_prediction_equals_target(name: str) -> None:
    value, delta = evaluate("identity", LOSSES[name](), [[2.0]], [[2.0]])
    assert (value[0], delta[0, 0]) == (0.0, 0.0)


# Targets


LABELS = [2, 0, 1, 2]


@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        np.array(LABELS, np.uint8),
        np.array(LABELS, np.float64),
        np.array(LABELS, np.int64)[::1],
        np.eye(3)[LABELS],
        np.eye(3, dtype=int)[LABELS].tolist(),
    ],
    ids=["list", "uint8", "float64", "int64", "one-hot", "one-hot integers"],
)
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_labels_as_integers_and_one_hot_are_the_same(labels, smoothing: float) -> None:
    row = LOSSES["cross_entropy"](label_smoothing=smoothing)
    z = np.random.default_rng(0).normal(size=(4, 3))
    value, delta = evaluate("softmax", row, z, labels)
    p = np.full((4, 3), smoothing / 3) + (1 - smoothing) * np.eye(3)[LABELS]
    a = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(value, -(p * np.log(a)).sum(axis=1), rtol=ROUNDING)
    np.testing.assert_allclose(delta, a - p, rtol=ROUNDING, atol=ROUNDING)


def test_smoothed_binary_labels() -> None:
    row = LOSSES["binary_cross_entropy"](label_smoothing=0.2)
    z = np.array([[0.7, -1.1]])
    # y = (1, 0) becomes (0.9, 0.1); Δ = a - y
    a = 1 / (1 + np.exp(-z))
    value, delta = evaluate("sigmoid", row, z, [[1, 0]])
    expected = -(
        0.9 * np.log(a[0, 0])
        + 0.1 * np.log(1 - a[0, 0])
        + 0.1 * np.log(a[0, 1])
        + 0.9 * np.log(1 - a[0, 1])
    )
    assert value[0] == pytest.approx(expected, rel=ROUNDING)
    np.testing.assert_allclose(delta, a - [[0.9, 0.1]], rtol=ROUNDING)


@pytest.mark.parametrize(
    "name", ["squared_error", "binary_cross_entropy", "poisson", "pinball"]
)
def test_one_output_takes_a_column_or_a_vector(name: str) -> None:
    activation = "sigmoid" if name == "binary_cross_entropy" else "exp"
    z, y = np.array([[0.5], [-1.0]]), np.array([1.0, 0.0])
    for one, other in zip(
        evaluate(activation, LOSSES[name](), z, y),
        evaluate(activation, LOSSES[name](), z, y[:, None]),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


# B1


def test_delta_of_softmax_and_cross_entropy_is_sum_y_times_a_minus_y() -> None:
    rng = np.random.default_rng(2)
    z, y = (
        rng.normal(size=(30, 4)),
        rng.uniform(0, 3, (30, 4)) * (rng.uniform(size=(30, 4)) > 0.4),
    )
    a = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    delta = evaluate("softmax", LOSSES["cross_entropy"](), z, y)[1]
    np.testing.assert_allclose(
        delta, y.sum(axis=1, keepdims=True) * a - y, rtol=ROUNDING, atol=ROUNDING
    )


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        ("sigmoid", "binary_cross_entropy"),
        ("identity", "squared_error"),
        ("exp", "poisson"),
    ],
)
def test_delta_of_the_canonical_pairs_is_a_minus_y(activation: str, name: str) -> None:
    rng = np.random.default_rng(3)
    z, y = rng.normal(size=(30, 3)), targets_for(name, rng, 30, 3)
    a = ACTIVATIONS[activation]().value(z)
    delta = evaluate(activation, LOSSES[name](), z, y)[1]
    np.testing.assert_allclose(delta, a - y, rtol=ROUNDING, atol=ROUNDING)


# Extremes


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_logits_of_1e4(dtype: str) -> None:
    rounding = 10 * float(np.finfo(dtype).eps)

    def check(activation, name, z, y, value, delta):
        z = np.array([z], dtype)
        row, phi = LOSSES[name](), ACTIVATIONS[activation]()
        ell, d = row.value_and_delta(
            row.targets(y, z.shape[1], z), z, phi.value(z), phi
        )
        assert ell.dtype == d.dtype == dtype
        np.testing.assert_allclose(ell, [value], rtol=rounding)
        np.testing.assert_allclose(d, [delta], rtol=rounding, atol=rounding)

    check(
        "softmax", "cross_entropy", [1e4, -1e4, 0], [1], 2e4, [1, -1, 0]
    )  # log a_1 = -2e4
    check("softmax", "cross_entropy", [1e4, -1e4, 0], [0], 0, [0, 0, 0])
    check(
        "sigmoid", "cross_entropy", [-1e4, 1e4], [[2, 3]], 2e4, [-2, 0]
    )  # y log σ: 2·1e4 + 3·0
    check("sigmoid", "binary_cross_entropy", [1e4, -1e4], [[0, 1]], 2e4, [1, -1])
    check("sigmoid", "binary_cross_entropy", [1e4, -1e4], [[1, 0]], 0, [0, 0])
    # a = (1, e^-2e4, e^-1e4): log(1 - a_0) = log(e^-1e4) = -1e4, its gradient the softmax of the others
    check(
        "softmax", "binary_cross_entropy", [1e4, -1e4, 0], [[0, 0, 0]], 1e4, [1, 0, -1]
    )
    check(
        "softmax", "binary_cross_entropy", [1e4, -1e4, 0], [[1, 1, 0]], 2e4, [1, -1, 0]
    )
    check("exp", "poisson", [-1e4], [[1]], 1e4 - 1, [-1])  # 0 + 1e4 + 1 log 1 - 1
    check("softplus", "poisson", [1e4], [[0]], 1e4, [1])
    check("sigmoid", "squared_error", [1e4], [[0]], 0.5, [0])
    check("identity", "huber", [1e4], [[0]], 1e4 - 0.5, [1])


@pytest.mark.parametrize(("activation", "name"), fitting_pairs())
def test_every_pair_is_finite_for_logits_of_1e4(activation: str, name: str) -> None:
    if activation == "exp":
        # e^10000 cannot be represented
        logits = np.array([[-1e4, 100.0], [50.0, -100.0]])
    else:
        logits = np.array([[1e4, -1e4], [-1e4, 1e4], [1e4, 1e4], [-1e4, -1e4]])
    y = targets_for(name, np.random.default_rng(0), len(logits), 2)
    value, delta = evaluate(activation, LOSSES[name](), logits, y)
    assert np.isfinite(value).all()
    assert np.isfinite(delta).all()


def test_binary_cross_entropy_on_softmax_to_60_digits() -> None:
    rng = np.random.default_rng(4)
    z, y = rng.normal(scale=30, size=(20, 3)), rng.uniform(size=(20, 3))
    expected = [
        -sum(
            p * v + (1 - p) * w
            for p, v, w in zip(
                q, exact.log_softmax(r), exact.log1m_softmax(r), strict=True
            )
        )
        for q, r in zip(y.tolist(), z.tolist(), strict=True)
    ]
    value = evaluate("softmax", LOSSES["binary_cross_entropy"](), z, y)[0]
    np.testing.assert_allclose(value, expected, rtol=ROUNDING)
