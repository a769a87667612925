"""The namespaces have what the tables have, and names of 0.1 say what they are called now."""

from __future__ import annotations

import importlib
import inspect
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    METRICS,
    OPTIMIZERS,
    SCHEDULES,
    InputError,
    Network,
    activations,
    initializers,
    losses,
    metrics,
    optimizers,
    schedules,
    train,
)
from chainrule.cli.run_notes import noted

pytestmark = pytest.mark.quick

NET = Network((2, 3, 1), ("tanh", "identity"), "squared_error")
X, Y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [1.0, 0.0, 2.0]
#: Namespace, its table, the base class that signatures name.
SPACES = {
    "activations": (ACTIVATIONS, "Activation"),
    "losses": (LOSSES, "Loss"),
    "initializers": (INITIALIZERS, "Initializer"),
    "optimizers": (OPTIMIZERS, "Optimizer"),
    "schedules": (SCHEDULES, "Schedule"),
    "metrics": (METRICS, "Metric"),
}


@pytest.mark.parametrize("name", SPACES)
def test_a_namespace_has_its_table_and_the_base_class(name: str) -> None:
    space, (table, base) = getattr(chainrule, name), SPACES[name]
    assert {*SPACES} == {*chainrule._NAMESPACES}
    offered = {one: getattr(space, one) for one in space.__all__}
    if name in ("optimizers", "schedules"):  # by class
        expected: Mapping[str, Any] = {made.__name__: made for made in table.values()}
    else:
        expected = table
    beside = {base} | ({"FirstOrder"} if name == "optimizers" else set())
    assert {*offered} == {*expected, *beside}
    for one, value in expected.items():
        assert offered[one] is value
    if name != "initializers":
        assert getattr(chainrule, base) is offered[base]
        assert inspect.isclass(offered[base])


def test_what_a_namespace_makes_is_what_a_name_stands_for() -> None:
    made = Network((2, 1), (activations.leaky_relu(0.01),), losses.huber())
    assert made == Network((2, 1), ("leaky_relu",), "huber")
    assert losses.pinball((0.1, 0.9)).quantiles == (0.1, 0.9)
    assert repr(activations.leaky_relu) == "leaky_relu(slope=0.01)"
    settings: dict[str, Any] = {"max_epochs": 2, "metrics": ["r2"]}
    named = train(NET, X, Y, initializer="he_normal", schedule="cosine", **settings)
    settings["metrics"] = [metrics.r2]
    settings |= {"initializer": initializers.he_normal, "optimizer": optimizers.Adam()}
    given = train(NET, X, Y, schedule=schedules.Cosine(), **settings)
    np.testing.assert_array_equal(named.parameters.theta, given.parameters.theta)
    assert named.settings == given.settings


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"optimizer": optimizers.Adam}, r"Adam, uncalled.*Call it: Adam\(\)"),
        ({"schedule": schedules.Cosine}, r"Cosine, uncalled.*Call it: Cosine\(\)"),
        ({"initializer": "he"}, "he_normal.*a function draw"),
        ({"initializer": 1}, "initializer = 1"),
        (
            {"initializer": lambda rng, fan_out, fan_in: rng.normal(size=fan_in)},
            r"draws shape \(2,\) for W\[1\].*\(3, 2\)",
        ),
    ],
)
def test_what_is_not_made_is_refused(options: dict[str, Any], remedy: str) -> None:
    with pytest.raises(InputError, match=remedy):
        train(NET, X, Y, max_epochs=1, **options)


def test_functions_that_are_not_called() -> None:
    with pytest.raises(InputError, match=r"activation relu, uncalled.*relu\(\)"):
        Network((2, 1), (activations.relu,), "squared_error")
    with pytest.raises(InputError, match=r"loss pinball, uncalled.*pinball\(\)"):
        Network((2, 1), ("tanh",), losses.pinball)


