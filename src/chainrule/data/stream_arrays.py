"""NumPy's .npy files of a stream, rows and their targets, read by blocks of rows."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from ..errors import InputError, counted
from .array_files import beyond_exact, pixel_names, table_of
from .dialect import Dialect
from .npz_members import DAMAGE, KINDS, read_header, readable
from .stream_file import BATCH_ROWS, Part, StreamFile, Wanted, stamped
from .tables import Table

__all__ = ["ArrayFile"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class ArrayFile(StreamFile):
    """An array of rows, or of the targets of such an array.

    Parameters
    ----------
    targets : ArrayFile or None
        Of rows, the file of their targets.
    """

    kind: ClassVar[str] = "npy"
    targets: ArrayFile | None = field(kw_only=True, default=None)

    @classmethod
    def of(cls, path: Path, targets: Path) -> Self:
        """The rows of a file with the targets of another."""
        return cls(**stamped(path), targets=ArrayFile(**stamped(targets)))

    @property
    def columns(self) -> tuple[str, ...]:
        one = replace(next(self.parts()), rows=1)
        return tuple(next(self.tables(one, Wanted(Dialect()))).columns)

    @property
    def target_columns(self) -> tuple[str, ...]:
        """The columns of its targets."""
        return self.columns[math.prod(self.arrays()[0].shape[1:]) :]

    def arrays(self) -> tuple[Matrix, Matrix]:
        """The memory maps of rows and targets."""
        assert self.targets is not None
        x, y = _mapped(self.path), _mapped(self.targets.path)
        if x.ndim not in (2, 3, 4) or x.dtype.kind not in "uifb":
            raise InputError(
                f"{self.path} of shape {x.shape} and dtype {x.dtype}",
                "numbers, one row per sample: (N, n), or (N, height, width) for pictures",
                "Save it so.",
            )
        wide = math.prod(y.shape[1:])
        fits = 1 <= y.ndim <= 2 and len(y) == len(x) and wide
        if not fits or y.dtype.kind not in ("uifbUS" if wide == 1 else "uifb"):
            raise InputError(
                f"{self.targets.path} of shape {y.shape} and dtype {y.dtype!s:.80} for {counted(len(x), 'row')}",
                "one target per row, a number or a text, or a row of numbers",
                "Save it so.",
            )
        return x, y

    def require_same(self) -> None:
        super().require_same()
        if self.targets is not None:
            self.targets.require_same()

    def require_like(self, first: Self, asked: Dialect) -> None:
        """Raise where rows or targets have another shape than those of the first file, or are of another kind."""
        assert self.targets is not None
        (x, y), (other_x, other_y) = first.arrays(), self.arrays()
        pixels = {array.dtype == np.uint8 for array in (x, other_x)}
        texts = {array.dtype.kind in "US" for array in (y, other_y)}
        for one, other, path, sorts in (
            (x, other_x, self.path, pixels),
            (y, other_y, self.targets.path, texts),
        ):
            if one.shape[1:] != other.shape[1:] or len(sorts) > 1:
                raise InputError(
                    f"{path} with rows of shape {other.shape[1:]} and dtype {other.dtype}; in the first file they are "
                    f"of shape {one.shape[1:]} and dtype {one.dtype}",
                    "rows of one shape, all or none of them uint8; targets of one shape, all or none of them text",
                    "Save them alike.",
                )

    def parts(self) -> Iterator[Part]:
        x, _ = self.arrays()
        row_bytes = math.prod(x.shape[1:]) * x.itemsize
        for number, start in enumerate(range(0, len(x), BATCH_ROWS)):
            rows = min(BATCH_ROWS, len(x) - start)
            yield Part(number, start, rows, rows * row_bytes)

    def tables(self, part: Part, asked: Wanted) -> Iterator[Table]:
        x, y = self.arrays()
        here = slice(part.first_row, part.first_row + part.rows)
        rows, targets = np.asarray(x[here]).reshape(part.rows, -1), np.asarray(y[here])
        assert self.targets is not None
        if targets.dtype.kind in "US":
            with _damage_said(self.targets.path):
                targets = readable("an array", targets.reshape(-1))
        if targets.dtype.kind in "iu" and beyond_exact(targets):
            raise InputError(
                f"{self.targets.path} with whole numbers beyond 2^53",
                "numbers that float64 can tell apart, or texts",
                "Labels are saved as text: y.astype(str).",
            )
        names = pixel_names(x.shape[1:]) if x.dtype == np.uint8 else None
        table = table_of(self.name, rows, targets, names)
        yield replace(table, numbers=np.arange(here.start, here.stop))


def _mapped(path: str) -> Matrix:
    with _damage_said(path), Path(path).open("rb") as file:
        shape, fortran, dtype = read_header(file)
        at, bytes_ = file.tell(), math.prod(shape) * dtype.itemsize
        if dtype.kind not in KINDS or dtype.subdtype:
            raise ValueError(f"of dtype {dtype!s:.80}")
        if bytes_ > os.fstat(file.fileno()).st_size - at:
            raise ValueError(f"the file ends before the array of shape {shape!s:.80}")
        if not bytes_:  # there is nothing to map
            return np.empty(shape, dtype)
        return np.memmap(path, dtype, "r", at, shape, "F" if fortran else "C")


@contextmanager
def _damage_said(path: str) -> Iterator[None]:
    """`InputError` for whatever a damaged file raises."""
    try:
        yield
    except DAMAGE as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path}, which is no whole .npy file ({why:.200})",
            "an array as numpy.save writes it, not of objects",
            "Save it again: numpy.save(FILE, array).",
        ) from error
