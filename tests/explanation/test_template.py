"""A template is made once, has no numbers and every branch; whatever state is there fills it."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import Network, explain
from chainrule.documents import NOTATIONS
from chainrule.explanation.markup import parse, to_text

NETWORKS = [
    Network((3, 4, 2), ("relu", "identity"), "squared_error"),
    Network((3, 4, 3), ("hard_sigmoid", "softmax"), "cross_entropy"),
    Network((2, 3, 1), ("elu", "sigmoid"), "binary_cross_entropy"),
]
RULES = [{}, {"optimizer": "adam", "l1": 0.1, "l2": 0.2}]


def explained(network, seed, **options):
    rng = np.random.default_rng(seed)
    width = network.sizes[-1]
    y = rng.integers(0, 2, (3, width)).astype(float)
    if network.loss.name == "cross_entropy":
        y = np.eye(width)[rng.integers(0, width, 3)]
    x = rng.normal(size=(3, network.sizes[0]))
    return explain(network, x, y, parameters=network.init(seed), **options)


@pytest.mark.parametrize("options", RULES, ids=str)
@pytest.mark.parametrize("network", NETWORKS, ids=str)
@pytest.mark.parametrize("notation", ["canonical", *NOTATIONS])
def test_a_template_of_one_state_is_filled_by_another(
    network, options, notation
) -> None:
    one, other = (
        explained(network, seed, notation=notation, **options) for seed in (1, 2)
    )
    t = one.template
    assert t.traits == other.template.traits
    assert [step.key for step in t.every_step] == [s.key for s in other.steps]
    for step in t.every_step:
        assert t.general(step) == other.template.general(step)
        assert t.of_arrays(step) == other.template.of_arrays(step)
        for name in step.entries:
            template = t.formula(name)
            if template is not None:
                assert template.markup(9) == other.template.formula(name).markup(9)
            assert other.formula(t, name) == other.formula(other.template, name)


def test_a_piecewise_formula_has_both_branches_until_it_is_filled() -> None:
    made = explained(NETWORKS[0], 1)
    template = made.template.formula("A1.1")
    assert to_text(parse(template.markup(9)), str) in ("max(Z1.1, 0)", "max(!Z1.1, 0)")
    slope = to_text(parse(made.template.formula("P1.1").markup(9)), str)
    assert slope == "1 if Z1.1 > 0, else 0"
    filled = {made.formula(made.template, f"P1.{k}") for k in range(1, 5)}
    assert any(one.startswith("1 ") for one in filled)
    assert any(one.startswith("0 ") for one in filled)


def test_what_a_number_decides_is_a_choice_until_it_is_filled() -> None:
    made = explained(NETWORKS[0], 1, l1=0.1)
    template = made.template.formula("dW1.1.1").markup(9)
    assert template.count(r"\text{or}") == 2  # the sign of a weight: 0, above, below
    assert r"\text{or}" not in made.formula(made.template, "dW1.1.1")
