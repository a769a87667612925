"""Any widths, by brute force (S1.E28 to S1.E30): a neuron moves the cost along every path that leads there.

    ∂C/∂a_i^(l) = Σ over paths i → k_{l+1} → … → k_L of Π μ'(z_k^(m)) w_{k k'}^(m) · ∂C/∂a_{k_L}^(L)

There are Π_{i=0…j-1} n_{L-i} paths from one neuron of layer L-j: exponentially many in the depth. The recursion
of the matrix form sums them layer by layer instead, which is why backpropagation is fast.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...equations.arrays import Array
from ...errors import InputError
from ..checked_values import checked_count

__all__ = ["count", "paths", "sum_over_paths"]


def count(n: Sequence[int], j: int) -> int:
    """The number of paths from one neuron of layer L-j to the cost: Π_{i=0…j-1} n_{L-i} (S1.E29).

    Parameters
    ----------
    n : sequence of int
        n_0 … n_L.
    j : int
        How many layers before the last, 0 … L.

    Raises
    ------
    InputError
        A width that is no whole number ≥ 1; a j that is not 0 … L.

    Examples
    --------
    >>> [count((784, 128, 64, 10), j) for j in range(4)]
    [1, 10, 640, 81920]
    """
    widths = [checked_count(f"n_{l}", width, low=1) for l, width in enumerate(n)]
    j, L = checked_count("j", j), len(widths) - 1
    if j > L:
        raise InputError(
            f"j = {j}", f"0 … L = {L}", "Layer L-j is the input for j = L."
        )
    return math.prod(widths[L - i] for i in range(j))


def paths(n: Sequence[int], l: int) -> Iterator[tuple[int, ...]]:
    """Every way to pick one neuron, counted from 1, in each of the layers l+1 … L.

    Examples
    --------
    >>> list(paths((3, 2, 2), 0))
    [(1, 1), (1, 2), (2, 1), (2, 2)]
    """
    return itertools.product(*(range(1, width + 1) for width in n[l + 1 :]))


def sum_over_paths(
    W: Mapping[int, Array],
    mu_prime: Mapping[int, Array],
    dC_da: Array,
    n: Sequence[int],
    l: int,
) -> Array:
    """∂C/∂a_i^(l), i = 1 … n_l, each a sum over all its paths (S1.E30).

    Parameters
    ----------
    W : mapping of int to Array, shapes (n_l, n_{l-1})
    mu_prime : mapping of int to Array, shapes (n_l, 1)
        μ'(z^(l)).
    dC_da : Array, shape (n_L, 1)
        The derivative at the output.
    n : sequence of int
        n_0 … n_L.
    l : int
        The layer, 0 … L.

    Returns
    -------
    Array, shape (n_l, 1)

    Examples
    --------
    >>> one = np.ones((2, 1))
    >>> W = {1: np.array([[1.0, 2.0], [3.0, 4.0]]), 2: np.array([[5.0, 6.0], [7.0, 8.0]])}
    >>> sum_over_paths(W, {1: one, 2: one}, one, (2, 2, 2), 0).T  # (1, 1) W2 W1
    array([[54., 80.]])
    """
    total = np.zeros((n[l], 1), dC_da.dtype)
    for i in range(n[l]):
        for path in paths(n, l):
            term: Any = 1.0
            before = i
            for m, k in enumerate(path, l + 1):
                term = term * mu_prime[m][k - 1, 0] * W[m][k - 1, before]
                before = k - 1
            total[i, 0] += term * dC_da[before, 0]
    return total
