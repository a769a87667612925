"""chainrule against the oracle: every Z, A, ℓ, Δ, ∂ℓ/∂A, dW, db, dX and J of a setup."""

from __future__ import annotations

import numpy as np

from chainrule import backward, forward, objective

from . import oracle
from .cases import Setup, as_problem

#: Both sides compute in float64, eps = 2.2e-16. A number passes through at most 4 layers of 7 units
#: forward and back, about 80 roundings in sequence: 2e-14. Logarithms of outputs, which the oracle
#: takes of rounded numbers, lose up to 1/(1-a) < 100 more: 1e-12 of the largest entry of an array.
AGREEMENT = 1e-12
#: Terms of a gradient may cancel to 0 but for their own rounding: no array is held to less than this
#: share of the largest number among all derivatives.
FLOOR = 1e-2
GRADIENTS = ("delta", "dA", "dW", "db", "dX")


def relative_errors(setup: Setup) -> dict[str, float]:
    """name of the quantity → largest difference from the oracle, relative to the largest entry."""
    problem = as_problem(setup)
    trace = forward(setup.network, setup.parameters, setup.x, masks=setup.masks)
    gradient = backward(
        setup.network, setup.parameters, trace, setup.y, **setup.options
    )
    J = objective(
        setup.network,
        setup.parameters,
        setup.x,
        setup.y,
        masks=setup.masks,
        **setup.options,
    )
    rows = [oracle.run_row(problem, i) for i in range(len(problem.x))]
    L = setup.network.n_layers
    pairs = {
        "J of loss": ([J], [oracle.objective(problem)]),
        "J of backward": ([gradient.J], [oracle.objective(problem)]),
        "Z": (trace.Z, [[row.Z[l] for row in rows] for l in range(L)]),
        "A": (trace.A, [[row.A[l] for row in rows] for l in range(L + 1)]),
        "row_loss": ([gradient.row_loss], [[row.ell for row in rows]]),
        "delta": (gradient.delta, oracle.deltas(problem)),
        "dA": (gradient.dA[1:], oracle.deltas(problem, "A")),
        "dW": (gradient.dW, oracle.weight_gradient(problem)),
        "db": (gradient.db, oracle.bias_gradient(problem)),
        "dX": ([gradient.dX], [oracle.input_gradient(problem)]),
    }
    largest = max(_largest(array) for name in GRADIENTS for array in pairs[name][1])
    return {
        name: max(
            _relative(ours, theirs, FLOOR * largest if name in GRADIENTS else 0.0)
            for ours, theirs in zip(*pairs[name], strict=True)
        )
        for name in pairs
    }


def _largest(array: list) -> float:
    return float(np.max(np.abs(np.asarray(array))))


def _relative(ours: np.ndarray, theirs: list, floor: float) -> float:
    ours, expected = np.asarray(ours), np.asarray(theirs).real
    assert ours.shape == expected.shape
    return _largest(ours - expected) / (max(_largest(expected), floor) or 1.0)


def matches_oracle(setup: Setup) -> bool:
    """Whether all quantities agree."""
    return all(error <= AGREEMENT for error in relative_errors(setup).values())
