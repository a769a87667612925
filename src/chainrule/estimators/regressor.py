"""The regressor: one number or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import mean_pinball_loss, r2_score
from sklearn.utils import check_array, check_random_state, column_or_1d
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from ..data.streams import Stream
from ..equations.averaging import Ensemble, half_width
from ..equations.forward_pass import checked_weights
from ..equations.losses import Loss, Pinball, Poisson
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..files.posterior import ensemble_of, posterior_content
from ..optimizers.one_thread import one_thread
from .bayesian import (
    BAYES_HIDDEN,
    bayes_optimizer,
    checked_coverage,
    in_parallel,
    posteriors_of,
    require_bayes,
    standardized,
)
from .fitting import INTERRUPTED, Fit, Fitted
from .network import as_coefs
from .parameters import CONSTRAINTS, loss_named, losses, with_parameters
from .perceptron import Matrix, Perceptron
from .rows import Validation, dense, numbers, plain, row_weights
from .rules import takes_steps
from .streamed_rows import in_units, refuse_beside_stream

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MLPRegressor"]


@with_parameters
class MLPRegressor(RegressorMixin, Perceptron):
    """A multi-layer perceptron that predicts numbers: scikit-learn's, by this package's engines.

    Parameters
    ----------
    loss : str or Loss, default "squared_error"
        "squared_error", "poisson", another name from `LOSSES`, or a loss with its parameters. Of a Poisson loss the
        output is an exponential, else the sum itself.
    {PARAMETERS}
    {BEYOND}
    regularization : {"bayes"} or None
        "bayes", with solver "lm": the penalty and the noise are found from the data, on standardized inputs and
        targets, whose units are then folded into the weights; `alpha` is not used, and no rows are needed to validate
        on. Where `hidden_layer_sizes` and `activation` are both scikit-learn's defaults, (100,) and "relu", the network
        has two layers of 12 "tanh" units.
    restarts : int, default 1
        So many fits from different starts, with "bayes".
    combine : {"average", "best"}, default "average"
        What is made of them: the average, as one network that has all their units, or the one of the largest evidence.

    Attributes
    ----------
    {ATTRIBUTES}
    gamma_, log_evidence_ : ndarray, shape (restarts,)
        With "bayes": the effective number of parameters of each fit that is kept, and its evidence.
    noise_std_ : ndarray, shape (n_outputs,)
        With "bayes": the standard deviation of the noise on the targets.

    Raises
    ------
    ValueError
        What does not fit, in scikit-learn's words, or as `InputError`; weights that become NaN or infinite: the
        message names step, quantity and layer.

    References
    ----------
    Hinton 1989; Glorot & Bengio 2010; Kingma & Ba 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import MLPRegressor
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> model = MLPRegressor("squared_error", (8,), "tanh", solver="lbfgs", max_iter=2000, random_state=0)
    >>> model.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.99
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": losses("squared_error", "poisson"),
        "regularization": [StrOptions({"bayes"}), None],
        "restarts": [Interval(Integral, 1, None, closed="left")],
        "combine": [StrOptions({"average", "best"})],
    }

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: Any = 0.0,
        input_dropout: float = 0.0,
        engine: str = "auto",
        n_threads: int | None = None,
        dtype: str | None = None,
        callbacks: Any = None,
        progress: bool = False,
        regularization: Any = None,
        restarts: int = 1,
        combine: str = "average",
    ) -> None:
        self._take(locals())

    @available_if(takes_steps)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Continue by one epoch over these rows.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
        y : array-like
        sample_weight : array-like, shape (n_samples,), optional

        Returns
        -------
        self
        """
        self._learn(X, y, sample_weight, Validation(), incremental=True)
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The numbers of each row.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
        return_std : bool, default False
            Whether to return their standard deviations, too: after regularization="bayes".

        Returns
        -------
        ndarray, shape (n_samples,), or (n_samples, n_outputs)
            Of several quantiles, a column for each.
        std : ndarray of the same shape
            Of a new target, noise included; with `return_std`.

        Raises
        ------
        InputError
            Standard deviations of a fit without regularization="bayes", or of weights changed since.
        """
        outputs = self._outputs(X)
        outputs = outputs.ravel() if outputs.shape[1] == 1 else outputs
        if not return_std:
            return outputs
        std = self._moments(X)[1]
        return outputs, std.ravel() if std.shape[1] == 1 else std

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Matrix:
        """An interval for the target of each row: mean ± standard deviations of a Gaussian.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
        coverage : float, default 0.9
            The share of the targets that it is to hold.

        Returns
        -------
        ndarray, shape (n_samples, 2), or (n_samples, n_outputs, 2)
            Its lower and upper ends.

        Raises
        ------
        InputError
            As `predict` with `return_std`; a coverage that is no share.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import MLPRegressor
        >>> X = np.linspace(-1, 1, 50)[:, None]
        >>> y = X[:, 0] ** 2 + np.random.default_rng(0).normal(scale=0.05, size=50)
        >>> model = MLPRegressor(solver="lm", regularization="bayes", random_state=0).fit(X, y)
        >>> low, high = model.predict_interval(X, coverage=0.9).T
        >>> 40 <= np.sum((low <= y) & (y <= high)) <= 50
        np.True_
        """
        width = half_width(checked_coverage(coverage))
        mean, std = self._moments(X)
        ends = np.stack([mean - width * std, mean + width * std], axis=2)
        return ends[:, 0, :] if ends.shape[1] == 1 else ends

    def plot_interval(self, X: Any, y: Any = None, *, coverage: float = 0.9) -> Figure:
        """The predictions with their interval as a band: over the one input, or over the rows by prediction.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
        y : array-like, optional
            True targets, drawn as points.
        coverage : float, default 0.9

        Returns
        -------
        matplotlib.figure.Figure

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import MLPRegressor
        >>> X = np.linspace(-1, 1, 30)[:, None]
        >>> model = MLPRegressor(solver="lm", regularization="bayes", random_state=0).fit(X, X[:, 0] ** 2)
        >>> len(model.plot_interval(X).axes)
        1
        """
        from ..show.intervals import band

        ends = self.predict_interval(X, coverage)
        ends = ends[:, None, :] if ends.ndim == 2 else ends
        rows = self._rows(X)
        mean = self._outputs(X)
        true = None if y is None else self._known_targets(y)
        return band(rows, mean, ends, true, coverage)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R² of the predictions; of quantiles, which are no means, their mean loss with its sign changed.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
        y : array-like, shape (n_samples,) or (n_samples, n_targets)
        sample_weight : array-like, shape (n_samples,), optional

        Returns
        -------
        float
            What `early_stopping` watches: at most 1, or of quantiles 0; more is better.
        """
        network, parameters = self._fitted_network()
        if not isinstance(network.loss, Pinball):
            return float(super().score(X, y, sample_weight))
        targets = network.loss.targets(
            self._known_targets(y), network.sizes[-1], parameters.theta
        )
        return self._score_of(network.loss, plain(sample_weight))(
            targets, self._outputs(X)
        )

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
        given: Any = self
        if isinstance(X, Stream) and self.regularization is not None:
            refuse_beside_stream({"regularization": self.regularization})
        require_bayes(given, validated=validation.X is not None)
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
        attributes = dict(self.__dict__)
        try:
            self._fit_restarts(X, y, sample_weight)
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(attributes)
            raise

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
        started = [_Start(**settings | {"random_state": int(seed)}) for seed in seeds]
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

    def _validate_input(
        self, X: Any, y: Any, *, incremental: bool, reset: bool
    ) -> tuple[Any, Matrix]:
        X, y = validate_data(
            self,
            X,
            numbers(y, "y"),
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=True,
            dtype=self.dtype or (np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y.reshape(-1, 1) if y.ndim == 1 else y

    def _of_stream(
        self, stream: Stream
    ) -> tuple[Stream, int, Callable[[Matrix], Matrix]]:
        """The targets in their own units, whatever the stream makes of them."""
        return in_units(stream), len(stream.preparation.target.names), np.asarray

    def _known_targets(self, y: Any) -> Matrix:
        targets: Matrix = check_array(
            numbers(y, "y"), ensure_2d=False, dtype="numeric", input_name="y"
        )
        return targets.reshape(-1, 1) if targets.ndim == 1 else targets

    def _output_activation(self, outputs: int) -> str:
        return (
            "exp"
            if self.loss == "poisson" or isinstance(self.loss, Poisson)
            else "identity"
        )

    def _loss_on(self, output: str) -> Loss:
        return self.loss if isinstance(self.loss, Loss) else loss_named(self.loss)

    def _score_of(
        self, loss: Loss, weights: Matrix | None
    ) -> Callable[[Matrix, Matrix], float]:
        """R²; of quantiles, which are no means, the loss with its sign changed."""

        def score(y: Matrix, a: Matrix) -> float:
            if not np.isfinite(a).all():
                return float("nan")
            if isinstance(loss, Pinball):
                levels = loss.quantiles * (a.shape[1] // len(loss.quantiles))
                return -float(
                    sum(
                        mean_pinball_loss(
                            y[:, k], a[:, k], alpha=q, sample_weight=weights
                        )
                        for k, q in enumerate(levels)
                    )
                )
            return float(r2_score(y, a, sample_weight=weights))

        return score


class _Start(MLPRegressor):
    """A fit from one start; reaching `max_iter` is no failure of it."""

    def _tell(self, message: str, category: type[Warning]) -> None:
        """Nothing; an interrupted start ends the whole, as the others would be begun else."""
        if message == INTERRUPTED:
            raise KeyboardInterrupt

    def _end_of_run(self, fit: Fit) -> None:
        self.prior = fit.run.state.scalars[2]
