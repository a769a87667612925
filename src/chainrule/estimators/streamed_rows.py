"""Rows of a stream as an estimator learns them: the targets that it would have of them in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data.column_values import labels
from ..data.streams import Stream
from ..engines.rows import Data
from ..equations.network import Network
from ..errors import InputError
from ..training.streamed import StreamedData, held_out_rows, streamed_data

__all__ = ["StreamExamples", "class_labels", "in_units", "refuse_beside_stream"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class StreamExamples:
    """Rows of a stream, in the place of `Examples` in memory.

    Parameters
    ----------
    stream : Stream
    columns : int
        Those of the targets, as an estimator has them.
    dtype : dtype
        Of the weights that are learned.
    targets : callable
        From T, as the stream reads it, to these columns.
    random : numpy.random.RandomState
        What the seeds of the order and of the split are drawn from.
    shuffle : bool
    """

    stream: Stream
    columns: int
    dtype: Any
    targets: Callable[[Matrix], Matrix]
    random: np.random.RandomState
    shuffle: bool = True

    @property
    def inputs(self) -> int:
        """n_0."""
        return self.stream.n_inputs

    def data(
        self, network: Network, theta: Matrix, *, at_once: bool = True
    ) -> StreamedData:
        """The rows as a run takes them."""
        seed = int(self.random.randint(2**31))
        return streamed_data(
            network, self.stream, theta, seed, shuffle=self.shuffle, before=self.targets
        )

    def split_off(
        self, network: Network, theta: Matrix, share: float
    ) -> tuple[StreamedData, Data]:
        """Rows to train on, and rows in memory to validate on, by a hash of the row number."""
        rest, held = self.stream.split(share, int(self.random.randint(2**31)))
        validation = held_out_rows(network, held, theta, share, before=self.targets)
        return replace(self, stream=rest).data(network, theta), validation


def class_labels(stream: Stream) -> Matrix:
    """The classes of a stream in their order: whole numbers or numbers where all are spelled so, else text."""
    names = stream.classes
    if not names:
        raise InputError(
            "a stream of numbers to predict, for a classifier",
            "a stream whose target is a class",
            "Make it with numbers=False, or take MLPRegressor.",
        )
    for kind in (int, float):
        try:
            values = np.array([kind(name) for name in names])
        except ValueError:
            continue
        spelled = map(str, values) if kind is int else labels(values)
        # "01" is text
        if [*spelled] == [*names] and bool(np.all(np.diff(values) > 0)):
            return values
    return np.array(names)


def in_units(stream: Stream) -> Stream:
    """The stream with its targets in their own units, as a regressor learns them."""
    target = stream.preparation.target
    if target.classes:
        raise InputError(
            "a stream of classes to predict, for a regressor",
            "a stream whose target is a number",
            "Make it with numbers=True, or take MLPClassifier.",
        )
    count = len(target.names)
    plain = replace(target, mean=(0.0,) * count, std=(1.0,) * count)
    return replace(stream, preparation=replace(stream.preparation, target=plain))


def refuse_beside_stream(given: dict[str, Any]) -> None:
    """Raise for what an estimator cannot do with a stream."""
    there = [name for name, value in given.items() if value is not None]
    if there:
        raise InputError(
            f"{', '.join(there)} with a stream",
            "the targets and weights that the stream reads",
            f"Leave {', '.join(there)} out: stream(…, target=…, weight=…) names columns of the files, "
            f"validation_fraction and early_stopping validate.",
        )
