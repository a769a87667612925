"""What bounds a step: clipping, max-norm, frozen layers, dropout, penalties."""

import itertools

import numpy as np
import pytest

from chainrule import (
    OPTIMIZERS,
    Callback,
    InputError,
    Network,
    Parameters,
    backward,
    forward,
    train,
)
from chainrule.engines.rows import batches
from chainrule.equations.draws import Purpose, generator
from chainrule.equations.dropout import dropout_masks
from chainrule.optimizers import SGD
from chainrule.optimizers.constraints import (
    clip_by_norm,
    clip_by_value,
    free_entries,
    limit_rows,
)

from ..support.runs import BUILT, FIRST_ORDER

# one product, one quotient and a root of a sum of squares of a few numbers
ROUNDED = 20 * 2**-53
NET = Network((3, 5, 4, 2), ("tanh", "sigmoid", "identity"), "squared_error")


def problem(rows=17):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(rows, 3))
    return x, 10 * rng.normal(size=(rows, 2))


def gradient_at(theta, x, y, **options):
    parameters = Parameters(NET.sizes, theta)
    masks = options.pop("masks", None)
    return backward(
        NET, parameters, forward(NET, parameters, x, masks=masks), y, **options
    ).flat


def test_clipping_by_hand():
    g = np.array([3.0, -4.0, 0.5])
    assert clip_by_value(g, 1.0).tolist() == [1.0, -1.0, 0.5]
    assert clip_by_norm(np.array([3.0, -4.0]), 2.5).tolist() == [1.5, -2.0]
    assert clip_by_norm(np.array([3.0, -4.0]), 5.0).tolist() == [3.0, -4.0]
    assert clip_by_norm(np.zeros(3), 1.0).tolist() == [0, 0, 0]


