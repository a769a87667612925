"""Which activation fits which loss, stated by hand, and what the others raise; specifications of losses."""

from __future__ import annotations

import itertools
import math
import pickle

import pytest

from chainrule import ACTIVATIONS, LOSSES, InputError, Network

from ..support import oracle
from .test_losses import ROWS

#: Stated by hand; a row that is not here fits the losses that have a meaning for its values.
STATED = {
    *("identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu"),
    *("gelu_tanh", "silu", "mish", "softplus", "softsign", "hard_sigmoid"),
    *("hard_tanh", "exp", "softmax"),
}


def others(low: float, high: float) -> set[str]:
    """The rows not stated by hand whose values, by the oracle, lie between these."""
    return {
        name
        for name in set(ACTIVATIONS) - STATED
        if all(
            low
            < oracle.activate(ACTIVATIONS[name]().specification(), [z])[0].real
            < high
            for z in range(-30, 31)
        )
    }


ANY = set(ACTIVATIONS)
#: loss → activations whose every value it has a meaning for. log a needs a > 0, which relu and
#: hard_sigmoid do not keep; log(1 - a) needs a < 1 as well, which one unit of softmax does not.
FITTING = {
    "squared_error": ANY,
    "absolute_error": ANY,
    "huber": ANY,
    "log_cosh": ANY,
    "pinball": ANY,
    "cross_entropy": {"sigmoid", "softmax"} | others(0, 1),
    "binary_cross_entropy": {"sigmoid", "softmax"} | others(0, 1),
    "poisson": {"sigmoid", "softplus", "exp", "softmax"} | others(0, math.inf),
}


def test_the_hand_made_table_names_every_loss() -> None:
    assert set(ACTIVATIONS) >= STATED
    assert set(LOSSES) == set(FITTING)


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize(
    ("activation", "loss"), list(itertools.product(ACTIVATIONS, LOSSES))
)
def test_a_pair_fits_or_raises_naming_those_that_do(
    activation: str, loss: str, width: int
) -> None:
    fitting = FITTING[loss] - (
        {"softmax"} if (loss, width) == ("binary_cross_entropy", 1) else set()
    )
    if activation in fitting:
        assert (
            Network((2, width), (activation,), loss).activations[0].name == activation
        )
        return
    with pytest.raises(InputError) as caught:
        Network((2, width), (activation,), loss)
    assert f"{loss} on {activation}" in caught.value.given
    named = caught.value.remedy.split("Use one of ")[1].split(" in the last layer")[0]
    assert set(named.split(", ")) == fitting


def test_one_unit_of_softmax_is_explained() -> None:
    with pytest.raises(InputError, match="softmax of one unit is the constant 1"):
        Network((2, 1), ("softmax",), "binary_cross_entropy")


@pytest.mark.parametrize("loss_row", ROWS, ids=str)
def test_a_specification_makes_the_same_loss_again(loss_row) -> None:
    specification = loss_row.specification()
    again = LOSSES[specification.pop("name")](**specification)
    assert again == loss_row
    assert hash(again) == hash(loss_row)
    assert pickle.loads(pickle.dumps(loss_row)) == loss_row


@pytest.mark.parametrize("name", LOSSES)
def test_a_row_says_all_that_a_reader_needs(name: str) -> None:
    row = LOSSES[name]()
    assert row.name == name
    assert all((row.formula, row.formula_prime, row.source, LOSSES[name].__doc__))
    assert str(row).startswith(name)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("squared_error", {"factor": 0.0}),
        ("squared_error", {"factor": math.inf}),
        ("huber", {"threshold": -1.0}),
        ("huber", {"threshold": math.nan}),
        ("pinball", {"quantiles": ()}),
        ("pinball", {"quantiles": (0.5, 1.0)}),
        ("pinball", {"quantiles": 0.0}),
        ("cross_entropy", {"label_smoothing": 1.0}),
        ("binary_cross_entropy", {"label_smoothing": -0.1}),
        ("cross_entropy", {"label_smoothing": math.nan}),
    ],
)
def test_parameters_without_a_meaning_are_refused(name: str, arguments: dict) -> None:
    with pytest.raises(InputError, match="Allowed: "):
        LOSSES[name](**arguments)
