"""A number that is NaN or infinite ends a run, and its place is named."""

from dataclasses import replace

import numpy as np
import pytest

from chainrule import (
    Callback,
    Checkpoint,
    InputError,
    Network,
    NonFiniteError,
    Parameters,
    StopReason,
    train,
)
from chainrule.engines import reference
from chainrule.optimizers import SGD, LevenbergMarquardt
from chainrule.optimizers import first_order as optimizers_module

from ..support.runs import BUILT, content

NET = Network((3, 5, 4, 2), ("tanh", "sigmoid", "identity"), "squared_error")
STEPS = (
    1,
    8,
)  # of three batches an epoch: the first, and the second of the third epoch
RUN = {
    "engine": "reference",
    "optimizer": SGD(learning_rate=0.1, momentum=0.5),
    "batch_rows": 6,
    "max_epochs": 5,
    "seed": 3,
}


def problem(rows=17):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(rows, 3))
    return x, rng.normal(size=(rows, 2))


def spoil(array, value):
    array = array.copy()
    array.flat[-1] = value
    return array


class Planted:
    """Puts a value into one quantity of one layer, in one step only."""

    def __init__(self, monkeypatch, quantity, layer, step, value):
        self.steps, self.layer, self.step, self.value = 0, layer, step, value
        kind = (
            "forward"
            if quantity in "ZA"
            else "step"
            if quantity in "Wb"
            else "backward"
        )
        self.quantity = quantity
        getattr(self, f"plant_{kind}")(monkeypatch)

    def is_due(self, trace):
        """Whether these are the rows of the step; all rows at once are those of a diagnosis."""
        self.steps += len(trace.output) <= RUN["batch_rows"]
        return self.steps == self.step and len(trace.output) <= RUN["batch_rows"]

    def plant_forward(self, monkeypatch):
        real = reference.propagate

        def propagate(*arguments):
            trace = real(*arguments)
            if self.is_due(trace):
                Z, A = list(trace.Z), list(trace.A)
                at, parts = (
                    (self.layer - 1, Z) if self.quantity == "Z" else (self.layer, A)
                )
                parts[at] = spoil(parts[at], self.value)
                trace = type(trace)(tuple(A), tuple(Z), trace.M)
            return trace

        monkeypatch.setattr(reference, "propagate", propagate)

    def plant_backward(self, monkeypatch):
        real = reference.pull_back

        def pull_back(network, parameters, trace, *more, **options):
            gradient = real(network, parameters, trace, *more, **options)
            if self.is_due(trace):
                at, deltas = self.layer - 1, list(gradient.delta)
                planted = replace(gradient, flat=gradient.flat.copy())
                if self.quantity == "Δ":  # it spreads to its own dW, as in B3
                    deltas[at] = spoil(deltas[at], self.value)
                    planted = replace(planted, delta=tuple(deltas))
                    planted.dW[at][...] = self.value
                else:
                    getattr(planted, self.quantity)[at].flat[-1] = self.value
                gradient = planted
            return gradient

        monkeypatch.setattr(reference, "pull_back", pull_back)

    def plant_step(self, monkeypatch):
        real = optimizers_module.SGD.move

        def step(rule, theta, gradient, slots, rate, t):
            moved, slots = real(rule, theta, gradient, slots, rate, t)
            if t == self.step:
                parts = Parameters(NET.sizes, moved)
                (parts.weights if self.quantity == "W" else parts.biases)[
                    self.layer - 1
                ].flat[-1] = self.value
            return moved, slots

        monkeypatch.setattr(optimizers_module.SGD, "move", step)


def name_of(quantity, layer):
    return f"{quantity}[{layer}]" + (" after the step" if quantity in "Wb" else "")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("quantity", ["Z", "A", "Δ", "dW", "db", "W", "b"])
def test_a_planted_divergence_is_named(
    monkeypatch, tmp_path, quantity, layer, step, value
):
    x, y = problem()
    good = train(NET, x, y, **{**RUN, "max_steps": step - 1})
    with monkeypatch.context() as patch:
        Planted(patch, quantity, layer, step, value)
        stopped = train(NET, x, y, on_nonfinite="stop", **RUN)
    with monkeypatch.context() as patch:
        Planted(patch, quantity, layer, step, value)
        with pytest.raises(NonFiniteError) as caught:
            train(NET, x, y, checkpoint=Checkpoint(path=tmp_path / "c"), **RUN)
    assert (caught.value.quantity, caught.value.step) == (
        name_of(quantity, layer),
        step,
    )
    # the result holds the sentence and the parameters of the last good step
    assert stopped.stopped is StopReason.NON_FINITE
    assert stopped.failure == str(caught.value)
    assert f"in step {step}, first in {name_of(quantity, layer)}" in stopped.failure
    assert "Lower the learning rate" in stopped.failure
    assert stopped.steps == step - 1
    assert stopped.parameters.theta.tobytes() == good.parameters.theta.tobytes()
    # the error leaves them in a checkpoint, from which the run goes on
    resumed = train(NET, x, y, resume=tmp_path / "c", **{**RUN, "max_steps": step - 1})
    assert resumed.parameters.theta.tobytes() == good.parameters.theta.tobytes()
    whole = train(NET, x, y, **RUN)
    assert (
        train(NET, x, y, resume=tmp_path / "c", **RUN).parameters.theta.tobytes()
        == whole.parameters.theta.tobytes()
    )


