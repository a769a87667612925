"""The cases E1-E12: what is trained or asked, on which rows, and what is required of chainrule.

Everything that a contender needs to do the same work as the others is fixed here: rows, targets, the
parameters to start from, and the order in which the check takes the rows. No contender is imported.
"""

from __future__ import annotations

import gzip
import itertools
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

#: Of the order in which the check takes the rows, and of the parameters to start from.
SEED = 0
PIXEL_SCALE = 1 / 255


@dataclass(frozen=True)
class Case:
    """One case.

    Parameters
    ----------
    key, title : str
    kind : {"training", "prediction", "process", "memory"}
        Seconds an epoch; seconds a call; seconds a whole process; bytes beyond the data.
    sizes, activations, loss
        The network, as chainrule names it. Squared error is ½ Σ_k (a_k - y_k)², averaged over rows.
    data : str
        A name from `DATA`.
    rows, batch_rows : int
        In all, and in one step or one call.
    optimizer, learning_rate
        Without momentum; Adam with its usual β and ε.
    pixels : bool
        Whether chainrule is given uint8 rows.
    check_steps : int
        How many steps from the same start the contenders are compared after.
    needed : dict of float
        Least ratio of a peer's median to ours, by the peer's name or "best"; "peak": least share of
        the machine's peak; "megabytes": at most.
    short_rows : int or None
        Rows in the short form, where fewer.
    """

    key: str
    title: str
    kind: str
    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str
    data: str
    rows: int
    batch_rows: int
    optimizer: str = "none"
    learning_rate: float = 0.0
    pixels: bool = False
    check_steps: int = 10
    needed: dict[str, float] = field(default_factory=dict)
    short_rows: int | None = None

    @property
    def full_batch(self) -> bool:
        return self.batch_rows == self.rows

    @property
    def unit(self) -> str:
        """What one time is the time of."""
        if self.kind == "training":
            return "step" if self.full_batch else "epoch"
        return {"prediction": "call", "process": "process", "memory": "run"}[self.kind]

    @property
    def flops(self) -> int:
        """Multiplications and additions of one unit: F1, B2 and B3, or F1 alone."""
        products = [n * m for n, m in itertools.pairwise(self.sizes)]
        if self.kind == "prediction":
            return 2 * self.batch_rows * sum(products)
        return 2 * self.rows * (2 * sum(products) + sum(products[1:]))

    @property
    def layout(self) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
        """Of θ = (W[1], …, W[L], b[1], …, b[L]): (start, n_l, n_{l-1}) of each W, (start, n_l) of each b."""
        weights, biases, at = [], [], 0
        for n, m in itertools.pairwise(self.sizes):
            weights.append((at, m, n))
            at += n * m
        for m in self.sizes[1:]:
            biases.append((at, m))
            at += m
        return weights, biases

    def split(self, theta: Array) -> tuple[list[Array], list[Array]]:
        """W[1] … W[L], shapes (n_l, n_{l-1}), and b[1] … b[L], as contiguous copies."""
        weights, biases = self.layout
        return (
            [theta[at : at + m * n].reshape(m, n).copy() for at, m, n in weights],
            [theta[at : at + m].copy() for at, m in biases],
        )

    def join(self, weights: list[Array], biases: list[Array]) -> Array:
        """θ from its parts."""
        return np.concatenate([np.asarray(a).ravel() for a in (*weights, *biases)])

    def start(self) -> Array:
        """θ at the start, float32: uniform within √(6 / (fan_in + fan_out)); biases small, not 0."""
        rng = np.random.default_rng(SEED)
        weights, biases = self.layout
        drawn = [
            rng.uniform(-1, 1, (m, n)) * np.sqrt(6 / (m + n)) for _, m, n in weights
        ]
        return self.join(
            drawn, [rng.uniform(-0.05, 0.05, m) for _, m in biases]
        ).astype(np.float32)

    def order(self) -> Array:
        """The order of the rows in the check: that of chainrule's epoch 0 for seed 0, drawn with NumPy.

        chainrule's draws are documented: Philox4x64-10 with key (seed, 1) and counter (0, 0, 0, epoch).
        """
        if self.full_batch:
            return np.arange(self.rows)
        bits = np.random.Philox(
            key=np.array([SEED, 1], np.uint64), counter=np.zeros(4, np.uint64)
        )
        return np.random.Generator(bits).permutation(self.rows)

    def check_batches(self) -> list[Array]:
        """The row numbers of the first `check_steps` steps."""
        if self.full_batch:
            return [self.order()] * self.check_steps
        order = self.order()
        starts = range(0, self.rows, self.batch_rows)
        return [
            order[at : at + self.batch_rows]
            for at in itertools.islice(starts, self.check_steps)
        ]

    def shortened(self) -> Case:
        if self.short_rows is None:
            return self
        batch = self.short_rows if self.full_batch else self.batch_rows
        return replace(self, rows=self.short_rows, batch_rows=batch)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Case:
        lists = {name: tuple(content[name]) for name in ("sizes", "activations")}
        return cls(**{**content, **lists})


