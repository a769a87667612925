"""The data sets and networks that a page has ready: XOR, two spirals, iris, digits, an example, the documents' own."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...documents import NOTATIONS
from ...equations.activations import ACTIVATIONS
from ...equations.losses import LOSSES
from ...equations.network import Parameters
from .functions import name_of

__all__ = ["data_entry", "encoded", "ready_sets"]

Array = np.ndarray[Any, Any]
#: The worked network of `docs/worked_notations.md`, canonical.
WORKED = Parameters.from_arrays(
    [[[2.0, -1.0], [4.0, -1.0]], [[4.0, -8.0]]], [[0.0, -2.0], [2.0]]
)
#: A tanh layer before classes.
CLASSIFIED = ("tanh", "softmax", "cross_entropy")
#: Data of a page are at most so many bytes, and rows.
MOST_BYTES, MOST_ROWS = 250_000, 2000


def encoded(array: Array, kind: str, scale: float = 1.0) -> dict[str, Any]:
    """An array as the page reads it."""
    raw = np.ascontiguousarray(array, kind).tobytes()
    return {"bytes": base64.b64encode(raw).decode(), "kind": kind, "scale": scale}


def pixel_scale(x: Array) -> float | None:
    """The factor of pixels that a float32 matrix is, to the bit; None for other numbers."""
    if x.dtype != np.float32 or not x.size or x.min() < 0:
        return None
    for scale in (float(np.float32(1 / 255)), 1 / 255, 1 / 16, 1.0):
        whole = np.rint(x / scale)
        if whole.max() < 256 and np.array_equal((whole * scale).astype(np.float32), x):
            return scale
    return None


def data_entry(
    identity: str,
    title: str,
    x: Array,
    y: Array,
    *,
    names: list[str] | None = None,
    classes: list[str] | None = None,
    picture: tuple[int, int] | None = None,
    scale: float | None = None,
    labels: list[str] | None = None,
    weights: Array | None = None,
) -> dict[str, Any]:
    """A data set as a page has it.

    Parameters
    ----------
    identity, title : str
    x : ndarray, shape (N, n_0)
        With a `scale`, whole numbers up to 255 times it.
    y : ndarray
        Class numbers, shape (N,), with `classes`; else targets, shape (N, n_L).
    names, classes : list of str, optional
        Of the columns, and of the classes.
    picture : (int, int), optional
        The rows and columns of the picture that the inputs are.
    labels : list of str, optional
        Names of the outputs, where y is not of class numbers.
    weights : ndarray, shape (N,), optional
    """
    scale = scale or pixel_scale(x)
    size = x.shape[1] * (1 if scale else 4)
    rows = min(len(x), MOST_ROWS, max(1, MOST_BYTES // size))
    x, left = x[:rows], len(x) - rows
    pixels = np.rint(x / scale) if scale else x
    found = {
        "id": identity,
        "title": title,
        "x": encoded(pixels, "uint8", scale) if scale else encoded(x, "float32"),
        "names": names or [f"x{i + 1}" for i in range(x.shape[1])],
        "inputs": int(x.shape[1]),
        "rows": rows,
        "left": left,
        "y": encoded(y[:rows], "uint8" if classes is not None else "float32"),
        "outputs": len(classes) if classes is not None else int(y.shape[1]),
    }
    if classes is not None or labels is not None:
        found["classes"] = labels if classes is None else classes
    if weights is not None:
        found["w"] = encoded(weights[:rows], "float32")
    if picture is not None:
        found["picture"] = list(picture)
    return found


def ready_sets() -> list[dict[str, Any]]:
    """Each a data set with a network to start from."""
    return [example(), xor(), spirals(), iris(), digits(), *worked()]


def start(
    data: dict[str, Any],
    sizes: Sequence[int],
    functions: Sequence[str],
    rate: float,
    batch: int,
    **more: Any,
) -> dict[str, Any]:
    """A data set with its network: the activations, then the loss; Adam and drawn weights without others."""
    network = {
        "sizes": list(sizes),
        "activations": list(functions[:-1]),
        "loss": functions[-1],
        "optimizer": "adam",
        "learning_rate": rate,
        "batch": batch,
    }
    return {**data, "start": network | more}


def example() -> dict[str, Any]:
    """Four rows for a 2-3-2 network."""
    x = np.array([[0.5, -1.0], [1.0, 0.5], [-1.0, 1.0], [-0.5, -0.5]])
    data = data_entry(
        "example", "Small example", x, np.array([0, 1, 0, 1]), classes=["a", "b"]
    )
    theta = [0.5, -0.3, -0.4, 0.6, 0.3, 0.2, 0.6, -0.5, 0.3, -0.2, 0.8, 0.4]
    theta += [0.1, -0.2, 0.3, 0.1, 0.0]
    more = {
        "optimizer": "gradient_descent",
        "theta": encoded(np.array(theta), "float32"),
    }
    return start(data, (2, 3, 2), CLASSIFIED, 0.5, 4, **more)


def xor() -> dict[str, Any]:
    """The four rows of exclusive or."""
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = np.array([[0.0], [1.0], [1.0], [0.0]])
    data = data_entry("xor", "XOR", x, y)
    functions = ("tanh", "sigmoid", "binary_cross_entropy")
    return start(data, (2, 3, 1), functions, 0.05, 4, seed=2)


def spirals() -> dict[str, Any]:
    """Two spirals of 80 points, each of one turn and a quarter, from radius 3 inwards."""
    i = np.arange(80) / 80
    angle, radius = 2.5 * np.pi * i, 3 * (1 - 0.9 * i)
    x = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
    data = data_entry(
        "spirals",
        "Two spirals",
        np.concatenate([x, -x]),
        np.repeat([0, 1], 80),
        classes=["first", "second"],
    )
    return start(data, (2, 8, 8, 2), ("tanh", *CLASSIFIED), 0.02, 16)


def iris() -> dict[str, Any]:
    """Fisher's iris flowers, standardized."""
    from sklearn.datasets import load_iris

    found = load_iris()
    x = (found.data - found.data.mean(axis=0)) / found.data.std(axis=0)
    data = data_entry(
        "iris",
        "Iris flowers",
        x,
        found.target,
        names=[name.removesuffix(" (cm)") for name in found.feature_names],
        classes=[str(name) for name in found.target_names],
    )
    return start(data, (4, 5, 3), CLASSIFIED, 0.02, 16)


