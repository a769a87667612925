"""The reference engine: the equations as they stand, on any array library.

In float64 on NumPy it is the oracle for every other engine. Its bits follow the BLAS.
"""

from __future__ import annotations

from typing import Any, ClassVar, final

from ..arrays import Array, array_namespace
from ..backward_pass import pull_back
from ..forward_pass import propagate
from ..loss_types import reduction_weights
from ..network import Network, Parameters
from .seam import Data, Engine, Rules, Workspace, rows_at_once

__all__ = ["Reference"]


@final
class Reference(Engine):
    """Does every job, on NumPy, PyTorch, JAX, CuPy or array-api-strict arrays."""

    name: ClassVar[str] = "reference"

    def refusal(self, network: Network, rules: Rules, theta: Array) -> str | None:
        return None

    def loss_and_gradient(
        self, workspace: Workspace, theta: Array, data: Data, l1: float, l2: float
    ) -> tuple[Any, Any]:
        network = workspace.network
        parameters = Parameters(network.sizes, theta)
        trace = propagate(network, parameters, data.x, (None,) * network.n_layers)
        weights = reduction_weights(data.sample_weight, data.rows, "mean", data.x)
        gradient = pull_back(network, parameters, trace, data.y, weights, l1, l2, input_gradient=False)
        return gradient.J, gradient.flat

    def predict(self, workspace: Workspace, parameters: Parameters, x: Array) -> Array:
        network = workspace.network
        step = rows_at_once(network.sizes)
        masks = (None,) * network.n_layers
        parts = [
            propagate(network, parameters, x[start : start + step], masks).output
            for start in range(0, x.shape[0], step)
        ]
        return array_namespace(x).concat(parts) if len(parts) > 1 else parts[0]
