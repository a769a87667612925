"""What both estimators have in common: from `fit` and `partial_fit` to a run, and from a run to attributes.

The run is `training_run.Run`, the same loop as that of `train`, with scikit-learn's draws, penalty, Adam and
end-of-epoch rule given to it. `MLPClassifier` and `MLPRegressor` say what targets and predictions are.
"""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..engines.predictor import Predictor
from ..equations.activation import Activation
from ..equations.losses import Loss, Pinball
from ..equations.network import Network, Parameters
from ..errors import InputError, require_kind
from ..optimizers import OPTIMIZERS
from .callback_protocol import CallbackSupport, EpochTasks
from .continuation import continued
from .live_weights import as_parameters
from .model_file import ModelFile
from .notebook_page import NotebookPage
from .open_hood import OpenHood
from .outcome import Learning, unchanged_by_errors
from .parameter_constraints import CONSTRAINTS
from .row_weights import numbers, plain, row_weights
from .run_setup import Examples, Validation, epoch_rule, own_callbacks, run_for
from .scikit_draws import first_weights
from .solver_rules import optimizer_of
from .sparse_rows import dense, fits_in_memory
from .threads import threads_for

__all__ = ["Perceptron", "takes_steps"]

Matrix = np.ndarray[Any, Any]

#: scikit-learn's names of activations, where they differ from those of `ACTIVATIONS`.
SCIKIT_LEARN_S = {"logistic": "sigmoid"}


