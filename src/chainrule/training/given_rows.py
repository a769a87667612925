"""Rows and targets as users give them: checked, and split into those to train on and those held out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj

from ..engines.rows import Data
from ..equations.arrays import Array, array_namespace, as_numpy
from ..equations.draws import Purpose, generator
from ..equations.forward_pass import checked_rows, checked_weights
from ..equations.losses import BinaryCrossEntropy, CrossEntropy
from ..equations.network import Network, Parameters
from ..errors import InputError, is_number

__all__ = ["checked_data", "held_rows", "split_off"]


def checked_data(
    network: Network,
    parameters: Parameters,
    x: Any,
    y: Any,
    sample_weight: Any,
    input_scale: float | None = None,
) -> Data:
    """Rows, targets and weights as the engines take them."""
    rows = (
        checked_rows(network, parameters, x)
        if input_scale is None
        else _checked_pixels(network, x, input_scale)
    )
    targets = network.loss.targets(y, network.sizes[-1], parameters.theta)
    if targets.shape[0] != rows.shape[0]:
        raise InputError(
            f"{targets.shape[0]} targets for {rows.shape[0]} rows",
            "one target per row",
            "Check how y was cut.",
        )
    weights = (
        None
        if sample_weight is None
        else checked_weights(sample_weight, rows.shape[0], parameters.theta)
    )
    return Data(rows, targets, weights, input_scale)


def _checked_pixels(network: Network, x: Any, scale: float) -> Array:
    """The pixels x of dtype uint8 as they are."""
    pixels = x if is_array_api_obj(x) else np.asarray(x)
    xp = array_namespace(pixels)
    if pixels.dtype != xp.uint8 or not (
        is_number(scale) and math.isfinite(scale) and scale > 0
    ):
        raise InputError(
            f"input_scale = {scale!r} for x of dtype {pixels.dtype}",
            "a number > 0, for x of dtype uint8",
            "Leave input_scale out for other inputs and scale them yourself.",
        )
    if pixels.ndim != 2 or pixels.shape[1] != network.sizes[0] or pixels.shape[0] == 0:
        raise InputError(
            f"x with shape {tuple(pixels.shape)}",
            f"shape (N, {network.sizes[0]}) with N >= 1",
            "One row per sample.",
        )
    return pixels


def split_off(
    network: Network,
    parameters: Parameters,
    data: Data,
    y: Any,
    validation: float | tuple[Any, Any] | None,
    seed: int,
) -> tuple[Data, Data | None]:
    """Rows to train on and rows to validate on; y as it was given says which are of one class."""
    if validation is None:
        return data, None
    if isinstance(validation, tuple | list):
        if len(validation) not in (2, 3):
            raise InputError(
                f"{len(validation)} validation arrays",
                "(x, y) or (x, y, weights)",
                "Pass a tuple.",
            )
        weights = validation[2] if len(validation) == 3 else None
        return data, checked_data(
            network, parameters, validation[0], validation[1], weights, data.scale
        )
    if not (is_number(validation) and 0 < validation < 1):
        raise InputError(
            f"validation = {validation!r}",
            "(x, y), or a share between 0 and 1",
            "Pass 0.1, say.",
        )
    labels = np.asarray(as_numpy(y) if hasattr(y, "shape") else y)
    of_classes = isinstance(network.loss, CrossEntropy | BinaryCrossEntropy)
    of_classes = of_classes and labels.ndim == 1 and labels.dtype.kind in "iub"
    classes = labels if of_classes else np.zeros(data.rows, dtype=int)
    held = held_rows(classes, validation, seed)
    if not 0 < held.size < data.rows:
        raise InputError(
            f"validation = {validation} of {data.rows} rows",
            "a share that leaves rows on both sides",
            "Pass a share nearer to 0.5, or more rows.",
        )
    kept = np.delete(np.arange(data.rows), held)
    return data.take(kept), data.take(held)


def held_rows(
    classes: np.ndarray[Any, Any], share: float, seed: int
) -> np.ndarray[Any, Any]:
    """The numbers of the rows to hold out, ascending, drawn by a seed; each class keeps a row or more."""
    rng = generator(seed, Purpose.SPLIT)
    held, seen = [], 0
    for label in np.unique(classes):
        members = rng.permutation(np.flatnonzero(classes == label))
        # rounded on the running total, so that many small classes still give the share
        count = round(share * (seen + members.size)) - round(share * seen)
        held.append(members[: min(count, members.size - 1)])
        seen += members.size
    return np.sort(np.concatenate(held))
