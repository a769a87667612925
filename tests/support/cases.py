"""The cases that the tests of the equations run through, enumerated from the tables.

Every activation × fitting loss × depth 0-3, read from `ACTIVATIONS` and `LOSSES`, so that a new
row is tested by being there. The remaining choices are combined by pairwise covering: any two
values of any two factors occur together in some case. `full_product` is every combination.
"""

from __future__ import annotations

import functools
import itertools
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from allpairspy import AllPairs

from chainrule import ACTIVATIONS, LOSSES, Network, Parameters

from . import oracle

DEPTHS = (0, 1, 2, 3)
FACTORS: dict[str, tuple[Any, ...]] = {
    "outputs": (1, 2, 3),
    "weights": ("none", "uniform", "random", "zeros"),
    "penalty": ("none", "l1", "l2", "both"),
    "masks": ("none", "input", "hidden", "all"),
    "reduction": ("mean", "sum"),
    "widths": ("different", "equal"),
    "hidden": ("same", "mixed"),
    "arguments": ("default", "other"),
}
#: Parameters other than the defaults, for the rows that have some.
OTHER_ARGUMENTS: dict[str, dict[str, Any]] = {
    "leaky_relu": {"slope": 0.2},
    "elu": {"alpha": 0.7},
    "squared_error": {"factor": 1.0},
    "huber": {"threshold": 0.4},
    "cross_entropy": {"label_smoothing": 0.1},
    "binary_cross_entropy": {"label_smoothing": 0.2},
}
ROWS = 5


@dataclass(frozen=True)
class Case:
    """One combination."""

    activation: str
    loss: str
    depth: int
    outputs: int = 2
    weights: str = "none"
    penalty: str = "none"
    masks: str = "none"
    reduction: str = "mean"
    widths: str = "different"
    hidden: str = "same"
    arguments: str = "default"

    def __str__(self) -> str:
        return "-".join(str(v) for v in asdict(self).values())


@dataclass(frozen=True)
class Setup:
    """What chainrule's functions are called with."""

    network: Network
    parameters: Parameters
    x: np.ndarray
    y: np.ndarray
    masks: tuple[np.ndarray | None, ...] | None = None
    options: dict[str, Any] = field(default_factory=dict)


def fits(activation: str, loss: str, outputs: int) -> bool:
    """Whether the loss accepts the range of the activation."""
    return LOSSES[loss]().accepts.contains(ACTIVATIONS[activation]().range(outputs))


def fitting_pairs(outputs: int = 2) -> list[tuple[str, str]]:
    """Every (activation, loss) that fit each other."""
    return [
        (a, l) for a, l in itertools.product(ACTIVATIONS, LOSSES) if fits(a, l, outputs)
    ]


@functools.cache
def pairwise_cases() -> list[Case]:
    """Every fitting pair × depth, the other factors by pairwise covering."""

    def allowed(row: list[Any]) -> bool:
        return len(row) < 3 or fits(*row[0], row[2])

    rows = AllPairs([fitting_pairs(), DEPTHS, *FACTORS.values()], filter_func=allowed)
    return [Case(*row[0], row[1], *row[2:]) for row in rows]


