"""The part of a sharded run that a worker of a cluster has: what it needs, and what computes its sums."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.streams import Stream
from ..engines import ENGINES, native
from ..engines.sharded import PartialSums
from ..engines.shards import Shards
from ..equations.arrays import Array
from ..equations.network import Network
from ..files.json_text import versions
from ..optimizers.one_thread import blas_names
from ..optimizers.rules import Rules
from .shard_files import ShardFiles

__all__ = ["Holder", "Job", "abilities"]


@dataclass(frozen=True)
class Job:
    """All that a worker needs for its sums; no rows.

    Parameters
    ----------
    network : Network
    rules : Rules
    shards : Shards
    stream : Stream
    dtype : str
        Of θ.
    engine : str
        A name from `ENGINES`.
    """

    network: Network
    rules: Rules
    shards: Shards
    stream: Stream
    dtype: str
    engine: str

    def partial_sums(
        self, threads: int | None = None, folder: str | None = None
    ) -> tuple[PartialSums, ShardFiles]:
        """The means to compute sums here, and the files that they read."""
        engine = ENGINES[self.engine]
        room = PartialSums.room(self.rules, self.shards)
        dtype = np.dtype(self.dtype)
        workspace = engine.prepare(self.network, room, dtype, threads)
        files = ShardFiles(self.stream, self.network, dtype, self.shards, folder)
        return PartialSums(engine, workspace, self.rules, self.shards, files), files


def abilities(curvature: bool = False) -> dict[str, Any]:
    """All that the bits of sums depend on in this process; those of J̃ᵀ J̃ also on the BLAS."""
    own = versions()
    return ({"BLAS": blas_names()} if curvature else {}) | {
        "chainrule": own["chainrule"],
        "numpy": own["numpy"],
        "compiler": "none" if native.MISSING else native.compiler_version(),
        "subnormals": os.environ.get("CHAINRULE_SUBNORMALS") or "flush",
        "instruction sets": native.instruction_sets(),
    }


class Holder:
    """The part of a run that a worker has: the files of its shards, and the means to sum. An actor of Dask.

    It returns errors as values, so that what is raised to whoever asks is the loss of the worker.
    """

    def __init__(self) -> None:
        self._made: tuple[PartialSums, ShardFiles] | None = None

    def abilities(self, curvature: bool) -> dict[str, Any]:
        """As the function of the module."""
        return abilities(curvature)

    def prepare(self, job: Job, instruction_set: str | None) -> Exception | bool:
        """Make room for the sums of a run, by as many threads as Dask lets this worker have."""
        from distributed import get_worker

        try:
            worker = get_worker()
            if instruction_set is not None:
                os.environ["CHAINRULE_ISA"] = instruction_set
            threads = worker.state.nthreads
            self._made = job.partial_sums(threads, worker.local_directory)
        except Exception as error:
            return error
        return True

    def sums(
        self,
        theta: Array,
        epoch: int,
        step: int,
        curvature: bool,
        wanted: list[int],
        owned: list[int],
    ) -> tuple[Any, float]:
        """The sums of the wanted shards in a step, or the error; and the seconds. Files of those owned are kept."""
        began = time.perf_counter()
        assert self._made is not None
        partial, files = self._made
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                found = partial.parts(theta, epoch, step, wanted, curvature)
        except Exception as error:
            return error, 0.0
        files.keep(set(owned))
        return found, time.perf_counter() - began
