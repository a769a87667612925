"""Each row once an epoch, one tree whoever adds a part of it, the numbers of one gradient, the same bits everywhere."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import Checkpoint, InputError, Network, Parameters, train
from chainrule.engines.shards import PIECE_ROWS, Shards, Tree
from chainrule.optimizers import LevenbergMarquardt

from ..support.native_cases import needs_native

NET = Network((6, 12, 3), ("tanh", "softmax"), "cross_entropy")
ROWS = 2200
SHARDED = {"shards": 4, "batch_rows": 1024, "dtype": "float32", "max_epochs": 3}


def problem(rows=ROWS):
    rng = np.random.default_rng(3)
    return rng.standard_normal((rows, 6)), rng.integers(0, 3, rows)


def digest(report):
    return hashlib.sha256(report.last.theta.tobytes()).hexdigest()


@given(st.data())
def test_an_epoch_has_each_row_once(data):
    rows = data.draw(st.integers(1, 30_000))
    count = data.draw(st.integers(1, min(rows, 9)))
    batch = data.draw(st.integers(max(1, rows // 7), rows))
    shards = Shards(rows, count, batch, seed=5)
    taken, sizes = [], []
    for step in range(shards.steps):
        for shard in range(count):
            for piece in shards.pieces(shard, 1, step):
                of_shard = np.arange(*shards.bounds(shard))[piece]
                taken.extend(of_shard)
                sizes.append(len(of_shard))
    assert sorted(taken) == list(range(rows))
    assert max(sizes) <= shards.most_rows <= PIECE_ROWS


def test_the_order_is_drawn_from_seed_epoch_and_shard():
    def first(seed, epoch, shard):
        (piece,) = Shards(20_000, 2, 5000, seed).pieces(shard, epoch, 0)
        return piece.tobytes()

    keys = [
        (seed, epoch, shard) for seed in (0, 1) for epoch in (0, 1) for shard in (0, 1)
    ]
    assert len({first(*key) for key in keys}) == len(keys)
    assert first(1, 1, 1) == first(1, 1, 1)


class Written:
    """A sum that shows how it was added."""

    def __init__(self, text):
        self.text = text

    def __add__(self, other):
        return Written(f"({self.text}+{other.text})")


@given(st.integers(1, 20), st.data())
def test_whoever_adds_a_part_the_tree_is_one(count, data):
    owners = [data.draw(st.integers(0, 3)) for _ in range(count)]
    arrival = data.draw(st.permutations(range(count)))
    alone, together = Tree(count), Tree(count)
    for shard in range(count):
        alone.add((0, shard), Written(str(shard)))
    for owner in range(4):
        part = Tree(count)
        for shard in arrival:
            if owners[shard] == owner:
                part.add((0, shard), Written(str(shard)))
        for node, sums in part.parts.items():
            together.add(node, sums)
    assert together.root.text == alone.root.text


def test_five_shards_are_added_two_by_two():
    tree = Tree(5)
    for shard in (4, 3, 2, 1, 0):
        tree.add((0, shard), Written(str(shard)))
    assert tree.root.text == "(((0+1)+(2+3))+4)"


@pytest.mark.parametrize("weighted", [False, True])
def test_a_full_gradient_in_shards_is_the_gradient(weighted):
    x, y = problem()
    w = np.random.default_rng(0).random(ROWS) if weighted else None
    options = {"optimizer": "gradient_descent", "max_epochs": 3, "l1": 1e-3, "l2": 1e-2}
    plain, sharded = (
        train(NET, x, y, sample_weight=w, shards=shards, **options)
        for shards in (None, 7)
    )
    assert np.allclose(plain.last.theta, sharded.last.theta, rtol=0, atol=1e-14)
    assert np.allclose(plain.loss, sharded.loss, rtol=1e-13)


def test_a_weight_of_two_is_a_row_twice_and_0_is_none():
    x, y = problem(600)
    weights = np.arange(600) % 3
    again = np.repeat(np.arange(600), weights)
    options = {"optimizer": "gradient_descent", "max_epochs": 2, "shards": 5}
    weighted = train(NET, x, y, sample_weight=weights, **options)
    repeated = train(NET, x[again], y[again], **options)
    assert np.allclose(weighted.last.theta, repeated.last.theta, rtol=0, atol=1e-14)


@needs_native
@pytest.mark.parametrize(
    "rules",
    [
        {"optimizer": "adam", "dropout": 0.2, "clip_norm": 1.0},
        {"optimizer": "gradient_descent", "batch_rows": None},
    ],
)
def test_threads_change_no_bit_and_the_seed_does(rules):
    x, y = problem()
    options = {**SHARDED, **rules}
    digests = [digest(train(NET, x, y, threads=t, **options)) for t in (1, 2, 3)]
    assert len({*digests}) == 1
    assert digest(train(NET, x, y, seed=1, **options)) != digests[0]


@needs_native
def test_a_run_in_parts_is_the_run(tmp_path):
    x, y = problem()
    whole = train(NET, x, y, **SHARDED)
    assert whole.steps == 9
    file = tmp_path / "run"
    train(NET, x, y, checkpoint=Checkpoint(file), max_steps=4, **SHARDED)
    resumed = train(NET, x, y, resume=file, **SHARDED)
    assert digest(resumed) == digest(whole)
    assert resumed.loss == whole.loss


def test_the_search_of_lbfgs_takes_sums_over_shards():
    x, y = problem(400)
    options = {"optimizer": "lbfgs", "max_epochs": 5}
    plain, sharded = (train(NET, x, y, shards=s, **options) for s in (None, 3))
    assert np.allclose(plain.loss, sharded.loss, rtol=1e-10)


@needs_native
@pytest.mark.parametrize("regularization", ["none", "bayes"])
def test_levenberg_marquardt_takes_sums_over_shards(regularization, tmp_path):
    x, y = problem(400)
    w = np.arange(400) % 3
    rule = LevenbergMarquardt(regularization=regularization)
    options = {"sample_weight": w, "optimizer": rule, "max_epochs": 6}
    plain = train(NET, x, y, **options)
    sharded = train(NET, x, y, shards=5, threads=1, **options)
    assert np.allclose(plain.loss, sharded.loss, rtol=1e-9)
    assert np.allclose(plain.last.theta, sharded.last.theta, rtol=0, atol=1e-7)
    again = train(NET, x, y, shards=5, threads=2, **options)
    assert digest(again) == digest(sharded)
    file = tmp_path / "run"
    train(NET, x, y, shards=5, max_steps=2, checkpoint=Checkpoint(file), **options)
    resumed = train(NET, x, y, shards=5, resume=file, **options)
    assert digest(resumed) == digest(sharded)


def test_a_trial_beyond_the_numbers_is_no_step():
    """λ of nearly 0 where tanh is flat: the first trials of exp overflow, and are passed over."""
    net = Network((1, 1, 1), ("tanh", "exp"), "poisson")
    start = Parameters.from_arrays([[[9.0]], [[1.0]]], [[9.0], [-8.0]])
    x, y = np.linspace(0, 1, 20)[:, None], np.full(20, 3.0)
    rule = LevenbergMarquardt(damping=1e-9)
    options = {"parameters": start, "optimizer": rule, "max_epochs": 3}
    plain, sharded = (train(net, x, y, shards=s, **options) for s in (None, 4))
    assert plain.details["damping"][0] > 1  # from 1e-9 of the curvature, 0.0003
    for name in ("damping", "gain_ratio"):
        assert np.allclose(plain.details[name], sharded.details[name], rtol=1e-9)
    assert np.allclose(plain.loss, sharded.loss, rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch_rows": 1000}, "batch_rows = 1000 in 4 shards. Allowed: at least 1024"),
        ({"shards": ROWS + 1}, "at most as many shards as rows"),
        ({"shards": 0}, "shards = 0. Allowed: a whole number >= 1"),
        (
            {"optimizer": LevenbergMarquardt(form="dual"), "batch_rows": None},
            'levenberg_marquardt with form = "dual" in shards',
        ),
        (
            {
                "optimizer": LevenbergMarquardt(max_gigabytes=1e-3),
                "batch_rows": None,
            },
            "a matrix of 123 parameters",
        ),
    ],
)
def test_what_has_no_shards_is_refused(options, said):
    x, y = problem()
    with pytest.raises(InputError) as raised:
        train(NET, x, y, **{**SHARDED, **options})
    assert said in str(raised.value)


def test_a_checkpoint_of_other_shards_is_refused(tmp_path):
    x, y = problem()
    file = tmp_path / "run"
    train(NET, x, y, checkpoint=Checkpoint(file), **{**SHARDED, "max_epochs": 1})
    with pytest.raises(InputError, match="of a run with shards = 4"):
        train(NET, x, y, resume=file, **{**SHARDED, "shards": 3})
