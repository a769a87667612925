"""Trials: what recipes score on rows that their networks do not see, and how fast they learn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from ...engines.threads import thread_limit
from ...equations.network import Network
from .columns import Matrix
from .members import Task, train_member, train_members
from .recipe import Recipe

__all__ = ["Trials", "chosen_recipe", "fitting_time", "score_of"]

#: The share of the rows on which recipes are compared.
TRIED = 0.25
#: Of so few rows recipes are compared on so many such quarters.
FEW_ROWS, SPLITS = 4000, 3
#: How much of the time may be planned: no epoch is as fast as another.
PLANNED = 0.8


@dataclass(frozen=True)
class Trials:
    """The tasks on which recipes are compared.

    Parameters
    ----------
    task : Task
    inputs : callable, optional
        inputs(learned, recipe), the encoded rows where only those with a True in `learned` are known; by default
        those of the task.
    """

    task: Task
    inputs: Callable[[Matrix, Recipe], Matrix] | None = None

    def of(self, recipe: Recipe, seed: int) -> Task:
        """The task of a recipe for one way to hold rows out."""
        if self.inputs is None:
            return self.task
        learned = np.ones(len(self.task.x), bool)
        learned[self.task.held(recipe.held, seed)] = False
        x = self.inputs(learned, recipe)
        net = self.task.network
        network = Network((x.shape[1], *net.sizes[1:]), net.activations, net.loss)
        return replace(self.task, network=network, x=x)


def score_of(recipe: Recipe, trials: Trials, *, threads: int | None) -> float:
    """The score of a recipe's networks, after their last epoch, on a quarter of the rows that they do not see.

    Rows and starts are the same for all recipes and fits, so that members do not depend on it.
    """
    return _scores([recipe], trials, threads)[0]


def chosen_recipe(
    recipes: Sequence[Recipe], trials: Trials, *, threads: int | None
) -> Recipe:
    """The recipe of the best score."""
    scores = _scores(recipes, trials, threads)
    if not np.isfinite(scores).any():
        return recipes[0]
    return recipes[int(np.nanargmin(scores))]


def _scores(
    recipes: Sequence[Recipe], trials: Trials, threads: int | None
) -> list[float]:
    splits = range(SPLITS if len(trials.task.x) <= FEW_ROWS else 1)

    def score(recipe: Recipe, seed: int) -> float:
        tried = replace(recipe, held=TRIED, watched_from=1.0)
        task = trials.of(tried, seed)
        return train_member(
            task, tried, seed, 1, lambda: False, lambda text: None
        ).score

    with ThreadPoolExecutor(thread_limit(threads)) as pool:
        jobs = [
            [pool.submit(score, recipe, seed) for seed in splits] for recipe in recipes
        ]
        return [float(np.mean([job.result() for job in of])) for of in jobs]


def fitting_time(
    task: Task, recipe: Recipe, seconds: float, *, threads: int | None, fixed: bool
) -> Recipe:
    """The recipe with members and epochs that fit in the time, by the speed of some first steps.

    Parameters
    ----------
    task : Task
    recipe : Recipe
    seconds : float
    threads : int or None
    fixed : bool
        Whether the members are as many as they are asked to be.
    """
    limit = thread_limit(threads)
    rows = min(len(task.x), 16 * recipe.batch_rows)
    began = time.perf_counter()
    probe = replace(recipe, epochs=1, members=min(limit, recipe.members), held=0.0)
    part = replace(task.part(slice(rows)), classes=None)
    train_members(
        part,
        probe,
        range(probe.members),
        threads=threads,
        deadline=None,
        progress=False,
    )
    epoch = (time.perf_counter() - began) * len(task.x) * (1 - recipe.held) / rows
    rounds = PLANNED * seconds / max(epoch, 1e-9)
    members, epochs = recipe.members, recipe.epochs
    while not fixed and members > limit and -(-members // limit) * epochs > rounds:
        members -= 1
    epochs = int(min(epochs, rounds / -(-members // limit)))
    return replace(recipe, members=members, epochs=max(1, epochs))
