"""Sharded steps by the workers of a Dask cluster (extra `cluster`): θ goes to them, sums over shards come back.

Each worker has a holder, a Dask actor, with the files of its shards and a workspace. A worker that is lost loses
only what it had not answered: its shards are given to others, who read them, and asked for again. Which worker adds
what changes no bit (`shards`), so nothing here has to be in any order.
"""

from __future__ import annotations

import logging
import math
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from ..engines import native
from ..engines.interface import Workspace
from ..engines.sharded import ShardedSteps
from ..engines.shards import Sums, Tree
from ..equations.arrays import Array
from ..errors import InputError, counted, type_of
from .shard_holder import Holder, Job, abilities

__all__ = ["Cluster", "Member", "assigned", "sharded_stream"]

logger = logging.getLogger("chainrule")

#: Seconds after which a worker that has not answered counts as lost; for which a run waits for a worker, and for a
#: worker's holder; between two looks at who is there, while waiting and else.
ANSWER_SECONDS, WORKER_SECONDS, POLL_SECONDS, LOOK_SECONDS = 600.0, 60.0, 0.25, 5.0
#: Seconds after which a scheduler that does not answer counts as lost.
SCHEDULER_SECONDS = 30.0
#: Bytes of a matrix that a worker may send in each step.
MATRIX_BYTES = 1 << 28
#: How often the shards of one step are asked for again before the run ends.
REPEATS = 10


def assigned(
    owned: Mapping[str, list[int]], workers: Iterable[str], count: int
) -> dict[str, list[int]]:
    """Shards for workers: equally many, next to each other, and as far as may be those that they have.

    Examples
    --------
    >>> both = assigned({}, ["a", "b"], 6)
    >>> both
    {'a': [0, 1, 2], 'b': [3, 4, 5]}
    >>> alone = assigned(both, ["b"], 6)
    >>> alone
    {'b': [3, 4, 5, 0, 1, 2]}
    >>> assigned(alone, ["b", "c"], 6)
    {'b': [3, 4, 5], 'c': [0, 1, 2]}
    """
    kept = {worker: list(owned.get(worker, [])) for worker in workers}
    share, more = divmod(count, len(kept))
    for worker in sorted(kept, key=lambda worker: -len(kept[worker])):
        quota = share + (more > 0)
        more -= 1
        del kept[worker][quota:]  # what it had last
        kept[worker] += [-1] * (quota - len(kept[worker]))
    taken = {shard for shards in kept.values() for shard in shards}
    free = iter(sorted(set(range(count)) - taken))
    return {
        worker: [next(free) if shard < 0 else shard for shard in shards]
        for worker, shards in kept.items()
    }


@contextmanager
def sharded_stream(
    job: Job, client: Any, threads: int | None
) -> Iterator[tuple[ShardedSteps, Workspace]]:
    """Sharded steps over a stream, here or by the workers of a client, and a workspace for what is computed beside."""
    partial, files = job.partial_sums(threads)
    settled = job.network, job.rules, job.shards
    if client is None:

        def sums(theta: Array, epoch: int, step: int, curvature: bool) -> Sums:
            whole = partial.whole(theta, epoch, step, curvature)
            files.keep({*range(job.shards.count)})
            return whole

        yield ShardedSteps(*settled, sums), partial.workspace
        return
    _require_sendable(job)
    with Cluster(checked_client(client), job) as cluster:
        yield ShardedSteps(*settled, cluster.sums, cluster.note), partial.workspace


def _require_sendable(job: Job) -> None:
    """Raise where a worker would have to send too large a matrix in each step."""
    size = 8 * job.network.n_parameters**2
    if job.rules.optimizer.second_order and size > MATRIX_BYTES:
        raise InputError(
            f"{job.rules.optimizer.name} by workers with {job.network.n_parameters} parameters, "
            f"whose J̃ᵀ J̃ of {size / 1e6:.0f} MB travels in each step",
            f"at most {MATRIX_BYTES / 1e6:.0f} MB, {math.isqrt(MATRIX_BYTES // 8)} parameters",
            'Leave client out, use fewer units, or optimizer="lbfgs".',
        )


