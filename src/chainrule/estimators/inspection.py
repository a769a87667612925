"""Everything inside a fitted estimator, for rows of the user's: forward and backward pass, per row, verified.

The gradient of row i's loss with respect to W[l] is δ aᵀ, with δ = Δ[l]_i and a = A[l-1]_i, and δ with respect to
b[l]. So its squared norm is Σ_l ‖δ‖² (‖a‖² + 1), and no gradient needs to be formed (Goodfellow 2015).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engines import choose_engine
from ..engines.rows import Data, rows_at_once
from ..equations.backward_pass import Gradient, backward
from ..equations.forward_pass import (
    Trace,
    checked_weights,
    forward,
    propagate,
    require_one_per_row,
)
from ..equations.gradient_check import check_gradient
from ..equations.network import Network, Parameters
from ..explanation import explain
from ..optimizers import GradientDescent
from ..optimizers.rules import Rules
from .fitted_network import FittedNetwork
from .rules import optimizer_of, threads_for

if TYPE_CHECKING:
    from ..equations.check_result import GradientCheck
    from ..explanation import Explanation

__all__ = ["Inspection", "losses_and_gradient_norms", "output_gradients"]

Matrix = np.ndarray[Any, Any]


class Inspection(FittedNetwork):
    """The methods of an estimator that show what it computes."""

    @abstractmethod
    def _known_targets(self, y: Any) -> Matrix:
        """Targets as `fit` takes them, of shape (N, columns), after a fit."""

    def trace(self, X: Any) -> Trace:
        """The forward pass on rows X: every Z and A (F0-F2).

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        Trace

        Examples
        --------
        >>> from chainrule import MLPRegressor
        >>> model = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", random_state=0)
        >>> model = model.fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0])
        >>> [a.shape for a in model.trace([[0.0], [2.0]]).A]
        [(2, 1), (2, 3), (2, 1)]
        """
        network, parameters = self._fitted_network()
        return forward(network, parameters, self._rows(X))

    def gradients(self, X: Any, y: Any, sample_weight: Any = None) -> Gradient:
        """J of these rows and its derivatives at the fitted weights: every Δ, dW, db, and dX (B1-B4).

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
        y : array-like
            Targets, as `fit` takes them.
        sample_weight : array-like, shape (n_samples,), optional
            All that rows are weighted by: `class_weight` is not heard here, as "balanced" is a matter of all rows
            of the fit. scikit-learn's `compute_sample_weight` makes row weights of it.

        Returns
        -------
        Gradient
            With the penalties that a step on these rows would have. dW[l] is ∂J/∂W[l], of the shape of
            `coefs_[l].T`.

        Examples
        --------
        >>> from chainrule import MLPRegressor
        >>> model = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", random_state=0)
        >>> model = model.fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0])
        >>> gradient = model.gradients([[0.0], [2.0]], [0.0, 4.0])
        >>> gradient.dW[0].shape, gradient.dX.shape
        ((3, 1), (2, 1))
        """
        network, parameters = self._fitted_network()
        trace = self.trace(X)
        options = self._of_a_step(sample_weight, trace.output)
        return backward(network, parameters, trace, self._known_targets(y), **options)

    def _of_a_step(self, sample_weight: Any, rows: Matrix) -> dict[str, Any]:
        """Row weights, checked, and l1 and l2 as a step on these rows has them: alpha divided by Σw."""
        weights, weight = None, float(len(rows))
        if sample_weight is not None:
            weights = checked_weights(sample_weight, len(rows), rows)
            weight = float(np.sum(weights))
        l2 = float(self.l2 + self.alpha / weight)
        return {"sample_weight": weights, "l1": float(self.l1), "l2": l2}

    def explain(
        self, X: Any, y: Any, sample_weight: Any = None, **options: Any
    ) -> Explanation:
        """The numbers beside the formulas, for these rows at the fitted weights.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
        y : array-like
            Targets, as `fit` takes them.
        sample_weight : array-like, shape (n_samples,), optional
        **options
            Those of `chainrule.explain`: `row`, `notation`, `layer`, `unit`, …. The penalties are those that a step
            on these rows has, the optimizer that of `solver`, at its first step.

        Returns
        -------
        Explanation

        Examples
        --------
        >>> from chainrule import MLPRegressor
        >>> model = MLPRegressor(hidden_layer_sizes=())
        >>> model.coefs_, model.intercepts_ = [[[2.0]]], [[0.5]]
        >>> for line in str(model.explain([[3.0]], [5.0], equation="F1")).splitlines()[-3:]:
        ...     print(line.strip())
        Z^[1]_1 = A^[0]_1 · W^[1]_1,1 + b^[1]_1
        = 3 · 2 + 0.5
        = 6.5   ✓ evaluated again
        """
        network, parameters = self._fitted_network()
        rows = self._rows(X)
        given = {"parameters": parameters, **self._of_a_step(sample_weight, rows)}
        optimizer = optimizer_of(self)
        if "optimizer" not in options and optimizer.one_gradient:
            settings = optimizer.parameters()
            rate = options.pop("learning_rate", None)
            settings |= {} if rate is None else {"learning_rate": rate}
            given["optimizer"] = type(optimizer)(**settings)
        return explain(network, rows, self._known_targets(y), **{**given, **options})

    def input_gradient(self, X: Any) -> Matrix:
        """The derivative of each output with respect to each input, row by row.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        ndarray, shape (n_samples, n_features) for one output, else (n_samples, n_outputs, n_features)
            Of a classifier, the derivatives of the probabilities; for two classes of that of the second.

        Examples
        --------
        >>> from chainrule import MLPRegressor
        >>> model = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs").fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
        >>> bool(abs(model.input_gradient([[5.0]])[0, 0] - 2) < 1e-3)  # the slope of 1 + 2 x
        True
        """
        network, parameters = self._fitted_network()
        found = output_gradients(network, parameters, self._rows(X))
        return found[:, 0] if found.shape[1] == 1 else found

    def check_gradient(self, X: Any, y: Any, **options: Any) -> GradientCheck:
        """Compare the derived gradient on these rows with numerical differentiation.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
        y : array-like
            Targets, as `fit` takes them.
        **options
            Those of `chainrule.check_gradient`.

        Returns
        -------
        GradientCheck

        Examples
        --------
        >>> from chainrule import MLPRegressor
        >>> model = MLPRegressor("huber", (3,), "tanh", solver="lbfgs").fit([[0.0], [1.0]], [0.0, 1.0])
        >>> model.check_gradient([[0.5]], [0.5]).passed
        True
        """
        network, parameters = self._fitted_network()
        exact = Parameters(
            network.sizes, parameters.theta.astype(np.float64)
        )  # float32 resolves too little
        return check_gradient(
            network, exact, self._rows(X), self._known_targets(y), **options
        )

    def row_losses(self, X: Any, y: Any) -> Matrix:
        """The loss of each row, without penalty and weights, shape (n_samples,).

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
        y : array-like
            Targets, as `fit` takes them.
        """
        return self._of_each_row(X, y)[0]

    def gradient_norms(self, X: Any, y: Any) -> Matrix:
        """The norm of the gradient of each row's loss with respect to all weights and biases, shape (n_samples,).

        How far a row would move the network if it were alone: large for mislabeled rows. Costs one forward and
        backward pass.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
        y : array-like
            Targets, as `fit` takes them.
        """
        return self._of_each_row(X, y)[1]

    def _of_each_row(self, X: Any, y: Any) -> tuple[Matrix, Matrix]:
        network, parameters = self._fitted_network()
        x = self._rows(X)
        targets = network.loss.targets(
            self._known_targets(y), network.sizes[-1], parameters.theta
        )
        require_one_per_row(targets, len(x))
        threads = threads_for(self.n_threads, network, len(x))
        return losses_and_gradient_norms(
            network, parameters, x, targets, engine=self.engine, threads=threads
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        """The page in a notebook: scikit-learn's diagram, and below it the network, once there is one."""
        bundle: dict[str, str] = super()._repr_mimebundle_(**kwargs)
        network = getattr(self, "network_", None)
        if "text/html" in bundle and network is not None:
            bundle["text/html"] += network._repr_html_()
        return bundle


