"""The training loop: what it computes, what it records, how it ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import (
    InputError,
    Network,
    NonFiniteError,
    Parameters,
    custom_activation,
    objective,
)
from chainrule import train as train_by_default
from chainrule.engines import ENGINES, Reference, choose_engine
from chainrule.engines.rows import Data, batches
from chainrule.optimizers import SGD, GradientDescent
from chainrule.optimizers.rules import Rules
from chainrule.optimizers.state import State
from chainrule.training.report import StopReason

from ..support.native_cases import needs_native

pytestmark = pytest.mark.quick

# 50 steps of condition < 100 multiply the rounding of one step (1e-16) by less than 1e4
TRAINED = 1e-12


def problem(rows=23, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    return x, np.sin(x @ rng.normal(size=(3, 2)))


def train(*arguments, optimizer="gradient_descent", engine="reference", **options):
    return train_by_default(*arguments, optimizer=optimizer, engine=engine, **options)


NET = Network((3, 5, 2), ("tanh", "identity"), "squared_error")


def test_one_step_by_hand():
    # 1-1 network a = wx + b with w = 2, b = 0, ½ squares; rows (1, 1) and (2, 5).
    # a = (2, 4), Δ = (1, -1), J = ½(½ + ½) = 0.5; dW = (1·1 - 1·2)/2 = -½, db = 0.
    # α = 0.1: w = 2.05, b = 0. Then a = (2.05, 4.1), Δ = (1.05, -0.9), J = (1.1025 + 0.81)/4 = 0.478125
    net = Network((1, 1), ("identity",), "squared_error")
    start = Parameters.from_arrays([[[2.0]]], [[0.0]])
    report = train(net, [[1.0], [2.0]], [[1.0], [5.0]], parameters=start, max_epochs=1)
    assert report.loss == (0.5,)
    assert report.parameters.theta.tolist() == [2.05, 0.0]
    after = train(
        net, [[1.0], [2.0]], [[1.0], [5.0]], parameters=report.parameters, max_epochs=1
    )
    assert after.loss == (pytest.approx(0.478125, rel=1e-15),)
    assert start.theta.tolist() == [2.0, 0.0]


@needs_native
def test_a_run_of_each_engine_ends_at_the_same_parameters():
    x, y = problem(rows=40)
    options = {"optimizer": "adam", "batch_rows": 8, "max_epochs": 3, "seed": 3}
    runs = [train(NET, x, y, engine=name, **options) for name in ENGINES]
    assert [run.engine for run in runs] == ["native", "reference"]
    ours, reference = (np.asarray(run.parameters.theta) for run in runs)
    np.testing.assert_allclose(ours, reference, rtol=0, atol=TRAINED)
    assert reference.shape == NET.init(3).theta.shape
    assert np.max(np.abs(reference - NET.init(3).theta)) > 1e-3


def test_full_batch_training_lowers_the_loss_it_reports():
    x, y = problem()
    report = train(NET, x, y, max_epochs=200, seed=3)
    assert len(report.loss) == report.epochs == report.steps == 200
    assert all(b < a for a, b in zip(report.loss, report.loss[1:], strict=False))
    assert float(objective(NET, report.parameters, x, y)) < report.loss[-1]
    start = NET.init(3)
    assert report.loss[0] == pytest.approx(
        float(objective(NET, start, x, y)), rel=1e-14
    )
    assert report.stopped is StopReason.EPOCHS


def test_every_row_once_an_epoch_in_a_new_order():
    epochs = [list(batches(11, 4, seed=5, epoch=e)) for e in range(3)]
    for epoch in epochs:
        assert [len(batch) for batch in epoch] == [4, 4, 3]
        assert sorted(np.concatenate(epoch)) == list(range(11))
    orders = [tuple(np.concatenate(epoch)) for epoch in epochs]
    assert len(set(orders)) == 3
    assert orders == [
        tuple(np.concatenate(list(batches(11, 4, seed=5, epoch=e)))) for e in range(3)
    ]
    assert orders[0] != tuple(np.concatenate(list(batches(11, 4, seed=6, epoch=0))))
    assert list(batches(11, 11, seed=5, epoch=0)) == [None]


def test_sgd_steps_on_the_batches_in_order():
    x, y = problem()
    report = train(
        NET,
        x,
        y,
        optimizer=SGD(learning_rate=0.05),
        batch_rows=10,
        max_epochs=2,
        seed=9,
        l2=0.01,
    )
    assert report.steps == 6
    theta, recorded = NET.init(9).theta, []
    for epoch in range(2):
        total = 0.0
        for rows in batches(23, 10, seed=9, epoch=epoch):
            J, g = Reference().loss_and_gradient(
                Reference().prepare(NET, Rules(SGD(), batch_rows=10), theta.dtype),
                theta,
                Data(x[rows], y[rows], None),
                l2=0.01,
            )
            total += len(rows) * float(J)
            theta = theta - 0.05 * g
        recorded.append(total / 23)
    np.testing.assert_array_equal(report.parameters.theta, theta)
    assert report.loss == pytest.approx(recorded, rel=1e-15)


def test_same_seed_same_run():
    x, y = problem()
    runs = [
        train(NET, x, y, optimizer="sgd", batch_rows=5, max_epochs=3, seed=s)
        for s in (1, 1, 2)
    ]
    np.testing.assert_array_equal(runs[0].parameters.theta, runs[1].parameters.theta)
    assert runs[0].loss == runs[1].loss
    assert (runs[0].parameters.theta != runs[2].parameters.theta).any()


@given(
    st.lists(st.integers(0, 3), min_size=6, max_size=6).filter(any), st.integers(0, 100)
)
def test_integer_weight_is_a_repeated_row_in_full_batch_training(weights, seed):
    x, y = problem(6, seed)
    weighted = train(NET, x, y, sample_weight=weights, max_epochs=50, seed=seed)
    repeated = train(
        NET,
        np.repeat(x, weights, axis=0),
        np.repeat(y, weights, axis=0),
        max_epochs=50,
        seed=seed,
    )
    np.testing.assert_allclose(
        weighted.parameters.theta, repeated.parameters.theta, rtol=0, atol=TRAINED
    )
    np.testing.assert_allclose(weighted.loss, repeated.loss, rtol=0, atol=TRAINED)


def test_a_batch_of_weight_zero_makes_no_step():
    x, y = problem(10)
    weights = np.zeros(10)
    alone = int(
        np.concatenate(list(batches(10, 5, seed=0, epoch=0)))[7]
    )  # in the second batch
    weights[alone] = 2.0
    report = train(
        NET, x, y, sample_weight=weights, optimizer="sgd", batch_rows=5, max_epochs=1
    )
    assert report.steps == 1
    only = train(NET, x[[alone]], y[[alone]], optimizer="sgd", max_epochs=1)
    np.testing.assert_allclose(
        report.parameters.theta, only.parameters.theta, rtol=0, atol=TRAINED
    )


def test_penalty_shrinks_weights_and_not_biases():
    net = Network((1, 1), ("identity",), "squared_error")
    start = Parameters.from_arrays([[[2.0]]], [[3.0]])
    # the row (0, 3) has gradient 0: only the penalty moves w: 2 - 0.1 (0.5 · 2 + 0.25) = 1.875
    report = train(
        net, [[0.0]], [[3.0]], parameters=start, max_epochs=1, l1=0.25, l2=0.5
    )
    assert report.parameters.theta.tolist() == [1.875, 3.0]
    assert report.loss == (0.25 * 2 + 0.5 / 2 * 4,)


class InterruptedAt(Reference):
    """The reference engine, interrupted while it computes a chosen step."""

    step = 0

    def loss_and_gradient(self, *arguments, **options):
        InterruptedAt.step += 1
        if InterruptedAt.step == 5:
            raise KeyboardInterrupt
        return super().loss_and_gradient(*arguments, **options)


def test_interrupt_keeps_the_last_complete_step(monkeypatch):
    x, y = problem()
    monkeypatch.setitem(ENGINES, "reference", InterruptedAt())
    stopped = train(NET, x, y, optimizer="sgd", batch_rows=10, max_epochs=9, seed=1)
    assert stopped.stopped is StopReason.INTERRUPTED
    assert (stopped.epochs, stopped.steps, len(stopped.loss)) == (1, 4, 1)
    monkeypatch.undo()
    theta = NET.init(1).theta
    state = State(theta, SGD().init(theta))
    seen = []
    rules = Rules(SGD(), batch_rows=10, seed=1)
    workspace = Reference().prepare(NET, Rules(SGD(), batch_rows=10), theta.dtype)
    for _ in range(2):
        state = (
            Reference()
            .run_epoch(
                workspace,
                rules,
                Data(x, y, None),
                state,
                lambda new: seen.append(new.theta),
            )
            .next_epoch()
        )
    np.testing.assert_array_equal(stopped.parameters.theta, seen[3])


def test_an_epoch_continued_in_its_middle_equals_the_epoch():
    x, y = problem()
    rules = Rules(SGD(learning_rate=0.1), batch_rows=5, seed=1)
    engine = Reference()
    workspace = engine.prepare(NET, rules, np.float64)
    states = []
    start = State(NET.init(1).theta, SGD().init(NET.init(1).theta))
    end = engine.run_epoch(workspace, rules, Data(x, y, None), start, states.append)
    again = engine.run_epoch(
        workspace, rules, Data(x, y, None), states[1], lambda new: None
    )
    np.testing.assert_array_equal(end.theta, again.theta)
    assert (again.epoch, again.step_in_epoch, again.steps) == (0, 5, 5)


def test_divergence_is_an_error_that_says_what_to_do():
    x, y = problem()
    net = Network((3, 5, 2), ("relu", "identity"), "squared_error")
    with (
        np.errstate(all="ignore"),
        pytest.raises(NonFiniteError, match="Lower the learning rate"),
    ):
        train(net, x, y, optimizer=GradientDescent(learning_rate=1e6), max_epochs=100)


def test_trains_on_torch_arrays():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x, y = problem()
    of_torch = train(
        NET,
        torch.asarray(x),
        torch.asarray(y),
        optimizer="sgd",
        batch_rows=7,
        max_epochs=3,
    )
    of_numpy = train(NET, x, y, optimizer="sgd", batch_rows=7, max_epochs=3)
    assert isinstance(of_torch.parameters.theta, torch.Tensor)
    np.testing.assert_allclose(
        of_torch.parameters.theta.numpy(), of_numpy.parameters.theta, atol=1e-14
    )


def test_float32_stays_float32():
    x, y = problem()
    report = train(NET, x, y, dtype="float32", max_epochs=3)
    assert report.parameters.theta.dtype == np.float32
    assert report.settings["dtype"] == "float32"


#: With an activation of the user's own, which native does not have.
OF_OWN = Network(
    NET.sizes,
    (custom_activation(lambda z: z * z, lambda z: 2 * z), *NET.activations[1:]),
    NET.loss,
)


def test_the_engine_says_why():
    x, y = problem()
    report = train(OF_OWN, x, y, max_epochs=0, engine="auto")
    assert report.engine == "reference"
    assert report.engine_reason.startswith("the fastest engine")
    assert "native cannot" in report.engine_reason
    assert (report.epochs, report.loss) == (0, ())
    with pytest.raises(InputError, match="auto"):
        train(NET, x, y, engine="warp")


class Narrow(Reference):
    """An engine that can do nothing."""

    name = "narrow"

    def refusal(self, network, rules, theta):
        return "it is a test"


def test_an_engine_refuses_by_name_and_auto_passes_it_by(monkeypatch):
    monkeypatch.setitem(ENGINES, "narrow", Narrow())
    rules = Rules(SGD(), batch_rows=5)
    engine, reason = choose_engine("auto", OF_OWN, rules, NET.init().theta)
    assert engine.name == "reference"
    assert "narrow cannot: it is a test" in reason
    with pytest.raises(InputError, match=r"it is a test.*reference"):
        choose_engine("narrow", OF_OWN, rules, NET.init().theta)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"optimizer": "adamant"}, "optimizer"),
        ({"batch_rows": 0}, "batch_rows"),
        ({"batch_rows": 5}, "all rows in every step"),
        ({"max_epochs": -1}, "max_epochs"),
        ({"max_epochs": 2.5}, "max_epochs"),
        ({"l2": -0.1}, "l2"),
        ({"seed": -1}, "seed"),
        ({"initializer": "luck"}, "initializer"),
        ({"sample_weight": [1.0]}, "sample_weight"),
        ({"parameters": Parameters((2, 1), np.zeros(3))}, "widths"),
    ],
)
def test_bad_arguments(wrong, message):
    x, y = problem()
    with pytest.raises(InputError, match=message) as caught:
        train(NET, x, y, **wrong)
    assert str(caught.value).startswith("Given: ")
    assert "Allowed: " in str(caught.value)


def test_targets_of_another_length():
    x, y = problem()
    with pytest.raises(InputError, match="22 targets for 23 rows"):
        train(NET, x, y[1:])


@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize("y", [[0, 0, 0], [[1.0], [1.0], [1.0]]], ids=str)
def test_the_cross_entropy_of_a_constant_is_not_trained(y, engine):
    """A softmax of one unit is 1 whatever the inputs: J = 0 from the start would look like a success."""
    constant = Network((2, 3, 1), ("tanh", "softmax"), "cross_entropy")
    with pytest.raises(InputError) as caught:
        train_by_default(constant, np.zeros((3, 2)), y, engine=engine)
    assert caught.value.given.startswith("cross_entropy on a softmax of one unit")
    assert "sigmoid" in caught.value.remedy
