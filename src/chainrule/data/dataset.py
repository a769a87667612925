"""`Dataset`: rows to train on and to test on, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .preparation import NAME_ROWS, Preparation
from .tables import Table

__all__ = ["Dataset"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Dataset:
    """Rows to train on and rows to test on.

    Parameters
    ----------
    name : str
    x_train, x_test : ndarray, shapes (N, n_0)
        Inputs: pixels as they were read, uint8; else prepared numbers, float32.
    y_train, y_test : ndarray
        Class numbers 0 … len(classes) - 1, shape (N,); or numbers in their own units, shape (N, columns).
    preparation : Preparation
        How raw rows become inputs.
    image_shape : (int, int) or None
        Height and width of the picture that a row is.
    source : str
        Where it comes from.
    remarks : tuple of str
        What was found while reading, in sentences.
    test_rows : Table or None
        The raw rows behind x_test, where they are not pixels.
    train_rows : Table or None
        Likewise behind x_train.
    checksums : dict of str to str
        The SHA-256 of each file that was read, that of the training rows first.
    """

    name: str
    x_train: Matrix
    y_train: Matrix
    x_test: Matrix
    y_test: Matrix
    preparation: Preparation
    image_shape: tuple[int, int] | None = None
    source: str = ""
    remarks: tuple[str, ...] = ()
    test_rows: Table | None = None
    checksums: dict[str, str] = field(default_factory=dict)
    train_rows: Table | None = None

    def __repr__(self) -> str:
        target = self.preparation.target
        kind = f"{len(self.classes)} classes" if self.classes else "numbers"
        return (
            f"<Dataset {self.name}: {self.rows} rows to train on, {len(self.x_test)} to test on; "
            f"{self.x_train.shape[1]} inputs; target {', '.join(target.names)}, {kind}>"
        )

    @property
    def rows(self) -> int:
        """The number of rows to train on."""
        return len(self.x_train)

    @property
    def named_by(self) -> tuple[str, ...]:
        """The columns that were left out because their texts name rows, where they were read."""
        left_out = self.preparation.left_out or {}
        there = {} if self.test_rows is None else self.test_rows.columns
        return tuple(
            name
            for name, why in left_out.items()
            if why.endswith(NAME_ROWS) and name in there
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """The meaning of each class number; empty for a regression."""
        return self.preparation.target.classes

    @property
    def scale(self) -> float | None:
        """The factor that brings pixels into [0, 1]; None for other inputs."""
        return self.preparation.scale

    def scaled(self, dtype: str) -> tuple[Matrix, Matrix]:
        """The inputs of both parts, as the network sees them.

        Examples
        --------
        >>> from chainrule import load_data
        >>> x_train, x_test = load_data("digits").scaled("float32")
        >>> float(x_train.max()), x_test.dtype
        (1.0, dtype('float32'))
        """
        factor = np.asarray(1.0 if self.scale is None else self.scale, dtype)
        return self.x_train.astype(dtype) * factor, self.x_test.astype(dtype) * factor

    def standardized_targets(self) -> tuple[Matrix, Matrix]:
        """The targets of both parts as the network learns them: class numbers, or numbers of mean 0 and std 1."""
        target = self.preparation.target
        return target.standardized(self.y_train), target.standardized(self.y_test)
