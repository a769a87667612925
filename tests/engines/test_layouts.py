"""Arrays of every layout give the same bits as contiguous ones, NaN stays NaN, and what overflows is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chainrule import (
    ACTIVATIONS,
    InputError,
    MLPRegressor,
    Network,
    NonFiniteError,
    Parameters,
    Predictor,
    custom_activation,
    explain,
    train,
)
from chainrule.engines import ENGINES
from chainrule.equations.arrays import row_major
from chainrule.optimizers import GradientDescent
from chainrule.optimizers.rules import Rules

from ..support.runs import BUILT

NET = Network((3, 4, 1), ("tanh", "identity"), "squared_error")
ROWS = 60
RNG = np.random.default_rng(0)
X, Y, W = (
    RNG.normal(size=(ROWS, 3)),
    RNG.normal(size=(ROWS, 1)),
    RNG.uniform(1, 2, ROWS),
)
START = NET.init(0)


def cut(a: Any) -> Any:
    """The same numbers in the first columns of a wider table."""
    wide = np.zeros((len(a), a.shape[1] + 2), a.dtype)
    wide[:, : a.shape[1]] = a
    return wide[:, : a.shape[1]]


def misaligned(a: Any) -> Any:
    a = np.ascontiguousarray(a)
    return np.frombuffer(b"." + a.tobytes(), a.dtype, offset=1).reshape(a.shape)


def read_only(a: Any) -> Any:
    a = a.copy()
    a.flags.writeable = False
    return a


class Subclass(np.ndarray):  # type: ignore[type-arg]
    pass


#: Another way to lie in memory, of the same numbers.
LAYOUTS: dict[str, Any] = {
    "columns of a table": cut,
    "Fortran order": np.asfortranarray,
    "reversed": lambda a: a[::-1].copy()[::-1],
    "every other": lambda a: np.repeat(a, 2, axis=0)[::2],
    "read only": read_only,
    "other byte order": lambda a: a.astype(a.dtype.newbyteorder()),
    "misaligned": misaligned,
    "subclass": lambda a: a.view(Subclass),
    "DataFrame.to_numpy": lambda a: (
        pd.DataFrame(dict(enumerate(np.atleast_2d(a.T)))).to_numpy().reshape(a.shape)
    ),
}
#: The same numbers in another dtype.
DTYPES = ["i2", ">i4", "u1", "i8", "?", "f4", ">f4", "f2", "O"]
RUNS: dict[str, dict[str, Any]] = {
    "one batch": {"batch_rows": ROWS},
    "batches": {"batch_rows": 7},
    "descent": {"optimizer": "gradient_descent"},
    "lbfgs": {"optimizer": "lbfgs"},
}


def theta(x: Any, y: Any, engine: str, **options: Any) -> Any:
    given = {"parameters": START, "max_epochs": 2, "engine": engine} | options
    return train(NET, x, y, **given).parameters.theta


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_trains_the_same_bits(layout: str, run: str, engine: str) -> None:
    lay, options = LAYOUTS[layout], {**RUNS[run], "engine": engine}
    plain = theta(X, Y, sample_weight=W, validation=(X, Y), **options)
    given = {"sample_weight": lay(W) if layout != "columns of a table" else W[:]}
    for x, y in ((lay(X), Y), (X, lay(Y)), (lay(X), lay(Y))):
        found = theta(x, y, validation=(lay(X), lay(Y)), **given, **options)
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, plain)
    start = START.theta
    if layout not in ("columns of a table",):
        start = lay(START.theta)
    begun = {"parameters": Parameters(NET.sizes, start), "sample_weight": W}
    np.testing.assert_array_equal(theta(X, Y, **options, **begun), plain)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_of_any_dtype_train_the_same_bits(dtype: str, engine: str) -> None:
    whole = np.abs(np.round(3 * X)).astype(dtype)
    plain = theta(np.array(whole, dtype=float, order="C"), Y, engine)
    for lay in (np.asfortranarray, cut):
        np.testing.assert_array_equal(theta(lay(whole), Y, engine), plain)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_pixels_of_any_layout(layout: str, engine: str) -> None:
    pixels = RNG.integers(0, 256, (ROWS, 3)).astype(np.uint8)
    plain = theta(pixels, Y, engine, input_scale=1 / 255)
    found = theta(LAYOUTS[layout](pixels), Y, engine, input_scale=1 / 255)
    np.testing.assert_array_equal(found, plain)


@pytest.mark.parametrize("engine", BUILT)
def test_pixels_with_row_weights_that_no_pixel_could_be(engine: str) -> None:
    pixels = RNG.integers(0, 256, (ROWS, 3)).astype(np.uint8)
    weights = {"sample_weight": W / 7}
    found = theta(pixels, Y, engine, input_scale=1 / 255, **weights)
    plain = theta(pixels / 255, Y, engine, **weights)
    np.testing.assert_allclose(found, plain, rtol=1e-10)
    assert not np.allclose(found, theta(pixels / 255, Y, engine))


@pytest.mark.parametrize("engine", BUILT)
def test_rows_in_a_file_and_rows_repeated_by_a_stride_of_0(
    engine: str, tmp_path: Path
) -> None:
    mapped = np.memmap(tmp_path / "x", dtype="f8", mode="w+", shape=X.shape)
    mapped[:] = X
    np.testing.assert_array_equal(theta(mapped, Y, engine), theta(X, Y, engine))
    one = np.broadcast_to(X[:1], X.shape)
    np.testing.assert_array_equal(theta(one, Y, engine), theta(one.copy(), Y, engine))


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_estimators_and_explanations_of_any_layout(layout: str, engine: str) -> None:
    lay = LAYOUTS[layout]
    model = MLPRegressor(
        hidden_layer_sizes=(4,), solver="lbfgs", max_iter=3, engine=engine
    )
    model.set_params(random_state=0)
    with pytest.warns(UserWarning, match="lbfgs failed to converge"):
        plain = model.fit(X, Y[:, 0]).predict(X)
    with pytest.warns(UserWarning, match="lbfgs failed to converge"):
        found = model.fit(lay(X), Y[:, 0]).predict(lay(X))
    np.testing.assert_array_equal(found, plain)
    options = {"parameters": START, "engine": engine}
    shown = explain(NET, lay(X), lay(Y), **options)
    assert shown.passed
    assert shown.text() == explain(NET, X, Y, **options).text()


def test_only_what_lies_otherwise_is_copied() -> None:
    for same in (X, read_only(X), X[3:], [1.0]):
        assert row_major(same) is same
    for name in ("columns of a table", "Fortran order", "misaligned"):
        other = LAYOUTS[name](X)
        found = row_major(other)
        assert found is not other
        assert found.flags.c_contiguous
        assert found.flags.aligned


# ---- NaN and infinity in what is predicted from


#: Rows with NaN, of numbers that float32 has, and what the engines are given them as.
HOLES = X[:6].astype(np.float32).astype(np.float64)
HOLES[[1, 4], [0, 2]] = np.nan
ROWS_GIVEN: dict[str, Any] = {
    **LAYOUTS,
    "as they are": lambda a: a,
    "float32": lambda a: a.astype("f4"),
    "list": lambda a: a.tolist(),
    "objects": lambda a: a.astype(object),
}
PREDICTS = Rules(GradientDescent())


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("phi", ACTIVATIONS)
def test_nan_in_is_nan_out(phi: str, dtype: str, engine: str) -> None:
    for sizes in ((3, 2), (3, 5, 2)):
        net = Network(sizes, (phi,) * (len(sizes) - 1), "squared_error")
        if ENGINES[engine].refusal(net, PREDICTS, net.init(0, dtype).theta):
            continue
        predict = Predictor(net, net.init(0, dtype), engine=engine)
        whole = np.isfinite(HOLES).all(axis=1)
        expected = predict(np.where(np.isnan(HOLES), 0.0, HOLES).astype(dtype))
        for rows in (HOLES, np.tile(HOLES, (100, 1))):  # one block of rows, and many
            for lay in ROWS_GIVEN.values():
                found = predict(lay(rows))
                assert np.isnan(found[1]).all()
                assert np.isnan(found[-2]).all()
                np.testing.assert_array_equal(found[:6][whole], expected[whole])


def test_a_function_of_one_s_own_cannot_lose_nan() -> None:
    phi = custom_activation(
        lambda z: np.where(z > 0, z, np.zeros_like(z)),
        lambda z: np.where(z > 0, np.ones_like(z), np.zeros_like(z)),
        bounds=(-0.1, np.inf),
        kinks=(0.0,),
    )
    net = Network((3, 4, 1), (phi, "identity"), "squared_error")
    found = Predictor(net, net.init(0))(HOLES)
    assert np.isnan(found[:, 0]).tolist() == [False, True, False, False, True, False]


@pytest.mark.skipif(len(BUILT) < 2, reason="the engine native is not built")
@pytest.mark.parametrize("phi", ["identity", "relu", "tanh", "sigmoid", "softplus"])
def test_infinity_in_is_what_the_equations_make_of_it(phi: str) -> None:
    net = Network((3, 4, 2), (phi, "identity"), "squared_error")
    rows = X[:4].copy()
    rows[1, 0], rows[2] = np.inf, (np.inf, -np.inf, 0.0)
    native, reference = (
        Predictor(net, net.init(0), engine=engine)(rows) for engine in BUILT
    )
    np.testing.assert_allclose(native, reference, rtol=1e-12)
    assert np.isfinite(native[[0, 3]]).all()


@pytest.mark.parametrize("engine", BUILT)
def test_a_number_beyond_the_dtype_is_no_infinity(engine: str) -> None:
    predict = Predictor(NET, NET.init(0, "float32"), engine=engine)
    with pytest.raises(InputError, match=r"1 value that is NaN or infinite.*\(1, 2\)"):
        predict([[0, 0, np.inf], [0, 0, 1e39]])
    assert predict([[0.0, 0.0, np.inf]]).shape == (1, 1)


@pytest.mark.parametrize("engine", BUILT)
def test_no_rows_in_no_rows_out(engine: str) -> None:
    assert Predictor(NET, START, engine=engine)(np.empty((0, 3))).shape == (0, 1)


# ---- numbers near the end of the range


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "lbfgs"])
def test_huge_rows_and_weights_are_named_at_their_step(
    optimizer: str, engine: str
) -> None:
    huge = X.copy()
    huge[5] = 1e308
    big = START.theta.copy()
    big[:3] = 1e308
    options = {"optimizer": optimizer}
    with pytest.raises(NonFiniteError, match=r"step 1, first in Z\[1\]"):
        theta(huge, Y, engine, **options)
    with pytest.raises(NonFiniteError, match=r"step 1, first in Z\[1\]"):
        theta(X, Y, engine, parameters=Parameters(NET.sizes, big), **options)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("phi", ["relu", "tanh", "softplus"])
def test_explain_names_what_overflows_as_a_step_does(phi: str, engine: str) -> None:
    """Also where φ saturates, and without NumPy's warning before."""
    net = Network((3, 4, 1), (phi, "identity"), "squared_error")
    p = net.init(0)
    huge = X.copy()
    huge[5] = 1e308
    big = Parameters(net.sizes, np.full_like(p.theta, 1e308))
    options = {"row": 5, "engine": engine}
    with pytest.raises(NonFiniteError, match=r"first in Z\[1\]"):
        explain(net, huge, Y, parameters=p, **options)
    with pytest.raises(NonFiniteError, match=r"first in Z\[1\]"):
        explain(net, X, Y, parameters=big, **options)
    with pytest.raises(NonFiniteError, match="first in J"):
        explain(net, X, 1e200 * Y, parameters=p, **options)


