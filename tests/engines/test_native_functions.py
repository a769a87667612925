"""The compiled φ and φ′: their error over the whole range, on each instruction set, in both precisions.

The expected values are NumPy's in extended precision (64 bits of significand: 2⁻⁹ of a float64 ulp).
Errors are in ulp of the exact value, where it is below the smallest normal number in ulp of that.
Where a sum cancels, as in z Φ(z) far left of 0, no ulp can be promised: there it is ε · (1 + |z|).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from chainrule import ACTIVATIONS
from chainrule.engines import native
from chainrule.equations.activation import Elementwise

from ..support.native_cases import needs_native

LONG = np.longdouble
pytestmark = [
    needs_native,
    pytest.mark.skipif(
        np.finfo(LONG).nmant < 63, reason="no extended precision here to compare with"
    ),
]
PI = np.arctan2(LONG(0), LONG(-1))
#: Parameters, exact in float32.
ALPHA, SLOPE = 0.75, 0.125


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z: Any) -> Any:
    return sigmoid(z) * sigmoid(-z)


def sech2(z: Any) -> Any:
    return 4 * sigmoid_prime(2 * z)


def normal_cdf(z: Any) -> Any:
    """By a series near 0 and a continued fraction in the tails; NumPy has no erf in extended precision."""
    t = abs(z) / np.sqrt(LONG(2))
    small = np.where(t < 2.5, t, 0)
    term, total = small.copy(), small.copy()
    for n in range(1, 90):
        term = (
            term * (2 * small * small) / (2 * n + 1)
        )  # erf t = 2/√π e^{-t²} Σ 2ⁿ t^{2n+1} / (2n+1)!!
        total = total + term
    upper_small = 1 - 2 / np.sqrt(PI) * np.exp(-small * small) * total
    large = np.where(t < 2.5, 2.5, t)
    fraction = large
    for n in range(120, 0, -1):
        fraction = large + (LONG(n) / 2) / fraction
    upper_large = np.exp(-large * large) / np.sqrt(PI) / fraction
    upper = np.where(t < 2.5, upper_small, upper_large) / 2
    return np.where(z > 0, 1 - upper, upper)


def elu(z: Any, alpha: float = ALPHA) -> Any:
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def elu_prime(z: Any, alpha: float = ALPHA) -> Any:
    return np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0)))


def relu(z: Any) -> Any:
    return np.where(z > 0, z, 0)


#: name → activation, parameter, φ, φ′
EXACT: dict[str, tuple[str, float, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "expm1 and exp": ("elu", 1.0, lambda z: elu(z, 1.0), lambda z: elu_prime(z, 1.0)),
    "elu": ("elu", ALPHA, elu, elu_prime),
    "sigmoid": ("sigmoid", 0.0, sigmoid, sigmoid_prime),
    "tanh": ("tanh", 0.0, np.tanh, sech2),
    "silu": (
        "silu",
        0.0,
        lambda z: z * sigmoid(z),
        lambda z: sigmoid(z) + z * sigmoid_prime(z),
    ),
    "softplus": (
        "softplus",
        0.0,
        lambda z: relu(z) + np.log1p(np.exp(-abs(z))),
        sigmoid,
    ),
    "gelu": (
        "gelu",
        0.0,
        lambda z: z * normal_cdf(z),
        lambda z: normal_cdf(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * PI),
    ),
    "relu": ("relu", 0.0, relu, lambda z: np.where(z > 0, 1, 0)),
    "leaky_relu": (
        "leaky_relu",
        SLOPE,
        lambda z: np.where(z > 0, z, SLOPE * z),
        lambda z: np.where(z > 0, 1, SLOPE),
    ),
    "identity": ("identity", 0.0, lambda z: z, np.ones_like),
}
#: The others of the engine: the table's own functions, in extended precision.
for name in [name for name in native.PHI if name not in {*EXACT, "softmax"}]:
    phi = ACTIVATIONS[name]()
    assert isinstance(phi, Elementwise)
    (parameter,) = [value for _, value in phi.parameters] or [0.0]
    EXACT[name] = name, parameter, phi.value, phi.derivative
#: name → (unit, most of φ, unit, most of φ′) in float32, the same in float64: what is promised.
BOUNDS: dict[
    str, tuple[tuple[str, float, str, float], tuple[str, float, str, float]]
] = {
    "expm1 and exp": (("ulp", 6.0, "ulp", 1.5), ("ulp", 3.0, "ulp", 2.0)),
    "elu": (("ulp", 6.0, "ulp", 2.0), ("ulp", 3.5, "ulp", 2.5)),
    "sigmoid": (("ulp", 3.0, "ulp", 5.0), ("ulp", 3.0, "ulp", 5.0)),
    "tanh": (("ulp", 7.0, "eps", 2.0), ("ulp", 2.0, "ulp", 3.0)),
    "silu": (("ulp", 4.0, "eps", 1.0), ("ulp", 4.0, "eps", 1.0)),
    "softplus": (("ulp", 2.0, "ulp", 3.0), ("ulp", 2.0, "ulp", 3.0)),
    "gelu": (("eps", 1.0, "eps", 1.0), ("eps", 1.0, "eps", 1.0)),
    "selu": (("ulp", 6.0, "ulp", 2.0), ("ulp", 3.5, "ulp", 2.5)),
    "gelu_tanh": (("eps", 1.0, "eps", 1.0), ("eps", 1.0, "eps", 1.0)),
    "mish": (("eps", 1.5, "eps", 1.5), ("eps", 1.5, "eps", 1.5)),
    "hard_sigmoid": (("eps", 1.0, "ulp", 0.5), ("eps", 1.0, "ulp", 0.5)),
    "exp": (("ulp", 1.0, "ulp", 1.0), ("ulp", 1.6, "ulp", 1.6)),
    "relu": (("ulp", 0.0, "ulp", 0.0), ("ulp", 0.0, "ulp", 0.0)),
    "leaky_relu": (("ulp", 0.0, "ulp", 0.0), ("ulp", 0.0, "ulp", 0.0)),
    "identity": (("ulp", 0.0, "ulp", 0.0), ("ulp", 0.0, "ulp", 0.0)),
    "others": (("ulp", 5.0, "ulp", 5.0), ("ulp", 5.0, "ulp", 5.0)),
}


def call(
    isa: str, name: str, parameter: float, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """φ and φ′ of whole panels of 16."""
    padded = np.resize(z, -(-z.size // 16) * 16)
    a, d = np.empty_like(padded), np.empty_like(padded)
    native._native.activation(isa, native.PHI[name], float(parameter), padded, a, d)
    return a[: z.size], d[: z.size]


def sample(dtype: Any) -> np.ndarray:
    """Dense where the functions bend, then all magnitudes down to subnormal ones, and up to 1e4."""
    info, rng = np.finfo(dtype), np.random.default_rng(0)
    wide = 800 if dtype == np.float64 else 120
    parts = [rng.uniform(-reach, reach, 50_000) for reach in (1, 12, wide)]
    sizes = np.exp2(rng.uniform(info.minexp - info.nmant, np.log2(1e4), 50_000))
    edges = [
        0.625,
        1,
        7.90531110763549805,
        9,
        18,
        20,
        88.7,
        103.97,
        354.8,
        709.78,
        745.13,
        1e4,
        info.tiny,
    ]
    near = [
        np.nextafter(dtype(s * e), dtype(t))
        for e in edges
        for s in (1, -1)
        for t in (-np.inf, 0, np.inf)
    ]
    return np.concatenate([*parts, sizes, -sizes, near, [0.0, -0.0]]).astype(dtype)


def ulp(x: Any, dtype: Any) -> Any:
    info = np.finfo(dtype)
    exponent = np.frexp(np.maximum(abs(x), LONG(info.tiny)))[1].astype(int)
    return np.ldexp(LONG(1), exponent - 1 - info.nmant)


def errors(got: np.ndarray, exact: Any, z: Any, unit: str) -> Any:
    dtype = got.dtype.type
    size = ulp(exact, dtype) if unit == "ulp" else np.finfo(dtype).eps * (1 + abs(z))
    most = LONG(np.finfo(dtype).max)
    with np.errstate(invalid="ignore"):  # what is too large is infinite
        off = np.where(np.isinf(got) & (exact > most), 0, abs(got.astype(LONG) - exact))
    # what lies below the smallest normal number may be taken for 0 or be coarse
    return np.where(off <= np.finfo(dtype).tiny, 0, off / size)


@pytest.fixture(scope="module")
def exact() -> Callable[[Any, str], tuple[np.ndarray, Any, Any]]:
    """z, φ(z) and φ′(z), computed once for all instruction sets."""
    made: dict[Any, Any] = {}

    def of(dtype: Any, name: str) -> Any:
        if (dtype, name) not in made:
            z = sample(dtype)
            with np.errstate(over="ignore", under="ignore"):
                made[dtype, name] = (z, *(f(z.astype(LONG)) for f in EXACT[name][2:]))
        return made[dtype, name]

    return of


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("isa", native.instruction_sets())
def test_the_error_is_as_promised(isa: str, dtype: Any, name: str, exact: Any) -> None:
    z, *values = exact(dtype, name)
    phi, parameter, *_ = EXACT[name]
    bounds = BOUNDS.get(name, BOUNDS["others"])[dtype == np.float64]
    results = call(isa, phi, parameter, z)
    for what, got, value, unit, most in zip(
        ("φ", "φ′"), results, values, bounds[::2], bounds[1::2], strict=True
    ):
        found = errors(got, value, z.astype(LONG), unit)
        worst = int(np.argmax(found))
        print(  # noqa: T201
            f"{isa} {dtype.__name__} {name} {what}: {float(found[worst]):.3f} {unit} at {z[worst]!r}"
        )
        assert not np.isnan(got).any()
        assert found[worst] <= most, (
            f"{what}({z[worst]!r}) = {got[worst]!r}, exactly {value[worst]!r}"
        )


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("isa", native.instruction_sets())
def test_at_the_ends(isa: str, dtype: Any, name: str) -> None:
    """±∞ give the limits, NaN gives NaN, and ±0 keeps φ(0); beside one another in one vector."""
    phi, parameter, of_z, _ = EXACT[name]
    z = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1e4, -1e4, 3e38] * 2, dtype)
    a, d = call(isa, phi, parameter, z)
    takes = [parameter] if parameter else []
    ends = ACTIVATIONS[phi](*takes).range(1)
    near = 8 * float(np.finfo(dtype).eps)
    if name != "softsign":  # ∞ / ∞
        assert a[0] == pytest.approx(ends.high, rel=near)
    if name not in ("silu", "gelu", "gelu_tanh", "mish", "softsign"):  # -∞ · 0
        assert a[1] == pytest.approx(ends.low, rel=near, abs=1e-37)
    assert np.isnan(a[2])
    assert np.isnan(a[10])
    assert a[3] == a[4] == pytest.approx(float(of_z(LONG([0.0]))[0]), rel=near)
    finite = [6] if name == "exp" else [5, 6]
    assert np.isfinite(a[finite]).all()
    assert np.isfinite(d[[3, 4, *finite]]).all()
    assert np.array_equal(a[:8], a[8:], equal_nan=True)


@pytest.mark.parametrize("isa", native.instruction_sets())
def test_a_worse_polynomial_is_seen(isa: str, exact: Any) -> None:
    """The control: values 8 ulp off are above every bound in ulp."""
    z, value, _ = exact(np.float64, "tanh")
    a, _ = call(isa, "tanh", 0.0, z)
    off = a + 8 * ulp(value, np.float64).astype(np.float64)
    assert np.max(errors(off, value, z.astype(LONG), "ulp")) > 7


def test_the_table_of_the_page_promises_the_same() -> None:
    page = Path(__file__).parents[2] / "docs" / "native_engine.md"
    promised = {}
    for line in page.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[1].endswith(("ulp", "eps")):
            pairs = [cell.split() for cell in cells[1:]]
            flat = [part for number, unit in pairs for part in (unit, float(number))]
            promised |= {
                name: (tuple(flat[:4]), tuple(flat[4:]))
                for name in cells[0].split(", ")
            }
    assert promised == {
        name: bounds for name, bounds in BOUNDS.items() if name != "expm1 and exp"
    }


def test_the_normal_distribution_is_right() -> None:
    z = np.linspace(-30, 8, 400)
    assert np.allclose(
        normal_cdf(z.astype(LONG)).astype(float), special.ndtr(z), rtol=1e-12, atol=0
    )