def full_product(
    activation: str, loss: str, depth: int, outputs: int
) -> Iterator[Case]:
    """Every combination of weights, penalty and masks; the two-valued factors take turns."""
    names = ("weights", "penalty", "masks")
    for number, values in enumerate(
        itertools.product(*(FACTORS[name] for name in names))
    ):
        turns = {
            name: FACTORS[name][number // 2**i % 2]
            for i, name in enumerate(("reduction", "widths", "hidden", "arguments"))
        }
        yield Case(
            activation,
            loss,
            depth,
            outputs,
            **dict(zip(names, values, strict=True)),
            **turns,
        )


def targets_for(
    loss: str, rng: np.random.Generator, rows: int, outputs: int
) -> np.ndarray:
    """Targets that the loss has a meaning for; a new loss must be given its line here."""
    shape = (rows, outputs)
    if loss == "cross_entropy":  # any rows >= 0, some entries 0, sums other than 1
        return rng.uniform(0, 2, shape) * (rng.uniform(size=shape) > 0.2)
    if loss == "binary_cross_entropy":
        return np.round(rng.uniform(size=shape), 1)
    if loss == "poisson":
        return rng.poisson(1.5, shape).astype(float)
    if loss in ("squared_error", "absolute_error", "huber", "log_cosh", "pinball"):
        return rng.normal(size=shape)
    raise KeyError(
        f"tests/support/cases.py: say in targets_for what targets the loss {loss!r} takes"
    )


def build(case: Case) -> Setup:
    """Network, parameters and data of a case, drawn from a seed that its name fixes."""
    rng = np.random.default_rng(zlib.crc32(str(case).encode()))
    sizes = (4, *(5, 6, 7)[: case.depth], case.outputs)
    if case.widths == "equal":
        sizes = (case.outputs,) * (case.depth + 2)
    names = [case.activation] * (case.depth + 1)
    if case.hidden == "mixed":
        names[:-1] = rng.choice(list(ACTIVATIONS), case.depth).tolist()
    network = Network(sizes, [_activation(name, case) for name in names], _loss(case))
    # e^{e^z} makes differences useless unless z is small
    scale = 0.3 if "exp" in names else 1.0
    theta = scale * rng.uniform(-1, 1, network.n_parameters)
    y = targets_for(case.loss, rng, ROWS, case.outputs)
    if case.loss == "pinball" and case.arguments == "other":
        y = y[:, :1]
    return Setup(
        network,
        Parameters(sizes, theta),
        rng.uniform(-1, 1, (ROWS, sizes[0])),
        y,
        _masks(case, rng, sizes),
        {
            "sample_weight": _weights(case, rng),
            "reduction": case.reduction,
            **_penalty(case),
        },
    )


def _activation(name: str, case: Case) -> Any:
    return (
        ACTIVATIONS[name](**OTHER_ARGUMENTS.get(name, {}))
        if case.arguments == "other"
        else ACTIVATIONS[name]()
    )


def _loss(case: Case) -> Any:
    if case.arguments == "default":
        return LOSSES[case.loss]()
    if case.loss == "pinball":  # one target, one output per quantile
        return LOSSES["pinball"](quantiles=(0.2, 0.5, 0.9)[: case.outputs])
    return LOSSES[case.loss](**OTHER_ARGUMENTS.get(case.loss, {}))


def _weights(case: Case, rng: np.random.Generator) -> np.ndarray | None:
    weights = {
        "none": None,
        "uniform": np.full(ROWS, 2.5),
        "random": rng.uniform(0.1, 3, ROWS),
        "zeros": rng.uniform(0.1, 3, ROWS) * (np.arange(ROWS) % 2),
    }
    return weights[case.weights]


def _penalty(case: Case) -> dict[str, float]:
    return {
        "l1": 0.03 * (case.penalty in ("l1", "both")),
        "l2": 0.05 * (case.penalty in ("l2", "both")),
    }


def _masks(
    case: Case, rng: np.random.Generator, sizes: tuple[int, ...]
) -> tuple[np.ndarray | None, ...] | None:
    if case.masks == "none":
        return None
    drawn = [(rng.uniform(size=(ROWS, n)) > 0.3) / 0.7 for n in sizes[:-1]]
    keep = {
        "input": lambda l: l == 0,
        "hidden": lambda l: l > 0,
        "all": lambda l: True,
    }[case.masks]
    return tuple(mask if keep(l) else None for l, mask in enumerate(drawn))


def as_problem(setup: Setup) -> oracle.Problem:
    """The same in plain Python numbers, for the oracle."""
    weight = setup.options.get("sample_weight")
    p = setup.parameters
    return oracle.Problem(
        weights=[W.tolist() for W in p.weights],
        biases=[b.tolist() for b in p.biases],
        activations=[phi.specification() for phi in setup.network.activations],
        loss=setup.network.loss.specification(),
        x=setup.x.tolist(),
        y=setup.y.tolist(),
        sample_weight=None if weight is None else weight.tolist(),
        l1=setup.options.get("l1", 0.0),
        l2=setup.options.get("l2", 0.0),
        masks=[None if m is None else m.tolist() for m in setup.masks or ()],
        reduction=setup.options.get("reduction", "mean"),
    )
