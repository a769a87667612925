"""Laws that hold whatever the network and the data: weights, order, splits, precision, memory layout."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    Gradient,
    Network,
    Parameters,
    backward,
    forward,
    objective,
)

from ..support.cases import fits, targets_for

EPS = float(np.finfo(np.float64).eps)
#: The same numbers summed in another order: at most 40 rows and 13 units, so 100 roundings of terms
#: of which the largest is below 100 times the sum: 1e4 ε of the largest entry.
REORDERED = 1e4 * EPS
#: The same program in float32: at most 4 layers forward and back, each a sum of up to 14 terms and a few
#: functions, so about 2·4·(14 + 5) = 150 roundings of ε₃₂/2, and as much again for those of the data.
SINGLE = 150 * float(np.finfo(np.float32).eps)
#: ∂ℓ/∂a, x and W are of order 1: a gradient in which they cancel to less than this keeps their rounding.
LEAST = 0.1
#: Distance from a kink that no rounding of float32 crosses, for |z| below 10.
AWAY = 1e-4

ANY_ROWS = st.sampled_from([1, 2, 3, 7, 16, 17])
few = settings(max_examples=60)
WIDTHS = st.sampled_from([1, 2, 3, 7, 13])
SEEDS = st.integers(0, 2**32 - 1)


@dataclasses.dataclass
class Drawn:
    """A network with parameters and data."""

    network: Network
    theta: np.ndarray
    x: np.ndarray
    y: np.ndarray
    rng: np.random.Generator

    @property
    def parameters(self) -> Parameters:
        return Parameters(self.network.sizes, self.theta)

    def gradient(self, x=None, y=None, **options) -> Gradient:
        x, y = (self.x, self.y) if x is None else (x, y)
        return backward(
            self.network,
            self.parameters,
            forward(self.network, self.parameters, x),
            y,
            **options,
        )


@st.composite
def drawn(draw, *, hidden: bool = False, rows=ANY_ROWS) -> Drawn:
    """Any activations, a loss that fits the last of them, any widths and number of rows."""
    depth = draw(st.integers(1 if hidden else 0, 3))
    sizes = [draw(WIDTHS) for _ in range(depth + 1)] + [draw(st.integers(1, 3))]
    names = [draw(st.sampled_from(sorted(ACTIVATIONS))) for _ in range(depth + 1)]
    fitting = [name for name in LOSSES if fits(names[-1], name, sizes[-1])]
    network = Network(sizes, names, draw(st.sampled_from(fitting)))
    rng = np.random.default_rng(draw(SEEDS))
    # a sum of n terms stays of order 1, also where e^z is nested
    fan = np.concatenate(
        [np.full(n * m, m) for m, n in itertools.pairwise(sizes)]
        + [np.ones(sum(sizes[1:]))]
    )
    theta = 0.5 * rng.uniform(-1, 1, network.n_parameters) / fan
    n = draw(rows)
    return Drawn(
        network,
        theta,
        rng.uniform(-1, 1, (n, sizes[0])),
        targets_for(network.loss.name, rng, n, sizes[-1]),
        rng,
    )


def assert_close(
    ours: Gradient, theirs: Gradient, tolerance: float = REORDERED, scale: float = 1.0
) -> None:
    """J and ∇J equal relative to the largest entry; terms that cancel leave the rounding of Δ."""
    terms = [theirs.flat, *(scale * d for d in theirs.delta)]
    largest = max(LEAST, *(float(np.max(np.abs(t))) for t in terms))
    assert abs(float(ours.J) - float(theirs.J)) <= tolerance * max(
        1.0, abs(float(theirs.J))
    )
    assert float(np.max(np.abs(ours.flat - theirs.flat))) <= tolerance * largest


@few
@given(drawn(), st.sampled_from(["mean", "sum"]))
def test_an_integer_weight_is_a_repeated_row(case: Drawn, reduction: str) -> None:
    counts = case.rng.integers(1, 4, len(case.x))
    weighted = case.gradient(
        sample_weight=counts, reduction=reduction, l1=0.01, l2=0.02
    )
    repeated = case.gradient(
        np.repeat(case.x, counts, 0),
        np.repeat(case.y, counts, 0),
        reduction=reduction,
        l1=0.01,
        l2=0.02,
    )
    assert_close(weighted, repeated, scale=float(counts.sum()))


@few
@given(drawn(rows=st.sampled_from([2, 3, 7, 17])), st.sampled_from(["mean", "sum"]))
def test_a_weight_of_zero_is_an_absent_row(case: Drawn, reduction: str) -> None:
    kept = case.rng.uniform(size=len(case.x)) < 0.5
    kept[case.rng.integers(len(kept))] = True
    weights = case.rng.uniform(0.5, 2, len(kept))
    zeroed = case.gradient(sample_weight=weights * kept, reduction=reduction)
    absent = case.gradient(
        case.x[kept], case.y[kept], sample_weight=weights[kept], reduction=reduction
    )
    assert_close(zeroed, absent, scale=2.0 * len(kept))


@few
@given(drawn(), st.floats(0.1, 100))
def test_the_mean_does_not_depend_on_the_scale_of_the_weights(
    case: Drawn, factor: float
) -> None:
    weights = case.rng.uniform(0.5, 2, len(case.x))
    assert_close(
        case.gradient(sample_weight=factor * weights),
        case.gradient(sample_weight=weights),
    )


@few
@given(drawn())
def test_the_order_of_rows_does_not_matter(case: Drawn) -> None:
    order = case.rng.permutation(len(case.x))
    weights = case.rng.uniform(0.5, 2, len(case.x))
    here = case.gradient(sample_weight=weights)
    there = case.gradient(case.x[order], case.y[order], sample_weight=weights[order])
    assert_close(there, here)
    for one, other in zip(
        (*here.delta, here.dX), (*there.delta, there.dX), strict=True
    ):
        np.testing.assert_allclose(other, one[order], rtol=REORDERED, atol=REORDERED)


@few
@given(drawn(hidden=True))
def test_hidden_units_permuted_with_their_weights_change_nothing(case: Drawn) -> None:
    p = case.parameters
    l = int(case.rng.integers(case.network.n_layers - 1))
    order = case.rng.permutation(case.network.sizes[l + 1])

    def permuted(weights, biases) -> np.ndarray:
        W, b = [w.copy() for w in weights], [v.copy() for v in biases]
        W[l], b[l], W[l + 1] = W[l][order], b[l][order], W[l + 1][:, order]
        return np.concatenate([a.ravel() for a in (*W, *b)])

    here = case.gradient()
    there = dataclasses.replace(case, theta=permuted(p.weights, p.biases)).gradient()
    assert_close(there, dataclasses.replace(here, flat=permuted(here.dW, here.db)))
    np.testing.assert_allclose(there.dX, here.dX, rtol=REORDERED, atol=REORDERED)


@few
@given(drawn(rows=st.sampled_from([2, 3, 7, 16, 17])))
def test_a_batch_split_in_two(case: Drawn) -> None:
    n = len(case.x)
    cut = int(case.rng.integers(1, n))
    w = case.rng.uniform(0.5, 2, n)
    halves = [slice(0, cut), slice(cut, n)]
    for reduction, share in (
        ("sum", [1.0, 1.0]),
        ("mean", [w[h].sum() / w.sum() for h in halves]),
    ):
        whole = case.gradient(sample_weight=w, reduction=reduction)
        parts = [
            case.gradient(case.x[h], case.y[h], sample_weight=w[h], reduction=reduction)
            for h in halves
        ]
        joined = dataclasses.replace(
            whole,
            J=sum(s * p.J for s, p in zip(share, parts, strict=True)),
            flat=sum(s * p.flat for s, p in zip(share, parts, strict=True)),
        )
        assert_close(joined, whole, scale=2.0 * n)
        np.testing.assert_allclose(
            np.concatenate([p.dX for p in parts]),
            whole.dX,
            rtol=REORDERED,
            atol=REORDERED,
        )


@few
@given(drawn())
def test_float32_agrees_with_float64(case: Drawn) -> None:
    case.theta = case.theta.astype(np.float32).astype(
        np.float64
    )  # the same numbers for both
    case.x, case.y = (v.astype(np.float32).astype(np.float64) for v in (case.x, case.y))
    trace = forward(case.network, case.parameters, case.x)
    for phi, z in zip(case.network.activations, trace.Z, strict=True):
        assume(all(np.min(np.abs(z - kink)) > AWAY for kink in phi.kinks))
    assume(
        all(
            np.min(np.abs(r)) > AWAY
            for r in case.network.loss.residual_kinks(case.y, trace.output)
        )
    )
    double = case.gradient()
    single = dataclasses.replace(case, theta=case.theta.astype(np.float32)).gradient()
    assert {single.flat.dtype, single.dX.dtype, *(d.dtype for d in single.delta)} == {
        np.dtype(np.float32)
    }
    assert_close(single, double, SINGLE)


@few
@given(
    drawn(),
    st.sampled_from(
        ["fortran", "strided", "reversed", "sliced", "read-only", "float32", "list"]
    ),
)
def test_memory_layout_does_not_matter(case: Drawn, layout: str) -> None:
    def laid_out(array: np.ndarray):
        if layout == "strided":
            wide = np.repeat(np.repeat(array, 2, 0), 3, 1)
            return wide[::2, ::3]
        if layout == "reversed":
            return array[::-1, ::-1].copy()[::-1, ::-1]
        if layout == "sliced":
            return np.pad(array, 1)[1:-1, 1:-1]
        frozen = array.copy()
        frozen.setflags(write=False)
        return {
            "fortran": np.asfortranarray(array),
            "read-only": frozen,
            "list": array.tolist(),
        }.get(layout, array)

    if layout == "float32":  # converted to the dtype of θ
        case.x, case.y = case.x.astype(np.float32), case.y.astype(np.float32)
        here = case.gradient(case.x.astype(np.float64), case.y.astype(np.float64))
    else:
        here = case.gradient()
    theta = case.theta.copy()
    theta.setflags(write=False)
    masks = [laid_out(np.ones((len(case.x), n))) for n in case.network.sizes[:-1]]
    p = Parameters(case.network.sizes, theta)
    trace = forward(case.network, p, laid_out(case.x), masks=masks)
    there = backward(
        case.network,
        p,
        trace,
        laid_out(case.y),
        sample_weight=np.ones(2 * len(case.x))[::2],
    )
    assert_close(there, here)


@few
@given(drawn())
def test_nothing_that_is_given_is_modified(case: Drawn) -> None:
    weights = case.rng.uniform(0.5, 2, len(case.x))
    masks = [
        (case.rng.uniform(size=(len(case.x), n)) > 0.3) / 0.7
        for n in case.network.sizes[:-1]
    ]
    given_arrays = [case.theta, case.x, case.y, weights, *masks]
    before = [a.copy() for a in given_arrays]
    trace = forward(case.network, case.parameters, case.x, masks=masks)
    traced = [a.copy() for a in (*trace.A, *trace.Z)]
    for reduction in ("mean", "sum"):
        options = {
            "sample_weight": weights,
            "l1": 0.1,
            "l2": 0.1,
            "reduction": reduction,
        }
        backward(case.network, case.parameters, trace, case.y, **options)
        objective(case.network, case.parameters, case.x, case.y, masks=masks, **options)
    for after, kept in zip(
        (*given_arrays, *trace.A, *trace.Z), (*before, *traced), strict=True
    ):
        np.testing.assert_array_equal(after, kept)
