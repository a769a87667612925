"""What Python shows of networks, as JSON, for the page's own code to be compared with."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import LOSSES, OPTIMIZERS, Network, Parameters, explain
from chainrule.equations.activations import ACTIVATIONS
from chainrule.explanation.spellings import SPELLINGS
from chainrule.show.explorer.functions import name_of

__all__ = ["case_of", "cases"]

#: sizes, activations, loss, optimizer, l1, l2, rows
CASES = [
    ((2, 3, 2), ("tanh", "softmax"), "cross_entropy", "adam", 0.0, 0.01, 5),
    ((2, 2, 1), ("sigmoid", "sigmoid"), ("squared_error", 0.5), "gradient_descent", 0.0, 0.0, 1),
    ((4, 3, 5, 2), ("tanh", "sigmoid", "identity"), ("squared_error", 1.0), "sgd", 0.02, 0.0, 1),
    ((3, 4, 1), ("relu", "identity"), ("squared_error", 1.0), "rmsprop", 0.001, 0.01, 12),
    ((3, 4, 2), ("gelu", "sigmoid"), "binary_cross_entropy", "adamw", 0.0, 0.0, 4),
    ((2, 3, 3, 1), ("elu", "softmax", "exp"), "poisson", "adagrad", 0.0, 0.0, 3),
    ((5, 1), ("softplus",), "huber", "folded_adam", 0.0, 0.0, 2),
    ((9, 10, 3), ("mish", "identity"), "log_cosh", "gradient_descent", 0.0, 0.0, 20),
    ((3, 4, 4, 1), ("hard_sigmoid", "squareplus", "softsign"), "absolute_error", "gradient_descent", 0.0, 0.0, 1),
    ((3, 3, 2), ("silu", "hard_tanh"), ("squared_error", 0.5), "adam", 0.0, 0.0, 7),
    ((3, 3, 2), ("gelu_tanh", "softmax"), ("squared_error", 1.0), "adam", 0.0, 0.0, 2),
    ((3, 3, 2), ("selu", "leaky_relu"), ("squared_error", 0.5), "adam", 0.0, 0.0, 1),
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
) -> dict[str, Any]:
    """A network with rows, and all that Python shows of it."""
    made = LOSSES[loss]() if isinstance(loss, str) else LOSSES[loss[0]](loss[1])
    network = Network(sizes, activations, made)
    options = {"momentum": 0.9} if optimizer == "sgd" else {}
    rule = OPTIMIZERS[optimizer](**options)
    rng = np.random.default_rng(seed)
    theta = network.init(seed, "float32").theta + 0.1 * rng.standard_normal(
        network.n_parameters
    ).astype(np.float32)
    x = rng.standard_normal((rows, sizes[0])).astype(np.float32)
    if made.name == "cross_entropy":
        y = np.eye(sizes[-1], dtype=np.float32)[rng.integers(0, sizes[-1], rows)]
    elif made.name in ("binary_cross_entropy", "poisson"):
        y = rng.integers(0, 2, (rows, sizes[-1])).astype(np.float32)
    else:
        y = rng.standard_normal((rows, sizes[-1])).astype(np.float32)
    row = rows - 1
    shown = explain(
        network,
        x.astype(np.float64),
        y.astype(np.float64),
        parameters=Parameters(sizes, theta.astype(np.float64)),
        row=row,
        optimizer=rule,
        l1=l1,
        l2=l2,
    )
    expected = {}
    for name in SPELLINGS:
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
        expected[name] = {"remark": template.remark, "steps": steps, "numbers": numbers}
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
        "theta": theta.tolist(),
        "x": x.ravel().tolist(),
        "y": y.ravel().tolist(),
        "expected": expected,
    }