@pytest.mark.parametrize(("dtype", "large"), [("float64", 1e200), ("float32", 1e30)])
def test_a_norm_whose_squares_overflow_is_still_clipped(dtype, large):
    with np.errstate(over="ignore"):
        clipped = clip_by_norm(np.array([3 * large, -4 * large], dtype=dtype), 5.0)
    assert clipped.dtype == dtype
    np.testing.assert_allclose(clipped, [3.0, -4.0], rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("engine", BUILT)
def test_training_clips_the_value_before_the_norm(engine):
    x, y = problem()
    start, rate = NET.init(2), 0.125
    g = gradient_at(start.theta, x, y)
    value, norm = np.median(np.abs(g)), 0.5
    clipped = np.clip(g, -value, value)
    size = np.sqrt(np.sum(clipped**2))
    assert size > norm  # both limits act, and their order matters
    other = g * min(1, norm / np.sqrt(np.sum(g**2)))
    assert np.max(np.abs(np.clip(other, -value, value) - clipped * norm / size)) > 0.01
    cases = {
        (value, None): clipped,
        (None, norm): g * norm / np.sqrt(np.sum(g**2)),
        (value, norm): clipped * norm / size,
        (1e9, 1e9): g,
    }
    for (clip_value, clip_norm), moved_along in cases.items():
        options = {
            "clip_value": clip_value,
            "clip_norm": clip_norm,
            "optimizer": SGD(learning_rate=rate),
        }
        report = train(
            NET, x, y, parameters=start, max_steps=1, engine=engine, **options
        )
        np.testing.assert_allclose(
            report.parameters.theta,
            start.theta - rate * moved_along,
            rtol=0,
            atol=ROUNDED,
        )


class Steps(Callback):
    """Remembers θ after every step."""

    def __init__(self):
        self.seen = []

    def on_step(self, moment):
        self.seen.append(moment.parameters)


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_max_norm_holds_after_every_step(name):
    x, y = problem()
    steps, limit = Steps(), 0.6
    options = {
        "optimizer": OPTIMIZERS[name](learning_rate=0.05),
        "seed": 4,
        "callbacks": [steps],
    }
    train(NET, x, y, max_norm=limit, max_epochs=6, **options)
    norms = [np.linalg.norm(w, axis=1) for p in steps.seen for w in p.weights]
    assert len(steps.seen) == 6
    assert max(n.max() for n in norms) <= limit * (1 + ROUNDED)
    assert max(n.max() for n in norms) >= limit * (1 - ROUNDED)  # it acts
    assert min(n.min() for n in norms) < 0.99 * limit  # and only on what is too long


def test_max_norm_by_hand_and_biases_stay():
    parameters = Parameters.from_arrays(
        [[[3.0, 4.0], [0.3, 0.4]], [[0.0, 12.0]]], [[100.0, 1.0], [-100.0]]
    )
    limited = limit_rows((2, 2, 1), parameters.theta, 2.5, None)
    assert limited.tolist() == [1.5, 2.0, 0.3, 0.4, 0.0, 2.5, 100.0, 1.0, -100.0]
    free = free_entries((2, 2, 1), (1,), parameters.theta)
    assert limit_rows((2, 2, 1), parameters.theta, 2.5, free).tolist() == [
        3,
        4,
        0.3,
        0.4,
        0,
        2.5,
        100,
        1,
        -100,
    ]


def test_max_norm_leaves_the_biases_of_a_step_alone():
    x, y = problem()
    start = NET.init(1)
    bound, free = (
        train(
            NET,
            x,
            y,
            parameters=start,
            optimizer=SGD(learning_rate=1.0),
            max_steps=1,
            max_norm=limit,
            engine="reference",
        )
        for limit in (0.01, None)
    )
    for b, c in zip(bound.parameters.biases, free.parameters.biases, strict=True):
        np.testing.assert_array_equal(b, c)
    assert max(abs(b).max() for b in bound.parameters.biases) > 0.01


@pytest.mark.parametrize("frozen", [(1,), (2,), (3,), (1, 3), (1, 2, 3)])
@pytest.mark.parametrize("name", FIRST_ORDER)
def test_frozen_layers_keep_their_bits(name, frozen):
    x, y = problem()
    options = (
        {"momentum": 0.9}
        if name == "sgd"
        else {"weight_decay": 0.5}
        if name == "adamw"
        else {}
    )
    start = NET.init(3)
    start.theta[-NET.n_parameters // 2 :] += 0.1  # biases other than 0
    report = train(
        NET,
        x,
        y,
        parameters=start,
        optimizer=OPTIMIZERS[name](learning_rate=0.05, **options),
        frozen_layers=frozen,
        max_epochs=5,
        l1=0.1,
        l2=0.1,
        max_norm=0.3,
        clip_norm=1.0,
    )
    for layer in (1, 2, 3):
        for before, after in (
            (start.weights[layer - 1], report.parameters.weights[layer - 1]),
            (start.biases[layer - 1], report.parameters.biases[layer - 1]),
        ):
            assert (before.tobytes() == after.tobytes()) == (layer in frozen)


def test_a_frozen_layer_does_not_count_in_the_norm():
    x, y = problem()
    start, norm = NET.init(2), 0.5
    g = gradient_at(start.theta, x, y)
    g[~free_entries(NET.sizes, (3,), g)] = 0
    report = train(
        NET,
        x,
        y,
        parameters=start,
        optimizer=SGD(),
        max_steps=1,
        frozen_layers=(3,),
        clip_norm=norm,
    )
    expected = start.theta - 0.1 * g * min(1, norm / np.sqrt(np.sum(g**2)))
    np.testing.assert_allclose(report.parameters.theta, expected, rtol=0, atol=ROUNDED)


def masks(rates=(0.2, 0.5), rows=7, seed=1, epoch=2, step=3):
    return dropout_masks((4, 6, 2), rates, rows, seed, epoch, step, np.zeros(1))


def test_masks_are_keyed():
    for one, same in zip(masks(), masks(), strict=True):
        np.testing.assert_array_equal(one, same)
    for change in ({"seed": 2}, {"epoch": 3}, {"step": 2}, {"epoch": 3, "step": 2}):
        for one, other in zip(masks(), masks(**change), strict=True):
            assert (one != other).any(), change
    # not the draws of another purpose
    order = generator(1, Purpose.ORDER, 2, 3).random((7, 4))
    assert ((order >= 0.2) != (masks()[0] > 0)).any()
    assert masks(rates=(0.0, 0.5))[0] is None


def test_masks_follow_the_documented_stream():
    stream = np.random.Generator(
        np.random.Philox(
            key=np.array([1, 2], dtype=np.uint64),
            counter=np.array([0, 0, 3, 2], dtype=np.uint64),
        )
    )
    for p, width, mask in zip((0.2, 0.5), (4, 6), masks(), strict=True):
        np.testing.assert_array_equal(
            mask, np.where(stream.random((7, width)) >= p, 1 / (1 - p), 0.0)
        )


def test_masks_keep_the_expectation():
    p, count = 0.3, 400
    drawn = np.array(
        [
            dropout_masks((50, 1), (p,), 20, 0, 0, step, np.zeros(1))[0]
            for step in range(count)
        ]
    )
    assert set(np.unique(drawn)) == {0.0, 1 / (1 - p)}
    # kept / (1 - p) has mean 1 and deviation √(p / (1 - p)); fixed draws, five standard errors
    assert abs(drawn.mean() - 1) < 5 * np.sqrt(p / (1 - p) / drawn.size)
    assert np.max(np.abs(drawn.mean(axis=0) - 1)) < 5 * np.sqrt(p / (1 - p) / count)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("rates", [(0.0, (0.5, 0.25)), (0.3, 0.0), (0.2, 0.4)])
def test_training_with_dropout_is_the_equations_with_the_masks(rates, engine):
    x, y = problem()
    inputs, hidden = rates
    every = (inputs, *(hidden if isinstance(hidden, tuple) else (hidden, hidden)))
    options = {
        "optimizer": SGD(learning_rate=0.01),
        "dropout": hidden,
        "input_dropout": inputs,
        "l2": 0.1,
    }
    report = train(
        NET, x, y, batch_rows=7, seed=8, max_epochs=2, engine=engine, **options
    )
    theta = NET.init(8).theta
    for epoch in range(2):
        for step, taken in enumerate(batches(17, 7, 8, epoch)):
            drawn = dropout_masks(NET.sizes, every, len(taken), 8, epoch, step, theta)
            theta = theta - 0.01 * gradient_at(
                theta, x[taken], y[taken], masks=drawn, l2=0.1
            )
    np.testing.assert_allclose(
        report.parameters.theta, theta, rtol=0, atol=6 * ROUNDED
    )  # six steps
    plain = train(
        NET,
        x,
        y,
        batch_rows=7,
        seed=8,
        max_epochs=2,
        optimizer=SGD(learning_rate=0.01),
        l2=0.1,
    )
    assert np.max(np.abs(plain.parameters.theta - theta)) > 1e-3


def test_penalties_in_training_by_hand():
    # 1-1-1 identities, w = (2, -3), b = 0, the row (0, 0): only R moves: w - α (l1 sign(w) + l2 w)
    net = Network((1, 1, 1), ("identity", "identity"), "squared_error")
    start = Parameters.from_arrays([[[2.0]], [[-3.0]]], [[0.0], [0.0]])
    for engine, l1, l2 in itertools.product(BUILT, (0.0, 0.5), (0.0, 0.25)):
        options = {
            "optimizer": SGD(learning_rate=0.5),
            "max_epochs": 1,
            "engine": engine,
        }
        report = train(net, [[0.0]], [[0.0]], parameters=start, l1=l1, l2=l2, **options)
        assert report.parameters.theta.tolist() == [
            2 - (l1 + 2 * l2) / 2,
            -3 + (l1 + 3 * l2) / 2,
            0,
            0,
        ]
        assert report.loss == (5 * l1 + 13 / 2 * l2,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"clip_value": 0.0},
        {"clip_norm": -1.0},
        {"max_norm": float("nan")},
        {"frozen_layers": (0,)},
        {"frozen_layers": (4,)},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"dropout": (0.1,)},
        {"input_dropout": float("nan")},
        {"l1": float("inf")},
    ],
)
def test_bad_arguments(wrong):
    x, y = problem()
    with pytest.raises(InputError, match=next(iter(wrong))):
        train(NET, x, y, **wrong)
