"""The networks of an average: each trained by itself on a core of its own, on rows that its seed chooses.

Member k of a fit with the seed s is that of a fit with the seed s + k and one member: rows, start, order and dropout
follow from its seed alone, and the native engine's bits do not depend on threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...engines import native
from ...engines.predictor import Predictor
from ...engines.threads import thread_limit
from ...equations.network import Network, Parameters
from ...optimizers import AdamW
from ...optimizers.schedules import OneCycle
from ...progress import ProgressLine
from ...training.callbacks import Callback, Moment
from ...training.entry import train
from ...training.given_rows import held_rows
from .columns import Matrix
from .recipe import Recipe

__all__ = ["Member", "Task", "average", "train_member", "train_members"]

#: Fewer rows to validate on say nothing of an epoch.
FEWEST_HELD = 5
#: Epochs that are looked at, at most.
LOOKS = 100


@dataclass(frozen=True)
class Task:
    """The job of the members.

    Parameters
    ----------
    network : Network
    x : ndarray, shape (N, n_0), float32
    targets : ndarray, shape (N, n_L), float32
        As the loss takes them.
    weights : ndarray, shape (N,), or None
    classes : ndarray of int, shape (N,), or None
        By which rows are split off, so that each keeps some to train on.
    score : callable
        score(outputs, rows, weights) of validation rows, by their numbers: less is better.
    """

    network: Network
    x: Matrix
    targets: Matrix
    weights: Matrix | None
    classes: Matrix | None
    score: Callable[[Matrix, Matrix], float]

    def held(self, share: float, seed: int) -> Matrix:
        """The numbers of the rows to validate on, drawn by a seed, class by class."""
        classes = np.zeros(len(self.x), int) if self.classes is None else self.classes
        return held_rows(classes, share, seed)

    def part(self, rows: Matrix | slice) -> Task:
        """The task with some of the rows alone, to train on."""
        weights = None if self.weights is None else self.weights[rows]
        x, targets = self.x[rows], self.targets[rows]
        return replace(self, x=x, targets=targets, weights=weights)


@dataclass(frozen=True)
class Member:
    """A trained network of the average.

    Parameters
    ----------
    parameters : Parameters
    seed : int
    epoch, epochs : int
        The epoch whose weights were kept, and how many were made.
    score : float
        On its validation rows, less is better; NaN where there were none.
    curve : tuple of float
        The training loss of each epoch.
    """

    parameters: Parameters
    seed: int
    epoch: int
    epochs: int
    score: float
    curve: tuple[float, ...]


class BestEpoch(Callback):
    """Keep the weights of the epoch that is best on the rows to validate on, the last of equals."""

    def __init__(
        self,
        task: Task,
        held: Matrix,
        recipe: Recipe,
        last: int,
        ended: Callable[[], bool],
        note: Callable[[str], None],
    ) -> None:
        self.task, self.held, self.recipe, self.last = task, held, recipe, last
        self.ended, self.note = ended, note
        self.x = task.x[held]
        self.best: tuple[float, int, Matrix] | None = None

    def on_epoch(self, moment: Moment) -> bool:
        """Look at the weights."""
        number, epochs = moment.epoch, self.recipe.epochs
        over = self.ended()
        every = max(1, epochs // LOOKS)
        due = number % every == 0 and number > self.recipe.watched_from * epochs
        if len(self.held) >= FEWEST_HELD and (due or number == self.last or over):
            parameters = moment.parameters
            outputs = Predictor(self.task.network, parameters, threads=1)(self.x)
            score = self.task.score(outputs, self.held)
            if self.best is None or score <= self.best[0]:
                self.best = score, number, parameters.theta.copy()
        self.note(f"loss {moment.history[-1].loss:.4g}")
        return over


def train_member(
    task: Task,
    recipe: Recipe,
    seed: int,
    threads: int,
    ended: Callable[[], bool],
    note: Callable[[str], None],
    made: int | None = None,
) -> Member:
    """Train one network; of the schedule's epochs the first `made`, by default all."""
    held = task.held(recipe.held, seed)
    learned = task
    if len(held) < FEWEST_HELD:
        held = held[:0]
    else:
        learned = task.part(np.delete(np.arange(len(task.x)), held))
    best = BestEpoch(task, held, recipe, made or recipe.epochs, ended, note)
    report = train(
        task.network,
        learned.x,
        learned.targets,
        sample_weight=learned.weights,
        dtype="float32",
        optimizer=AdamW(
            learning_rate=recipe.learning_rate,
            beta2=recipe.beta2,
            weight_decay=recipe.weight_decay,
        ),
        schedule=OneCycle(length_epochs=float(recipe.epochs), rise=0.2),
        batch_rows=recipe.batch_rows,
        max_epochs=made or recipe.epochs,
        dropout=recipe.dropout,
        callbacks=[best],
        seed=seed,
        threads=threads,
        progress=False,
    )
    score, epoch, theta = best.best or (
        float("nan"),
        report.epochs,
        report.parameters.theta,
    )
    parameters = Parameters(task.network.sizes, theta)
    return Member(
        parameters, seed, epoch, report.epochs, float(score), tuple(report.loss)
    )


def train_members(
    task: Task,
    recipe: Recipe,
    seeds: Sequence[int],
    *,
    threads: int | None,
    deadline: float | None,
    progress: bool | None,
    made: Sequence[int] | None = None,
) -> tuple[Member, ...]:
    """Train the members, as many at once as there are threads.

    Parameters
    ----------
    task : Task
    recipe : Recipe
    seeds : sequence of int
        One for each member.
    threads : int or None
        At most so many; None for the cores.
    deadline : float or None
        Moment of `time.perf_counter()` after which members end with their epoch.
    progress : bool or None
    made : sequence of int, optional
        The epochs of each member, where they are fewer than the schedule's.
    """
    limit = thread_limit(threads)
    at_once = max(1, min(limit, recipe.members))
    stop, lock = threading.Event(), threading.Lock()

    def ended() -> bool:
        late = deadline is not None and time.perf_counter() >= deadline
        return late or stop.is_set()

    total = recipe.members * recipe.epochs
    with (
        ProgressLine("training", total=total, unit="epochs", show=progress) as line,
        ThreadPoolExecutor(at_once) as pool,
    ):

        def note(text: str) -> None:
            with lock:
                line.advance(text)

        jobs = [
            pool.submit(
                train_member,
                task,
                recipe,
                seeds[k],
                max(1, limit // at_once),
                ended,
                note,
                made[k] if made else None,
            )
            for k in range(recipe.members)
        ]
        try:
            return tuple(job.result() for job in jobs)
        except BaseException:
            stop.set()
            for job in jobs:
                job.cancel()
            raise


def average(
    network: Network, members: Sequence[Parameters], x: Matrix, *, threads: int | None
) -> np.ndarray[Any, Any]:
    """The mean of the members' outputs, shape (N, n_L), float64."""
    total = np.zeros((len(x), network.sizes[-1]))
    if (
        native.MISSING is not None
    ):  # the reference's float32 products round a row by its place among the others
        x = x.astype(np.float64)
        members = [Parameters(p.sizes, p.theta.astype(np.float64)) for p in members]
    for parameters in members:
        total += Predictor(network, parameters, threads=threads)(x)
    return total / len(members)