def _classifier(key: str, title: str, sizes: tuple[int, ...], **rest: Any) -> Case:
    phis = ("relu",) * (len(sizes) - 2) + ("softmax",)
    return Case(
        key, title, rest.pop("kind", "training"), sizes, phis, "cross_entropy", **rest
    )


def _regressor(key: str, title: str, sizes: tuple[int, ...], **rest: Any) -> Case:
    phis = ("tanh",) * (len(sizes) - 2) + ("identity",)
    return Case(key, title, "training", sizes, phis, "squared_error", **rest)


_E1 = {
    "data": "mnist",
    "rows": 60_000,
    "batch_rows": 60_000,
    "optimizer": "gradient_descent",
    "learning_rate": 0.1,
    "check_steps": 5,
}

CASES: dict[str, Case] = {
    case.key: case
    for case in (
        _classifier(
            "E1",
            "784-10-10, full batch of 60 000, gradient descent, uint8 input",
            (784, 10, 10),
            **_E1,
            pixels=True,
            needed={"best": 3.5},
            short_rows=12_000,
        ),
        _classifier(
            "E2",
            "784-10-10, full batch of 60 000, gradient descent, float32 input",
            (784, 10, 10),
            **_E1,
            needed={"best": 2.8},
            short_rows=12_000,
        ),
        _classifier(
            "E3",
            "784-128-10, batch 128, SGD, 60 000 rows",
            (784, 128, 10),
            data="mnist",
            rows=60_000,
            batch_rows=128,
            optimizer="sgd",
            learning_rate=0.1,
            needed={"best": 2.2},
            short_rows=12_000,
        ),
        _classifier(
            "E4",
            "784-512-512-10, batch 128, Adam, 60 000 rows",
            (784, 512, 512, 10),
            data="mnist",
            rows=60_000,
            batch_rows=128,
            optimizer="adam",
            learning_rate=1e-3,
            needed={"best": 1.8},
            short_rows=6_000,
        ),
        _classifier(
            "E5",
            "54-256-128-7, batch 256, Adam, 100 000 rows",
            (54, 256, 128, 7),
            data="classes",
            rows=100_000,
            batch_rows=256,
            optimizer="adam",
            learning_rate=1e-3,
            needed={"best": 2.5},
            short_rows=20_000,
        ),
        _regressor(
            "E6",
            "4-16-16-1 tanh, batch 32, Adam, 2 000 rows",
            (4, 16, 16, 1),
            data="curve",
            rows=2_000,
            batch_rows=32,
            optimizer="adam",
            learning_rate=1e-3,
            check_steps=30,
            needed={"best": 12.0},
        ),
        _regressor(
            "E7",
            "4-32-16-4 tanh, full batch of 10 000, Adam",
            (4, 32, 16, 4),
            data="matrix_exponential",
            rows=10_000,
            batch_rows=10_000,
            optimizer="adam",
            learning_rate=1e-3,
            check_steps=30,
            needed={"best": 5.0, "peak": 0.35},
        ),
        _classifier(
            "E8",
            "1024-1024-1024-1024-10, batch 1024, SGD, 8 192 rows",
            (1024, 1024, 1024, 1024, 10),
            data="classes",
            rows=8_192,
            batch_rows=1024,
            optimizer="sgd",
            learning_rate=0.05,
            check_steps=8,
            needed={"best": 1.1},
            short_rows=2_048,
        ),
        _classifier(
            "E9",
            "one row predicted, 784-128-10",
            (784, 128, 10),
            kind="prediction",
            data="mnist",
            rows=60_000,
            batch_rows=1,
            short_rows=12_000,
            needed={"sklearn": 20.0, "onnxruntime": 1.0},
        ),
        _classifier(
            "E10",
            "60 000 rows predicted, 784-128-10",
            (784, 128, 10),
            kind="prediction",
            data="mnist",
            rows=60_000,
            batch_rows=60_000,
            needed={"best": 1.0},
            short_rows=12_000,
        ),
        _classifier(
            "E11",
            "a whole process: import, load a CSV, train 4-16-3 for 200 epochs, save",
            (4, 16, 3),
            kind="process",
            data="iris",
            rows=150,
            batch_rows=32,
            optimizer="adam",
            learning_rate=1e-3,
            needed={"sklearn": 3.0},
        ),
        _classifier(
            "E12",
            "peak memory of E1 beyond the data",
            (784, 10, 10),
            kind="memory",
            **_E1,
            pixels=True,
            needed={"megabytes": 10.0},
        ),
    )
}


# --- data -----------------------------------------------------------------------------------------


