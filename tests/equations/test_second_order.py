"""Second order against an explicit Jacobian by complex step, for every activation, loss and shape."""

from __future__ import annotations

import itertools
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    InputError,
    Network,
    Parameters,
    backward,
    custom_loss,
    forward,
)
from chainrule.engines import ENGINES
from chainrule.engines.rows import Data
from chainrule.equations import second_order
from chainrule.equations.activation import Softmax
from chainrule.equations.second_order import (
    gauss_newton,
    gram,
    jacobian_product,
    linearize,
    rows_of,
    transposed_product,
)
from chainrule.optimizers import Adam
from chainrule.optimizers.rules import Rules

from ..support.cases import fits, targets_for
from ..support.explicit import gauss_newton_matrix, hessians, jacobian_of_outputs
from ..support.explicit import outputs as outputs_of

#: Some thousand roundings, relative to the largest entry.
TOLERANCE = 1e-9
FLAT = ("absolute_error", "pinball")
CURVED = [name for name in LOSSES if name not in FLAT]
WIDTHS = {1: (3, 1, 1), 2: (2, 7, 2), 3: (4, 5, 6, 3), 7: (1, 3, 7)}
PAIRS = [
    (activation, loss, outputs)
    for activation, loss, outputs in itertools.product(ACTIVATIONS, CURVED, WIDTHS)
    if fits(activation, loss, outputs)
]


@dataclass(frozen=True)
class Setup:
    network: Network
    parameters: Parameters
    x: Any
    y: Any
    weights: Any

    @property
    def s(self) -> Any:
        return self.weights / self.weights.sum()

    @property
    def trace(self) -> Any:
        return forward(self.network, self.parameters, self.x)

    def linear(self) -> Any:
        return linearize(
            self.network,
            self.parameters,
            self.trace,
            self.y,
            sample_weight=self.weights,
        )


def setup(activation: str, loss: str, outputs: int, hidden: str = "tanh") -> Setup:
    rng = np.random.default_rng(zlib.crc32(f"{activation}{loss}{outputs}".encode()))
    sizes = WIDTHS[outputs]
    network = Network(sizes, [*[hidden] * (len(sizes) - 2), activation], loss)
    theta = 0.7 * rng.uniform(-1, 1, network.n_parameters)
    x = rng.uniform(-1, 1, (5, sizes[0]))
    y = targets_for(loss, rng, 5, outputs)
    y = LOSSES[loss]().targets(y, outputs, x)
    weights = np.array([1.0, 0.3, 2.0, 0.0, 1.5])
    return Setup(network, Parameters(sizes, theta), x, y, weights)


def close(found: Any, expected: Any) -> None:
    scale = np.abs(expected).max()
    np.testing.assert_allclose(
        found, expected, rtol=0, atol=TOLERANCE * max(scale, 1e-12)
    )


def explicit(case: Setup, root: Any) -> Any:
    """J̃ by its definition, from a root and the complex step: shape (m N, D)."""
    J = jacobian_of_outputs(case.network, case.parameters.theta, case.x)
    return np.einsum("kia,iaj->kij", root, J).reshape(-1, J.shape[2])


@pytest.mark.parametrize(("activation", "loss", "outputs"), PAIRS)
def test_every_product_is_that_of_an_explicit_jacobian(
    activation, loss, outputs
) -> None:
    hidden = list(ACTIVATIONS)[
        PAIRS.index((activation, loss, outputs)) % len(ACTIVATIONS)
    ]
    case = setup(activation, loss, outputs, hidden)
    linear = case.linear()
    root = linear.factor.root
    second = hessians(
        case.network, outputs_of(case.network, case.parameters.theta, case.x), case.y
    )
    close(np.einsum("kia,kib->iab", root, root), case.s[:, None, None] * second)
    J = explicit(case, root)
    m, rows, D = linear.shape
    assert J.shape == (m * rows, D)
    rng = np.random.default_rng(0)
    v, u = rng.normal(size=D), rng.normal(size=(m, rows))
    close(jacobian_product(linear, v).ravel(), J @ v)
    close(transposed_product(linear, u), J.T @ u.ravel())
    close(rows_of(linear), J)
    close(
        gauss_newton(case.network, case.parameters, case.trace, linear.factor),
        gauss_newton_matrix(
            case.network, case.parameters.theta, case.x, case.y, case.s
        ),
    )
    layers = case.network.n_layers
    s_W, s_b = rng.uniform(0.1, 2, layers), rng.uniform(0.1, 2, layers)
    S = Parameters(case.network.sizes, np.zeros(D))
    for W, b, w_scale, b_scale in zip(S.weights, S.biases, s_W, s_b, strict=True):
        W[...], b[...] = w_scale, b_scale
    close(gram(linear, s_W, s_b), (J * S.theta) @ J.T)


@pytest.mark.parametrize(("activation", "loss", "outputs"), PAIRS)
def test_the_residuals_belong_to_the_gradient(activation, loss, outputs) -> None:
    case = setup(activation, loss, outputs)
    linear, trace = case.linear(), case.trace
    gradient = backward(
        case.network, case.parameters, trace, case.y, sample_weight=case.weights
    )
    found = transposed_product(linear, linear.factor.residual)
    if linear.factor.rest is not None:
        rest = list(
            second_order.pulled_through(
                case.network, case.parameters, trace, linear.factor.rest[None]
            )
        )
        ones = np.ones((1, 5))
        alone = second_order.Linearization(
            linear.sizes, linear.A, tuple(rest), linear.factor
        )
        found = found + transposed_product(alone, ones)
    close(found, gradient.flat)


