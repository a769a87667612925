"""The fit of a regressor by Bayesian regularization: from several starts, kept with its posterior."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from ..data.streams import Stream
from ..equations.averaging import Ensemble
from ..equations.forward_pass import checked_weights
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..files.posterior import ensemble_of, posterior_content
from ..optimizers.one_thread import one_thread
from .bayesian import (
    BAYES_HIDDEN,
    Restarts,
    bayes_optimizer,
    in_parallel,
    posteriors_of,
    require_bayes,
    standardized,
)
from .fitting import Fitted
from .network import as_coefs
from .perceptron import Matrix, Perceptron
from .rows import Validation, dense, numbers, plain, row_weights
from .streamed_rows import refuse_beside_stream

__all__ = ["BayesianFit"]


class BayesianFit(Restarts, Perceptron):
    """A perceptron whose fit may leave a posterior."""

    @abstractmethod
    def _started(self, settings: dict[str, Any]) -> Any:
        """An estimator for a fit from one start, with these parameters."""

    def _learn(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        *,
        incremental: bool,
        classes: Any = None,
    ) -> None:
        if isinstance(X, Stream) and self.regularization is not None:
            refuse_beside_stream({"regularization": self.regularization})
        require_bayes(self, validated=validation.X is not None)
        if self.regularization is None:
            self.__dict__.pop("_ensemble", None)
            super()._learn(
                X,
                y,
                sample_weight,
                validation,
                incremental=incremental,
                classes=classes,
            )
            return
        with self._unchanged_by_errors():
            self._fit_restarts(X, y, sample_weight)

    def _fit_restarts(self, X: Any, y: Any, sample_weight: Any) -> None:
        """Fit from each start on standardized rows, and keep their average or the best."""
        raw = plain(y)
        X, Y = self._validate_input(numbers(X, "X"), raw, incremental=False, reset=True)
        weights = row_weights(X, raw, sample_weight, None)
        dtype = X.dtype
        rows, targets = dense(X, np.dtype(float)), Y.astype(float)
        if weights is not None:
            weights = checked_weights(weights, len(rows), rows)
        rows, targets, scaling = standardized(rows, targets, weights)
        settings = self.get_params(deep=False)
        settings |= {"solver": bayes_optimizer(self.solver, float(self.tol))}
        settings |= {"regularization": None, "restarts": 1, "alpha": 0.0}
        settings |= {"dtype": None, "warm_start": False}
        usual = np.array_equal(self.hidden_layer_sizes, (100,))
        if usual and isinstance(self.activation, str) and self.activation == "relu":
            settings |= {"hidden_layer_sizes": BAYES_HIDDEN, "activation": "tanh"}
        random = check_random_state(self.random_state)
        seeds = random.randint(2**31, size=int(self.restarts))
        started = [
            self._started(settings | {"random_state": int(seed)}) for seed in seeds
        ]
        alone = bool(self.callbacks or self.verbose or self.progress)
        column = targets.ravel() if targets.shape[1] == 1 else targets
        in_parallel(
            [partial(one.fit, rows, column, weights) for one in started],
            self.n_threads,
            together=not alone,
        )
        network = started[0].network_
        found = [(one.parameters_, one.prior) for one in started]
        fits = posteriors_of(network, found, (rows, targets, weights))
        best = int(np.argmax([fit.log_evidence for fit in fits]))
        members = fits if self.combine == "average" else (fits[best],)
        ensemble = Ensemble(network, members, scaling)
        whole, parameters = ensemble.merged()
        theta = parameters.theta.astype(dtype, copy=False)
        coefs, intercepts = as_coefs(Parameters(whole.sizes, theta))
        left = Fitted.of(started[best].__dict__, scored=False).attributes()
        self.__dict__.update(
            left,
            coefs_=coefs,
            intercepts_=intercepts,
            n_layers_=len(coefs) + 1,
            n_outputs_=targets.shape[1],
            out_activation_="identity",
            **self._known_of(ensemble),
        )

    def _network(self, sizes: Sequence[int]) -> Network:
        known = getattr(self, "_ensemble", None)
        if known is not None and len(known.network.sizes) == len(sizes):
            return Network(sizes, known.network.activations, known.network.loss)
        return super()._network(sizes)

    def _beside(self) -> tuple[dict[str, Any], Mapping[str, Any]]:
        known = getattr(self, "_ensemble", None)
        if known is None:
            return {}, {}
        note, arrays = posterior_content(known)
        return {"posterior": note}, arrays

    def _take_beside(self, notes: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        if arrays or "posterior" in notes:
            self.__dict__.update(
                self._known_of(ensemble_of(notes["posterior"], arrays))
            )

    def _known_of(self, ensemble: Ensemble) -> dict[str, Any]:
        """Name → value of what is known of an ensemble."""
        members, spread = ensemble.members, ensemble.scaling.y_std
        noise = np.sqrt(np.mean([1 / member.beta for member in members]))
        return {
            "gamma_": np.array([member.gamma for member in members]),
            "log_evidence_": np.array([member.log_evidence for member in members]),
            "noise_std_": noise * spread,
            "_ensemble": ensemble,
        }

    def _moments(self, X: Any) -> tuple[Matrix, Matrix]:
        """Mean and standard deviation of the targets of rows."""
        parameters = self._fitted_network()[1]
        known = getattr(self, "_ensemble", None)
        if known is None:
            raise InputError(
                "a fit without a posterior",
                'standard deviations and intervals after regularization="bayes"',
                'Fit MLPRegressor(solver="lm", regularization="bayes").',
            )
        own = known.merged()[1].theta.astype(parameters.theta.dtype)
        if not np.array_equal(own, parameters.theta):
            raise InputError(
                "coefs_ or intercepts_ changed since the fit",
                "those of the fit, which the posterior is of",
                "Fit again.",
            )
        rows = dense(self._checked_rows(X), np.dtype(float))
        with one_thread():
            found: tuple[Matrix, Matrix] = known.moments(rows)
        return found
