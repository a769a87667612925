"""The health of a network: norms of Δ and dW per layer, dead and saturated units.

Taken on a sample of rows, by the engine of the run; nothing here changes it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..engines.interface import Engine, Workspace
from ..engines.rows import Data
from ..equations.arrays import Array, as_numpy
from ..equations.forward_pass import slopes_of

__all__ = ["Diagnosis", "diagnose", "is_due", "sample_rows"]

#: |φ′| below this counts as saturated.
FLAT = 0.01


@dataclass(frozen=True)
class Diagnosis:
    """The state of each layer after an epoch, layer 1 first.

    Parameters
    ----------
    epoch : int
        Epochs done.
    delta_norms : tuple of float
        Root mean square over rows of ‖Δ[l]‖.
    gradient_norms : tuple of float
        ‖dW[l]‖, Frobenius.
    dead : tuple of float
        Share of the layer's units with φ′(z) = 0 on every row looked at.
    saturated : tuple of float
        Share of the layer's φ′(z) that are below 0.01 in size.
    """

    epoch: int
    delta_norms: tuple[float, ...]
    gradient_norms: tuple[float, ...]
    dead: tuple[float, ...]
    saturated: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {
            name: list(v) if isinstance(v, tuple) else v
            for name, v in asdict(self).items()
        }


def diagnose(
    engine: Engine, workspace: Workspace, theta: Array, data: Data, epoch: int
) -> Diagnosis:
    """Look at the first `sample_rows` rows, for which the workspace has room."""
    rows = sample_rows(data.rows)
    sample = Data(data.x[:rows], data.y[:rows], None, data.scale)
    trace, gradient = engine.passes(workspace, theta, sample)
    dead, saturated = [], []
    for slope in slopes_of(workspace.network, trace):
        slopes = np.ones((1, 1)) if slope is None else np.abs(as_numpy(slope))
        dead.append(float(np.mean(np.all(slopes == 0, axis=0))))
        saturated.append(float(np.mean(slopes < FLAT)))
    return Diagnosis(
        epoch,
        tuple(
            float(np.sqrt(np.mean(np.sum(as_numpy(d) ** 2, axis=1))))
            for d in gradient.delta
        ),
        tuple(float(np.linalg.norm(as_numpy(g))) for g in gradient.dW),
        tuple(dead),
        tuple(saturated),
    )


def sample_rows(rows: int) -> int:
    """The number of rows to look at: a fiftieth of them, between 100 and 500, so that it costs little beside an epoch.

    Examples
    --------
    >>> [sample_rows(rows) for rows in (30, 400, 10_000, 60_000)]
    [30, 100, 200, 500]
    """
    return min(rows, max(100, min(rows // 50, 500)))


def is_due(epoch: int, last: int) -> bool:
    """Return whether to look after this epoch: after each of the first five, then ever more rarely."""
    return epoch <= 5 or epoch >= last * 1.25
