"""`check_function_gradient` on functions whose gradient is known, and on gradients that are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from chainrule import InputError, check_function_gradient

AT = np.array([1.3, 0.7, 0.8, 1.9, 1.2])


def cubes(t: Any) -> Any:
    return np.sum(np.abs(t) ** 3)  # |t| has no complex step


def cubes_prime(t: Any) -> Any:
    return 3 * t * np.abs(t)


@pytest.mark.parametrize(
    ("function", "gradient", "method"),
    [
        (rosen, rosen_der, "complex"),
        (cubes, cubes_prime, "central"),
        (lambda t: float(np.sum(t**3)), lambda t: 3 * t**2, "central"),
    ],
)
def test_a_right_gradient_passes_and_a_wrong_one_fails(
    function, gradient, method
) -> None:
    right = check_function_gradient(function, gradient, AT)
    assert right.method == method
    assert right.passed, str(right)
    assert [a.name for a in right.arrays] == ["theta", "direction"]
    for factor in (1.001, -1.0):
        wrong = check_function_gradient(function, lambda t: factor * gradient(t), AT)  # noqa: B023
        assert [a.failed for a in wrong.arrays] == [True, True], str(wrong)

    def one_off(t: Any) -> Any:
        return gradient(t) * np.where(np.arange(5) == 2, 1.001, 1.0)

    found = check_function_gradient(function, one_off, AT)
    assert found.arrays[0].worst == (2,)
    assert found.arrays[0].failed


def test_a_minimum_is_not_compared_and_a_draw_compares_some_entries() -> None:
    assert (
        check_function_gradient(rosen, rosen_der, np.ones(4)).verdict == "not compared"
    )
    near = check_function_gradient(rosen, rosen_der, 1 + 1e-6 * AT)
    assert not near.failed, str(near)
    some = check_function_gradient(rosen, rosen_der, AT, max_entries=2)
    assert (some.arrays[0].compared, some.arrays[0].entries) == (2, 5)
    alone = check_function_gradient(rosen, rosen_der, AT, max_entries=0)
    assert [a.name for a in alone.arrays] == ["direction"]


@pytest.mark.parametrize(
    ("function", "gradient", "theta", "method", "match"),
    [
        (1.0, rosen_der, AT, "auto", "function that is"),
        (rosen, rosen_der(AT), AT, "auto", "gradient that is a ndarray"),
        (rosen, rosen_der, AT[None], "auto", r"theta of shape \(1, 5\).*ravel"),
        (rosen, rosen_der, [1.0, np.nan], "auto", "NaN"),
        (rosen, rosen_der, ["a"], "auto", "no array of real numbers"),
        (rosen_der, rosen_der, AT, "auto", r"gives shape \(5,\)"),
        (rosen, lambda t: rosen_der(t)[:2], AT, "auto", r"gradient of shape \(2,\)"),
        (cubes, cubes_prime, AT, "complex", "whose complex step is not its derivative"),
        (rosen, rosen_der, AT, "forward", "method = 'forward'"),
        # right, but for rounding, which was an error
        (lambda t: np.float32(rosen(t)), rosen_der, AT, "auto", "gives float32"),
        (rosen, lambda t: rosen_der(t).astype("f4"), AT, "auto", "gives float32"),
        (lambda t: None, rosen_der, AT, "auto", "function that gives None"),
    ],
)
def test_what_does_not_fit_is_refused(function, gradient, theta, method, match) -> None:
    with pytest.raises(InputError, match=match):
        check_function_gradient(function, gradient, theta, method=method)
