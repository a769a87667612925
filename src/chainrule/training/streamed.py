"""Rows of a stream as a run takes them: epochs read window by window, a few rows and those to validate on in memory.

The steps are those of the same rows in memory, in the stream's order, to the bit.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..arguments import argument
from ..data.streams import WINDOW_SHARE, Stream
from ..engines.interface import AfterStep, Engine, Pause, Workspace
from ..engines.rows import Data, EpochPart, batches_per_epoch
from ..equations.arrays import Array
from ..equations.network import Network, Parameters
from ..errors import InputError, is_number
from ..optimizers import Optimizer
from ..optimizers.rules import Rules
from ..optimizers.state import State
from .diagnostics import sample_rows
from .given_rows import split_off

__all__ = [
    "StreamedData",
    "held_out_rows",
    "normal_weights",
    "require_fitting",
    "streamed_data",
    "streamed_rows",
    "without_arrays",
]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class StreamedData(Data):
    """Rows of a stream; x, y and the weights are those of its first ones, at which diagnoses look.

    Parameters
    ----------
    stream : Stream
    encode : callable
        From T, as the stream reads it, to targets as the loss takes them.
    seed : int
        Of the order.
    shuffle : bool
        Whether rows are shuffled; else they are taken as they lie.
    """

    stream: Stream = field(kw_only=True)
    encode: Callable[[Matrix], Matrix] = field(kw_only=True)
    seed: int = field(kw_only=True)
    shuffle: bool = field(kw_only=True)

    @property
    def rows(self) -> int:
        return self.stream.n_rows

    @property
    def weight(self) -> float:
        return float(self.rows)

    def fingerprint(self) -> str:
        """A digest of the rows and of their blocks."""
        return self.stream.fingerprint()

    def run_epoch(
        self,
        engine: Engine,
        workspace: Workspace,
        rules: Rules,
        state: State,
        after_step: AfterStep,
        pause: Callable[[], Pause] = Pause,
    ) -> State:
        """The steps that are left of an epoch, as `Engine.run_epoch` makes them of rows in memory."""
        count = batches_per_epoch(self.rows, rules.batch_rows)
        dtype = self.y.dtype
        # one batch of all rows is one of rows as they lie
        shuffle = self.shuffle and rules.batch_rows < self.rows
        order = self.stream.order(self.seed, state.epoch, shuffle=shuffle)
        chunks = self.stream.chunks(
            order,
            rules.batch_rows,
            state.step_in_epoch,
            dtype=dtype,
            encode=self.encode,
        )
        with closing(chunks):
            for chunk in chunks:
                weights = normal_weights(chunk.sample_weight, dtype)
                data = Data(chunk.x, chunk.y, weights)
                part = EpochPart(chunk.order, chunk.first // rules.batch_rows, count)
                del chunk
                before = state
                state = engine.run_epoch(
                    workspace, rules, data, state, after_step, pause, part
                )
                del data, part
                if state.step_in_epoch == before.step_in_epoch:
                    break  # the optimizer has ended
        return state


def normal_weights(weights: Matrix | None, dtype: Any) -> Matrix | None:
    """Row weights in a dtype, subnormal ones 0, as `checked_weights` makes them."""
    if weights is None:
        return None
    weights = weights.astype(dtype)
    weights[weights < np.finfo(dtype).smallest_normal] = 0
    return weights


def streamed_rows(
    network: Network,
    start: Parameters,
    stream: Stream,
    validation: float | tuple[Any, Any] | None,
    seed: int,
) -> tuple[StreamedData, Data | None]:
    """Rows of a stream to train on, and rows in memory to validate on."""
    theta = start.theta
    if not isinstance(theta, np.ndarray):
        raise InputError(
            f"parameters of {type(theta).__module__} for a stream",
            "NumPy's, as a stream reads NumPy arrays",
            "Convert the parameters, or read the rows yourself: stream.batches(…).",
        )
    if is_number(validation):
        share = float(validation)  # type: ignore[arg-type]
        rest, held = stream.split(share, seed)
        held_out = held_out_rows(network, held, theta, share)
        return streamed_data(network, rest, theta, seed), held_out
    data = streamed_data(network, stream, theta, seed)
    return data, split_off(network, start, data, None, validation, seed)[1]


def streamed_data(
    network: Network,
    stream: Stream,
    theta: Array,
    seed: int,
    *,
    shuffle: bool = True,
    before: Callable[[Matrix], Matrix] | None = None,
) -> StreamedData:
    """The rows of a stream to train on; `InputError` where they do not fit the network.

    `before` makes of T what the loss encodes.
    """
    if stream.n_inputs != network.sizes[0]:
        raise InputError(
            f"a stream of {stream.n_inputs} inputs for a network of {network.sizes[0]}",
            "as many as the stream prepares: stream.n_inputs",
            f"Make the network with {stream.n_inputs} inputs.",
        )

    encode = _encoding(network, theta, before)
    first: list[Any] = []
    wanted, rows = sample_rows(stream.n_rows), 0
    for block in stream.blocks:
        if rows < wanted and block.rows:
            x, t, _, _ = next(stream.read_some(block))
            first.append((x[: wanted - rows], t[: wanted - rows]))
            rows += len(x)
    x, t = (np.concatenate(parts) for parts in zip(*first, strict=True))
    return StreamedData(
        x.astype(theta.dtype),
        encode(t),
        None,
        stream=stream,
        encode=encode,
        seed=seed,
        shuffle=shuffle,
    )


def _encoding(
    network: Network, theta: Array, before: Callable[[Matrix], Matrix] | None
) -> Callable[[Matrix], Matrix]:
    """From T to targets as the loss takes them, like θ."""

    def encode(t: Matrix) -> Matrix:
        y = t if before is None else before(t)
        return np.asarray(network.loss.targets(y, network.sizes[-1], theta))

    return encode


def held_out_rows(
    network: Network,
    held: Stream,
    theta: Array,
    share: float,
    *,
    before: Callable[[Matrix], Matrix] | None = None,
) -> Data:
    """The rows that a stream is validated on, in memory; `InputError` where they are too many."""
    size, limit = held.n_rows * held.row_bytes, held.memory_bytes * WINDOW_SHARE
    if size > limit:
        fits = float(f"{0.9 * share * limit / size:.2g}")
        raise InputError(
            f"{held.n_rows} rows to validate on, {size / 1e6:.0f} MB",
            f"at most {limit / 1e6:.0f} MB, as they stay in memory",
            f"Pass {argument('validation', fits)}, say; or the stream with "
            f"{argument('memory_bytes', int(size / WINDOW_SHARE * 1.1))}.",
        )
    x, t, w = held.in_memory()
    y = _encoding(network, theta, before)(t)
    return Data(x.astype(theta.dtype), y, normal_weights(w, theta.dtype))


def require_fitting(stream: Stream, optimizer: Optimizer, batch_rows: int) -> None:
    """Raise where a batch, all rows for some optimizers, does not fit into the memory of the stream."""
    try:
        stream.require_room(batch_rows)
    except InputError as error:
        if not optimizer.full_batch:
            raise
        raise InputError(
            f"{optimizer.name}, whose every step takes all {batch_rows} rows of the stream, in {error.given}",
            error.allowed,
            f"Pass {argument('shards', 64)}, for sums over parts of the rows; or take an "
            f'optimizer of batches: optimizer="adam". {error.remedy}',
        ) from error


def without_arrays(given: dict[str, Any]) -> None:
    """Raise where arrays are given beside a stream, which has its own."""
    there = [name for name, value in given.items() if value is not None]
    if there:
        raise InputError(
            f"{' and '.join(there)} beside a stream",
            "the targets, weights and inputs that the stream reads",
            f"Leave {' and '.join(there)} out; stream(…, target=…, weight=…) names columns of the files.",
        )