def _mnist(case: Case) -> tuple[Array, Array, str]:
    """Training pixels and labels from CHAINRULE_DATA, or random ones of the same shape."""
    folder = os.environ.get(
        "CHAINRULE_DATA", Path(__file__).parents[2] / "shared" / "data"
    )
    files = [
        Path(folder) / "mnist" / f"train-{part}-ubyte.gz"
        for part in ("images-idx3", "labels-idx1")
    ]
    if all(file.is_file() for file in files):
        pixels, labels = (gzip.decompress(file.read_bytes()) for file in files)
        x = np.frombuffer(pixels, np.uint8, offset=16).reshape(-1, 784)[: case.rows]
        return (
            x,
            np.frombuffer(labels, np.uint8, offset=8)[: case.rows].astype(np.int64),
            "MNIST, training part",
        )
    rng = np.random.default_rng(1)
    x = np.where(
        rng.random((case.rows, 784)) < 0.19, rng.integers(1, 256, (case.rows, 784)), 0
    ).astype(np.uint8)
    y = np.argmax(x[:, ::8] @ rng.normal(size=(98, 10)), axis=1)
    return (
        x,
        y.astype(np.int64),
        "synthetic, of MNIST's shape and share of zeros (CHAINRULE_DATA has no MNIST)",
    )


def _classes(case: Case) -> tuple[Array, Array, str]:
    """Normal rows whose class is that of the largest of some random nonlinear features."""
    rng = np.random.default_rng(2)
    n, k = case.sizes[0], case.sizes[-1]
    x = rng.normal(size=(case.rows, n)).astype(np.float32)
    hidden = np.tanh(x @ rng.normal(size=(n, 2 * k)) / np.sqrt(n))
    return (
        x,
        np.argmax(hidden @ rng.normal(size=(2 * k, k)), axis=1),
        f"synthetic, {n} normal inputs, {k} classes",
    )


def _curve(case: Case) -> tuple[Array, Array, str]:
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, (case.rows, case.sizes[0]))
    y = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] - 0.5 * x[:, 3] ** 2
    return (
        x.astype(np.float32),
        y[:, None].astype(np.float32),
        "synthetic, a smooth function of 4 inputs",
    )


def _matrix_exponential(case: Case) -> tuple[Array, Array, str]:
    """SimpleChains.jl's task: exp of 2x2 matrices with normal entries."""
    x = np.random.default_rng(4).normal(size=(case.rows, 4))
    half_trace = (x[:, 0] + x[:, 3]) / 2
    b = x - half_trace[:, None] * np.array([1.0, 0, 0, 1])  # trace 0, so b² = q 1
    q = b[:, 0] ** 2 + b[:, 1] * b[:, 2]
    root = np.sqrt(q.astype(complex))
    y = (
        np.cosh(root).real[:, None] * np.array([1.0, 0, 0, 1])
        + (np.sinh(root) / root).real[:, None] * b
    )
    y *= np.exp(half_trace)[:, None]
    return (
        x.astype(np.float32),
        y.astype(np.float32),
        "synthetic, exp of 2x2 matrices with normal entries",
    )


def _iris(case: Case) -> tuple[Array, Array, str]:
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    return x.astype(np.float32), y, "iris, from scikit-learn, as a CSV file"


DATA = {
    "mnist": _mnist,
    "classes": _classes,
    "curve": _curve,
    "matrix_exponential": _matrix_exponential,
    "iris": _iris,
}


@dataclass(frozen=True)
class Inputs:
    """What a contender is given: rows as float32 or uint8, class numbers or float32 targets, and θ."""

    x: Array
    y: Array
    theta: Array


def data_folder(case: Case, folder: Path) -> Path:
    """Where the rows lie that a case shares with others."""
    return folder / f"{case.data}-{case.rows}-{case.sizes[0]}-{case.sizes[-1]}"


def write_inputs(case: Case, folder: Path) -> str:
    """Write a case's data where the workers read them, unless they are there; where they come from."""
    target, own = data_folder(case, folder), folder / case.key
    own.mkdir(parents=True, exist_ok=True)
    np.save(own / "theta.npy", case.start())
    if not target.exists():
        target.mkdir(parents=True)
        x, y, source = DATA[case.data](case)
        pixels = x.dtype == np.uint8
        if pixels:
            np.save(target / "x_uint8.npy", x)
        np.save(
            target / "x_float32.npy",
            x.astype(np.float32) * np.float32(PIXEL_SCALE) if pixels else x,
        )
        np.save(target / "y.npy", y)
        (target / "source.txt").write_text(source)
    return (target / "source.txt").read_text()


def read_inputs(case: Case, folder: Path, dtype: str) -> Inputs:
    """Read them, straight into the arrays that are kept."""
    target = data_folder(case, folder)
    files = (
        target / f"x_{dtype}.npy",
        target / "y.npy",
        folder / case.key / "theta.npy",
    )
    return Inputs(*map(np.load, files))
