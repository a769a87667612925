"""The number of threads: what is asked for, what the environment has, what cores the process may use.

The native engine's bits do not depend on it.
"""

from __future__ import annotations

import functools
import math
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError

__all__ = ["checked_threads", "require_counts", "thread_limit", "usable_cores"]

#: As many as may be asked for by the argument on any machine: more than its cores, so that tests of equal bits work.
MOST_THREADS = 64
#: The variables of the environment that are read, the first that is set counts.
VARIABLES = ("CHAINRULE_NUM_THREADS", "OMP_NUM_THREADS")


def checked_threads(threads: Any) -> int | None:
    """The number of threads that a caller asks for, None for no wish.

    Raises
    ------
    InputError
        Not a whole number from 1 to `MOST_THREADS` (or to the cores, where these are more).
    """
    if threads is None:
        return None
    most = max(MOST_THREADS, usable_cores())
    whole = isinstance(threads, int | np.integer) and not isinstance(threads, bool)
    if not (whole and 1 <= threads <= most):
        raise InputError(
            f"threads = {threads!r}",
            f"a whole number from 1 to {most}",
            "Leave it out for one thread per core.",
        )
    return int(threads)


def thread_limit(threads: int | None) -> int:
    """The number of threads at most.

    The argument, up to `MOST_THREADS`; else CHAINRULE_NUM_THREADS, else OMP_NUM_THREADS, cut to the cores that the
    process may use; else these cores.

    Raises
    ------
    InputError
        A count that is not a whole number >= 1; names the argument or the variable.
    """
    asked = checked_threads(threads)
    if asked is not None:
        return asked
    allowed = _of_environment()
    return usable_cores() if allowed is None else min(allowed, usable_cores())


def require_counts() -> None:
    """Raise for a count in the environment that is none, also where a job takes one thread whatever is allowed."""
    _of_environment()


def _of_environment() -> int | None:
    """The number in the first variable that is set."""
    for variable in VARIABLES:
        text = os.environ.get(variable, "").strip()
        if text:
            return _count(variable, text)
    return None


def _count(variable: str, text: str) -> int:
    """The number in a variable: of a list, as OpenMP takes it for nested teams, the first."""
    first = re.fullmatch(r"\+?0*([1-9][0-9]*)", text.split(",", maxsplit=1)[0].strip())
    if first is None:
        raise InputError(
            f"{variable}={text}",
            "a whole number >= 1",
            f"Unset {variable} for one thread per core.",
        )
    return int(first[1][:9])  # more than any machine has, however long


def usable_cores() -> int:
    """The cores that this process may use: its affinity, and the quota of its control group."""
    cores = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else (os.cpu_count() or 1)
    )
    return max(1, math.ceil(min(cores, _quota())))


@functools.cache
def _quota(
    root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> float:
    """The cores' time that the control groups give this process; infinite without a limit.

    A container sees its own group as the root; elsewhere (a service, say) the limit of each group above counts, too.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:  # no Linux, or no /proc
        return math.inf
    least = math.inf
    for line in lines:
        _, controllers, path = line.split(":", maxsplit=2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = root if not controllers else root / "cpu"
        group = mount / path.strip("/")
        for folder in (group, *group.parents):
            least = min(least, _quota_of(folder))
            if folder == mount:
                break
    return least


def _quota_of(folder: Path) -> float:
    """Of one group, version 2 (`cpu.max`) or 1 (`cpu.cfs_quota_us`)."""
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu.cfs_period_us").read_text().strip()
        given = math.inf if quota in ("max", "-1") else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # not there, or not readable here
        return math.inf
    return given if given > 0 else math.inf
