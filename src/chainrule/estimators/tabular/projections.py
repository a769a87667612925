"""Sums of two scaled numbers along which the target changes, found one after another on the training rows.

What an additive model of the single numbers leaves unexplained is looked at along each candidate: two numbers at
some angles, and the ratio and the product where both have logarithms. The one along which bins of the one half of
the rows explain the other half best is taken, its part removed, and so on. Friedman & Stuetzle's projection pursuit
(1981), of pairs, in bins.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .columns import Column, Matrix
from .encoding import Encoding, Projection, units
from .scaling import bin_edges

__all__ = ["bins_of", "few_outputs", "gain", "with_projections"]

#: Rows that are looked at, at most, evenly taken from all.
MOST_ROWS = 4000
#: Fewer rows say nothing of pairs.
FEWEST_ROWS = 200
#: Numbers whose pairs are looked at: those that explain most alone.
MOST_NUMBERS = 20
#: Outputs that are looked at; of more, so many sums with signs.
MOST_OUTPUTS = 4
#: Angles between two numbers, their multiples aside.
ANGLES = 4
#: Bins of a candidate, and of a single number in the additive model.
BINS, SINGLE_BINS = 24, 16
#: A bin's mean counts as if so many rows more were 0 in it.
PRIOR_ROWS = 10.0
#: Sweeps over the numbers that fit the additive model.
SWEEPS = 4
#: How much of what a projection explains is removed.
REMOVED = 0.7
#: Candidates that are looked at again after one is taken: the best before.
AGAIN = 24
#: A projection must explain such a share of the target at least.
LEAST_GAIN = 5e-4


@dataclass(frozen=True)
class Candidate:
    """Two numbers with their weights, and the bin of each row."""

    first: int
    second: int
    weights: tuple[float, float]
    bins: Matrix


def with_projections(
    encoding: Encoding, columns: Sequence[Column], Y: Matrix, *, count: int, bins: int
) -> Encoding:
    """The encoding with at most so many projections.

    Parameters
    ----------
    encoding : Encoding
    columns : sequence of Column
        The training rows.
    Y : ndarray, shape (N, outputs)
        Targets: standardized numbers, or 0 and 1 of each class.
    count, bins : int
        Of projections, and of each at most.
    """
    rows = len(Y)
    if count == 0 or rows < FEWEST_ROWS or len(encoding.numbers) < 2:
        return encoding
    step = np.unique(np.linspace(0, rows - 1, min(rows, MOST_ROWS)).astype(int))
    U = units(encoding, columns)
    found = []
    for candidate in _pursue(encoding, U[step], few_outputs(Y[step]), count):
        i, j, (a, b) = candidate.first, candidate.second, candidate.weights
        edges = bin_edges(a * U[:, i] + b * U[:, j], bins)
        name = _name(encoding, candidate)
        found.append(Projection(i, j, (a, b), edges, name))
    return replace(encoding, projections=tuple(found))


def _name(encoding: Encoding, candidate: Candidate) -> str:
    a, b = candidate.weights
    first = encoding.numbers[candidate.first]
    second = encoding.numbers[candidate.second]
    words = [f"log {n.name}" if n.scaling.log else n.name for n in (first, second)]
    return f"{a:.2g}·{words[0]} {'+' if b > 0 else '−'} {abs(b):.2g}·{words[1]}"


def few_outputs(Y: Matrix) -> Matrix:
    """Centered targets, of many outputs some sums."""
    Y = Y - Y.mean(axis=0)
    if Y.shape[1] > MOST_OUTPUTS:
        signs = np.random.default_rng(0).choice((-1.0, 1.0), (Y.shape[1], MOST_OUTPUTS))
        Y = np.stack([(Y * signs[:, k]).sum(axis=1) for k in range(MOST_OUTPUTS)], 1)
    return Y


def _pursue(encoding: Encoding, U: Matrix, Y: Matrix, count: int) -> list[Candidate]:
    """The candidates that are taken, in their order."""
    total = float((Y**2).sum())
    if not total > 0:
        return []
    half = np.arange(len(Y)) % 2 == 0
    kept = _telling(U, Y, half)
    R = _rest(U, Y, kept)
    candidates = _candidates(encoding, U, kept)
    gains = np.array([gain(c.bins, R, half) for c in candidates])
    taken: list[Candidate] = []
    while len(taken) < count:
        for place in np.argsort(-gains, kind="stable")[:AGAIN]:
            if gains[place] > -math.inf:
                gains[place] = gain(candidates[place].bins, R, half)
        best = int(np.argmax(gains))
        if gains[best] < LEAST_GAIN * total:
            break
        bins = candidates[best].bins
        R = R - REMOVED * _means(bins, R)[bins]
        gains[best] = -math.inf
        taken.append(candidates[best])
    return taken


def _telling(U: Matrix, Y: Matrix, half: Matrix) -> list[int]:
    """The numbers that explain most alone, in their order."""
    count = U.shape[1]
    if count <= MOST_NUMBERS:
        return list(range(count))
    gains = np.array(
        [gain(bins_of(U[:, i], SINGLE_BINS), Y, half) for i in range(count)]
    )
    return sorted(np.argsort(-gains, kind="stable")[:MOST_NUMBERS].tolist())


def _rest(U: Matrix, Y: Matrix, kept: Sequence[int]) -> Matrix:
    """The rest that an additive model of the single numbers leaves of the targets."""
    bins = [bins_of(U[:, i], SINGLE_BINS) for i in kept]
    R = Y.copy()
    for _ in range(SWEEPS):
        for b in bins:
            R = R - REMOVED * _means(b, R)[b]
    return R


def _candidates(encoding: Encoding, U: Matrix, kept: Sequence[int]) -> list[Candidate]:
    found = []
    for i, j in itertools.combinations(kept, 2):
        first, second = encoding.numbers[i], encoding.numbers[j]
        if first.column == second.column:
            continue
        angles = [math.pi * (k + 0.5) / ANGLES for k in range(ANGLES)]
        weights = [(math.cos(angle), math.sin(angle)) for angle in angles]
        if first.scaling.log and second.scaling.log:
            ratio = second.scaling.log_width / first.scaling.log_width
            weights += [(1.0, -ratio), (1.0, ratio)]
        for a, b in weights:
            bins = bins_of(a * U[:, i] + b * U[:, j], BINS)
            found.append(Candidate(i, j, (a, b), bins))
    return found


def bins_of(values: Matrix, count: int) -> Matrix:
    """The quantile bin of each value."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, count + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")


def _means(
    bins: Matrix, R: Matrix, rows: Matrix | None = None, prior_rows: float = PRIOR_ROWS
) -> Matrix:
    """The mean of R in each bin, of some rows, drawn to 0; shape (bins, outputs)."""
    count = int(bins.max()) + 1
    b, r = (bins, R) if rows is None else (bins[rows], R[rows])
    sums = [np.bincount(b, r[:, k], count) for k in range(r.shape[1])]
    return (
        np.stack(sums, axis=1) / (np.bincount(b, minlength=count) + prior_rows)[:, None]
    )


def gain(
    bins: Matrix, R: Matrix, half: Matrix, prior_rows: float = PRIOR_ROWS
) -> float:
    """The fall of the sum of squares when the bins' means of each half are taken from the other."""
    found = 0.0
    for rows in (half, ~half):
        fitted = _means(bins, R, rows, prior_rows)[bins[~rows]]
        found += float((2 * fitted * R[~rows] - fitted**2).sum())
    return found