def losses_and_gradient_norms(
    network: Network,
    parameters: Parameters,
    x: Matrix,
    y: Matrix,
    *,
    engine: str,
    threads: int | None,
) -> tuple[Matrix, Matrix]:
    """ℓ and ‖∇ℓ‖ of each row, both of shape (N,), without penalty and row weights.

    Parameters
    ----------
    network, parameters
        Of one dtype with the rows.
    x : ndarray, shape (N, n_0)
    y : ndarray, shape (N, n_L)
        Targets as the loss encodes them.
    engine, threads
        Who computes, as in `train`.
    """
    theta = parameters.theta
    rules = Rules(
        GradientDescent(), batch_rows=min(len(x), rows_at_once(network.sizes))
    )
    chosen, _ = choose_engine(engine, network, rules, theta)
    workspace = chosen.prepare(network, rules, theta.dtype, threads)
    ells, squares = [], []
    for part in _parts(network, len(x)):
        trace, gradient = chosen.passes(workspace, theta, Data(x[part], y[part], None))
        ells.append(gradient.row_loss)
        squares.append(
            sum(
                np.sum(delta**2, axis=1) * (np.sum(a**2, axis=1) + 1)
                for delta, a in zip(gradient.delta, trace.A[:-1], strict=True)
            )
        )
    return np.concatenate(ells), np.sqrt(np.concatenate(squares))


def output_gradients(network: Network, parameters: Parameters, x: Matrix) -> Matrix:
    """∂A[L]/∂X of each row, shape (N, n_L, n_0): B1 with a unit vector for ∂ℓ/∂a, then B2 and B4."""
    found = np.empty(
        (len(x), network.sizes[-1], network.sizes[0]), parameters.theta.dtype
    )
    W = parameters.weights
    for part in _parts(network, len(x)):
        trace = propagate(network, parameters, x[part], (None,) * network.n_layers)
        for k in range(network.sizes[-1]):
            g = np.zeros_like(trace.A[-1])
            g[:, k] = 1.0
            for l in range(network.n_layers, 0, -1):
                delta = network.activations[l - 1].pull_back(
                    trace.Z[l - 1], trace.A[l], g
                )
                g = delta @ W[l - 1]
            found[part, k] = g
    return found


def _parts(network: Network, rows: int) -> Iterator[slice]:
    """The rows in parts of a bounded size."""
    step = rows_at_once(network.sizes)
    return (slice(start, start + step) for start in range(0, rows, step))
