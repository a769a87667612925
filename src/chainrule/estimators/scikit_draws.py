"""What scikit-learn draws from `random_state`, drawn in its way: weights, validation rows, the order of rows.

The same state gives the same numbers, so that a network starts and goes on as scikit-learn's does.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

__all__ = ["RowOrder", "first_weights", "split"]

Matrix = np.ndarray[Any, Any]


def first_weights(
    random: np.random.RandomState,
    sizes: Sequence[int],
    activations: Sequence[str],
    dtype: Any,
) -> tuple[list[Matrix], list[Matrix]]:
    """`coefs_` and `intercepts_` to start from, all from U(-r, r), r = √(f / (fan_in + fan_out)).

    f is 2 where the layer's activation is sigmoid, else 6. Glorot & Bengio 2010.
    """
    coefs, intercepts = [], []
    for (fan_in, fan_out), activation in zip(
        itertools.pairwise(sizes), activations, strict=True
    ):
        bound = np.sqrt((2.0 if activation == "sigmoid" else 6.0) / (fan_in + fan_out))
        coefs.append(
            random.uniform(-bound, bound, (fan_in, fan_out)).astype(dtype, copy=False)
        )
        intercepts.append(
            random.uniform(-bound, bound, fan_out).astype(dtype, copy=False)
        )
    return coefs, intercepts


def split(
    random: np.random.RandomState, rows: int, share: float, classes: Matrix | None
) -> tuple[Matrix, Matrix]:
    """The numbers of the rows to train on, and of those to validate on; class by class where `classes` are given."""
    training, held = train_test_split(
        np.arange(rows), random_state=random, test_size=share, stratify=classes
    )
    if len(held) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
        )
    return training, held


class RowOrder:
    """The order of the rows in each epoch: that of the epoch before, shuffled; for `Rules.order`.

    Parameters
    ----------
    random : numpy.random.RandomState or None
        None: the rows stay as they lie.
    rows : int
    one_batch : bool
        Whether a batch is all rows: their order matters to no step, but is drawn all the same.
    """

    def __init__(
        self, random: np.random.RandomState | None, rows: int, *, one_batch: bool
    ) -> None:
        self._random, self._one_batch = random, one_batch
        self._order: Matrix = np.arange(rows)
        self._epoch = -1

    def __call__(self, epoch: int) -> Matrix | None:
        """The numbers of the rows of an epoch; asked for the same epoch again, the same."""
        if self._random is not None and epoch != self._epoch:
            moved = np.arange(self._order.size)
            self._random.shuffle(moved)
            self._order, self._epoch = self._order[moved], epoch
        return None if self._one_batch else self._order
