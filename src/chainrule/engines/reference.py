"""The reference engine: the equations as they stand, on any array library.

In float64 on NumPy it is the oracle for every other engine. Its bits follow the BLAS.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar, final

import numpy as np

from ..equations.arrays import Array, array_namespace
from ..equations.backward_pass import Gradient, pull_back
from ..equations.forward_pass import Trace, propagate
from ..equations.losses import reduction_weights
from ..equations.network import Network, Parameters
from ..optimizers.rules import Rules
from .interface import Engine, Masks, Workspace
from .rows import Data, rows_at_once

__all__ = ["Reference"]


@final
class Reference(Engine):
    """Does every job, on NumPy, PyTorch, JAX, CuPy or array-api-strict arrays."""

    name: ClassVar[str] = "reference"

    def refusal(self, network: Network, rules: Rules, theta: Array) -> str | None:
        return None

    def passes(
        self,
        workspace: Workspace,
        theta: Array,
        data: Data,
        *,
        l1: float = 0.0,
        l2: float = 0.0,
        masks: Masks = None,
        reduction: str = "mean",
        input_gradient: bool = False,
    ) -> tuple[Trace, Gradient]:
        network = workspace.network
        parameters = Parameters(network.sizes, theta)
        M = masks or (None,) * network.n_layers
        trace = propagate(network, parameters, data.inputs(), M)
        weights = reduction_weights(data.sample_weight, data.rows, reduction, data.x)
        return trace, pull_back(
            network,
            parameters,
            trace,
            data.y,
            weights,
            l1,
            l2,
            input_gradient=input_gradient,
        )

    def predictor(
        self, network: Network, parameters: Parameters, threads: int | None = None
    ) -> Callable[[Array], Array]:
        step, masks = rows_at_once(network.sizes), (None,) * network.n_layers

        def predict(x: Array) -> Array:
            xp, parts = array_namespace(x), []
            for start in range(0, max(1, x.shape[0]), step):
                rows = x[start : start + step]
                with np.errstate(over="ignore", invalid="ignore"):
                    a = propagate(network, parameters, rows, masks).output
                unknown = xp.any(xp.isnan(rows), axis=1, keepdims=True)
                # φ of one's own may lose it
                parts.append(xp.where(unknown, xp.full_like(a, math.nan), a))
            return xp.concat(parts) if len(parts) > 1 else parts[0]

        return predict
