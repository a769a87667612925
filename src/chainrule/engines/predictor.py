"""Predictions: A[L] for many rows or one, as fast as the machine allows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..equations.arrays import Array, as_floating, row_major
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..optimizers import GradientDescent
from ..optimizers.rules import Rules
from . import ENGINES, choose_engine
from .threads import checked_threads

__all__ = ["Predictor"]


class Predictor:
    """A network packed once for prediction.

    Parameters
    ----------
    network : Network
    parameters : Parameters
        Taken as they are now: later changes are not followed.
    engine : str
        "auto", "native" or "reference".
    threads : int, optional
        At most so many, as in `train`.

    Notes
    -----
    Safe to call from several threads. NaN in a row gives NaN in all its outputs, and infinity what the equations make
    of it, whatever the dtype and the layout of the rows and the engine; other rows are as without it.

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
        parameters = Parameters(parameters.sizes, row_major(parameters.theta))
        chosen, self.engine_reason = choose_engine(
            engine, network, Rules(GradientDescent()), parameters.theta
        )
        self.engine = chosen.name
        self.network = network
        self._like = parameters.theta
        self._dtype = parameters.theta.dtype
        self._predict = ENGINES[chosen.name].predictor(
            network, parameters, checked_threads(threads)
        )

    def __call__(self, x: Any) -> Array:
        """A[L], shape (N, n_L), of rows x, shape (N, n_0).

        Raises
        ------
        InputError
            Not rows of n_0 numbers, or a number that the network's dtype cannot hold.
        """
        if not (
            type(x) is np.ndarray
            and x.dtype == self._dtype
            and x.ndim == 2
            and x.flags.c_contiguous
            and x.flags.aligned
        ):
            x = row_major(as_floating(x, "x", like=self._like, ndim=2, finite=False))
        if x.shape[1] != self.network.sizes[0]:
            raise InputError(
                f"x with shape {tuple(x.shape)}",
                f"shape (N, {self.network.sizes[0]})",
                "One row per sample.",
            )
        return self._predict(x)