def checked_client(client: Any) -> Any:
    """The client, where it is one that is connected and waits for answers."""
    if not (hasattr(client, "submit") and hasattr(client, "nthreads")):
        raise InputError(
            f"client that is {type_of(client)}",
            "a distributed.Client",
            'Pass client=Client("tcp://…:8786"), or leave it out.',
        )
    if client.asynchronous or client.status != "running":
        raise InputError(
            f"a client that is {'asynchronous' if client.asynchronous else client.status}",
            "one that is connected, and not asynchronous",
            "Make it anew: Client(ADDRESS).",
        )
    return client


@dataclass
class Member:
    """A worker that is there: the future of its holder, the holder, and what it did since the last note."""

    future: Any
    holder: Any
    rows: int = 0
    seconds: float = 0.0


@dataclass
class Cluster:
    """The workers of a client, at work on a run; as a context manager it lets them go.

    Parameters
    ----------
    client : distributed.Client
    job : Job

    Attributes
    ----------
    repeats : int
        How often shards were asked for again.
    members : dict of str to Member
        The workers that are there, by address.
    """

    client: Any
    job: Job
    repeats: int = 0
    members: dict[str, Member] = field(default_factory=dict)
    _owned: dict[str, list[int]] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)
    _looked: float = -LOOK_SECONDS

    def __enter__(self) -> Self:
        self._look()
        if self._refused:
            raise _unlike(self._refused)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.members.clear()  # the last reference to a holder's future ends it

    def sums(self, theta: Array, epoch: int, step: int, curvature: bool) -> Sums:
        """The sums over all shards of a step."""
        count = self.job.shards.count
        tree, missing, asked = Tree(count), set(range(count)), 0
        while missing:
            if asked > REPEATS:
                raise InputError(
                    f"a step whose shards were asked for {asked} times, and the workers were lost each time",
                    "workers that live through a step",
                    "Look at their logs: memory, say. Then resume from the checkpoint.",
                )
            self._look(now=asked > 0)
            for worker, parts in self._answers(
                (theta, epoch, step, curvature), missing
            ):
                for node, sums in parts.items():
                    tree.add(node, sums)
                missing.difference_update(self._owned[worker])
            asked += 1
        self.repeats += asked - 1
        return tree.root  # type: ignore[no-any-return]

    def note(self) -> str:
        """The rows a second of each worker since the last note."""
        rates = []
        for member in self.members.values():
            if member.seconds:
                rates.append(f"{member.rows / member.seconds:.3g}")
            member.rows, member.seconds = 0, 0.0
        if not rates:
            return ""
        if len(rates) > 4:
            low, *_, high = sorted(rates, key=float)
            return f"{len(rates)} workers at {low} to {high} rows/s"
        return f"{counted(len(rates), 'worker')} at {', '.join(rates)} rows/s"

    @property
    def _instruction_set(self) -> str | None:
        """The one of this process, which all take."""
        return native.instruction_set() if self.job.engine == "native" else None

    # ---- asking

    def _answers(
        self, asked: tuple[Any, ...], missing: set[int]
    ) -> list[tuple[str, dict[Any, Sums]]]:
        """The sums of the shards that are missing, by worker; without the workers that are lost meanwhile."""
        waiting, found = {}, []
        for worker, shards in self._owned.items():
            wanted = [shard for shard in shards if shard in missing]
            if not wanted:
                continue
            holder = self.members[worker].holder
            waiting[worker] = _asked(holder, "sums", *asked, wanted, shards)
        for worker, future in waiting.items():
            answer = self._answer(worker, future)
            if answer is None:
                self._lose(worker)
                continue
            parts, seconds = answer
            if isinstance(parts, Exception):
                raise parts
            member = self.members[worker]
            member.seconds += seconds
            member.rows += sum(sums.rows for sums in parts.values())
            found.append((worker, parts))
        return found

    def _answer(self, worker: str, future: Any, limit: float = ANSWER_SECONDS) -> Any:
        """The answer of a worker; None where it is lost."""
        began = time.monotonic()
        while future is not None:
            try:
                return future.result(timeout=POLL_SECONDS)
            except TimeoutError:
                if worker not in self._workers():
                    return None
                if time.monotonic() - began > limit:
                    self._refused[worker] = f"no answer for {limit:.0f} s"
                    return None
            except Exception as error:  # the connection, or the holder, is gone
                logger.info("worker %s: %r", worker, error)
                return None
        return None

    def _lose(self, worker: str) -> None:
        logger.warning(
            "worker %s is lost; %s of this step asked for again",
            worker,
            counted(len(self._owned.get(worker, ())), "shard"),
        )
        self.members.pop(worker, None)

    # ---- who is there

    def _workers(self) -> dict[str, int]:
        """The addresses of the workers; an error where the scheduler is gone."""
        began, client = time.monotonic(), self.client
        while client.status == "running":
            try:
                found = client.sync(client.scheduler.ncores, callback_timeout=1)
                return dict(found)
            except TimeoutError:
                if time.monotonic() - began > SCHEDULER_SECONDS:
                    break
            except OSError as error:
                logger.info("scheduler: %r", error)
                break
        raise InputError(
            f"the scheduler {_address(self.client)}, which no longer answers",
            "a scheduler that lives as long as the run",
            "Start it and its workers anew, and resume from the checkpoint.",
        )

    def _look(self, *, now: bool = False) -> None:
        """Take in workers that have come, forget those that have gone, and give each its shards."""
        if not now and time.monotonic() - self._looked < LOOK_SECONDS:
            return
        began = time.monotonic()
        while True:
            there = self._workers()
            for worker in self.members.keys() - there.keys():
                self._lose(worker)
            self._take_in(there.keys() - self.members.keys() - self._refused.keys())
            if self.members:
                break
            if self._refused:
                raise _unlike(self._refused)
            if time.monotonic() - began > WORKER_SECONDS:
                raise InputError(
                    f"no worker at {_address(self.client)} for {WORKER_SECONDS:.0f} s",
                    "one worker or more",
                    "Start workers (dask worker ADDRESS), and resume from the checkpoint.",
                )
            time.sleep(POLL_SECONDS)
        self._looked = time.monotonic()
        count = self.job.shards.count
        self._owned = assigned(self._owned, list(self.members)[:count], count)

    def _take_in(self, workers: Iterable[str]) -> None:
        """Holders on new workers, those that can give the same bits."""
        made = {
            worker: self.client.submit(
                Holder,
                actor=True,
                workers=[worker],
                allow_other_workers=False,
                key=f"chainrule-{uuid.uuid4().hex}",
            )
            for worker in sorted(workers)
        }
        for worker, future in made.items():
            holder = self._answer(worker, future, WORKER_SECONDS)
            if holder is None:
                continue
            second = self.job.rules.optimizer.second_order
            asked = _asked(holder, "abilities", second)
            able = self._answer(worker, asked, WORKER_SECONDS)
            if able is None:
                continue
            why = _difference(able, self._instruction_set)
            if why is not None:
                self._refused[worker] = why
                logger.warning("worker %s is not used: %s", worker, why)
                continue
            done = self._answer(
                worker,
                _asked(holder, "prepare", self.job, self._instruction_set),
                WORKER_SECONDS,
            )
            if isinstance(done, Exception):
                raise done
            if done:
                self.members[worker] = Member(future, holder)