class Perceptron(
    OpenHood, ModelFile, NotebookPage, CallbackSupport, BaseEstimator, ABC
):
    """A multi-layer perceptron, but for what its targets are."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    def _take(self, given: dict[str, Any]) -> None:
        """Set the parameters that `__init__` was given, `locals()` of it, as attributes."""
        for name, value in given.items():
            if name not in ("self", "__class__"):
                setattr(self, name, value)

    # ---- what the estimators say

    @abstractmethod
    def _validate_input(
        self, X: Any, y: Any, *, incremental: bool, reset: bool
    ) -> tuple[Any, Matrix]:
        """X in floating numbers, and targets of shape (N, columns), checked by scikit-learn."""

    @abstractmethod
    def _known_targets(self, y: Any) -> Matrix:
        """Targets as `fit` takes them, of shape (N, columns), after a fit."""

    @abstractmethod
    def _output_activation(self, outputs: int) -> str:
        """The name of the last layer's activation, scikit-learn's."""

    @abstractmethod
    def _loss_on(self, output: str) -> Loss:
        """What `loss` stands for on outputs of this activation."""

    @abstractmethod
    def _score_of(
        self, loss: Loss, weights: Matrix | None
    ) -> Callable[[Matrix, Matrix], float]:
        """The validation score of targets and outputs, both of shape (N, n_L)."""

    def _class_weights(self, y: Any, *, incremental: bool) -> Any:
        """A weight for each class, as `compute_sample_weight` takes them, or None."""
        return None

    def _classes_of(self, Y: Matrix) -> Matrix | None:
        """What validation rows are split off by, class by class."""
        return None

    # ---- the network

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
        activations = [
            *self._hidden_activations(len(sizes) - 2),
            SCIKIT_LEARN_S.get(output, output),
        ]
        return Network(sizes, activations, self._loss_on(output))

    def _hidden_activations(self, layers: int) -> list[str | Activation]:
        asked = (
            list(self.activation)
            if isinstance(self.activation, list | tuple)
            else [self.activation] * layers
        )
        if len(asked) != layers:
            raise InputError(
                f"activation = {self.activation!r} for {layers} hidden layers",
                "one name for all of them, or a list of one for each",
                "The last layer's is chosen by its targets.",
            )
        for phi in asked:
            if not isinstance(phi, str):
                require_kind(
                    "activation",
                    phi,
                    Activation,
                    "Pass a name from ACTIVATIONS, or an Activation.",
                )
        return [
            SCIKIT_LEARN_S.get(name, name) if isinstance(name, str) else name
            for name in asked
        ]

    def _hidden_sizes(self) -> list[int]:
        asked = self.hidden_layer_sizes
        alone = not hasattr(asked, "__iter__") or getattr(asked, "ndim", 1) == 0
        sizes = [asked] if alone else list(asked)
        try:
            whole = [operator.index(size) for size in sizes]
        except TypeError:
            whole = None
        if whole is None or any(isinstance(size, bool | np.bool) for size in sizes):
            raise InputError(
                f"hidden_layer_sizes = {asked!r}",
                "a whole number, or a list of them: the width of each hidden layer",
                "Pass hidden_layer_sizes=(100,), say; int(…) where the widths are computed.",
            )
        if any(size <= 0 for size in whole):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return whole

    # ---- predictions

    def _checked_rows(self, X: Any) -> Any:
        """Rows that the fitted network takes, dense or sparse."""
        return validate_data(
            self, numbers(X, "X"), accept_sparse=["csr", "csc"], reset=False
        )

    def _rows(self, X: Any) -> Matrix:
        """The same, dense."""
        return dense(
            self._checked_rows(X),
            as_parameters(self.coefs_, self.intercepts_).theta.dtype,
        )

    def _outputs(self, X: Any) -> Matrix:
        """A[L] of rows X."""
        network, parameters = self._fitted_network()
        X = self._checked_rows(X)
        threads = threads_for(self.n_threads, network, X.shape[0])
        predict = Predictor(network, parameters, engine=self.engine, threads=threads)
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

    # ---- learning

    def _learn(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        *,
        incremental: bool,
    ) -> None:
        """Fit, or go on by one epoch."""
        with unchanged_by_errors(self):
            learning = self._prepared(
                X, y, sample_weight, validation, incremental=incremental
            )
        learning.go(self)

    def _prepared(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        *,
        incremental: bool,
    ) -> Learning:
        """All that comes before the first step."""
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        hidden = self._hidden_sizes()
        given = numbers(X, "X"), plain(y)
        reset = first or not hasattr(self, "n_features_in_")
        X, Y = self._validate_input(*given, incremental=incremental, reset=reset)
        class_weights = self._class_weights(given[1], incremental=incremental)
        weights = row_weights(X, given[1], sample_weight, class_weights)
        random = check_random_state(self.random_state)
        if first:
            self.coefs_, self.intercepts_ = self._first_weights(
                [X.shape[1], *hidden], Y, X.dtype, random
            )
        self._describe(Y, anew=first)
        network, parameters = self._fitted_network()
        if network.sizes[:-1] != (X.shape[1], *hidden):
            raise InputError(
                f"hidden_layer_sizes = {self.hidden_layer_sizes!r} and rows of {X.shape[1]} numbers for coefs_ of "
                f"widths {network.sizes}",
                "the widths of coefs_, which are gone on with",
                "Set hidden_layer_sizes to them, or fit anew with warm_start=False.",
            )
        optimizer = optimizer_of(self)
        before = continued(
            None if first else getattr(self, "_continuation", None),
            optimizer,
            parameters.theta,
        )
        if not incremental:
            before.standing.starts_anew(parameters.theta)
        rule = epoch_rule(self, network, optimizer, before)
        callbacks = [rule, *own_callbacks(self.callbacks)]
        if not incremental and hasattr(self, "_skl_callbacks"):
            metadata = (
                None if sample_weight is None else {"sample_weight": sample_weight}
            )
            callbacks.append(EpochTasks(self, *given, metadata))
        examples, epochs = (
            Examples(X, Y, weights, validation, class_weights),
            1 if incremental else int(self.max_iter),
        )
        run = run_for(
            self,
            network,
            parameters.theta,
            examples,
            optimizer,
            before,
            callbacks,
            random,
            epochs,
        )
        return Learning(run, rule, before, incremental=incremental)

    def _first_weights(
        self, sizes: list[int], Y: Matrix, dtype: Any, random: np.random.RandomState
    ) -> tuple[list[Matrix], list[Matrix]]:
        """`coefs_` and `intercepts_` of a network that has learned nothing yet."""
        loss = self._loss_on(self._output_activation(Y.shape[1]))
        outputs = Y.shape[1] * (len(loss.quantiles) if isinstance(loss, Pinball) else 1)
        names = [
            phi if isinstance(phi, str) else phi.name
            for phi in self._hidden_activations(len(sizes) - 1)
        ]
        of_output = names[-1] if names else SCIKIT_LEARN_S.get(str(self.activation), "")
        return first_weights(random, [*sizes, outputs], [*names, of_output], dtype)

    def _describe(self, Y: Matrix, *, anew: bool) -> None:
        """The other attributes before a run: all of them, or those that are missing, as `coefs_` were set by hand."""
        scored = bool(self.early_stopping)
        attributes = {
            "n_iter_": 0,
            "t_": 0,
            "n_layers_": len(self.coefs_) + 1,
            "n_outputs_": len(self.intercepts_[-1]),
            "out_activation_": self._output_activation(Y.shape[1]),
            "loss_": math.nan,
            "loss_curve_": [],
            "validation_loss_curve_": None,
            "best_loss_": None if scored else math.inf,
            "validation_scores_": [] if scored else None,
            "best_validation_score_": -math.inf if scored else None,
        }
        for name, value in attributes.items():
            if anew or not hasattr(self, name):
                setattr(self, name, value)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def takes_steps(estimator: Any) -> bool:
    """Whether the solver can go on by an epoch; raises where not, as `available_if` wants it."""
    solver = OPTIMIZERS.get(estimator.solver, estimator.solver)
    if not getattr(solver, "one_gradient", True):
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
        )
    return True