def test_an_initializer_of_your_own() -> None:
    def ones(rng: np.random.Generator, fan_out: int, fan_in: int) -> Any:
        return np.ones((fan_out, fan_in))

    assert NET.init(initializer=ones).theta.tolist() == [1.0] * 9 + [0.0] * 4
    report = train(NET, X, Y, initializer=ones, max_epochs=0)
    assert report.settings["initializer"] == "ones"


def test_the_learning_rate_of_an_optimizer_that_is_named() -> None:
    def rate(**options: Any) -> float:
        return train(NET, X, Y, max_epochs=1, **options).history[0].learning_rate

    assert rate(learning_rate=0.02) == 0.02
    assert rate(optimizer="sgd", learning_rate=0.5, schedule="constant") == 0.5
    assert rate(optimizer="sgd") == optimizers.SGD().learning_rate
    assert rate(optimizer=optimizers.SGD(learning_rate=0.3)) == 0.3


@pytest.mark.parametrize(
    ("optimizer", "rate", "said"),
    [
        (
            optimizers.SGD(learning_rate=0.1),
            0.2,
            r"Given: learning_rate = 0.2 beside SGD\(learning_rate=0.1.*Allowed: one learning rate.*"
            r"SGD\(learning_rate=0.2, …\)",
        ),
        ("lbfgs", 0.2, "Given: learning_rate = 0.2 with lbfgs.*line search"),
        ("adam", 0.0, "learning_rate = 0.*> 0"),
        ("adam", "fast", "learning_rate = 'fast'"),
        ("adm", 0.1, "Did you mean 'adam'"),
    ],
)
def test_a_learning_rate_that_cannot_be(optimizer: Any, rate: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        train(NET, X, Y, optimizer=optimizer, learning_rate=rate)


@pytest.mark.parametrize(
    ("old", "now"),
    [
        ("loss", "objective"),
        ("own_activation", "custom_activation"),
        ("own_loss", "custom_loss"),
        ("conventions", "documents"),
    ],
)
def test_a_name_of_before_says_what_it_is_called_now(old: str, now: str) -> None:
    assert not hasattr(chainrule, old)
    with pytest.raises(AttributeError, match=f"'{old}'; it is chainrule.{now} now"):
        getattr(chainrule, old)
    with pytest.raises(ImportError, match=f"chainrule.{old}; it is chainrule.{now}"):
        exec(f"from chainrule import {old}")
    with pytest.raises(ImportError, match=f"it is chainrule.{now} now"):
        importlib.import_module(f"chainrule.{old}")


def test_the_new_homes_are_there() -> None:
    from chainrule.renamed import MOVED, RENAMED

    for old, now in RENAMED.items():
        assert old not in dir(chainrule)
        home, _, name = f"chainrule.{now}".rpartition(".")
        there = importlib.import_module(home)
        assert hasattr(there, name) or importlib.import_module(f"{home}.{name}")
    for now in MOVED.values():
        importlib.import_module(f"chainrule.{now}")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'nonesuch'$"):
        _ = chainrule.nonesuch
    with pytest.raises(ModuleNotFoundError, match="nonesuch"):
        importlib.import_module("chainrule.nonesuch")


def test_a_pickle_of_before_is_refused_with_the_remedy() -> None:
    # a network's, as 0.1 wrote it: it names the module first
    for module in ("network", "activation_types", "report"):
        old = f"cchainrule.{module}\nNetwork\n.".encode()
        with pytest.raises(
            ImportError, match=r"cannot be read: save the network.*load_model"
        ):
            pickle.loads(old)


def test_a_checkpoint_of_before_is_read_with_its_options() -> None:
    notes = {"data": "x.csv", "reading": {"text_columns": ["zip"], "target": "y"}}
    found = noted(Path("checkpoint.safetensors"), {"notes": notes})
    assert found.reading == {"categories": ["zip"], "target": "y"}
    with pytest.raises(InputError, match="options of reading that there are not"):
        noted(Path("x"), {"notes": {"reading": {"texts": ["zip"]}}})
