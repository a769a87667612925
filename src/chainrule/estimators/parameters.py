"""The parameters of both estimators: their types, what each may be, and their documentation, written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions

from ..engines import ENGINES
from ..equations.activation import Activation
from ..equations.activations import ACTIVATIONS
from ..equations.losses import LOSSES, Loss
from ..optimizers import Optimizer
from ..optimizers.schedules import SCHEDULES, Schedule
from ..optimizers.table import OPTIMIZERS

__all__ = [
    "CONSTRAINTS",
    "Settings",
    "TakesParameters",
    "documented",
    "loss_named",
    "losses",
    "with_parameters",
]

Estimator = TypeVar("Estimator", bound=type)


class Settings:
    """The parameters as attributes, as far as functions outside the classes read them."""

    solver: str | Optimizer
    alpha: float
    batch_size: str | int
    learning_rate: str | Schedule
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    tol: float
    verbose: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    l1: float
    l2: float
    dropout: Any
    input_dropout: float
    engine: str
    n_threads: int | None
    dtype: str | None = None  # also of what was pickled before there was one


class TakesParameters:
    """The `__init__` of an estimator, which sets its parameters and does nothing else."""

    def _take(self, given: dict[str, Any]) -> None:
        """Set the parameters that `__init__` was given, `locals()` of it, as attributes."""
        for name, value in given.items():
            if name not in ("self", "__class__"):
                setattr(self, name, value)


FACTOR = Interval(Real, 0, None, closed="left")
SHARE = Interval(Real, 0, 1, closed="left")
COUNT = Interval(Integral, 1, None, closed="left")

#: parameter → what it may be.
CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", COUNT],
    "activation": [StrOptions({"logistic", *ACTIVATIONS}), Activation, list, tuple],
    "solver": [StrOptions({"lm", *OPTIMIZERS}), Optimizer],
    "alpha": [FACTOR],
    "batch_size": [StrOptions({"auto"}), COUNT],
    "learning_rate": [StrOptions({"invscaling", *SCHEDULES}), Schedule],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [FACTOR],
    "max_iter": [COUNT],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [FACTOR],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [SHARE],
    "beta_1": [SHARE],
    "beta_2": [SHARE],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [COUNT, Options(Real, {np.inf})],
    "max_fun": [COUNT],
    "l1": [FACTOR],
    "l2": [FACTOR],
    "dropout": [SHARE, "array-like"],
    "input_dropout": [SHARE],
    "engine": [StrOptions({"auto", *ENGINES})],
    "n_threads": [COUNT, None],
    "dtype": [StrOptions({"float32", "float64"}), None],
    "callbacks": [list, tuple, None],
    "progress": ["boolean"],
}


@cache
def loss_named(name: str) -> Loss:
    """The loss of this name, with its defaults."""
    return LOSSES[name]()


def losses(*of_scikit_learn: str) -> list[Any]:
    """The constraint on `loss`: scikit-learn's names, those of `LOSSES`, or a loss."""
    return [StrOptions({*of_scikit_learn, *LOSSES}), Loss]


