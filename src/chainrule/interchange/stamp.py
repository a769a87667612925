"""The stamp of an export: the distance between file and model that was measured, on which rows, and what is allowed."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from .. import __version__
from ..errors import counted
from ..files.schema import fitted, read_json
from .deployment import Deployment

__all__ = [
    "BLANK",
    "IN_FILE",
    "MARK",
    "SEAL",
    "Stamp",
    "differences",
    "largest_difference",
    "sealed",
    "theta_digest",
]

Matrix = np.ndarray[Any, Any]
#: What the line of a stamp begins with, in a comment.
MARK = "chainrule-stamp: "
#: The checksum of a file of text follows it; BLANK stands in its place while it is computed.
SEAL, BLANK = "chainrule-sha256: ", "0" * 64
#: Rows that are kept in the file.
IN_FILE = 16


@dataclass(frozen=True)
class Stamp:
    """The measurement of a file, made when it was written.

    Parameters
    ----------
    difference : float
        The largest |file - model| over the rows and outputs: by NumPy's arithmetic for C, the bits of which every
        compiler must reach, by onnx's own evaluator for ONNX, by running the file for Python.
    bound : float
        How far any runtime that keeps to IEEE 754 may be off, whatever order it sums in, also on other rows: those
        whose inputs to the network are within `reach` and whose outputs are within `largest`. Where one of them is
        larger, the bound is as many times as large.
    rows : int
        On how many rows.
    seed : int or None
        What they are drawn from; None where they were given.
    largest : float
        The largest |output| on them.
    preparation : str
        "in the file", "left out" by choice, or "none" where the model has none.
    theta : str
        The SHA-256 of the weights, by which a model is recognized.
    reach : tuple of float
        The size of each input of the network that the bound is for.
    version : str
        Of chainrule.

    Examples
    --------
    >>> print(Stamp(2.4e-7, 1.1e-5, 1000, 0, 0.9, "none", ""))
    largest difference from the model 2.4e-07 on 1000 rows (drawn, seed 0; largest output 0.9); bound of others 1.1e-05
    """

    difference: float
    bound: float
    rows: int
    seed: int | None
    largest: float
    preparation: str
    theta: str
    reach: tuple[float, ...] = ()
    version: str = __version__

    def __post_init__(self) -> None:
        numbers = (self.difference, self.bound, self.largest, *self.reach)
        if not all(math.isfinite(n) and n >= 0 for n in numbers) or self.rows < 1:
            raise ValueError(f"a difference of {self.difference} on {self.rows} rows")

    def __str__(self) -> str:
        how = "given" if self.seed is None else f"drawn, seed {self.seed}"
        where = (
            f"on {counted(self.rows, 'row')} ({how}; largest output {self.largest:.3g})"
        )
        return f"largest difference from the model {self.difference:.2g} {where}; bound of others {self.bound:.2g}"

    def text(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str | bytes) -> Stamp:
        """The stamp that `text` wrote; `ValueError` where it did not."""
        found = fitted(cls, read_json(text), "stamp")
        assert len(fields(cls)) == len(asdict(found))
        return found


def theta_digest(deployment: Deployment) -> str:
    """The SHA-256 of all weights."""
    digest = hashlib.sha256()
    for parameters in deployment.members:
        digest.update(np.ascontiguousarray(parameters.theta).tobytes())
    return digest.hexdigest()


def largest_difference(one: Matrix, other: Matrix) -> float:
    """The largest |a - b|; infinity where only one of them is a number."""
    if one.shape != other.shape:
        return math.inf
    apart = differences(one, other)
    return float(apart.max()) if apart.size else 0.0


def differences(one: Matrix, other: Matrix) -> Matrix:
    """Each |a - b| of two arrays of one shape; infinity where only one of them is a number."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return np.where(same, 0.0, np.where(np.isnan(apart), math.inf, apart))


def sealed(blob: bytes) -> bytes:
    """The file with the checksum of all its bytes in place of the blank one."""
    mark = blob.rfind(BLANK.encode())
    if mark < 0:
        return blob
    digits = hashlib.sha256(blob).hexdigest().encode()
    return blob[:mark] + digits + blob[mark + 64 :]
