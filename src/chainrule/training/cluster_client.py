"""A client of a Dask cluster (extra `cluster`): of one that runs, or of workers on this machine."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..engines.threads import usable_cores
from ..errors import InputError

__all__ = ["cluster_client", "require_cluster"]

#: Seconds to connect in; and without a sign of a worker on this machine, after which its shards go to the others.
CONNECT_SECONDS, SILENT_SECONDS = 30, 30


def require_cluster(scheduler: str | None = None) -> None:
    """Raise where Dask is not installed, or no scheduler answers at the address, if one is given."""
    _dask()
    if scheduler is not None:
        with cluster_client(scheduler):
            pass


def _dask() -> tuple[Any, Any]:
    try:
        import dask
        import distributed
    except ModuleNotFoundError as error:
        raise InputError(
            f"a cluster without {error.name}",
            "an environment with the extra cluster: Dask",
            'Install it: pip install "chainrule[cluster]".',
        ) from error
    return dask, distributed


@contextmanager
def cluster_client(
    scheduler: str | None = None, workers: int | None = None
) -> Iterator[Any]:
    """A client of the scheduler at an address, or of so many worker processes that live as long as it.

    These have their share of the cores as threads.

    Raises
    ------
    InputError
        Dask is not installed, or no scheduler answers.
    """
    dask, distributed = _dask()
    if scheduler is not None:
        try:
            client = distributed.Client(scheduler, timeout=CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise InputError(
                f"scheduler {scheduler}, which does not answer ({error})",
                "the address of a Dask scheduler: tcp://HOST:8786",
                "Start it (dask scheduler) and its workers (dask worker ADDRESS), or look at its log for the address.",
            ) from error
        # a scheduler that dies is this package's error, not a traceback in Dask's log
        log = logging.getLogger("distributed.client")
        level = log.level
        log.setLevel(logging.CRITICAL)
        try:
            with client:
                yield client
        finally:
            log.setLevel(level)
        return
    settings = {
        "distributed.scheduler.worker-ttl": f"{SILENT_SECONDS}s",
        "distributed.deploy.lost-worker-timeout": "1d",  # a killed worker is started again
        "distributed.admin.large-graph-warning-threshold": "1GB",
    }
    with (
        dask.config.set(settings),
        _started(distributed, workers or 1) as here,
        distributed.Client(here, direct_to_workers=True) as client,
    ):
        yield client


def _started(distributed: Any, workers: int) -> Any:
    """Worker processes that a Ctrl-C, which reaches all of a terminal's processes, leaves to this one."""
    aside = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if aside else None
    try:
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=max(1, usable_cores() // workers),
            processes=True,
            memory_limit=None,
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        )
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)
