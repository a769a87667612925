"""What Python shows of networks, as JSON, for the page's own code to be compared with."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import LOSSES, OPTIMIZERS, Network
from chainrule.engines.rows import Data
from chainrule.equations.activations import ACTIVATIONS
from chainrule.explanation.moment import Moment
from chainrule.explanation.spellings import SPELLINGS, spelling
from chainrule.explanation.wanted import Wanted, explained
from chainrule.optimizers.rules import Rules
from chainrule.optimizers.state import State
from chainrule.show.explorer.functions import name_of

__all__ = ["case_of", "cases"]

#: Sizes, activations, loss, optimizer, l1, l2, rows, dropout; and True for row weights.
CASES = [
    ((2, 3, 2), ("tanh", "softmax"), "cross_entropy", "adam", 0.0, 0.01, 5, 0.0),
    ((2, 2, 1), ("sigmoid", "sigmoid"), ("squared_error", 0.5), "gradient_descent", 0.0, 0.0, 1, 0.0),
    ((4, 3, 5, 2), ("tanh", "sigmoid", "identity"), ("squared_error", 1.0), "sgd", 0.02, 0.0, 1, 0.0),
    ((3, 4, 1), ("relu", "identity"), ("squared_error", 1.0), "rmsprop", 0.001, 0.01, 12, 0.0),
    ((3, 4, 2), ("gelu", "sigmoid"), "binary_cross_entropy", "adamw", 0.0, 0.0, 4, 0.0),
    ((2, 3, 3, 1), ("elu", "softmax", "exp"), "poisson", "adagrad", 0.0, 0.0, 3, 0.0),
    ((5, 1), ("softplus",), "huber", "folded_adam", 0.0, 0.0, 2, 0.0),
    ((9, 10, 3), ("mish", "identity"), "log_cosh", "gradient_descent", 0.0, 0.0, 20, 0.0),
    ((3, 4, 4, 1), ("hard_sigmoid", "squareplus", "softsign"), "absolute_error", "gradient_descent", 0.0, 0.0, 1, 0.0),
    ((3, 3, 2), ("silu", "hard_tanh"), ("squared_error", 0.5), "adam", 0.0, 0.0, 7, 0.0),
    ((3, 3, 2), ("gelu_tanh", "softmax"), ("squared_error", 1.0), "adam", 0.0, 0.0, 2, 0.0),
    ((3, 3, 2), ("selu", "leaky_relu"), ("squared_error", 0.5), "adam", 0.0, 0.0, 1, 0.0),
    ((3, 5, 4, 2), ("tanh", "relu", "softmax"), "cross_entropy", "adam", 0.0, 0.0, 4, 0.5),
    ((3, 4, 2), ("softmax", "identity"), ("squared_error", 1.0), "sgd", 0.0, 0.0, 3, 0.25),
    ((2, 3, 3, 3, 1), ("tanh", "sigmoid", "relu", "identity"), ("squared_error", 1.0), "rmsprop", 0.0, 0.0, 2, 0.0),
    ((3, 4, 2), ("tanh", "softmax"), "cross_entropy", "adam", 0.01, 0.02, 4, 0.0, True),
    ((2, 3, 1), ("sigmoid", "identity"), "pinball", "gradient_descent", 0.0, 0.0, 3, 0.0, True),
]  # fmt: skip


def cases() -> list[dict[str, Any]]:
    """Every case."""
    return [case_of(seed, *case) for seed, case in enumerate(CASES)]


def case_of(
    seed: int,
    sizes: tuple[int, ...],
    activations: tuple[str, ...],
    loss: Any,
    optimizer: str,
    l1: float,
    l2: float,
    rows: int,
    dropout: float,
    weighted: bool = False,
) -> dict[str, Any]:
    """A network in the middle of its training, with rows, and all that Python shows of it."""
    made = LOSSES[loss]() if isinstance(loss, str) else LOSSES[loss[0]](loss[1])
    network = Network(sizes, activations, made)
    options = {"momentum": 0.9} if optimizer == "sgd" else {}
    rule = OPTIMIZERS[optimizer](**options)
    rng = np.random.default_rng(seed)
    theta = network.init(seed, "float32").theta + 0.1 * rng.standard_normal(
        network.n_parameters
    ).astype(np.float32)
    x = rng.standard_normal((rows, sizes[0])).astype(np.float32)
    y = targets_of(rng, made.name, rows, sizes[-1])
    slots = {}
    for name in rule.slot_names:
        letter = "m" if name in ("velocity", "mean") else "v"
        values = 0.1 * rng.standard_normal(len(theta)).astype(np.float32)
        slots[letter] = values if letter == "m" else values**2
    masks = [None] * (len(sizes) - 1)
    for l in range(1, len(masks) if dropout else 0):
        kept = rng.random((rows, sizes[l])) >= dropout
        masks[l] = kept / (1 - dropout)
    weights = rng.uniform(0.5, 3, rows).astype(np.float32) if weighted else None
    row, steps = rows - 1, 3
    wide = [values.astype(np.float64) for values in slots.values()]
    moment = Moment(
        network,
        Data(
            x.astype(np.float64),
            y.astype(np.float64),
            None if weights is None else weights.astype(np.float64),
        ),
        State(theta.astype(np.float64), tuple(wide), steps=steps),
        Rules(rule, l1=l1, l2=l2, batch_rows=rows),
        rule.learning_rate,
        tuple(masks) if dropout else None,
    )
    wanted = Wanted(row, spelling("canonical"), None, None, None, 6, 6)
    shown = explained(moment, wanted, "reference", None)
    return {
        "sizes": list(sizes),
        "activations": [name_of(phi, ACTIVATIONS) for phi in network.activations],
        "loss": name_of(made, LOSSES),
        "optimizer": name_of(rule, OPTIMIZERS),
        "l1": l1,
        "l2": l2,
        "learning_rate": rule.learning_rate,
        "row": row,
        "rows": rows,
        "steps": steps,
        "theta": theta.tolist(),
        "slots": {letter: values.tolist() for letter, values in slots.items()},
        "masks": [None if mask is None else mask.ravel().tolist() for mask in masks],
        "w": None if weights is None else weights.tolist(),
        "x": x.ravel().tolist(),
        "y": y.ravel().tolist(),
        "expected": {name: expected_of(shown, name) for name in SPELLINGS},
    }


def targets_of(rng: Any, loss: str, rows: int, width: int) -> Any:
    """Targets that a loss takes."""
    if loss == "cross_entropy":
        return np.eye(width, dtype=np.float32)[rng.integers(0, width, rows)]
    if loss in ("binary_cross_entropy", "poisson"):
        return rng.integers(0, 2, (rows, width)).astype(np.float32)
    return rng.standard_normal((rows, width)).astype(np.float32)


def expected_of(shown: Any, name: str) -> dict[str, Any]:
    """All that a notation shows."""
    template = shown.templates[name]
    steps = [
        {
            "key": step.key,
            "title": step.title,
            "source": template.source(step),
            "general": [
                shown.in_text(template, line) for line in template.general(step)
            ],
            "arrays": [
                shown.in_text(template, line, numbers=True)
                for line in template.of_arrays(step)
            ],
            "notes": len(template.corrected(step)),
        }
        for step in shown.steps_in(template)
    ]
    numbers = {}
    for step in shown.steps:
        for one in step.entries:
            markup = shown.formula(template, one)
            numbers[one] = [
                shown.in_text(template, f"@!{one}@"),
                shown.in_text(template, markup),
                shown.in_text(template, markup, numbers=True),
                shown.rounded(shown.value(one)),
                shown.in_latex(template, markup, numbers=True),
            ]
    return {"remark": template.remark, "steps": steps, "numbers": numbers}
