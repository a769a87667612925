"""The regressor: one number or several."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import mean_pinball_loss, r2_score
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if

from ..data.streams import Stream
from ..equations.averaging import half_width
from ..equations.losses import Loss, Pinball, Poisson
from .bayesian import checked_coverage
from .bayesian_fit import BayesianFit
from .fitting import INTERRUPTED, Fit
from .parameters import CONSTRAINTS, loss_named, losses, with_parameters
from .perceptron import Matrix
from .rows import Validation, numbers, plain
from .rules import takes_steps
from .streamed_rows import in_units

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MLPRegressor"]


@with_parameters
class MLPRegressor(RegressorMixin, BayesianFit):
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

    def _started(self, settings: dict[str, Any]) -> MLPRegressor:
        return Start(**settings)

    def _validate_input(
        self, X: Any, y: Any, *, incremental: bool, reset: bool
    ) -> tuple[Any, Matrix]:
        X, y = self._checked_pair(X, numbers(y, "y"), reset=reset, y_numeric=True)
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


class Start(MLPRegressor):
    """A fit from one start; reaching `max_iter` is no failure of it."""

    def _tell(self, message: str, category: type[Warning]) -> None:
        """Nothing; an interrupted start ends the whole, as the others would be begun else."""
        if message == INTERRUPTED:
            raise KeyboardInterrupt

    def _end_of_run(self, fit: Fit) -> None:
        self.prior = fit.run.state.scalars[2]
