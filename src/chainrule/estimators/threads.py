"""How many threads an estimator may use: few for little work, and also right where several are fitted at once."""

from __future__ import annotations

import os

import joblib

from ..engines.native import flops
from ..engines.threads import checked_threads, require_counts
from ..equations.network import Network

__all__ = ["threads_for"]

#: Floating-point operations between two meetings of the threads up to which a second one is not worth it: it saves
#: little where its core is free, and costs several times the work where something else runs there.
LITTLE_WORK = 12_000_000


def threads_for(asked: int | None, network: Network, rows: int) -> int | None:
    """What was asked for; else one for little work, and within a task of joblib's as many as it leaves each task.

    joblib's processes are told by OMP_NUM_THREADS, which the engines read; its threads are not, so each of them
    takes one.

    Parameters
    ----------
    asked : int or None
    network : Network
    rows : int
        How many rows are gone through between two meetings: those of a step, or all that are predicted.
    """
    if asked is not None:
        return checked_threads(asked)
    if flops(network, rows) <= LITTLE_WORK:
        require_counts()
        return 1
    backend, _ = joblib.parallel.get_active_backend()
    within_a_task = bool(getattr(backend, "nesting_level", 0))
    return 1 if within_a_task and not os.environ.get("OMP_NUM_THREADS") else None