@pytest.mark.parametrize("loss", CURVED)
def test_the_second_derivative_of_a_loss_is_the_complex_step_of_its_slope(loss) -> None:
    ell = LOSSES[loss]()
    rng = np.random.default_rng(1)
    a = rng.uniform(0.05, 0.95, (7, 3))
    y = ell.targets(targets_for(loss, rng, 7, 3), 3, a)
    identity = ACTIVATIONS["identity"]()
    roots = ell.curvature_roots(y, a)
    pulled = [getattr(identity, name)(a, a, g) for name, g in roots.items()]
    slope = ell.value_and_delta(y, a + 1e-30j, a + 1e-30j, identity)[1]
    close(sum(part * part for part in pulled), slope.imag / 1e-30)


@pytest.mark.parametrize("name", ENGINES)
def test_the_passes_of_an_engine_are_taken_as_they_are(name) -> None:
    case = setup("identity", "squared_error", 3)
    engine, theta = ENGINES[name], case.parameters.theta
    rules = Rules(Adam(), batch_rows=5)
    if engine.refusal(case.network, rules, theta):
        pytest.skip("the native engine is not built")
    workspace = engine.prepare(case.network, rules, theta.dtype)
    data = Data(case.x, case.y, case.weights)
    trace, gradient = engine.passes(workspace, theta, data)
    linear = linearize(
        case.network, case.parameters, trace, case.y, sample_weight=case.weights
    )
    close(rows_of(linear), explicit(case, linear.factor.root))
    close(transposed_product(linear, linear.factor.residual), gradient.flat)


def test_masks_are_factors_of_the_deltas() -> None:
    case = setup("identity", "squared_error", 2)
    rng = np.random.default_rng(3)
    masks = [2.0 * rng.integers(0, 2, (5, n)) for n in case.network.sizes[:-1]]
    trace = forward(case.network, case.parameters, case.x, masks=masks)
    linear = linearize(case.network, case.parameters, trace, case.y)
    gradient = backward(case.network, case.parameters, trace, case.y)
    assert all((mask == 0).any() for mask in masks)
    close(transposed_product(linear, linear.factor.residual), gradient.flat)


def test_blocks_of_rows_add_up(monkeypatch) -> None:
    case = setup("softmax", "cross_entropy", 3)
    arguments = (case.network, case.parameters, case.trace, case.linear().factor)
    whole = gauss_newton(*arguments)
    monkeypatch.setattr(second_order, "AT_ONCE", 1)
    monkeypatch.setattr(second_order, "ROWS_AT_ONCE", 1)
    np.testing.assert_allclose(gauss_newton(*arguments), whole, rtol=0, atol=1e-14)


@pytest.mark.parametrize("softmax_of", ["squared_error", "binary_cross_entropy"])
def test_a_vector_activation_within_and_at_the_end(softmax_of) -> None:
    case = setup("softmax", softmax_of, 3, hidden="softmax")
    assert isinstance(case.network.activations[0], Softmax)
    linear = case.linear()
    close(rows_of(linear), explicit(case, linear.factor.root))


@pytest.mark.parametrize("loss", FLAT)
def test_a_loss_without_curvature_is_refused_by_name(loss) -> None:
    network = Network((2, 3, 1), ("tanh", "identity"), loss)
    p = network.init(0)
    trace = forward(network, p, np.ones((2, 2)))
    with pytest.raises(InputError, match=f"{loss}, which has no curvature.*huber"):
        linearize(network, p, trace, [0.0, 1.0])


def test_a_loss_of_ones_own_is_refused() -> None:
    quartic = custom_loss(
        lambda y, a: (a - y) ** 4, lambda y, a: 4 * (a - y) ** 3, name="quartic"
    )
    network = Network((2, 1), ("identity",), quartic)
    p = network.init(0)
    with pytest.raises(InputError, match="quartic, whose second derivative is not"):
        linearize(network, p, forward(network, p, np.ones((2, 2))), [0.0, 1.0])


# Planted faults


def fault_of_gram(old: str, new: str) -> Any:
    """`gram` with one line changed."""
    import inspect

    source = inspect.getsource(gram)
    assert old in source
    space = dict(vars(second_order))
    exec(source.replace(old, new), space)
    return space["gram"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(s_W * (A @ A2.T) + s_b)", "(s_W * (A @ A2.T))"),
        ("(s_W * (A @ A2.T) + s_b)", "(A @ A2.T + s_b)"),
        ("total += product", "total = product"),
    ],
    ids=["no 1 for the biases", "no scale of the weights", "one layer only"],
)
def test_a_planted_fault_in_the_gram_matrix_is_caught(old, new) -> None:
    case = setup("identity", "squared_error", 2)
    linear = case.linear()
    J = explicit(case, linear.factor.root)
    found = fault_of_gram(old, new)(linear, (0.5, 0.5), (0.5, 0.5))
    assert np.abs(found - 0.5 * J @ J.T).max() > 1e3 * TOLERANCE


@pytest.mark.parametrize(
    "fault",
    [
        lambda roots: {k: 1.001 * g for k, g in roots.items()},
        lambda roots: {k: g * g for k, g in roots.items()},
        lambda roots: dict([next(iter(roots.items()))]),
    ],
    ids=["0.1 %", "not the root", "one of two logarithms"],
)
def test_a_planted_fault_in_a_curvature_is_caught(fault, monkeypatch) -> None:
    case = setup("softmax", "binary_cross_entropy", 3)
    loss = type(case.network.loss)
    right = loss.curvature_roots
    monkeypatch.setattr(
        loss, "curvature_roots", lambda self, y, a: fault(right(self, y, a))
    )
    linear = case.linear()
    expected = gauss_newton_matrix(
        case.network, case.parameters.theta, case.x, case.y, case.s
    )
    found = gauss_newton(case.network, case.parameters, case.trace, linear.factor)
    assert np.abs(found - expected).max() > 1e3 * TOLERANCE * np.abs(expected).max()
