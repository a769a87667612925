"""The docstrings state shapes, and an array of another shape is found where it arises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule import Gradient, Network, Trace, backward, forward, train
from chainrule.equations.activation import Elementwise
from chainrule.equations.loss import Loss, Pointwise
from chainrule.optimizers import Adam, FirstOrder

from .support.shapes import RECORDS, Stated, checking, holds, stated

pytestmark = pytest.mark.quick

NET = Network((2, 3, 1), ("tanh", "identity"), "squared_error")
X, Y = np.ones((4, 2)), np.ones((4, 1))


def test_the_docstrings_are_read() -> None:
    per_layer = ("N", "n_l")
    assert stated(Trace.__doc__) == {
        "A": Stated(per_layer, True, 0),
        "Z": Stated(per_layer, True, 1),
        "M": Stated(per_layer, True, 0, 1),
        "slopes": Stated(per_layer, True, 1),
        "theta": Stated(("D",), False),
    }
    assert stated(Gradient.__doc__) == {
        "J": Stated((), False),
        "flat": Stated(("D",), False),
        "delta": Stated(per_layer, True, 1),
        "row_loss": Stated(("N",), False),
        "dA": Stated(per_layer, True, 0),
    }
    output = Stated(("N", "n_L"), False)
    said = dict.fromkeys(("y", "z", "a", "delta"), output)
    said["value"] = Stated(("N",), False)
    assert stated(Loss.value_and_delta.__doc__) == said
    assert set(stated(FirstOrder.move.__doc__)) == {"theta", "gradient", "slots"}
    assert all(stated(record.__doc__) for record in RECORDS)


def test_letters_stand_for_one_number() -> None:
    shapes = {"A": Stated(("N", "n_l"), True, 0), "y": Stated(("N", "n_L"), False)}
    good = {"A": [np.ones((4, 2)), np.ones((4, 3))], "y": np.ones((4, 3))}
    holds("here", shapes, good)
    holds("here", shapes, good | {"y": None})
    for wrong in (np.ones((3, 3)), np.ones((4, 2)), np.ones(4), np.ones((4, 3, 1))):
        with pytest.raises(AssertionError, match="here: y has shape"):
            holds("here", shapes, good | {"y": wrong})


def planted(place: type, method: str, change: Callable[[Any], Any]) -> None:
    """Put a fault in one method, check all, and run a step."""
    sound = vars(place)[method]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, method, lambda *given: change(sound(*given)))
        checking(patch.setattr)
        backward(NET, NET.init(0), forward(NET, NET.init(0), X), Y)
        train(NET, X, Y, max_epochs=1, engine="reference", optimizer="adam")


@pytest.mark.parametrize(
    ("place", "method", "change"),
    [
        (Pointwise, "value_and_delta", lambda r: (r[0][:, None], r[1])),
        (Pointwise, "value_and_delta", lambda r: (r[0], r[1][:, 0])),
        (Pointwise, "value_and_delta", lambda r: (r[0][:1], r[1])),
        (Elementwise, "value", lambda a: a[:1]),
        (Elementwise, "pull_back", lambda g: g.T),
        (Adam.__mro__[1], "move", lambda r: (r[0], (r[1][0], r[1][1][:-1]))),
    ],
    ids=["(N, 1)", "(N,)", "(1,)", "rows", "transposed", "slots"],
)
def test_a_shape_that_is_wrong_is_found(
    place: type, method: str, change: Callable[[Any], Any]
) -> None:
    planted(place, method, lambda result: result)
    with pytest.raises(AssertionError, match="shape"):
        planted(place, method, change)


@pytest.mark.parametrize(
    "make",
    [
        lambda t, g: Trace(t.A, t.Z[:1], t.M),
        lambda t, g: Trace((t.A[0], t.A[1][:1], t.A[2]), t.Z, t.M),
        lambda t, g: Trace(t.A, t.Z, (np.ones((4, 3)), None)),
        lambda t, g: Gradient(g.sizes, g.J, g.flat[1:], g.delta, g.row_loss, g.dA),
        lambda t, g: Gradient(g.sizes, g.J, g.flat, g.delta[::-1], g.row_loss, g.dA),
        lambda t, g: Gradient(g.sizes, g.row_loss, g.flat, g.delta, g.row_loss, g.dA),
        lambda t, g: Gradient(g.sizes, g.J, g.flat, g.delta, g.row_loss[:3], g.dA),
    ],
)
def test_a_record_that_is_wrong_is_found(make: Callable[[Any, Any], Any]) -> None:
    trace = forward(NET, NET.init(0), X)
    gradient = backward(NET, NET.init(0), trace, Y)
    with pytest.raises(AssertionError, match=r"shape|arrays in"):
        make(trace, gradient)
