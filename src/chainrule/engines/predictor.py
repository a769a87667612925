"""Predictions: A[L] for many rows or one, as fast as the machine allows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..equations.arrays import Array, as_floating
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..optimizers.first_order import GradientDescent
from ..optimizers.rules import Rules
from . import ENGINES, choose_engine

__all__ = ["Predictor"]


class Predictor:
    """A network packed once for prediction.

    Parameters
    ----------
    network : Network
    parameters : Parameters
        Taken as they are now: later changes are not followed.
    engine : str
        "auto" or a name from `chainrule.engines.ENGINES`.
    threads : int, optional
        At most so many.

    Notes
    -----
    Safe to call from several threads. A row that holds NaN gives NaN.

    Examples
    --------
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> predict = Predictor(net, Parameters.from_arrays([[[1.0, -2.0]]], [[0.5]]))
    >>> predict([[3.0, 1.0], [0.0, 0.0]])
    array([[1.5],
           [0.5]])
    """

    def __init__(
        self,
        network: Network,
        parameters: Parameters,
        *,
        engine: str = "auto",
        threads: int | None = None,
    ) -> None:
        network.require(parameters)
        chosen, self.engine_reason = choose_engine(
            engine, network, Rules(GradientDescent()), parameters.theta
        )
        self.engine = chosen.name
        self.network = network
        self._like = parameters.theta
        self._dtype = parameters.theta.dtype
        self._predict = ENGINES[chosen.name].predictor(network, parameters, threads)

    def __call__(self, x: Any) -> Array:
        """A[L], shape (N, n_L), of rows x, shape (N, n_0).

        Raises
        ------
        InputError
            Not rows of n_0 numbers.
        """
        if not (
            type(x) is np.ndarray
            and x.dtype == self._dtype
            and x.ndim == 2
            and x.flags.c_contiguous
        ):
            x = as_floating(x, "x", like=self._like, ndim=2)
            x = np.ascontiguousarray(x) if isinstance(x, np.ndarray) else x
        if x.shape[1] != self.network.sizes[0]:
            raise InputError(
                f"x with shape {tuple(x.shape)}",
                f"shape (N, {self.network.sizes[0]})",
                "One row per sample.",
            )
        return self._predict(x)