PARAMETERS = """\
hidden_layer_sizes : int or array-like of int, default (100,)
    Units of each hidden layer; () for none.
activation : str, Activation, or a list of them, default "relu"
    Of the hidden layers, all or one by one: "logistic", or a name from `ACTIVATIONS`.
solver : str or Optimizer, default "adam"
    "adam", "sgd" and "lbfgs" are scikit-learn's; "lm" is Levenberg–Marquardt; every other name from `OPTIMIZERS`,
    with its defaults and `learning_rate_init`; or an optimizer with its parameters.
alpha : float, default 0.0001
    The penalty ½ alpha ‖W‖² / Σw of each batch, as scikit-learn divides it.
batch_size : int or "auto", default "auto"
    Rows of a step; "auto" is 200, or all rows if those are fewer.
learning_rate : str or Schedule, default "constant"
    "constant", "invscaling" and "adaptive" are scikit-learn's, the last two ignored by "adam"; or another
    name from `SCHEDULES`, or a schedule with its parameters.
learning_rate_init : float, default 0.001
    The learning rate, before any schedule.
power_t : float, default 0.5
    The exponent of "invscaling".
max_iter : int, default 200
    Epochs at most; iterations of "lbfgs" and "lm".
shuffle : bool, default True
    Whether the order of the rows is drawn anew for each epoch.
random_state : int, RandomState or None
    Of the first weights, the validation rows, the order of the rows and dropout. The same state draws what
    scikit-learn draws.
tol : float, default 1e-4
    What counts as an improvement of the loss, per output, or of the validation score; of "lbfgs" the largest entry
    of the gradient at which it ends; "lm" ends when the loss falls in a step by at most tol/100 of itself.
verbose : bool, default False
    Whether to print the loss of each epoch.
warm_start : bool, default False
    Whether `fit` continues from the weights and the optimizer's state that are there, for `max_iter` more epochs.
momentum : float, default 0.9
nesterovs_momentum : bool, default True
    Of "sgd".
early_stopping : bool, default False
    Whether a share of the rows is split off, whose score decides when to stop and which weights are kept.
validation_fraction : float, default 0.1
    That share.
beta_1, beta_2, epsilon : float, default 0.9, 0.999, 1e-8
    Of "adam".
n_iter_no_change : int or inf, default 10
    Stop after more than so many epochs without an improvement; of schedules that are not scikit-learn's, those
    count that begin when the rate has come down.
max_fun : int, default 15000
    Evaluations of the loss by "lbfgs" at most."""

BEYOND = """\
l1, l2 : float, default 0
    Penalties l1 Σ|W| + ½ l2 ΣW², never divided by anything.
dropout : float or list of float, default 0
    Probability that a hidden unit is dropped in training, for all layers or one by one.
input_dropout : float, default 0
    The same for inputs.
engine : str, default "auto"
    "auto", "native" or "reference": what computes.
n_threads : int or None
    Threads at most, from 1 to 64; None: the machine's, or what joblib leaves to a task.
dtype : {"float32", "float64"} or None
    What `fit` computes in, whatever the dtype of X: float32 takes about half the time. None: that of X, as
    scikit-learn has it.
callbacks : list of Callback or None
    Called during training.
progress : bool, default False
    Whether to show a progress bar on standard error, or below the cell of a notebook."""

ATTRIBUTES = """\
coefs_ : list of ndarray, shapes (inputs, outputs)
    The weights of each layer. They are live: what is assigned to them, or changed in them, is what the next call
    uses.
intercepts_ : list of ndarray, shapes (outputs,)
    The biases, live as well.
loss_ : float
    The last of `loss_curve_`; NaN where no epoch came to its end.
loss_curve_ : list of float
    The mean loss of each epoch, penalty included.
best_loss_ : float or None
    The least of them; None with `early_stopping`.
validation_loss_curve_ : list of float or None
    The loss of the validation rows after each epoch, without penalty.
validation_scores_, best_validation_score_ : list of float, float, or None
    Their scores, with `early_stopping`.
n_iter_, t_ : int
    Epochs of the last call; rows gone through in all.
n_layers_, n_outputs_ : int
out_activation_ : str
n_features_in_, feature_names_in_
    As in scikit-learn.
network_, parameters_ : Network, Parameters
    The same for `chainrule.forward` and the like."""


def documented(**texts: str) -> Callable[[Estimator], Estimator]:
    """A decorator of a class, the words in braces in whose docstring are replaced by texts."""

    def written(estimator: Estimator) -> Estimator:
        made = inspect.cleandoc(estimator.__doc__ or "")
        for word, text in texts.items():
            made = made.replace(f"{{{word}}}", text)
        estimator.__doc__ = made
        return estimator

    return written


#: Of both estimators.
with_parameters = documented(
    PARAMETERS=PARAMETERS, BEYOND=BEYOND, ATTRIBUTES=ATTRIBUTES
)