def _asked(holder: Any, method: str, *arguments: Any) -> Any:
    """The future of a holder's answer; None where Dask knows already that its worker is lost."""
    try:
        return getattr(holder, method)(*arguments)
    except RuntimeError:
        return None


def _address(client: Any) -> str:
    return str(client.scheduler.address if client.scheduler else client)


def _difference(theirs: dict[str, Any], instruction_set: str | None) -> str | None:
    """The reason why a worker cannot give the bits of this process, or None."""
    sets = theirs.pop("instruction sets")
    if instruction_set is not None and instruction_set not in sets:
        return f"it lacks {instruction_set}, and has {', '.join(sets)}"
    here = abilities("BLAS" in theirs)
    for name, other in theirs.items():
        if other != here[name]:
            return f"{name} {other}, here {here[name]}"
    return None


def _unlike(refused: Mapping[str, str]) -> InputError:
    worker, why = next(iter(refused.items()))
    if why.startswith("no answer"):
        return InputError(
            f"worker {worker}: {why}",
            "workers that answer within that time",
            "Look at its log; start workers of more cores, and resume from the checkpoint.",
        )
    remedy = "Install the same versions there, or stop that worker."
    if why.startswith("it lacks"):
        remedy = "Set CHAINRULE_ISA here to one that all have."
    if why.startswith("BLAS"):
        remedy = f"{remedy} Processors differ: set OPENBLAS_CORETYPE here and there to the oldest."
    return InputError(
        f"worker {worker}: {why}",
        "workers that give the same bits: the same versions, and the instruction set of this process",
        remedy,
    )