def test_an_undisturbed_run_is_not_stopped(monkeypatch):
    x, y = problem()
    for quantity in ("Z", "Δ", "W"):
        with monkeypatch.context() as patch:
            Planted(patch, quantity, 2, 8, 1.5)  # a finite number
            assert train(NET, x, y, **RUN).stopped is StopReason.EPOCHS


def test_the_first_in_the_order_of_the_equations_is_named(monkeypatch):
    x, y = problem()
    Planted(monkeypatch, "A", 2, 4, np.inf)
    Planted(monkeypatch, "Z", 3, 4, np.nan)
    Planted(monkeypatch, "dW", 1, 4, np.nan)
    with pytest.raises(NonFiniteError) as caught:
        train(NET, x, y, **RUN)
    assert (caught.value.quantity, caught.value.step) == ("A[2]", 4)


# powers of ten whose square, and whose third power, overflow
LARGE = {"float32": 1e30, "float64": 1e200}


#: Overflow by real numbers: quantity → activations, loss, W[1] … W[L], x, learning rate; B is large, b = 0, y = 5,
#: and huber's slope at most 1.
OVERFLOWS = {
    "Z[1]": (("identity", "identity"), "huber", "B1", "B", 1),
    "Z[2]": (("identity", "identity"), "huber", "BB", 1, 1),  # Z[1] = B
    "A[1]": (("exp", "identity"), "huber", "T1", 1, 1),  # exp 1000
    "J": (("identity",), "squared_error", "1", "B", 1),
    "Δ[1]": (("identity",) * 3, "huber", "1BB", 0, 1),  # 1 · B · B, all Z = 0
    "dW[1]": (("identity", "identity"), "huber", "0B", "B", 1),  # Δ[1] = -B times x = B
    "W[1] after the step": (("identity",), "huber", "0", "B", "B"),  # ∇J = -B
}


@pytest.mark.parametrize("dtype", LARGE)
@pytest.mark.parametrize("quantity", OVERFLOWS)
def test_real_overflow_is_named_without_a_warning(dtype, quantity):
    """Warnings are errors here: NumPy's would come instead of ours."""
    numbers = {"B": LARGE[dtype], "T": 1000.0, "0": 0.0, "1": 1.0}
    activations, loss, weights, x, rate = OVERFLOWS[quantity]
    net = Network((1,) * (len(activations) + 1), activations, loss)
    theta = np.array(
        [*(numbers[w] for w in weights), *[0.0] * len(weights)], dtype=dtype
    )
    rule = SGD(learning_rate=numbers.get(rate, rate))
    with pytest.raises(NonFiniteError) as caught:
        train(
            net,
            [[numbers.get(x, x)]],
            [[5.0]],
            parameters=Parameters(net.sizes, theta),
            optimizer=rule,
        )
    assert (caught.value.quantity, caught.value.step) == (quantity, 1)


class Ends(Callback):
    ended = 0

    def on_end(self, moment):
        self.ended += 1


@pytest.mark.parametrize("batch_rows", [17, 3])
@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("choice", ["raise", "stop"])
def test_divergence_by_a_high_rate_leaves_a_good_checkpoint(
    tmp_path, choice, engine, batch_rows
):
    """After the last good step even the norms of the diagnosis overflow; they are saved all the same."""
    x, y = problem()
    net = Network((3, 5, 2), ("relu", "identity"), "squared_error")
    ends, file = Ends(), tmp_path / "c"
    options = {
        "optimizer": SGD(learning_rate=1e6),
        "max_epochs": 100,
        "validation": (x, y),
    }
    options |= {"batch_rows": batch_rows, "engine": engine}
    kept = {
        "checkpoint": Checkpoint(path=file, every_epochs=1),
        "callbacks": [ends],
        "on_nonfinite": choice,
    }
    if choice == "raise":
        with pytest.raises(NonFiniteError) as caught:
            train(net, x, y, **options, **kept)
        step = caught.value.step
    else:
        step = train(net, x, y, **options, **kept).steps + 1
    assert step > 1
    assert ends.ended == 1
    assert content(file)[0]["state"]["steps"] == step - 1
    good = train(net, x, y, max_steps=step - 1, **options)
    again = train(net, x, y, resume=file, max_steps=step - 1, **options)
    assert again.parameters.theta.tobytes() == good.parameters.theta.tobytes()
    assert repr(again.diagnoses) == repr(good.diagnoses)  # NaN is not equal to itself
    assert batch_rows == 3 or not np.isfinite(good.validation_loss[-1])
    assert again.validation_loss == good.validation_loss


def test_another_choice():
    x, y = problem()
    with pytest.raises(InputError, match="on_nonfinite"):
        train(NET, x, y, on_nonfinite="ignore")


@pytest.mark.parametrize("form", ["primal", "dual"])
def test_products_of_derivatives_that_overflow_are_named(form):
    x, y = problem()
    net = Network((3, 2), ("identity",), "squared_error")
    start = Parameters.from_arrays([np.zeros((2, 3))], [np.zeros(2)])
    rule = LevenbergMarquardt(form=form)
    with pytest.raises(NonFiniteError, match="step 1, first in J̃ᵀ J̃"):
        train(net, 1e200 * x, y, parameters=start, optimizer=rule)
