"""The network that a fitted estimator's attributes describe, and its outputs for rows of the user's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from ..data.streams import Stream
from ..engines.predictor import Predictor
from ..equations.activation import Activation
from ..equations.losses import Loss
from ..equations.network import Network, Parameters
from ..errors import InputError
from .network import SCIKIT_LEARN_S, as_parameters, hidden_activations
from .parameters import Settings
from .rows import dense, fits_in_memory, numbers
from .rules import threads_for

__all__ = ["FittedNetwork"]

Matrix = np.ndarray[Any, Any]
#: Estimator → what its last predictor was packed for, its weights, the predictor.
PACKED: WeakKeyDictionary[FittedNetwork, tuple[Any, Parameters, Predictor]] = (
    WeakKeyDictionary()
)


@lru_cache(maxsize=64)
def _network_of(
    sizes: tuple[int, ...], activations: tuple[str | Activation, ...], loss: Loss
) -> Network:
    return Network(sizes, activations, loss)


def _same_bits(one: Parameters, other: Parameters) -> bool:
    """Return whether θ is the same, zeros of either sign told apart; of one dtype."""
    kind = f"i{one.theta.dtype.itemsize}"
    return np.array_equal(one.theta.view(kind), other.theta.view(kind))


class FittedNetwork(Settings, BaseEstimator, ABC):
    """An estimator as far as it has been fitted: a network with its weights."""

    @abstractmethod
    def _output_activation(self, outputs: int) -> str:
        """The name of the last layer's activation, scikit-learn's."""

    @abstractmethod
    def _loss_on(self, output: str) -> Loss:
        """The loss on outputs of this activation, as `loss` has it."""

    @property
    def network_(self) -> Network:
        """The network, with its loss; of the widths of `coefs_`."""
        return self._shown()[0]

    @property
    def parameters_(self) -> Parameters:
        """A copy of `coefs_` and `intercepts_` as `Parameters`."""
        return self._shown()[1]

    def _shown(self) -> tuple[Network, Parameters]:
        """For properties: what does not fit together is an attribute that is not there, for `hasattr` and `dir`."""
        try:
            return self._fitted_network()
        except InputError as error:
            raise AttributeError(str(error)) from error

    def _fitted_network(self) -> tuple[Network, Parameters]:
        check_is_fitted(self)
        parameters = as_parameters(self.coefs_, self.intercepts_)
        return self._network(parameters.sizes), parameters

    def _network(self, sizes: Sequence[int]) -> Network:
        output = getattr(self, "out_activation_", None) or self._output_activation(
            sizes[-1]
        )
        hidden = hidden_activations(self.activation, len(sizes) - 2)
        activations = (*hidden, SCIKIT_LEARN_S.get(output, output))
        return _network_of(tuple(sizes), activations, self._loss_on(output))

    def _checked_rows(self, X: Any) -> Any:
        """Rows that the fitted network takes, dense or sparse."""
        if self._are_plain(X):
            return X
        if isinstance(X, Stream):
            raise InputError(
                "X that is a stream, to predict for",
                "rows in memory",
                "Pass X of its batches, one after the other: for X, *_ in rows.batches(…).",
            )
        return validate_data(
            self, numbers(X, "X"), accept_sparse=["csr", "csc"], reset=False
        )

    def _are_plain(self, X: Any) -> bool:
        """Return whether scikit-learn's checks, slower than few rows' prediction, would pass these rows as they are."""
        if not (
            type(X) is np.ndarray
            and X.dtype in (np.float32, np.float64)
            and X.ndim == 2
            and X.shape[0] > 0
            and X.shape[1] == getattr(self, "n_features_in_", None)
            and not hasattr(self, "feature_names_in_")
        ):
            return False
        with np.errstate(over="ignore", invalid="ignore"):
            return bool(np.isfinite(X.sum()))

    def _rows(self, X: Any) -> Matrix:
        """Checked rows in the dtype of the parameters, dense."""
        return dense(
            self._checked_rows(X),
            as_parameters(self.coefs_, self.intercepts_).theta.dtype,
        )

    def _outputs(self, X: Any) -> Matrix:
        """A[L] of rows X."""
        network, parameters = self._fitted_network()
        X = self._checked_rows(X)
        threads = threads_for(self.n_threads, network, X.shape[0])
        predict = self._packed(network, parameters, threads)
        dtype = parameters.theta.dtype
        if fits_in_memory(X, dtype):
            return np.asarray(predict(dense(X, dtype)))
        X, step = X.tocsr(), 4096
        return np.concatenate(
            [
                predict(dense(X[at : at + step], dtype))
                for at in range(0, X.shape[0], step)
            ]
        )

    def _packed(
        self, network: Network, parameters: Parameters, threads: int | None
    ) -> Predictor:
        """The predictor of these weights: the last one, unless something has changed since."""
        asked = (self.engine, threads, network, parameters.theta.dtype)
        known = PACKED.get(self)
        if known is None or known[0] != asked or not _same_bits(known[1], parameters):
            predict = Predictor(
                network, parameters, engine=self.engine, threads=threads
            )
            known = PACKED[self] = asked, parameters, predict
        return known[2]
