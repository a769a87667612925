"""The paths by which a weight reaches the loss: every chain of units from it to an output (S1.E28 to S1.E30).

    ∂ℓ/∂W[l]_kj = A[l-1]_j φ′(Z[l]_k) Σ over paths k → k_(l+1) → … → k_L of Π_m W[m]_(k_m k_(m-1)) φ′(Z[m]_(k_m))

with Δ[L]_(k_L) in place of the last φ′, that of the output (`derivations.paths`). The paths multiply from layer to
layer; backpropagation adds them up layer by layer instead. Only for elementwise activations: a hidden softmax has
paths across its layer, too.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from ..documents.derivations.paths import count
from ..documents.spelling import parts_of
from ..equations.activation import Softmax
from .expressions import Expression, Place, Product
from .numbers import Numbers

__all__ = ["Path", "Paths", "paths_of"]

#: So many paths are listed.
MOST_LISTED = 32


@dataclass(frozen=True)
class Path:
    """One path.

    Parameters
    ----------
    units : tuple of int
        k_l … k_L, from 1.
    product : Product
    value : float
    """

    units: tuple[int, ...]
    product: Product
    value: float

    @property
    def markup(self) -> str:
        """The product along it, with places for its numbers."""
        return self.product.markup(1)


@dataclass(frozen=True)
class Paths:
    """The paths of one weight.

    Parameters
    ----------
    weight : str
        Its name.
    count : int
        How many there are.
    listed : tuple of Path
        All of them where they are few; else none.
    total : float
        What the listed ones add up to: ∂ℓ/∂W.
    """

    weight: str
    count: int
    listed: tuple[Path, ...]
    total: float


def paths_of(n: Numbers, weight: str) -> Paths | None:
    """The paths of a weight, "W1.2.3" say, in the row that is explained; None where a hidden layer is a softmax."""
    network = n.moment.network
    if any(isinstance(phi, Softmax) for phi in network.activations[:-1]):
        return None
    _, l, (k, j) = parts_of(weight)
    number = count(n.sizes, n.layers - l)
    if number > MOST_LISTED:
        return Paths(weight, number, (), math.nan)
    listed = []
    for above in itertools.product(
        *(range(1, width + 1) for width in n.sizes[l + 1 :])
    ):
        product = _product(n, l, j, (k, *above))
        listed.append(Path((k, *above), product, product.value(n.read)[0]))
    return Paths(
        weight, number, tuple(listed), math.fsum(path.value for path in listed)
    )


def _product(n: Numbers, l: int, j: int, units: tuple[int, ...]) -> Product:
    """A[l-1]_j φ′(Z[l]_k) W[l+1] … Δ[L] along one path."""
    factors: list[Expression] = [Place(f"A{l - 1}.{j}")]
    for m, k in enumerate(units, l):
        if m > l:
            factors.append(Place(f"W{m}.{k}.{units[m - l - 1]}"))
        if m == n.layers:
            factors.append(Place(f"D{m}.{k}"))
            continue
        if n.has(f"M{m}"):
            factors.append(Place(f"M{m}.{k}"))
        if n.moment.network.activations[m - 1].name != "identity":
            factors.append(Place(f"P{m}.{k}"))
    return Product(*factors)
