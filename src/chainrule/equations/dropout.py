"""Dropout masks, made outside the forward pass (F0, F2)."""

from __future__ import annotations

import numpy as np

from .arrays import Array, array_namespace, device, real_part
from .draws import Purpose, generator

__all__ = ["dropout_masks"]


def dropout_masks(
    sizes: tuple[int, ...],
    rates: tuple[float, ...],
    rows: int,
    seed: int,
    epoch: int,
    step: int,
    like: Array,
) -> tuple[Array | None, ...]:
    """M[0] … M[L-1] of one step: 0 with probability p, else 1 / (1 - p).

    Parameters
    ----------
    sizes : tuple of int
        Widths n_0 … n_L.
    rates : tuple of float
        p of the input and of each hidden layer, L numbers; 0 for none.
    rows : int
        Rows of the batch.
    seed, epoch, step : int
        Key of the draw; `step` counts the batches of the epoch.
    like : Array
        An array of the library and dtype to use.

    Returns
    -------
    tuple of (Array, shape (rows, n_l), or None)

    Notes
    -----
    The numbers u are those of one Philox4x64-10 stream, in [0, 1), layer by layer from the input,
    row by row; a unit stays where u >= p.

    References
    ----------
    Srivastava et al. 2014, in the inverted form.
    """
    xp = array_namespace(like)
    stream = generator(seed, Purpose.DROPOUT, epoch, step)
    masks: list[Array | None] = []
    for p, width in zip(rates, sizes, strict=False):
        if p == 0:
            masks.append(None)
            continue
        kept = (stream.random((rows, width)) >= p) / (1 - p)
        masks.append(
            xp.asarray(
                np.asarray(kept), dtype=real_part(like).dtype, device=device(like)
            )
        )
    return tuple(masks)