@pytest.mark.parametrize("engine", BUILT)
def test_huge_parameters_that_nothing_reads_are_no_trouble(engine: str) -> None:
    """Their sum overflows; none of them does."""
    big = START.theta.copy()
    big[:6] = 1e308
    rows = np.zeros_like(X)
    found = theta(rows, Y, engine, parameters=Parameters(NET.sizes, big))
    assert (found[:6] == 1e308).all()
    rest = theta(rows, Y, engine)
    np.testing.assert_array_equal(found[12:], rest[12:])


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_only_the_ratios_of_row_weights_count(dtype: str, engine: str) -> None:
    tiny = float(np.finfo(dtype).smallest_normal)
    options = {"dtype": dtype, "parameters": None, "batch_rows": 7}

    def losses(scale: float) -> Any:
        given = {k: v for k, v in options.items() if v is not None}
        run = train(
            NET, X, Y, sample_weight=W * scale, engine=engine, max_epochs=3, **given
        )
        return run.loss

    plain = losses(1.0)
    near = 100 * float(np.finfo(dtype).eps)
    for scale in (2e2 * tiny, 1e-3 / ROWS / 2 / tiny):
        assert losses(scale) == pytest.approx(plain, rel=near)
    for scale in (tiny / 1e3, 1 / ROWS / tiny):  # Σw, or 1 / Σw, is subnormal
        with pytest.raises(InputError, match="sample_weight with the sum"):
            losses(scale)
    with pytest.raises(InputError, match="sample_weight with the sum inf"):
        losses(float(np.finfo(dtype).max) / 2)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_subnormal_row_weights_are_0(dtype: str, engine: str) -> None:
    """A batch of them alone makes no step: 1 / Σw would be infinite."""
    small = np.r_[np.full(ROWS - 1, np.finfo(dtype).smallest_normal / 2), 1.0]
    given = {"dtype": dtype, "batch_rows": 1, "max_epochs": 2, "engine": engine}
    found = train(NET, X, Y, sample_weight=small, **given)
    plain = train(NET, X, Y, sample_weight=np.where(small < 1, 0, 1), **given)
    np.testing.assert_array_equal(found.parameters.theta, plain.parameters.theta)


@pytest.mark.parametrize("engine", BUILT)
def test_a_sum_of_losses_that_overflows_is_named(engine: str) -> None:
    weights = np.full(ROWS, 1e305)
    with pytest.raises(NonFiniteError, match="step 1, first in J"):
        theta(X, 1e3 * Y, engine, sample_weight=weights, batch_rows=ROWS)