def digits() -> dict[str, Any]:
    """Handwritten digits of 8 × 8 pixels."""
    from sklearn.datasets import load_digits

    found = load_digits()
    data = data_entry(
        "digits",
        "Handwritten digits",
        found.data / 16,
        found.target,
        names=[f"pixel {r + 1},{c + 1}" for r in range(8) for c in range(8)],
        classes=[str(d) for d in range(10)],
        picture=(8, 8),
        scale=1 / 16,
    )
    functions = ("relu", "softmax", "cross_entropy")
    return start(data, (64, 10, 10), functions, 0.005, 32)


def worked() -> list[dict[str, Any]]:
    """The 2-2-1 network by hand, as each document has such a network, in its notation."""
    found = []
    for name, one in NOTATIONS.items():
        network = one.network((2, 2, 1))
        names = [name_of(phi, ACTIVATIONS) for phi in network.activations]
        if "relu" in names:  # which is flat at the worked pre-activations
            names = ["sigmoid", "sigmoid"]
        data = data_entry(
            f"worked-{name}",
            f"{one.alias}: its worked network",
            np.array([[1.0, 2.0]]),
            np.array([[1.0]]),
        )
        functions = (*names, name_of(network.loss, LOSSES))
        # with a linear output a step of the whole gradient goes too far
        rate = 1 / 64 if names[-1] == "identity" else 1.0
        more = {
            "optimizer": "gradient_descent",
            "theta": encoded(WORKED.theta, "float32"),
            "notation": name,
        }
        found.append(start(data, (2, 2, 1), functions, rate, 1, **more))
    return found
